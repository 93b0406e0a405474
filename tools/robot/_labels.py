"""What is printed on top of a box, as a picture."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from PIL import Image, ImageDraw

from deixis.vision._camera import XYZ
from deixis.vision._fonts import text_block

_PER_METRE: Final = 4_000
_MARGIN: Final = 0.90
_TALLEST: Final = 0.62
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
    size = round(_TALLEST * down)
    while size >= 8:
        block = text_block(text, size=size, max_width=_MARGIN * across)
        if block is not None and not block.text.endswith(("…", "...")):
            pen = ImageDraw.Draw(picture)
            ink = "black" if _luminance(colour) > _BRIGHT else "white"
            block.draw(pen, (across - block.width) / 2, (down - block.height) / 2, ink)
            break
        size = round(size * 0.95) if size > 20 else size - 1
    return picture


def _bytes(colour: XYZ) -> tuple[int, int, int]:
    red, green, blue = (round(255 * value) for value in colour)
    return red, green, blue


def _luminance(colour: XYZ) -> float:
    red, green, blue = (
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in colour
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
