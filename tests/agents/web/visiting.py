"""One person's visit to the page, spoken as a browser speaks: with a picture of their own."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import httpx
from PIL import Image, ImageDraw, ImageFont
from pydantic import BaseModel, ConfigDict

from tests.agents.web.serving import FRESH

PATIENCE = 540.0


class Outcome(BaseModel):
    """What one person got.

    Attributes:
        thread: Their conversation.
        floor: Stated in the answer.
        image: Bytes of the picture that comes back.
        places: They were told of before it was their turn.
        answer: The prose.
        told: Seconds from the question to the first word on it: a place in the line, a reading.
        seconds: Until the answer.
    """

    model_config = ConfigDict(frozen=True)

    thread: str
    floor: str | None
    image: bytes
    places: tuple[int, ...]
    answer: str
    told: float
    seconds: float


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


async def visit(address: str, photo: Path) -> tuple[httpx.AsyncClient, Outcome]:
    """A person's visit, from the first load of the page to the answer."""
    client = httpx.AsyncClient(base_url=address, timeout=PATIENCE, limits=FRESH)
    assert (await client.get("/api/session")).json()["signed_in"]
    files = {"images": (photo.name, photo.read_bytes(), "image/png")}
    question = {"text": "Which floor is the pharmacy on?"}
    begun = time.perf_counter()
    told = 0.0
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
                told = told or time.perf_counter() - begun
            elif key == "data":
                events.append((name, json.loads(value)))
    assert events[-1][0] == "done", events[-1]
    seconds = time.perf_counter() - begun
    image = await client.get(f"/api/threads/{thread}/images/img_1")
    answer = events[-1][1]["answer"]
    return client, Outcome(
        thread=thread,
        floor=answer["facts"]["floor"],
        image=image.content,
        places=tuple(data["ahead"] for name, data in events if name == "queued"),
        answer=answer["text"],
        told=told,
        seconds=seconds,
    )
