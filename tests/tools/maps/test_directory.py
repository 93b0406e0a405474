from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from deixis.tools.maps._directory import DirectoryEntry, SignAndMap, compare, read_directory
from deixis.tools.maps._map import IndoorMap
from deixis.vision import (
    Box,
    CachedReader,
    Detection,
    Quad,
    RapidReader,
    Reading,
    TextLine,
    VisionImage,
    load_image,
)
from tests.tools.maps.places import HOSPITAL, floor, place

ENT = Box(x1=438, y1=304.1, x2=566, y2=346.4)  # 耳鼻喉科 in truth.json


class Written:
    """A reader of a sign with a floor and a name on each of its rows."""

    def __init__(self, *rows: tuple[str, str]) -> None:
        self._rows = rows

    @property
    def settings(self) -> str:
        return "written"

    def read(self, image: VisionImage) -> Reading:
        lines = [
            TextLine(
                text=text,
                quad=Quad.of_box(Box(x1=x, y1=60 * at, x2=x + 25 * len(text), y2=60 * at + 30)),
                score=0.9,
            )
            for at, row in enumerate(self._rows)
            for x, text in zip((20.0, 150.0), row, strict=True)
            if text
        ]
        return Reading(lines=tuple(lines), size=image.size)


def entry(text: str, floor: str | None) -> DirectoryEntry:
    box = Box(x1=0, y1=0, x2=100, y2=20, image="img_1")
    return DirectoryEntry(
        text=text, floor=floor, detection=Detection(label=text, text=text, box=box, image="img_1")
    )


def names(*rows: tuple[str, str]) -> list[tuple[str | None, str]]:
    """The floors and names of a directory with these rows."""
    image = load_image(Image.new("RGB", (800, 1200), "white"))
    return [(e.floor, e.text) for e in read_directory(image, Written(*rows), handle="img_1")]


def compared(*said: tuple[str, str | None], map: IndoorMap = HOSPITAL) -> SignAndMap:  # noqa: A002
    return compare([entry(text, floor) for text, floor in said], map)


@pytest.fixture(scope="module")
def read(guide: VisionImage) -> tuple[DirectoryEntry, ...]:
    return read_directory(guide, CachedReader(RapidReader()), handle="img_1")


def test_the_guide_is_read_with_floors_and_places(read: tuple[DirectoryEntry, ...]) -> None:
    ent = next(entry for entry in read if entry.text == "耳鼻喉科")
    assert ent.floor == "4F"
    assert ent.detection.image == "img_1"
    box = ent.detection.box
    assert box is not None
    assert box.iou(ENT) > 0.7


def test_every_name_of_the_guide_is_an_entry(
    read: tuple[DirectoryEntry, ...], truth: dict[str, list[dict[str, str]]]
) -> None:
    drawn = {
        (line["floor"], line["text"])
        for line in truth["hospital_zh.jpg"]
        if line["role"] == "entry" and "/" not in line["text"]
    }
    assert drawn <= {(entry.floor, entry.text) for entry in read}


def test_a_line_may_hold_several_names(read: tuple[DirectoryEntry, ...]) -> None:
    on_first = [entry.text for entry in read if entry.floor == "1F"]
    assert {"检验科", "采血", "放射科", "CT室", "磁共振"} <= set(on_first)


def test_titles_and_notices_are_no_entries(read: tuple[DirectoryEntry, ...]) -> None:
    assert not [entry for entry in read if "导览" in entry.text or "吸烟" in entry.text]


def test_commas_within_a_name_divide_nothing() -> None:
    rows = names(("2F", "Ear, Nose & Throat"), ("1F", "Pharmacy | Cashier"))
    assert rows == [("2F", "Ear, Nose & Throat"), ("1F", "Pharmacy"), ("1F", "Cashier")]


def test_a_name_in_two_scripts_is_one() -> None:
    assert names(("2F", "眼科 Ophthalmology"), ("1F", "药房 Pharmacy")) == [
        ("2F", "眼科 Ophthalmology"),
        ("1F", "药房 Pharmacy"),
    ]


