"""Checkpoints in SQLite: a thread goes on after the process is gone."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import (
    ChannelVersions,
    Checkpoint,
    CheckpointMetadata,
    CheckpointTuple,
)
from langgraph.checkpoint.sqlite import SqliteSaver

from deixis.vision import DeixisError


class SqliteCheckpoints(SqliteSaver):
    """LangGraph's SQLite checkpoints, for synchronous and asynchronous agents alike.

    LangGraph's own saver is for one or the other. Here the asynchronous calls run the
    synchronous ones in a thread; a lock in the base class orders them.
    """

    async def aget_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """The checkpoint of a config, or the thread's latest."""
        return await asyncio.to_thread(self.get_tuple, config)

    async def alist(
        self,
        config: RunnableConfig | None,
        *,
        filter: dict[str, Any] | None = None,  # noqa: A002  (the base class's name)
        before: RunnableConfig | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[CheckpointTuple]:
        """The checkpoints of a thread, newest first."""

        def listed() -> list[CheckpointTuple]:
            found: Iterator[CheckpointTuple] = self.list(
                config, filter=filter, before=before, limit=limit
            )
            return list(found)

        for item in await asyncio.to_thread(listed):
            yield item

    async def aput(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        """Keeps a checkpoint."""
        return await asyncio.to_thread(self.put, config, checkpoint, metadata, new_versions)

    async def aput_writes(
        self,
        config: RunnableConfig,
        writes: Sequence[tuple[str, Any]],
        task_id: str,
        task_path: str = "",
    ) -> None:
        """Keeps what a task has written."""
        await asyncio.to_thread(self.put_writes, config, writes, task_id, task_path)

    async def adelete_thread(self, thread_id: str) -> None:
        """Forgets a thread."""
        await asyncio.to_thread(self.delete_thread, thread_id)


def open_checkpoints(path: Path | str) -> SqliteCheckpoints:
    """Checkpoints in a file, made if it isn't there.

    Each step is on disk before the next begins (WAL, `synchronous=FULL`).

    Raises:
        DeixisError: The file can't be opened or is no SQLite database.
    """
    place = Path(path).expanduser()
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(place, check_same_thread=False, timeout=30)
        connection.execute("PRAGMA synchronous=FULL")
        saver = SqliteCheckpoints(connection)
        saver.setup()
    except (OSError, sqlite3.Error) as error:
        raise DeixisError(
            f"the checkpoints {place} can't be opened ({error}): choose another file"
        ) from error
    return saver
