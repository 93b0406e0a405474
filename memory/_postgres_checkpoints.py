"""Checkpoints on a Postgres server: threads that several machines go on with."""

from __future__ import annotations

import asyncio
import json
import time
import weakref
from collections.abc import Generator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any, Final, cast

from deixis.memory._database import shown
from deixis.memory._effects import EffectLedger, InMemoryEffects
from deixis.memory._saver import Checkpoints
from deixis.vision import DeixisError

try:
    import psycopg
    from langgraph.checkpoint.postgres import PostgresSaver
    from langgraph.checkpoint.serde.base import SerializerProtocol
    from psycopg import Connection
    from psycopg.rows import DictRow, dict_row
    from psycopg.types.json import set_json_dumps
    from psycopg_pool import ConnectionPool
except ImportError as error:
    raise DeixisError(
        "checkpoints on Postgres take packages that aren't installed: "
        "pip install 'deixis[postgres]'"
    ) from error

_CONNECT_SECONDS: Final = 5
_SETUP_SECONDS: Final = 60
_MOST_CONNECTIONS: Final = 8
_SETUP_LOCK: Final = 0x64656978
_TABLES: Final = ("checkpoints", "checkpoint_blobs", "checkpoint_writes")
Pool = ConnectionPool[Connection[DictRow]]


class PostgresCheckpoints(Checkpoints, PostgresSaver):
    """LangGraph's Postgres checkpoints, for synchronous and asynchronous agents alike.

    Args:
        pool: Connections to the server, with autocommit, giving rows as dicts.
        effects: The ledger of effects; in memory by default.
        serde: How a checkpoint is written; LangGraph's way by default.
    """

    def __init__(
        self,
        pool: Pool,
        *,
        effects: EffectLedger | None = None,
        serde: SerializerProtocol | None = None,
    ) -> None:
        super().__init__(pool, serde=serde)
        # LangGraph's class lets in one call at a time; each has a connection of its own here.
        self.lock: Any = nullcontext()
        self.effects = effects or InMemoryEffects()
        self._pool = pool
        self._closing = weakref.finalize(self, pool.close)

    def threads(self, prefix: str = "") -> list[str]:
        """The ids of the threads that start with these very characters, sorted."""
        with self._pool.connection() as connection:
            rows = connection.execute(
                "SELECT DISTINCT thread_id FROM checkpoints WHERE substr(thread_id, 1, %s) = %s",
                (len(prefix), prefix),
            ).fetchall()
        # Sorted here: the server's order depends on its language.
        return sorted(str(row["thread_id"]) for row in rows)

    def delete_thread(self, thread_id: str) -> None:
        """Deletes a thread: checkpoints and effects."""
        super().delete_thread(thread_id)
        self.effects.forget_thread(thread_id)

    def delete_threads(self, prefix: str) -> None:
        """Deletes every thread whose id starts with these very characters."""
        with self._pool.connection() as connection, connection.transaction():
            for table in _TABLES:
                connection.execute(
                    f"DELETE FROM {table} WHERE substr(thread_id, 1, %s) = %s",  # noqa: S608
                    (len(prefix), prefix),
                )
        self.effects.forget_threads(prefix)

    async def aprune(self, thread_ids: Sequence[str], *, strategy: str = "keep_latest") -> None:
        """Drops all but the latest checkpoints of threads."""
        await asyncio.to_thread(self.prune, thread_ids, strategy=strategy)

    def close(self) -> None:
        """Closes its connections."""
        self._closing()
        self.effects.close()


def open_postgres(url: str) -> PostgresCheckpoints:
    """Checkpoints on a server, their tables made if they aren't there.

    Raises:
        DeixisError: The server can't be reached or won't have us.
    """
    from deixis.memory._database_effects import DatabaseEffects

    try:
        with _alone(url):
            saver = PostgresCheckpoints(_pool(url), effects=DatabaseEffects(url))
            try:
                saver.setup()
            except BaseException:
                saver.close()
                raise
    except psycopg.ProgrammingError:
        # Its words may quote the address, and the password in it.
        raise DeixisError(
            f"the checkpoints {shown(url)} can't be opened: the address should read "
            "postgresql://user:password@host:5432/database, and the user may make tables there"
        ) from None
    except psycopg.Error as error:
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise DeixisError(
            f"the checkpoints {shown(url)} can't be opened ({reason[0]}): start the server, "
            "check its address, or choose a file"
        ) from error
    return saver


def _pool(url: str) -> Pool:
    return ConnectionPool(
        url,
        connection_class=Connection[DictRow],
        kwargs={
            "autocommit": True,
            "prepare_threshold": 0,
            "row_factory": dict_row,
            "connect_timeout": _CONNECT_SECONDS,
        },
        min_size=1,
        max_size=_MOST_CONNECTIONS,
        configure=_configured,
        check=cast("Any", ConnectionPool.check_connection),
        open=True,
    )


def _configured(connection: Connection[DictRow]) -> None:
    set_json_dumps(_json, connection)


def _json(value: Any) -> bytes:
    """JSON as Postgres takes it: half a character, such as a stray byte of a name, becomes `?`."""
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")


@contextmanager
def _alone(url: str) -> Generator[None]:
    """Only one process at a time makes the tables: Postgres refuses two that make the same.

    It asks again and again: one that waits inside the server would keep the other from making
    its indexes, each waiting for the other.
    """
    with psycopg.connect(url, autocommit=True, connect_timeout=_CONNECT_SECONDS) as connection:
        for _ in range(_SETUP_SECONDS * 20):
            got = connection.execute("SELECT pg_try_advisory_lock(%s)", (_SETUP_LOCK,)).fetchone()
            if got and got[0]:
                break
            time.sleep(0.05)
        yield
