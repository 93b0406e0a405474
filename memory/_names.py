"""Under which names things are kept: no user can write another's."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import Final
from urllib.parse import quote, unquote

_USER: Final = "user:"
_THREAD: Final = "thread:"
_LONGEST: Final = 200


def quoted(name: str) -> str:
    """A name in ASCII without a slash or a colon, whatever it holds."""
    return quote(name, safe="", errors="surrogatepass")


@lru_cache(maxsize=4096)
def owner_key(user: str | None, thread: str | None = None) -> str:
    """Whose memories they are: a user's, or with no user those of one thread alone."""
    if user is not None:
        return f"{_USER}{_short(user)}/"
    return f"{_THREAD}{_short(thread or '')}"


def _short(name: str) -> str:
    """A quoted name that a database's index takes: of a very long one the start and a hash."""
    whole = quoted(name)
    if len(whole) <= _LONGEST:
        return whole
    # No quoted name has a dollar sign in it, so none is the same as this.
    return f"{whole[:_LONGEST]}${hashlib.sha256(whole.encode()).hexdigest()}"


def thread_key(user: str | None, thread: str) -> str:
    """The `thread_id` of a conversation's checkpoints; a user's begin with their owner key."""
    owner = "" if user is None else owner_key(user)
    return f"{owner}{_THREAD}{quoted(thread)}"


def is_user(owner: str) -> bool:
    """Whether an owner key is a user's, and not that of a conversation without one."""
    return owner.startswith(_USER)


def thread_name(key: str) -> str:
    """The name of a conversation, from the `thread_id` of its checkpoints."""
    return unquote(key.rpartition(_THREAD)[2], errors="surrogatepass")
