"""One user's vectors in memory: searched whole, which is exact, and fast up to tens of thousands.

Measured (384 numbers a vector, two shared cores): at 20,000 of one user numpy takes 0.8 ms, an
HNSW collection of Chroma's 1.9 ms and misses some; at 100,000 numpy takes 3 ms.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from deixis.memory._items import Kind, Recollection, utc_now
from deixis.memory._record import OwnerState, Record, RecordReader, StoredItem

if TYPE_CHECKING:
    import datetime

    from numpy.typing import NDArray

    from deixis.memory._items import MemoryItem

    Vector = NDArray[np.float32]

_TEXT_BYTES = 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """Which memories may come to mind.

    Attributes:
        kinds: Those of these kinds; of all for None.
        without: Not those that come from these messages.
        where: Those of which this is true.
    """

    kinds: Collection[Kind] | None = None
    without: Collection[str] = ()
    where: Callable[[MemoryItem], bool] | None = None

    def has(self, item: MemoryItem, now: datetime.datetime) -> bool:
        """Whether a memory is one of them, and its time hasn't come."""
        return (
            (self.kinds is None or item.kind in self.kinds)
            and (item.expires is None or item.expires > now)
            and not (item.source and item.source in self.without)
            and (self.where is None or self.where(item))
        )


ANY = Wanted()
"""All of them."""


class UserVectors:
    """An owner's memories that haven't been replaced, with their vectors in one matrix.

    Attributes:
        state: What of the owner this shows.
        items: Memories that are current, by row.
        replaced: Those that newer ones contradict, by the newer one's id.
        matrix: The vectors, shape (memories, dimension).
    """

    def __init__(self, state: OwnerState, stored: Sequence[StoredItem], dimension: int) -> None:
        self.state = state
        self.items: list[MemoryItem] = []
        self.replaced: dict[str, list[MemoryItem]] = {}
        self._expiring = False
        self._matrix = np.empty((max(16, len(stored)), dimension), np.float32)
        self._extend(stored)

    @property
    def bytes(self) -> int:
        """Room it takes, texts counted roughly."""
        return self._matrix.nbytes + _TEXT_BYTES * len(self.items)

    def extended(self, state: OwnerState, stored: Sequence[StoredItem]) -> UserVectors:
        """The same with what was written since; what others still search stays as it was."""
        other = object.__new__(UserVectors)
        other.state = state
        other.items = list(self.items)
        other.replaced = {newer: list(older) for newer, older in self.replaced.items()}
        other._expiring = self._expiring
        other._matrix = self._matrix  # rows beyond its own length are nobody's yet
        other._extend(stored)
        return other

    def _extend(self, stored: Sequence[StoredItem]) -> None:
        for one in stored:
            if one.item.replaced_by is not None:
                self.replaced.setdefault(one.item.replaced_by, []).append(one.item)
                continue
            row = len(self.items)
            if row == len(self._matrix):
                grown = np.empty((2 * row, self._matrix.shape[1]), np.float32)
                grown[:row] = self._matrix
                self._matrix = grown
            self._matrix[row] = one.vector
            self._expiring |= one.item.expires is not None
            self.items.append(one.item)
        self.matrix = self._matrix[: len(self.items)]

    def earlier(self, item: MemoryItem) -> tuple[MemoryItem, ...]:
        """What a memory contradicts, and what that contradicted, newest first."""
        found = list(self.replaced.get(item.id, ()))
        if not found:
            return ()
        for older in found:  # grows as it goes
            found += (o for o in self.replaced.get(older.id, ()) if o not in found)
        return tuple(sorted(found, key=lambda older: older.updated, reverse=True))

    def recalled(self, vector: Vector, k: int, wanted: Wanted) -> list[Recollection]:
        """The k nearest memories of those that are wanted, best first."""
        scores = self.matrix @ vector
        items, replaced, reach = self.items, self.replaced, k
        # To look into a memory costs more than to compare it.
        choosy = wanted is not ANY or self._expiring
        now = utc_now() if choosy else None
        while True:
            rows = top(scores, reach)
            numbers: list[int] = rows.tolist()
            cosines: list[float] = scores[rows].tolist()
            found: list[Recollection] = []
            for row, score in zip(numbers, cosines, strict=True):
                item = items[row]
                if now is not None and not wanted.has(item, now):
                    continue
                found.append(Recollection(item, score, self.earlier(item) if replaced else ()))
            if len(found) >= k or reach >= len(scores):
                return found[:k]
            reach *= 4

    def nearest(self, vector: Vector, k: int) -> tuple[list[int], Vector]:
        """Rows of the nearest, best first, and the cosines of all rows."""
        scores = self.matrix @ vector
        return top(scores, k).tolist(), scores


