"""Under which names things are kept: no user can write another's."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

_USER: Final = "user:"
_THREAD: Final = "thread:"


def quoted(name: str) -> str:
    """A name in ASCII without a slash or a colon, whatever it holds."""
    return quote(name, safe="", errors="surrogatepass")


def owner_key(user: str | None, thread: str | None = None) -> str:
    """Whose memories they are: a user's, or with no user those of one thread alone."""
    if user is not None:
        return f"{_USER}{quoted(user)}/"
    return f"{_THREAD}{quoted(thread or '')}"


def thread_key(user: str | None, thread: str) -> str:
    """The `thread_id` of a conversation's checkpoints; a user's begin with their owner key."""
    owner = "" if user is None else owner_key(user)
    return f"{owner}{_THREAD}{quoted(thread)}"
