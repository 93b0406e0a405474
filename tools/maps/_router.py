"""The best way from one place to another, over floors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import dist
from threading import Lock
from typing import TYPE_CHECKING

import networkx as nx
from pydantic import BaseModel, ConfigDict

from deixis.tools.maps._avoiding import avoided, called
from deixis.tools.maps._graph import Grounds, Spot
from deixis.tools.maps._map import XY, Connector, IndoorMap, MapError, Place
from deixis.tools.maps._network import Network, Node, RouteCosts, Step
from deixis.tools.maps._way import Ride, Walk, Way

if TYPE_CHECKING:
    from deixis.tools.maps._network import Graph

__all__ = ["RouteCosts", "RouteOptions", "Router", "avoided"]

_SAME_SPOT_M = 0.01
_NO_WALK_M = 1e-6
# Networks for different closed walkways, the plain and the step-free one among them.
_KEPT = 8


class RouteOptions(BaseModel):
    """What a way must be like.

    Attributes:
        step_free: Whether a wheelchair must be able to take it.
        avoid: Ids of lifts, stairs, doors, spaces or places it must not use: see `avoided`.
    """

    model_config = ConfigDict(frozen=True)

    step_free: bool = False
    avoid: tuple[str, ...] = ()


_ANY = RouteOptions()


class Router:
    """Finds ways in a building; the first question takes a moment, as its floors are measured.

    Threads may share it.

    Args:
        map: The map.
        costs: What rides and rooms on the way count.
    """

    def __init__(self, map: IndoorMap, costs: RouteCosts | None = None) -> None:  # noqa: A002
        self._map = map
        self._costs = costs or RouteCosts()
        self._grounds = Grounds(map)
        self._networks: dict[frozenset[str], Network] = {}
        self._lock = Lock()
        self._closed = frozenset(space.id for space in map.spaces if space.kind == "closed")
        self._rooms = frozenset(space.id for space in map.spaces if space.kind == "room")

    @property
    def warnings(self) -> tuple[str, ...]:
        """What of the map had to be guessed to walk on it, each naming its feature."""
        floors = [self._grounds.floor(floor.id) for floor in self._map.floors]
        return tuple(warning for floor in floors for warning in floor.warnings)

    def way(self, start: Place, end: Place | Sequence[Place], options: RouteOptions = _ANY) -> Way:
        """The best way to a place, or to the nearest of several.

        Args:
            start: Where it begins.
            end: Where it may end.
            options: What it must be like.

        Raises:
            MapError: There is none, in words that say why.
        """
        ends = [end] if isinstance(end, Place) else list(end)
        if not ends:
            raise MapError("a route needs a place to go to")
        for place in (start, *ends):
            self._map.place(place.id)
        limits = self._limits(options)
        found = [way for place in ends if (way := self._best(start, place, limits))]
        if not found:
            raise MapError(self._why_not(start, ends, options))
        return min(found, key=lambda way: way.cost)

    def _best(self, start: Place, end: Place, limits: _Limits) -> Way | None:
        if start.id == end.id:
            return Way(start=start, end=end, legs=(), distance_m=0.0, cost=0.0)
        if end.closed or end.space in limits.spaces:
            return None
        network = self._network(limits.ground)
        spots: list[Spot] = []
        for place in (start, end):
            floor = self._grounds.floor(place.floor, limits.ground)
            try:
                spots.append(floor.spot(place))
            except MapError:
                if not limits.ground:
                    raise
                return None
        graph, (first, last) = network.reaching(spots)
        free = frozenset(id_ for id_ in (start.space, end.space) if id_)

        def cost(_: Node, __: Node, edge: Mapping[str, Step]) -> float | None:
            return self._cost(edge["step"], limits, free)

        try:
            nodes = nx.dijkstra_path(graph, first, last, weight=cost)
        except nx.NetworkXNoPath:
            return None
        steps = _steps(graph, nodes)
        total = sum(self._cost(step, limits, free) or 0.0 for step in steps)
        legs = tuple(_legs(nodes, steps))
        distance = sum(leg.length_m for leg in legs)
        if not legs or (len(legs) == 1 and distance < _SAME_SPOT_M):
            legs, distance = (), 0.0
        return Way(start=start, end=end, legs=legs, distance_m=distance, cost=total)

    def _cost(self, step: Step, limits: _Limits, free: frozenset[str]) -> float | None:
        """What a step counts; None where it can't be taken."""
        if step.via is None:
            return step.cost
        if step.enters in limits.spaces:
            return None
        if isinstance(step.via, Connector):
            return None if step.via.id in limits.connectors else step.cost
        if step.via.door in limits.doors:
            return None
        through = step.enters in self._rooms and step.enters not in free
        return step.cost + (self._costs.room_through_m if through else 0.0)

    def _limits(self, options: RouteOptions) -> _Limits:
        doors, connectors = set[str](), set[str]()
        spaces, steps = set(self._closed), set[str]()
        for id_ in options.avoid:
            for kind, one in self._meant(id_):
                {"door": doors, "connector": connectors, "space": spaces}[kind].add(one)
        if options.step_free:
            doors |= {door.id for door in self._map.doors if not door.step_free}
            connectors |= {one.id for one in self._map.connectors if not one.step_free}
            steps |= {space.id for space in self._map.spaces if space.kind == "steps"}
        return _Limits(
            doors=frozenset(doors),
            connectors=frozenset(connectors),
            spaces=frozenset(spaces | steps),
            ground=frozenset(
                space.id
                for space in self._map.spaces
                if space.id in spaces | steps and space.kind in ("walkway", "ramp", "steps")
            ),
        )

    def _meant(self, id_: str) -> Iterator[tuple[str, str]]:
        """The doors, lifts and spaces that an id to avoid stands for."""
        map_ = self._map
        known = {
            "connector": {one.id for one in map_.connectors},
            "door": {door.id for door in map_.doors},
            "space": {space.id for space in map_.spaces},
        }
        found = [(kind, id_) for kind, ids in known.items() if id_ in ids]
        if not found:
            place = map_.place(id_)
            ridden = [one for one in map_.connectors if place.space in one.spaces]
            found = [("connector", one.id) for one in ridden]
            if not found and place.space and map_.space(place.space).kind != "walkway":
                found = [("space", place.space)]
        yield from found

    def _network(self, ground: frozenset[str]) -> Network:
        with self._lock:
            if ground not in self._networks:
                if len(self._networks) >= _KEPT:
                    del self._networks[next(iter(self._networks))]
                floors = {
                    floor.id: self._grounds.floor(floor.id, ground) for floor in self._map.floors
                }
                self._networks[ground] = Network(self._map, floors, self._costs)
            return self._networks[ground]

    def _why_not(self, start: Place, ends: Sequence[Place], options: RouteOptions) -> str:
        """Why there is no way, in a sentence."""
        end = ends[0]
        where = f"from {self._told(start)} to {self._told(end)}"
        if all(place.closed or place.space in self._closed for place in ends):
            return f"{self._told(end)} is closed to the public"
        if options.avoid:
            eased = options.model_copy(update={"avoid": ()})
            needed = self._needed(start, ends, eased, options.avoid)
            free = "step-free " if options.step_free else ""
            if needed:
                return f"no {free}way {where} without {needed}"
        if options.step_free:
            eased = options.model_copy(update={"step_free": False})
            if any(self._best(start, place, self._limits(eased)) for place in ends):
                return f"no step-free way {where}: {self._steps_on(start, end)}"
        return f"no way {where}: {self._cut_off(start, end)}"

    def _needed(
        self,
        start: Place,
        ends: Sequence[Place],
        eased: RouteOptions,
        avoid: Sequence[str],
    ) -> str:
        """What of the things to avoid there is no way without."""
        limits = self._limits(eased)
        if not any(self._best(start, place, limits) for place in ends):
            return ""
        names: list[str] = []
        for id_ in avoid:
            others = eased.model_copy(update={"avoid": tuple(o for o in avoid if o != id_)})
            if any(self._best(start, place, self._limits(others)) for place in ends):
                names.append(called(self._map, id_))
        return " or ".join(names or [called(self._map, id_) for id_ in avoid])

    def _steps_on(self, start: Place, end: Place) -> str:
        for place in (end, start):
            floor = self._map.floor(place.floor)
            kinds = self._kinds_to(place.floor)
            if start.floor != end.floor and kinds and not kinds & {"lift", "ramp"}:
                return f"{floor.short_name} is reached by {_either(kinds)} only"
        return "steps, or a door that a wheelchair doesn't pass, lie on every way"

    def _cut_off(self, start: Place, end: Place) -> str:
        for place in (end, start):
            if start.floor != end.floor and not self._kinds_to(place.floor):
                short = self._map.floor(place.floor).short_name
                return f"no lift or stairs of the map reaches {short}"
        for place in (end, start):
            ground = self._grounds.floor(place.floor)
            zone = ground.spot(place).zone
            if not any(side.zone is zone for p in ground.portals for side in p.sides):
                return f"no door of the map leads to {self._told(place)}"
        return "on the map they are not joined by doors, corridors, lifts and stairs in use"

    def _kinds_to(self, floor: str) -> set[str]:
        return {
            one.kind
            for one in self._map.connectors
            if any(self._map.space(id_).floor == floor for id_ in one.spaces)
        }

    def _told(self, place: Place) -> str:
        floor = self._map.floor(place.floor).short_name
        return f"{place.name('en') or place.kind} ({floor})"


