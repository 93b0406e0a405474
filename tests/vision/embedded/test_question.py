from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deixis.vision.embedded._question import Question
from deixis.vision.embedded._text import compact, fold, is_foreign, stem


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Where is ENT?", "en"),
        ("耳鼻喉科在几楼", "zh"),
        ("耳鼻喉科在幾樓", "zh-Hant"),
        ("what does 骨科 mean?", "en"),
        ("皮膚科は何階ですか", "ja"),
        ("안과가 어디예요?", "ko"),
    ],
)
def test_the_language_is_the_askers(text: str, language: str) -> None:
    assert Question(text=text).language == language


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("Where is ENT?", "locate"),
        ("What is on the third floor?", "list_floor"),
        ("二楼有什么", "list_floor"),
        ("4F", "list_floor"),
        ("What is near exit B?", "list_exit"),
        ("How many floors are there?", "floors"),
        ("Which floors are shown?", "floors"),
        ("How much is the soy milk?", "price"),
        ("凉拌木耳是十六块吗？", "price"),
        ("What did they buy?", "bought"),
        ("Which currency was it paid in?", "currency"),
        ("Where is the currency exchange?", "locate"),
        ("箭头指向哪边", "arrow"),
        ("What does 骨科 mean?", "meaning"),
        ("What does the sign say?", "read"),
    ],
)
def test_the_kind_of_question(text: str, intent: str) -> None:
    assert Question(text=text).intent == intent


def test_what_frames_a_chinese_question_is_taken_off() -> None:
    assert Question(text="请问一下，皮肤科在几楼？").terms == ["皮肤科"]


def test_an_english_question_is_left_with_its_content() -> None:
    content = Question(text="Excuse me, where would I find the city library?").content
    assert content == (stem("city"), stem("library"))


def test_exits_and_floors_are_no_content() -> None:
    question = Question(text="Is Zhongshan North Rd. at exit B on 2F?")
    assert [label.value for label in (*question.exits, *question.floors)] == ["B", "2"]
    assert question.content == ("zhongshan", "north", "road")


@pytest.mark.parametrize(
    ("text", "foreign"),
    [
        ("¿Dónde está la cardiología?", True),
        ("Wo ist die Kardiologie?", True),
        ("Où sont les toilettes ?", True),
        ("眼科はどこですか", True),
        ("Где туалет?", True),
        ("Where is the cafe?", False),
        ("die casting department", False),
        ("眼科在哪", False),
    ],
)
def test_other_languages_are_told(text: str, foreign: bool) -> None:
    assert is_foreign(text) is foreign


@given(st.text(max_size=80))
def test_framing_never_raises(text: str) -> None:
    question = Question(text=text)
    assert question.intent
    assert all(question.terms)
    assert isinstance(question.content, tuple)


@given(st.text(max_size=40))
def test_folding_twice_is_folding_once(text: str) -> None:
    assert compact(fold(text)) == compact(text)
