"""Sheets of paper drawn on the spot, with what is on them: the documents of these tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont
from pydantic import BaseModel

A4 = (1240, 1754)
INK, PEN, GREY = "#1a1a1a", "#1d3f94", "#9a9a9a"
_FOLDERS = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"))


@cache
def font(size: int, bold: bool = False) -> ImageFont.FreeTypeFont:
    """Noto Sans CJK, which has Latin letters as well."""
    name = f"NotoSansCJK-{'Bold' if bold else 'Regular'}.ttc"
    path = next((path for folder in _FOLDERS for path in folder.rglob(name)), None)
    if path is None:
        raise FileNotFoundError(f"{name} is missing: apt-get install fonts-noto-cjk")
    return ImageFont.truetype(str(path), size, index=2)


@dataclass
class Sheet:
    """A page to draw on."""

    size: tuple[int, int] = A4
    image: Image.Image = field(init=False)
    draw: ImageDraw.ImageDraw = field(init=False)

    def __post_init__(self) -> None:
        self.image = Image.new("RGB", self.size, "#ffffff")
        self.draw = ImageDraw.Draw(self.image)

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size: int = 28,
        *,
        bold: bool = False,
        fill: str = INK,
        anchor: str = "l",
    ) -> None:
        """A line of text, `y` being its middle; anchor l, m or r."""
        self.draw.text((x, y), text, fill, font(size, bold), anchor + "m")

    def rows(
        self, x: float, y: float, lines: Sequence[str], *, step: int = 44, size: int = 28
    ) -> float:
        """Lines under one another; returns where the next would be."""
        for line in lines:
            self.text(x, y, line, size)
            y += step
        return y

    def rule(self, x1: float, y1: float, x2: float, y2: float, *, fill: str = GREY) -> None:
        """A straight line."""
        self.draw.line((x1, y1, x2, y2), fill, 2)

    def frame(self, x1: float, y1: float, x2: float, y2: float, *, fill: str | None = None) -> None:
        """A rectangle."""
        self.draw.rectangle((x1, y1, x2, y2), fill, GREY, 2)

    def tick(self, x: float, y: float, *, on: bool, size: int = 28, cross: bool = False) -> None:
        """A check box around (x, y)."""
        half = size / 2
        self.draw.rectangle((x - half, y - half, x + half, y + half), None, INK, 2)
        if on and cross:
            for side in (1, -1):
                ends = (x - half + 5, y - side * (half - 5), x + half - 5, y + side * (half - 5))
                self.draw.line(ends, PEN, 4)
        elif on:
            points = [(x - half + 5, y), (x - 3, y + half - 6), (x + half - 3, y - half + 3)]
            self.draw.line(points, PEN, 4)

    def table(
        self,
        y: float,
        columns: Sequence[tuple[float, str]],
        lines: Sequence[Sequence[str]],
        *,
        step: int = 56,
        size: int = 27,
        ruled: bool = True,
    ) -> float:
        """A table: of each column where it is set (x) and how (l, m or r); its head comes first."""
        for number, line in enumerate(lines):
            for (x, anchor), text in zip(columns, line, strict=True):
                self.text(x, y, text, size, bold=number == 0, anchor=anchor)
            if ruled:
                self.rule(70, y + step / 2, 1170, y + step / 2)
            y += step
        return y


@dataclass(frozen=True, kw_only=True)
class Case:
    """A document, what is asked of it, and what it says.

    Attributes:
        name: Of the document.
        pages: Its pages.
        schema: What is asked.
        truth: What the fields should be, as `model_dump(mode="json")` has it; fields that it
            lacks should be empty.
    """

    name: str
    pages: tuple[Image.Image, ...]
    schema: type[BaseModel]
    truth: dict[str, Any]


def pdf(pages: Sequence[Image.Image], *, dpi: int = 150) -> bytes:
    """Pages as a PDF of pictures."""
    buffer = BytesIO()
    first, *rest = pages
    first.save(buffer, "PDF", save_all=True, append_images=rest, resolution=dpi)
    return buffer.getvalue()


def photographed(page: Image.Image, *, degrees: float = 1.5, seed: int = 1) -> Image.Image:
    """A page as a phone takes it: turned a little, seen at a slant, unevenly lit, soft."""
    import numpy as np
    from PIL import ImageFilter

    wide, high = page.size
    desk = Image.new("RGB", (wide + 160, high + 160), "#8a7a66")
    desk.paste(page, (80, 80))
    turned = desk.rotate(degrees, Image.Resampling.BICUBIC, fillcolor="#8a7a66")
    w, h = turned.size
    corners = (0.02 * w, 0.015 * h, 0.0, float(h), float(w), 0.985 * h, 0.97 * w, 0.0)
    slanted = turned.transform((w, h), Image.Transform.QUAD, corners, Image.Resampling.BICUBIC)
    rng = np.random.default_rng(seed)
    pixels = np.asarray(slanted.filter(ImageFilter.GaussianBlur(0.7)), dtype=np.float64)
    light = np.linspace(0.82, 1.0, w)[None, :, None] * np.linspace(1.0, 0.9, h)[:, None, None]
    noisy = pixels * light + rng.normal(0, 3, pixels.shape)
    return Image.fromarray(noisy.clip(0, 255).astype(np.uint8))
