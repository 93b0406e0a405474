"""A page as it is laid out: pieces of text in level coordinates, labels parted from values."""

from __future__ import annotations

import math
import re
import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from deixis.vision._geometry import Box, Quad
from deixis.vision._reader import Reading, TextLine
from deixis.vision.embedded._layout import Placed, place_lines, slope_of
from deixis.vision.embedded._text import has_han

Known = Callable[[str, bool], bool]
"""Whether a text is a label; told whether a colon ends it."""

_COLON = re.compile(r"(?<![\d:])\s*[:：](?!//)|(?<=\d)\s*：|(?<=\d)\s*:(?!\d)(?!//)")
_BREAK = re.compile(
    r"(?<=\s)(?=\S)|(?<=[\u3400-\u9fff])(?=[A-Za-z0-9])|(?<=[A-Za-z0-9.)）])(?=[\u3400-\u9fff])"
)
# Chinese has no blanks to break at: a label that a colon ends may begin anywhere.
_BREAK_ZH = re.compile(rf"{_BREAK.pattern}|(?<=[\u3400-\u9fff])(?=[\u3400-\u9fff])")
_LONGEST: Final = 42
# A number as papers bear it, which makes even a doubtful label before it sure: INV-77.
_REFERENCE = re.compile(r"#?[A-Z]{0,6}[-/]?\d[\w/-]+")
_VALUE_START = re.compile(
    r"[\s.:：#]*(?:[¥￥$€£]|RMB|CNY|USD|EUR|[A-Z]{0,5}[-/]?\d|[-−(]\s?[¥￥$€£\d])"
)


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A stretch of a line: a label, a value, or the whole of it.

    Attributes:
        text: As written, without the colon of a label.
        page: Number of the page from 0.
        line: The line that it is of.
        span: Where in the line's text, exclusive at the end.
        u1: Where it begins along its row, in level pixels.
        u2: Where it ends along its row.
        v: Its row.
        height: Of its letters.
        colon: Whether a colon ends it: it is a label whatever it says.
        follows: Whether it comes after a label on the same line.
    """

    text: str
    page: int
    line: TextLine
    span: tuple[int, int]
    u1: float
    u2: float
    v: float
    height: float
    colon: bool = False
    follows: bool = False

    @property
    def score(self) -> float:
        """The reader's confidence, 0 to 1."""
        return self.line.score

    @property
    def u(self) -> float:
        """The middle along its row."""
        return (self.u1 + self.u2) / 2

    @property
    def box(self) -> Box:
        """Upright box in original pixels: the line's, or the share of it."""
        return box_of(self.line, self.span)

    def same_row(self, other: Piece) -> bool:
        """Whether both stand in one row of text."""
        return abs(self.v - other.v) < 0.6 * min(self.height, other.height)

    def overlap(self, other: Piece) -> float:
        """Length shared along the rows, in pixels; below 0 the gap between them."""
        return min(self.u2, other.u2) - max(self.u1, other.u1)

    def cut(self, start: int, end: int, *, colon: bool = False, follows: bool = False) -> Piece:
        """A part of it, by characters of its text; blanks at its ends are left out."""
        while start < end and self.text[start].isspace():
            start += 1
        while end > start and self.text[end - 1].isspace():
            end -= 1
        a, b = _shares(self.text, start, end)
        wide = self.u2 - self.u1
        return replace(
            self,
            text=self.text[start:end],
            span=(self.span[0] + start, self.span[0] + end),
            u1=self.u1 + a * wide,
            u2=self.u1 + b * wide,
            colon=colon,
            follows=follows,
        )


@dataclass(frozen=True, kw_only=True)
class Page:
    """A page's pieces, in reading order.

    Attributes:
        number: From 0.
        reading: What was read.
        pieces: Of all lines.
        width: Of what is written, in level pixels.
    """

    number: int
    reading: Reading
    pieces: tuple[Piece, ...]
    width: float

    @cached_property
    def rows(self) -> tuple[tuple[Piece, ...], ...]:
        """The pieces in rows, from top to bottom, each from left to right."""
        return tuple(rows_of(self.pieces))

    @cached_property
    def height(self) -> float:
        """The usual height of letters, in pixels."""
        return statistics.median(piece.height for piece in self.pieces) if self.pieces else 1.0

    def row_of(self, piece: Piece) -> tuple[Piece, ...]:
        """What stands in a piece's row, from left to right."""
        beside = (other for other in self.pieces if other is piece or other.same_row(piece))
        return tuple(sorted(beside, key=lambda other: other.u1))


def page_of(reading: Reading, *, number: int, known: Known) -> Page:
    """A page laid out: its lines levelled, and parted where labels are."""
    upright = _turned(reading.lines)
    lines = [line for line, quad in upright if quad is not None]
    quads = [quad for _, quad in upright if quad is not None]
    stood = [
        line.model_copy(update={"quad": quad}) for line, quad in zip(lines, quads, strict=True)
    ]
    placed = place_lines(stood, slope_of(quads))
    pieces = [
        piece
        for at, line in zip(placed, lines, strict=True)
        for piece in _parted(_whole(at, line, number), known)
    ]
    ends = [(piece.u1, piece.u2) for piece in pieces] or [(0.0, 1.0)]
    width = max(end for _, end in ends) - min(start for start, _ in ends)
    return Page(number=number, reading=reading, pieces=tuple(pieces), width=max(width, 1.0))


