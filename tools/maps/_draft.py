"""What a reader makes of its format, before doors are joined to spaces and spaces to lifts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from deixis.tools.maps._map import XY, ConnectorKind, Floor, Names, Place, Space


@dataclass(frozen=True, kw_only=True)
class DraftDoor:
    """An opening whose spaces aren't known yet.

    Attributes:
        id: The feature's, made unique by its floor.
        label: Names the feature in messages.
        floor: Id of its floor.
        line: Across the opening, in metres.
        names: By language.
        entrance: Whether it leads into the building; None where its place decides.
        main: Whether it is marked as a main entrance.
        step_free: Whether a wheelchair passes.
        locked: Whether the public can't pass: it has a lock, or is out of service.
        exit_only: Whether it is for leaving in an emergency, for goods or for vehicles.
    """

    id: str
    label: str
    floor: str
    line: tuple[XY, ...]
    names: Names = field(default_factory=dict[str, str])
    entrance: bool | None = None
    main: bool = False
    step_free: bool = True
    locked: bool = False
    exit_only: bool = False


@dataclass(frozen=True, kw_only=True)
class DraftLink:
    """A lift, stairs, an escalator or a ramp as the source joins its spaces.

    Attributes:
        id: The feature's.
        label: Names the feature in messages.
        kind: Which of them.
        ends: Ids of spaces or doors, of any floors.
        direction: Of an escalator.
        names: By language.
    """

    id: str
    label: str
    kind: ConnectorKind
    ends: tuple[str, ...]
    direction: Literal["both", "up", "down"] = "both"
    names: Names = field(default_factory=dict[str, str])


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A map as read.

    Attributes:
        names: Of the building.
        origin: Of the frame: longitude and latitude.
        floors: In any order.
        spaces: Of all floors, closed ones as such.
        doors: Not joined yet.
        links: Where the source says what joins floors.
        places: Of features; a space's own place has the space's id.
        labels: Names features in messages, by id.
        country: ISO 3166 code.
    """

    names: Names
    origin: tuple[float, float]
    floors: tuple[Floor, ...]
    spaces: tuple[Space, ...]
    doors: tuple[DraftDoor, ...]
    links: tuple[DraftLink, ...]
    places: tuple[Place, ...]
    labels: Mapping[str, str]
    country: str | None = None
