"""What the models write becomes boxes and points in original pixels."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deixis.vision import Box, DeixisError, Size, dropped_places, parse_places
from deixis.vision.qwen import families
from tests.vision.qwen.replies import SAMPLES, Sample

SHARED = Path(__file__).parents[3].parent / "shared" / "grounding" / "replies.jsonl"
GRID: Size = (1000, 1000)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
@pytest.mark.parametrize("family", families())
def test_every_family_reads_every_format(family: str, sample: Sample) -> None:
    found = parse_places(sample.reply, family, image_size=GRID, input_size=GRID)
    boxes = tuple((d.label, d.box.xyxy) for d in found if d.box is not None)
    points = tuple((d.label, (d.point.x, d.point.y)) for d in found if d.point is not None)
    assert boxes == sample.boxes
    assert points == sample.points
    lost = dropped_places(sample.reply, family, image_size=GRID, input_size=GRID)
    assert len(lost) == sample.dropped, lost


def rows() -> list[dict[str, Any]]:
    if not SHARED.exists():
        return []
    return [json.loads(line) for line in SHARED.read_text("utf-8").splitlines()]


def test_the_shared_replies_are_there() -> None:
    if not rows():
        pytest.skip("the shared replies are not on this machine")


def base_of(family: str) -> str:
    """The family that a row's model belongs to, e.g. `os-atlas (qwen2-vl based)`."""
    return next(name for name in re.findall(r"qwen[\d.]*-vl", family) if name in families())


@pytest.mark.parametrize("row", rows(), ids=lambda row: str(row["id"]))
def test_real_replies(row: dict[str, Any]) -> None:
    size = cast("Size", tuple(row["image_size"] or (3000, 3000)))
    relative = base_of(row["family"]) != "qwen2.5-vl"
    expected: list[dict[str, Any]] = row["expected"] or row["expected_raw"]
    if row["expected"] is None:  # the size isn't known: take one in which the numbers stay
        size = GRID if relative else size
    seen = cast("Size", tuple(row["input_size"] or size))
    found = parse_places(row["reply"], base_of(row["family"]), image_size=size, input_size=seen)
    assert [d.label for d in found] == [place["label"] for place in expected]
    for detection, place in zip(found, expected, strict=True):
        if "box" in place:
            x1, y1, x2, y2 = place["box"]
            assert detection.box is not None
            assert detection.box.iou(Box(x1=x1, y1=y1, x2=x2, y2=y2)) >= 0.99
        else:
            assert detection.point is not None
            assert abs(detection.point.x - place["point"][0]) <= 0.5
            assert abs(detection.point.y - place["point"][1]) <= 0.5


def test_relative_places_are_thousandths_of_the_image() -> None:
    reply = '[{"bbox_2d": [100, 200, 500, 1000], "label": "a"}]'
    found = parse_places(reply, "qwen3-vl", image_size=(640, 480))
    assert found[0].box == Box(x1=64, y1=96, x2=320, y2=480)


def test_pixel_places_are_those_of_the_image_as_the_model_saw_it() -> None:
    # 1080 × 2400 is seen as 1092 × 2408.
    reply = '[{"point_2d": [1092, 1204], "label": "a"}]'
    (found,) = parse_places(reply, "qwen2.5-vl", image_size=(1080, 2400), input_size=None)
    assert found.point is not None
    assert (found.point.x, found.point.y) == pytest.approx((1080, 1200))


def test_only_the_mobile_prompt_has_a_screen_of_999() -> None:
    def x_of(tool: str, family: str) -> float:
        reply = f'{{"name": "{tool}", "arguments": {{"action": "click", "coordinate": [333, 9]}}}}'
        (found,) = parse_places(reply, family, image_size=(9990, 9990), input_size=(9990, 9990))
        assert found.point is not None
        return found.point.x

    assert x_of("mobile_use", "qwen3-vl") == pytest.approx(3330)
    assert x_of("computer_use", "qwen3-vl") == pytest.approx(3326.67)
    assert x_of("mobile_use", "qwen2.5-vl") == pytest.approx(333)


