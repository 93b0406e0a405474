"""Whether what a model says stands on a page is written there, and where."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from rapidfuzz import fuzz

from deixis.vision._geometry import Box
from deixis.vision._reader import Reading, TextLine
from deixis.vision.embedded._text import fold
from deixis.vision.embedded.documents._fields import FieldSpec
from deixis.vision.embedded.documents._outcomes import UnclearError
from deixis.vision.embedded.documents._page import box_of, union
from deixis.vision.embedded.documents._parsing import Usage, parse

_ALIKE: Final = 88.0  # of 100: a letter in eight may be the reader's slip
_FUZZY: Final = 6  # shorter texts must be there letter for letter
_ELSEWHERE: Final = 0.85
_ONE_OF_MANY: Final = 0.6
_VALUES: Final = frozenset({"number", "integer", "date", "datetime", "time"})
_TOKENS: Final = re.compile(r"\S+")
_MOST_TOKENS: Final = 6


@dataclass(frozen=True, kw_only=True)
class Written:
    """Where a text is written.

    Attributes:
        text: As the page has it.
        box: In original pixels.
        score: 0 to 1: how alike, how surely read, and whether it is where it was said to be.
        exact: Whether it is there letter for letter.
    """

    text: str
    box: Box
    score: float
    exact: bool


class Writing:
    """All that is written on a page, to be searched.

    Args:
        reading: What was read.
    """

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    def find(self, text: str, *, near: Box | None = None) -> Written | None:
        """Where a text stands: letter for letter, or with a slip but every figure the same.

        It must be whole: «12» isn't in 1234. Of several places the one nearest to where it was
        said to be is taken.

        Args:
            text: What is said to be written.
            near: Where it is said to be.

        Returns:
            None where it isn't on the page.
        """
        wanted = _letters(text)
        if not wanted:
            return None
        spots = [(spot, 1.0) for spot in self._spots(wanted)]
        if not spots and len(wanted) >= _FUZZY:
            spots = list(self._alike(wanted))
        return self._nearest(spots, near) if spots else None

    def find_value(
        self, value: object, spec: FieldSpec, usage: Usage, *, near: Box | None = None
    ) -> Written | None:
        """Where a value stands, however it is written: a model may say 2026-11-03 of 3 Nov 2026."""
        if spec.kind not in _VALUES:
            return None
        spots: list[tuple[tuple[int, int], float]] = []
        for start, line in self._starts:
            for a, b in _stretches(line.text):
                try:
                    same = parse(line.text[a:b], spec, usage) == value
                except UnclearError:
                    continue
                if same:
                    spots.append(((start + a, start + b), 1.0))
        return self._nearest(spots, near) if spots else None

    @cached_property
    def _starts(self) -> list[tuple[int, TextLine]]:
        """Each line with the number of its first character among all."""
        starts: list[tuple[int, TextLine]] = []
        at = 0
        for line in self._reading.lines:
            starts.append((at, line))
            at += len(line.text)
        return starts

    @cached_property
    def _folded(self) -> tuple[str, list[int]]:
        """The letters and digits of the page, each with the number of its character."""
        letters: list[str] = []
        origin: list[int] = []
        for start, line in self._starts:
            for number, char in enumerate(line.text):
                for letter in _letters(char):
                    letters.append(letter)
                    origin.append(start + number)
        return "".join(letters), origin

    def _spots(self, wanted: str) -> Iterator[tuple[int, int]]:
        page, origin = self._folded
        at = page.find(wanted)
        while at >= 0:
            end = at + len(wanted)
            if self._is_whole(at, end):
                yield origin[at], origin[end - 1] + 1
            at = page.find(wanted, at + 1)

    def _is_whole(self, at: int, end: int) -> bool:
        """Whether neither a word nor a number is cut at the ends."""
        page, origin = self._folded
        return not (
            (at > 0 and self._joined(page[at - 1], page[at], origin[at - 1], origin[at]))
            or (
                end < len(page)
                and self._joined(page[end - 1], page[end], origin[end - 1], origin[end])
            )
        )

    def _joined(self, one: str, two: str, first: int, second: int) -> bool:
        """Whether two characters belong to one word: beside each other, or in one number."""
        if not (one.isascii() and two.isascii()) or one.isdigit() != two.isdigit():
            return False
        between = self._between(first, second)
        return between == "" or (one.isdigit() and between in (".", ","))

    def _between(self, first: int, second: int) -> str | None:
        """What stands between two characters of a line; None over a line's end."""
        start, line = next(
            (start, line) for start, line in reversed(self._starts) if start <= first
        )
        if second >= start + len(line.text):
            return None
        return line.text[first - start + 1 : second - start]

    def _alike(self, wanted: str) -> Iterator[tuple[tuple[int, int], float]]:
        page, origin = self._folded
        found = fuzz.partial_ratio_alignment(wanted, page, score_cutoff=_ALIKE)
        if found is None or len(page) < len(wanted):
            return
        start, end = self._widened(found.dest_start, found.dest_end)
        if _figures(page[start:end]) == _figures(wanted):
            yield (origin[start], origin[end - 1] + 1), found.score / 100

    def _widened(self, start: int, end: int) -> tuple[int, int]:
        """A stretch of the page's letters, out to the ends of its words."""
        page, origin = self._folded
        while start > 0 and self._joined(
            page[start - 1], page[start], origin[start - 1], origin[start]
        ):
            start -= 1
        while end < len(page) and self._joined(
            page[end - 1], page[end], origin[end - 1], origin[end]
        ):
            end += 1
        return start, end

    def _nearest(self, spots: Sequence[tuple[tuple[int, int], float]], near: Box | None) -> Written:
        stood = [(*self._stands(*span), ratio, span) for span, ratio in spots]

        def distance(box: Box) -> float:
            if near is None:
                return 0.0
            return abs(box.center.x - near.center.x) + abs(box.center.y - near.center.y)

        text, box, sure, ratio, _ = min(stood, key=lambda one: distance(one[1]))
        place = 1.0
        if near is not None and not _meets(box, near):
            place = _ELSEWHERE
        if len(stood) > 1 and (near is None or place < 1.0):
            place = _ONE_OF_MANY
        return Written(text=text, box=box, score=ratio * sure * place, exact=ratio == 1.0)

    def _stands(self, start: int, end: int) -> tuple[str, Box, float]:
        texts: list[str] = []
        boxes: list[Box] = []
        scores: list[float] = []
        for first, line in self._starts:
            a, b = max(start - first, 0), min(end - first, len(line.text))
            if a < b:
                texts.append(line.text[a:b])
                boxes.append(box_of(line, (a, b)))
                scores.append(line.score)
        return "\n".join(texts), union(boxes), sum(scores) / len(scores)


def _meets(box: Box, near: Box) -> bool:
    """Whether a box is about where it was said to be."""
    grown = near.model_copy(
        update={
            "x1": near.x1 - box.height, "x2": near.x2 + box.height,
            "y1": near.y1 - box.height / 2, "y2": near.y2 + box.height / 2,
        }
    )  # fmt: skip
    return box.model_copy(update={"image": grown.image}).intersection(grown) > 0.3 * box.area


def _letters(text: str) -> str:
    return "".join(char for char in fold(text) if char.isalnum())


def _figures(text: str) -> str:
    return "".join(char for char in text if char.isdigit())


def _stretches(text: str) -> Iterator[tuple[int, int]]:
    """The parts of a line that may be a value: some words in a row, and what a colon leads."""
    tokens = [match.span() for match in _TOKENS.finditer(text)]
    for number, (start, _) in enumerate(tokens):
        for _, end in tokens[number : number + _MOST_TOKENS]:
            yield start, end
    for colon in re.finditer(r"[:：]", text):
        yield colon.end(), len(text)
