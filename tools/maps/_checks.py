"""What looks wrong with a map as a whole, once it is put together."""

from __future__ import annotations

from deixis.tools.maps._features import Problems
from deixis.tools.maps._map import IndoorMap

_WALKED = ("walkway", "room")


def check_whole(map_: IndoorMap, name: str, problems: Problems) -> None:
    """Notes what a map lacks to lead anyone through it.

    Args:
        map_: The map.
        name: Of its source, for the messages.
        problems: Where problems go.
    """
    if not any(space.kind in _WALKED for space in map_.spaces):
        problems.add(name, "has no rooms and no walkways", "give a map of the building's inside")
        return
    _check_floors(map_, problems)
    if not map_.places:
        problems.warn(name, "names no places", "name its rooms, so that they can be found")
    if not any(door.entrance for door in map_.doors):
        problems.warn(name, "has no entrance", "mark one; until then each route needs a start")


def _check_floors(map_: IndoorMap, problems: Problems) -> None:
    reached = {map_.space(id_).floor for joined in map_.connectors for id_ in joined.spaces}
    filled = {space.floor for space in map_.spaces}
    for floor in map_.floors:
        label = f"floor {floor.short_name} ({floor.id})"
        if floor.id not in filled:
            problems.warn(label, "has no rooms", "draw them, or leave the floor out")
        elif len(filled) > 1 and floor.id not in reached:
            problems.warn(label, "is reached by no lift and no stairs", "draw them on this floor")
