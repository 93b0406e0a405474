"""Qwen-VL models on this machine, through transformers.

`load_local` gives one by name. Both names load torch and LangChain only when they are asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from deixis.vision.local._loading import load_local
    from deixis.vision.local._model import LocalModel

__all__ = ["LocalModel", "load_local"]

_HOMES = {
    "LocalModel": "deixis.vision.local._model",
    "load_local": "deixis.vision.local._loading",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
