"""An agent as a tool of another: what goes in, what comes out, who is asked, who speaks."""

from __future__ import annotations

import asyncio
import threading
from typing import Any, cast

import pytest
from langchain.agents import create_agent  # pyright: ignore[reportUnknownVariableType]
from langchain_core.messages import HumanMessage
from langgraph.checkpoint.memory import InMemorySaver
from pydantic import BaseModel

from deixis.agents import (
    AgentEvent,
    AgentLimits,
    ApprovalNeeded,
    Decision,
    PendingCall,
    TextDelta,
    ToolFinished,
    ToolStarted,
    VisionAgent,
)
from deixis.testing import Call, Say, ScriptedModel
from deixis.tools import NewImage, ToolContext, ToolResult, tool
from deixis.vision import Box, Point, QwenDialect, StoppedError
from tests.agents.helpers import blank, blocks, told, where

ASK = Call("ask_reader", {"task": "Read it"})


def reader(model: ScriptedModel, **more: Any) -> VisionAgent:
    return VisionAgent(model, tools=more.pop("tools", []), name="reader", **more)


def lead(model: ScriptedModel, *inner: VisionAgent, **more: Any) -> VisionAgent:
    return VisionAgent(model, tools=[one.as_tool() for one in inner], name="lead", **more)


def shown(model: ScriptedModel, number: int = -1) -> list[str]:
    return [str(block["id"]) for block in blocks(model.asked[number])]


@tool(approval=True)
def grasp(at: Point) -> str:
    """Close the gripper at a point."""
    return f"Grasped {where(at)}."


def test_the_images_of_the_question_go_along() -> None:
    with (
        ScriptedModel([Say("ENT is on 4F.")]) as inner,
        ScriptedModel([ASK, Say("4F.")]) as outer,
    ):
        lead(outer, reader(inner)).ask("Where?", [blank(shade=1), blank(shade=2)])
    assert shown(inner) == ["img_1", "img_2"]
    assert "ENT is on 4F." in told(outer)


def test_only_the_images_that_are_named_are_shown() -> None:
    call = Call("ask_reader", {"task": "Read it", "images": ["img_2"]})
    with ScriptedModel([Say("A.")]) as inner, ScriptedModel([call, Say("B.")]) as outer:
        lead(outer, reader(inner)).ask("Where?", [blank(shade=1), blank(shade=2)])
    assert shown(inner) == ["img_2"]


def test_an_unknown_image_is_an_error_that_the_model_can_mend() -> None:
    call = Call("ask_reader", {"task": "Read it", "images": ["img_7"]})
    with ScriptedModel([]) as inner, ScriptedModel([call, Say("B.")]) as outer:
        lead(outer, reader(inner)).ask("Where?", blank())
    assert "there is no image 'img_7'" in told(outer)


def test_a_later_question_brings_its_earlier_images_along() -> None:
    with (
        ScriptedModel([Say("A.")]) as inner,
        ScriptedModel([Say("First."), ASK, Say("Second.")]) as outer,
    ):
        agent = lead(outer, reader(inner))
        agent.ask("Look", blank(), thread="t")
        agent.ask("And now?", thread="t")
    assert shown(inner) == ["img_1"]


def test_places_change_frames_on_the_way_in_and_out() -> None:
    inner = ScriptedModel(
        [Say("There.", places=[{"bbox_2d": [500, 500, 750, 750], "label": "cup"}])],
        dialect=QwenDialect("qwen3-vl"),
    )
    call = Call("ask_reader", {"task": "What is here?", "points": [[320, 240]]})
    with inner, ScriptedModel([call, Say("Seen.")]) as outer:
        answer = lead(outer, reader(inner)).ask("Where?", blank(640, 480))
    asked = str(inner.asked[0][-1].text)
    assert '"point_2d": [500, 500]' in asked  # of a thousand, as this model speaks
    assert '"bbox_2d": [320' in told(outer)  # in pixels, as that one does
    inside = answer.tool_calls[0].data
    assert isinstance(inside, dict)
    assert answer.tool_calls[0].ok


