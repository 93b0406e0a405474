"""When a request is sent again, and after how long."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

from tenacity import AsyncRetrying, RetryCallState, Retrying, retry_if_exception_type

T = TypeVar("T")


class TryAgainError(Exception):
    """A request that failed before anything was answered, and may go through later.

    Attributes:
        final: What to raise once no time is left for another try.
        after: Seconds that the server asked to wait.
    """

    def __init__(self, final: Exception, after: float | None = None) -> None:
        super().__init__()
        self.final = final
        self.after = after


@dataclass(frozen=True, kw_only=True)
class Retries:
    """How often a request is sent again, and how long is waited in between.

    The wait doubles each time and is drawn between half of itself and the whole, so that many
    clients don't come back at once. A server's `Retry-After` takes its place. Only requests that
    nothing has been answered to are sent again.

    Attributes:
        number: Of further tries.
        first: Seconds before the first of them.
        longest: Most seconds of one wait of ours.
        total: Most seconds of all waits together; a server that asks for more is not waited for.
        sleep: Waits, in a thread.
        asleep: Waits, in an event loop.
        draw: Gives a number from 0 to 1.
    """

    number: int = 2
    first: float = 0.5
    longest: float = 20.0
    total: float = 60.0
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False)
    asleep: Callable[[float], Awaitable[None]] = field(default=asyncio.sleep, repr=False)
    draw: Callable[[], float] = field(default=random.random, repr=False)

    def run(self, step: Callable[[], T]) -> T:
        """The result of a step, done again while it raises `TryAgainError`."""
        again = Retrying(
            sleep=self.sleep,
            wait=self._wait,
            stop=self._spent,
            retry=retry_if_exception_type(TryAgainError),
            reraise=True,
        )
        try:
            return again(step)
        except TryAgainError as error:
            raise error.final from None

    async def arun(self, step: Callable[[], Awaitable[T]]) -> T:
        """The same, asynchronously."""
        again = AsyncRetrying(
            sleep=self.asleep,
            wait=self._wait,
            stop=self._spent,
            retry=retry_if_exception_type(TryAgainError),
            reraise=True,
        )
        try:
            return await again(step)
        except TryAgainError as error:
            raise error.final from None

    def _wait(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, TryAgainError) and error.after is not None:
            return error.after
        whole = min(self.longest, self.first * 2.0 ** (state.attempt_number - 1))
        return whole * (0.5 + self.draw() / 2)

    def _spent(self, state: RetryCallState) -> bool:
        waited = state.idle_for + state.upcoming_sleep
        return state.attempt_number > self.number or waited > self.total


def seconds_of(retry_after: str | None, *, now: datetime | None = None) -> float | None:
    """The seconds that a `Retry-After` header asks for, given as a number or a date."""
    said = (retry_after or "").strip()
    if not said:
        return None
    try:
        seconds = float(said)
    except ValueError:
        try:
            then = parsedate_to_datetime(said)
        except (ValueError, TypeError):
            return None
        then = then if then.tzinfo else then.replace(tzinfo=UTC)
        seconds = (then - (now or datetime.now(UTC))).total_seconds()
    return min(max(seconds, 0.0), 1e9) if seconds == seconds else None
