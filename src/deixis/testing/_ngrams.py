"""A tiny embedding model for tests: no download, no weights, the same numbers everywhere."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]


class NgramEmbedder:
    """Counts words and runs of three letters: texts that share words are near each other.

    Args:
        dimension: Numbers in a vector.
        name: Names the model, for tests of a change of models.
    """

    def __init__(self, *, dimension: int = 64, name: str = "ngrams") -> None:
        self.name = name
        self.dimension = dimension

    def query(self, text: str) -> Vectors:
        """The vector of a question, shape (dimension,)."""
        return self.passages([text])[0]

    def passages(self, texts: Sequence[str]) -> Vectors:
        """The vectors of texts, one a row."""
        import numpy as np

        counts = np.zeros((len(texts), self.dimension), np.float32)
        for row, text in enumerate(texts):
            for part in _parts(f"{self.name}/{self.dimension}", text):
                counts[row, part % self.dimension] += 1
            # Also a text without a letter has a direction.
            counts[row, 0] += 0.01
        return counts / np.linalg.norm(counts, axis=1, keepdims=True)


def _parts(salt: str, text: str) -> list[int]:
    words = text.casefold().split()
    runs = [f" {w} "[at : at + 3] for w in words for at in range(len(w))]
    told = (part.encode("utf-8", "surrogatepass") for part in (*words, *words, *runs))
    return [zlib.crc32(salt.encode() + part) for part in told]
