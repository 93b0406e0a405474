"""What a tool has done isn't done again when its thread goes on; no process is killed here."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import ToolMessage
from langchain_core.tools import tool as langchain_tool
from langgraph.types import Command, interrupt

from deixis.agents import Answer, VisionAgent
from deixis.agents._middleware import AgentLimits
from deixis.testing import Call, Say, ScriptedModel
from deixis.tools import NewImage, Tool, ToolContext, ToolResult, tool
from deixis.vision import Detection, ImageStore, ToolError
from tests.agents.helpers import blank, blocks, told

CUT_OFF = "Error: this call was cut off. Whether it was done is not known: look before you try"


class Killed(BaseException):
    """Ends a run as a kill would: nothing of ours catches it."""


class World:
    """What was done in it, and where a run is cut off."""

    def __init__(self, folder: Path) -> None:
        self.done: list[str] = []
        self.folder = folder
        self.cut_after_the_tool = False
        self.cut_in_the_tool = False

    def do(self, what: str = "it") -> str:
        self.done.append(what)
        if self.cut_in_the_tool:
            raise Killed
        if self.cut_after_the_tool:
            self.keep_nothing_more()
        return f"Done {len(self.done)}."

    def keep_nothing_more(self) -> None:
        """From now on no checkpoint can be written, as if the process were gone."""
        for table in ("checkpoints", "writes"):
            self.sql(
                f"CREATE TRIGGER IF NOT EXISTS cut_{table} BEFORE INSERT ON {table} "
                "BEGIN SELECT RAISE(ABORT, 'cut off'); END"
            )

    def mend(self) -> None:
        self.cut_after_the_tool = self.cut_in_the_tool = False
        for table in ("checkpoints", "writes"):
            self.sql(f"DROP TRIGGER IF EXISTS cut_{table}")

    def sql(self, statement: str) -> None:
        with closing(sqlite3.connect(self.folder / "t.sqlite", timeout=30)) as connection:
            connection.execute(statement)

    def agent(self, model: ScriptedModel, *tools: Any) -> VisionAgent:
        store = ImageStore(self.folder / "images")
        return VisionAgent(model, tools=tools, images=store, checkpoints=self.folder / "t.sqlite")

    def cut_off(self, step: Any, *tools: Any, images: Any = ()) -> None:
        """A run that is cut off in its first step of tools."""
        with pytest.raises(CUT):
            self.agent(ScriptedModel([step]), *tools).ask("Go", images, thread="t")
        self.mend()

    def resumed(self, model: ScriptedModel, *tools: Any) -> Answer:
        with model:
            return self.agent(model, *tools).resume("t")


CUT = (Killed, sqlite3.IntegrityError)


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A world in which what a tool does is the last thing before the run is cut off."""
    world = World(tmp_path)
    world.cut_after_the_tool = True
    return world


@pytest.fixture
def act(world: World) -> Tool[..., Any]:
    @tool(effect=True)
    def act(what: str = "it") -> str:
        """Do it."""
        return world.do(what)

    return act


def test_what_was_done_is_not_done_again(world: World, act: Any) -> None:
    world.cut_off(Call("act"), act)
    model = ScriptedModel([Say("Well.")])
    assert world.resumed(model, act).tool_calls[0].ok
    assert world.done == ["it"]
    assert told(model) == "Done 1."


def test_of_what_was_cut_off_on_the_way_the_model_is_told(world: World, act: Any) -> None:
    world.cut_in_the_tool = True
    world.cut_off(Call("act"), act)
    model = ScriptedModel([Say("Well.")])
    assert not world.resumed(model, act).tool_calls[0].ok
    assert world.done == ["it"]
    assert told(model).startswith(CUT_OFF)


def test_what_has_no_effect_runs_again(world: World) -> None:
    @tool
    def look() -> str:
        """Look."""
        return world.do()

    world.cut_off(Call("look"), look)
    model = ScriptedModel([Say("Well.")])
    world.resumed(model, look)
    assert told(model) == "Done 2."


@pytest.mark.parametrize("error", [ToolError("it is locked"), RuntimeError("it is locked")])
def test_what_failed_is_not_tried_again(world: World, error: Exception) -> None:
    @tool(effect=True)
    def act() -> str:
        """Do it."""
        world.do()
        raise error

    world.cut_off(Call("act"), act)
    model = ScriptedModel([Say("Well.")])
    assert not world.resumed(model, act).tool_calls[0].ok
    assert world.done == ["it"]
    assert "it is locked" in told(model)


def test_calls_of_one_name_in_later_turns_run(world: World, act: Any) -> None:
    world.mend()
    for _ in range(2):
        # Each model counts its calls anew: both are call_0_0.
        with ScriptedModel([Call("act"), Say("Well.")]) as model:
            world.agent(model, act).ask("Go", thread="t")
    assert len(world.done) == 2


def test_two_calls_of_one_reply_both_run(world: World, act: Any) -> None:
    world.mend()
    with ScriptedModel([[Call("act"), Call("act")], Say("Well.")]) as model:
        world.agent(model, act).ask("Go", thread="t")
    assert sorted(told(model).split("\n")) == ["Done 1.", "Done 2."]


def test_what_a_person_allowed_is_done_once(world: World) -> None:
    @tool(approval=True)
    def act() -> str:
        """Do it."""
        return world.do()

    assert world.agent(ScriptedModel([Call("act")]), act).ask("Go", thread="t").pending
    with pytest.raises(CUT):
        world.agent(ScriptedModel([]), act).resume("t", [True])
    world.mend()
    model = ScriptedModel([Say("Well.")])
    world.resumed(model, act)
    assert world.done == ["it"]
    assert told(model) == "Done 1."


