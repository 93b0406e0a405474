"""Calls in the ReAct text that Qwen-VL-Chat writes, taken out of a reply as it streams.

Keywords count at the beginning of a line, with a Western or a Chinese colon: `Thought:`,
`Action:`, `Action Input:`, `Observation:`, `Final Answer:`. `Action Input:` also counts in the
line of its `Action:`.
"""

from __future__ import annotations

import re

from deixis.vision.qwen._tool_json import UnreadableError, read_object
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
from deixis.vision.qwen._tool_tags import CALL_LIMIT

KEYWORDS = ("Thought", "Action Input", "Action", "Observation", "Final Answer")
_KEYWORD = re.compile(rf"[ \t]{{0,8}}({'|'.join(KEYWORDS)})[ \t]{{0,2}}[:：]")
_LONGEST_KEYWORD = 8 + max(map(len, KEYWORDS)) + 2 + 1
_THINK = ("<think>", "</think>")
_THINKING = re.compile("|".join(_THINK))
_SAME_LINE = re.compile(r"[ \t]*+Action Input[ \t]{0,2}[:：]")
_OBSERVATION = re.compile(r"\s*+Observation[ \t]{0,2}[:：]")
_ORNAMENT = " \t\r\n`'\"[]*"
_NO_ACTION = frozenset(("none", "n/a", "无"))


class ReactStream(ToolCallStream):
    """Takes apart a reply in ReAct text.

    `Final Answer:` and words before any keyword are prose, `Thought:` is a thought. What comes
    after `Observation:` is the model's invention and is left out.

    Args:
        thinking: Whether the reply begins inside `<think>`.
    """

    def __init__(self, *, thinking: bool) -> None:
        self._pieces = Pieces()
        self._held = ""
        self._line_begins = self._line_blank = True
        self._state = ""
        self._inside = thinking
        self._call: list[str] = []
        self._size = 0

    def feed(self, delta: str) -> list[Piece]:
        text, self._held = self._held + delta, ""
        place = 0
        while place < len(text) and self._state != "Observation":
            place = self._step(text, place)
        return self._pieces.drain()

    def close(self) -> list[Piece]:
        held, self._held = self._held, ""
        if self._state != "Observation":
            self._take(held)
            self._end_call()
        return self._pieces.drain()

    def _step(self, text: str, place: int) -> int:
        if self._line_begins and not self._inside:
            found = _KEYWORD.match(text, place)
            if found is not None and self._heeds(found[1]):
                self._begin(found[1], found[0])
                return found.end()
            if found is None and self._may_be_keyword(text[place : place + _LONGEST_KEYWORD]):
                self._held = text[place:]
                return len(text)
        return self._in_line(text, place)

    def _in_line(self, text: str, place: int) -> int:
        broken = text.find("\n", place)
        end = len(text) if broken < 0 else broken + 1
        if self._state not in ("Action", "Action Input"):
            found = _THINKING.search(text, place, end)
            if found is not None and self._heeds_think(found[0], text[place : found.start()]):
                self._take(text[place : found.start()])
                self._inside = found[0] == "<think>"
                self._line_begins = self._line_blank = True
                return found.end()
            if found is not None:
                end = found.end()
            elif broken < 0:
                end = partial_at_end(text, place, _THINK)
                self._held = text[end:]
        line = text[place:end]
        self._take(line)
        if line:
            self._line_begins = line.endswith("\n")
            self._line_blank = self._line_begins or (self._line_blank and not line.strip())
        return len(text) if self._held else end

    def _heeds_think(self, marker: str, before: str) -> bool:
        """Whether a marker of a thought is one: `<think>` inside a line is a mention."""
        return marker == "</think>" or (self._line_blank and not before.strip())

    def _heeds(self, keyword: str) -> bool:
        """Whether a keyword counts here: an answer is prose to its end."""
        return self._state != "Final Answer" or keyword == "Observation"

    def _may_be_keyword(self, tail: str) -> bool:
        word = tail.lstrip(" \t")
        if len(tail) - len(word) > 8:
            return False
        bare = word.rstrip(" \t")
        return any(keyword.startswith(word) for keyword in KEYWORDS) or (
            bare in KEYWORDS and len(word) - len(bare) <= 2
        )

    def _begin(self, keyword: str, words: str) -> None:
        if keyword != "Action Input" or self._state != "Action":
            self._end_call()
        self._state = keyword
        self._line_begins, self._line_blank = False, True
        if keyword in ("Action", "Action Input"):
            self._hold(words)

    def _take(self, text: str) -> None:
        if self._inside:
            self._pieces.say(text, Thought)
        elif self._state in ("Action", "Action Input"):
            self._hold(text)
        else:
            self._pieces.say(text, Thought if self._state == "Thought" else Prose)

    def _hold(self, text: str) -> None:
        if self._size <= CALL_LIMIT:
            self._call.append(text[: CALL_LIMIT + 1 - self._size])
        self._size += len(text)

    def _end_call(self) -> None:
        raw, size = "".join(self._call).strip(), self._size
        self._call, self._size = [], 0
        if not raw:
            return
        try:
            if size > CALL_LIMIT:
                raise UnreadableError(f"Write a call of less than {CALL_LIMIT} characters.")
            call = _read(raw)
        except UnreadableError as error:
            self._pieces.add(BrokenCall(raw=raw, reason=str(error)))
            return
        if call is not None:
            self._pieces.add(call)


def _read(raw: str) -> ToolUse | None:
    """The call in `Action: … Action Input: …`; None if the model chose none."""
    head = _KEYWORD.match(raw)
    if head is None or head[1] != "Action":
        raise UnreadableError('Name the tool before its input: "Action: NAME".')
    rest = raw[head.end() :]
    line_end = rest.find("Action Input")
    name = (rest if line_end < 0 else rest[:line_end]).strip(_ORNAMENT)
    if name.lower() in _NO_ACTION:
        return None
    opening = _SAME_LINE.match(rest, line_end) if line_end >= 0 else None
    if not name or opening is None or "\n" in name:
        raise UnreadableError('Write "Action: NAME" and then "Action Input: {…}" as JSON.')
    said = rest[opening.end() :].strip()
    # Who cuts the reply at the stop word may leave it in.
    cut = said.rfind("Observation")
    if cut >= 0 and _OBSERVATION.fullmatch(said, cut):
        said = said[:cut]
    return ToolUse(name=name, arguments=read_object(said, closed=False), raw=raw)
