"""What our loop costs beside LangChain's: 20 steps with a scripted model, side by side.

A plain loop, bare `create_agent`, the same with LangGraph's SQLite checkpoints, and `VisionAgent`,
also with a state that knows ten images.
"""

# ruff: noqa: T201

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, cast

from langchain.agents import create_agent  # pyright: ignore[reportUnknownVariableType]
from langchain_core.messages import BaseMessage, HumanMessage, ToolMessage
from langchain_core.tools import BaseTool
from langgraph.checkpoint.sqlite import SqliteSaver
from PIL import Image

from deixis.agents import AgentLimits, VisionAgent
from deixis.testing import Call, Say, ScriptedModel
from deixis.tools import tool
from deixis.tools._langchain import PlaceTool
from deixis.vision import ImageStore, load_image

STEPS = 20
ROUNDS = 7
LIMIT = 1.3


@tool
def note(text: str) -> str:
    """Notes a text."""
    return f"noted {text}"


NOTE: BaseTool = PlaceTool.of(note)


def run() -> None:
    """Print the time of a step of each, and ours over LangChain's with checkpoints."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        images = [
            load_image(Image.effect_noise((640, 480), 20 + number).convert("RGB"))
            for number in range(10)
        ]
        ways: dict[str, Callable[[int], float]] = {
            "plain loop": lambda _: plain(),
            "create_agent": lambda _: langchain(None),
            "create_agent + SQLite": lambda number: langchain(folder / f"bare-{number}.sqlite"),
            "VisionAgent": lambda number: ours(folder / f"ours-{number}.sqlite", []),
            "VisionAgent, ten images": lambda number: ours(
                folder / f"images-{number}.sqlite", images
            ),
        }
        times: dict[str, list[float]] = {way: [] for way in ways}
        for number in range(ROUNDS + 1):
            for way, take in ways.items():
                seconds = take(number)
                if number:  # the first round warms up
                    times[way].append(seconds)
    for way, taken in times.items():
        print(f"loop {way}: {median(taken) / STEPS * 1000:.1f} CPU-ms a step")
    base = times["create_agent + SQLite"]
    for way in ("VisionAgent", "VisionAgent, ten images"):
        ratio = median(a / b for a, b in zip(times[way], base, strict=True))
        print(f"loop {way} over create_agent + SQLite: {ratio:.2f} (at most {LIMIT})")


def scripted() -> ScriptedModel:
    """Twenty calls, then a word."""
    return ScriptedModel(
        [*(Call("note", {"text": str(n)}) for n in range(STEPS - 1)), Say("Done.")]
    )


def plain() -> float:
    """The least that a loop can do."""
    model = scripted().bind_tools([NOTE])
    messages: list[BaseMessage] = [HumanMessage("go")]
    start = time.process_time()
    while True:
        reply = model.invoke(messages)
        messages.append(reply)
        if not reply.tool_calls:
            return time.process_time() - start
        for call in reply.tool_calls:
            result = str(cast("Any", NOTE).invoke(call["args"]))
            messages.append(ToolMessage(result, tool_call_id=str(call["id"])))


def langchain(path: Path | None) -> float:
    """LangChain's loop, streamed as ours is, each step on disk where there is a file."""
    connection = sqlite3.connect(path, check_same_thread=False) if path else None
    saver = SqliteSaver(connection) if connection else None
    agent = cast("Any", create_agent)(scripted(), [NOTE], checkpointer=saver)
    config = {"configurable": {"thread_id": "t"}, "recursion_limit": 100}
    durable = {"durability": "sync"} if saver else {}
    start = time.process_time()
    for _ in agent.stream(
        {"messages": [HumanMessage("go")]}, config, stream_mode=["messages", "updates"], **durable
    ):
        pass
    taken = time.process_time() - start
    if connection:
        connection.close()
    return taken


def ours(path: Path, images: list[Any]) -> float:
    """The same through `VisionAgent`."""
    agent = VisionAgent(
        scripted(),
        tools=[note],
        images=ImageStore(),
        checkpoints=path,
        limits=AgentLimits(steps=STEPS + 1),
    )
    start = time.process_time()
    agent.ask("go", images)
    return time.process_time() - start
