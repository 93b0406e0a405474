"""The search of very many memories: the index tells what is near, the record all the rest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from deixis.memory._items import Recollection
from deixis.memory._record import OwnerState, Record, RecordReader, StoredItem
from deixis.memory._vectors import UserVectors, Wanted

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vector = NDArray[np.float32]
    Indexed = Callable[[str, Vector, int], list[str] | None]


def search_many(
    record: Record,
    owner: str,
    vector: Vector,
    k: int,
    *,
    wanted: Wanted,
    indexed: Indexed | None,
    model: str,
) -> list[Recollection]:
    """The k nearest of what the index finds and of what is newer than it, best first.

    Args:
        record: Where the memories are.
        owner: Whose.
        vector: What is asked for.
        k: At most so many.
        wanted: Which may come.
        indexed: Asks the index for ids; None where there is none.
        model: Only vectors of this embedding model are compared.
    """
    # What comes into the index meanwhile is newer than `before` says, and is just found twice.
    with record.reading() as reader:
        before = reader.owner(owner)
    ids = None if indexed is None else indexed(owner, vector, 50 + 10 * k)
    with record.reading() as reader:
        state = reader.owner(owner)
        if ids is not None and not state.rebuild and state.erased == before.erased:
            newest = reader.items(owner, after=before.indexed)
            near = _shown(reader, owner, [*reader.items(owner, ids=ids), *newest], model)
            found = near.recalled(vector, k, wanted)
            if len(found) >= k:
                return found
        # There is no index to ask, or what is wanted is rare among what is near.
        everything = reader.items(owner, kinds=wanted.kinds)
        return _shown(reader, owner, everything, model).recalled(vector, k, wanted)


def _shown(reader: RecordReader, owner: str, some: Sequence[StoredItem], model: str) -> UserVectors:
    """Some of an owner's memories, with all that they contradict."""
    older = reader.replaced_by(owner, [one.item.id for one in some])
    unique = {one.item.id: one for one in (*some, *older) if one.model == model}
    dimension = next((len(one.vector) for one in unique.values()), 0)
    return UserVectors(OwnerState(), list(unique.values()), dimension)
