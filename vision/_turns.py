"""A conversation as backends send it: turns of text and images, free of any vendor's format."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, cast

from langchain_core.messages import AIMessage, BaseMessage, SystemMessage, ToolCall, ToolMessage

from deixis.vision._images import VisionImage

if TYPE_CHECKING:
    from deixis.vision._model import VisionModel

Role = Literal["system", "user", "assistant", "tool"]


@dataclass(frozen=True, kw_only=True)
class TextPart:
    """Words of a turn."""

    text: str


@dataclass(frozen=True, kw_only=True)
class ImagePart:
    """An image of a turn.

    Attributes:
        handle: Its name in the conversation, which the model is told before the image.
        image: The image, upright.
    """

    handle: str
    image: VisionImage


@dataclass(frozen=True, kw_only=True)
class Turn:
    """What one side said.

    Attributes:
        role: Whose turn it is. All system messages are one turn, the first.
        parts: Text and images, in order.
        calls: Tool calls of the assistant, in the model's own words.
        name: Of the tool whose result this is.
        call_id: Of the call that this answers.
        message: The message it came from, for what only its backend knows.
    """

    role: Role
    parts: tuple[TextPart | ImagePart, ...] = ()
    calls: tuple[ToolCall, ...] = ()
    name: str = ""
    call_id: str = ""
    message: BaseMessage | None = None

    @property
    def text(self) -> str:
        """Its words, without the images."""
        return "".join(part.text for part in self.parts if isinstance(part, TextPart))

    @property
    def images(self) -> tuple[ImagePart, ...]:
        """Its images, in order."""
        return tuple(part for part in self.parts if isinstance(part, ImagePart))


def turns_of(model: VisionModel, messages: Sequence[BaseMessage]) -> list[Turn]:
    """The turns of a conversation, its images found and named as `VisionModel.views` does.

    Raises:
        ImageHandleError: A hash that isn't in the store.
        ImageError: An inline image that can't be read.
    """
    views = iter(model.views_by_block(messages))
    turns: list[Turn] = []
    system: list[TextPart | ImagePart] = []
    for message in messages:
        parts = tuple(_parts(message, views))
        if isinstance(message, SystemMessage):
            system += [*([TextPart(text="\n\n")] if system else []), *parts]
        elif isinstance(message, AIMessage):
            turns.append(
                Turn(
                    role="assistant",
                    parts=parts,
                    calls=tuple(message.tool_calls),
                    message=message,
                )
            )
        elif isinstance(message, ToolMessage):
            turns.append(
                Turn(
                    role="tool",
                    parts=parts,
                    name=str(message.name or ""),
                    call_id=message.tool_call_id,
                    message=message,
                )
            )
        else:
            turns.append(Turn(role="user", parts=parts, message=message))
    return [Turn(role="system", parts=tuple(system)), *turns] if system else turns


def _parts(
    message: BaseMessage, views: Iterator[ImagePart | None]
) -> Iterator[TextPart | ImagePart]:
    if isinstance(message.content, str):
        if message.content:
            yield TextPart(text=message.content)
        return
    for block in message.content:
        if isinstance(block, str):
            yield TextPart(text=block)
            continue
        shown = next(views)
        given = cast("dict[str, Any]", block)
        if shown is not None:
            yield shown
        elif given.get("type") == "text" and given.get("text"):
            yield TextPart(text=str(given["text"]))