def test_what_it_saw_comes_back_as_detections_in_original_pixels() -> None:
    place = {"bbox_2d": [10, 20, 30, 40], "label": "ENT", "image": "img_1"}
    with (
        ScriptedModel([Say("4F.", places=[place])]) as inner,
        ScriptedModel([ASK, Say("4F.", places=[place])]) as outer,
    ):
        answer = lead(outer, reader(inner)).ask("Where?", blank())
    assert answer.detections[0].box == Box(x1=10, y1=20, x2=30, y2=40, image="img_1")


def camera(shade: int) -> Any:
    @tool
    def look() -> ToolResult:
        """Take a picture."""
        return ToolResult(text="Taken.", images=(NewImage(image=blank(shade=shade)),))

    return look


def test_pictures_it_took_are_known_to_who_asked_under_free_handles() -> None:
    place = {"bbox_2d": [1, 2, 3, 4], "label": "cup", "image": "img_2"}
    steps = [Call("look"), Say("In img_2.", places=[place])]
    first = reader(ScriptedModel(steps), tools=[camera(7)])
    other = VisionAgent(ScriptedModel(steps), tools=[camera(8)], name="other")
    both = [ASK, Call("ask_other", {"task": "Look"})]
    with ScriptedModel([both, Say("Two.")]) as outer:
        agent = lead(outer, first, other)
        answer = agent.ask("Where?", blank(), thread="t")
    book = agent.images("t")
    assert {record.handle for record in book.records} == {"img_1", "img_2", "img_3"}
    said = {
        call.name: str(call.data["answer"])
        for call in answer.tool_calls
        if isinstance(call.data, dict)
    }
    shades = {
        name: book.image(words.removeprefix("In ").rstrip(".")).pixels().getpixel((0, 0))
        for name, words in said.items()
    }
    assert shades == {"ask_reader": (7, 7, 7), "ask_other": (8, 8, 8)}


def test_a_picture_for_the_user_is_shown_by_who_asked() -> None:
    @tool
    def plan() -> ToolResult:
        """Draw a plan."""
        made = NewImage(image=blank(shade=9), shown=True, alt="The way to ENT")
        return ToolResult(text="Drawn.", images=(made,))

    with (
        ScriptedModel([Call("plan"), Say("See.")]) as inner,
        ScriptedModel([ASK, Say("See the plan.")]) as outer,
    ):
        answer = lead(outer, reader(inner, tools=[plan])).ask("The way?", blank())
    assert [picture.alt for picture in answer.pictures] == ["The way to ENT"]


def test_it_remembers_its_earlier_tasks_of_the_conversation() -> None:
    again = Call("ask_reader", {"task": "And the price?"})
    with (
        ScriptedModel([Say("A menu."), Say("Five.")]) as inner,
        ScriptedModel([ASK, Say("A menu."), again, Say("Five.")]) as outer,
    ):
        agent = lead(outer, reader(inner))
        agent.ask("What is it?", blank(), thread="t")
        agent.ask("How much?", thread="t")
    words = [str(message.text) for message in inner.asked[1]]
    assert words[-3:] == ["Read it", "A menu.", "And the price?"]


def test_an_agent_that_fails_is_an_error_to_who_asked() -> None:
    with ScriptedModel([ASK, Say("It failed.")]) as outer:
        answer = lead(outer, reader(ScriptedModel([]))).ask("Go", blank())
    assert "reader failed" in told(outer)
    assert not answer.tool_calls[0].ok


def test_its_call_waits_for_the_person_who_asked_the_outer_one() -> None:
    inner = ScriptedModel([Call("grasp", {"at": [3, 4]}), Say("I have it.")])
    with inner, ScriptedModel([ASK, Say("Done.")]) as outer:
        agent = lead(outer, reader(inner, tools=[grasp]))
        waiting = agent.ask("Take it", blank(), thread="t")
        assert waiting.pending == (
            PendingCall(
                name="grasp",
                arguments={"at": [3, 4]},
                description="grasp: at (3, 4) of img_1",
                places=(Point(x=3, y=4, image="img_1"),),
                agent="reader",
                images=agent.images("t").records,
                id=waiting.pending[0].id,
            ),
        )
        answer = agent.resume("t", [True])
    assert answer.answer == "Done."
    assert "Grasped 3,4 on img_1." in told(inner)


