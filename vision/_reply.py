"""What a model's last words hold: prose for the asker, then one JSON block with the evidence.

Every dialect is asked to answer so, since it streams well, and small models keep to it better
than to a structured-output call. A reply with no block is taken as prose with the places that
the dialect finds in it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import cast

from pydantic import BaseModel, ConfigDict, Field

from deixis.vision._dialect import Dialect, Frames, JsonObject
from deixis.vision._geometry import Box, Detection
from deixis.vision._grounding_markup import MarkupStream


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
    stream = ProseStream()
    stream.feed(text)
    stream.close()
    for body in reversed(stream.blocks):
        try:
            value = json.loads(body)
        except (ValueError, RecursionError):
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
    """A reply without its fenced JSON and grounding markup. Other fenced blocks are prose."""
    stream = ProseStream()
    return stream.feed(text) + stream.close()


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
    """Lets a reply's prose through as it streams, and holds its JSON blocks back.

    A fenced block is one when it is marked `json` or begins with a bracket. Grounding markup is
    left out as well. The pieces let through add up to `prose_of` the whole reply, however it was
    cut.
    """

    def __init__(self) -> None:
        self._markup = MarkupStream()
        self._opening = _Opening()
        self._block: _Block | None = None
        self._blocks: list[str] = []
        self._begun = False

    @property
    def blocks(self) -> Sequence[str]:
        """What stood in the JSON blocks so far."""
        return self._blocks

    def feed(self, delta: str) -> str:
        """The prose that a piece of the reply adds."""
        return self._shown("".join(map(self._step, self._markup.feed(delta))))

    def close(self) -> str:
        """What was held back and turned out to be prose."""
        let_go = "".join(map(self._step, self._markup.close()))
        if self._block is not None:
            self._end_block()
            return self._shown(let_go)
        held = "" if self._opening.is_json else self._opening.release()
        return self._shown((let_go + held).rstrip())

    def _shown(self, text: str) -> str:
        if not self._begun:
            text = text.lstrip()
        self._begun = self._begun or bool(text)
        return text

    def _step(self, char: str) -> str:
        if self._block is not None:
            if self._block.closed_by(char):
                self._end_block()
            return ""
        if self._opening.opened_by(char):
            self._block, self._opening = _Block(char), _Opening()
            return ""
        return self._opening.take(char)

    def _end_block(self) -> None:
        if self._block is not None:
            self._blocks.append(self._block.body)
        self._block = None


class _Opening:
    """What may be the beginning of a JSON block: white space, three backticks, `json`.

    A state instead of a pattern over what is held, so that a long run of spaces costs no more
    than any other text.
    """

    def __init__(self) -> None:
        self._reset()

    def _reset(self, space: Iterable[str] = (), ticks: int = 0) -> None:
        self._space = list(space)  # before the backticks
        self._ticks = ticks
        self._gap: list[str] = []  # white space after them
        self._word = ""  # a beginning of `json`
        self._after: list[str] = []  # white space after the word

    @property
    def is_json(self) -> bool:
        """Whether the fence is marked as JSON, with nothing after it yet."""
        return self._ticks == 3 and self._word.lower() == "json"

    def opened_by(self, char: str) -> bool:
        """Whether a character makes it a JSON block."""
        if self._ticks < 3 or self._after:
            return False
        return (self.is_json and char.isspace()) or (
            char in "[{" and self._word.lower() in ("", "json")
        )

    def take(self, char: str) -> str:
        """Takes one more character; gives what can't belong to a beginning any more."""
        if char == "`":
            return self._tick()
        if self._ticks == 3:
            return self._in_fence(char)
        if not char.isspace():
            return self.release() + char
        before = self.release() if self._ticks else ""
        self._space.append(char)
        return before

    def release(self) -> str:
        """All that is held, given up as prose."""
        word = "`" * self._ticks + "".join(self._gap) + self._word
        text = "".join(self._space) + word + "".join(self._after)
        self._reset()
        return text

    def _tick(self) -> str:
        if self._ticks < 3:
            self._ticks += 1
            return ""
        kept, ticks = (self._after, 1) if self._word else (self._gap, 1)
        if not (self._word or self._gap):
            ticks = 3  # a fourth backtick: the last three may still open
            text = "".join(self._space) + "`"
        else:
            fence = "```" + ("".join(self._gap) if self._word else "")
            text = "".join(self._space) + fence + self._word
        self._reset(kept, ticks)
        return text

    def _in_fence(self, char: str) -> str:
        word = self._word + char
        if char.isspace():
            (self._after if self._word else self._gap).append(char)
            return ""
        goes_on = "json".startswith(word.lower()) and not self._after
        # The word stands on the line of the backticks.
        if goes_on and (self._word or all(c in " \t" for c in self._gap)):
            self._word = word
            return ""
        return self.release() + char


class _Block:
    """A JSON block as it comes in: it ends with a fence that stands in no string."""

    def __init__(self, first: str) -> None:
        self._chars = [first] if first in "[{" else []
        self._quoted = self._escaped = False
        self._ticks = 0

    @property
    def body(self) -> str:
        return "".join(self._chars).strip()

    def closed_by(self, char: str) -> bool:
        self._chars.append(char)
        if self._escaped:
            self._escaped = False
        elif self._quoted and char == "\\":
            self._escaped = True
        elif char == '"':
            self._quoted = not self._quoted
        elif char == "\n":
            # No JSON string goes over a line: a quote before it was left open.
            self._quoted = False
        self._ticks = self._ticks + 1 if char == "`" and not self._quoted else 0
        if self._ticks == 3:
            del self._chars[-3:]
            return True
        return False


def box_of(detection: Detection) -> Box | None:
    """The upright box of a detection, whatever kind of place it has but a point."""
    return detection.box or (detection.quad.box if detection.quad else None)
