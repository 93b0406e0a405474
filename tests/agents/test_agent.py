from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.messages import AIMessage, ToolCall

from deixis.agents import AgentLimits, VisionAgent
from deixis.testing import BadCall, Call, Fail, Say, ScriptedModel
from deixis.tools import NewImage, ToolContext, ToolResult, tool
from deixis.vision import Box, DeixisError, ImageError, ModelError, Point
from tests.agents.helpers import Whole, blank, blocks, echo, told, where
from tests.dialects import RelativeDialect


@tool
def pick_up(at: Point) -> str:
    """Pick up the object at a point."""
    return where(at)


def test_an_answer_brings_places_in_pixels_of_its_images() -> None:
    said = Say("ENT is on 4F.", places=[{"bbox_2d": [10, 20, 110, 40], "label": "ENT"}])
    with ScriptedModel([said]) as model:
        answer = VisionAgent(model).ask("Where is ENT?", blank())
    assert answer.answer == "ENT is on 4F."
    assert answer.found
    assert answer.detections[0].box == Box(x1=10, y1=20, x2=110, y2=40, image="img_1")


def test_places_of_a_relative_dialect_come_out_in_pixels() -> None:
    said = Say("There.", places=[{"bbox_2d": [500, 500, 1000, 1000], "label": "door"}])
    with ScriptedModel([said], dialect=RelativeDialect()) as model:
        answer = VisionAgent(model).ask("Where?", blank(1600, 1200))
    assert answer.detections[0].box == Box(x1=800, y1=600, x2=1600, y2=1200, image="img_1")


def test_facts_come_as_the_model_states_them() -> None:
    with ScriptedModel([Say("On 4F.", facts={"floor": "4F"}, found=True)]) as model:
        assert VisionAgent(model).ask("Where?", blank()).facts == {"floor": "4F"}


def test_an_answer_without_places_is_not_found() -> None:
    with ScriptedModel([Say("I can't see that.")]) as model:
        assert not VisionAgent(model).ask("Where?", blank()).found


def test_each_of_several_images_has_its_handle() -> None:
    places = [
        {"bbox_2d": [0, 0, 5, 5], "image": "img_1", "label": "a"},
        {"bbox_2d": [0, 0, 5, 5], "image": "img_3", "label": "b"},
        {"bbox_2d": [0, 0, 5, 5], "label": "the latest"},
    ]
    with ScriptedModel([Say("Both.", places=places)]) as model:
        answer = VisionAgent(model).ask("Where?", [blank(shade=n) for n in (1, 2, 3)])
    assert [d.image for d in answer.detections] == ["img_1", "img_3", "img_3"]


def test_a_picture_that_is_shown_again_is_the_latest_again() -> None:
    place = {"bbox_2d": [0, 0, 5, 5], "label": "x"}
    with ScriptedModel([Say("1"), Say("2"), Say("3", places=[place])]) as model:
        agent = VisionAgent(model)
        agent.ask("One?", blank(shade=1), thread="t")
        agent.ask("Two?", blank(shade=2), thread="t")
        answer = agent.ask("One again?", blank(shade=1), thread="t")
    assert answer.detections[0].image == "img_1"


def test_all_pages_of_a_document_are_shown(pictures: Path) -> None:
    with ScriptedModel([Say("Read.")]) as model:
        agent = VisionAgent(model)
        answer = agent.ask("What is it?", pictures / "form.pdf")
    records = agent.images(answer.thread).records
    assert [record.page for record in records] == list(range(1, len(records) + 1))
    assert len(blocks(model.asked[0])) == len(records)


def test_a_thread_remembers_its_images() -> None:
    with ScriptedModel([Say("A door."), Say("Left.")]) as model:
        agent = VisionAgent(model)
        first = agent.ask("What is this?", blank())
        agent.ask("And where?", thread=first.thread)
    assert [block["id"] for block in blocks(model.asked[1])] == ["img_1"]


def test_questions_without_a_thread_share_nothing() -> None:
    with ScriptedModel([Say("A door."), Say("Nothing.")]) as model:
        agent = VisionAgent(model)
        assert agent.ask("What?", blank()).thread != agent.ask("What?").thread
    assert not blocks(model.asked[1])


