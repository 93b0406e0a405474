"""What our checkpoints of SQLite and of Postgres have in common."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import (
    BaseCheckpointSaver,
    ChannelVersions,
    Checkpoint,
    CheckpointMetadata,
    CheckpointTuple,
    DeltaChannelHistory,
)

from deixis.memory._effects import EffectLedger


class Checkpoints(BaseCheckpointSaver[str]):
    """Checkpoints for synchronous and asynchronous agents alike, with a ledger of effects.

    LangGraph's own savers are for one or the other. Here the asynchronous calls run the
    synchronous ones in a thread. `open_checkpoints` makes one.

    Attributes:
        effects: The calls with an effect, kept in the same database.
    """

    effects: EffectLedger

    def threads(self, prefix: str = "") -> list[str]:
        """The ids of the threads that start with these very characters, sorted."""
        raise NotImplementedError

    def delete_threads(self, prefix: str) -> None:
        """Deletes every thread whose id starts with these very characters.

        Its checkpoints, its effects, all of it. Give a prefix that ends where a name does
        (`user:ann/`), or another user's threads may start with it as well.
        """
        raise NotImplementedError

    def close(self) -> None:
        """Closes its connections."""
        raise NotImplementedError

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
            return list(self.list(config, filter=filter, before=before, limit=limit))

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

    async def aget_delta_channel_history(
        self, *, config: RunnableConfig, channels: Sequence[str]
    ) -> Mapping[str, DeltaChannelHistory]:
        """What was written to channels that keep their changes only."""
        return await asyncio.to_thread(
            self.get_delta_channel_history, config=config, channels=channels
        )
