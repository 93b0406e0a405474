"""Several agents that talk with the user in turn, and hand the conversation over to each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NotRequired, cast

from langchain.tools import ToolRuntime
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, ToolCall, ToolMessage
from langchain_core.tools import BaseTool, StructuredTool, ToolException
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph.state import StateGraph  # pyright: ignore[reportMissingTypeStubs]
from langgraph.types import Command
from pydantic import Field, create_model

from deixis.agents._agent import VisionAgent, approvers_of, opened_checkpoints, opened_ledger
from deixis.agents._answer import Approver
from deixis.agents._effects import NO_EFFECT
from deixis.agents._facade import Facade, Shape
from deixis.agents._loop import Loop
from deixis.agents._middleware import AgentLimits
from deixis.agents._parts import Parts, Surroundings
from deixis.agents._result import StreamReader, Voice
from deixis.agents._state import VisionState
from deixis.vision import DeixisError, Dialect, ImageLimits, ImageStore

if TYPE_CHECKING:
    from deixis.agents.tracing import Tracing
    from deixis.agents.tracing._tracing import AgentTracing

HAND_OVER: Final = "hand_over"
_START: Final = "__start__"
_MOST: Final = 4
_STEPS: Final = 60
_INSTRUCTIONS: Final = """\
You share this conversation with other agents. When the user wants what another is better at, call \
`hand_over`, alone, and say in one sentence what is wanted: it sees all of the conversation.
{others}"""


class HandoverState(VisionState):
    """The conversation, and who talks with the user."""

    active: NotRequired[str]


class Handover(Facade):
    """Agents that hand a conversation over to each other; who has it keeps it for later turns.

    ```python
    desk = Handover([guide, reader], first="guide")
    answer = desk.ask("What does this form say?", "form.jpg")
    print(answer.agent, answer.answer)
    ```

    All of them see all of the conversation, its images and places, each in its own model's words.
    They are nodes of one LangGraph graph: checkpoints, approval and streaming are that one's.

    Args:
        agents: At least two, each under a name of its own.
        first: Name of the one that begins; the first of the list by default.
        images: As for `VisionAgent`, for all of them.
        checkpoints: The same.
        approve: The same; where it is left out, each agent's own.
        limits: `steps` of all in one turn together, 60 by default; `total_steps` and `seconds`
            with what they ask of others. Each agent's own hold as well.
        image_limits: On what is taken in.
        name: Of all of them together.
        tracing: As for `VisionAgent`.

    Raises:
        DeixisError: There are fewer than two agents, two of one name, or no such `first`.
    """

    def __init__(
        self,
        agents: Sequence[VisionAgent],
        *,
        first: str | None = None,
        images: ImageStore | None = None,
        checkpoints: str | Path | BaseCheckpointSaver[Any] | None = None,
        approve: Approver | None = None,
        limits: AgentLimits | None = None,
        image_limits: ImageLimits | None = None,
        name: str = "handover",
        tracing: Tracing | None = None,
    ) -> None:
        parts = {agent.name: agent.parts for agent in agents}
        if len(parts) < max(2, len(agents)):
            raise DeixisError("a handover needs two agents or more, each under a name of its own")
        begins = first or agents[0].name
        if begins not in parts:
            raise DeixisError(f"there is no agent {begins!r}: there are {', '.join(parts)}")
        image_limits = image_limits or ImageLimits()
        kept = opened_checkpoints(checkpoints)
        store = images or ImageStore(limits=image_limits)
        super().__init__(
            name=name,
            around=Surroundings(images=store, effects=opened_ledger(kept), tracing=tracing),
            checkpoints=kept,
            limits=limits or AgentLimits(steps=_STEPS),
            image_limits=image_limits,
            approve=approve,
        )
        told = {agent.name: agent.description for agent in agents}
        dialects = {agent.name: agent.parts.dialect for agent in agents}
        self._first = begins
        self._own = {agent.name: agent.own_approver for agent in agents}
        self._parts = {
            one: _taking_part(part, told=told, dialects=dialects) for one, part in parts.items()
        }
        self._graphs: dict[Shape, Loop] = {}

    def _loop(self, returns: Shape) -> Loop:
        known = self._graphs.get(returns)
        if known is None:
            known = self._built(returns)
            self._graphs[returns] = known
        return known

    def _built(self, returns: Shape) -> Loop:
        builder: Any = StateGraph(HandoverState)
        for name, parts in self._parts.items():
            graph = parts.loop(self._around, checkpointer=None, returns=returns)
            builder.add_node(name, graph, destinations=tuple(self._parts))
        builder.add_conditional_edges(_START, self._begins, list(self._parts))
        return cast("Loop", builder.compile(checkpointer=self._checkpoints, name=self.name))

    def _begins(self, state: HandoverState) -> str:
        active = state.get("active", self._first)
        return active if active in self._parts else self._first

    def _voices(self) -> Mapping[str, Voice]:
        voices = {
            name: Voice(dialect=parts.dialect, model=parts.model_name)
            for name, parts in self._parts.items()
        }
        return {self.name: voices[self._first], **voices}

    def _reader(self, returns: Shape, run_id: str) -> StreamReader:
        return StreamReader(
            agent=None,
            run_id=run_id,
            nodes=set(self._parts),
            hidden=returns.__name__ if returns else None,
        )

    def _tracing(self) -> AgentTracing | None:
        tracing, models = self._around.tracing, [one.model for one in self._parts.values()]
        return tracing and tracing.of(self.name, models=models, store=self._around.images)

    def _approvers(self) -> Mapping[str, Approver]:
        return approvers_of(*((parts, self._own[name]) for name, parts in self._parts.items()))


def _taking_part(
    parts: Parts, *, told: Mapping[str, str], dialects: Mapping[str, Dialect]
) -> Parts:
    """An agent with the tool that hands the conversation over, and the others' ways to write."""
    others = {name: description for name, description in told.items() if name != parts.name}
    listed = "\n".join(f"- {name}: {description}" for name, description in others.items())
    own = _INSTRUCTIONS.format(others=listed)
    return replace(
        parts.as_member(),
        tools=(*parts.tools, _hand_over(list(others))),
        instructions=f"{parts.instructions}\n\n{own}" if parts.instructions else own,
        dialects={name: dialect for name, dialect in dialects.items() if name != parts.name},
    )


