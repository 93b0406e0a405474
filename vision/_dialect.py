"""The seam to a family of vision models: how it is asked for places and how it writes them.

A dialect is the only thing that knows a model's frame. What leaves it is original pixels.
"""

from __future__ import annotations

import json
import math
import reprlib
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal, cast, overload

from pydantic import ValidationError

from deixis.vision._errors import PlaceError
from deixis.vision._geometry import PLACE_MARK, Box, Detection, Point, Size
from deixis.vision._transforms import Frame

PlaceKind = Literal["point", "box"]
"""Which kind of place a tool takes."""
AskKind = Literal["boxes", "points", "lines", "document"]
"""What a model is asked for."""
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
            worded, told = self.place_schema(mark), schema.get("description")
            if isinstance(told, str) and told not in _own_descriptions():
                worded["description"] = f"{told} {worded['description']}"
            return worded
        return {key: self._word_value(value) for key, value in schema.items()}

    def _word_value(self, value: object) -> object:
        if isinstance(value, dict):
            return self.word_schema(cast("JsonObject", value))
        if isinstance(value, list):
            return [self._word_value(item) for item in cast("list[object]", value)]
        return value

    def read_marked(self, said: object, schema: JsonObject, frames: Frames) -> object:
        """A value that a model gave for a schema, its marked places in original pixels.

        The counterpart of `word_schema`. Places come back as plain dictionaries, everything
        else as it was given, for pydantic to check.

        Args:
            said: What the model gave.
            schema: A JSON schema, with `$defs` where it has references.
            frames: The model's frame on each image.

        Raises:
            PlaceError: A place is malformed, outside its image, or on an unknown image.
        """
        definitions = cast("JsonObject", schema.get("$defs") or {})
        return _PlaceReader(self, frames, definitions).value(said, schema)

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
            wanted = f"no image {handle[:60]!r}" if handle else "no image"
            raise PlaceError(f"there is {wanted} here: name one of {known or 'none yet'}")
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
        except (ValueError, RecursionError):
            raise PlaceError(f"{said[:60]!r} is no {kind}: give its numbers") from None
    if isinstance(said, dict):
        given = cast("JsonObject", said)
        handle = str(given["image"]).strip() if given.get("image") else None
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
        raise PlaceError(f"a {kind} has {wanted} numbers, got {_shown(cast('object', said))}")
    return tuple(_number(value, kind) for value in values), handle


def _number(value: object, kind: PlaceKind) -> float:
    try:
        number = float(value) if isinstance(value, int | float | str) else math.nan
    except (ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number) or isinstance(value, bool):
        raise PlaceError(f"{_shown(value)} in a {kind} is no number")
    return number


def _shown(value: object) -> str:
    """A value in a few characters; huge and deep ones aren't written out to be cut."""
    return repr(value)[:60] if isinstance(value, int | float | str | None) else reprlib.repr(value)


@cache
def _own_descriptions() -> frozenset[str]:
    """What our place classes say of themselves in a schema: not worth a model's while."""
    return frozenset(str(kind.model_json_schema().get("description")) for kind in (Point, Box))


class _PlaceReader:
    """Walks a value along its schema and reads the places it meets."""

    def __init__(self, dialect: Dialect, frames: Frames, definitions: JsonObject) -> None:
        self._dialect = dialect
        self._frames = frames
        self._definitions = definitions

    def value(self, said: object, schema: JsonObject) -> object:
        if isinstance(reference := schema.get("$ref"), str):
            name = reference.rsplit("/", 1)[-1]
            return self.value(said, cast("JsonObject", self._definitions.get(name) or {}))
        mark = schema.get(PLACE_MARK)
        if mark in ("point", "box"):
            return self._dialect.read_place(said, mark, self._frames).model_dump()
        choices = schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf")
        if isinstance(choices, list):
            return self._chosen(said, cast("list[JsonObject]", choices))
        said = _unpacked(said, schema.get("type"))
        if isinstance(said, list):
            return self._items(cast("list[object]", said), schema)
        if isinstance(said, dict):
            return self._fields(cast("JsonObject", said), schema)
        return said

    def _items(self, said: list[object], schema: JsonObject) -> list[object]:
        first = cast("list[JsonObject]", schema.get("prefixItems") or [])
        rest = _schema(schema.get("items"))
        return [
            self.value(item, first[number] if number < len(first) else rest)
            for number, item in enumerate(said)
        ]

    def _fields(self, said: JsonObject, schema: JsonObject) -> JsonObject:
        fields = cast("JsonObject", schema.get("properties") or {})
        others = schema.get("additionalProperties")
        return {
            name: self.value(item, _schema(fields.get(name, others))) for name, item in said.items()
        }

    def _chosen(self, said: object, choices: list[JsonObject]) -> object:
        """An optional place: None stays; anything else is read by the first that fits."""
        if said is None and any(choice.get("type") == "null" for choice in choices):
            return None
        rest = [choice for choice in choices if choice.get("type") != "null"]
        for choice in rest[:-1]:
            try:
                return self.value(said, choice)
            except PlaceError:
                continue
        return self.value(said, rest[-1]) if rest else said


def _schema(value: object) -> JsonObject:
    return cast("JsonObject", value) if isinstance(value, dict) else {}


def _unpacked(said: object, kind: object) -> object:
    """A list or an object that the model wrote as a JSON string."""
    if kind not in ("array", "object") or not isinstance(said, str):
        return said
    try:
        return json.loads(said)
    except (ValueError, RecursionError):
        return said


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
            score=float(score) if isinstance(score, int | float) and 0 <= score <= 1 else None,
            image=place.image,
        )
