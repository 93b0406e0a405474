"""Whose words a tool's message holds: kept with it in the state, marked where a model sees it.

The state is left unmarked: our own parsers, the web page and programs read what was said. What
the model is shown is made out of it, message by message, so that a prompt still grows at its end.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, cast

from langchain_core.messages import AnyMessage, ToolMessage
from langgraph.types import Command

from deixis.vision._untrusted import fenced

_ORIGIN: Final = "deixis_origin"
_LENGTH: Final = "deixis_origin_length"
_OURS: Final = "deixis"


def signed(message: ToolMessage, origin: str, *, length: int | None = None) -> ToolMessage:
    """A message that says who wrote its words.

    Args:
        message: What a tool came to.
        origin: Who wrote it; empty: we did.
        length: How many characters of its first text they wrote, where we added more.
    """
    kept: dict[str, Any] = {**message.additional_kwargs, _ORIGIN: origin}
    if length is not None:
        kept[_LENGTH] = length
    return message.model_copy(update={"additional_kwargs": kept})


def foreign(outcome: ToolMessage | Command[Any], name: str) -> ToolMessage | Command[Any]:
    """What a tool gave that isn't ours, signed as that.

    What it says of itself in our name, as our tools keep beside their words, is dropped.
    """
    if isinstance(outcome, ToolMessage):
        return signed(_disowned(outcome), f"the tool {name}")
    update: Any = outcome.update
    given = cast("dict[str, Any]", update).get("messages") if isinstance(update, dict) else None
    if not isinstance(given, list):
        return outcome
    messages = [
        signed(_disowned(one), f"the tool {name}") if isinstance(one, ToolMessage) else one
        for one in cast("list[Any]", given)
    ]
    return replace(outcome, update={**update, "messages": messages})


def _disowned(message: ToolMessage) -> ToolMessage:
    artifact: Any = message.artifact
    if not isinstance(artifact, Mapping) or _OURS not in artifact:
        return message
    rest = {k: v for k, v in cast("Mapping[str, Any]", artifact).items() if k != _OURS}
    return message.model_copy(update={"artifact": rest or None})


def origin_of(message: ToolMessage) -> str:
    """Who wrote a message's words; empty where we did.

    What nobody has signed isn't known to be ours, but for errors: those are a person's refusal,
    or what the loop itself says of a call.
    """
    kept = message.additional_kwargs.get(_ORIGIN)
    if isinstance(kept, str):
        return kept
    return "" if message.status == "error" else f"the tool {message.name}"


def marked(message: AnyMessage) -> AnyMessage:
    """A message as a model sees it: with marks around what others wrote."""
    if not isinstance(message, ToolMessage) or not (origin := origin_of(message)):
        return message
    if isinstance(message.content, str):
        return message.model_copy(update={"content": fenced(message.content, origin)})
    content: list[Any] = []
    length: Any = message.additional_kwargs.get(_LENGTH)
    for block in cast("list[Any]", message.content):
        text = block if isinstance(block, str) else _text(block)
        if not text:
            content.append(block)
            continue
        theirs = text[:length] if isinstance(length, int) else text
        length = None
        words = f"{fenced(theirs, origin)}{text[len(theirs) :]}"
        content.append({"type": "text", "text": words})
    return message.model_copy(update={"content": content})


def _text(block: Any) -> str:
    given = cast("dict[str, Any]", block) if isinstance(block, dict) else {}
    return str(given.get("text") or "") if given.get("type") == "text" else ""
