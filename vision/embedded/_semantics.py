"""Finding by meaning, last of all: multilingual embeddings over what the glossary knows."""

from __future__ import annotations

from collections.abc import Sequence

from deixis.vision.embedded._glossary import Glossary
from deixis.vision.embedded._question import Question
from deixis.vision.embedded._search import Match
from deixis.vision.embedded._sign import Sign


class EmbeddingSemantics:
    """Placeholder until measured."""

    def __init__(self, glossary: Glossary) -> None:
        self._glossary = glossary

    def nearest(self, question: Question, signs: Sequence[Sign]) -> Match | None:
        """Nothing yet."""
        return None