def test_a_person_sees_the_pictures_that_only_inner_agents_know() -> None:
    steps = [Call("look"), Call("grasp", {"at": [1, 1]}), Say("Held.")]
    agents = [
        VisionAgent(ScriptedModel(steps), tools=[camera(shade), grasp], name=name)
        for name, shade in (("reader", 7), ("other", 8))
    ]
    both = [ASK, Call("ask_other", {"task": "Take it"})]
    agent = lead(ScriptedModel([both, Say("Done.")]), *agents)
    waiting = agent.ask("Take them", blank(), thread="t")
    book = agent.images("t")
    shades = {
        call.agent: book.image(str(call.places[0].image)).pixels().getpixel((0, 0))
        for call in waiting.pending
    }
    assert shades == {"reader": (7, 7, 7), "other": (8, 8, 8)}
    assert all(str(call.places[0].image) in call.description for call in waiting.pending)


def test_calls_of_two_agents_at_once_each_get_their_own_decision() -> None:
    one = ScriptedModel([Call("grasp", {"at": [1, 1]}), Say("One.")])
    two = ScriptedModel([Call("grasp", {"at": [2, 2]}), Say("Two.")])
    other = VisionAgent(two, tools=[grasp], name="other")
    both = [ASK, Call("ask_other", {"task": "Take it"})]
    with one, two, ScriptedModel([both, Say("Done.")]) as outer:
        agent = lead(outer, reader(one, tools=[grasp]), other)
        waiting = agent.ask("Take them", blank(), thread="t")
        wanted = [call.agent for call in waiting.pending]
        assert sorted(wanted) == ["other", "reader"]
        words = [Decision(allow=name == "other", reason="Not that.") for name in wanted]
        agent.resume("t", words)
    assert "Not that." in told(one)
    assert "Grasped 2,2 on img_1." in told(two)


def test_an_approver_of_the_outer_agent_is_asked_and_of_the_inner_where_there_is_none() -> None:
    asked: list[str] = []

    def saying(name: str) -> Any:
        def approve(call: PendingCall) -> bool:
            asked.append(f"{name}: {call.agent}")
            return True

        return approve

    for outer_word, expected in ((saying("outer"), "outer: reader"), (None, "inner: reader")):
        inner = ScriptedModel([Call("grasp", {"at": [3, 4]}), Say("I have it.")])
        with inner, ScriptedModel([ASK, Say("Done.")]) as outer:
            within = reader(inner, tools=[grasp], approve=saying("inner"))
            lead(outer, within, approve=outer_word).ask("Take it", blank())
        assert asked.pop() == expected


def test_an_agent_within_an_agent_within_an_agent() -> None:
    deepest = VisionAgent(
        ScriptedModel([Call("grasp", {"at": [5, 6]}), Say("Held.")]), tools=[grasp], name="hand"
    )
    middle = VisionAgent(
        ScriptedModel([Call("ask_hand", {"task": "Hold it"}), Say("It holds.")]),
        tools=[deepest.as_tool()],
        name="reader",
    )
    with ScriptedModel([ASK, Say("Done.")]) as outer:
        agent = lead(outer, middle)
        waiting = agent.ask("Take it", blank(), thread="t")
        assert [call.agent for call in waiting.pending] == ["hand"]
        assert agent.resume("t", [True]).answer == "Done."
    assert "It holds." in told(outer)


def test_the_stream_says_who_speaks_and_within_which_call() -> None:
    @tool
    def look() -> str:
        """Look."""
        return "A cup."

    with (
        ScriptedModel([Call("look"), Say("A cup.")]) as inner,
        ScriptedModel([ASK, Say("It is a cup.")]) as outer,
    ):
        events = list(lead(outer, reader(inner, tools=[look])).stream("What?", blank()))
    words: dict[tuple[str, tuple[str, ...]], str] = {}
    for event in events:
        if isinstance(event, TextDelta):
            key = (event.agent, event.within)
            words[key] = words.get(key, "") + event.text
    assert words == {("reader", ("call_0_0",)): "A cup.", ("lead", ()): "It is a cup."}
    calls = [(e.agent, e.name) for e in events if isinstance(e, ToolStarted)]
    assert calls == [("lead", "ask_reader"), ("reader", "look")]
    assert [e.agent for e in events if isinstance(e, ToolFinished)] == ["reader", "lead"]
    assert events[-1].agent == "lead"


