"""Reads the JSON-like parts of a reply, however damaged, in one pass over the text.

Models cut their JSON off, forget brackets and commas or write one too many, repeat keys, write
Python instead. So nothing is decoded as a whole: brackets open and close groups on a stack, and
what stands between them is kept with its keys. Every character is looked at a bounded number of
times.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field

_DEEPEST = 60  # groups within groups; what goes deeper begins anew
_OPENING = re.compile(r"[\[{]")
_BLANK = re.compile(r"\s*")
_QUOTE_STOP = {quote: re.compile(rf"[\\\n{quote}]") for quote in "\"'"}
# Up to a bracket, a comma, a quote that may open a string, the line's end; a colon ends a key.
_BARE = re.compile(r"[^\s,:{}\[\]()\"'<`][^,:{}\[\]()\"\n<`]*|[<`]")
_NUMBER = re.compile(r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d{1,4})?")
_ENDS = re.compile(r"```|<\|(?:im_end|endoftext|eot)|</(?:tool_call|answer|think|json|parameter)")
_FURTHER_KEY = re.compile(r"\s{0,40},\s{0,40}[\"']\w{1,40}[\"']\s{0,4}:")
_PARTNER = {"]": "[", "}": "{", ")": "("}


@dataclass(slots=True)
class Group:
    """An object, a list or a Python tuple.

    Attributes:
        start: Where its bracket opens.
        end: Behind its last character.
        bracket: What opened it.
        items: Values with their keys, None where there is none. Keys may repeat.
        closed: Whether it was ended: by a bracket of its own or of a group around it, or by the
            end of the block. Otherwise the reply was cut within it.
    """

    start: int
    bracket: str
    end: int = 0
    items: list[tuple[str | None, Value]] = field(default_factory=list["tuple[str | None, Value]"])
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Cut:
    """A string or a number that the reply's end cut."""

    words: str


Value = Group | Cut | str | float


def read_groups(text: str) -> list[Group]:
    """The outermost groups of a text, in order. Never raises."""
    return _Reading(text).groups()


class _Reading:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._found: list[Group] = []
        self._stack: list[Group] = []
        self._open = {"[": 0, "{": 0, "(": 0}
        self._leaves = 0  # values in the outermost group that are no groups
        self._key: str | None = None
        self._pending: str | None = None  # a word that is a key if a colon follows

    def groups(self) -> list[Group]:
        text = self._text
        while self._at < len(text):
            if not self._stack:
                opened = _OPENING.search(text, self._at)
                if opened is None:
                    break
                self._at = opened.start()
                self._push(text[self._at])
                continue
            self._step()
        self._flush()
        self._unwind(closed=False)
        return self._found

    def _step(self) -> None:
        text = self._text
        blank = _BLANK.match(text, self._at)
        self._at = blank.end() if blank else self._at
        if self._at >= len(text):
            return
        char = text[self._at]
        if char in "[{(":
            self._push(char)
        elif char in "]})":
            self._close(char)
        elif char in "\"'":
            self._string(char)
        elif char == ":":
            self._at += 1
            self._leave_list()
            self._key, self._pending = self._pending, None
        elif char == ",":
            self._at += 1
            self._flush()
            self._key = None
        else:
            self._bare()

    def _leave_list(self) -> None:
        """A key in a list within an object: the list's bracket was forgotten."""
        if len(self._stack) < 2 or self._pending is None:
            return
        this, around = self._stack[-1], self._stack[-2]
        if this.bracket != "{" and this.items and around.bracket == "{":
            self._pop(closed=True)

    def _push(self, bracket: str) -> None:
        self._flush()
        if len(self._stack) >= _DEEPEST:
            if not self._leaves:
                self._found.pop()  # nothing but brackets
            self._unwind(closed=False)
        if not self._stack:
            self._leaves = 0
        group = Group(self._at, bracket)
        self._add(group)
        self._stack.append(group)
        self._open[bracket] += 1
        self._at += 1
        self._key = None

    def _close(self, bracket: str) -> None:
        partner = _PARTNER[bracket]
        stray = not self._open[partner] or (
            self._stack[-1].bracket != partner and _FURTHER_KEY.match(self._text, self._at + 1)
        )
        self._at += 1
        self._flush()
        self._key = None
        if stray:
            return
        while self._pop(closed=True).bracket != partner:
            pass

    def _pop(self, *, closed: bool) -> Group:
        group = self._stack.pop()
        self._open[group.bracket] -= 1
        group.end, group.closed = self._at, closed
        return group

    def _unwind(self, *, closed: bool) -> None:
        while self._stack:
            self._pop(closed=closed)
        self._key = self._pending = None

    def _add(self, value: Value) -> None:
        self._leaves += not isinstance(value, Group)
        if self._stack:
            self._stack[-1].items.append((self._key, value))
        elif isinstance(value, Group):
            self._found.append(value)

    def _flush(self) -> None:
        """A word that no colon followed is a value."""
        if self._pending is not None:
            self._add(self._pending)
            self._pending = None

    def _bare(self) -> None:
        text = self._text
        if text[self._at] in "<`" and _ENDS.match(text, self._at):
            self._flush()
            self._unwind(closed=True)
            return
        found = _BARE.match(text, self._at)
        words = (found.group() if found else text[self._at]).rstrip()
        self._at = found.end() if found else self._at + 1
        self._flush()
        if not _NUMBER.fullmatch(words):
            self._pending = words
        elif self._at >= len(text):
            self._add(Cut(words))
        else:
            self._add(float(words))

    def _string(self, quote: str) -> None:
        begin = self._at + 1
        self._flush()
        end, behind, whole = self._string_end(quote, begin)
        self._at = behind
        words = _unescaped(self._text[begin:end], quote)
        if whole:
            self._pending = words
        else:
            self._add(Cut(words))

    def _string_end(self, quote: str, begin: int) -> tuple[int, int, bool]:
        """Where a string ends, where to read on, and whether it was ended."""
        text, stop, at = self._text, _QUOTE_STOP[quote], begin
        while found := stop.search(text, at):
            at = found.start()
            if text[at] == "\\":
                at += 2
                continue
            blank = _BLANK.match(text, at + 1)
            after = blank.end() if blank else at + 1
            follows = text[after : after + 3]
            if text[at] == "\n":
                # A quote left open: the next line goes on with JSON.
                if follows[:1] in tuple("{}[]\"'") or follows == "```":
                    return at, at, True
                at = after
            elif not follows or follows[0] in ",:]})" or follows == "```":
                return at, at + 1, True
            else:
                at += 1
        return len(text), len(text), False


def _unescaped(words: str, quote: str) -> str:
    if "\\" not in words:
        return words
    try:
        return str(json.loads(f'"{words}"', strict=False)) if quote == '"' else _plain(words)
    except ValueError:
        return _plain(words)


def _plain(words: str) -> str:
    """Escapes undone where JSON's own rules fail."""
    return words.replace("\\n", "\n").replace("\\'", "'").replace('\\"', '"').replace("\\\\", "\\")
