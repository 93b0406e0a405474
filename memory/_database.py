"""Databases that survive a kill: SQLite by a path, Postgres by a URL, one way to both.

SQLite keeps a write-ahead log and syncs each commit, so what was committed is there after a power
cut; what is deleted is overwritten in the file (`secure_delete`).
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, MetaData, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, IntegrityError, SQLAlchemyError

from deixis.memory._wiping import own_file
from deixis.vision import DeixisError

POSTGRES: Final = ("postgresql://", "postgres://")
_WRITES: Final = "deixis_writes"
_BUSY_SECONDS: Final = 30


def is_postgres(place: Path | str) -> bool:
    """Whether a place is a Postgres server's address and not a file.

    Raises:
        DeixisError: It is an address of something else.
    """
    if not isinstance(place, str) or "://" not in place:
        return False
    if not place.startswith(POSTGRES):
        # Not shown whole: it may hold a password.
        raise DeixisError(
            f"{place.partition('://')[0][:20]}:// is no database we know: give a path, or "
            "postgresql://user@host/database"
        )
    return True


def shown(place: Path | str) -> str:
    """A place as a message may name it: an address without its password."""
    if not is_postgres(place):
        return str(place)
    try:
        url = make_url(str(place))
    except (ArgumentError, ValueError):
        return "the Postgres address given"
    # What follows a question mark may hold a password as well.
    return url.set(query={}).render_as_string(hide_password=True)


def open_database(place: Path | str, tables: MetaData) -> Engine:
    """A database with its tables made, if they aren't there.

    Args:
        place: A file, made with its folder, or `postgresql://user@host/database`.
        tables: What it must hold.

    Raises:
        DeixisError: It can't be opened, is no database, or its driver isn't installed.
    """
    try:
        if is_postgres(place):
            url = _with_driver(str(place))
            engine = create_engine(url, pool_pre_ping=True, hide_parameters=True)
        else:
            path = Path(place).expanduser()
            own_file(path)
            engine = create_engine(
                URL.create("sqlite", database=str(path)),
                connect_args={"timeout": _BUSY_SECONDS},
                hide_parameters=True,
            )
            _as_we_want_it(engine)
        with writing(engine) as connection:
            tables.create_all(connection)
    except ModuleNotFoundError:
        raise DeixisError(
            "Postgres takes a driver that isn't installed: pip install 'deixis[postgres]'"
        ) from None
    except (OSError, SQLAlchemyError, ValueError) as error:
        raise DeixisError(
            f"the database {shown(place)} can't be opened ({_reason(error)}): check it, or "
            "choose another"
        ) from error
    return engine


@contextmanager
def writing(engine: Engine) -> Generator[Connection]:
    """A transaction that writes: all of it is on disk when it ends, or nothing.

    In SQLite it has the file to itself from its start, so what it reads stays true.

    Raises:
        DeixisError: The database fails.
        IntegrityError: What is written doesn't fit what is there.
    """
    with (
        _told(engine),
        engine.connect().execution_options(**{_WRITES: True}) as connection,
        connection.begin(),
    ):
        yield connection


@contextmanager
def reading(engine: Engine) -> Generator[Connection]:
    """A transaction that only reads; it sees one state and holds nobody up.

    Raises:
        DeixisError: The database fails.
    """
    with _told(engine), engine.connect() as connection, connection.begin():
        yield connection


@contextmanager
def _told(engine: Engine) -> Generator[None]:
    """What fails is told in a line, without the statement and what it held."""
    try:
        yield
    except IntegrityError:
        raise
    except SQLAlchemyError as error:
        url = engine.url.set(query={}).render_as_string(hide_password=True)
        raise DeixisError(
            f"the database {url.removeprefix('sqlite:///')} fails ({_reason(error)}): check it, "
            "restore it, or choose another"
        ) from error


def _with_driver(place: str) -> URL:
    return make_url(place).set(drivername="postgresql+psycopg")


def _as_we_want_it(engine: Engine) -> None:
    """SQLite's settings, and its transactions as SQLAlchemy's manual says to take them over."""

    def connected(connection: Any, _: object) -> None:
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON"):
            connection.execute(f"PRAGMA {pragma}")

    def begun(connection: Connection) -> None:
        writes = connection.get_execution_options().get(_WRITES, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    event.listen(engine, "connect", connected)
    event.listen(engine, "begin", begun)


def _reason(error: Exception) -> str:
    """What went wrong in one line, without the statement and whatever it held."""
    cause = getattr(error, "orig", None) or error
    first = str(cause).strip().splitlines()
    return first[0] if first else type(cause).__name__