class VectorCache:
    """The vectors of the owners asked about last.

    Args:
        record: Where they come from.
        model: Only vectors of this embedding model are shown.
        dimension: Of that model's vectors.
        most_items: Of one owner.
        most_bytes: Of all owners together; the one asked about last stays in any case.
    """

    def __init__(
        self, record: Record, *, model: str, dimension: int, most_items: int, most_bytes: int
    ) -> None:
        self._record = record
        self._model = model
        self._dimension = dimension
        self._most_items = most_items
        self._most = most_bytes
        self._kept: OrderedDict[str, tuple[int | None, UserVectors]] = OrderedDict()
        self._room = 0
        self._lock = threading.Lock()

    def of(self, owner: str) -> UserVectors | None:
        """An owner's vectors, as they are now; None when there are too many."""
        changes = self._record.changes()
        with self._lock:
            kept = self._kept.get(owner)
            if kept is not None and changes is not None and kept[0] == changes:
                self._kept.move_to_end(owner)
                return kept[1]
        with self._record.reading() as reader:
            return self._looked_up(reader, owner, changes, None if kept is None else kept[1])

    def of_reader(self, reader: RecordReader, owner: str) -> UserVectors | None:
        """The same as a transaction sees them."""
        with self._lock:
            kept = self._kept.get(owner)
        # Not known to be true outside of the transaction: looked at again when asked for.
        return self._looked_up(reader, owner, None, None if kept is None else kept[1])

    def _looked_up(
        self, reader: RecordReader, owner: str, changes: int | None, kept: UserVectors | None
    ) -> UserVectors | None:
        state = reader.owner(owner)
        if state.written > self._most_items and reader.count(owner) > self._most_items:
            return None
        found = kept
        if kept is None or kept.state.erased != state.erased:
            found = UserVectors(state, self._ours(reader, owner), self._dimension)
        elif kept.state.written < state.written:
            found = kept.extended(state, self._ours(reader, owner, after=kept.state.written))
        assert found is not None  # noqa: S101
        self._keep(owner, changes, found)
        return found

    def _ours(self, reader: RecordReader, owner: str, after: int = 0) -> list[StoredItem]:
        return [s for s in reader.items(owner, after=after) if s.model == self._model]

    def _keep(self, owner: str, changes: int | None, found: UserVectors) -> None:
        with self._lock:
            self._take(owner)
            self._kept[owner] = (changes, found)
            self._room += found.bytes
            while self._room > self._most and len(self._kept) > 1:
                self._take(next(iter(self._kept)))

    def drop(self, owner: str) -> None:
        """Forgets what it holds of an owner."""
        with self._lock:
            self._take(owner)

    def _take(self, owner: str) -> None:
        kept = self._kept.pop(owner, None)
        if kept is not None:
            self._room -= kept[1].bytes


def top(scores: Vector, k: int) -> NDArray[np.intp]:
    """Numbers of the k greatest, greatest first."""
    if k >= len(scores):
        return scores.argsort()[::-1]
    best = scores.argpartition(-k)[-k:]
    return best[scores[best].argsort()[::-1]]
