"""LangChain's agent loop, as narrowly typed as we use it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any, Literal, Protocol, cast

from langchain.agents import create_agent  # pyright: ignore[reportUnknownVariableType]
from langchain.agents.middleware import AgentMiddleware
from langchain_core.language_models import BaseChatModel
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.types import Interrupt

StreamMode = Literal["messages", "updates"]


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
        stream_mode: Sequence[StreamMode],
        durability: Literal["sync"],
    ) -> Iterator[tuple[str, Any]]:
        """Runs it, piece by piece."""
        ...

    def astream(
        self,
        given: Any,
        config: RunnableConfig,
        *,
        stream_mode: Sequence[StreamMode],
        durability: Literal["sync"],
    ) -> AsyncIterator[tuple[str, Any]]:
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
    system_prompt: str,
    middleware: Sequence[AgentMiddleware[Any, Any]],
    checkpointer: BaseCheckpointSaver[Any],
) -> Loop:
    """LangChain's `create_agent`."""
    make = cast("Any", create_agent)
    return cast(
        "Loop",
        make(
            model,
            list(tools),
            system_prompt=system_prompt,
            middleware=list(middleware),
            checkpointer=checkpointer,
        ),
    )
