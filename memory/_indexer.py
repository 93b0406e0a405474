"""Keeps the index up with the record, in the background, by one process at a time.

Nobody waits for it: what the index lacks is searched in the record.
"""

from __future__ import annotations

import logging
import shutil
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from pydantic import BaseModel, ConfigDict

from deixis.memory._chroma import ChromaIndex, check, is_server
from deixis.memory._health import checked
from deixis.memory._lock import PlaceLock
from deixis.memory._record import Record, StoredItem
from deixis.vision import DeixisError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vector = NDArray[np.float32]

Progress = Callable[[str, int, int], None]
"""Told of long work: what it is, how many are done, of how many."""

State = Literal["off", "waiting", "checking", "building", "ready", "elsewhere", "failed"]

_BATCH: Final = 500
_POLL: Final = 5.0
_PATIENCE: Final = 6
_WIPE_SECONDS: Final = 120.0
_LONGEST_WAIT: Final = 5.0
_LONGEST_BATCH: Final = 30.0
_BACKLOG: Final = 512
_DOUBTS: Final = 2
_log = logging.getLogger(__name__)


class IndexStatus(BaseModel):
    """How the index is.

    Attributes:
        state: `waiting` until there is something to do; `elsewhere` when another process owns it.
        detail: More, in a line.
    """

    model_config = ConfigDict(frozen=True)

    state: State
    detail: str = ""


