"""The dialects behind the seam: frames, images by handle, prompts, tools' places."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import HumanMessage
from langchain_core.tools import tool

from deixis.testing import Call, Say, ScriptedModel
from deixis.testing._conformance import Ask, VisionModelConformance, inline, picture
from deixis.vision import (
    AskKind,
    Box,
    Detection,
    Frame,
    Point,
    QwenDialect,
    VisionModel,
    parse_reply,
    write_reply,
)
from deixis.vision.qwen import families

EVERY = pytest.mark.parametrize("family", families())
KINDS: tuple[AskKind, ...] = ("boxes", "points", "lines", "document")


def frames(dialect: QwenDialect) -> dict[str | None, Frame]:
    """Two images: a large one and, the latest, a small one."""
    known: dict[str | None, Frame] = {
        "img_1": dialect.frame((1920, 1080), image="img_1"),
        "img_2": dialect.frame((640, 480), image="img_2"),
    }
    return {**known, None: known["img_2"]}


@EVERY
def test_places_are_on_the_image_they_name(family: str) -> None:
    dialect = QwenDialect(family)
    place = Box(x1=192, y1=108, x2=960, y2=540, image="img_1")
    said = dialect.write_place(place, frames(dialect))
    other = {**said, "image": "img_2", "label": "b"}
    nameless = {"bbox_2d": said["bbox_2d"], "label": "c"}
    reply = f"{said | {'label': 'a'}} {other} {nameless}"
    found = dialect.parse_places(reply, frames(dialect)).detections
    where = [(d.label, d.image) for d in found]
    assert where[0] == ("a", "img_1")
    assert found[0].box is not None
    assert found[0].box.iou(place) > 0.99
    # Without a name a place is on the latest image: here the same as what `b` says.
    assert ("b", "img_2") in where
    assert ("c", "img_2") in where


def test_handles_are_known_by_number_and_by_index() -> None:
    dialect = QwenDialect("qwen3-vl")
    reply = (
        '[{"point_2d": [500, 1], "image": "Image 1"}, {"point_2d": [500, 2], "img_idx": 0}, '
        '{"point_2d": [500, 3], "image": 2}, {"point_2d": [500, 4], "image": null}]'
    )
    found = dialect.parse_places(reply, frames(dialect)).detections
    assert [d.image for d in found] == ["img_1", "img_1", "img_2", "img_2"]


def test_a_place_on_an_image_there_is_none_of_is_dropped() -> None:
    dialect = QwenDialect("qwen3-vl")
    reply = '[{"point_2d": [5, 5], "image": "img_7"}, {"point_2d": [5, 5], "img_idx": 2}]'
    read = dialect.parse_places(reply, frames(dialect))
    assert read.detections == ()
    assert len(read.dropped) == 2
    assert "img_7" in read.dropped[0]


def test_without_any_image_every_place_is_dropped() -> None:
    read = QwenDialect("qwen3-vl").parse_places('{"bbox_2d": [1, 2, 30, 40]}', {})
    assert read.detections == ()
    assert len(read.dropped) == 1


@pytest.mark.parametrize("family", ["qwen3-vl", "qwen2.5-vl"])
def test_our_agents_reply_is_read_whole(family: str) -> None:
    dialect = QwenDialect(family, min_pixels=1, max_pixels=10**8)
    box = Box(x1=438, y1=304, x2=566, y2=347)
    size = (1000, 1000) if family == "qwen3-vl" else (1008, 1008)
    known: dict[str | None, Frame] = {
        "img_1": dialect.frame(size, image="img_1"),
        None: dialect.frame(size, image="img_1"),
    }
    evidence = Detection(label="耳鼻喉科", text="耳鼻喉科 ENT", box=box, score=0.9, image="img_1")
    written = write_reply(
        "It is on 4F.", found=True, language="en", facts={"floor": "4F"}, detections=[evidence]
    )
    reply = parse_reply(written, dialect, known)
    assert reply.text == "It is on 4F."
    assert reply.facts == {"floor": "4F"}
    (found,) = reply.detections
    assert (found.label, found.text, found.score) == ("耳鼻喉科", "耳鼻喉科 ENT", 0.9)
    assert found.box is not None
    assert found.box.xyxy == pytest.approx(box.xyxy)


@EVERY
def test_a_cut_that_was_enlarged_is_spoken_of_in_its_own_frame(family: str) -> None:
    dialect = QwenDialect(family)
    region = Box(x1=600, y1=300, x2=800, y2=400)
    frame = dialect.frame((1920, 1080), image="img_1", region=region, shown=(1000, 500))
    middle = frame.original_place(Point(x=frame.extent[0] / 2, y=frame.extent[1] / 2))
    assert (middle.x, middle.y) == pytest.approx((700, 350))
    assert frame.extent == ((1008, 504) if family == "qwen2.5-vl" else (1000, 1000))


def test_a_cut_is_seen_in_its_own_size_where_none_is_told() -> None:
    region = Box(x1=600.4, y1=300, x2=800.2, y2=400)
    frame = QwenDialect("qwen2.5-vl").frame((1920, 1080), region=region)
    assert frame.extent == (196, 112)


def test_a_place_on_a_cut_stays_within_it() -> None:
    dialect = QwenDialect("qwen3-vl")
    region = Box(x1=600, y1=300, x2=800, y2=400)
    known: dict[str | None, Frame] = {None: dialect.frame((1920, 1080), region=region)}
    (found,) = dialect.parse_places('{"bbox_2d": [-50, 500, 500, 1040]}', known).detections
    assert found.box is not None
    assert found.box.xyxy == pytest.approx((600, 350, 700, 400))


@EVERY
@pytest.mark.parametrize("language", ["en", "zh", "zh-Hans"])
@pytest.mark.parametrize("kind", KINDS)
def test_the_phrase_is_always_in_the_prompt(family: str, language: str, kind: AskKind) -> None:
    dialect = QwenDialect(family)
    assert "red cup {x}" in dialect.place_prompt(kind, "red cup {x}", language=language)
    assert dialect.place_prompt(kind, language=language)


@EVERY
@given(phrase=st.text())
def test_a_phrase_cannot_break_out_of_its_line(family: str, phrase: str) -> None:
    for kind in KINDS:
        asked = QwenDialect(family).place_prompt(kind, phrase)
        assert len(asked.splitlines()) == 1
        if family in ("qwen3-vl", "qwen3.5-vl") and kind == "boxes":
            assert asked.count('"') == 2


def test_the_prompts_are_the_authors() -> None:
    assert QwenDialect("qwen-vl").place_prompt("boxes", "击掌", language="zh") == (
        "框出图中击掌的位置"
    )
    for family in ("qwen2.5-vl", "qwen3-vl"):
        asked = QwenDialect(family).place_prompt("boxes", "cake")
        assert "bbox" in asked
        assert "JSON" in asked
    assert QwenDialect("qwen2.5-vl").place_prompt("document") == "QwenVL HTML"


def test_a_schema_speaks_of_the_familys_frame() -> None:
    relative = QwenDialect("qwen3-vl").place_schema("box")
    assert "0 to 1000" in str(relative["description"])
    assert relative["required"] == ["bbox_2d"]
    pixels = QwenDialect("qwen2.5-vl").place_schema("point")
    assert "pixels" in str(pixels["description"])
    assert pixels["required"] == ["point_2d"]


@tool
def pick_up(name: str) -> str:
    """Pick something up."""
    return name


class _Conformance(VisionModelConformance):
    family: str

    def make_model(self) -> VisionModel:
        steps = [Say("ENT is on 4F.") for _ in range(8)]
        return ScriptedModel(steps, dialect=QwenDialect(self.family))


class TestQwen(_Conformance):
    family = "qwen-vl"


@pytest.mark.parametrize("size", [(1920, 1080), (1080, 2400)])
def test_the_first_model_sees_squares(size: tuple[int, int]) -> None:
    dialect = QwenDialect("qwen-vl")
    assert dialect.input_size(size) == (448, 448)
    assert dialect.image_tokens(size) == 256


class TestQwen2(_Conformance):
    family = "qwen2-vl"


class TestQwen25(_Conformance):
    family = "qwen2.5-vl"


class TestQwen3(_Conformance):
    family = "qwen3-vl"


class TestQwen35(_Conformance):
    family = "qwen3.5-vl"


class TestQwen3Calls(VisionModelConformance):
    def make_model(self) -> VisionModel:
        steps = [Call("pick_up", {"name": "cup"}, "I pick it up.")] * 8
        return ScriptedModel(steps, dialect=QwenDialect("qwen3-vl"))

    def tool_ask(self) -> Ask | None:
        asked = HumanMessage([inline(picture()), {"type": "text", "text": "Pick up the cup."}])
        return Ask(messages=[asked], tools=[pick_up])
