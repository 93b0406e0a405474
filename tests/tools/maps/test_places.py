from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deixis.tools.maps._map import IndoorMap, MapError
from deixis.tools.maps._places import PlaceFinder, floor_values, place_info, place_name
from tests.tools.maps.places import FLOORS, HOSPITAL, floor, place

FINDER = PlaceFinder(HOSPITAL)


def ids(query: str, *, most: int = 5) -> list[str]:
    return [found.place.id for found in FINDER.find(query, most=most)]


def named(text: str) -> list[str]:
    return [found.id for found in FINDER.named(text)]


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("ENT", "p-ent"),
        ("耳鼻喉", "p-ent"),
        ("耳鼻喉科", "p-ent"),
        ("耳鼻喉科在几楼？", "p-ent"),
        ("nose doctor", "p-ent"),
        ("my ear hurts", "p-ent"),
        ("我耳朵疼", "p-ent"),
        ("Otolaryngology", "p-ent"),
        ("眼科门诊", "p-eye"),
        ("opthalmology", "p-eye"),
        ("heart doctor", "p-cardiology"),
        ("where is the pharmacy?", "p-pharmacy"),
        ("pharmcy", "p-pharmacy"),
        ("药房在哪里", "p-pharmacy"),
        ("抽血", "p-lab"),
        ("I broke my arm", "p-orthopaedics"),
        ("急診", "p-emergency"),
        ("cafe lumiere", "p-cafe"),
        ("Cafe Lumeire", "p-cafe"),
        ("main entrance", "p-main"),
        ("大门", "p-main"),
        ("emergency entrance", "p-er-door"),
    ],
)
def test_a_place_is_found_by_what_people_call_it(query: str, first: str) -> None:
    assert ids(query)[0] == first


def test_how_a_place_fits_is_told() -> None:
    fits = {query: FINDER.find(query)[0].fits for query in ("ENT", "nose doctor", "my ear hurts")}
    assert fits == {"ENT": "name", "nose doctor": "name", "my ear hurts": "need"}


def test_what_the_map_lacks_is_not_replaced_by_something_like_it() -> None:
    assert ids("radiotherapy") == []
    assert ids("Buddhist temple") == []


def test_what_is_near_to_a_lacking_place_is_known() -> None:
    assert [near.id for near in FINDER.near("fever clinic")] == ["p-emergency"]
    assert FINDER.near("ENT") == ()


def test_a_floor_in_the_query_chooses_among_the_places() -> None:
    assert ids("toilet on 3F") == ["p-toilet-3F"]
    assert ids("3楼卫生间") == ["p-toilet-3F"]
    assert ids("4F ENT") == ["p-ent"]
    assert ids("lift B on the third floor") == ["p-lift-b-3F"]
    assert ids("ground floor toilet") == ["p-toilet-1F"]


@pytest.mark.parametrize(
    "said", ["lift B", "Elevator B", "B lift", "the lift b", "B号电梯", "电梯B"]
)
def test_a_lift_is_told_by_its_letter_in_any_words(said: str) -> None:
    assert named(said) == [f"p-lift-b-{floor}" for floor in FLOORS]


@pytest.mark.parametrize("said", ["where is lift B?", "B电梯在哪", "is the elevator B far?"])
def test_a_lift_is_found_in_a_sentence(said: str) -> None:
    assert ids(said, most=1) == ["p-lift-b-1F"]


@pytest.mark.parametrize("said", ["lift C", "C号电梯", "elevator 3"])
def test_no_lift_stands_in_for_another(said: str) -> None:
    assert ids(said) == []
    with pytest.raises(MapError, match="is not on the map, which has"):
        FINDER.named(said)


@pytest.mark.parametrize("said", ["toilet near lift B", "B号电梯附近的卫生间"])
def test_what_a_place_is_beside_is_not_what_is_asked_for(said: str) -> None:
    assert named(said) == [f"p-toilet-{floor}" for floor in FLOORS]


@pytest.mark.parametrize("said", ["wheelchair toilet", "disabled toilets", "残疾人卫生间"])
def test_step_free_is_said_in_many_ways(said: str) -> None:
    assert named(said) == [f"p-accessible-{floor}" for floor in FLOORS]


def test_a_side_entrance_is_not_the_main_one() -> None:
    assert {found.fits for found in FINDER.find("side entrance")} == {"meaning"}
    with pytest.raises(MapError, match="“side entrance” names no place of the map"):
        FINDER.named("side entrance")


def test_a_waiting_area_serves_no_needs() -> None:
    waiting = place("p-waiting", "3F", "Pediatrics Waiting Area", "儿科候诊区", kind="room")
    finder = PlaceFinder(replace(HOSPITAL, places=(*HOSPITAL.places, waiting)))
    assert [found.place.id for found in finder.find("my child has a fever")] == ["p-pediatrics"]


def test_lifts_told_by_numbers_are_found_by_either_script() -> None:
    numbered = IndoorMap(
        names={},
        origin=(0, 0),
        floors=(floor("1F", 0),),
        places=(
            place("one", "1F", "Elevator No. 1", "1号电梯", kind="lift"),
            place("two", "1F", "Elevator No. 2", "2号电梯", kind="lift"),
        ),
    )
    finder = PlaceFinder(numbered)
    for said in ("lift 2", "二号电梯", "Elevator number 2"):
        assert [found.id for found in finder.named(said)] == ["two"]


def test_toilets_are_all_named_together() -> None:
    assert named("the nearest toilet") == [f"p-toilet-{floor}" for floor in FLOORS]
    assert named("accessible toilets") == [f"p-accessible-{floor}" for floor in FLOORS]


