"""Real servers in processes of their own, on loopback."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from deixis.tools import ToolContext
from deixis.vision import CachedReader, ImageBook, ImageStore, RapidReader, load_image

ROOT = Path(__file__).parent.parent.parent
NOTES = str(Path(__file__).parent / "notes_server.py")
HOSTILE = str(Path(__file__).parent / "hostile_server.py")
PICTURE = str(ROOT / "examples" / "images" / "street_sign.jpg")
KEY = "sk-this-is-a-secret-key"


def environment(folder: Path) -> dict[str, str]:
    return {"NOTES_FOLDER": str(folder), "NOTES_PICTURE": PICTURE, "NOTES_KEY": KEY}


def context(*images: str) -> ToolContext:
    book = ImageBook(ImageStore())
    for image in images:
        book.add(load_image(image))
    return ToolContext(book=book, reader=CachedReader(RapidReader()))


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def running(
    command: list[str], port: int, *, env: dict[str, str] | None = None, cwd: Path = ROOT
) -> Generator[subprocess.Popen[bytes]]:
    """A server from when it listens until the end."""
    process = subprocess.Popen(
        command, env={**os.environ, **(env or {})}, cwd=cwd, stderr=subprocess.DEVNULL
    )
    try:
        for _ in range(600):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            if process.poll() is not None:
                raise AssertionError(f"{command[0]} ended with {process.returncode}")
            time.sleep(0.1)
        yield process
    finally:
        process.kill()
        process.wait()


@contextmanager
def notes_over_http(folder: Path, port: int) -> Generator[subprocess.Popen[bytes]]:
    with running([sys.executable, NOTES, str(port)], port, env=environment(folder)) as process:
        yield process
