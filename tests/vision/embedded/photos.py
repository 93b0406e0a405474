"""A flat sign as a photo sees it: through a homography, its outlines read a little wrong."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from deixis.vision._geometry import Quad
from deixis.vision._reader import Reading, TextLine

H = 40.0
"""Height of the letters on the flat sheet."""

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Item:
    """A text on the flat sheet, with the value of its floor."""

    text: str
    x: float
    y: float
    height: float
    floor: str | None
    label: bool = False

    @property
    def width(self) -> float:
        return sum(0.95 if ord(c) > 0x2E80 else 0.52 for c in self.text) * self.height


@dataclass
class Sheet:
    """A flat sign: texts, coloured cells, and the edge its picture is cut at."""

    items: list[Item] = field(default_factory=list[Item])
    cells: list[tuple[float, float, float, float, int]] = field(
        default_factory=list[tuple[float, float, float, float, int]]
    )
    cut: tuple[float, float] | None = None

    def add(
        self,
        text: str,
        x: float,
        y: float,
        floor: str | None,
        height: float = H,
        at: str = "left",
        label: bool = False,
    ) -> Item:
        """Writes a text whose row has its middle at y."""
        item = Item(text, x, y - height / 2, height, floor, label)
        if at != "left":
            item = Item(
                text, x - item.width * (0.5 if at == "mid" else 1), item.y, height, floor, label
            )
        self.items.append(item)
        return item


@dataclass(frozen=True)
class Photo:
    """A sign as read, and the truth of each of its lines."""

    reading: Reading
    truth: tuple[str | None, ...]
    picture: Callable[[], Image.Image] | None = None


def _homography(rng: random.Random, width: float, height: float, strength: float) -> Matrix:
    """A camera turned by up to 12 degrees and held at a slant, scaled to a photo's size."""
    turn = math.radians(rng.uniform(-12, 12) * strength)
    away = [rng.uniform(-0.3, 0.3) * strength / size for size in (width, height)]
    centre = np.array([[1, 0, -width / 2], [0, 1, -height / 2], [0, 0, 1]], dtype=np.float64)
    spin = np.array(
        [[math.cos(turn), -math.sin(turn), 0], [math.sin(turn), math.cos(turn), 0], [0, 0, 1]]
    )
    slant = np.array([[1, 0, 0], [0, 1, 0], [away[0], away[1], 1]])
    size = 1500 / max(width, height)
    back = np.array(
        [[size, 0, 60 + width / 2 * size], [0, size, 60 + height / 2 * size], [0, 0, 1]]
    )
    return back @ slant @ spin @ centre


def _seen(matrix: Matrix, x: float, y: float) -> tuple[float, float]:
    a, b, w = matrix @ np.array([x, y, 1.0])
    return float(a / w), float(b / w)


def photograph(
    sheet: Sheet, rng: random.Random, *, strength: float = 1.0, noise: float = 0.1
) -> Photo:
    """The sheet as seen and read."""
    width = max(item.x + item.width for item in sheet.items) + H
    height = max(item.y + item.height for item in sheet.items) + H
    matrix = _homography(rng, width, height, strength)
    top, bottom = sheet.cut or (-1e9, 1e9)
    shown = [item for item in sheet.items if item.y >= top and item.y + item.height <= bottom]
    shift = 0.0
    if sheet.cut and top > 0:
        shift = min(_seen(matrix, item.x, item.y)[1] for item in shown) - 4
    lines: list[TextLine] = []
    for item in shown:
        grow = item.height * rng.uniform(-noise, noise) / 2
        slip = item.height * rng.gauss(0, noise / 4)
        x1, x2 = item.x, item.x + item.width
        y1, y2 = item.y - grow + slip, item.y + item.height + grow + slip
        lean = item.height * rng.gauss(0, noise / 4)
        corners = ((x1, y1), (x2, y1 + lean), (x2, y2 + lean), (x1, y2))
        a, b, c, d = ((x, y - shift) for x, y in (_seen(matrix, *xy) for xy in corners))
        lines.append(TextLine(text=item.text, quad=Quad(points=(a, b, c, d)), score=0.95))
    corners_seen = [_seen(matrix, x, y) for x in (0, width) for y in (0, height)]
    right = max(max(x for x, _ in corners_seen), 64.0)
    low = max(max(y for _, y in corners_seen), 64.0)
    if sheet.cut and bottom < 1e8:
        low = max(line.box.y2 for line in lines) + 3
    size = (math.ceil(right) + 40, math.ceil(low - shift) + (0 if sheet.cut else 40))
    picture = (lambda: _drawn(sheet, matrix, size, lines)) if sheet.cells else None
    said = {item.floor for item in shown if item.label}
    truth = tuple(item.floor if item.floor in said or not sheet.cut else None for item in shown)
    return Photo(Reading(lines=tuple(lines), size=size), truth, picture)


def _drawn(
    sheet: Sheet, matrix: Matrix, size: tuple[int, int], lines: list[TextLine]
) -> Image.Image:
    image = Image.new("RGB", size, (120, 120, 120))
    draw = ImageDraw.Draw(image)
    for x1, y1, x2, y2, grey in sheet.cells:
        corners = [_seen(matrix, x, y) for x, y in ((x1, y1), (x2, y1), (x2, y2), (x1, y2))]
        draw.polygon(corners, fill=(grey, grey, min(grey + 40, 255)))
    for line in lines:
        # Strokes stand for letters: what matters is that their rims are edges too.
        (ax, ay), (bx, by), (cx, cy), (dx, dy) = line.quad.points
        steps = max(int(line.quad.width / max(line.quad.height, 1) * 2), 1)
        for step in range(steps):
            s = (step + 0.5) / steps
            top = (ax + (bx - ax) * s, ay + (by - ay) * s)
            low = (dx + (cx - dx) * s, dy + (cy - dy) * s)
            inner = [
                (top[0] + (low[0] - top[0]) * t, top[1] + (low[1] - top[1]) * t)
                for t in (0.15, 0.85)
            ]
            draw.line(inner, fill=(250, 250, 250), width=3)
    return image
