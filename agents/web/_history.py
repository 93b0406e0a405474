"""Who comes, what they asked and what they were told: in SQLite, so that a restart loses nothing.

Every look-up names the user: there is none that could return another's.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Float,
    Integer,
    MetaData,
    Table,
    Text,
    delete,
    func,
    insert,
    select,
    update,
)

from deixis.agents.web._turns import Kept, ThreadTitle, Turn
from deixis.memory._database import open_database, reading, writing
from deixis.memory._wiping import wiped
from deixis.vision import ImageRecord

_LONGEST_TITLE: Final = 80
_A_DAY: Final = 86_400

TABLES = MetaData()
VISITORS = Table(
    "web_visitors",
    TABLES,
    Column("user", Text, primary_key=True),
    Column("entry", Text, nullable=False),
    Column("seen", Float, nullable=False),
)
THREADS = Table(
    "web_threads",
    TABLES,
    Column("user", Text, primary_key=True),
    Column("thread", Text, primary_key=True),
    Column("title", Text, nullable=False),
    Column("updated", Float, nullable=False),
)
TURNS = Table(
    "web_turns",
    TABLES,
    Column("user", Text, primary_key=True),
    Column("thread", Text, primary_key=True),
    Column("turn", Integer, primary_key=True),
    Column("state", Text, nullable=False),
    Column("body", Text, nullable=False),
)


class History:
    """Visitors, conversations and turns.

    Args:
        file: The database, made if it isn't there.

    Raises:
        DeixisError: It can't be opened.
    """

    def __init__(self, file: Path) -> None:
        self._engine = open_database(file, TABLES)

    def close(self) -> None:
        """Closes the database."""
        self._engine.dispose()

    def welcome(self, user: str, *, entry: str) -> None:
        """Writes down a visitor.

        Args:
            user: Who.
            entry: What let them in; it must be the same for `known`.
        """
        with writing(self._engine) as connection:
            connection.execute(delete(VISITORS).where(VISITORS.c.user == user))
            connection.execute(insert(VISITORS).values(user=user, entry=entry, seen=time.time()))

    def known(self, user: str, *, entry: str) -> bool:
        """Whether a visitor was let in by this."""
        query = select(VISITORS.c.seen).where(VISITORS.c.user == user, VISITORS.c.entry == entry)
        with reading(self._engine) as connection:
            seen = connection.execute(query).scalar()
        if seen is not None and time.time() - float(seen) > _A_DAY:
            with writing(self._engine) as connection:
                connection.execute(
                    update(VISITORS).where(VISITORS.c.user == user).values(seen=time.time())
                )
        return seen is not None

    def leave(self, user: str) -> None:
        """Forgets that a visitor was let in; what they asked stays until it is forgotten."""
        with writing(self._engine) as connection:
            connection.execute(delete(VISITORS).where(VISITORS.c.user == user))

    def gone(self, *, days: float) -> list[str]:
        """Users who have conversations and haven't come for so long, or have left."""
        since = time.time() - days * _A_DAY
        here = select(VISITORS.c.user).where(VISITORS.c.seen >= since)
        query = (
            select(THREADS.c.user)
            .where(THREADS.c.user.not_in(here), THREADS.c.updated < since)
            .distinct()
        )
        with writing(self._engine) as connection:
            connection.execute(delete(VISITORS).where(VISITORS.c.seen < since))
            return [str(row.user) for row in connection.execute(query)]

    def threads(self, user: str) -> list[ThreadTitle]:
        """A user's conversations, newest first."""
        query = (
            select(THREADS.c.thread, THREADS.c.title, THREADS.c.updated)
            .where(THREADS.c.user == user)
            .order_by(THREADS.c.updated.desc())
        )
        with reading(self._engine) as connection:
            return [_title(row) for row in connection.execute(query)]

    def thread(self, user: str, thread: str) -> ThreadTitle | None:
        """One of a user's conversations; None where it isn't theirs or isn't there."""
        query = select(THREADS.c.thread, THREADS.c.title, THREADS.c.updated).where(
            THREADS.c.user == user, THREADS.c.thread == thread
        )
        with reading(self._engine) as connection:
            row = connection.execute(query).first()
        return None if row is None else _title(row)

    def begin(
        self, user: str, thread: str, question: str, records: Sequence[ImageRecord], turn: Turn
    ) -> Turn:
        """Writes down a new turn under the next number, with its conversation where that is new.

        Args:
            user: Whose.
            thread: The conversation.
            question: Its start is the title of a new conversation.
            records: Of the images that came with it.
            turn: Its number is not yet its own.

        Returns:
            The turn with its number.
        """
        with writing(self._engine) as connection:
            last = connection.execute(
                select(func.max(TURNS.c.turn)).where(*_of(TURNS, user, thread))
            ).scalar()
            numbered = turn.model_copy(update={"turn": int(last or 0) + 1})
            kept = Kept(turn=numbered, records=tuple(records))
            touched = connection.execute(
                update(THREADS).where(*_of(THREADS, user, thread)).values(updated=time.time())
            )
            if not touched.rowcount:
                values = {"title": title_of(question), "updated": time.time()}
                connection.execute(insert(THREADS).values(user=user, thread=thread, **values))
            connection.execute(insert(TURNS).values(user=user, thread=thread, **_written(kept)))
        return numbered

    def save(self, user: str, thread: str, kept: Kept) -> None:
        """Writes down how far a turn is; one that was forgotten stays so."""
        with writing(self._engine) as connection:
            _save(connection, user, thread, kept)

    def turns(self, user: str, thread: str) -> list[Kept]:
        """A conversation's turns, oldest first."""
        query = select(TURNS.c.body).where(*_of(TURNS, user, thread)).order_by(TURNS.c.turn)
        with reading(self._engine) as connection:
            return [Kept.model_validate_json(row.body) for row in connection.execute(query)]

    def turn(self, user: str, thread: str, turn: int) -> Kept | None:
        """One turn; None where it isn't the user's or isn't there."""
        query = select(TURNS.c.body).where(*_of(TURNS, user, thread), TURNS.c.turn == turn)
        with reading(self._engine) as connection:
            body = connection.execute(query).scalar()
        return None if body is None else Kept.model_validate_json(body)

    def last(self, user: str, thread: str) -> Kept | None:
        """The newest turn of a conversation."""
        query = (
            select(TURNS.c.body)
            .where(*_of(TURNS, user, thread))
            .order_by(TURNS.c.turn.desc())
            .limit(1)
        )
        with reading(self._engine) as connection:
            body = connection.execute(query).scalar()
        return None if body is None else Kept.model_validate_json(body)

    def unfinished(self, state: str) -> list[tuple[str, str, Kept]]:
        """All turns of a state with their user and thread, oldest conversations first."""
        query = (
            select(TURNS.c.user, TURNS.c.thread, TURNS.c.body)
            .join(
                THREADS,
                (THREADS.c.user == TURNS.c.user) & (THREADS.c.thread == TURNS.c.thread),
            )
            .where(TURNS.c.state == state)
            .order_by(THREADS.c.updated)
        )
        with reading(self._engine) as connection:
            return [
                (str(row.user), str(row.thread), Kept.model_validate_json(row.body))
                for row in connection.execute(query)
            ]

    def forget(self, user: str, thread: str | None = None) -> list[str]:
        """Forgets a conversation, or all of a user's.

        Returns:
            The hashes of its pictures that no other conversation of the history has.
        """
        of_turns = _of(TURNS, user, thread)
        with writing(self._engine) as connection:
            theirs = _hashes(connection, of_turns)
            connection.execute(delete(TURNS).where(*of_turns))
            connection.execute(delete(THREADS).where(*_of(THREADS, user, thread)))
            alone = sorted(sha256 for sha256 in theirs if not _held(connection, sha256))
        self._wipe()
        return alone

    def _wipe(self) -> None:
        """Takes what was deleted out of the file; what is being read just now, with the next."""
        with self._engine.connect() as connection:
            raw = connection.connection.driver_connection
            if isinstance(raw, sqlite3.Connection):
                wiped(raw)


