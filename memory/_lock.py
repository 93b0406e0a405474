"""One process owns a folder at a time, and the others are told which."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from filelock import BaseFileLock


class PlaceLock:
    """A lock that the system lets go of when its process ends, however it ends.

    Args:
        file: What is locked; None where there is nothing to own.
    """

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._held: BaseFileLock | None = None

    def acquire(self) -> str | None:
        """Takes the lock; or names who has it."""
        if self._file is None or self._held is not None:
            return None
        from filelock import FileLock, Timeout

        self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = FileLock(self._file, timeout=0)
        try:
            lock.acquire()
        except Timeout:
            return self._owner()
        self._file.write_text(str(os.getpid()))
        self._held = lock
        return None

    def release(self) -> None:
        """Lets others have it."""
        if self._held is not None:
            self._held.release()
            self._held = None

    def _owner(self) -> str:
        try:
            number = self._file.read_text().strip() if self._file else ""
        except OSError:
            number = ""
        return f"process {number}" if number.isdigit() else "another process"
