"""What outlives a turn: memories of users, checkpoints of conversations, what tools have done."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from deixis.memory._checkpoints import SqliteCheckpoints, open_checkpoints
    from deixis.memory._database_effects import DatabaseEffects
    from deixis.memory._effects import Effect, EffectLedger, InMemoryEffects
    from deixis.memory._embedders import Embedder, LangChainEmbedder, MultilingualE5
    from deixis.memory._indexer import IndexStatus
    from deixis.memory._items import Forgotten, MemoryItem, MemoryPlace, MemoryPolicy, Recollection
    from deixis.memory._langgraph import MemoryBaseStore
    from deixis.memory._postgres_checkpoints import PostgresCheckpoints
    from deixis.memory._saver import Checkpoints
    from deixis.memory._store import MemoryStore
    from deixis.memory._vectorstore import MemoryVectors

__all__ = [
    "Checkpoints",
    "DatabaseEffects",
    "Effect",
    "EffectLedger",
    "Embedder",
    "Forgotten",
    "InMemoryEffects",
    "IndexStatus",
    "LangChainEmbedder",
    "MemoryBaseStore",
    "MemoryItem",
    "MemoryPlace",
    "MemoryPolicy",
    "MemoryStore",
    "MemoryVectors",
    "MultilingualE5",
    "PostgresCheckpoints",
    "Recollection",
    "SqliteCheckpoints",
    "open_checkpoints",
]

_MODULES = {
    "Checkpoints": "_saver",
    "DatabaseEffects": "_database_effects",
    "Effect": "_effects",
    "EffectLedger": "_effects",
    "Embedder": "_embedders",
    "Forgotten": "_items",
    "IndexStatus": "_indexer",
    "LangChainEmbedder": "_embedders",
    "MemoryBaseStore": "_langgraph",
    "InMemoryEffects": "_effects",
    "MemoryItem": "_items",
    "MemoryPlace": "_items",
    "MemoryPolicy": "_items",
    "MemoryStore": "_store",
    "MemoryVectors": "_vectorstore",
    "MultilingualE5": "_embedders",
    "PostgresCheckpoints": "_postgres_checkpoints",
    "Recollection": "_items",
    "SqliteCheckpoints": "_checkpoints",
    "open_checkpoints": "_checkpoints",
}


def __getattr__(name: str) -> Any:
    # LangGraph takes a second to import, SQLAlchemy a part of one: only for who asks for them.
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"deixis.memory.{_MODULES[name]}"), name)
