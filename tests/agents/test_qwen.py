"""Agents whose model speaks a dialect of the Qwen-VL line: every place comes out in pixels."""

from __future__ import annotations

import pytest

from deixis.agents import VisionAgent
from deixis.testing import Call, Say, ScriptedModel
from deixis.tools import tool
from deixis.vision import Box, Point, VisionImage
from deixis.vision.qwen import QwenDialect, families

FAMILIES = families()
ENT = Box(x1=437, y1=302, x2=565, y2=348)  # 耳鼻喉科 on the guide of 1600 × 1200


def in_frame(family: str, box: Box, size: tuple[int, int]) -> list[int]:
    """A box as the family writes it of a picture of this size."""
    return [round(v) for v in QwenDialect(family).frame(size).model_place(box).xyxy]


@pytest.mark.parametrize("family", FAMILIES)
def test_a_place_in_the_answers_block(family: str, guide: VisionImage) -> None:
    place = {"bbox_2d": in_frame(family, ENT, guide.size), "label": "ENT", "image": "img_1"}
    said = Say("ENT is on 4F.", places=[place], facts={"floor": "4F"}, found=True)
    with ScriptedModel([said], dialect=QwenDialect(family)) as model:
        answer = VisionAgent(model).ask("Where is ENT?", guide)
    [found] = answer.detections
    assert found.box is not None
    assert found.box.iou(ENT) > 0.9
    assert found.image == "img_1"


@pytest.mark.parametrize("family", ["qwen-vl", "qwen2-vl"])
def test_a_place_within_the_sentence(family: str, guide: VisionImage) -> None:
    x1, y1, x2, y2 = in_frame(family, ENT, guide.size)
    marks = {
        "qwen-vl": ("<ref>", "</ref>", "<box>", "</box>"),
        "qwen2-vl": (
            "<|object_ref_start|>",
            "<|object_ref_end|>",
            "<|box_start|>",
            "<|box_end|>",
        ),
    }[family]
    said = f"It is {marks[0]}ENT{marks[1]}{marks[2]}({x1},{y1}),({x2},{y2}){marks[3]} on 4F."
    with ScriptedModel([Say(said)], dialect=QwenDialect(family)) as model:
        answer = VisionAgent(model).ask("Where is ENT?", guide)
    assert answer.answer == "It is ENT on 4F."
    assert answer.found
    assert [d.label for d in answer.detections] == ["ENT"]
    assert answer.detections[0].box is not None
    assert answer.detections[0].box.iou(ENT) > 0.9


@pytest.mark.parametrize("family", FAMILIES)
def test_a_tool_gets_the_point_in_pixels(family: str, guide: VisionImage) -> None:
    pressed: list[Point] = []

    @tool
    def press(at: Point) -> str:
        """Press a button."""
        pressed.append(at)
        return "pressed"

    x1, y1, x2, y2 = in_frame(family, ENT, guide.size)
    call = Call("press", {"at": {"x": (x1 + x2) / 2, "y": (y1 + y2) / 2}})
    with ScriptedModel([call, Say("Done.")], dialect=QwenDialect(family)) as model:
        VisionAgent(model, tools=[press]).ask("Press ENT.", guide)
    assert pressed[0].x == pytest.approx(ENT.center.x, abs=2)
    assert pressed[0].y == pytest.approx(ENT.center.y, abs=2)
    assert pressed[0].image == "img_1"


@pytest.mark.parametrize("family", FAMILIES)
def test_a_place_on_a_cut_is_led_back_to_the_picture(family: str, guide: VisionImage) -> None:
    region = Box(x1=400, y1=280, x2=800, y2=480)
    x1, y1, x2, y2 = in_frame(family, region, guide.size)
    zoom = Call("zoom", {"region": {"x1": x1, "y1": y1, "x2": x2, "y2": y2}})
    second = Say("There.", places=[])
    with ScriptedModel(
        [zoom, Say("Looked."), lambda _: second], dialect=QwenDialect(family)
    ) as model:
        agent = VisionAgent(model)
        agent.ask("Look closer.", guide, thread="t")
        cut = agent.images("t")["img_2"]
        assert cut.region is not None
        seen = QwenDialect(family).input_size(cut.size)
        extent = (1000, 1000) if QwenDialect(family).facts.relative else seen
        left, top, right, bottom = cut.region
        across, down = extent[0] / (right - left), extent[1] / (bottom - top)
        corners = [
            (ENT.x1 - left) * across,
            (ENT.y1 - top) * down,
            (ENT.x2 - left) * across,
            (ENT.y2 - top) * down,
        ]
        place = {"bbox_2d": [round(v) for v in corners], "label": "ENT", "image": "img_2"}
        second = Say("There.", places=[place])
        answer = agent.ask("Where is ENT?", thread="t")
    assert answer.detections[0].image == "img_1"
    assert answer.detections[0].box is not None
    assert answer.detections[0].box.iou(ENT) > 0.95
