"""What lies around a walk: rooms gone through, straight stretches, doors to count, landmarks."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, groupby, pairwise
from math import atan2, degrees, dist

from deixis.tools.maps._ground import OPEN_KINDS, middle_of
from deixis.tools.maps._map import XY, Area, Door, IndoorMap, Place, Ring, Space
from deixis.tools.maps._way import Walk
from deixis.tools.maps._wording import Side

_WIGGLE_M = 0.6
_SHORT_M = 1.5
_STRAIGHT_DEG = 25.0
_STUB_M = 0.8
_AT_DOOR_M = 0.25
_BESIDE_M = 4.0
_IN_SIGHT_M = 30.0
_BEFORE_DEG = 45.0
_BEHIND_DEG = 60.0
_SAME_WALL_M = 1.0
_SAME_POINT_M = 0.01
_LANDMARKS = ("department", "room", "toilet", "amenity", "lift", "stairs", "escalator")


@dataclass(frozen=True, kw_only=True)
class Straight:
    """A stretch without turns.

    Attributes:
        start: In metres.
        end: In metres.
        begins_m: Metres along the walk where it begins.
        ends_m: Where it ends.
    """

    start: XY
    end: XY
    begins_m: float
    ends_m: float

    @property
    def length_m(self) -> float:
        """Metres walked in it."""
        return self.ends_m - self.begins_m

    @property
    def heading(self) -> XY:
        """The direction it leads in, of any length."""
        return (self.end[0] - self.start[0], self.end[1] - self.start[1])

    def angle_to(self, other: Straight) -> float:
        """The turn into another stretch, in degrees anticlockwise."""
        return angle(self.heading, other.heading)

    def seen_from(self, point: XY) -> tuple[float, float]:
        """Where a point lies: metres along the stretch, and to the left of it."""
        (dx, dy), length = self.heading, max(dist(self.start, self.end), 1e-9)
        x, y = point[0] - self.start[0], point[1] - self.start[1]
        return (x * dx + y * dy) / length, (dx * y - dy * x) / length


@dataclass(frozen=True, kw_only=True)
class Section:
    """A part of a walk within one room, or on open ground.

    Attributes:
        room: The room; None on open ground.
        points: The line, in metres.
        begins_m: Metres along the walk where it begins.
        enters: Direction through the door it begins at; None at the walk's start.
        leaves: Direction through the door it ends at; None at the walk's end.
        crossed_m: Metres along the walk where doors across the way are.
    """

    room: Space | None
    points: tuple[XY, ...]
    begins_m: float
    enters: XY | None = None
    leaves: XY | None = None
    crossed_m: tuple[float, ...] = ()

    @property
    def length_m(self) -> float:
        """Metres walked in it."""
        return sum(dist(one, other) for one, other in pairwise(self.points))

    @property
    def door(self) -> XY:
        """Where it is entered."""
        return self.points[0]

    @cached_property
    def straights(self) -> tuple[Straight, ...]:
        """Its stretches without turns; small wiggles are none."""
        lengths = map(dist, self.points, self.points[1:])
        along = list(accumulate(lengths, initial=self.begins_m))
        kept = list(range(len(self.points)))
        if self.enters and len(kept) > 2 and dist(*self.points[:2]) <= _STUB_M:
            kept = kept[1:]
        if self.leaves and len(kept) > 2 and dist(*self.points[-2:]) <= _STUB_M:
            kept = kept[:-1]
        kept = _without_short(self.points, _smoothed(self.points, kept))
        kept = _without_slight(self.points, kept)
        ends = [self.begins_m, *(along[k] for k in kept[1:-1]), along[-1]]
        return tuple(
            Straight(
                start=self.points[one], end=self.points[other], begins_m=ends[n], ends_m=ends[n + 1]
            )
            for n, (one, other) in enumerate(pairwise(kept))
        )


class Surroundings:
    """What is on a floor, as somebody who walks there sees it.

    Args:
        map: The map.
        floor: The floor's id.
    """

    def __init__(self, map: IndoorMap, floor: str) -> None:  # noqa: A002
        spaces = [space for space in map.on_floor(floor) if space.kind != "void"]
        # The smallest first: a room within a hall is found before the hall.
        self._spaces = sorted(spaces, key=lambda space: sum(map_area(a) for a in space.areas))
        self._by_id = {space.id: space for space in spaces}
        self._doors = [door for door in map.doors if door.floor == floor and door.line]
        self._places = [place for place in map.places if place.floor == floor]

    def sections(self, walk: Walk) -> tuple[Section, ...]:
        """A walk cut where it goes into a room or out of one."""
        points = walk.points
        middles = [middle_of(door.line) for door in self._doors if door.id in walk.doors]
        at_door = {
            number
            for number, point in enumerate(points)
            if any(dist(point, middle) < _SAME_POINT_M for middle in middles)
        }
        rooms = self._rooms(points, at_door)
        along = [0.0, *accumulate(map(dist, points, points[1:]))]
        sections: list[Section] = []
        names = [room.id if room else "" for room in rooms]
        for _, run in groupby(range(len(rooms)), key=names.__getitem__):
            members = list(run)
            first, last = members[0], members[-1] + 1
            sections.append(
                Section(
                    room=rooms[first],
                    points=points[first : last + 1],
                    begins_m=along[first],
                    enters=_heading_at(points, along, along[first]) if first else None,
                    leaves=_heading_at(points, along, along[last]) if last < len(rooms) else None,
                    crossed_m=tuple(along[n] for n in sorted(at_door) if first < n < last),
                )
            )
        return tuple(sections)

    def walkway(self, straight: Straight) -> Space | None:
        """The corridor or hall that most of a stretch lies in."""
        found = [space for space in self._along(straight) if space.kind in OPEN_KINDS]
        return max(found, key=lambda space: (found.count(space), space.id)) if found else None

    def passed(self, straight: Straight, but: Collection[str]) -> tuple[Place, Side, float] | None:
        """The last landmark beside a stretch, its side, and the metres along the walk to it.

        Args:
            straight: The stretch.
            but: Ids of places that are no landmarks here.
        """
        ground = {space.id for space in self._along(straight) if space.kind in OPEN_KINDS}
        length = dist(straight.start, straight.end)
        walked = self._called(ground)
        beside: list[tuple[bool, float, str, Place, Side]] = []
        for place in self._places:
            named = {name for name in place.names.values() if name}
            if place.id in but or place.kind not in _LANDMARKS or not named:
                continue
            # A hall is not passed by who walks in it.
            if place.id in ground or named & walked:
                continue
            for point in self._seen_at(place, ground):
                along, left = straight.seen_from(point)
                if 1.0 < along < length - 0.5 and 0.3 < abs(left) <= _BESIDE_M:
                    side: Side = "left" if left > 0 else "right"
                    major = place.kind == "department"
                    beside.append((major, along, place.id, place, side))
        if not beside:
            return None
        _, along, _, place, side = max(beside, key=lambda seen: seen[:3])
        return place, side, straight.begins_m + along

    def facing(self, straight: Straight, but: Collection[str]) -> tuple[Place, bool] | None:
        """The nearest named thing before or behind who sets out, and whether it is before him."""
        ground = {space.id for space in self._along(straight) if space.kind in OPEN_KINDS}
        seen: list[tuple[float, str, Place, bool]] = []
        for place in self._places:
            if place.id in but or not any(place.names.values()):
                continue
            points = [place.at] if place.kind == "entrance" else self._seen_at(place, ground)
            for point in points:
                off = abs(angle(straight.heading, _from(straight.start, point)))
                away = dist(straight.start, point)
                if 2.0 < away < _IN_SIGHT_M and (off < _BEFORE_DEG or 180 - off < _BEHIND_DEG):
                    seen.append((away, place.id, place, off < 90))
        if not seen:
            return None
        # What lies ahead is easier to walk to than what lies behind is to leave.
        *_, place, ahead = min(seen, key=lambda one: (not one[3], *one[:2]))
        return place, ahead

    def door_number(self, straight: Straight, target: Section, side: Side) -> int | None:
        """Which door on its side the target's is, from the start of a stretch; None if unsure."""
        if target.enters is None or target.room is None:
            return None
        into = _unit(target.enters)
        on = (into[1], -into[0]) if side == "left" else (-into[1], into[0])
        ahead = _dot(_from(straight.start, target.door), on)
        ground = {space.id for space in self._along(straight) if space.kind in OPEN_KINDS}
        number = 0
        own = False
        for door in self._doors:
            middle = middle_of(door.line)
            own = own or dist(middle, target.door) < _SAME_POINT_M
            if len(door.spaces) < 2 or ground.isdisjoint(door.spaces) or self._across(door):
                continue
            offset = _from(target.door, middle)
            place = ahead + _dot(offset, on)
            if abs(_dot(offset, into)) <= _SAME_WALL_M and 0.3 < place <= ahead + 0.01:
                number += 1
        return number if own and number else None

    def inward(self, place: Place, straight: Straight) -> float | None:
        """The turn from coming in at an entrance, in degrees; None for no entrance."""
        door = next((door for door in self._doors if door.id == place.id), None)
        if door is None or len(door.line) < 2:
            return None
        (x1, y1), (x2, y2) = door.line[0], door.line[-1]
        normal = (y1 - y2, x2 - x1)
        if _dot(normal, straight.heading) < 0:
            normal = (-normal[0], -normal[1])
        return angle(normal, straight.heading)

    def over_steps(self, walk: Walk) -> bool:
        """Whether a walk goes over steps."""
        legs = [
            Straight(start=one, end=other, begins_m=0.0, ends_m=0.0)
            for one, other in pairwise(walk.points)
        ]
        return any(space.kind == "steps" for leg in legs for space in self._along(leg))

    def _rooms(self, points: Sequence[XY], at_door: Collection[int]) -> list[Space | None]:
        """The room that each piece of a line lies in; what lies in a wall goes with the next."""
        rooms = [self._room((one, other)) for one, other in pairwise(points)]
        for number, (one, other) in enumerate(pairwise(points)):
            if dist(one, other) > _STUB_M:
                continue
            if number + 1 in at_door and number and number not in at_door:
                rooms[number] = rooms[number - 1]
            elif number in at_door and number + 1 < len(rooms) and number + 1 not in at_door:
                rooms[number] = rooms[number + 1]
        return rooms

    def _room(self, piece: tuple[XY, XY]) -> Space | None:
        (x1, y1), (x2, y2) = piece
        space = self._space(((x1 + x2) / 2, (y1 + y2) / 2))
        return space if space is not None and space.kind not in OPEN_KINDS else None

    def _space(self, point: XY) -> Space | None:
        return next((space for space in self._spaces if _holds(space.areas, point)), None)

    def _along(self, straight: Straight) -> list[Space]:
        """The spaces at every metre of a stretch."""
        count = max(2, round(dist(straight.start, straight.end)))
        (x, y), (dx, dy) = straight.start, straight.heading
        points = [(x + dx * n / count, y + dy * n / count) for n in range(1, count)]
        return [space for space in map(self._space, points) if space is not None]

    def _seen_at(self, place: Place, ground: set[str]) -> Iterator[XY]:
        """Where a place is seen from a walkway: at its doors, or itself if it stands there."""
        if place.space in ground:
            yield place.at
        for door in self._doors:
            if place.space in door.spaces and not ground.isdisjoint(door.spaces):
                yield middle_of(door.line)

    def _called(self, spaces: set[str]) -> set[str]:
        return {name for id_ in spaces for name in self._by_id[id_].names.values() if name}

    def _across(self, door: Door) -> bool:
        """Whether a door stands across open ground instead of leading into a room."""
        spaces = [self._by_id[id_] for id_ in door.spaces if id_ in self._by_id]
        return all(space.kind in OPEN_KINDS for space in spaces)


