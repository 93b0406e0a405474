"""What agents remember of their users: written to the record first, found by meaning."""

from __future__ import annotations

import atexit
import datetime
from base64 import b64encode
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from deixis.memory._adding import Addition, named, owner_of, trim
from deixis.memory._database import is_postgres, shown
from deixis.memory._embedders import Embedder, as_embedder
from deixis.memory._indexer import IndexStatus, Progress, open_indexer
from deixis.memory._items import (
    CONVERSED,
    Forgotten,
    Kind,
    MemoryItem,
    MemoryPolicy,
    Recollection,
    storable,
    utc_now,
)
from deixis.memory._migrating import embed_anew, named_record
from deixis.memory._names import is_user, owner_key, quoted
from deixis.memory._record import Record, RecordReader, RecordWriter
from deixis.memory._searching import search_many
from deixis.memory._similar import shared_words
from deixis.memory._vectors import ANY, UserVectors, VectorCache, Wanted
from deixis.vision import CachedReader, DeixisError, ImageStore, RapidReader

if TYPE_CHECKING:
    import numpy as np
    from langchain_core.embeddings import Embeddings
    from langgraph.store.base import TTLConfig
    from numpy.typing import NDArray

    from deixis.memory._langgraph import MemoryBaseStore
    from deixis.memory._vectorstore import MemoryVectors

    Vector = NDArray[np.float32]

_RECORD: Final = "memory.sqlite"
_INDEX: Final = "chroma"
_COMPARED: Final = 5_000
_WEIGHED: Final = 48
_WORDS: Final = 0.1  # what all words shared is worth, in cosine


