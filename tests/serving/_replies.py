"""How a server reads what a model writes: thoughts, text and tool calls, as they arrive."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Literal

Syntax = Literal["hermes", "xml"]
_OPEN, _CLOSE, _THOUGHT = "<tool_call>", "</tool_call>", "</think>"


@dataclass(frozen=True, kw_only=True)
class Said:
    """A piece of text, of a thought, or a whole call.

    Attributes:
        kind: Which of them.
        text: The text, or a call's name.
        arguments: A call's arguments as JSON text.
    """

    kind: Literal["text", "thought", "call"]
    text: str
    arguments: str = ""


class Reading:
    """Takes a reply apart, fed piece by piece.

    Args:
        tools: How calls are written; None where there are no tools: all is text then.
        thinking: Whether it begins inside a thought.
    """

    def __init__(self, *, tools: Syntax | None, thinking: bool) -> None:
        self._tools = tools
        self._thinking = thinking
        self._held = ""

    def feed(self, text: str, *, last: bool = False) -> list[Said]:
        """What is certain now.

        Args:
            text: What came.
            last: Whether nothing more will.
        """
        self._held += text
        said: list[Said] = []
        while (piece := self._next(last)) is not None:
            said += [piece] if piece.text.strip() or piece.kind == "text" else []
        return [one for one in said if one.text]

    def _next(self, last: bool) -> Said | None:
        if self._thinking:
            return self._up_to(_THOUGHT, "thought", last)
        if self._tools is not None and self._held.startswith(_OPEN):
            return self._call(last)
        return self._up_to(_OPEN if self._tools is not None else "", "text", last)

    def _up_to(self, mark: str, kind: Literal["text", "thought"], last: bool) -> Said | None:
        """The text before a mark, holding back what may become one."""
        before, found, after = self._held.partition(mark) if mark else (self._held, "", "")
        if found:
            self._thinking = False
            self._held = after.lstrip("\n") if kind == "thought" else mark + after
            return Said(kind=kind, text=before.strip("\n") if kind == "thought" else before)
        kept = 0 if last else _overlap(self._held, mark)
        before, self._held = self._held[: len(self._held) - kept], self._held[-kept:] * bool(kept)
        return Said(kind=kind, text=before) if before else None

    def _call(self, last: bool) -> Said | None:
        inner, found, after = self._held[len(_OPEN) :].partition(_CLOSE)
        if not found and not last:
            return None
        whole, self._held = self._held, after.lstrip("\n")
        call = (_hermes(inner) if self._tools == "hermes" else _xml(inner)) if found else None
        return call or Said(kind="text", text=whole[: len(whole) - len(after)])


def _overlap(text: str, mark: str) -> int:
    """How many characters at the end of a text may be the beginning of a mark."""
    longest = min(len(text), len(mark) - 1)
    return next((n for n in range(longest, 0, -1) if mark.startswith(text[-n:])), 0)


def _hermes(inner: str) -> Said | None:
    try:
        call = json.loads(inner)
        return Said(
            kind="call",
            text=str(call["name"]),
            arguments=json.dumps(call.get("arguments", {}), ensure_ascii=False),
        )
    except (ValueError, TypeError, KeyError):
        return None


def _xml(inner: str) -> Said | None:
    named = re.search(r"<function=([^>]+)>(.*)</function>", inner, re.DOTALL)
    if named is None:
        return None
    found = re.findall(r"<parameter=([^>]+)>\n?(.*?)\n?</parameter>", named[2], re.DOTALL)
    values = {name: _value(text) for name, text in found}
    return Said(kind="call", text=named[1], arguments=json.dumps(values, ensure_ascii=False))


def _value(text: str) -> object:
    """Numbers, lists and objects are JSON between the tags, text is bare."""
    try:
        return json.loads(text)
    except ValueError:
        return text
