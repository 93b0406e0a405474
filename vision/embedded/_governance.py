"""Which label governs which line: floors beside rows, headings over columns, floors in a line.

Several readings of the sign are weighed: labels that lead their lines, follow them or stand above
them, and stand at the middle, the first or the last row of their block. A line gets the label that
the cheapest reading gives it, and none where readings that cost nearly the same disagree.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Literal

from deixis.vision._geometry import Size
from deixis.vision.embedded._division import (
    EMPTY_BLOCK,
    Align,
    Panel,
    PlacedLabel,
    Row,
    Separators,
    Shares,
    divide,
)
from deixis.vision.embedded._layout import Placed

__all__ = ["PlacedLabel", "Separators", "govern"]

_Side = Literal["lead", "follow", "above", "above centred"]
_BESIDE = ("lead", "follow")
_SIDES: tuple[_Side, ...] = ("lead", "follow", "above", "above centred")
# What speaks against a reading, in the units of a division's cost.
_IN_COLUMN = 1.0
_BEHIND = 1.0
_BESIDE_HEADING = 2.0
_OFF_AXIS = 2.0
_FAR = 3.0
# Readings that cost less than this more than the best are as good as it.
_DOUBT = 0.25


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
    own = {label.at.index: label for label in labels}
    whole = {label.at.index for label in labels if not label.part}
    governing = [label for label in labels if label.scope == "block"]
    rest = [line for line in lines if line.index not in whole]
    if governing and rest:
        return {**_Weighing(_chains(governing), rest, size, rules).found(), **own}
    titles = [label for label in labels if label.scope == "sign"]
    if titles and len({label.label.value for label in labels}) == 1:
        return {**{line.index: titles[0] for line in rest}, **own}
    return own


class _Weighing:
    """The readings of one sign and what they say of each line."""

    def __init__(
        self,
        chains: list[list[PlacedLabel]],
        lines: Sequence[Placed],
        size: Size,
        rules: Separators | None,
    ) -> None:
        self._chains = chains
        self._lines = lines
        self._size = size
        self._rules = rules and _Remembered(rules)
        self._panels: dict[tuple[int, ...], Panel] = {}

    def found(self) -> dict[int, PlacedLabel]:
        """The label of each line that has one beyond doubt."""
        readings = [reading for side in _SIDES for reading in self._readings(side)]
        best = min(reading.cost for reading in readings)
        near = [reading for reading in readings if reading.cost < best + _DOUBT]
        found: dict[int, PlacedLabel] = {}
        for line in self._lines:
            label = _agreed([reading.offers(line.index) for reading in near], best)
            if label is not None:
                found[line.index] = label
        return found

    def _readings(self, side: _Side) -> list[_Reading]:
        """The sign read with its labels at this side, for each part they may stand at."""
        panels = self._shared_out(side)
        against = sum(
            self._against_heading(side, chain, lines)
            if side not in _BESIDE
            else _against_column(side, chain, lines)
            for chain, lines in zip(self._chains, panels, strict=True)
        )
        return [self._reading(side, align, panels, against) for align in self._aligns(side)]

    def _aligns(self, side: _Side) -> tuple[Align, ...]:
        if side not in _BESIDE:
            return ("above",)
        if sum(map(len, self._chains)) == 1:
            # One label at the last row shows no habit: it may stand there for anything.
            return ("middle", "first")
        return ("middle", "first", "last")

    def _reading(
        self, side: _Side, align: Align, panels: Sequence[Sequence[Placed]], against: float
    ) -> _Reading:
        reading = _Reading(against)
        for chain, lines in zip(self._chains, panels, strict=True):
            if not lines:
                reading.cost += EMPTY_BLOCK * len(chain)
                continue
            panel = self._panel(lines)
            foreign = [side in _BESIDE and _in_column(row, chain) for row in panel.rows]
            shares = divide(panel, chain, align, foreign=foreign, single_rows=_unordered(chain))
            reading.add(chain, panel, shares)
        return reading

    def _panel(self, lines: Sequence[Placed]) -> Panel:
        key = tuple(line.index for line in lines)
        if key not in self._panels:
            self._panels[key] = Panel.of(lines, self._size, self._rules)
        return self._panels[key]

    def _shared_out(self, side: _Side) -> list[list[Placed]]:
        """The lines of each column of labels, when labels stand at this side of them."""
        panels: list[list[Placed]] = [[] for _ in self._chains]
        for line in self._lines:
            columns = [_column_at(chain, line.v) for chain in self._chains]
            panels[_panel_of(line, columns, side)].append(line)
        return panels

    def _against_heading(
        self, side: _Side, chain: Sequence[PlacedLabel], lines: Sequence[Placed]
    ) -> float:
        """What the places of lines say against labels standing above them."""
        beside = sum(_has_beside(label.at, lines) for label in chain)
        off_axis = _off_axis(side, chain, lines) if len(self._chains) > 1 else 0.0
        return _BESIDE_HEADING * beside + _OFF_AXIS * off_axis


def _against_column(side: _Side, chain: Sequence[PlacedLabel], lines: Sequence[Placed]) -> float:
    """What the places of lines say against labels standing before or after them."""
    top, bottom = chain[0].at.top, chain[-1].at.bottom
    cost = 0.0
    for line in lines:
        column = _column_at(chain, line.v)
        behind = line.u < column.u if side == "lead" else line.u > column.u
        if _stands_in(line, chain):
            cost += _IN_COLUMN * (line.v > top)
        elif behind and top < line.v < bottom:
            cost += _BEHIND
    return cost


@dataclass
class _Reading:
    """One way to read the sign: its cost, and what giving a line to a label would cost."""

    cost: float
    _extra: dict[int, list[tuple[float, PlacedLabel | None]]] = field(
        default_factory=dict[int, list[tuple[float, PlacedLabel | None]]]
    )

    def add(self, chain: Sequence[PlacedLabel], panel: Panel, shares: Shares) -> None:
        """Takes in a panel's division."""
        self.cost += shares.cost
        for at, row in enumerate(panel.rows):
            offers: list[tuple[float, PlacedLabel | None]] = [
                (costs[at] - shares.cost, label)
                for costs, label in zip(shares.by_label, chain, strict=True)
            ]
            offers.append((shares.free[at] - shares.cost, None))
            for line in row.lines:
                self._extra[line.index] = offers

    def offers(self, index: int) -> list[tuple[float, PlacedLabel | None]]:
        """What the whole sign costs with this line given to each label, or to none."""
        return [(self.cost + extra, label) for extra, label in self._extra[index]]


