"""The words by which people speak of things on a table, in English and Chinese."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, Literal, cast

from deixis.vision.embedded._text import fold, has_han

Sort = Literal[
    "kind", "colour", "size", "soft", "place", "relation", "prefix", "number", "ordinal", "side",
    "all", "any", "single", "other", "it", "not", "but", "and", "at", "to", "of", "joint", "from",
    "filler", "label", "unknown",
]  # fmt: skip
"""What a word does in a phrase.

A `size` and a `place` choose one of several; `soft` does where that is clear; a `relation` stands
after its thing in Chinese and before it in English, a `prefix` before it in both; a `side` becomes
a place, a relation or a direction to count from, by what stands around it.
"""

_DATA: Final = Path(__file__).parents[2] / "data"
NUMBERS: Final = {
    "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "一": 1, "两": 2, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9,
}  # fmt: skip
ORDINALS: Final = {
    "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7,
    "eighth": 8, "1st": 1, "2nd": 2, "3rd": 3, "4th": 4, "5th": 5,
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Word:
    """A word of a phrase and what it does in it."""

    sort: Sort
    value: str
    text: str


@cache
def lexicon() -> dict[str, Word]:
    """Words by how they are written, lower case and simplified."""
    known: dict[str, Word] = {}
    for value, sort, *listed in _rows("references.tsv"):
        for written in "|".join(listed).split("|"):
            if written != "-":
                known.setdefault(written, Word(sort=cast("Sort", sort), value=value, text=written))
    for written, number in NUMBERS.items():
        known.setdefault(written, Word(sort="number", value=str(number), text=written))
    for written, number in ORDINALS.items():
        known.setdefault(written, Word(sort="ordinal", value=str(number), text=written))
    for written, number in NUMBERS.items():
        if has_han(written):
            for counter in ("个", "只", "块", "颗", "件", ""):
                text = f"第{written}{counter}"
                known[text] = Word(sort="ordinal", value=str(number), text=text)
    return known


@cache
def pattern() -> re.Pattern[str]:
    """Finds the longest known word wherever one may begin."""
    return re.compile("|".join(map(_written, sorted(lexicon(), key=len, reverse=True))))


@cache
def printed() -> tuple[tuple[str, ...], ...]:
    """Groups of words for what is printed on things, Chinese and English, folded."""
    return tuple(
        tuple(fold(form) for cell in row for form in cell.split("|"))
        for name in ("printed.tsv", "medicines.tsv")
        for row in _rows(name)
    )


def _rows(name: str) -> list[list[str]]:
    lines = (_DATA / name).read_text(encoding="utf-8").splitlines()
    return [line.split("\t") for line in lines if line.strip() and not line.startswith("#")]


def _written(word: str) -> str:
    """A word as a pattern: Latin letters must be whole words."""
    spaced = r"\s+".join(map(re.escape, word.split()))
    return spaced if has_han(word) or not word[0].isalnum() else rf"\b{spaced}\b"
