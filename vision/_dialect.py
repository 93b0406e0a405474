"""The seam to a family of vision models: how it is asked for places and how it writes them.

A dialect is the only thing that knows a model's frame. What leaves it is original pixels.
"""

from __future__ import annotations

import json
import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, cast, overload

from pydantic import ValidationError

from deixis.vision._errors import PlaceError
from deixis.vision._geometry import PLACE_MARK, Box, Detection, Point, Size
from deixis.vision._transforms import Frame

PlaceKind = Literal["point", "box"]
AskKind = Literal["boxes", "points", "lines", "document"]
Frames = Mapping[str | None, Frame]
"""Frames by image handle. None is the frame of a place that names no image."""

JsonObject = dict[str, object]
_NEAR = 0.002  # of the extent: what rounding may put outside


@dataclass(frozen=True, kw_only=True)
class Places:
    """What a model's words said of places.

    Attributes:
        detections: In original pixels, clamped to the image.
        dropped: Words that meant a place and couldn't be read, each with the reason.
    """

    detections: tuple[Detection, ...] = ()
    dropped: tuple[str, ...] = ()


class Dialect(ABC):
    """How one family of models writes places, and how it is best asked for them."""

    @property
    @abstractmethod
    def family(self) -> str:
        """Name of the family, e.g. `qwen2.5-vl`."""

    @abstractmethod
    def input_size(self, size: Size) -> Size:
        """Width and height to which the model's processor resizes an image, in pixels."""

    @abstractmethod
    def image_tokens(self, size: Size) -> int:
        """How many tokens an image of this size takes in the prompt."""

    @abstractmethod
    def frame(
        self,
        size: Size,
        *,
        image: str | None = None,
        region: Box | None = None,
        shown: Size | None = None,
    ) -> Frame:
        """The frame the model speaks in of an image, or of a cut from it shown alone.

        Args:
            size: Of the original upright image.
            image: Its handle.
            region: The part that was cut out, in original pixels.
            shown: Size of the cut as handed to the model (before its own resizing), where it
                was enlarged.
        """

    @abstractmethod
    def parse_places(self, reply: str, frames: Frames) -> Places:
        """Every place in a reply. Never raises on what a model said."""

    @abstractmethod
    def place_prompt(self, kind: AskKind, phrase: str = "", *, language: str = "en") -> str:
        """How the model is best asked for places.

        Args:
            kind: Bounding boxes, points, lines of text, or a document's structure.
            phrase: What to find; unused for lines and documents.
            language: `en` or `zh`.
        """

    def place_schema(self, kind: PlaceKind) -> JsonObject:
        """JSON schema of a place among a tool's arguments, worded in this family's frame."""
        unit = self.frame_words()
        names = ("x", "y") if kind == "point" else ("x1", "y1", "x2", "y2")
        what = "A point" if kind == "point" else "A bounding box (x1, y1 top left)"
        number = {"type": "number"}
        return {
            "type": "object",
            "description": f"{what} in {unit}.",
            "properties": {
                **dict.fromkeys(names, number),
                "image": {
                    "type": "string",
                    "description": "Handle such as img_1; the latest if left out.",
                },
            },
            "required": list(names),
        }

    @abstractmethod
    def frame_words(self) -> str:
        """The frame in a few words, e.g. `pixels of the image, origin top left`."""

    def write_place(self, place: Point | Box, frames: Frames) -> JsonObject:
        """A place in original pixels as this family's words, for what a tool gives back.

        Raises:
            PlaceError: The place is on an image that has no frame.
        """
        frame = frames.get(place.image)
        if frame is None:
            raise PlaceError(f"there is no image {place.image!r} in view")
        if isinstance(place, Point):
            point = frame.model_place(place)
            return {"point_2d": [round(point.x), round(point.y)], "image": place.image}
        box = frame.model_place(place)
        return {"bbox_2d": [round(value) for value in box.xyxy], "image": place.image}

    def word_schema(self, schema: JsonObject) -> JsonObject:
        """A JSON schema with every marked place worded in this family's frame."""
        mark = schema.get(PLACE_MARK)
        if mark in ("point", "box"):
            return self.place_schema(mark)
        return {key: self._word_value(value) for key, value in schema.items()}

    def _word_value(self, value: object) -> object:
        if isinstance(value, dict):
            return self.word_schema(cast("JsonObject", value))
        if isinstance(value, list):
            return [self._word_value(item) for item in cast("list[object]", value)]
        return value

    @overload
    def read_place(self, said: object, kind: Literal["point"], frames: Frames) -> Point: ...
    @overload
    def read_place(self, said: object, kind: Literal["box"], frames: Frames) -> Box: ...
    @overload
    def read_place(self, said: object, kind: PlaceKind, frames: Frames) -> Point | Box: ...
    def read_place(self, said: object, kind: PlaceKind, frames: Frames) -> Point | Box:
        """A place that a model gave as an argument, in original pixels, bound to its image.

        Takes an object (`x, y` or `x1, y1, x2, y2`; `point_2d`, `bbox_2d`), a list of numbers,
        or either written as a JSON string.

        Raises:
            PlaceError: It is malformed, outside the image, or on an image there is none of. The
                message speaks the model's frame, for the model to mend.
        """
        numbers, handle = _numbers(said, kind)
        frame = frames.get(handle)
        if frame is None:
            known = ", ".join(sorted(name for name in frames if name))
            raise PlaceError(f"there is no image {handle!r}: name one of {known or 'none yet'}")
        extent_x, extent_y = frame.extent
        for value, extent in zip(numbers, (extent_x, extent_y) * 2, strict=False):
            if not -_NEAR * extent <= value <= extent * (1 + _NEAR):
                raise PlaceError(
                    f"{kind} {list(numbers)} is outside the image: x goes from 0 to {extent_x:g}, "
                    f"y from 0 to {extent_y:g}"
                )
        try:
            place = _place(numbers)
        except ValidationError:
            raise PlaceError(
                f"box {list(numbers)} needs x1 <= x2 and y1 <= y2: give the top left corner first"
            ) from None
        return frame.original_place(place).clamped(frame.original)


