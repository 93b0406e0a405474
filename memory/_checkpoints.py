"""Checkpoints in SQLite: a thread goes on after the process is gone."""

from __future__ import annotations

import sqlite3
import weakref
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from langgraph.checkpoint.serde.base import SerializerProtocol
from langgraph.checkpoint.sqlite import SqliteSaver

from deixis.memory._effects import EffectLedger, InMemoryEffects
from deixis.memory._saver import Checkpoints
from deixis.memory._wiping import own_file, wiped
from deixis.vision import DeixisError

_BUSY_SECONDS = 30


class SqliteCheckpoints(Checkpoints, SqliteSaver):
    """LangGraph's SQLite checkpoints, for synchronous and asynchronous agents alike.

    A lock in LangGraph's class orders the calls. What is deleted is overwritten in the file.

    Args:
        conn: The database, open to all threads.
        effects: The ledger of effects; in memory by default.
        serde: How a checkpoint is written; LangGraph's way by default.
    """

    def __init__(
        self,
        conn: sqlite3.Connection,
        *,
        effects: EffectLedger | None = None,
        serde: SerializerProtocol | None = None,
    ) -> None:
        super().__init__(conn, serde=serde)
        self.effects = effects or InMemoryEffects()
        self._closing = weakref.finalize(self, conn.close)

    @contextmanager
    def cursor(self, transaction: bool = True) -> Generator[sqlite3.Cursor]:
        """LangGraph's, whose failures are told in a line.

        Raises:
            DeixisError: The database fails.
            IntegrityError: What is written doesn't fit what is there.
        """
        try:
            with super().cursor(transaction) as cursor:
                yield cursor
        except sqlite3.IntegrityError:
            raise
        except sqlite3.DatabaseError as error:
            name = self.conn.execute("PRAGMA database_list").fetchone()[2]
            raise DeixisError(
                f"the conversations in {name} can't be used ({error}): restore the file, or move "
                "it away"
            ) from error

    def threads(self, prefix: str = "") -> list[str]:
        """The ids of the threads that start with these very characters, sorted."""
        with self.cursor(transaction=False) as cursor:
            cursor.execute(
                "SELECT DISTINCT thread_id FROM checkpoints WHERE substr(thread_id, 1, ?) = ? "
                "ORDER BY thread_id",
                (len(prefix), prefix),
            )
            return [str(row[0]) for row in cursor.fetchall()]

    def delete_thread(self, thread_id: str) -> None:
        """Deletes a thread: checkpoints, effects, and their bytes in the file.

        The file is written anew for it, which takes a while where it is large.

        Raises:
            DeixisError: Another program keeps the bytes there.
        """
        super().delete_thread(thread_id)
        self.effects.forget_thread(thread_id)
        self._wipe()

    def delete_threads(self, prefix: str) -> None:
        """Deletes every thread whose id starts with these very characters, bytes and all.

        The file is written anew for it, which takes a while where it is large.

        Raises:
            DeixisError: Another program keeps the bytes there.
        """
        start = (len(prefix), prefix)
        with self.cursor() as cursor:
            cursor.execute("DELETE FROM checkpoints WHERE substr(thread_id, 1, ?) = ?", start)
            cursor.execute("DELETE FROM writes WHERE substr(thread_id, 1, ?) = ?", start)
        self.effects.forget_threads(prefix)
        self._wipe()

    def close(self) -> None:
        """Closes its connections."""
        self._closing()
        self.effects.close()

    def _wipe(self) -> None:
        with self.lock:
            reason = wiped(self.conn)
        if reason:
            raise DeixisError(
                "the threads are deleted, but traces of them stay in the database's files "
                f"({reason}): delete them again when nothing else uses it"
            )


def open_checkpoints(place: Path | str) -> Checkpoints:
    """Checkpoints in a file, made if it isn't there, or on a Postgres server.

    Each step is on disk before the next begins (SQLite: WAL, `synchronous=FULL`).

    Args:
        place: A file, or `postgresql://user@host/database`.

    Raises:
        DeixisError: It can't be opened, is no database, or Postgres's driver isn't installed.
    """
    from deixis.memory._database import is_postgres

    if is_postgres(place):
        from deixis.memory._postgres_checkpoints import open_postgres

        return open_postgres(str(place))
    return _open_sqlite(Path(place).expanduser())


def _open_sqlite(path: Path) -> SqliteCheckpoints:
    from deixis.memory._database_effects import DatabaseEffects

    connection: sqlite3.Connection | None = None
    try:
        own_file(path)
        connection = sqlite3.connect(path, check_same_thread=False, timeout=_BUSY_SECONDS)
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA secure_delete=ON")
        saver = SqliteCheckpoints(connection)
        saver.setup()
        saver.effects = DatabaseEffects(path)
    except (OSError, sqlite3.Error) as error:
        if connection is not None:
            connection.close()
        raise DeixisError(
            f"the checkpoints {path} can't be opened ({error}): choose another file"
        ) from error
    return saver
