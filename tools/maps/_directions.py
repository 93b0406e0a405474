"""A way in words that a person can follow: turns, doors counted, what is passed, lifts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from deixis.tools.maps._map import Connector, IndoorMap, Place, name_in
from deixis.tools.maps._places import place_info
from deixis.tools.maps._surroundings import Section, Straight, Surroundings, angle
from deixis.tools.maps._way import PlaceInfo, Ride, Route, RouteStep, Walk, Way
from deixis.tools.maps._wording import (
    Arrive,
    Go,
    Here,
    Leave,
    Move,
    Named,
    Take,
    Through,
    Turn,
    is_traditional,
    on_side,
    say,
    spoken_in,
    turned,
)

_LONG_CORRIDOR_M = 8.0
_HALLS = ("lobby", "hall", "foyer", "atrium", "plaza", "courtyard", "concourse")
_WORTH_TELLING_M = 1.0
_AT_TURN_M = 0.5
_Told = tuple[Move, str, float]


def describe(way: Way, map: IndoorMap, *, language: str) -> Route:  # noqa: A002
    """A way as numbered steps.

    Args:
        way: From `Router.way`.
        map: The map it was found on.
        language: `en`, `zh` or `zh-Hant`; any other language is told in English.

    Returns:
        The steps, whose metres add up to those of the route.
    """
    language = _said_in(language)
    told = list(_joined(_moves(way, map)))
    distances = _rounded([metres for _, _, metres in told], way.distance_m)
    steps = tuple(
        RouteStep(instruction=say(move, language), floor=floor, distance_m=metres)
        for (move, floor, _), metres in zip(told, distances, strict=True)
    )
    return Route(
        steps=steps,
        distance_m=round(sum(round(metres * 10) for metres in distances) / 10, 1),
        places=_places(way, map, language),
        language=language,
        step_free=_step_free(way, map),
    )


def _moves(way: Way, map_: IndoorMap) -> Iterator[_Told]:
    end = _named(way.end)
    if not way.legs:
        yield Here(place=end), map_.floor(way.end.floor).short_name, 0.0
        return
    for number, leg in enumerate(way.legs):
        floor = leg.floor if isinstance(leg, Walk) else leg.start_floor
        short = map_.floor(floor).short_name
        if isinstance(leg, Ride):
            yield _ride(leg, map_), short, leg.length_m
            continue
        before = way.legs[number - 1] if number else None
        after = way.legs[number + 1] if number + 1 < len(way.legs) else None
        walk = _WalkTeller(way, map_, leg, before, after)
        yield from ((move, short, metres) for move, metres in walk.moves())
    if isinstance(way.legs[-1], Ride):
        yield Here(place=end), map_.floor(way.end.floor).short_name, 0.0


class _WalkTeller:
    """Tells one walk of a way."""

    def __init__(
        self,
        way: Way,
        map_: IndoorMap,
        walk: Walk,
        before: Walk | Ride | None,
        after: Walk | Ride | None,
    ) -> None:
        self._way = way
        self._map = map_
        self._before = before
        self._after = after
        self._around = Surroundings(map_, walk.floor)
        self._sections = self._around.sections(walk)

    def moves(self) -> Iterator[tuple[Move, float]]:
        """The moves with the metres walked in each."""
        sections = self._sections
        last = len(sections) - 1
        only = sections[0].room if last == 0 else None
        if only is not None and only.kind in ("lift", "stairs", "escalator"):
            move = Go(metres=0.0) if self._after else Here(place=_named(self._way.end))
            yield move, sections[0].length_m
            return
        for number, section in enumerate(sections):
            if number == 0 and last > 0 and not self._is_open(0):
                move = Leave(place=self._left(), turn=self._turn_after(number))
                yield move, section.length_m
            elif number == last and number and section.room is not None:
                yield from self._last_room(number)
            elif section.room is not None and number:
                side = on_side(self._angle_into(number))
                room = Named(names=section.room.names, kind=section.room.kind)
                yield Through(room=room, side=side), section.length_m
            else:
                yield from self._straights(number)

    def _is_open(self, number: int) -> bool:
        """Whether a section is told as a walk: on open ground, or a hall behind an entrance."""
        entered = self._before is None and self._way.start.kind == "entrance"
        return self._sections[number].room is None or (number == 0 and entered)

    def _last_room(self, number: int) -> Iterator[tuple[Move, float]]:
        """The destination's room or the lift; most are told with the walk up to their door."""
        if self._is_open(number - 1):
            return
        length = self._sections[number].length_m
        if isinstance(self._after, Ride):
            yield Go(metres=0.0), length
        else:
            side = on_side(self._angle_into(number)) if number > 1 else "ahead"
            yield Arrive(place=_named(self._way.end), side=side, metres=0.0), length

    def _straights(self, number: int) -> Iterator[tuple[Move, float]]:
        section = self._sections[number]
        straights = section.straights
        into = number == len(self._sections) - 2 and self._sections[-1].room is not None
        final = into or number == len(self._sections) - 1
        tail = self._tail(number)
        for place, straight in enumerate(straights):
            first = number == 0 and place == 0
            turn = None
            if place:
                turn = turned(straights[place - 1].angle_to(straight))
            elif first and self._before is None:
                turn = self._turn_from_entrance(straight)
            elif number > 1 or (number and self._is_open(number - 1)):
                turn = self._turn_after(number - 1)
            move = Go(
                metres=straight.length_m,
                turn=turn,
                start=_named(self._way.start) if first and self._before is None else None,
                along=self._along(straight),
                facing=self._facing(straight) if first and turn is None else None,
            )
            move = self._with_passed(move, section, straight)
            ends = place == len(straights) - 1
            if ends and section.room is not None and not final:
                move = replace(move, through_door=True)
            if final and ends:
                yield self._last(move, straight, number), straight.length_m + tail
            else:
                yield move, straight.length_m

    def _tail(self, number: int) -> float:
        """The metres from the last door to the destination or into the lift."""
        last = len(self._sections) - 1
        if number == last - 1 and self._sections[last].room is not None:
            return self._sections[last].length_m
        return 0.0

    def _last(self, move: Go, straight: Straight, number: int) -> Move:
        """The walk that ends at a lift or the destination."""
        into = number < len(self._sections) - 1
        angle = self._angle_into(number + 1) if into else 0.0
        side = on_side(angle)
        if isinstance(self._after, Ride):
            connector = self._map.connector(self._after.connector)
            return replace(move, to=(_named(connector), side), past=None)
        end = self._way.end
        door = None
        if into and side != "ahead":
            door = self._around.door_number(straight, self._sections[number + 1], side)
        return Arrive(
            place=_named(end),
            side=side,
            metres=straight.length_m,
            turn=move.turn,
            start=move.start,
            facing=move.facing,
            through_door=move.through_door,
            door=door,
        )

    def _left(self) -> Named:
        if isinstance(self._before, Ride):
            connector = self._map.connector(self._before.connector)
            return Named(names={}, kind=connector.kind)
        return _named(self._way.start)

    def _turn_after(self, number: int) -> Turn:
        """The turn after the door that a section ends at."""
        straights = self._sections[number + 1].straights
        leaves = self._sections[number].leaves
        return turned(angle(leaves, straights[0].heading)) if leaves and straights else "straight"

    def _turn_from_entrance(self, straight: Straight) -> Turn | None:
        inward = self._around.inward(self._way.start, straight)
        return None if inward is None else turned(inward)

    def _angle_into(self, number: int) -> float:
        """From the last heading to the door of a section, in degrees."""
        section, before = self._sections[number], self._sections[number - 1]
        if section.enters is None or not before.straights:
            return 0.0
        return angle(before.straights[-1].heading, section.enters)

    def _along(self, straight: Straight) -> Named | None:
        walkway = self._around.walkway(straight)
        if walkway is None:
            return None
        if walkway.names:
            return Named(names=walkway.names, kind=walkway.kind)
        hall = any(word in walkway.category.lower() for word in _HALLS)
        if hall or walkway.kind != "walkway" or straight.length_m < _LONG_CORRIDOR_M:
            return None
        return Named(names={}, kind="walkway")

    def _facing(self, straight: Straight) -> tuple[Named, bool] | None:
        """What one walks towards or away from, where nothing else says which way to turn."""
        found = self._around.facing(straight, {self._way.start.id, self._way.end.id})
        return (_named(found[0]), found[1]) if found else None

    def _with_passed(self, move: Go, section: Section, straight: Straight) -> Go:
        """A walk with the landmark beside it and the doors across it, in their order."""
        doors = _crossed(section, straight)
        found = self._around.passed(straight, {self._way.start.id, self._way.end.id})
        if found is None:
            return replace(move, through_door=bool(doors))
        place, side, at = found
        return replace(
            move,
            past=(_named(place), side),
            through_door=bool(doors),
            past_first=bool(doors) and at < doors[0],
        )


