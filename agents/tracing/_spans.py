"""The spans of a run that are open, and where in them what happens belongs.

OpenTelemetry keeps the current span in a context variable. Graphs carry it into their threads and
tasks; generators don't keep it to themselves, so it is put in place for each of their steps alone.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, TypeVar, cast

from opentelemetry import context as otel
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer, set_span_in_context
from opentelemetry.util.types import AttributeValue

from deixis.vision import ImageRecord

Attributes = dict[str, AttributeValue]
EventT = TypeVar("EventT")
See = Callable[["AgentRun", Any], None]
"""Told of each event of a run."""

_END: Final = object()
_RUN: Final = otel.create_key("deixis-agent-run")
_log = logging.getLogger(__name__)


class AgentRun:
    """One agent's work on a question or a task, and the spans of it that are open.

    Args:
        tracer: Makes spans.
        span: Of the run.
        agent: Who was asked.
    """

    def __init__(self, tracer: Tracer, span: Span, agent: str) -> None:
        self.span = span
        self.agent = agent
        self.attempts = 0
        self._tracer = tracer
        self._context = otel.set_value(_RUN, self, set_span_in_context(span))
        self._speaker: tuple[str, Span] | None = None
        self._step: Span | None = None
        self._told: set[tuple[str, str]] = set()
        self._lock = threading.Lock()

    @property
    def context(self) -> otel.Context:
        """With the run's span as the current one, over whatever else is current."""
        return otel.set_value(_RUN, self, set_span_in_context(self.span))

    def step(self, agent: str, number: int, *, begins: bool) -> Span:
        """The span of a step, which stays open until the next one begins.

        Args:
            agent: Who takes it: where a conversation is handed over, one of several.
            number: Of the step, from 1.
            begins: Whether it begins now; a call of a tool belongs to the one that is open.
        """
        with self._lock:
            speaker = self._speaking(agent)
            if self._step is not None and begins:
                self._step.end()
                self._step = None
            if self._step is None:
                above = set_span_in_context(speaker, self._context)
                attributes = {"deixis.step": number, "gen_ai.agent.name": agent}
                self._step = self._tracer.start_span(f"step {number}", above, attributes=attributes)
            if begins:
                self.attempts = 0
            return self._step

    def _speaking(self, agent: str) -> Span:
        """The span of who speaks: the run's own, or that of one it was handed over to."""
        if agent in (self.agent, ""):
            return self.span
        if self._speaker is None or self._speaker[0] != agent:
            self._close()
            span = self._tracer.start_span(
                f"invoke_agent {agent}",
                self._context,
                attributes={"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": agent},
            )
            self._speaker = (agent, span)
        return self._speaker[1]

    def untold(self, records: Sequence[ImageRecord]) -> list[ImageRecord]:
        """Those of the images that weren't spoken of in this run before."""
        with self._lock:
            new = [r for r in records if (r.handle, r.sha256) not in self._told]
            self._told |= {(r.handle, r.sha256) for r in new}
        return new

    def close(self) -> None:
        """Ends what is open, the run's own span last."""
        with self._lock:
            self._close()
        self.span.end()

    def _close(self) -> None:
        if self._step is not None:
            self._step.end()
        if self._speaker is not None:
            self._speaker[1].end()
        self._step = self._speaker = None


def current_run() -> AgentRun | None:
    """The run that goes on here."""
    found = otel.get_value(_RUN)
    return found if isinstance(found, AgentRun) else None


@contextmanager
def current(context: otel.Context) -> Generator[None]:
    """A context in place, and the one before it afterwards."""
    token = otel.attach(context)
    try:
        yield
    finally:
        otel.detach(token)


@contextmanager
def quiet() -> Generator[None]:
    """What can't be told must not end what it tells of."""
    try:
        yield
    except Exception:
        _log.warning("a part of the trace is missing", exc_info=True)


