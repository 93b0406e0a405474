"""Pictures, tools and models that several test modules ask agents with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from langchain_core.messages import BaseMessage, ToolMessage
from PIL import Image

from deixis.testing import Say, ScriptedModel
from deixis.vision import (
    IMAGE_REFERENCE,
    Box,
    Point,
    Quad,
    Reading,
    TextLine,
    VisionImage,
    load_image,
)


def blank(width: int = 640, height: int = 480, shade: int = 255) -> VisionImage:
    """A plain picture; another shade makes another picture."""
    return load_image(Image.new("RGB", (width, height), (shade, shade, shade)))


class OneLine:
    """A reader that finds the same line in every picture."""

    settings = "one line"

    def __init__(self, text: str = "4F ENT") -> None:
        self._text = text

    def read(self, image: VisionImage) -> Reading:
        quad = Quad.of_box(Box(x1=10, y1=10, x2=110, y2=40))
        return Reading(lines=(TextLine(text=self._text, quad=quad, score=0.9),), size=image.size)


def told(model: ScriptedModel, number: int = -1) -> str:
    """What the tools' messages said when the model was asked that time."""
    return "\n".join(str(m.text) for m in model.asked[number] if isinstance(m, ToolMessage))


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
