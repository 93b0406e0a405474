"""The pictures of a trace, with the places that were spoken of drawn on them."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from PIL import Image

from deixis.agents.tracing._reading import Node, Trace, TracedImage
from deixis.vision import (
    Box,
    DeixisError,
    Detection,
    DrawingStyle,
    FontError,
    Point,
    annotate,
)

_LONGEST_SIDE: Final = 1_100
_QUALITY: Final = 82
_MOST: Final = 150  # pictures on one page
_MOST_MARKS: Final = 60
_Key = tuple[str, tuple[Detection, ...]]


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """A picture as a page holds it.

    Attributes:
        uri: Its bytes, as a data URI.
        size: Width and height in pixels.
    """

    uri: str
    size: tuple[int, int]


class Pictures:
    """Draws a trace's pictures, each way once.

    Args:
        trace: What happened.
    """

    def __init__(self, trace: Trace) -> None:
        self._seen: dict[str, list[str]] = {}
        for image in trace.images:
            # The run that brought it comes first; others were shown it by that one.
            for span, handle in list(image.handles.items())[:1]:
                self._seen.setdefault(span, []).append(handle)
        self._drawn: dict[_Key, Drawn | None] = {}

    def first_seen(self, node: Node) -> list[str]:
        """Handles of the pictures that came up there for the first time."""
        return self._seen.get(node.id, [])

    def drawn(self, image: TracedImage, places: Sequence[Detection]) -> Drawn | None:
        """A picture with places on it; None where it isn't kept, or there are too many."""
        key = (image.sha256, tuple(places[:_MOST_MARKS]))
        if key not in self._drawn:
            self._drawn[key] = None if len(self._drawn) >= _MOST else _draw(image, key[1])
        return self._drawn[key]


def _draw(image: TracedImage, places: Sequence[Detection]) -> Drawn | None:
    loaded = image.load()
    if loaded is None:
        return None
    try:
        pixels = loaded.pixels().convert("RGB")
        scale = min(1.0, _LONGEST_SIDE / max(pixels.size))
        if scale < 1:
            size = (max(1, round(pixels.width * scale)), max(1, round(pixels.height * scale)))
            pixels = pixels.resize(size, Image.Resampling.LANCZOS)
        # Marks are drawn after scaling, so that their labels stay readable.
        picture = _marked(pixels, [_scaled(place, scale) for place in places])
    except (DeixisError, OSError, ValueError):
        return None
    written = io.BytesIO()
    picture.save(written, "JPEG", quality=_QUALITY)
    data = base64.b64encode(written.getvalue()).decode("ascii")
    return Drawn(uri=f"data:image/jpeg;base64,{data}", size=picture.size)


def _marked(pixels: Image.Image, places: Sequence[Detection]) -> Image.Image:
    if not places:
        return pixels
    try:
        return annotate(pixels, places)
    except FontError:
        return annotate(pixels, places, style=DrawingStyle(missing_font="number"))


def _scaled(place: Detection, scale: float) -> Detection:
    box, point = place.box, place.point
    return place.model_copy(
        update={
            "label": place.label[:80],
            "box": box and Box.model_validate(_times(box, scale)),
            "point": point and Point.model_validate(_times(point, scale)),
        }
    )


def _times(place: Box | Point, scale: float) -> dict[str, float]:
    numbers: dict[str, float] = place.model_dump(exclude={"image"})
    return {name: value * scale for name, value in numbers.items()}