@dataclass(frozen=True, kw_only=True)
class Spans:
    """Opens spans around what happens, and tells how it ended.

    Attributes:
        tracer: Makes spans.
        words: Cleans the words of errors; without it errors are told by their kind alone.
    """

    tracer: Tracer
    words: Callable[[str], str] | None = None

    @contextmanager
    def open(
        self,
        name: str,
        attributes: Attributes,
        *,
        above: Span | None = None,
        kind: SpanKind = SpanKind.INTERNAL,
    ) -> Generator[Span]:
        """A span that is the current one within the block.

        Args:
            name: Of the span.
            attributes: Of the span.
            above: Its parent; the current one by default.
            kind: Of the span.
        """
        here = otel.get_current()
        parent = here if above is None else set_span_in_context(above, here)
        span = self.tracer.start_span(name, parent, kind=kind, attributes=attributes)
        try:
            with current(set_span_in_context(span, parent)):
                yield span
        except BaseException as error:
            self._failed(span, error)
            raise
        finally:
            span.end()

    def begin(self, agent: str, attributes: Attributes) -> AgentRun:
        """Begins an agent's run; whoever begins it closes it."""
        told: Attributes = {
            "gen_ai.operation.name": "invoke_agent",
            "gen_ai.agent.name": agent,
            **attributes,
        }
        span = self.tracer.start_span(f"invoke_agent {agent}", attributes=told)
        return AgentRun(self.tracer, span, agent)

    @contextmanager
    def run(self, agent: str, attributes: Attributes) -> Generator[AgentRun]:
        """An agent's run within a block: that of one that another asked, or a graph."""
        run = self.begin(agent, attributes)
        try:
            with current(run.context):
                yield run
        except BaseException as error:
            self._failed(run.span, error)
            raise
        finally:
            run.close()

    def stream(
        self, events: Iterator[EventT], begin: Callable[[], AgentRun], see: See
    ) -> Iterator[EventT]:
        """A stream's events, with a run's span around all that happens between them.

        The span is current while the stream works and never while its reader does: streams may
        be read in turns, left in the middle, or closed by another thread.

        Args:
            events: The stream.
            begin: Begins the run.
            see: Told of each event.
        """
        run = begin()
        try:
            while True:
                with current(run.context):
                    event = next(events, _END)
                    if event is _END:
                        return
                    with quiet():
                        see(run, event)
                yield cast("EventT", event)
        except BaseException as error:
            self._failed(run.span, error)
            raise
        finally:
            try:
                with current(run.context):
                    cast("Generator[EventT]", events).close()
            finally:
                run.close()

    async def astream(
        self, events: AsyncIterator[EventT], begin: Callable[[], AgentRun], see: See
    ) -> AsyncIterator[EventT]:
        """The same, asynchronously."""
        run = begin()
        try:
            while True:
                with current(run.context):
                    event = await anext(events, _END)
                    if event is _END:
                        return
                    with quiet():
                        see(run, event)
                yield cast("EventT", event)
        except BaseException as error:
            self._failed(run.span, error)
            raise
        finally:
            try:
                with current(run.context):
                    await cast("AsyncGenerator[EventT]", events).aclose()
            finally:
                run.close()

    def _failed(self, span: Span, error: BaseException) -> None:
        """How a span ended that didn't come to its end."""
        from langgraph.errors import GraphBubbleUp

        if isinstance(error, GraphBubbleUp):
            # Not an error: it waits for a person, or was stopped, and goes on another time.
            span.set_attribute("deixis.interrupted", True)
        elif isinstance(error, GeneratorExit | asyncio.CancelledError):
            span.set_attribute("deixis.abandoned", True)
        else:
            refused(span, _kind(error), self.words(str(error)) if self.words else None)


def refused(span: Span, kind: str, words: str | None) -> None:
    """A span of something that went wrong: by its kind, and in words where they are wanted."""
    span.set_attribute("error.type", kind)
    span.set_status(Status(StatusCode.ERROR, words))


def _kind(error: BaseException) -> str:
    kind = type(error)
    plain = kind.__module__ == "builtins" or kind.__module__.startswith("deixis.")
    return kind.__qualname__ if plain else f"{kind.__module__}.{kind.__qualname__}"
