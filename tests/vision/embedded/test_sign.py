"""How well whole signs are understood: each layout on fixed seeds, and our own pictures."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from deixis.vision._geometry import Quad
from deixis.vision._reader import Reading, TextLine
from deixis.vision.embedded._labels import exit_label
from deixis.vision.embedded._sign import Sign, segments_of
from tests.vision.embedded.photos import Photo
from tests.vision.embedded.signs import ANY, LAYOUTS, make

SEEDS = range(20)
PICTURES = Path(__file__).parents[3] / "examples" / "images"
# Least share of lines right, by layout, where it isn't all of them: what is reached.
LEAST_RIGHT: dict[str, float] = {
    "side last": 0.997,
    "side right": 0.997,
    "right first": 0.998,
    "small labels": 0.997,
    "ragged": 0.998,
    "bilingual": 0.998,
    "cut": 0.992,
    "heading columns": 0.989,
}
MOST_WRONG: dict[str, float] = {
    "right first": 0.002,
    "small labels": 0.003,
}


def understood(photo: Photo) -> Sign:
    if photo.picture is None:
        return Sign.of(photo.reading)
    picture = photo.picture()
    return Sign.of(photo.reading, pixels=lambda: picture)


def verdicts(photo: Photo) -> Counter[str]:
    counted: Counter[str] = Counter()
    for line, truth in zip(understood(photo).lines, photo.truth, strict=True):
        if truth == ANY:
            continue
        found = line.floor.value if line.floor else None
        counted["right" if found == truth else "none" if found is None else "wrong"] += 1
    return counted


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_lines_of_a_layout_get_their_floors(layout: str) -> None:
    counted: Counter[str] = Counter()
    for seed in SEEDS:
        counted += verdicts(make(layout, seed))
    share = {key: count / counted.total() for key, count in counted.items()}
    assert share["right"] >= LEAST_RIGHT.get(layout, 1.0)
    assert share.get("wrong", 0.0) <= MOST_WRONG.get(layout, 0.0)


def own_pictures() -> list[Any]:
    truth = json.loads((PICTURES / "truth.json").read_text("utf-8"))
    return [pytest.param(picture, id=picture["file"]) for picture in truth["pictures"]]


def reading_of(picture: dict[str, Any]) -> Reading:
    lines = [
        TextLine(text=line["text"], quad=Quad(points=line["quad"]), score=1.0)
        for line in picture["lines"]
    ]
    return Reading(lines=tuple(lines), size=(picture["width"], picture["height"]))


@pytest.mark.parametrize("drawn", [True, False])
@pytest.mark.parametrize("picture", own_pictures())
def test_our_own_pictures_are_understood(picture: dict[str, Any], drawn: bool) -> None:
    with Image.open(PICTURES / picture["file"]) as opened:
        image = opened.convert("RGB")
    sign = Sign.of(reading_of(picture), pixels=(lambda: image) if drawn else None)
    for line, truth in zip(sign.lines, picture["lines"], strict=True):
        assert (line.floor.text if line.floor else None) == truth.get("floor"), line.text
        exit_written = exit_label(truth.get("exit", ""))
        assert (line.exit and line.exit.value) == (exit_written and exit_written.value), line.text


def sign_of(*rows: tuple[str, float, float]) -> Sign:
    """A level sign of texts, each with its left and its middle in letter heights."""
    lines: list[TextLine] = []
    for text, x, y in rows:
        width = 20 * sum(1.9 if ord(c) > 0x2E80 else 1.0 for c in text)
        x1, y1 = 40 * x, 40 * y
        corners = ((x1, y1), (x1 + width, y1), (x1 + width, y1 + 40), (x1, y1 + 40))
        lines.append(TextLine(text=text, quad=Quad(points=corners), score=1.0))
    return Sign.of(Reading(lines=tuple(lines), size=(3000, 3000)))


def floors(sign: Sign) -> dict[str, str | None]:
    return {line.text: line.floor.text if line.floor else None for line in sign.lines}


def test_a_label_read_in_one_with_its_first_line_governs_the_lines_beside_it() -> None:
    sign = sign_of(
        ("4F 内科", 2, 2), ("外科", 3.6, 3.3), ("骨科", 3.6, 4.6),
        ("3F 眼科", 2, 7), ("儿科", 3.6, 8.3),
    )  # fmt: skip
    assert floors(sign) == {
        "4F 内科": "4F", "外科": "4F", "骨科": "4F", "3F 眼科": "3F", "儿科": "3F",
    }  # fmt: skip


def test_lines_under_a_line_with_a_floor_of_its_own_get_none() -> None:
    sign = sign_of(("内科（4楼）", 2, 2), ("外科", 2, 3.4), ("骨科（3楼）", 2, 4.8))
    assert floors(sign) == {"内科（4楼）": "4楼", "外科": None, "骨科（3楼）": "3楼"}


def test_where_one_stands_governs_nothing_though_read_apart() -> None:
    sign = sign_of(("您所在位置", 2, 2), ("3F", 9, 2), ("内科", 2, 5), ("外科", 2, 6.4))
    assert floors(sign) == {"您所在位置": None, "3F": "3F", "内科": None, "外科": None}


def test_a_remark_in_brackets_is_no_heading() -> None:
    sign = sign_of(("内科", 2, 2), ("(3F)", 2, 3.2), ("外科", 2, 5.2), ("(2F)", 2, 6.4))
    assert floors(sign)["外科"] is None


def test_a_stray_floor_in_the_corner_governs_nothing() -> None:
    sign = sign_of(
        ("内科", 2, 2), ("外科", 2, 3.4), ("骨科", 2, 4.8), ("眼科", 2, 6.2), ("3F", 20, 8)
    )
    assert [text for text, floor in floors(sign).items() if floor] == ["3F"]


def test_one_label_governs_the_lines_beside_it() -> None:
    sign = sign_of(
        ("医院导览", 2, 0), ("3F", 2, 3.3), ("内科", 8, 2), ("外科", 8, 3.3), ("骨科", 8, 4.6)
    )
    assert floors(sign) == {
        "医院导览": None, "3F": "3F", "内科": "3F", "外科": "3F", "骨科": "3F",
    }  # fmt: skip


def test_letters_are_floors_among_floors_only() -> None:
    among = sign_of(
        ("2F", 2, 2), ("影院", 6, 2), ("1F", 2, 4), ("女装", 6, 4), ("G", 2, 6), ("超市", 6, 6)
    )
    assert floors(among)["超市"] == "G"
    alone = sign_of(("G", 2, 2), ("超市", 6, 2), ("M", 2, 4), ("女装", 6, 4))
    assert set(floors(alone).values()) == {None}


def test_a_range_governs_as_written() -> None:
    sign = sign_of(("1-3F", 2, 2), ("百货", 7, 2), ("4F", 2, 4), ("影院", 7, 4))
    assert floors(sign)["百货"] == "1-3F"
    assert floors(sign)["影院"] == "4F"


def test_a_price_list_has_no_floors() -> None:
    sign = sign_of(("牛肉面", 2, 2), ("28元", 12, 2), ("可乐", 2, 4), ("5元", 12, 4))
    assert set(floors(sign).values()) == {None}
    assert sign.floors == ()


def test_the_floors_of_a_sign_stand_in_its_order() -> None:
    sign = sign_of(("3F", 2, 2), ("内科", 6, 2), ("1F", 2, 4), ("外科", 6, 4), ("1F", 2, 6))
    assert [label.value for label in sign.floors] == ["3", "1"]


def test_an_empty_reading_is_an_empty_sign() -> None:
    assert Sign.of(Reading(lines=(), size=(10, 10))).lines == ()


def test_the_picture_is_asked_for_only_where_blocks_are_to_be_told_apart() -> None:
    def never() -> Image.Image:
        raise AssertionError("asked for")

    lines = sign_of(("3F", 2, 2), ("内科", 6, 2)).lines
    reading = Reading(lines=tuple(line.at.line for line in lines), size=(900, 900))
    assert Sign.of(reading, pixels=never).lines


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("门诊检验/采血", ["门诊检验", "采血"]),
        ("治疗中心（换药室/注射室）", ["治疗中心", "换药室", "注射室"]),
        ("骨科 Orthopedics", ["骨科", "Orthopedics"]),
        ("Food Court", ["Food Court"]),
        ("……", []),
    ],
)
def test_the_names_on_a_line(text: str, names: list[str]) -> None:
    assert [segment.text for segment in segments_of(text)] == names
