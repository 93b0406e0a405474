"""What an agent gives back: an answer with its evidence, and the events on the way to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar, cast

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StrictBool

from deixis.vision import Box, Detection, ImageRecord, Point

ValueT = TypeVar("ValueT", bound=BaseModel)


class ToolCallRecord(BaseModel):
    """A tool call that was made.

    Attributes:
        name: Of the tool.
        arguments: As the model gave them, in its own frame.
        ok: Whether the tool did it.
        data: What it gave for a program, as JSON: `ToolResult.data`. Not written with the rest.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    arguments: dict[str, Any]
    ok: bool
    data: JsonValue = Field(default=None, exclude=True)


class Picture(BaseModel):
    """An image that a tool made for the user to see.

    Attributes:
        image: Its handle.
        alt: What is to be seen on it, for who can't see it.
    """

    model_config = ConfigDict(frozen=True)

    image: str
    alt: str = ""


class PendingCall(BaseModel):
    """A tool call that waits for a person's word.

    Attributes:
        name: Of the tool; empty where a tool of LangGraph's asks something by itself.
        arguments: As the model gave them, in its own frame.
        description: What would happen, for the person to judge.
        places: Where, in original pixels, each with the handle of its image.
        agent: Who wants it: the agent asked, or one that it has asked.
        images: The images that `places` are on: an inner agent's are not in the conversation yet.
        question: What a tool of LangGraph's wants to know (`interrupt`); `Decision.value` is
            the answer.
        id: Names this call, for `Decision.call`.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    arguments: dict[str, Any]
    description: str = ""
    places: tuple[Point | Box, ...] = ()
    agent: str = ""
    images: tuple[ImageRecord, ...] = ()
    question: JsonValue = None
    id: str = ""


class Decision(BaseModel):
    """A person's word on a tool call.

    Attributes:
        allow: Whether it may run.
        reason: Told to the model when it may not.
        value: The answer, where the call asks a question.
        call: Id of the call that the person was shown: where time has passed since, a decision
            that names it is refused for any other.
    """

    model_config = ConfigDict(frozen=True)

    allow: StrictBool
    reason: str = ""
    value: JsonValue = None
    call: str = ""


Approver = Callable[[PendingCall], Decision | bool]
"""Asked for each call of a tool that needs approval."""


class Answer(BaseModel):
    """An answer and what it rests on.

    Attributes:
        answer: In the asker's language.
        found: Whether what was seen holds the answer.
        language: Of the answer, as a BCP 47 tag; empty where the model didn't say.
        detections: The places it rests on, in original pixels, each with its image's handle.
        facts: What is stated, by kind: `floor` as the sign writes it, or None.
        tool_calls: Made on the way, in order.
        pictures: Made by tools for the user to see, such as the plan of a route.
        pending: Tool calls that wait for approval; there is no answer yet while there are any.
        model: Name of the model.
        thread: The conversation: ask on in it by this name.
        agent: Name of the agent that answers.
    """

    model_config = ConfigDict(frozen=True)

    answer: str
    found: bool
    language: str = ""
    detections: tuple[Detection, ...] = ()
    facts: dict[str, str | None] = Field(default_factory=dict[str, "str | None"])
    tool_calls: tuple[ToolCallRecord, ...] = ()
    pictures: tuple[Picture, ...] = ()
    pending: tuple[PendingCall, ...] = ()
    model: str
    thread: str
    agent: str = ""


class Structured(Answer, Generic[ValueT]):
    """An answer in a shape that was asked for: `agent.ask(…, returns=Shape)`.

    Attributes:
        value: The answer in that shape, its `Point` and `Box` in original pixels; None only while
            calls wait for approval.
    """

    value: ValueT | None = None


@dataclass(frozen=True, kw_only=True)
class _Spoken:
    """Who it comes from.

    Attributes:
        agent: Name of the agent at work.
        within: Ids of the tool calls by which it was asked, outermost first; empty for the agent
            that talks with the user.
    """

    agent: str = ""
    within: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class TextDelta(_Spoken):
    """More of the answer's prose."""

    text: str
    kind: Literal["text"] = "text"


@dataclass(frozen=True, kw_only=True)
class Restarted(_Spoken):
    """The model's connection broke off: forget this step's text, it comes again from the start."""

    kind: Literal["restarted"] = "restarted"


@dataclass(frozen=True, kw_only=True)
class ToolStarted(_Spoken):
    """A tool was called."""

    name: str
    arguments: dict[str, Any]
    call_id: str
    kind: Literal["tool_started"] = "tool_started"


@dataclass(frozen=True, kw_only=True)
class ToolFinished(_Spoken):
    """A tool gave its result, or refused."""

    name: str
    ok: bool
    text: str
    call_id: str
    kind: Literal["tool_finished"] = "tool_finished"


@dataclass(frozen=True, kw_only=True)
class ApprovalNeeded(_Spoken):
    """The run waits until a person has decided on these calls."""

    calls: Sequence[PendingCall]
    kind: Literal["approval"] = "approval"


@dataclass(frozen=True, kw_only=True)
class Finished(_Spoken):
    """The run is over."""

    answer: Answer
    kind: Literal["finished"] = "finished"


AgentEvent = TextDelta | Restarted | ToolStarted | ToolFinished | ApprovalNeeded | Finished
"""What happens while an agent works, as it streams."""


def places_in(value: object, path: str = "") -> Iterator[tuple[str, Point | Box]]:
    """The points and boxes in a value, however deep, each with its dotted path."""
    if isinstance(value, Point | Box):
        yield path, value
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from places_in(getattr(value, name), f"{path}.{name}" if path else name)
    elif isinstance(value, list | tuple):
        for number, one in enumerate(cast("Sequence[object]", value)):
            yield from places_in(one, f"{path}.{number}" if path else str(number))
    elif isinstance(value, dict):
        for name, one in cast("dict[object, object]", value).items():
            yield from places_in(one, f"{path}.{name}" if path else str(name))
