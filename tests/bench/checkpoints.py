"""What twenty steps with a picture of 1 MB take on disk, beside LangChain with the picture inline.

LangChain's agent keeps the picture as base64 in a message, and with it in every checkpoint; ours
keeps its handle, and its bytes once, in the image folder. SQLite's write-ahead log, which it keeps
beside the database until there is time to fold it in, is counted by itself.
"""

# ruff: noqa: T201

from __future__ import annotations

import base64
import sqlite3
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

from langchain.agents import create_agent  # pyright: ignore[reportUnknownVariableType]
from langchain_core.messages import HumanMessage
from langgraph.checkpoint.sqlite import SqliteSaver
from PIL import Image

from deixis.agents import AgentLimits, VisionAgent
from deixis.vision import ImageStore, VisionImage, load_image
from tests.bench.loop import NOTE, STEPS, note, scripted

GOAL = 1_000_000


def run() -> None:
    """Print the bytes of the checkpoints of both, and how many times as many LangChain's are."""
    image = picture()
    with TemporaryDirectory() as name:
        folder = Path(name)
        kept, log, images = ours(folder / "ours", image)
        inline, inline_log = langchain(folder / "theirs", image)
    print(f"checkpoints of {STEPS} steps with a picture of {len(image.data):,} bytes:")
    print(f"  VisionAgent: {kept:,} bytes (goal under {GOAL:,}), and {images:,} of the picture")
    print(f"  create_agent + SQLite, inline: {inline:,} bytes, {inline / kept:.0f} times as many")
    print(f"  logs at the end of the run: {log:,} and {inline_log:,} bytes")


def picture() -> VisionImage:
    """Noise that takes about 1 MB."""
    return load_image(Image.effect_noise((820, 820), 90))


def ours(folder: Path, image: VisionImage) -> tuple[int, int, int]:
    """Bytes of the checkpoints, their log and the image folder after a run of `VisionAgent`."""
    folder.mkdir()
    path = folder / "checkpoints.sqlite"
    agent = VisionAgent(
        scripted(),
        tools=[note],
        images=ImageStore(folder / "images"),
        checkpoints=path,
        limits=AgentLimits(steps=STEPS + 1),
    )
    agent.ask("go", image)
    images = sum(f.stat().st_size for f in (folder / "images").rglob("*") if f.is_file())
    return *taken(path), images


def langchain(folder: Path, image: VisionImage) -> tuple[int, int]:
    """Bytes of the checkpoints and of their log after the same with LangChain's agent."""
    folder.mkdir()
    path = folder / "checkpoints.sqlite"
    data = base64.b64encode(image.data).decode()
    block = {"type": "image", "base64": data, "mime_type": image.mime}
    asked = HumanMessage(cast("Any", [block, {"type": "text", "text": "go"}]))
    connection = sqlite3.connect(path, check_same_thread=False)
    agent = cast("Any", create_agent)(scripted(), [NOTE], checkpointer=SqliteSaver(connection))
    config = {"configurable": {"thread_id": "t"}, "recursion_limit": 100}
    agent.invoke({"messages": [asked]}, config, durability="sync")
    sizes = taken(path)
    connection.close()
    return sizes


def taken(path: Path) -> tuple[int, int]:
    """Bytes of a database with its log folded in, and of the log before."""
    log = path.with_name(f"{path.name}-wal")
    size = log.stat().st_size if log.exists() else 0
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    return path.stat().st_size, size


if __name__ == "__main__":
    run()