def test_the_floor_within_a_line_is_no_part_of_the_name() -> None:
    assert names(("", "耳鼻喉科……4F"), ("", "药房……1F"), ("", "骨科（2楼）")) == [
        ("4F", "耳鼻喉科"),
        ("1F", "药房"),
        ("2楼", "骨科"),
    ]


def test_telephones_and_times_are_no_entries() -> None:
    assert names(("1F", "药房"), ("", "010-12345678"), ("", "8:00-17:30")) == [("1F", "药房")]


@pytest.mark.parametrize("written", ["4F", "四楼", "L4", "4/F", "Level 4"])
def test_floors_are_compared_by_what_they_stand_for(written: str) -> None:
    both = compared(("耳鼻喉科", written))
    assert [pair.places[0].floor for pair in both.agree] == ["4F"]
    assert both.floors_on_sign == (written,)


@pytest.mark.parametrize(
    "said", ["ENT", "耳鼻喉科", "耳鼻咽喉科", "耳鼻喉科 ENT", "Ear, Nose & Throat"]
)
def test_names_are_joined_across_languages(said: str) -> None:
    both = compared((said, "4F"))
    assert [info.id for pair in both.agree for info in pair.places] == ["p-ent"]


def test_another_floor_than_the_map_is_told() -> None:
    both = compared(("眼科", "3F"), ("药房", "1F"))
    assert [(pair.entry.text, pair.places[0].floor) for pair in both.elsewhere] == [("眼科", "4F")]
    assert "The sign has 眼科 (Ophthalmology) on 3F, the map on 4F." in both.told("en")
    assert "眼科：牌子上写3F，地图上在4F。" in both.told("zh")


def test_what_only_the_sign_has_is_told_with_its_meaning() -> None:
    both = compared(("药房", "1F"), ("皮肤科", "4F"))
    assert [entry.text for entry in both.only_on_sign] == ["皮肤科"]
    assert "Only the sign has on 4F: 皮肤科 (Dermatology)." in both.told("en")


def test_what_only_the_map_has_is_told_for_the_floors_that_the_sign_shows() -> None:
    both = compared(("眼科", "4F"), ("乳腺外科", "3F"))
    assert {place.id for place in both.only_on_map} == {"p-ent", "p-pediatrics"}
    assert "Only the map has on 3F: Pediatrics." in both.told("en")


def test_toilets_of_a_sign_are_those_of_their_floors() -> None:
    both = compared(("卫生间", "2F"), ("卫生间", "3F"))
    assert [[info.id for info in pair.places] for pair in both.agree] == [
        ["p-toilet-2F"],
        ["p-toilet-3F"],
    ]


def test_a_second_one_that_the_map_lacks_is_not_called_elsewhere() -> None:
    both = compared(("药房", "1F"), ("药房", "3F"))
    assert both.elsewhere == ()
    assert [entry.floor for entry in both.only_on_sign] == ["3F"]


def test_a_floor_that_the_map_lacks_is_told_as_such() -> None:
    both = compared(("药房", "1F"), ("体检中心", "5F"), ("卫生间", "5F"), ("卫生间", "1F"))
    assert both.floors_lacking == ("5F",)
    assert "5F is on the sign and not on the map" in both.told("en")
    assert both.elsewhere == ()


def test_a_run_of_floors_agrees_with_each_of_them() -> None:
    assert len(compared(("骨科", "1-3F")).agree) == 1
    assert len(compared(("眼科", "1-3F")).elsewhere) == 1


def test_a_line_that_is_one_name_is_joined_as_such() -> None:
    box = Box(x1=0, y1=0, x2=100, y2=20)
    line = Detection(label="挂号", text="挂号/收费", box=box)
    part = DirectoryEntry(text="收费", floor="1F", detection=line)
    registration = place("p-both", "1F", "Registration & Cashier", "挂号收费处")
    both = compare([part], replace(HOSPITAL, places=(registration,)))
    assert [info.id for pair in both.agree for info in pair.places] == ["p-both"]


