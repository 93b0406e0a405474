"""The word lists that take questions apart: data, not code."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

_FILE = Path(__file__).parent.parent / "data" / "frames.toml"


@cache
def _lists() -> dict[str, str]:
    return tomllib.loads(_FILE.read_text(encoding="utf-8"))


def word_list(name: str) -> list[str]:
    """The words of one list, in the file's order."""
    return _lists()[name].split()