def test_corners_may_come_in_either_order() -> None:
    for corners in ("(300,400),(100,200)", "(300,200),(100,400)"):
        (found,) = parse_places(f"<box>{corners}</box>", "qwen-vl", image_size=GRID)
        assert found.box == Box(x1=100, y1=200, x2=300, y2=400)


def test_what_reaches_over_the_edge_is_clamped_and_what_is_beyond_is_dropped() -> None:
    reply = (
        '[{"bbox_2d": [-20, 900, 500, 1015], "label": "a"}, {"point_2d": [1003, 5], "label": "b"},'
        '{"bbox_2d": [1100, 10, 1200, 50], "label": "c"}, {"point_2d": [1500, 5], "label": "d"}]'
    )
    box, point = parse_places(reply, "qwen3.5-vl", image_size=GRID)
    assert box.box == Box(x1=0, y1=900, x2=500, y2=1000)
    assert point.point is not None
    assert point.point.x == 1000
    assert [line.split()[0] for line in dropped_places(reply, "qwen3.5-vl", image_size=GRID)] == [
        "c",
        "d",
    ]


def test_a_quadrilateral_keeps_its_corners() -> None:
    reply = "<ref>四楼</ref><quad>(100,100),(200,110),(195,150),(98,140)</quad>"
    (found,) = parse_places(reply, "qwen-vl", image_size=(2000, 1000))
    assert found.quad is not None
    assert found.quad.points == ((200, 100), (400, 110), (390, 150), (196, 140))
    assert found.box == found.quad.box


def test_text_that_was_read_is_the_label_where_there_is_none() -> None:
    reply = (
        '[{"bbox_2d": [1, 2, 30, 40], "text_content": " 17,000 "}, '
        '{"bbox_2d": [5, 6, 70, 80], "label": "price", "text": "3,000"}]'
    )
    found = parse_places(reply, "qwen2.5-vl", image_size=GRID, input_size=GRID)
    assert [(d.label, d.text) for d in found] == [("17,000", "17,000"), ("price", "3,000")]


def test_html_keeps_the_text_of_its_elements() -> None:
    reply = '<p data-bbox="1 2 30 40"> a <b>b</b>\n c</p><p data-bbox="5 6 70 80">d'
    found = parse_places(reply, "qwen2.5-vl", image_size=GRID, input_size=GRID)
    assert [(d.label, d.text) for d in found] == [("p", "a b c"), ("p", None)]


def test_one_thing_with_a_box_and_a_point_is_one_detection() -> None:
    reply = '{"bbox_2d": [1, 2, 30, 40], "point_2d": [15, 20], "label": "knob"}'
    (found,) = parse_places(reply, "qwen3-vl", image_size=GRID)
    assert found.box is not None
    assert found.point is not None


def test_a_loop_is_given_once_and_reported() -> None:
    item = '{"bbox_2d": [1, 2, 30, 40], "label": "a"},\n'
    reply = "[" + item * 300 + '{"bbox_2d": [1, '
    assert len(parse_places(reply, "qwen3-vl", image_size=GRID)) == 1
    lost = dropped_places(reply, "qwen3-vl", image_size=GRID)
    assert any("repeated 299 times" in line for line in lost)


def test_a_loop_that_wanders_ends() -> None:
    items = (f'{{"bbox_2d": [{n % 900}, {n // 900}, 950, 950], "label": "a"}}' for n in range(5000))
    reply = "[" + ",".join(items) + "]"
    assert len(parse_places(reply, "qwen3-vl", image_size=GRID)) == 2000
    assert len(dropped_places(reply, "qwen3-vl", image_size=GRID)) <= 201


def test_a_place_in_prose_and_in_json_is_one() -> None:
    reply = (
        "The exit is at (100,200),(300,400).\n"
        '```json\n{"places": [{"bbox_2d": [100, 200, 300, 400], "label": "exit"}]}\n```'
    )
    (found,) = parse_places(reply, "qwen2-vl", image_size=GRID)
    assert found.label == "exit"
    assert dropped_places(reply, "qwen2-vl", image_size=GRID) == []


