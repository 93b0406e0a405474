"""How a map's source is told apart, what is refused, and how hostile ones end."""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deixis.tools.maps import load_map as exported
from deixis.tools.maps._checks import check_map
from deixis.tools.maps._loading import load_map
from deixis.tools.maps._map import IndoorMap, MapError
from deixis.tools.maps._router import RouteOptions, Router
from tests.tools.maps.building import Clinic, Imdf, Osm, box, osm_clinic

MB = 1 << 20


def test_the_package_gives_the_loader() -> None:
    assert exported is load_map


def test_a_folder_a_zip_and_a_zipped_folder_give_the_same_map(tmp_path: Path) -> None:
    clinic = Clinic()
    maps = [
        load_map(clinic.folder(tmp_path / "clinic")),
        load_map(str(clinic.zip(tmp_path / "clinic.zip"))),
        load_map(clinic.zip(tmp_path / "mac.zip", inside="clinic/")),
    ]
    assert maps[0] == maps[1] == maps[2]


def test_a_source_is_told_by_its_content_not_its_name(tmp_path: Path) -> None:
    assert load_map(Clinic().zip(tmp_path / "clinic.json")).country == "CN"
    assert load_map(osm_clinic().file(tmp_path / "clinic.zip")).country == "CN"


def test_a_mark_at_the_beginning_of_a_file_is_no_harm(tmp_path: Path) -> None:
    path = osm_clinic().file(tmp_path / "clinic.geojson")
    path.write_text(path.read_text("utf-8"), "utf-8-sig")
    assert len(load_map(path).floors) == 2


def test_files_that_are_none_of_imdf_are_told(tmp_path: Path) -> None:
    folder = Clinic().folder(tmp_path)
    (folder / "notes.txt").write_text("hello", "utf-8")
    (folder / "turnstile.geojson").write_text('{"type": "FeatureCollection"}', "utf-8")
    assert load_map(folder).warnings == (
        "notes.txt: is no file of IMDF, and wasn't read: leave it out",
        "turnstile.geojson: is no file of IMDF, and wasn't read: leave it out",
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is not JSON"),
        ("{", "is not JSON"),
        ("[]", "is no JSON object"),
        ("{}", "is no FeatureCollection"),
        ('{"type": "FeatureCollection", "features": 3}', "is no FeatureCollection"),
        ('{"version": 0.6, "elements": []}', "is Overpass JSON, not GeoJSON"),
        ("<?xml version='1.0'?><osm/>", "is XML"),
        ('{"features": [{"feature_type": "unit"}]}', "is one file of an IMDF archive"),
        ("[" * 100_000, "is nested too deeply"),
        ('{"a":' * 100_000, "is nested too deeply"),
        ('{"type": ' + "1" * 5000 + "}", "is not JSON"),
    ],
    ids=lambda text: text[:20],
)
def test_what_is_no_map_is_refused_in_a_line(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "a.geojson"
    path.write_text(text, "utf-8")
    with pytest.raises(MapError) as error:
        load_map(path)
    assert str(error.value).startswith(f"a.geojson: {says}")
    assert "\n" not in str(error.value)
    assert check_map(path) == error.value.problems


def test_text_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.geojson"
    path.write_bytes('{"name": "耳鼻喉科"}'.encode("gb18030"))
    with pytest.raises(MapError, match="is not UTF-8"):
        load_map(path)


def test_what_is_not_there_and_what_is_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MapError, match="is not there"):
        load_map(tmp_path / "none")
    with pytest.raises(MapError, match=r"holds no manifest\.json"):
        load_map(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(MapError, match="is no file or folder"):
        load_map(tmp_path / "pipe")
    for name in ("a\0b", "~nobody-here/map", "a" * 5000):
        with pytest.raises(MapError, match="check the path"):
            load_map(name)


def test_a_name_of_a_file_that_is_no_text_is_shown_as_far_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"a\xff\nb.geojson")
    path.write_text("{", "utf-8")
    with pytest.raises(MapError, match=r"^a\? b\.geojson: is not JSON"):
        load_map(path)


