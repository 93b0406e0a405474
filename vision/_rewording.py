"""Places in one model's words said in another's: for a conversation that changes models."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from deixis.vision._dialect import Dialect, Frames, JsonObject, PixelDialect, PlaceKind
from deixis.vision._errors import PlaceError
from deixis.vision._geometry import Box, Detection, Point
from deixis.vision._reply import box_of
from deixis.vision._transforms import Frame

_KEYS: Mapping[str, int] = {"bbox_2d": 4, "bbox": 4, "box": 4, "point_2d": 2, "point": 2}
_MAY_BE_PLACE = re.compile(r"[<\[{`]|\(\s*\d")
_UNDECIDED = re.compile(r"\(\s*\Z")
_NUMBER = r"[-+]?\d+(?:\.\d+)?"
_MARKUP = re.compile(
    # Tags of the older families with what they hold, other tags with coordinates, bare numbers.
    r"<\|?(box|quad|point)(?:_start)?\|?>.{0,400}?(?:<\|?/?\1(?:_end)?\|?>|\Z)"
    r"|</?\|?(?:object_)?ref(?:_start|_end)?\|?>"
    rf"|<points?\s[^<>]*>|\sdata-bbox=(?:\"[^\"]*\"|'[^']*')"
    rf"|[(\[]{{1,4}}\s{{0,9}}{_NUMBER}(?:[\s,()\[\]]{{1,9}}{_NUMBER}){{1,30}}\s{{0,9}}[)\]]{{1,4}}",
    re.DOTALL,
)
_OPENING = re.compile(r"[\[{]")
_TRIES = 200  # brackets that begin no JSON, after which a text is taken for words
_OUTSIDE = re.compile(
    r"(point|box) \[[^\[\]]{0,400}\] is outside the image: x goes from \S+ to \S+, y from \S+ to "
    r"[\d.e+]+"
)
_FAR = 1e9


def same_frames(one: Frames, other: Frames) -> bool:
    """Whether numbers mean the same in both."""
    return one.keys() == other.keys() and all(
        frame.extent == other[handle].extent and frame.to_original == other[handle].to_original
        for handle, frame in one.items()
    )


def prose_before_places(text: str) -> int:
    """How far a text that is still coming in surely holds no place."""
    found = _MAY_BE_PLACE.search(text) or _UNDECIDED.search(text)
    return found.start() if found else len(text)


@dataclass(frozen=True, kw_only=True)
class _Words:
    """What a place became: stands for a place where a dialect walks along a schema."""

    words: object

    def model_dump(self) -> object:
        return self.words


@dataclass(frozen=True, kw_only=True)
class Rewording:
    """From one dialect's words to another's.

    Attributes:
        said: The dialect that words are in.
        told: The one they are to be in.
        said_frames: Its frames, as `VisionModel.frames` gives them.
        told_frames: The other's, of the same images.
    """

    said: Dialect
    told: Dialect
    said_frames: Frames
    told_frames: Frames

    @property
    def needed(self) -> bool:
        """Whether numbers mean something else in the other dialect."""
        return not same_frames(self.said_frames, self.told_frames)

    def text(self, text: str) -> str:
        """A text with its places reworded.

        JSON keeps its form. Places in any other form are taken out and stand in a JSON block at
        the end; what can't be read as a place is left out.
        """
        if not self.needed:
            return text
        pieces: list[str] = []
        others: list[Detection] = []
        for value, words in _values(_OUTSIDE.sub(r"that \1 is outside the image", text)):
            if value is not None:
                pieces.append(self._json(value, words))
                continue
            places = self.said.parse_places(words, self.said_frames)
            others += places.detections
            lost = bool(places.detections or places.dropped)
            pieces.append(_MARKUP.sub("", words) if lost else words)
        written = [w for d in others if (w := self._detection(d)) is not None]
        return _with_places("".join(pieces), written)

    def arguments(self, said: JsonObject, schema: JsonObject | None) -> JsonObject:
        """A tool call's arguments, their places reworded along the tool's schema.

        A place outside the image stays outside. Without a schema, arguments that hold numbers
        are left out, since any of them may be a place.

        Args:
            said: In the first dialect's words.
            schema: Of the tool's parameters, its places marked.
        """
        if not self.needed:
            return said
        if schema is None:
            return {} if re.search(r"\d", json.dumps(said)) else said
        try:
            read = _Walk(self).read_marked(said, schema, self.said_frames)
        except PlaceError:
            return {}
        return cast("JsonObject", read)

    def place(self, said: object, kind: PlaceKind) -> object:
        """One place as a tool's argument; as it is where it is a place in no dialect.

        Raises:
            PlaceError: It is on an image there is none of.
        """
        try:
            place = self.said.read_place(said, kind, self.said_frames)
        except PlaceError:
            far = {name: _boundless(frame) for name, frame in self.said_frames.items()}
            try:
                place = self.said.read_place(said, kind, far)
            except PlaceError:
                if re.search(r"\d", json.dumps(said, default=str)) and _names_other(said, far):
                    raise
                return said
        return self.told.write_place(place, self.told_frames)

    def _json(self, value: object, words: str) -> str:
        rest = _without_places(value)
        unknown = self.said.parse_places(json.dumps(rest, ensure_ascii=False), self.said_frames)
        if unknown.detections:
            every = self.said.parse_places(words, self.said_frames).detections
            written = [w for d in every if (w := self._detection(d)) is not None]
            return json.dumps({"places": written}, ensure_ascii=False)
        reworded = self._value(value)
        return words if reworded == value else json.dumps(reworded, ensure_ascii=False)

    def _value(self, value: object) -> object:
        if isinstance(value, list):
            return [self._value(item) for item in cast("list[object]", value)]
        if not isinstance(value, dict):
            return value
        given = cast("JsonObject", value)
        told: JsonObject = {}
        for key, item in given.items():
            if not _is_place(key, item):
                told.setdefault(key, self._value(item))
            elif (written := self._written(key, item, given.get("image"))) is not None:
                told |= written
        return told

    def _written(self, key: str, numbers: object, image: object) -> JsonObject | None:
        kind: PlaceKind = "point" if _KEYS[key] == 2 else "box"
        name = "point_2d" if kind == "point" else "bbox_2d"
        said: JsonObject = {name: numbers, "label": "it"}
        if isinstance(image, str):
            said["image"] = image
        block = f"```json\n{json.dumps({'places': [said]})}\n```"
        for detection in self.said.parse_places(block, self.said_frames).detections:
            place = detection.point or box_of(detection)
            if place is not None and place.image in self.told_frames:
                return self.told.write_place(place, self.told_frames)
        return None

    def _detection(self, detection: Detection) -> JsonObject | None:
        place: Point | Box | None = detection.point or box_of(detection)
        if place is None or place.image not in self.told_frames:
            return None
        rest = {"label": detection.label, "text": detection.text, "score": detection.score}
        return self.told.write_place(place, self.told_frames) | {
            key: value for key, value in rest.items() if value is not None
        }


class _Walk(PixelDialect):
    """Walks arguments along their schema, as every dialect does, and rewords their places."""

    def __init__(self, rewording: Rewording) -> None:
        super().__init__()
        self._rewording = rewording

    def read_place(self, said: object, kind: PlaceKind, frames: Frames) -> Any:
        """The place in the other dialect's words, as what the walk asks for its fields."""
        del frames
        return _Words(words=self._rewording.place(said, kind))


