"""A record that is opened: its name, and the vectors that another embedding model made."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from deixis.memory._embedders import Embedder
from deixis.memory._items import MemoryItem
from deixis.memory._record import Record

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vector = NDArray[np.float32]

_BATCH: Final = 256
_MODEL: Final = "embedding_model"
_NAME: Final = "record_name"


def named_record(record: Record, model: str) -> str:
    """The record's name, by which several may share a Chroma server; the model is noted."""
    with record.writing() as writer:
        name = writer.setting(_NAME) or uuid.uuid4().hex[:12]
        writer.set(_NAME, name)
        writer.set(_MODEL, model)
    return name


def embed_anew(
    record: Record,
    embedder: Embedder,
    *,
    model: str,
    progress: Callable[[str, int, int], None] | None,
) -> None:
    """Makes the vectors of other models anew; a kill leaves those done done."""
    with record.reading() as reader:
        todo = sum(count for name, count in reader.models().items() if name != model)
    done = 0
    while todo:
        with record.reading() as reader:
            some = reader.of_other_models(model, _BATCH)
        if not some:
            return
        _embed(record, embedder, some, model)
        done += len(some)
        if progress is not None:
            progress("embedding memories with another model", done, max(todo, done))


def _embed(
    record: Record, embedder: Embedder, some: Sequence[tuple[str, MemoryItem]], model: str
) -> None:
    vectors = embedder.passages([item.meaning for _, item in some])
    by_owner: dict[str, list[tuple[str, Vector]]] = {}
    for (owner, item), vector in zip(some, vectors, strict=True):
        by_owner.setdefault(owner, []).append((item.id, vector))
    with record.writing() as writer:
        for owner, pairs in by_owner.items():
            writer.revector(owner, pairs, model)
