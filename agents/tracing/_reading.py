"""A trace's file read again: what happened as a tree. What is in it was written by anybody."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Final, Literal, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from deixis.agents.tracing._errors import TraceError
from deixis.vision import Box, Detection, ImageError, Point, VisionImage, load_image

Kind = Literal["agent", "step", "model", "tool", "approval", "other"]

_KEY: Final = "deixis_trace"
_VERSION: Final = 1
_MOST_BYTES: Final = 256 * 2**20
_MOST_SPANS: Final = 50_000
_DEEPEST: Final = 64
_PICTURE: Final = re.compile(r"[0-9a-f]{64}\.(?:png|jpg|webp|bin)")
_KINDS: Final[dict[str, Kind]] = {
    "invoke_agent": "agent",
    "chat": "model",
    "execute_tool": "tool",
    "approval": "approval",
    "step": "step",
}


_Nanoseconds = Annotated[int, Field(ge=0, lt=2**63)]


class _Loose(BaseModel):
    """OTLP may hold more than we know."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class _List(_Loose):
    values: tuple[_Value, ...] = ()


class _Value(_Loose):
    stringValue: str | None = None  # noqa: N815  (OTLP's names)
    boolValue: bool | None = None  # noqa: N815
    intValue: int | None = None  # noqa: N815
    doubleValue: Annotated[float, Field(allow_inf_nan=False)] | None = None  # noqa: N815
    arrayValue: _List | None = None  # noqa: N815

    def plain(self) -> Any:
        if self.arrayValue is not None:
            return [one.plain() for one in self.arrayValue.values]
        known = (self.stringValue, self.boolValue, self.intValue, self.doubleValue)
        return next((value for value in known if value is not None), None)


class _Attribute(_Loose):
    key: str
    value: _Value = _Value()


class _Event(_Loose):
    name: str
    timeUnixNano: _Nanoseconds = 0  # noqa: N815
    attributes: tuple[_Attribute, ...] = ()


class _Status(_Loose):
    code: int = 0
    message: str = ""


class _Span(_Loose):
    traceId: str  # noqa: N815
    spanId: str  # noqa: N815
    parentSpanId: str = ""  # noqa: N815
    name: str
    startTimeUnixNano: _Nanoseconds  # noqa: N815
    endTimeUnixNano: _Nanoseconds  # noqa: N815
    attributes: tuple[_Attribute, ...] = ()
    events: tuple[_Event, ...] = ()
    status: _Status = _Status()


class _Scope(_Loose):
    spans: tuple[_Span, ...] = ()


class _Resource(_Loose):
    scopeSpans: tuple[_Scope, ...] = ()  # noqa: N815


class _Seen(_Loose):
    span: str
    image: str


class _Image(_Loose):
    sha256: str
    width: int = Field(gt=0)
    height: int = Field(gt=0)
    source: str = ""
    file: str | None = None
    seen: tuple[_Seen, ...] = ()


class _Document(_Loose):
    deixis_trace: int
    resourceSpans: tuple[_Resource, ...] = ()  # noqa: N815
    images: tuple[_Image, ...] = ()


@dataclass(frozen=True, kw_only=True)
class TracedEvent:
    """Something that happened at one moment.

    Attributes:
        name: Such as `deixis.restarted`.
        at: Seconds since the trace began.
        attributes: What is told of it.
    """

    name: str
    at: float
    attributes: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class TracedImage:
    """An image that came up.

    Attributes:
        sha256: Its hash.
        size: Width and height in pixels.
        source: Where it came from.
        file: Where its bytes are, if they are kept.
        handles: Its name in a run, by the span where it came up.
    """

    sha256: str
    size: tuple[int, int]
    source: str
    file: Path | None
    handles: dict[str, str]

    def load(self) -> VisionImage | None:
        """The picture; None where it is gone or damaged."""
        if self.file is None:
            return None
        try:
            image = load_image(self.file)
        except (ImageError, OSError):
            return None
        return image if image.sha256 == self.sha256 else None


