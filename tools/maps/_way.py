"""A way through a building: what the router found, and what is told of it."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

from deixis.tools.maps._map import XY, Place


@dataclass(frozen=True, kw_only=True)
class Walk:
    """A part of a way on one floor.

    Attributes:
        floor: The floor's id.
        points: The line walked, in metres in the map's frame; at least two points.
        doors: Ids of the doors gone through, in order.
        length_m: Of the line.
    """

    floor: str
    points: tuple[XY, ...]
    doors: tuple[str, ...] = ()
    length_m: float


@dataclass(frozen=True, kw_only=True)
class Ride:
    """A change of floors.

    Attributes:
        connector: Id of the lift, stairs, escalator or ramp.
        start_floor: The floor's id where it begins.
        end_floor: Where it ends.
        length_m: What is walked of it: the slope of stairs and ramps; 0 in lifts and on
            escalators.
    """

    connector: str
    start_floor: str
    end_floor: str
    length_m: float


@dataclass(frozen=True, kw_only=True)
class Way:
    """The best way from one place to another.

    Attributes:
        start: Where it begins.
        end: Where it ends.
        legs: Walks and rides in order; no leg when start and end are the same spot.
        distance_m: Metres walked in all.
        cost: What was minimised, in metres of walking: see `RouteCosts`.
    """

    start: Place
    end: Place
    legs: tuple[Walk | Ride, ...]
    distance_m: float
    cost: float


class PlaceInfo(BaseModel):
    """A place as it is told to a model, a page or the command line.

    Attributes:
        id: In the map.
        name: In the language asked for.
        names: By language.
        floor: As signs write it: `4F`.
        kind: What it is: department, lift, entrance, ….
        hours: Opening hours in OpenStreetMap's notation, where known.
        closed: Whether the public can't go there.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    name: str
    names: dict[str, str]
    floor: str
    kind: str
    hours: str | None = None
    closed: bool = False


class RouteStep(BaseModel):
    """One instruction of a route.

    Attributes:
        instruction: A sentence to follow.
        floor: The floor it is followed on, as signs write it; of a ride, where it begins.
        distance_m: Metres walked in it, to a tenth.
    """

    model_config = ConfigDict(frozen=True)

    instruction: str
    floor: str
    distance_m: float


class Route(BaseModel):
    """A way in words.

    Attributes:
        steps: In order; the last one arrives.
        distance_m: Metres walked in all, to a tenth.
        places: The start, the lifts and stairs taken, the end.
        language: Of the instructions.
        step_free: Whether a wheelchair can take it.
    """

    model_config = ConfigDict(frozen=True)

    steps: tuple[RouteStep, ...]
    distance_m: float
    places: tuple[PlaceInfo, ...]
    language: str
    step_free: bool