def _agreed(
    offers: Sequence[Sequence[tuple[float, PlacedLabel | None]]], best: float
) -> PlacedLabel | None:
    """The label of the cheapest reading, unless another that is as good says otherwise."""
    flat = [offer for reading in offers for offer in reading]
    cheapest = min(flat, key=lambda offer: offer[0])[1]
    for cost, label in flat:
        if cost > best + _DOUBT or label is None or cheapest is None:
            continue
        if label.label.value != cheapest.label.value:
            return None
    return cheapest


@dataclass(frozen=True)
class _Column:
    """Where a column of labels stands at one row."""

    u1: float
    u2: float

    @property
    def u(self) -> float:
        return (self.u1 + self.u2) / 2

    @property
    def length(self) -> float:
        return self.u2 - self.u1

    def overlap(self, line: Placed) -> float:
        return min(self.u2, line.u2) - max(self.u1, line.u1)


def _column_at(chain: Sequence[PlacedLabel], v: float) -> _Column:
    """Where a tilted column of labels stands at a row."""
    if v <= chain[0].at.v:
        return _Column(chain[0].at.u1, chain[0].at.u2)
    for upper, lower in pairwise(chain):
        if v <= lower.at.v:
            share = (v - upper.at.v) / max(lower.at.v - upper.at.v, 1.0)
            return _Column(
                upper.at.u1 + share * (lower.at.u1 - upper.at.u1),
                upper.at.u2 + share * (lower.at.u2 - upper.at.u2),
            )
    return _Column(chain[-1].at.u1, chain[-1].at.u2)


