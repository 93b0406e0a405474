"""Puts a map together from its source, and notes what is wrong with it on the way."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from deixis.tools.maps._destinations import find_places
from deixis.tools.maps._draft import Draft
from deixis.tools.maps._features import Problems
from deixis.tools.maps._imdf import read_imdf
from deixis.tools.maps._joining import join_doors
from deixis.tools.maps._linking import link_floors
from deixis.tools.maps._map import IndoorMap, MapError, MapProblem
from deixis.tools.maps._merging import one_floor_each
from deixis.tools.maps._osm import read_osm
from deixis.tools.maps._source import open_source, refusal

_WALKED = ("walkway", "room")


@dataclass(frozen=True, kw_only=True)
class MapReading:
    """What came of reading a map's source.

    Attributes:
        name: Of the source.
        map: The map; None where nothing could be made of the source.
        problems: All that is wrong with it, the serious problems first.
    """

    name: str
    map: IndoorMap | None
    problems: tuple[MapProblem, ...]


def read_map(source: str | Path, *, today: date | None = None) -> MapReading:
    """Reads a map's source as far as it can be read.

    Args:
        source: As `load_map` takes it.
        today: As `load_map` takes it.
    """
    name, problems = Path(source).name, Problems()
    try:
        opened = open_source(source)
        name = opened.name
        if opened.imdf:
            draft = read_imdf(opened, problems, today=today or date.today())
        else:
            draft = read_osm(opened, problems)
        made = _assembled(draft, name, problems)
    except MapError as error:
        refused = error if error.problems else refusal(name, str(error), "mend the map")
        return MapReading(name=name, map=None, problems=(*refused.problems, *problems.found))
    return MapReading(name=name, map=made, problems=problems.found)


def _assembled(draft: Draft, name: str, problems: Problems) -> IndoorMap:
    """A map of a draft: doors joined to spaces, spaces to lifts, places put into spaces."""
    draft = one_floor_each(draft, problems)
    joined = join_doors(draft.doors, draft.spaces, draft.floors, problems)
    connectors = link_floors(
        draft.links, joined.spaces, joined.doors, draft.floors, draft.labels, problems
    )
    made = IndoorMap(
        names=draft.names,
        origin=draft.origin,
        floors=tuple(sorted(draft.floors, key=lambda floor: (floor.ordinal, floor.id))),
        spaces=joined.spaces,
        doors=joined.doors,
        connectors=connectors,
        places=find_places(draft, joined.spaces, joined.doors, connectors, problems),
        country=draft.country,
    )
    _check_whole(made, name, problems)
    warnings = (str(problem) for problem in problems.found if not problem.serious)
    return replace(made, warnings=tuple(warnings))


def _check_whole(map_: IndoorMap, name: str, problems: Problems) -> None:
    """Notes what a map lacks to lead anyone through it."""
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
