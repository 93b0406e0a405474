"""The order in which a person reads the lines of a sign or page.

Lines are levelled first: a sign photographed from the side fans out, so each line is carried along
its own local slope to one upright axis. There, lines of about the same height on that axis are a
row. Columns of prose are read one after the other, everything else row by row, and a large label
at the left (the "4F" of a floor guide) comes before the rows that stand beside it.
"""

from __future__ import annotations

import math
import unicodedata
from bisect import bisect
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deixis.vision._reader import TextLine

_NEIGHBOURS = 9
_SAME_ROW = 0.5
_LABEL_HEIGHT = 1.5
_BLOCK_GAP = 0.9
_PROSE_LINES = 3
_PROSE_CHARACTERS = 20
_PROSE_FILL = 0.75
_GUTTER = 0.6


@dataclass(frozen=True)
class _Item:
    """A line on the levelled page: left, right, middle and height, in pixels."""

    line: TextLine
    left: float
    right: float
    middle: float
    height: float

    @property
    def top(self) -> float:
        return self.middle - self.height / 2

    @property
    def bottom(self) -> float:
        return self.middle + self.height / 2


_Row = list[_Item]


def order_lines(lines: Iterable[TextLine]) -> list[TextLine]:
    """Lines in reading order.

    Args:
        lines: Lines of one image in any order, their quads in original pixels. The text's own
            direction counts: lines of a photo lying on its side are read along their text.

    Returns:
        The same lines. The result doesn't depend on the order they came in.
    """
    items = sorted(_level(list(lines)), key=_place_key)
    return [item.line for item in _page(items)]


def _place_key(item: _Item) -> tuple[float, float, float, str]:
    return (item.middle, item.left, item.right, item.line.text)


def _level(lines: list[TextLine]) -> Iterator[_Item]:
    """Each line turned by the page's skew, then moved along its local slope to one upright axis."""
    if not lines:
        return
    quads = [line.quad for line in lines]
    skew = _skew([(quad.angle, quad.width) for quad in quads])
    cos, sin = math.cos(skew), math.sin(skew)
    spots = [
        (q.center.x * cos + q.center.y * sin, q.center.y * cos - q.center.x * sin) for q in quads
    ]
    slopes = _local_slopes(
        [y for _, y in spots],
        [(math.remainder(quad.angle - skew, math.tau), quad.width) for quad in quads],
    )
    axis = median(x for x, _ in spots)
    for line, quad, (x, y), slope in zip(lines, quads, spots, slopes, strict=True):
        half = quad.width / 2
        yield _Item(line, x - half, x + half, y - slope * (x - axis), max(quad.height, 1.0))


def _weighted_median(values: Iterable[tuple[float, float]]) -> float:
    ordered = sorted(values)
    half = sum(weight for _, weight in ordered) / 2
    for value, weight in ordered:
        half -= weight
        if half <= 0:
            return value
    return ordered[-1][0]


def _skew(angles: Sequence[tuple[float, float]]) -> float:
    """The angle most of the text runs at, by weight; robust against some lines that don't."""
    quarters = [0.0] * 4
    for angle, weight in angles:
        quarters[round(angle / (math.pi / 2)) % 4] += weight
    base = quarters.index(max(quarters)) * math.pi / 2
    near = [(math.remainder(angle - base, math.tau), weight) for angle, weight in angles]
    return base + _weighted_median((a, w) for a, w in near if abs(a) <= math.pi / 4 + 1e-9)


def _local_slopes(ys: list[float], angles: list[tuple[float, float]]) -> list[float]:
    """The slope around each line: short lines are measured badly, so neighbours have a say."""
    usable = [(y, a, w) for y, (a, w) in zip(ys, angles, strict=True) if abs(a) < math.pi / 8]
    usable.sort()
    if not usable:
        return [0.0] * len(ys)
    return [math.tan(_local_angle(y, usable)) for y in ys]


def _local_angle(y: float, usable: list[tuple[float, float, float]]) -> float:
    here = bisect(usable, (y,))
    window = usable[max(here - _NEIGHBOURS, 0) : here + _NEIGHBOURS]
    near = sorted(window, key=lambda one: (abs(one[0] - y), one))[:_NEIGHBOURS]
    return _weighted_median((angle, weight) for _, angle, weight in near)


def _page(items: list[_Item]) -> Iterator[_Item]:
    """Prose columns one after the other; what is above, below or between them row by row."""
    found = _prose_columns(items)
    if found is None:
        yield from _rows_first(items)
        return
    for part in found:
        if part:
            yield from _page(part)


