"""Calls that wait for a person: which, how they are put, and what comes of the answer."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Literal, cast

from langchain.agents.middleware import AgentMiddleware, HumanInTheLoopMiddleware
from langchain.tools.tool_node import ToolCallRequest
from langchain_core.messages import AIMessage, AnyMessage, ToolCall, ToolMessage
from langchain_core.tools import BaseTool
from langgraph.config import get_config
from langgraph.errors import GraphInterrupt
from langgraph.types import Command, Interrupt

from deixis.agents._answer import Decision, PendingCall, places_in
from deixis.agents._loop import Snapshot
from deixis.agents._state import VisionState, records_of
from deixis.tools import Tool, ToolContext
from deixis.tools._arguments import typed_arguments
from deixis.vision import (
    Box,
    DeixisError,
    Dialect,
    ImageBook,
    ImageRecord,
    ImageStore,
    Point,
    Reader,
    frames_of,
)
from deixis.vision._untrusted import for_person

AnyTool = Tool[..., Any]
_LONGEST_ERROR: Final = 600
_QUOTES: Final = {ord("“"): '"', ord("”"): '"'}
_ALLOWED: Final[list[Literal["approve", "edit", "reject", "respond"]]] = ["approve", "reject"]
_HANDLE: Final = re.compile(r"\bimg_\d+\b")
_BESIDE: Final = "deixis"
_ASKS: Final = "deixis_approval"
_log = logging.getLogger(__name__)


class Approval:
    """The tools of an agent that a person is asked about.

    Args:
        tools: All that the agent has; those that need no approval are left alone. Tools of
            LangChain's ask where `with_approval` has marked them.
        agent: Name of the agent.
        dialect: How the model writes places.
        store: Where images are kept.
        reader: For what tools check.
    """

    def __init__(
        self,
        tools: Sequence[object],
        *,
        agent: str,
        dialect: Dialect,
        store: ImageStore,
        reader: Reader,
    ) -> None:
        ours = [cast("AnyTool", tool) for tool in tools if isinstance(tool, Tool)]
        asking = {tool.name: tool for tool in ours if tool.approval}
        theirs = [tool for tool in tools if isinstance(tool, BaseTool) and asks_first(tool)]
        self._ours = asking
        self._asking = [*asking, *(tool.name for tool in theirs)]
        self._agent = agent
        self._dialect = dialect
        self._store = store
        self._reader = reader

    def middleware(self) -> list[AgentMiddleware[Any, Any]]:
        """LangChain's own human in the loop, where a tool asks for it: it costs a step a turn.

        Before it, where a tool can tell what isn't worth asking, a step that refuses that.
        """
        if not self._asking:
            return []
        asking = AskingMiddleware(
            interrupt_on={
                name: {"allowed_decisions": _ALLOWED, "when": _unanswered} for name in self._asking
            },
            put=self._put,
        )
        checked = {name: tool for name, tool in self._ours.items() if tool.check is not None}
        if not checked:
            return [asking]
        # After the model the last of the list comes first.
        return [
            asking,
            RefusingMiddleware(
                checked, dialect=self._dialect, store=self._store, reader=self._reader
            ),
        ]

    def _put(self, request: Mapping[str, Any], state: Mapping[str, Any]) -> PendingCall:
        """A call as a person judges it: what would happen, and where in which picture."""
        name, said = str(request["name"]), cast("dict[str, Any]", request["args"])
        description = str(request.get("description", ""))
        put = PendingCall(
            name=name,
            arguments=said,
            description=_listed(name, said) if name in self._asking else description,
            agent=self._agent,
        )
        tool = self._ours.get(name)
        if tool is None:
            return put
        frames = frames_of(records_of(state), self._dialect)
        try:
            given = typed_arguments(said, tool.arguments, dialect=self._dialect, frames=frames)
        except DeixisError:
            # It won't run either: the tool refuses what can't be read.
            return put
        places = tuple(place for _, place in places_in(given))
        named = {place.image for place in places}
        images = tuple(record for record in records_of(state) if record.handle in named)
        return put.model_copy(
            update={"places": places, "images": images, "description": _in_words(tool, given)}
        )


class AskingMiddleware(HumanInTheLoopMiddleware[Any, Any, Any]):
    """LangChain's human in the loop, whose question brings along what a person judges it by.

    An agent that is asked by another knows its images and its model's frame; who puts the
    question to a person, far above, doesn't.

    Args:
        interrupt_on: As LangChain's.
        put: A requested call as a person judges it, out of the request and the agent's state.
    """

    def __init__(
        self,
        *,
        interrupt_on: dict[str, Any],
        put: Callable[[Mapping[str, Any], Mapping[str, Any]], PendingCall],
    ) -> None:
        super().__init__(interrupt_on)
        self._put = put

    @property
    def name(self) -> str:
        """LangChain's, so that conversations that wait since an earlier version go on."""
        return HumanInTheLoopMiddleware.__name__

    def after_model(self, state: Any, runtime: Any) -> dict[str, Any] | None:
        """Asks about the calls that need it."""
        try:
            return super().after_model(state, runtime)
        except GraphInterrupt as asking:
            raise GraphInterrupt([self._told(one, state) for one in asking.args[0]]) from None

    async def aafter_model(self, state: Any, runtime: Any) -> dict[str, Any] | None:
        """The same, asynchronously."""
        return await asyncio.to_thread(self.after_model, state, runtime)

    def _told(self, asking: Interrupt, state: Mapping[str, Any]) -> Interrupt:
        requests = cast("list[Mapping[str, Any]]", asking.value["action_requests"])
        calls = [self._put(request, state).model_dump(mode="json") for request in requests]
        return Interrupt(value={**asking.value, _BESIDE: calls}, id=asking.id)