class MemoryStore:
    """Memories of users, which survive a kill at any moment.

    A record in SQLite or Postgres holds everything; Chroma is an index over it that can be made
    again at any time. One user's memories are searched whole and exactly; only beyond
    `scan_most` of one user the index is asked, and what it gives is ranked exactly.

    Several processes may use one place: one of them owns the embedded index and keeps it up,
    the others work from the record (`index_status` says so). A Chroma server serves all.

    ```python
    with MemoryStore("memories") as memory:
        memory.remember("The pharmacy closes at 17:00.", user="ann")
        for found in memory.recall("When does the pharmacy close?", user="ann"):
            print(found.item.text, found.score)
    ```

    Args:
        place: A folder, made if it isn't there, or `postgresql://user@host/database`.
        images: Where the pictures are that memories speak of; `forget` removes those that
            nobody refers to.
        embedder: Makes the vectors: one of ours, or any of LangChain's `Embeddings`;
            multilingual-e5-small by default, which needs no download. Where the record's vectors
            come from another model, they are made anew, with progress.
        index: A Chroma server's URL; True for Chroma in the folder; False for none. By default
            the folder's, and none for Postgres.
        policy: What is kept of users who haven't said.
        scan_most: Up to how many memories of one user are searched whole.
        cache_bytes: Room for the vectors of the users asked about last.
        index_delay: Seconds until Chroma is loaded, unless much is written.
        progress: Told of long work: what, how many are done, of how many.

    Raises:
        DeixisError: The place can't be used.
    """

    def __init__(
        self,
        place: Path | str,
        *,
        images: ImageStore | None = None,
        embedder: Embedder | Embeddings | None = None,
        index: str | bool | None = None,
        policy: MemoryPolicy | None = None,
        scan_most: int = 100_000,
        cache_bytes: int = 256_000_000,
        index_delay: float = 10.0,
        progress: Progress | None = None,
    ) -> None:
        self._embedder = as_embedder(embedder)
        self._asked = lru_cache(maxsize=64)(self._embedder.query)
        self._model = f"{self._embedder.name}:{self._embedder.dimension}"
        self._images = images
        self._readings = CachedReader(RapidReader())
        self._policy = policy or MemoryPolicy()
        self._scan_most = scan_most
        self._progress = progress
        folder = None if is_postgres(place) else Path(place).expanduser()
        self.place = shown(place)
        self._record = Record(str(place) if folder is None else folder / _RECORD)
        try:
            self._vectors = VectorCache(
                self._record,
                model=self._model,
                dimension=self._embedder.dimension,
                most_items=scan_most,
                most_bytes=cache_bytes,
            )
            self._name = named_record(self._record, self._model)
            gone = self._expire()
            embed_anew(self._record, self._embedder, model=self._model, progress=progress)
            self._indexer = open_indexer(
                self._record,
                index,
                folder=None if folder is None else folder / _INDEX,
                name=self._name,
                model=self._model,
                delay=index_delay,
                progress=progress,
            )
            if gone:
                self._wipe()
        except BaseException:
            self._record.close()
            raise
        atexit.register(self.close)

    def __enter__(self) -> MemoryStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def embedder(self) -> Embedder:
        """What makes the vectors."""
        return self._embedder

    @property
    def index_status(self) -> IndexStatus:
        """How the index is: whether it is ready, being made, or another process's."""
        return IndexStatus(state="off") if self._indexer is None else self._indexer.status

    def flush(self, seconds: float = 600) -> IndexStatus:
        """Waits until the index has everything that is in the record now."""
        return self.index_status if self._indexer is None else self._indexer.flush(seconds)

    def close(self) -> None:
        """Lets go of everything. What was remembered is on disk already."""
        atexit.unregister(self.close)
        if self._indexer is not None:
            self._indexer.close()
        self._record.close()

    def remember(self, text: str, *, user: str | None, thread: str | None = None) -> MemoryItem:
        """Keeps a note; it is on disk when this returns.

        Something that says the same is merged with it. Something that it contradicts is kept,
        and shown as what was said before.

        Args:
            text: What to remember.
            user: Whose it is. With no user it belongs to the thread.
            thread: The conversation it comes from.

        Raises:
            DeixisError: There is nothing to remember, or nobody to remember it for.
        """
        now = utc_now()
        item = MemoryItem(
            id="", user=user, thread=thread, kind="note", text=text, created=now, updated=now
        )
        return self.add([item])[0]

    def add(self, items: Sequence[MemoryItem], *, merge: bool = True) -> list[MemoryItem]:
        """Keeps memories, all or none; they are on disk when this returns.

        Args:
            items: All of one user (or of one thread with no user). An item without an id gets
                one; one with a known id replaces it; one whose source is known is kept once.
            merge: Whether to look for the same and for contradictions.

        Returns:
            What is kept: the item given, or the one it was merged with.

        Raises:
            DeixisError: There is nothing to remember, or nobody to remember it for.
        """
        if not items:
            return []
        owner = owner_of(items)
        whole = [named(item) for item in items]
        vectors = self._embedder.passages([item.meaning for item in whole])
        with self._changing() as writer:
            policy = writer.lock(owner).policy or self._policy
            known = self._compared(writer, owner) if merge else None
            added = Addition(writer, owner, model=self._model, known=known)
            for item, vector in zip(whole, vectors, strict=True):
                expires = item.expires
                if expires is None and item.kind in CONVERSED:
                    expires = policy.expiry(item.updated)
                added.take(item.model_copy(update={"expires": expires}), vector)
            added.write()
            trim(writer, owner, policy.most)
        if self._indexer is not None:
            self._indexer.told(len(items))
        return added.kept

    def recall(
        self,
        question: str,
        *,
        user: str | None,
        thread: str | None = None,
        k: int = 5,
        kinds: Sequence[Kind] | None = CONVERSED,
        without: Sequence[str] = (),
    ) -> list[Recollection]:
        """What a user's memories say to a question, best first.

        The nearest in meaning, those first that share the question's words.

        Args:
            question: In any language.
            user: Whose memories; never anyone else's.
            thread: With no user: the conversation. With one it doesn't matter.
            k: At most so many.
            kinds: Of these kinds; of all for None.
            without: Sources that are left out, such as what is in the prompt already.
        """
        if k < 1 or not question.strip() or not self._has_any(user, thread):
            return []
        vector = self._asked(storable(question))
        near = self.recall_by_vector(
            vector,
            user=user,
            thread=thread,
            k=max(_WEIGHED, 4 * k),
            kinds=kinds,
            without=without,
        )
        shares = shared_words(question, [f"{n.item.question} {n.item.text}" for n in near])
        weighed = [n.score + _WORDS * share for n, share in zip(near, shares, strict=True)]
        order = sorted(range(len(near)), key=lambda n: weighed[n], reverse=True)
        return [near[n] for n in order[:k]]

    def recall_by_vector(
        self,
        vector: Vector,
        *,
        user: str | None,
        thread: str | None = None,
        k: int = 5,
        kinds: Sequence[Kind] | None = None,
        without: Sequence[str] = (),
        where: Callable[[MemoryItem], bool] | None = None,
    ) -> list[Recollection]:
        """The nearest to a vector of length 1 that the embedder made, shape (dimension,).

        With `where`, only memories of which it is true.
        """
        owner = owner_key(user, thread)
        wanted = ANY
        if kinds is not None or without or where is not None:
            wanted = Wanted(kinds=kinds, without=frozenset(without), where=where)
        if (near := self._vectors.of(owner)) is not None:
            return near.recalled(vector, k, wanted)
        indexed = None if self._indexer is None else self._indexer.nearest
        return search_many(
            self._record, owner, vector, k, wanted=wanted, indexed=indexed, model=self._model
        )

    def items(
        self,
        *,
        user: str | None,
        thread: str | None = None,
        within: str | None = None,
        prefix: str = "",
    ) -> list[MemoryItem]:
        """All memories of a user, oldest first.

        Args:
            user: Whose.
            thread: With no user: the conversation.
            within: Only those of this conversation.
            prefix: Only those whose ids begin so.
        """
        with self._record.reading() as reader:
            stored = reader.items(owner_key(user, thread), thread=within, prefix=prefix)
        now = utc_now()
        return [one.item for one in stored if not one.item.expired(now)]

    def ids(self, *, user: str | None, thread: str | None = None, prefix: str = "") -> list[str]:
        """The ids of a user's memories, oldest first; those that begin in some way."""
        with self._record.reading() as reader:
            return reader.ids(owner_key(user, thread), prefix=prefix, now=utc_now())

    def get(
        self, ids: Sequence[str], *, user: str | None, thread: str | None = None
    ) -> list[MemoryItem]:
        """Memories by their ids, in that order; those that aren't there are left out."""
        with self._record.reading() as reader:
            stored = reader.items(owner_key(user, thread), ids=ids)
        now = utc_now()
        found = {one.item.id: one.item for one in stored if not one.item.expired(now)}
        return [found[id_] for id_ in ids if id_ in found]

    def export(self, *, user: str | None, thread: str | None = None) -> dict[str, Any]:
        """All memories of a user as plain JSON, with their vectors (32-bit floats in base64)."""
        with self._record.reading() as reader:
            owner = owner_key(user, thread)
            policy, stored = reader.owner(owner).policy or self._policy, reader.items(owner)
        told = [
            one.item.model_dump(mode="json")
            | {"model": one.model, "vector": b64encode(one.vector.tobytes()).decode("ascii")}
            for one in stored
        ]
        return {"policy": policy.model_dump(mode="json"), "memories": told}

    def policy(self, *, user: str | None, thread: str | None = None) -> MemoryPolicy:
        """What is kept of a user."""
        with self._record.reading() as reader:
            return reader.owner(owner_key(user, thread)).policy or self._policy

    def set_policy(
        self, policy: MemoryPolicy, *, user: str | None, thread: str | None = None
    ) -> Forgotten:
        """Sets what is kept of a user and for how long; what is over that is forgotten now."""
        owner = owner_key(user, thread)
        with self._changing() as writer:
            before = writer.count(owner)
            state = writer.lock(owner)
            writer.change_owner(owner, policy=policy.model_dump_json())
            items = [one.item for one in writer.items(owner, kinds=CONVERSED)]
            changed = [i.model_copy(update={"expires": policy.expiry(i.updated)}) for i in items]
            writer.rewrite(owner, state, changed)
            over = [i.id for i in changed if i.expired(utc_now())]
            writer.remove(owner, over)
            trim(writer, owner, policy.most)
            gone = before - writer.count(owner)
        if gone:
            self._wipe()
        return Forgotten(memories=gone)

    def expire(self) -> int:
        """Forgets, of all users, what has come to its time; tells how many."""
        if gone := self._expire():
            self._wipe()
        return gone

    def keep_until(
        self,
        expires: Mapping[str, datetime.datetime],
        *,
        user: str | None,
        thread: str | None = None,
    ) -> None:
        """Sets by id when memories are forgotten."""
        owner = owner_key(user, thread)
        with self._record.writing() as writer:
            items = [one.item for one in writer.items(owner, ids=list(expires))]
            changed = [item.model_copy(update={"expires": expires[item.id]}) for item in items]
            writer.rewrite(owner, writer.lock(owner), changed)

    def as_vectors(self, *, user: str) -> MemoryVectors:
        """A user's documents as LangChain's vector store."""
        from deixis.memory._vectorstore import MemoryVectors

        return MemoryVectors(self, user=user)

    def as_langgraph(self, *, user: str, ttl: TTLConfig | None = None) -> MemoryBaseStore:
        """A user's items as LangGraph's store, for `create_agent(…, store=…)`."""
        from deixis.memory._langgraph import MemoryBaseStore

        return MemoryBaseStore(self, user=user, ttl=ttl)

    def policies(self) -> dict[str, MemoryPolicy]:
        """What is kept of each user there is, by owner key."""
        with self._record.reading() as reader:
            owners = reader.owners()
        return {
            owner: state.policy or self._policy for owner, state in owners.items() if is_user(owner)
        }

    def let_go(self, owner: str, thread: str) -> None:
        """A conversation is gone: pictures that only it referred to go, too.

        Args:
            owner: Whose, as `policies` names them.
            thread: The `thread_id` of its checkpoints.
        """
        with self._changing() as writer:
            writer.let_go(owner, thread.removeprefix(owner))

    def hold_images(self, hashes: Sequence[str], *, user: str | None, thread: str) -> None:
        """Notes that a conversation refers to pictures: call it before they are stored."""
        with self._record.writing() as writer:
            writer.hold(owner_key(user, thread), f"thread:{quoted(thread)}", hashes)

    def forget(
        self,
        *,
        user: str | None,
        thread: str | None = None,
        ids: Sequence[str] | None = None,
        within: str | None = None,
    ) -> Forgotten:
        """Removes memories: text, vectors, and pictures nobody else refers to, from the files too.

        Args:
            user: Whose.
            thread: With no user: the conversation.
            ids: Only these; everything of the user where neither these nor `within` is given.
            within: Only what comes from this conversation, and its hold on pictures.
        """
        owner = owner_key(user, thread)
        with self._changing() as writer:
            if ids is None and within is None:
                memories = writer.count(owner)
                writer.remove_owner(owner)
            else:
                found = writer.items(owner, ids=ids, thread=within)
                memories = writer.remove(owner, [one.item.id for one in found])
                if within is not None:
                    writer.let_go(owner, f"thread:{quoted(within)}")
            released = writer.unheld()
            images = sum(sha256 in self._images for sha256 in released) if self._images else 0
        self._vectors.drop(owner)
        if left := self._wipe():
            raise DeixisError(
                f"{memories} memories are forgotten, but their vectors stay in the index until it "
                f"can be reached ({left})"
            )
        return Forgotten(memories=memories, images=images)

    @contextmanager
    def _changing(self) -> Generator[RecordWriter]:
        """A transaction; pictures that nobody refers to after it are deleted before it ends.

        Before, so that nobody can begin to refer to one meanwhile.
        """
        with self._record.writing() as writer:
            yield writer
            if self._images is not None and writer.released:
                for sha256 in writer.unheld():
                    self._images.delete(sha256)
                    self._readings.forget(sha256)

    def _wipe(self) -> str:
        """Takes what was removed out of the index, and then out of the record's files.

        Returns:
            Why the index still has it, where it has.
        """
        status = None if self._indexer is None else self._indexer.wipe()
        if status is None:
            with self._record.writing() as writer:
                for owner in writer.owners():
                    writer.drop_owner(owner)
        self._record.wipe()
        # Another process that owns the index looks after it in some seconds.
        if status is None or status.state in ("ready", "elsewhere"):
            return ""
        return f"{status.state}: {status.detail}".rstrip(": ")

    def _compared(self, reader: RecordReader, owner: str) -> UserVectors:
        """What new memories of an owner are compared with: all there is, or the newest of many."""
        if (known := self._vectors.of_reader(reader, owner)) is not None:
            return known
        state = reader.owner(owner)
        newest = reader.items(owner, after=state.written - _COMPARED)
        return UserVectors(state, newest, self._embedder.dimension)

    def _has_any(self, user: str | None, thread: str | None) -> bool:
        with self._record.reading() as reader:
            return reader.owner(owner_key(user, thread)).written > 0

    def _expire(self) -> int:
        with self._changing() as writer:
            return sum(writer.remove(o, ids) for o, ids in writer.expired(utc_now()).items())
