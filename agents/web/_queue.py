"""A fair line: one question of each person at a time, and everyone is told their place."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any


@dataclass(eq=False, kw_only=True)
class Job:
    """Something to do in its turn.

    Attributes:
        user: For whom.
        work: What is done; it tells its own errors.
        told: Called with the number of those before it, when that changes.
    """

    user: str
    work: Callable[[], Coroutine[Any, Any, None]]
    told: Callable[[int], None]
    ahead: int | None = None
    task: asyncio.Task[None] | None = None


class FairQueue:
    """People take turns, not questions: who asks a lot waits for their own only.

    Lives in one event loop.

    Args:
        at_once: How many jobs run at the same time.
    """

    def __init__(self, *, at_once: int) -> None:
        self._at_once = max(1, at_once)
        self._waiting: dict[str, deque[Job]] = {}
        # Whose turn is next: those who wait and have nothing running, longest waiting first.
        self._ring: deque[str] = deque()
        self._running: dict[str, Job] = {}
        self._open = True

    @property
    def waiting(self) -> int:
        """Jobs that are not begun."""
        return sum(len(jobs) for jobs in self._waiting.values())

    def of(self, user: str) -> int:
        """A person's jobs, waiting and running."""
        return len(self._waiting.get(user, ())) + (user in self._running)

    def put(self, job: Job, *, first: bool = False) -> None:
        """Takes a job in; it may begin at once.

        Args:
            job: What to do.
            first: Before the person's own other jobs.
        """
        jobs = self._waiting.setdefault(job.user, deque())
        if first:
            jobs.appendleft(job)
        else:
            jobs.append(job)
        if job.user not in self._running and job.user not in self._ring:
            self._ring.append(job.user)
        self._go_on()

    def drop(self, job: Job) -> bool:
        """Takes a job that is not begun out of the line; False where it is begun or over."""
        jobs = self._waiting.get(job.user)
        if not jobs or job not in jobs:
            return False
        jobs.remove(job)
        if not jobs:
            del self._waiting[job.user]
            if job.user in self._ring:
                self._ring.remove(job.user)
        self._go_on()
        return True

    async def close(self) -> None:
        """Begins nothing more, and cancels what runs."""
        self._open = False
        tasks = [job.task for job in self._running.values() if job.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _go_on(self) -> None:
        while self._open and self._ring and len(self._running) < self._at_once:
            user = self._ring.popleft()
            job = self._waiting[user].popleft()
            if not self._waiting[user]:
                del self._waiting[user]
            self._running[user] = job
            job.task = asyncio.create_task(job.work())
            job.task.add_done_callback(lambda _, user=user: self._over(user))
        self._tell()

    def _over(self, user: str) -> None:
        self._running.pop(user, None)
        if user in self._waiting and user not in self._ring:
            self._ring.append(user)
        self._go_on()

    def _tell(self) -> None:
        for user, jobs in self._waiting.items():
            for number, job in enumerate(jobs):
                ahead = self._before(user, number)
                if ahead != job.ahead:
                    job.ahead = ahead
                    job.told(ahead)

    def _before(self, user: str, number: int) -> int:
        """How many jobs run or come before a person's job: round after round, one of each."""
        order = list(self._ring)
        mine = order.index(user) if user in order else len(order)
        count = len(self._running) + number
        for other, jobs in self._waiting.items():
            if other == user:
                continue
            place = order.index(other) if other in order else len(order)
            count += min(len(jobs), number + (place < mine))
        return count
