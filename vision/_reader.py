"""Reading the text of an image: lines, where they stand, and how sure the reader is.

`RapidReader` runs PP-OCR through rapidocr. The detector wants text of a middling size, so small
images are enlarged and framed, and large ones are read shrunken, then looked at again at full size
where shrinking lost something. Every place is carried back to original pixels by a `Transform`.
"""

from __future__ import annotations

import threading
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from pydantic import BaseModel, Field

from deixis.vision._geometry import Box, Quad, Size
from deixis.vision._rapid import Engine, hushed, load_engine, read_pixels, versions
from deixis.vision._reading_order import order_lines

if TYPE_CHECKING:
    from deixis.vision._images import VisionImage

_VERSION = 2  # raise it when the same pixels may read differently: it is part of the cache key


class TextLine(BaseModel, frozen=True):
    """One line of text.

    Attributes:
        text: As the image writes it.
        quad: Its outline in pixels of the original upright image, clockwise from the text's own
            top left: text lying on its side or head down says so by its first corner.
        score: Confidence, 0 to 1. A high one can still be wrong.
    """

    text: str
    quad: Quad
    score: float = Field(ge=0, le=1)

    @property
    def box(self) -> Box:
        """The smallest upright box around the line, in original pixels."""
        return self.quad.box


class Reading(BaseModel, frozen=True):
    """All lines of an image.

    Attributes:
        lines: The lines in reading order; empty where nothing is written.
        size: Width and height of the original upright image, in pixels.
    """

    lines: tuple[TextLine, ...]
    size: Size


class Reader(Protocol):
    """Anything that reads the text of an image; safe to call from several threads."""

    @property
    def settings(self) -> str:
        """All that changes the result, versions of libraries and models included."""
        ...

    def read(self, image: VisionImage) -> Reading:
        """The image's lines, in original pixels and reading order."""
        ...


class RapidReader:
    """The reader that needs no download: PP-OCR weights from rapidocr's wheel, on onnxruntime.

    The libraries load with the first reading. Readings asked for by several threads queue up.

    Args:
        min_score: Lines below this confidence, 0 to 1, are left out.
        threads: Threads of the model; by default as many as onnxruntime finds right.
    """

    def __init__(self, *, min_score: float = 0.5, threads: int | None = None) -> None:
        if not 0 <= min_score <= 1:
            raise ValueError(f"min_score is a confidence from 0 to 1, got {min_score}")
        if threads is not None and threads < 1:
            raise ValueError(f"threads must be at least 1, got {threads}")
        self._min_score = min_score
        self._threads = threads
        self._lock = threading.Lock()
        self._engine: Engine | None = None

    @property
    def settings(self) -> str:
        """Versions, models and thresholds, found without loading the libraries."""
        return self._settings

    @cached_property
    def _settings(self) -> str:
        return "; ".join([f"deixis {_VERSION}", *versions(), f"min_score {self._min_score}"])

    def read(self, image: VisionImage) -> Reading:
        """The image's lines.

        Args:
            image: Of any size and shape.

        Returns:
            The lines in original pixels and reading order; none for an image without text.

        Raises:
            ModelError: rapidocr or its weights are missing.
            ImageError: The image can't be decoded.
        """
        import numpy as np

        pixels = np.asarray(image.pixels())
        with self._lock, hushed():
            if self._engine is None:
                self._engine = load_engine(self._threads)
            found = read_pixels(self._engine, pixels)
        lines = [
            TextLine(text=one.text, quad=one.quad, score=min(max(one.score, 0.0), 1.0))
            for one in found
            if one.text.strip() and one.score >= self._min_score
        ]
        return Reading(lines=tuple(order_lines(lines)), size=image.size)
