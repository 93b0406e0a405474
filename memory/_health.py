"""Checks a Chroma index in a process of its own: `python -m deixis.memory._health PLACE RECORD`.

A database that a kill has broken may take down whoever reads it, so nobody else does first.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from pathlib import Path

from deixis.vision import DeixisError

_SECONDS = 600


def checked(place: Path | str, *, record: str, stopped: threading.Event) -> dict[str, int]:
    """How many vectors each collection of a record has, every one of them read.

    Args:
        place: Chroma's folder, or a server's URL.
        record: Names the record.
        stopped: Ends the check when it is set.

    Raises:
        DeixisError: The index is broken, the server isn't there, or the check was stopped.
    """
    command = [sys.executable, "-m", "deixis.memory._health", str(place), record]
    with subprocess.Popen(  # noqa: S603  (ourselves)
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        said, complained = _watched(process, stopped)
    if process.returncode == 0:
        counts: dict[str, int] = json.loads(said.splitlines()[-1])
        return counts
    if process.returncode < 0:
        why = f"reading it ended in signal {-process.returncode}"
    else:
        lines = complained.strip().splitlines()
        why = lines[-1][:300] if lines else "no reason given"
    raise DeixisError(f"the index {place} is broken: {why}")


def _watched(process: subprocess.Popen[str], stopped: threading.Event) -> tuple[str, str]:
    end = time.monotonic() + _SECONDS
    while True:
        try:
            return process.communicate(timeout=0.2)
        except subprocess.TimeoutExpired:
            if stopped.is_set() or time.monotonic() > end:
                process.kill()


def main() -> None:
    """Prints the counts as JSON."""
    from deixis.memory._chroma import check

    place, record = sys.argv[1:]
    print(json.dumps(check(place, record)))  # noqa: T201


if __name__ == "__main__":
    main()
