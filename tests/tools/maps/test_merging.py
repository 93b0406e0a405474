"""Floors of one ordinal: two buildings that a door joins, and storeys numbered alike."""

from __future__ import annotations

from pathlib import Path

import pytest

from deixis.tools.maps._checks import check_map
from deixis.tools.maps._loading import load_map
from deixis.tools.maps._map import IndoorMap
from deixis.tools.maps._router import Router
from tests.tools.maps.building import XY, Clinic, Imdf, box


def terminals(*, short: tuple[str, str] = ("1F", "1F"), at: XY = (30, 2)) -> Imdf:
    """Two buildings side by side, of one floor each, with a door on their border."""
    made = Imdf()
    for number, west in enumerate((0, 30)):
        outline = made.places.polygon(box(west, 0, west + 30, 12))
        level = made.add("level", outline, ordinal=0, short_name={"en": short[number]})
        made.unit(level, "walkway", box(west, 0, west + 30, 4))
        made.unit(level, "room", box(west, 4, west + 30, 12), {"en": f"Hall {number + 1}"})
        made.opening(level, (west + 9, 4), (west + 10, 4))
        if number == 0:
            made.opening(level, (0, 1), (0, 3), "pedestrian.principal")
            made.opening(level, (at[0], at[1] - 1), (at[0], at[1] + 1))
    return made


def hall(map_: IndoorMap, number: int) -> str:
    (found,) = [place.id for place in map_.places if place.name("en") == f"Hall {number}"]
    return found


def test_a_door_between_two_buildings_is_gone_through(tmp_path: Path) -> None:
    map_ = load_map(terminals().folder(tmp_path))
    way = Router(map_).way(map_.place(hall(map_, 1)), map_.place(hall(map_, 2)))
    assert way.distance_m == pytest.approx(45, abs=2)
    assert map_.warnings == ()


def test_their_floors_are_one_with_both_outlines(tmp_path: Path) -> None:
    (floor,) = load_map(terminals().folder(tmp_path)).floors
    assert len(floor.outlines) == 2


def test_buildings_without_a_door_between_stay_two(tmp_path: Path) -> None:
    assert len(load_map(terminals(at=(0, 2)).folder(tmp_path)).floors) == 2


def test_a_door_between_floors_of_two_names_is_told(tmp_path: Path) -> None:
    warnings = load_map(terminals(short=("1F", "Arrivals")).folder(tmp_path)).warnings
    says = "joins the floors 1F and Arrivals of two buildings: give both the same short_name"
    assert any(says in warning for warning in warnings)


def test_storeys_of_one_ordinal_are_told_and_stay_apart(tmp_path: Path) -> None:
    clinic = Clinic()
    clinic.feature(clinic.floors[1])["properties"]["ordinal"] = 0
    told = [str(problem) for problem in check_map(clinic.folder(tmp_path))]
    assert (
        "levels 1F, 2F: lie over each other, and all have the ordinal 0: give each storey an "
        "ordinal of its own, 0 for the ground floor and 1 for the next"
    ) in told