@dataclass(kw_only=True)
class Node:
    """One span: an agent's run, a step, a call of a model or a tool, a question to a person.

    Attributes:
        id: Of the span.
        kind: What it is.
        name: Whose: the agent's, the model's, the tool's.
        start: Seconds since the trace began.
        end: The same.
        attributes: What is told of it.
        events: What happened in it.
        error: What went wrong, in words or by its kind.
        children: What happened within it, in order.
    """

    id: str
    kind: Kind
    name: str
    start: float
    end: float
    attributes: dict[str, Any]
    events: tuple[TracedEvent, ...] = ()
    error: str | None = None
    children: list[Node] = field(default_factory=list["Node"])

    @property
    def seconds(self) -> float:
        """How long it took."""
        return max(0.0, self.end - self.start)

    def walk(self) -> Iterator[Node]:
        """It and all within it, in order."""
        yield self
        for child in self.children:
            yield from child.walk()

    def text(self, key: str) -> str:
        """An attribute as text; empty where there is none."""
        value = self.attributes.get(key)
        return "" if value is None else str(value)

    def number(self, key: str) -> int:
        """An attribute as a number; 0 where there is none."""
        value = self.attributes.get(key)
        return value if isinstance(value, int) and not isinstance(value, bool) else 0

    def json(self, key: str) -> Any:
        """An attribute that holds JSON; None where it can't be read."""
        try:
            return json.loads(self.text(key)) if self.text(key) else None
        except (ValueError, RecursionError):
            return None

    def words(self, key: str) -> str:
        """The text of an attribute that holds messages: that of the last one."""
        messages = self.json(key)
        if not isinstance(messages, list) or not messages:
            return ""
        last = cast("list[Any]", messages)[-1]
        parts = cast("dict[str, Any]", last).get("parts") if isinstance(last, dict) else None
        texts: list[str] = []
        for part in cast("list[Any]", parts) if isinstance(parts, list) else []:
            if isinstance(part, dict):
                content = cast("dict[str, Any]", part).get("content")
                texts += [content] if isinstance(content, str) else []
        return "\n".join(texts)

    def places(self, key: str) -> list[Detection]:
        """The places that an attribute holds, in original pixels."""
        told = self.json(key)
        found = cast("list[object]", told) if isinstance(told, list) else []
        return [place for one in found if (place := place_of(one)) is not None]


@dataclass(frozen=True, kw_only=True)
class Trace:
    """What happened.

    Attributes:
        began: Seconds since 1970.
        seconds: How long all of it took.
        roots: The runs, in order.
        images: What was seen.
    """

    began: float
    seconds: float
    roots: tuple[Node, ...]
    images: tuple[TracedImage, ...]

    def walk(self) -> Iterator[Node]:
        """All that happened, in order."""
        for root in self.roots:
            yield from root.walk()

    def image(self, handle: str, path: Sequence[Node]) -> TracedImage | None:
        """The image that a handle names in a run.

        Args:
            handle: Such as `img_1`; each run has its own.
            path: From the root to where it is named.
        """
        runs = [node for node in path if node.kind == "agent"]
        for run in reversed(runs):
            inside = {node.id for node in _own(run)}
            for image in self.images:
                if any(image.handles.get(one) == handle for one in inside):
                    return image
        return None


def read_trace(path: str | Path) -> Trace:
    """Reads a trace's file.

    Raises:
        TraceError: It isn't there, or is no trace of ours.
    """
    path = Path(path).expanduser()
    document = _document(path)
    spans = [
        span
        for resource in document.resourceSpans
        for scope in resource.scopeSpans
        for span in scope.spans
    ]
    if len(spans) > _MOST_SPANS:
        raise TraceError(f"{path} holds {len(spans):,} spans: {_MOST_SPANS:,} can be shown")
    began = min((span.startTimeUnixNano for span in spans), default=0)
    ended = max((span.endTimeUnixNano for span in spans), default=0)
    return Trace(
        began=began / 1e9,
        seconds=max(0, ended - began) / 1e9,
        roots=tuple(_tree(spans, began, path)),
        images=tuple(_image(image, path) for image in document.images),
    )


