"""Children that write memories until they are killed, and a parent to fork them from.

`python -m tests.memory.killed FOLDER` loads all that a store needs, then forks a child for each
line it is given (`write SEED`, `migrate SEED`), and answers with the child's process id. A child
appends the ids of what it was told is kept to FOLDER/acknowledged, and what it complains of is in
FOLDER/complaints-PID.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import TextIO

from deixis.memory import MemoryItem, MemoryStore
from deixis.testing import NgramEmbedder
from tests.memory.embedders import Vectors

USERS = ("ann", "bob", "a/b")
BEFORE, AFTER = NgramEmbedder(), NgramEmbedder(dimension=48, name="newer")


class Slow(NgramEmbedder):
    """Takes its time, so that a kill comes in between."""

    def passages(self, texts: Sequence[str]) -> Vectors:
        time.sleep(0.5)
        return super().passages(texts)


def memory(user: str, number: str) -> MemoryItem:
    now = datetime.now(UTC)
    text = f"Drawer {number} of {user} holds screws"
    return MemoryItem(id=number, user=user, text=text, created=now, updated=now)


def write(folder: Path, seed: str) -> None:
    """Adds, and now and then forgets, as fast as it can."""
    chance = random.Random(seed)
    with (
        MemoryStore(folder / "memory", embedder=BEFORE, index_delay=0) as store,
        (folder / "acknowledged").open("a") as told,
    ):
        for number in range(10_000):
            user = chance.choice(USERS)
            some = [memory(user, f"{seed}-{number}-{n}") for n in range(chance.randint(1, 30))]
            ids = [item.id for item in store.add(some, merge=False)]
            say(told, "+", user, ids)
            if store.index_status.state in ("building", "ready"):
                (folder / f"indexing-{os.getpid()}").touch()
            if number % 20 == 19:
                say(told, "?", user, ids[:1])
                store.forget(user=user, ids=ids[:1])
                say(told, "-", user, ids[:1])


def say(told: TextIO, sign: str, user: str, ids: list[str]) -> None:
    told.write("".join(f"{sign}\t{user}\t{id_}\n" for id_ in ids))
    told.flush()
    os.fsync(told.fileno())


def migrate(folder: Path, seed: str) -> None:
    """Opens what another model embedded."""

    def progress(what: str, done: int, of: int) -> None:
        (folder / f"embedded-{os.getpid()}").touch()

    slow = Slow(dimension=AFTER.dimension, name=AFTER.name)
    MemoryStore(folder / "memory", embedder=slow, index=False, progress=progress).close()


def complain_to(file: Path) -> None:
    os.dup2(os.open(file, os.O_CREAT | os.O_WRONLY, 0o600), sys.stderr.fileno())


def main() -> None:
    # No client is opened here: what has threads of its own can't be forked.
    for name in ("chromadb", "chromadb.api.client", "chromadb.api.rust"):
        import_module(name)

    folder = Path(sys.argv[1])
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    print("ready", flush=True)  # noqa: T201
    for line in sys.stdin:
        what, seed = line.split()
        if (child := os.fork()) == 0:
            complain_to(folder / f"complaints-{os.getpid()}")
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            {"write": write, "migrate": migrate}[what](folder, seed)
            os._exit(0)
        print(child, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
