"""A user's memory as LangGraph's store."""

from __future__ import annotations

import asyncio
import datetime
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from langgraph.store.base import (
    BaseStore,
    GetOp,
    Item,
    ListNamespacesOp,
    MatchCondition,
    Op,
    PutOp,
    Result,
    SearchItem,
    SearchOp,
    TTLConfig,
    get_text_at_path,
)

from deixis.memory._filters import matches
from deixis.memory._items import MemoryItem, storable, utc_now
from deixis.memory._store import MemoryStore
from deixis.vision import DeixisError

_PREFIX: Final = "langgraph:"
_LONGEST: Final = 2_000
_Place = tuple[tuple[str, ...], str]


class MemoryBaseStore(BaseStore):
    """Items of one user under namespaces and keys, kept with the user's memories.

    They aren't recalled in conversations unless documents are asked for. Made by
    `MemoryStore.as_langgraph`. An item has one vector, of its value as JSON or of the fields that
    `index` names; with `index=False` it is found by its namespace and filters alone, and comes
    after the others where a query is asked. Without a query the newest come first.

    Args:
        store: Where they are.
        user: Whose they are.
        ttl: For how long items are kept that don't say, and whether reading prolongs it.
    """

    supports_ttl = True

    def __init__(self, store: MemoryStore, *, user: str, ttl: TTLConfig | None = None) -> None:
        self._store = store
        self._user = user
        self.ttl_config = ttl

    def batch(self, ops: Iterable[Op]) -> list[Result]:
        """Does several things: first what reads, then what writes, the last of each key."""
        results: list[Result] = []
        puts: dict[str, PutOp] = {}
        for op in ops:
            if isinstance(op, GetOp):
                results.append(self._got(op))
            elif isinstance(op, SearchOp):
                results.append(self._searched(op))
            elif isinstance(op, ListNamespacesOp):
                results.append(self._listed(op))
            else:
                puts[_id(op.namespace, op.key)] = op
                results.append(None)
        self._write(puts)
        return results

    async def abatch(self, ops: Iterable[Op]) -> list[Result]:
        """The same in a thread of its own."""
        return await asyncio.to_thread(self.batch, list(ops))

    def _got(self, op: GetOp) -> Item | None:
        found = _ours(self._store.get([_id(op.namespace, op.key)], user=self._user))
        if op.refresh_ttl:
            self._prolong(found)
        return _item(found[0]) if found else None

    def _searched(self, op: SearchOp) -> list[SearchItem]:
        most = op.offset + op.limit
        scored = self._near(op, most) if op.query else []
        found = [item for item, _ in scored]
        if len(found) < most:
            scores = {item.id for item in found}
            rest = _ours(self._store.items(user=self._user, prefix=_begins(op.namespace_prefix)))
            found += [i for i in reversed(rest) if i.id not in scores and _fits(i, op)]
        page = found[op.offset : most]
        if op.refresh_ttl:
            self._prolong(page)
        by_id = {item.id: score for item, score in scored}
        return [_search_item(item, by_id.get(item.id)) for item in page]

    def _near(self, op: SearchOp, most: int) -> list[tuple[MemoryItem, float]]:
        begins = _begins(op.namespace_prefix)

        def wanted(item: MemoryItem) -> bool:
            return item.id.startswith(begins) and bool(item.data.get("indexed")) and _fits(item, op)

        vector = self._store.embedder.query(storable(op.query or ""))
        found = self._store.recall_by_vector(
            vector, user=self._user, k=most, kinds=("document",), where=wanted
        )
        return [(one.item, one.score) for one in found]

    def _listed(self, op: ListNamespacesOp) -> list[tuple[str, ...]]:
        ids = self._store.ids(user=self._user, prefix=_PREFIX)
        found = {_place(id_)[0] for id_ in ids}
        for condition in op.match_conditions or ():
            found = {namespace for namespace in found if _meets(namespace, condition)}
        if op.max_depth is not None:
            found = {namespace[: op.max_depth] for namespace in found}
        return sorted(found)[op.offset : op.offset + op.limit]

    def _write(self, puts: Mapping[str, PutOp]) -> None:
        gone = [id_ for id_, op in puts.items() if op.value is None]
        kept = {id_: op for id_, op in puts.items() if op.value is not None}
        now = utc_now()
        before = {item.id: item for item in self._store.get(list(kept), user=self._user)}
        items: list[MemoryItem] = []
        for id_, op in kept.items():
            old = before.get(id_)
            items.append(self._made(id_, op, created=now if old is None else old.created, now=now))
        self._store.add(items, merge=False)
        if gone and (there := self._store.get(gone, user=self._user)):
            self._store.forget(user=self._user, ids=[item.id for item in there])

    def _made(
        self, id_: str, op: PutOp, *, created: datetime.datetime, now: datetime.datetime
    ) -> MemoryItem:
        value = dict(op.value or {})
        return MemoryItem(
            id=id_,
            user=self._user,
            kind="document",
            origin="program",
            text=_meaning(value, op.index) or op.key or "item",
            created=created,
            updated=now,
            expires=_after(now, op.ttl),
            data={"value": value, "ttl": op.ttl, "indexed": op.index is not False},
        )

    def _prolong(self, items: Sequence[MemoryItem]) -> None:
        """What has been read is kept for as long again."""
        now = utc_now()
        later = {item.id: _after(now, item.data["ttl"]) for item in items}
        if known := {id_: when for id_, when in later.items() if when is not None}:
            self._store.keep_until(known, user=self._user)


