"""How the lines of a sign lie: rows under tilt and perspective.

A photographed sign's rows slope, and not all by the same angle; its columns lean. Lines are
therefore compared in level coordinates: each is slid along its row to one reference column, and
along its column to one reference row.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from deixis.vision._geometry import Box, Quad
from deixis.vision._reader import TextLine

_OUTLIER = math.radians(8)
_UPRIGHT = math.radians(45)


@dataclass(frozen=True, kw_only=True)
class Placed:
    """A line of text in level coordinates (pixels): `u` along its row, `v` across rows.

    Attributes:
        index: The line's number in reading order.
        line: What was read.
        u1: Where it begins along its row.
        u2: Where it ends along its row.
        v: Its row: the vertical middle, with the slope taken out.
        height: Height of its letters.
    """

    index: int
    line: TextLine
    u1: float
    u2: float
    v: float
    height: float

    @property
    def text(self) -> str:
        """What is written there."""
        return self.line.text

    @property
    def box(self) -> Box:
        """Upright bounding box in original pixels."""
        return self.line.box

    @property
    def u(self) -> float:
        """The middle along its row."""
        return (self.u1 + self.u2) / 2

    @property
    def top(self) -> float:
        """Upper edge across rows."""
        return self.v - self.height / 2

    @property
    def bottom(self) -> float:
        """Lower edge across rows."""
        return self.v + self.height / 2

    def same_row(self, other: Placed) -> bool:
        """Whether both stand in one row of text."""
        return abs(self.v - other.v) < 0.55 * min(self.height, other.height)

    def overlap(self, other: Placed) -> float:
        """Length shared with another line along the rows, in pixels."""
        return max(0.0, min(self.u2, other.u2) - max(self.u1, other.u1))


@dataclass(frozen=True, kw_only=True)
class Slope:
    """How rows slope and columns lean: each all run through one vanishing point.

    A row through a point has the slope (row - row_bend·y) / (1 - row_bend·x), counted from the
    centre; without a bend all rows are parallel. Columns are alike, with x and y exchanged.

    Attributes:
        center: The reference column and row, in pixels.
        row: Slope (dy/dx) of rows at the centre.
        row_bend: How much they run together, per pixel.
        column: Lean (dx/dy) of columns at the centre.
        column_bend: How much they run together, per pixel.
    """

    center: tuple[float, float] = (0.0, 0.0)
    row: float = 0.0
    row_bend: float = 0.0
    column: float = 0.0
    column_bend: float = 0.0

    def level(self, x: float, y: float) -> float:
        """The level coordinate `v` of an image point: where its row meets the middle column."""
        across, down = x - self.center[0], y - self.center[1]
        slope = (self.row - self.row_bend * down) / _positive(1 - self.row_bend * across)
        return y - across * slope

    def along(self, x: float, y: float) -> float:
        """The level coordinate `u` of an image point: where its column meets the middle row."""
        across, down = x - self.center[0], y - self.center[1]
        lean = (self.column - self.column_bend * across) / _positive(1 - self.column_bend * down)
        return x - down * lean

    def image_y(self, x: float, v: float) -> float:
        """The y in the image of a row at a column: the inverse of `level`."""
        return v + (x - self.center[0]) * (self.row - self.row_bend * (v - self.center[1]))


def _positive(share: float) -> float:
    """Keeps points beyond a vanishing point from turning over."""
    return max(share, 0.1)


def slope_of(quads: Sequence[Quad]) -> Slope:
    """Fits the directions of rows to long lines, those of columns to lines set flush left."""
    level = [quad for quad in quads if abs(quad.angle) < _UPRIGHT]
    long = [quad for quad in level if quad.width > 2.5 * quad.height]
    if not long:
        return Slope()
    center = (
        statistics.fmean(quad.center.x for quad in quads),
        statistics.fmean(quad.center.y for quad in quads),
    )
    middle = statistics.median(quad.angle for quad in long)
    sloping = [
        _Direction(
            quad.center.x - center[0],
            quad.center.y - center[1],
            math.tan(quad.angle),
            math.sqrt(quad.width / quad.height),
        )
        for quad in long
        if abs(quad.angle - middle) < _OUTLIER
    ]
    row, row_bend = _meeting(sloping, math.tan(middle))
    leaning = [
        _Direction(step.along - center[1], step.across - center[0], step.slope, step.weight)
        for step in _flush_steps(level, -math.tan(middle))
    ]
    column, column_bend = _meeting(leaning, -math.tan(middle))
    return Slope(center=center, row=row, row_bend=row_bend, column=column, column_bend=column_bend)


@dataclass(frozen=True)
class _Direction:
    """A direction measured at a place: `along` runs with it, `across` from one to the next."""

    along: float
    across: float
    slope: float
    weight: float


def _meeting(seen: Sequence[_Direction], usual: float) -> tuple[float, float]:
    """The slope at the centre and the bend of lines that run through one point."""
    if len(seen) < 6:
        return usual, 0.0
    middle = statistics.median(one.slope for one in seen)
    kept = [one for one in seen if abs(one.slope - middle) < 2 * _OUTLIER]
    if len(kept) < 8:
        return middle, 0.0
    import numpy as np

    weights = np.array([one.weight for one in kept])
    rows = np.array([[1.0, one.slope * one.along - one.across] for one in kept])
    wanted = np.array([one.slope for one in kept])
    found = np.linalg.lstsq(rows * weights[:, None], wanted * weights, rcond=None)[0]
    return float(found[0]), float(found[1])


def _flush_steps(quads: Sequence[Quad], turned: float) -> list[_Direction]:
    """From each line to those that begin right under it, as columns run.

    `turned` is what columns would lean by if the sign were only turned, not seen at a slant.
    """
    starts = sorted(
        ((a[1] + d[1]) / 2, (a[0] + d[0]) / 2, quad.height)
        for quad in quads
        for a, _, _, d in [quad.points]
    )
    steps: list[_Direction] = []
    for number, (y, x, height) in enumerate(starts):
        for below_y, below_x, below_height in starts[number + 1 :]:
            down, across = below_y - y, below_x - x
            if down > 6 * height:
                break
            alike = 0.7 < below_height / height < 1.4
            if alike and down > 0.8 * height and abs(across - turned * down) < 0.35 * down:
                steps.append(_Direction(y, x, across / down, down))
    return steps


def place_lines(lines: Sequence[TextLine], slope: Slope) -> list[Placed]:
    """All lines in level coordinates, in reading order."""
    placed: list[Placed] = []
    for index, line in enumerate(lines):
        (ax, ay), (bx, by), (cx, cy), (dx, dy) = line.quad.points
        u = slope.along(line.quad.center.x, line.quad.center.y)
        v = slope.level(line.quad.center.x, line.quad.center.y)
        right = slope.along((bx + cx) / 2, (by + cy) / 2)
        left = slope.along((ax + dx) / 2, (ay + dy) / 2)
        bottom = slope.level((cx + dx) / 2, (cy + dy) / 2)
        top = slope.level((ax + bx) / 2, (ay + by) / 2)
        width, height = max(abs(right - left), 1.0), max(abs(bottom - top), 1.0)
        placed.append(
            Placed(index=index, line=line, u1=u - width / 2, u2=u + width / 2, v=v, height=height)
        )
    return placed


def rows_of(lines: Sequence[Placed]) -> list[list[Placed]]:
    """The lines grouped to rows, from top to bottom, each from left to right."""
    rows: list[list[Placed]] = []
    for line in sorted(lines, key=lambda item: item.v):
        if rows and any(line.same_row(other) for other in rows[-1]):
            rows[-1].append(line)
        else:
            rows.append([line])
    return [sorted(row, key=lambda item: item.u1) for row in rows]
