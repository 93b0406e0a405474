"""Where a run is traced: nothing at all where tracing is off, OpenTelemetry isn't even loaded."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from langchain.agents.middleware import AgentMiddleware
from langchain_core.runnables import RunnableConfig

from deixis.agents._answer import AgentEvent, Approver, Decision, PendingCall

if TYPE_CHECKING:
    from deixis.agents.tracing._tracing import AgentTracing

Decided = Sequence[tuple[PendingCall, Decision | bool]]


def traced_middleware(
    tracing: AgentTracing | None, middleware: list[AgentMiddleware[Any, Any]]
) -> list[AgentMiddleware[Any, Any]]:
    """Middleware with what makes spans: of steps and tools outermost, of the model innermost."""
    if tracing is None:
        return middleware
    from deixis.agents.tracing._middleware import ChatTracing, StepTracing

    return [StepTracing(tracing), *middleware, ChatTracing(tracing)]


@contextmanager
def traced(
    tracing: AgentTracing | None, given: Mapping[str, Any]
) -> Generator[Callable[[dict[str, Any]], dict[str, Any]]]:
    """The run of an agent that another asked, or a graph; what it yields passes its end on."""
    if tracing is None:
        yield lambda state: state
        return
    with tracing.within(given) as ended:
        yield ended


def traced_stream(
    tracing: AgentTracing | None,
    events: Iterator[AgentEvent],
    given: Any,
    config: RunnableConfig,
    decided: Decided = (),
) -> Iterator[AgentEvent]:
    """The events of a run that somebody asked for."""
    return events if tracing is None else tracing.stream(events, given, config, decided)


def traced_astream(
    tracing: AgentTracing | None,
    events: AsyncIterator[AgentEvent],
    given: Any,
    config: RunnableConfig,
    decided: Decided = (),
) -> AsyncIterator[AgentEvent]:
    """The same, asynchronously."""
    return events if tracing is None else tracing.astream(events, given, config, decided)


def traced_approvers(tracing: AgentTracing | None, asked: Sequence[Approver]) -> list[Approver]:
    """Who has the word on calls, in their order."""
    return list(asked) if tracing is None else [tracing.approver(ask) for ask in asked]
