"""Dividing the rows of a panel among the labels beside or above them.

By dynamic programming over all divisions that keep the order: a good one puts its cuts where the
gaps are and each label where signs put it, the same way for all blocks. Rows may also stay
without a label: titles, footers, and blocks whose label wasn't read.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, Protocol

from deixis.vision._geometry import Size
from deixis.vision.embedded._labels import Label
from deixis.vision.embedded._layout import Placed, rows_of

Align = Literal["middle", "first", "last", "above"]
"""Which part of its block a label stands beside, or that it stands above all of it."""

# Costs of a division, in units of one row's pitch that a label stands off its block.
EMPTY_BLOCK = 3.0
_FOREIGN_ROW = 1.0
_SEPARATOR = 3.0
_FAR = 4.0
_PAST_EDGE = 0.2
_REACH = 0.75
_DETACHED = 0.3
# An unlabelled block costs a share of what the usual gap between blocks is worth: it needs two.
_UNLABELLED = 0.6
_LEAST_UNLABELLED = 0.25
_EDGE = 0.5
_ONE_LABEL_PARTING = 1.0


@dataclass(frozen=True, kw_only=True)
class PlacedLabel:
    """A label, where it stands, and how far it reaches.

    Attributes:
        label: What it says.
        at: Where it stands: its line, or the part of the line that it is.
        part: Whether it is only a part of its line.
        scope: `block` for the lines around it, `line` for its own alone, `sign` for all.
    """

    label: Label
    at: Placed
    part: bool = False
    scope: Literal["block", "line", "sign"] = "block"


class Separators(Protocol):
    """Tells how surely something drawn parts two rows."""

    def between(self, upper: Sequence[Placed], lower: Sequence[Placed]) -> float:
        """From 0 (one plain background) to 1 (a line, or another colour, all along)."""
        ...


@dataclass(frozen=True)
class Row:
    """A row of a panel: its lines and the span across rows that they take."""

    lines: tuple[Placed, ...]
    v: float
    top: float
    bottom: float
    height: float

    @classmethod
    def of(cls, lines: Sequence[Placed]) -> Row:
        """The row that these lines make up."""
        return cls(
            tuple(lines),
            statistics.fmean(line.v for line in lines),
            min(line.top for line in lines),
            max(line.bottom for line in lines),
            statistics.median(line.height for line in lines),
        )

    def with_subtitle(self, small: Row) -> Row:
        """This row and the smaller one under it, as one."""
        top, bottom = self.top, small.bottom
        return Row((*self.lines, *small.lines), (top + bottom) / 2, top, bottom, self.height)


def panel_rows(lines: Sequence[Placed]) -> list[Row]:
    """The lines by rows, from top to bottom; a small line close under another joins its row."""
    rows = [Row.of(row) for row in rows_of(lines)]
    joined: list[Row] = []
    for at, row in enumerate(rows):
        above = rows[at - 1] if at else None
        close = above is not None and row.v - above.v < 1.2 * above.height
        if close and above is not None and 0.3 < row.height / above.height < 0.75:
            joined[-1] = joined[-1].with_subtitle(row)
        else:
            joined.append(row)
    return joined


@dataclass(frozen=True, kw_only=True)
class Panel:
    """The rows that one column of labels shares out.

    Attributes:
        rows: From top to bottom.
        pitch: The usual step from row to row.
        parting: What speaks for a cut before each row, and, as 0, after the last.
        odd: Whether a row's letters are much taller than the others', as a title's are.
        cut_above: Whether a block at the top may go on outside the picture.
        cut_below: The same at the bottom.
    """

    rows: Sequence[Row]
    pitch: float
    parting: Sequence[float]
    odd: Sequence[bool]
    cut_above: bool
    cut_below: bool

    @classmethod
    def of(cls, lines: Sequence[Placed], size: Size, rules: Separators | None) -> Panel:
        """The panel of at least one line on an image of this size."""
        rows = panel_rows(lines)
        steps = [below.v - above.v for above, below in pairwise(rows)]
        height = statistics.median(row.height for row in rows)
        pitch = max(statistics.median(steps) if steps else height, 0.5 * height, 1.0)
        return cls(
            rows=rows,
            pitch=pitch,
            parting=_parting(rows, rules),
            odd=[row.height > 1.3 * height for row in rows],
            cut_above=min(line.box.y1 for line in rows[0].lines) < 1.2 * pitch,
            cut_below=max(line.box.y2 for line in rows[-1].lines) > size[1] - 1.2 * pitch,
        )


def _parting(rows: Sequence[Row], rules: Separators | None) -> list[float]:
    """How much speaks for a cut before each row (and, as 0, after the last)."""
    steps = [
        (below.top - above.bottom) + (above.height + below.height) / 2
        for above, below in pairwise(rows)
    ]
    gaps: list[float] = []
    for at, step in enumerate(steps):
        around = sorted(steps[max(at - 4, 0) : at + 5])
        within = around[len(around) // 4]  # the step within a block, where most have two rows
        gaps.append(min(max(step / max(within, 1.0) - 1, 0.0), 2.0))
    if rules is None or not steps:
        return [0.0, *gaps, 0.0]
    drawn = [rules.between(above.lines, below.lines) for above, below in pairwise(rows)]
    # Where every row is ruled off, the rules say nothing about blocks.
    usual = statistics.median(drawn)
    rules_say = [_SEPARATOR * max(rule - usual, 0.0) for rule in drawn]
    return [0.0, *(gap + rule for gap, rule in zip(gaps, rules_say, strict=True)), 0.0]


@dataclass(frozen=True)
class Shares:
    """The cost of the best division, and of the best one that gives a row to a label.

    Attributes:
        cost: Of the best division of all.
        by_label: For each label, for each row.
        free: For each row, of the best division that leaves it without a label.
    """

    cost: float
    by_label: list[list[float]]
    free: list[float]


def divide(
    panel: Panel,
    labels: Sequence[PlacedLabel],
    align: Align,
    *,
    foreign: Sequence[bool],
    single_rows: bool,
) -> Shares:
    """Weighs all ways to share the rows among the labels, both in order.

    Args:
        panel: The rows.
        labels: From top to bottom.
        align: Where labels stand, the same for all of them.
        foreign: For each row, whether something about it says that it is in no block.
        single_rows: Whether no label may govern more than one row.
    """
    costs = _Costs(panel, [label.at for label in labels], align, foreign, single_rows)
    return _Search(costs, len(labels), len(panel.rows)).shares()


class _Costs:
    """What blocks and unlabelled runs of rows cost."""

    def __init__(
        self,
        panel: Panel,
        labels: Sequence[Placed],
        align: Align,
        foreign: Sequence[bool],
        single_rows: bool,
    ) -> None:
        self._panel = panel
        self._beside = [label.v for label in labels] if align != "above" else None
        self._middles = self._beside if align == "middle" else None
        self._from_start = _offsets(panel, labels, align)
        self._single_rows = single_rows
        usual = _usual_parting(panel, labels)
        self._unlabelled = max(_UNLABELLED * usual, _LEAST_UNLABELLED)
        self._edge = max(_EDGE * usual, _LEAST_UNLABELLED)
        self._foreign = [0]
        for odd, alien in zip(panel.odd, foreign, strict=True):
            self._foreign.append(self._foreign[-1] + (odd or alien))

    def unlabelled(self, start: int, end: int) -> float:
        """A run of rows without a label; the cut before it is paid by what stands there."""
        if start == end:
            return 0.0
        at_edge = start == 0 or end == len(self._panel.rows)
        price = self._edge if at_edge else self._unlabelled
        if self._foreign[end] - self._foreign[start] == end - start:
            price = 0.0
        return price - self._panel.parting[end]

    def block(self, number: int, start: int, end: int) -> float:
        """The rows from `start` to before `end` as the block of a label."""
        if start == end:
            return EMPTY_BLOCK
        if self._single_rows and end - start > 1:
            return math.inf
        if self._out_of_reach(number, start, end):
            return math.inf
        if self._middles is not None:
            off = self._off_middle(self._middles[number], start, end)
        else:
            of_start, of_end = self._from_start[number]
            off = of_start[start] + of_end[end - 1]
        cost = min(abs(off) / self._panel.pitch, _FAR) - self._panel.parting[end]
        return cost + _FOREIGN_ROW * (self._foreign[end] - self._foreign[start])

    def _out_of_reach(self, number: int, start: int, end: int) -> bool:
        """Whether a label that should stand beside the rows stands clear of them all."""
        if self._beside is None:
            return False
        rows, slack = self._panel.rows, _REACH * self._panel.pitch
        v = self._beside[number]
        above = v < rows[start].top - slack and not (start == 0 and self._panel.cut_above)
        below = v > rows[end - 1].bottom + slack
        return above or (below and not (end == len(rows) and self._panel.cut_below))

    def _off_middle(self, v: float, start: int, end: int) -> float:
        """How far a label stands from the middle of a block, less where the picture cuts it."""
        rows = self._panel.rows
        off = (rows[start].v + rows[end - 1].v) / 2 - v
        goes_on = (off < 0 and end == len(rows) and self._panel.cut_below) or (
            off > 0 and start == 0 and self._panel.cut_above
        )
        return _PAST_EDGE * off if goes_on else off


def _offsets(
    panel: Panel, labels: Sequence[Placed], align: Align
) -> list[tuple[list[float], list[float]]]:
    """How far each label is off a block that starts at a row, and off one that ends at it."""
    rows = panel.rows
    none = [0.0] * len(rows)
    match align:
        case "first":
            return [([_off_first(row, at) for row in rows], none) for at in labels]
        case "last":
            return [(none, [_off_last(row, at) for row in rows]) for at in labels]
        case "above":
            return [([_off_heading(panel, at, s) for s in range(len(rows))], none) for at in labels]
        case "middle":
            return []


def _off_first(row: Row, label: Placed) -> float:
    top_line = row.top + row.height / 2
    return min(abs(row.v - label.v), abs(row.top - label.top), abs(top_line - label.v))


def _off_last(row: Row, label: Placed) -> float:
    return min(abs(row.v - label.v), abs(row.bottom - label.bottom))


def _off_heading(panel: Panel, label: Placed, start: int) -> float:
    """A heading should have its first row right below it, and none between."""
    first = panel.rows[start]
    if first.v < label.v:
        return _FAR * panel.pitch
    between = sum(label.v < row.v for row in panel.rows[:start])
    apart = max(first.top - label.bottom - panel.pitch, 0.0)
    return between * panel.pitch + _DETACHED * apart


def _usual_parting(panel: Panel, labels: Sequence[Placed]) -> float:
    """What the gap between two blocks is worth here: the best between labels, as a rule."""
    best: list[float] = []
    for upper, lower in pairwise(labels):
        between = [
            panel.parting[at]
            for at, row in enumerate(panel.rows)
            if at and row.v > upper.v and panel.rows[at - 1].v < lower.v
        ]
        if between:
            best.append(max(between))
    return statistics.median(best) if best else _ONE_LABEL_PARTING


class _Search:
    """Dynamic programming, from the top and from the bottom.

    A state is a number of labels used and of rows given out. `opened` comes before a block, so
    that an unlabelled run may lie between it and `closed`, which comes after one.
    """

    def __init__(self, costs: _Costs, labels: int, rows: int) -> None:
        self._labels = labels
        self._rows = rows
        ends = range(rows + 1)
        self._loose = [[costs.unlabelled(s, e) if s <= e else 0.0 for e in ends] for s in ends]
        self._block = [
            [[costs.block(n, s, e) if s <= e else math.inf for e in ends] for s in ends]
            for n in range(labels)
        ]

    def shares(self) -> Shares:
        """What giving each row to each label costs, the rest done as well as can be."""
        opened, closed = self._from_top()
        rest, after_run = self._from_bottom()
        by_label = [
            self._covering(opened[number], self._block[number], rest[number + 1])
            for number in range(self._labels)
        ]
        free = [
            self._covering(closed[number], self._loose, after_run[number])
            for number in range(self._labels + 1)
        ]
        cheapest = [min(costs) for costs in zip(*free, strict=True)]
        return Shares(opened[-1][self._rows], by_label, cheapest)

    def _covering(
        self, before: Sequence[float], spans: Sequence[Sequence[float]], after: Sequence[float]
    ) -> list[float]:
        """For each row the cheapest whole whose span, from start to end, covers it."""
        found = [math.inf] * self._rows
        for start in range(self._rows):
            whole, span = math.inf, spans[start]
            for end in range(self._rows, start, -1):
                this = before[start] + span[end] + after[end]
                if this < whole:
                    whole = this
                if whole < found[end - 1]:
                    found[end - 1] = whole
        return found

    def _from_top(self) -> tuple[list[list[float]], list[list[float]]]:
        closed = [[0.0] + [math.inf] * self._rows]
        opened = [_forward(closed[0], self._loose)]
        for block in self._block:
            closed.append(_forward(opened[-1], block))
            opened.append(_forward(closed[-1], self._loose))
        return opened, closed

    def _from_bottom(self) -> tuple[list[list[float]], list[list[float]]]:
        """The cheapest rest once so many labels are used: with a run first, and after it."""
        after_run = [[math.inf] * self._rows + [0.0]]
        rest = [_backward(self._loose, after_run[0])]
        for block in reversed(self._block):
            after_run.insert(0, _backward(block, rest[0]))
            rest.insert(0, _backward(self._loose, after_run[0]))
        return rest, after_run


def _forward(before: Sequence[float], spans: Sequence[Sequence[float]]) -> list[float]:
    """The cheapest way to each end: one span more."""
    best = list(before)
    for end in range(len(best)):
        best[end] = min([before[start] + spans[start][end] for start in range(end + 1)])
    return best


def _backward(spans: Sequence[Sequence[float]], after: Sequence[float]) -> list[float]:
    """The cheapest way on from each start: one span, and what comes after it."""
    count = len(after)
    return [
        min([spans[start][end] + after[end] for end in range(start, count)])
        for start in range(count)
    ]
