"""What IMDF's features become, on a clinic of two floors made in metres."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from deixis.tools.maps._geo import distance, shape_of
from deixis.tools.maps._loading import load_map
from deixis.tools.maps._map import IndoorMap, Place
from deixis.tools.maps._places import PlaceFinder
from tests.tools.maps.building import Clinic, box


@pytest.fixture
def read(tmp_path: Path) -> Callable[[Clinic], IndoorMap]:
    """Loads a clinic from a folder."""
    return lambda clinic: load_map(clinic.folder(tmp_path / "clinic"), today=date(2026, 6, 1))


def named(map_: IndoorMap, name: str) -> Place:
    (found,) = [place for place in map_.places if name in place.names.values()]
    return found


def test_a_building_has_its_names_country_and_floors(read: Callable[[Clinic], IndoorMap]) -> None:
    map_ = read(Clinic())
    assert map_.names == {"en": "Small Clinic", "zh": "小诊所"}
    assert map_.country == "CN"
    assert [(f.ordinal, f.short_name) for f in map_.floors] == [(0, "1F"), (1, "2F")]
    assert map_.warnings == ()


def test_metres_are_those_on_the_ground(read: Callable[[Clinic], IndoorMap]) -> None:
    clinic = Clinic()
    map_ = read(clinic)
    assert shape_of(map_.space(clinic.corridors[0]).areas).area == pytest.approx(112, abs=1e-4)
    assert shape_of(map_.floors[0].outlines).area == pytest.approx(360, abs=1e-4)


def test_an_occupant_is_a_department_in_its_anchors_unit(
    read: Callable[[Clinic], IndoorMap],
) -> None:
    clinic = Clinic()
    ent = named(read(clinic), "ENT")
    assert (ent.id, ent.kind, ent.space) == (clinic.ent_place, "department", clinic.ent)
    assert ent.names == {"en": "ENT", "zh": "耳鼻喉科"}
    assert set(ent.synonyms) == {"Ear, Nose and Throat", "五官科"}
    assert ent.hours == "Mo-Fr 08:00-17:00"


def test_a_named_unit_is_a_room_and_a_restroom_needs_no_name(
    read: Callable[[Clinic], IndoorMap],
) -> None:
    clinic = Clinic()
    map_ = read(clinic)
    assert named(map_, "Pharmacy").kind == "room"
    assert named(map_, "卫生间").kind == "toilet"
    assert named(map_, "卫生间").id == clinic.toilets


def test_a_room_and_its_department_of_one_name_are_one_place(
    read: Callable[[Clinic], IndoorMap],
) -> None:
    clinic = Clinic()
    clinic.feature(clinic.ent)["properties"]["name"] = {"en": "ent", "fr": "ORL"}
    found = [place for place in read(clinic).places if place.space == clinic.ent]
    assert [place.id for place in found] == [clinic.ent_place]
    assert found[0].names == {"en": "ENT", "zh": "耳鼻喉科", "fr": "ORL"}


def test_a_room_with_another_name_than_its_department_is_a_place_too(
    read: Callable[[Clinic], IndoorMap],
) -> None:
    clinic = Clinic()
    clinic.feature(clinic.ent)["properties"]["name"] = {"en": "Room 201"}
    found = {place.kind for place in read(clinic).places if place.space == clinic.ent}
    assert found == {"department", "room"}


def test_an_amenity_is_a_place_and_a_restrooms_names_it(
    read: Callable[[Clinic], IndoorMap],
) -> None:
    clinic = Clinic()
    clinic.amenity([clinic.corridors[0]], (2, 2), "information", name={"en": "Help Desk"})
    clinic.amenity([clinic.toilets], (18, 8), "restroom", name={"en": "Public Toilets"})
    map_ = read(clinic)
    assert named(map_, "Help Desk").kind == "amenity"
    assert [p.names["en"] for p in map_.places if p.kind == "toilet"] == ["Public Toilets"]


def test_an_amenity_on_two_floors_is_a_place_on_each(read: Callable[[Clinic], IndoorMap]) -> None:
    clinic = Clinic()
    clinic.amenity(clinic.corridors, (2, 2), "drinkingfountain")
    floors = [p.floor for p in read(clinic).places if p.category == "drinkingfountain"]
    assert floors == clinic.floors


@pytest.mark.parametrize(
    ("category", "asked"),
    [
        ("taxi", "taxi"),
        ("bus.muni", "公交站"),
        ("carrental", "rent a car"),
        ("checkin.selfservice", "self check-in"),
        ("baggagestorage", "left luggage"),
        ("boardinggate.aircraft", "登机口"),
        ("police", "police"),
        ("ticketing.rail.national", "tickets"),
        ("wifi", "wifi"),
        ("meetingpoint", "meeting point"),
        ("strollerrental", "stroller rental"),
    ],
)
def test_an_amenity_without_a_name_is_found_by_what_it_is(
    read: Callable[[Clinic], IndoorMap], category: str, asked: str
) -> None:
    clinic = Clinic()
    amenity = clinic.amenity([clinic.corridors[0]], (2, 2), category)
    best = PlaceFinder(read(clinic)).find(asked)[0]
    assert best.place.id == amenity


def test_an_opening_joins_the_two_spaces_at_its_wall(read: Callable[[Clinic], IndoorMap]) -> None:
    clinic = Clinic()
    map_ = read(clinic)
    joined = [set(map_.door(id_).spaces) for id_ in clinic.doors[:3]]
    corridor = clinic.corridors[0]
    assert joined == [
        {clinic.pharmacy, corridor}, {clinic.toilets, corridor}, {clinic.lifts[0], corridor}
    ]  # fmt: skip


@pytest.mark.parametrize("gap", [0.05, 0.2, 0.29])
def test_an_opening_joins_spaces_on_both_sides_of_a_thick_wall(
    read: Callable[[Clinic], IndoorMap], gap: float
) -> None:
    clinic = Clinic()
    clinic.feature(clinic.pharmacy)["geometry"] = clinic.places.polygon(box(0, 4 + gap, 12, 12))
    map_ = read(clinic)
    assert set(map_.door(clinic.doors[0]).spaces) == {clinic.pharmacy, clinic.corridors[0]}


def test_the_principal_opening_to_the_outside_is_the_main_entrance(
    read: Callable[[Clinic], IndoorMap],
) -> None:
    clinic = Clinic()
    map_ = read(clinic)
    assert map_.main_entrance is not None
    assert map_.main_entrance.id == clinic.main
    assert map_.door(clinic.main).spaces == (clinic.corridors[0],)
    assert named(map_, "Main entrance").space == clinic.corridors[0]


def test_a_side_door_on_the_ground_is_an_entrance_and_one_upstairs_is_none(
    read: Callable[[Clinic], IndoorMap],
) -> None:
    clinic = Clinic()
    side, upstairs = (clinic.opening(floor, (4, 0), (6, 0)) for floor in clinic.floors)
    map_ = read(clinic)
    assert [map_.door(door).entrance for door in (side, upstairs)] == [True, False]
    assert not map_.door(side).main


def test_a_door_to_a_courtyard_is_no_entrance(read: Callable[[Clinic], IndoorMap]) -> None:
    clinic = Clinic()
    yard = box(4, 6, 8, 10)
    clinic.feature(clinic.floors[0])["geometry"] = clinic.places.polygon(box(0, 0, 30, 12), yard)
    clinic.feature(clinic.pharmacy)["geometry"] = clinic.places.polygon(box(0, 4, 12, 12), yard)
    opening = clinic.opening(clinic.floors[0], (4, 7), (4, 8))
    door = read(clinic).door(opening)
    assert door.spaces == (clinic.pharmacy,)
    assert not door.entrance


@pytest.mark.parametrize("category", ["emergencyexit", "service", "automobile"])
def test_no_one_is_led_through_exits_for_emergencies_and_goods(
    read: Callable[[Clinic], IndoorMap], category: str
) -> None:
    clinic = Clinic()
    exit_ = clinic.opening(clinic.floors[0], (4, 0), (6, 0), category)
    assert exit_ not in {door.id for door in read(clinic).doors}


@pytest.mark.parametrize(
    ("more", "step_free"),
    [
        ({}, True),
        ({"accessibility": []}, True),
        ({"accessibility": ["wheelchair", "braille"]}, True),
        ({"accessibility": ["braille"]}, False),
        ({"door": {"type": "revolving"}}, False),
        ({"door": {"type": "sliding"}}, True),
    ],
)
def test_whether_a_wheelchair_passes(
    read: Callable[[Clinic], IndoorMap], more: dict[str, Any], step_free: bool
) -> None:
    clinic = Clinic()
    door = clinic.opening(clinic.floors[0], (4, 0), (6, 0), **more)
    assert read(clinic).door(door).step_free is step_free


def test_a_room_behind_a_lock_is_closed_and_so_is_its_place(
    read: Callable[[Clinic], IndoorMap],
) -> None:
    clinic = Clinic()
    clinic.feature(clinic.doors[0])["properties"]["access_control"] = ["badgereader"]
    map_ = read(clinic)
    assert map_.space(clinic.pharmacy).kind == "closed"
    assert named(map_, "Pharmacy").closed
    assert any("is the only way into room" in warning for warning in map_.warnings)


def test_a_lift_out_of_service_upstairs_joins_nothing(read: Callable[[Clinic], IndoorMap]) -> None:
    clinic = Clinic()
    clinic.feature(clinic.doors[5])["properties"]["access_control"] = ["outofservice"]
    assert [connector.kind for connector in read(clinic).connectors] == ["stairs"]


@pytest.mark.parametrize(
    "spoil", [{"restriction": "employeesonly"}, {"category": "nonpublic"}], ids=str
)
def test_what_is_for_staff_is_closed(
    read: Callable[[Clinic], IndoorMap], spoil: dict[str, str]
) -> None:
    clinic = Clinic()
    clinic.feature(clinic.pharmacy)["properties"] |= spoil
    map_ = read(clinic)
    assert map_.space(clinic.pharmacy).kind == "closed"
    assert named(map_, "Pharmacy").closed


def test_a_restricted_lift_joins_nothing_without_a_warning(
    read: Callable[[Clinic], IndoorMap],
) -> None:
    clinic = Clinic()
    for lift in clinic.lifts:
        clinic.feature(lift)["properties"]["restriction"] = "employeesonly"
    map_ = read(clinic)
    assert [connector.kind for connector in map_.connectors] == ["stairs"]
    assert {place.closed for place in map_.places if place.kind == "lift"} == {True}
    assert map_.warnings == ()


def test_what_is_under_construction_is_closed(read: Callable[[Clinic], IndoorMap]) -> None:
    clinic = Clinic()
    fence = clinic.places.polygon(box(-1, 3.9, 13, 13))
    level = clinic.floors[0]
    clinic.add("geofence", fence, category="underconstruction", level_ids=[level])
    map_ = read(clinic)
    assert map_.space(clinic.pharmacy).kind == "closed"
    assert map_.space(clinic.ent).kind == "room"


def test_what_lies_in_a_restricted_section_is_closed(
    read: Callable[[Clinic], IndoorMap],
) -> None:
    clinic = Clinic()
    clinic.add(
        "section",
        clinic.places.polygon(box(11, 3.9, 25, 13)),
        level_id=clinic.floors[1],
        restriction="restricted",
    )
    map_ = read(clinic)
    assert named(map_, "Eye Clinic").closed
    assert not named(map_, "ENT").closed


@pytest.mark.parametrize(("end", "there"), [("2026-05-31T10:00:00Z", False), ("2026-06-01", True)])
def test_a_department_that_has_moved_away_is_no_place(
    read: Callable[[Clinic], IndoorMap], end: str, there: bool
) -> None:
    clinic = Clinic()
    clinic.feature(clinic.ent_place)["properties"]["validity"] = {"start": "2020", "end": end}
    assert ("ENT" in {p.name("en") for p in read(clinic).places}) is there


@pytest.mark.parametrize("linked", [True, False])
def test_lifts_and_stairs_are_joined_by_relationships_or_by_lying_over_each_other(
    read: Callable[[Clinic], IndoorMap], linked: bool
) -> None:
    clinic = Clinic(linked=linked)
    found = {c.kind: c for c in read(clinic).connectors}
    assert found["lift"].spaces == tuple(clinic.lifts)
    assert found["lift"].names == {"en": "Lift A", "zh": "A号电梯"}
    assert found["stairs"].spaces == tuple(clinic.stairs)


def test_lifts_of_different_names_over_each_other_are_not_one(
    read: Callable[[Clinic], IndoorMap],
) -> None:
    clinic = Clinic(linked=False)
    clinic.feature(clinic.lifts[1])["properties"]["name"] = {"en": "Lift B"}
    map_ = read(clinic)
    assert [connector.kind for connector in map_.connectors] == ["stairs"]
    assert sum("is a lift on one floor only" in warning for warning in map_.warnings) == 2


def test_a_lift_told_floor_by_floor_is_one_lift(read: Callable[[Clinic], IndoorMap]) -> None:
    clinic = Clinic(linked=False)
    third = clinic.level(2, "3F")
    clinic.unit(third, "walkway", box(0, 0, 28, 4))
    top = clinic.unit(third, "elevator", box(24, 4, 28, 8))
    clinic.relationship("elevator", clinic.lifts[1], top)
    clinic.relationship("elevator", clinic.lifts[1], clinic.lifts[0])
    (lift,) = [c for c in read(clinic).connectors if c.kind == "lift"]
    assert lift.spaces == (*clinic.lifts, top)


@pytest.mark.parametrize(("first", "direction"), [(0, "up"), (1, "down")])
def test_a_directed_escalator_goes_one_way(
    read: Callable[[Clinic], IndoorMap], first: int, direction: str
) -> None:
    clinic = Clinic()
    ends = [clinic.unit(f, "escalator", box(10, 0, 14, 1)) for f in clinic.floors]
    clinic.relationship("escalator", ends[first], ends[1 - first], direction="directed")
    (escalator,) = [c for c in read(clinic).connectors if c.kind == "escalator"]
    assert escalator.spaces == tuple(ends)
    assert escalator.direction == direction


def test_an_escalator_told_up_and_down_turns_round(read: Callable[[Clinic], IndoorMap]) -> None:
    clinic = Clinic()
    low, high = (clinic.unit(f, "escalator", box(10, 0, 14, 1)) for f in clinic.floors)
    clinic.relationship("escalator", low, high, direction="directed")
    clinic.relationship("escalator", high, low, direction="directed")
    (escalator,) = [c for c in read(clinic).connectors if c.kind == "escalator"]
    assert escalator.direction == "both"


def test_a_lift_told_in_pieces_that_meet_late_is_one_lift(
    read: Callable[[Clinic], IndoorMap],
) -> None:
    clinic = Clinic(linked=False)
    cabins = list(clinic.lifts)
    for ordinal in (2, 3):
        floor = clinic.level(ordinal, f"{ordinal + 1}F")
        clinic.unit(floor, "walkway", box(0, 0, 28, 4))
        cabins.append(clinic.unit(floor, "elevator", box(24, 4, 28, 8)))
    for low, high in ((0, 1), (2, 3), (1, 2)):
        clinic.relationship("elevator", cabins[low], cabins[high])
    (lift,) = [c for c in read(clinic).connectors if c.kind == "lift"]
    assert lift.spaces == tuple(cabins)


def test_a_lift_with_two_cabins_on_a_floor_is_told(read: Callable[[Clinic], IndoorMap]) -> None:
    clinic = Clinic(linked=False)
    second = clinic.unit(clinic.floors[1], "elevator", box(24, 8, 28, 12))
    clinic.relationship("elevator", clinic.lifts[0], clinic.lifts[1], second)
    map_ = read(clinic)
    assert [len(c.spaces) for c in map_.connectors if c.kind == "lift"] == [2]
    assert any("has two spaces on a floor" in warning for warning in map_.warnings)


def test_a_relationship_may_name_anchors_and_amenities(
    read: Callable[[Clinic], IndoorMap],
) -> None:
    clinic = Clinic(linked=False)
    anchor = clinic.add("anchor", clinic.places.point((26, 6)), unit_id=clinic.lifts[0])
    amenity = clinic.amenity([clinic.lifts[1]], (26, 6), "elevator")
    clinic.relationship("elevator", anchor, amenity)
    (lift,) = [c for c in read(clinic).connectors if c.kind == "lift"]
    assert lift.spaces == tuple(clinic.lifts)


def test_a_relationship_may_name_the_openings_of_a_lift(
    read: Callable[[Clinic], IndoorMap],
) -> None:
    clinic = Clinic(linked=False)
    clinic.relationship("elevator", clinic.doors[2], clinic.doors[5])
    (lift,) = [c for c in read(clinic).connectors if c.kind == "lift"]
    assert lift.spaces == tuple(clinic.lifts)


def test_a_lifts_amenity_names_the_lift(read: Callable[[Clinic], IndoorMap]) -> None:
    clinic = Clinic()
    for lift in clinic.lifts:
        clinic.feature(lift)["properties"]["name"] = None
    clinic.amenity(clinic.lifts, (26, 6), "elevator", name={"en": "Lift C"})
    map_ = read(clinic)
    assert [c.names for c in map_.connectors if c.kind == "lift"] == [{"en": "Lift C"}]
    assert [p.names for p in map_.places if p.kind == "lift"] == [{"en": "Lift C"}] * 2


def test_a_closed_hall_keeps_the_hole_of_its_courtyard(read: Callable[[Clinic], IndoorMap]) -> None:
    clinic = Clinic()
    floor = clinic.level(2, "3F")
    hall = clinic.unit(floor, "walkway", box(0, 0, 30, 12))
    ring = clinic.places.polygon(box(0, 0, 30, 12), box(10, 4, 20, 8))
    clinic.feature(hall)["geometry"] = ring
    (area,) = read(clinic).space(hall).areas
    assert len(area.holes) == 1


def test_kiosks_and_sections_with_names_are_places(read: Callable[[Clinic], IndoorMap]) -> None:
    clinic = Clinic()
    level = clinic.floors[0]
    clinic.add(
        "kiosk", clinic.places.polygon(box(2, 1, 3, 2)), level_id=level, name={"en": "Flowers"}
    )
    clinic.add(
        "section", clinic.places.polygon(box(0, 0, 24, 12)), level_id=level, name={"en": "West"}
    )
    map_ = read(clinic)
    assert named(map_, "Flowers").space == clinic.corridors[0]
    assert named(map_, "West").kind == "department"


def test_an_outdoor_level_is_left_out_with_all_on_it(read: Callable[[Clinic], IndoorMap]) -> None:
    clinic = Clinic()
    outside = clinic.level(0, "Garden", outdoor=True)
    clinic.unit(outside, "walkway", box(-20, 0, 0, 12), {"en": "Path"})
    map_ = read(clinic)
    assert len(map_.floors) == 2
    assert map_.warnings == ()


def test_places_shown_outside_their_unit_are_moved_into_it(
    read: Callable[[Clinic], IndoorMap],
) -> None:
    clinic = Clinic()
    clinic.occupant(clinic.pharmacy, (40, 40), {"en": "Night Counter"})
    map_ = read(clinic)
    counter = named(map_, "Night Counter")
    assert distance(map_.space(clinic.pharmacy).areas, counter.at) == 0
    assert any("“Night Counter”" in warning for warning in map_.warnings)


def test_a_level_without_a_short_name_is_called_as_most_signs_do(
    read: Callable[[Clinic], IndoorMap],
) -> None:
    clinic = Clinic()
    for floor in clinic.floors:
        clinic.feature(floor)["properties"]["short_name"] = None
    basement = clinic.level(-1, None)
    clinic.unit(basement, "walkway", box(0, 0, 28, 4))
    map_ = read(clinic)
    assert [floor.short_name for floor in map_.floors] == ["B1", "1F", "2F"]
    assert sum("has no short_name" in warning for warning in map_.warnings) == 3