def _crossed(section: Section, straight: Straight) -> tuple[float, ...]:
    """Where doors stand across a stretch; one at a turn belongs to the stretch before."""
    begins, ends = straight.begins_m + _AT_TURN_M, straight.ends_m + _AT_TURN_M
    return tuple(at for at in section.crossed_m if begins < at <= ends)


def _ride(leg: Ride, map_: IndoorMap) -> Move:
    start, end = map_.floor(leg.start_floor), map_.floor(leg.end_floor)
    connector = map_.connector(leg.connector)
    up = end.ordinal > start.ordinal
    return Take(what=_named(connector), up=up, floor=end.short_name)


def _joined(told: Iterator[_Told]) -> Iterator[_Told]:
    """The moves without walks that are no walks; their metres go to the next or the last."""
    moves = list(told)
    carried = 0.0
    kept: list[_Told] = []
    for move, floor, metres in moves:
        if isinstance(move, Go) and move.metres < _WORTH_TELLING_M and len(moves) > 1:
            carried += metres
            continue
        kept.append((move, floor, metres + carried))
        carried = 0.0
    if kept and carried:
        move, floor, metres = kept[-1]
        kept[-1] = (move, floor, metres + carried)
    yield from kept


def _rounded(lengths: Sequence[float], total: float) -> list[float]:
    """Lengths to a tenth that add up to the total: by largest remainder."""
    tenths = [int(length * 10) for length in lengths]
    missing = round(total * 10) - sum(tenths)
    order = sorted(range(len(lengths)), key=lambda n: tenths[n] - lengths[n] * 10)
    for number in order[: max(missing, 0)]:
        tenths[number] += 1
    return [value / 10 for value in tenths]