def test_all_ways_out_are_alike_and_the_entrance_is_the_main_one() -> None:
    assert named("way out") == ["p-main", "p-er-door"]
    assert named("出口") == ["p-main", "p-er-door"]
    assert named("entrance") == ["p-main"]


def test_an_id_names_its_place() -> None:
    assert named("p-ent") == ["p-ent"]


def test_a_name_that_several_places_hold_is_asked_back() -> None:
    with pytest.raises(MapError) as error:
        FINDER.named("surgery")
    assert str(error.value) == (
        "“surgery” could be General Surgery (2F) or Breast Surgery (3F): name one"
    )


def test_departments_that_serve_a_need_alike_score_alike() -> None:
    found = FINDER.find("my ear hurts and I broke my arm")
    assert {one.place.id for one in found} == {"p-ent", "p-orthopaedics"}
    assert {(one.fits, one.score) for one in found} == {("need", 0.7)}


def test_it_is_asked_back_in_the_words_of_the_asker() -> None:
    with pytest.raises(MapError, match=r"普外科 \(2F\) or 乳腺外科 \(3F\)"):
        FINDER.named("外科")


def test_a_place_named_just_so_is_it_though_others_hold_the_name() -> None:
    assert named("Emergency") == ["p-emergency"]
    assert named("急诊") == ["p-emergency"]


def test_a_need_names_no_place_for_certain() -> None:
    with pytest.raises(MapError, match=r"names no place.*ENT \(4F\) may be meant"):
        FINDER.named("my ear hurts")


def test_a_place_on_another_floor_than_asked_is_told() -> None:
    with pytest.raises(MapError, match=r"“ENT on 2F” is not there: the map has ENT \(4F\)"):
        FINDER.named("ENT on 2F")


def test_what_is_not_there_says_what_is_near() -> None:
    with pytest.raises(
        MapError, match=r"“fever clinic” is not on the map: near to it is Emergency \(1F\)"
    ):
        FINDER.named("fever clinic")


def test_places_closed_to_the_public_come_last() -> None:
    assert ids("lift", most=20)[-1] == "p-bed-lift"
    assert "p-bed-lift" not in named("lift")


def test_the_emergency_department_is_no_door() -> None:
    emergency = FINDER.emergency
    assert emergency is not None
    assert emergency.id == "p-emergency"


def test_a_map_without_an_emergency_department_has_none() -> None:
    assert PlaceFinder(replace(HOSPITAL, places=HOSPITAL.places[3:])).emergency is None


def test_an_empty_map_finds_nothing() -> None:
    finder = PlaceFinder(replace(HOSPITAL, places=()))
    assert finder.find("ENT") == ()
    with pytest.raises(MapError, match="not on the map"):
        finder.named("entrance")


@pytest.mark.parametrize(
    ("written", "same"),
    [
        ("化验室", ["p-lab"]),
        ("Ear, Nose & Throat", ["p-ent"]),
        ("急诊科", ["p-emergency"]),
        ("耳鼻候科", ["p-ent"]),
        ("心内科", ["p-cardiology"]),
        ("小儿外科", []),
        ("骨科护士站", []),
        ("门诊大门", ["p-main"]),
    ],
)
def test_a_sign_means_a_place_by_another_of_its_names_and_no_other(
    written: str, same: list[str]
) -> None:
    assert [found.id for found in FINDER.same(written)] == same


def test_a_place_is_told_in_the_language_asked_for() -> None:
    ent = HOSPITAL.place("p-ent")
    assert place_info(ent, HOSPITAL, "zh").name == "耳鼻喉科"
    assert place_info(ent, HOSPITAL, "en").floor == "4F"
    assert place_name(HOSPITAL.place("p-emergency"), "zh-TW") == "急診"
    assert place_info(HOSPITAL.place("p-pharmacy"), HOSPITAL, "en").hours == "Mo-Fr 08:00-17:00"


@pytest.mark.parametrize(
    ("short_name", "names", "value"),
    [
        ("4F", {}, "4"),
        ("L4", {}, "4"),
        ("4", {}, "4"),
        ("Mez", {"zh": "四楼"}, "4"),
        ("?", {}, "4"),
    ],
)
def test_a_floor_is_known_by_its_value_however_it_is_written(
    short_name: str, names: dict[str, str], value: str
) -> None:
    assert value in floor_values(floor(short_name, 3, **names))


@settings(deadline=None, max_examples=40)  # the first question loads the dictionary
@given(st.text(max_size=400))
def test_any_text_can_be_asked_for(query: str) -> None:
    assert len(FINDER.find(query)) <= 5
    try:
        assert FINDER.named(query)
    except MapError as error:
        assert "\n" not in str(error)  # noqa: PT017  # what it says is what is tested
        str(error).encode("utf-8")


def test_a_very_long_query_is_cut() -> None:
    with pytest.raises(MapError) as error:
        FINDER.named("耳" * 100_000)
    assert len(str(error.value)) < 400


AIRPORT = replace(
    HOSPITAL,
    places=(
        place("main", "1F", "Door 3", "3号门", kind="entrance"),
        place("b1", "2F", "Gate B1", "B1登机口"),
        place("b2", "2F", "Gate B2", "B2登机口"),
    ),
    doors=(replace(HOSPITAL.doors[0], id="main"),),
)


@pytest.mark.parametrize("said", ["gate", "Gates", "the gate", "boarding gate"])
def test_a_gate_is_one_of_those_that_the_map_numbers(said: str) -> None:
    with pytest.raises(MapError, match=r"could be Gate B1 \(2F\) or Gate B2 \(2F\): name one"):
        PlaceFinder(AIRPORT).named(said)


def test_the_way_in_is_none_of_the_numbered_gates() -> None:
    assert [one.id for one in PlaceFinder(AIRPORT).named("main entrance")] == ["main"]
