"""Dialects for tests: 0 to 1000 on both axes, as the newer Qwen families speak."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import cast

from deixis.vision import (
    AskKind,
    Box,
    Detection,
    Dialect,
    Frame,
    Frames,
    PlaceError,
    PlaceKind,
    Places,
    Point,
    Size,
)

_GRID = 28


class RelativeDialect(Dialect):
    """Lists of `bbox_2d` and `point_2d` from 0 to 1000; images in tokens of 28 × 28 pixels."""

    @property
    def family(self) -> str:
        return "relative"

    def input_size(self, size: Size) -> Size:
        width, height = (max(_GRID, round(side / _GRID) * _GRID) for side in size)
        return (width, height)

    def image_tokens(self, size: Size) -> int:
        width, height = self.input_size(size)
        return math.ceil(width / _GRID) * math.ceil(height / _GRID)

    def frame(
        self,
        size: Size,
        *,
        image: str | None = None,
        region: Box | None = None,
        shown: Size | None = None,
    ) -> Frame:
        return Frame.relative(size, image=image, region=region)

    def frame_words(self) -> str:
        return "0 to 1000 on both axes, origin top left"

    def place_prompt(self, kind: AskKind, phrase: str = "", *, language: str = "en") -> str:
        return f"定位{phrase}" if language.startswith("zh") else f"Locate {phrase}"

    def parse_places(self, reply: str, frames: Frames) -> Places:
        found: list[Detection] = []
        dropped: list[str] = []
        for item in _objects(reply):
            kind: PlaceKind = "point" if "point_2d" in item else "box"
            try:
                place = self.read_place(item, kind, frames)
            except PlaceError as error:
                dropped.append(str(error))
                continue
            found.append(
                Detection(
                    label=str(item.get("label", "")),
                    box=place if isinstance(place, Box) else None,
                    point=place if isinstance(place, Point) else None,
                    image=place.image,
                )
            )
        return Places(detections=tuple(found), dropped=tuple(dropped))


def _objects(reply: str) -> Iterator[dict[str, object]]:
    """The objects with a place in any JSON of a reply."""
    decoder = json.JSONDecoder()
    at = 0
    while (at := reply.find('{"', at)) >= 0:
        try:
            value, at = decoder.raw_decode(reply, at)
        except (ValueError, RecursionError):
            at += 1
            continue
        whole = cast("dict[str, object]", value)
        places = whole.get("places")
        for item in cast("list[object]", places) if isinstance(places, list) else [whole]:
            if isinstance(item, dict) and ("bbox_2d" in item or "point_2d" in item):
                yield cast("dict[str, object]", item)
