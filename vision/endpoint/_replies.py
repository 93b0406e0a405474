"""Replies put together from a server's JSON, whole or in pieces, with the servers' oddities."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import cast

from deixis.vision._dialect import JsonObject
from deixis.vision.qwen._tool_calls import BrokenCall, Prose, Thought, ToolCallStream, ToolUse
from deixis.vision.qwen._tool_json import UnreadableError, read_object

OpenStream = Callable[[bool], ToolCallStream]
"""Makes what takes the text apart; told whether the text begins inside a thought."""

_CUT = "The call is cut off, since the reply grew too long: write a shorter one."


@dataclass(frozen=True, kw_only=True)
class Delta:
    """What one event adds.

    Attributes:
        text: For the asker.
        thought: What the model said to itself.
    """

    text: str = ""
    thought: str = ""


@dataclass(frozen=True, kw_only=True)
class ServerCall:
    """A tool call that can be run.

    Attributes:
        id: Its id, the only one of its reply.
        name: Of the tool.
        arguments: In the model's words.
    """

    id: str
    name: str
    arguments: JsonObject


@dataclass(frozen=True, kw_only=True)
class UnreadCall:
    """A tool call that can't be read.

    Attributes:
        name: Of the tool, where that much can be told.
        raw: The model's words.
        reason: What tells the model how to mend it.
    """

    name: str
    raw: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Usage:
    """Tokens, as the server counted them."""

    given: int
    made: int
    cached: int | None = None
    thought: int | None = None


@dataclass(frozen=True, kw_only=True)
class Ending:
    """What is known at a reply's end.

    Attributes:
        calls: Tool calls, in order.
        unread: Those that can't be read.
        finish: Why it ended: `stop`, `length`, `tool_calls`, …
        model: The model's name as the server gives it.
        usage: Tokens.
    """

    calls: tuple[ServerCall, ...] = ()
    unread: tuple[UnreadCall, ...] = ()
    finish: str | None = None
    model: str | None = None
    usage: Usage | None = None


@dataclass
class _Slot:
    """A tool call as its pieces come in."""

    id: str = ""
    name: str = ""
    pieces: list[str] = field(default_factory=list[str])


class ReplyReader:
    """Puts a reply together.

    Args:
        open_stream: For the text: it holds thoughts, and calls that the server didn't parse.
        thinks: Whether a text that no thought came before begins inside one.
    """

    def __init__(self, open_stream: OpenStream, *, thinks: bool = False) -> None:
        self._open = open_stream
        self._thinks = thinks
        self._stream: ToolCallStream | None = None
        self._guessed = False
        self._said = False
        self._thought: list[str] = []
        self._found: list[ToolUse | BrokenCall] = []
        self._slots: list[_Slot] = []
        self._by_index: dict[int, _Slot] = {}
        self._finish: str | None = None
        self._model: str | None = None
        self._usage: Usage | None = None

    def feed(self, event: JsonObject) -> Delta:
        """What an event adds: a piece of a stream, or a whole answer."""
        if isinstance(model := event.get("model"), str) and model:
            self._model = model
        self._usage = _usage(event.get("usage")) or self._usage
        choice = _first_choice(event)
        if isinstance(finish := choice.get("finish_reason"), str) and finish:
            self._finish = finish
        said = _object(choice.get("delta")) or _object(choice.get("message"))
        for fragment in _fragments(said):
            self._take(fragment)
        thought = _words(said.get("reasoning_content")) or _words(said.get("reasoning"))
        self._thinks = self._thinks and not thought
        text = self._read(_words(said.get("content")))
        return Delta(text=text.text, thought=thought + text.thought)

    def close(self) -> tuple[Delta, Ending]:
        """The rest, and what is known at the end."""
        pieces = self._stream.close() if self._stream is not None else []
        rest = self._sorted(pieces)
        calls, unread = self._calls()
        if self._guessed and not self._said and not calls and self._finish != "length":
            # No thought was closed: what was taken for one was the answer.
            rest = Delta(text="".join(self._thought))
        ending = Ending(
            calls=tuple(calls),
            unread=tuple(unread),
            finish=self._finish,
            model=self._model,
            usage=self._usage,
        )
        return rest, ending

    def _read(self, text: str) -> Delta:
        if not text:
            return Delta()
        if self._stream is None:
            closing, opening = text.find("</think>"), text.find("<think>")
            inside = closing >= 0 and not 0 <= opening < closing
            self._guessed = self._thinks and not inside
            self._stream = self._open(self._thinks or inside)
        return self._sorted(self._stream.feed(text))

    def _sorted(self, pieces: Iterable[object]) -> Delta:
        text: list[str] = []
        thought: list[str] = []
        for piece in pieces:
            if isinstance(piece, Prose):
                text.append(piece.text)
            elif isinstance(piece, Thought):
                thought.append(piece.text)
            elif isinstance(piece, ToolUse | BrokenCall):
                self._found.append(piece)
        self._said = self._said or bool(text)
        if self._guessed and not self._said:
            self._thought += thought
        return Delta(text="".join(text), thought="".join(thought))

    def _take(self, fragment: JsonObject) -> None:
        """Adds a piece of a tool call to the call it belongs to."""
        function = _object(fragment.get("function")) or fragment
        said_id, name = _words(fragment.get("id")), _words(function.get("name")).strip()
        slot = self._slot(fragment.get("index"), said_id, name)
        slot.id = slot.id or said_id
        slot.name = slot.name or name
        arguments = function.get("arguments")
        if isinstance(arguments, str):
            slot.pieces.append(arguments)
        elif arguments is not None:
            slot.pieces.append(json.dumps(arguments, ensure_ascii=False))

    def _slot(self, index: object, said_id: str, name: str) -> _Slot:
        """The call that a piece belongs to.

        By its index; some servers give none, or the same to all calls of a reply. A piece with
        a name and another id than its call's then begins a call.
        """
        if isinstance(index, int):
            slot = self._by_index.get(index)
        elif said_id:
            slot = next((slot for slot in reversed(self._slots) if slot.id == said_id), None)
        else:
            slot = self._slots[-1] if self._slots and not name else None
        other = slot is not None and bool(slot.name and name and said_id and slot.id != said_id)
        if slot is None or other:
            slot = _Slot()
            self._slots.append(slot)
            if isinstance(index, int):
                self._by_index[index] = slot
        return slot

    def _calls(self) -> tuple[list[ServerCall], list[UnreadCall]]:
        calls: list[ServerCall] = []
        unread: list[UnreadCall] = []
        known: set[str] = set()
        for found in (*self._found, *self._slots):
            own = found.id if isinstance(found, _Slot) else ""
            call_id = own if own and own not in known else f"call_{uuid.uuid4().hex[:12]}"
            known.add(call_id)
            read = self._read_call(found, call_id)
            if isinstance(read, ServerCall):
                calls.append(read)
            else:
                unread.append(read)
        return calls, unread

    def _read_call(
        self, found: ToolUse | BrokenCall | _Slot, call_id: str
    ) -> ServerCall | UnreadCall:
        if isinstance(found, ToolUse):
            return ServerCall(id=call_id, name=found.name, arguments=found.arguments)
        if isinstance(found, BrokenCall):
            return UnreadCall(name="", raw=found.raw, reason=self._why(found.reason))
        raw = "".join(found.pieces)
        if not found.name:
            return UnreadCall(name="", raw=raw, reason="Give the name of the tool.")
        try:
            return ServerCall(id=call_id, name=found.name, arguments=_arguments(raw))
        except UnreadableError as error:
            reason = self._why(str(error))
            return UnreadCall(name=found.name, raw=raw, reason=reason)

    def _why(self, reason: str) -> str:
        return _CUT if self._finish == "length" else reason


def _arguments(raw: str) -> JsonObject:
    text = raw.strip()
    if text.startswith('"'):
        # An object that was written out as JSON twice.
        try:
            inner: object = json.loads(text)
        except (ValueError, RecursionError):
            inner = text
        text = inner.strip() if isinstance(inner, str) else text
    return {} if text in ("", "null") else read_object(text, closed=False)


def _fragments(said: JsonObject) -> list[JsonObject]:
    listed = said.get("tool_calls")
    items = cast("list[object]", listed) if isinstance(listed, list) else []
    if not items and isinstance(said.get("function_call"), dict):
        items = [said["function_call"]]
    return [cast("JsonObject", item) for item in items if isinstance(item, dict)]


def _first_choice(event: JsonObject) -> JsonObject:
    choices = event.get("choices")
    for choice in cast("list[object]", choices) if isinstance(choices, list) else []:
        given = _object(choice)
        if given.get("index") in (0, None):
            return given
    return {}


def _object(value: object) -> JsonObject:
    return cast("JsonObject", value) if isinstance(value, dict) else {}


def _words(value: object) -> str:
    """A text, or the texts of a list of parts."""
    if isinstance(value, list):
        parts = (_object(part) for part in cast("list[object]", value))
        return "".join(str(part.get("text") or "") for part in parts if part.get("text"))
    return value if isinstance(value, str) else ""


def _usage(value: object) -> Usage | None:
    said = _object(value)
    given, made = _count(said.get("prompt_tokens")), _count(said.get("completion_tokens"))
    if given is None and made is None:
        return None
    prompt = _object(said.get("prompt_tokens_details"))
    reply = _object(said.get("completion_tokens_details"))
    return Usage(
        given=given or 0,
        made=made or 0,
        cached=_count(prompt.get("cached_tokens")),
        thought=_count(reply.get("reasoning_tokens")),
    )


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
