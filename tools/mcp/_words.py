"""Words of a server: shortened, without what isn't text, without the keys it was given."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from deixis.vision._untrusted import harmless

_HIDDEN: Final = "•••"
_SHORTEST_SECRET: Final = 6
_NOT_IN_NAMES: Final = re.compile(r"[^A-Za-z0-9_-]+")
_LONGEST_NAME: Final = 64


def cleaned(text: str) -> str:
    """A text without what can't be seen and what passes for a mark of a prompt; lines are kept."""
    return harmless(text.replace("\t", " "))


def shortened(text: str, most: int) -> str:
    """A text of bearable length, with a mark where it was cut."""
    over = len(text) - most
    return text if over <= 0 else f"{text[:most]} … (cut: {over:,} more characters)"


def one_line(text: str, most: int) -> str:
    """Cleaned, on one line, shortened."""
    return shortened(" ".join(cleaned(text).split()), most)


def name_of(text: str, *, most: int = _LONGEST_NAME) -> str:
    """A name that every model's server takes: letters, digits, `_` and `-`; empty where none is."""
    return _NOT_IN_NAMES.sub("_", text).strip("_")[:most]


class Secrets:
    """Values that are shown to nobody: those of headers and of the environment.

    Args:
        values: As they were given. Short ones, such as `1`, are no secrets.
    """

    def __init__(self, values: Iterable[str]) -> None:
        words = {word for value in values for word in (value, *value.split())}
        kept = {word for word in words if len(word) >= _SHORTEST_SECRET}
        self._values = sorted(kept, key=len, reverse=True)

    def hidden(self, text: str) -> str:
        """A text without them."""
        for value in self._values:
            text = text.replace(value, _HIDDEN)
        return text