def test_a_tool_gets_places_in_pixels_and_its_result_goes_back() -> None:
    steps = [Call("pick_up", {"at": {"x": 500, "y": 500}}), Say("Done.")]
    with ScriptedModel(steps, dialect=RelativeDialect()) as model:
        answer = VisionAgent(model, tools=[pick_up]).ask("Take it", blank(1600, 1200))
    assert told(model) == "800,600 on img_1"
    assert answer.tool_calls[0].model_dump() == {
        "name": "pick_up",
        "arguments": {"at": {"x": 500, "y": 500}},
        "ok": True,
    }


def test_a_bad_place_goes_back_to_the_model_which_mends_it() -> None:
    steps = [Call("pick_up", {"at": [2000, 5]}), Call("pick_up", {"at": [20, 5]}), Say("Done.")]
    with ScriptedModel(steps) as model:
        answer = VisionAgent(model, tools=[pick_up]).ask("Take it", blank())
    assert told(model, 1) == (
        "Error: point [2000.0, 5.0] is outside the image: x goes from 0 to 640, y from 0 to 480"
    )
    assert [call.ok for call in answer.tool_calls] == [False, True]


def test_a_tool_that_breaks_down_is_told_to_the_model() -> None:
    @tool
    def break_down() -> str:
        """Break down."""
        raise KeyError("motor")

    with ScriptedModel([Call("break_down"), Say("It broke.")]) as model:
        answer = VisionAgent(model, tools=[break_down]).ask("Go", blank())
    assert told(model) == "Error: break_down failed: KeyError: 'motor'"
    assert not answer.tool_calls[0].ok


def test_a_plain_function_may_be_a_tool() -> None:
    def double(number: int) -> int:
        """Double a number."""
        return 2 * number

    with ScriptedModel([Call("double", {"number": 21}), Say("42.")]) as model:
        VisionAgent(model, tools=[double]).ask("Twice 21?")
    assert told(model) == "42"


def test_a_plain_function_that_breaks_down_is_told_too() -> None:
    def fails() -> str:
        """Fail."""
        raise OSError("no disk")

    with ScriptedModel([Call("fails"), Say("No.")]) as model:
        VisionAgent(model, tools=[fails]).ask("Go")
    assert told(model) == "Error: fails failed: OSError: no disk"


def test_an_unknown_tool_is_told_to_the_model() -> None:
    with ScriptedModel([Call("fly"), Say("I can't.")]) as model:
        answer = VisionAgent(model, tools=[pick_up]).ask("Fly", blank())
    assert "fly is not a valid tool" in told(model)
    assert not answer.tool_calls[0].ok


def test_two_tools_at_once_get_handles_of_their_own() -> None:
    both = threading.Barrier(2)

    @tool
    def shoot(shade: int) -> ToolResult:
        """Take a picture."""
        both.wait(5)
        return ToolResult(text="Taken.", images=(NewImage(image=blank(shade=shade)),))

    calls = [Call("shoot", {"shade": 10}), Call("shoot", {"shade": 20})]
    with ScriptedModel([calls, Say("Seen.")]) as model:
        agent = VisionAgent(model, tools=[shoot])
        answer = agent.ask("Look", blank())
    assert {b["id"] for b in blocks(model.asked[1])} == {"img_1", "img_2", "img_3"}
    assert len({r.sha256 for r in agent.images(answer.thread).records}) == 3


def test_a_picture_that_one_tool_adds_does_not_move_the_other_tools_latest() -> None:
    @tool
    def shoot() -> ToolResult:
        """Take a picture."""
        return ToolResult(text="Taken.", images=(NewImage(image=blank(shade=9)),))

    lost = [ConnectionError("lost")]

    @tool
    def later(at: Point, context: ToolContext) -> str:
        """Look when the picture is there, at the second attempt."""
        while len(context.book.records) < 2:
            time.sleep(0.01)
        if lost:
            raise lost.pop()
        return f"{where(at)}, latest {context.image(None)[0]}"

    calls = [Call("shoot"), Call("later", {"at": [1, 2]})]
    with ScriptedModel([calls, Say("Seen.")]) as model:
        VisionAgent(model, tools=[shoot, later]).ask("Look", blank())
    assert "1,2 on img_1, latest img_1" in told(model)


