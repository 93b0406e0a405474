from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from langchain_core.documents import Document
from langchain_core.vectorstores import VectorStore
from langchain_tests.integration_tests import VectorStoreIntegrationTests

from deixis.memory import MemoryStore, MemoryVectors
from deixis.testing import NgramEmbedder
from deixis.vision import DeixisError

FLOORS = [
    Document(page_content="Radiology is in the basement", id="r", metadata={"floor": -1}),
    Document(page_content="Dentists work upstairs", id="d", metadata={"floor": 3, "tags": ["x"]}),
    Document(page_content="The pharmacy is at the entrance", id="p", metadata={"floor": 1}),
]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[MemoryStore]:
    with MemoryStore(tmp_path, embedder=NgramEmbedder(), index=False) as store:
        yield store


@pytest.fixture
def vectors(store: MemoryStore) -> MemoryVectors:
    made = store.as_vectors(user="ann")
    made.add_documents(FLOORS)
    return made


class TestLangChainsOwnSuite(VectorStoreIntegrationTests):
    @pytest.fixture
    def vectorstore(self, tmp_path: Path) -> Iterator[VectorStore]:
        with MemoryStore(tmp_path, embedder=self.get_embeddings(), index=False) as store:
            yield store.as_vectors(user="ann")


class TestLangChainsOwnSuiteThroughTheIndex(VectorStoreIntegrationTests):
    @pytest.fixture
    def vectorstore(self, tmp_path: Path) -> Iterator[VectorStore]:
        made = self.get_embeddings()
        with MemoryStore(tmp_path, embedder=made, index_delay=0, scan_most=0) as store:
            yield store.as_vectors(user="ann")


def test_the_nearest_comes_first_with_its_cosine(vectors: MemoryVectors) -> None:
    found = vectors.similarity_search_with_score("The pharmacy is at the entrance", k=3)
    assert found[0][0].id == "p"
    assert found[0][1] == pytest.approx(1)
    assert found[0][1] > found[1][1] >= found[2][1]


def test_a_vector_finds_what_its_text_finds(vectors: MemoryVectors) -> None:
    asked = vectors.embeddings.embed_query("Dentists")
    assert vectors.similarity_search_by_vector(asked, k=3) == vectors.similarity_search(
        "Dentists", k=3
    )


@pytest.mark.parametrize(
    ("asked", "ids"),
    [
        ({"floor": 3}, {"d"}),
        ({"floor": {"$gte": 1}}, {"d", "p"}),
        ({"floor": {"$gt": -1, "$lt": 3}}, {"p"}),
        ({"floor": {"$ne": 1}, "tags": ["x"]}, {"d"}),
        ({"floor": {"$in": [-1, 1]}}, {"r", "p"}),
        ({"wing": "north"}, set[str]()),
        ({"floor": {"$gt": "a"}}, set[str]()),
    ],
)
def test_a_filter_is_about_the_metadata(
    vectors: MemoryVectors, asked: dict[str, object], ids: set[str]
) -> None:
    found = vectors.similarity_search("floor", k=10, filter=asked)
    assert {document.id for document in found} == ids


def test_a_filter_that_isnt_understood_is_said_so(vectors: MemoryVectors) -> None:
    with pytest.raises(DeixisError, match=r"\$near"):
        vectors.similarity_search("floor", filter={"floor": {"$near": 1}})


def test_documents_that_differ_are_chosen_among_the_near(vectors: MemoryVectors) -> None:
    vectors.add_texts(["The pharmacy is at the entrance!"], ids=["again"])
    asked = "Where is the pharmacy at the entrance"
    near = {d.id for d in vectors.similarity_search(asked, k=2)}
    apart = {d.id for d in vectors.max_marginal_relevance_search(asked, k=2, lambda_mult=0.1)}
    assert near == {"p", "again"}
    assert apart != near


def test_a_retriever_brings_documents(vectors: MemoryVectors) -> None:
    retriever = vectors.as_retriever(search_kwargs={"k": 1, "filter": {"floor": 3}})
    assert retriever.invoke("pharmacy") == [FLOORS[1]]


async def test_it_works_asynchronously(vectors: MemoryVectors) -> None:
    await vectors.aadd_texts(["Lift B goes to the roof"], ids=["lift"])
    assert (await vectors.asimilarity_search("roof", k=1))[0].id == "lift"


def test_scores_of_relevance_are_between_nothing_and_one(vectors: MemoryVectors) -> None:
    found = vectors.similarity_search_with_relevance_scores("pharmacy", k=3)
    assert len(found) == 3
    assert all(0 <= score <= 1 for _, score in found)


def test_documents_survive_reopening(tmp_path: Path) -> None:
    embeddings = TestLangChainsOwnSuite.get_embeddings()
    with MemoryStore(tmp_path, embedder=embeddings, index=False) as store:
        MemoryVectors.from_texts(["a", "b"], embeddings, ids=["1", "2"], store=store, user="ann")
    with MemoryStore(tmp_path, embedder=embeddings, index=False) as store:
        found = store.as_vectors(user="ann").get_by_ids(["2", "1"])
        assert [document.page_content for document in found] == ["b", "a"]


def test_texts_need_a_store_or_a_place() -> None:
    with pytest.raises(DeixisError, match="place"):
        MemoryVectors.from_texts(["a"], TestLangChainsOwnSuite.get_embeddings())


def test_nobody_finds_or_deletes_another_users(store: MemoryStore, vectors: MemoryVectors) -> None:
    other = store.as_vectors(user="bob")
    assert other.similarity_search("pharmacy") == other.get_by_ids(["p"]) == []
    other.delete(["p"])
    other.delete()
    assert len(vectors.similarity_search("pharmacy", k=10)) == 3


def test_documents_dont_turn_up_in_conversations(
    store: MemoryStore, vectors: MemoryVectors
) -> None:
    store.remember("The pharmacy closes at five", user="ann")
    assert [f.item.kind for f in store.recall("pharmacy", user="ann", k=10)] == ["note"]
    assert len(store.recall("pharmacy", user="ann", k=10, kinds=None)) == 4
    assert len(vectors.similarity_search("pharmacy", k=10)) == 3


def test_deleting_all_leaves_what_was_said(store: MemoryStore, vectors: MemoryVectors) -> None:
    store.remember("The pharmacy closes at five", user="ann")
    vectors.delete()
    assert vectors.similarity_search("pharmacy") == []
    assert len(store.items(user="ann")) == 1


def test_as_many_metadata_as_texts(vectors: MemoryVectors) -> None:
    with pytest.raises(DeixisError, match="2 texts, 1 metadata"):
        vectors.add_texts(["a", "b"], [{}])
    with pytest.raises(DeixisError, match="JSON"):
        vectors.add_texts(["a"], [{"a": object()}])
