"""Whatever becomes of the index: it is made again from the record, and nothing embedded again."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from deixis.memory import MemoryItem, MemoryStore
from deixis.memory._chroma import ChromaIndex
from deixis.memory._names import owner_key
from tests.memory.embedders import CountingEmbedder

COUNT = 1_300  # Chroma writes its graph to files from 1,000 on
Progress = list[tuple[str, int, int]]


def texts(count: int) -> list[str]:
    return [f"Drawer {number} holds {number * number % 977} screws" for number in range(count)]


def filled(folder: Path, count: int = COUNT) -> None:
    now = datetime.now(UTC)
    with MemoryStore(folder, embedder=CountingEmbedder(), index_delay=0) as store:
        items = [
            MemoryItem(id="", user="ann", text=text, created=now, updated=now)
            for text in texts(count)
        ]
        store.add(items, merge=False)
        store.remember("Bob likes tea", user="bob")
        assert store.flush().state == "ready"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole") / "memory"
    filled(folder)
    assert list(folder.glob("chroma/*/data_level0.bin"))
    return folder


@pytest.fixture
def place(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "memory"))


def reopened(place: Path, told: Progress) -> tuple[MemoryStore, CountingEmbedder]:
    def progress(what: str, done: int, of: int) -> None:
        told.append((what, done, of))

    embedder = CountingEmbedder()
    store = MemoryStore(place, embedder=embedder, index_delay=0, scan_most=0, progress=progress)
    return store, embedder


def answers(store: MemoryStore, embedder: CountingEmbedder) -> None:
    """It gives what fits best, and only the asker's."""
    for text in texts(COUNT)[::250]:
        found = store.recall_by_vector(embedder.query(text), user="ann", k=3)
        assert found[0].score == pytest.approx(1, abs=1e-5)
    found = store.recall_by_vector(embedder.query("tea"), user="bob", k=3)
    assert [one.item.text for one in found] == ["Bob likes tea"]


def in_the_index(place: Path, store: MemoryStore) -> dict[str, int]:
    index = ChromaIndex(place / "chroma", record=store._name)  # pyright: ignore[reportPrivateUsage]
    counts = {user: index.count(owner_key(user)) for user in ("ann", "bob")}
    index.close()
    return counts


def garbage_in_the_database(chroma: Path) -> None:
    (chroma / "chroma.sqlite3").write_bytes(os.urandom(40_000))


def holes_in_the_database(chroma: Path) -> None:
    with (chroma / "chroma.sqlite3").open("r+b") as file:
        file.seek(8_192)
        file.write(bytes(100_000))


def an_empty_database(chroma: Path) -> None:
    (chroma / "chroma.sqlite3").write_bytes(b"")