def test_a_name_beside_one_of_the_map_on_its_line_is_not_that_place() -> None:
    box = Box(x1=0, y1=0, x2=100, y2=20)
    line = Detection(label="line", text="超声心动图/心电图", box=box)
    both = compare(
        [
            DirectoryEntry(text=name, floor="2F", detection=line)
            for name in ("超声心动图", "心电图")
        ],
        replace(HOSPITAL, places=(place("p-ecg", "2F", "ECG", "心电图"),)),
    )
    assert [pair.entry.text for pair in both.agree] == ["心电图"]
    assert "Only the sign has on 2F: 超声心动图 (Echocardiography)." in both.told("en")


@pytest.mark.parametrize(
    ("text", "score", "told"),
    [("门冷力公家", 0.69, False), ("门冷力公家", 0.95, True), ("门诊总服务台", 0.7, True),
     ("Qlxmf", 0.6, False), ("皮肤科", 0.6, True)],
)  # fmt: skip
def test_what_is_half_read_and_makes_no_words_is_left_out(
    text: str, score: float, told: bool
) -> None:
    box = Box(x1=0, y1=0, x2=100, y2=20)
    line = Detection(label=text, text=text, box=box, score=score)
    both = compare([DirectoryEntry(text=text, floor="2F", detection=line)], HOSPITAL)
    assert [entry.text for entry in both.only_on_sign] == ([text] if told else [])


def test_names_without_a_floor_agree_or_are_left_out() -> None:
    both = compared(("药房", None), ("健康你我他", None), ("皮肤科", None))
    assert [pair.entry.text for pair in both.agree] == ["药房"]
    assert [entry.text for entry in both.only_on_sign] == ["皮肤科"]


def test_a_bilingual_sign_is_told_once() -> None:
    both = compared(
        ("眼科", "2F"), ("Ophthalmology", "2F"), ("皮肤科", "2F"), ("Dermatology", "2F")
    )
    told = both.told("en")
    assert told.count("phthalmology") == 1
    assert "Only the sign has on 2F: Dermatology." in told
    assert "只有牌子上有（2F）：皮肤科。" in both.told("zh")


def test_what_a_sign_writes_stays_as_it_writes_it() -> None:
    both = compared(("皮肤科", "4F"))
    assert "只有牌子上有（4F）：皮肤科。" in both.told("zh-TW")
    assert "地圖" in both.told("zh-TW")


def test_a_sign_that_agrees_in_all_is_told_so() -> None:
    only = replace(HOSPITAL, places=(place("p-ent", "4F", "ENT", "耳鼻喉科"),))
    told = compare([entry("耳鼻喉科", "4F")], only).told("en")
    assert told == "The sign and the map agree in all they name: 1 in number."


def test_nothing_read_is_told_as_such() -> None:
    assert compared().told("en") == "No names of a floor guide could be read on the sign."


def test_a_map_whose_floors_are_bare_numbers_is_joined() -> None:
    bare = IndoorMap(
        names={},
        origin=(0, 0),
        floors=(floor("1", 0), floor("2", 1)),
        places=(place("x", "2", "ENT", "耳鼻喉科"),),
    )
    assert len(compared(("耳鼻喉科", "2F"), map=bare).agree) == 1


def test_the_lists_are_short_in_words() -> None:
    told = compared(*[(f"第{number}会客厅", "2F") for number in range(100)]).told("en")
    assert "and 92 more" in told
    assert len(told) < 1000


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(st.text(min_size=1, max_size=40), st.text(max_size=8)), max_size=6))
def test_whatever_a_sign_says_is_compared_and_told(said: list[tuple[str, str]]) -> None:
    both = compared(*said)
    named = len(both.agree) + len(both.elsewhere) + len(both.only_on_sign)
    assert named <= len(said)
    for language in ("en", "zh", "zh-Hant", "fr"):
        assert both.told(language)


def test_the_bilingual_guide_says_other_floors_than_our_map(pictures: Path) -> None:
    image = load_image(pictures / "hospital_bilingual.jpg")
    both = compare(read_directory(image, CachedReader(RapidReader()), handle="img_1"), HOSPITAL)
    moved = {(pair.places[0].id, pair.entry.floor) for pair in both.elsewhere}
    assert {("p-ent", "2F"), ("p-eye", "2F"), ("p-radiology", "B1")} <= moved
    assert both.floors_lacking == ("B1",)