def _stands_in(line: Placed, chain: Sequence[PlacedLabel]) -> bool:
    """Whether a line takes the place of a label in their column."""
    column = _column_at(chain, line.v)
    own = any(label.at.index == line.index for label in chain)
    return not own and column.overlap(line) > 0.3 * column.length


def _in_column(row: Row, chain: Sequence[PlacedLabel]) -> bool:
    return any(_stands_in(line, chain) for line in row.lines)


def _panel_of(line: Placed, columns: Sequence[_Column], side: _Side) -> int:
    """Which column of labels a line belongs to, when labels stand at this side."""
    last = len(columns) - 1
    match side:
        case "lead":
            return max((i for i, column in enumerate(columns) if column.u < line.u), default=0)
        case "follow":
            return min((i for i, column in enumerate(columns) if column.u > line.u), default=last)
        case "above":
            reach = line.u1 + line.height
            return max((i for i, column in enumerate(columns) if column.u1 < reach), default=0)
        case _:
            return min(range(last + 1), key=lambda i: abs(columns[i].u - line.u))


def _off_axis(side: _Side, chain: Sequence[PlacedLabel], lines: Sequence[Placed]) -> float:
    """How far lines are from standing flush with the headings above them, or centred under them."""
    far: list[float] = []
    for line in lines:
        column = _column_at(chain, line.v)
        off = line.u1 - column.u1 if side == "above" else line.u - column.u
        far.append(min(abs(off) / line.height, _FAR))
    return statistics.fmean(far) if far else 0.0


def _has_beside(label: Placed, lines: Sequence[Placed]) -> bool:
    """Whether a line stands beside the label, in its row."""
    return any(
        abs(line.v - label.v) < 0.4 * (line.height + label.height)
        and line.overlap(label) < 0.3 * label.height
        for line in lines
    )


def _unordered(chain: Sequence[PlacedLabel]) -> bool:
    """Whether floors go up and down: a list by name then, where each is of one row."""
    values = [label.label.value for label in chain if label.label.kind == "floor"]
    numbers = [int(value) for value in values if value.lstrip("-").isdigit()]
    steps = [after - before for before, after in pairwise(numbers)]
    return any(step >= 0 for step in steps) and any(step <= 0 for step in steps)


def _chains(labels: Sequence[PlacedLabel]) -> list[list[PlacedLabel]]:
    """The columns of labels, from left to right, each from top to bottom."""
    chains: list[list[PlacedLabel]] = []
    for label in sorted(labels, key=lambda item: (item.at.v, item.at.u)):
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
    near = lower.at.v - upper.at.v < 1.3 * max(upper.at.height, lower.at.height)
    same = upper.label.value == lower.label.value and upper.label.text != lower.label.text
    return near and same and not (upper.part or lower.part)


def _merged(upper: PlacedLabel, lower: PlacedLabel) -> PlacedLabel:
    at = replace(
        upper.at,
        u1=min(upper.at.u1, lower.at.u1),
        u2=max(upper.at.u2, lower.at.u2),
        v=(upper.at.top + lower.at.bottom) / 2,
        height=lower.at.bottom - upper.at.top,
    )
    return replace(upper, at=at)


class _Remembered:
    """Separators that are looked at once for each pair of rows."""

    def __init__(self, rules: Separators) -> None:
        self._rules = rules
        self._seen: dict[tuple[int, ...], float] = {}

    def between(self, upper: Sequence[Placed], lower: Sequence[Placed]) -> float:
        key = (*(line.index for line in upper), -1, *(line.index for line in lower))
        if key not in self._seen:
            self._seen[key] = self._rules.between(upper, lower)
        return self._seen[key]
