"""Small pictures and what is checked of their errors."""

import io

import pytest
from PIL import Image

from deixis.vision._errors import ImageError

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)
COLOURS = ((255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0), (0, 255, 255), (255, 0, 255))
CELL = 16
ORIENTATION = 0x0112


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def asymmetric() -> Image.Image:
    """Three cells by two, each of its own colour, so that no turn or flip looks like another."""
    image = Image.new("RGB", (3 * CELL, 2 * CELL))
    for index, colour in enumerate(COLOURS):
        x, y = index % 3 * CELL, index // 3 * CELL
        image.paste(colour, (x, y, x + CELL, y + CELL))
    return image


def one_line(error: pytest.ExceptionInfo[ImageError]) -> str:
    text = str(error.value)
    assert "\n" not in text
    assert len(text) < 500
    return text