def test_what_is_lost_is_told_with_the_reason() -> None:
    reply = '[{"bbox_2d": [1, 2, "x", 4], "label": "a"}, {"bbox_2d": [1, 2, 30, 40], "label": "b'
    first, second = dropped_places(reply, "qwen3-vl", image_size=GRID)
    assert "these are no numbers" in first
    assert '"label": "a"' in first
    assert "cut" in second


def test_an_unknown_family_and_a_size_that_is_none_are_refused() -> None:
    with pytest.raises(DeixisError, match="qwen2-vl"):
        parse_places("(1,2)", "qwen9", image_size=GRID)
    for size in ((0, 5), (5,), (-1, 2), (3.5, 2), "12", None, (1, 2, 3), (True, 2)):
        with pytest.raises(DeixisError, match="size"):
            parse_places("(1,2)", "qwen3-vl", image_size=size)  # pyright: ignore[reportArgumentType]
        if size is not None:
            with pytest.raises(DeixisError, match="size"):
                dropped_places("", image_size=GRID, input_size=size)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    "reply",
    [
        "\x00\ud83d" + "[" * 2000,
        '{"bbox_2d": [1e999, 2, 3, 4]}',
        '{"bbox_2d": [' + "9" * 5000 + ", 2, 3, 4]}",
        '{"bbox_2d": [1, 2, 30, 40], "label": "\ud83d", "text": "\\ud83d"}',
        "<ref>\udfff</ref><box>(1,2),(30,40)</box>",
        '{"a":' * 5000,
        "<p data-bbox='1 2 30 40'>" * 500,
        '{"bbox_2d": [NaN, Infinity, -Infinity, null]}',
        '{"bbox_2d": [1, 2, 30, 40], "image": "#²", "score": 7, "label": {"a": []}}',
        '<points x1="²" y1="٣">x</points><points x²="1" y²="2">',
    ],
    ids=range(10),
)
@pytest.mark.parametrize("family", families())
def test_nothing_a_model_says_raises(family: str, reply: str) -> None:
    for found in parse_places(reply, family, image_size=(640, 480)):
        assert found.box is None or found.box.inside((640, 480))
        json.dumps(found.model_dump()).encode()
    "".join(dropped_places(reply, family, image_size=(640, 480))).encode()


@given(
    st.lists(
        st.tuples(
            st.text(st.characters(exclude_categories=["Cs"], exclude_characters="<"), max_size=20),
            st.integers(0, 990), st.integers(0, 990), st.integers(5, 10), st.integers(5, 10),
        ),
        max_size=8,
        unique_by=lambda item: item[1:3],
    ),
    st.sampled_from(["json", "python"]),
)  # fmt: skip
def test_valid_json_and_python_come_back_as_they_were(
    items: list[tuple[str, int, int, int, int]], form: str
) -> None:
    wanted = [{"bbox_2d": [x, y, x + w, y + h], "label": label} for label, x, y, w, h in items]
    reply = json.dumps(wanted, ensure_ascii=False)
    if form == "python":
        labels = [label.replace("'", "").replace("\\", "") for label, *_ in items]
        wanted = [{**w, "label": label} for w, label in zip(wanted, labels, strict=True)]
        reply = ", ".join(f"{{'bbox_2d': {w['bbox_2d']}, 'label': '{w['label']}'}}" for w in wanted)
        if re.search(r"[\"`<\n]|[,:\]})]", "".join(labels)):
            return
    found = parse_places(reply, "qwen3-vl", image_size=GRID)
    said = [str(w["label"]) for w in wanted]
    # `null` and `None` say that there is no name.
    assert [d.label for d in found] == ["" if s in ("null", "None") else s.strip() for s in said]
    assert [list(d.box.xyxy) for d in found if d.box] == [w["bbox_2d"] for w in wanted]
