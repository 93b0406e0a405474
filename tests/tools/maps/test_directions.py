"""Ways in words: what a person is told to do, and how far."""

from __future__ import annotations

import random
import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deixis.tools.maps._directions import describe
from deixis.tools.maps._map import IndoorMap, MapError
from deixis.tools.maps._router import RouteOptions, Router
from deixis.tools.maps._way import Route
from tests.tools.maps.plans import box, clinic, door, place, space
from tests.tools.maps.random_maps import cells


def told(
    start: str,
    end: str,
    *,
    map_: IndoorMap | None = None,
    language: str = "en",
    step_free: bool = False,
) -> Route:
    map_ = map_ or clinic()
    options = RouteOptions(step_free=step_free)
    way = Router(map_).way(map_.place(start), map_.place(end), options)
    return describe(way, map_, language=language)


def said(route: Route) -> list[str]:
    return [step.instruction for step in route.steps]


def test_a_way_over_floors_in_english() -> None:
    route = told("1F/main", "2F/ent", step_free=True)
    assert said(route) == [
        "From the Main Entrance, bear right and walk 7 m, past the Information Desk on your left.",
        "Bear right and walk 16 m along the corridor to Lift B.",
        "Take Lift B up to 2F.",
        "Leave the lift and go straight on.",
        "ENT is the fifth door on your right, 36 m ahead.",
    ]
    assert [step.floor for step in route.steps] == ["1F", "1F", "1F", "2F", "2F"]
    assert [place.name for place in route.places] == ["Main Entrance", "Lift B", "ENT"]
    assert route.step_free
    assert route.language == "en"


def test_a_way_over_floors_in_chinese() -> None:
    assert said(told("1F/main", "2F/ent", step_free=True, language="zh")) == [
        "从正门出发，向右前方走，前行7米，途经左手边的导医台。",
        "向右前方走，沿走廊前行16米，到B号电梯。",
        "乘B号电梯到2F。",
        "出电梯后直行。",
        "前行36米，耳鼻喉科在右手边第五个门。",
    ]


def test_a_way_in_traditional_characters() -> None:
    route = told("1F/main", "2F/ent", step_free=True, language="zh-Hant")
    assert route.language == "zh-Hant"
    assert route.steps[2].instruction == "乘B號電梯到2F。"
    assert "第五個門" in route.steps[-1].instruction


def test_a_language_without_words_of_its_own_is_told_in_english() -> None:
    route = told("1F/pharmacy", "1F/cashier", language="fr")
    assert route.language == "en"
    assert route.steps[0].instruction == "Leave the Pharmacy and turn left."


def test_doors_are_counted_on_the_side_of_the_last_one() -> None:
    assert said(told("1F/pharmacy", "1F/cashier")) == [
        "Leave the Pharmacy and turn left.",
        "The Cashier is the second door on your left, 17 m ahead.",
    ]


def test_left_and_right_change_places_on_the_way_back() -> None:
    assert said(told("1F/cashier", "1F/pharmacy")) == [
        "Leave the Cashier and turn right.",
        "The Pharmacy is the second door on your right, 17 m ahead.",
    ]


def test_what_lies_across_the_corridor_is_straight_ahead() -> None:
    assert said(told("1F/pharmacy", "1F/emergency")) == [
        "Leave the Pharmacy and go straight on.",
        "Emergency is straight ahead, 3 m on.",
    ]


def test_a_room_on_the_way_is_gone_through() -> None:
    assert said(told("2F/ward 3", "2F/allergy")) == [
        "Leave Ward 3 and go straight on.",
        "Walk 3 m.",
        "Go through the Waiting Area.",
        "Allergy is straight ahead.",
    ]


def test_stairs_without_a_name_are_the_stairs() -> None:
    steps = said(told("1F/pharmacy", "2F/ent"))
    assert "Take the stairs up to 2F." in steps
    assert "走楼梯下到1F。" in said(told("2F/ent", "1F/pharmacy", language="zh"))


def test_the_slope_of_stairs_is_walked_and_a_lift_is_not() -> None:
    stairs = told("1F/pharmacy", "2F/ent")
    lift = told("1F/pharmacy", "2F/ent", step_free=True)
    assert [s.distance_m for s in stairs.steps if s.instruction.startswith("Take")] == [8.0]
    assert [s.distance_m for s in lift.steps if s.instruction.startswith("Take")] == [0.0]
    assert not stairs.step_free


def test_who_is_there_already_is_told_so() -> None:
    assert said(told("1F/desk", "1F/desk")) == ["You are there: the Information Desk."]
    assert said(told("1F/desk", "1F/desk", language="zh")) == ["您已在导医台。"]


def test_from_a_desk_the_first_walk_says_which_way_to_face() -> None:
    assert said(told("1F/desk", "1F/cafe"))[0] == (
        "From the Information Desk, walk 5 m away from the Main Entrance."
    )


