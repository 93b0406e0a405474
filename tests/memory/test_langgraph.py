from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypedDict, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain.agents import create_agent  # pyright: ignore[reportUnknownVariableType]
from langchain.tools import ToolRuntime, tool
from langchain_core.messages import HumanMessage
from langgraph.graph import START, StateGraph  # pyright: ignore[reportMissingTypeStubs]
from langgraph.runtime import Runtime
from langgraph.store.base import (
    BaseStore,
    GetOp,
    Item,
    ListNamespacesOp,
    MatchCondition,
    Op,
    PutOp,
    SearchOp,
)
from langgraph.store.memory import InMemoryStore

from deixis.memory import MemoryBaseStore, MemoryStore
from deixis.testing import Call, NgramEmbedder, Say, ScriptedModel
from deixis.vision import DeixisError


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[MemoryStore]:
    with MemoryStore(tmp_path, embedder=NgramEmbedder(), index=False) as memory:
        yield memory


@pytest.fixture
def store(memory: MemoryStore) -> MemoryBaseStore:
    return memory.as_langgraph(user="ann")


def keys(found: Any) -> list[str]:
    return [item.key for item in found]


def test_what_is_put_is_got(store: MemoryBaseStore) -> None:
    store.put(("prefs", "food"), "likes", {"dish": "面条", "stars": 5, "tags": [1, None, {}]})
    item = store.get(("prefs", "food"), "likes")
    assert item is not None
    assert item.value == {"dish": "面条", "stars": 5, "tags": [1, None, {}]}
    assert (item.namespace, item.key) == (("prefs", "food"), "likes")
    assert store.get(("prefs",), "likes") is None


def test_putting_again_keeps_the_time_of_the_first(store: MemoryBaseStore) -> None:
    store.put(("a",), "k", {"n": 1})
    first = store.get(("a",), "k")
    store.put(("a",), "k", {"n": 2})
    second = store.get(("a",), "k")
    assert first is not None
    assert second is not None
    assert (second.value, second.created_at) == ({"n": 2}, first.created_at)
    assert second.updated_at > first.updated_at


def test_a_query_finds_by_meaning_within_a_namespace(store: MemoryBaseStore) -> None:
    store.put(("docs", "a"), "lift", {"text": "Lift B goes up to radiology"})
    store.put(("docs", "b"), "food", {"text": "The canteen opens at noon"})
    store.put(("docsx",), "other", {"text": "The canteen opens at noon"})
    found = store.search(("docs",), query="When does the canteen open?")
    assert keys(found) == ["food", "lift"]
    assert (found[0].score or 0) > (found[1].score or 0) > 0
    assert keys(
        store.search(("docs",), query="canteen", filter={"text": {"$ne": ""}}, limit=1)
    ) == ["food"]
    assert keys(store.search(("docs",), query="canteen", limit=1, offset=1)) == ["lift"]


def test_only_named_fields_are_what_is_searched(store: MemoryBaseStore) -> None:
    store.put(("d",), "a", {"title": "radiology", "body": "canteen at noon"}, index=["title"])
    store.put(("d",), "b", {"title": "canteen", "body": "radiology"}, index=["body"])
    assert keys(store.search(("d",), query="radiology canteen at noon", limit=2)) != []
    assert store.search(("d",), query="radiology")[0].score == pytest.approx(1)
    assert store.search(("d",), query="radiology")[1].score == pytest.approx(1)


def test_what_isnt_indexed_comes_after_the_rest_without_a_score(store: MemoryBaseStore) -> None:
    store.put(("d",), "hidden", {"text": "canteen"}, index=False)
    store.put(("d",), "shown", {"text": "quite another thing"})
    found = store.search(("d",), query="canteen")
    assert keys(found) == ["shown", "hidden"]
    assert found[1].score is None


