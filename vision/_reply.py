"""What a model's last words hold: prose for the asker, then one JSON block with the evidence.

Every dialect is asked to answer so, since it streams well, and small models keep to it better
than to a structured-output call. A reply with no block is taken as prose with the places that
the dialect finds in it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import cast

from pydantic import BaseModel, ConfigDict, Field

from deixis.vision._dialect import Dialect, Frames, JsonObject
from deixis.vision._geometry import Box, Detection

_FENCE = re.compile(r"```(?:json)?[ \t]*\n(.*?)(?:\n```|\Z)", re.DOTALL)
_OPENING = "```"


class Reply(BaseModel):
    """A model's answer, taken apart.

    Attributes:
        text: The prose, without places and JSON.
        found: Whether the answer is in what was seen. Without the model's own word for it:
            whether it gave a place.
        language: Language of the answer, where the model said so.
        facts: What is stated, by kind (`floor`), as the sign writes it.
        detections: Its evidence, in original pixels.
        dropped: Words that meant a place and couldn't be read.
    """

    model_config = ConfigDict(frozen=True)

    text: str
    found: bool
    language: str | None = None
    facts: dict[str, str | None] = Field(default_factory=dict[str, "str | None"])
    detections: tuple[Detection, ...] = ()
    dropped: tuple[str, ...] = ()


def fenced_json(text: str) -> JsonObject | None:
    """The last fenced block of a text that is a JSON object, or None."""
    for body in reversed(_FENCE.findall(text)):
        try:
            value = json.loads(cast("str", body))
        except ValueError:
            continue
        if isinstance(value, dict):
            return cast("JsonObject", value)
    return None


def parse_reply(text: str, dialect: Dialect, frames: Frames) -> Reply:
    """Takes a reply apart. Never raises on what a model said."""
    block = fenced_json(text) or {}
    places = dialect.parse_places(text, frames)
    found, language, facts = block.get("found"), block.get("language"), block.get("facts")
    stated = cast("JsonObject", facts) if isinstance(facts, dict) else {}
    return Reply(
        text=prose_of(text),
        found=found if isinstance(found, bool) else bool(places.detections),
        language=language if isinstance(language, str) else None,
        facts={str(kind): None if value is None else str(value) for kind, value in stated.items()},
        detections=places.detections,
        dropped=places.dropped,
    )


def prose_of(text: str) -> str:
    """A reply without its fenced blocks."""
    return _FENCE.sub("", text).strip()


def write_reply(
    text: str,
    *,
    found: bool,
    language: str,
    facts: Mapping[str, str | None],
    detections: Sequence[Detection],
) -> str:
    """A reply in the form that `parse_reply` takes apart, places in original pixels."""
    block = {
        "found": found,
        "language": language,
        "facts": dict(facts),
        "places": [_written(detection) for detection in detections],
    }
    return f"{text}\n\n```json\n{json.dumps(block, ensure_ascii=False)}\n```"


def _written(detection: Detection) -> JsonObject:
    place: JsonObject = {}
    if detection.box is not None:
        place["bbox_2d"] = [round(value, 1) for value in detection.box.xyxy]
    elif detection.point is not None:
        place["point_2d"] = [round(detection.point.x, 1), round(detection.point.y, 1)]
    rest: JsonObject = {
        "label": detection.label,
        "text": detection.text,
        "score": None if detection.score is None else round(detection.score, 4),
        "image": detection.image,
    }
    return place | {key: value for key, value in rest.items() if value is not None}


class ProseStream:
    """Lets a reply's prose through as it streams, and holds its JSON block back."""

    def __init__(self) -> None:
        self._held = ""
        self._fenced = False

    def feed(self, delta: str) -> str:
        """The prose that a piece of the reply adds."""
        if self._fenced:
            return ""
        self._held += delta
        opening = self._held.find(_OPENING)
        if opening >= 0:
            self._fenced = True
            shown, self._held = self._held[:opening].rstrip(), ""
            return shown
        # White space and backticks may be the beginning of the block.
        kept = len(self._held.rstrip("` \n\t"))
        shown, self._held = self._held[:kept], self._held[kept:]
        return shown

    def close(self) -> str:
        """What was held back and turned out to be prose."""
        held, self._held = self._held, ""
        return "" if self._fenced else held.rstrip()


def box_of(detection: Detection) -> Box | None:
    """The upright box of a detection, whatever kind of place it has but a point."""
    return detection.box or (detection.quad.box if detection.quad else None)
