"""What Chroma's files hold of vectors that were dropped, taken out of them.

Chroma 1.5 keeps a dropped collection's folder and its rows in free pages. And the graphs it writes
hold memory that was never set: places for elements that aren't there yet, and for links that an
element hasn't got. Whole vectors of others were found in them, about 2 times in 100.

`python -m deixis.memory._traces FOLDER` does it in a process of its own.
"""

from __future__ import annotations

import shutil
import sqlite3
import struct
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Final

from deixis.memory._apart import end_with_parent, run_apart, say_done
from deixis.vision import DeixisError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# hnswlib's header: version, offset of level 0, most elements, elements, bytes of an element, and
# where in it the label and the vector begin. Links come first, after a word with their number.
_HEADER: Final = struct.Struct("<i6Q")
_VERSION: Final = 1
_WORD: Final = 4


def clear_traces(folder: Path) -> None:
    """Makes the files of a Chroma folder hold what is in it alone.

    Chroma must have been closed before. It closes its connections a little later, though, with a
    SQLite of its own: two copies of SQLite in one process don't see each other's locks, and the
    file was broken by that (https://www.sqlite.org/howtocorrupt.html, 2.2.1). Between two
    processes locks hold.

    Raises:
        DeixisError: The files can't be written.
    """
    try:
        run_apart("deixis.memory._traces", str(folder))
    except DeixisError as error:
        told = f"what was forgotten can't be taken out of {folder}: {error}"
        raise DeixisError(told) from error


def _clear(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "chroma.sqlite3", timeout=30)) as database:
        alive = {row[0] for row in database.execute("SELECT id FROM segments")}
        database.execute("VACUUM")
    for segment in folder.iterdir():
        if segment.is_dir() and segment.name in alive:
            _blank(segment)
        elif segment.is_dir():
            shutil.rmtree(segment, ignore_errors=True)


def _blank(segment: Path) -> None:
    """Sets to zero what a graph's file holds beside its elements and their links."""
    import numpy as np

    graph = segment / "data_level0.bin"
    try:
        header = (segment / "header.bin").read_bytes()
        version, _, _, count, size, label, data = _HEADER.unpack_from(header)
        words = np.fromfile(graph, np.uint32)
    except (OSError, struct.error):
        return
    known = version == _VERSION and size % _WORD == 0 and 0 < data < label < size
    if not known or words.nbytes % size:
        return
    elements = words.reshape(-1, size // _WORD)
    before = elements.copy()
    elements[count:] = 0
    _unlinked(elements[:count, : data // _WORD])
    if (elements != before).any():
        graph.write_bytes(words.tobytes())


def _unlinked(links: NDArray[np.uint32]) -> None:
    """Sets places for links to zero that an element hasn't got."""
    import numpy as np

    number = links[:, :1] & 0xFFFF
    places = np.arange(links.shape[1], dtype=np.uint32)[np.newaxis]
    links[places > number] = 0


if __name__ == "__main__":
    end_with_parent()
    _clear(Path(sys.argv[1]))
    say_done()