def test_a_question_may_not_go_on_for_ever() -> None:
    endless = [Call("pick_up", {"at": [1, 1]})] * 4
    with ScriptedModel(endless) as model:
        agent = VisionAgent(model, tools=[pick_up], limits=AgentLimits(steps=4))
        answer = agent.ask("Go on", blank())
    assert answer.answer.startswith("I stopped after 4 steps without an answer.")
    assert not answer.found


def test_the_steps_are_counted_anew_for_each_question() -> None:
    steps = [Call("pick_up", {"at": [1, 1]}), Say("A"), Call("pick_up", {"at": [1, 1]}), Say("B")]
    with ScriptedModel(steps) as model:
        agent = VisionAgent(model, tools=[pick_up], limits=AgentLimits(steps=2))
        agent.ask("One", blank(), thread="t")
        assert agent.ask("Two", thread="t").answer == "B"


def test_the_oldest_pictures_give_way_when_the_budget_is_used_up() -> None:
    # 640 × 480 is 23 × 17 = 391 tokens in this dialect.
    with ScriptedModel([Say("Seen.")], dialect=RelativeDialect()) as model:
        agent = VisionAgent(model, limits=AgentLimits(image_tokens=800))
        agent.ask("Which?", [blank(shade=n) for n in range(4)])
    assert [b["id"] for b in blocks(model.asked[0])] == ["img_3", "img_4"]
    texts = [b["text"] for b in blocks(model.asked[0], "text")]
    assert texts[0].startswith("(img_1, 640×480, not shown here")


def test_the_newest_picture_is_shown_however_large() -> None:
    with ScriptedModel([Say("Seen.")], dialect=RelativeDialect()) as model:
        VisionAgent(model, limits=AgentLimits(image_tokens=1)).ask("?", [blank(), blank(shade=3)])
    assert [b["id"] for b in blocks(model.asked[0])] == ["img_2"]


@pytest.mark.parametrize("error", [ConnectionError("reset"), TimeoutError("slow")])
def test_a_lost_connection_is_tried_again(error: Exception) -> None:
    with ScriptedModel([Fail(error), Fail(error), Say("Here.")]) as model:
        assert VisionAgent(model).ask("?", blank()).answer == "Here."


def test_a_connection_that_stays_lost_ends_the_question() -> None:
    failing = ScriptedModel([Fail(ConnectionError("reset"))] * 3)
    with failing as model, pytest.raises(ConnectionError):
        VisionAgent(model).ask("?", blank())


def test_a_tool_call_that_cannot_be_read_is_asked_for_again() -> None:
    broken = BadCall("calculate", '{"expression": "1+', "the JSON ends in the middle")
    call = Call("calculate", {"expression": "1 + 1"})
    with ScriptedModel([broken, call, Say("Two.")]) as model:
        answer = VisionAgent(model).ask("1+1?")
    assert "the JSON ends in the middle" in str(model.asked[1][-1].text)
    assert [(c.name, c.ok) for c in answer.tool_calls] == [("calculate", True)]
    assert not any("could not be read" in str(m.text) for m in model.asked[2])


def test_a_model_that_cannot_write_a_call_is_not_asked_for_ever() -> None:
    broken = BadCall("calculate", "{")
    with ScriptedModel([broken] * 3) as model:
        assert not VisionAgent(model).ask("1+1?").found


def test_any_other_error_of_the_model_is_not_tried_again() -> None:
    with ScriptedModel([Fail(ModelError("out of memory"))]) as model, pytest.raises(ModelError):
        VisionAgent(model).ask("?", blank())


def test_a_thread_can_be_asked_again_after_the_model_failed() -> None:
    with ScriptedModel([Fail(ModelError("down")), Say("Up.")]) as model:
        agent = VisionAgent(model)
        with pytest.raises(ModelError):
            agent.ask("?", blank(), thread="t")
        assert agent.ask("Again?", thread="t").answer == "Up."