async def test_the_stream_says_it_asynchronously_too() -> None:
    inner = ScriptedModel([Call("grasp", {"at": [3, 4]}), Say("Held.")])
    with inner, ScriptedModel([ASK, Say("Done.")]) as outer:
        agent = lead(outer, reader(inner, tools=[grasp]))
        first = [event async for event in agent.astream("Take it", blank(), thread="t")]
        needed = [event for event in first if isinstance(event, ApprovalNeeded)]
        assert [event.agent for event in needed] == ["reader"]
        events: list[AgentEvent] = [e async for e in agent.aresume_stream("t", [True])]
    said = [(e.agent, e.text) for e in events if isinstance(e, TextDelta)]
    assert said == [("reader", "Held."), ("lead", "Done.")]


def test_the_outer_budget_holds_for_all_together() -> None:
    steps = [Call("look")] * 9
    with ScriptedModel([ASK, Say("unreached")]) as outer:
        inner = ScriptedModel([*steps, Say("unreached")])
        agent = lead(outer, reader(inner, tools=[camera(1)]), limits=AgentLimits(total_steps=4))
        answer = agent.ask("Go", blank())
        assert "total_steps" in answer.answer
        assert len(inner.asked) == 3  # and one of the outer
        outer._played[0] = 2  # pyright: ignore[reportPrivateUsage]


def test_its_own_steps_hold_within() -> None:
    inner = ScriptedModel([Call("look")] * 2)
    with inner, ScriptedModel([ASK, Say("It gave up.")]) as outer:
        lead(outer, reader(inner, tools=[camera(1)], limits=AgentLimits(steps=2))).ask(
            "Go", blank()
        )
    assert "stopped after 2 steps" in told(outer)


def test_when_the_time_is_up_nothing_begins_any_more() -> None:
    with ScriptedModel([ASK]) as outer:
        agent = lead(outer, reader(ScriptedModel([])), limits=AgentLimits(seconds=1e-9))
        assert "the time is up" in agent.ask("Go", blank()).answer
        outer._played[0] = 1  # pyright: ignore[reportPrivateUsage]


def test_a_stop_reaches_the_inner_agent_and_the_thread_can_be_resumed() -> None:
    begun, go_on = threading.Event(), threading.Event()

    @tool
    def slow() -> str:
        """Take a while."""
        begun.set()
        assert go_on.wait(20)
        return "Over."

    inner = ScriptedModel([Call("slow"), Say("At last.")])
    with inner, ScriptedModel([ASK, Say("Done.")]) as outer:
        agent = lead(outer, reader(inner, tools=[slow]))
        failed: list[BaseException] = []

        def ask() -> None:
            try:
                agent.ask("Go", blank(), thread="t")
            except StoppedError as error:
                failed.append(error)

        asking = threading.Thread(target=ask)
        asking.start()
        assert begun.wait(20)
        assert agent.stop("t")
        go_on.set()
        asking.join(20)
        assert len(failed) == 1
        assert len(inner.asked) == 1  # it was not asked on
        assert not agent.stop("t")
        assert agent.resume("t").answer == "Done."
    assert "At last." in told(outer)


async def test_cancelling_the_task_cancels_the_inner_agent() -> None:
    begun = asyncio.Event()
    ended: list[str] = []

    @tool
    async def wait() -> str:
        """Wait."""
        begun.set()
        try:
            await asyncio.sleep(60)
        finally:
            ended.append("cancelled")
        return "never"

    agent = lead(ScriptedModel([ASK]), reader(ScriptedModel([Call("wait")]), tools=[wait]))
    task = asyncio.create_task(agent.aask("Go", blank()))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended == ["cancelled"]


