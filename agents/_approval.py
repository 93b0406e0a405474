"""Calls that wait for a person: which, how they are put, and what comes of the answer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, cast

from langchain.agents.middleware import AgentMiddleware, HumanInTheLoopMiddleware
from langchain.tools.tool_node import ToolCallRequest
from langchain_core.messages import AIMessage, AnyMessage, ToolCall, ToolMessage
from langgraph.config import get_config
from langgraph.types import Command

from deixis.agents._answer import Decision, PendingCall
from deixis.agents._loop import Snapshot
from deixis.agents._state import VisionState, records_of
from deixis.tools import Tool, ToolContext
from deixis.tools._arguments import typed_arguments
from deixis.vision import (
    Box,
    DeixisError,
    Dialect,
    ImageBook,
    ImageStore,
    Point,
    Reader,
    frames_of,
)

AnyTool = Tool[..., Any]
_LONGEST_ERROR: Final = 600
_LONGEST_WORD: Final = 200
_ALLOWED: Final[list[Literal["approve", "edit", "reject", "respond"]]] = ["approve", "reject"]
_log = logging.getLogger(__name__)


class Approval:
    """The tools of an agent that a person is asked about.

    Args:
        tools: All that the agent has; those that need no approval are left alone.
        dialect: How the model writes places.
        store: Where images are kept.
        reader: For what tools check.
    """

    def __init__(
        self, tools: Sequence[object], *, dialect: Dialect, store: ImageStore, reader: Reader
    ) -> None:
        ours = [cast("AnyTool", tool) for tool in tools if isinstance(tool, Tool)]
        self._asking = {tool.name: tool for tool in ours if tool.approval}
        self._dialect = dialect
        self._store = store
        self._reader = reader

    def middleware(self) -> list[AgentMiddleware[Any, Any]]:
        """LangChain's own human in the loop, where a tool asks for it: it costs a step a turn.

        Before it, where a tool can tell what isn't worth asking, a step that refuses that.
        """
        if not self._asking:
            return []
        asking = HumanInTheLoopMiddleware(
            interrupt_on={
                name: {"allowed_decisions": _ALLOWED, "when": _unanswered} for name in self._asking
            }
        )
        checked = {name: tool for name, tool in self._asking.items() if tool.check is not None}
        if not checked:
            return [asking]
        # After the model the last of the list comes first.
        return [
            asking,
            RefusingMiddleware(
                checked, dialect=self._dialect, store=self._store, reader=self._reader
            ),
        ]

    def pending(self, state: Snapshot) -> list[PendingCall]:
        """The tool calls that wait for a person, in order.

        Raises:
            DeixisError: The thread waits for something else.
        """
        calls: list[PendingCall] = []
        for interrupt in state.interrupts:
            value: Any = interrupt.value
            if not isinstance(value, dict):
                # A tool of the user's own that asks a person something: not ours to put.
                raise DeixisError(
                    f"the thread waits for something else than approval: {value!r:.100}"
                )
            requests = cast("Any", value).get("action_requests", [])
            calls += [self._put(request, state) for request in requests]
        return calls

    def _put(self, request: Mapping[str, Any], state: Snapshot) -> PendingCall:
        """A call as a person judges it: what would happen, and where in which picture."""
        name, said = str(request["name"]), cast("dict[str, Any]", request["args"])
        put = PendingCall(
            name=name, arguments=said, description=str(request.get("description", ""))
        )
        tool = self._asking.get(name)
        if tool is None:
            return put
        frames = frames_of(records_of(state.values), self._dialect)
        try:
            given = typed_arguments(said, tool.arguments, dialect=self._dialect, frames=frames)
        except DeixisError:
            # It won't run either: the tool refuses what can't be read.
            return put
        places = tuple(value for value in given.values() if isinstance(value, Point | Box))
        return put.model_copy(update={"places": places, "description": _in_words(tool, given)})


class RefusingMiddleware(AgentMiddleware[VisionState, Any]):
    """Refuses calls that aren't worth asking a person for, as each tool's `check` says.

    A step of its own, so that what was refused stays refused: the question to a person begins
    anew with the answer, and by then the same check might find otherwise.

    Args:
        tools: Those that check, by name.
        dialect: How the model writes places.
        store: Where images are kept.
        reader: For what tools check.
    """

    state_schema = VisionState

    def __init__(
        self,
        tools: Mapping[str, AnyTool],
        *,
        dialect: Dialect,
        store: ImageStore,
        reader: Reader,
    ) -> None:
        super().__init__()
        self._checked = tools
        self._dialect = dialect
        self._store = store
        self._reader = reader

    def after_model(self, state: VisionState, runtime: Any) -> dict[str, Any] | None:  # noqa: ARG002
        """An error for the model in place of each call that is refused."""
        said = state["messages"][-1]
        calls = said.tool_calls if isinstance(said, AIMessage) else []
        refused = [
            _refused(call, error)
            for call in calls
            if call["name"] in self._checked and (error := self._error(call, state))
        ]
        return {"messages": refused} if refused else None

    async def aafter_model(self, state: VisionState, runtime: Any) -> dict[str, Any] | None:
        """The same, asynchronously."""
        return await asyncio.to_thread(self.after_model, state, runtime)

    def _error(self, call: ToolCall, state: VisionState) -> Exception | None:
        try:
            self._checked[call["name"]].refuse(call["args"], self._context(call, state))
        except Exception as error:
            return error
        return None

    def _context(self, call: ToolCall, state: VisionState) -> ToolContext:
        records = records_of(state)
        configurable = get_config().get("configurable", {})
        return ToolContext(
            book=ImageBook(self._store, records),
            reader=self._reader,
            dialect=self._dialect,
            frames=frames_of(records, self._dialect),
            call_id=str(call.get("id") or ""),
            thread=configurable.get("thread"),
            user=configurable.get("user"),
            latest=records[-1].handle if records else None,
        )


def _unanswered(request: ToolCallRequest) -> bool:
    """Whether a call has no result yet: one that was refused has its error."""
    state = cast("Mapping[str, Any]", request.state)
    for message in reversed(cast("Sequence[AnyMessage]", state["messages"])):
        if isinstance(message, AIMessage):
            return True
        if isinstance(message, ToolMessage) and message.tool_call_id == request.tool_call["id"]:
            return False
    return True


def _refused(call: ToolCall, error: Exception) -> ToolMessage:
    told = str(error)
    if not isinstance(error, DeixisError):
        _log.warning("the check of %s failed", call["name"], exc_info=error)
        told = f"{call['name']} can't be checked: {type(error).__name__}: {told}"
    return ToolMessage(
        f"Error: {told[:_LONGEST_ERROR]}",
        name=call["name"],
        tool_call_id=str(call["id"]),
        status="error",
    )


def _in_words(tool: AnyTool, given: Mapping[str, object]) -> str:
    words = {name: _word(value) for name, value in given.items()}
    if tool.asks:
        return tool.asks.format_map(words)
    told = ", ".join(f"{name} {word}" for name, word in words.items())
    return f"{tool.name}: {told}" if told else tool.name


def _word(value: object) -> str:
    match value:
        case Point(x=x, y=y, image=image):
            return f"({x:.0f}, {y:.0f}) of {image}"
        case Box(x1=x1, y1=y1, x2=x2, y2=y2, image=image):
            return f"({x1:.0f}, {y1:.0f}) to ({x2:.0f}, {y2:.0f}) of {image}"
        case float():
            return f"{value:g}"
        case _:
            return str(value)[:_LONGEST_WORD]


def resumed(decisions: Sequence[Decision | bool]) -> Command[Any]:
    """What a run that waited goes on with."""
    told: list[dict[str, Any]] = []
    for decision in decisions:
        word = Decision(allow=decision) if isinstance(decision, bool) else decision
        if word.allow:
            told.append({"type": "approve"})
        else:
            reason = word.reason or "The user did not allow this. Do not try it again."
            told.append({"type": "reject", "message": reason})
    return Command(resume={"decisions": told})
