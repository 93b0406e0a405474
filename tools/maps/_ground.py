"""The ground of a floor that one walks on freely, and who sees whom on it.

A zone is a polygon without walls inside: a room, or all walkways that are open to each other.
Within a zone the shortest line bends only at corners that stick into it, so the corners that
see each other hold every shortest line (the visibility graph of Lozano-Pérez and Wesley, 1979).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import cos, radians
from threading import Lock
from typing import cast

import numpy as np
from numpy.typing import NDArray
from shapely import (
    LineString,
    Point,
    STRtree,
    box,
    buffer,
    covers,
    difference,
    get_coordinates,
    get_rings,
    intersection,
    linestrings,
    make_valid,
    point_on_surface,
    prepare,
    simplify,
    union_all,
)
from shapely.ops import linemerge, nearest_points

from deixis.tools.maps._geo import Shape, lines_of, polygon_of, polygons_of, union
from deixis.tools.maps._map import XY, Area, MapError, Space, SpaceKind

Numbers = NDArray[np.float64]

OPEN_KINDS: frozenset[SpaceKind] = frozenset({"walkway", "ramp", "steps"})
"""Spaces that are open to their neighbours of these kinds wherever they share a border."""
GAP_M = 0.1
"""Walkways that lie no further apart are one; narrower passages than twice this are none."""
CLEARANCE_M = 0.3
"""How far a line keeps off a corner where there is as much room again beyond."""
_LEEWAY_M = 0.02
_SLIT_M = 0.03
# Under the leeway, so that the chords of a round wall count as walked along it.
_CURVE_M = 0.015
_SMALLEST_M2 = 0.05
_STRAIGHT = cos(radians(2))
_AT_ONCE = 20_000
_MOST_CORNERS = 2500


def shape_of(areas: Iterable[Area]) -> Shape:
    """Polygons as one shape, in metres; rings that cross themselves are mended."""
    return _surface(union_all([make_valid(polygon_of(area)) for area in areas]))


def grown(shape: Shape, by: float) -> Shape:
    """A shape made larger (or smaller) on all sides, its corners kept sharp."""
    # At needle-sharp corners GEOS divides by nought on its way to a sound result.
    with np.errstate(divide="ignore", invalid="ignore"):
        return buffer(shape, by, join_style="mitre", cap_style="flat")


def joined(shapes: Sequence[Shape]) -> Shape:
    """The union of shapes."""
    return union_all(shapes)


def common(one: Shape, other: Shape) -> Shape:
    """What two shapes share, as a surface."""
    return _surface(intersection(one, other))


def without(one: Shape, other: Shape) -> Shape:
    """A shape without what another covers."""
    return _surface(difference(one, other))


def parts(shape: Shape) -> tuple[Shape, ...]:
    """The polygons of a surface that one can stand in."""
    return tuple(part for part in polygons_of(shape) if part.area >= _SMALLEST_M2)


def near_pairs(shapes: Sequence[Shape], within: float) -> list[tuple[int, int]]:
    """Which shapes lie within a distance of each other, as ordered pairs of positions."""
    if not shapes:
        return []
    found = STRtree(shapes).query(list(shapes), predicate="dwithin", distance=within)
    return sorted((int(i), int(j)) for i, j in found.T if i < j)


def gap(one: Shape, other: Shape) -> float:
    """The distance between two shapes, in metres."""
    return float(one.distance(other))


def nearest(shape: Shape, to: XY) -> XY:
    """The point of a shape that is nearest to a point: itself where it lies within."""
    return _xy(nearest_points(shape, Point(*to))[0])


def inner_point(shape: Shape) -> XY:
    """A point well inside a shape."""
    return _xy(point_on_surface(shape))


def slit(one: Shape, other: Shape) -> Shape:
    """The border of two shapes as a thin wall."""
    return grown(_border(one, other, 0.01), _SLIT_M)


def widest_border(one: Shape, other: Shape, within: float) -> tuple[float, tuple[XY, XY]] | None:
    """The longest unbroken stretch of a shape's border along another.

    Returns:
        Its length and the two ends of a short piece at its middle; None where they don't touch.
    """
    pieces = list(lines_of(_border(one, other, within)))
    lines = lines_of(linemerge(pieces)) if len(pieces) > 1 else pieces
    longest = max(lines, key=lambda line: line.length, default=None)
    if longest is None or longest.length < 2 * within + 0.3:
        return None
    middle = longest.length / 2
    ends = (longest.interpolate(middle - 0.05), longest.interpolate(middle + 0.05))
    return longest.length, (_xy(ends[0]), _xy(ends[1]))


def middle_of(line: Sequence[XY]) -> XY:
    """The point half along a line."""
    if len(line) < 2:
        return line[0]
    return _xy(LineString(line).interpolate(0.5, normalized=True))


def open_ground(spaces: Sequence[tuple[Space, Shape]], doored: set[frozenset[str]]) -> Shape:
    """Walkways as one surface: gaps bridged, walls left where a door joins two of them.

    Args:
        spaces: The walkways that may be used, with their shapes.
        doored: Pairs of ids of spaces with a door between them: elsewhere they have a wall.
    """
    shapes = [shape for _, shape in spaces]
    ground = joined(shapes)
    near = near_pairs(shapes, GAP_M)
    if near:
        reach = GAP_M / 2 + 0.005
        ground = joined([ground, grown(grown(ground, reach), -reach)])
    walls = [
        slit(shapes[i], shapes[j])
        for i, j in near
        if frozenset({spaces[i][0].id, spaces[j][0].id}) in doored
    ]
    return without(ground, joined(walls)) if walls else ground


def passable(ground: Shape) -> Shape:
    """The ground without what is too narrow for a person, and without points of contact."""
    opened = common(grown(grown(ground, -GAP_M), GAP_M), ground)
    if ground.area - opened.area > 1e-6 * ground.area:
        ground = opened
    seen: dict[tuple[float, float], int] = {}
    for part in parts(ground):
        for ring in cast("list[Shape]", list(get_rings(part))):
            for x, y in get_coordinates(ring)[1:]:
                key = (round(float(x), 5), round(float(y), 5))
                seen[key] = seen.get(key, 0) + 1
    pinches = [
        box(x - _SLIT_M, y - _SLIT_M, x + _SLIT_M, y + _SLIT_M)
        for (x, y), times in seen.items()
        if times > 1
    ]
    return without(ground, joined(pinches)) if pinches else ground


@dataclass(frozen=True, kw_only=True, eq=False)
class Zone:
    """Ground without walls inside it, of one floor.

    Attributes:
        floor: The floor's id.
        kind: `walkway` for open ground, else the kind of its one space.
        space: Id of its space; None of open ground.
        shape: One polygon, in metres.
    """

    floor: str
    kind: SpaceKind
    space: str | None
    shape: Shape
    _one_at_a_time: Lock = field(default_factory=Lock, repr=False)

    @cached_property
    def corners(self) -> Numbers:
        """Corners that stick into the zone, where shortest lines bend: (n, 2), in metres."""
        return self._turning[0]

    @cached_property
    def bends(self) -> list[tuple[int, int, float]]:
        """Pairs of corners that see each other, with their distance in metres."""
        found: list[tuple[int, int, float]] = []
        for number, corner in enumerate(self.corners):
            others = np.arange(number + 1, len(self.corners))
            here = np.full_like(others, number)
            others = others[self._grazed(here, self.corners[others])]
            found += [(number, other, away) for other, away in self._seen(corner, others)]
        return found

    def links(self, point: XY) -> list[tuple[int, float]]:
        """The corners that a point sees and may turn at, with their distance in metres."""
        return self._seen(np.asarray(point, dtype=np.float64), np.arange(len(self.corners)))

    def sees(self, one: Numbers, other: Numbers) -> NDArray[np.bool_]:
        """Whether the straight lines between points, (n, 2) each, stay in the zone."""
        found = np.zeros(len(one), dtype=np.bool_)
        for begin in range(0, len(one), _AT_ONCE):
            cut = slice(begin, begin + _AT_ONCE)
            lines = linestrings(np.stack([one[cut], other[cut]], axis=1))
            # GEOS keeps its working state in a prepared shape: threads must take turns.
            with self._one_at_a_time:
                found[cut] = covers(self._roomy, lines)
        return found

    def clear(self, one: XY, other: XY) -> bool:
        """Whether the straight line between two points stays in the zone."""
        return bool(self.sees(np.asarray([one]), np.asarray([other]))[0])

    def off_wall(self, corner: int) -> XY:
        """A point beside a corner that keeps off the walls, as far as there is room."""
        x, y = self.corners[corner] + self._room[corner]
        return (float(x), float(y))

    def into(self, at: XY, direction: XY, *, within: Shape) -> XY:
        """A point from the border of the zone into it, as far as there is room.

        Args:
            at: On the border, in metres.
            direction: Of unit length, either way along the normal of the border.
            within: The part of the zone to stay in.
        """
        for reach in (CLEARANCE_M, CLEARANCE_M / 2, CLEARANCE_M / 4):
            for sign in (1, -1):
                dx, dy = sign * direction[0] * reach, sign * direction[1] * reach
                inner, beyond = (at[0] + dx, at[1] + dy), (at[0] + 2 * dx, at[1] + 2 * dy)
                if gap(within, Point(*inner)) < 1e-9 and self.clear(at, beyond):
                    return inner
        return at

    def _seen(self, point: Numbers, corners: NDArray[np.intp]) -> list[tuple[int, float]]:
        """Which of some corners a point sees and may turn at, with their distance."""
        at = np.broadcast_to(point, (len(corners), 2))
        grazed = self._grazed(corners, at)
        chosen, at = corners[grazed], at[grazed]
        seen = self.sees(at, self.corners[chosen])
        away = np.hypot(*(self.corners[chosen] - at).T)
        return [(int(i), float(d)) for i, d in zip(chosen[seen], away[seen], strict=True)]

    @cached_property
    def _roomy(self) -> Shape:
        """The zone with the leeway that lines along its walls need."""
        roomy = grown(self.shape, _LEEWAY_M)
        prepare(roomy)
        return roomy

    @cached_property
    def _turning(self) -> tuple[Numbers, Numbers, Numbers]:
        """The corners, and the unit vectors along the walls into and out of each."""
        smooth = simplify(self.shape, _CURVE_M)
        found: list[tuple[Numbers, Numbers, Numbers]] = []
        for number, ring in enumerate(cast("list[Shape]", list(get_rings(smooth)))):
            points = get_coordinates(ring)[:-1]
            # The zone lies to the left of its walls: outside anticlockwise, holes clockwise.
            if (_signed_area(points) > 0) == (number > 0):
                points = points[::-1]
            along = np.roll(points, -1, axis=0) - points
            along = along / np.maximum(np.hypot(*along.T), 1e-12)[:, None]
            before = np.roll(along, 1, axis=0)
            turn = before[:, 0] * along[:, 1] - before[:, 1] * along[:, 0]
            bent = (before * along).sum(axis=1) < _STRAIGHT
            inward = (turn < 0) & bent
            found.append((points[inward], before[inward], along[inward]))
        corners, before, along = (np.concatenate(columns) for columns in zip(*found, strict=True))
        if len(corners) > _MOST_CORNERS:
            x, y = inner_point(self.shape)
            raise MapError(
                f"the {self.kind} at ({x:.0f}, {y:.0f}) m on floor {self.floor} has {len(corners)}"
                f" corners: draw its walls with at most {_MOST_CORNERS}"
            )
        return corners, before, along

    @cached_property
    def _room(self) -> Numbers:
        """For each corner, how to step off it: (n, 2), in metres."""
        corners, before, along = self._turning
        away = before - along
        away = away / np.maximum(np.hypot(*away.T), 1e-12)[:, None]
        room = np.zeros_like(corners)
        for reach in (CLEARANCE_M / 4, CLEARANCE_M / 2, CLEARANCE_M):
            free = self.sees(corners, corners + 2 * reach * away)
            room[free] = reach * away[free]
        return room

    def _grazed(self, corner: NDArray[np.intp], others: Numbers) -> NDArray[np.bool_]:
        """Whether a line to each corner can go on around it: both its walls on one side."""
        corners, before, along = self._turning
        line = others - corners[corner]
        line = line / np.maximum(np.hypot(*line.T), 1e-12)[:, None]
        back, on = -before[corner], along[corner]
        left = line[:, 0] * back[:, 1] - line[:, 1] * back[:, 0]
        right = line[:, 0] * on[:, 1] - line[:, 1] * on[:, 0]
        return left * right >= -1e-6


def _surface(shape: Shape) -> Shape:
    """The polygons of a shape, without the lines and points that operations leave over."""
    return shape if shape.geom_type in ("Polygon", "MultiPolygon") else union(polygons_of(shape))


def _border(one: Shape, other: Shape, within: float) -> Shape:
    return intersection(one.boundary, grown(other, within))


def _xy(point: Point) -> XY:
    return (float(point.x), float(point.y))


def _signed_area(points: Numbers) -> float:
    x, y = points[:, 0], points[:, 1]
    return float((x * np.roll(y, -1) - y * np.roll(x, -1)).sum())
