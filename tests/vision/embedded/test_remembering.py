from __future__ import annotations

import pytest

from deixis.vision import Box, Detection
from deixis.vision._recalled import Recalled
from deixis.vision.embedded._remembering import note_on, to_remember, unseen_picture


@pytest.mark.parametrize(
    ("order", "what"),
    [
        ("Remember that I park on B2", "I park on B2"),
        ("please remember: my name is Ann.", "My name is Ann."),
        ("Don't forget my flight leaves at nine", "My flight leaves at nine"),
        ("记住我对青霉素过敏", "我对青霉素过敏"),
        ("请帮我记一下：预约在三点", "预约在三点"),
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
    ],
)
def test_a_question_is_no_order(question: str) -> None:
    assert to_remember(question) is None


def memory(text: str, *handles: str) -> Recalled:
    places = (Detection(label="x", box=Box(x1=0, y1=0, x2=1, y2=1)).on(h) for h in handles)
    return Recalled(id=text, text=text, detections=tuple(places))


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
