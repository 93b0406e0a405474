"""Real servers with a real model, in a process of their own, over loopback.

with served(tiny_checkpoint("qwen3-vl", folder)) as server:
    ...  # ask server.base_url for server.model
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

ROOT = Path(__file__).parents[2]
_UP = re.compile(r"Uvicorn running on (http://127\.0\.0\.1:\d+)")


@dataclass(frozen=True, kw_only=True)
class Served:
    """A running server.

    Attributes:
        base_url: Address for clients, with the `/v1` that they expect.
        model: The name it answers to.
        process: What runs it.
        log: Where it writes what happens.
    """

    base_url: str
    model: str
    process: subprocess.Popen[bytes]
    log: Path


@contextmanager
def served(
    folder: Path,
    *,
    engine: Literal["strict", "transformers"] = "strict",
    options: Sequence[str] = (),
    seconds: float = 180,
) -> Generator[Served]:
    """Serves a checkpoint until the block ends.

    Args:
        folder: Of the checkpoint.
        engine: Our own server, strict as vLLM is, or `transformers serve`.
        options: Of our own: `--key KEY` (else none is needed), `--images N` in a prompt, 8 if left
            out, `--context N` tokens, 4096 if left out, `--no-tools` (refuses them, as vLLM does
            without `--enable-auto-tool-choice`), `--reasoning` (gives thoughts as
            `reasoning_content`).
        seconds: How long it may take to come up.

    Raises:
        RuntimeError: It didn't come up; the message has its log.
    """
    model = folder.name if engine == "strict" else str(folder)
    command = {
        "strict": ["tests.serving._strict_server", str(folder), "--name", model, *options],
        "transformers": ["tests.serving._hub_server", str(folder)],
    }[engine]
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(scratch)
        (home / "hub").mkdir()
        log = home / "log"
        process = _started(command, home, log)
        try:
            address = _came_up(process, log, time.monotonic() + seconds)
            yield Served(base_url=f"{address}/v1", model=model, process=process, log=log)
        finally:
            _end(process)


def _started(command: list[str], home: Path, log: Path) -> subprocess.Popen[bytes]:
    environment = os.environ | {
        "HF_HOME": str(home),
        "HF_HUB_OFFLINE": "1",
        "OMP_NUM_THREADS": "1",
        "PYTHONUNBUFFERED": "1",
        "TOKENIZERS_PARALLELISM": "false",
    }
    with log.open("wb") as written:
        return subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=written,
            stderr=subprocess.STDOUT,
        )


def _came_up(process: subprocess.Popen[bytes], log: Path, until: float) -> str:
    while time.monotonic() < until and process.poll() is None:
        if found := _UP.search(log.read_text("utf-8", "replace")):
            return found[1]
        time.sleep(0.05)
    raise RuntimeError(f"the server didn't come up:\n{log.read_text('utf-8', 'replace')[-4000:]}")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(3)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdin is not None:
        process.stdin.close()
