"""What an agent gives back: an answer with its evidence, and the events on the way to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from deixis.vision import Box, Detection, Point


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
        name: Of the tool.
        arguments: As the model gave them, in its own frame.
        description: What would happen, for the person to judge.
        places: Where, in original pixels, each with the handle of its image.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    arguments: dict[str, Any]
    description: str = ""
    places: tuple[Point | Box, ...] = ()


class Decision(BaseModel):
    """A person's word on a tool call.

    Attributes:
        allow: Whether it may run.
        reason: Told to the model when it may not.
    """

    model_config = ConfigDict(frozen=True)

    allow: bool
    reason: str = ""


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


@dataclass(frozen=True, kw_only=True)
class TextDelta:
    """More of the answer's prose."""

    text: str
    kind: Literal["text"] = "text"


@dataclass(frozen=True, kw_only=True)
class Restarted:
    """The model's connection broke off: forget this step's text, it comes again from the start."""

    kind: Literal["restarted"] = "restarted"


@dataclass(frozen=True, kw_only=True)
class ToolStarted:
    """A tool was called."""

    name: str
    arguments: dict[str, Any]
    call_id: str
    kind: Literal["tool_started"] = "tool_started"


@dataclass(frozen=True, kw_only=True)
class ToolFinished:
    """A tool gave its result, or refused."""

    name: str
    ok: bool
    text: str
    call_id: str
    kind: Literal["tool_finished"] = "tool_finished"


@dataclass(frozen=True, kw_only=True)
class ApprovalNeeded:
    """The run waits until a person has decided on these calls."""

    calls: Sequence[PendingCall]
    kind: Literal["approval"] = "approval"


@dataclass(frozen=True, kw_only=True)
class Finished:
    """The run is over."""

    answer: Answer
    kind: Literal["finished"] = "finished"


AgentEvent = TextDelta | Restarted | ToolStarted | ToolFinished | ApprovalNeeded | Finished