def test_a_stream_that_is_left_stops_the_inner_agent() -> None:
    inner = ScriptedModel([Call("look")] * 5 + [Say("never")])
    agent = lead(ScriptedModel([ASK, Say("never")]), reader(inner, tools=[camera(2)]))
    stream = agent.stream("Go", blank())
    for event in stream:
        if isinstance(event, ToolStarted) and event.agent == "reader":
            break
    stream.close()  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
    asked = len(inner.asked)
    assert asked <= 3
    assert len(inner.asked) == asked


class Floor(BaseModel):
    """Where it is."""

    floor: str | None = None
    at: Box | None = None


def test_it_answers_in_a_shape_with_places_in_the_asking_models_words() -> None:
    inner = ScriptedModel(
        [Call("Floor", {"floor": "4F", "at": [500, 500, 1000, 1000]})],
        dialect=QwenDialect("qwen3-vl"),
    )
    with inner, ScriptedModel([ASK, Say("4F.")]) as outer:
        within = VisionAgent(inner, tools=[], name="reader").as_tool(returns=Floor)
        answer = VisionAgent(outer, tools=[within]).ask("Where?", blank(640, 480))
    floor = Floor.model_validate(answer.tool_calls[0].data)
    assert floor == Floor(floor="4F", at=Box(x1=320, y1=240, x2=640, y2=480, image="img_1"))
    assert '"bbox_2d": [320' in told(outer)


def test_in_langchains_own_agent_it_sees_the_pictures_of_the_messages() -> None:
    import base64

    image = blank(shade=3)
    content: list[Any] = [
        {"type": "text", "text": "Where?"},
        {
            "type": "image",
            "base64": base64.b64encode(image.data).decode(),
            "mime_type": image.mime,
        },
    ]
    place = {"bbox_2d": [1, 2, 3, 4], "label": "ENT"}
    with (
        ScriptedModel([Say("ENT is on 4F.", places=[place])]) as inner,
        ScriptedModel([ASK, Say("4F.")]) as outer,
    ):
        make = cast("Any", create_agent)
        agent = make(outer, [reader(inner).as_tool()])
        agent.invoke({"messages": [HumanMessage(content)]})
    assert shown(inner) == ["img_1"]
    assert "ENT is on 4F." in told(outer)
    assert '"xyxy"' in told(outer)


def test_in_langchains_own_agent_its_calls_wait_by_interrupt() -> None:
    from langgraph.types import Command

    inner = ScriptedModel([Call("grasp", {"at": [3, 4]}), Say("Held.")])
    with inner, ScriptedModel([ASK, Say("Done.")]) as outer:
        make = cast("Any", create_agent)
        agent = make(outer, [reader(inner, tools=[grasp]).as_tool()], checkpointer=InMemorySaver())
        config = {"configurable": {"thread_id": "t"}}
        picture = {"type": "image_url", "image_url": {"url": data_url()}}
        asked = HumanMessage([picture, {"type": "text", "text": "Take it"}])
        agent.invoke({"messages": [asked]}, config)
        waiting = agent.get_state(config).interrupts
        assert [one.value["action_requests"][0]["name"] for one in waiting] == ["grasp"]
        resume = {waiting[0].id: {"decisions": [{"type": "approve"}]}}
        done = agent.invoke(Command(resume=resume), config)
    assert done["messages"][-1].text == "Done."
    assert "Grasped 3,4 on img_1." in told(inner)


def data_url() -> str:
    import base64

    image = blank()
    return f"data:{image.mime};base64,{base64.b64encode(image.data).decode()}"


def test_a_tool_knows_the_user_and_thread_of_the_outer_conversation() -> None:
    seen: list[tuple[str | None, str | None]] = []

    @tool
    def whose(context: ToolContext) -> str:
        """Tell."""
        seen.append((context.user, context.thread))
        return "Known."

    with (
        ScriptedModel([Call("whose"), Say("A.")]) as inner,
        ScriptedModel([ASK, Say("B.")]) as outer,
    ):
        lead(outer, reader(inner, tools=[whose])).ask("Go", blank(), thread="t", user="ann")
    assert seen == [("ann", "t")]