def test_the_folder_one_is_in_has_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    with pytest.raises(MapError, match=r"^empty: holds no manifest"):
        load_map(".")


def test_a_file_of_an_archive_alone_is_refused_with_advice(tmp_path: Path) -> None:
    folder = Clinic().folder(tmp_path)
    for name in ("manifest.json", "unit.geojson"):
        with pytest.raises(MapError, match="give the folder or the zip it is in"):
            load_map(folder / name)


def test_the_first_problems_are_in_the_line_and_the_rest_are_counted(tmp_path: Path) -> None:
    clinic = Clinic()
    for unit in clinic.files["unit"][:5]:
        unit["geometry"] = None
    with pytest.raises(MapError) as error:
        load_map(clinic.folder(tmp_path / "clinic"))
    assert str(error.value).startswith("clinic can't be used: unit ")
    assert str(error.value).count("has no geometry") == 3
    assert str(error.value).endswith("; and 2 more")
    assert sum(problem.serious for problem in error.value.problems) == 5


# --- what was read can be walked


def distance_to(map_: IndoorMap, name: str, *, step_free: bool) -> float:
    start = map_.main_entrance
    (end,) = [place for place in map_.places if name in place.names.values()]
    assert start is not None
    return Router(map_).way(start, end, RouteOptions(step_free=step_free)).distance_m


@pytest.mark.parametrize("step_free", [True, False])
def test_a_way_is_as_long_in_either_format(tmp_path: Path, step_free: bool) -> None:
    imdf = load_map(Clinic().folder(tmp_path / "clinic"))
    unlinked = load_map(Clinic(linked=False).folder(tmp_path / "unlinked"))
    osm = load_map(osm_clinic().file(tmp_path / "clinic.geojson"))
    ways = [distance_to(map_, "ENT", step_free=step_free) for map_ in (imdf, unlinked, osm)]
    assert ways == [pytest.approx(ways[0], abs=1e-3)] * 3


def test_a_building_of_lines_and_points_can_be_walked(tmp_path: Path) -> None:
    made = Osm()
    for level in ("0", "1"):
        made.way([(0, 0), (20, 0)], level, highway="corridor", level__ref=f"L{level}")
        made.way([(20, 0), (20, 10)], level, highway="corridor")
    made.node((10, 0), highway="elevator", level="0;1")
    made.way([(20, 10), (20, 16)], "0;1", highway="steps", incline="up")
    made.way([(20, 16), (30, 16)], "1", highway="corridor")
    made.area(box(5, 1, 9, 5), "1", indoor="room", name="Laboratory")
    made.node((7, 1), door="yes", level="1")
    made.area(box(30, 14, 34, 18), "1", indoor="room", name="Radiology")
    made.node((30, 16), door="yes", level="1")
    made.node((-1, 0), entrance="main")
    map_ = load_map(made.file(tmp_path / "lines.geojson"))
    assert distance_to(map_, "Laboratory", step_free=True) == pytest.approx(18, abs=1)
    assert distance_to(map_, "Radiology", step_free=False) == pytest.approx(56, abs=2)
    with pytest.raises(MapError, match="no step-free way"):
        distance_to(map_, "Radiology", step_free=True)


# --- archives that mean harm


def zipped(path: Path, files: dict[str, str]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return path


@pytest.mark.parametrize("name", ["../x.geojson", "/etc/x", "a/../../x", "..\\x.geojson"])
def test_a_name_that_leads_out_of_the_archive_is_refused(tmp_path: Path, name: str) -> None:
    path = zipped(tmp_path / "a.zip", {**Clinic().texts(), name: "{}"})
    with pytest.raises(MapError, match=r"a\.zip: holds the file"):
        load_map(path)


def test_an_archive_that_unpacks_to_a_flood_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {**Clinic().texts(), "detail.geojson": " " * (65 * MB)})
    assert path.stat().st_size < MB
    with pytest.raises(MapError, match="unpacks to over 64 MB"):
        load_map(path)


def test_an_archive_that_lies_about_its_size_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"manifest.json": "{}", "unit.geojson": " " * (2 * MB)})
    data = path.read_bytes()
    path.write_bytes(data.replace((2 * MB).to_bytes(4, "little"), (9).to_bytes(4, "little")))
    with pytest.raises(MapError, match="is a zip that can't be read"):
        load_map(path)


