"""The record: everything that is remembered, in SQLite or Postgres. What it has is not lost.

The index over it can be made again from here at any time, without embedding anything again.
"""

from __future__ import annotations

import datetime
import sqlite3
import threading
import time
from collections.abc import Collection, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    and_,
    delete,
    exists,
    func,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from deixis.memory._database import is_postgres, open_database, reading, writing
from deixis.memory._items import Kind, MemoryItem, MemoryPolicy, from_json, storable, to_json
from deixis.memory._names import owner_key, quoted
from deixis.memory._tables import IMAGES, ITEMS, OWNERS, SETTINGS, TABLES
from deixis.memory._wiping import wiped
from deixis.vision import DeixisError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vector = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class OwnerState:
    """How far an owner's memories are.

    Attributes:
        written: Number of the last write; 0 when there is none.
        erased: How often something was taken away or changed.
        indexed: Number of the last write that the index has.
        rebuild: Whether the index holds what should be gone.
        policy: What the user wants kept.
    """

    written: int = 0
    erased: int = 0
    indexed: int = 0
    rebuild: bool = False
    policy: MemoryPolicy | None = None


@dataclass(frozen=True, kw_only=True)
class StoredItem:
    """A memory as the record holds it."""

    number: int
    item: MemoryItem
    model: str
    vector: Vector


class Record:
    """Reads and writes what is remembered. Threads and processes may share one.

    Args:
        place: A file or a Postgres URL.

    Raises:
        DeixisError: The database can't be opened.
    """

    def __init__(self, place: Path | str) -> None:
        self._engine = open_database(place, TABLES)
        self._file = None if is_postgres(place) else Path(place).expanduser()
        self._closed = False
        self._watch: sqlite3.Connection | None = None
        self._watching = threading.Lock()

    @contextmanager
    def writing(self) -> Generator[RecordWriter]:
        """A transaction: what is done in it is on disk when it ends, all or nothing."""
        with writing(self._open) as connection:
            yield RecordWriter(connection)

    @contextmanager
    def reading(self) -> Generator[RecordReader]:
        """A transaction that sees one state."""
        with reading(self._open) as connection:
            yield RecordReader(connection)

    @property
    def _open(self) -> Engine:
        if self._closed:
            raise DeixisError("this memory was closed: open it again")
        return self._engine

    def changes(self) -> int | None:
        """A number that stays the same while nobody writes; None where there is no such thing.

        SQLite's `data_version`, which costs some microseconds.
        """
        if self._file is None:
            return None
        with self._watching:
            if self._watch is None:
                self._watch = sqlite3.connect(self._file, check_same_thread=False)
            return cast("int", self._watch.execute("PRAGMA data_version").fetchone()[0])

    def wipe(self) -> None:
        """Takes what was deleted out of SQLite's files: they are written anew.

        Raises:
            DeixisError: Another program keeps the bytes there.
        """
        if self._file is None:
            return
        with closing(sqlite3.connect(self._file, timeout=30)) as connection:
            if reason := wiped(connection):
                raise DeixisError(
                    "the memories are forgotten, but traces of them stay in the database's files "
                    f"({reason}): forget them again when nothing else uses it"
                )

    def close(self) -> None:
        """Lets go of the database: from now on it can't be used."""
        self._closed = True
        with self._watching:
            if self._watch is not None:
                self._watch.close()
                self._watch = None
        self._engine.dispose()


