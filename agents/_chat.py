"""The interactive command: questions and answers in turns, streamed."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from deixis.agents._agent import VisionAgent
from deixis.agents._answer import (
    AgentEvent,
    Answer,
    Finished,
    Restarted,
    TextDelta,
    ToolStarted,
)
from deixis.agents._commands import answer_json
from deixis.agents._console import emit, plain, say
from deixis.agents._session import open_agent
from deixis.agents.tracing._commands import traced_to
from deixis.vision import DeixisError, VisionImage, load_images

_HELP = "/image PATH adds a picture, /quit ends; anything else is a question."


def chat(
    images: Sequence[str],
    *,
    model: str,
    user: str | None,
    thread: str | None,
    as_json: bool,
    map_: str | None = None,
    trace: Path | None = None,
) -> None:
    """Answers line by line until the input ends; with JSON, all turns at the end."""
    waiting = [page for image in images for page in load_images(image)]
    with ExitStack() as open_things:
        tracing = open_things.enter_context(traced_to(trace))
        agent, kept = open_agent(model, user=user, map_=map_, tracing=tracing)
        if kept is not None:
            open_things.callback(kept.close)
        turns, thread = _talk(
            agent, waiting, thread=thread, user=user, quiet=as_json, on_map=map_ is not None
        )
    if as_json:
        emit({"turns": turns, "thread": thread})


def _talk(
    agent: VisionAgent,
    waiting: list[VisionImage],
    *,
    thread: str | None,
    user: str | None,
    quiet: bool,
    on_map: bool,
) -> tuple[list[dict[str, Any]], str | None]:
    """All turns until the input ends, and the conversation they were in."""
    if sys.stdin.isatty():
        say(_HELP, dim=True, to_stderr=True)
    turns: list[dict[str, Any]] = []
    for line in _lines():
        if line.startswith("/"):
            if line in ("/quit", "/exit"):
                break
            _command(line, waiting)
            continue
        try:
            answer = _turn(agent, line, waiting, thread=thread, user=user, quiet=quiet)
        except DeixisError as error:
            say(plain(f"deixis: {error}"), to_stderr=True)
            continue
        thread = answer.thread
        waiting.clear()
        turns.append({"question": line, **answer_json(answer, on_map=on_map)})
    return turns, thread


def _lines() -> Iterator[str]:
    while True:
        try:
            line = input("› " if sys.stdin.isatty() else "")
        except EOFError:
            return
        if line.strip():
            yield line.strip()


def _command(line: str, waiting: list[VisionImage]) -> None:
    name, _, argument = line.partition(" ")
    if name != "/image" or not argument.strip():
        say(_HELP, to_stderr=True)
        return
    try:
        waiting.extend(load_images(argument.strip()))
    except DeixisError as error:
        say(plain(f"deixis: {error}"), to_stderr=True)


def _turn(
    agent: VisionAgent,
    question: str,
    images: Sequence[VisionImage],
    *,
    thread: str | None,
    user: str | None,
    quiet: bool,
) -> Answer:
    answer: Answer | None = None
    for event in agent.stream(question, list(images), thread=thread, user=user):
        if isinstance(event, Finished):
            answer = event.answer
        elif not quiet:
            _print(event)
    if not quiet:
        say("")
    assert answer is not None  # noqa: S101  (a stream ends with Finished)
    return answer


def _print(event: AgentEvent) -> None:
    if event.within and isinstance(event, TextDelta | Restarted):
        return  # what agents say to each other
    if isinstance(event, TextDelta):
        say(plain(event.text), end="")
    elif isinstance(event, Restarted):
        say("\n  (the connection broke off: once more)", dim=True, to_stderr=True)
    elif isinstance(event, ToolStarted):
        who = f"{event.agent}: " if event.within else ""
        say(plain(f"  {who}{event.name} {event.arguments}"), dim=True, to_stderr=True)
