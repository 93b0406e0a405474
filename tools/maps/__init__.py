"""Indoor maps: reading them, finding places and ways, and drawing the ways.

Importing this package is cheap; numpy, shapely and networkx come when a map is read.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from deixis.tools.maps._checks import MapProblem, check_map
    from deixis.tools.maps._directions import describe
    from deixis.tools.maps._directory import DirectoryEntry, SignAndMap, compare, read_directory
    from deixis.tools.maps._loading import load_map
    from deixis.tools.maps._map import (
        XY,
        Area,
        Connector,
        Door,
        Floor,
        IndoorMap,
        MapError,
        Names,
        Place,
        Space,
        name_in,
    )
    from deixis.tools.maps._places import FoundPlace, PlaceFinder, place_info
    from deixis.tools.maps._plan import draw_floor, draw_route
    from deixis.tools.maps._router import RouteCosts, RouteOptions, Router, avoided
    from deixis.tools.maps._tools import map_tools
    from deixis.tools.maps._way import PlaceInfo, Ride, Route, RouteStep, Walk, Way

__all__ = [
    "XY",
    "Area",
    "Connector",
    "DirectoryEntry",
    "Door",
    "Floor",
    "FoundPlace",
    "IndoorMap",
    "MapError",
    "MapProblem",
    "Names",
    "Place",
    "PlaceFinder",
    "PlaceInfo",
    "Ride",
    "Route",
    "RouteCosts",
    "RouteOptions",
    "RouteStep",
    "Router",
    "SignAndMap",
    "Space",
    "Walk",
    "Way",
    "avoided",
    "check_map",
    "compare",
    "describe",
    "draw_floor",
    "draw_route",
    "load_map",
    "map_tools",
    "name_in",
    "place_info",
    "read_directory",
]

_HOMES = {
    "DirectoryEntry": "_directory",
    "FoundPlace": "_places",
    "MapProblem": "_checks",
    "PlaceFinder": "_places",
    "PlaceInfo": "_way",
    "Ride": "_way",
    "Route": "_way",
    "RouteCosts": "_router",
    "RouteOptions": "_router",
    "RouteStep": "_way",
    "Router": "_router",
    "SignAndMap": "_directory",
    "Walk": "_way",
    "Way": "_way",
    "avoided": "_router",
    "check_map": "_checks",
    "compare": "_directory",
    "describe": "_directions",
    "draw_floor": "_plan",
    "draw_route": "_plan",
    "load_map": "_loading",
    "map_tools": "_tools",
    "place_info": "_places",
    "read_directory": "_directory",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"deixis.tools.maps.{_HOMES.get(name, '_map')}"), name)