def rows_of(pieces: Sequence[Piece]) -> list[tuple[Piece, ...]]:
    """Pieces grouped to rows, from top to bottom, each from left to right."""
    rows: list[list[Piece]] = []
    for piece in sorted(pieces, key=lambda one: one.v):
        if rows and any(piece.same_row(other) for other in rows[-1]):
            rows[-1].append(piece)
        else:
            rows.append([piece])
    return [tuple(sorted(row, key=lambda one: one.u1)) for row in rows]


def box_of(line: TextLine, span: tuple[int, int]) -> Box:
    """Where a stretch of a line stands, in original pixels: by the widths of its characters."""
    a, b = _shares(line.text, *span)
    if (a, b) == (0.0, 1.0):
        return line.box
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = line.quad.points
    # Widths are guessed: rather a little too much than half of a character.
    room = 0.18 * line.quad.height / max(line.quad.width, 1.0)
    a, b = max(a - room, 0.0), min(b + room, 1.0)

    def between(
        one: tuple[float, float], two: tuple[float, float], share: float
    ) -> tuple[float, float]:
        return one[0] + (two[0] - one[0]) * share, one[1] + (two[1] - one[1]) * share

    top, bottom = ((ax, ay), (bx, by)), ((dx, dy), (cx, cy))
    corners = (between(*top, a), between(*top, b), between(*bottom, b), between(*bottom, a))
    return Quad(points=corners).box


def union(boxes: Sequence[Box]) -> Box:
    """The box around several."""
    whole = boxes[0]
    for box in boxes[1:]:
        whole = whole.union(box)
    return whole


def _shares(text: str, start: int, end: int) -> tuple[float, float]:
    """Where characters begin and end, as shares of the text's width."""
    widths = [1.0 if has_han(char) or char in "：，。；（）￥【】、" else 0.55 for char in text]
    whole = sum(widths) or 1.0
    return sum(widths[:start]) / whole, (1.0 if end >= len(text) else sum(widths[:end]) / whole)


def _whole(at: Placed, line: TextLine, number: int) -> Piece:
    return Piece(
        text=line.text, page=number, line=line, span=(0, len(line.text)), u1=at.u1, u2=at.u2,
        v=at.v, height=at.height,
    )  # fmt: skip


def _turned(lines: Sequence[TextLine]) -> list[tuple[TextLine, Quad | None]]:
    """Each line with its outline on the page held upright; None for lines across it."""
    weights = [0.0] * 4
    for line in lines:
        weights[_quarters(line.quad)] += len(line.text)
    turn = weights.index(max(weights))
    return [
        (line, _rotated(line.quad, turn) if _quarters(line.quad) == turn else None)
        for line in lines
    ]


def _quarters(quad: Quad) -> int:
    return round(quad.angle / (math.pi / 2)) % 4


def _rotated(quad: Quad, turn: int) -> Quad:
    points = quad.points
    for _ in range(turn):
        a, b, c, d = ((y, -x) for x, y in points)
        points = (a, b, c, d)
    return quad.model_copy(update={"points": points})


def _parted(whole: Piece, known: Known) -> Iterator[Piece]:
    """A line at its labels: «Name: Li Ming  Sex: M» is four pieces."""
    text, start, after = whole.text, 0, False
    for colon in _COLON.finditer(text):
        if colon.start() < start:
            continue
        at = _label_start(text, start, colon.start(), known)
        if at is None:
            continue
        if text[start:at].strip():
            yield whole.cut(start, at, follows=after)
        yield whole.cut(at, colon.start(), colon=True)
        start, after = colon.end(), True
    if after or start:
        if text[start:].strip():
            yield whole.cut(start, len(text), follows=True)
        return
    yield from _without_colon(whole, known)


def _label_start(text: str, start: int, end: int, known: Known) -> int | None:
    """Where the label begins that a colon ends; None where the colon is none of a label."""
    cuts = [start, *(m.start() for m in _BREAK_ZH.finditer(text, start, end)), end]
    for at in cuts[:-1]:
        if at < end and known(text[at:end].strip(), True):
            return at
    said = text[start:end].strip()
    if not said:
        return None
    if start == 0:
        return 0 if len(said) <= _LONGEST else None
    # After a value: the last word, where there is one.
    last = text.rfind(" ", start, end)
    return last + 1 if last > start and text[start:last].strip() else None


def _without_colon(whole: Piece, known: Known) -> Iterator[Piece]:
    """A line that begins with a label and goes on with figures."""
    text = whole.text
    for cut in reversed([m.start() for m in _BREAK.finditer(text)]):
        label, rest = text[:cut].strip(), text[cut:]
        sure = _REFERENCE.fullmatch(rest.strip()) is not None
        if label and _VALUE_START.match(rest) and known(label, sure):
            yield whole.cut(0, cut, colon=True)
            yield whole.cut(cut, len(text), follows=True)
            return
    yield whole.cut(0, len(text))
