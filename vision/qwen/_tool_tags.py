"""Calls between `<tool_call>` and `</tool_call>`, taken out of a reply as it streams.

What counts as a call is decided by what stands there, not by the marker alone: a `<tool_call>`
in the middle of a line that isn't followed by `{`, a code fence or `<function=` is a mention of
the marker and stays prose. At the beginning of a line it's meant as a call. A whole call in a
quotation or a code fence is a call: nothing in the words tells it from one.

A call that stands in a thought is a plan and stays a thought, unless the thought is never
closed and the reply ends with the call: models of 3.5 forget `</think>` there (vllm #35687).
"""

from __future__ import annotations

import re
from typing import Literal

from deixis.vision.qwen._tool_json import UnreadableError, read_call
from deixis.vision.qwen._tool_pieces import (
    BrokenCall,
    Piece,
    Pieces,
    Prose,
    Thought,
    ToolCallStream,
    ToolUse,
    partial_at_end,
)
from deixis.vision.qwen._tool_xml import ToolSchemas, read_tags

CALL_LIMIT = 1_000_000
"""The longest call that is read, in characters."""

_OPEN, _CLOSE = "<tool_call>", "</tool_call>"
_BARE = "<function="
_CALL_MARKERS = (_OPEN, _CLOSE)
_CALL_MARKER = re.compile("|".join(_CALL_MARKERS))
_SOLID = re.compile(r"\S")
_QUOTES = re.compile(r'\\.|"|\\\Z', re.DOTALL)
_BEGINNINGS: tuple[tuple[str, Literal["json", "xml"]], ...] = (
    ("{", "json"),
    ("```", "json"),
    (_BARE, "xml"),
)
_LONGEST_BEGINNING = len(_BARE)
_CUT_OFF = "The call is cut off: write it again to its end, </tool_call>."


class _Call:
    """A call as it comes in."""

    def __init__(self, opening: str, *, own_line: bool) -> None:
        self.opening = opening
        self.own_line = own_line
        self.kind: Literal["json", "xml"] | None = None
        self.size = 0
        self.inner: bool = False
        self._parts: list[str] = []
        self._quoted = self._escaped = False
        self._tail = ""

    @property
    def body(self) -> str:
        return "".join(self._parts)

    def take(self, text: str) -> None:
        if not text:
            return
        self._parts.append(text)
        self.size += len(text)
        if self.kind == "json":
            self._follow_quotes(text)
        elif self.kind == "xml":
            # The last marker, and whether blank space follows it.
            solid = (self._tail + text).rstrip()
            blank = len(solid) < len(self._tail) + len(text)
            self._tail = solid[-len("</parameter>") :] + " " * blank

    def _follow_quotes(self, text: str) -> None:
        # A backslash counts outside strings too: nothing valid has one there.
        start, self._escaped = int(self._escaped), False
        for found in _QUOTES.finditer(text, start):
            if found[0] == '"':
                self._quoted = not self._quoted
            else:
                self._escaped = len(found[0]) == 1

    @property
    def may_close(self) -> bool:
        """Whether `</tool_call>` here is the format's own, not part of a value."""
        if self.kind == "xml":
            return self._tail.rstrip().endswith(("</function>", "</parameter>"))
        return not self._quoted

    @property
    def may_follow(self) -> bool:
        """Whether `<tool_call>` here begins another call, this one's end being left out."""
        if self.kind == "xml":
            return self._tail.rstrip().endswith("</function>")
        return not self._quoted


