"""Tells all that is wrong with a map's source, to whoever mends it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from deixis.tools.maps._assembly import read_map
from deixis.tools.maps._map import MapProblem


def check_map(source: str | Path, *, today: date | None = None) -> tuple[MapProblem, ...]:
    """All that is wrong with a map's source, the serious problems first; empty for none.

    A source that can't be read at all has one serious problem that says so.

    Args:
        source: As `load_map` takes it.
        today: As `load_map` takes it.
    """
    return read_map(source, today=today).problems
