"""Whole conversations with models that were taught what to say: everything else is real."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, cast

import pytest
from langchain_core.messages import AIMessage, HumanMessage
from langchain_core.utils.function_calling import convert_to_openai_tool
from langgraph.checkpoint.memory import InMemorySaver
from pydantic import BaseModel

from deixis.agents import VisionAgent
from deixis.testing import Ask, Call, Say, ScriptedModel, VisionModelConformance
from deixis.testing._conformance import inline, picture
from deixis.tools import zoom
from deixis.vision import ImageStore, VisionModel
from deixis.vision._dialect import JsonObject
from deixis.vision.local import LocalModel, load_local
from deixis.vision.local._rendering import ToolOffer
from deixis.vision.qwen._dialect import QwenDialect
from tests.checkpoints import tiny_checkpoint
from tests.vision.local.lessons import Lesson, as_spoken, learn

pytestmark = pytest.mark.slow

WHERE = "Where is ENT?"
THANKS = "Thank you."
# A quarter of the picture, and where ENT is written in it, in each family's frame: the picture
# has 640 × 360 pixels, and Qwen2.5-VL sees it in 644 × 364.
FRAMES = {
    "qwen2.5-vl": ([0, 0, 322, 182], [161, 91, 322, 182]),
    "qwen3-vl": ([0, 0, 500, 500], [250, 250, 500, 500]),
    "qwen3.5-vl": ([0, 0, 500, 500], [250, 250, 500, 500]),
}
HERMES = '<tool_call>\n{"name": "zoom", "arguments": %s}\n</tool_call>'
XML = (
    "<tool_call>\n<function=zoom>\n<parameter=region>\n%s\n</parameter>\n</function>\n</tool_call>"
)


class Room(BaseModel):
    """Where something is."""

    floor: str


LOOK: JsonObject = {
    "type": "function",
    "function": {
        "name": "zoom",
        "description": "Looks closer.",
        "parameters": {"type": "object", "properties": {"factor": {"type": "number"}}},
    },
}


@pytest.fixture(scope="session")
def taught(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], LocalModel]:
    """A family's model that zooms in where an agent is asked for ENT, and then points at it."""

    @cache
    def made(family: str) -> LocalModel:
        folder = tmp_path_factory.mktemp(family)
        region, place = FRAMES[family]
        corners = dict(zip(("x1", "y1", "x2", "y2"), region, strict=True))
        found = Say("It is on 4F.", places=[{"bbox_2d": place, "label": "ENT", "image": "img_1"}])
        script = ScriptedModel(
            [Call("zoom", {"region": corners}), found, Say("You are welcome.")],
            dialect=QwenDialect(family),
        )
        agent = VisionAgent(script, tools=[zoom], images=(store := ImageStore()))
        agent.ask(WHERE, picture(), thread="t")
        agent.ask(THANKS, thread="t")
        written = json.dumps(corners)
        call = XML % written if family == "qwen3.5-vl" else HERMES % f'{{"region": {written}}}'
        offers = [ToolOffer(tools=tuple(tools)) for tools in script.offered]
        said = [call, found.words(), "You are welcome."]
        # The script's agent works on a copy of it, which knows the images.
        seen = cast("ScriptedModel", script.with_images(store))
        spoken = as_spoken(family, tiny_checkpoint(family, folder), seen, offers, said)
        return load_local(str(learn(family, folder, spoken)), temperature=0, max_new_tokens=200)

    return made


@pytest.mark.parametrize("family", FRAMES)
def test_an_agent_zooms_in_and_points_at_what_it_found(
    taught: Callable[[str], LocalModel], family: str
) -> None:
    checkpoints = InMemorySaver()
    agent = VisionAgent(taught(family), tools=[zoom], checkpoints=checkpoints)
    answer = agent.ask(WHERE, picture(), thread="t")
    assert answer.answer == "It is on 4F."
    assert [(call.name, call.ok) for call in answer.tool_calls] == [("zoom", True)]
    box = answer.detections[0].box
    assert box is not None
    assert box.xyxy == pytest.approx((160, 90, 320, 180), abs=0.01)
    assert (box.image, answer.detections[0].label) == ("img_1", "ENT")
    cut = agent.images("t").records[-1]
    assert (cut.parent, cut.region) == ("img_1", (0, 0, 320, 180))
    assert agent.ask(THANKS, thread="t").answer == "You are welcome."
    read, counts = _counts(checkpoints)
    assert read[0] == 0
    # Each call begins where the one before it ended; the last token alone is computed again.
    assert [now >= before - 1 for now, before in zip(read[1:], counts, strict=False)] == [True] * 2


