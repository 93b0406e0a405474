"""SQLite's files: for their owner only, and what is deleted leaves them, too."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path


def own_file(path: Path) -> None:
    """Makes a file and its folder, where they aren't there, for their owner only.

    Raises:
        OSError: They can't be made.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))


def wiped(connection: sqlite3.Connection) -> str:
    """Writes a SQLite file anew, without what was deleted; tells why not, where it can't.

    `secure_delete` isn't enough: rows that were moved about leave copies in their old pages.
    """
    try:
        connection.execute("VACUUM")
        busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except sqlite3.OperationalError as error:
        return str(error)
    return "another program reads it" if busy else ""
