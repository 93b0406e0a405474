"""What tracing costs: 20 steps with a scripted model, off and on, side by side.

On without words, on with words, and into a file; each also with ten images in the conversation.
Spans go to an exporter that drops them.
"""

# ruff: noqa: T201

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from PIL import Image

from deixis.agents import AgentLimits, TraceFile, Tracing, VisionAgent
from deixis.vision import ImageStore, VisionImage, load_image
from tests.bench.loop import STEPS, note, scripted

ROUNDS = 9
LIMIT = 1.3


class Dropping(SpanExporter):
    """Takes spans and keeps none."""

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Takes them."""
        del spans
        return SpanExportResult.SUCCESS


def run() -> None:
    """Print the time of a step without tracing, and the others over it."""
    pictures = [
        load_image(Image.effect_noise((640, 480), 20 + number).convert("RGB"))
        for number in range(10)
    ]
    with TemporaryDirectory() as name:
        for images in ([], pictures):
            compare(images, Path(name))


def compare(images: Sequence[VisionImage], folder: Path) -> None:
    """Print the ratios with some images."""
    provider = TracerProvider(sampler=ALWAYS_ON, shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(Dropping()))
    ways: dict[str, Callable[[], Any]] = {
        "off": lambda: given(None),
        "on": lambda: given(Tracing(tracer_provider=provider)),
        "on, with words": lambda: given(Tracing(tracer_provider=provider, content=True)),
        "into a file": lambda: filed(folder / "out.json"),
    }
    times: dict[str, list[float]] = {way: [] for way in ways}
    for number in range(ROUNDS + 1):
        for way, tracing in ways.items():
            seconds = taken(images, tracing)
            if number:  # the first round warms up
                times[way].append(seconds)
    what = f"{len(images)} images" if images else "no images"
    base = times.pop("off")
    print(f"tracing off, {what}: {median(base) / STEPS * 1000:.1f} CPU-ms a step")
    for way, others in times.items():
        ratio = median(a / b for a, b in zip(others, base, strict=True))
        limit = f" (at most {LIMIT})" if way == "on" else ""
        print(f"tracing {way} over off, {what}: {ratio:.2f}{limit}")


def taken(images: Sequence[VisionImage], tracing: Callable[[], Any]) -> float:
    """CPU seconds of a run."""
    start = time.process_time()
    with tracing() as told:
        agent = VisionAgent(
            scripted(),
            tools=[note],
            images=ImageStore(),
            limits=AgentLimits(steps=STEPS + 1),
            tracing=told,
        )
        agent.ask("go", list(images))
    return time.process_time() - start


@contextmanager
def given(tracing: Tracing | None) -> Generator[Tracing | None]:
    """Tracing, or none, as it is."""
    yield tracing


@contextmanager
def filed(path: Path) -> Generator[Tracing]:
    """Tracing into a file."""
    with TraceFile(path) as trace:
        yield trace.tracing
