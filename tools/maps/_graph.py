"""The graph of a building: zones joined by doors, floors joined by lifts and stairs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import dist
from threading import Lock

from deixis.tools.maps._geo import Shape
from deixis.tools.maps._ground import (
    OPEN_KINDS,
    Zone,
    common,
    gap,
    inner_point,
    joined,
    middle_of,
    near_pairs,
    nearest,
    open_ground,
    parts,
    passable,
    shape_of,
    widest_border,
    without,
)
from deixis.tools.maps._map import XY, Connector, Door, IndoorMap, MapError, Place, Space

_SNAP_M = 5.0
_THICKEST_WALL_M = 1.5
_KEPT = 100
_OVERLAP_M2 = 0.01
_BORDERS_M = (0.05, 0.3)
_ENTERED = frozenset({"room", "lift", "stairs", "escalator", "closed"})


@dataclass(frozen=True, kw_only=True, eq=False)
class Spot:
    """A point in a zone.

    Attributes:
        zone: Where it is.
        at: In metres.
    """

    zone: Zone
    at: XY


@dataclass(frozen=True, kw_only=True, eq=False)
class Portal:
    """A way from one zone to another.

    Attributes:
        door: Id of the door; None where the map has none and a border is taken for one.
        middle: Of the opening.
        sides: Inside either zone, a little off the wall.
        spaces: Ids of the spaces on either side.
    """

    door: str | None
    middle: XY
    sides: tuple[Spot, Spot]
    spaces: tuple[str, str]

    @property
    def length_m(self) -> float:
        """From side to side through the middle."""
        return dist(self.sides[0].at, self.middle) + dist(self.middle, self.sides[1].at)


@dataclass(frozen=True, kw_only=True, eq=False)
class Landing:
    """Where a lift or stairs is stepped on and off.

    Attributes:
        ordinal: Of its floor.
        spot: In metres.
        space: Id of the space.
    """

    ordinal: int
    spot: Spot
    space: str


class FloorGround:
    """A floor cut into zones, with the portals between them. Made by `Grounds`.

    Args:
        map: The map.
        floor: The floor's id.
        blocked: Ids of open spaces of this floor that can't be walked on.
    """

    def __init__(self, map: IndoorMap, floor: str, blocked: frozenset[str]) -> None:  # noqa: A002
        self._map = map
        self._floor = floor
        self._spaces = {space.id: space for space in map.on_floor(floor) if space.areas}
        self._blocked = blocked
        self._doors = [door for door in map.doors if door.floor == floor]
        self.warnings: list[str] = []
        self._shapes = self._carved()
        self.zones = self._zones()
        self.portals = [*self._through_doors(), *self._through_borders()]

    def walked(self, space: Space) -> bool:
        """Whether a space is open ground that may be walked on."""
        return space.kind in OPEN_KINDS and space.id not in self._blocked

    def pieces(self, space: str) -> list[tuple[Zone, Shape]]:
        """The zones that a space is part of, and the space's part in each."""
        return self._pieces.get(space, [])

    def landing(self, space: str) -> Spot | None:
        """Where a lift or stairs is stepped on; None where the space can't be reached."""
        pieces = self.pieces(space)
        if not pieces:
            return None
        zone, shape = max(pieces, key=lambda piece: piece[1].area)
        return Spot(zone=zone, at=inner_point(shape))

    def spot(self, place: Place) -> Spot:
        """Where a place is walked to.

        Raises:
            MapError: No ground is near it.
        """
        pieces = self.pieces(place.space) if place.space else []
        pieces = pieces or list(self._entered(place))
        if not pieces and place.space not in self._blocked:
            near = [(z, z.shape) for z in self.zones if z.space is None]
            pieces = [(zone, shape) for zone, shape in near if _away(shape, place.at) <= _SNAP_M]
        if not pieces:
            raise MapError(
                f"{place.name('en')} ({place.id}) is not on ground that can be walked on: give it"
                f" a space, or a walkway within {_SNAP_M:g} m"
            )
        zone, shape = min(pieces, key=lambda piece: _away(piece[1], place.at))
        return Spot(zone=zone, at=nearest(shape, place.at))

    def _entered(self, place: Place) -> Iterator[tuple[Zone, Shape]]:
        """The ground behind an entrance that has no space of its own."""
        for door in self._doors:
            if door.id == place.id:
                for space in door.spaces:
                    yield from self.pieces(space)

    def _carved(self) -> dict[str, Shape]:
        """The spaces' shapes, each without the smaller spaces that lie in it."""
        order = sorted(self._spaces, key=lambda id_: (_size(self._spaces[id_]), id_))
        shapes = [shape_of(self._spaces[id_].areas) for id_ in order]
        inner: dict[int, list[Shape]] = {}
        for small, large in near_pairs(shapes, 0):
            one, other = self._spaces[order[small]], self._spaces[order[large]]
            if self.walked(one) and self.walked(other):
                continue
            # Steps that a wheelchair can't take are taken out of whatever lies over them.
            stepped = other.kind == "steps" and self.walked(one)
            cut, left = (large, small) if stepped else (small, large)
            if common(shapes[small], shapes[large]).area > _OVERLAP_M2:
                inner.setdefault(left, []).append(shapes[cut])
        return {
            id_: without(shapes[n], joined(inner[n])) if n in inner else shapes[n]
            for n, id_ in enumerate(order)
        }

    def _zones(self) -> list[Zone]:
        opened = [(s, self._shapes[s.id]) for s in self._spaces.values() if self.walked(s)]
        doored = {frozenset(door.spaces) for door in self._doors if len(door.spaces) == 2}
        ground = passable(open_ground(opened, doored)) if opened else None
        zones = [
            Zone(floor=self._floor, kind="walkway", space=None, shape=part)
            for part in (parts(ground) if ground else ())
        ]
        zones += [
            Zone(floor=self._floor, kind=space.kind, space=space.id, shape=part)
            for space in self._spaces.values()
            if space.kind in _ENTERED
            for part in parts(self._shapes[space.id])
        ]
        return zones

    @cached_property
    def _pieces(self) -> dict[str, list[tuple[Zone, Shape]]]:
        found: dict[str, list[tuple[Zone, Shape]]] = {}
        ground = [zone for zone in self.zones if zone.space is None]
        for zone in self.zones:
            if zone.space is not None:
                found.setdefault(zone.space, []).append((zone, zone.shape))
        opened = [space for space in self._spaces.values() if self.walked(space)]
        shapes = [*(self._shapes[space.id] for space in opened), *(zone.shape for zone in ground)]
        for i, j in near_pairs(shapes, 0):
            if i < len(opened) <= j:
                part = common(shapes[i], shapes[j])
                if part.area > _OVERLAP_M2:
                    found.setdefault(opened[i].id, []).append((ground[j - len(opened)], part))
        return found

    def _through_doors(self) -> Iterator[Portal]:
        for door in self._doors:
            if len(door.spaces) == 2 and door.line:
                across = _across(door.line)
                portal = self._portal(door, door.spaces, middle_of(door.line), across)
                if portal is not None:
                    yield portal

    def _through_borders(self) -> Iterator[Portal]:
        """Ways into spaces that the map gives no door: over their longest border."""
        doored = {space for door in self._doors if len(door.spaces) == 2 for space in door.spaces}
        bare = [s for s in self._spaces.values() if s.kind in _ENTERED and s.id not in doored]
        for space in bare:
            found = self._bordering(space, doored)
            if found is None:
                self.warnings.append(
                    f"{_called(space)} has no door and borders no walkway: it can't be reached"
                )
                continue
            other, line = found
            portal = self._portal(None, (space.id, other), middle_of(line), _across(line))
            if portal is not None:
                self.warnings.append(
                    f"{_called(space)} has no door: it is entered at the middle of its border"
                )
                yield portal

    def _bordering(self, space: Space, doored: set[str]) -> tuple[str, tuple[XY, XY]] | None:
        """The neighbour that a space without a door is entered from, and where."""
        shape = self._shapes[space.id]
        others = [s for s in self._spaces.values() if s.id != space.id]
        for wanted in (
            [s for s in others if s.kind in OPEN_KINDS],
            [s for s in others if s.kind == "room" and s.id in doored],
        ):
            for within in _BORDERS_M:
                borders = [
                    (*border, other.id)
                    for other in wanted
                    if gap(shape, self._shapes[other.id]) <= within
                    and (border := widest_border(shape, self._shapes[other.id], within))
                ]
                if borders:
                    _, line, other = max(borders, key=lambda border: (border[0], border[2]))
                    return other, line
        return None

    def _portal(
        self, door: Door | None, spaces: Sequence[str], middle: XY, across: XY
    ) -> Portal | None:
        sides: list[Spot] = []
        for space in spaces:
            pieces = self.pieces(space)
            if not pieces:
                return None
            zone, shape = min(pieces, key=lambda piece: _away(piece[1], middle))
            if (off := _away(shape, middle)) > _THICKEST_WALL_M:
                called = f"door {door.id}" if door else "an opening"
                self.warnings.append(
                    f"{called} lies {off:.1f} m from {_called(self._spaces[space])}: left out"
                )
                return None
            at = zone.into(nearest(shape, middle), across, within=shape)
            sides.append(Spot(zone=zone, at=at))
        return Portal(
            door=door.id if door else None,
            middle=middle,
            sides=(sides[0], sides[1]),
            spaces=(spaces[0], spaces[1]),
        )


