"""The example hospital: made by its script, as the example sign says, in the words of IMDF."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import zipfile
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import pytest

from deixis.tools.maps import IndoorMap, Place, RouteOptions, Router, check_map, load_map
from deixis.tools.maps._geo import contains, overlap, shape_of, union

EXAMPLES = Path(__file__).parents[3] / "examples"
HOSPITAL = EXAMPLES / "maps" / "hospital"
GLOSSARY = Path(__file__).parents[3] / "vision" / "data" / "glossary" / "hospital.tsv"
FLOORS = ("1F", "2F", "3F", "4F")
UNITS = set(
    "elevator escalator lobby mothersroom nonpublic opentobelow ramp restroom "
    "restroom.unisex.wheelchair room stairs steps structure waitingroom walkway".split()
)

Feature = dict[str, Any]


@pytest.fixture(scope="module")
def hospital() -> IndoorMap:
    return load_map(HOSPITAL)


@pytest.fixture(scope="module")
def files() -> dict[str, list[Feature]]:
    return {
        path.stem: cast("list[Feature]", json.loads(path.read_text("utf-8"))["features"])
        for path in sorted(HOSPITAL.glob("*.geojson"))
    }


def signed(truth: dict[str, list[dict[str, Any]]]) -> Iterator[tuple[str, str]]:
    """Floor and name of every department that the example sign has on the map's floors."""
    for line in truth["hospital_zh.jpg"]:
        if line["role"] == "entry" and line["floor"] in FLOORS:
            for name in filter(None, re.split("[/（）]", line["text"])):
                yield line["floor"], name


def public(map_: IndoorMap) -> list[Place]:
    return [place for place in map_.places if not place.closed]


def test_the_script_writes_what_is_committed(tmp_path: Path) -> None:
    script = EXAMPLES / "maps" / "hospital.py"
    subprocess.run([sys.executable, str(script), str(tmp_path)], check=True, timeout=60)
    made = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert made == {path.name: path.read_bytes() for path in HOSPITAL.iterdir()}


def test_nothing_is_wrong_with_it(hospital: IndoorMap) -> None:
    assert check_map(HOSPITAL) == ()
    assert hospital.warnings == ()


def test_a_zip_of_it_is_the_same_map(hospital: IndoorMap, tmp_path: Path) -> None:
    packed = tmp_path / "hospital.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in HOSPITAL.iterdir():
            archive.write(path, path.name)
    assert load_map(packed) == hospital


def test_it_has_four_floors_in_china(hospital: IndoorMap) -> None:
    assert [(floor.ordinal, floor.short_name) for floor in hospital.floors] == list(
        enumerate(FLOORS)
    )
    assert hospital.country == "CN"


def test_every_department_of_the_sign_is_on_its_floor(
    hospital: IndoorMap, truth: dict[str, list[dict[str, Any]]]
) -> None:
    on_map = {(hospital.floor(p.floor).short_name, p.names.get("zh")) for p in hospital.places}
    assert set(signed(truth)) <= on_map


def test_departments_have_the_glossarys_english_names(
    hospital: IndoorMap, truth: dict[str, list[dict[str, Any]]]
) -> None:
    rows = [row.split("\t") for row in GLOSSARY.read_text("utf-8").splitlines() if row[0] != "#"]
    english = {zh: row[3].split("|") for row in rows for zh in row[2].split("|")}
    named = {place.names.get("zh"): place.names["en"] for place in hospital.places}
    known = {name for _, name in signed(truth) if name in english}
    assert len(known) > 30
    assert not [(name, named[name]) for name in known if named[name] not in english[name]]


def test_there_are_toilets_and_accessible_ones_on_every_floor(hospital: IndoorMap) -> None:
    toilets = Counter((p.floor, p.names["en"]) for p in hospital.places if p.kind == "toilet")
    expected = [(f.id, name) for f in hospital.floors for name in ("Toilets", "Accessible Toilet")]
    assert toilets == Counter(expected)


def test_lifts_stairs_and_escalators_join_the_floors(hospital: IndoorMap) -> None:
    found = {c.names["en"]: (c.kind, len(c.spaces), c.direction) for c in hospital.connectors}
    bed_lift = found.pop("Bed Lift", None)  # for staff, so it may be left out
    assert bed_lift in (None, ("lift", 4, "both"))
    assert found == {
        "Lift A": ("lift", 4, "both"),
        "Lift B": ("lift", 4, "both"),
        "Stairs A": ("stairs", 4, "both"),
        "Stairs B": ("stairs", 4, "both"),
        "Up Escalator": ("escalator", 2, "up"),
        "Down Escalator": ("escalator", 2, "down"),
    }


