"""What the command line prints: results on stdout, everything else on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any


def emit(value: dict[str, Any]) -> None:
    """One JSON object on stdout."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def say(text: str, *, dim: bool = False, to_stderr: bool = False, end: str = "\n") -> None:
    """A line for a person, dimmed where the terminal can."""
    stream = sys.stderr if to_stderr else sys.stdout
    styled = f"\x1b[2m{text}\x1b[0m" if dim and stream.isatty() else text
    stream.write(styled + end)
    stream.flush()


def plain(text: str) -> str:
    """A text that came out of an image or a model, without what could steer the terminal."""
    return "".join(c for c in text if c == "\n" or c.isprintable())


@contextmanager
def status(message: str) -> Generator[None]:
    """Says on a terminal what takes its time."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(message):
        yield