@pytest.mark.parametrize(("approval", "runs"), [(False, 2), (True, 1)])
def test_only_a_tool_that_needs_no_approval_is_tried_again(approval: bool, runs: int) -> None:
    done: list[int] = []

    @tool(approval=approval)
    def move() -> str:
        """Move."""
        done.append(1)
        raise ConnectionError("lost")

    with ScriptedModel([Call("move"), Say("It failed.")]) as model:
        VisionAgent(model, tools=[move], approve=lambda call: True).ask("Go")
    assert len(done) == runs
    assert "Error: move failed: ConnectionError: lost" in told(model)


def test_a_user_never_sees_another_users_thread() -> None:
    with ScriptedModel([Say("A"), Say("B"), Say("C")]) as model:
        agent = VisionAgent(model)
        agent.ask("My secret?", blank(), thread="t", user="ann")
        agent.ask("What did I ask?", thread="t", user="bob")
        agent.ask("What did I ask?", thread="t")
    assert all(not blocks(asked) for asked in model.asked[1:])
    assert all("secret" not in str(asked) for asked in model.asked[1:])
    assert not agent.images("t", user="bob").records


NAMES = st.one_of(
    st.text(max_size=8),
    st.text(alphabet="ab:/%.~\x00é\ud800", max_size=6),
    st.sampled_from(["user:a/thread:b", "a/thread:b", "%3A", "..", "thread:x"]),
)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.none() | NAMES, NAMES.filter(bool)), unique=True, max_size=4))
def test_no_two_users_and_threads_share_a_conversation(keys: list[tuple[str | None, str]]) -> None:
    with ScriptedModel([Say("yes")] * len(keys)) as model:
        agent = VisionAgent(model, tools=[])
        for number, (user, thread) in enumerate(keys):
            agent.ask(f"secret {number}", user=user, thread=thread)
    for number, asked in enumerate(model.asked):
        assert [m.text for m in asked if m.type == "human"] == [f"secret {number}"]


def test_models_that_repeat_their_message_ids_mix_up_no_images() -> None:
    @tool
    def shoot(shade: int) -> ToolResult:
        """Take a picture."""
        return ToolResult(text="Taken.", images=(NewImage(image=blank(shade=shade)),))

    def call(shade: int) -> AIMessage:
        asked = ToolCall(name="shoot", args={"shade": shade}, id="call", type="tool_call")
        return AIMessage("", id="always", tool_calls=[asked])

    model = Whole(responses=[call(1), AIMessage("A"), call(2), AIMessage("B")])
    agent = VisionAgent(model, tools=[shoot])
    agent.ask("Look", user="ann", thread="t")
    agent.ask("Look", user="bob", thread="t")
    assert [r.handle for r in agent.images("t", user="bob").records] == ["img_1"]


def test_several_threads_of_python_may_use_one_agent() -> None:
    def answer(number: int) -> str:
        return agent.ask(f"Question {number}?", blank(shade=number), thread=f"t{number}").answer

    with ScriptedModel([echo] * 8) as model:
        agent = VisionAgent(model)
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(answer, range(8)))
    assert answers == [f"To Question {n}?" for n in range(8)]


@pytest.mark.parametrize("question", ["", "  \n"])
def test_a_question_needs_words(question: str) -> None:
    with ScriptedModel([]) as model, pytest.raises(DeixisError, match="there is no question"):
        VisionAgent(model).ask(question, blank())


def test_a_picture_that_can_not_be_read_is_said_so_before_the_model_is_asked() -> None:
    with ScriptedModel([]) as model, pytest.raises(ImageError):
        VisionAgent(model).ask("What is it?", "no-such.jpg")


def test_words_that_are_no_text_are_asked_all_the_same() -> None:
    with ScriptedModel([Say("Yes \ud83d.")]) as model:
        assert VisionAgent(model).ask("Is it \udcff?").answer.startswith("Yes")
    assert model.asked[0][-1].text == "Is it ??"


def test_an_unknown_model_is_refused_in_one_line() -> None:
    with pytest.raises(ModelError, match="there is no model 'gpt'"):
        VisionAgent("gpt")
