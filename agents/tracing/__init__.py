"""Seeing what happened: a run as OpenTelemetry spans, in a file, and as something to read.

Importing this package is cheap.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from deixis.agents.tracing._errors import TraceError
    from deixis.agents.tracing._file import TraceFile
    from deixis.agents.tracing._middleware import TracingMiddleware
    from deixis.agents.tracing._reading import Node, Trace, TracedEvent, TracedImage, read_trace
    from deixis.agents.tracing._tracing import Tracing

__all__ = [
    "Node",
    "Trace",
    "TraceError",
    "TraceFile",
    "TracedEvent",
    "TracedImage",
    "Tracing",
    "TracingMiddleware",
    "read_trace",
]

_HOMES = {
    "Node": "_reading",
    "Trace": "_reading",
    "TraceError": "_errors",
    "TraceFile": "_file",
    "TracedEvent": "_reading",
    "TracedImage": "_reading",
    "Tracing": "_tracing",
    "TracingMiddleware": "_middleware",
    "read_trace": "_reading",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"deixis.agents.tracing.{_HOMES[name]}"), name)
