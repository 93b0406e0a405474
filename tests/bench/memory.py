"""A user's memories found among everyone's: ours, numpy over that user's alone, and bare Chroma.

100,000 memories of 1,000 users, 384 numbers a vector, random and of length 1;
`DEIXIS_BENCH_ITEMS` sets another number.
"""

# ruff: noqa: T201

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from deixis.memory import MemoryItem, MemoryStore, Recollection

ITEMS = int(os.environ.get("DEIXIS_BENCH_ITEMS", "100000"))
DIMENSION: Final = 384
GOAL: Final = 2.0
_K: Final = 5
_EACH: Final = 100
_ROUNDS: Final = 300
_BATCH: Final = 1_000

Vectors = NDArray[np.float32]
Found = Sequence[str]


class _LookUp:
    """Knows the vector of each text beforehand."""

    name = "look-up"
    dimension = DIMENSION

    def __init__(self, vectors: Vectors) -> None:
        self._vectors = vectors

    def query(self, text: str) -> Vectors:
        return self._vectors[int(text)]

    def passages(self, texts: Sequence[str]) -> Vectors:
        return self._vectors[[int(text) for text in texts]]


def run() -> None:
    """Print search over numpy's, and what writing and indexing take."""
    vectors = _random(ITEMS, 1)
    with TemporaryDirectory() as name:
        many = _Bench(Path(name), vectors, each=_EACH)
        chroma = _Chroma(Path(name) / "bare", vectors)
        print(f"memory: {ITEMS:,} of {many.users:,} users, {DIMENSION} numbers each, best {_K}")
        many.compare(chroma)
        chroma.close()
    with TemporaryDirectory() as name:
        _Bench(Path(name), vectors, each=ITEMS).compare_index()