class RecordReader:
    """What can be read in a transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def setting(self, name: str) -> str | None:
        """A setting of the whole record."""
        return self._connection.execute(
            select(SETTINGS.c.value).where(SETTINGS.c.name == name)
        ).scalar()

    def owner(self, owner: str) -> OwnerState:
        """How far an owner's memories are."""
        row = self._connection.execute(select(OWNERS).where(OWNERS.c.owner == owner)).first()
        return OwnerState() if row is None else _owner_state(row)

    def owners(self) -> dict[str, OwnerState]:
        """All owners."""
        return {row.owner: _owner_state(row) for row in self._connection.execute(select(OWNERS))}

    def items(
        self,
        owner: str,
        *,
        after: int = 0,
        ids: Sequence[str] | None = None,
        prefix: str = "",
        thread: str | None = None,
        kinds: Collection[Kind] | None = None,
        limit: int | None = None,
    ) -> list[StoredItem]:
        """An owner's memories in the order of their writing.

        Args:
            owner: See `owner_key`.
            after: Only writes after this number.
            ids: Only these.
            prefix: Only those whose ids begin so.
            thread: Only what comes from this conversation.
            kinds: Only of these kinds.
            limit: At most so many.
        """
        wanted = [ITEMS.c.owner == owner]
        if after:
            wanted.append(ITEMS.c.number > after)
        if prefix:
            wanted.append(func.substr(ITEMS.c.id, 1, len(prefix)) == prefix)
        if thread is not None:
            wanted.append(ITEMS.c.thread == quoted(thread))
        if kinds is not None:
            wanted.append(ITEMS.c.kind.in_(kinds))
        query = select(ITEMS).where(*wanted)
        if ids is None:
            rows = self._connection.execute(query.order_by(ITEMS.c.number).limit(limit))
            return [_stored(row) for row in rows]
        # Ordered here: a database that has to order may go through all of an owner's for it.
        found: list[StoredItem] = []
        for some in _in_hundreds([id_ for id_ in ids if storable(id_) == id_]):
            rows = self._connection.execute(query.where(ITEMS.c.id.in_(some)))
            found += [_stored(row) for row in rows]
        return sorted(found, key=lambda one: one.number)[:limit]

    def ids(self, owner: str, *, prefix: str, now: datetime.datetime) -> list[str]:
        """The ids of an owner's memories whose time hasn't come, in the order of their writing."""
        alive = ITEMS.c.expires.is_(None) | (ITEMS.c.expires > now.timestamp())
        begun = func.substr(ITEMS.c.id, 1, len(prefix)) == prefix
        query = select(ITEMS.c.id).where(ITEMS.c.owner == owner, begun, alive)
        return list(self._connection.execute(query.order_by(ITEMS.c.number)).scalars())

    def replaced_by(self, owner: str, newer: Sequence[str]) -> list[StoredItem]:
        """What some memories contradict, and what that contradicted, and so on."""
        found: list[StoredItem] = []
        while newer:
            older: list[StoredItem] = []
            for some in _in_hundreds(newer):
                query = select(ITEMS).where(ITEMS.c.owner == owner, ITEMS.c.replaced_by.in_(some))
                older += [_stored(row) for row in self._connection.execute(query)]
            found += older
            newer = [one.item.id for one in older]
        return found

    def by_source(self, owner: str, source: str) -> MemoryItem | None:
        """The memory that came from a message."""
        query = select(ITEMS.c.body).where(ITEMS.c.owner == owner, ITEMS.c.source == source)
        body = self._connection.execute(query).scalar()
        return None if body is None else from_json(body)

    def count(self, owner: str, *, up_to: int | None = None) -> int:
        """How many memories an owner has, or had by a write."""
        wanted = [ITEMS.c.owner == owner]
        if up_to is not None:
            wanted.append(ITEMS.c.number <= up_to)
        query = select(func.count()).select_from(ITEMS).where(*wanted)
        return self._connection.execute(query).scalar_one()

    def models(self) -> dict[str, int]:
        """The embedding models whose vectors are here, with how many."""
        query = select(ITEMS.c.model, func.count()).group_by(ITEMS.c.model)
        return {row[0]: row[1] for row in self._connection.execute(query)}

    def of_other_models(self, model: str, limit: int) -> list[tuple[str, MemoryItem]]:
        """Memories whose vectors another model made, with their owners."""
        query = select(ITEMS.c.owner, ITEMS.c.body).where(ITEMS.c.model != model).limit(limit)
        return [(row.owner, from_json(row.body)) for row in self._connection.execute(query)]