def test_labels_that_look_alike_are_kept_apart(store: MemoryBaseStore) -> None:
    # As a store sees them that is asked by `batch`, where nobody checks the labels.
    places = [
        (("a", "b"), "c"),
        (("a",), "b"),
        (("a.b",), "c"),
        (('a", "b',), "c"),
        (("a", '"'), ""),
    ]
    store.batch([PutOp(space, key, {"n": n}) for n, (space, key) in enumerate(places)])
    found = store.batch([GetOp(space, key) for space, key in places])
    assert [item.value["n"] for item in found] == [0, 1, 2, 3, 4]  # type: ignore[union-attr]
    assert {item.value["n"] for item in store.search(("a",))} == {0, 1, 4}


def test_an_item_expires_and_reading_prolongs_it(store: MemoryBaseStore) -> None:
    store.put(("d",), "gone", {"n": 1}, ttl=1e-9)
    store.put(("d",), "kept", {"n": 2}, ttl=60)
    assert store.get(("d",), "gone") is None
    assert keys(store.search(("d",))) == ["kept"]
    assert store.list_namespaces() == [("d",)]


def test_reading_prolongs_an_item_unless_told_otherwise(memory: MemoryStore) -> None:
    store = memory.as_langgraph(user="ann", ttl={"default_ttl": 60, "refresh_on_read": False})
    store.put(("d",), "k", {"n": 1})

    def expires() -> Any:
        return memory.items(user="ann")[0].expires

    first = expires()
    assert first is not None
    store.get(("d",), "k")
    store.search(("d",))
    assert expires() == first
    store.get(("d",), "k", refresh_ttl=True)
    second = expires()
    assert second > first
    store.search(("d",), refresh_ttl=True)
    assert expires() > second


def test_items_and_documents_dont_see_each_other(memory: MemoryStore) -> None:
    store, vectors = memory.as_langgraph(user="ann"), memory.as_vectors(user="ann")
    store.put(("d",), "k", {"text": "canteen"})
    vectors.add_texts(["canteen"], ids=["v"])
    memory.remember("The canteen opens at noon", user="ann")
    assert keys(store.search((), query="canteen")) == ["k"]
    assert [document.id for document in vectors.similarity_search("canteen")] == ["v"]
    assert [found.item.kind for found in memory.recall("canteen", user="ann")] == ["note"]
    vectors.delete()
    assert keys(store.search(())) == ["k"]


def test_nobody_sees_another_users(memory: MemoryStore, store: MemoryBaseStore) -> None:
    store.put(("d",), "k", {"text": "canteen"})
    other = memory.as_langgraph(user="bob")
    assert other.get(("d",), "k") is None
    assert other.search((), query="canteen") == other.list_namespaces() == []
    other.delete(("d",), "k")
    assert store.get(("d",), "k") is not None


def test_a_key_that_is_too_long_is_said_so(store: MemoryBaseStore) -> None:
    with pytest.raises(DeixisError, match="shorten"):
        store.put(("d",), "k" * 3_000, {})


def test_an_agents_tool_reaches_the_store(store: MemoryBaseStore) -> None:
    @tool
    def keep(dish: str, runtime: ToolRuntime[Any, Any]) -> str:
        """Keep what the user likes."""
        assert runtime.store is not None
        runtime.store.put(("prefs",), "dish", {"dish": dish})
        return "kept"

    with ScriptedModel([Call("keep", {"dish": "noodles"}), Say("Noodles it is.")]) as model:
        made = cast("Any", create_agent)  # its type is known in part only
        made(model, [keep], store=store).invoke({"messages": [HumanMessage("I like noodles")]})
    item = store.get(("prefs",), "dish")
    assert item is not None
    assert item.value == {"dish": "noodles"}


class _State(TypedDict):
    told: str


