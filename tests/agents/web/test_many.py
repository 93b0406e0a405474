"""Fifty people at once: each gets their own answer, and knows why it takes a while."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image, ImageDraw, ImageFont
from pydantic import BaseModel, ConfigDict

from deixis.agents import VisionAgent
from deixis.agents.web import create_app
from deixis.memory import MemoryStore
from deixis.vision import ImageStore
from tests.agents.web.serving import served

PEOPLE = 50
PATIENCE = 540.0


class Outcome(BaseModel):
    """What one person got.

    Attributes:
        thread: Their conversation.
        floor: Stated in the answer.
        image: Bytes of the picture that comes back.
        places: They were told of before it was their turn.
        answer: The prose.
    """

    model_config = ConfigDict(frozen=True)

    thread: str
    floor: str | None
    image: bytes
    places: tuple[int, ...]
    answer: str


def sign(number: int, path: Path) -> Path:
    """A sign of one person's own: the pharmacy is on the floor of their number."""
    picture = Image.new("RGB", (420, 200), "white")
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(size=38)
    draw.text((20, 30), f"{number}F", fill="black", font=font)
    draw.text((150, 30), "Pharmacy", fill="black", font=font)
    draw.text((20, 120), f"{number + 1}F", fill="black", font=font)
    draw.text((150, 120), "Radiology", fill="black", font=font)
    picture.save(path)
    return path


async def one(address: str, photo: Path) -> tuple[httpx.AsyncClient, Outcome]:
    """A person's visit, from the first load of the page to the answer."""
    client = httpx.AsyncClient(base_url=address, timeout=PATIENCE)
    assert (await client.get("/api/session")).json()["signed_in"]
    files = {"images": (photo.name, photo.read_bytes(), "image/png")}
    question = {"text": "Which floor is the pharmacy on?"}
    asked = await client.post("/api/ask", data=question, files=files)
    assert asked.status_code == 202, asked.text
    thread = asked.json()["thread"]
    events: list[tuple[str, Any]] = []
    name = ""
    async with client.stream("GET", f"/api/threads/{thread}/turns/1/events") as stream:
        async for line in stream.aiter_lines():
            key, _, value = line.partition(": ")
            if key == "event":
                name = value
            elif key == "data":
                events.append((name, json.loads(value)))
    assert events[-1][0] == "done", events[-1]
    image = await client.get(f"/api/threads/{thread}/images/img_1")
    answer = events[-1][1]["answer"]
    return client, Outcome(
        thread=thread,
        floor=answer["facts"]["floor"],
        image=image.content,
        places=tuple(data["ahead"] for name, data in events if name == "queued"),
        answer=answer["text"],
    )


@pytest.mark.slow
async def test_fifty_people_at_once_each_get_their_own(tmp_path: Path) -> None:
    photos = [sign(number, tmp_path / f"sign{number}.png") for number in range(1, PEOPLE + 1)]
    store = ImageStore(tmp_path / "images")
    with MemoryStore(tmp_path / "memory", images=store, index=False) as memory:
        agent = VisionAgent(images=store, memory=memory, checkpoints=tmp_path / "threads.sqlite")
        with served(create_app(agent, folder=tmp_path)) as address:
            visits = await asyncio.gather(*(one(address, photo) for photo in photos))
            outcomes = [outcome for _, outcome in visits]
            await nobody_sees_another_s(visits)
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
