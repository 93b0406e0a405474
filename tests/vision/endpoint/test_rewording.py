"""Places said in another model's words: the same places, within rounding."""

from __future__ import annotations

import json
import re
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deixis.vision import Box, Dialect, Frame, PixelDialect, Point, parse_reply
from deixis.vision._rewording import Rewording
from deixis.vision.qwen._dialect import QwenDialect

SIZE = (1600, 1200)
DIALECTS: dict[str, Dialect] = {
    "0 to 1000": QwenDialect("qwen3-vl"),
    "resized": QwenDialect("qwen2.5-vl", max_pixels=1_003_520),
    "pixels": PixelDialect(),
}
PAIRS = list(permutations(DIALECTS, 2))
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "at": Point.model_json_schema(),
        "boxes": {"type": "array", "items": Box.model_json_schema()},
        "times": {"type": "integer"},
    },
}


def frames(dialect: Dialect) -> dict[str | None, Frame]:
    named = {h: dialect.frame(s, image=h) for h, s in (("img_1", SIZE), ("img_2", (480, 640)))}
    return {**named, None: named["img_2"]}


def rewording(said: str, told: str) -> Rewording:
    return Rewording(
        said=DIALECTS[said],
        told=DIALECTS[told],
        said_frames=frames(DIALECTS[said]),
        told_frames=frames(DIALECTS[told]),
    )


def coarse(*names: str) -> float:
    """The rounding of all the dialects' words together, in original pixels of `img_1`."""
    spans = [frames(DIALECTS[name])["img_1"] for name in names]
    return sum(max(SIZE[0] / f.extent[0], SIZE[1] / f.extent[1]) / 2 for f in spans) + 0.01


def block(places: list[dict[str, object]]) -> str:
    return f"On 4F.\n\n```json\n{json.dumps({'found': True, 'places': places})}\n```"


points = st.tuples(st.floats(0, SIZE[0]), st.floats(0, SIZE[1]))


@pytest.mark.parametrize(("said", "told"), PAIRS)
@given(corner=st.tuples(st.floats(0, 1580), st.floats(0, 1180)), width=st.floats(12, 1600))
@settings(deadline=None, max_examples=40)
def test_a_box_in_a_reply_stays_where_it_is(
    said: str, told: str, corner: tuple[float, float], width: float
) -> None:
    x, y = corner
    box = Box(x1=x, y1=y, x2=x + width, y2=y + width, image="img_1").clamped(SIZE)
    words = DIALECTS[said].write_place(box, frames(DIALECTS[said]))
    text = rewording(said, told).text(block([{**words, "label": "ENT", "text": "耳鼻喉科"}]))
    reply = parse_reply(text, DIALECTS[told], frames(DIALECTS[told]))
    assert reply.text == "On 4F."
    assert reply.found
    (found,) = reply.detections
    assert (found.label, found.text, found.image) == ("ENT", "耳鼻喉科", "img_1")
    assert found.box is not None
    near = coarse(said, told)
    assert all(abs(a - b) <= near for a, b in zip(found.box.xyxy, box.xyxy, strict=True))


@pytest.mark.parametrize(("said", "told"), PAIRS)
@given(place=points)
@settings(deadline=None, max_examples=40)
def test_an_argument_stays_where_it_is(said: str, told: str, place: Any) -> None:
    point = Point(x=place[0], y=place[1], image="img_1")
    words = DIALECTS[said].write_place(point, frames(DIALECTS[said]))
    given_: dict[str, object] = {"at": words, "boxes": [], "times": 3}
    reworded = rewording(said, told).arguments(given_, SCHEMA)
    assert reworded["times"] == 3
    back = DIALECTS[told].read_place(reworded["at"], "point", frames(DIALECTS[told]))
    near = coarse(said, told)
    assert abs(back.x - point.x) <= near
    assert abs(back.y - point.y) <= near
    assert back.image == "img_1"


@pytest.mark.parametrize(("said", "told"), PAIRS)
def test_a_place_that_names_no_image_is_on_the_latest(said: str, told: str) -> None:
    text = rewording(said, told).text(block([{"bbox_2d": [10, 20, 30, 40], "label": "x"}]))
    (found,) = parse_reply(text, DIALECTS[told], frames(DIALECTS[told])).detections
    assert found.image == "img_2"


def test_numbers_in_prose_are_not_touched() -> None:
    text = "Room 402 is 35 m away, on 4F [see the sign], 12:30."
    assert rewording("0 to 1000", "pixels").text(text) == text


def test_json_that_holds_no_place_is_not_touched() -> None:
    text = '```json\n{"price": [12, 30], "found":   true}\n```'
    assert rewording("0 to 1000", "pixels").text(text) == text