def _id(namespace: tuple[str, ...], key: str) -> str:
    """JSON of both, so that no two places share one.

    Raises:
        DeixisError: It would be longer than a database's index takes.
    """
    made = f"{_PREFIX}{json.dumps([namespace, key])}"
    if len(made) > _LONGEST:
        raise DeixisError(f"namespace and key are longer than {_LONGEST} characters: shorten them")
    return made


def _begins(namespace: tuple[str, ...]) -> str:
    """How the ids of all items begin whose namespaces do so."""
    # Without the bracket that ends the list; a label ends in its quotation mark.
    return f"{_PREFIX}[{json.dumps(namespace)[:-1]}"


def _ours(items: Sequence[MemoryItem]) -> list[MemoryItem]:
    """Those that were put here: a program may have given a note an id like ours."""
    return [item for item in items if "value" in item.data]


def _after(now: datetime.datetime, minutes: float | None) -> datetime.datetime | None:
    """When so many minutes are over; never, for None and for more than a calendar has."""
    try:
        return None if minutes is None else now + datetime.timedelta(minutes=minutes)
    except OverflowError:
        return None


def _place(id_: str) -> _Place:
    namespace, key = json.loads(id_.removeprefix(_PREFIX))
    return tuple(namespace), key


def _meaning(value: Mapping[str, Any], index: Sequence[str] | bool | None) -> str:
    """What an item's vector is made of."""
    if index is None or isinstance(index, bool):
        return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
    texts = [text for path in index for text in get_text_at_path(value, path)]
    return "\n".join(texts)


def _fits(item: MemoryItem, op: SearchOp) -> bool:
    return matches(item.data["value"], op.filter)


def _meets(namespace: tuple[str, ...], condition: MatchCondition) -> bool:
    path = condition.path
    if len(namespace) < len(path):
        return False
    part = namespace[: len(path)]
    if condition.match_type == "suffix":
        part = namespace[len(namespace) - len(path) :]
    return all(asked in ("*", label) for label, asked in zip(part, path, strict=True))


def _item(item: MemoryItem) -> Item:
    namespace, key = _place(item.id)
    return Item(
        value=dict(item.data["value"]),
        key=key,
        namespace=namespace,
        created_at=item.created,
        updated_at=item.updated,
    )


def _search_item(item: MemoryItem, score: float | None) -> SearchItem:
    namespace, key = _place(item.id)
    return SearchItem(
        namespace=namespace,
        key=key,
        value=dict(item.data["value"]),
        created_at=item.created,
        updated_at=item.updated,
        score=score,
    )
