"""An indoor map: floors, spaces, doors, what joins floors, and the places people look for.

Readers make it from IMDF or OpenStreetMap; nothing else knows those formats. Coordinates are
metres in the map's own frame: x to the east, y to the north, from `IndoorMap.origin`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict

from deixis.vision import DeixisError

XY = tuple[float, float]
"""Metres east and north of the map's origin."""
Ring = tuple[XY, ...]
Names = Mapping[str, str]
"""Names by language, as BCP 47 tags: `{"zh": "耳鼻喉科", "en": "ENT"}`."""

_T = TypeVar("_T")

SpaceKind = Literal[
    "walkway", "room", "lift", "stairs", "escalator", "ramp", "steps", "closed", "void"
]
ConnectorKind = Literal["lift", "stairs", "escalator", "ramp"]
PlaceKind = Literal[
    "department", "room", "lift", "stairs", "escalator", "ramp", "entrance", "toilet", "amenity"
]


class MapProblem(BaseModel):
    """Something wrong with a map's source.

    Attributes:
        feature: Which feature and where: `unit 3f2a… “Pharmacy” in unit.geojson`.
        says: What is wrong with it.
        mend: How to mend it.
        serious: Whether the map can't be used so. The rest are warnings.
    """

    model_config = ConfigDict(frozen=True)

    feature: str
    says: str
    mend: str
    serious: bool = True

    def __str__(self) -> str:
        return f"{self.feature}: {self.says}: {self.mend}"


class MapError(DeixisError):
    """A map can't be read, or what is asked of it isn't there; says which feature and why.

    Attributes:
        problems: All that is wrong with a map's source, where reading it failed.
    """

    def __init__(self, message: str, *, problems: tuple[MapProblem, ...] = ()) -> None:
        super().__init__(message)
        self.problems = problems


