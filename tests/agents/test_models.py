"""The conformance suite against our models, and the embedded one through the agent."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

import pytest
from langchain_core.messages import HumanMessage
from pydantic import BaseModel, Field

from deixis.agents import VisionAgent
from deixis.testing import Ask, Call, Say, ScriptedModel, VisionModelConformance
from deixis.testing._conformance import picture
from deixis.tools import calculate
from deixis.tools._langchain import PlaceTool
from deixis.vision import (
    Box,
    CachedReader,
    Dialect,
    EmbeddedModel,
    ImageBook,
    ImageStore,
    ModelError,
    RapidReader,
    VisionImage,
    VisionModel,
    image_block,
    load_image,
)
from tests.conftest import PICTURES
from tests.dialects import RelativeDialect


class Found(BaseModel):
    """Where something is."""

    answer: str = Field(description="In the asker's language.")
    found: bool
    floor: str | None = None
    box: Box | None = None


class Mood(BaseModel):
    """What the picture feels like."""

    mood: str


def asked(image: VisionImage, question: str) -> tuple[list[HumanMessage], ImageStore]:
    book = ImageBook(store := ImageStore())
    block = image_block(book.add(image))
    return [HumanMessage([block, {"type": "text", "text": question}])], store


def about(image: VisionImage, question: str) -> HumanMessage:
    data = base64.b64encode(image.data).decode()
    block = {"type": "image", "base64": data, "mime_type": image.mime}
    return HumanMessage([block, {"type": "text", "text": question}])


MENU = load_image(PICTURES / "menu.jpg")
SUM = "How much are 2 wonton noodles in soup and one hot soy milk?"


class TestEmbedded(VisionModelConformance):
    def make_model(self) -> VisionModel:
        return EmbeddedModel(reader=CachedReader(RapidReader()))

    def tool_ask(self) -> Ask:
        return Ask(messages=[about(MENU, SUM)], tools=[PlaceTool.of(calculate)])

    def structured_ask(self) -> Ask:
        return Ask(messages=[about(load_image(picture()), "Where is ENT?")], tools=[Found])


class TestScripted(VisionModelConformance):
    dialect: Dialect | None = None

    def make_model(self) -> VisionModel:
        return ScriptedModel([_answer] * 8, dialect=self.dialect)

    def tool_ask(self) -> Ask:
        return Ask(messages=[HumanMessage("call")], tools=[PlaceTool.of(calculate)])

    def structured_ask(self) -> Ask:
        return Ask(messages=[HumanMessage("shape")], tools=[Found])


class TestRelative(TestScripted):
    dialect = RelativeDialect()


def _answer(messages: Sequence[Any]) -> Say | Call:
    if str(messages[-1].text) == "call":
        return Call("calculate", {"expression": "1+1"})
    if str(messages[-1].text) == "shape":
        return Call("Found", {"answer": "4F", "found": True})
    return Say("ENT is on 4F.")


def test_a_guide_is_answered_with_its_floor_and_its_place(guide: VisionImage) -> None:
    answer = VisionAgent().ask("Where should I go for ENT?", guide)
    assert answer.found
    assert answer.facts["floor"] == "4F"
    assert answer.detections[0].text == "耳鼻喉科"
    box = answer.detections[0].box
    assert box is not None
    assert box.iou(Box(x1=438, y1=304, x2=566, y2=346)) > 0.6


def test_what_is_not_on_a_guide_is_not_found(guide: VisionImage) -> None:
    answer = VisionAgent().ask("Where is the swimming pool?", guide)
    assert not answer.found
    assert answer.facts["floor"] is None


def test_a_sum_on_the_menu_goes_through_the_calculator() -> None:
    answer = VisionAgent().ask(SUM, MENU)
    assert [(call.name, call.ok) for call in answer.tool_calls] == [("calculate", True)]
    assert answer.facts["total"] is not None
    assert answer.facts["total"] in answer.answer


def test_a_structured_answer_has_what_was_read(guide: VisionImage) -> None:
    messages, store = asked(guide, "Where is ENT?")
    found = EmbeddedModel().with_images(store).with_structured_output(Found).invoke(messages)
    assert isinstance(found, Found)
    assert (found.found, found.floor) == (True, "4F")
    assert found.box is not None
    assert found.box.image == "img_1"
    assert found.box.iou(Box(x1=438, y1=304, x2=566, y2=346)) > 0.6


def test_a_shape_that_it_can_not_fill_is_a_clear_error(guide: VisionImage) -> None:
    messages, store = asked(guide, "How does it feel?")
    shaped = EmbeddedModel().with_images(store).with_structured_output(Mood)
    with pytest.raises(ModelError, match="the embedded model can't fill mood of Mood"):
        shaped.invoke(messages)


def test_a_structured_box_comes_out_of_any_frame_in_pixels() -> None:
    said = {"answer": "There", "found": True, "box": {"bbox_2d": [500, 500, 1000, 1000]}}
    messages, store = asked(load_image(picture(size=(1600, 1200))), "Where?")
    model = ScriptedModel([Call("Found", said)], dialect=RelativeDialect()).with_images(store)
    found = model.with_structured_output(Found).invoke(messages)
    assert isinstance(found, Found)
    assert found.box == Box(x1=800, y1=600, x2=1600, y2=1200, image="img_1")


async def test_a_structured_answer_comes_asynchronously_too() -> None:
    model = ScriptedModel([Call("Found", {"answer": "There", "found": True})])
    found = await model.with_structured_output(Found).ainvoke("Where?")
    assert isinstance(found, Found)


@pytest.mark.parametrize(
    "said", [Say("It is there."), Call("Found", {"found": 1}), Call("Found", {"box": [1]})]
)
def test_an_answer_out_of_shape_is_an_error_or_is_given_raw(said: Say | Call) -> None:
    model = ScriptedModel([said, said])
    with pytest.raises(ModelError, match=r"shape of Found"):
        model.with_structured_output(Found).invoke("Where?")
    given = model.with_structured_output(Found, include_raw=True).invoke("Where?")
    assert isinstance(given, dict)
    assert given["parsed"] is None
    assert isinstance(given["parsing_error"], ModelError)


def test_a_scripted_model_says_which_step_was_left() -> None:
    with (
        pytest.raises(AssertionError, match="1 of 1 scripted steps unused"),
        ScriptedModel([Say("Never.")]),
    ):
        pass


def test_a_scripted_model_asked_beyond_its_script_says_so() -> None:
    with pytest.raises(AssertionError, match="asked 1 times, and the script has 0 steps"):
        ScriptedModel([]).invoke("?")
