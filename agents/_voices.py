"""A conversation in which several agents have a say: each reads it in its own model's words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, ToolMessage

from deixis.vision import Dialect, ImageRecord, frames_of
from deixis.vision._rewording import Rewording


def own_words(
    messages: Sequence[AnyMessage],
    images: Sequence[ImageRecord],
    *,
    own: Dialect,
    others: Mapping[str, Dialect],
) -> Sequence[AnyMessage]:
    """The messages with the places of other agents, and of their tools, in one's own frame.

    Args:
        messages: Of the conversation; an agent's bear its name.
        images: Of the conversation.
        own: How the model that is to read them writes places.
        others: How the others do, by their names.
    """
    if not others:
        return messages
    rewordings = {
        name: Rewording(
            said=dialect,
            told=own,
            said_frames=frames_of(images, dialect),
            told_frames=frames_of(images, own),
        )
        for name, dialect in others.items()
    }
    told: list[AnyMessage] = []
    speaking: Rewording | None = None
    for message in messages:
        if isinstance(message, HumanMessage):
            speaking = None
        elif isinstance(message, AIMessage):
            speaking = rewordings.get(message.name or "")
        told.append(message if speaking is None else _reworded(message, speaking))
    return told


def _reworded(message: AnyMessage, rewording: Rewording) -> AnyMessage:
    if not rewording.needed or not isinstance(message, AIMessage | ToolMessage):
        return message
    changed: dict[str, Any] = {"content": _content(message.content, rewording)}
    if isinstance(message, AIMessage):
        # Without the tools' schemas nobody knows which of the numbers are places.
        changed["tool_calls"] = [
            {**call, "args": rewording.arguments(call["args"], None)} for call in message.tool_calls
        ]
    return message.model_copy(update=changed)


def _content(content: Any, rewording: Rewording) -> Any:
    if isinstance(content, str):
        return rewording.text(content)
    return [_block(block, rewording) for block in cast("list[Any]", content)]


def _block(block: Any, rewording: Rewording) -> Any:
    if not isinstance(block, dict):
        return block
    given = cast("dict[str, Any]", block)
    if given.get("type") != "text":
        return given
    return {**given, "text": rewording.text(str(given["text"]))}
