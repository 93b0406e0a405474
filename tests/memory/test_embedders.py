from __future__ import annotations

import numpy as np
import pytest
from langchain_core.embeddings import DeterministicFakeEmbedding, Embeddings

from deixis.memory import Embedder, LangChainEmbedder, MultilingualE5
from deixis.memory._embedders import as_embedder
from deixis.vision import DeixisError


def test_the_embedded_one_is_near_over_languages() -> None:
    embedder = MultilingualE5()
    near, far = embedder.passages(["药房在1F。", "My flight leaves on Friday."])
    asked = embedder.query("Where is the pharmacy?")
    assert float(near @ asked) > float(far @ asked) + 0.02


def test_vectors_have_length_one_and_the_dimension_told() -> None:
    for embedder in (MultilingualE5(), as_embedder(DeterministicFakeEmbedding(size=12))):
        vectors = embedder.passages(["one", "two", ""])
        assert vectors.shape == (3, embedder.dimension)
        assert vectors.dtype == np.float32
        assert np.linalg.norm(vectors, axis=1) == pytest.approx([1, 1, 1], abs=1e-5)
        assert embedder.query("x").shape == (embedder.dimension,)
        assert embedder.passages([]).shape == (0, embedder.dimension)


def test_one_of_ours_is_taken_as_it_is() -> None:
    ours = MultilingualE5()
    assert as_embedder(ours) is ours
    assert isinstance(as_embedder(None), MultilingualE5)
    assert isinstance(ours, Embedder)


def test_one_of_langchains_is_named_by_its_model() -> None:
    class Hosted(DeterministicFakeEmbedding):
        model: str = "text-embedding-4"

    assert LangChainEmbedder(Hosted(size=3)).name == "Hosted/text-embedding-4"
    assert LangChainEmbedder(Hosted(size=3), name="mine").name == "mine"


def test_numbers_that_are_none_are_refused() -> None:
    class Broken(Embeddings):
        def embed_documents(self, texts: list[str]) -> list[list[float]]:
            return [[float("nan")] * 3 for _ in texts]

        def embed_query(self, text: str) -> list[float]:
            return [0.0, 0.0, 1.0]

    with pytest.raises(DeixisError, match="aren't finite"):
        as_embedder(Broken()).passages(["x"])