def test_a_tool_of_langchains_is_taken_to_have_an_effect(world: World) -> None:
    @langchain_tool(response_format="content_and_artifact")
    def act() -> tuple[str, dict[str, int]]:
        """Do it."""
        return world.do(), {"number": 7}

    world.cut_off(Call("act"), act)
    model = ScriptedModel([Say("Well.")])
    world.resumed(model, act)
    assert world.done == ["it"]
    result = model.asked[0][-1]
    assert isinstance(result, ToolMessage)
    assert (result.artifact, result.name, told(model)) == ({"number": 7}, "act", "Done 1.")


def test_what_can_not_be_written_is_left_out(world: World) -> None:
    @langchain_tool(response_format="content_and_artifact")
    def act() -> tuple[str, set[int]]:
        """Do it."""
        return world.do(), {1, 2}

    world.cut_off(Call("act"), act)
    model = ScriptedModel([Say("Well.")])
    world.resumed(model, act)
    assert told(model) == "Done 1."


def test_of_a_command_it_is_kept_that_it_was_done(world: World) -> None:
    @langchain_tool
    def act() -> Command[Any]:
        """Do it."""
        world.do()
        return Command(update={"messages": [ToolMessage("Done.", tool_call_id="call_0_0")]})

    world.cut_off(Call("act"), act)
    model = ScriptedModel([Say("Well.")])
    assert world.resumed(model, act).tool_calls[0].ok
    assert world.done == ["it"]
    assert told(model).startswith("Done. The run was cut off just after it")


def test_images_and_places_of_a_result_are_kept(world: World) -> None:
    @tool(effect=True)
    def photograph() -> ToolResult:
        """Take a picture."""
        made = NewImage(image=blank(shade=7))
        return ToolResult(
            text=world.do(), images=(made,), detections=(Detection(label="a \ud83d", score=0.5),)
        )

    world.cut_off(Call("photograph"), photograph, images=blank())
    model = ScriptedModel([Say("Well.")])
    world.resumed(model, photograph)
    assert world.done == ["it"]
    assert told(model) == "Done 1. It is img_2."
    assert [block["id"] for block in blocks(model.asked[0])] == ["img_1", "img_2"]
    agent = world.agent(ScriptedModel([]), photograph)
    assert agent.images("t").image("img_2").sha256 == blank(shade=7).sha256


def test_a_new_question_is_told_what_was_done(world: World, act: Any) -> None:
    world.cut_off(Call("act", {"what": "a"}), act)
    with ScriptedModel([Say("Well.")]) as model:
        world.agent(model, act).ask("And?", thread="t")
    assert told(model) == "Done 1."
    assert world.done == ["a"]


def test_a_new_question_keeps_the_images_that_were_made(world: World) -> None:
    @tool(effect=True)
    def photograph() -> ToolResult:
        """Take a picture."""
        return ToolResult(text=world.do(), images=(NewImage(image=blank(shade=7)),))

    world.cut_off(Call("photograph"), photograph)
    with ScriptedModel([Say("Well.")]) as model:
        world.agent(model, photograph).ask("And this?", blank(shade=9), thread="t")
    assert told(model) == "Done 1. It is img_1."
    assert [block["id"] for block in blocks(model.asked[0])] == ["img_1", "img_2"]


def test_a_tool_that_asks_a_person_starts_anew_with_the_answer(tmp_path: Path) -> None:
    said: list[str] = []

    @langchain_tool
    def act() -> str:
        """Do it."""
        said.append(interrupt("Which?"))
        return "Done."

    with ScriptedModel([Call("act"), Say("Well.")]) as model:
        agent = VisionAgent(model, tools=[act])
        graph: Any = agent._graph  # pyright: ignore[reportPrivateUsage]
        config = {"configurable": {"thread_id": "t"}}
        graph.invoke({"messages": [("user", "Go")]}, config)
        graph.invoke(Command(resume="this"), config)
    assert said == ["this"]
    assert told(model) == "Done."


async def test_an_asynchronous_run_does_nothing_again_either(world: World) -> None:
    @tool(effect=True)
    async def act() -> str:
        """Do it."""
        await asyncio.sleep(0)
        return world.do()

    with pytest.raises(CUT):
        await world.agent(ScriptedModel([Call("act")]), act).aask("Go", thread="t")
    world.mend()
    with ScriptedModel([Say("Well.")]) as model:
        await world.agent(model, act).aask("And?", thread="t")
    assert world.done == ["it"]
    assert told(model) == "Done 1."


def test_the_key_of_a_call_stays_and_is_no_other_calls(world: World) -> None:
    keys: list[str] = []

    @tool
    def look(context: ToolContext) -> str:
        """Look."""
        keys.append(context.idempotency_key)
        return world.do()

    world.cut_off([Call("look")], look)
    world.resumed(ScriptedModel([[Call("look"), Call("look")], Say("Well.")]), look)
    assert keys[0] == keys[1]
    assert len(set(keys)) == 3
    assert all(len(key) == 64 for key in keys)


def test_a_lost_connection_repeats_no_effect(tmp_path: Path) -> None:
    tried: list[int] = []

    def lose() -> str:
        """Lose the connection."""
        tried.append(1)
        raise ConnectionError

    make: Callable[..., Any] = tool(name="act", effect=True)
    with ScriptedModel([Call("act"), Say("Well.")]) as model:
        VisionAgent(model, tools=[make(lose)], limits=AgentLimits(tool_retries=3)).ask("Go")
    assert len(tried) == 1


def test_what_needs_approval_has_an_effect() -> None:
    @tool(approval=True)
    def grasp() -> str:
        """Grasp."""
        return ""

    @tool
    def look() -> str:
        """Look."""
        return ""

    assert grasp.effect
    assert not look.effect
