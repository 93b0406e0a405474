"""What outlives a turn: checkpoints of conversations."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from deixis.memory._checkpoints import SqliteCheckpoints, open_checkpoints

__all__ = ["SqliteCheckpoints", "open_checkpoints"]


def __getattr__(name: str) -> Any:
    # LangGraph takes a second to import: only for who asks for checkpoints.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("deixis.memory._checkpoints"), name)
