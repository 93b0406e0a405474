"""An agent as a node of somebody's LangGraph graph."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from langchain_core.messages import AIMessage, AnyMessage, HumanMessage
from langchain_core.runnables import RunnableConfig, RunnableLambda

from deixis.agents._ingest import taken_in
from deixis.agents._loop import Loop
from deixis.agents._parts import Parts, Surroundings
from deixis.agents._result import Voice, answer_of
from deixis.agents._state import ImageRecords, records_of, written
from deixis.agents._tracing import traced
from deixis.vision import DeixisError, ImageBook


class AgentNode(RunnableLambda[Any, Any]):
    """Answers the last of a state's messages; made by `VisionAgent.node`."""

    @classmethod
    def of(cls, parts: Parts, around: Surroundings) -> AgentNode:
        """The node that an agent is.

        Args:
            parts: Of the agent.
            around: Where it works.
        """
        member = parts.as_member()
        loop: Loop = member.loop(around, checkpointer=None)
        tracing = member.tracing(around)
        limit: RunnableConfig = {"recursion_limit": 4 * parts.limits.steps + 6}

        def run(state: Any) -> dict[str, Any]:
            given, seen = _given(state, around)
            with traced(tracing, given) as told:
                after = told(loop.invoke(given, limit))
            return _added(after, member, seen, state)

        async def arun(state: Any) -> dict[str, Any]:
            given, seen = _given(state, around)
            with traced(tracing, given) as told:
                after = told(await loop.ainvoke(given, limit))
            return _added(after, member, seen, state)

        return cls(run, arun, name=parts.name)


def _given(state: Any, around: Surroundings) -> tuple[dict[str, Any], int]:
    """The agent's state out of the graph's, and how many messages that one has."""
    known: Mapping[str, Any] = (
        cast("Mapping[str, Any]", state) if isinstance(state, Mapping) else dict[str, Any]()
    )
    messages = cast("list[AnyMessage]", list(known.get("messages", [])))
    if not any(isinstance(message, HumanMessage) for message in messages):
        raise DeixisError("there is no question: the state's `messages` need one from the user")
    book = ImageBook(around.images, records_of(known))
    taken = taken_in(messages, book)
    images: ImageRecords = {}
    for record in book.records:
        images |= written(record)
    return {"messages": taken, "images": images}, len(messages)


def _added(
    after: Mapping[str, Any], parts: Parts, seen: int, state: Mapping[str, Any]
) -> dict[str, Any]:
    """What it adds to the graph's state: its answer, and images where the state has room."""
    messages: list[AnyMessage] = after["messages"]
    voice = Voice(dialect=parts.dialect, model=parts.model_name)
    answer = answer_of(after, agent=parts.name, voices={parts.name: voice}, pending=(), thread="")
    last = next((m for m in reversed(messages[seen:]) if isinstance(m, AIMessage)), None)
    said = AIMessage(
        answer.answer,
        name=parts.name,
        id=last.id if last is not None else None,
        additional_kwargs={"deixis": answer.model_dump(mode="json", exclude={"thread"})},
    )
    added: dict[str, Any] = {"messages": [said]}
    if "images" in state:
        added["images"] = after.get("images", {})
    return added
