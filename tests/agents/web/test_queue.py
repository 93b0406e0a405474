"""The line: fair to people, and everyone knows how many are before them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from deixis.agents.web._queue import FairQueue, Job


class Line:
    """A queue whose jobs run until they are let go."""

    def __init__(self, *, at_once: int = 1) -> None:
        self.queue = FairQueue(at_once=at_once)
        self.begun: list[str] = []
        self.told: dict[str, list[int]] = {}
        self._gates: dict[str, asyncio.Event] = {}

    def put(self, name: str, user: str | None = None, *, first: bool = False) -> Job:
        """Takes in a job of a user, who is called by its first letter by default."""
        self._gates[name] = asyncio.Event()
        self.told[name] = []

        async def work() -> None:
            self.begun.append(name)
            await self._gates[name].wait()

        job = Job(user=user or name[0], work=work, told=self.told[name].append)
        self.queue.put(job, first=first)
        return job

    async def let_go(self, *names: str) -> None:
        """Lets jobs end, and what comes after them begin."""
        for name in names:
            self._gates[name].set()
        await settled()


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_job_begins_at_once_where_there_is_room() -> None:
    line = Line(at_once=2)
    line.put("a1")
    line.put("b1")
    await settled()
    assert line.begun == ["a1", "b1"]
    assert line.told == {"a1": [], "b1": []}


async def test_who_asks_a_lot_waits_for_their_own_only() -> None:
    line = Line()
    for name in ("a1", "a2", "a3", "b1", "c1"):
        line.put(name)
    for name in ("a1", "b1", "c1", "a2", "a3"):
        await settled()
        assert line.begun[-1] == name
        await line.let_go(name)


async def test_nobody_has_two_at_once() -> None:
    line = Line(at_once=2)
    line.put("a1")
    line.put("a2")
    await settled()
    assert line.begun == ["a1"]


async def test_everyone_is_told_how_many_are_before_them_as_that_changes() -> None:
    line = Line()
    for name in ("a1", "b1", "c1"):
        line.put(name)
    await settled()
    assert line.told == {"a1": [], "b1": [1], "c1": [2]}
    await line.let_go("a1")
    assert line.told == {"a1": [], "b1": [1], "c1": [2, 1]}


async def test_who_comes_later_with_less_goes_before_my_second() -> None:
    line = Line()
    for name in ("a1", "a2", "a3", "b1"):
        line.put(name)
    await settled()
    assert line.told["a2"] == [1, 2]
    assert line.told["a3"] == [2, 3]


async def test_a_job_can_be_taken_out_of_the_line() -> None:
    line = Line()
    line.put("a1")
    job = line.put("b1")
    line.put("c1")
    assert line.queue.drop(job)
    assert not line.queue.drop(job)
    await line.let_go("a1")
    assert line.begun == ["a1", "c1"]


async def test_what_a_person_decided_on_goes_before_their_other_questions() -> None:
    line = Line()
    line.put("a1")
    line.put("b1")
    line.put("b2", first=True)
    await line.let_go("a1")
    assert line.begun == ["a1", "b2"]


async def test_closing_ends_what_runs_and_begins_nothing() -> None:
    line = Line()
    running = line.put("a1")
    line.put("b1")
    await settled()
    await line.queue.close()
    await settled()
    assert running.task is not None
    assert running.task.cancelled()
    assert line.begun == ["a1"]


@settings(max_examples=60, deadline=None)
@given(
    users=st.lists(st.sampled_from("abcde"), min_size=1, max_size=14),
    at_once=st.integers(min_value=1, max_value=3),
)
def test_everyone_s_turn_comes_in_the_order_they_asked(users: Sequence[str], at_once: int) -> None:
    async def run() -> Line:
        line = Line(at_once=at_once)
        names = [f"{user}{number}" for number, user in enumerate(users)]
        for name in names:
            line.put(name)
        await settled()
        over: set[str] = set()
        while len(over) < len(names):
            running = [name for name in line.begun if name not in over]
            assert len(running) <= at_once
            assert len({name[0] for name in running}) == len(running)
            over.add(running[0])
            await line.let_go(running[0])
        return line

    line = asyncio.run(run())
    assert sorted(line.begun) == sorted(f"{user}{n}" for n, user in enumerate(users))
    for user in set(users):
        theirs = [name for name in line.begun if name[0] == user]
        assert theirs == sorted(theirs, key=lambda name: int(name[1:]))
