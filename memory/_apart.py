"""Runs one of our modules in a process of its own, and believes its word alone.

Where SIGCHLD is ignored, as some programs do and their children inherit, the system keeps no exit
status, and Python tells 0 of every process, one that crashed too. So who comes through says so.
"""

from __future__ import annotations

import math
import os
import subprocess
import sys
import threading
import time

from deixis.vision import DeixisError

_SAID = "done: "


def end_with_parent() -> None:
    """The first thing that such a process does: from now on it ends when its parent does.

    A place is its owner's for as long as that lives, and another may take it right after.
    """

    def wait() -> None:
        os.read(0, 1)  # the parent writes nothing: the pipe's end is the parent's
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def say_done(result: str = "") -> None:
    """The last thing that such a process does: it says that it came through, and its result."""
    print(f"{_SAID}{result}")  # noqa: T201


def run_apart(
    module: str, *arguments: str, stopped: threading.Event | None = None, seconds: float = math.inf
) -> str:
    """Runs a module to its end.

    Args:
        module: What `python -m` is given.
        arguments: What the module is given.
        stopped: Ends it when it is set.
        seconds: Ends it when it takes longer.

    Returns:
        The result that it gave to `say_done`.

    Raises:
        DeixisError: It didn't come through: why, in a line.
    """
    ours, life = os.pipe()
    try:
        with subprocess.Popen(  # noqa: S603  (ourselves)
            [sys.executable, "-m", module, *arguments],
            stdin=ours, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        ) as process:  # fmt: skip
            said, complained = _watched(process, stopped, time.monotonic() + seconds)
    finally:
        os.close(ours)
        os.close(life)
    _, done, result = said.rpartition(_SAID)
    if process.returncode == 0 and done and result.endswith("\n"):
        return result.rstrip("\n")
    if process.returncode < 0:
        raise DeixisError(f"its process ended in signal {-process.returncode}")
    lines = complained.strip().splitlines()
    raise DeixisError(lines[-1][:300] if lines else "its process ended without a word")


def _watched(
    process: subprocess.Popen[str], stopped: threading.Event | None, end: float
) -> tuple[str, str]:
    while True:
        try:
            return process.communicate(timeout=0.2)
        except subprocess.TimeoutExpired:
            if time.monotonic() > end or (stopped is not None and stopped.is_set()):
                process.kill()
