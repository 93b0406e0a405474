"""stub"""
from __future__ import annotations

from deixis.tools.maps._draft import Draft
from deixis.tools.maps._features import Problems
from deixis.tools.maps._source import Source


def read_osm(source: Source, problems: Problems) -> Draft:
    """Stub."""
    raise NotImplementedError
