"""The dialects of the Qwen-VL line, one class for all its families."""

from __future__ import annotations

from dataclasses import replace

from deixis.vision._dialect import AskKind, Dialect, Frames, JsonObject, PlaceKind, Places
from deixis.vision._geometry import Box, Size
from deixis.vision._transforms import Frame
from deixis.vision.qwen._families import FamilyFacts, facts_of
from deixis.vision.qwen._parse import places_of
from deixis.vision.qwen._prompts import prompt
from deixis.vision.qwen._resize import image_tokens, smart_resize


class QwenDialect(Dialect):
    """How one family of the Qwen-VL line writes places.

    Args:
        family: `qwen-vl`, `qwen2-vl`, `qwen2.5-vl`, `qwen3-vl` or `qwen3.5-vl`.
        min_pixels: Least area of an image the model sees, in square pixels, where a checkpoint or
            a server sets its own.
        max_pixels: Greatest, likewise.

    Raises:
        ModelError: There is no such family.
    """

    def __init__(
        self, family: str, *, min_pixels: int | None = None, max_pixels: int | None = None
    ) -> None:
        facts = facts_of(family)
        self._facts = replace(
            facts,
            min_pixels=facts.min_pixels if min_pixels is None else min_pixels,
            max_pixels=facts.max_pixels if max_pixels is None else max_pixels,
        )

    @property
    def facts(self) -> FamilyFacts:
        """What the family needs, with this dialect's limits."""
        return self._facts

    @property
    def family(self) -> str:
        """Name of the family."""
        return self._facts.family

    def input_size(self, size: Size) -> Size:
        """Width and height to which the processor resizes an image, in pixels.

        Raises:
            ImageError: One side is over 200 times the other.
        """
        facts = self._facts
        if facts.fixed_size is not None:
            return (facts.fixed_size, facts.fixed_size)
        return smart_resize(
            size, factor=facts.factor, min_pixels=facts.min_pixels, max_pixels=facts.max_pixels
        )

    def image_tokens(self, size: Size) -> int:
        """How many tokens an image takes: one for four patches.

        Raises:
            ImageError: One side is over 200 times the other.
        """
        return image_tokens(self.input_size(size), factor=self._facts.factor)

    def frame(
        self,
        size: Size,
        *,
        image: str | None = None,
        region: Box | None = None,
        shown: Size | None = None,
    ) -> Frame:
        """0 to 1000, or the pixels of what the processor makes of the image or the cut shown."""
        if self._facts.relative:
            return Frame.relative(size, image=image, region=region)
        if shown is None and region is not None:
            shown = (max(1, round(region.width)), max(1, round(region.height)))
        seen = self.input_size(shown or size)
        return Frame.pixels(size, seen=seen, image=image, region=region)

    def parse_places(self, reply: str, frames: Frames) -> Places:
        """Every place in a reply, in whatever format of the line it stands."""
        return places_of(reply, frames, self._facts)

    def place_prompt(self, kind: AskKind, phrase: str = "", *, language: str = "en") -> str:
        """The request that the family's authors use."""
        return prompt(self._facts.family, kind, phrase, language=language)

    def place_schema(self, kind: PlaceKind) -> JsonObject:
        """A place as the family writes it: `bbox_2d` or `point_2d`, a list of numbers."""
        name, count, what = (
            ("point_2d", 2, "A point [x, y]")
            if kind == "point"
            else ("bbox_2d", 4, "A bounding box [x1, y1, x2, y2]")
        )
        numbers: JsonObject = {
            "type": "array",
            "items": {"type": "number"},
            "minItems": count,
            "maxItems": count,
        }
        handle = {
            "type": "string",
            "description": "Handle such as img_1; the latest if left out.",
        }
        return {
            "type": "object",
            "description": f"{what} in {self.frame_words()}.",
            "properties": {name: numbers, "image": handle},
            "required": [name],
        }

    def frame_words(self) -> str:
        """The frame as the families' own prompts word it."""
        if self._facts.relative:
            return "relative coordinates from 0 to 1000 on both axes, origin top left"
        return "absolute pixels of the image as you see it, origin top left"
