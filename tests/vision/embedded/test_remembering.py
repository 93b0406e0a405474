from __future__ import annotations

import pytest

from deixis.vision import Box, Detection
from deixis.vision._recalled import Recalled
from deixis.vision.embedded._remembering import (
    bare_question,
    forgettable,
    note_on,
    to_forget,
    to_remember,
    unseen_picture,
)
from deixis.vision.embedded._wording import Wording


@pytest.mark.parametrize(
    ("order", "what"),
    [
        ("Remember that I park on B2", "I park on B2"),
        ("please remember: my name is Ann.", "My name is Ann."),
        ("Don't forget my flight leaves at nine", "My flight leaves at nine"),
        ("记住我对青霉素过敏", "我对青霉素过敏"),
        ("请帮我记一下：预约在三点", "预约在三点"),
        ("Note that I park on B2", "I park on B2"),
        ("Please note: I park on B2", "I park on B2"),
    ],
)
def test_an_order_to_remember_names_what(order: str, what: str) -> None:
    assert to_remember(order) == what


@pytest.mark.parametrize(
    "question",
    [
        "Do you remember where ENT was?",
        "Remember the pharmacy?",
        "你记得药房在哪吗？",
        "Where is ENT?",
        "Note the floor of ENT",
        "Remember where the pharmacy is",
        "Don't forget what I asked",
        "记住药房在哪里",
    ],
)
def test_a_question_is_no_order(question: str) -> None:
    assert to_remember(question) is None


def test_the_word_that_reminds_is_no_part_of_the_question() -> None:
    assert bare_question("Note the floor of ENT") == "the floor of ENT"
    assert bare_question("Remember where the pharmacy is") == "where the pharmacy is"
    assert bare_question("Where is ENT?") == "Where is ENT?"


@pytest.mark.parametrize(
    ("order", "what"),
    [
        ("Forget my locker number", "my locker number"),
        ("Can you please forget about my locker?", "my locker"),
        ("忘掉我的柜子号码", "我的柜子号码"),
        ("请把我的柜子号码忘了吧。", "我的柜子号码"),
        ("Don't forget my locker number", None),
        ("别忘了我的柜子号码", None),
        ("忘了我的柜子号码", None),
        ("Forget the lift, I need the stairs", None),
        ("Did I forget my locker number?", None),
    ],
)
def test_an_order_to_forget_names_what(order: str, what: str | None) -> None:
    assert to_forget(order) == what


def memory(text: str, *handles: str) -> Recalled:
    places = (Detection(label="x", box=Box(x1=0, y1=0, x2=1, y2=1)).on(h) for h in handles)
    return Recalled(id=text, kind="note", text=text, detections=tuple(places))


def test_the_nearest_memorys_picture_is_looked_at_first() -> None:
    memories = [memory("a note"), memory("near", "img_2"), memory("far", "img_3")]
    assert unseen_picture(memories, {"img_1"}) == "img_2"
    assert unseen_picture(memories, {"img_1", "img_2"}) == "img_3"
    assert unseen_picture(memories, {"img_2", "img_3"}) is None


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("When is my appointment?", "My appointment is at 3pm"),
        ("我的预约在几点？", "预约在三点"),
        ("When does the museum open?", None),
        ("博物馆在哪？", None),
        ("Where?", None),
    ],
)
def test_a_note_answers_what_it_is_about(question: str, found: str | None) -> None:
    notes = [memory("I park on B2"), memory("My appointment is at 3pm"), memory("预约在三点")]
    note = note_on(question, notes)
    assert (note.text if note else None) == found


def told(kind: str, *handles: str) -> Recalled:
    answer = memory("The pharmacy is on 1F.", *handles)
    return answer.model_copy(update={"kind": kind})


def test_a_fact_is_quoted_only_when_its_picture_is_gone() -> None:
    assert note_on("Where is the pharmacy?", [told("fact")]) is not None
    assert note_on("Where is the pharmacy?", [told("fact", "img_1")]) is None


def test_an_answer_of_a_turn_is_never_quoted() -> None:
    assert note_on("Where is the pharmacy?", [told("turn")]) is None


def test_notes_and_facts_can_be_forgotten_by_what_they_are_about() -> None:
    assert forgettable("where the pharmacy is", [told("fact", "img_1")]) is not None
    assert forgettable("my locker number", [memory("My locker number is 12")]) is not None
    assert forgettable("my locker number", [memory("I park on B2")]) is None


def test_a_quoted_note_stays_as_it_was_written() -> None:
    say = Wording("zh-Hant")
    assert say.remembered("我的预约在三点", "昨天") == "昨天記下的：“我的预约在三点”"
