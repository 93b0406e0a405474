"""The places of a map: each thing once, with a name, in the space it lies in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from deixis.tools.maps._categories import usual_names
from deixis.tools.maps._draft import Draft
from deixis.tools.maps._features import Problems
from deixis.tools.maps._geo import distance, interior_point
from deixis.tools.maps._joining import FloorShapes, shapes_by_floor
from deixis.tools.maps._map import XY, Connector, Door, Floor, Names, Place, Space

_OUTSIDE_M = 0.5
_NEVER = ("off", "closed")


def find_places(
    draft: Draft,
    spaces: Sequence[Space],
    doors: Sequence[Door],
    connectors: Sequence[Connector],
    problems: Problems,
) -> tuple[Place, ...]:
    """What can be asked for, from the lowest floor up: features' places and the entrances.

    A room's own place is left out where a department, toilet or desk in it is the same by name,
    or where the room has no name.
    """
    known = {space.id: space for space in spaces}
    lift_names = {s: connector.names for connector in connectors for s in connector.spaces}
    shapes = shapes_by_floor(spaces)
    places = [
        _settled(place, known, shapes, draft.labels.get(place.id, place.id), problems)
        for place in draft.places
    ]
    named = [_named(place, lift_names) for place in _without_doubles(places)]
    found = [place for place in named if any(place.names.values())]
    found += _entrances(doors, known)
    order = {floor.id: i for i, floor in enumerate(sorted(draft.floors, key=_height))}
    return tuple(sorted(found, key=lambda place: order[place.floor]))


def _height(floor: Floor) -> int:
    return floor.ordinal


def _settled(
    place: Place,
    known: Mapping[str, Space],
    shapes: Mapping[str, FloorShapes],
    label: str,
    problems: Problems,
) -> Place:
    """A place that lies in its space, and is closed where that is."""
    space = known.get(place.space or "")
    if space is None and place.floor in shapes:
        space = shapes[place.floor].around(place.at)
    if space is None:
        problems.warn(label, "lies in no room or walkway", "move it into one")
        return replace(place, space=None)
    at = place.at
    if distance(space.areas, at) > _OUTSIDE_M:
        says = f"lies outside of the {space.category} it belongs to"
        problems.warn(label, says, "move its point; it is shown inside here")
        at = interior_point(space.areas)
    shut = place.closed or space.kind == "closed" or (place.hours or "").lower() in _NEVER
    return replace(place, space=space.id, at=at, closed=shut)


def _without_doubles(places: Sequence[Place]) -> Iterator[Place]:
    by_space: dict[str, list[Place]] = defaultdict(list)
    for place in places:
        if place.space is not None and place.id != place.space:
            by_space[place.space].append(place)
    rooms = {place.id: place for place in places if place.id == place.space}
    same = {
        id_: next((other for other in by_space[id_] if _is_same(room, other)), None)
        for id_, room in rooms.items()
    }
    kept_for = {other.id: rooms[id_] for id_, other in same.items() if other is not None}
    for place in places:
        if place.id in rooms and same[place.id] is not None:
            continue
        yield _with_names_of(place, kept_for[place.id]) if place.id in kept_for else place


def _is_same(room: Place, other: Place) -> bool:
    if not room.names:
        return room.kind in (other.kind, "room")
    return bool(_folded(room) & _folded(other))


def _folded(place: Place) -> set[str]:
    return {name.casefold() for name in (*place.names.values(), *place.synonyms)}


def _with_names_of(place: Place, room: Place) -> Place:
    names = {**room.names, **place.names}
    others = dict.fromkeys((*place.synonyms, *room.names.values(), *room.synonyms))
    synonyms = tuple(name for name in others if name not in names.values())
    return replace(place, names=names, synonyms=synonyms, hours=place.hours or room.hours)


def _named(place: Place, lift_names: Mapping[str, Names]) -> Place:
    """A place with the name of its lift, or of its sort, where it has none."""
    if place.names:
        return place
    return replace(place, names=lift_names.get(place.id) or usual_names(place.category))


def _entrances(doors: Sequence[Door], known: Mapping[str, Space]) -> Iterator[Place]:
    for door in doors:
        if not door.entrance:
            continue
        category = "entrance.main" if door.main else "entrance"
        # The side that leads on: an entrance of two sides has one for the public.
        inside = [known[id_] for id_ in door.spaces]
        open_ = [space for space in inside if space.kind != "closed"]
        yield Place(
            id=door.id,
            kind="entrance",
            floor=door.floor,
            space=(open_ or inside)[0].id,
            at=_middle(door.line),
            names=door.names or usual_names(category),
            category=category,
            closed=not open_,
        )


def _middle(line: Sequence[XY]) -> XY:
    half = len(line) // 2
    one, other = (line[half - 1], line[half]) if len(line) % 2 == 0 else (line[half], line[half])
    return (one[0] + other[0]) / 2, (one[1] + other[1]) / 2