def _prose_columns(items: list[_Item]) -> tuple[list[_Item], ...] | None:
    """What stands above a gutter, at its left, at its right and below it; None without one."""
    if len(items) < 2 * _PROSE_LINES:
        return None
    typical = median(item.height for item in items)
    gutters = sorted({round(item.right / typical + _GUTTER, 1) for item in items})
    best: tuple[list[_Item], ...] | None = None
    size = 0
    for gutter in (step * typical for step in gutters):
        for start, end in _runs_beside(items, gutter, typical / 2):
            if end - start <= size:
                continue
            run = items[start:end]
            left = [item for item in run if item.right < gutter]
            right = [item for item in run if item.left > gutter]
            if _is_prose(left) and _is_prose(right):
                best, size = (items[:start], left, right, items[end:]), end - start
    return best


def _runs_beside(items: list[_Item], x: float, margin: float) -> Iterator[tuple[int, int]]:
    """Longest stretches of lines, from top to bottom, that leave the upright strip at x free."""
    start = 0
    for index, item in enumerate(items):
        if item.left < x + margin and item.right > x - margin:
            yield start, index
            start = index + 1
    yield start, len(items)


def _is_prose(column: list[_Item]) -> bool:
    """Whether lines run on: long text, most of it as wide as the widest."""
    if len(column) < _PROSE_LINES:
        return False
    if median(_columns_of_text(item.line.text) for item in column) < _PROSE_CHARACTERS:
        return False
    widths = [item.right - item.left for item in column]
    return median(widths) >= _PROSE_FILL * max(widths)


def _columns_of_text(text: str) -> int:
    """Width in terminal columns: a Chinese character counts twice."""
    return sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in text)


def _rows_first(items: list[_Item]) -> Iterator[_Item]:
    labels = _labels(items)
    rows = _rows([item for item in items if item not in labels])
    blocks = list(_blocks(rows))
    beside = [_labels_of(block, labels) for block in blocks]
    taken = [label for those in beside for label in those]
    loose = [[label] for label in labels if label not in taken]
    pieces = [_with_labels(block, own) for block, own in zip(blocks, beside, strict=True)]
    for piece in sorted([*pieces, *loose], key=lambda piece: min(i.middle for i in piece)):
        yield from piece


def _labels(items: list[_Item]) -> list[_Item]:
    """Lines much taller than the rest with other lines at their right, and none at their left."""
    if len(items) < 3:
        return []
    tall = _LABEL_HEIGHT * median(item.height for item in items)
    return [item for item in items if item.height >= tall and _leads(item, items, tall)]


def _leads(label: _Item, items: list[_Item], tall: float) -> bool:
    beside = [
        item
        for item in items
        if item is not label and item.top < label.bottom and item.bottom > label.top
    ]
    small = [item for item in beside if item.height < tall]
    return len(small) >= 2 and all(item.left >= label.right - item.height / 2 for item in small)


def _rows(items: list[_Item]) -> list[_Row]:
    """Lines at about the same level and beside one another, from left to right."""
    rows: list[_Row] = []
    for item in items:
        if rows and _joins(item, rows[-1]):
            rows[-1].append(item)
        else:
            rows.append([item])
    return [sorted(row, key=lambda item: (item.left, item.middle, item.line.text)) for row in rows]


def _joins(item: _Item, row: _Row) -> bool:
    level = sum(other.middle for other in row) / len(row)
    height = min(item.height, median(other.height for other in row))
    if abs(item.middle - level) > _SAME_ROW * height:
        return False
    return not any(_stacked(item, other) for other in row)


def _stacked(a: _Item, b: _Item) -> bool:
    shared = min(a.right, b.right) - max(a.left, b.left)
    return shared > 0.5 * min(a.right - a.left, b.right - b.left)


def _blocks(rows: list[_Row]) -> Iterator[list[_Row]]:
    """Rows up to a gap that is wide for this page: the panels of a sign."""
    if not rows:
        return
    gaps = [
        min(item.top for item in below) - max(item.bottom for item in above)
        for above, below in pairwise(rows)
    ]
    typical = median(item.height for row in rows for item in row)
    wide = max(_BLOCK_GAP * typical, 2 * median(gaps)) if gaps else 0.0
    start = 0
    for index, gap in enumerate(gaps, start=1):
        if gap > wide:
            yield rows[start:index]
            start = index
    yield rows[start:]


def _labels_of(block: list[_Row], labels: list[_Item]) -> list[_Item]:
    """The labels whose middle lies within the block."""
    top = min(item.top for row in block for item in row)
    bottom = max(item.bottom for row in block for item in row)
    return [label for label in labels if top <= label.middle <= bottom]


def _with_labels(block: list[_Row], labels: list[_Item]) -> list[_Item]:
    """The block's rows, each label before the rows that are nearer to it than to another one."""
    if not labels:
        return [item for row in block for item in row]
    shares: list[list[_Item]] = [[label] for label in labels]
    for row in block:
        level = median(item.middle for item in row)
        nearest = min(range(len(labels)), key=lambda i: abs(labels[i].middle - level))
        shares[nearest].extend(row)
    return [item for share in shares for item in share]
