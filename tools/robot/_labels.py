"""What is printed on top of a box, as a picture."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from PIL import Image, ImageDraw

from deixis.vision._camera import XYZ
from deixis.vision._fonts import MAX_CHARACTERS, text_block

_PER_METRE: Final = 4_000
_DRAWN: Final = 96  # pixels, of the font before it is fitted
_BOLD: Final = 4
_WIDEST: Final = 0.86  # of the box's length
_TALLEST: Final = 0.60  # of its width
_NARROWED: Final = 1.5  # long labels are taller than their font, as the camera sees them flat
_BRIGHT: Final = 0.18  # the luminance at which black and white stand out alike


@lru_cache(maxsize=64)
def label_picture(text: str, *, length: float, width: float, colour: XYZ) -> Image.Image:
    """The top of a box: its label, black or white on the box's colour, as large as fits.

    Args:
        text: In any script that an installed font can draw.
        length: Of the box, in metres: the picture's width, along which the label runs.
        width: Of the box, in metres: the picture's height.
        colour: Of the box, red, green and blue from 0 to 1.

    Returns:
        RGB, 4 pixels to the millimetre. It is shared: don't draw on it.

    Raises:
        FontError: No installed font can draw it.
    """
    across, down = round(length * _PER_METRE), round(width * _PER_METRE)
    picture = Image.new("RGB", (across, down), _bytes(colour))
    ink = _ink(text)
    if ink is None:
        return picture
    wide = min(_WIDEST * across, _TALLEST * down * ink.width / ink.height)
    tall = min(_TALLEST * down, wide * ink.height / ink.width * _NARROWED)
    ink = ink.resize((max(1, round(wide)), max(1, round(tall))))
    fill = "black" if _luminance(colour) > _BRIGHT else "white"
    picture.paste(fill, ((across - ink.width) // 2, (down - ink.height) // 2), ink)
    return picture


def _ink(text: str) -> Image.Image | None:
    """A line of text in bold white on black, cropped to its ink; None where there is none."""
    block = text_block(text, size=_DRAWN, max_width=_DRAWN * MAX_CHARACTERS)
    if block is None:
        return None
    page = Image.new("L", (block.width + _BOLD, block.height))
    pen = ImageDraw.Draw(page)
    for shift in range(_BOLD + 1):
        block.draw(pen, shift, 0, "white")
    return page.crop(page.getbbox())


def _bytes(colour: XYZ) -> tuple[int, int, int]:
    red, green, blue = (round(255 * value) for value in colour)
    return red, green, blue


def _luminance(colour: XYZ) -> float:
    red, green, blue = (
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in colour
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
