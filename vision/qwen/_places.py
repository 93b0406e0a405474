"""What the readers of a reply find: places in the model's own numbers, and what was lost."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Literal

Numbers = tuple[float, ...]
Reader = Literal["markup", "json", "plain"]

_NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d{1,4})?")
_ONLY_NUMBERS = re.compile(r"[\s\d.,;:()\[\]{}<>|eE+（），、；-]*")
_COORD_TOKEN = re.compile(r"<\|coord_(\d{1,6})\|>")
_LONGEST = 400  # characters of a text that can be the numbers of places
_SHOWN = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A place as the model wrote it, in its own frame.

    Attributes:
        start: Where in the reply it stands.
        reader: Who found it.
        box: Two corners, x1 y1 x2 y2.
        point: x and y.
        quad: Four corners.
        label: What the model calls it, trimmed.
        text: What the model says is written there.
        score: 0 to 1.
        image: The handle it named, or a number of an image from 0 (`#0`).
        mobile: Whether it is an argument of `mobile_use`, whose frame ends at 999.
    """

    start: int
    reader: Reader
    box: Numbers | None = None
    point: Numbers | None = None
    quad: Numbers | None = None
    label: str = ""
    text: str | None = None
    score: float | None = None
    image: str | None = None
    mobile: bool = False

    @property
    def numbers(self) -> Numbers:
        """All its numbers."""
        return (self.box or ()) + (self.point or ()) + (self.quad or ())


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """Words that meant a place and couldn't be read.

    Attributes:
        start: Where in the reply they stand.
        words: The words, shortened.
        reason: Why.
    """

    start: int
    words: str
    reason: str

    def __str__(self) -> str:
        return f"{shown(self.words)}: {self.reason}"


def shown(words: str) -> str:
    """Words on one line, cut to what fits a message."""
    cut = " ".join(words[: 4 * _SHOWN].split())
    return clean(cut if len(cut) <= _SHOWN else cut[: _SHOWN - 1] + "…")


def clean(text: str) -> str:
    """A text that can be written out as UTF-8, with white space trimmed."""
    text = text.strip()
    try:
        text.encode()
    except UnicodeEncodeError:
        # Halves of a pair that belong together are joined, the others replaced.
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def numbers_of(text: str) -> Numbers | None:
    """The numbers of a text that has nothing else in it but what sets them apart, or None.

    >>> numbers_of("(12, 34), (56, 78)")
    (12.0, 34.0, 56.0, 78.0)
    """
    if len(text) > _LONGEST:
        return None
    if "<|coord_" in text:
        text = _COORD_TOKEN.sub(r" \1 ", text)
    if not _ONLY_NUMBERS.fullmatch(text):
        return None
    values = tuple(float(word) for word in _NUMBER.findall(text))
    return values if values and all(math.isfinite(value) for value in values) else None


def boxes_in(numbers: Numbers) -> list[Numbers]:
    """Boxes written one after another."""
    return [numbers[at : at + 4] for at in range(0, len(numbers), 4)]