def _boundless(frame: Frame) -> Frame:
    """The same frame of an image without an edge, for places outside."""
    return replace(frame, extent=(_FAR, _FAR), original=(int(_FAR), int(_FAR)))


def _names_other(said: object, frames: Frames) -> bool:
    image = cast("JsonObject", said).get("image") if isinstance(said, dict) else None
    return bool(image) and image not in frames


def _is_place(key: str, value: object) -> bool:
    """Whether an object's field is a place, by a name of its own or by so many numbers."""
    wanted = _KEYS.get(key)
    if wanted is None or not isinstance(value, list | str):
        return False
    return key.endswith("_2d") or len(re.findall(_NUMBER, json.dumps(value))) >= wanted


def _without_places(value: object) -> object:
    if isinstance(value, list):
        return [_without_places(item) for item in cast("list[object]", value)]
    if not isinstance(value, dict):
        return value
    given = cast("JsonObject", value)
    return {key: _without_places(v) for key, v in given.items() if not _is_place(key, v)}


def _values(text: str) -> Iterator[tuple[object, str]]:
    """The JSON objects and lists of a text, each with its words; None for words between."""
    decoder = json.JSONDecoder()
    start = at = tries = 0
    while tries < _TRIES and (found := _OPENING.search(text, at)) is not None:
        at = found.start()
        try:
            value, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            at, tries = at + 1, tries + 1
            continue
        if not _holds_objects(value):
            at += 1
            continue
        if at > start:
            yield None, text[start:at]
        yield value, text[at:end]
        start = at = end
    if start < len(text):
        yield None, text[start:]


def _holds_objects(value: object) -> bool:
    """Whether a value is an object or a list of them; bare lists of numbers are prose."""
    if isinstance(value, list):
        return any(_holds_objects(item) for item in cast("list[object]", value))
    return isinstance(value, dict)


def _with_places(text: str, places: Sequence[JsonObject]) -> str:
    """A text with more places in its last JSON object, or in a block of their own."""
    if not places:
        return text
    blocks = [
        (cast("JsonObject", value), words)
        for value, words in _values(text)
        if isinstance(value, dict)
    ]
    known = blocks[-1][0].get("places") if blocks else None
    if isinstance(known, list):
        block, words = blocks[-1]
        more = [*cast("list[object]", known), *places]
        before, _, after = text.rpartition(words)
        return f"{before}{json.dumps(block | {'places': more}, ensure_ascii=False)}{after}"
    written = json.dumps({"places": list(places)}, ensure_ascii=False)
    return f"{text.rstrip()}\n\n```json\n{written}\n```"
