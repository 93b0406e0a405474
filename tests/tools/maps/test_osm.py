"""What OpenStreetMap's indoor tags become."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deixis.tools.maps._checks import check_map
from deixis.tools.maps._geo import shape_of
from deixis.tools.maps._loading import load_map
from deixis.tools.maps._map import IndoorMap, MapError, Place
from deixis.tools.maps._osm_tags import levels_in
from tests.tools.maps.building import Osm, box, osm_clinic


@pytest.fixture
def read(tmp_path: Path) -> Callable[[Osm], IndoorMap]:
    """Loads a map from a file."""
    return lambda made: load_map(made.file(tmp_path / "map.geojson"))


def named(map_: IndoorMap, name: str) -> Place:
    (found,) = [place for place in map_.places if name in place.names.values()]
    return found


def corridor() -> Osm:
    """One floor with a corridor, 20 m by 4 m."""
    made = Osm()
    made.area(box(0, 0, 20, 4), "0", indoor="corridor", level__ref="1F")
    return made


@pytest.mark.parametrize(
    ("text", "levels"),
    [
        ("0", (0,)),
        ("-1", (-1,)),
        ("1;2", (1, 2)),
        ("2, 1", (1, 2)),
        ("0-3", (0, 1, 2, 3)),
        ("-2--1", (-2, -1)),
        ("-1-1", (-1, 0, 1)),
        ("0;2-3", (0, 2, 3)),
        ("0.5", (0.5,)),
        ("", ()),
    ],
)
def test_levels_are_read(text: str, levels: tuple[float, ...]) -> None:
    assert levels_in(text) == levels


@pytest.mark.parametrize("text", ["x", "3-1", "0-100000", "1e9", "--1", "1;zwei", "0-", "99999999"])
def test_what_is_no_level_is_refused(text: str) -> None:
    with pytest.raises(MapError, match="has the level"):
        levels_in(text)


@settings(deadline=None)
@given(st.text(max_size=30))
def test_any_text_is_levels_or_a_map_error(text: str) -> None:
    try:
        found = levels_in(text)
    except MapError:
        return
    assert list(found) == sorted(set(found))


@settings(deadline=None)
@given(st.lists(st.integers(-20, 20), min_size=1, max_size=6, unique=True))
def test_levels_written_are_the_levels_read(levels: list[int]) -> None:
    assert levels_in(";".join(map(str, levels))) == tuple(sorted(levels))


@pytest.mark.parametrize("nested", [True, False], ids=["nested tags", "flat tags"])
def test_the_clinic_is_read_as_from_imdf(read: Callable[[Osm], IndoorMap], nested: bool) -> None:
    map_ = read(osm_clinic(nested=nested))
    assert map_.names == {"en": "Small Clinic", "zh": "小诊所"}
    assert map_.country == "CN"
    assert [(f.ordinal, f.short_name) for f in map_.floors] == [(0, "1F"), (1, "2F")]
    assert {c.kind: len(c.spaces) for c in map_.connectors} == {"lift": 2, "stairs": 2}
    assert sorted(len(door.spaces) for door in map_.doors) == [1] + [2] * 8
    assert map_.warnings == ()


def test_names_synonyms_hours_and_kinds_are_taken(read: Callable[[Osm], IndoorMap]) -> None:
    map_ = read(osm_clinic())
    ent, pharmacy = named(map_, "ENT"), named(map_, "药房")
    assert ent.names == {"en": "ENT", "zh": "耳鼻喉科"}
    assert set(ent.synonyms) == {"五官科", "耳科"}
    assert ent.hours == "Mo-Fr 08:00-17:00"
    assert (ent.kind, pharmacy.kind) == ("department", "room")
    assert pharmacy.synonyms == ("101",)
    assert [p.names["zh"] for p in map_.places if p.kind == "toilet"] == ["卫生间"]
    assert [p.names["zh"] for p in map_.places if p.kind == "lift"] == ["A号电梯"] * 2


def test_the_name_on_the_door_is_kept_beside_its_translation(
    read: Callable[[Osm], IndoorMap],
) -> None:
    made = corridor()
    made.area(box(0, 4, 8, 8), "0", indoor="room", name="Kardiologie", name__en="Cardiology")
    place = named(read(made), "Kardiologie")
    assert place.names == {"en": "Cardiology", "und": "Kardiologie"}
    assert (place.name("en"), place.name("zh")) == ("Cardiology", "Cardiology")


def test_the_main_entrance_is_the_node_on_the_outer_wall(read: Callable[[Osm], IndoorMap]) -> None:
    map_ = read(osm_clinic())
    assert map_.main_entrance is not None
    assert map_.door(map_.main_entrance.id).main
    assert map_.main_entrance.names["en"] == "Main entrance"


def test_a_door_node_is_as_wide_as_it_says_and_lies_along_its_wall(
    read: Callable[[Osm], IndoorMap],
) -> None:
    made = corridor()
    made.area(box(0, 4, 8, 8), "0", indoor="room", name="X-ray")
    door = made.node((3, 4), door="hinged", level="0", width="1.4")
    (x1, y1), (x2, y2) = read(made).door(door).line
    assert abs(x2 - x1) == pytest.approx(1.4)
    assert y1 == pytest.approx(y2, abs=1e-3)


@pytest.mark.parametrize(
    ("tags", "joined"),
    [({"access": "private"}, False), ({"entrance": "emergency"}, False), ({"door": "no"}, True)],
    ids=str,
)
def test_doors_that_the_public_can_take(
    read: Callable[[Osm], IndoorMap], tags: dict[str, str], joined: bool
) -> None:
    made = corridor()
    made.area(box(0, 4, 8, 8), "0", indoor="room", name="X-ray")
    door = made.node((3, 4), **{"door": "yes", "level": "0", **tags})
    assert (door in {d.id for d in read(made).doors}) is joined


def test_steps_at_a_door_and_revolving_doors_stop_a_wheelchair(
    read: Callable[[Osm], IndoorMap],
) -> None:
    made = corridor()
    spoilt = ({"wheelchair": "no"}, {"door": "revolving"}, {"step_count": "2"}, {"door": "yes"})
    doors = [
        made.node((x, 0), **{"entrance": "yes", **tags})
        for x, tags in zip((2, 6, 10, 14), spoilt, strict=True)
    ]
    map_ = read(made)
    assert [map_.door(door).step_free for door in doors] == [False, False, False, True]


def test_the_entrance_of_a_shop_inside_is_no_entrance_of_the_building(
    read: Callable[[Osm], IndoorMap],
) -> None:
    made = corridor()
    made.area(box(0, 4, 8, 8), "0", indoor="room", shop="books", name="Books", door="yes")
    door = made.node((3, 4), entrance="yes", level="0")
    map_ = read(made)
    assert not map_.door(door).entrance
    assert named(map_, "Books").kind == "department"


def test_a_door_without_a_level_is_on_each_floor_where_it_lies_in_a_wall(
    read: Callable[[Osm], IndoorMap],
) -> None:
    made = osm_clinic()
    door = made.node((12, 8), door="yes")
    assert {d.id for d in read(made).doors} >= {f"{door}@0", f"{door}@1"}


def test_an_entrance_without_a_level_is_on_the_ground(read: Callable[[Osm], IndoorMap]) -> None:
    made = osm_clinic()
    made.area(box(0, 0, 28, 4), "-1", indoor="corridor", level__ref="B1")
    map_ = read(made)
    assert [map_.floor(p.floor).short_name for p in map_.places if p.kind == "entrance"] == ["1F"]


def test_a_shaft_on_several_levels_is_a_lift_on_each(read: Callable[[Osm], IndoorMap]) -> None:
    made = Osm()
    for level in ("-1", "0", "1"):
        made.area(box(0, 0, 20, 4), level, indoor="corridor", level__ref=f"L{level}")
    shaft = made.area(box(0, 4, 2, 6), "-1-1", highway="elevator", name="Lift")
    (lift,) = read(made).connectors
    assert lift.id == shaft
    assert lift.spaces == (f"{shaft}@-1", f"{shaft}@0", f"{shaft}@1")


def test_shafts_drawn_on_each_level_are_one_lift(read: Callable[[Osm], IndoorMap]) -> None:
    made = Osm()
    for level in ("0", "1"):
        made.area(box(0, 0, 20, 4), level, indoor="corridor", level__ref=f"L{level}")
        made.area(box(0, 4, 2, 6), level, indoor="room", room="elevator")
    (lift,) = read(made).connectors
    assert lift.kind == "lift"
    assert len(lift.spaces) == 2


def test_a_lift_that_is_a_point_is_a_cabin_with_a_door_to_the_corridor(
    read: Callable[[Osm], IndoorMap],
) -> None:
    made = Osm()
    for level in ("0", "1"):
        made.area(box(0, 0, 20, 4), level, indoor="corridor", level__ref=f"L{level}")
    node = made.node((10, 2), highway="elevator", level="0;1", ref="B")
    map_ = read(made)
    (lift,) = map_.connectors
    assert lift.names == {"en": "Lift B", "zh": "B号电梯"}
    for door in map_.doors:
        assert {map_.space(space).kind for space in door.spaces} == {"lift", "walkway"}
    assert [door.id for door in map_.doors] == [f"{node}@0/door", f"{node}@1/door"]


def test_a_lift_that_is_a_point_in_a_small_room_is_that_room(
    read: Callable[[Osm], IndoorMap],
) -> None:
    made = Osm()
    for level in ("0", "1"):
        made.area(box(0, 0, 20, 4), level, indoor="corridor", level__ref=f"L{level}")
    shaft = made.area(box(0, 4, 2, 6), "0;1", indoor="room")
    made.node((1, 5), highway="elevator", level="0;1", name="Lift B")
    map_ = read(made)
    (lift,) = map_.connectors
    assert lift.spaces == (f"{shaft}@0", f"{shaft}@1")
    assert {place.space for place in map_.places if place.kind == "lift"} == set(lift.spaces)


@pytest.mark.parametrize(
    ("incline", "low", "high"), [("up", (0, 6), (0, 2)), ("down", (0, 2), (0, 6))]
)
def test_stairs_that_are_a_line_are_left_at_their_upper_end_upstairs(
    read: Callable[[Osm], IndoorMap], incline: str, low: tuple[int, int], high: tuple[int, int]
) -> None:
    made = Osm()
    for level in ("0", "1"):
        made.area(box(-8, -2, 8, 2), level, indoor="corridor", level__ref=f"L{level}")
        made.area(box(-8, 6, 8, 10), level, indoor="corridor")
    stairs = made.way([(0, 6), (0, 2)], "0;1", highway="steps", incline=incline)
    map_ = read(made)
    (connector,) = map_.connectors
    assert connector.kind == "stairs"
    assert connector.spaces == (f"{stairs}@0", f"{stairs}@1")
    ys = [door.line[0][1] for door in sorted(map_.doors, key=lambda door: door.floor)]
    assert ys[0] - ys[1] == pytest.approx(low[1] - high[1])
    assert all(len(door.spaces) == 2 and not door.step_free for door in map_.doors)


@pytest.mark.parametrize(
    ("conveying", "incline", "direction"),
    [
        ("forward", "up", "up"),
        ("backward", "up", "down"),
        ("forward", "down", "down"),
        ("backward", "down", "up"),
        ("reversible", "up", "both"),
    ],
)
def test_an_escalator_goes_where_its_tags_say(
    read: Callable[[Osm], IndoorMap], conveying: str, incline: str, direction: str
) -> None:
    made = osm_clinic()
    made.way([(4, 1), (10, 1)], "0;1", highway="steps", conveying=conveying, incline=incline)
    (escalator,) = [c for c in read(made).connectors if c.kind == "escalator"]
    assert escalator.direction == direction


def test_an_escalator_that_does_not_say_is_told(read: Callable[[Osm], IndoorMap]) -> None:
    made = osm_clinic()
    made.way([(4, 1), (10, 1)], "0;1", highway="steps", conveying="yes")
    assert any("doesn't say which way it goes" in warning for warning in read(made).warnings)


def test_a_line_of_a_corridor_is_a_strip_cut_off_at_rooms(
    read: Callable[[Osm], IndoorMap],
) -> None:
    made = Osm()
    made.area(box(10, -5, 20, 5), "0", indoor="room", name="Hall", level__ref="1F")
    way = made.way([(0, 0), (10, 0)], "0", highway="corridor")
    door = made.node((10, 0), door="yes", level="0")
    map_ = read(made)
    # Two metres wide and a metre on beyond its open end.
    assert shape_of(map_.space(way).areas).area == pytest.approx(22, abs=0.01)
    assert len(map_.door(door).spaces) == 2


def test_steps_in_a_corridor_leave_no_way_past_them(read: Callable[[Osm], IndoorMap]) -> None:
    made = Osm()
    made.way([(0, 0), (10, 0)], "0", highway="corridor", level__ref="1F")
    steps = made.way([(10, 0), (12, 0)], "0", highway="steps")
    made.way([(12, 0), (20, 0)], "0", highway="corridor")
    map_ = read(made)
    walkways = [shape_of(s.areas) for s in map_.spaces if s.kind == "walkway"]
    assert walkways[0].distance(walkways[1]) > 1.5
    assert [set(door.spaces) & {steps} for door in map_.doors] == [{steps}] * 2
    assert not any(door.step_free for door in map_.doors)


def test_a_sloping_footway_of_two_levels_is_a_ramp(read: Callable[[Osm], IndoorMap]) -> None:
    made = osm_clinic()
    made.way([(28, 8), (12, 2)], "0;1", highway="footway", incline="up")
    (ramp,) = [c for c in read(made).connectors if c.kind == "ramp"]
    assert ramp.step_free


def test_rooms_are_cut_out_of_an_area_drawn_over_them(read: Callable[[Osm], IndoorMap]) -> None:
    made = Osm()
    hall = made.area(box(0, 0, 20, 10), "0", indoor="area", level__ref="1F")
    made.area(box(8, 4, 12, 6), "0", indoor="room", name="Kiosk")
    (area,) = read(made).space(hall).areas
    assert len(area.holes) == 1


def test_a_room_drawn_as_a_closed_line_is_a_room(read: Callable[[Osm], IndoorMap]) -> None:
    made = corridor()
    ring = [*box(0, 4, 8, 8), (0.0, 4.0)]
    room = made.way(ring, "0", indoor="room", name="Laboratory")
    assert read(made).space(room).kind == "room"


def test_a_room_repeated_on_floors_is_on_each(read: Callable[[Osm], IndoorMap]) -> None:
    made = Osm()
    made.area(box(0, 0, 20, 4), "0", indoor="corridor", level__ref="1F", repeat_on="1-2")
    made.area(box(0, 4, 4, 8), "0", indoor="room", amenity="toilets", repeat_on="1;2")
    map_ = read(made)
    assert len({place.floor for place in map_.places if place.kind == "toilet"}) == 3
    assert {space.kind for space in map_.spaces} == {"walkway", "room"}


@pytest.mark.parametrize(
    "tags",
    [
        {"access": "private"},
        {"operational_status": "closed"},
        {"disused": "yes"},
        {"opening_hours": "off"},
    ],
    ids=str,
)
def test_what_is_private_or_out_of_use_is_closed(
    read: Callable[[Osm], IndoorMap], tags: dict[str, str]
) -> None:
    made = corridor()
    room = made.area(box(0, 4, 8, 8), "0", indoor="room", name="Store", **tags)
    map_ = read(made)
    assert map_.space(room).kind == "closed"
    assert named(map_, "Store").closed


def test_a_point_in_a_room_is_a_place_there(read: Callable[[Osm], IndoorMap]) -> None:
    made = corridor()
    room = made.area(box(0, 4, 8, 8), "0", indoor="room")
    made.node((4, 6), amenity="pharmacy", name="Apotheke", level="0")
    pharmacy = named(read(made), "Apotheke")
    assert (pharmacy.kind, pharmacy.space) == ("department", room)


def test_a_point_outside_of_everything_is_told(read: Callable[[Osm], IndoorMap]) -> None:
    made = corridor()
    node = made.node((4, 60), amenity="pharmacy", name="Pharmacy", level="0")
    map_ = read(made)
    assert named(map_, "Pharmacy").space is None
    assert any(
        f"pharmacy {node} “Pharmacy” in map.geojson: lies in no room" in warning
        for warning in map_.warnings
    )


@pytest.mark.parametrize(
    ("tags", "names"),
    [
        ({"name": "眼科"}, {"zh": "眼科"}),
        ({"name": "Eye Clinic"}, {"en": "Eye Clinic"}),
        ({"name": "眼科 Eye", "name:en": "Eye"}, {"en": "Eye", "zh": "眼科 Eye"}),
        ({"name": "Augenklinik", "addr:country": "DE"}, {"de": "Augenklinik"}),
        ({"name": "がんか"}, {"ja": "がんか"}),
        ({"name": "Ögon"}, {"und": "Ögon"}),
        ({"name": "Eye", "name:en": "Eye", "name:etymology:wikidata": "Q1"}, {"en": "Eye"}),
        ({"ref": "401"}, {"en": "401"}),
    ],
    ids=str,
)
def test_a_plain_name_is_in_the_language_it_looks_written_in(
    read: Callable[[Osm], IndoorMap], tags: dict[str, str], names: dict[str, str]
) -> None:
    made = corridor()
    room = made.area(box(0, 4, 8, 8), "0", indoor="room", **tags)
    assert [p.names for p in read(made).places if p.id == room] == [names]


@pytest.mark.parametrize(
    ("tags", "short_names"),
    [
        ({"addr__country": "CN"}, ["1F", "2F"]),
        ({"name": "医院"}, ["1F", "2F"]),
        ({"addr__country": "DE"}, ["0", "1"]),
        ({}, ["0", "1"]),
    ],
    ids=str,
)
def test_floors_without_a_ref_are_called_as_signs_of_the_country_do(
    read: Callable[[Osm], IndoorMap], tags: dict[str, str], short_names: list[str]
) -> None:
    made = Osm()
    for level in ("0", "1"):
        made.area(box(0, 0, 20, 4), level, indoor="corridor", **tags)
    map_ = read(made)
    assert [floor.short_name for floor in map_.floors] == short_names
    assert sum("has no level:ref" in warning for warning in map_.warnings) == 2


def test_a_lift_out_of_order_joins_nothing(read: Callable[[Osm], IndoorMap]) -> None:
    made = Osm()
    for level in ("0", "1"):
        made.area(box(0, 0, 20, 4), level, indoor="corridor", level__ref=f"L{level}")
    tags = {"highway": "elevator", "operational_status": "broken", "name": "Lift B"}
    made.area(box(0, 4, 2, 6), "0;1", **tags)
    map_ = read(made)
    assert map_.connectors == ()
    assert [place.closed for place in map_.places] == [True, True]


@pytest.mark.parametrize(
    ("tags", "name"),
    [
        ({"male": "yes"}, "男卫生间"),
        ({"female": "yes"}, "女卫生间"),
        ({"male": "yes", "female": "yes"}, "卫生间"),
        ({"wheelchair": "designated"}, "无障碍卫生间"),
        ({"unisex": "yes", "male": "yes"}, "卫生间"),
    ],
    ids=str,
)
def test_toilets_are_named_by_whom_they_are_for(
    read: Callable[[Osm], IndoorMap], tags: dict[str, str], name: str
) -> None:
    made = corridor()
    made.area(box(0, 4, 8, 8), "0", indoor="room", amenity="toilets", **tags)
    (toilets,) = [place for place in read(made).places if place.kind == "toilet"]
    assert toilets.names["zh"] == name


def test_a_mezzanine_is_a_floor_between(read: Callable[[Osm], IndoorMap]) -> None:
    made = Osm()
    for level in ("-1", "0", "0.5", "1"):
        made.area(box(0, 0, 20, 4), level, indoor="corridor", level__ref=f"L{level}")
    floors = [(floor.ordinal, floor.short_name) for floor in read(made).floors]
    assert floors == [(-1, "L-1"), (0, "L0"), (1, "L0.5"), (2, "L1")]


def test_the_neighbours_are_not_the_building(read: Callable[[Osm], IndoorMap]) -> None:
    made = osm_clinic()
    made.add(made.places.polygon(box(50, 0, 90, 90)), {"building": "yes", "name": "Next Door"})
    made.add(None, {"building": "yes", "name": "Nowhere"})
    made.node((60, 0), entrance="yes")
    map_ = read(made)
    assert map_.names["en"] == "Small Clinic"
    assert [place.kind for place in map_.places].count("entrance") == 1


def test_outdoor_features_are_no_part_of_the_map(read: Callable[[Osm], IndoorMap]) -> None:
    made = osm_clinic()
    made.add({"type": "Sphere"}, {"highway": "residential", "name": "Street"})
    made.add({"type": "Point", "coordinates": [0, 0]}, {"amenity": "bench"})
    assert read(made).warnings == ()


def test_a_level_that_is_none_is_told_with_its_feature(tmp_path: Path) -> None:
    made = corridor()
    room = made.area(box(0, 4, 8, 8), "zwei", indoor="room", name="Lab")
    problem = check_map(made.file(tmp_path / "map.geojson"))[0]
    assert problem.feature == f"room {room} “Lab” in map.geojson"
    assert problem.says == "has the level 'zwei'"
    assert problem.mend == "write levels as 1, 0;1 or 0-3"


def test_a_room_without_a_level_is_told_and_left_out(tmp_path: Path) -> None:
    made = corridor()
    room = made.add(made.places.polygon(box(0, 4, 8, 8)), {"indoor": "room", "name": "Lab"})
    warnings = load_map(made.file(tmp_path / "map.geojson")).warnings
    assert any(f"room {room} “Lab”" in w and "has no level" in w for w in warnings)


def test_a_file_without_levels_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "roads.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": []}), "utf-8")
    with pytest.raises(MapError, match=r"roads\.geojson: has no feature with a level"):
        load_map(path)
