"""Fifty people at once: each gets their own answer, and knows why it takes a while."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest

from deixis.agents import VisionAgent
from deixis.agents.web import create_app
from deixis.memory import MemoryStore
from deixis.vision import ImageStore
from tests.agents.web.serving import served
from tests.agents.web.visiting import Outcome, sign, visit

PEOPLE = 50


@pytest.mark.slow
async def test_fifty_people_at_once_each_get_their_own(tmp_path: Path) -> None:
    photos = [sign(number, tmp_path / f"sign{number}.png") for number in range(1, PEOPLE + 1)]
    store = ImageStore(tmp_path / "images")
    with MemoryStore(tmp_path / "memory", images=store, index=False) as memory:
        agent = VisionAgent(images=store, memory=memory, checkpoints=tmp_path / "threads.sqlite")
        with served(create_app(agent, folder=tmp_path)) as address:
            visits = await asyncio.gather(*(visit(address, photo) for photo in photos))
            outcomes = [outcome for _, outcome in visits]
            try:
                await nobody_sees_another_s(visits)
            finally:
                for client, _ in visits:
                    await client.aclose()
    assert [outcome.floor for outcome in outcomes] == [f"{n}F" for n in range(1, PEOPLE + 1)]
    assert len({outcome.image for outcome in outcomes}) == PEOPLE
    told = [outcome.places for outcome in outcomes if outcome.places]
    # All but the few whose turn it was at once were told, and saw the line get shorter.
    assert len(told) >= PEOPLE - 8
    assert all(list(places) == sorted(places, reverse=True) for places in told)


async def nobody_sees_another_s(visits: list[tuple[httpx.AsyncClient, Outcome]]) -> None:
    for at, (client, _) in enumerate(visits):
        theirs = visits[(at + 1) % len(visits)][1].thread
        for path in ("", "/images/img_1", "/turns/1/events"):
            response = await client.get(f"/api/threads/{theirs}{path}")
            assert response.status_code == 404
        listed = (await client.get("/api/threads")).json()["threads"]
        assert [one["thread"] for one in listed] == [visits[at][1].thread]
