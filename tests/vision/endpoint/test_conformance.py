"""What every vision model holds to, over scripted servers and over a real one."""

from __future__ import annotations

from collections.abc import Generator
from importlib.util import find_spec
from typing import Any, ClassVar

import pytest
from langchain_core.messages import HumanMessage
from pydantic import BaseModel

from deixis.testing import VisionModelConformance
from deixis.testing._conformance import Ask
from deixis.vision import VisionModel
from deixis.vision.endpoint import EndpointModel
from deixis.vision.qwen._families import Family
from tests.checkpoints.fixtures import Checkpoint
from tests.checkpoints.fixtures import checkpoint as checkpoint
from tests.conftest import missing
from tests.serving._http import Answer, Request
from tests.serving.real import served
from tests.serving.scripted import completion, scripted_server, stream
from tests.vision.endpoint.helpers import FIND, asked, picture


class Shape(BaseModel):
    """An answer."""

    word: str


def respond(request: Request) -> Answer:
    """What is asked decides what is said, as a model would."""
    said = request.json
    if said.get("tools"):
        name = said["tools"][0]["function"]["name"]
        return completion(tool_calls=[(name, {"word": "ENT"})])
    system = str(said["messages"][0]["content"])
    if "Action Input:" in system:
        name = "find" if "find" in system else "Shape"
        return completion(f'Thought: I look.\nAction: {name}\nAction Input: {{"word": "ENT"}}\n')
    return stream("On ", "4F.") if said.get("stream") else completion("On 4F.")


class Scripted(VisionModelConformance):
    family: ClassVar[Family]

    @pytest.fixture(autouse=True)
    def _server(self) -> Generator[None]:
        with scripted_server(respond) as server:
            self.url = server.base_url
            yield
            self.made.close()

    def make_model(self) -> VisionModel:
        self.made = EndpointModel(
            base_url=self.url,
            model="m",
            family=self.family,
            timeout=20,
        )
        return self.made

    def tool_ask(self) -> Ask | None:
        return Ask(messages=[HumanMessage("Where is ENT?")], tools=[FIND])

    def structured_ask(self) -> Ask | None:
        return Ask(messages=[HumanMessage("Where is ENT?")], tools=[Shape])


class TestQwenVLChat(Scripted):
    family = "qwen-vl"

    @pytest.mark.skip(reason="the family squeezes images to a square")
    def test_the_size_it_sees_is_a_size(self, model: VisionModel, size: tuple[int, int]) -> None:
        """Of no use here."""


class TestQwen3VL(Scripted):
    family = "qwen3-vl"


FAMILIES = ("qwen2-vl", "qwen2.5-vl", "qwen3-vl", "qwen3.5-vl")


@pytest.fixture(scope="module", params=FAMILIES)
def real(request: pytest.FixtureRequest, checkpoint: Checkpoint) -> Generator[EndpointModel]:
    """A model of each family with random weights, behind a real server."""
    for name in ("fastapi", "uvicorn"):
        if find_spec(name) is None:
            missing(name)
    family: Any = request.param
    with served(checkpoint(family)) as server:
        model = EndpointModel(
            base_url=server.base_url,
            model=server.model,
            family=family,
            max_tokens=4,
            temperature=0.0,
            timeout=60,
        )
        yield model
        model.close()


@pytest.mark.slow
@pytest.mark.parametrize("size", [(640, 360), (1600, 1200), (100, 300)])
def test_a_real_server_sees_images_as_large_as_we_say(
    real: EndpointModel, size: tuple[int, int]
) -> None:
    small = real.invoke([asked("Where?", picture((320, 320)))]).usage_metadata
    other = real.invoke([asked("Where?", picture(size))]).usage_metadata
    assert small is not None
    assert other is not None
    difference = other["input_tokens"] - small["input_tokens"]
    tokens = real.dialect.image_tokens
    assert difference == tokens(size) - tokens((320, 320))


@pytest.mark.slow
def test_a_real_server_streams_what_it_says_at_once(real: EndpointModel) -> None:
    question = [asked("Where?", picture((320, 320)))]
    whole = real.invoke(question)
    total, *others = list(real.stream(question))
    for other in others:
        total += other
    assert total.text == whole.text
    assert total.usage_metadata == whole.usage_metadata
    assert total.response_metadata["finish_reason"] == whole.response_metadata["finish_reason"]


@pytest.mark.slow
async def test_a_real_server_answers_in_an_event_loop(real: EndpointModel) -> None:
    question = [asked("Where?", picture((320, 320)))]
    assert (await real.ainvoke(question)).text == real.invoke(question).text
    await real.aclose()


@pytest.mark.slow
def test_a_real_server_takes_a_conversation_with_tools(real: EndpointModel) -> None:
    from langchain_core.messages import AIMessage, ToolCall, ToolMessage

    call = ToolCall(name="find", args={"word": "ENT"}, id="a", type="tool_call")
    seen: Any = [{"type": "text", "text": "Here."}, picture((320, 320))]
    reply = real.bind_tools([FIND]).invoke(
        [
            asked("Where?", picture((320, 320))),
            AIMessage("", tool_calls=[call]),
            ToolMessage(seen, name="find", tool_call_id="a"),
        ]
    )
    assert reply.response_metadata["finish_reason"]
