"""Where there is room: on the table, beside things, and in what holds things.

Left, right, behind and in front are those of the picture. Places are metres of the table in the
arm's frame; what is given to a tool is the pixel that shows one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from deixis.vision._camera import Camera
from deixis.vision._geometry import Point
from deixis.vision._rgbd import RgbdImage
from deixis.vision._segments import Segment

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

XY = tuple[float, float]
Wanted = Callable[[XY], bool]

_LOW: Final[XY] = (0.36, -0.34)
_HIGH: Final[XY] = (0.68, 0.34)
_STEP: Final = 0.02
_APART: Final = 0.07
_GAP: Final = 0.03
_GAP_INSIDE: Final = 0.005
_SHOWN_WITHIN: Final = 0.012
_RIM: Final = 0.012
_MIDDLE: Final[XY] = ((_LOW[0] + _HIGH[0]) / 2, 0.0)


@dataclass(frozen=True, kw_only=True)
class Sides:
    """The picture's directions on the table, each of length 1.

    Attributes:
        right: To the right in the picture.
        away: Away from whoever looks at it.
    """

    right: XY
    away: XY

    @classmethod
    def of(cls, camera: Camera) -> Sides:
        """Of a camera that doesn't look straight down; then the picture's top is away."""
        right = _unit((camera.right[0], camera.right[1]))
        return cls(right=right, away=(-right[1], right[0]))

    def towards(self, side: tuple[int, int]) -> XY:
        """The direction of a side, of length 1; (0, 0) for none."""
        across, away = side
        x = across * self.right[0] + away * self.away[0]
        y = across * self.right[1] + away * self.away[1]
        return _unit((x, y)) if side != (0, 0) else (0.0, 0.0)

    def measured(self, place: XY, origin: XY = _MIDDLE) -> XY:
        """How far to the right of an origin, and how far away from it, a place is, in metres."""
        dx, dy = place[0] - origin[0], place[1] - origin[1]
        return (
            dx * self.right[0] + dy * self.right[1],
            dx * self.away[0] + dy * self.away[1],
        )

    def part(self, side: tuple[int, int]) -> XY:
        """The middle of a part of the table."""
        across, away = self._extent()
        return _moved(
            _moved(_MIDDLE, self.right, 0.62 * across * side[0]), self.away, 0.7 * away * side[1]
        )

    def in_part(self, place: XY, side: tuple[int, int]) -> bool:
        """Whether a place is in a part of the table; the middle has all."""
        across, away = self.measured(place)
        extent = self._extent()
        return (side[0] * across >= 0.3 * extent[0] * abs(side[0])) and (
            side[1] * away >= 0.3 * extent[1] * abs(side[1])
        )

    def strip(self, number: int, count: int) -> tuple[XY, Wanted]:
        """One of several strips of the table side by side: its middle, and what is in it."""
        across = self._extent()[0]
        width = 2 * across / count
        at = -across + width * (number + 0.5)

        def inside(place: XY) -> bool:
            return abs(self.measured(place)[0] - at) <= width / 2 - 0.005

        return _moved(_MIDDLE, self.right, at), inside

    def _extent(self) -> XY:
        """Half of the table that is used, across and away, in metres."""
        half = ((_HIGH[0] - _LOW[0]) / 2, (_HIGH[1] - _LOW[1]) / 2)
        return (
            abs(self.right[0]) * half[0] + abs(self.right[1]) * half[1],
            abs(self.away[0]) * half[0] + abs(self.away[1]) * half[1],
        )


def free_place(
    picture: RgbdImage,
    *,
    near: XY,
    things: Iterable[Segment],
    size: float,
    wanted: Wanted | None = None,
    avoid: Sequence[XY] = (),
    within: float = 1.0,
    bare: Segment | None = None,
) -> XY | None:
    """The free place of the table nearest to where one is wished.

    Args:
        picture: What is seen now.
        near: Where it is wished.
        things: What stands on the table.
        size: Length of what is to be put there, in metres.
        wanted: Which places will do.
        avoid: Places that were refused.
        within: How far from the wish, in metres.
        bare: What will be gone by then: it hides what is free behind it.
    """
    import numpy as np

    xs = np.arange(_LOW[0], _HIGH[0] + 1e-9, _STEP)
    ys = np.arange(_LOW[1], _HIGH[1] + 1e-9, _STEP)
    grid = np.stack(np.meshgrid(xs, ys, indexing="ij"), axis=-1).reshape(-1, 2)
    # The wish itself, where it can be had.
    grid = np.concatenate([np.array([near]), grid])
    room = np.ones(len(grid), bool)
    for thing in things:
        room &= _clear(grid, thing, size)
    seen = _shown(picture, grid, 0.0)
    if bare is not None:
        seen |= _outside(grid, bare) < bare.height + _SHOWN_WITHIN
    inside = (grid >= np.array(_LOW) - 1e-9).all(axis=1) & (grid <= np.array(_HIGH) + 1e-9).all(1)
    away = np.hypot(grid[:, 0] - near[0], grid[:, 1] - near[1])
    fits = room & inside & (away <= within) & seen
    for number in np.argsort(away, kind="stable"):
        place = (float(grid[number, 0]), float(grid[number, 1]))
        if not fits[number] or any(math.dist(place, one) < _STEP for one in avoid):
            continue
        if wanted is None or wanted(place):
            return place
    return None


def place_in(
    picture: RgbdImage,
    container: Segment,
    *,
    inside: Sequence[tuple[XY, float]],
    size: float,
    more: bool,
    hollow: bool,
) -> XY | None:
    """A place in a container: its middle, or the one farthest from what is in there.

    None where there is no room beside that; a bowl's things lie on each other.

    Args:
        picture: What is seen now.
        container: A bowl or a tray.
        inside: Where things lie in it, and how long they are, in metres.
        size: Length of what is to be put there, in metres.
        more: Whether more things are to come: then the middle is kept for none of them.
        hollow: Whether it is a bowl: things gather in its middle.
    """
    import numpy as np

    middle = (container.position[0], container.position[1])
    if hollow or not (inside or more):
        return middle
    spare = size / 2 + _RIM
    half = (max(container.length / 2 - spare, 0.0), max(container.width / 2 - spare, 0.0))
    cos, sin = math.cos(container.yaw), math.sin(container.yaw)
    u, v = (g.ravel() for g in np.meshgrid(np.linspace(-1, 1, 7), np.linspace(-1, 1, 7)))
    u, v = u * half[0], v * half[1]
    grid = np.stack([middle[0] + u * cos - v * sin, middle[1] + u * sin + v * cos], axis=-1)
    room = np.hypot(u, v) if not inside else np.full(len(grid), np.inf)
    for at, length in inside:
        off = np.hypot(grid[:, 0] - at[0], grid[:, 1] - at[1])
        room = np.minimum(room, off - (length + size) / 2)
    room = np.where(_shown(picture, grid, 0.02), room, -np.inf)
    best = int(np.argmax(np.round(room, 3)))
    if inside and room[best] < _GAP_INSIDE:
        return None
    return float(grid[best, 0]), float(grid[best, 1])


def pixel_of(picture: RgbdImage, place: XY, *, handle: str, within: Segment | None = None) -> Point:
    """The pixel that shows a place best: of the table, or of the inside of a container."""
    import numpy as np

    if within is None:
        x, y, _ = (float(v) for v in picture.camera.project((*place, 0.0)))
        return Point(x=round(x, 1), y=round(y, 1), image=handle)
    top, left = int(within.box.y1), int(within.box.x1)
    part = np.s_[top : top + within.mask.shape[0], left : left + within.mask.shape[1]]
    points = picture.points()[part]
    off = np.hypot(points[..., 0] - place[0], points[..., 1] - place[1])
    off = np.where(np.isfinite(off), off, np.inf)
    row, column = np.unravel_index(int(np.argmin(off)), off.shape)
    return Point(x=left + int(column) + 0.5, y=top + int(row) + 0.5, image=handle)


def holds(container: Segment, place: XY) -> bool:
    """Whether a place is within a container's outline."""
    return float(_outside(_array(place), container)[0]) <= 0.0


