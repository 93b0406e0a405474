"""The events of a turn: kept in order, for whoever comes late or comes back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, MutableMapping
from typing import Any

from deixis.agents.web._events import EventLog, WebEvent
from deixis.agents.web._routes import EventStream


async def followed(log: EventLog, after: int = 0) -> list[tuple[int, str]]:
    return [(e.number, e.name) async for e in log.follow(after=after) if e is not None]


async def test_who_comes_late_is_told_all_from_the_beginning() -> None:
    log = EventLog()
    log.add("started", {})
    log.add("done", {})
    log.close()
    assert await followed(log) == [(1, "started"), (2, "done")]


async def test_who_comes_back_is_told_the_rest() -> None:
    log = EventLog()
    log.add("started", {})
    following = asyncio.create_task(followed(log, after=1))
    await asyncio.sleep(0)
    log.add("text", {"delta": "a"})
    await asyncio.sleep(0)
    log.add("done", {})
    log.close()
    assert await following == [(2, "text"), (3, "done")]


async def test_a_number_from_before_a_restart_begins_anew() -> None:
    log = EventLog()
    log.add("waiting", {})
    log.close()
    assert await followed(log, after=40) == [(1, "waiting")]


async def test_nothing_follows_the_end() -> None:
    log = EventLog()
    log.close()
    log.add("text", {"delta": "late"})
    assert await followed(log) == []


async def test_a_quiet_turn_says_that_it_is_still_there() -> None:
    log = EventLog()
    events = log.follow(every=0.001)
    assert await anext(events) is None
    log.add("started", {})
    assert await anext(events) == WebEvent(number=1, name="started", data={})


def test_no_text_can_end_an_event_or_begin_another() -> None:
    event = WebEvent(number=3, name="text", data={"delta": "a\n\nevent: done\r\ndata: {}\u2028"})
    assert event.written() == (
        'id: 3\nevent: text\ndata: {"delta": "a\\n\\nevent: done\\r\\ndata: {}\\u2028"}\n\n'
    )


async def test_a_client_that_takes_nothing_is_let_go() -> None:
    ended: list[bool] = []

    async def endless() -> AsyncGenerator[str]:
        try:
            while True:
                yield ": more\n\n"
        finally:
            ended.append(True)

    async def send(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.body":
            await asyncio.Event().wait()

    await EventStream(endless(), stall=0.01, headers={}).stream_response(send)
    assert ended == [True]
