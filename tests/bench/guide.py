"""What a way through a building costs beside a reading, and fifty people on the page at once."""

# ruff: noqa: T201

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from deixis.agents import VisionAgent
from deixis.agents.web import create_app
from deixis.memory import MemoryStore
from deixis.tools.maps import PlaceFinder, Router, describe, draw_route, load_map
from deixis.vision import ImageStore, RapidReader, load_image
from tests.agents.web.serving import served
from tests.agents.web.visiting import Outcome, sign, visit

ROOT = Path(__file__).parents[2]
MAP = ROOT / "examples" / "maps" / "hospital"
GUIDE = ROOT / "examples" / "images" / "hospital_zh.jpg"
PEOPLE = 50


def run() -> None:
    """Print the parts of a way as shares of one reading; then the page under fifty people."""
    _ways()
    _page()


def _ways() -> None:
    reader, picture = RapidReader(), load_image(GUIDE)
    reading = _seconds(lambda: reader.read(picture))
    map_ = load_map(MAP)
    router, places = Router(map_), PlaceFinder(map_)
    start, end = places.named("Pharmacy")[0], places.named("ENT")
    way = router.way(start, end)
    print("a way through the example hospital, as a part of reading a floor guide once")
    for name, part in {
        "reading the map": lambda: load_map(MAP),
        "the first way, measured": lambda: Router(map_).way(start, end),
        "another way": lambda: router.way(start, end),
        "its words": lambda: describe(way, map_, language="zh"),
        "its drawing": lambda: draw_route(way, map_, language="zh"),
    }.items():
        print(f"  {name:24}{_seconds(part) / reading:8.4f}")


def _seconds(work: Callable[[], object], times: int = 5) -> float:
    work()
    taken: list[float] = []
    for _ in range(times):
        begun = time.perf_counter()
        work()
        taken.append(time.perf_counter() - begun)
    return median(taken)


def _page() -> None:
    alone = asyncio.run(_visitors(1))
    at_once = asyncio.run(_visitors(PEOPLE))
    one = alone[0].seconds
    answered = sorted(outcome.seconds for outcome in at_once)
    told = sorted(outcome.told for outcome in at_once)
    print(f"{PEOPLE} people on the page at once, each with a picture of their own; 1 = one alone")
    print(f"  answered right         {sum(_is_right(at_once))} of {PEOPLE}")
    print(f"  first word, the last   {told[-1] / one:8.2f}")
    print(f"  answer, the median     {median(answered) / one:8.2f}")
    print(f"  answer, the last       {answered[-1] / one:8.2f}")


def _is_right(outcomes: list[Outcome]) -> list[bool]:
    return [outcome.floor == f"{number}F" for number, outcome in enumerate(outcomes, start=1)]


async def _visitors(count: int) -> list[Outcome]:
    with TemporaryDirectory() as name:
        folder = Path(name)
        photos = [sign(number, folder / f"{number}.png") for number in range(1, count + 1)]
        store = ImageStore(folder / "images")
        with MemoryStore(folder / "memory", images=store, index=False) as memory:
            agent = VisionAgent(images=store, memory=memory, checkpoints=folder / "threads.sqlite")
            with served(create_app(agent, folder=folder)) as address:
                await visit(address, sign(90, folder / "first.png"))  # loads the models
                visits = await asyncio.gather(*(visit(address, photo) for photo in photos))
                for client, _ in visits:
                    await client.aclose()
    return [outcome for _, outcome in visits]
