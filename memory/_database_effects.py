"""The ledger of effects in a database: it outlives the process."""

from __future__ import annotations

import time
import weakref
from pathlib import Path
from typing import Final

from sqlalchemy import Column, Float, MetaData, Table, Text, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from deixis.memory._database import open_database, reading, writing
from deixis.memory._effects import Effect

_TABLES: Final = MetaData()
_EFFECTS: Final = Table(
    "deixis_effects",
    _TABLES,
    Column("key", Text, primary_key=True),
    Column("thread_id", Text, nullable=False, index=True),
    Column("begun", Float, nullable=False),
    Column("result", Text),
)


class DatabaseEffects:
    """A ledger in a SQLite file or a Postgres database, for several processes at once.

    What a call of it has written is on disk when the call returns.

    Args:
        place: A file, or `postgresql://user@host/database`.

    Raises:
        DeixisError: It can't be opened.
    """

    def __init__(self, place: Path | str) -> None:
        self._engine = open_database(place, _TABLES)
        # Also for who drops it unclosed: an open connection of Postgres is warned of.
        self._closing = weakref.finalize(self, self._engine.dispose)

    def begin(self, key: str, *, thread_id: str) -> Effect | None:
        """Writes a call down before it is made; gives what is known if it was begun before."""
        row = {"key": key, "thread_id": thread_id, "begun": time.time()}
        while True:
            try:
                with writing(self._engine) as connection:
                    connection.execute(insert(_EFFECTS).values(row))
            except IntegrityError:
                # The other may have taken its beginning back since: then it is ours to begin.
                if (known := self.known(key)) is not None:
                    return known
            else:
                return None

    def finish(self, key: str, result: str) -> None:
        """Keeps the result of a call that was begun."""
        with writing(self._engine) as connection:
            connection.execute(update(_EFFECTS).where(_EFFECTS.c.key == key).values(result=result))

    def cancel(self, key: str) -> None:
        """Takes back a beginning: the call wasn't made, and may be later."""
        with writing(self._engine) as connection:
            connection.execute(delete(_EFFECTS).where(_EFFECTS.c.key == key))

    def known(self, key: str) -> Effect | None:
        """What is known of a call; None if it was never begun."""
        with reading(self._engine) as connection:
            found = connection.execute(
                select(_EFFECTS.c.result).where(_EFFECTS.c.key == key)
            ).first()
        return None if found is None else Effect(result=found.result)

    def of_thread(self, thread_id: str) -> list[Effect]:
        """What is known of a conversation's calls, oldest first."""
        query = select(_EFFECTS.c.result).where(_EFFECTS.c.thread_id == thread_id)
        with reading(self._engine) as connection:
            found = connection.execute(query.order_by(_EFFECTS.c.begun))
            return [Effect(result=row.result) for row in found]

    def forget_thread(self, thread_id: str) -> None:
        """Deletes a conversation's calls."""
        with writing(self._engine) as connection:
            connection.execute(delete(_EFFECTS).where(_EFFECTS.c.thread_id == thread_id))

    def forget_threads(self, prefix: str) -> None:
        """Deletes the calls of every conversation whose id starts with these very characters."""
        start = func.substr(_EFFECTS.c.thread_id, 1, len(prefix))
        with writing(self._engine) as connection:
            connection.execute(delete(_EFFECTS).where(start == prefix))

    def close(self) -> None:
        """Closes its connections."""
        self._closing()
