"""OpenStreetMap's rooms of several levels: high halls, and floors over each other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from deixis.tools.maps._loading import load_map
from deixis.tools.maps._map import IndoorMap
from tests.tools.maps.building import Osm, box, osm_clinic


@pytest.fixture
def read(tmp_path: Path) -> Callable[[Osm], IndoorMap]:
    """Loads a map from a file."""
    return lambda made: load_map(made.file(tmp_path / "map.geojson"))


def test_a_hall_of_two_storeys_has_its_floor_on_the_lower(read: Callable[[Osm], IndoorMap]) -> None:
    made = osm_clinic()
    hall = made.area(box(0, -10, 10, 0), "0-1", indoor="room", name="Atrium")
    map_ = read(made)
    assert [map_.space(f"{hall}@{level}").kind for level in (0, 1)] == ["room", "void"]
    assert [place.floor for place in map_.places if place.name("en") == "Atrium"] == ["level/0"]
    assert map_.warnings == (
        f"room {hall} “Atrium” in map.geojson: has no door on level 1, and is taken for air "
        "there: draw the door; or tag level=0, if it is a high hall",
    )


@pytest.mark.parametrize("levels", ["0-1", "0;1"])
def test_a_corridor_of_two_levels_has_a_floor_on_each(
    read: Callable[[Osm], IndoorMap], levels: str
) -> None:
    made = Osm()
    walk = made.area(box(0, 0, 20, 4), levels, indoor="corridor")
    made.area(box(0, 4, 8, 8), "1", indoor="room", name="ENT")
    map_ = read(made)
    assert [map_.space(f"{walk}@{level}").kind for level in (0, 1)] == ["walkway", "walkway"]


def test_a_room_with_a_door_on_both_levels_has_a_floor_on_each(
    read: Callable[[Osm], IndoorMap],
) -> None:
    made = osm_clinic()
    room = made.area(box(0, -10, 10, 0), "0-1", indoor="room", name="Library")
    made.node((4, 0), door="yes", level="1")
    map_ = read(made)
    assert [map_.space(f"{room}@{level}").kind for level in (0, 1)] == ["room", "room"]


def test_an_area_that_a_corridor_runs_into_has_a_floor_there(
    read: Callable[[Osm], IndoorMap],
) -> None:
    made = osm_clinic()
    area = made.area(box(0, -10, 10, 0), "0-1", indoor="area", name="Lounge")
    assert read(made).space(f"{area}@1").kind == "walkway"
