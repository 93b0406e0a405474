"""Several models as one: who is asked, and what places mean on the way."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest
from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    HumanMessage,
    SystemMessage,
    ToolCall,
    ToolMessage,
)
from pydantic import BaseModel

from deixis.testing import Call, Fail, Say, ScriptedModel, VisionModelConformance
from deixis.vision import (
    Box,
    EndpointError,
    ImageError,
    ModelError,
    PixelDialect,
    Point,
    StreamCutError,
    VisionModel,
)
from deixis.vision._fallback import FallbackModel
from deixis.vision.qwen._dialect import QwenDialect
from tests.serving.faults import cut
from tests.serving.scripted import scripted_server, stream
from tests.vision.endpoint.helpers import asked, endpoint, picture

DOWN = Fail(EndpointError("the first server is down"))
SIZE = (1600, 1200)


class Zoom(BaseModel):
    """Looks closer."""

    region: Box


def scripted(*steps: Any, family: str = "qwen3-vl") -> ScriptedModel:
    return ScriptedModel(steps, dialect=QwenDialect(family))


def pixels(*steps: Any) -> ScriptedModel:
    return ScriptedModel(steps, dialect=PixelDialect())


def invoked(model: Any, question: list[HumanMessage]) -> AIMessage:
    return model.invoke(question)


def ainvoked(model: Any, question: list[HumanMessage]) -> AIMessage:
    return asyncio.run(model.ainvoke(question))


def stream_joined(model: Any, question: list[HumanMessage]) -> AIMessage:
    return streamed(model, *question)[1]


def places(*boxes: list[int]) -> str:
    said = [{"bbox_2d": box, "label": "ENT", "image": "img_1"} for box in boxes]
    return f"On 4F.\n\n```json\n{json.dumps({'found': True, 'places': said})}\n```"


def streamed(model: VisionModel, *messages: Any) -> tuple[list[str], AIMessageChunk]:
    chunks = list(model.stream(list(messages) or [asked()]))
    total, *others = chunks
    for other in others:
        total += other
    return [str(chunk.text) for chunk in chunks], total


@pytest.mark.parametrize(
    "error",
    [
        EndpointError("down"),
        ModelError("no key"),
        ConnectionError("lost"),
        TimeoutError("late"),
        httpx.ConnectError("lost"),
        StreamCutError("cut"),
    ],
)
def test_the_next_is_asked_when_one_fails(error: Exception) -> None:
    model = FallbackModel([scripted(Fail(error)), scripted(Say("On 4F."))])
    assert "On 4F." in model.invoke([asked()]).text
    model = FallbackModel([scripted(Fail(error)), scripted(Say("On 4F."))])
    assert "On 4F." in asyncio.run(model.ainvoke([asked()])).text
    model = FallbackModel([scripted(Fail(error)), scripted(Say("On 4F."))])
    assert "On 4F." in streamed(model)[1].text


def test_the_first_answers_while_it_can() -> None:
    second = scripted()
    model = FallbackModel([scripted(Say("On 4F.")), second])
    assert "On 4F." in model.invoke([asked()]).text
    assert second.asked == []


@pytest.mark.parametrize("error", [ImageError("no image"), ValueError("a bug")])
def test_what_another_model_would_not_mend_is_raised(error: Exception) -> None:
    second = scripted(Say("On 4F."))
    with pytest.raises(type(error)):
        FallbackModel([scripted(Fail(error)), second]).invoke([asked()])
    assert second.asked == []


def test_when_none_answers_each_reason_is_told() -> None:
    model = FallbackModel([scripted(DOWN), scripted(Fail(ModelError("no key")))])
    with pytest.raises(EndpointError) as caught:
        model.invoke([asked()])
    assert str(caught.value) == (
        "no model answered: qwen3-vl: the first server is down; qwen3-vl: no key"
    )


def test_it_says_who_answered() -> None:
    model = FallbackModel([scripted(DOWN), scripted(Say("Yes."), family="qwen2.5-vl")])
    assert model.name_for_users == "qwen3-vl"
    reply = model.invoke([asked()])
    assert reply.response_metadata["answered_by"] == "qwen2.5-vl"
    assert model.name_for_users == "qwen2.5-vl"


def test_a_stream_that_breaks_after_words_came_is_not_begun_by_another() -> None:
    second = scripted(Say("On 4F."))
    with scripted_server(stream("On ", "4F.")) as server:
        server.plan([cut(events=2)])
        with endpoint(server.base_url) as first, pytest.raises(StreamCutError):
            streamed(FallbackModel([first, second]))
    assert second.asked == []


FALLBACKS = [
    (PixelDialect(), [200, 300, 400, 600], [125, 250, 250, 500]),
    (QwenDialect("qwen2.5-vl", max_pixels=1_003_520), [144, 210, 287, 420], [125, 250, 250, 500]),
    (QwenDialect("qwen2-vl"), [125, 250, 250, 500], [125, 250, 250, 500]),
]


@pytest.mark.parametrize(("dialect", "said", "told"), FALLBACKS, ids=["pixels", "2.5", "2"])
def test_a_reply_speaks_the_first_models_frame(
    dialect: Any, said: list[int], told: list[int]
) -> None:
    for ask in (invoked, stream_joined):
        second = ScriptedModel([Say(places(said))], dialect=dialect)
        model = FallbackModel([scripted(DOWN), second])
        question = [asked("Where?", picture(SIZE))]
        reply = ask(model, question)
        (found,) = model.read_reply(reply, model.views(question)).detections
        assert found.box is not None
        wanted = [value * side / 1000 for value, side in zip(told, SIZE * 2, strict=True)]
        assert list(found.box.xyxy) == pytest.approx(wanted, abs=2)


def test_prose_streams_on_and_places_wait() -> None:
    second = pixels(Say(places([200, 300, 400, 600])))
    model = FallbackModel([scripted(DOWN), second])
    pieces, _ = streamed(model, asked("Where?", picture(SIZE)))
    shown = [piece for piece in pieces if piece]
    assert "".join(shown[:-1]).strip() == "On 4F."
    assert '"bbox_2d": [125, 250, 250, 500]' in shown[-1]


def test_each_model_is_told_of_tools_in_its_own_words() -> None:
    first, second = scripted(DOWN), pixels(Say("Yes."))
    FallbackModel([first, second]).bind_tools([Zoom]).invoke([asked()])
    assert "0 to 1000" in json.dumps(first.offered)
    assert "0 to 1000" not in json.dumps(second.offered)
    assert "pixels of the image" in json.dumps(second.offered)
    assert "x-deixis-place" not in json.dumps([*first.offered, *second.offered])


def test_a_call_of_the_second_is_in_the_firsts_words() -> None:
    region = {"x1": 200, "y1": 300, "x2": 400, "y2": 600, "image": "img_1"}
    question = [asked("Where?", picture(SIZE))]
    for ask in (invoked, ainvoked):
        model = FallbackModel([scripted(DOWN), pixels(Call("Zoom", {"region": region}))])
        reply = ask(model.bind_tools([Zoom]), question)
        assert reply.tool_calls[0]["args"] == {
            "region": {"bbox_2d": [125, 250, 250, 500], "image": "img_1"}
        }


def test_what_was_said_reaches_the_second_in_its_words() -> None:
    second = pixels(Say("Yes."))
    first = scripted(DOWN)
    words = first.dialect.frame_words()
    history = [
        SystemMessage(f"Answer with places in {words}."),
        asked("Where?", picture(SIZE)),
        AIMessage(
            "I look.",
            tool_calls=[
                ToolCall(
                    name="Zoom",
                    args={"region": {"bbox_2d": [125, 250, 250, 500], "image": "img_1"}},
                    id="a",
                    type="tool_call",
                )
            ],
        ),
        ToolMessage('{"text": "ENT", "bbox_2d": [0, 0, 500, 500], "image": "img_1"}',
                    tool_call_id="a"),
        AIMessage(places([125, 250, 250, 500])),
        HumanMessage("Sure?"),
    ]  # fmt: skip
    FallbackModel([first, second]).bind_tools([Zoom]).invoke(history)
    system, _, call, result, answer, _ = second.asked[0]
    assert system.text == "Answer with places in pixels of the image, origin top left."
    assert isinstance(call, AIMessage)
    assert call.tool_calls[0]["args"] == {
        "region": {"bbox_2d": [200, 300, 400, 600], "image": "img_1"}
    }
    assert json.loads(str(result.text))["bbox_2d"] == [0, 0, 800, 600]
    assert '"bbox_2d": [200, 300, 400, 600]' in str(answer.text)
    assert first.asked[0] == history


def test_the_latest_image_is_that_of_the_time() -> None:
    second = pixels(Say("Yes."))
    history = [
        asked("Where?", picture((2000, 1000))),
        AIMessage('```json\n{"places": [{"bbox_2d": [0, 0, 500, 500], "label": "x"}]}\n```'),
        asked("And here?", picture((200, 200))),
    ]
    FallbackModel([scripted(DOWN), second]).invoke(history)
    assert '"bbox_2d": [0, 0, 1000, 500], "image": "img_1"' in str(second.asked[0][1].text)


def test_a_shape_comes_back_in_original_pixels() -> None:
    region = {"point_2d": [200, 300], "image": "img_1"}

    class Spot(BaseModel):
        at: Point

    model = FallbackModel([scripted(DOWN), pixels(Call("Spot", {"at": region}))])
    spot = model.with_structured_output(Spot).invoke([asked("Where?", picture(SIZE))])
    assert spot == Spot(at=Point(x=200, y=300, image="img_1"))


def test_grounding_asks_each_in_its_own_words() -> None:
    second = pixels(Say(places([200, 300, 400, 600])))
    model = FallbackModel([scripted(DOWN), second])
    image = model.views([asked("Where?", picture(SIZE))])[0].image
    (found,) = model.ground(image, "ENT")
    assert found.box == Box(x1=200, y1=300, x2=400, y2=600, image="img_1")


def test_a_fallback_of_fallbacks_is_one() -> None:
    inner = FallbackModel([scripted(DOWN), pixels(DOWN)])
    model = FallbackModel([inner, scripted(Say("Yes."))])
    assert len(model.models) == 3
    assert "Yes." in model.invoke([asked()]).text


class TestFallbackConforms(VisionModelConformance):
    def make_model(self) -> VisionModel:
        failing = [Fail(EndpointError("down"))] * 8
        return FallbackModel([scripted(*failing), pixels(*[Say("On 4F.")] * 8)])


def test_a_call_that_cannot_be_read_tells_no_numbers_of_another_frame() -> None:
    delta = {"index": 0, "function": {"name": "Zoom", "arguments": '{"region": [200, 30'}}
    question = [asked("Where?", picture(SIZE))]
    with (
        scripted_server(stream({"tool_calls": [delta]})) as server,
        endpoint(server.base_url, family="qwen2.5-vl") as second,
    ):
        model = FallbackModel([scripted(DOWN), second]).bind_tools([Zoom])
        (unread,) = stream_joined(model, question).invalid_tool_calls
    assert unread["name"] == "Zoom"
    assert "200" not in str(unread["args"])
