"""A ledger of effects: what a tool has done to the world isn't done again after a kill.

A checkpoint is written after a tool has run. A process killed between the two runs the tool again
when its thread is resumed; for a tool that pays, sends or moves, that is once too often. So the
call is written down before the tool runs, and its result after.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, kw_only=True)
class Effect:
    """A call that was begun.

    Attributes:
        result: What it gave, as its caller wrote it; None where it was cut off, so that nobody
            knows whether it was done.
    """

    result: str | None = None


@runtime_checkable
class EffectLedger(Protocol):
    """Where calls with an effect are written down: `InMemoryEffects` or `DatabaseEffects`.

    A key names one call for good: no other call ever has it, and it is the same when the call
    comes again after a kill.
    """

    def begin(self, key: str, *, thread_id: str) -> Effect | None:
        """Writes a call down, for good, before it is made.

        Args:
            key: Names the call.
            thread_id: The conversation it belongs to, with which it is forgotten.

        Returns:
            None for the one caller that may go on; else what is known of the call: don't make it.
        """
        ...

    def finish(self, key: str, result: str) -> None:
        """Keeps the result of a call that was begun."""
        ...

    def cancel(self, key: str) -> None:
        """Takes back a beginning: the call wasn't made, and may be later."""
        ...

    def known(self, key: str) -> Effect | None:
        """What is known of a call; None if it was never begun."""
        ...

    def of_thread(self, thread_id: str) -> list[Effect]:
        """What is known of a conversation's calls, oldest first."""
        ...

    def forget_thread(self, thread_id: str) -> None:
        """Deletes a conversation's calls."""
        ...

    def forget_threads(self, prefix: str) -> None:
        """Deletes the calls of every conversation whose id starts with these very characters."""
        ...

    def close(self) -> None:
        """Closes what it has open."""
        ...


class InMemoryEffects:
    """A ledger that lives as long as the process: for checkpoints that do, too."""

    def __init__(self) -> None:
        self._effects: dict[str, tuple[str, Effect]] = {}
        self._lock = threading.Lock()

    def begin(self, key: str, *, thread_id: str) -> Effect | None:
        """Writes a call down before it is made; gives what is known if it was begun before."""
        with self._lock:
            if key in self._effects:
                return self._effects[key][1]
            self._effects[key] = (thread_id, Effect())
            return None

    def finish(self, key: str, result: str) -> None:
        """Keeps the result of a call that was begun."""
        with self._lock:
            if key in self._effects:
                self._effects[key] = (self._effects[key][0], Effect(result=result))

    def cancel(self, key: str) -> None:
        """Takes back a beginning: the call wasn't made, and may be later."""
        with self._lock:
            self._effects.pop(key, None)

    def known(self, key: str) -> Effect | None:
        """What is known of a call; None if it was never begun."""
        with self._lock:
            return self._effects[key][1] if key in self._effects else None

    def of_thread(self, thread_id: str) -> list[Effect]:
        """What is known of a conversation's calls, oldest first."""
        with self._lock:
            return [effect for whose, effect in self._effects.values() if whose == thread_id]

    def forget_thread(self, thread_id: str) -> None:
        """Deletes a conversation's calls."""
        with self._lock:
            self._effects = {k: v for k, v in self._effects.items() if v[0] != thread_id}

    def forget_threads(self, prefix: str) -> None:
        """Deletes the calls of every conversation whose id starts with these very characters."""
        with self._lock:
            self._effects = {k: v for k, v in self._effects.items() if not v[0].startswith(prefix)}

    def close(self) -> None:
        """Nothing is open: a ledger that is closed can still be used."""
