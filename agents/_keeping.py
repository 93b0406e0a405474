"""What is kept of whom, over checkpoints, memories and pictures: noted, exported, forgotten."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import BaseCheckpointSaver

from deixis.memory import Checkpoints
from deixis.memory._items import utc_now
from deixis.memory._names import owner_key, thread_key, thread_name
from deixis.vision import DeixisError

if TYPE_CHECKING:
    from deixis.memory import Forgotten, MemoryItem, MemoryStore


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
    else:
        threads = _forget_threads(checkpoints, owner_key(user))
    from deixis.memory import Forgotten

    if memory is None:
        return Forgotten(threads=threads)
    within = thread if user is not None else None
    gone = memory.forget(user=user, thread=thread, within=within)
    return gone.model_copy(update={"threads": threads})


def expire(checkpoints: BaseCheckpointSaver[Any], memory: MemoryStore) -> int:
    """Forgets conversations that nobody has gone on with for as long as their users keep things.

    Where the checkpoints are ours; tells how many.
    """
    if not isinstance(checkpoints, Checkpoints):
        return 0
    gone = 0
    for owner, policy in memory.policies().items():
        for key in checkpoints.threads(owner) if policy.days is not None else ():
            if _last_said(checkpoints, key) < utc_now() - timedelta(days=policy.days or 0):
                checkpoints.delete_thread(key)
                memory.let_go(owner, key)
                gone += 1
    return gone


def _last_said(checkpoints: Checkpoints, key: str) -> datetime:
    found = checkpoints.get_tuple({"configurable": {"thread_id": key}})
    return utc_now() if found is None else datetime.fromisoformat(found.checkpoint["ts"])


def said_in(
    checkpoints: Checkpoints, items: Iterable[MemoryItem], *, user: str | None
) -> list[str]:
    """The conversations of a user that still hold the words of memories.

    A memory is what was kept of a conversation: forgetting it takes nothing out of that.
    """
    texts = [item.text for item in items if item.text]
    if not texts or user is None:
        return []
    found: list[str] = []
    for key in checkpoints.threads(owner_key(user)):
        kept = checkpoints.get_tuple({"configurable": {"thread_id": key}})
        values: dict[str, Any] = {} if kept is None else kept.checkpoint["channel_values"]
        said = [str(m.text) for m in values.get("messages", [])]
        recalled: list[dict[str, Any]] = values.get("recalled") or []
        said += [str(one.get("text")) for one in recalled]
        if any(text in one for text in texts for one in said):
            found.append(thread_name(key))
    return found


def _forget_threads(checkpoints: BaseCheckpointSaver[Any], prefix: str) -> int:
    if isinstance(checkpoints, Checkpoints):
        threads = checkpoints.threads(prefix)
        checkpoints.delete_threads(prefix)
        return len(threads)
    # Another's can only be gone through, all of them.
    keys = {str(c.config.get("configurable", {})["thread_id"]) for c in checkpoints.list(None)}
    theirs = [key for key in keys if key.startswith(prefix)]
    for key in theirs:
        checkpoints.delete_thread(key)
    return len(theirs)
