from __future__ import annotations

import asyncio
import base64
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.language_models import BaseChatModel
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from pydantic import Field

from deixis.agents import (
    AgentEvent,
    Finished,
    Restarted,
    TextDelta,
    ToolFinished,
    ToolStarted,
    VisionAgent,
)
from deixis.testing import Call, Fail, Say, ScriptedModel
from deixis.tools import tool
from deixis.vision import ProseStream, parse_reply, prose_of
from tests.agents.helpers import Whole, blank, echo
from tests.dialects import RelativeDialect


@tool
def look() -> str:
    """Look."""
    return "A cup."


def prose(events: Sequence[AgentEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def answer(events: Sequence[AgentEvent]) -> str:
    assert isinstance(events[-1], Finished)
    return events[-1].answer.answer


def test_the_pieces_add_up_to_the_answer_without_its_json() -> None:
    said = Say("ENT (耳鼻喉科) is on 4F.", places=[{"bbox_2d": [0, 0, 9, 9], "label": "ENT"}])
    with ScriptedModel([said]) as model:
        events = list(VisionAgent(model).stream("Where?", blank()))
    assert len([e for e in events if isinstance(e, TextDelta)]) > 1
    assert prose(events) == answer(events) == "ENT (耳鼻喉科) is on 4F."


def test_tools_are_told_of_as_they_run() -> None:
    with ScriptedModel([Call("look"), Say("A cup.")]) as model:
        events = list(VisionAgent(model, tools=[look]).stream("What?", blank()))
    kinds = [type(event) for event in events if not isinstance(event, TextDelta)]
    assert kinds == [ToolStarted, ToolFinished, Finished]
    finished = next(event for event in events if isinstance(event, ToolFinished))
    assert (finished.name, finished.ok, finished.text) == ("look", True, "A cup.")


def test_text_that_comes_again_after_a_cut_is_announced() -> None:
    cut = Fail(ConnectionError("reset"), after="ENT is on the")
    with ScriptedModel([cut, Say("ENT is on 4F.")]) as model:
        events = list(VisionAgent(model).stream("Where?", blank()))
    again = [type(event) for event in events].index(Restarted)
    assert prose(events[:again]) == "ENT is on the"
    assert prose(events[again:]) == answer(events) == "ENT is on 4F."


def test_nothing_is_announced_when_no_text_had_come() -> None:
    with ScriptedModel([Fail(ConnectionError("reset")), Say("On 4F.")]) as model:
        events = list(VisionAgent(model).stream("Where?", blank()))
    assert not [event for event in events if isinstance(event, Restarted)]


def test_asynchronous_events_are_the_same() -> None:
    def steps() -> ScriptedModel:
        return ScriptedModel([Call("look"), Say("A cup.", places=[{"bbox_2d": [0, 0, 9, 9]}])])

    async def collect() -> list[AgentEvent]:
        agent = VisionAgent(steps(), tools=[look])
        return [event async for event in agent.astream("What?", blank(), thread="t")]

    assert asyncio.run(collect()) == list(
        VisionAgent(steps(), tools=[look]).stream("What?", blank(), thread="t")
    )


def test_asynchronous_answers_are_the_same() -> None:
    def agent() -> VisionAgent:
        return VisionAgent(ScriptedModel([Say("4F.", facts={"floor": "4F"})]))

    assert asyncio.run(agent().aask("Where?", blank(), thread="t")) == agent().ask(
        "Where?", blank(), thread="t"
    )


def test_many_conversations_run_side_by_side() -> None:
    async def both() -> list[str]:
        model = ScriptedModel([echo] * 6)
        agent = VisionAgent(model)
        asked = [agent.aask(f"{n}?", blank(shade=n), thread=f"t{n}") for n in range(6)]
        return [done.answer for done in await asyncio.gather(*asked)]

    assert asyncio.run(both()) == [f"To {n}?" for n in range(6)]


def test_what_a_tools_own_model_says_is_not_the_answer() -> None:
    inner = ScriptedModel([Say("Inner words.")])

    @tool
    def consult() -> str:
        """Ask another model."""
        return str(inner.invoke("?").text)

    with ScriptedModel([Call("consult"), Say("Outer words.")]) as model:
        events = list(VisionAgent(model, tools=[consult]).stream("Go", blank()))
    assert prose(events) == "Outer words."


def test_what_an_agent_within_a_tool_says_is_not_the_answer() -> None:
    inner = VisionAgent(ScriptedModel([Say("Inner words.")]), tools=[])

    @tool
    def delegate() -> str:
        """Ask another agent."""
        return inner.ask("What do you see?", blank(shade=9)).answer

    with ScriptedModel([Call("delegate"), Say("Outer words.")]) as model:
        events = list(VisionAgent(model, tools=[delegate]).stream("Go", blank()))
    assert prose(events) == "Outer words."
    finished = next(event for event in events if isinstance(event, ToolFinished))
    assert finished.text == "Inner words."


class Plain(GenericFakeChatModel):
    """A model of LangChain's that streams, knows tools, and keeps what it was asked."""

    asked: list[list[BaseMessage]] = Field(default_factory=list[list[BaseMessage]])

    def bind_tools(self, tools: Any, **kwargs: Any) -> Any:
        return self

    def _generate(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> Any:
        self.asked.append(messages)
        return super()._generate(messages, *args, **kwargs)


SAID = 'On 4F.\n```json\n{"found": true, "places": [{"bbox_2d": [1, 2, 30, 40]}]}\n```'


@pytest.mark.parametrize("streams", [True, False])
def test_any_chat_model_of_langchain_will_do(streams: bool) -> None:
    said = [AIMessage(SAID)]
    model: BaseChatModel = Plain(messages=iter(said)) if streams else Whole(responses=[*said])
    events = list(VisionAgent(model, tools=[]).stream("Where?", blank()))
    assert prose(events) == answer(events) == "On 4F."
    last = events[-1]
    assert isinstance(last, Finished)
    assert last.answer.detections[0].image == "img_1"


def test_a_model_that_is_not_ours_is_shown_the_bytes() -> None:
    model = Plain(messages=iter([AIMessage("A sheet.")]))
    picture = blank()
    VisionAgent(model, tools=[]).ask("What is it?", picture)
    [question] = [message for message in model.asked[0] if isinstance(message, HumanMessage)]
    handle, image, text = question.content
    assert isinstance(image, dict)
    assert handle == {"type": "text", "text": "img_1:"}
    assert base64.b64decode(image["base64"]) == picture.data
    assert text == {"type": "text", "text": "What is it?"}


REPLIES = st.lists(
    st.one_of(
        st.sampled_from(
            [
                *["```json\n", "```", "\n```\n", '{"found": true}', '"', "\\", "[1, 2]", " "],
                *["\n", "`", "<ref>", "</ref>", "<box>", "</box>", "(1,2)", "<"],
                *["<|box_start|>", "<|box_end|>"],
            ]
        ),
        st.text(alphabet='ab`{}\n"j ', max_size=8),
    ),
    max_size=12,
).map("".join)


@given(REPLIES, st.lists(st.integers(0, 60), max_size=8))
def test_prose_is_the_same_however_a_reply_is_cut(reply: str, cuts: list[int]) -> None:
    stream = ProseStream()
    ends = sorted(cut for cut in cuts if cut <= len(reply))
    pieces = [reply[a:b] for a, b in zip([0, *ends], [*ends, len(reply)], strict=True)]
    assert "".join(map(stream.feed, pieces)) + stream.close() == prose_of(reply)


@pytest.mark.parametrize(
    ("reply", "left"),
    [
        ("On 4F.", "On 4F."),
        ('On 4F.\n\n```json\n{"a": 1}\n```', "On 4F."),
        ('On 4F.\n```\n{"a": 1}\n```\n', "On 4F."),
        ('On 4F. ```json {"a": 1}``` Bye.', "On 4F. Bye."),
        ('```json\n{"a": 1}\n```\nOn 4F.', "On 4F."),
        ('On 4F.\n```json\n{"a": "```", "b', "On 4F."),
        ('On 4F.\n```json\n{"text": "a ``` b"}\n```', "On 4F."),
        ('On 4F.\n```json\n[{"bbox_2d": [1, 2, 3, 4]}]\n```', "On 4F."),
        ("On 4F.\n```json", "On 4F."),
        ("Run:\n```sh\nls\n```\nThen go.", "Run:\n```sh\nls\n```\nThen go."),
        ("It says `4F` here.", "It says `4F` here."),
        ("Tick ` at the end `", "Tick ` at the end `"),
        ("", ""),
        ("The <ref>exit</ref><box>(1,2),(3,4)</box> is left.", "The exit is left."),
        ("<|object_ref_start|>门<|object_ref_end|><|box_start|>(1,2),(3,4)<|box_end|>", "门"),
        ("At <quad>(1,2),(3,4),(5,6),(7,8)</quad>the door", "At the door"),
        ("The exit<box>(1,2),(3", "The exit"),
        (
            "Use <box>flex</box> in CSS, if a<b and <re",
            "Use <box>flex</box> in CSS, if a<b and <re",
        ),
    ],
)
def test_prose_is_what_is_not_json_or_markup(reply: str, left: str) -> None:
    assert prose_of(reply) == left


@pytest.mark.parametrize("piece", [" ", "\n", "`", "``` ", "```js ", "<", "<box>", "{"])
def test_a_reply_without_end_is_taken_in_one_pass(piece: str) -> None:
    # A step back to the beginning at each character would take minutes here.
    assert len(prose_of("a" + piece * (300_000 // len(piece)) + "b")) <= 300_002


@given(st.text() | REPLIES)
def test_no_reply_is_too_strange_to_take_apart(reply: str) -> None:
    dialect = RelativeDialect()
    taken = parse_reply(reply, dialect, {None: dialect.frame((640, 480), image="img_1")})
    assert isinstance(taken.text, str)
