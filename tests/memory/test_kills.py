from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deixis.memory import MemoryStore
from deixis.memory._chroma import ChromaIndex
from deixis.memory._names import owner_key
from tests.memory.embedders import CountingEmbedder
from tests.memory.killed import BEFORE, USERS, memory

KILLS = 50


class Children:
    """Forks children from a process that has loaded everything, and kills them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._parent = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "tests.memory.killed", str(folder)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self._answer() == "ready"

    def start(self, what: str, seed: int) -> int:
        assert self._parent.stdin is not None
        self._parent.stdin.write(f"{what} {seed}\n")
        self._parent.stdin.flush()
        return int(self._answer())

    def wait_for(self, sign: str, child: int) -> None:
        """Waits until a child has left a sign of what it does."""
        end = time.monotonic() + 60
        while not (self.folder / f"{sign}-{child}").exists():
            self.assert_lives(child)
            assert time.monotonic() < end, f"no {sign} in a minute"
            time.sleep(0.01)

    def assert_lives(self, child: int) -> None:
        if not Path(f"/proc/{child}").exists():
            complaints = (self.folder / f"complaints-{child}").read_text()
            pytest.fail(f"child {child} died before it was killed:\n{complaints}", pytrace=False)

    def kill(self, child: int) -> None:
        self.assert_lives(child)
        os.kill(child, signal.SIGKILL)
        while Path(f"/proc/{child}").exists():
            time.sleep(0.005)

    def acknowledged(self) -> dict[str, set[str]]:
        """What each user was told is kept; what was being forgotten may be there or not."""
        kept: dict[str, set[str]] = {user: set() for user in USERS}
        for line in (self.folder / "acknowledged").read_text().splitlines():
            sign, user, id_ = line.split("\t")
            kept[user].add(id_) if sign == "+" else kept[user].discard(id_)
        return kept

    def gone(self) -> set[str]:
        lines = (self.folder / "acknowledged").read_text().splitlines()
        return {line.split("\t")[2] for line in lines if line.startswith("-")}

    def stop(self) -> None:
        self._parent.communicate(timeout=10)

    def _answer(self) -> str:
        assert self._parent.stdout is not None
        return self._parent.stdout.readline().strip()


@pytest.fixture
def children(tmp_path: Path) -> Iterator[Children]:
    made = Children(tmp_path)
    yield made
    made.stop()


def opened(folder: Path, **more: Any) -> MemoryStore:
    settings: dict[str, Any] = {"embedder": BEFORE, "index_delay": 0, "scan_most": 0, **more}
    return MemoryStore(folder / "memory", **settings)


def check(children: Children) -> int:
    """All that was acknowledged is there, whole, in the record and in the index."""
    kept, total = children.acknowledged(), 0
    with opened(children.folder) as store:
        assert store.flush(120).state == "ready"
        for user in USERS:
            items = {item.id: item for item in store.items(user=user)}
            assert kept[user] <= items.keys()
            assert not children.gone() & items.keys()
            assert all(item.text == memory(user, id_).text for id_, item in items.items())
            for id_ in sorted(items)[:: max(1, len(items) // 5)]:
                found = store.recall_by_vector(BEFORE.query(items[id_].text), user=user, k=20)
                assert found[0].score == pytest.approx(1, abs=1e-5)
                assert found[0].item.user == user
            total += len(items)
        counts = {user: len(store.items(user=user)) for user in USERS}
        name = store._name  # pyright: ignore[reportPrivateUsage]
    index = ChromaIndex(children.folder / "memory" / "chroma", record=name)
    assert {user: index.count(owner_key(user)) for user in USERS} == counts
    index.close()
    return total


@pytest.mark.slow
def test_fifty_kills_lose_nothing_that_was_acknowledged(children: Children) -> None:
    chance = random.Random(20)
    for seed in range(KILLS):
        child = children.start("write", seed)
        if seed % 3 == 0:  # these while the index is written, the others as they begin
            children.wait_for("indexing", child)
        time.sleep(chance.uniform(0.02, 0.5))
        children.kill(child)
        if seed % 10 == 9:
            assert check(children) > seed


@pytest.mark.slow
def test_a_kill_amid_a_change_of_models_leaves_it_to_go_on(children: Children) -> None:
    with opened(children.folder, index=False) as store:
        some = [memory("ann", f"{number}") for number in range(3_000)]
        store.add(some, merge=False)
    for seed in range(3):
        child = children.start("migrate", seed)
        children.wait_for("embedded", child)
        children.kill(child)
    told: list[tuple[str, int, int]] = []

    def progress(what: str, done: int, of: int) -> None:
        told.append((what, done, of))

    newer = CountingEmbedder(dimension=48, name="newer")
    with opened(children.folder, embedder=newer, progress=progress) as store:
        assert 0 < newer.embedded < 3_000
        assert len(store.items(user="ann")) == 3_000
        assert store.flush(120).state == "ready"
        assert told[0][0] == "embedding memories with another model"
        assert told[0][2] == newer.embedded
        asked = newer.query(some[7].text)
        assert store.recall_by_vector(asked, user="ann")[0].score == pytest.approx(1, abs=1e-5)