class RecordWriter(RecordReader):
    """What can be read and written in a transaction.

    Attributes:
        released: Hashes of pictures that something refers to no more.
    """

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.released: set[str] = set()

    def set(self, name: str, value: str) -> None:
        """Keeps a setting of the whole record."""
        self._put(SETTINGS, {"name": name, "value": value}, keys=("name",))

    def lock(self, owner: str) -> OwnerState:
        """An owner's state, which nobody else changes until the transaction ends."""
        # An owner who was forgotten and comes again must not pass for the one from before.
        new = {"owner": owner, "written": 0, "erased": time.time_ns(), "indexed": 0}
        new["rebuild"] = False
        self._put(OWNERS, new, keys=("owner",), replace=False)
        query = select(OWNERS).where(OWNERS.c.owner == owner).with_for_update()
        return _owner_state(self._connection.execute(query).one())

    def change_owner(self, owner: str, **values: Any) -> None:
        """Writes columns of an owner's state."""
        self._connection.execute(update(OWNERS).where(OWNERS.c.owner == owner).values(**values))

    def add(self, owner: str, state: OwnerState, items: Sequence[StoredItem]) -> None:
        """Writes memories, numbered after the owner's last; those under a known id are replaced.

        Args:
            owner: Whose.
            state: As `lock` gave it.
            items: What to write; their numbers must follow `state.written`.
        """
        if not items:
            return
        ids = [stored.item.id for stored in items]
        changed = 0
        for some in _in_hundreds(ids):
            mine = and_(ITEMS.c.owner == owner, ITEMS.c.id.in_(some))
            if gone := self._connection.execute(delete(ITEMS).where(mine)).rowcount:
                self._release(IMAGES.c.owner == owner, IMAGES.c.holder.in_(_holders(some)))
            changed += gone
        self._connection.execute(ITEMS.insert(), [_row(owner, stored) for stored in items])
        self._refer(owner, items)
        self.change_owner(owner, written=items[-1].number, erased=state.erased + int(bool(changed)))

    def rewrite(self, owner: str, state: OwnerState, items: Sequence[MemoryItem]) -> None:
        """Changes what is told of memories whose meaning stays the same: vectors are kept."""
        for item in items:
            self._connection.execute(
                update(ITEMS)
                .where(ITEMS.c.owner == owner, ITEMS.c.id == item.id)
                .values(
                    body=to_json(item),
                    replaced_by=item.replaced_by,
                    expires=_seconds(item.expires),
                )
            )
        if items:
            self.change_owner(owner, erased=state.erased + 1)

    def revector(self, owner: str, vectors: Iterable[tuple[str, Vector]], model: str) -> None:
        """Gives memories the vectors of another model."""
        for id_, vector in vectors:
            self._connection.execute(
                update(ITEMS)
                .where(ITEMS.c.owner == owner, ITEMS.c.id == id_)
                .values(vector=vector.tobytes(), model=model)
            )
        state = self.lock(owner)
        self.change_owner(owner, erased=state.erased + 1, rebuild=True)

    def remove(self, owner: str, ids: Sequence[str]) -> int:
        """Removes memories, and what they refer to; tells how many there were."""
        ids = [id_ for id_ in ids if storable(id_) == id_]
        state = self.lock(owner)
        newer: dict[str, str | None] = {}
        for some in _in_hundreds(ids):
            mine = and_(ITEMS.c.owner == owner, ITEMS.c.id.in_(some))
            query = select(ITEMS.c.id, ITEMS.c.replaced_by).where(mine)
            newer |= {row.id: row.replaced_by for row in self._connection.execute(query)}
            self._connection.execute(delete(ITEMS).where(mine))
            self._release(IMAGES.c.owner == owner, IMAGES.c.holder.in_(_holders(some)))
        if newer:
            self._restore(owner, newer)
            self.change_owner(owner, erased=state.erased + 1, rebuild=True)
        return len(newer)

    def _restore(self, owner: str, gone: Mapping[str, str | None]) -> None:
        """What was contradicted by what is gone is so by what contradicted that, or by nothing."""
        for some in _in_hundreds(list(gone)):
            query = select(ITEMS.c.body).where(
                ITEMS.c.owner == owner, ITEMS.c.replaced_by.in_(some)
            )
            for (body,) in self._connection.execute(query).all():
                item = from_json(body)
                newer = item.replaced_by
                while newer is not None and newer in gone:
                    newer = gone[newer]
                values = {
                    "body": to_json(item.model_copy(update={"replaced_by": newer})),
                    "replaced_by": newer,
                }
                mine = and_(ITEMS.c.owner == owner, ITEMS.c.id == item.id)
                self._connection.execute(update(ITEMS).where(mine).values(**values))

    def remove_owner(self, owner: str) -> None:
        """Removes all that is known of an owner but what the index must still let go of."""
        self._release(IMAGES.c.owner == owner)
        self._connection.execute(delete(ITEMS).where(ITEMS.c.owner == owner))
        state = self.lock(owner)
        self.change_owner(
            owner, written=0, indexed=0, erased=state.erased + 1, rebuild=True, policy=None
        )

    def drop_owner(self, owner: str) -> None:
        """Removes an owner that has nothing any more, the index included."""
        nothing = ~exists().where(ITEMS.c.owner == owner)
        self._connection.execute(
            delete(OWNERS).where(OWNERS.c.owner == owner, OWNERS.c.policy.is_(None), nothing)
        )

    def expired(self, now: datetime.datetime) -> dict[str, list[str]]:
        """Ids of memories whose time has come, by owner."""
        query = select(ITEMS.c.owner, ITEMS.c.id).where(ITEMS.c.expires <= now.timestamp())
        found: dict[str, list[str]] = {}
        for owner, id_ in self._connection.execute(query):
            found.setdefault(owner, []).append(id_)
        return found

    def hold(self, owner: str, holder: str, hashes: Iterable[str]) -> None:
        """Notes that someone refers to pictures."""
        for sha256 in set(hashes):
            row = {"sha256": sha256, "owner": owner, "holder": holder}
            self._put(IMAGES, row, keys=("sha256", "owner", "holder"), replace=False)

    def let_go(self, owner: str, holder: str) -> None:
        """Someone refers to no picture any more."""
        self._release(IMAGES.c.owner == owner, IMAGES.c.holder == holder)

    def unheld(self) -> set[str]:
        """Hashes of the pictures that were released, and nobody refers to now."""
        query = select(IMAGES.c.sha256).where(IMAGES.c.sha256.in_(self.released)).distinct()
        return self.released - set(self._connection.execute(query).scalars())

    def _release(self, *wanted: ColumnElement[bool]) -> None:
        query = select(IMAGES.c.sha256).where(*wanted)
        self.released |= set(self._connection.execute(query).scalars())
        self._connection.execute(delete(IMAGES).where(*wanted))

    def _refer(self, owner: str, items: Sequence[StoredItem]) -> None:
        for stored in items:
            if stored.item.images:
                self.hold(owner, f"item:{stored.item.id}", stored.item.images)

    def _put(
        self, table: Any, row: dict[str, Any], *, keys: tuple[str, ...], replace: bool = True
    ) -> None:
        """Inserts a row; one that is there is replaced, or stays."""
        flavour = postgresql if self._connection.dialect.name == "postgresql" else sqlite
        made = flavour.insert(table).values(**row)
        rest = {name: made.excluded[name] for name in row if name not in keys}
        if replace and rest:
            made = made.on_conflict_do_update(index_elements=list(keys), set_=rest)
        else:
            made = made.on_conflict_do_nothing(index_elements=list(keys))
        self._connection.execute(made)


