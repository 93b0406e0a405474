"""What is wrong with an IMDF archive is told with its feature, and how to mend it."""

from __future__ import annotations

from pathlib import Path

import pytest

from deixis.tools.maps._checks import check_map
from deixis.tools.maps._loading import load_map
from deixis.tools.maps._map import MapError
from tests.tools.maps.building import Clinic, box


def unit_and_file(id_: str, name: str) -> str:
    return f"unit {id_} “{name}” in unit.geojson"


def test_an_unknown_level_is_told_with_the_unit(tmp_path: Path) -> None:
    clinic = Clinic()
    clinic.feature(clinic.pharmacy)["properties"]["level_id"] = "nowhere"
    with pytest.raises(MapError) as error:
        load_map(clinic.folder(tmp_path))
    assert unit_and_file(clinic.pharmacy, "Pharmacy") in str(error.value)
    assert "names the level 'nowhere', which isn't there" in str(error.value)
    assert error.value.problems[0].mend == "give it the level_id of a level in level.geojson"


@pytest.mark.parametrize(
    ("geometry", "says"),
    [
        (None, "has no geometry"),
        ({"type": "Polygon", "coordinates": []}, "has no geometry"),
        ({"type": "Point", "coordinates": [113.35, 29.86]}, "is a point where a polygon"),
        ({"type": "Circle"}, "its geometry is a Circle"),
        ({"type": "Polygon", "coordinates": [[[1, 2], [3, 4]]]}, "its polygon has too few points"),
        ({"type": "Polygon", "coordinates": 7}, "its coordinates are malformed"),
        ({"type": "Polygon", "coordinates": [[["a", "b"]]]}, "its coordinates are malformed"),
        ("here", "its geometry is no object"),
    ],
    ids=str,
)
def test_a_broken_geometry_is_told_with_the_unit(
    tmp_path: Path, geometry: object, says: str
) -> None:
    clinic = Clinic()
    clinic.feature(clinic.pharmacy)["geometry"] = geometry
    problem = check_map(clinic.folder(tmp_path))[0]
    assert problem.serious
    assert problem.feature == unit_and_file(clinic.pharmacy, "Pharmacy")
    assert says in problem.says


def test_longitude_and_latitude_swapped_are_told(tmp_path: Path) -> None:
    clinic = Clinic()
    ring = clinic.feature(clinic.pharmacy)["geometry"]["coordinates"][0]
    for point in ring:
        point.reverse()
    problem = check_map(clinic.folder(tmp_path))[0]
    assert "longitude and latitude look swapped" in problem.says


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e400, 10**400])
def test_a_coordinate_that_is_no_number_is_told(tmp_path: Path, value: float) -> None:
    clinic = Clinic()
    clinic.feature(clinic.pharmacy)["geometry"]["coordinates"][0][1][0] = value
    problem = check_map(clinic.folder(tmp_path))[0]
    assert problem.feature == unit_and_file(clinic.pharmacy, "Pharmacy")
    assert "no finite number" in problem.says


def test_a_feature_on_another_continent_is_told(tmp_path: Path) -> None:
    clinic = Clinic()
    clinic.feature(clinic.ent)["geometry"] = {
        "type": "Polygon", "coordinates": [[[2, 48], [2.1, 48], [2.1, 48.1], [2, 48]]]
    }  # fmt: skip
    problem = check_map(clinic.folder(tmp_path))[0]
    assert problem.feature == f"unit {clinic.ent} in unit.geojson"
    assert "far from the rest of the map" in problem.says


def test_a_bow_tie_is_told_and_a_tiny_loop_is_mended(tmp_path: Path) -> None:
    clinic = Clinic()
    bow = clinic.places.polygon([(0, 4), (12, 12), (12, 4), (0, 12)])
    loop = [(0, 4), (12, 4), (12, 12), (11.9, 12.05), (12.05, 12.05), (0, 11.9)]
    clinic.feature(clinic.pharmacy)["geometry"] = bow
    clinic.feature(clinic.ent)["geometry"] = clinic.places.polygon(loop)
    told = {problem.feature: problem for problem in check_map(clinic.folder(tmp_path))}
    assert "has a broken outline (self-intersection near 113.35" in (
        told[unit_and_file(clinic.pharmacy, "Pharmacy")].says
    )
    mended = told[f"unit {clinic.ent} in unit.geojson"]
    assert not mended.serious
    assert "mended here" in mended.says


def test_an_id_used_twice_is_told(tmp_path: Path) -> None:
    clinic = Clinic()
    clinic.feature(clinic.ent)["id"] = clinic.pharmacy
    assert any(
        problem.says == "has the id of a unit in unit.geojson" and problem.serious
        for problem in check_map(clinic.folder(tmp_path))
    )


def test_copies_of_features_are_read_once_with_one_warning(tmp_path: Path) -> None:
    clinic = Clinic()
    clinic.files["unit"] *= 3
    (warning,) = load_map(clinic.folder(tmp_path)).warnings
    others = 2 * len(clinic.files["unit"]) // 3 - 1
    assert f"is there more than once, and so are {others} others: leave the copies" in warning


def test_a_missing_level_file_is_told_once(tmp_path: Path) -> None:
    clinic = Clinic()
    del clinic.files["level"]
    (problem,) = check_map(clinic.folder(tmp_path))
    assert problem.says == "holds no level.geojson"


def test_an_opening_that_touches_no_space_is_told_and_left_out(tmp_path: Path) -> None:
    clinic = Clinic()
    lost = clinic.opening(clinic.floors[0], (14, 1), (16, 1))
    map_ = load_map(clinic.folder(tmp_path))
    assert lost not in {door.id for door in map_.doors}
    assert map_.warnings == (
        f"opening {lost} in opening.geojson: lies on the border of no room or walkway: "
        "move it onto a wall; it is left out here",
    )