def _array(place: XY) -> Floats:
    import numpy as np

    return np.array([place], np.float64)


def _clear(grid: Floats, thing: Segment, size: float) -> NDArray[np.bool_]:
    import numpy as np

    apart = np.hypot(grid[:, 0] - thing.position[0], grid[:, 1] - thing.position[1])
    return (_outside(grid, thing) >= size / 2 + _GAP) & (apart >= _APART)


def _outside(grid: Floats, thing: Segment) -> Floats:
    """How far places are outside the rectangle around a thing, in metres; 0 within."""
    import numpy as np

    dx, dy = grid[:, 0] - thing.position[0], grid[:, 1] - thing.position[1]
    cos, sin = math.cos(thing.yaw), math.sin(thing.yaw)
    u = np.maximum(np.abs(dx * cos + dy * sin) - thing.length / 2, 0)
    v = np.maximum(np.abs(dy * cos - dx * sin) - thing.width / 2, 0)
    return np.hypot(u, v)


def _shown(picture: RgbdImage, grid: Floats, highest: float) -> NDArray[np.bool_]:
    """Which places of the table the picture shows, with nothing before them."""
    import numpy as np

    camera = picture.camera
    world = np.concatenate([grid, np.zeros((len(grid), 1))], axis=1)
    seen = camera.project(world)
    column, row = seen[:, 0].astype(int), seen[:, 1].astype(int)
    inside = (column >= 0) & (row >= 0) & (column < camera.width) & (row < camera.height)
    inside &= seen[:, 2] > 0
    column, row = np.where(inside, column, 0), np.where(inside, row, 0)
    met = camera.deproject(seen[:, :2], picture.depth[row, column])
    off = np.hypot(met[:, 0] - grid[:, 0], met[:, 1] - grid[:, 1])
    return inside & (off < _SHOWN_WITHIN + highest) & (met[:, 2] < _SHOWN_WITHIN + highest)


def _moved(place: XY, way: XY, distance: float) -> XY:
    return place[0] + way[0] * distance, place[1] + way[1] * distance


def moved(place: XY, way: XY, distance: float) -> XY:
    """A place so far off in a direction."""
    return _moved(place, way, distance)


def _unit(way: XY) -> XY:
    length = math.hypot(*way)
    return (way[0] / length, way[1] / length) if length > 1e-9 else (0.0, 0.0)
