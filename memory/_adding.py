"""How a memory comes into the record: as a new one, merged with the same, or against another."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from deixis.memory._items import CONVERSED, MemoryItem, storable, utc_now
from deixis.memory._names import owner_key
from deixis.memory._record import RecordWriter, StoredItem
from deixis.memory._similar import NEAREST, contradicts, same
from deixis.memory._vectors import UserVectors
from deixis.vision import DeixisError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vector = NDArray[np.float32]

_LONGEST: Final = 4_000


class Addition:
    """Memories on their way into the record: new, merged, or known by their source.

    Args:
        writer: The transaction.
        owner: Whose they are.
        model: Whose vectors they have.
        known: What they are compared with; None to compare them with nothing.
    """

    def __init__(
        self, writer: RecordWriter, owner: str, *, model: str, known: UserVectors | None
    ) -> None:
        self._writer = writer
        self._owner = owner
        self._model = model
        self._known = known
        self._new: dict[str, StoredItem] = {}
        self._changed: dict[str, MemoryItem] = {}
        self.kept: list[MemoryItem] = []

    def take(self, item: MemoryItem, vector: Vector) -> None:
        """Decides what becomes of an item."""
        if item.source and (before := self._by_source(item.source)):
            self.kept.append(before)
            return
        near = [] if self._known is None else self._near(vector, self._known)
        again = next((old for old in near if same(item, old)), None)
        if again is not None:
            item = _merged(item, again)
        else:
            for old in near:
                if contradicts(item, old):
                    self._changed[old.id] = old.model_copy(update={"replaced_by": item.id})
        self._new.pop(item.id, None)
        self._new[item.id] = StoredItem(number=0, item=item, model=self._model, vector=vector)
        self.kept.append(item)

    def write(self) -> None:
        """Writes all of it."""
        state = self._writer.lock(self._owner)
        numbered = [
            StoredItem(
                number=state.written + 1 + place, item=self._now(one.item), model=one.model,
                vector=one.vector,
            )
            for place, one in enumerate(self._new.values())
        ]  # fmt: skip
        self._writer.add(self._owner, state, numbered)
        older = [item for id_, item in self._changed.items() if id_ not in self._new]
        self._writer.rewrite(self._owner, self._writer.lock(self._owner), older)

    def _now(self, item: MemoryItem) -> MemoryItem:
        return self._changed.get(item.id, item)

    def _by_source(self, source: str) -> MemoryItem | None:
        mine = (one.item for one in self._new.values() if one.item.source == source)
        return next(mine, None) or self._writer.by_source(self._owner, source)

    def _near(self, vector: Vector, known: UserVectors) -> list[MemoryItem]:
        """What may be the same or say otherwise, nearest first."""
        rows, _ = known.nearest(vector, NEAREST)
        now = utc_now()
        old = [known.items[row] for row in rows if not known.items[row].expired(now)]
        fresh = [one.item for one in self._new.values()]
        return [i for i in (*fresh, *old) if i.kind != "document" and i.id not in self._changed]


def _merged(new: MemoryItem, old: MemoryItem) -> MemoryItem:
    """The newer words and places, under the older one's id and from its time on."""
    return new.model_copy(
        update={
            "id": old.id,
            "created": old.created,
            "count": old.count + new.count,
            "places": new.places or old.places,
            "facts": new.facts or old.facts,
            "kind": old.kind if old.kind == "fact" else new.kind,
        }
    )


def owner_of(items: Sequence[MemoryItem]) -> str:
    """The one whose memories these are.

    Raises:
        DeixisError: There are several, or none.
    """
    owners = {owner_key(item.user, item.thread) for item in items}
    if len(owners) > 1:
        raise DeixisError("memories of several users at once: add each user's by themselves")
    if any(item.user is None and not item.thread for item in items):
        raise DeixisError("there is nobody to remember it for: give a user, or a thread")
    return owners.pop()


def named(item: MemoryItem) -> MemoryItem:
    """An item with an id, its texts as every database keeps them.

    Raises:
        DeixisError: It says nothing, is a note that is too long, or its id is nothing that a
            database keeps.
    """
    if item.id != storable(item.id):
        raise DeixisError("an id can't hold NUL or half a character: choose another")
    text = storable(item.text)
    if not text.strip() and not item.question.strip():
        raise DeixisError("there is nothing to remember: give a text")
    if item.kind == "note" and len(text) > _LONGEST:
        raise DeixisError(
            f"that is too long to remember: {len(text):,} characters, of {_LONGEST:,} at most"
        )
    question = storable(item.question)
    if item.kind != "document":
        # The conversation has all of it.
        text, question = _cut(text), _cut(question)
    told = {"text": text, "question": question, "source": storable(item.source)}
    return item.model_copy(update={**told, "id": item.id or uuid.uuid4().hex})


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def trim(writer: RecordWriter, owner: str, most: int | None) -> None:
    """Removes what is over a number of memories, the longest unsaid first."""
    if most is None or writer.count(owner) <= most:
        return
    items = [one.item for one in writer.items(owner, kinds=CONVERSED)]
    items.sort(key=lambda item: item.updated)
    writer.remove(owner, [item.id for item in items[: max(0, len(items) - most)]])
