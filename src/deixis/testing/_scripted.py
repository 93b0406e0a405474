"""A vision model that says what it was told to say."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, ToolCall
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from pydantic import PrivateAttr

from deixis.vision import Dialect, PixelDialect, VisionModel
from deixis.vision._model import broken_call, tool_call_chunks


@dataclass(frozen=True)
class Say:
    """The model answers.

    Attributes:
        text: Its prose.
        places: What its answer rests on, in the frame of its dialect.
        facts: What it states.
        found: Whether it says that the answer was there; None leaves the JSON block out where
            there are neither places nor facts.
    """

    text: str
    places: Sequence[Mapping[str, Any]] = ()
    facts: Mapping[str, str | None] = field(default_factory=dict[str, "str | None"])
    found: bool | None = None

    def words(self) -> str:
        """The reply as a model writes it."""
        if self.found is None and not self.places and not self.facts:
            return self.text
        found = bool(self.places) if self.found is None else self.found
        block = {
            "found": found,
            "facts": dict(self.facts),
            "places": [dict(p) for p in self.places],
        }
        return f"{self.text}\n\n```json\n{json.dumps(block, ensure_ascii=False)}\n```"


@dataclass(frozen=True)
class Call:
    """The model calls a tool; several in a row in one list are called at once.

    Attributes:
        name: Of the tool.
        arguments: Places in the frame of its dialect.
        text: Prose before the call.
    """

    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict[str, Any])
    text: str = ""


@dataclass(frozen=True)
class BadCall:
    """The model calls a tool in words that can't be read.

    Attributes:
        name: Of the tool, as far as it can be told.
        words: What it wrote for arguments.
        reason: Why that can't be read.
    """

    name: str
    words: str
    reason: str = "its arguments are no JSON"


@dataclass(frozen=True)
class Fail:
    """The model breaks down with an error.

    Attributes:
        error: What is raised.
        after: What it had said by then, where its answer is streamed.
    """

    error: Exception
    after: str = ""


Step = Say | Call | BadCall | Fail | Sequence[Call]
"""What the model does when it is asked; a function of the messages gives one on the spot."""


class ScriptedModel(VisionModel):
    """Plays a script, step by step, and keeps what it was asked.

    As a context manager it fails when the script isn't played to its end; asked beyond the end
    it raises at once.

    Args:
        steps: What it does, each time it is asked; or functions of the messages it was given.
        dialect: How it writes places; original pixels by default.
    """

    _steps: list[Step | Callable[[Sequence[BaseMessage]], Step]] = PrivateAttr()
    _dialect: Dialect = PrivateAttr()
    _played: list[int] = PrivateAttr()
    _asked: list[list[BaseMessage]] = PrivateAttr(default_factory=list[list[BaseMessage]])
    _offered: list[list[dict[str, Any]]] = PrivateAttr(default_factory=list[list[dict[str, Any]]])

    def __init__(
        self,
        steps: Sequence[Step | Callable[[Sequence[BaseMessage]], Step]],
        *,
        dialect: Dialect | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._steps = list(steps)
        self._dialect = dialect or PixelDialect("scripted")
        # In a list, since the agent works on a copy of the model that must share the count.
        self._played = [0]

    @property
    def dialect(self) -> Dialect:
        """The dialect given."""
        return self._dialect

    @property
    def _llm_type(self) -> str:
        return "deixis-scripted"

    @property
    def asked(self) -> Sequence[Sequence[BaseMessage]]:
        """The messages of each time it was asked."""
        return self._asked

    @property
    def offered(self) -> Sequence[Sequence[dict[str, Any]]]:
        """The tools of each time it was asked, as they were worded for it."""
        return self._offered

    @property
    def unused(self) -> Sequence[Step | Callable[[Sequence[BaseMessage]], Step]]:
        """The steps that haven't been played."""
        return self._steps[self._played[0] :]

    def assert_done(self) -> None:
        """Fails when a step is left unused.

        Raises:
            AssertionError: One is; it is shown.
        """
        if self.unused:
            raise AssertionError(
                f"{len(self.unused)} of {len(self._steps)} scripted steps unused, "
                f"the next is {self.unused[0]!r}"
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            self.assert_done()

    def _next(self, messages: Sequence[BaseMessage], kwargs: Mapping[str, Any]) -> tuple[Step, int]:
        self._asked.append(list(messages))
        self._offered.append(list(kwargs.get("tools") or []))
        number = self._played[0]
        if number >= len(self._steps):
            raise AssertionError(
                f"asked {number + 1} times, and the script has {len(self._steps)} steps"
            )
        self._played[0] += 1
        step = self._steps[number]
        return (step(messages) if callable(step) else step), number

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        del stop, run_manager
        message = _message(*self._next(messages, kwargs))
        return ChatResult(generations=[ChatGeneration(message=message)])

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        del stop
        step, number = self._next(messages, kwargs)
        for piece in _pieces(step.after) if isinstance(step, Fail) else ():
            yield _told(AIMessageChunk(content=piece), run_manager)
        message = _message(step, number)
        *pieces, last = _pieces(str(message.text)) or [""]
        for piece in pieces:
            yield _told(AIMessageChunk(content=piece), run_manager)
        final = AIMessageChunk(
            content=last, tool_call_chunks=tool_call_chunks(message), chunk_position="last"
        )
        yield _told(final, run_manager)


def _pieces(text: str) -> list[str]:
    return [text[i : i + 7] for i in range(0, len(text), 7)]


def _told(
    message: AIMessageChunk, run_manager: CallbackManagerForLLMRun | None
) -> ChatGenerationChunk:
    chunk = ChatGenerationChunk(message=message)
    if run_manager and message.text:
        run_manager.on_llm_new_token(str(message.text), chunk=chunk)
    return chunk


def _message(step: Step, number: int) -> AIMessage:
    if isinstance(step, Fail):
        raise step.error
    if isinstance(step, Say):
        return AIMessage(step.words())
    if isinstance(step, BadCall):
        broken = broken_call(name=step.name, words=step.words, reason=step.reason)
        return AIMessage("", invalid_tool_calls=[broken])
    calls = [step] if isinstance(step, Call) else list(step)
    return AIMessage(
        "".join(call.text for call in calls),
        tool_calls=[
            ToolCall(
                name=call.name,
                args=dict(call.arguments),
                id=f"call_{number}_{index}",
                type="tool_call",
            )
            for index, call in enumerate(calls)
        ],
    )
