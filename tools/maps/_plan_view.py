"""Where the metres of a floor come to lie in a picture, and the small geometry of drawing."""

from __future__ import annotations

import cmath
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from deixis.tools.maps._map import XY, Area, IndoorMap

Rect = tuple[float, float, float, float]
"""Left, top, right and bottom, in pixels."""

_WIDEST_M = 110.0  # a wider floor isn't drawn whole around a way
_AROUND_M = 18.0  # what is shown on each side of a way then
_NARROWEST_M = 45.0


@dataclass(frozen=True, kw_only=True)
class View:
    """A floor as it is seen: turned so that most walls run level, then scaled.

    Attributes:
        turn: How far the map is turned against the clock, in radians.
        left: Of what is shown, in metres of the turned map.
        top: Its upper edge; y runs up.
        scale: Pixels in a metre.
        offset: Where `left` and `top` come to lie, in pixels.
        width: Of the picture, in pixels.
        height: Of the picture, in pixels.
    """

    turn: float
    left: float
    top: float
    scale: float
    offset: tuple[float, float]
    width: int
    height: int

    def at(self, point: XY) -> XY:
        """A point of the map in pixels, y down."""
        x, y = _turned(point, self.turn)
        dx, dy = self.offset
        return (x - self.left) * self.scale + dx, (self.top - y) * self.scale + dy

    def ring(self, points: Iterable[XY]) -> tuple[XY, ...]:
        """Points of the map in pixels."""
        return tuple(map(self.at, points))

    @property
    def frame(self) -> Rect:
        """All of the picture."""
        return 0, 0, self.width, self.height


def view_of(
    map_: IndoorMap, floors: Iterable[str], *, width: int, margin: int, way: Sequence[XY] = ()
) -> View:
    """A view that shows floors whole, or what is around a way where they are very large.

    Args:
        map_: Where the floors are.
        floors: Their ids.
        width: Of the picture, in pixels.
        margin: Around the floors, in pixels; names of entrances stand there.
        way: Points in metres that must be seen.
    """
    wanted = set(floors)
    outlines = [a for floor in map_.floors if floor.id in wanted for a in floor.outlines]
    spaces = [a for space in map_.spaces if space.floor in wanted for a in space.areas]
    areas = outlines or spaces
    turn = -level_angle(outlines or spaces)
    shown = [_turned(p, turn) for area in areas for p in area.exterior]
    shown += [_turned(p, turn) for p in way]
    left, bottom, right, top = bounds(shown or [(0.0, 0.0)])
    if way and max(right - left, top - bottom) > _WIDEST_M:
        left, bottom, right, top = _near(bounds([_turned(p, turn) for p in way]))
    across, along = max(right - left, 1.0), max(top - bottom, 1.0)
    scale = (width - 2 * margin) / across
    scale = min(scale, 1.7 * width / along)
    gap = (width - across * scale) / 2
    height = math.ceil(along * scale) + 2 * margin
    return View(
        turn=turn, left=left, top=top, scale=scale, offset=(gap, margin), width=width, height=height
    )


def level_angle(areas: Iterable[Area]) -> float:
    """How far most walls are turned from the axes, in radians: from -π/4 to π/4."""
    total = 0j
    for area in areas:
        for a, b in edges(area.exterior):
            along = complex(b[0] - a[0], b[1] - a[1])
            if abs(along) > 0:
                # Four times the angle is the same for walls at right angles to each other.
                total += abs(along) * cmath.exp(4j * cmath.phase(along))
    return cmath.phase(total) / 4 if abs(total) > 1e-9 else 0.0


def edges(ring: Sequence[XY]) -> Iterator[tuple[XY, XY]]:
    """The sides of a ring, the closing one included."""
    return pairwise((*ring, *ring[:1]))


def bounds(points: Iterable[XY]) -> Rect:
    """The smallest and the largest of both coordinates."""
    xs, ys = zip(*points, strict=True)
    return min(xs), min(ys), max(xs), max(ys)


def inside(ring: Sequence[XY], point: XY) -> bool:
    """Whether a point lies within a ring."""
    x, y = point
    found = False
    for (ax, ay), (bx, by) in edges(ring):
        if (ay > y) != (by > y) and x < ax + (y - ay) * (bx - ax) / (by - ay):
            found = not found
    return found


def crosses(a: XY, b: XY, box: Rect) -> bool:
    """Whether a line from a to b touches a box (Liang and Barsky)."""
    if max(a[0], b[0]) < box[0] or min(a[0], b[0]) > box[2]:
        return False
    if max(a[1], b[1]) < box[1] or min(a[1], b[1]) > box[3]:
        return False
    start, end = 0.0, 1.0
    for axis in (0, 1):
        along = b[axis] - a[axis]
        low, high = box[axis] - a[axis], box[axis + 2] - a[axis]
        if abs(along) < 1e-12:
            if low > 0 or high < 0:
                return False
            continue
        near, far = sorted((low / along, high / along))
        start, end = max(start, near), min(end, far)
        if start > end:
            return False
    return True


def meet(one: Rect, other: Rect) -> bool:
    """Whether two boxes overlap."""
    apart = one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
    return not apart


def shared(one: Rect, other: Rect) -> float:
    """The area that two boxes share."""
    across = min(one[2], other[2]) - max(one[0], other[0])
    along = min(one[3], other[3]) - max(one[1], other[1])
    return max(across, 0.0) * max(along, 0.0)


def grown(box: Rect, by: float) -> Rect:
    """A box that is larger on all sides."""
    return box[0] - by, box[1] - by, box[2] + by, box[3] + by


def size_of(ring: Sequence[XY]) -> float:
    """The area within a ring."""
    return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in edges(ring))) / 2


def along(points: Sequence[XY], distance: float) -> tuple[XY, float]:
    """The point at a distance along a line, and the direction there in radians."""
    left = distance
    for a, b in pairwise(points):
        step = math.dist(a, b)
        if step > 0 and left <= step:
            t = left / step
            at = (a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1]))
            return at, math.atan2(b[1] - a[1], b[0] - a[0])
        left -= step
    a, b = points[-2], points[-1]
    return b, math.atan2(b[1] - a[1], b[0] - a[0])


def length_of(points: Sequence[XY]) -> float:
    """The length of a line."""
    return sum(math.dist(a, b) for a, b in pairwise(points))


def _near(box: Rect) -> Rect:
    left, bottom, right, top = grown(box, _AROUND_M)
    short = max(0.0, _NARROWEST_M - (right - left)) / 2
    return left - short, bottom, right + short, top


def _turned(point: XY, turn: float) -> XY:
    x, y = point
    cos, sin = math.cos(turn), math.sin(turn)
    return x * cos - y * sin, x * sin + y * cos
