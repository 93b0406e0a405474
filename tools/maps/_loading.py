"""Reads indoor maps: an IMDF folder or zip, or OpenStreetMap's indoor tagging as GeoJSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from deixis.tools.maps._checks import check_whole
from deixis.tools.maps._destinations import find_places
from deixis.tools.maps._draft import Draft
from deixis.tools.maps._features import Problems
from deixis.tools.maps._imdf import read_imdf
from deixis.tools.maps._joining import join_doors
from deixis.tools.maps._linking import link_floors
from deixis.tools.maps._map import IndoorMap, MapError, MapProblem
from deixis.tools.maps._osm import read_osm
from deixis.tools.maps._source import open_source, refusal

_SHOWN = 3


@dataclass(frozen=True, kw_only=True)
class _Reading:
    name: str
    map: IndoorMap | None
    problems: tuple[MapProblem, ...]


def load_map(source: str | Path, *, today: date | None = None) -> IndoorMap:
    """Reads an indoor map.

    Args:
        source: A folder or zip of IMDF 1.0.0, or a GeoJSON file with OpenStreetMap's Simple
            Indoor Tagging, told apart by what is in it.
        today: For departments that have moved away by a date that the map gives; today's date
            by default.

    Raises:
        MapError: It can't be read or can't be used: the first problems in one line, each with
            its feature, and all of them in `problems`.
    """
    reading = _read(source, today)
    serious = [problem for problem in reading.problems if problem.serious]
    if serious or reading.map is None:
        told = _in_a_line(serious)
        # What can't be read at all names its file itself.
        unusable = told if reading.map is None else f"{reading.name} can't be used: {told}"
        raise MapError(unusable, problems=reading.problems)
    return reading.map


def check_map(source: str | Path, *, today: date | None = None) -> tuple[MapProblem, ...]:
    """All that is wrong with a map's source, the serious problems first; empty for none.

    Args:
        source: As `load_map` takes it.
        today: As `load_map` takes it.
    """
    try:
        return _read(source, today).problems
    except MapError as error:
        return error.problems


def _read(source: str | Path, today: date | None) -> _Reading:
    opened = open_source(source)
    problems = Problems()
    try:
        if opened.imdf:
            draft = read_imdf(opened, problems, today=today or date.today())
        else:
            draft = read_osm(opened, problems)
        made = _assembled(draft, opened.name, problems)
    except MapError as error:
        if not error.problems:
            raise refusal(opened.name, str(error), "mend the map") from None
        return _Reading(name=opened.name, map=None, problems=(*error.problems, *problems.found))
    return _Reading(name=opened.name, map=made, problems=problems.found)


def _assembled(draft: Draft, name: str, problems: Problems) -> IndoorMap:
    """A map of a draft: doors joined to spaces, spaces to lifts, places put into spaces."""
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
    check_whole(made, name, problems)
    return IndoorMap(
        names=made.names,
        origin=made.origin,
        floors=made.floors,
        spaces=made.spaces,
        doors=made.doors,
        connectors=made.connectors,
        places=made.places,
        country=made.country,
        warnings=tuple(str(problem) for problem in problems.found if not problem.serious),
    )


def _in_a_line(serious: Sequence[MapProblem]) -> str:
    said = "; ".join(str(problem) for problem in serious[:_SHOWN])
    more = len(serious) - _SHOWN
    return said + (f"; and {more} more" if more > 0 else "")
