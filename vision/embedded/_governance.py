"""Which label governs which line: floors beside rows, headings over columns, floors in a line.

The labels of a side column are matched to runs of rows by dynamic programming: a good division
puts its cuts where the gaps are, and each label where signs put it: at the middle, the first or
the last row of its block, the same for all blocks.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal, Protocol

from deixis.vision._geometry import Size
from deixis.vision.embedded._labels import Label
from deixis.vision.embedded._layout import Placed, rows_of

_Align = Literal["middle", "first", "last"]
# Costs of a division, in units of one row's pitch that a label stands off its block.
_EMPTY_BLOCK = 3.0
_LOOSE_ROW = 0.5
_ODD_ROW = 1.0
_SEPARATOR = 3.0
_EDGE_SHARE = 0.4


@dataclass(frozen=True, kw_only=True)
class PlacedLabel:
    """A label and where it stands; `part` when it is only a part of its line."""

    label: Label
    at: Placed
    part: bool = False


class Separators(Protocol):
    """Tells how surely something drawn parts two rows."""

    def between(self, upper: Sequence[Placed], lower: Sequence[Placed]) -> float:
        """From 0 (one plain background) to 1 (a line, or another colour, all along)."""
        ...


@dataclass(frozen=True)
class _Sheet:
    size: Size
    rules: Separators | None


@dataclass(frozen=True)
class _Row:
    """A row of a panel: its lines and the span across rows that they take."""

    lines: tuple[Placed, ...]
    v: float
    top: float
    bottom: float


def govern(
    lines: Sequence[Placed],
    labels: Sequence[PlacedLabel],
    size: Size,
    rules: Separators | None = None,
) -> dict[int, PlacedLabel]:
    """The label that governs each line, by the line's index; lines without one are left out.

    Args:
        lines: All lines of the sign, labels too.
        labels: Those that are labels, or hold one, all of one kind.
        size: Of the image in pixels: a block at its edge may go on outside.
        rules: Tells where a line or a change of colour parts two rows.
    """
    governed = {label.at.index: label for label in labels}
    whole = {label.at.index for label in labels if not label.part}
    others = [line for line in lines if line.index not in governed]
    own_lines = [line for line in lines if line.index in governed and line.index not in whole]
    if not labels or not others:
        return governed
    headings = [label for label in labels if _is_heading(label, others, labels)]
    if len(headings) * 2 > len(labels):
        found = _under_headings(others, labels)
    else:
        found = _beside(others, own_lines, labels, _Sheet(size, rules))
    return {**found, **governed}


def _is_heading(
    label: PlacedLabel, others: Sequence[Placed], labels: Sequence[PlacedLabel]
) -> bool:
    """Whether lines stand right under the label, and none beside it up to the next label."""
    at = label.at
    beside = any(
        line.top < at.v < line.bottom and line.overlap(at) < 0.3 * at.height for line in others
    )
    if beside or label.part:
        return False
    next_v = min((o.at.v for o in labels if o.at.v > at.bottom and o.at.overlap(at)), default=1e9)
    below = [line for line in others if at.v < line.v < next_v]
    under = [
        line for line in below if line.overlap(at) > 0.3 * min(line.u2 - line.u1, at.u2 - at.u1)
    ]
    # A label that is centred in its block has lines beside it above and below its middle.
    above = [
        line for line in others if at.v - 2.5 * at.height < line.v < at.v and not line.overlap(at)
    ]
    return bool(under) and not (above and len(under) < len(below) / 2)


def _under_headings(
    others: Sequence[Placed], labels: Sequence[PlacedLabel]
) -> dict[int, PlacedLabel]:
    found: dict[int, PlacedLabel] = {}
    for line in others:
        above = [label for label in labels if label.at.v < line.v - 0.3 * line.height]
        if not above:
            continue
        lowest = max(label.at.v for label in above)
        level = [o for o in above if lowest - o.at.v < 1.5 * o.at.height]
        if len(level) == 1 and any(o.at.u1 > level[0].at.u2 for o in above if o is not level[0]):
            level = [
                min(
                    above,
                    key=lambda o: (abs(o.at.u - line.u) > 2 * (o.at.u2 - o.at.u1), line.v - o.at.v),
                )
            ]
        found[line.index] = min(level, key=lambda o: (-o.at.overlap(line), abs(o.at.u - line.u)))
    return found


def _beside(
    others: Sequence[Placed],
    own_lines: Sequence[Placed],
    labels: Sequence[PlacedLabel],
    sheet: _Sheet,
) -> dict[int, PlacedLabel]:
    chains = _chains(labels)
    panels: list[list[Placed]] = [[] for _ in chains]
    left_of_first = sum(line.u < _u_at(chains[0], line.v) for line in others)
    labels_lead = left_of_first * 2 < len(others)
    for line in [*others, *own_lines]:
        edges = [_u_at(chain, line.v) for chain in chains]
        if labels_lead:
            panel = max((i for i, edge in enumerate(edges) if edge < line.u), default=0)
        else:
            panel = min(
                (i for i, edge in enumerate(edges) if edge > line.u), default=len(edges) - 1
            )
        panels[panel].append(line)
    found: dict[int, PlacedLabel] = {}
    for chain, panel in zip(chains, panels, strict=True):
        for label, rows in _divide(chain, panel, sheet):
            found |= {line.index: label for row in rows for line in row.lines}
    return found


def _chains(labels: Sequence[PlacedLabel]) -> list[list[PlacedLabel]]:
    """The columns of labels, from left to right, each from top to bottom."""
    chains: list[list[PlacedLabel]] = []
    for label in sorted(labels, key=lambda item: item.at.v):
        for chain in chains:
            last = chain[-1].at
            reach = 1.5 * max(last.u2 - last.u1, label.at.u2 - label.at.u1, 2 * last.height)
            if abs(last.u - label.at.u) > reach:
                continue
            if _twins(chain[-1], label):
                chain[-1] = _merged(chain[-1], label)
            elif last.same_row(label.at):
                continue
            else:
                chain.append(label)
            break
        else:
            chains.append([label])
    return sorted(chains, key=lambda chain: chain[0].at.u)


def _twins(upper: PlacedLabel, lower: PlacedLabel) -> bool:
    """Whether two labels are one, written twice (`A口` over `Exit A`)."""
    near = lower.at.v - upper.at.v < 2.5 * max(upper.at.height, lower.at.height)
    return near and upper.label.value == lower.label.value and not (upper.part or lower.part)


def _merged(upper: PlacedLabel, lower: PlacedLabel) -> PlacedLabel:
    at = replace(
        upper.at,
        u1=min(upper.at.u1, lower.at.u1),
        u2=max(upper.at.u2, lower.at.u2),
        v=(upper.at.top + lower.at.bottom) / 2,
        height=lower.at.bottom - upper.at.top,
    )
    return replace(upper, at=at)


def _u_at(chain: Sequence[PlacedLabel], v: float) -> float:
    """Where a tilted column of labels stands at a row."""
    if v <= chain[0].at.v:
        return chain[0].at.u
    for upper, lower in pairwise(chain):
        if v <= lower.at.v:
            share = (v - upper.at.v) / max(lower.at.v - upper.at.v, 1.0)
            return upper.at.u + share * (lower.at.u - upper.at.u)
    return chain[-1].at.u


def _rows(lines: Iterable[Placed]) -> list[_Row]:
    return [
        _Row(
            tuple(row),
            statistics.fmean(line.v for line in row),
            min(line.top for line in row),
            max(line.bottom for line in row),
        )
        for row in rows_of(list(lines))
    ]


@dataclass(frozen=True)
class _Division:
    """A way to give the first rows to the first labels, and what it costs."""

    cost: float
    blocks: tuple[tuple[int, int], ...] = ()


def _divide(
    chain: Sequence[PlacedLabel], lines: Sequence[Placed], sheet: _Sheet
) -> list[tuple[PlacedLabel, list[_Row]]]:
    rows = _rows(lines)
    if not rows:
        return []
    problem = _Problem.of(chain, rows, sheet)
    aligns: tuple[_Align, ...] = ("middle", "first", "last")
    best = min((problem.solve(align) for align in aligns), key=lambda d: d.cost)
    return [
        (label, rows[start:end]) for label, (start, end) in zip(chain, best.blocks, strict=True)
    ]


@dataclass(frozen=True, kw_only=True)
class _Problem:
    labels: Sequence[PlacedLabel]
    rows: Sequence[_Row]
    pitch: float
    parting: Sequence[float]
    odd: Sequence[float]
    cut_below: bool
    cut_above: bool

    @classmethod
    def of(cls, labels: Sequence[PlacedLabel], rows: Sequence[_Row], sheet: _Sheet) -> _Problem:
        steps = [b.v - a.v for a, b in pairwise(rows)]
        heights = [statistics.median(line.height for line in row.lines) for row in rows]
        height = statistics.median(heights)
        pitch = max(statistics.median(steps) if steps else height, 0.5 * height, 1.0)
        lowest = max(line.box.y2 for line in rows[-1].lines)
        highest = min(line.box.y1 for line in rows[0].lines)
        return cls(
            labels=labels,
            rows=rows,
            pitch=pitch,
            parting=_parting(rows, steps, sheet.rules),
            odd=[float(own > 1.4 * height) for own in heights],
            cut_below=lowest > sheet.size[1] - 1.2 * pitch,
            cut_above=highest < 1.2 * pitch,
        )

    def solve(self, align: _Align) -> _Division:
        """The cheapest division of the rows among the labels, in order."""
        count = len(self.rows)
        # best[end]: rows before `end` are given out (or left loose at the top).
        loose = [_LOOSE_ROW * (1 - odd) for odd in self.odd]
        best = [
            _Division(sum(loose[:start]) - _EDGE_SHARE * min(self.parting[start], 1.0))
            for start in range(count + 1)
        ]
        for number in range(len(self.labels)):
            best = [self._step(best, number, end, align) for end in range(count + 1)]
        closed = [
            replace(
                found,
                cost=found.cost
                + sum(loose[end:])
                # The cut after the last block was counted in full; at an edge it says less.
                + self.parting[end]
                - _EDGE_SHARE * min(self.parting[end], 1.0),
            )
            for end, found in enumerate(best)
        ]
        return min(closed, key=lambda found: found.cost)

    def _step(self, best: Sequence[_Division], number: int, end: int, align: _Align) -> _Division:
        options: list[_Division] = []
        for start in range(end + 1):
            cost = best[start].cost + self._block(number, start, end, align)
            options.append(_Division(cost, (*best[start].blocks, (start, end))))
        return min(options, key=lambda found: found.cost)

    def _block(self, number: int, start: int, end: int, align: _Align) -> float:
        if start == end:
            return _EMPTY_BLOCK
        label = self.labels[number].at
        first, last = self.rows[start], self.rows[end - 1]
        off = {
            "middle": (first.v + last.v) / 2 - label.v,
            "first": _nearest(first.v - label.v, first.top - label.top),
            "last": _nearest(last.v - label.v, last.bottom - label.bottom),
        }[align]
        if align == "middle":
            off = self._past_edge(off, start, end)
        odd = _ODD_ROW * sum(self.odd[start:end])
        return min(abs(off) / self.pitch, 4.0) + odd - self.parting[end]

    def _past_edge(self, off: float, start: int, end: int) -> float:
        """A block cut by the picture's edge may have its middle anywhere beyond what is seen."""
        if end == len(self.rows) and self.cut_below:
            return max(off, 0.0)
        if start == 0 and self.cut_above:
            return min(off, 0.0)
        return off


def _parting(rows: Sequence[_Row], steps: Sequence[float], rules: Separators | None) -> list[float]:
    """How much speaks for a cut before each row (and, as 0, after the last)."""
    gaps: list[float] = []
    for at, step in enumerate(steps):
        around = statistics.median(steps[max(at - 3, 0) : at + 4])
        gaps.append(min(max(step / max(around, 1.0) - 1, 0.0), 2.0))
    if rules is None or not steps:
        return [0.0, *gaps, 0.0]
    drawn = [rules.between(a.lines, b.lines) for a, b in pairwise(rows)]
    # Where every row is ruled off, the rules say nothing about blocks.
    usual = statistics.median(drawn)
    return [
        0.0,
        *(gap + _SEPARATOR * max(rule - usual, 0.0) for gap, rule in zip(gaps, drawn, strict=True)),
        0.0,
    ]


def _nearest(*offsets: float) -> float:
    return min(offsets, key=math.fabs)
