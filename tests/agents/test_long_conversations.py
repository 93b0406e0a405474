"""Fifty turns with ten pictures: the prompt stays within its budget, the first is not forgotten."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from langchain_core.messages import BaseMessage
from PIL import Image

from deixis.agents import AgentLimits, VisionAgent
from deixis.testing import Call, Say, ScriptedModel
from deixis.testing._scripted import Step
from deixis.vision import Box, QwenDialect, VisionImage, load_image
from tests.agents.helpers import blocks
from tests.agents.prompts import counted
from tests.agents.test_window import Signs

TURNS = 50
TARGET = Box(x1=480, y1=270, x2=960, y2=540)  # on the first picture, of 1920 × 1080


def picture(number: int) -> VisionImage:
    size = (1920, 1080) if number == 0 else (640 + 160 * number, 480 + 120 * (number % 4))
    return load_image(Image.new("RGB", size, (20 * number, 90, 160)))


def script(family: str) -> list[Step | Callable[[Sequence[BaseMessage]], Step]]:
    """Fifty answers, some after reading; the last one after another look at the first picture."""
    corners = [round(v) for v in QwenDialect(family).frame((1920, 1080)).model_place(TARGET).xyxy]
    steps: list[Step | Callable[[Sequence[BaseMessage]], Step]] = []
    for number in range(TURNS - 1):
        if number % 3 == 0:
            steps.append(Call("read_text"))
        place = {"bbox_2d": [20, 20, 200, 90], "label": f"door {number}"}
        steps.append(Say(f"Answer {number}: through the door on the left. " * 5, places=[place]))

    def sees_it(messages: Sequence[BaseMessage]) -> Step:
        assert blocks(messages)[-1]["id"] == "img_1"
        place = {"bbox_2d": corners, "label": "lift", "image": "img_1"}
        return Say("The lift is on the left.", places=[place])

    return [*steps, Call("look_again", {"image": "img_1"}), sees_it]


@pytest.mark.parametrize("family", ["qwen2.5-vl", "qwen3-vl"])
def test_fifty_turns_with_ten_pictures_stay_within_the_prompt(family: str) -> None:
    limits = AgentLimits(prompt_tokens=16_000, image_tokens=8_000)
    signs = Signs(*(f"{n} 楼 Department of something {n}" for n in range(40)))
    with ScriptedModel(script(family), dialect=QwenDialect(family)) as model:
        agent = VisionAgent(model, limits=limits, reader=signs)
        for number in range(TURNS - 1):
            shown = [picture(number // 5)] if number % 5 == 0 else []
            agent.ask(f"Question {number}: where does this go?", shown, thread="t")
        answer = agent.ask("Where was the lift in the first picture?", thread="t")
    records = agent.images("t").records
    assert len(records) == 10
    sizes = {record.handle: record.size for record in records}
    prompts = [
        counted(asked, offered, dialect=model.dialect, sizes=sizes)
        for asked, offered in zip(model.asked, model.offered, strict=True)
    ]
    assert max(prompts) <= limits.prompt_tokens
    assert prompts[-1] < 2 * min(prompts[20:])
    assert not any(block["id"] == "img_1" for block in blocks(model.asked[-2]))
    assert answer.detections[0].image == "img_1"
    assert answer.detections[0].box is not None
    assert answer.detections[0].box.iou(TARGET) > 0.95


def test_a_picture_that_left_is_named_to_the_last() -> None:
    family = "qwen2.5-vl"
    limits = AgentLimits(prompt_tokens=10_000, image_tokens=4_000)
    with ScriptedModel(script(family), dialect=QwenDialect(family)) as model:
        agent = VisionAgent(model, limits=limits, reader=Signs("药房"))
        for number in range(TURNS):
            shown = [picture(number // 5)] if number % 5 == 0 else []
            agent.ask(f"Question {number}?", shown, thread="t")
    for asked in model.asked:
        told = "\n".join(str(message.text) for message in asked)
        assert any(b["id"] == "img_1" for b in blocks(asked)) or "img_1" in told


def test_the_embedded_model_answers_about_the_first_of_ten_pictures(pictures: Path) -> None:
    guide = pictures / "hospital_zh.jpg"
    shown: dict[int, VisionImage | Path] = {0: guide, 5: pictures / "menu.jpg"}
    shown |= {10: pictures / "station.jpg", 15: pictures / "street_sign.jpg"}
    shown |= {number: picture(number) for number in range(20, 50, 5)}
    agent = VisionAgent(limits=AgentLimits(prompt_tokens=6_000))
    for number in range(TURNS - 1):
        question = "How much is the beef noodle soup?" if number % 2 else "牛肉面多少钱？"
        images = [shown[number]] if number in shown else []
        agent.ask(question, images, thread="t")
    answer = agent.ask("Where should I go for ENT?", thread="t")
    assert len(agent.images("t").records) == 10
    assert answer.facts["floor"] == "4F"
    assert answer.detections[0].image == "img_1"
    assert answer.detections[0].box is not None
    assert answer.detections[0].box.iou(Box(x1=438, y1=304, x2=566, y2=347)) > 0.5
