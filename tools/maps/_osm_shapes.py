"""Spaces, doors and connectors of OpenStreetMap's polygons, lines and points."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from deixis.tools.maps._draft import DraftDoor, DraftLink
from deixis.tools.maps._features import Feature, Surveyor
from deixis.tools.maps._geo import (
    Shape,
    ShapeIndex,
    across_end,
    areas_of,
    cut_out,
    line_on_border,
    shape_of,
    spot,
    union,
    walled,
)
from deixis.tools.maps._joining import shapes_by_floor
from deixis.tools.maps._map import XY, Area, Names, Space, SpaceKind
from deixis.tools.maps._osm_tags import (
    category_of,
    connector_of,
    direction_of,
    is_closed,
    is_door,
    is_exit_only,
    is_slope,
    level_name,
    metres_of,
    on_wheels,
    rises,
    space_kind_of,
)

_CORRIDOR_M = 2.0
_STAIRS_M = 1.5
# Small, since a lift that is a point on a corridor's line must not block the corridor.
_LIFT_M = 0.6
_DOOR_M = 1.0
_RAIL_M = 0.6
_TOUCH_M = 0.3
_LIFT_ROOM_M2 = 25.0
_WALKS = ("footway", "corridor", "path", "pedestrian")
_NO_SPACE = {"level", "wall", "column", "door"}
_RISING = ("lift", "stairs", "escalator", "ramp")


@dataclass(frozen=True, kw_only=True)
class Levelled:
    """A feature and the levels it is on.

    Attributes:
        feature: With its tags as properties.
        levels: From the lowest up; empty for a door that doesn't say.
        repeated: Those of `repeat_on`.
    """

    feature: Feature
    levels: tuple[float, ...]
    repeated: tuple[float, ...] = ()

    def id_on(self, level: float) -> str:
        """The id of what it is on a level: its own where it is on one only."""
        if len(self.levels) <= 1:
            return self.feature.id
        return f"{self.feature.id}@{level_name(level)}"


@dataclass(frozen=True, kw_only=True)
class _Strip:
    """A line that is walked, with its floor and width."""

    found: Levelled
    line: tuple[XY, ...]
    width: float
    kind: SpaceKind


@dataclass(frozen=True, kw_only=True)
class Shapes:
    """Makes spaces, then doors, then links; in that order, since each needs the one before.

    Attributes:
        survey: Turns geometries into metres.
        floors: Ids of floors by level.
        names: Of features, by their id.
    """

    survey: Surveyor
    floors: Mapping[float, str]
    names: Mapping[str, Names]
    _made: dict[str, Space] = field(default_factory=dict[str, Space])
    _strips: list[_Strip] = field(default_factory=list[_Strip])
    _cabins: list[tuple[Levelled, XY]] = field(default_factory=list[tuple[Levelled, XY]])
    _cabin_of: dict[str, str] = field(default_factory=dict[str, str])

    # --- spaces

    def spaces(self, features: Sequence[Levelled]) -> tuple[Space, ...]:
        """The spaces of all floors, rooms cut out of the walkways."""
        for found in features:
            if is_door(found.feature) or found.feature.text("indoor") in _NO_SPACE:
                continue
            geometry = found.feature.geometry
            if geometry is None:
                self.survey.problems.add(found.feature, "has no geometry", "draw it")
            elif geometry.shape == "point":
                self._take_point(found)
            elif geometry.shape == "line" and found.feature.text("highway"):
                self._take_strip(found)
            elif found.feature.text("indoor") or connector_of(found.feature):
                self._take_polygon(found)
        self._place_cabins()
        self._hollow_out(features)
        self._cut_walkways()
        return tuple(self._made.values())

    def _take_polygon(self, found: Levelled) -> None:
        areas = self.survey.areas(found.feature)
        for level in found.levels if areas else ():
            self._add(found, level, space_kind_of(found.feature), areas)

    def _take_strip(self, found: Levelled) -> None:
        line = self.survey.line(found.feature)
        kind = space_kind_of(found.feature)
        if kind == "stairs" and len(found.levels) == 1:
            kind = "steps"
        elif kind == "walkway" and len(found.levels) == 2 and is_slope(found.feature):
            kind = "ramp"
        elif kind == "walkway" and found.feature.text("highway") not in _WALKS:
            return
        usual = _CORRIDOR_M if kind in ("walkway", "ramp") else _STAIRS_M
        width = metres_of(found.feature, "width", usual=usual, most=20.0)
        shape = walled(line, width / 2, beyond=kind == "walkway")
        for level in found.levels:
            self._add(found, level, kind, areas_of(shape))
        if kind != "walkway":
            self._strips.append(_Strip(found=found, line=line, width=width, kind=kind))

    def _take_point(self, found: Levelled) -> None:
        at = self.survey.point(found.feature)
        if at is not None and connector_of(found.feature) == "lift":
            self._cabins.append((found, at))

    def _place_cabins(self) -> None:
        """Lifts that are points: the small room around the point, or else a square."""
        rooms = shapes_by_floor(self._made.values())
        for found, at in self._cabins:
            kind = space_kind_of(found.feature)
            for level in found.levels:
                floor = self.floors[level]
                room = rooms[floor].around(at) if floor in rooms else None
                if room and room.kind in ("lift", "room") and _size(room) <= _LIFT_ROOM_M2:
                    names = self.names.get(found.feature.id) or room.names
                    self._made[room.id] = replace(room, kind=kind, category="elevator", names=names)
                    self._cabin_of[found.id_on(level)] = room.id
                else:
                    self._add(found, level, kind, (_square(at, _LIFT_M / 2),))

    def _hollow_out(self, features: Sequence[Levelled]) -> None:
        """Takes the upper parts of a hall of several storeys for air, unless one gets in there."""
        ways: dict[float, tuple[ShapeIndex, ShapeIndex]] = {}
        for found in filter(_may_be_high, features):
            own = [level for level in found.levels if level not in found.repeated]
            for level in own[1:]:
                space = self._made.get(found.id_on(level))
                if space is None or space.kind not in ("room", "walkway"):
                    continue
                if level not in ways:
                    ways[level] = self._ways_in(level, features)
                if not _leads_in(space, *ways[level]):
                    self._made[space.id] = replace(space, kind="void")
                    says = f"has no door on level {level_name(level)}, and is taken for air there"
                    mend = f"draw the door; or tag level={level_name(own[0])}, if it is a high hall"
                    self.survey.problems.warn(found.feature, says, mend)

    def _ways_in(self, level: float, features: Sequence[Levelled]) -> tuple[ShapeIndex, ShapeIndex]:
        """The doors, lifts and stairs of a level; and its corridors."""
        doors: list[Shape] = []
        corridors: list[Shape] = []
        for found in features:
            there = self._made.get(found.id_on(level)) if level in found.levels else None
            if there is None:
                if level in found.levels and is_door(found.feature):
                    doors += self._door_shape(found.feature)
            elif there.kind in _RISING:
                doors.append(shape_of(there.areas))
            elif _is_corridor(found.feature):
                corridors.append(shape_of(there.areas))
        return ShapeIndex(doors), ShapeIndex(corridors)

    def _door_shape(self, feature: Feature) -> Iterator[Shape]:
        if feature.geometry is not None and feature.geometry.shape == "line":
            yield walled(self.survey.line(feature), _TOUCH_M)
        elif (at := self.survey.point(feature)) is not None:
            yield spot(at)

    def _add(self, found: Levelled, level: float, kind: SpaceKind, areas: tuple[Area, ...]) -> None:
        id_ = found.id_on(level)
        self._made[id_] = Space(
            id=id_,
            floor=self.floors[level],
            kind=kind,
            category=category_of(found.feature),
            areas=areas,
            names=self.names.get(found.feature.id, {}),
        )

    def _cut_walkways(self) -> None:
        """Cuts what has walls out of the walkways, since corridors are often drawn over it."""
        walls: dict[str, list[Shape]] = defaultdict(list)
        for space in self._made.values():
            if space.kind not in ("walkway", "void"):
                walls[space.floor].append(shape_of(space.areas))
        for strip in self._strips:
            # Wider than it is, or a wide corridor would lead past its own stairs.
            wide = walled(strip.line, strip.width / 2 + _RAIL_M)
            for level in strip.found.levels:
                walls[self.floors[level]].append(wide)
        indices = {floor: ShapeIndex(shapes) for floor, shapes in walls.items()}
        for space in list(self._made.values()):
            if space.kind != "walkway" or space.floor not in indices:
                continue
            shape = shape_of(space.areas)
            over = [walls[space.floor][i] for i in indices[space.floor].near(shape)]
            if union(over).intersection(shape).area > 0.01:
                left = areas_of(cut_out(shape, over))
                if left:
                    self._made[space.id] = replace(space, areas=left)
                else:
                    del self._made[space.id]

    # --- doors

    def doors(self, features: Sequence[Levelled]) -> tuple[DraftDoor, ...]:
        """The doors: tagged ones, and those at the ends of stairs and around lifts."""
        made: list[DraftDoor] = []
        by_floor: dict[str, list[Shape]] = defaultdict(list)
        for space in self._made.values():
            if space.kind != "void":
                by_floor[space.floor].append(shape_of(space.areas))
        indices = {floor: ShapeIndex(shapes) for floor, shapes in by_floor.items()}
        for found in features:
            if is_door(found.feature):
                made += self._tagged(found, by_floor, indices)
        made += self._strip_doors()
        made += self._cabin_doors()
        return tuple(made)

    def _tagged(
        self,
        found: Levelled,
        shapes: Mapping[str, Sequence[Shape]],
        indices: Mapping[str, ShapeIndex],
    ) -> Iterator[DraftDoor]:
        feature = found.feature
        levels = found.levels or self._levels_of(feature)
        for level in levels:
            floor = self.floors[level]
            line = self._door_line(feature, shapes.get(floor, ()), indices.get(floor))
            if line is None and found.levels:
                says = "lies on the border of no room or walkway"
                self.survey.problems.warn(feature, says, "move it onto a wall; it is left out")
            if line is not None:
                id_ = replace(found, levels=levels).id_on(level)
                yield self._door(feature, id_, floor, line)

    def _levels_of(self, feature: Feature) -> tuple[float, ...]:
        """Levels of a door that doesn't say: an entrance is on the ground, others may be on all."""
        levels = tuple(sorted(self.floors))
        if not feature.text("entrance"):
            return levels
        ground = [level for level in levels if level >= 0]
        return (ground[0],) if ground else levels[-1:]

    def _door_line(
        self, feature: Feature, shapes: Sequence[Shape], index: ShapeIndex | None
    ) -> tuple[XY, ...] | None:
        if feature.geometry is not None and feature.geometry.shape == "line":
            return self.survey.line(feature)
        at = self.survey.point(feature)
        if at is None or index is None:
            return None
        here = spot(at)
        near = [shapes[i] for i in index.near(here, _TOUCH_M)]
        near = [shape for shape in near if shape.boundary.distance(here) <= _TOUCH_M]
        if not near:
            return None
        # The wall of the smaller space: a room's, not that of the hall it stands in.
        shape = min(near, key=lambda shape: (round(shape.boundary.distance(here), 2), shape.area))
        return line_on_border(shape, at, metres_of(feature, "width", usual=_DOOR_M, most=10.0))

    def _door(self, feature: Feature, id_: str, floor: str, line: tuple[XY, ...]) -> DraftDoor:
        entrance = feature.text("entrance") not in ("", "no") and not is_exit_only(feature)
        return DraftDoor(
            id=id_,
            label=feature.label,
            floor=floor,
            line=line,
            names=self.names.get(feature.id, {}),
            entrance=entrance,
            main=feature.text("entrance") == "main",
            step_free=on_wheels(feature),
            locked=is_closed(feature) or feature.text("locked") == "yes",
            exit_only=is_exit_only(feature),
        )

    def _strip_doors(self) -> Iterator[DraftDoor]:
        """Doors at the ends of stairs: below at the lower end, above at the upper."""
        for strip in self._strips:
            found = strip.found
            upward = rises(found.feature)
            for level in found.levels:
                for last in (False, True):
                    if _leads_off(found, level, last=last, upward=upward):
                        yield DraftDoor(
                            id=f"{found.id_on(level)}/{'end' if last else 'start'}",
                            label=found.feature.label,
                            floor=self.floors[level],
                            line=across_end(strip.line, strip.width, last=last),
                            entrance=False,
                            step_free=strip.kind == "ramp",
                        )

    def _cabin_doors(self) -> Iterator[DraftDoor]:
        """A door for each lift that is a point, on a side where there is a walkway."""
        around = shapes_by_floor(self._made.values())
        for found, (x, y) in self._cabins:
            for level in found.levels:
                half = _LIFT_M / 2
                if found.id_on(level) not in self._made:
                    continue
                for dx, dy in ((0, -1), (1, 0), (0, 1), (-1, 0)):
                    beyond = around[self.floors[level]].around((x + dx * _LIFT_M, y + dy * _LIFT_M))
                    if beyond is not None and beyond.kind == "walkway":
                        cx, cy = x + dx * half, y + dy * half
                        yield DraftDoor(
                            id=f"{found.id_on(level)}/door",
                            label=found.feature.label,
                            floor=self.floors[level],
                            line=(
                                (cx - dy * half, cy - dx * half),
                                (cx + dy * half, cy + dx * half),
                            ),
                            entrance=False,
                        )
                        break

    # --- what joins floors

    def links(self, features: Sequence[Levelled]) -> tuple[DraftLink, ...]:
        """What is on several levels and leads from one to the other."""
        kinds = {strip.found.feature.id: strip.kind for strip in self._strips}
        made: list[DraftLink] = []
        for found in features:
            kind = kinds.get(found.feature.id) or connector_of(found.feature)
            joins = len(found.levels) > 1 and not found.repeated
            if kind not in _RISING or not joins or is_closed(found.feature):
                continue
            direction = direction_of(found.feature) if kind == "escalator" else "both"
            if direction == "unknown":
                says = "doesn't say which way it goes; taken to go both ways"
                self.survey.problems.warn(found.feature, says, "tag conveying and incline")
                direction = "both"
            ids = [found.id_on(level) for level in found.levels]
            ends = [self._cabin_of.get(id_, id_) for id_ in ids]
            made.append(
                DraftLink(
                    id=found.feature.id,
                    label=found.feature.label,
                    kind=kind,
                    ends=tuple(end for end in ends if end in self._made),
                    direction=direction,
                    names=self.names.get(found.feature.id, {}),
                )
            )
        return tuple(made)