@dataclass(frozen=True, kw_only=True)
class _Limits:
    """Ids of what a way must not use; `ground` are the spaces of them that are open ground."""

    doors: frozenset[str]
    connectors: frozenset[str]
    spaces: frozenset[str]
    ground: frozenset[str]


def _steps(graph: Graph, nodes: Sequence[Node]) -> list[Step]:
    return [graph.edges[one, other]["step"] for one, other in pairwise(nodes)]


def _legs(nodes: Sequence[Node], steps: Sequence[Step]) -> Iterator[Walk | Ride]:
    walked: list[Node | XY] = [nodes[0]]
    doors: list[str] = []
    for one, other, step in zip(nodes, nodes[1:], steps, strict=False):
        if isinstance(step.via, Connector):
            yield from _walk(walked, doors, one.zone.floor)
            yield Ride(
                connector=step.via.id,
                start_floor=one.zone.floor,
                end_floor=other.zone.floor,
                length_m=step.length,
            )
            walked, doors = [other], []
            continue
        if step.via is not None:
            walked.append(step.via.middle)
            doors += [step.via.door] if step.via.door else []
        walked.append(other)
    yield from _walk(walked, doors, nodes[-1].zone.floor)


def _walk(items: Sequence[Node | XY], doors: Sequence[str], floor: str) -> Iterator[Walk]:
    """The walk along points of the network; none where it would stand still."""
    points: list[XY] = []
    for point in _off_walls(items):
        if not points or dist(points[-1], point) > _NO_WALK_M:
            points.append(point)
    if len(points) > 1:
        length = sum(dist(one, other) for one, other in pairwise(points))
        yield Walk(floor=floor, points=tuple(points), doors=tuple(doors), length_m=length)


def _off_walls(items: Sequence[Node | XY]) -> list[XY]:
    """The points, those at corners a step off the wall wherever the line stays clear."""
    aside = {
        place
        for place, item in enumerate(items)
        if isinstance(item, Node) and item.corner is not None
    }
    while True:
        points = [_point(item, aside=place in aside) for place, item in enumerate(items)]
        blocked: set[int] = set()
        for place, one in enumerate(items[:-1]):
            ends = {place, place + 1} & aside
            if ends and isinstance(one, Node) and not one.zone.clear(*points[place : place + 2]):
                blocked |= ends
        if not blocked:
            return points
        aside -= blocked


def _point(item: Node | XY, *, aside: bool) -> XY:
    if not isinstance(item, Node):
        return item
    return item.zone.off_wall(item.corner) if aside and item.corner is not None else item.at


def _either(kinds: Iterable[str]) -> str:
    return " and ".join(sorted(kinds))
