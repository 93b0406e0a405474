"""Sentences for single moves."""

from __future__ import annotations

import pytest

from deixis.tools.maps._wording import (
    Arrive,
    Go,
    Here,
    Leave,
    Move,
    Named,
    Side,
    Take,
    Through,
    Turn,
    on_side,
    say,
    turned,
)

ENT = Named(names={"en": "ENT", "zh": "耳鼻喉科"}, kind="department")
PHARMACY = Named(names={"en": "Pharmacy", "zh": "药房"}, kind="department")
RADIOLOGY = Named(names={"en": "Radiology", "zh": "放射科"}, kind="department")
LIFT = Named(names={"en": "Lift B", "zh": "B号电梯"}, kind="lift")
NO_NAME = Named(names={}, kind="lift")


@pytest.mark.parametrize(
    ("move", "english", "chinese"),
    [
        (Here(place=ENT), "You are there: ENT.", "您已在耳鼻喉科。"),
        (
            Leave(place=PHARMACY, turn="left"),
            "Leave the Pharmacy and turn left.",
            "离开药房后左转。",
        ),
        (
            Leave(place=NO_NAME, turn="right"),
            "Leave the lift and turn right.",
            "出电梯后右转。",
        ),
        (
            Go(metres=24.2, along=Named(names={}, kind="walkway"), past=(RADIOLOGY, "right")),
            "Walk 24 m along the corridor, past Radiology on your right.",
            "沿走廊前行24米，途经右手边的放射科。",
        ),
        (
            Go(metres=9, turn="slight_left", start=PHARMACY, through_door=True),
            "From the Pharmacy, bear left and walk 9 m, through the door.",
            "从药房出发，向左前方走，前行9米，穿过门。",
        ),
        (
            Go(metres=9, past=(RADIOLOGY, "right"), through_door=True),
            "Walk 9 m, through the door, past Radiology on your right.",
            "前行9米，穿过门，途经右手边的放射科。",
        ),
        (
            Go(metres=9, past=(RADIOLOGY, "right"), through_door=True, past_first=True),
            "Walk 9 m, past Radiology on your right, through the door.",
            "前行9米，途经右手边的放射科，穿过门。",
        ),
        (
            Take(
                what=Named(names={"en": "Escalator up", "zh": "扶梯上行"}, kind="escalator"),
                up=True,
                floor="2F",
            ),
            "Take Escalator up to 2F.",
            "乘扶梯上行到2F。",
        ),
        (
            Go(metres=7, turn="back", to=(LIFT, "left")),
            "Turn around and walk 7 m to Lift B, on your left.",
            "掉头，前行7米，到B号电梯（在左手边）。",
        ),
        (
            Go(metres=7, start=PHARMACY, facing=(ENT, True)),
            "From the Pharmacy, walk 7 m towards ENT.",
            "从药房出发，朝耳鼻喉科方向，前行7米。",
        ),
        (Take(what=LIFT, up=True, floor="4F"), "Take Lift B up to 4F.", "乘B号电梯到4F。"),
        (
            Take(what=Named(names={}, kind="escalator"), up=False, floor="1F"),
            "Take the escalator down to 1F.",
            "乘自动扶梯下到1F。",
        ),
        (
            Take(what=Named(names={}, kind="stairs"), up=True, floor="2F"),
            "Take the stairs up to 2F.",
            "走楼梯上到2F。",
        ),
        (
            Through(
                room=Named(names={"en": "Waiting Area", "zh": "候诊区"}, kind="room"), side="left"
            ),
            "Turn left and go through the Waiting Area.",
            "左转，穿过候诊区。",
        ),
        (
            Arrive(place=ENT, side="left", metres=12, turn="left", door=3),
            "Turn left; ENT is the third door on your left, 12 m ahead.",
            "左转，前行12米，耳鼻喉科在左手边第三个门。",
        ),
        (
            Arrive(place=ENT, side="right", metres=0.4),
            "ENT is on your right.",
            "耳鼻喉科在右手边。",
        ),
        (
            Arrive(place=ENT, side="left", metres=60, door=12),
            "ENT is on your left, 60 m ahead.",
            "前行60米，耳鼻喉科在左手边。",
        ),
        (
            Arrive(place=Named(names={"en": "Toilets"}, kind="toilet"), side="left", metres=9),
            "The Toilets are on your left, 9 m ahead.",
            "前行9米，Toilets在左手边。",
        ),
        (
            Go(metres=8, start=PHARMACY, turn="straight"),
            "From the Pharmacy, walk 8 m straight ahead.",
            "从药房出发，直行8米。",
        ),
        (
            Arrive(place=ENT, side="ahead", metres=5),
            "ENT is straight ahead, 5 m on.",
            "前行5米，耳鼻喉科就在正前方。",
        ),
    ],
)
def test_a_move_in_both_languages(move: Move, english: str, chinese: str) -> None:
    assert say(move, "en") == english
    assert say(move, "zh") == chinese


def test_traditional_characters_where_they_are_asked_for() -> None:
    move = Leave(place=PHARMACY, turn="left")
    assert {say(move, tag) for tag in ("zh-Hant", "zh-TW", "zh-HK")} == {"離開藥房後左轉。"}
    assert say(move, "zh-Hans") == "离开药房后左转。"


@pytest.mark.parametrize(
    ("name", "in_a_sentence"),
    [
        ("Pharmacy", "the Pharmacy"),
        ("ENT", "ENT"),
        ("Radiology", "Radiology"),
        ("Lift B", "Lift B"),
        ("Room 402", "Room 402"),
        ("Main Entrance", "the Main Entrance"),
        ("The Ward", "The Ward"),
    ],
)
def test_english_names_take_an_article_where_they_are_things(name: str, in_a_sentence: str) -> None:
    assert Named(names={"en": name}, kind="department").said("en") == in_a_sentence


def test_what_has_no_name_is_called_by_its_kind() -> None:
    assert Named(names={}, kind="toilet").said("en") == "the toilets"
    assert Named(names={}, kind="toilet").said("zh") == "卫生间"
    assert Named(names={}, kind="department").said("en") == "the place"


@pytest.mark.parametrize(
    ("degrees", "turn"),
    [
        (0, "straight"), (20, "straight"), (-20, "straight"), (40, "slight_left"), (90, "left"),
        (140, "sharp_left"), (175, "back"), (-175, "back"), (-140, "sharp_right"),
        (-90, "right"), (-40, "slight_right"),
    ],
)  # fmt: skip
def test_a_turn_by_its_angle(degrees: float, turn: Turn) -> None:
    assert turned(degrees) == turn


@pytest.mark.parametrize(("degrees", "side"), [(0, "ahead"), (90, "left"), (-90, "right")])
def test_a_side_by_its_angle(degrees: float, side: Side) -> None:
    assert on_side(degrees) == side
