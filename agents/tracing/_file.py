"""A trace as a file: OpenTelemetry's JSON with the pictures beside it, there whatever happens."""

from __future__ import annotations

import json
import logging
import os
import re
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, cast

from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanLimits, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_ON

from deixis.agents.tracing._errors import TraceError
from deixis.agents.tracing._tracing import Tracing
from deixis.vision import ImageRecord, ImageStore

VERSION: Final = 1
KEY: Final = "deixis_trace"
"""The key by which a file is known to be a trace of ours; its value is the version."""

_EVERY: Final = 1.0  # seconds after which what has changed is written
_ENDINGS: Final = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp"}
_PICTURE: Final = re.compile(r"[0-9a-f]{64}\.(?:png|jpg|webp|bin)")
_log = logging.getLogger(__name__)
Json = dict[str, Any]


class TraceFile:
    """Writes down what agents do: `VisionAgent(tracing=trace.tracing)`.

    ```python
    with TraceFile("out.json") as trace:
        VisionAgent(tracing=trace.tracing).ask("Where is ENT?", "guide.jpg")
    ```

    The file is one JSON document in OpenTelemetry's form (OTLP), which other viewers read, too;
    beside it, in `out.images/`, are the pictures under their hashes. It is written anew about
    every second and at the end, each time whole or not at all, so it is there also when the run
    fails or is killed. Words are in it, keys and pictures' bytes are not. Only the owner can read
    it.

    Args:
        path: Of the file; one that is there is replaced.
        longest: Characters of one text that are kept.
        secrets: Values that must not appear, beside what `Tracing` hides by itself.

    Raises:
        TraceError: It can't be written there.
    """

    def __init__(
        self, path: str | Path, *, longest: int = 20_000, secrets: Sequence[str] = ()
    ) -> None:
        self.path = Path(path).expanduser()
        if not self.path.name or self.path.is_dir():
            raise TraceError(f"{path} can't be a trace: name a file, such as out.json")
        self.pictures = pictures_of(self.path)
        _check(self.path, self.pictures)
        self._kept: dict[str, str] = {}
        self._lock = threading.Lock()
        self._recorder = _Recorder(self._changed)
        self._due: threading.Timer | None = None
        self._closed = False
        self._provider = TracerProvider(
            # Nothing of it may depend on settings that are meant for another exporter.
            sampler=ALWAYS_ON,
            resource=Resource({"service.name": "deixis"}),
            span_limits=SpanLimits(
                max_attributes=SpanLimits.UNSET,
                max_events=SpanLimits.UNSET,
                max_span_attributes=SpanLimits.UNSET,
                max_event_attributes=SpanLimits.UNSET,
                max_attribute_length=SpanLimits.UNSET,
                max_span_attribute_length=SpanLimits.UNSET,
            ),
            shutdown_on_exit=False,
        )
        self._provider.add_span_processor(self._recorder)
        self.tracing = Tracing(
            tracer_provider=self._provider,
            content=True,
            longest=longest,
            secrets=secrets,
            seen=self._keep,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self.close()
        except TraceError as failure:
            # What went wrong before is what the user is to be told of.
            if error is None:
                raise
            _log.warning("%s", failure)

    def close(self) -> None:
        """Writes the file for the last time.

        Raises:
            TraceError: It can't be written.
        """
        try:
            with self._lock:
                self._closed = True
                if self._due is not None:
                    self._due.cancel()
                _replace(self.path, self._recorder.document(self._kept), sync=True)
                self._tidy()
        except OSError as error:
            raise _unwritable(self.path, error) from error

    def _changed(self) -> None:
        """Sees to it that what has begun or ended is written soon: a run may be killed."""
        with self._lock:
            if self._due is None and not self._closed:
                self._due = threading.Timer(_EVERY, self._write)
                self._due.daemon = True
                self._due.start()

    def _write(self) -> None:
        """Writes what there is by now; what can't be written now may be at the end."""
        with self._lock, suppress(OSError):
            self._due = None
            if not self._closed:
                _replace(self.path, self._recorder.document(self._kept), sync=False)

    def _keep(self, record: ImageRecord, store: ImageStore) -> None:
        """Puts a picture beside the trace."""
        if record.sha256 in self._kept:
            return
        image = store.get(record.sha256)
        name = f"{record.sha256}.{_ENDINGS.get(image.mime, 'bin')}"
        with self._lock:
            self.pictures.mkdir(mode=0o700, exist_ok=True)
            _replace(self.pictures / name, image.data, sync=False)
            self._kept[record.sha256] = name

    def _tidy(self) -> None:
        """Takes away the pictures of an earlier trace that the file replaces."""
        if not self.pictures.is_dir():
            return
        for path in self.pictures.iterdir():
            if _PICTURE.fullmatch(path.name) and path.name not in self._kept.values():
                path.unlink()
        with suppress(OSError):  # it isn't empty
            self.pictures.rmdir()


class _Recorder(SpanProcessor):
    """Keeps spans as OpenTelemetry's JSON writes them.

    Args:
        changed: Told when one begins or ends.
    """

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed
        self._open: dict[int, Span] = {}
        self._done: list[Json] = []
        self._lock = threading.Lock()

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:  # noqa: ARG002
        """Notes a span that begins."""
        with self._lock:
            self._open[span.get_span_context().span_id] = span
        self._changed()

    def on_end(self, span: ReadableSpan) -> None:
        """Keeps a span that has ended."""
        told = span_json(span)
        with self._lock:
            self._open.pop(int(told["spanId"], 16), None)
            self._done.append(told)
        self._changed()

    def document(self, pictures: Mapping[str, str]) -> bytes:
        """All there is by now; spans that are still open are marked `deixis.unfinished`.

        Args:
            pictures: Files of the pictures, by hash.
        """
        with self._lock:
            spans = [*self._done, *(span_json(span) for span in self._open.values())]
        spans.sort(key=lambda span: int(span["startTimeUnixNano"]))
        resource = {"attributes": _attributes({"service.name": "deixis"})}
        scopes = [{"scope": {"name": "deixis"}, "spans": spans}]
        told = {
            KEY: VERSION,
            "resourceSpans": [{"resource": resource, "scopeSpans": scopes}],
            "images": _images(spans, pictures),
        }
        return json.dumps(told, ensure_ascii=False, indent=1).encode("utf-8", "replace")


def pictures_of(path: Path) -> Path:
    """The folder of a trace's pictures, beside it."""
    return path.with_name(f"{path.stem}.images")


def span_json(span: ReadableSpan) -> Json:
    """A span as OTLP's JSON: ids in hex, times as texts of nanoseconds, kinds by number."""
    context = cast("Any", span.get_span_context())
    attributes = dict(span.attributes or {})
    if span.end_time is None:
        attributes["deixis.unfinished"] = True
    told: Json = {
        "traceId": f"{context.trace_id:032x}",
        "spanId": f"{context.span_id:016x}",
        "name": span.name,
        "kind": span.kind.value + 1,
        "startTimeUnixNano": str(span.start_time or 0),
        "endTimeUnixNano": str(span.end_time or time.time_ns()),
        "attributes": _attributes(attributes),
        "status": {"code": span.status.status_code.value},
    }
    if span.parent is not None:
        told["parentSpanId"] = f"{span.parent.span_id:016x}"
    if span.status.description:
        told["status"]["message"] = span.status.description
    if span.events:
        told["events"] = [
            {
                "timeUnixNano": str(event.timestamp),
                "name": event.name,
                "attributes": _attributes(event.attributes or {}),
            }
            for event in span.events
        ]
    return told


def _attributes(attributes: Mapping[str, Any]) -> list[Json]:
    return [{"key": key, "value": _value(value)} for key, value in attributes.items()]


def _value(value: Any) -> Json:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return {"arrayValue": {"values": [_value(one) for one in cast("Sequence[Any]", value)]}}
    return {"stringValue": str(value)}


def _images(spans: Sequence[Json], pictures: Mapping[str, str]) -> list[Json]:
    """Each image once, with the handles that runs knew it by and the spans where it came up."""
    found: dict[str, Json] = {}
    for span in spans:
        for attribute in span["attributes"]:
            if attribute["key"] != "deixis.images.new":
                continue
            for record in json.loads(attribute["value"]["stringValue"]):
                known = found.setdefault(
                    record["sha256"],
                    {
                        "sha256": record["sha256"],
                        "width": record["width"],
                        "height": record["height"],
                        "source": record.get("source"),
                        "page": record.get("page"),
                        "file": pictures.get(record["sha256"]),
                        "seen": [],
                    },
                )
                seen = {key: record[key] for key in ("image", "parent", "region") if key in record}
                known["seen"].append({"span": span["spanId"], **seen})
    return [{k: v for k, v in image.items() if v is not None} for image in found.values()]


def _replace(path: Path, data: bytes, *, sync: bool) -> None:
    """Writes a file for its owner alone, whole or not at all."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".deixis-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            if sync:
                file.flush()
                os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _check(path: Path, pictures: Path) -> None:
    """Refuses what can't be written before any work is done."""
    if not path.parent.is_dir():
        raise TraceError(f"there is no folder {path.parent}: make it first")
    if path == pictures:
        raise TraceError(f"{path} can't be a trace: name a file, such as out.json")
    if pictures.is_symlink() or (pictures.exists() and not pictures.is_dir()):
        raise TraceError(f"the pictures go to {pictures}, which is no folder: choose another name")
    if not os.access(path.parent, os.W_OK):
        raise TraceError(f"{path} can't be written: choose another name")
    if os.environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        raise TraceError("OTEL_SDK_DISABLED keeps anything from being traced: unset it")


def _unwritable(path: Path, error: OSError) -> TraceError:
    return TraceError(f"{path} can't be written ({error.strerror or error}): choose another name")
