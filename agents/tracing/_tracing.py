"""Tracing as it is switched on, and as one agent uses it."""

from __future__ import annotations

from collections.abc import (
    AsyncIterator,
    Callable,
    Generator,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, cast

from langchain.agents.middleware import ModelRequest
from langchain.tools.tool_node import ToolCallRequest
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage
from langchain_core.runnables import RunnableConfig
from opentelemetry import trace as api
from opentelemetry.trace import Span, SpanKind, TracerProvider

from deixis.agents._answer import (
    AgentEvent,
    ApprovalNeeded,
    Approver,
    Decision,
    Finished,
    PendingCall,
    Restarted,
)
from deixis.agents._state import records_of
from deixis.agents.tracing._redaction import Json, Redactor, secrets_of
from deixis.agents.tracing._spans import AgentRun, Attributes, Spans, current_run, quiet, refused
from deixis.agents.tracing._telling import (
    CallTeller,
    images_made,
    last_said,
    messages_of,
    messages_told,
    model_name,
    place_told,
    record_told,
    steps_taken,
    written,
)
from deixis.vision import Dialect, ImageRecord, ImageStore, PixelDialect

SCOPE: Final = "deixis"
_FOREIGN_IMAGE: Final = 1_024  # what an image costs a model that nobody knows: a page of text
_LONGEST: Final = 4_000
Seen = Callable[[ImageRecord, ImageStore], None]
"""Told of each image as it first comes up in a run, and where its bytes are."""


@dataclass(frozen=True, kw_only=True)
class Tracing:
    """Switches tracing on: `VisionAgent(tracing=Tracing())`.

    Every run becomes OpenTelemetry spans: the run, its steps, calls of models and of tools,
    questions to a person, and all of the agents that it asks. Pictures' bytes and keys are never
    in them.

    Attributes:
        tracer_provider: Where spans go; by default where the program's own OpenTelemetry sends
            them, and nowhere if it has none.
        content: Whether the words of questions, answers and tools' calls are told as well, cut
            and without what looks like a key. Without it there are names, numbers and places.
        longest: Characters of one text that are kept.
        secrets: More values that must not appear; those of environment variables that are named
            like keys, and those of the models, never do.
        seen: Told of each image as it comes up: for who wants to keep the pictures.
    """

    tracer_provider: TracerProvider | None = None
    content: bool = False
    longest: int = _LONGEST
    secrets: Sequence[str] = ()
    seen: Seen | None = None

    def of(
        self,
        agent: str,
        *,
        models: Sequence[object] = (),
        dialect: Dialect | None = None,
        store: ImageStore | None = None,
    ) -> AgentTracing:
        """Tracing as one agent uses it.

        Args:
            agent: Its name.
            models: Its model; several where several agents share a conversation. Their keys are
                hidden.
            dialect: How its model writes places; pixels by default.
            store: Where its images are kept.
        """
        from deixis import __version__

        provider = self.tracer_provider or api.get_tracer_provider()
        secrets = [*self.secrets, *(one for model in models for one in secrets_of(model))]
        redact = Redactor(longest=self.longest, secrets=secrets)
        return AgentTracing(
            agent=agent,
            model=model_name(models[0], redact) if len(models) == 1 else "",
            spans=Spans(
                tracer=provider.get_tracer(SCOPE, __version__),
                words=redact.text if self.content else None,
            ),
            tell=CallTeller(
                dialect=dialect or PixelDialect("pixels", tokens=_FOREIGN_IMAGE),
                redact=redact,
                content=self.content,
            ),
            redact=redact,
            content=self.content,
            store=store,
            seen=self.seen,
        )


@dataclass(frozen=True, kw_only=True)
class AgentTracing:
    """Tracing as one agent uses it; made by `Tracing.of`.

    Attributes:
        agent: Its name.
        model: Name of its model.
        spans: Opens spans.
        tell: What they tell.
        redact: Cleans words.
        content: Whether words are told at all.
        store: Where its images are kept.
        seen: Told of images.
    """

    agent: str
    model: str
    spans: Spans
    tell: CallTeller
    redact: Redactor
    content: bool
    store: ImageStore | None
    seen: Seen | None

    def stream(
        self,
        events: Iterator[AgentEvent],
        given: Any,
        config: RunnableConfig,
        decided: Sequence[tuple[PendingCall, Decision | bool]] = (),
    ) -> Iterator[AgentEvent]:
        """A run's events, with a span around it.

        Args:
            events: What the run streams.
            given: What it begins with: a state, a command to go on, or nothing.
            config: Its thread.
            decided: What a person said of the calls that it waited with.
        """
        return self.spans.stream(events, lambda: self._begun(given, config, decided), self._see)

    def astream(
        self,
        events: AsyncIterator[AgentEvent],
        given: Any,
        config: RunnableConfig,
        decided: Sequence[tuple[PendingCall, Decision | bool]] = (),
    ) -> AsyncIterator[AgentEvent]:
        """The same, asynchronously."""
        return self.spans.astream(events, lambda: self._begun(given, config, decided), self._see)

    @contextmanager
    def within(
        self, given: Mapping[str, Any]
    ) -> Generator[Callable[[dict[str, Any]], dict[str, Any]]]:
        """The run of an agent that another asked, or a graph.

        Args:
            given: The state that it begins with.

        Yields:
            To be told of the state that it ended with, which it gives back.
        """
        with self.spans.run(self.agent, self._about(messages_of(given))) as run:

            def ended(state: dict[str, Any]) -> dict[str, Any]:
                with quiet():
                    said = last_said(messages_of(state))
                    if self.content and said is not None:
                        told = written(messages_told([said], self.redact))
                        run.span.set_attribute("gen_ai.output.messages", told)
                return state

            yield ended

    def approver(self, ask: Approver) -> Approver:
        """Who has the word on calls, with a span around the wait for it."""

        def asked(call: PendingCall) -> Decision | bool:
            about = {"gen_ai.tool.name": call.name, **self._call(call)}
            with self.spans.open(f"approval {call.name}".strip(), about) as span:
                decision = ask(call)
                with quiet():
                    span.set_attributes(self._decision(decision))
                return decision

        return asked

    def _begun(
        self,
        given: Any,
        config: RunnableConfig,
        decided: Sequence[tuple[PendingCall, Decision | bool]],
    ) -> AgentRun:
        about: Attributes = {}
        with quiet():
            about = self._about(messages_of(given))
            thread = config.get("configurable", {}).get("thread")
            if thread is not None:
                about["gen_ai.conversation.id"] = self.redact.text(str(thread), longest=200)
            if not isinstance(given, Mapping):
                about["deixis.resumed"] = True
        run = self.spans.begin(self.agent, about)
        with quiet():
            for call, decision in decided:
                told = {**self._call(call), **self._decision(decision)}
                run.span.add_event("deixis.approval.decided", told)
            if isinstance(given, Mapping):
                self._images(run, cast("Mapping[str, Any]", given), run.span)
        return run

    def _about(self, given: Sequence[AnyMessage]) -> Attributes:
        told: Attributes = {"gen_ai.request.model": self.model} if self.model else {}
        asked = [m for m in given if isinstance(m, HumanMessage)][-1:]
        if self.content and asked:
            told["gen_ai.input.messages"] = written(messages_told(asked, self.redact))
        return told

    def _see(self, run: AgentRun, event: Any) -> None:
        """What a run's events tell that no call does."""
        if isinstance(event, Restarted):
            run.span.add_event("deixis.restarted", {"gen_ai.agent.name": event.agent})
        elif isinstance(event, ApprovalNeeded):
            for call in event.calls:
                run.span.add_event("deixis.approval.waiting", self._call(call))
        elif isinstance(event, Finished):
            answer = event.answer
            told: Attributes = {"deixis.found": answer.found, "deixis.pending": len(answer.pending)}
            if answer.detections:
                told["deixis.result.places"] = written(self.tell.detections(answer.detections))
            if answer.pictures:
                told["deixis.pictures"] = [picture.image for picture in answer.pictures]
            if self.content:
                said = AIMessage(answer.answer)
                told["gen_ai.output.messages"] = written(messages_told([said], self.redact))
            run.span.set_attributes(told)

    def _call(self, call: PendingCall) -> Attributes:
        told: Attributes = {"gen_ai.tool.name": call.name, "gen_ai.agent.name": call.agent}
        if call.places:
            places: list[Json] = [place_told(place, name="") for place in call.places]
            told["deixis.places"] = written(places)
        if self.content:
            told["deixis.approval.description"] = self.redact.text(call.description)
            told["gen_ai.tool.call.arguments"] = written(self.redact.value(call.arguments))
        return told

    def _decision(self, decision: Decision | bool) -> Attributes:
        # As everywhere: nothing but True allows.
        allowed = decision.allow if isinstance(decision, Decision) else decision is True
        told: Attributes = {"deixis.approval.allowed": allowed}
        if self.content and isinstance(decision, Decision) and decision.reason:
            told["deixis.approval.reason"] = self.redact.text(decision.reason)
        return told

    def _images(self, run: AgentRun | None, state: Mapping[str, Any], span: Span) -> None:
        """Tells of images that come up for the first time."""
        self.new_images(run, records_of(state), span)

    def new_images(self, run: AgentRun | None, records: Sequence[ImageRecord], span: Span) -> None:
        """Tells of the images among these that come up for the first time in a run."""
        new = list(records) if run is None else run.untold(records)
        if not new:
            return
        cleaner = self.redact if self.content else None
        told: list[Json] = [record_told(record, cleaner) for record in new]
        span.set_attribute("deixis.images.new", written(told))
        if self.seen is not None and self.store is not None:
            for record in new:
                self.seen(record, self.store)

    @contextmanager
    def step(self, request: ModelRequest[Any]) -> Generator[None]:
        """A step, from the model's call on; it stays open for the calls of its tools."""
        run = current_run()
        if run is not None:
            with quiet():
                number = steps_taken(request.messages) + 1
                span = run.step(self.agent, number, begins=True)
                self._images(run, cast("Any", request.state or {}), span)
        yield

    @contextmanager
    def chat(self, request: ModelRequest[Any]) -> Generator[Callable[[object], None]]:
        """A call of the model, to be told what it answered."""
        run = current_run()
        about: Attributes = {}
        name, above = "chat", None
        with quiet():
            about = self.tell.asked(request)
            name = f"chat {about['gen_ai.request.model']}"
            about["gen_ai.agent.name"] = self.agent
            if run is not None:
                number = steps_taken(request.messages) + 1
                above = run.step(self.agent, number, begins=False)
                run.attempts += 1
                about["deixis.attempt"] = run.attempts
        with self.spans.open(name, about, above=above, kind=SpanKind.CLIENT) as span:

            def answered(response: object) -> None:
                with quiet():
                    said = _said(response)
                    if said is not None:
                        span.set_attributes(self.tell.answered(request, said))

            yield answered

    @contextmanager
    def tool(self, request: ToolCallRequest) -> Generator[Callable[[object], None]]:
        """A call of a tool, to be told what it gave."""
        run = current_run()
        about: Attributes = {}
        name, above = "execute_tool", None
        with quiet():
            about = self.tell.called(request)
            name = f"execute_tool {about['gen_ai.tool.name']}"
            about["gen_ai.agent.name"] = self.agent
            if run is not None:
                number = max(1, steps_taken(messages_of(request.state)))
                above = run.step(self.agent, number, begins=False)
                self._images(run, cast("Any", request.state or {}), above)
        with self.spans.open(name, about, above=above) as span:

            def done(result: object) -> None:
                with quiet():
                    told, ok = self.tell.done(request, result)
                    span.set_attributes(told)
                    if not ok:
                        words = told.get("gen_ai.tool.call.result")
                        refused(span, "tool_error", str(words) if words else None)
                    self.new_images(run, images_made(result), span)

            yield done


def _said(response: object) -> AIMessage | None:
    if isinstance(response, AIMessage):
        return response
    # Middleware may wrap the response once more.
    inner = getattr(response, "model_response", response)
    return last_said(cast("Sequence[Any]", getattr(inner, "result", [])))
