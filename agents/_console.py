"""What the command line prints: results on stdout, everything else on stderr."""

from __future__ import annotations

import io
import json
import sys
import unicodedata
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any


def emit(value: dict[str, Any]) -> None:
    """One JSON object on stdout, in ASCII where stdout can't write all of Unicode."""
    unicode = (sys.stdout.encoding or "").lower().startswith("utf")
    written = json.dumps(value, ensure_ascii=not unicode)
    # Outside of strings JSON is printable, so what isn't can be escaped without a look.
    sys.stdout.write("".join(c if _harmless(c) else json.dumps(c)[1:-1] for c in written) + "\n")
    sys.stdout.flush()


def say(text: str, *, dim: bool = False, to_stderr: bool = False, end: str = "\n") -> None:
    """A line for a person, dimmed where the terminal can."""
    stream = sys.stderr if to_stderr else sys.stdout
    styled = f"\x1b[2m{text}\x1b[0m" if dim and stream.isatty() else text
    stream.write(styled + end)
    stream.flush()


def plain(text: str) -> str:
    """A text that came out of an image or a model, without what could steer the terminal."""
    return "".join(c for c in text.replace("\t", " ") if c == "\n" or _harmless(c))


def _harmless(char: str) -> bool:
    """Neither a control nor a change of direction nor half a character; spaces of any width are."""
    return char.isprintable() or unicodedata.category(char) == "Zs"


def forgive_encodings() -> None:
    """Keeps a character that the terminal can't write, or didn't, from ending the command."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


@contextmanager
def status(message: str) -> Generator[None]:
    """Says on a terminal what takes its time."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(message):
        yield