def _hand_over(others: Sequence[str]) -> BaseTool:
    """A tool of LangGraph's: it leaves this agent's graph for another's."""

    def hand_over(to: str, wanted: str, runtime: ToolRuntime[Any, Any]) -> Command[Any]:
        messages = cast("list[AnyMessage]", runtime.state["messages"])
        if to not in others:
            raise ToolException(f"there is no agent {to!r}: there are {', '.join(others)}")
        if _handed(messages) >= _MOST:
            raise ToolException("it has been handed over often enough: answer yourself")
        calls = _unanswered(messages)
        # Each call needs a result, and those beside this one never get theirs.
        results = [
            ToolMessage(
                f"Handed over to {to}. Wanted: {wanted}"
                if call["id"] == runtime.tool_call_id
                else "Error: not done, the conversation was handed over.",
                name=call["name"],
                tool_call_id=str(call["id"]),
                status="success" if call["id"] == runtime.tool_call_id else "error",
            )
            for call in calls
        ]
        return Command(
            goto=to,
            graph=Command.PARENT,
            update={
                "messages": [*messages, *results],
                "images": runtime.state.get("images") or {},
                "active": to,
            },
        )

    shape = create_model(
        HAND_OVER,
        to=(str, Field(description="Who goes on.", json_schema_extra={"enum": list(others)})),
        wanted=(str, Field(description="What the user wants, in one sentence.")),
        runtime=(ToolRuntime[Any, Any], ...),
        __config__={"arbitrary_types_allowed": True},
    )
    return StructuredTool.from_function(
        hand_over,
        name=HAND_OVER,
        description="Hand the conversation over to an agent that is better at what is wanted.",
        args_schema=shape,
        metadata={NO_EFFECT: True},
    )


def _unanswered(messages: Sequence[AnyMessage]) -> list[ToolCall]:
    """The calls of the last reply without a result. Models count their calls anew in each."""
    answered: set[str] = set()
    for message in reversed(messages):
        if isinstance(message, ToolMessage):
            answered.add(message.tool_call_id)
        elif isinstance(message, AIMessage):
            return [call for call in message.tool_calls if call["id"] not in answered]
    return []


def _handed(messages: Sequence[AnyMessage]) -> int:
    """How often it was handed over since the last question."""
    count = 0
    for message in reversed(messages):
        if isinstance(message, HumanMessage):
            break
        count += (
            isinstance(message, ToolMessage)
            and message.name == HAND_OVER
            and message.status != "error"
        )
    return count
