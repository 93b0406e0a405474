"""Models behind the loopback servers, and messages to ask them with."""

from __future__ import annotations

import base64
import io
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from typing import Any

from langchain_core.messages import HumanMessage
from PIL import Image

from deixis.vision.endpoint import EndpointModel, Retries

FIND: dict[str, Any] = {
    "type": "function",
    "function": {
        "name": "find",
        "description": "Finds a word.",
        "parameters": {
            "type": "object",
            "properties": {"word": {"type": "string"}},
            "required": ["word"],
        },
    },
}
LOOK: dict[str, Any] = {
    "type": "function",
    "function": {"name": "look", "parameters": {"type": "object", "properties": {}}},
}


class Waits:
    """Notes how long a client would have waited."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.seconds.append(seconds)

    async def asleep(self, seconds: float) -> None:
        self.seconds.append(seconds)

    def retries(self, number: int = 2, **settings: Any) -> Retries:
        """Retries that wait for nothing, and draw the longest wait."""
        asleep: Callable[[float], Awaitable[None]] = self.asleep
        return Retries(number=number, sleep=self.sleep, asleep=asleep, draw=lambda: 1.0, **settings)


@contextmanager
def endpoint(base_url: str, **settings: Any) -> Generator[EndpointModel]:
    """A model behind a server, closed afterwards."""
    settings.setdefault("family", "qwen3-vl")
    settings.setdefault("model", "scripted")
    settings.setdefault("retries", 0)
    settings.setdefault("timeout", 20)
    model = EndpointModel(base_url=base_url, **settings)
    try:
        yield model
    finally:
        model.close()


def picture(size: tuple[int, int] = (640, 360), kind: str = "PNG") -> dict[str, Any]:
    """A white picture as a block of a message."""
    buffer = io.BytesIO()
    Image.new("RGB", size, "white").save(buffer, kind)
    data = base64.b64encode(buffer.getvalue()).decode()
    return {"type": "image", "base64": data, "mime_type": f"image/{kind.lower()}"}


def asked(text: str = "Where is ENT?", *images: dict[str, Any]) -> HumanMessage:
    """A question with its pictures before it."""
    return HumanMessage([*images, {"type": "text", "text": text}])
