"""Readings kept on disk, so that an image is read once.

One small JSON file for each image and reader settings. Nothing that goes wrong with the folder
stops a reading: at worst the image is read again.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import threading
from collections import OrderedDict
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pydantic import ValidationError

from deixis.vision._cache import cache_folder
from deixis.vision._reader import Reader, Reading

if TYPE_CHECKING:
    from deixis.vision._images import VisionImage

_IN_MEMORY = 64
_SWEEP_SHARE = 0.05
_KEEP_SHARE = 0.8


class _Default:
    """Stands for the user's cache folder, looked up when the reader is made."""


_DEFAULT: Final = _Default()


class CachedReader:
    """A reader that remembers what another one read.

    Safe for several threads and processes on one folder. Files are for their owner only.

    Args:
        reader: Reads what isn't remembered yet.
        folder: Where readings are kept; None keeps the latest in memory only. By default
            `readings` in the user's cache folder for Deixis, or in `DEIXIS_CACHE_DIR`.
        max_bytes: About how much the folder may hold; the readings used longest ago go first.
    """

    def __init__(
        self,
        reader: Reader,
        folder: Path | _Default | None = _DEFAULT,
        *,
        max_bytes: int = 200_000_000,
    ) -> None:
        if max_bytes < 0:
            raise ValueError(f"max_bytes can't be below 0, got {max_bytes}")
        self._reader = reader
        self._folder = cache_folder() / "readings" if isinstance(folder, _Default) else folder
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._memory: OrderedDict[str, Reading] = OrderedDict()
        self._unswept: float = max_bytes

    @property
    def settings(self) -> str:
        """Those of the reader within."""
        return self._reader.settings

    def read(self, image: VisionImage) -> Reading:
        """The image's lines, remembered or read now.

        Args:
            image: Its content hash is what is remembered, not its name.

        Returns:
            Exactly what the reader within gave for this image and these settings.
        """
        key = self._key(image.sha256)
        known = self._recall(key) or self._load(key, image)
        if known is not None:
            self._remember(key, known)
            return known
        reading = self._reader.read(image)
        self._remember(key, reading)
        self._save(key, reading)
        return reading

    def forget(self, sha256: str) -> None:
        """Removes what was read in an image.

        Args:
            sha256: Hash of the image's bytes.
        """
        key = self._key(sha256)
        with self._lock:
            self._memory.pop(key, None)
        if self._folder is not None:
            with suppress(OSError):
                (self._folder / f"{key}.json").unlink(missing_ok=True)

    def _key(self, sha256: str) -> str:
        return hashlib.sha256(f"{sha256}\n{self.settings}".encode()).hexdigest()

    def _recall(self, key: str) -> Reading | None:
        with self._lock:
            return self._memory.get(key)

    def _remember(self, key: str, reading: Reading) -> None:
        with self._lock:
            self._memory[key] = reading
            self._memory.move_to_end(key)
            while len(self._memory) > _IN_MEMORY:
                self._memory.popitem(last=False)

    def _load(self, key: str, image: VisionImage) -> Reading | None:
        if self._folder is None:
            return None
        path = self._folder / f"{key}.json"
        try:
            reading = Reading.model_validate_json(path.read_bytes())
        except (OSError, ValidationError):
            return None
        if reading.size != image.size:
            return None
        with suppress(OSError):
            os.utime(path)
        return reading

    def _save(self, key: str, reading: Reading) -> None:
        if self._folder is None:
            return
        data = reading.model_dump_json().encode()
        with suppress(OSError):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write(self._folder / f"{key}.json", data)
            if self._sweep_due(len(data)):
                _sweep(self._folder, round(self._max_bytes * _KEEP_SHARE), self._max_bytes)

    def _sweep_due(self, written: int) -> bool:
        """Now and then: at the first writing, and each time a share of the limit was written."""
        with self._lock:
            self._unswept += written
            if self._unswept < self._max_bytes * _SWEEP_SHARE:
                return False
            self._unswept = 0
            return True


def _write(path: Path, data: bytes) -> None:
    """All or nothing: a reader sees the old file or the whole new one. Mode 0600."""
    handle, name = tempfile.mkstemp(prefix=".", suffix=".part", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _sweep(folder: Path, keep: int, limit: int) -> None:
    """Removes the files used longest ago until `keep` bytes are left, if `limit` is passed."""
    files: list[tuple[float, int, str]] = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.endswith((".json", ".part")):
                with suppress(OSError):
                    status = entry.stat()
                    files.append((status.st_mtime, status.st_size, entry.path))
    total = sum(size for _, size, _ in files)
    if total <= limit:
        return
    for _, size, path in sorted(files):
        if total <= keep:
            break
        with suppress(OSError):
            Path(path).unlink()
        total -= size
