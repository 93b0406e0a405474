"""Spans kept in memory, and their tree, for tests of tracing."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_ON

from deixis.agents.tracing import Tracing


@dataclass
class Recorded:
    """Where a test's spans go."""

    exporter: InMemorySpanExporter = field(default_factory=InMemorySpanExporter)
    provider: TracerProvider = field(init=False)

    def __post_init__(self) -> None:
        self.provider = TracerProvider(sampler=ALWAYS_ON, shutdown_on_exit=False)
        self.provider.add_span_processor(SimpleSpanProcessor(self.exporter))

    def tracing(self, **given: Any) -> Tracing:
        """Tracing into it."""
        return Tracing(tracer_provider=self.provider, **given)

    @property
    def spans(self) -> Sequence[ReadableSpan]:
        """The spans that have ended."""
        return self.exporter.get_finished_spans()

    def tree(self) -> list[Any]:
        """The names of all spans, each with what is within it, in the order they began."""
        return [self._told(span) for span in self._within(None)]

    def outline(self) -> str:
        """The same as lines, indented."""
        return "\n".join(self._lines(self._within(None), 0))

    def _lines(self, spans: Sequence[ReadableSpan], depth: int) -> Iterator[str]:
        for span in spans:
            yield "  " * depth + span.name
            yield from self._lines(self._within(span), depth + 1)

    def _told(self, span: ReadableSpan) -> Any:
        return (span.name, [self._told(child) for child in self._within(span)])

    def _within(self, parent: ReadableSpan | None) -> list[ReadableSpan]:
        above = None if parent is None or parent.context is None else parent.context.span_id
        found = [s for s in self.spans if (s.parent.span_id if s.parent else None) == above]
        return sorted(found, key=lambda span: span.start_time or 0)

    def one(self, name: str) -> ReadableSpan:
        """The only span of a name."""
        found = self.all(name)
        assert len(found) == 1, [span.name for span in self.spans]
        return found[0]

    def all(self, name: str) -> list[ReadableSpan]:
        """The spans whose name is, or begins with, this."""
        found = [s for s in self.spans if s.name == name or s.name.startswith(f"{name} ")]
        return sorted(found, key=lambda span: span.start_time or 0)

    def written(self) -> str:
        """Everything that would leave the program, as one text."""
        return "\n".join(span.to_json() for span in self.spans)


def told(span: ReadableSpan, key: str) -> Any:
    """An attribute."""
    return (span.attributes or {}).get(key)


def parsed(span: ReadableSpan, key: str) -> Any:
    """An attribute that holds JSON."""
    return json.loads(str(told(span, key)))
