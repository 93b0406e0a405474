"""The state of a conversation: messages, and the images it knows, never their bytes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, NotRequired

from langchain.agents import AgentState
from langchain_core.messages import AIMessage, ToolCall, ToolMessage

from deixis.vision import ImageRecord

ImageRecords = dict[str, dict[str, Any]]
"""Image records as plain JSON, by handle: what a checkpoint can hold without our classes."""


def merge_records(known: ImageRecords | None, new: ImageRecords | None) -> ImageRecords:
    """Reducer: all records of both; an image that comes again becomes the latest."""
    added = new or {}
    kept = {handle: record for handle, record in (known or {}).items() if handle not in added}
    return {**kept, **added}


class VisionState(AgentState[Any]):
    """LangChain's agent state, with the conversation's images."""

    images: NotRequired[Annotated[ImageRecords, merge_records]]


class MemoryState(VisionState):
    """The same with what came to mind with the last question, and how far turns are remembered.

    `recalled` holds `Recalled` values as JSON, `remembered` the id of a question.
    """

    recalled: NotRequired[list[dict[str, Any]]]
    remembered: NotRequired[str]


def written(record: ImageRecord) -> ImageRecords:
    """A record as the state holds it."""
    return {record.handle: record.model_dump(mode="json", exclude_defaults=True)}


def records_of(state: Mapping[str, Any]) -> list[ImageRecord]:
    """The records a state holds, oldest first."""
    images: ImageRecords = state.get("images") or {}
    return [ImageRecord.model_validate(record) for record in images.values()]


def calls_with_results(messages: Iterable[object]) -> list[tuple[ToolCall, ToolMessage]]:
    """The calls that were answered, in the order they were made, each with its result.

    Models count their calls anew in each reply: a result belongs to a call of the last one.
    """
    found: list[tuple[ToolCall, ToolMessage]] = []
    order: dict[int, int] = {}
    calls: dict[str, tuple[int, ToolCall]] = {}
    number = 0
    for message in messages:
        if isinstance(message, AIMessage):
            calls = {}
            for call in message.tool_calls:
                calls.setdefault(str(call["id"]), (number, call))
                number += 1
        elif isinstance(message, ToolMessage) and message.tool_call_id in calls:
            place, call = calls.pop(message.tool_call_id)
            order[len(found)] = place
            found.append((call, message))
    ranked = sorted(range(len(found)), key=lambda i: order[i])
    return [found[i] for i in ranked]