def a_graph_cut_short(chroma: Path) -> None:
    """As by a kill: Chroma writes a graph's files in place, and the header before the elements."""
    for file in chroma.glob("*/data_level0.bin"):
        os.truncate(file, file.stat().st_size // 3)


def garbage_in_the_graph(chroma: Path) -> None:
    for file in chroma.glob("*/*.bin"):
        file.write_bytes(os.urandom(file.stat().st_size))


def no_graph(chroma: Path) -> None:
    for folder in chroma.glob("*/"):
        shutil.rmtree(folder)


def no_folder(chroma: Path) -> None:
    shutil.rmtree(chroma)


def an_empty_folder(chroma: Path) -> None:
    no_folder(chroma)
    chroma.mkdir()


def another_records_files(chroma: Path) -> None:
    filled(chroma.parent.parent / "other", 5)
    no_folder(chroma)
    shutil.copytree(chroma.parent.parent / "other" / "chroma", chroma)


@pytest.mark.slow
@pytest.mark.parametrize(
    "breaking",
    [
        garbage_in_the_database, holes_in_the_database, an_empty_database, a_graph_cut_short,
        garbage_in_the_graph, no_graph, no_folder, an_empty_folder, another_records_files,
    ],
)  # fmt: skip
def test_a_broken_index_is_made_again_from_the_record(
    breaking: Callable[[Path], None], place: Path
) -> None:
    breaking(place / "chroma")
    told: Progress = []
    store, embedder = reopened(place, told)
    with store:
        assert store.flush(120).state == "ready"
        assert embedder.embedded == 0
        answers(store, embedder)
        assert store.index_status.state == "ready"
    assert told[-1] == ("indexing memories of users", 2, 2)
    assert in_the_index(place, store) == {"ann": COUNT, "bob": 1}


@pytest.fixture
def no_exit_statuses() -> Iterator[None]:
    """As in a program that ignores SIGCHLD, or was started by one: all its children end with 0."""
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    yield
    signal.signal(signal.SIGCHLD, before)


@pytest.mark.slow
@pytest.mark.usefixtures("no_exit_statuses")
def test_a_broken_index_is_noticed_where_no_exit_statuses_are_told(place: Path) -> None:
    a_graph_cut_short(place / "chroma")
    store, embedder = reopened(place, [])
    with store:
        store.forget(ids=[store.items(user="bob")[0].id], user="bob")
        assert store.flush(120).state == "ready"
    assert in_the_index(place, store) == {"ann": COUNT, "bob": 0}
    assert embedder.embedded == 0


@pytest.mark.slow
def test_an_index_that_can_only_be_read_is_made_again(place: Path) -> None:
    with closing(sqlite3.connect(place / "chroma" / "chroma.sqlite3")) as database:
        database.execute(
            "CREATE TRIGGER broken BEFORE INSERT ON embeddings_queue "
            "BEGIN SELECT RAISE(ABORT, 'no writing'); END"
        )
    store, embedder = reopened(place, [])
    with store:
        forgotten = store.items(user="ann")[0]
        store.forget(ids=[forgotten.id], user="ann")
        assert store.index_status.state == "ready"
    assert in_the_index(place, store) == {"ann": COUNT - 1, "bob": 1}
    assert embedder.embedded == 0


@pytest.mark.slow
def test_an_index_that_breaks_while_it_is_in_use_is_made_again(place: Path) -> None:
    store, embedder = reopened(place, [])
    with store:
        assert store.flush(120).state == "ready"
        holes_in_the_database(place / "chroma")
        bob = store.recall("Bob likes tea", user="bob")[0].item
        store.forget(ids=[bob.id], user="bob")  # what is forgotten leaves the index's files, too
        for _ in range(10):
            if store.flush(120).state == "ready":
                break
        assert store.index_status.state == "ready"
    assert in_the_index(place, store) == {"ann": COUNT, "bob": 0}
    assert embedder.embedded == 1, "the question alone"


def test_a_whole_index_is_not_made_again(place: Path) -> None:
    told: Progress = []
    store, embedder = reopened(place, told)
    with store:
        assert store.flush(120).state == "ready"
        answers(store, embedder)
    assert told == []


def test_an_index_that_lacks_some_is_completed(place: Path) -> None:
    told: Progress = []
    store, embedder = reopened(place, told)
    name = store._name  # pyright: ignore[reportPrivateUsage]
    store.close()
    index = ChromaIndex(place / "chroma", record=name)
    owner = owner_key("ann")
    collection = index._made(owner)  # pyright: ignore[reportPrivateUsage]
    collection.delete(ids=index.nearest(owner, embedder.query("screws"), 5))
    index.close()
    store, embedder = reopened(place, told)
    with store:
        assert store.flush(120).state == "ready"
    assert in_the_index(place, store) == {"ann": COUNT, "bob": 1}


def test_memory_works_where_no_index_can_be(place: Path) -> None:
    no_folder(place / "chroma")
    (place / "chroma").write_text("in the way")
    store, embedder = reopened(place, [])
    with store:
        status = store.flush(20)
        assert (status.state, "chroma" in status.detail) == ("failed", True)
        answers(store, embedder)
        store.remember("Ann likes coffee", user="ann")
        assert store.recall("Ann likes coffee", user="ann")[0].item.text == "Ann likes coffee"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_memory_works_where_the_index_cant_be_written(place: Path) -> None:
    no_folder(place / "chroma")
    (place / "chroma").mkdir(mode=0o500)
    store, embedder = reopened(place, [])
    with store:
        assert store.flush(20).state == "failed"
        answers(store, embedder)