class Grounds:
    """The floors of a map as ground to walk on, made when they are first asked for.

    Args:
        map: The map.
    """

    def __init__(self, map: IndoorMap) -> None:  # noqa: A002
        self._map = map
        self._made: dict[tuple[str, frozenset[str]], FloorGround] = {}
        self._lock = Lock()

    def floor(self, id_: str, blocked: Iterable[str] = ()) -> FloorGround:
        """A floor's ground.

        Args:
            id_: The floor's id.
            blocked: Ids of open spaces that can't be walked on; those of other floors are
                passed over.
        """
        here = {space.id for space in self._map.on_floor(id_)}
        key = (id_, frozenset(here.intersection(blocked)))
        with self._lock:
            if key not in self._made:
                if len(self._made) >= _KEPT:
                    del self._made[next(iter(self._made))]
                self._made[key] = FloorGround(self._map, id_, key[1])
            return self._made[key]


def landings(
    connector: Connector,
    map: IndoorMap,  # noqa: A002
    grounds: Mapping[str, FloorGround],
) -> list[Landing]:
    """Where a lift or stairs is stepped on and off, from below."""
    found: list[Landing] = []
    for id_ in connector.spaces:
        space = map.space(id_)
        spot = grounds[space.floor].landing(id_) if space.floor in grounds else None
        if spot is not None:
            ordinal = map.floor(space.floor).ordinal
            found.append(Landing(ordinal=ordinal, spot=spot, space=id_))
    return sorted(found, key=lambda landing: landing.ordinal)


def _away(shape: Shape, at: XY) -> float:
    return dist(nearest(shape, at), at)


def _size(space: Space) -> float:
    return shape_of(space.areas).area


def _across(line: Sequence[XY]) -> XY:
    """The unit normal of a line, from its first to its last point."""
    (x1, y1), (x2, y2) = line[0], line[-1]
    length = dist((x1, y1), (x2, y2))
    return ((y1 - y2) / length, (x2 - x1) / length) if length > 1e-9 else (1.0, 0.0)


def _called(space: Space) -> str:
    name = next(iter(space.names.values()), "")
    return f"{name} ({space.id})" if name else f"{space.kind} {space.id}"
