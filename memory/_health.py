"""Checks a Chroma index in a process of its own: `python -m deixis.memory._health PLACE RECORD`.

A database that a kill has broken may take down whoever reads it, so nobody else does first.
"""

from __future__ import annotations

import json
import sys
import threading
from pathlib import Path

from deixis.memory._apart import end_with_parent, run_apart, say_done
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
    try:
        said = run_apart(
            "deixis.memory._health", str(place), record, stopped=stopped, seconds=_SECONDS
        )
    except DeixisError as error:
        raise DeixisError(f"the index {place} is broken: {error}") from error
    counts: dict[str, int] = json.loads(said)
    return counts


def main() -> None:
    """Says the counts as JSON."""
    end_with_parent()
    from deixis.memory._chroma import check

    place, record = sys.argv[1:]
    say_done(json.dumps(check(place, record)))


if __name__ == "__main__":
    main()
