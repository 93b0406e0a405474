"""Server-sent events out of bytes, without a connection: the WHATWG event-stream format."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

_BREAK = re.compile(r"\r\n|\n|\r")


class EventTooLongError(ValueError):
    """An event grew over the limit."""


@dataclass(frozen=True, kw_only=True)
class Event:
    """One event.

    Attributes:
        data: Its data lines, joined.
        name: Its `event` field, empty where there is none.
    """

    data: str
    name: str = ""


class EventReader:
    """Takes bytes in, however they are cut, and gives the events they complete.

    Args:
        longest: Characters that one event may have.
    """

    def __init__(self, *, longest: int) -> None:
        self._decode = codecs.getincrementaldecoder("utf-8-sig")("replace").decode
        self._longest = longest
        self._held: list[str] = []
        self._size = 0
        self._data: list[str] = []
        self._name = ""
        self._return = False

    def feed(self, piece: bytes) -> list[Event]:
        """The events that a piece completes.

        Raises:
            EventTooLongError: One is over the limit.
        """
        return self._lines(self._decode(piece))

    def close(self) -> list[Event]:
        """The event that a server left without the blank line at its end."""
        self._return = False
        return [*self._lines(self._decode(b"", True) + "\n\n")]

    def _lines(self, text: str) -> list[Event]:
        # A break of two characters may be cut in between.
        if self._return and text:
            text = text.removeprefix("\n")
            self._return = False
        self._return = self._return or text.endswith("\r")
        *lines, rest = _BREAK.split(text)
        events: list[Event] = []
        for line in lines:
            whole = "".join((*self._held, line))
            self._held.clear()
            events += self._line(whole)
        if rest:
            self._held.append(rest)
            self._grow(len(rest))
        return events

    def _line(self, line: str) -> list[Event]:
        if not line:
            data, name = self._data, self._name
            self._data, self._name, self._size = [], "", 0
            return [Event(data="\n".join(data), name=name)] if data else []
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "data":
            self._data.append(value)
            self._grow(len(value))
        elif field == "event":
            self._name = value
        return []

    def _grow(self, size: int) -> None:
        self._size += size
        if self._size > 2 * self._longest:
            raise EventTooLongError