def angle(one: XY, other: XY) -> float:
    """From one direction to another, in degrees anticlockwise, -180 to 180."""
    cross = one[0] * other[1] - one[1] * other[0]
    return degrees(atan2(cross, _dot(one, other)))


def map_area(area: Area) -> float:
    """The square metres of a polygon."""
    return _ring_area(area.exterior) - sum(_ring_area(hole) for hole in area.holes)


def _smoothed(points: Sequence[XY], kept: list[int]) -> list[int]:
    """Corners that matter, by Douglas and Peucker (1973)."""
    if len(kept) < 3:
        return kept
    line = Straight(start=points[kept[0]], end=points[kept[-1]], begins_m=0, ends_m=0)
    length = dist(line.start, line.end)
    off = [_off(line, length, points[k]) for k in kept[1:-1]]
    if max(off) < _WIGGLE_M:
        return [kept[0], kept[-1]]
    cut = off.index(max(off)) + 1
    return _smoothed(points, kept[: cut + 1])[:-1] + _smoothed(points, kept[cut:])


def _off(line: Straight, length: float, point: XY) -> float:
    if length < _SAME_POINT_M:
        return dist(line.start, point)
    along, left = line.seen_from(point)
    if 0 <= along <= length:
        return abs(left)
    return min(dist(line.start, point), dist(line.end, point))


