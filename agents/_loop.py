"""LangChain's agent loop, as narrowly typed as we use it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any, Literal, Protocol, cast

from langchain.agents import create_agent  # pyright: ignore[reportUnknownVariableType]
from langchain.agents.middleware import AgentMiddleware
from langchain_core.language_models import BaseChatModel
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.runtime import RunControl
from langgraph.types import Interrupt

StreamMode = Literal["messages", "updates", "custom"]
Namespace = tuple[str, ...]
"""Where in a graph of graphs a piece of the stream comes from; empty for the graph itself."""


class Snapshot(Protocol):
    """The state of a thread.

    While it has tasks it hasn't ended. LangGraph's `next` leaves out tasks whose results are
    written; after a kill just then it is empty, though the step has still to be ended.
    """

    @property
    def values(self) -> dict[str, Any]: ...
    @property
    def tasks(self) -> tuple[Any, ...]: ...
    @property
    def interrupts(self) -> tuple[Interrupt, ...]: ...


class Loop(Protocol):
    """A compiled agent: model, tools, model, …, until there is an answer."""

    def stream(
        self,
        given: Any,
        config: RunnableConfig,
        *,
        context: Any,
        control: RunControl,
        stream_mode: Sequence[StreamMode],
        subgraphs: Literal[True],
        durability: Literal["sync"],
    ) -> Iterator[tuple[Namespace, str, Any]]:
        """Runs it, piece by piece."""
        ...

    def astream(
        self,
        given: Any,
        config: RunnableConfig,
        *,
        context: Any,
        control: RunControl,
        stream_mode: Sequence[StreamMode],
        subgraphs: Literal[True],
        durability: Literal["sync"],
    ) -> AsyncIterator[tuple[Namespace, str, Any]]:
        """The same, asynchronously."""
        ...

    def invoke(self, given: Any, config: RunnableConfig | None = None) -> dict[str, Any]:
        """Runs it, as a part of another graph: what it streams goes to that one's stream."""
        ...

    async def ainvoke(self, given: Any, config: RunnableConfig | None = None) -> dict[str, Any]:
        """The same, asynchronously."""
        ...

    def get_state(self, config: RunnableConfig) -> Snapshot:
        """A thread's state."""
        ...

    async def aget_state(self, config: RunnableConfig) -> Snapshot:
        """The same, asynchronously."""
        ...


def build_loop(
    model: BaseChatModel,
    tools: Sequence[Any],
    *,
    name: str,
    system_prompt: str,
    middleware: Sequence[AgentMiddleware[Any, Any]],
    checkpointer: BaseCheckpointSaver[Any] | None,
) -> Loop:
    """LangChain's `create_agent`.

    Without a checkpointer it is a part of another graph, and is kept with that one's.
    """
    make = cast("Any", create_agent)
    return cast(
        "Loop",
        make(
            model,
            list(tools),
            name=name,
            system_prompt=system_prompt,
            middleware=list(middleware),
            checkpointer=checkpointer,
        ),
    )
