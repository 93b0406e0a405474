"""Reads indoor maps: an IMDF folder or zip, or OpenStreetMap's indoor tagging as GeoJSON."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from deixis.tools.maps._assembly import read_map
from deixis.tools.maps._map import IndoorMap, MapError, MapProblem

_SHOWN = 3


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
    reading = read_map(source, today=today)
    serious = [problem for problem in reading.problems if problem.serious]
    if reading.map is not None and not serious:
        return reading.map
    told = _in_a_line(serious)
    # What can't be read at all names its file itself.
    unusable = told if reading.map is None else f"{reading.name} can't be used: {told}"
    raise MapError(unusable, problems=reading.problems)


def _in_a_line(serious: Sequence[MapProblem]) -> str:
    said = "; ".join(str(problem) for problem in serious[:_SHOWN])
    more = len(serious) - _SHOWN
    return said + (f"; and {more} more" if more > 0 else "")