def test_an_archive_of_very_many_files_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {f"{i}.geojson": "" for i in range(201)})
    with pytest.raises(MapError, match="holds over 200 files"):
        load_map(path)
    for i in range(201):
        (tmp_path / f"{i}.geojson").touch()
    with pytest.raises(MapError, match="holds over 200 files"):
        load_map(tmp_path)


@pytest.mark.parametrize("cut", [5, 100, 1000])
def test_a_zip_that_breaks_off_is_refused(tmp_path: Path, cut: int) -> None:
    path = Clinic().zip(tmp_path / "a.zip")
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(MapError, match="is a zip that can't be read"):
        load_map(path)


def test_an_encrypted_zip_is_refused(tmp_path: Path) -> None:
    path = Clinic().zip(tmp_path / "a.zip")
    data = bytearray(path.read_bytes())
    at = data.rindex(b"PK\x01\x02")
    while at >= 0:
        data[at + 8] |= 1
        at = data.rfind(b"PK\x01\x02", 0, at)
    path.write_bytes(bytes(data))
    with pytest.raises(MapError, match="is a zip that can't be read"):
        load_map(path)


def test_names_are_cleaned_of_what_is_not_seen(tmp_path: Path) -> None:
    clinic = Clinic()
    name = {"en": "E\u202eN\x00T\ud800\n\tDesk \u200b", "zh": "\ufeff耳鼻喉科\u2066"}
    clinic.feature(clinic.ent_place)["properties"]["name"] = name
    map_ = load_map(clinic.folder(tmp_path))
    assert map_.place(clinic.ent_place).names == {"en": "ENT Desk", "zh": "耳鼻喉科"}
    str(map_).encode("utf-8")


def test_a_name_of_ten_thousand_characters_is_cut_with_a_warning(tmp_path: Path) -> None:
    clinic = Clinic()
    clinic.feature(clinic.ent_place)["properties"]["name"] = {"en": "ENT " * 2500}
    map_ = load_map(clinic.folder(tmp_path))
    assert len(map_.place(clinic.ent_place).names["en"]) <= 200
    (warning,) = map_.warnings
    assert "has an overlong name" in warning
    assert len(warning) < 300


def test_a_file_of_200_000_features_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.geojson"
    features = ",".join(["{}"] * 200_000)
    path.write_text(f'{{"type": "FeatureCollection", "features": [{features}]}}', "utf-8")
    with pytest.raises(MapError, match="holds over 100,000 features"):
        load_map(path)


def test_a_file_of_millions_of_empty_lists_is_refused_unparsed(tmp_path: Path) -> None:
    path = tmp_path / "a.geojson"
    path.write_text("[" + "[]," * 4_000_000 + "[]]", "utf-8")
    with pytest.raises(MapError, match="holds too many coordinates"):
        load_map(path)


def test_a_small_file_of_very_many_levels_is_refused(tmp_path: Path) -> None:
    made = Osm()
    for i in range(600):
        made.area(box(i, 0, i + 1, 1), "0-199", indoor="room")
    with pytest.raises(MapError, match="has over 100,000 rooms"):
        load_map(made.file(tmp_path / "tower.geojson"))
    made.area(box(0, 0, 1, 1), "200-300", indoor="room")
    with pytest.raises(MapError, match="has 301 levels"):
        load_map(made.file(tmp_path / "tower.geojson"))


def test_an_outline_of_very_many_points_is_told(tmp_path: Path) -> None:
    made = osm_clinic()
    made.area([(i * 1e-4, (i % 2) * 5) for i in range(20_001)], "0", indoor="room")
    problem = check_map(made.file(tmp_path / "a.geojson"))[0]
    assert problem.says == "has over 20,000 points"


def test_a_file_over_the_limit_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.geojson"
    with path.open("wb") as file:
        file.truncate(65 * MB)
    with pytest.raises(MapError, match="is over 64 MB"):
        load_map(path)


