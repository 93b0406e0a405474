"""Embedders for tests that look at what is embedded, or need vectors of their own making."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from deixis.testing import NgramEmbedder

Vectors = NDArray[np.float32]


class CountingEmbedder(NgramEmbedder):
    """Counts the texts it has embedded."""

    embedded = 0

    def passages(self, texts: Sequence[str]) -> Vectors:
        self.embedded += len(texts)
        return super().passages(texts)
