"""What a reply is made of once its tool calls are told from its prose."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from deixis.vision._dialect import JsonObject


@dataclass(frozen=True, kw_only=True)
class ToolUse:
    """A tool call as a model wrote it.

    Attributes:
        name: Of the tool; nobody has checked that there is one of this name.
        arguments: Not checked against the tool's schema.
        raw: Its exact words, markers included.
    """

    name: str
    arguments: JsonObject
    raw: str


@dataclass(frozen=True, kw_only=True)
class BrokenCall:
    """Words that were meant to be a tool call and can't be read as one.

    Attributes:
        raw: The exact words.
        reason: One sentence that tells the model how to mend it.
    """

    raw: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Prose:
    """Words for the asker."""

    text: str


@dataclass(frozen=True, kw_only=True)
class Thought:
    """Words that the model said to itself; never shown."""

    text: str


Piece = Prose | Thought | ToolUse | BrokenCall


class Called(Protocol):
    """A call to write down: a `ToolUse`, or anything else with a name and arguments."""

    @property
    def name(self) -> str: ...

    @property
    def arguments(self) -> Mapping[str, object]: ...


class ToolCallStream(ABC):
    """Takes one reply apart while it streams.

    However a reply is cut into deltas, the pieces are the same once adjacent pieces of prose
    (and of thought) are joined. Time is linear in the length of the reply for any cutting. No
    method raises on what a model said.

    Blank space at either end of the prose, and before a call, is left out.
    """

    @abstractmethod
    def feed(self, delta: str) -> list[Piece]:
        """What a delta of the reply completes."""

    @abstractmethod
    def close(self) -> list[Piece]:
        """What the end of the reply decides; a call that is cut off is a `BrokenCall`."""


class Pieces:
    """Collects pieces, and holds back blank space until it's known to stand between words."""

    def __init__(self) -> None:
        self._pieces: list[Piece] = []
        self._blank: list[str] = []
        self._said: dict[type[Prose | Thought], bool] = {Prose: False, Thought: False}
        self._kind: type[Prose | Thought] = Prose

    def say(self, text: str, kind: type[Prose | Thought] = Prose) -> None:
        """Adds words."""
        if kind is not self._kind:
            self._blank.clear()
            self._kind = kind
        words = text.strip()
        if not words:
            self._blank.append(text)
            return
        start = text.find(words)
        before = "".join(self._blank) + text[:start] if self._said[kind] else ""
        self._blank = [text[start + len(words) :]]
        self._said[kind] = True
        self._pieces.append(kind(text=before + words))

    def add(self, call: ToolUse | BrokenCall) -> None:
        """Adds a call."""
        self._blank.clear()
        self._pieces.append(call)

    def drain(self) -> list[Piece]:
        """What was added since the last time."""
        pieces, self._pieces = self._pieces, []
        return pieces


def partial_at_end(text: str, start: int, markers: tuple[str, ...]) -> int:
    """Where the beginning of a marker stands at the end of a text, or the text's length.

    Args:
        text: What came in so far.
        start: Nothing before this place counts.
        markers: All beginning with `<` and having no other.
    """
    longest = max(map(len, markers))
    at = text.rfind("<", max(start, len(text) - longest + 1))
    tail = text[at:] if at >= 0 else ""
    return at if tail and any(m.startswith(tail) for m in markers) else len(text)
