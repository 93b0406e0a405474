"""What is asked of a guide: where to, from where, and how."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deixis.vision.embedded.guiding._understanding import request_of


@pytest.mark.parametrize(
    ("said", "goal"),
    [
        ("How do I get to ENT?", "ENT"),
        ("Where should I go for ENT?", "ENT"),
        ("Take me to the ER", "ER"),
        ("How do I get to 耳鼻喉科?", "耳鼻喉科"),
        ("How do I get back to the pharmacy?", "pharmacy"),
        ("How far is it to the lab?", "lab"),
        ("Where is the nearest toilet?", "toilet"),
        ("耳鼻喉科怎么走？", "耳鼻喉科"),
        ("带我去放射科", "放射科"),
        ("最近的卫生间在哪里？", "卫生间"),
        ("請問耳鼻喉科怎麼走？", "耳鼻喉科"),
    ],
)
def test_what_is_sought_stands_between_words_that_ask_for_the_way(said: str, goal: str) -> None:
    if said.startswith("最近"):
        assert request_of(said).where
    assert (request_of(said).goal, request_of(said).way) == (goal, True)


@pytest.mark.parametrize(
    ("said", "goal"),
    [
        ("Which floor is the pharmacy on?", "pharmacy"),
        ("My ear hurts", "ear hurts"),
        ("where can I borrow a wheelchair?", "borrow a wheelchair"),
        ("I have back pain", "back pain"),
        ("耳鼻喉科在几楼？", "耳鼻喉科"),
        ("我耳朵疼，应该去哪个科？", "耳朵疼"),
        ("在哪里挂号", "挂号"),
        ("胸口很痛怎么办", "胸口痛"),
        ("要生了", "生孩子"),
        ("借轮椅在哪里", "借轮椅"),
    ],
)
def test_a_floor_or_a_department_is_no_question_for_the_way(said: str, goal: str) -> None:
    request = request_of(said)
    assert (request.goal, request.way, request.step_free) == (goal, False, None)


@pytest.mark.parametrize(
    ("said", "start", "goal"),
    [
        ("I'm at the pharmacy. How do I get to ENT?", "pharmacy", "ENT"),
        ("How do I get from the pharmacy to ENT?", "pharmacy", "ENT"),
        ("how do I get to ENT from Lift A?", "Lift A", "ENT"),
        ("I am standing next to Radiology, where is the toilet?", "Radiology", "toilet"),
        ("I'm in a wheelchair at the pharmacy. How do I get to ENT?", "pharmacy", "ENT"),
        ("from lift A instead", "lift A", ""),
        ("next to Lift B", "Lift B", ""),
        ("I'm at the main entrance", "main entrance", ""),
        ("I'm on the third floor, where is the nearest toilet?", "third floor", "toilet"),
        ("从药房到耳鼻喉科怎么走", "药房", "耳鼻喉科"),
        ("我在药房，怎么去眼科？", "药房", "眼科"),
        ("在放射科，最近的卫生间怎么走", "放射科", "卫生间"),
        ("我坐輪椅，從藥房到眼科怎麼走？", "药房", "眼科"),
    ],
)
def test_where_the_asker_is_is_told_from_where_they_want_to_be(
    said: str, start: str, goal: str
) -> None:
    request = request_of(said)
    assert (request.start, request.goal) == (start, goal)


@pytest.mark.parametrize(
    "said",
    [
        "How do I get to cardiology from the main entrance? wheelchair",
        "Where is ENT? My wheelchair, please.",
        "ENT, stroller",
    ],
)
def test_a_wheelchair_named_at_the_end_leaves_out_stairs(said: str) -> None:
    assert request_of(said).step_free is True


@pytest.mark.parametrize(
    ("said", "advice"),
    [
        ("Should I take ibuprofen for my headache?", True),
        ("What medicine is good for a cold?", True),
        ("Is my rash serious?", True),
        ("我该吃什么药", True),
        ("我头疼，严重吗？", True),
        ("Should I take the lift or the stairs to ENT?", False),
        ("Where do I get my medicine?", False),
        ("在哪里取药", False),
        ("耳鼻喉科怎么走", False),
    ],
)
def test_what_only_a_doctor_may_say_is_heard(said: str, *, advice: bool) -> None:
    assert request_of(said).advice is advice


@pytest.mark.parametrize(
    "said",
    [
        "I'm at the pharmacy, where is the toilet?",
        "I'm in cardiology, is there a toilet?",
        "我在药房，厕所在哪？",
        "附近有厕所吗？",
        "Is there a toilet nearby?",
    ],
)
def test_who_says_where_they_are_wants_the_way(said: str) -> None:
    assert request_of(said).way


@pytest.mark.parametrize(
    ("said", "goal"),
    [
        ("where is the exit?", "main entrance"),
        ("How do I get out?", "main entrance"),
        ("from ENT, how do I get out of here?", "main entrance"),
        ("I want to leave the building", "main entrance"),
        ("出口在哪", "正门"),
        ("怎么出去", "正门"),
    ],
)
def test_who_wants_to_leave_is_led_to_the_main_entrance(said: str, goal: str) -> None:
    request = request_of(said)
    assert (request.goal, request.way) == (goal, True)


@pytest.mark.parametrize(
    "said", ["Where is exit A?", "急诊出口在哪", "安全出口在哪", "When do I leave hospital?"]
)
def test_one_exit_of_several_is_asked_for_by_its_name(said: str) -> None:
    assert request_of(said).goal not in ("main entrance", "正门")


@pytest.mark.parametrize("said", ["I'm lost, I am next to the ATM", "我迷路了，我在ATM旁边"])
def test_being_lost_names_no_goal(said: str) -> None:
    request = request_of(said)
    assert (request.start, request.goal) == ("ATM", "")


@pytest.mark.parametrize(
    "said",
    [
        "I'm in pain, where should I go?",
        "I'm in agony, where is ENT?",
        "At night, where should I go?",
        "He fell from a ladder",
        "I suffer from headaches, which department?",
        "I was discharged from hospital, where do I get my medicine?",
        "我在发烧，去哪个科？",
        "我在哪里？",
        "How do I get to ENT from here?",
    ],
)
def test_what_ails_somebody_is_no_place_to_come_from(said: str) -> None:
    assert request_of(said).start is None


@pytest.mark.parametrize(
    "said",
    [
        "How do I get to ENT without stairs?",
        "I'm in a wheelchair, how do I get to ENT?",
        "My mother is in a wheelchair. Where is ENT and how do we get there?",
        "Show me the step-free route to ENT",
        "I can't climb stairs. Take me to ENT",
        "How do I get to ENT with a pram?",
        "我坐轮椅，怎么去ENT？",
        "不走楼梯怎么去ENT",
        "ENT无障碍路线怎么走",
    ],
)
def test_who_cannot_take_stairs_is_understood(said: str) -> None:
    request = request_of(said)
    assert request.step_free is True
    assert request.goal.lower() == "ent"


@pytest.mark.parametrize("said", ["Stairs are fine now", "可以走楼梯了"])
def test_stairs_can_be_allowed_again(said: str) -> None:
    assert request_of(said).step_free is False


@pytest.mark.parametrize(
    ("said", "avoid"),
    [
        ("Lift B is broken. How do I get to ENT?", "Lift B"),
        ("take me to radiology, avoid lift B", "lift B"),
        ("The escalator is out of order", "escalator"),
        ("to the ward, not via lift 2", "lift 2"),
        ("how do I get there without using Stairs A?", "Stairs A"),
        ("B号电梯坏了，怎么去4楼的耳鼻喉科？", "B号电梯"),
        ("带我去放射科，避开B号电梯", "B号电梯"),
        ("扶梯停了", "扶梯"),
    ],
)
def test_what_is_broken_is_avoided(said: str, avoid: str) -> None:
    request = request_of(said)
    assert (request.avoid, request.step_free) == ((avoid,), None)


@pytest.mark.parametrize(
    ("said", "avoid"),
    [
        ("Lift A and lift B are broken, how do I get to ENT?", ("Lift A", "lift B")),
        ("Neither Lift A nor Lift B works.", ("Lift A", "Lift B")),
        ("Lifts A and B are out of order", ("Lift A", "Lift B")),
        ("Avoid lift A, lift B and the escalator", ("lift A", "lift B", "escalator")),
        ("I'm at Lift A and lift B is broken", ("lift B",)),
        ("Lift A is broken and I am at the pharmacy", ("Lift A",)),
        ("A号电梯和B号电梯坏了", ("A号电梯", "B号电梯")),
        ("电梯A和B坏了", ("电梯A", "B电梯")),
        ("不坐A号电梯和B号电梯", ("A号电梯", "B号电梯")),
        ("我在A号电梯，B号电梯坏了", ("B号电梯",)),
    ],
)
def test_all_that_is_broken_is_avoided(said: str, avoid: tuple[str, ...]) -> None:
    assert request_of(said).avoid == avoid


@pytest.mark.parametrize("said", ["Is lift B working?", "Where is Lift B?", "B号电梯在哪里？"])
def test_a_lift_that_is_asked_for_is_not_avoided(said: str) -> None:
    assert request_of(said).avoid == ()


def test_what_works_again_can_be_taken_again() -> None:
    assert request_of("Lift B works again").allow == ("Lift B",)
    assert request_of("B号电梯修好了").allow == ("B号电梯",)
    assert request_of("Lift A and lift B work again").allow == ("Lift A", "lift B")


@pytest.mark.parametrize("said", ["and the pharmacy?", "What about the pharmacy?", "pharmacy"])
def test_more_of_the_same_is_told(said: str) -> None:
    request = request_of(said)
    assert (request.goal, request.again, request.way) == ("pharmacy", True, False)


@pytest.mark.parametrize("said", ["thank you", "谢谢", "how do I get there?", "怎么走？"])
def test_small_words_name_nothing(said: str) -> None:
    assert request_of(said).goal == ""


@pytest.mark.parametrize("said", ["How do I get back?", "怎么回去？"])
def test_the_way_back_is_told(said: str) -> None:
    request = request_of(said)
    assert (request.back, request.goal) == (True, "")


@pytest.mark.parametrize(
    "said", ["When does the pharmacy open?", "Is the pharmacy open on Sunday?", "pharmacy hours"]
)
def test_opening_hours_are_told(said: str) -> None:
    request = request_of(said)
    assert (request.goal, request.hours) == ("pharmacy", True)


def test_opening_hours_in_chinese_are_of_the_place_alone() -> None:
    request = request_of("急诊晚上开吗")
    assert (request.goal, request.hours) == ("急诊", True)


@pytest.mark.parametrize(
    ("said", "kind", "goal"),
    [
        ("What differs between the sign and the map?", "differences", ""),
        ("牌子和地图有什么不一样？", "differences", ""),
        ("How do I say “I am allergic to penicillin” in Chinese?", "card",
         "I am allergic to penicillin"),
        ("How do I say 'please call a doctor' in Chinese?", "card", "please call a doctor"),
        ("How do I say I don't feel well?", "card", "I don't feel well"),
        ("How do I say help in Chinese?", "card", "help"),
        ("Make a card saying I need a doctor", "card", "I need a doctor"),
        ("Can you show this to the staff?", "card", ""),
        ("How do I ask where the toilet is?", "card", "where the toilet is"),
        ("Show this to staff", "card", ""),
        ("我对青霉素过敏用中文怎么说？", "card", "我对青霉素过敏"),
        ("这个给护士看", "card", ""),
    ],
)  # fmt: skip
def test_cards_and_comparisons_are_told(said: str, kind: str, goal: str) -> None:
    request = request_of(said)
    assert (request.kind, request.goal) == (kind, goal)


@given(st.text(max_size=200))
def test_nothing_said_breaks_it(said: str) -> None:
    request_of(said)


@given(
    start=st.sampled_from(["pharmacy", "Radiology", "Lift A", "main entrance"]),
    goal=st.sampled_from(["ENT", "eye clinic", "blood test", "Room 204"]),
    avoid=st.sampled_from(["", " Lift B is broken.", " Avoid the escalator."]),
    free=st.sampled_from(["", " without stairs", " in a wheelchair"]),
)
def test_all_of_it_can_be_said_at_once(start: str, goal: str, avoid: str, free: str) -> None:
    request = request_of(f"How do I get from the {start} to the {goal}{free}?{avoid}")
    assert (request.start, request.goal) == (start, goal)
    assert (bool(request.avoid), bool(request.step_free)) == (bool(avoid), bool(free))
