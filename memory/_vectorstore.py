"""A user's memory as LangChain's vector store."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.vectorstores import VectorStore
from langchain_core.vectorstores.utils import maximal_marginal_relevance

from deixis.memory._embedders import unit
from deixis.memory._filters import matches
from deixis.memory._items import MemoryItem, storable, utc_now
from deixis.memory._store import MemoryStore
from deixis.vision import DeixisError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from deixis.memory._embedders import Embedder

    Vector = NDArray[np.float32]

_PREFIX: Final = "vectors:"


class MemoryVectors(VectorStore):
    """Documents of one user, kept with the user's memories and forgotten with them.

    They aren't recalled in conversations unless documents are asked for. Made by
    `MemoryStore.as_vectors`. Methods that search take `filter`, by metadata:
    `{"floor": 4, "score": {"$gte": 0.5}}`.

    Args:
        store: Where they are.
        user: Whose they are.
    """

    def __init__(self, store: MemoryStore, *, user: str) -> None:
        self._store = store
        self._user = user

    @property
    def embeddings(self) -> Embeddings:
        """The store's embedding model."""
        return _AsEmbeddings(self._store.embedder)

    def add_texts(
        self,
        texts: Iterable[str],
        metadatas: list[dict[str, Any]] | None = None,
        *,
        ids: Sequence[str | None] | None = None,
        **kwargs: Any,  # noqa: ARG002
    ) -> list[str]:
        """Keeps texts, all or none; one under a known id replaces it.

        Args:
            texts: What is kept.
            metadatas: What else is told of each; JSON.
            ids: Their names; new ones where there are none.
            kwargs: Unused.

        Returns:
            The ids.

        Raises:
            DeixisError: A text is empty, or there aren't as many ids or metadata as texts.
        """
        given = list(texts)
        told = metadatas or [{} for _ in given]
        names = [id_ or uuid.uuid4().hex for id_ in ids or [None] * len(given)]
        if not len(given) == len(told) == len(names):
            raise DeixisError(
                f"{len(given)} texts, {len(told)} metadata, {len(names)} ids: give as many of each"
            )
        now = utc_now()
        items = [
            MemoryItem(
                id=_PREFIX + name,
                user=self._user,
                kind="document",
                origin="program",
                text=text,
                created=now,
                updated=now,
                data={"metadata": metadata},
            )
            for text, metadata, name in zip(given, told, names, strict=True)
        ]
        self._store.add(items, merge=False)
        return names

    def delete(self, ids: list[str] | None = None, **kwargs: Any) -> bool:  # noqa: ARG002
        """Removes documents, from the files too; all of them with no ids."""
        if ids is None:
            gone = self._store.ids(user=self._user, prefix=_PREFIX)
        else:
            gone = [_PREFIX + id_ for id_ in ids]
        if gone:
            self._store.forget(user=self._user, ids=gone)
        return True

    def get_by_ids(self, ids: Sequence[str], /) -> list[Document]:
        """Documents by their ids; those that aren't there are left out."""
        found = self._store.get([_PREFIX + id_ for id_ in ids], user=self._user)
        # A program may have given a note an id like ours.
        return [_document(item) for item in found if "metadata" in item.data]

    def similarity_search(self, query: str, k: int = 4, **kwargs: Any) -> list[Document]:
        """The k documents nearest to a query, best first."""
        return [found for found, _ in self.similarity_search_with_score(query, k, **kwargs)]

    def similarity_search_with_score(
        self,
        query: str,
        k: int = 4,
        *,
        filter: Mapping[str, Any] | None = None,  # noqa: A002
        **kwargs: Any,  # noqa: ARG002
    ) -> list[tuple[Document, float]]:
        """The same with the cosine of each: 1 is the same meaning, greater is nearer."""
        return self._near(self._store.embedder.query(storable(query)), k, filter)

    def similarity_search_by_vector(
        self,
        embedding: list[float],
        k: int = 4,
        *,
        filter: Mapping[str, Any] | None = None,  # noqa: A002
        **kwargs: Any,  # noqa: ARG002
    ) -> list[Document]:
        """The k documents nearest to a vector, best first."""
        return [found for found, _ in self._near(unit(embedding), k, filter)]

    def max_marginal_relevance_search(
        self,
        query: str,
        k: int = 4,
        fetch_k: int = 20,
        lambda_mult: float = 0.5,
        **kwargs: Any,
    ) -> list[Document]:
        """Near documents that differ from each other; the nearest `fetch_k` are embedded anew."""
        found = self.similarity_search(query, fetch_k, **kwargs)
        if not found:
            return []
        vectors = self._store.embedder.passages([document.page_content for document in found])
        asked = self._store.embedder.query(query)
        chosen = maximal_marginal_relevance(
            np.asarray(asked), list(vectors), lambda_mult=lambda_mult, k=k
        )
        return [found[number] for number in chosen]

    @classmethod
    def from_texts(
        cls,
        texts: list[str],
        embedding: Embeddings,
        metadatas: list[dict[str, Any]] | None = None,
        *,
        ids: list[str] | None = None,
        store: MemoryStore | None = None,
        place: Path | str | None = None,
        user: str = "",
        **kwargs: Any,  # noqa: ARG003
    ) -> MemoryVectors:
        """Keeps texts in a store, or in a new one at a place.

        Args:
            texts: What is kept.
            embedding: Makes the vectors of a store at `place`; a `store` has its own.
            metadatas: What else is told of each.
            ids: Their names.
            store: An open store.
            place: Where to open one, as `MemoryStore` takes it; it closes when the program ends.
            user: Whose they are.
            kwargs: Unused.

        Raises:
            DeixisError: Neither a store nor a place is given, or a text is empty.
        """
        if store is None:
            if place is None:
                raise DeixisError("give a store=MemoryStore(…), or the place=… of one")
            store = MemoryStore(place, embedder=embedding)
        made = cls(store, user=user)
        made.add_texts(texts, metadatas, ids=ids)
        return made

    def _near(
        self, vector: Vector, k: int, asked: Mapping[str, Any] | None
    ) -> list[tuple[Document, float]]:
        def ours(item: MemoryItem) -> bool:
            return (
                item.id.startswith(_PREFIX)
                and "metadata" in item.data
                and matches(item.data["metadata"], asked)
            )

        found = self._store.recall_by_vector(
            vector, user=self._user, k=k, kinds=("document",), where=ours
        )
        return [(_document(one.item), one.score) for one in found]

    def _select_relevance_score_fn(self) -> Callable[[float], float]:
        return lambda cosine: min(1.0, max(0.0, cosine))


class _AsEmbeddings(Embeddings):
    """One of our embedders as LangChain has them."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return self._embedder.passages(texts).tolist()

    def embed_query(self, text: str) -> list[float]:
        return self._embedder.query(text).tolist()


def _document(item: MemoryItem) -> Document:
    return Document(
        id=item.id.removeprefix(_PREFIX),
        page_content=item.text,
        metadata=dict(item.data["metadata"]),
    )