def _without_short(points: Sequence[XY], kept: list[int]) -> list[int]:
    """Without the stretches that are too short to tell."""
    while len(kept) > 2:
        lengths = [dist(points[one], points[other]) for one, other in pairwise(kept)]
        shortest = lengths.index(min(lengths))
        if lengths[shortest] >= _SHORT_M:
            break
        gone = shortest if shortest == len(lengths) - 1 else shortest + 1
        kept = kept[:gone] + kept[gone + 1 :]
    return kept


def _without_slight(points: Sequence[XY], kept: list[int]) -> list[int]:
    """Without corners at which hardly anything is turned."""
    found = kept[:1]
    for here, after in pairwise(kept[1:]):
        back, ahead = _from(points[found[-1]], points[here]), _from(points[here], points[after])
        if abs(angle(back, ahead)) >= _STRAIGHT_DEG:
            found.append(here)
    return [*found, kept[-1]]


def _heading_at(points: Sequence[XY], along: Sequence[float], at: float) -> XY:
    before, after = (_point_at(points, along, at + step) for step in (-_AT_DOOR_M, _AT_DOOR_M))
    return _from(before, after)


def _point_at(points: Sequence[XY], along: Sequence[float], at: float) -> XY:
    for number in range(len(points) - 1):
        if at <= along[number + 1] or number == len(points) - 2:
            length = max(along[number + 1] - along[number], 1e-9)
            share = min(max((at - along[number]) / length, 0.0), 1.0)
            (x1, y1), (x2, y2) = points[number], points[number + 1]
            return (x1 + (x2 - x1) * share, y1 + (y2 - y1) * share)
    return points[-1]


def _from(one: XY, other: XY) -> XY:
    return (other[0] - one[0], other[1] - one[1])


def _dot(one: XY, other: XY) -> float:
    return one[0] * other[0] + one[1] * other[1]


def _unit(direction: XY) -> XY:
    length = max(dist((0.0, 0.0), direction), 1e-9)
    return (direction[0] / length, direction[1] / length)


def _holds(areas: Sequence[Area], point: XY) -> bool:
    return any(
        _in_ring(area.exterior, point) and not any(_in_ring(hole, point) for hole in area.holes)
        for area in areas
    )


def _in_ring(ring: Ring, point: XY) -> bool:
    """Whether a ray to the east crosses a ring an odd number of times."""
    x, y = point
    inside = False
    for (x1, y1), (x2, y2) in pairwise((*ring, ring[0])):
        if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
            inside = not inside
    return inside


def _ring_area(ring: Ring) -> float:
    return abs(sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in pairwise((*ring, ring[0])))) / 2