def pending_calls(state: Snapshot) -> list[PendingCall]:
    """The tool calls that wait for a person, in order, those of inner agents among them.

    An image that only an inner agent knows keeps its handle, unless it is another's here.
    """
    known = {record.handle: record for record in records_of(state.values)}
    return [
        _under_free_handles(call.model_copy(update={"id": f"{interrupt.id}.{number}"}), known)
        for interrupt in state.interrupts
        for number, call in enumerate(_calls_of(interrupt.value), start=1)
    ]


def images_of(state: Snapshot) -> list[ImageRecord]:
    """The images of a conversation, and those that a person needs to see to judge what waits."""
    records = {record.handle: record for record in records_of(state.values)}
    for call in pending_calls(state):
        records |= {record.handle: record for record in call.images}
    return list(records.values())


def _under_free_handles(call: PendingCall, known: dict[str, ImageRecord]) -> PendingCall:
    renamed: dict[str, str] = {}
    for record in call.images:
        handle, number = record.handle, len(known)
        while known.get(handle, record).sha256 != record.sha256:
            number += 1
            handle = f"img_{number}"
        renamed[record.handle] = handle
        known[handle] = record.model_copy(update={"handle": handle})
    if all(old == new for old, new in renamed.items()):
        return call
    return call.model_copy(
        update={
            "images": tuple(known[renamed[record.handle]] for record in call.images),
            "places": tuple(
                place.model_copy(update={"image": renamed.get(place.image or "", place.image)})
                for place in call.places
            ),
            "description": _HANDLE.sub(lambda m: renamed.get(m[0], m[0]), call.description),
        }
    )


def _calls_of(value: Any) -> list[PendingCall]:
    """What one interrupt asks: of our agents, of another's approval, or of a tool by itself."""
    if isinstance(value, dict):
        asked = cast("dict[str, Any]", value)
        if _BESIDE in asked and "action_requests" in asked:
            return [PendingCall.model_validate(call) for call in asked[_BESIDE]]
        if "action_requests" in asked:
            return [_plain_call(request) for request in asked["action_requests"]]
        if asked.get("type") == "tool_approval":
            return [_plain_call(asked)]
    told = cast("object", value)
    question: Any = told if _is_json(told) else str(told)
    return [PendingCall(name="", arguments={}, description=str(told), question=question)]


def _plain_call(request: Mapping[str, Any]) -> PendingCall:
    return PendingCall(
        name=str(request["name"]),
        arguments=dict(request["args"]),
        description=str(request.get("description", "")),
    )


def _is_json(value: object) -> bool:
    try:
        json.dumps(value)
    except (TypeError, ValueError):
        return False
    return True


def resumed(state: Snapshot, decisions: Sequence[Decision | bool]) -> Command[Any]:
    """What a run that waited goes on with.

    Args:
        state: The thread that waits.
        decisions: One for each of `pending_calls`.

    Raises:
        DeixisError: A decision is meant for another call than the one that waits there.
    """
    for call, given in zip(pending_calls(state), decisions, strict=True):
        if isinstance(given, Decision) and given.call not in ("", call.id):
            raise DeixisError(
                f"a decision is for another call than {call.name or 'the question'}, which waits "
                "now: look at `pending` again"
            )
    left = iter(decisions)
    answers: dict[str, Any] = {}
    for interrupt in state.interrupts:
        given = [_decision(next(left)) for _ in _calls_of(interrupt.value)]
        answers[interrupt.id] = _answer(interrupt.value, given)
    return Command(resume=answers)


def _decision(given: Decision | bool) -> Decision:
    # Nothing but True allows: what merely counts as true, such as a text, does not.
    return given if isinstance(given, Decision) else Decision(allow=given is True)


def _answer(value: Any, given: Sequence[Decision]) -> Any:
    if isinstance(value, dict):
        if "action_requests" in value:
            return {"decisions": [_told_decision(decision) for decision in given]}
        if cast("dict[str, Any]", value).get("type") == "tool_approval":
            return _told_decision(given[0])
    word = given[0]
    return word.value if word.value is not None else word.allow


def _told_decision(decision: Decision) -> dict[str, Any]:
    if decision.allow:
        return {"type": "approve"}
    reason = decision.reason or "The user did not allow this. Do not try it again."
    return {"type": "reject", "message": reason}


def with_approval(tool: BaseTool) -> BaseTool:
    """A tool of LangChain's, or of another library, that a person is asked about before it runs.

    ```python
    agent = VisionAgent(tools=[with_approval(send_mail)])
    ```
    """
    return tool.model_copy(update={"metadata": {**(tool.metadata or {}), _ASKS: True}})


def asks_first(tool: BaseTool) -> bool:
    """Whether `with_approval` has marked it."""
    return bool((tool.metadata or {}).get(_ASKS))


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
    if not tool.asks:
        return _listed(tool.name, given)
    return tool.asks.format_map({name: _word(value) for name, value in given.items()})


def _listed(name: str, given: Mapping[str, object]) -> str:
    told = ", ".join(f"{for_person(key, 40)} {_word(value)}" for key, value in given.items())
    return f"{name}: {told}" if told else name


def _word(value: object) -> str:
    match value:
        case Point(x=x, y=y, image=image):
            return f"({x:.0f}, {y:.0f}) of {image}"
        case Box(x1=x1, y1=y1, x2=x2, y2=y2, image=image):
            return f"({x1:.0f}, {y1:.0f}) to ({x2:.0f}, {y2:.0f}) of {image}"
        case float():
            return f"{value:g}"
        case str():
            # In quotes, so that it can't pass for our own words about the call.
            return f"“{for_person(value.translate(_QUOTES))}”"
        case _:
            return for_person(str(value))