def test_a_map_across_the_180th_meridian_is_told(tmp_path: Path) -> None:
    clinic = Clinic((179.9999, 10.0))
    for unit in clinic.files["unit"]:
        for point in unit["geometry"]["coordinates"][0]:
            point[0] = (point[0] + 180) % 360 - 180
    with pytest.raises(MapError, match="crosses the 180° meridian"):
        load_map(clinic.folder(tmp_path))


def test_a_map_of_a_pole_is_told(tmp_path: Path) -> None:
    made = Imdf()
    points = [[0, 89.99], [0.05, 89.99], [0.05, 89.992], [0, 89.99]]
    ring: dict[str, Any] = {"type": "Polygon", "coordinates": [points]}
    floor = made.add("level", None, ordinal=0)
    made.add("unit", ring, level_id=floor, category="room")
    with pytest.raises(MapError, match="too near a pole"):
        load_map(made.folder(tmp_path))


# --- anything may stand in a file

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
ours = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def read_or_refused(path: Path) -> IndoorMap | MapError:
    try:
        return load_map(path)
    except MapError as error:
        refused = error
    assert refused.problems
    assert "\n" not in str(refused)
    return refused


@ours
@given(data=st.data(), value=json_values)
def test_any_value_anywhere_in_an_archive_is_read_or_refused(
    tmp_path: Path, data: st.DataObject, value: object
) -> None:
    clinic = Clinic()
    kind = data.draw(st.sampled_from(sorted(clinic.files)))
    feature = data.draw(st.sampled_from(clinic.files[kind]))
    where = data.draw(st.sampled_from(["feature", "properties"]))
    target = feature if where == "feature" else feature["properties"]
    target[data.draw(st.sampled_from(sorted(target)))] = value
    read_or_refused(clinic.folder(tmp_path / "clinic"))


@ours
@given(data=st.data(), value=json_values)
def test_any_value_anywhere_in_openstreetmap_is_read_or_refused(
    tmp_path: Path, data: st.DataObject, value: object
) -> None:
    made = osm_clinic(nested=data.draw(st.booleans()))
    feature = data.draw(st.sampled_from(made.features))
    where = data.draw(st.sampled_from(["feature", "properties"]))
    target = feature if where == "feature" else feature["properties"]
    target[data.draw(st.sampled_from(sorted(target)))] = value
    read_or_refused(made.file(tmp_path / "clinic.geojson"))


@ours
@given(
    rings=st.lists(
        st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=8), max_size=3
    )
)
def test_any_rings_are_read_or_refused(tmp_path: Path, rings: list[list[tuple[int, int]]]) -> None:
    clinic = Clinic()
    geometry = {
        "type": "Polygon",
        "coordinates": [[list(clinic.places.point(p)["coordinates"]) for p in r] for r in rings],
    }
    clinic.feature(clinic.pharmacy)["geometry"] = geometry
    found = read_or_refused(clinic.folder(tmp_path / "clinic"))
    if isinstance(found, MapError):
        assert clinic.pharmacy in str(found)


@ours
@given(st.binary(max_size=200))
def test_any_bytes_are_refused(tmp_path: Path, data: bytes) -> None:
    for head in (b"", b"PK\x03\x04", b'{"type": "FeatureCollection", "features": ['):
        path = tmp_path / "a"
        path.write_bytes(head + data)
        assert isinstance(read_or_refused(path), MapError)


@pytest.mark.slow
def test_a_large_house_is_read(tmp_path: Path) -> None:
    made = Osm()
    for level in range(8):
        made.area(box(0, 0, 600, 4), str(level), indoor="corridor", level__ref=f"{level + 1}F")
        for i in range(300):
            x = 2.0 * i
            made.area(box(x, 4, x + 2, 8), str(level), indoor="room", name=f"Room {level}{i:03}")
            made.node((x + 1, 4), door="yes", level=str(level))
    made.area(box(600, 0, 602, 4), "0-7", indoor="room", room="elevator")
    map_ = load_map(made.file(tmp_path / "house.geojson"))
    assert len(map_.places) == 8 * 300 + 8
    assert all(len(door.spaces) == 2 for door in map_.doors)
    assert json.dumps(map_.warnings)
