from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deixis.memory import MemoryItem, MemoryPlace
from deixis.memory._items import utc_now
from deixis.memory._similar import contradicts, same, shared_words
from deixis.vision import Detection, ImageRecord


def item(text: str, **more: Any) -> MemoryItem:
    now = utc_now()
    return MemoryItem(id="x", user="ann", text=text, created=now, updated=now, **more)


def on_sign(text: str, name: str, floor: str) -> MemoryItem:
    image = ImageRecord(handle="img_1", sha256="0" * 64, width=9, height=9, source="sign.jpg")
    place = MemoryPlace(detection=Detection(label=name, text=name), image=image)
    return item(text, kind="fact", facts={"floor": floor}, places=(place,))


SAME = [
    ("The pharmacy is on 1F.", "the pharmacy is on 1F"),
    ("The pharmacy's on 1F", "The pharmacy is on 1F."),
    ("I'm allergic to nuts", "I am allergic to nuts."),
    ("药房在1F。", "药房在１Ｆ"),
]
AGAINST = [
    ("The pharmacy is on 2F.", "The pharmacy is on 1F."),
    ("The pharmacy is on the 2nd floor", "The pharmacy's on the first floor"),
    ("My appointment is at 4 pm on Monday", "My appointment is at 3pm"),
    ("I am not allergic to penicillin", "I am allergic to penicillin"),
    ("药房在二楼", "药房在一楼"),
    ("我对青霉素不过敏", "我对青霉素过敏"),
    ("我星期二来", "我星期一来"),
    ("Turn right at the lift", "Turn left at the lift"),
    ("The lift is open", "The lift is closed"),
    ("Beef noodles: ¥30.", "Beef noodles: ¥28."),
]
APART = [
    ("I like coffee", "I like tea"),
    ("The pharmacy is on 1F", "ENT is on 4F"),
    ("Pharmacy (药房) is on 1F.", "ENT (耳鼻喉科) is on 4F."),
    ("Room 102 is warm", "Room 101 is warm"),
    ("My son is called Li", "My daughter is called Mei"),
]


@pytest.mark.parametrize(("new", "old"), SAME)
def test_the_same_in_other_letters_is_the_same(new: str, old: str) -> None:
    assert same(item(new), item(old))
    assert not contradicts(item(new), item(old))


@pytest.mark.parametrize(("new", "old"), AGAINST)
def test_another_value_of_the_same_contradicts(new: str, old: str) -> None:
    assert contradicts(item(new), item(old))
    assert not same(item(new), item(old))


@pytest.mark.parametrize(("new", "old"), APART)
def test_what_is_about_something_else_stands_beside_it(new: str, old: str) -> None:
    assert not same(item(new), item(old))
    assert not contradicts(item(new), item(old))


def test_facts_of_one_thing_contradict_whatever_the_words() -> None:
    older = on_sign("ENT (耳鼻喉科) is on 4F.", "耳鼻喉科", "4F")
    assert contradicts(on_sign("You'll find ENT upstairs, on 2F", "耳鼻喉科", "2F"), older)
    assert not contradicts(on_sign("You'll find it upstairs, on 2F", "骨科", "2F"), older)


def test_turns_are_the_same_only_with_the_same_question() -> None:
    first = item("Yes.", kind="turn", question="Is it open?")
    assert same(first, item("Yes", kind="turn", question="is it open"))
    assert not same(first, item("Yes.", kind="turn", question="Is it far?"))
    assert not contradicts(first, item("No.", kind="turn", question="Is it open?"))


@given(st.text(), st.text())
def test_nothing_is_both(new: str, old: str) -> None:
    assert not (same(item(new), item(old)) and contradicts(item(new), item(old)))


@given(st.text())
def test_everything_is_the_same_as_itself(text: str) -> None:
    assert same(item(text), item(text))


def test_words_that_all_texts_share_count_for_little() -> None:
    texts = ["the car is on B2", "the bank is on 1F", "the cafe is on 1F"]
    first, second, third = shared_words("where is the car", texts)
    assert first == 1
    assert second == third == 0
