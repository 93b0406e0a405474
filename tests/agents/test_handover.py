"""Agents that hand the conversation over to each other."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from deixis.agents import AgentLimits, Handover, TextDelta, VisionAgent
from deixis.testing import Call, Say, ScriptedModel
from deixis.tools import tool
from deixis.vision import Box, DeixisError, Point, QwenDialect
from tests.agents.helpers import blank, blocks, told, where

OVER = Call("hand_over", {"to": "reader", "wanted": "What the form says."})
PLACE = {"bbox_2d": [500, 500, 750, 750], "label": "name", "image": "img_1"}


@tool(approval=True)
def grasp(at: Point) -> str:
    """Close the gripper at a point."""
    return f"Grasped {where(at)}."


def agent(model: ScriptedModel, name: str, **more: Any) -> VisionAgent:
    return VisionAgent(model, tools=more.pop("tools", []), name=name, **more)


def desk(guide: ScriptedModel, reader: ScriptedModel, **more: Any) -> Handover:
    tools = more.pop("tools", [])
    return Handover([agent(guide, "guide"), agent(reader, "reader", tools=tools)], **more)


def test_the_other_one_goes_on_with_the_conversation_and_its_images() -> None:
    with (
        ScriptedModel([OVER]) as guide,
        ScriptedModel([Say("A name.", places=[PLACE], facts={"kind": "form"})]) as reader,
    ):
        answer = desk(guide, reader).ask("What is it?", blank(800, 800))
    assert (answer.agent, answer.answer) == ("reader", "A name.")
    assert answer.detections[0].box == Box(x1=500, y1=500, x2=750, y2=750, image="img_1")
    assert [block["id"] for block in blocks(reader.asked[0])] == ["img_1"]
    assert "What is it?" in str(reader.asked[0][1].text)
    assert "Wanted: What the form says." in told(reader)


def test_who_has_the_conversation_keeps_it() -> None:
    with ScriptedModel([OVER]) as guide, ScriptedModel([Say("A."), Say("B.")]) as reader:
        both = desk(guide, reader)
        both.ask("What is it?", blank(), thread="t")
        assert both.ask("And?", thread="t").answer == "B."


def test_it_can_be_handed_back() -> None:
    back = Call("hand_over", {"to": "guide", "wanted": "The way."})
    with ScriptedModel([OVER, Say("Left.")]) as guide, ScriptedModel([back]) as reader:
        answer = desk(guide, reader).ask("What is it, and the way?", blank())
    assert (answer.agent, answer.answer) == ("guide", "Left.")
    assert [call.name for call in answer.tool_calls] == ["hand_over", "hand_over"]


def test_each_reads_the_others_places_in_its_own_words() -> None:
    guide = ScriptedModel([Say("There.", places=[PLACE]), OVER], dialect=QwenDialect("qwen3-vl"))
    with guide, ScriptedModel([Say("Seen.")]) as reader:
        both = desk(guide, reader)
        first = both.ask("Where?", blank(400, 400), thread="t")
        both.ask("And now?", thread="t")
    assert first.detections[0].box == Box(x1=200, y1=200, x2=300, y2=300, image="img_1")
    said = "\n".join(str(message.text) for message in reader.asked[0])
    assert "[200" in said
    assert "[500" not in said


def test_an_unknown_agent_is_an_error_that_the_model_can_mend() -> None:
    wrong = Call("hand_over", {"to": "cook", "wanted": "Soup."})
    with ScriptedModel([wrong, Say("I can't.")]) as guide, ScriptedModel([]) as reader:
        answer = desk(guide, reader).ask("Soup?", blank())
    assert (answer.agent, answer.answer) == ("guide", "I can't.")
    assert "there is no agent 'cook'" in told(guide)


def test_it_is_not_handed_to_and_fro_without_end() -> None:
    back = Call("hand_over", {"to": "guide", "wanted": "The way."})
    with (
        ScriptedModel([OVER, OVER, OVER, Say("Enough.")]) as guide,
        ScriptedModel([back, back]) as reader,
    ):
        assert desk(guide, reader).ask("?", blank()).answer == "Enough."
    assert "often enough" in told(guide)


def test_a_call_beside_the_hand_over_is_told_that_it_was_not_made() -> None:
    with (
        ScriptedModel([[OVER, Call("grasp", {"at": [1, 1]})]]) as guide,
        ScriptedModel([Say("A.")]) as reader,
    ):
        both = Handover([agent(guide, "guide", tools=[grasp]), agent(reader, "reader")])
        waiting = both.ask("?", blank(), thread="t")
        both.resume("t", [False] * len(waiting.pending))
    assert len([m for m in reader.asked[0] if m.type == "tool"]) == 2


def test_approval_waits_and_goes_on() -> None:
    with (
        ScriptedModel([OVER]) as guide,
        ScriptedModel([Call("grasp", {"at": [3, 4]}), Say("Held.")]) as reader,
    ):
        both = desk(guide, reader, tools=[grasp])
        waiting = both.ask("Take it", blank(), thread="t")
        assert [(call.agent, call.places) for call in waiting.pending] == [
            ("reader", (Point(x=3, y=4, image="img_1"),))
        ]
        assert both.resume("t", [True]).answer == "Held."
    assert "Grasped 3,4 on img_1." in told(reader)


async def test_the_stream_says_who_speaks() -> None:
    with ScriptedModel([OVER]) as guide, ScriptedModel([Say("A name.")]) as reader:
        stream = desk(guide, reader).astream("What is it?", blank())
        events = [event async for event in stream]
    said = {(e.agent, e.within) for e in events if isinstance(e, TextDelta)}
    assert said == {("reader", ())}
    assert events[-1].agent == "reader"


def test_the_limit_on_steps_holds_for_all_together() -> None:
    with ScriptedModel([OVER]) as guide, ScriptedModel([]) as reader:
        answer = desk(guide, reader, limits=AgentLimits(total_steps=1)).ask("?", blank())
    assert "total_steps" in answer.answer


class Form(BaseModel):
    """What it says."""

    name: str | None = None


def test_it_answers_in_a_shape() -> None:
    with ScriptedModel([OVER]) as guide, ScriptedModel([Call("Form", {"name": "Li"})]) as reader:
        answer = desk(guide, reader).ask("?", blank(), returns=Form)
    assert answer.value == Form(name="Li")
    assert answer.agent == "reader"


@pytest.mark.parametrize("names", [["one"], ["one", "one"]])
def test_two_agents_of_different_names_are_needed(names: list[str]) -> None:
    with pytest.raises(DeixisError, match="two agents or more"):
        Handover([agent(ScriptedModel([]), name) for name in names])


def test_the_first_must_be_one_of_them() -> None:
    with pytest.raises(DeixisError, match="there is no agent 'cook'"):
        desk(ScriptedModel([]), ScriptedModel([]), first="cook")
