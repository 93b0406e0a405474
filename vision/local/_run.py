"""One reply being generated: taken apart as it comes, and stopped when nobody wants it."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncGenerator, Iterator
from typing import TYPE_CHECKING

from deixis.vision.local._prompt import Usage
from deixis.vision.local._replies import Delta, Record, ReplyReader

if TYPE_CHECKING:
    from deixis.vision.local._engine import Generation


class Run:
    """A reply of a local model.

    Args:
        generation: The raw reply.
        reader: Takes it apart.
        single: Whether it is over with its first call, which was all that was asked for.
    """

    def __init__(self, generation: Generation, reader: ReplyReader, *, single: bool) -> None:
        self._generation = generation
        self._reader = reader
        self._single = single
        self._called = False

    @property
    def usage(self) -> Usage:
        """What it took; complete once it is over."""
        return self._generation.usage

    @property
    def finish_reason(self) -> str:
        """Why it is over: `stop`, `length` or `cancelled`."""
        return "stop" if self._called else (self._generation.finish_reason or "cancelled")

    @property
    def record(self) -> Record:
        """What the model wrote, to the letter."""
        return self._reader.record

    def close(self) -> None:
        """Stops it, if it isn't over: nothing is computed that nobody reads."""
        self._generation.close()

    def deltas(self) -> Iterator[Delta]:
        """What each piece adds."""
        for piece in self._generation:
            yield self._read(piece)
            if self._called:
                break
        self._drain()
        yield self._reader.close()

    async def adeltas(self) -> AsyncGenerator[Delta]:
        """The same; the event loop goes on meanwhile. A cancelled task stops the generation."""
        loop = asyncio.get_running_loop()
        pieces: asyncio.Queue[str | BaseException | None] = asyncio.Queue()

        def put(piece: str | BaseException | None) -> None:
            # A loop that is closed has no reader left.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(pieces.put_nowait, piece)

        def pump() -> None:
            try:
                for piece in self._generation:
                    put(piece)
            except BaseException as error:
                put(error)
            else:
                put(None)

        # A thread of its own: those of the loop's executor would all wait for the model, and
        # nothing else would get one.
        threading.Thread(target=pump, name="deixis-local-stream", daemon=True).start()
        try:
            while isinstance(piece := await pieces.get(), str):
                # What comes after the one call that was wanted is read, and left.
                if not self._called:
                    yield self._read(piece)
            if piece is not None:
                raise piece
        finally:
            self._generation.cancel()
        yield self._reader.close()

    def _read(self, piece: str) -> Delta:
        delta = self._reader.feed(piece)
        if self._single and delta.calls:
            self._called = True
            self._generation.cancel()
        return delta

    def _drain(self) -> None:
        """Waits for the end, which is near, so that the counts are complete."""
        for _ in self._generation:
            pass