def _counts(checkpoints: InMemorySaver) -> tuple[list[int], list[int]]:
    """Tokens that each reply of a conversation had from the cache, and all up to its end."""
    latest = next(iter(checkpoints.list(None)))
    messages: list[Any] = latest.checkpoint["channel_values"]["messages"]
    usages: list[Any] = [m.usage_metadata for m in messages if isinstance(m, AIMessage)]
    read = [usage["input_token_details"]["cache_read"] for usage in usages]
    return read, [usage["total_tokens"] for usage in usages]


@pytest.fixture(scope="session")
def conversing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint that answers the suite's questions, calls a tool and answers in a shape."""
    shown = [inline(picture()), {"type": "text", "text": WHERE}]
    asked = HumanMessage(cast("Any", shown))
    floors = [*(inline(picture(text=t)) for t in ("1F", "2F"))]
    both = HumanMessage(cast("Any", [*floors, {"type": "text", "text": "Which floors?"}]))
    again = [asked, AIMessage("Fourth."), HumanMessage("And on which floor?")]
    room = cast("JsonObject", convert_to_openai_tool(Room))
    offer = ToolOffer(tools=(room,), forced=True, name="Room")
    lessons = [
        Lesson(messages=[asked], reply="Fourth."),
        Lesson(messages=[both], reply="Two floors."),
        Lesson(messages=again, reply="On 4F."),
        Lesson(
            messages=[HumanMessage(WHERE)],
            offer=ToolOffer(tools=(LOOK,)),
            reply="\n".join(["Let me see.", *(HERMES % f'{{"factor": {n}}}' for n in (2, 4))]),
        ),
        Lesson(messages=[asked], offer=offer, reply=' {"floor": "4F"}}\n</tool_call>'),
    ]
    return learn("qwen3-vl", tmp_path_factory.mktemp("conformance"), lessons)


class TestTaught(VisionModelConformance):
    """The suite with a model that really calls a tool and answers in a shape."""

    @pytest.fixture(autouse=True)
    def loaded(self, conversing: Path) -> None:
        self._model = load_local(str(conversing), temperature=0, max_new_tokens=80)

    def make_model(self) -> VisionModel:
        return self._model

    def tool_ask(self) -> Ask:
        return Ask(messages=[HumanMessage(WHERE)], tools=[LOOK])

    def structured_ask(self) -> Ask:
        shown = [inline(picture()), {"type": "text", "text": WHERE}]
        return Ask(messages=[HumanMessage(cast("Any", shown))], tools=[Room])

    def test_calls_come_out_of_a_stream_whole(self, model: VisionModel) -> None:
        total: Any = None
        for chunk in model.bind_tools([LOOK]).stream([HumanMessage(WHERE)]):
            total = chunk if total is None else total + chunk
        assert total.text == "Let me see."
        assert [(call["name"], call["args"]) for call in total.tool_calls] == [
            ("zoom", {"factor": 2}),
            ("zoom", {"factor": 4}),
        ]
        ids = {call["id"] for call in total.tool_calls}
        assert len(ids) == 2
        assert all(number.startswith("call_") for number in ids)

    def test_a_demanded_call_is_the_last_thing_it_writes(self, model: VisionModel) -> None:
        bound = model.bind_tools([Room], tool_choice="any")
        reply = bound.invoke(list(self.structured_ask().messages))
        assert [(call["name"], call["args"]) for call in reply.tool_calls] == [
            ("Room", {"floor": "4F"})
        ]
        assert reply.response_metadata["finish_reason"] == "stop"
