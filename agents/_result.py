"""From the loop's messages to events and answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from langchain_core.messages import AIMessage, AIMessageChunk, AnyMessage, HumanMessage, ToolMessage

from deixis.agents._answer import (
    AgentEvent,
    Answer,
    ApprovalNeeded,
    PendingCall,
    Picture,
    Restarted,
    TextDelta,
    ToolCallRecord,
    ToolFinished,
    ToolStarted,
)
from deixis.agents._effects import Beside
from deixis.agents._state import records_of
from deixis.vision import Dialect, ProseStream, frames_of, parse_reply


class EventReader:
    """Turns LangGraph's stream into events."""

    def __init__(self) -> None:
        self._prose = ProseStream()
        self._message: str | None = None
        self._done: set[str | None] = set()
        self._shown = False

    def read(self, mode: str, chunk: Any) -> Iterator[AgentEvent]:
        """The events of one piece of the stream."""
        if mode == "messages":
            message, metadata = chunk
            # A tool may ask a model of its own; only the agent's speaks to the user.
            if isinstance(message, AIMessageChunk) and metadata.get("langgraph_node") == "model":
                yield from self._delta(message)
            return
        for update in cast("dict[str, Any]", chunk).values():
            for message in _messages(update):
                yield from self._step(message)

    def _delta(self, message: AIMessage) -> Iterator[AgentEvent]:
        if message.id != self._message:
            # Another message while the last one never came to its end: it was asked for again.
            if self._shown and self._message not in self._done:
                yield Restarted()
            self._message = message.id
            self._prose = ProseStream()
            self._shown = False
        if shown := self._prose.feed(str(message.text)):
            self._shown = True
            yield TextDelta(text=shown)

    def _step(self, message: AnyMessage) -> Iterator[AgentEvent]:
        if isinstance(message, AIMessage):
            if message.id in self._done:  # a decision on its calls has passed through it
                return
            self._done.add(message.id)
            if message.id != self._message:  # it came in one piece
                yield from self._delta(message)
            if held := self._prose.close():
                yield TextDelta(text=held)
            for call in message.tool_calls:
                yield ToolStarted(
                    name=call["name"], arguments=call["args"], call_id=str(call["id"])
                )
        elif isinstance(message, ToolMessage):
            yield ToolFinished(
                name=str(message.name),
                ok=message.status != "error",
                text=str(message.text),
                call_id=message.tool_call_id,
            )

    def close(self, pending: Sequence[PendingCall]) -> Iterator[AgentEvent]:
        """What is left to tell when the run has stopped."""
        if held := self._prose.close():
            yield TextDelta(text=held)
        if pending:
            yield ApprovalNeeded(calls=tuple(pending))


def _messages(update: Any) -> list[AnyMessage]:
    """The messages of a node's update: a dictionary, a command's, or a list of these."""
    if isinstance(update, list | tuple):
        return [m for part in cast("Sequence[Any]", update) for m in _messages(part)]
    if isinstance(update, dict):
        found = cast("dict[str, Any]", update).get("messages", [])
        return list(cast("list[AnyMessage]", found)) if isinstance(found, list) else [found]
    return []


def answer_of(
    state: Mapping[str, Any],
    *,
    dialect: Dialect,
    pending: Sequence[PendingCall],
    model: str,
    thread: str,
) -> Answer:
    """The answer that a conversation's last turn came to."""
    turn = _last_turn(cast("Sequence[AnyMessage]", state.get("messages", [])))
    last = next((m for m in reversed(turn) if isinstance(m, AIMessage)), AIMessage(""))
    reply = parse_reply(str(last.text), dialect, frames_of(records_of(state), dialect))
    return Answer(
        answer=reply.text,
        found=reply.found,
        language=reply.language or "",
        detections=reply.detections,
        facts=reply.facts,
        tool_calls=_calls(turn),
        pictures=_pictures(turn),
        pending=tuple(pending),
        model=model,
        thread=thread,
    )


def _last_turn(messages: Sequence[AnyMessage]) -> Sequence[AnyMessage]:
    start = max((i for i, m in enumerate(messages) if isinstance(m, HumanMessage)), default=-1)
    return messages[start + 1 :]


def _pictures(turn: Sequence[AnyMessage]) -> tuple[Picture, ...]:
    """What the turn's tools made for the user to see, each once."""
    shown: dict[str, str] = {}
    for message in turn:
        if isinstance(message, ToolMessage):
            shown |= Beside.of(message).shown
    return tuple(Picture(image=handle, alt=alt) for handle, alt in shown.items())


def _calls(turn: Sequence[AnyMessage]) -> tuple[ToolCallRecord, ...]:
    """The calls that were answered, with how that went."""
    results = {m.tool_call_id: m for m in turn if isinstance(m, ToolMessage)}
    return tuple(
        ToolCallRecord(
            name=call["name"],
            arguments=call["args"],
            ok=results[str(call["id"])].status != "error",
            data=Beside.of(results[str(call["id"])]).data,
        )
        for message in turn
        if isinstance(message, AIMessage)
        for call in message.tool_calls
        if str(call["id"]) in results
    )