class _Bench:
    """A store with as many memories of each user."""

    def __init__(self, folder: Path, vectors: Vectors, *, each: int) -> None:
        self.users = max(1, len(vectors) // each)
        self._vectors, self._each, self._folder = vectors, each, folder / "ours"
        begun = time.perf_counter()
        with self._open(index=False) as store:
            for start in range(0, len(vectors), each):
                for at in range(start, start + each, _BATCH):
                    end = min(at + _BATCH, start + each)
                    store.add([_item(n, _user(start // each)) for n in range(at, end)], merge=False)
        self.written = len(vectors) / (time.perf_counter() - begun)
        begun = time.perf_counter()
        with self._open(index=True) as store:
            store.flush(3_600)
            self.state = store.index_status.state
        self.indexed = len(vectors) / (time.perf_counter() - begun)

    def _open(self, *, index: bool, scan_most: int = 1_000_000) -> MemoryStore:
        return MemoryStore(
            self._folder,
            embedder=_LookUp(self._vectors),
            index=index,
            index_delay=0,
            scan_most=scan_most,
            cache_bytes=1_000_000_000,
        )

    def compare(self, chroma: _Chroma) -> None:
        """Random users, ours with and without their vectors at hand, numpy, Chroma."""
        chance = np.random.default_rng(2)
        rounds = min(_ROUNDS, self.users)
        users = chance.permutation(self.users)[:rounds].tolist()
        asked = list(zip(users, _random(rounds, 3), strict=True))
        with self._open(index=False) as store:

            def ours(user: int, vector: Vectors) -> Any:
                return store.recall_by_vector(vector, user=_user(user), k=_K)

            cold = _Timed(ours, asked, names=_texts)
            bare = _Timed(self._numpy, asked, names=_numbers)
            warm = _Timed(ours, asked, names=_texts)
        theirs = _Timed(chroma.search, asked[:100], names=list)
        print(f"  ours warm / numpy   p50 {warm.p50 / bare.p50:.2f}  p95 {warm.p95 / bare.p95:.2f}"
              f"   (goal {GOAL})")  # fmt: skip
        print(f"  ours warm / Chroma  p50 {warm.p50 / theirs.p50:.4f}   "
              f"ours cold / Chroma  p50 {cold.p50 / theirs.p50:.4f}")  # fmt: skip
        for told, timed in (("numpy", bare), ("warm", warm), ("cold", cold), ("Chroma", theirs)):
            print(f"    {told:7}{timed}   recall {timed.recall(bare):.3f}")
        ours_disk, index_disk, chroma_disk = (
            _megabytes(place)
            for place in (self._folder / "memory.sqlite", self._folder / "chroma", chroma.folder)
        )
        print(f"  written {self.written:,.0f}/s; indexed {self.indexed:,.0f}/s ({self.state}); "
              f"bare Chroma {chroma.written:,.0f}/s")  # fmt: skip
        print(f"  on disk {ours_disk:.0f} MB and the index {index_disk:.0f} MB; "
              f"bare Chroma {chroma_disk:.0f} MB")  # fmt: skip

    def compare_index(self) -> None:
        """One user with everything: the whole searched, and the index asked."""
        asked = [(0, vector) for vector in self._near(60)]
        timed: list[_Timed] = []
        for scan_most in (1_000_000, 0):
            with self._open(index=True, scan_most=scan_most) as store:
                store.flush(3_600)

                def ours(user: int, vector: Vectors, store: MemoryStore = store) -> Any:
                    return store.recall_by_vector(vector, user=_user(user), k=_K)

                ours(*asked[0])
                timed.append(_Timed(ours, asked, names=_texts))
        scan, index = timed
        print(f"one user with {ITEMS:,}: index / scan  p50 {index.p50 / scan.p50:.2f}")
        print(f"    scan   {scan}")
        print(f"    index  {index}   recall {index.recall(scan):.3f}   "
              f"indexed {self.indexed:,.0f}/s")  # fmt: skip

    def _near(self, count: int) -> Vectors:
        """Questions that have an answer: some of the vectors, and as much noise again."""
        chance = np.random.default_rng(4)
        some = self._vectors[chance.integers(0, len(self._vectors), count)]
        return _unit(some + _random(count, 5))

    def _numpy(self, user: int, vector: Vectors) -> Any:
        start = user * self._each
        scores = self._vectors[start : start + self._each] @ vector
        best = np.argpartition(-scores, _K)[:_K]
        return best[np.argsort(-scores[best])] + start


class _Chroma:
    """One collection with everyone's vectors, filtered by user."""

    def __init__(self, folder: Path, vectors: Vectors) -> None:
        import chromadb
        from chromadb.config import Settings

        self.folder = folder
        settings = Settings(anonymized_telemetry=False)
        self._client: Any = chromadb.PersistentClient(str(folder), settings=settings)
        self._all: Any = self._client.create_collection(
            "all", embedding_function=None, configuration={"hnsw": {"space": "cosine"}}
        )
        begun = time.perf_counter()
        for at in range(0, len(vectors), _BATCH):
            numbers = range(at, min(at + _BATCH, len(vectors)))
            self._all.add(
                ids=[str(n) for n in numbers],
                embeddings=vectors[numbers.start : numbers.stop],
                metadatas=[{"user": _user(n // _EACH)} for n in numbers],
            )
        self.written = len(vectors) / (time.perf_counter() - begun)

    def search(self, user: int, vector: Vectors) -> Found:
        """The best of a user's."""
        found = self._all.query(
            query_embeddings=[vector], n_results=_K, where={"user": _user(user)}, include=[]
        )
        return found["ids"][0]

    def close(self) -> None:
        """Lets go of the folder."""
        self._client.close()


class _Timed:
    """What a search found for each question, and how long it took.

    What it gives (memories, numbers of rows, ids) is looked into when the time has been taken.
    """

    def __init__(
        self,
        search: Callable[[int, Vectors], Any],
        asked: Sequence[tuple[int, Vectors]],
        *,
        names: Callable[[Any], Found],
    ) -> None:
        self._found: list[Found] = []
        seconds: list[float] = []
        for user, vector in asked:
            begun = time.perf_counter()
            found = search(user, vector)
            seconds.append(time.perf_counter() - begun)
            self._found.append(names(found))
        self.p50 = median(seconds)
        self.p95 = float(np.quantile(seconds, 0.95))

    def __str__(self) -> str:
        return f"p50 {self.p50 * 1e3:8.3f} ms   p95 {self.p95 * 1e3:8.3f} ms"

    def recall(self, exact: _Timed) -> float:
        """How much of what there is to be found was found."""
        pairs = list(zip(self._found, exact._found, strict=False))
        return sum(len(set(a) & set(b)) / len(b) for a, b in pairs) / len(pairs)


def _texts(found: Sequence[Recollection]) -> Found:
    return [one.item.text for one in found]


def _numbers(found: Sequence[int]) -> Found:
    return [str(number) for number in found]


def _random(count: int, seed: int) -> Vectors:
    return _unit(np.random.default_rng(seed).standard_normal((count, DIMENSION), np.float32))


def _unit(vectors: Vectors) -> Vectors:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def _user(number: int) -> str:
    return f"user {number}"


def _item(number: int, user: str) -> MemoryItem:
    now = datetime.now(UTC)
    return MemoryItem(id=str(number), user=user, text=str(number), created=now, updated=now)


def _megabytes(place: Path) -> float:
    files = place.rglob("*") if place.is_dir() else [place]
    return sum(file.stat().st_size for file in files if file.is_file()) / 1e6