def _place(numbers: Sequence[float]) -> Point | Box:
    if len(numbers) == 2:
        return Point(x=numbers[0], y=numbers[1])
    return Box(x1=numbers[0], y1=numbers[1], x2=numbers[2], y2=numbers[3])


def _numbers(said: object, kind: PlaceKind) -> tuple[tuple[float, ...], str | None]:
    """The numbers of a place as a model wrote it, and the handle it named."""
    handle: str | None = None
    if isinstance(said, str):
        try:
            said = json.loads(said)
        except ValueError:
            raise PlaceError(f"{said[:60]!r} is no {kind}: give its numbers") from None
    if isinstance(said, dict):
        given = cast("JsonObject", said)
        handle = str(given["image"]) if given.get("image") else None
        names = ("x", "y") if kind == "point" else ("x1", "y1", "x2", "y2")
        short = ("point_2d", "point") if kind == "point" else ("bbox_2d", "bbox", "box")
        said = next((given[name] for name in short if name in given), None)
        if said is None:
            missing = [name for name in names if name not in given]
            if missing:
                raise PlaceError(f"the {kind} lacks {', '.join(missing)}: give {', '.join(names)}")
            said = [given[name] for name in names]
    wanted = 2 if kind == "point" else 4
    values = cast("list[object]", said) if isinstance(said, list) else []
    if len(values) != wanted:
        raise PlaceError(f"a {kind} has {wanted} numbers, got {said!r:.60}")
    return tuple(_number(value, kind) for value in values), handle


def _number(value: object, kind: PlaceKind) -> float:
    try:
        number = float(value) if isinstance(value, int | float | str) else math.nan
    except ValueError:
        number = math.nan
    if not math.isfinite(number) or isinstance(value, bool):
        raise PlaceError(f"{value!r:.40} in a {kind} is no number")
    return number


class PixelDialect(Dialect):
    """Places as plain JSON in original pixels: the embedded model's, and the tests'.

    Args:
        family: Name to go by.
        tokens: How many tokens an image counts for.
    """

    def __init__(self, family: str = "embedded", *, tokens: int = 0) -> None:
        self._family = family
        self._tokens = tokens

    @property
    def family(self) -> str:
        """Name of the family."""
        return self._family

    def input_size(self, size: Size) -> Size:
        """The image as it is."""
        return size

    def image_tokens(self, size: Size) -> int:  # noqa: ARG002
        """The number given."""
        return self._tokens

    def frame(
        self,
        size: Size,
        *,
        image: str | None = None,
        region: Box | None = None,
        shown: Size | None = None,
    ) -> Frame:
        """Pixels of the original, or of the cut as it is shown."""
        return Frame.pixels(size, seen=shown, image=image, region=region)

    def frame_words(self) -> str:
        """Pixels."""
        return "pixels of the image, origin top left"

    def place_prompt(self, kind: AskKind, phrase: str = "", *, language: str = "en") -> str:
        """A plain request."""
        if language.startswith("zh"):
            wanted = {
                "boxes": f"框出“{phrase}”",
                "points": f"指出“{phrase}”",
                "lines": "逐行读出文字",
            }
            return wanted.get(kind, "读出这份文件")
        wanted = {
            "boxes": f"Box “{phrase}”",
            "points": f"Point at “{phrase}”",
            "lines": "Read the lines",
        }
        return wanted.get(kind, "Read the document")

    def parse_places(self, reply: str, frames: Frames) -> Places:
        """The places of the reply's fenced JSON block."""
        from deixis.vision._reply import fenced_json

        block = fenced_json(reply)
        if block is None:
            return Places()
        said = block.get("places")
        detections: list[Detection] = []
        dropped: list[str] = []
        for item in cast("list[object]", said) if isinstance(said, list) else []:
            try:
                detections.append(self._detection(item, frames))
            except (PlaceError, ValidationError) as error:
                dropped.append(f"{json.dumps(item, ensure_ascii=False)[:80]}: {error}")
        return Places(detections=tuple(detections), dropped=tuple(dropped))

    def _detection(self, item: object, frames: Frames) -> Detection:
        if not isinstance(item, dict):
            raise PlaceError("a place is an object")
        given = cast("JsonObject", item)
        kind: PlaceKind = "point" if "point_2d" in given else "box"
        place = self.read_place(given, kind, frames)
        score, text = given.get("score"), given.get("text")
        return Detection(
            label=str(given.get("label", "")).strip(),
            text=str(text) if text is not None else None,
            box=place if isinstance(place, Box) else None,
            point=place if isinstance(place, Point) else None,
            score=float(score) if isinstance(score, int | float) else None,
            image=place.image,
        )
