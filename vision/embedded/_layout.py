"""How the lines of a sign lie: rows under tilt and perspective.

A photographed sign's rows slope, and not all by the same angle. Rows are therefore compared in
level coordinates: each line is slid along the slope measured around it to one reference column.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from deixis.vision._geometry import Box, Quad
from deixis.vision._reader import TextLine

_OUTLIER = math.radians(8)


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


@dataclass(frozen=True)
class Slope:
    """Slope of the rows (dy/dx) as a plane over the image: base + by_y·y + by_x·x."""

    base: float
    by_y: float = 0.0
    by_x: float = 0.0
    lean: float = 0.0
    lean_by_x: float = 0.0

    def along(self, x: float, y: float) -> float:
        """The level coordinate `u` of an image point: its column at y = 0."""
        return x - y * (self.lean + self.lean_by_x * x)

    def level(self, x: float, y: float) -> float:
        """The level coordinate `v` of an image point: where its row meets x = 0.

        Half-way towards x = 0 the slope is what both ends of the way share.
        """
        return y - x * (self.base + self.by_y * y + self.by_x * x / 2)

    def image_y(self, x: float, v: float) -> float:
        """The y in the image of a row at a column: the inverse of `level`."""
        return (v + x * (self.base + self.by_x * x / 2)) / (1 - x * self.by_y)


def slope_of(quads: Sequence[Quad]) -> Slope:
    """Fits the rows' slope to the long lines; one slope for all where there are few."""
    long = [quad for quad in quads if quad.width > 2.5 * quad.height]
    if not long:
        return Slope(0.0)
    middle = statistics.median(quad.angle for quad in long)
    kept = [quad for quad in long if abs(quad.angle - middle) < _OUTLIER]
    if len(kept) < 8:
        return Slope(math.tan(middle), 0.0, 0.0, *_lean(quads, -math.tan(middle)))
    import numpy as np

    weights = np.sqrt([quad.width / quad.height for quad in kept])
    centers = [quad.center for quad in kept]
    rows = np.array([[1.0, c.y, c.x] for c in centers]) * weights[:, None]
    wanted = np.tan([quad.angle for quad in kept]) * weights
    base, by_y, by_x = (float(n) for n in np.linalg.lstsq(rows, wanted, rcond=None)[0])
    return Slope(base, by_y, by_x, *_lean(quads, -math.tan(middle)))


def _lean(quads: Sequence[Quad], turned: float) -> tuple[float, float]:
    """How columns lean (dx/dy), at x = 0 and more with each pixel: from lines set flush left.

    `turned` is what they would lean by if the sign were only turned, not seen at a slant.
    """
    steps = _flush_steps(quads, turned)
    if len(steps) < 6:
        return turned, 0.0
    middle = statistics.median(lean for _, lean, _ in steps)
    kept = [step for step in steps if abs(step[1] - middle) < 2 * _OUTLIER]
    if len(kept) < 12:
        return middle, 0.0
    import numpy as np

    weights = np.array([weight for _, _, weight in kept])
    rows = np.array([[1.0, x] for x, _, _ in kept]) * weights[:, None]
    wanted = np.array([lean for _, lean, _ in kept]) * weights
    at_zero, by_x = (float(n) for n in np.linalg.lstsq(rows, wanted, rcond=None)[0])
    return at_zero, by_x


def _flush_steps(quads: Sequence[Quad], turned: float) -> list[tuple[float, float, float]]:
    """From each line to the one that begins right under it: x, lean, and the step's length."""
    starts = sorted(
        ((a[1] + d[1]) / 2, (a[0] + d[0]) / 2, quad.height)
        for quad in quads
        for a, _, _, d in [quad.points]
    )
    steps: list[tuple[float, float, float]] = []
    for number, (y, x, height) in enumerate(starts):
        for below_y, below_x, below_height in starts[number + 1 :]:
            down = below_y - y
            if down > 6 * height:
                break
            across = below_x - x
            alike = 0.7 < below_height / height < 1.4
            if alike and down > 0.8 * height and abs(across - turned * down) < 0.35 * down:
                steps.append((x, across / down, down))
    return steps


def place_lines(lines: Sequence[TextLine], slope: Slope) -> list[Placed]:
    """All lines in level coordinates, in reading order."""
    placed: list[Placed] = []
    for index, line in enumerate(lines):
        center = line.quad.center
        width = max(line.quad.width, 1.0)
        along = slope.along(center.x, center.y)
        placed.append(
            Placed(
                index=index,
                line=line,
                u1=along - width / 2,
                u2=along + width / 2,
                v=slope.level(center.x, center.y),
                height=max(line.quad.height, 1.0),
            )
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
