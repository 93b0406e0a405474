"""What is kept of whom, over checkpoints, memories and pictures: noted, exported, forgotten."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import BaseCheckpointSaver

from deixis.memory import Checkpoints, Forgotten, MemoryStore
from deixis.memory._names import owner_key, thread_key
from deixis.vision import DeixisError


def holding(memory: MemoryStore | None, config: RunnableConfig) -> Callable[[str], None] | None:
    """Notes that a conversation refers to a picture, where there is a memory to note it in."""
    if memory is None:
        return None
    configurable = config.get("configurable", {})

    def hold(sha256: str) -> None:
        memory.hold_images(
            [sha256], user=configurable.get("user"), thread=str(configurable.get("thread"))
        )

    return hold


def forget(
    checkpoints: BaseCheckpointSaver[Any],
    memory: MemoryStore | None,
    *,
    user: str | None,
    thread: str | None,
) -> Forgotten:
    """Forgets a conversation, or all of a user's.

    Messages first: until memory lets go of them, pictures are still held, and a kill in between
    leaves something to forget again, never a conversation without its pictures.

    Raises:
        DeixisError: There is neither a user nor a thread.
    """
    if thread is not None:
        key = thread_key(user, thread)
        threads = int(checkpoints.get_tuple({"configurable": {"thread_id": key}}) is not None)
        checkpoints.delete_thread(key)
    elif user is None:
        raise DeixisError("forget whom? Give a user, or a thread")
    elif isinstance(checkpoints, Checkpoints):
        threads = len(checkpoints.threads(owner_key(user)))
        checkpoints.delete_threads(owner_key(user))
    else:
        raise DeixisError(
            "these checkpoints can't list a user's threads: forget thread by thread, or use "
            "open_checkpoints"
        )
    if memory is None:
        return Forgotten(threads=threads)
    within = thread if user is not None else None
    gone = memory.forget(user=user, thread=thread, within=within)
    return gone.model_copy(update={"threads": threads})
