"""Joins openings to the spaces on their sides."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from shapely import LineString, Point
from shapely.geometry.base import BaseGeometry

from deixis.tools.maps._draft import DraftDoor
from deixis.tools.maps._features import Problems
from deixis.tools.maps._geo import ShapeIndex, shape_of
from deixis.tools.maps._map import XY, Area, Door, Floor, Space

_WITHIN_M = 0.3
_PROBES_M = (0.05, 0.15, 0.25, 0.35)
_OUTLINE_M = 1.0
_CAN_BE_LOCKED = ("room", "lift", "stairs", "escalator")


@dataclass(frozen=True, kw_only=True)
class Joined:
    """Doors and spaces after joining.

    Attributes:
        doors: Those that can be gone through.
        spaces: All spaces, those behind locked doors now closed.
    """

    doors: tuple[Door, ...]
    spaces: tuple[Space, ...]


@dataclass(frozen=True, kw_only=True)
class _Side:
    space: Space
    shape: BaseGeometry
    border: BaseGeometry


class FloorShapes:
    """The spaces of one floor that one can be in, to be found by place."""

    def __init__(self, spaces: Iterable[Space]) -> None:
        shapes = [(space, shape_of(space.areas)) for space in spaces if space.kind != "void"]
        self._sides = [_Side(space=s, shape=shape, border=shape.boundary) for s, shape in shapes]
        self._index = ShapeIndex([side.shape for side in self._sides])

    def around(self, point: XY) -> Space | None:
        """The space that a point lies in; the smallest where some are drawn one upon another."""
        here = [self._sides[i] for i in self._index.near(Point(point))]
        return min(here, key=lambda side: side.shape.area).space if here else None

    def beside(self, line: Sequence[XY]) -> tuple[str, ...]:
        """Ids of the spaces on the two sides of a line that lies on their borders."""
        across = LineString(line)
        middle = across.interpolate(0.5, normalized=True)
        near = [self._sides[i] for i in self._index.near(middle, _WITHIN_M)]
        along = [side for side in near if side.border.distance(middle) <= _WITHIN_M]
        if not along:
            return ()
        normal = _normal(across)
        found: list[str] = []
        for sign in (1, -1):
            side = _first_at(middle, normal, sign, along, found)
            side = side or _first_at(middle, normal, sign, near, found)
            if side is not None:
                found.append(side.space.id)
        return tuple(found)


def _first_at(
    middle: Point, normal: XY, sign: int, sides: Sequence[_Side], taken: Sequence[str]
) -> _Side | None:
    for far in _PROBES_M:
        probe = Point(middle.x + sign * far * normal[0], middle.y + sign * far * normal[1])
        here = [s for s in sides if s.space.id not in taken and s.shape.intersects(probe)]
        if here:
            # Of spaces drawn one upon another the smaller is the one that is meant.
            return min(here, key=lambda side: side.shape.area)
    return None


def _normal(line: LineString) -> XY:
    before = line.interpolate(0.45, normalized=True)
    after = line.interpolate(0.55, normalized=True)
    dx, dy = after.x - before.x, after.y - before.y
    length = math.hypot(dx, dy) or 1.0
    return -dy / length, dx / length


def shapes_by_floor(spaces: Iterable[Space]) -> dict[str, FloorShapes]:
    """The spaces of each floor, by the floor's id."""
    by_floor: dict[str, list[Space]] = defaultdict(list)
    for space in spaces:
        by_floor[space.floor].append(space)
    return {floor: FloorShapes(there) for floor, there in by_floor.items()}


def join_doors(
    doors: Sequence[DraftDoor],
    spaces: Sequence[Space],
    floors: Sequence[Floor],
    problems: Problems,
) -> Joined:
    """Doors with the spaces on whose borders they lie, within 0.3 m.

    Doors that touch no space are left out with a warning, and so are locked ones, emergency
    exits and doors for goods. A room or lift that has locked doors only becomes closed.
    """
    shapes = shapes_by_floor(spaces)
    outlines = {f.id: _outer_walls(f) for f in floors if f.outlines}
    ground = _ground(floors)
    made: list[Door] = []
    locked: dict[str, str] = {}
    for draft in doors:
        beside = shapes[draft.floor].beside(draft.line) if draft.floor in shapes else ()
        if not beside:
            says = "lies on the border of no room or walkway"
            problems.warn(draft.label, says, "move it onto a wall; it is left out here")
        elif draft.locked:
            locked |= dict.fromkeys(beside, draft.label)
        elif not draft.exit_only:
            entrance = _is_entrance(draft, beside, ground, outlines.get(draft.floor))
            made.append(_door(draft, beside, entrance=entrance))
    return Joined(doors=tuple(made), spaces=_behind_locks(spaces, made, locked, problems))


def _door(draft: DraftDoor, spaces: tuple[str, ...], *, entrance: bool) -> Door:
    return Door(
        id=draft.id,
        floor=draft.floor,
        line=draft.line,
        spaces=spaces,
        entrance=entrance,
        main=entrance and draft.main,
        step_free=draft.step_free,
        names=draft.names,
    )


def _ground(floors: Sequence[Floor]) -> set[str]:
    """Ids of the floors that are on the ground, or nearest above it."""
    ordinals = [floor.ordinal for floor in floors]
    lowest = min((o for o in ordinals if o >= 0), default=max(ordinals, default=0))
    return {floor.id for floor in floors if floor.ordinal == lowest}


def _is_entrance(
    draft: DraftDoor, beside: Sequence[str], ground: set[str], outline: BaseGeometry | None
) -> bool:
    if draft.entrance is not None:
        # The entrance of a shop in a mall leads into no building.
        return draft.entrance and (draft.main or len(beside) == 1)
    if len(beside) != 1 or draft.main:
        return len(beside) == 1
    if draft.floor not in ground:
        return False
    return outline is None or LineString(draft.line).distance(outline) <= _OUTLINE_M


def _outer_walls(floor: Floor) -> BaseGeometry:
    """The outer walls of a floor, not those to its courtyards."""
    return shape_of([Area(exterior=area.exterior) for area in floor.outlines]).boundary


def _behind_locks(
    spaces: Sequence[Space], doors: Sequence[Door], locked: dict[str, str], problems: Problems
) -> tuple[Space, ...]:
    """Spaces, closed where all their doors are locked."""
    open_ = {space for door in doors for space in door.spaces}
    found: list[Space] = []
    for space in spaces:
        if space.id in locked and space.id not in open_ and space.kind in _CAN_BE_LOCKED:
            says = f"is the only way into {space.category} {space.id}, and locked"
            problems.warn(locked[space.id], says, "nothing, if the public can't go there")
            space = replace(space, kind="closed")
        found.append(space)
    return tuple(found)