@dataclass(frozen=True, kw_only=True)
class Area:
    """A polygon in metres, its rings without the closing point.

    Attributes:
        exterior: At least three corners.
        holes: Rings cut out of it.
    """

    exterior: Ring
    holes: tuple[Ring, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Floor:
    """A floor of the building.

    Attributes:
        id: The feature's.
        ordinal: 0 for the ground floor, negative below.
        short_name: As signs write it: `4F`, `B1`.
        names: Long names by language.
        outlines: Where its outer walls are.
    """

    id: str
    ordinal: int
    short_name: str
    names: Names = field(default_factory=dict[str, str])
    outlines: tuple[Area, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Space:
    """A part of a floor with walls around it, or a walkway.

    Attributes:
        id: The feature's.
        floor: Id of its floor.
        kind: How one moves in it. `steps` are stairs within a floor; `closed` is for staff or
            out of use, so no route goes through; `void` is no floor at all.
        category: As the source names it, such as `walkway` or `examinationroom`.
        areas: Its polygons.
        names: By language; empty for most walkways.
    """

    id: str
    floor: str
    kind: SpaceKind
    category: str
    areas: tuple[Area, ...]
    names: Names = field(default_factory=dict[str, str])


@dataclass(frozen=True, kw_only=True)
class Door:
    """An opening in walls.

    Attributes:
        id: The feature's.
        floor: Id of its floor.
        line: Across the opening, in metres.
        spaces: Ids of the one or two spaces it opens to; one for a door to the outside.
        entrance: Whether it leads into the building.
        main: Whether it is the main entrance.
        step_free: Whether a wheelchair passes.
        names: By language.
    """

    id: str
    floor: str
    line: tuple[XY, ...]
    spaces: tuple[str, ...]
    entrance: bool = False
    main: bool = False
    step_free: bool = True
    names: Names = field(default_factory=dict[str, str])


@dataclass(frozen=True, kw_only=True)
class Connector:
    """A lift, stairs, an escalator or a ramp over floors.

    Attributes:
        id: Stable: the relationship's, or made of the spaces'.
        kind: Which of them.
        spaces: Ids of its spaces, at most one a floor, from the lowest floor up.
        direction: Of an escalator; `both` for all else.
        names: By language, such as `{"en": "Lift B", "zh": "B号电梯"}`.
    """

    id: str
    kind: ConnectorKind
    spaces: tuple[str, ...]
    direction: Literal["both", "up", "down"] = "both"
    names: Names = field(default_factory=dict[str, str])

    @property
    def step_free(self) -> bool:
        """Whether a wheelchair can take it."""
        return self.kind in ("lift", "ramp")


@dataclass(frozen=True, kw_only=True)
class Place:
    """A named destination.

    Attributes:
        id: The feature's; unique in the map.
        kind: What it is to who looks for it.
        floor: Id of its floor.
        space: Id of the space it lies in or is; None where it lies in none.
        at: Where it is shown, in metres.
        names: By language.
        synonyms: Other names, in any language.
        category: As the source names it.
        hours: Opening hours in OpenStreetMap's notation, as IMDF has them too.
        closed: Whether the public can't go there.
    """

    id: str
    kind: PlaceKind
    floor: str
    space: str | None
    at: XY
    names: Names
    synonyms: tuple[str, ...] = ()
    category: str = ""
    hours: str | None = None
    closed: bool = False

    def name(self, language: str) -> str:
        """Its name in a language, or in another where it has none in that."""
        return name_in(self.names, language)


@dataclass(frozen=True, kw_only=True)
class IndoorMap:
    """A building's floors and what is on them. Made by `load_map`.

    Attributes:
        names: Of the building, by language.
        origin: Longitude and latitude (WGS 84) of the frame's origin.
        floors: From the lowest up.
        spaces: Of all floors.
        doors: Of all floors.
        connectors: What joins floors.
        places: What can be asked for.
        country: ISO 3166 code, such as `CN`, where the map says.
        warnings: What was left out or looks wrong, each naming its feature.
    """

    names: Names
    origin: tuple[float, float]
    floors: tuple[Floor, ...]
    spaces: tuple[Space, ...] = ()
    doors: tuple[Door, ...] = ()
    connectors: tuple[Connector, ...] = ()
    places: tuple[Place, ...] = ()
    country: str | None = None
    warnings: tuple[str, ...] = ()

    def floor(self, id_: str) -> Floor:
        """A floor by its id.

        Raises:
            MapError: There is none.
        """
        return _known(self._floors, id_, "floor")

    def space(self, id_: str) -> Space:
        """A space by its id.

        Raises:
            MapError: There is none.
        """
        return _known(self._spaces, id_, "space")

    def door(self, id_: str) -> Door:
        """A door by its id.

        Raises:
            MapError: There is none.
        """
        return _known(self._doors, id_, "door")

    def connector(self, id_: str) -> Connector:
        """A lift, stairs or escalator by its id.

        Raises:
            MapError: There is none.
        """
        return _known(self._connectors, id_, "connector")

    def place(self, id_: str) -> Place:
        """A place by its id.

        Raises:
            MapError: There is none.
        """
        return _known(self._places, id_, "place")

    def on_floor(self, floor: str) -> tuple[Space, ...]:
        """The spaces of a floor, by the floor's id."""
        return tuple(space for space in self.spaces if space.floor == floor)

    @property
    def main_entrance(self) -> Place | None:
        """Where most people come in, or the first entrance there is."""
        entrances = [place for place in self.places if place.kind == "entrance"]
        main = {door.id for door in self.doors if door.main}
        return next((p for p in entrances if p.id in main), next(iter(entrances), None))

    @cached_property
    def _floors(self) -> dict[str, Floor]:
        return {floor.id: floor for floor in self.floors}

    @cached_property
    def _spaces(self) -> dict[str, Space]:
        return {space.id: space for space in self.spaces}

    @cached_property
    def _doors(self) -> dict[str, Door]:
        return {door.id: door for door in self.doors}

    @cached_property
    def _connectors(self) -> dict[str, Connector]:
        return {connector.id: connector for connector in self.connectors}

    @cached_property
    def _places(self) -> dict[str, Place]:
        return {place.id: place for place in self.places}


def name_in(names: Names, language: str) -> str:
    """A name in a language (`zh-Hant` falls back on `zh`), or the first there is; else empty."""
    base = language.split("-")[0]
    for tag in (language, base, *(t for t in names if t.split("-")[0] == base), "en", *names):
        if names.get(tag):
            return names[tag]
    return ""


def _known(table: Mapping[str, _T], id_: str, what: str) -> _T:
    try:
        return table[id_]
    except KeyError:
        raise MapError(f"the map has no {what} {id_!r}{_some(table)}") from None


def _some(ids: Iterable[str]) -> str:
    shown = sorted(ids)[:5]
    return f": it has {', '.join(shown)}, …" if shown else ""