def _owner_state(row: Any) -> OwnerState:
    policy = None if row.policy is None else MemoryPolicy.model_validate_json(row.policy)
    return OwnerState(
        written=row.written,
        erased=row.erased,
        indexed=row.indexed,
        rebuild=row.rebuild,
        policy=policy,
    )


def _stored(row: Any) -> StoredItem:
    import numpy as np

    return StoredItem(
        number=row.number,
        item=from_json(row.body),
        model=row.model,
        vector=np.frombuffer(row.vector, dtype=np.float32),
    )


def _row(owner: str, stored: StoredItem) -> dict[str, Any]:
    item = stored.item
    if owner != owner_key(item.user, item.thread):
        raise AssertionError(f"a memory of {owner_key(item.user, item.thread)} under {owner}")
    return {
        "owner": owner,
        "id": item.id,
        "number": stored.number,
        "thread": None if item.thread is None else quoted(item.thread),
        "kind": item.kind,
        "source": item.source or None,
        "created": item.created.timestamp(),
        "expires": _seconds(item.expires),
        "replaced_by": item.replaced_by,
        "body": to_json(item),
        "model": stored.model,
        "vector": stored.vector.tobytes(),
    }


def _seconds(when: datetime.datetime | None) -> float | None:
    return None if when is None else when.timestamp()


def _holders(ids: Sequence[str]) -> list[str]:
    return [f"item:{id_}" for id_ in ids]


def _in_hundreds(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), 500):
        yield ids[start : start + 500]
