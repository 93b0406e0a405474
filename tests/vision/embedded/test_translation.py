from __future__ import annotations

import pytest

from deixis.vision.embedded._defaults import default_lexicon
from deixis.vision.embedded._translation import Lexicon, best_sense


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    return default_lexicon()


def translated(lexicon: Lexicon, text: str, to: str) -> list[tuple[str, str]]:
    return [(term.translation, term.source) for term in lexicon.terms(text, to)]


@pytest.mark.parametrize(
    ("chinese", "english"),
    [
        ("耳鼻喉科", [("ENT", "glossary")]),
        ("禁止停车", [("No Parking", "glossary")]),
        ("会议室", [("meeting room", "glossary")]),
        ("消防通道", [("fire exit", "dictionary")]),
        ("挂号费", [("Registration", "glossary"), ("fee", "glossary")]),
        ("平板运动实验", [("treadmill exercise", "glossary"), ("test", "glossary")]),
        ("電腦斷層", [("CT scan", "glossary")]),
    ],
)
def test_to_english(lexicon: Lexicon, chinese: str, english: list[tuple[str, str]]) -> None:
    assert translated(lexicon, chinese, "en") == english


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("Ticket Office", [("售票处", "glossary")]),
        ("Staff Only", [("员工专用", "glossary")]),
        ("Departure gate", [("登机口", "dictionary")]),
        ("Mutton soup", [("Mutton soup", "none")]),
    ],
)
def test_to_chinese(lexicon: Lexicon, english: str, chinese: list[tuple[str, str]]) -> None:
    assert translated(lexicon, english, "zh") == chinese


def test_surnames_variants_and_long_explanations_come_last() -> None:
    senses = ("surname Wang", "prefix used before the surname of a person", "to serve tea")
    assert best_sense(senses) == "serve tea"


def test_what_nothing_knows_is_left_as_it_is(lexicon: Lexicon) -> None:
    assert translated(lexicon, "Xyzzy", "zh") == [("Xyzzy", "none")]
