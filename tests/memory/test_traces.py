from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from deixis.memory._chroma import ChromaIndex
from deixis.memory._traces import clear_traces
from deixis.vision import DeixisError

MARK = b"of someone who was forgotten"


@pytest.fixture
def vectors() -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    some = np.random.default_rng(1).standard_normal((1_300, 16), np.float32)
    return some / np.linalg.norm(some, axis=1, keepdims=True)


def filled(folder: Path, vectors: np.ndarray[tuple[int, int], np.dtype[np.float32]]) -> Path:
    """A folder of Chroma's with two graphs, one of them empty; gives the full one's file."""
    index = ChromaIndex(folder, record="r")
    index.put("ann", [str(n) for n in range(len(vectors))], vectors)
    index.put("bob", ["b"], vectors[:1])
    index.close()
    return max(folder.rglob("data_level0.bin"), key=lambda file: file.stat().st_size)


def test_memory_that_was_never_set_is_taken_out_of_graphs(
    tmp_path: Path, vectors: np.ndarray[tuple[int, int], np.dtype[np.float32]]
) -> None:
    full = filled(tmp_path, vectors)
    graphs = list(tmp_path.rglob("data_level0.bin"))
    for graph in graphs:
        if graph != full:
            graph.write_bytes(graph.read_bytes()[: -len(MARK)] + MARK)
    with full.open("r+b") as file:
        file.seek(132 - len(MARK))  # the last links of the first element, which has fewer
        file.write(MARK)
    clear_traces(tmp_path)
    assert len(graphs) > 1
    assert not [graph for graph in graphs if MARK in graph.read_bytes()]


def test_what_is_in_graphs_stays_and_is_found(
    tmp_path: Path, vectors: np.ndarray[tuple[int, int], np.dtype[np.float32]]
) -> None:
    filled(tmp_path, vectors)
    index = ChromaIndex(tmp_path, record="r")
    before = [index.nearest("ann", vectors[n], 5) for n in range(40)]
    index.close()
    clear_traces(tmp_path)
    index = ChromaIndex(tmp_path, record="r")
    assert [index.nearest("ann", vectors[n], 5) for n in range(40)] == before
    assert [found[0] for found in before] == [str(n) for n in range(40)]
    index.close()


def test_a_file_that_chroma_may_still_have_open_is_not_opened_by_another_sqlite(
    tmp_path: Path, vectors: np.ndarray[tuple[int, int], np.dtype[np.float32]]
) -> None:
    opened: list[str] = []
    watching = True

    def watch(event: str, args: tuple[object, ...]) -> None:
        if watching and event == "sqlite3.connect":
            opened.append(str(args[0]))

    sys.addaudithook(watch)
    index = ChromaIndex(tmp_path, record="r")
    index.put("ann", ["a"], vectors[:1])
    index.purge()
    index.close()
    watching = False
    assert opened == []


def test_a_folder_that_is_not_chromas_is_told(tmp_path: Path) -> None:
    (tmp_path / "chroma.sqlite3").write_bytes(b"not a database, but as long as one's header" * 9)
    with pytest.raises(DeixisError, match=r"can't be taken out of .*not a database"):
        clear_traces(tmp_path)