def _leads_off(found: Levelled, level: float, *, last: bool, upward: bool | None) -> bool:
    """Whether one steps off stairs at an end on a level: both, where they don't say."""
    if upward is None or level not in (found.levels[0], found.levels[-1]):
        return True
    if len(found.levels) == 1:
        return True
    return (level == found.levels[-1]) == (last == upward)


def _may_be_high(found: Levelled) -> bool:
    """Whether something of several levels can be a hall: a room or an area, and no corridor."""
    return found.feature.text("indoor") in ("room", "area") and not _is_corridor(found.feature)


def _leads_in(space: Space, doors: ShapeIndex, corridors: ShapeIndex) -> bool:
    shape = shape_of(space.areas)
    # A corridor beside a room has a wall between; beside an area it has none.
    open_ = shape.buffer(_TOUCH_M if space.kind == "walkway" else -_TOUCH_M)
    return bool(doors.near(shape, _TOUCH_M) or corridors.near(open_))


def _is_corridor(feature: Feature) -> bool:
    tags = (feature.text("indoor"), feature.text("room"))
    return "corridor" in tags or feature.text("highway") in _WALKS


def _size(space: Space) -> float:
    return float(shape_of(space.areas).area)


def _square(at: XY, half: float) -> Area:
    x, y = at
    return Area(
        exterior=(
            (x - half, y - half),
            (x + half, y - half),
            (x + half, y + half),
            (x - half, y + half),
        )
    )
