"""One question about each of several images."""

from __future__ import annotations

import asyncio
import threading

import pytest
from pydantic import BaseModel

from deixis.agents import VisionAgent
from deixis.testing import Call, ScriptedModel
from deixis.tools import ToolContext, tool
from deixis.vision import ImageError
from tests.agents.helpers import blank, echo


def test_the_answers_come_in_the_images_order_each_with_its_thread() -> None:
    images = [blank(shade=shade) for shade in (1, 2, 3)]
    with ScriptedModel([echo] * 4) as model:
        agent = VisionAgent(model)
        done = agent.ask_each("What?", images, thread="t")
        assert [one.answer.thread for one in done if one.answer] == ["t/1", "t/2", "t/3"]
        assert [one.image for one in done] == images
        assert agent.ask("And?", thread="t/2").answer == "To And?"


def test_one_that_fails_leaves_the_others_alone() -> None:
    with ScriptedModel([echo] * 2) as model:
        done = VisionAgent(model).ask_each("What?", [blank(), b"no image", blank(shade=1)])
    assert [one.answer is not None for one in done] == [True, False, True]
    assert isinstance(done[1].error, ImageError)


def test_they_are_asked_at_the_same_time() -> None:
    together = threading.Barrier(3, timeout=20)

    def meet(_: object) -> Call:
        together.wait()
        return Call("Name", {"name": "x"})

    class Name(BaseModel):
        """A name."""

        name: str

    with ScriptedModel([meet] * 3) as model:
        images = [blank(shade=shade) for shade in range(3)]
        done = VisionAgent(model).ask_each("Who?", images, at_once=3, returns=Name)
    assert [getattr(one.answer, "value", None) for one in done] == [Name(name="x")] * 3


async def test_asynchronously() -> None:
    images = [blank(shade=shade) for shade in (1, 2)]
    with ScriptedModel([echo] * 2) as model:
        done = await VisionAgent(model).aask_each("What?", images)
    assert [one.answer.answer for one in done if one.answer] == ["To What?"] * 2


async def test_cancelled_together() -> None:
    begun: list[str] = []
    ended: list[str] = []

    @tool
    async def wait(context: ToolContext) -> str:
        """Wait."""
        begun.append(str(context.thread))
        try:
            await asyncio.sleep(60)
        finally:
            ended.append(str(context.thread))
        return "never"

    agent = VisionAgent(ScriptedModel([Call("wait")] * 2), tools=[wait])
    images = [blank(shade=shade) for shade in (1, 2)]
    asking = asyncio.create_task(agent.aask_each("What?", images, thread="t"))
    while len(begun) < 2:
        await asyncio.sleep(0.01)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert sorted(ended) == ["t/1", "t/2"]