def test_one_comes_in_at_the_front_at_the_side_and_at_the_emergency(hospital: IndoorMap) -> None:
    entrances = {p.names["en"] for p in hospital.places if p.kind == "entrance"}
    assert entrances == {"Main Entrance", "Emergency Entrance", "Step-free Entrance"}
    assert hospital.main_entrance is not None
    assert hospital.main_entrance.names["zh"] == "正门"


def test_opening_hours_and_other_names_are_there(hospital: IndoorMap) -> None:
    places = {place.names["en"]: place for place in hospital.places}
    assert places["Emergency"].hours == "24/7"
    assert places["Pharmacy"].hours == "Mo-Su 08:00-21:00"
    assert "Ear, Nose and Throat" in places["ENT"].synonyms
    assert "耳鼻咽喉科" in places["ENT"].synonyms


def test_staff_rooms_are_closed(hospital: IndoorMap) -> None:
    closed = {place.names["en"] for place in hospital.places if place.closed}
    assert {"Doctors' Office", "Operating Room", "Delivery Ward"} <= closed


@pytest.mark.slow
def test_every_public_place_is_reached_from_the_entrance_without_a_step(
    hospital: IndoorMap,
) -> None:
    router = Router(hospital)
    assert hospital.main_entrance is not None
    options = RouteOptions(step_free=True)
    wanted = [p for p in public(hospital) if p.kind not in ("stairs", "escalator", "lift")]
    assert len(wanted) > 50
    for place in wanted:
        assert router.way(hospital.main_entrance, place, options).end == place


def test_ids_are_unique_and_every_reference_finds_its_feature(
    files: dict[str, list[Feature]],
) -> None:
    ids = [feature["id"] for features in files.values() for feature in features]
    assert len(set(ids)) == len(ids)
    assert all(UUID(id_).version == 5 for id_ in ids)
    known = {feature["id"]: kind for kind, features in files.items() for feature in features}
    for features in files.values():
        for feature in features:
            assert not [found for found in references(feature) if known.get(found[1]) != found[0]]


def references(feature: Feature) -> Iterator[tuple[str, str]]:
    """The kind and id of each feature that a feature names."""
    properties = cast("dict[str, Any]", feature["properties"])
    for key, value in properties.items():
        if value is None:
            continue
        if key.endswith("_id"):
            yield key.removesuffix("_id"), value
        if key.endswith("_ids"):
            yield from ((key.removesuffix("_ids"), one) for one in value)
        if key in ("origin", "destination"):
            yield value["feature_type"], value["id"]
        if key == "intermediary":
            yield from ((one["feature_type"], one["id"]) for one in value)


def test_features_say_what_they_are_in_imdfs_words(files: dict[str, list[Feature]]) -> None:
    for kind, features in files.items():
        assert {feature["feature_type"] for feature in features} == {kind}
    assert {unit["properties"]["category"] for unit in files["unit"]} == UNITS
    manifest = json.loads((HOSPITAL / "manifest.json").read_text("utf-8"))
    assert manifest["version"] == "1.0.0"


def test_rings_are_closed_and_run_as_geojson_wants(files: dict[str, list[Feature]]) -> None:
    shapes = [f["geometry"] for features in files.values() for f in features if f["geometry"]]
    polygons = [shape for shape in shapes if shape["type"] == "Polygon"]
    for shape in polygons:
        rings = cast("list[list[list[float]]]", shape["coordinates"])
        for number, ring in enumerate(rings):
            assert ring[0] == ring[-1]
            turn = sum((b[0] - a[0]) * (b[1] + a[1] - 2 * ring[0][1]) for a, b in pairwise(ring))
            assert (turn < 0) == (number == 0)


def test_the_rooms_of_a_floor_fill_it_and_none_covers_another(hospital: IndoorMap) -> None:
    for floor in hospital.floors:
        shapes = [shape_of(space.areas) for space in hospital.on_floor(floor.id)]
        pairs = [(a, b) for i, a in enumerate(shapes) for b in shapes[:i]]
        assert max(overlap(a, b) for a, b in pairs) < 0.01
        whole = shape_of(floor.outlines)
        assert abs(union(shapes).area - whole.area) < 0.1


def test_places_lie_in_their_spaces(hospital: IndoorMap) -> None:
    for place in hospital.places:
        assert place.space is not None
        assert contains(hospital.space(place.space).areas, place.at, within_m=0.3)
