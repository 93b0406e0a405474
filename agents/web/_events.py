"""What happens in a turn, kept in order so that whoever comes late or comes back misses nothing."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass

from pydantic import JsonValue


@dataclass(frozen=True, kw_only=True)
class WebEvent:
    """One event of a turn.

    Attributes:
        number: Counts from 1 in each turn.
        name: Such as `text` or `done`.
        data: What is told.
    """

    number: int
    name: str
    data: JsonValue

    def written(self) -> str:
        """The event as a stream of server-sent events holds it."""
        # JSON on one line: a line break would end the event's data.
        told = json.dumps(self.data, ensure_ascii=True)
        return f"id: {self.number}\nevent: {self.name}\ndata: {told}\n\n"


class EventLog:
    """The events of one turn. Written and followed in one event loop."""

    def __init__(self) -> None:
        self._events: list[WebEvent] = []
        self._closed = False
        self._changed = asyncio.Event()

    def add(self, name: str, data: JsonValue) -> None:
        """Tells everyone who follows."""
        if self._closed:
            return
        self._events.append(WebEvent(number=len(self._events) + 1, name=name, data=data))
        self._wake()

    def close(self) -> None:
        """There is nothing more to come."""
        self._closed = True
        self._wake()

    def _wake(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    async def follow(self, *, after: int = 0, every: float = 15) -> AsyncIterator[WebEvent | None]:
        """All events after a number, as they come; None when there was none for a while.

        Args:
            after: The number of the last event that is known; one that is too high, as of a
                server that has been restarted, counts as none.
            every: How long to wait, in seconds, before a None.
        """
        at = after if 0 <= after <= len(self._events) else 0
        while True:
            changed = self._changed
            while at < len(self._events):
                yield self._events[at]
                at += 1
            if self._closed and at == len(self._events):
                return
            if changed is not self._changed:
                continue
            try:
                await asyncio.wait_for(changed.wait(), every)
            except TimeoutError:
                yield None
