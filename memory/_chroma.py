"""The index over the record: Chroma, embedded in a folder or behind a server's URL.

It holds ids and vectors, one collection a user (2,500 rows/s beside 300 with all users in one,
measured), and no texts. It may break or be lost: it is made again from the record.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import urlsplit

from deixis.memory._traces import clear_traces
from deixis.vision import DeixisError

if TYPE_CHECKING:
    import numpy as np
    from chromadb import Collection
    from chromadb.api import ClientAPI
    from numpy.typing import NDArray

    Vector = NDArray[np.float32]

_BATCH: Final = 2_000
_OPENING: Final = threading.Lock()
"""Chroma shares what clients of one place have in common, and doesn't guard that itself."""
_log = logging.getLogger(__name__)


class ChromaIndex:
    """Vectors by owner, in Chroma.

    Args:
        place: A folder, or a server's URL (`http://127.0.0.1:8000`).
        record: Names the record it belongs to: several may share a server.

    Raises:
        DeixisError: The server can't be reached, or the folder can't be used.
    """

    def __init__(self, place: Path | str, *, record: str) -> None:
        self._folder = None if is_server(place) else Path(place)
        self._place = place
        self._prefix = f"deixis-{record}-"
        self._purged = False
        with _OPENING:
            self._client = _client(place)

    @property
    def marked(self) -> str | None:
        """What was marked by `mark`; None when this index was never completed to."""
        with suppress(_not_found()):
            marker = self._client.get_collection(f"{self._prefix}marker", embedding_function=None)
            return str((marker.metadata or {}).get("model"))
        return None

    def mark(self, model: str) -> None:
        """Notes the model whose vectors it holds; what it held before is dropped."""
        for name in list(self._names()):
            self._client.delete_collection(name)
        self._client.create_collection(
            f"{self._prefix}marker", embedding_function=None, metadata={"model": model}
        )

    def name(self, owner: str) -> str:
        """The collection of an owner; Chroma's names are short and plain, a user's are not."""
        return f"{self._prefix}{hashlib.sha256(owner.encode()).hexdigest()[:40]}"

    def put(self, owner: str, ids: Sequence[str], vectors: Vector) -> None:
        """Adds vectors, or replaces those under known ids."""
        collection = self._made(owner)
        for start in range(0, len(ids), _BATCH):
            collection.upsert(
                ids=list(ids[start : start + _BATCH]),
                embeddings=cast("Any", vectors[start : start + _BATCH]),
            )

    def drop(self, owner: str) -> None:
        """Drops all of an owner's vectors."""
        with suppress(_not_found()):
            self._client.delete_collection(self.name(owner))

    def count(self, owner: str) -> int:
        """How many vectors it has of an owner."""
        found = self._found(owner)
        return 0 if found is None else found.count()

    def nearest(self, owner: str, vector: Vector, k: int) -> list[str]:
        """Ids of about the nearest."""
        found = self._found(owner)
        if found is None:
            return []
        result = found.query(query_embeddings=cast("Any", [vector]), n_results=k, include=[])
        return result["ids"][0]

    def read_all(self) -> dict[str, int]:
        """Searches every collection to its end, and tells how many vectors each has, by name."""
        counts: dict[str, int] = {}
        for name in self._names():
            collection = self._client.get_collection(name, embedding_function=None)
            counts[name] = count = collection.count()
            if count and self._folder is not None:
                # A graph that a kill has cut short answers for a while: all of it must be walked.
                first = collection.get(limit=1, include=["embeddings"])["embeddings"]
                collection.query(query_embeddings=cast("Any", first), n_results=count, include=[])
        return counts

    def purge(self) -> None:
        """Takes what was dropped out of the files as well; a server does that by its own vacuum.

        Nobody may use the index meanwhile: it is closed for it.
        """
        if self._folder is None:
            return
        self._purged = True
        cast("Any", self._client).close()
        try:
            clear_traces(self._folder)
        finally:
            with _OPENING:
                self._client = _client(self._place)

    def close(self) -> None:
        """Lets go of the folder or the server."""
        client = cast("Any", self._client)
        with _OPENING:
            client.close()
            if self._folder is None and client._identifier not in client._identifier_to_system:
                # Chroma itself leaves the connections to a server open; it has two of them.
                for api in (client._server, client._admin_client._server):
                    api._session.close()
        if self._folder is not None and self._purged:
            # What was written since may hold what this process has had in memory.
            try:
                clear_traces(self._folder)
            except DeixisError as error:
                _log.warning("%s", error)

    def _names(self) -> Iterator[str]:
        seen = 0
        while page := self._client.list_collections(limit=500, offset=seen):
            seen += len(page)
            yield from (c.name for c in page if c.name.startswith(self._prefix))

    def _found(self, owner: str) -> Collection | None:
        with suppress(_not_found()):
            return self._client.get_collection(self.name(owner), embedding_function=None)
        return None

    def _made(self, owner: str) -> Collection:
        return self._client.get_or_create_collection(
            self.name(owner),
            embedding_function=None,
            configuration={"hnsw": {"space": "cosine", "ef_search": 200}},
        )


def check(place: Path | str, record: str) -> dict[str, int]:
    """Reads in every collection of a record, and counts them: a broken one raises, or worse.

    Some broken folders take the process down, so those are read in one of its own.
    """
    with closing(ChromaIndex(place, record=record)) as index:
        return index.read_all()


def is_server(place: Path | str) -> bool:
    """Whether an index is behind a URL."""
    return isinstance(place, str) and place.startswith(("http://", "https://"))


def _client(place: Path | str) -> ClientAPI:
    import chromadb
    from chromadb.config import Settings

    settings = Settings(anonymized_telemetry=False)
    try:
        if not is_server(place):
            Path(place).mkdir(parents=True, exist_ok=True, mode=0o700)
            return chromadb.PersistentClient(str(place), settings=settings)
        url = urlsplit(str(place))
        return chromadb.HttpClient(
            host=url.hostname or "127.0.0.1",
            port=url.port or (443 if url.scheme == "https" else 8000),
            ssl=url.scheme == "https",
            settings=settings,
        )
    except Exception as error:  # Chroma raises ValueError, OSError and bare exceptions alike
        if is_server(place):
            told = f"the Chroma server {_bare(str(place))} can't be reached"
            mend = "start it (chroma run --path FOLDER) or name another"
        else:
            told, mend = f"Chroma can't open {place}", "delete the folder, it is made again"
        raise DeixisError(f"{told} ({_line(error)}): {mend}") from error


def _bare(url: str) -> str:
    """An address without a user's name and password."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def _line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__


def _not_found() -> type[Exception]:
    from chromadb.errors import NotFoundError

    return NotFoundError
