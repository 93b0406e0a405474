"""Pictures, tools and models that several test modules ask agents with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from langchain_core.language_models import FakeMessagesListChatModel
from langchain_core.messages import BaseMessage, ToolMessage
from PIL import Image

from deixis.testing import Say, ScriptedModel
from deixis.vision import (
    IMAGE_REFERENCE,
    Point,
    VisionImage,
    load_image,
)
from deixis.vision._untrusted import unfenced


def blank(width: int = 640, height: int = 480, shade: int = 255) -> VisionImage:
    """A plain picture; another shade makes another picture."""
    return load_image(Image.new("RGB", (width, height), (shade, shade, shade)))


class Whole(FakeMessagesListChatModel):
    """A model of LangChain's that doesn't stream."""

    def bind_tools(self, tools: Any, **kwargs: Any) -> Any:
        return self


def told(model: ScriptedModel, number: int = -1) -> str:
    """What the tools' messages said when the model was asked that time, without marks."""
    said = "\n".join(str(m.text) for m in model.asked[number] if isinstance(m, ToolMessage))
    return unfenced(said)


def blocks(messages: Sequence[BaseMessage], kind: str = IMAGE_REFERENCE) -> list[dict[str, Any]]:
    """The content blocks of a kind in messages."""
    return [
        block
        for message in messages
        if not isinstance(message.content, str)
        for block in message.content
        if isinstance(block, dict) and block.get("type") == kind
    ]


def echo(asked: Sequence[BaseMessage]) -> Say:
    """A step of a script: says whom it answers."""
    return Say(f"To {asked[-1].text}")


def where(at: Point) -> str:
    return f"{at.x:g},{at.y:g} on {at.image}"