async def test_a_graph_reaches_the_store_asynchronously(store: MemoryBaseStore) -> None:
    async def node(state: _State, runtime: Runtime[None]) -> _State:
        assert runtime.store is not None
        await runtime.store.aput(("told",), "last", {"text": state["told"]})
        found = await runtime.store.asearch(("told",), query="hello")
        return {"told": f"{found[0].value['text']} again"}

    graph: Any = StateGraph(_State)
    graph.add_node("node", node)
    graph.add_edge(START, "node")
    assert await graph.compile(store=store).ainvoke({"told": "hello"}) == {"told": "hello again"}


# Side by side with LangGraph's own store

labels = st.sampled_from(["a", "b", "*", "docs", "é", "😀"])
spaces = st.lists(labels, min_size=1, max_size=3).map(tuple)
names = st.sampled_from(["k", "K", "k ", "0", '"', "],"])
values = st.dictionaries(
    st.sampled_from(["n", "m"]), st.integers(-3, 3) | st.floats(-2, 2, allow_nan=False), max_size=2
)
filters = st.none() | st.sampled_from(
    [{"n": 1}, {"n": {"$ne": 1}}, {"n": {"$eq": 2}, "m": {"$ne": 0}}, {"m": {"$ne": None}}]
)
puts = st.builds(PutOp, spaces, names, st.none() | values, index=st.none(), ttl=st.none())
gets = st.builds(GetOp, spaces, names)
searches = st.builds(
    SearchOp, st.lists(labels, max_size=2).map(tuple), filters, st.just(1_000), st.just(0)
)
conditions = st.builds(MatchCondition, st.sampled_from(["prefix", "suffix"]), spaces)
listings = st.builds(
    ListNamespacesOp,
    st.none() | st.lists(conditions, max_size=2).map(tuple),
    st.none() | st.integers(1, 3),
    st.integers(1, 5),
    st.integers(0, 2),
)


def plain(result: Any) -> Any:
    """A result that can be compared: times differ, and so may the order of what is found."""
    if isinstance(result, Item):
        return (result.namespace, result.key, result.value)
    if isinstance(result, list):
        parts = cast("list[Any]", result)
        return (
            sorted(map(plain, parts), key=repr) if parts and isinstance(parts[0], Item) else parts
        )
    return result


def done(store: BaseStore, ops: list[Op]) -> list[Any]:
    """Results, and no trace of empty namespaces, which LangGraph's store lists as well."""
    results = [plain(result) for result in store.batch(ops)]
    if isinstance(store, InMemoryStore):
        kept: dict[Any, Any] = store._data  # pyright: ignore[reportPrivateUsage]
        for namespace in [name for name, items in kept.items() if not items]:
            del kept[namespace]
    return results


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], MemoryBaseStore]]:
    """Gives the store of a user who has nothing yet, beside others who have."""
    folder = tmp_path_factory.mktemp("memory")
    numbers = itertools.count()
    with MemoryStore(folder, embedder=NgramEmbedder(), index=False) as memory:
        yield lambda: memory.as_langgraph(user=f"user {next(numbers)}")


@settings(max_examples=40, deadline=None)
@given(given_ops=st.lists(puts | gets | searches | listings, min_size=1, max_size=12))
def test_it_answers_as_langgraphs_own_store(
    fresh: Callable[[], MemoryBaseStore], given_ops: list[Op]
) -> None:
    ours, theirs = fresh(), InMemoryStore()
    for op in given_ops:
        assert done(ours, [op]) == done(theirs, [op])
    everything = keys(ours.search((), limit=1_000))
    assert [k for at in range(0, 14, 2) for k in keys(ours.search((), limit=2, offset=at))] == (
        everything
    )


@settings(max_examples=30, deadline=None)
@given(ops=st.lists(puts | gets | searches, min_size=1, max_size=12))
def test_a_batch_answers_as_langgraphs_own_store(
    fresh: Callable[[], MemoryBaseStore], ops: list[Op]
) -> None:
    ours, theirs = fresh(), InMemoryStore()
    for _ in range(2):
        assert done(ours, ops) == done(theirs, ops)
