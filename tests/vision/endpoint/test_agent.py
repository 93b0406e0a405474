"""The agent over an endpoint, tools and all: what strict servers are sent, step by step."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from deixis.agents import AgentLimits, VisionAgent
from deixis.tools import NewImage, ToolContext, ToolResult, tool
from deixis.vision import Box, EndpointError, VisionModel, load_image
from deixis.vision._fallback import FallbackModel
from tests.serving.faults import cut, failing
from tests.serving.scripted import completion, scripted_server, stream
from tests.vision.endpoint.helpers import endpoint

REGIONS: list[Box] = []


@tool
def closer(context: ToolContext, region: Box) -> ToolResult:
    """Cuts a region out.

    Args:
        context: Filled by the agent.
        region: What to look at.
    """
    handle, picture = context.image(region.image)
    REGIONS.append(region)
    cut_out = load_image(picture.pixels().crop(region.xyxy))
    made = NewImage(image=cut_out, parent=handle, region=region)
    return ToolResult(text="A part.", images=(made,))


ANSWER = {
    "found": True,
    "language": "en",
    "facts": {"floor": "4F"},
    "places": [{"bbox_2d": [500, 250, 625, 500], "label": "ENT", "image": "img_1"}],
}
SAID = f"ENT is on 4F.\n\n```json\n{json.dumps(ANSWER)}\n```"


def calls(*regions: list[int]) -> dict[str, Any]:
    return {
        "tool_calls": [
            {
                "index": index,
                "id": f"call_{index}",
                "type": "function",
                "function": {
                    "name": "closer",
                    "arguments": json.dumps({"region": {"bbox_2d": region}}),
                },
            }
            for index, region in enumerate(regions)
        ]
    }


@pytest.fixture
def sign(pictures: Path) -> Path:
    return pictures / "hospital_zh.jpg"


def test_a_tools_image_is_shown_to_a_strict_server(sign: Path) -> None:
    REGIONS.clear()
    asks = stream(calls([0, 0, 500, 500], [500, 500, 1000, 1000]), finish_reason="tool_calls")
    with (
        scripted_server(asks, stream("ENT is on 4F.", SAID[len("ENT is on 4F.") :])) as server,
        endpoint(server.base_url) as model,
    ):
        answer = VisionAgent(model, tools=[closer]).ask("Where is ENT?", sign)
        first, second = (request.json for request in server.requests)
    # 0 to 1000 of an image of 1600 × 1200 came out as its pixels.
    regions = sorted(region.xyxy for region in REGIONS)
    assert regions == [(0, 0, 800, 600), (800, 600, 1600, 1200)]
    assert answer.facts["floor"] == "4F"
    assert answer.detections[0].box == Box(x1=800, y1=300, x2=1000, y2=600, image="img_1")
    assert first["tools"][0]["function"]["name"] == "closer"
    assert "0 to 1000" in json.dumps(first["tools"])
    roles = [message["role"] for message in second["messages"]]
    assert roles == ["system", "user", "assistant", "tool", "tool", "user"]
    assert second["messages"][:2] == first["messages"]
    system, _, assistant, one, two, shown = second["messages"]
    assert isinstance(system["content"], str)
    assert [call["id"] for call in assistant["tool_calls"]] == ["call_0", "call_1"]
    assert [one["tool_call_id"], two["tool_call_id"]] == ["call_0", "call_1"]
    assert all(isinstance(message["content"], str) for message in (assistant, one, two))
    assert [part["type"] for part in shown["content"]] == ["text", "image_url"] * 2
    # The tools ran side by side: which image got which handle isn't fixed.
    handles = [part["text"] for part in shown["content"] if part["type"] == "text"]
    assert sorted(handles) == ["img_2:", "img_3:"]


def test_tools_as_text_need_no_parser_of_the_servers(sign: Path) -> None:
    REGIONS.clear()
    call = {"name": "closer", "arguments": {"region": {"bbox_2d": [0, 0, 574, 420]}}}
    asks = stream("I look.\n<tool_call>\n", json.dumps(call), "\n</tool_call>")
    with (
        scripted_server(asks, stream("On 4F.")) as server,
        endpoint(server.base_url, family="qwen2.5-vl") as model,
    ):
        answer = VisionAgent(model, tools=[closer]).ask("Where is ENT?", sign)
        second = server.requests[1].json
    # The image was sent as 1148 × 840.
    assert REGIONS[0].xyxy == pytest.approx((0, 0, 800, 600))
    assert answer.answer == "On 4F."
    assert [m["role"] for m in second["messages"]] == ["system", "user", "assistant", "user"]
    assert second["messages"][3]["content"][0]["text"].startswith("<tool_response>")


def test_a_cut_stream_is_asked_again_by_the_agent(sign: Path) -> None:
    with scripted_server(stream("On ", "4F.")) as server:
        server.plan([cut(events=2), cut(events=2)])
        with endpoint(server.base_url) as model:
            agent = VisionAgent(model, tools=[], limits=AgentLimits(model_retries=2))
            assert agent.ask("Where?", sign).answer == "On 4F."
        assert len(server.requests) == 3


def test_a_server_that_is_down_is_not_asked_again_by_the_agent(sign: Path) -> None:
    with scripted_server(stream("On 4F.")) as server:
        server.plan([failing(503)] * 5)
        with endpoint(server.base_url) as model:
            agent = VisionAgent(model, tools=[], limits=AgentLimits(model_retries=2))
            with pytest.raises(EndpointError, match="503"):
                agent.ask("Where?", sign)
        assert len(server.requests) == 1


def test_it_runs_in_an_event_loop(sign: Path) -> None:
    asks = stream(calls([0, 0, 500, 500]), finish_reason="tool_calls")
    with (
        scripted_server(asks, stream(SAID)) as server,
        endpoint(server.base_url) as model,
    ):
        agent = VisionAgent(model, tools=[closer])
        assert asyncio.run(agent.aask("Where is ENT?", sign)).facts["floor"] == "4F"


def test_a_second_model_takes_over_in_the_middle_in_its_own_frame(sign: Path) -> None:
    REGIONS.clear()
    asks = stream(calls([0, 0, 500, 500]), finish_reason="tool_calls")
    placed = SAID.replace("[500, 250, 625, 500]", "[574, 210, 718, 420]")
    with scripted_server(asks) as one, scripted_server(stream(placed)) as other:
        with (
            endpoint(one.base_url) as first,
            endpoint(other.base_url, family="qwen2.5-vl") as second,
        ):
            both: VisionModel = FallbackModel([first, second])
            one.answer(asks, completion("never"))
            agent = VisionAgent(both, tools=[closer])
            events = agent.stream("Where is ENT?", sign)
            seen: list[Any] = []
            for event in events:
                # The first server goes down once it has asked for the tool.
                one.plan([failing(503)] * 3)
                seen.append(event)
        answer = seen[-1].answer
        told = other.requests[-1].json
    assert REGIONS[0].xyxy == (0, 0, 800, 600)
    assert "absolute pixels" in told["messages"][0]["content"]
    assert '"bbox_2d": [0, 0, 574, 420]' in told["messages"][2]["content"]
    assert answer.detections[0].box is not None
    assert answer.detections[0].box.xyxy == pytest.approx((800, 300, 1000, 600), abs=2)
    assert answer.model.endswith("?family=qwen2.5-vl")


def test_a_json_reply_without_stream_is_taken_too(sign: Path) -> None:
    with scripted_server(completion(SAID)) as server, endpoint(server.base_url) as model:
        assert VisionAgent(model, tools=[]).ask("Where?", sign).facts["floor"] == "4F"


def test_a_call_that_cannot_be_read_is_asked_for_again(sign: Path) -> None:
    REGIONS.clear()
    function = {"name": "closer", "arguments": '{"region": {"bbox_2d": [0, 0,'}
    broken = stream({"tool_calls": [{"index": 0, "id": "a", "function": function}]})
    whole = stream(calls([0, 0, 500, 500]), finish_reason="tool_calls")
    with (
        scripted_server(broken, whole, stream(SAID)) as server,
        endpoint(server.base_url) as model,
    ):
        answer = VisionAgent(model, tools=[closer]).ask("Where is ENT?", sign)
        again = server.requests[1].json["messages"][-1]
    assert "could not be read" in again["content"]
    assert "valid JSON" in again["content"]
    assert REGIONS[0].xyxy == (0, 0, 800, 600)
    assert answer.facts["floor"] == "4F"