class TagStream(ToolCallStream):
    """Takes apart a reply of a family that writes `<tool_call>`.

    Calls in JSON and calls in tags are both read. An opening marker may stand twice; a closing
    one may be missing before the next call and, if the call is whole, at the end of the reply.

    Args:
        schemas: Parameters of the tools there are.
        bare: Whether `<function=` at the beginning of a line opens a call by itself, which
            models that write tags do.
        thinking: Whether the reply begins inside a thought.
    """

    def __init__(self, schemas: ToolSchemas, *, bare: bool, thinking: bool) -> None:
        self._schemas = schemas
        self._bare = bare
        self._markers = ("<think>", "</think>", _OPEN, *([_BARE] if bare else []))
        self._marker = re.compile("|".join(self._markers))
        self._kind: type[Prose | Thought] = Thought if thinking else Prose
        self._pieces = Pieces()
        self._held = ""
        self._line_begins = True
        self._call: _Call | None = None
        self._skipping = False
        self._plain_ends = False
        self._planned: list[str] | None = None
        self._planned_size = 0

    def feed(self, delta: str) -> list[Piece]:
        text, self._held = self._held + delta, ""
        self._run(text)
        return self._pieces.drain()

    def close(self) -> list[Piece]:
        self._end()
        planned, self._planned = self._planned, None
        if planned is not None:
            for call in self._unthought("".join(planned)):
                self._pieces.add(call)
        return self._pieces.drain()

    def _run(self, text: str) -> None:
        place = 0
        while place < len(text):
            if self._skipping:
                place = self._skip(text, place)
            elif self._call is not None:
                place = self._in_call(self._call, text, place)
            else:
                place = self._in_words(text, place)

    def _end(self) -> None:
        held, self._held = self._held, ""
        call = self._call
        if call is not None and held and call.kind is None and not call.own_line:
            self._take_as_words(call)
            self._say(held)
        elif call is not None:
            call.take(held)
            self._finish(call, "")
        elif not self._skipping:
            self._say(held)

    # Words

    def _in_words(self, text: str, place: int) -> int:
        found = self._marker.search(text, place)
        end = found.start() if found else partial_at_end(text, place, self._markers)
        self._say(text[place:end])
        if found is None:
            self._held = text[end:]
            return len(text)
        self._mark(found[0])
        return found.end()

    def _say(self, text: str) -> None:
        self._plan(text)
        self._pieces.say(text, self._kind)
        _, broken, line = text.rpartition("\n")
        self._line_begins = (bool(broken) or self._line_begins) and not line.strip()

    def _mark(self, marker: str) -> None:
        thinking = self._kind is Thought
        if marker == "</think>":
            self._turn(Prose)
        elif marker == "<think>":
            if self._line_begins:
                self._turn(Thought)
            elif not thinking:
                self._say(marker)
        elif thinking:
            if marker == _OPEN and self._planned is None:
                self._planned, self._planned_size = [], 0
            self._say(marker)
        elif marker == _OPEN:
            self._call = _Call(_OPEN, own_line=self._line_begins)
        elif self._line_begins:
            self._call = _Call("", own_line=True)
            self._call.kind = "xml"
            self._call.take(marker)
        else:
            self._say(marker)

    def _turn(self, kind: type[Prose | Thought]) -> None:
        self._kind = kind
        self._line_begins = True
        self._planned = None

    def _plan(self, text: str) -> None:
        if self._planned is not None and self._planned_size <= CALL_LIMIT:
            self._planned.append(text)
            self._planned_size += len(text)

    def _unthought(self, text: str) -> list[ToolUse]:
        """The calls at the end of a thought that was never closed, if nothing else is there."""
        if self._planned_size > CALL_LIMIT:
            return []
        inner = TagStream(self._schemas, bare=self._bare, thinking=False)
        pieces = inner.feed(text) + inner.close()
        calls = [piece for piece in pieces if isinstance(piece, ToolUse)]
        return calls if len(calls) == len(pieces) else []

    # Calls

    def _in_call(self, call: _Call, text: str, place: int) -> int:
        found = _CALL_MARKER.search(text, place)
        end = found.start() if found else partial_at_end(text, place, _CALL_MARKERS)
        last = place + max(0, CALL_LIMIT - call.size)
        if call.kind is None:
            solid = _SOLID.search(text, place, min(end, last))
            if solid is not None:
                call.take(text[place : solid.start()])
                return self._begin(call, text, solid.start())
        if end > last:
            call.take(text[place:last])
            self._give_up(call)
            return last
        call.take(text[place:end])
        if found is None:
            self._held = text[end:]
            return len(text)
        self._mark_in_call(call, found[0])
        return found.end()

    def _begin(self, call: _Call, text: str, place: int) -> int:
        """Decides by the first words of a call whether it is one."""
        ahead = text[place : place + _LONGEST_BEGINNING]
        for beginning, kind in _BEGINNINGS:
            if ahead.startswith(beginning):
                call.kind = kind
                return place
        whole = len(ahead) == _LONGEST_BEGINNING
        if not whole and any(words.startswith(ahead) for words, _ in _BEGINNINGS):
            self._held = text[place:]
            return len(text)
        if call.own_line:
            call.kind = "json"
        else:
            self._take_as_words(call)
        return place

    def _take_as_words(self, call: _Call) -> None:
        self._call = None
        self._line_begins = call.own_line
        self._say(call.opening + call.body)

    def _mark_in_call(self, call: _Call, marker: str) -> None:
        if call.kind is None and marker == _OPEN:
            self._call = _Call(_OPEN, own_line=True)
        elif call.kind is None and not call.own_line:
            self._take_as_words(call)
            self._say(marker)
        elif marker == _CLOSE and (self._plain_ends or call.may_close):
            self._finish(call, marker)
        elif marker == _OPEN and call.may_follow:
            self._finish(call, "")
            self._call = _Call(_OPEN, own_line=True)
        else:
            call.inner = call.inner or marker == _CLOSE
            call.take(marker)

    def _finish(self, call: _Call, closing: str) -> None:
        self._call = None
        self._line_begins = True
        body = call.body
        piece = self._read(call, body, closing)
        if isinstance(piece, BrokenCall) and call.inner and not self._plain_ends:
            # A quote or a tag was left open, and what looked like part of a value was the end.
            # Each text is gone through a second time at most.
            self._plain_ends = True
            self._call = _Call(call.opening, own_line=call.own_line)
            self._run(body + closing)
            self._end()
            self._plain_ends = False
            return
        self._pieces.add(piece)

    def _read(self, call: _Call, body: str, closing: str) -> ToolUse | BrokenCall:
        raw = call.opening + body + closing
        try:
            if call.kind == "xml":
                name, arguments = read_tags(body, self._schemas, closed=bool(closing))
            else:
                name, arguments = read_call(body, closed=bool(closing))
        except UnreadableError as error:
            return BrokenCall(raw=raw, reason=str(error) if closing else _CUT_OFF)
        return ToolUse(name=name, arguments=arguments, raw=raw)

    def _give_up(self, call: _Call) -> None:
        reason = f"Write a shorter call; {CALL_LIMIT} characters are the most that is read."
        self._pieces.add(BrokenCall(raw=call.opening + call.body, reason=reason))
        self._call = None
        self._skipping = True

    def _skip(self, text: str, place: int) -> int:
        found = _CALL_MARKER.search(text, place)
        if found is None:
            self._held = text[partial_at_end(text, place, _CALL_MARKERS) :]
            return len(text)
        self._skipping = False
        self._line_begins = True
        if found[0] == _OPEN:
            self._call = _Call(_OPEN, own_line=True)
        return found.end()
