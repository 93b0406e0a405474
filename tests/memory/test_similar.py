from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deixis.memory import MemoryItem, MemoryPlace
from deixis.memory._items import utc_now
from deixis.memory._similar import contradicts, same, shared_words
from deixis.vision import Box, Detection, ImageRecord


def item(text: str, **more: Any) -> MemoryItem:
    now = utc_now()
    return MemoryItem(id="x", user="ann", text=text, created=now, updated=now, **more)


def on_sign(
    text: str, name: str, floor: str, *, labels: Sequence[str] = (), sign: str = "0", x: float = 0
) -> MemoryItem:
    """An answer from a sign: a line with that name, once for each label, one below the other."""
    image = ImageRecord(handle="img_1", sha256=sign * 64, width=9, height=999, source="sign.jpg")
    boxes = [Box(x1=x, y1=20 * n, x2=x + 9, y2=20 * n + 9) for n, _ in enumerate(labels or (name,))]
    places = tuple(
        MemoryPlace(detection=Detection(label=label, text=name, box=box), image=image)
        for label, box in zip(labels or (name,), boxes, strict=True)
    )
    return item(text, kind="fact", facts={"floor": floor}, places=places)


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
    ("My flight leaves at 9 pm", "My flight leaves at 9 am"),
    ("我的预约在四点", "预约在三点"),
    ("The bank opens at 9:00 today", "The bank opens at 10:00"),
    ("Flight CA123 departs at 10:00", "Flight CA123 departs at 9:00"),
    ("My appointment is at 4pm on Tuesday", "My appointment is at 3pm on Monday"),
    ("I live in Rome", "I live in Paris"),
    ("I'm staying at the Ritz", "I'm staying at the Hilton"),
    ("My doctor is Li", "My doctor is Wang"),
    ("My doctor's name is Dr. Wong", "My doctor's name is Dr. Wang"),
    ("My name is Bob", "My name is Ann"),
    ("My seat is 14C", "My seat is 12A"),
    ("My flight is MU456", "My flight is CA123"),
    ("My blood type is B", "My blood type is A"),
    ("我叫李雷", "我叫王明"),
    ("我的名字是李雷", "我叫王明"),
    ("我住在上海", "我住在北京"),
    ("我的医生是李医生", "我的医生是王医生"),
    ("我的酒店是万豪", "我的酒店是希尔顿"),
]
APART = [
    ("I like coffee", "I like tea"),
    ("The pharmacy is on 1F", "ENT is on 4F"),
    ("Pharmacy (药房) is on 1F.", "ENT (耳鼻喉科) is on 4F."),
    ("Room 102 is warm", "Room 101 is warm"),
    ("My son is called Li", "My daughter is called Mei"),
    ("Locker 14 belongs to Ann.", "Locker 12 belongs to Ann."),
    (
        "Locker 14 belongs to Ann Smith from the office.",
        "Locker 12 belongs to Ann Smith from the office.",
    ),
    ("Bus 14 goes to the airport.", "Bus 12 goes to the airport."),
    ("Flight MU456 departs at 10:00.", "Flight CA123 departs at 9:00."),
    ("Room 102 smells.", "Room 101 smells."),
    ("我5点见李医生", "我3点见张医生"),
    ("I take 3 pills in the evening.", "I take 2 pills in the morning."),
    ("The men's toilet is on 2F", "The toilet is on 3F"),
    ("My appointment is at 3pm on Monday", "My appointment is at 3pm"),
    ("The bank opens at 9 am", "The bank opens at 9:00"),
    ("药房在2F", "药房在二楼"),
    ("我周一来", "我星期一来"),
    ("My allergy is nuts", "My allergy is milk"),
    ("My doctor is nice", "My doctor is Wang"),
    ("My room is cold", "My room is 301"),
    ("My name is Ann Smith", "My name is Ann"),
    ("我叫王明", "My name is Wang Ming"),
    ("我叫了外卖", "我叫王明"),
    ("My hotel is near the station", "My hotel is the Hilton"),
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


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        (("儿科", "Pediatrics · 3F", "3F"), ("Pediatrics", "Pediatrics · 2F", "2F")),
        (("放射科（CT室/磁共振）", "Radiology · 1F", "1F"), ("Radiology", "Radiology · B1", "B1")),
        (("药房 Pharmacy", "sign", "1F"), ("Pharmacy", "text", "2F")),
        (("药房（Pharmacy）", "sign", "1F"), ("药房", "text", "2F")),
        (("药房/Pharmacy", "sign", "1F"), ("PHARMACY", "text", "2F")),
        (("药房 1F", "sign", "1F"), ("药房 2F", "text", "2F")),
    ],
)
def test_two_signs_are_of_one_thing_in_either_language_and_whatever_the_floor(
    older: tuple[str, str, str], newer: tuple[str, str, str]
) -> None:
    old = on_sign("It was there.", older[0], older[2], labels=[older[1]])
    new = on_sign("Now it's here.", newer[0], newer[2], labels=[newer[1]], sign="1")
    assert contradicts(new, old)


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        (("药房（东区）", "sign"), ("卫生间（东区）", "sign")),
        (("药房", "door"), ("耳鼻喉科", "door")),
        (("3F", "Shoes · 3F"), ("3F", "Hats · 2F")),
    ],
)
def test_what_signs_share_beside_a_name_makes_no_subject(
    older: tuple[str, str], newer: tuple[str, str]
) -> None:
    old = on_sign("It was there.", older[0], "3F", labels=[older[1]])
    assert not contradicts(
        on_sign("Now it's here.", newer[0], "2F", labels=[newer[1]], sign="1"), old
    )


def test_a_thing_on_all_floors_is_not_against_itself_on_one_of_them() -> None:
    floors = ["Toilet · 5F", "Toilet · 4F", "Toilet · 3F"]
    everywhere = on_sign("Toilet is on 5F, 4F and 3F.", "卫生间", "5F", labels=floors)
    on_one = on_sign("Toilet is on 3F.", "卫生间", "3F", labels=["Toilet · 3F"], sign="1")
    assert not contradicts(on_one, everywhere)
    assert not contradicts(everywhere, on_one)


def test_a_thing_that_left_all_its_floors_is_against_what_was() -> None:
    floors = ["Toilet · 5F", "Toilet · 4F", "Toilet · 3F"]
    everywhere = on_sign("Toilet is on 5F, 4F and 3F.", "卫生间", "5F", labels=floors)
    moved = on_sign("Toilet is on 1F.", "卫生间", "1F", labels=["Toilet · 1F"], sign="1")
    assert contradicts(moved, everywhere)


def test_two_places_of_one_picture_stand_beside_each_other() -> None:
    left = on_sign("A toilet is on 3F.", "卫生间", "3F", x=0)
    right = on_sign("A toilet is on 5F.", "卫生间", "5F", x=50)
    assert not contradicts(right, left)
    assert not same(right, left)


def test_the_same_words_with_other_facts_are_not_the_same() -> None:
    old, new = on_sign("It is here.", "药房", "1F"), on_sign("It is here.", "药房", "2F", sign="1")
    assert contradicts(new, old)
    assert not same(new, old)


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
