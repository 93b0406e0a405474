"""What is deleted in SQLite leaves the files, too."""

from __future__ import annotations

import sqlite3


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