def _document(path: Path) -> _Document:
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise TraceError(f"{path} can't be read ({error.strerror or error})") from error
    if len(data) > _MOST_BYTES:
        raise TraceError(f"{path} is over {_MOST_BYTES // 2**20} MB: that is no trace of ours")
    try:
        read = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise TraceError(f"{path} is no JSON: give a file that --trace wrote") from error
    version = cast("dict[str, Any]", read).get(_KEY) if isinstance(read, dict) else None
    if version is None:
        raise TraceError(f"{path} is no trace of ours: give a file that --trace wrote")
    if version != _VERSION:
        raise TraceError(f"{path} is a trace of version {version!r}, and this reads {_VERSION}")
    try:
        return _Document.model_validate(read)
    except (ValidationError, RecursionError) as error:
        raise TraceError(f"{path} is a damaged trace: {_first(error)}") from error


def _first(error: Exception) -> str:
    if not isinstance(error, ValidationError):
        return "it is nested too deep"
    detail = error.errors(include_url=False, include_context=False, include_input=False)[0]
    return f"{'.'.join(map(str, detail['loc']))}: {detail['msg'].lower()}"


def _tree(spans: Sequence[_Span], began: int, path: Path) -> list[Node]:
    nodes = {span.spanId: _node(span, began) for span in spans}
    if len(nodes) < len(spans):
        raise TraceError(f"{path} is a damaged trace: two of its spans have one id")
    roots: list[Node] = []
    for span in sorted(spans, key=lambda span: span.startTimeUnixNano):
        above = nodes.get(span.parentSpanId)
        (roots if above is None else above.children).append(nodes[span.spanId])
    reached, layer = 0, roots
    for _ in range(_DEEPEST):
        reached += len(layer)
        layer = [child for node in layer for child in node.children]
    if layer or reached != len(spans):
        raise TraceError(f"{path} is a damaged trace: its spans don't make a tree")
    return roots


def _node(span: _Span, began: int) -> Node:
    attributes = {one.key: one.value.plain() for one in span.attributes}
    word, _, name = span.name.partition(" ")
    kind = _KINDS.get(word, "other")
    error = None
    if span.status.code == 2:  # OTLP's code of an error
        error = span.status.message or str(attributes.get("error.type") or "failed")
    return Node(
        id=span.spanId,
        kind=kind,
        name=name if kind != "other" else span.name,
        start=(span.startTimeUnixNano - began) / 1e9,
        end=(span.endTimeUnixNano - began) / 1e9,
        attributes=attributes,
        events=tuple(
            TracedEvent(
                name=event.name,
                at=(event.timeUnixNano - began) / 1e9,
                attributes={one.key: one.value.plain() for one in event.attributes},
            )
            for event in span.events
        ),
        error=error,
    )


def _image(image: _Image, path: Path) -> TracedImage:
    """An image; its file only where that lies beside the trace."""
    from deixis.agents.tracing._file import pictures_of

    name = image.file if image.file and _PICTURE.fullmatch(image.file) else None
    return TracedImage(
        sha256=image.sha256,
        size=(image.width, image.height),
        source=image.source,
        file=None if name is None else pictures_of(path) / name,
        handles={seen.span: seen.image for seen in image.seen},
    )


def _own(run: Node) -> Iterator[Node]:
    """A run's spans, without those of the runs within it."""
    yield run
    for child in run.children:
        if child.kind != "agent":
            yield from _own(child)


def place_of(told: object) -> Detection | None:
    """A place as a trace tells it; None for what is none."""
    if not isinstance(told, dict):
        return None
    given = cast("dict[str, Any]", told)
    try:
        box, point = given.get("box"), given.get("point")
        return Detection(
            label=str(given.get("name") or ""),
            image=given.get("image"),
            box=None if box is None else Box(x1=box[0], y1=box[1], x2=box[2], y2=box[3]),
            point=None if point is None else Point(x=point[0], y=point[1]),
        )
    except (ValidationError, TypeError, IndexError, KeyError, ValueError):
        return None