def test_each_place_of_a_list_of_rows_is_reworded() -> None:
    rows = ['{"text": "ENT", "bbox_2d": [0, 0, 500, 500], "image": "img_1"}',
            '{"text": "Lift", "bbox_2d": [500, 500, 1000, 1000], "image": "img_1"}']  # fmt: skip
    told = rewording("0 to 1000", "pixels").text("\n".join(["Text of img_1:", *rows]))
    first, second = (json.loads(line) for line in told.splitlines()[1:])
    assert first == {"text": "ENT", "bbox_2d": [0, 0, 800, 600], "image": "img_1"}
    assert second["bbox_2d"] == [800, 600, 1600, 1200]


OTHER_FORMS = [
    "<ref>ENT</ref><box>(250,250),(500,500)</box>",
    "<|object_ref_start|>ENT<|object_ref_end|><|box_start|>(250,250),(500,500)<|box_end|>",
    '```json\n[{"bbox_2d": [250, 250, 500, 500], "label": "ENT"}]\n```',
    '[{"bbox_2d": ["250", "250", "500", "500"], "label": "ENT"}]',
    '```json\n[{"bbox_2d": [250, 250, 500, 500], "label": "ENT"}, {"bbox_2d": [1,',
]


@pytest.mark.parametrize("text", OTHER_FORMS)
def test_places_in_any_form_are_reworded(text: str) -> None:
    told = rewording("0 to 1000", "pixels").text(f"It is here: {text}")
    assert "250" not in told
    places = [place for place in _numbers(told) if place]
    assert places == [[120, 160, 240, 320]]


def _numbers(text: str) -> list[list[int]]:
    found = re.findall(r'"bbox_2d": (\[[^\]]*\])', text)
    return [json.loads(numbers) for numbers in found]


def test_an_unreadable_place_is_left_out() -> None:
    text = block([{"bbox_2d": [5, "x", None], "label": "a"}, {"bbox_2d": [9, 9, 9], "label": "b"}])
    assert "9, 9" not in rewording("0 to 1000", "pixels").text(text)


def test_a_place_outside_stays_outside_so_that_the_model_is_told() -> None:
    given_: dict[str, object] = {"at": {"point_2d": [1500, 100], "image": "img_1"}}
    told = rewording("0 to 1000", "pixels").arguments(given_, SCHEMA)
    assert told["at"] == {"point_2d": [2400, 120], "image": "img_1"}


def test_what_is_no_place_in_any_frame_stays_to_be_refused() -> None:
    given_: dict[str, object] = {"at": "over there"}
    assert rewording("0 to 1000", "pixels").arguments(given_, SCHEMA) == given_


def test_arguments_on_an_unknown_image_are_left_out() -> None:
    given_: dict[str, object] = {"at": {"point_2d": [1, 2], "image": "img_9"}}
    assert rewording("0 to 1000", "pixels").arguments(given_, SCHEMA) == {}


def test_arguments_of_an_unknown_tool_are_kept_only_without_numbers() -> None:
    words = rewording("0 to 1000", "pixels")
    assert words.arguments({"x": 5}, None) == {}
    assert words.arguments({"word": "ENT"}, None) == {"word": "ENT"}


def test_a_frame_in_an_error_is_not_told_to_another_model() -> None:
    text = (
        "Error: point [1500.0, 2.0] is outside the image: x goes from 0 to 1000, y from 0 to 1000"
    )
    told = rewording("0 to 1000", "pixels").text(text)
    assert told == "Error: that point is outside the image"


def test_the_same_frame_leaves_every_word() -> None:
    text = OTHER_FORMS[0]
    words = Rewording(
        said=QwenDialect("qwen2-vl"),
        told=QwenDialect("qwen3-vl"),
        said_frames=frames(QwenDialect("qwen2-vl")),
        told_frames=frames(QwenDialect("qwen3-vl")),
    )
    assert words.text(text) is text


@given(st.text(alphabet=st.sampled_from('ab1,.[]{}()<>|"` \n:_xopintbx2d/'), max_size=60))
@settings(deadline=None)
def test_no_text_makes_it_raise(text: str) -> None:
    rewording("resized", "0 to 1000").text(text)


@pytest.mark.parametrize("part", ["[", "(", "{", "(1 ", "[1,", '{"a":', "<box>", "```json\n{"])
def test_a_hostile_text_takes_no_long_time(part: str) -> None:
    text = part * (200_000 // len(part))
    assert len(rewording("0 to 1000", "pixels").text(text)) <= len(text) + 200
