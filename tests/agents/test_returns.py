"""Answers in a shape."""

from __future__ import annotations

import pytest
from pydantic import BaseModel, Field

from deixis.agents import AgentLimits, VisionAgent
from deixis.testing import Call, Say, ScriptedModel
from deixis.tools import tool
from deixis.vision import Box, ModelError, Point, QwenDialect
from tests.agents.helpers import blank, told


class Item(BaseModel):
    """A thing on a list."""

    name: str
    at: Point | None = None


class Listing(BaseModel):
    """What a list says."""

    title: str | None = None
    heading: Box | None = None
    items: list[Item] = Field(default_factory=list[Item])


GIVEN = Call(
    "Listing",
    {
        "title": "Menu",
        "heading": [0, 0, 1000, 100],
        "items": [{"name": "Soup", "at": [500, 250]}, {"name": "Tea"}],
    },
)
EXPECTED = Listing(
    title="Menu",
    heading=Box(x1=0, y1=0, x2=640, y2=48, image="img_1"),
    items=[Item(name="Soup", at=Point(x=320, y=120, image="img_1")), Item(name="Tea")],
)


def qwen(*steps: Call | Say) -> ScriptedModel:
    return ScriptedModel(list(steps), dialect=QwenDialect("qwen3-vl"))


def test_places_however_deep_come_back_in_original_pixels() -> None:
    with qwen(GIVEN) as model:
        answer = VisionAgent(model).ask("List it", blank(640, 480), returns=Listing)
    assert answer.value == EXPECTED
    assert answer.found
    assert [d.label for d in answer.detections] == ["heading", "items.0.at"]
    assert not answer.tool_calls


def test_prose_is_asked_for_again_as_a_call_and_kept_as_the_words() -> None:
    with qwen(Say("It is a menu."), GIVEN) as model:
        answer = VisionAgent(model).ask("List it", blank(640, 480), returns=Listing)
    assert answer.answer == "It is a menu."
    assert answer.value == EXPECTED


def test_a_shape_that_does_not_fit_is_told_and_mended() -> None:
    wrong = Call("Listing", {"items": [{"at": [500, 250]}]})
    outside = Call("Listing", {"heading": [0, 0, 4000, 100]})
    with qwen(wrong, outside, GIVEN) as model:
        answer = VisionAgent(model).ask("List it", blank(640, 480), returns=Listing)
    assert answer.value == EXPECTED
    assert "items.0.name: field required" in told(model, 1)
    assert "outside the image" in told(model, 2)


def test_tools_come_first_and_a_shape_given_beside_them_is_too_early() -> None:
    @tool
    def look() -> str:
        """Look."""
        return "A menu."

    early = ScriptedModel([[Call("look"), Call("Listing", {})], Call("Listing", {"title": "Menu"})])
    with early as model:
        answer = VisionAgent(model, tools=[look]).ask("List it", blank(), returns=Listing)
    assert answer.value == Listing(title="Menu")
    assert [call.name for call in answer.tool_calls] == ["look"]


def test_a_model_that_never_gives_the_shape_is_an_error() -> None:
    with ScriptedModel([Say("No.")] * 3) as model:
        agent = VisionAgent(model, limits=AgentLimits(model_retries=1))
        with pytest.raises(ModelError, match="in the shape of Listing"):
            agent.ask("List it", blank(), returns=Listing)


def test_nothing_found_is_an_empty_shape() -> None:
    with ScriptedModel([Call("Listing", {})]) as model:
        answer = VisionAgent(model).ask("List it", blank(), returns=Listing)
    assert answer.value == Listing()
    assert not answer.found


def test_the_conversation_goes_on_in_words() -> None:
    with ScriptedModel([Call("Listing", {"title": "Menu"}), Say("Two.")]) as model:
        agent = VisionAgent(model)
        agent.ask("List it", blank(), thread="t", returns=Listing)
        assert agent.ask("How many?", thread="t").answer == "Two."


async def test_asynchronously() -> None:
    with qwen(GIVEN) as model:
        answer = await VisionAgent(model).aask("List it", blank(640, 480), returns=Listing)
    assert answer.value == EXPECTED


def test_it_waits_for_approval_and_comes_with_the_resume() -> None:
    @tool(approval=True)
    def grasp() -> str:
        """Grasp."""
        return "Grasped."

    with ScriptedModel([Call("grasp"), Call("Listing", {"title": "Menu"})]) as model:
        agent = VisionAgent(model, tools=[grasp])
        waiting = agent.ask("List it", blank(), thread="t", returns=Listing)
        assert waiting.value is None
        assert agent.resume("t", [True], returns=Listing).value == Listing(title="Menu")


class Sign(BaseModel):
    """What a sign says of a department."""

    floor: str | None = None
    answer: str


def test_the_embedded_model_fills_what_it_knows() -> None:
    agent = VisionAgent()
    answer = agent.ask(
        "Where should I go for ENT?", "examples/images/hospital_zh.jpg", returns=Sign
    )
    assert answer.value is not None
    assert answer.value.floor == "4F"


def test_a_shape_needs_fields() -> None:
    with pytest.raises(TypeError, match="has no fields"):
        VisionAgent(ScriptedModel([])).ask("?", blank(), returns=BaseModel)
