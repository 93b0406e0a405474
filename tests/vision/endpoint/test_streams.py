"""Replies as they stream: text, thoughts, calls in pieces, and streams that break."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.messages import AIMessageChunk

from deixis.vision import EndpointError, StreamCutError
from deixis.vision.endpoint import EndpointModel
from deixis.vision.endpoint._events import EventReader, EventTooLongError
from tests.serving._http import Answer
from tests.serving.faults import DONE_TWICE, HTML, NEVER, cut, torn, typed
from tests.serving.scripted import chunk, completion, scripted_server, stream, streamed
from tests.vision.endpoint.helpers import FIND, Waits, asked, endpoint


def joined(model: Any, question: str = "Where?") -> AIMessageChunk:
    total, *others = list(model.stream([asked(question)]))
    for other in others:
        total += other
    return total


async def ajoined(model: Any) -> AIMessageChunk:
    total: AIMessageChunk | None = None
    async for piece in model.astream([asked()]):
        total = piece if total is None else total + piece
    assert total is not None
    return total


def call(index: int | None = None, **given: Any) -> dict[str, Any]:
    """A piece of a tool call: `name` and `arguments` are those of its function."""
    function = {key: given.pop(key) for key in ("name", "arguments") if key in given}
    piece = {"function": function, **given}
    return {"tool_calls": [piece if index is None else {"index": index, **piece}]}


def test_text_comes_in_the_pieces_the_server_sends() -> None:
    with scripted_server(stream("On ", "4F", ".")) as server, endpoint(server.base_url) as model:
        pieces = [str(piece.text) for piece in model.stream([asked()])]
        assert [piece for piece in pieces if piece] == ["On", " 4F", "."]


def test_the_last_chunk_has_the_tokens_and_why_it_ended() -> None:
    with scripted_server(stream("On 4F.")) as server, endpoint(server.base_url) as model:
        total = joined(model)
        assert total.usage_metadata == {"input_tokens": 11, "output_tokens": 7, "total_tokens": 18}
        assert total.response_metadata == {"model_name": "scripted", "finish_reason": "stop"}
        assert total.chunk_position == "last"


def test_a_reply_that_grew_too_long_says_so() -> None:
    answer = stream("On", finish_reason="length")
    with scripted_server(answer) as server, endpoint(server.base_url) as model:
        assert joined(model).response_metadata["finish_reason"] == "length"


def test_it_streams_in_an_event_loop() -> None:
    with scripted_server(stream("On ", "4F.")) as server, endpoint(server.base_url) as model:
        total = asyncio.run(ajoined(model))
        assert total.text == "On 4F."
        assert total.usage_metadata is not None


@pytest.mark.parametrize("name", ["reasoning_content", "reasoning"])
def test_thoughts_in_a_field_of_their_own_are_no_answer(name: str) -> None:
    answer = stream({name: "It says "}, {name: "ENT."}, "On 4F.")
    with scripted_server(answer) as server, endpoint(server.base_url) as model:
        total = joined(model)
        assert total.text == "On 4F."
        assert total.additional_kwargs["reasoning_content"] == "It says ENT."


def test_thoughts_in_the_text_are_no_answer() -> None:
    answer = stream("<thi", "nk>It says ENT.", "</think>\n\nOn ", "4F.")
    with scripted_server(answer) as server, endpoint(server.base_url) as model:
        total = joined(model)
        assert total.text == "On 4F."
        assert total.additional_kwargs["reasoning_content"] == "It says ENT."


def test_a_thought_that_the_prompt_opened_is_no_answer() -> None:
    answer = stream("It says ENT.", "</think>On 4F.")
    with (
        scripted_server(answer) as server,
        endpoint(server.base_url, model="Qwen3-VL-4B-Thinking", family=None) as model,
    ):
        assert joined(model).text == "On 4F."


def test_a_thinking_model_that_did_not_think_is_heard() -> None:
    with (
        scripted_server(stream("On ", "4F.")) as server,
        endpoint(server.base_url, thinking=True) as model,
    ):
        assert joined(model).text == "On 4F."


CALLS: dict[str, list[dict[str, Any]]] = {
    "arguments in pieces": [
        call(0, id="a", name="find", arguments=""),
        call(0, arguments='{"wo'),
        call(0, arguments='rd": "ENT"}'),
    ],
    "all at once": [call(0, id="a", name="find", arguments='{"word": "ENT"}')],
    "no index": [call(id="a", name="find", arguments='{"word":'), call(arguments=' "ENT"}')],
    "no id": [call(0, name="find", arguments='{"word": "ENT"}')],
    "an object": [call(0, id="a", name="find", arguments={"word": "ENT"})],
    "written twice": [call(0, id="a", name="find", arguments='"{\\"word\\": \\"ENT\\"}"')],
    "the name later": [call(0, id="a", arguments=""), call(0, name="find"),
                       call(0, arguments='{"word": "ENT"}')],
    "the name again": [call(0, id="a", name="find", arguments='{"word": '),
                       call(0, id="a", name="find", arguments='"ENT"}')],
    "left in the text": [{"content": '<tool_call>\n{"name": "find", "argu'},
                         {"content": 'ments": {"word": "ENT"}}\n</tool_call>'}],
    "the old field": [{"function_call": {"name": "find", "arguments": '{"word": "ENT"}'}}],
}  # fmt: skip


@pytest.mark.parametrize("deltas", CALLS.values(), ids=CALLS.keys())
def test_a_call_is_put_together(deltas: list[dict[str, Any]]) -> None:
    with scripted_server(stream(*deltas)) as server, endpoint(server.base_url) as model:
        total = joined(model.bind_tools([FIND]))
        assert [(c["name"], c["args"]) for c in total.tool_calls] == [("find", {"word": "ENT"})]
        assert total.tool_calls[0]["id"]
        assert not total.text


TWO: dict[str, list[dict[str, Any]]] = {
    "by index, mixed": [
        call(0, id="a", name="find", arguments='{"word":'),
        call(1, id="b", name="find", arguments='{"word":'),
        call(0, arguments=' "ENT"}'),
        call(1, arguments=' "lift"}'),
    ],
    "the same index": [
        call(0, id="a", name="find", arguments='{"word": "ENT"}'),
        call(0, id="b", name="find", arguments='{"word": "lift"}'),
    ],
    "the same id": [
        call(0, id="a", name="find", arguments='{"word": "ENT"}'),
        call(1, id="a", name="find", arguments='{"word": "lift"}'),
    ],
    "neither index nor id": [
        call(name="find", arguments='{"word": "ENT"}'),
        call(name="find", arguments='{"word": "lift"}'),
    ],
}


@pytest.mark.parametrize("deltas", TWO.values(), ids=TWO.keys())
def test_calls_side_by_side_are_kept_apart(deltas: list[dict[str, Any]]) -> None:
    with scripted_server(stream(*deltas)) as server, endpoint(server.base_url) as model:
        calls = joined(model.bind_tools([FIND])).tool_calls
        assert [c["args"] for c in calls] == [{"word": "ENT"}, {"word": "lift"}]
        assert len({c["id"] for c in calls}) == 2


def test_a_call_without_arguments_is_a_call() -> None:
    deltas = [call(0, id="a", name="look", arguments="")]
    with scripted_server(stream(*deltas)) as server, endpoint(server.base_url) as model:
        assert joined(model).tool_calls[0]["args"] == {}


BROKEN = ['{"word": "EN', '{"word": }', "[1]", "find it", '{"word": "a", "word": "b"}']


@pytest.mark.parametrize("arguments", BROKEN)
def test_a_call_that_cannot_be_read_is_never_run(arguments: str) -> None:
    deltas = [call(0, id="a", name="find", arguments=arguments)]
    with scripted_server(stream(*deltas)) as server, endpoint(server.base_url) as model:
        total = joined(model.bind_tools([FIND]))
        assert not total.tool_calls
        (unread,) = total.invalid_tool_calls
        assert unread["name"] == "find"
        assert str(unread["args"]).endswith(f") {arguments}")


@pytest.mark.parametrize("arguments", BROKEN)
def test_a_whole_reply_says_what_is_wrong_with_a_call(arguments: str) -> None:
    answer = completion(tool_calls=[("find", arguments)])
    with scripted_server(answer) as server, endpoint(server.base_url) as model:
        reply = model.bind_tools([FIND]).invoke([asked()])
        assert not reply.tool_calls
        (unread,) = reply.invalid_tool_calls
        assert unread["args"] == f"({unread['error']}) {arguments}"


def test_a_call_cut_off_by_the_limit_is_told_so() -> None:
    deltas = [call(0, id="a", name="find", arguments='{"word": "EN')]
    with (
        scripted_server(stream(*deltas, finish_reason="length")) as server,
        endpoint(server.base_url) as model,
    ):
        assert "shorter" in str(joined(model).invalid_tool_calls[0]["args"])


def test_a_server_that_does_not_stream_is_understood() -> None:
    with scripted_server(completion("On 4F.")) as server, endpoint(server.base_url) as model:
        assert joined(model).text == "On 4F."


def test_a_server_that_knows_no_stream_options_is_asked_without() -> None:
    refused = Answer(status=400, pieces=(b'{"error": "unknown field stream_options"}',))
    with (
        scripted_server(refused, stream("On 4F.", usage=None)) as server,
        endpoint(server.base_url) as model,
    ):
        assert joined(model).text == "On 4F."
        assert joined(model).text == "On 4F."
        assert ["stream_options" in r.json for r in server.requests] == [True, False, False]


@pytest.mark.parametrize("size", [1, 3, 7])
def test_bytes_may_be_cut_anywhere(size: int) -> None:
    with scripted_server(stream("耳鼻喉科在", "四楼。")) as server:
        server.plan([torn(size)])
        with endpoint(server.base_url) as model:
            assert joined(model).text == "耳鼻喉科在四楼。"


def test_words_after_the_end_are_left_out() -> None:
    with scripted_server(stream("On 4F.")) as server:
        server.plan([DONE_TWICE])
        with endpoint(server.base_url) as model:
            assert joined(model).text == "On 4F."


def test_a_stream_that_ends_without_done_is_whole_if_it_gave_its_reason() -> None:
    with (
        scripted_server(stream("On 4F.", done=False)) as server,
        endpoint(server.base_url) as model,
    ):
        assert joined(model).text == "On 4F."


@pytest.mark.parametrize("count", [2, 3])
def test_a_stream_that_breaks_off_is_an_error_that_may_be_tried_again(count: int) -> None:
    with scripted_server(stream("On ", "4F.")) as server:
        server.plan([cut(events=count)])
        with (
            endpoint(server.base_url, retries=Waits().retries(5)) as model,
            pytest.raises(StreamCutError, match="broke off"),
        ):
            joined(model)
        assert len(server.requests) == 1


def test_so_it_is_in_an_event_loop() -> None:
    with scripted_server(stream("On ", "4F.")) as server:
        server.plan([cut(events=2)])
        with endpoint(server.base_url) as model, pytest.raises(StreamCutError):
            asyncio.run(ajoined(model))


def test_a_stream_that_ends_without_a_reason_is_not_taken_for_whole() -> None:
    chunks = [chunk({"content": "On "})]
    with (
        scripted_server(streamed(*chunks, done=False)) as server,
        endpoint(server.base_url) as model,
        pytest.raises(StreamCutError),
    ):
        joined(model)


def test_a_stream_cut_before_anything_came_is_asked_again() -> None:
    waits = Waits()
    with scripted_server(stream("On 4F.")) as server:
        server.plan([cut(count=0), cut(count=5)])
        with endpoint(server.base_url, retries=waits.retries()) as model:
            assert joined(model).text == "On 4F."
    assert waits.seconds == [0.5, 1.0]


def stalled() -> Answer:
    """One event, then nothing until the client leaves."""

    def pieces() -> Any:
        yield from stream("On ", done=False).pieces
        for _ in range(1000):
            yield b": still here\n\n"

    return Answer(headers={"Content-Type": "text/event-stream"}, pieces=pieces())


def test_a_server_that_only_says_it_lives_is_left() -> None:
    seconds = iter(range(0, 100_000, 7))
    with scripted_server(stalled()) as server, endpoint(server.base_url) as model:
        tick(model, lambda: float(next(seconds)))
        with pytest.raises(StreamCutError, match="says nothing"):
            joined(model)


def tick(model: EndpointModel, clock: Any) -> None:
    client: Any = model._client  # pyright: ignore[reportPrivateUsage]
    client._clock = clock


def test_an_error_among_the_events_is_the_servers() -> None:
    answer = streamed({"error": {"message": "the prompt is too long", "code": 400}})
    with (
        scripted_server(answer) as server,
        endpoint(server.base_url) as model,
        pytest.raises(EndpointError, match="the prompt is too long"),
    ):
        joined(model)


def test_an_error_in_the_middle_may_be_tried_again() -> None:
    answer = streamed(chunk({"content": "On"}), {"error": {"message": "CUDA", "code": 500}})
    with (
        scripted_server(answer) as server,
        endpoint(server.base_url) as model,
        pytest.raises(StreamCutError, match="CUDA"),
    ):
        joined(model)


def test_events_that_are_no_json_are_said_so() -> None:
    answer = Answer(headers={"Content-Type": "text/event-stream"}, pieces=(b"data: hello\n\n",))
    with (
        scripted_server(answer) as server,
        endpoint(server.base_url) as model,
        pytest.raises(EndpointError, match="no JSON"),
    ):
        joined(model)


def test_a_web_page_instead_of_a_stream_is_said_so() -> None:
    with scripted_server(stream("On 4F.")) as server:
        server.plan([HTML])
        with (
            endpoint(server.base_url) as model,
            pytest.raises(EndpointError, match=r"a web page.*OpenAI-compatible"),
        ):
            joined(model)


def test_another_content_type_is_said_so() -> None:
    with scripted_server(stream("On 4F.")) as server:
        server.plan([typed("text/plain")])
        with endpoint(server.base_url) as model, pytest.raises(EndpointError, match="text/plain"):
            joined(model)


def test_a_server_that_never_answers_is_left() -> None:
    with scripted_server(stream("On 4F.")) as server:
        server.plan([NEVER])
        with (
            endpoint(server.base_url, timeout=0.2) as model,
            pytest.raises(EndpointError, match=r"within 0\.2 s"),
        ):
            joined(model)
        assert server.requests[0].left.wait(5)


def endless() -> Answer:
    def pieces() -> Any:
        while True:
            yield from stream("On ", done=False).pieces[:2]  # type: ignore[index]

    return Answer(headers={"Content-Type": "text/event-stream"}, pieces=pieces())


def test_closing_a_stream_leaves_the_server() -> None:
    with scripted_server(endless()) as server, endpoint(server.base_url) as model:
        pieces = cast("Any", model.stream([asked()]))
        next(pieces)
        pieces.close()
        assert server.requests[0].left.wait(5)


def test_cancelling_a_task_leaves_the_server() -> None:
    async def cancelled(model: EndpointModel) -> None:
        begun = asyncio.Event()

        async def read() -> None:
            async for _ in model.astream([asked()]):
                begun.set()

        task = asyncio.create_task(read())
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    with scripted_server(endless()) as server, endpoint(server.base_url) as model:
        asyncio.run(cancelled(model))
        assert server.requests[0].left.wait(5)


EVENTS = b': hi\r\ndata: {"a": 1}\r\n\r\nevent: error\ndata: two\ndata: lines\n\n\rdata:three\r\r'


@given(st.lists(st.integers(0, len(EVENTS)), max_size=8))
@settings(deadline=None)
def test_events_are_the_same_however_bytes_are_cut(cuts: list[int]) -> None:
    reader = EventReader(longest=1000)
    places = [0, *sorted(cuts), len(EVENTS)]
    pieces = [EVENTS[a:b] for a, b in pairwise(places)]
    events = [event for piece in pieces for event in reader.feed(piece)] + reader.close()
    assert [(e.name, e.data) for e in events] == [
        ("", '{"a": 1}'),
        ("error", "two\nlines"),
        ("", "three"),
    ]


def test_an_event_without_end_is_refused() -> None:
    reader = EventReader(longest=1000)
    reader.feed(b"data: " + b"a" * 1500)
    with pytest.raises(EventTooLongError):
        reader.feed(b"a" * 1500)