def test_a_floor_that_no_lift_reaches_is_told(tmp_path: Path) -> None:
    clinic = Clinic()
    clinic.unit(clinic.level(2, "3F"), "walkway", box(0, 0, 28, 4))
    warnings = load_map(clinic.folder(tmp_path)).warnings
    assert any("floor 3F" in w and "reached by no lift and no stairs" in w for w in warnings)


def test_a_relationship_to_nothing_is_told(tmp_path: Path) -> None:
    clinic = Clinic(linked=False)
    link = clinic.relationship("elevator", clinic.lifts[0], "gone")
    warnings = load_map(clinic.folder(tmp_path)).warnings
    assert any(f"relationship {link}" in w and "names 'gone'" in w for w in warnings)
    assert any(f"relationship {link}" in w and "fewer than two floors" in w for w in warnings)


@pytest.mark.parametrize(("version", "fine"), [("1.0.0", True), ("2.0", False), (None, False)])
def test_the_manifest_says_the_version(tmp_path: Path, version: object, fine: bool) -> None:
    clinic = Clinic()
    clinic.manifest["version"] = version
    problems = check_map(clinic.folder(tmp_path))
    assert (problems == ()) is fine
    assert fine or (problems[0].feature == "manifest.json" and problems[0].serious)


def test_an_occupant_without_an_anchor_is_told(tmp_path: Path) -> None:
    clinic = Clinic()
    clinic.feature(clinic.ent_place)["properties"]["anchor_id"] = "gone"
    (warning,) = load_map(clinic.folder(tmp_path)).warnings
    assert warning.startswith(f"occupant {clinic.ent_place} “ENT” in occupant.geojson")


def test_a_map_without_units_is_empty(tmp_path: Path) -> None:
    clinic = Clinic()
    del clinic.files["unit"], clinic.files["opening"], clinic.files["relationship"]
    with pytest.raises(MapError, match="has no rooms and no walkways"):
        load_map(clinic.folder(tmp_path))


@pytest.mark.parametrize(
    ("ordinal", "says"),
    [(None, "has no ordinal"), ("2", "has no ordinal"), (True, "has no ordinal"),
     (0.5, "has the ordinal 0.5"), (1e300, "has the ordinal 1e+300")],
)  # fmt: skip
def test_a_level_without_a_whole_ordinal_is_told(
    tmp_path: Path, ordinal: object, says: str
) -> None:
    clinic = Clinic()
    clinic.feature(clinic.floors[1])["properties"]["ordinal"] = ordinal
    problem = check_map(clinic.folder(tmp_path))[0]
    assert problem.feature == f"level {clinic.floors[1]} in level.geojson"
    assert problem.says == says


def test_lines_and_points_where_others_are_needed_are_told(tmp_path: Path) -> None:
    clinic = Clinic()
    desk = clinic.amenity([clinic.corridors[0]], (2, 2), "information")
    clinic.feature(desk)["geometry"] = clinic.places.line([(1, 1), (2, 2)])
    clinic.feature(clinic.main)["geometry"] = clinic.places.point((0, 2))
    clinic.feature(clinic.doors[0])["geometry"] = None
    told = {problem.feature: problem.says for problem in check_map(clinic.folder(tmp_path))}
    assert told[f"amenity {desk} in amenity.geojson"] == "is a line where a point is needed"
    assert told[f"opening {clinic.main} in opening.geojson"] == "is a point where a line is needed"
    assert told[f"opening {clinic.doors[0]} in opening.geojson"] == (
        "has no geometry where a line is needed"
    )


@pytest.mark.parametrize("name", [["ENT"], 7, {"en": 7}, {"en": " "}])
def test_a_department_whose_name_is_none_is_told_and_left_out(tmp_path: Path, name: object) -> None:
    clinic = Clinic()
    clinic.feature(clinic.ent_place)["properties"]["name"] = name
    map_ = load_map(clinic.folder(tmp_path))
    assert clinic.ent_place not in {place.id for place in map_.places}
    assert any(
        f"occupant {clinic.ent_place}" in warning and "has no name" in warning
        for warning in map_.warnings
    )


def test_a_plain_name_is_in_the_archives_language(tmp_path: Path) -> None:
    clinic = Clinic()
    clinic.manifest["language"] = "zh-CN"
    clinic.feature(clinic.ent_place)["properties"]["name"] = "耳鼻喉科"
    map_ = load_map(clinic.folder(tmp_path))
    assert map_.place(clinic.ent_place).names == {"zh-CN": "耳鼻喉科"}


def test_a_feature_without_an_id_is_told_by_its_number(tmp_path: Path) -> None:
    clinic = Clinic()
    clinic.feature(clinic.main)["id"] = None
    problem = check_map(clinic.folder(tmp_path))[0]
    assert str(problem) == "opening 1 in opening.geojson: has no id: give it a UUID"


def test_a_malformed_display_point_or_date_is_told(tmp_path: Path) -> None:
    clinic = Clinic()
    clinic.feature(clinic.pharmacy)["properties"]["display_point"] = {"type": "Point"} | {
        "coordinates": ["x"]
    }
    clinic.feature(clinic.ent_place)["properties"]["validity"] = {"end": "soon"}
    warnings = load_map(clinic.folder(tmp_path)).warnings
    assert any("has a malformed display_point" in warning for warning in warnings)
    assert any("has a malformed validity" in warning for warning in warnings)


def test_a_map_without_a_single_place_on_earth_is_refused(tmp_path: Path) -> None:
    clinic = Clinic()
    for features in clinic.files.values():
        for feature in features:
            feature["geometry"] = None
    with pytest.raises(MapError, match="has no feature with a place"):
        load_map(clinic.folder(tmp_path))
