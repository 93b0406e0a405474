"""Images as servers take them: resized to what the model sees, encoded once, within bounds."""

from __future__ import annotations

import base64
import threading
from collections import OrderedDict
from io import BytesIO

from PIL import Image

from deixis.vision._errors import ImageError
from deixis.vision._geometry import Size
from deixis.vision._images import VisionImage

_PNG_BYTES = 1_000_000
_QUALITIES = (95, 90)
_KEPT = 64_000_000  # characters


class ImageEncoder:
    """Gives images as data URIs of exactly the size the model is to see.

    A server that resizes by the family's own rule leaves such an image as it is, so that the
    pixels the model speaks of are these. Resized by the filter of the family's processors
    (bicubic). What came as PNG (drawings, screenshots) stays without loss where that takes less
    than 1 MB; everything else is JPEG of quality 95 or, where that is too large, 90, colours at
    full resolution.

    Args:
        longest: Bytes that one image may have.
    """

    def __init__(self, *, longest: int = 7_000_000) -> None:
        self._longest = longest
        self._kept: OrderedDict[tuple[str, Size], str] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    def uri(self, image: VisionImage, size: Size) -> str:
        """The image at a size in pixels, as a data URI.

        Raises:
            ImageError: It takes too many bytes, or can't be read.
        """
        key = (image.sha256, size)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        made = self._encoded(image, size)
        with self._lock:
            if key not in self._kept:
                self._kept[key] = made
                self._size += len(made)
            while self._size > _KEPT:
                _, dropped = self._kept.popitem(last=False)
                self._size -= len(dropped)
        return made

    def _encoded(self, image: VisionImage, size: Size) -> str:
        pixels = image.pixels()
        if pixels.size != size:
            pixels = pixels.resize(size, Image.Resampling.BICUBIC)
        if image.mime == "image/png":
            data = _saved(pixels, "PNG", compress_level=3)
            if len(data) <= min(_PNG_BYTES, self._longest):
                return _uri("image/png", data)
        for quality in _QUALITIES:
            data = _saved(pixels, "JPEG", quality=quality, subsampling=0)
            if len(data) <= self._longest:
                return _uri("image/jpeg", data)
        raise ImageError(
            f"{image.source} takes more than {self._longest:,} bytes at {size[0]} × {size[1]}: "
            "give the model a smaller max_pixels"
        )


def _saved(pixels: Image.Image, kind: str, **options: int) -> bytes:
    buffer = BytesIO()
    pixels.save(buffer, kind, **options)
    return buffer.getvalue()


def _uri(mime: str, data: bytes) -> str:
    return f"data:{mime};base64,{base64.b64encode(data).decode('ascii')}"
