"""A building as one network of points: what Dijkstra's search runs over."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import dist
from typing import TYPE_CHECKING, Literal

import networkx as nx
import numpy as np

from deixis.tools.maps._graph import FloorGround, Landing, Portal, Spot, landings
from deixis.tools.maps._ground import Zone
from deixis.tools.maps._map import XY, Connector, ConnectorKind, IndoorMap, SpaceKind

if TYPE_CHECKING:
    Graph = nx.DiGraph["Node"]

Layer = Literal["through", "in", "out"]
# One goes into a lift to ride it, and comes out of it having ridden: never through it.
_RIDDEN: frozenset[SpaceKind] = frozenset({"lift", "stairs", "escalator"})


@dataclass(frozen=True, kw_only=True)
class RouteCosts:
    """What changes of floor and other hindrances count, in metres of walking.

    Attributes:
        lift_boarding_m: Waiting for a lift.
        lift_floor_m: Each floor in it.
        stairs_floor_m: Each floor on stairs; walked: 4 m of height at 30°.
        escalator_floor_m: Each floor on an escalator.
        ramp_floor_m: Each floor on a ramp; walked: 4 m of height at 1 in 12.
        room_through_m: Going through a room that is neither the start nor the end.
    """

    lift_boarding_m: float = 15.0
    lift_floor_m: float = 2.0
    stairs_floor_m: float = 8.0
    escalator_floor_m: float = 6.0
    ramp_floor_m: float = 48.0
    room_through_m: float = 30.0

    def ride(self, kind: ConnectorKind, floors: int) -> tuple[float, float]:
        """What a ride over some floors counts, and the metres walked in it."""
        if kind == "lift":
            return self.lift_boarding_m + self.lift_floor_m * floors, 0.0
        if kind == "escalator":
            return self.escalator_floor_m * floors, 0.0
        slope = self.stairs_floor_m if kind == "stairs" else self.ramp_floor_m
        return slope * floors, slope * floors


@dataclass(frozen=True, eq=False)
class Node:
    """A point of the network.

    Attributes:
        zone: Where it is.
        at: In metres.
        corner: Number of the zone's corner that it is, if it is one.
    """

    zone: Zone
    at: XY
    corner: int | None = None


@dataclass(frozen=True, kw_only=True)
class Step:
    """What lies between two points of the network; the `step` of an edge.

    Attributes:
        cost: In metres of walking.
        length: Metres walked.
        via: The portal or the connector that is gone through; None for a walk within a zone.
        enters: Id of the space that is entered through a portal or by a ride.
    """

    cost: float
    length: float
    via: Portal | Connector | None = None
    enters: str | None = None


class Network:
    """The points of a building that ways go through.

    Rooms with one way in are left out until something in them is asked for: they are most of a
    building, and nothing leads through them.

    Args:
        map: The map.
        grounds: Its floors by id.
        costs: What rides count.
    """

    def __init__(
        self,
        map: IndoorMap,  # noqa: A002
        grounds: Mapping[str, FloorGround],
        costs: RouteCosts,
    ) -> None:
        self._portals: dict[Zone, list[Portal]] = {}
        for ground in grounds.values():
            for portal in ground.portals:
                for side in portal.sides:
                    self._portals.setdefault(side.zone, []).append(portal)
        rides = [(connector, landings(connector, map, grounds)) for connector in map.connectors]
        ridden = {stop.spot.zone for _, found in rides for stop in found}
        self._core = _Draft(nx.DiGraph(), {}, set())
        for zone in [zone for ground in grounds.values() for zone in ground.zones]:
            if zone.space is None or zone in ridden or len(self._portals.get(zone, ())) > 1:
                self._core.open(zone)
        for ground in grounds.values():
            for portal in ground.portals:
                if all(self._core.has(side.zone) for side in portal.sides):
                    self._core.join(portal)
        for connector, found in rides:
            self._core.ride(connector, found, costs)

    def reaching(self, spots: Iterable[Spot]) -> tuple[Graph, list[Node]]:
        """The network with some spots in it.

        Args:
            spots: Where ways begin and end.

        Returns:
            A graph of the caller's own, and the spots' nodes in order.
        """
        draft = self._core.copy()
        nodes: list[Node] = []
        for spot in spots:
            self._open(draft, spot.zone)
            node = Node(spot.zone, spot.at)
            for layer in _layers(spot.zone):
                draft.place(node, layer)
            nodes.append(node)
        return draft.graph, nodes

    def _open(self, draft: _Draft, zone: Zone) -> None:
        """Takes a room into the network that was left out, and what it is reached through."""
        if draft.has(zone):
            return
        draft.open(zone)
        for portal in self._portals.get(zone, []):
            for side in portal.sides:
                self._open(draft, side.zone)
            if not draft.joins(portal):
                draft.join(portal)


class _Draft:
    """A network that is being put together.

    Args:
        graph: Its points and steps.
        nodes: The points in each layer of a zone, without the corners.
        joined: The portals in it.
    """

    def __init__(
        self,
        graph: Graph,
        nodes: dict[tuple[Zone, Layer], list[Node]],
        joined: set[Portal],
        corners: dict[tuple[Zone, Layer], list[Node]] | None = None,
    ) -> None:
        self.graph = graph
        self._nodes = nodes
        self._joined = joined
        self._corners = corners if corners is not None else {}

    def has(self, zone: Zone) -> bool:
        """Whether a zone is in it."""
        return any((zone, layer) in self._corners for layer in _layers(zone))

    def copy(self) -> _Draft:
        """One that may be added to while this one stays as it is."""
        nodes = {key: list(found) for key, found in self._nodes.items()}
        return _Draft(self.graph.copy(), nodes, set(self._joined), dict(self._corners))

    def joins(self, portal: Portal) -> bool:
        """Whether a portal is in it."""
        return portal in self._joined

    def open(self, zone: Zone) -> None:
        """Adds a zone with its corners."""
        for layer in _layers(zone):
            corners = [
                Node(zone, (float(x), float(y)), number)
                for number, (x, y) in enumerate(zone.corners)
            ]
            self._corners[zone, layer] = corners
            for i, j, length in zone.bends:
                self._walk(corners[i], corners[j], length)

    def place(self, node: Node, layer: Layer) -> None:
        """Adds a point to a layer of its zone, with what it sees there."""
        self.graph.add_node(node)
        key = (node.zone, layer)
        corners = self._corners[key]
        for number, length in node.zone.links(node.at):
            self._walk(node, corners[number], length)
        others = self._nodes.setdefault(key, [])
        if others:
            points = np.asarray([other.at for other in others], dtype=np.float64)
            start = np.broadcast_to(np.asarray(node.at, dtype=np.float64), points.shape)
            for other, seen in zip(others, node.zone.sees(start, points), strict=True):
                if seen:
                    self._walk(node, other, dist(node.at, other.at))
        others.append(node)

    def join(self, portal: Portal) -> None:
        """Adds a portal, both ways."""
        self._joined.add(portal)
        ends = [self._way_through(side) for side in portal.sides]
        for here, there in ((0, 1), (1, 0)):
            step = Step(
                cost=portal.length_m,
                length=portal.length_m,
                via=portal,
                enters=portal.spaces[there],
            )
            self.graph.add_edge(ends[here][1], ends[there][0], step=step)

    def ride(self, connector: Connector, stops: list[Landing], costs: RouteCosts) -> None:
        """Adds a lift or stairs: a ride from each floor to each other."""
        ends = [(stop, *self._way_through(stop.spot)) for stop in stops]
        for low, (below, low_on, low_off) in enumerate(ends):
            for above, high_on, high_off in ends[low + 1 :]:
                floors = max(above.ordinal - below.ordinal, 1)
                cost, length = costs.ride(connector.kind, floors)
                up = Step(cost=cost, length=length, via=connector, enters=above.space)
                down = Step(cost=cost, length=length, via=connector, enters=below.space)
                if connector.direction != "down":
                    self.graph.add_edge(low_on, high_off, step=up)
                if connector.direction != "up":
                    self.graph.add_edge(high_on, low_off, step=down)

    def _way_through(self, spot: Spot) -> tuple[Node, Node]:
        """The points of a spot that one arrives at and leaves from; mostly the same."""
        made: dict[Layer, Node] = {}
        for layer in _layers(spot.zone):
            made[layer] = Node(spot.zone, spot.at)
            self.place(made[layer], layer)
        through = made.get("through")
        return (through, through) if through else (made["in"], made["out"])

    def _walk(self, one: Node, other: Node, length: float) -> None:
        step = Step(cost=length, length=length)
        self.graph.add_edge(one, other, step=step)
        self.graph.add_edge(other, one, step=step)


def _layers(zone: Zone) -> Iterator[Layer]:
    if zone.kind in _RIDDEN:
        yield from ("in", "out")
    else:
        yield "through"
