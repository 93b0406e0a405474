"""A local model's reply as it comes in, taken apart; and what is kept of it for the next turn."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import cast

from deixis.vision._dialect import JsonObject
from deixis.vision._turns import Turn
from deixis.vision.qwen._tool_calls import (
    BrokenCall,
    Piece,
    Prose,
    Thought,
    ToolUse,
    ToolWriter,
)

RECORD_KEY = "deixis_local"
"""Where a message of a local model keeps its record, among `additional_kwargs`."""

# Tokens of places may stand in a reply. Any other would open or end a turn, or stand for an
# image that isn't there, when the reply is shown to the model again.
_FOREIGN = re.compile(r"<\|(?!(?:object_ref|box|quad)_(?:start|end)\|>)")


@dataclass(frozen=True, kw_only=True)
class Record:
    """What a model wrote, to the letter.

    Attributes:
        opened: What the template opened its turn with: a thought, an empty one, nothing.
        prefill: The beginning of a call that it was made to make, after that.
        raw: What it wrote.
        calls: Whether there were tools; without any, what looks like a call is prose.
    """

    opened: str
    prefill: str = ""
    raw: str = ""
    calls: bool

    @property
    def whole(self) -> str:
        """Its turn, as it stands in the prompt."""
        return self.opened + self.prefill + self.raw

    def as_json(self) -> JsonObject:
        """For a message's `additional_kwargs`."""
        return {
            "opened": self.opened,
            "prefill": self.prefill,
            "raw": self.raw,
            "calls": self.calls,
        }


def record_of(turn: Turn) -> Record | None:
    """The record of a turn that a local model wrote, if it can be shown as it is."""
    kept = turn.message.additional_kwargs.get(RECORD_KEY) if turn.message else None
    given = cast("JsonObject", kept) if isinstance(kept, dict) else {}
    opened, prefill, raw = (given.get(key) for key in ("opened", "prefill", "raw"))
    if not (isinstance(opened, str) and isinstance(prefill, str) and isinstance(raw, str)):
        return None
    record = Record(opened=opened, prefill=prefill, raw=raw, calls=bool(given.get("calls")))
    return None if _FOREIGN.search(record.whole) else record


def open_thought(text: str) -> bool:
    """Whether a text ends in the middle of a thought."""
    return text.rfind("<think>") > text.rfind("</think>")


@dataclass(frozen=True, kw_only=True)
class Delta:
    """What a piece of a reply adds.

    Attributes:
        text: Words for the asker, tokens of places included.
        thought: Words that the model says to itself.
        calls: Calls that are complete.
        broken: Calls that can't be read.
    """

    text: str = ""
    thought: str = ""
    calls: tuple[ToolUse, ...] = ()
    broken: tuple[BrokenCall, ...] = ()


@dataclass(kw_only=True)
class _Sum:
    text: list[str] = field(default_factory=list[str])
    thought: list[str] = field(default_factory=list[str])
    calls: list[ToolUse] = field(default_factory=list[ToolUse])
    broken: list[BrokenCall] = field(default_factory=list[BrokenCall])

    def add(self, piece: Piece, *, calls: bool) -> None:
        match piece:
            case Prose():
                self.text.append(piece.text)
            case Thought():
                self.thought.append(piece.text)
            case ToolUse() | BrokenCall() if not calls:
                self.text.append(piece.raw)
            case ToolUse():
                self.calls.append(piece)
            case BrokenCall():
                self.broken.append(piece)

    def delta(self) -> Delta:
        return Delta(
            text="".join(self.text),
            thought="".join(self.thought),
            calls=tuple(self.calls),
            broken=tuple(self.broken),
        )


class ReplyReader:
    """Takes one reply apart while it is written.

    Args:
        writer: Of the family's tool calls.
        before: What stands before the reply. Its `raw` isn't looked at.
        tools: That the model was offered.
    """

    def __init__(self, writer: ToolWriter, before: Record, *, tools: Sequence[JsonObject]) -> None:
        self._stream = writer.stream(thinking=open_thought(before.opened), tools=tools)
        self._before = before
        self._total = _Sum()
        self._raw: list[str] = []
        if before.prefill:
            self._taken(self._stream.feed(before.prefill))

    @property
    def record(self) -> Record:
        """What the model wrote so far, to keep."""
        return replace(self._before, raw="".join(self._raw))

    @property
    def text(self) -> str:
        """Words for the asker so far."""
        return "".join(self._total.text)

    @property
    def calls(self) -> Sequence[ToolUse]:
        """Complete calls so far."""
        return self._total.calls

    def feed(self, raw: str) -> Delta:
        """What a piece of the reply adds."""
        self._raw.append(raw)
        return self._taken(self._stream.feed(raw))

    def close(self) -> Delta:
        """What the end of the reply decides."""
        return self._taken(self._stream.close())

    def _taken(self, pieces: Sequence[Piece]) -> Delta:
        new = _Sum()
        for piece in pieces:
            self._total.add(piece, calls=self._before.calls)
            new.add(piece, calls=self._before.calls)
        return new.delta()
