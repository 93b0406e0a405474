"""Spans of runs that are streamed: read in turns, left in the middle, closed by others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any, cast

import pytest
from opentelemetry import trace as api
from opentelemetry.trace import StatusCode

from deixis.testing import Call, Say
from deixis.tools import tool
from tests.agents.spans import Recorded, told
from tests.agents.test_tracing import NOTE, agent, recorded

__all__ = ["recorded"]  # fixtures


def test_while_a_stream_s_reader_works_no_span_of_it_is_current(recorded: Recorded) -> None:
    for _ in agent(recorded, NOTE, Say("Done.")).stream("Go."):
        assert api.get_current_span() is api.INVALID_SPAN


def test_two_streams_read_in_turns_keep_their_spans_apart(recorded: Recorded) -> None:
    one = agent(recorded, NOTE, Say("Done."), name="one").stream("Go.")
    two = agent(recorded, NOTE, Say("Done."), name="two").stream("Go.")
    left: list[Iterator[Any]] = [one, two]
    while left:
        left = [stream for stream in left if next(stream, None) is not None]
    trees = recorded.tree()
    assert [name for name, _ in trees] == ["invoke_agent one", "invoke_agent two"]
    assert trees[0][1] == trees[1][1]
    assert api.get_current_span() is api.INVALID_SPAN


async def test_two_asynchronous_streams_read_in_turns_do_too(recorded: Recorded) -> None:
    one = agent(recorded, NOTE, Say("Done."), name="one").astream("Go.")
    two = agent(recorded, NOTE, Say("Done."), name="two").astream("Go.")
    left: list[AsyncIterator[Any]] = [one, two]
    while left:
        left = [stream for stream in left if await anext(stream, None) is not None]
    trees = recorded.tree()
    assert [name for name, _ in trees] == ["invoke_agent one", "invoke_agent two"]
    assert trees[0][1] == trees[1][1]


def test_a_stream_that_is_left_ends_its_spans_as_abandoned(recorded: Recorded) -> None:
    stream = agent(recorded, NOTE, Say("Done.")).stream("Go.")
    next(stream)
    cast("Any", stream).close()
    run = recorded.one("invoke_agent agent")
    assert told(run, "deixis.abandoned") is True
    assert run.status.status_code is StatusCode.UNSET
    assert len(recorded.all("step")) == 1
    assert api.get_current_span() is api.INVALID_SPAN


async def test_an_asynchronous_stream_that_is_left_does_too(recorded: Recorded) -> None:
    stream = agent(recorded, NOTE, Say("Done.")).astream("Go.")
    await anext(stream)
    await cast("Any", stream).aclose()
    for _ in range(100):
        if recorded.all("invoke_agent"):
            break
        await asyncio.sleep(0.01)
    assert told(recorded.one("invoke_agent agent"), "deixis.abandoned") is True


async def test_a_stream_begun_in_one_task_can_be_closed_in_another(recorded: Recorded) -> None:
    stream = agent(recorded, NOTE, Say("Done.")).astream("Go.")
    await asyncio.create_task(cast("Any", anext(stream)))
    await asyncio.create_task(cast("Any", stream).aclose())
    await asyncio.sleep(0.05)
    assert told(recorded.one("invoke_agent agent"), "deixis.abandoned") is True


async def test_a_run_whose_task_is_cancelled_is_abandoned_and_no_error(recorded: Recorded) -> None:
    begun = asyncio.Event()

    @tool
    async def wait() -> str:
        """Waits."""
        begun.set()
        await asyncio.sleep(600)
        return "waited"

    asked = agent(recorded, Call("wait"), Say("Done."), tools=[wait]).aask("Go.")
    task = asyncio.create_task(cast("Any", asked))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    for name in ("invoke_agent agent", "execute_tool wait"):
        assert told(recorded.one(name), "deixis.abandoned") is True
        assert recorded.one(name).status.status_code is StatusCode.UNSET
