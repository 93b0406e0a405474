"""Pages of a PDF as pixels, by pdfium."""

from __future__ import annotations

import importlib
import math
import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from PIL import Image

from deixis.vision._errors import ImageError

if TYPE_CHECKING:
    from deixis.vision._images import ImageLimits

_DPI: Final = 200
_POINTS_PER_INCH: Final = 72
# pdfium isn't thread safe, not even across documents.
_PDFIUM: Final = threading.Lock()


def is_pdf(data: bytes) -> bool:
    """Whether the bytes are a PDF; some writers put a little before its signature."""
    return b"%PDF-" in data[:1024]


def page_count(data: bytes, source: str) -> int:
    """How many pages the PDF has.

    Raises:
        ImageError: It is damaged, or protected by a password.
    """
    with _document(data, source) as document:
        return len(document)


def render_page(data: bytes, source: str, *, page: int, limits: ImageLimits) -> Image.Image:
    """One page as RGB at 200 dpi, or less where that would be over the limits.

    Args:
        data: The PDF.
        source: What to call it in errors.
        page: The page's number, from 1.
        limits: Bounds on the pixels of the page.

    Raises:
        ImageError: There is no such page, or it is damaged.
    """
    with _document(data, source) as document:
        count = len(document)
        if not 1 <= page <= count:
            pages = "1 page: ask for page 1" if count == 1 else f"{count} pages: give 1 to {count}"
            raise ImageError(f"{source} has no page {page}, it has {pages}")
        try:
            return _render(document, page, limits)
        # What pdfium meets in a damaged page isn't one kind of error.
        except Exception as error:
            raise ImageError(
                f"page {page} of {source} is damaged: print the page to a new PDF or save it as PNG"
            ) from error


def _render(document: Any, page: int, limits: ImageLimits) -> Image.Image:
    document.init_forms()
    sheet = document[page - 1]
    try:
        width, height = sheet.get_size()
        bitmap = sheet.render(scale=_scale(width, height, limits))
        try:
            # The bitmap's memory is freed with it, so the picture needs its own.
            picture: Image.Image = bitmap.to_pil().convert("RGB").copy()
        finally:
            bitmap.close()
    finally:
        sheet.close()
    return picture


def _scale(width: float, height: float, limits: ImageLimits) -> float:
    """Pixels per point, so that even after rounding up both sides the limits hold."""
    area, edges = width * height, width + height
    by_pixels = (math.sqrt(edges**2 + 4 * area * (limits.pixels - 1)) - edges) / (2 * area)
    return min(_DPI / _POINTS_PER_INCH, by_pixels, (limits.side - 1) / max(width, height))


@contextmanager
def _document(data: bytes, source: str) -> Generator[Any]:
    pdfium: Any = importlib.import_module("pypdfium2")
    with _PDFIUM:
        try:
            document = pdfium.PdfDocument(data)
        except pdfium.PdfiumError as error:
            if "password" in str(error).lower():
                message = f"{source} is protected by a password: save a copy without one"
            else:
                message = f"{source} is a damaged PDF: save or fetch it again"
            raise ImageError(message) from error
        try:
            yield document
        finally:
            document.close()