def _places(way: Way, map_: IndoorMap, language: str) -> tuple[PlaceInfo, ...]:
    """The start, what is ridden, the end."""
    found = [place_info(way.start, map_, language)]
    for leg in way.legs:
        if isinstance(leg, Ride):
            found.append(_ride_info(map_.connector(leg.connector), leg, map_, language))
    return (*found, place_info(way.end, map_, language))


def _ride_info(connector: Connector, leg: Ride, map_: IndoorMap, language: str) -> PlaceInfo:
    for place in map_.places:
        if place.floor == leg.start_floor and place.space in connector.spaces:
            return place_info(place, map_, language)
    return PlaceInfo(
        id=connector.id,
        name=name_in(connector.names, language),
        names=dict(connector.names),
        floor=map_.floor(leg.start_floor).short_name,
        kind=connector.kind,
    )


def _step_free(way: Way, map_: IndoorMap) -> bool:
    return all(
        map_.connector(leg.connector).step_free
        if isinstance(leg, Ride)
        else all(map_.door(id_).step_free for id_ in leg.doors)
        and not Surroundings(map_, leg.floor).over_steps(leg)
        for leg in way.legs
    )


def _named(thing: Place | Connector) -> Named:
    return Named(names=thing.names, kind=thing.kind)


def _said_in(language: str) -> str:
    if spoken_in(language) == "en":
        return "en"
    return "zh-Hant" if is_traditional(language) else "zh"