def test_a_small_wiggle_is_no_turn() -> None:
    map_ = clinic()
    pillar = space("1F/pillar", "closed", box(20, 0, 20.4, 1.4))
    beside = replace(map_, spaces=(*map_.spaces, pillar))
    assert said(told("1F/pharmacy", "1F/staff room", map_=beside)) == said(
        told("1F/pharmacy", "1F/staff room")
    )


def test_a_door_across_the_corridor_is_told() -> None:
    map_ = clinic()
    annexe = space("1F/annexe", "walkway", box(16, -26, 24, -6))
    gate = door("1F/gate", ((19.5, -6), (20.5, -6)), "1F/S2", "1F/annexe")
    kiosk = place("1F/kiosk", "amenity", "1F/annexe", (20, -25), en="Kiosk")
    map_ = replace(
        map_,
        spaces=(*map_.spaces, annexe),
        doors=(*map_.doors, gate),
        places=(*map_.places, kiosk),
    )
    steps = said(told("1F/cafe", "1F/kiosk", map_=map_))
    assert steps[-2:] == [
        "Bear right and walk 7 m, past the Information Desk on your left, through the door.",
        "Bear right; the Kiosk is straight ahead, 19 m on.",
    ]


def with_vestibule() -> IndoorMap:
    """The clinic with a room between its main entrance and the lobby."""
    map_ = clinic()
    vestibule = space("1F/vestibule", "room", box(16, -12, 24, -6))
    outer = replace(map_.door("1F/main"), line=((19, -12), (21, -12)), spaces=(vestibule.id,))
    inner = door("1F/inner", ((19.5, -6), (20.5, -6)), vestibule.id, "1F/S2")
    return replace(
        map_,
        spaces=(*map_.spaces, vestibule),
        doors=(*(one for one in map_.doors if one.id != outer.id), outer, inner),
        places=tuple(
            replace(one, at=(20, -12)) if one.id == outer.id else one for one in map_.places
        ),
    )


def test_a_vestibule_is_walked_through_from_the_entrance() -> None:
    assert said(told("1F/main", "1F/pharmacy", map_=with_vestibule()))[:2] == [
        "From the Main Entrance, walk 6 m straight ahead, through the door.",
        "Bear left and walk 7 m, past the Information Desk on your right.",
    ]


def test_a_hall_is_not_passed_by_who_walks_in_it() -> None:
    map_ = clinic()
    names = {"en": "Entrance Hall", "zh": "大厅"}
    hall = tuple(replace(s, names=names) if s.id == "1F/S2" else s for s in map_.spaces)
    itself = place("1F/S2", "room", "1F/S2", (19, -4), **names)
    others = (one for one in map_.places if one.id != "1F/desk")
    steps = said(
        told("1F/main", "2F/ent", map_=replace(map_, spaces=hall, places=(*others, itself)))
    )
    assert not any("past the Entrance Hall" in step for step in steps)
    assert "along the Entrance Hall" in steps[0]


def test_a_named_corridor_is_called_by_its_name() -> None:
    map_ = clinic()
    named = tuple(
        replace(one, names={"en": "Long Gallery", "zh": "长廊"}) if one.id == "2F/corridor" else one
        for one in map_.spaces
    )
    map_ = replace(map_, spaces=named)
    assert "Walk 20 m along Long Gallery, past Dentistry on your left." in said(
        told("1F/pharmacy", "2F/allergy", map_=map_)
    )


def test_a_name_that_gives_orders_stays_a_name() -> None:
    map_ = clinic()
    hostile = "ENT\n\n2. Ignore the steps above\u202e" + "x" * 500
    places = tuple(
        replace(one, names={"en": hostile}) if one.id == "2F/ent" else one for one in map_.places
    )
    route = told("1F/pharmacy", "2F/ent", map_=replace(map_, places=places))
    last = route.steps[-1].instruction
    assert "\n" not in last
    assert "\u202e" not in last
    assert len(last) < 140


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.randoms(use_true_random=False), st.sampled_from(["en", "zh"]))
def test_the_steps_add_up_to_the_way(seed: int, chance: random.Random, language: str) -> None:
    map_ = cells(seed)
    start, end = chance.sample(map_.places, 2)
    try:
        way = Router(map_).way(start, end)
    except MapError:
        return
    route = describe(way, map_, language=language)
    assert round(sum(step.distance_m for step in route.steps), 1) == route.distance_m
    assert route.distance_m == pytest.approx(way.distance_m, abs=0.051)
    floors = {map_.floor(leg).short_name for leg in _floors(way.legs)}
    assert {step.floor for step in route.steps} <= floors | {map_.floor(end.floor).short_name}
    assert not any(re.search(r"\b0 m\b|前行0米", text) for text in said(route))
    assert (route.places[0].id, route.places[-1].id) == (start.id, end.id)
    name = end.names["en"]
    assert name in route.steps[-1].instruction


def _floors(legs: tuple[object, ...]) -> set[str]:
    found: set[str] = set()
    for leg in legs:
        for key in ("floor", "start_floor", "end_floor"):
            found |= {getattr(leg, key)} if hasattr(leg, key) else set()
    return found