def title_of(question: str) -> str:
    """The start of a question, on one line."""
    line = " ".join(question.split())
    return line if len(line) <= _LONGEST_TITLE else f"{line[: _LONGEST_TITLE - 1].rstrip()}…"


def _of(table: Table, user: str, thread: str | None) -> list[ColumnElement[bool]]:
    """Rows of one user alone, and of one conversation where it is given."""
    theirs = [table.c.user == user]
    return theirs if thread is None else [*theirs, table.c.thread == thread]


def _title(row: Any) -> ThreadTitle:
    updated = datetime.fromtimestamp(float(row.updated), tz=UTC)
    return ThreadTitle(
        thread=str(row.thread),
        title=str(row.title),
        updated=updated.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    )


def _written(kept: Kept) -> dict[str, object]:
    return {
        "turn": kept.turn.turn,
        "state": kept.turn.state,
        "body": kept.model_dump_json(),
    }


def _save(connection: Connection, user: str, thread: str, kept: Kept) -> None:
    connection.execute(
        update(TURNS)
        .where(*_of(TURNS, user, thread), TURNS.c.turn == kept.turn.turn)
        .values(**_written(kept))
    )


def _hashes(connection: Connection, which: Sequence[ColumnElement[bool]]) -> set[str]:
    bodies = connection.execute(select(TURNS.c.body).where(*which))
    kept = (Kept.model_validate_json(row.body) for row in bodies)
    return {record.sha256 for one in kept for record in (*one.records, *one.made)}


def _held(connection: Connection, sha256: str) -> bool:
    # A hash is hexadecimal: nothing in it means something to LIKE, nor is it in other text.
    query = select(TURNS.c.turn).where(TURNS.c.body.contains(sha256)).limit(1)
    return connection.execute(query).first() is not None
