from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pytest

from deixis.vision.embedded._glossary import Entry, Glossary
from deixis.vision.embedded._semantics import EmbeddingSemantics
from tests.vision.embedded.exams import ask

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Letters:
    """An embedder that takes texts with the same letters to be alike."""

    def query(self, text: str) -> NDArray[np.float32]:
        counts = np.array([text.lower().count(chr(97 + i)) for i in range(26)], dtype=np.float32)
        return counts / max(float(np.linalg.norm(counts)), 1e-6)

    def passage(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return np.stack([self.query(text) for text in texts])


def entry(name: str) -> Entry:
    return Entry(id=name, domain="x", zh=(name,), en=(name,))


def test_the_nearest_entry_is_meant() -> None:
    semantics = EmbeddingSemantics(Glossary([entry("cardio"), entry("skin")]), Letters())
    nearest = semantics.nearest("cardiologia")
    assert nearest is not None
    assert nearest.id == "cardio"


def test_two_that_are_as_near_are_neither() -> None:
    semantics = EmbeddingSemantics(Glossary([entry("ab"), entry("ba")]), Letters())
    assert semantics.nearest("abc") is None


@pytest.mark.parametrize(
    ("question", "floor"),
    [
        ("Wo ist die Augenklinik?", "F2"),
        ("안과가 어디예요?", "F2"),
        ("¿Dónde está la cafetería?", None),
        ("Où se trouve la chapelle ?", None),
    ],
)
def test_other_languages_are_answered_by_meaning(question: str, floor: str | None) -> None:
    outcome = ask(question, "bilingual_hospital")
    assert (outcome.found, outcome.facts["floor"]) == (floor is not None, floor)
    assert outcome.language == "en"


def test_the_vectors_that_come_along_are_of_the_glossary_as_it_is() -> None:
    """When this fails: `python -c "from … import write_vectors; write_vectors()"`."""
    fresh = EmbeddingSemantics(Glossary.default())
    assert fresh.lacking() == []


def test_english_is_not_answered_by_meaning() -> None:
    assert not ask("they want a picture of my insides", "bilingual_hospital").found
