"""A team as the embedded model is offered it: tools that are agents, and what they answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from langchain_core.messages import BaseMessage, HumanMessage, ToolMessage
from PIL import Image

from deixis.vision import ImageBook, ImageStore, image_block, load_image
from deixis.vision._dialect import PixelDialect
from deixis.vision._images import VisionImage
from deixis.vision._reader import Reader, Reading
from deixis.vision._reply import Reply, parse_reply
from deixis.vision.embedded._model import EmbeddedModel

READER = ("ask_reader", "Reads labels and signs.\nIts tools: read_text, zoom, find_on_sign.")
OPERATOR = (
    "ask_operator",
    "Drives a robot arm over a table.\nIts tools: look, point_at, pick, place, move_to, home, "
    "stop, read_text, zoom.",
)
GUIDE = (
    "ask_guide",
    "Tells ways in the hospital.\nIts tools: find_place, route, compare_with_sign, phrase_card.",
)
DOCUMENTS = ("ask_clerk", "Reads forms, invoices and receipts.\nIts tools: read_text, zoom.")
Answers = Callable[[str, Mapping[str, Any]], str]
"""What a member says: its tool's name and the arguments."""


def told(text: str, *, found: bool = True, **facts: str | None) -> str:
    """An agent's answer as its asker gets it."""
    block: dict[str, Any] = {"found": found, "facts": facts, "places": []}
    return f"{text}\n\n```json\n{json.dumps(block, ensure_ascii=False)}\n```"


class NoText(Reader):
    """Reads nothing: what pictures say is the reader's to tell."""

    def read(self, image: VisionImage) -> Reading:
        return Reading(size=image.size, lines=())


@dataclass
class Talk:
    """A conversation of the embedded model with a user and a team."""

    members: Sequence[tuple[str, str]]
    answers: Answers
    pictures: Sequence[VisionImage]
    reader: Reader = field(default_factory=NoText)
    messages: list[BaseMessage] = field(default_factory=list[BaseMessage])
    calls: list[tuple[str, str, tuple[str, ...]]] = field(
        default_factory=list[tuple[str, str, tuple[str, ...]]]
    )
    _store: ImageStore = field(default_factory=ImageStore)

    def __post_init__(self) -> None:
        self._book = ImageBook(self._store)
        self._model = EmbeddedModel(reader=self.reader).with_images(self._store)

    def say(self, text: str) -> Reply:
        """The user's words, with the pictures where the conversation has just begun."""
        brought = () if self.messages else self.pictures
        shown = [image_block(self._book.add(picture)) for picture in brought]
        self.messages.append(HumanMessage([*shown, {"type": "text", "text": text}]))
        bound = self._model.bind_tools([_schema(*member) for member in self.members])
        for _ in range(20):
            said = bound.invoke(self.messages)
            self.messages.append(said)
            if not said.tool_calls:
                return parse_reply(str(said.text), PixelDialect(), {})
            for call in said.tool_calls:
                self._called(call["name"], call["args"], str(call["id"]))
        raise AssertionError(f"it doesn't end: {self.calls}")

    def _called(self, name: str, args: Mapping[str, Any], call_id: str) -> None:
        given = self.answers(name, args)
        self.calls.append((name, args["task"], tuple(args.get("images", ()))))
        self.messages.append(
            ToolMessage(
                given,
                name=name,
                tool_call_id=call_id,
                status="error" if given.startswith("Error") else "success",
            )
        )

    @property
    def tasks(self) -> list[tuple[str, str]]:
        """Who was asked what, in order."""
        return [(name.removeprefix("ask_"), task) for name, task, _ in self.calls]


def answering(**members: str | Sequence[str]) -> Answers:
    """Members that say these things, one after the other, the last again and again."""
    said = {name: [text] if isinstance(text, str) else [*text] for name, text in members.items()}

    def answer(name: str, args: Mapping[str, Any]) -> str:
        left = said[name.removeprefix("ask_")]
        return left.pop(0) if len(left) > 1 else left[0]

    return answer


def blanks(count: int) -> list[VisionImage]:
    """Pictures with nothing on them, each another."""
    return [load_image(Image.new("RGB", (64, 48), (n, 90, 90))) for n in range(count)]


def _schema(name: str, description: str) -> dict[str, Any]:
    fields = {
        "task": {"type": "string"},
        "images": {"type": "array", "items": {"type": "string"}},
        "points": {"type": "array"},
        "boxes": {"type": "array"},
    }
    schema = {"type": "object", "properties": fields, "required": ["task"]}
    function = {"name": name, "description": description, "parameters": schema}
    return {"type": "function", "function": function}
