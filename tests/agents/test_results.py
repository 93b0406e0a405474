"""What tools give beside their words: data for programs, pictures for the user."""

from __future__ import annotations

import pytest
from langchain_core.messages import ToolCall
from pydantic import BaseModel

from deixis.agents import VisionAgent
from deixis.agents._effects import read_outcome, write_outcome
from deixis.memory import Effect
from deixis.testing import Call, Say, ScriptedModel
from deixis.tools import NewImage, ToolResult, tool
from deixis.vision import ImageStore
from tests.agents.helpers import blank


class Found(BaseModel):
    floor: str


@tool
def look_up(name: str) -> Found:
    """Looks a name up."""
    return Found(floor=name)


@tool
def draw(shown: bool) -> ToolResult:
    """Draws a plan."""
    image = NewImage(image=blank(40, 30), shown=shown, alt="A plan of 4F.")
    return ToolResult(text="Drawn.", images=(image,), data=Found(floor="4F"))


def test_a_model_that_a_tool_returns_is_data_for_the_program() -> None:
    with ScriptedModel([Call("look_up", {"name": "4F"}), Say("4F.")]) as model:
        answer = VisionAgent(model, tools=[look_up]).ask("Where?")
    assert answer.tool_calls[0].data == {"floor": "4F"}


def test_data_is_not_written_with_the_call() -> None:
    with ScriptedModel([Call("look_up", {"name": "4F"}), Say("4F.")]) as model:
        answer = VisionAgent(model, tools=[look_up]).ask("Where?")
    assert set(answer.tool_calls[0].model_dump()) == {"name", "arguments", "ok"}


@pytest.mark.parametrize("shown", [True, False])
def test_a_picture_is_the_users_only_where_the_tool_says_so(shown: bool) -> None:
    with ScriptedModel([Call("draw", {"shown": shown}), Say("Here.")]) as model:
        agent = VisionAgent(model, tools=[draw])
        answer = agent.ask("Draw it.")
    assert [picture.alt for picture in answer.pictures] == (["A plan of 4F."] if shown else [])
    assert len(agent.images(answer.thread).records) == 1


def test_pictures_of_the_turn_before_are_not_shown_again() -> None:
    script = [Call("draw", {"shown": True}), Say("Here."), Say("Bye.")]
    with ScriptedModel(script) as model:
        agent = VisionAgent(model, tools=[draw])
        first = agent.ask("Draw it.")
        second = agent.ask("Thanks.", thread=first.thread)
    assert (len(first.pictures), second.pictures) == (1, ())


def test_both_come_out_of_the_ledger_as_they_went_in() -> None:
    store, call = ImageStore(), ToolCall(name="draw", args={}, id="1", type="tool_call")
    kept = Effect(result=write_outcome(draw.function(True), store))
    result = read_outcome(kept, call, store)
    assert isinstance(result, ToolResult)
    assert result.data is not None
    assert result.data.model_dump() == {"floor": "4F"}
    assert [(made.shown, made.alt) for made in result.images] == [(True, "A plan of 4F.")]


async def test_a_thread_that_waits_goes_on_in_a_stream() -> None:
    @tool(approval=True)
    def act() -> str:
        """Acts."""
        return "acted"

    with ScriptedModel([Call("act", {}), Say("Done.")]) as model:
        agent = VisionAgent(model, tools=[act])
        waiting = await agent.aask("Act.")
        events = [event async for event in agent.aresume_stream(waiting.thread, [True])]
    kinds = [event.kind for event in events]
    assert "tool_finished" in kinds
    assert kinds[-1] == "finished"
