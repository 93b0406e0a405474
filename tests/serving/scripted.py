"""An OpenAI-compatible server on loopback that says what it was told to, without a model.

with scripted_server(completion("On the left."), stream("On", " the left.")) as server:
    ...  # ask server.base_url; look at server.requests
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from tests.serving._http import Answer, Loopback, Request, running
from tests.serving.faults import PASS, Fault

JsonObject = dict[str, Any]
Scripted = Answer | Callable[[Request], Answer]
USAGE = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}


def answered(value: object, *, status: int = 200) -> Answer:
    """A JSON body."""
    body = json.dumps(value, ensure_ascii=False).encode()
    headers = {"Content-Type": "application/json"}
    return Answer(status=status, headers=headers, pieces=(body,), length=len(body))


def completion(
    text: str | None = None,
    *,
    tool_calls: Sequence[tuple[str, Mapping[str, object] | str]] = (),
    finish_reason: str | None = None,
    usage: Mapping[str, int] | None = USAGE,
    **message: object,
) -> Answer:
    """A chat completion.

    Args:
        text: Its content.
        tool_calls: Names and arguments; arguments given as text are sent as they are.
        finish_reason: `stop`, or `tool_calls` where there are any, if left out.
        usage: Token counts; None to leave them out.
        **message: More fields of the message, such as `reasoning_content`.
    """
    said: JsonObject = {"role": "assistant", "content": text, **message}
    if tool_calls:
        said["tool_calls"] = [
            {"id": f"call_{index}", "type": "function", "function": called(name, arguments)}
            for index, (name, arguments) in enumerate(tool_calls)
        ]
    reason = finish_reason or ("tool_calls" if tool_calls else "stop")
    choice = {"index": 0, "message": said, "finish_reason": reason, "logprobs": None}
    value: JsonObject = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": "scripted",
        "choices": [choice],
    }
    return answered(value if usage is None else value | {"usage": dict(usage)})


def called(name: str, arguments: Mapping[str, object] | str) -> JsonObject:
    """A function call, its arguments as JSON text, as the protocol has them."""
    written = arguments if isinstance(arguments, str) else json.dumps(dict(arguments))
    return {"name": name, "arguments": written}


def chunk(
    delta: Mapping[str, object] | None = None,
    *,
    finish_reason: str | None = None,
    usage: Mapping[str, int] | None = None,
) -> JsonObject:
    """One chunk of a stream. Without a delta it has no choices, as the last one with usage."""
    choice = {"index": 0, "delta": dict(delta or {}), "finish_reason": finish_reason}
    value: JsonObject = {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1_700_000_000,
        "model": "scripted",
        "choices": [] if delta is None and finish_reason is None else [choice],
    }
    return value if usage is None else value | {"usage": dict(usage)}


def stream(
    *parts: str | Mapping[str, object],
    finish_reason: str = "stop",
    usage: Mapping[str, int] | None = USAGE,
    done: bool = True,
) -> Answer:
    """A whole stream: the role, the parts, the reason it ended, the usage, `[DONE]`.

    Args:
        *parts: Text, or deltas such as `{"tool_calls": […]}`.
        finish_reason: In the last chunk with a choice.
        usage: In a chunk of its own, without choices; None to leave it out.
        done: Whether it ends with `[DONE]`.
    """
    deltas = [{"content": part} if isinstance(part, str) else dict(part) for part in parts]
    chunks = [
        chunk({"role": "assistant", "content": ""}),
        *(chunk(delta) for delta in deltas),
        chunk({}, finish_reason=finish_reason),
        *([] if usage is None else [chunk(usage=usage)]),
    ]
    return streamed(*chunks, done=done)


def streamed(*chunks: JsonObject, done: bool = True) -> Answer:
    """Server-sent events, one write each."""
    events = [b"data: " + json.dumps(one, ensure_ascii=False).encode() for one in chunks]
    pieces = [event + b"\n\n" for event in (*events, *([b"data: [DONE]"] if done else []))]
    return Answer(headers={"Content-Type": "text/event-stream"}, pieces=pieces)


class Script(Loopback):
    """A server with a script. When its answers are used up, the last one is given again."""

    def __init__(self, answers: Sequence[Scripted], models: Sequence[str]) -> None:
        super().__init__(self._respond)
        self._answers = list(answers)
        self._models = models
        self._plan: list[Fault] = []

    def answer(self, *answers: Scripted) -> None:
        """Sets what is said from now on."""
        self._answers = list(answers)

    def plan(self, faults: Sequence[Fault]) -> None:
        """Sets what goes wrong with the next requests; afterwards nothing does."""
        self._plan = list(faults)

    def _respond(self, request: Request) -> Answer:
        fault = self._plan.pop(0) if self._plan else PASS
        return fault.applied(request, self._said, self.stopped)

    def _said(self, request: Request) -> Answer:
        if request.path.endswith("/models"):
            listed = [{"id": name, "object": "model", "owned_by": "test"} for name in self._models]
            return answered({"object": "list", "data": listed})
        if not self._answers:
            return answered({"error": {"message": "the script is empty"}}, status=501)
        said = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        return said if isinstance(said, Answer) else said(request)


@contextmanager
def scripted_server(*answers: Scripted, models: Sequence[str] = ("scripted",)) -> Generator[Script]:
    """A server that gives these answers in turn.

    Args:
        *answers: Each an answer, or what makes one of a request.
        models: What `/v1/models` lists.
    """
    with running(Script(answers, models)) as server:
        yield server