class Indexer:
    """Brings Chroma up to the record.

    Args:
        record: What there is.
        place: Chroma's folder, or a server's URL.
        name: Names the record in Chroma.
        model: Name of the embedding model whose vectors are indexed.
        delay: Seconds to wait before Chroma is loaded, which takes two seconds of the processor:
            a short process never does.
        progress: Told of long work.
    """

    def __init__(
        self,
        record: Record,
        place: Path | str,
        *,
        name: str,
        model: str,
        delay: float,
        progress: Progress | None = None,
    ) -> None:
        self._record = record
        self._place = place
        self._folder = None if is_server(place) else Path(place)
        self._name = name
        self._model = model
        self._delay = delay
        self._progress = progress
        self._index: ChromaIndex | None = None
        self._lock = PlaceLock(None if self._folder is None else Path(f"{place}.lock"))
        self._using = threading.RLock()
        self._wake = threading.Event()
        self._stopped = threading.Event()
        self._rounds = threading.Condition()
        self._round = 0
        self._written = 0
        self._doubts = 0
        self._erased = False
        self._status = self._settled = IndexStatus(state="waiting")
        self._thread: threading.Thread | None = None

    @property
    def status(self) -> IndexStatus:
        """How the index is now."""
        return self._status

    def start(self) -> None:
        """Begins to work in the background."""
        self._thread = threading.Thread(target=self._work, name="deixis-memory-index", daemon=True)
        self._thread.start()

    def told(self, written: int) -> None:
        """Memories were written; many at once are a reason to begin before the delay is over."""
        self._written += written
        begin = self._index is not None or self._written >= _BACKLOG
        if begin and self._status.state != "failed":
            self._wake.set()

    def flush(self, seconds: float) -> IndexStatus:
        """Waits until the index has all that the record had when this was called."""
        with self._rounds:
            # A round that has begun may have passed the newest by: wait for the one after it.
            wanted = self._round + 2
            self._wake.set()
            end = time.monotonic() + seconds
            while self._round < wanted and time.monotonic() < end:
                if self._thread is None or not self._thread.is_alive():
                    break
                self._wake.set()
                self._rounds.wait(0.1)
            return self._settled if self._round >= wanted else self._status

    def wipe(self) -> IndexStatus | None:
        """Takes what the record has let go of out of the index; None where there is none yet."""
        if self._index is None and self._folder is not None and not self._folder.exists():
            return None
        status = self.flush(_WIPE_SECONDS)
        if status.state == "failed" and self._folder is not None:
            # A folder that broke just now is made anew by the next rounds.
            status = self.flush(_WIPE_SECONDS)
        return status

    def nearest(self, owner: str, vector: Vector, k: int) -> list[str] | None:
        """Ids of about the nearest of what is indexed; None while there is no index to ask.

        The record's state of an owner says of what the index is complete.
        """
        index = self._index
        if index is None:
            if self._status.state != "failed":
                self._wake.set()
            return None
        if not self._using.acquire(timeout=_LONGEST_WAIT):
            return None
        try:
            return index.nearest(owner, vector, k)
        except Exception as error:  # whatever a broken index raises
            self._failed(f"a search failed ({type(error).__name__}): it is made anew")
            self._wake.set()
            return None
        finally:
            self._using.release()

    def close(self) -> None:
        """Stops after the batch at hand."""
        self._stopped.set()
        self._wake.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(_LONGEST_BATCH)
            if self._thread.is_alive():
                # It ends with the process. The record has everything, and the index is checked.
                _log.warning("the index of memories: %s doesn't answer, it is left", self._place)
                return
        with self._using:
            if self._index is not None:
                self._index.close()
                self._index = None
        self._lock.release()

    def _work(self) -> None:
        self._wake.wait(self._delay)
        failures = 0
        while not self._stopped.is_set():
            self._wake.clear()
            try:
                if self._open():
                    self._sync()
                failures = 0
            except Exception as error:  # the record goes on without the index
                _log.warning("the index of memories: %s", error)
                self._failed(str(error))
                failures = min(failures + 1, _PATIENCE)
            with self._rounds:
                self._round += 1
                self._settled = self._status
                self._rounds.notify_all()
            # What has failed is tried again, ever more seldom.
            self._wake.wait(_POLL * 2**failures)

    def _failed(self, why: str) -> None:
        with self._using:
            index, self._index = self._index, None
            if index is not None:
                self._doubts += 1
                try:
                    index.close()
                except Exception as error:  # a broken index may not even close
                    _log.warning("the index of memories: %s", error)
        self._status = IndexStatus(state="failed", detail=why)

    def _open(self) -> bool:
        """Makes the index usable; False when another process owns it."""
        if self._index is not None:
            return True
        if (owner := self._lock.acquire()) is not None:
            if self._status.state != "elsewhere":
                told = f"{self._place} belongs to {owner}, which indexes what is written here"
                _log.warning("the index of memories: %s", told)
                self._status = IndexStatus(state="elsewhere", detail=told)
            return False
        self._status = IndexStatus(state="checking")
        counts = self._checked()
        if self._stopped.is_set():
            return False
        index = ChromaIndex(self._place, record=self._name)
        try:
            self._prepare(index, counts)
        except BaseException:
            self._doubts += 1
            index.close()
            raise
        with self._using:
            self._index = index
        return True

    def _checked(self) -> dict[str, int] | None:
        """The index's counts; None when it was broken and has been cleared away."""
        if self._folder is None:
            return check(self._place, self._name)
        if not self._folder.exists():
            return None
        try:
            if self._doubts >= _DOUBTS:  # the check reads it only
                raise DeixisError(f"the index {self._place} failed, though it can be read")
            return checked(self._place, record=self._name, stopped=self._stopped)
        except DeixisError as error:
            if self._stopped.is_set():
                raise
            _log.warning("%s; it is made anew from the record", error)
            shutil.rmtree(self._folder, ignore_errors=True)
            self._doubts = 0
            return None

    def _prepare(self, index: ChromaIndex, counts: dict[str, int] | None) -> None:
        """Has owners made anew of whom the index holds more or less than it should."""
        if counts is None or index.marked != self._model:
            index.mark(self._model)
            counts = {}
        with self._record.writing() as writer:
            for owner, state in writer.owners().items():
                wanted = writer.count(owner, up_to=state.indexed)
                if counts.get(index.name(owner), 0) != wanted:
                    writer.change_owner(owner, indexed=0, rebuild=True)

    def _sync(self) -> None:
        """Everything that was written or taken away since the last round."""
        with self._record.reading() as reader:
            owners = reader.owners()
        behind = [o for o, s in owners.items() if s.rebuild or s.indexed < s.written]
        for number, owner in enumerate(behind):
            if self._stopped.is_set():
                return
            self._status = IndexStatus(state="building", detail=f"{number} of {len(behind)} users")
            if self._progress is not None:
                self._progress("indexing memories of users", number, len(behind))
            self._erased |= self._bring_up(owner)
        if self._progress is not None and behind:
            self._progress("indexing memories of users", len(behind), len(behind))
        if self._erased:
            self._here.purge()
            self._erased = False
        self._status = IndexStatus(state="ready")

    @property
    def _here(self) -> ChromaIndex:
        if self._index is None:
            raise DeixisError("the index was closed")
        return self._index

    def _bring_up(self, owner: str) -> bool:
        """Brings one owner's vectors up; True when some were taken away."""
        with self._record.reading() as reader:
            seen = reader.owner(owner)
        if seen.rebuild:
            with self._using:
                self._here.drop(owner)
        done = 0 if seen.rebuild else seen.indexed
        while done < seen.written and not self._stopped.is_set():
            with self._record.reading() as reader:
                some = reader.items(owner, after=done, limit=_BATCH)
            if not some:
                break
            self._put(owner, [s for s in some if s.model == self._model])
            done = some[-1].number
        if self._stopped.is_set():
            return False
        with self._record.writing() as writer:
            now = writer.lock(owner)
            if now.erased != seen.erased:
                # Something was taken away meanwhile, and may have come into the index after it.
                writer.change_owner(owner, rebuild=True)
                self._wake.set()
            else:
                writer.change_owner(owner, indexed=max(done, seen.written), rebuild=False)
                writer.drop_owner(owner)
        return seen.rebuild

    def _put(self, owner: str, stored: Sequence[StoredItem]) -> None:
        import numpy as np

        if stored:
            vectors = np.stack([one.vector for one in stored])
            # One call at a time: with a search beside it an upsert of embedded Chroma's has been
            # seen to wait for ever, for a read lock that the search had left behind.
            with self._using:
                self._here.put(owner, [one.item.id for one in stored], vectors)


def open_indexer(
    record: Record,
    wanted: str | bool | None,
    *,
    folder: Path | None,
    name: str,
    model: str,
    delay: float,
    progress: Progress | None,
) -> Indexer | None:
    """An indexer at work; None where none is wanted, or by default for a record in Postgres.

    Args:
        record: What there is.
        wanted: What the user said: a Chroma server's URL, yes, no, or nothing.
        folder: For Chroma, where there is a folder.
        name: Names the record in Chroma.
        model: Name of the embedding model.
        delay: See `Indexer`.
        progress: Told of long work.

    Raises:
        DeixisError: That is no place for an index.
    """
    if wanted is False or (wanted is None and folder is None):
        return None
    if isinstance(wanted, str) and not is_server(wanted):
        raise DeixisError("an index takes a Chroma server's URL: http://… or https://…")
    place = wanted if isinstance(wanted, str) else folder
    if place is None:
        raise DeixisError(
            "a record in Postgres takes a Chroma server: give its URL as index, or False"
        )
    indexer = Indexer(record, place, name=name, model=model, delay=delay, progress=progress)
    indexer.start()
    return indexer
