"""The servers that other tests stand on do what they say: scripted, faulty, and real ones."""

from __future__ import annotations

import base64
import io
import json
import subprocess
import sys
from collections.abc import Generator, Iterator
from typing import Any, Literal

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests.checkpoints import load_model, load_processor
from tests.checkpoints.fixtures import Checkpoint
from tests.checkpoints.fixtures import checkpoint as checkpoint
from tests.serving._http import Answer
from tests.serving._replies import Reading, Said
from tests.serving.faults import (
    BAD_GATEWAY,
    BROKEN_EVENTS,
    BROKEN_JSON,
    DONE_TWICE,
    ECHOED_KEY,
    EMPTY,
    GARBAGE,
    HTML,
    NEVER,
    PASS,
    WRONG_JSON,
    Fault,
    Proxy,
    cut,
    failing,
    huge,
    overloaded,
    proxied,
    redirected,
    slow,
    torn,
    typed,
)
from tests.serving.real import ROOT, Served, served
from tests.serving.scripted import Script, answered, completion, scripted_server, stream

KEY = {"Authorization": "Bearer sk-secret"}


@pytest.fixture
def script() -> Generator[Script]:
    with scripted_server(stream("往左", "走。")) as server:
        yield server


@pytest.fixture
def proxy(script: Script) -> Generator[Proxy]:
    with proxied(script.base_url) as server:
        yield server


def ask(server: Proxy | Script, *faults: Fault, seconds: float = 5) -> httpx.Response:
    server.plan(faults)
    url = f"{server.base_url}/chat/completions"
    return httpx.post(url, json={"model": "scripted"}, headers=KEY, timeout=seconds)


def streamed(server: Proxy) -> Iterator[bytes]:
    """The body as it comes in, up to where it breaks off."""
    with httpx.stream("POST", f"{server.base_url}/chat/completions", json={}) as response:
        yield from response.iter_raw()


def said(response: httpx.Response) -> str:
    """The text of a stream."""
    return "".join(
        choice["delta"].get("content") or ""
        for event in events(response)
        for choice in event["choices"]
    )


def events(response: httpx.Response) -> list[dict[str, Any]]:
    lines = [line.removeprefix("data: ") for line in response.text.splitlines() if line]
    assert lines[-1] == "[DONE]"
    return [json.loads(line) for line in lines[:-1]]


def test_a_script_is_read_out_in_order_and_its_last_line_again() -> None:
    with scripted_server(completion("One"), completion("Two")) as server:
        heard = [ask(server, PASS).json()["choices"][0]["message"]["content"] for _ in range(3)]
        server.answer(completion(tool_calls=[("zoom", {"image": "img_1"})]))
        choice = ask(server, PASS).json()["choices"][0]
    assert heard == ["One", "Two", "Two"]
    assert choice["finish_reason"] == "tool_calls"
    assert choice["message"]["tool_calls"][0]["function"] == {
        "name": "zoom",
        "arguments": '{"image": "img_1"}',
    }


def test_a_script_can_answer_by_what_it_is_asked() -> None:
    with scripted_server(lambda request: answered(request.json)) as server:
        assert ask(server, PASS).json() == {"model": "scripted"}
        assert httpx.get(f"{server.base_url}/models").json()["data"][0]["id"] == "scripted"


def test_what_was_asked_is_kept(proxy: Proxy, script: Script) -> None:
    ask(proxy, PASS)
    for server in (proxy, script):
        (request,) = server.requests
        assert (request.method, request.path) == ("POST", "/v1/chat/completions")
        assert request.json == {"model": "scripted"}
        assert request.headers["authorization"] == "Bearer sk-secret"


def test_without_a_fault_a_proxy_changes_nothing(proxy: Proxy, script: Script) -> None:
    assert ask(proxy, PASS).content == ask(script, PASS).content
    assert said(ask(proxy, PASS)) == "往左走。"


def test_a_plan_is_followed_and_then_all_is_well(proxy: Proxy) -> None:
    statuses = [ask(proxy, failing(503), overloaded("7")).status_code]
    url = f"{proxy.base_url}/chat/completions"
    statuses += [httpx.post(url, json={}).status_code for _ in range(2)]
    assert statuses == [503, 429, 200]
    assert len(proxy.requests) == 3


@pytest.mark.parametrize("status", [500, 502, 503])
def test_an_error_has_a_message(proxy: Proxy, status: int) -> None:
    response = ask(proxy, failing(status, "it broke"))
    assert (response.status_code, response.json()["error"]["message"]) == (status, "it broke")


def test_an_overloaded_server_tells_when_to_come_back(proxy: Proxy, script: Script) -> None:
    assert ask(proxy, overloaded("7")).headers["retry-after"] == "7"
    assert "retry-after" not in ask(proxy, overloaded()).headers
    assert not script.requests


@pytest.mark.parametrize("fault", [cut(count=70), cut(events=2)])
def test_a_cut_stream_ends_without_its_end(proxy: Proxy, fault: Fault) -> None:
    proxy.plan([fault])
    pieces: list[bytes] = []
    with pytest.raises(httpx.RemoteProtocolError, match="incomplete"):
        pieces.extend(streamed(proxy))
    got = b"".join(pieces)
    assert len(got) == 70 if fault.cut_bytes else got.count(b"\n\n") == 2


def test_a_cut_answer_with_a_length_is_shorter_than_it(script: Script) -> None:
    script.answer(completion("On the left."))
    with pytest.raises(httpx.RemoteProtocolError, match="without sending complete"):
        ask(script, cut(count=20))


def test_a_client_that_gives_up_is_seen_to_leave(proxy: Proxy) -> None:
    with pytest.raises(httpx.ReadTimeout):
        ask(proxy, NEVER, seconds=0.2)
    assert proxy.requests[0].left.wait(5)


def test_a_client_that_leaves_a_stream_is_seen_by_the_server_behind(
    proxy: Proxy, script: Script
) -> None:
    script.plan([slow(0.05)])
    script.answer(stream(*"abcdefghijklmnopqrstuvwxyz" * 20))
    with httpx.stream("POST", f"{proxy.base_url}/chat/completions", json={}) as response:
        next(response.iter_raw())
    assert proxy.requests[0].left.wait(5)
    assert script.requests[0].left.wait(5)


def test_a_slow_server_needs_its_time(proxy: Proxy) -> None:
    with pytest.raises(httpx.ReadTimeout):
        ask(proxy, slow(1), seconds=0.2)
    assert said(ask(proxy, slow(0.01))) == "往左走。"


def test_torn_pieces_split_characters(proxy: Proxy) -> None:
    proxy.plan([torn(1)])
    pieces = list(streamed(proxy))
    assert "往左".encode() in b"".join(pieces)
    assert max(map(len, pieces)) < len("往".encode())


@pytest.mark.parametrize("fault", [EMPTY, BROKEN_JSON, HTML, BAD_GATEWAY, BROKEN_EVENTS])
def test_what_should_be_json_is_not(proxy: Proxy, fault: Fault) -> None:
    response = ask(proxy, fault)
    assert response.status_code == (fault.status or 200)
    with pytest.raises(ValueError):
        response.json()


def test_json_of_another_shape(proxy: Proxy) -> None:
    assert ask(proxy, WRONG_JSON).json() == ["not", "an", "object"]


def test_what_is_not_http(proxy: Proxy) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        ask(proxy, GARBAGE)


def test_done_comes_twice(proxy: Proxy) -> None:
    assert ask(proxy, DONE_TWICE).text.count("data: [DONE]") == 2


def test_a_careless_server_repeats_the_key(proxy: Proxy) -> None:
    response = ask(proxy, ECHOED_KEY)
    assert (response.status_code, response.text) == (401, "Bearer sk-secret")


def test_another_content_type(proxy: Proxy) -> None:
    response = ask(proxy, typed("text/plain"))
    assert response.headers["content-type"] == "text/plain"
    assert said(response) == "往左走。"


def test_a_huge_answer_is_valid(proxy: Proxy) -> None:
    content = ask(proxy, huge(3_000_000)).json()["choices"][0]["message"]["content"]
    assert len(content) == 3_000_000


def test_a_redirect_leads_elsewhere(proxy: Proxy, script: Script) -> None:
    elsewhere = script.base_url.replace("127.0.0.1", "localhost")
    response = ask(proxy, redirected(elsewhere))
    assert (response.status_code, response.headers["location"]) == (307, elsewhere)


def test_an_answer_can_be_made_by_hand(script: Script) -> None:
    script.answer(Answer(status=418, pieces=(b"tea", b"pot")))
    response = ask(script, PASS)
    assert (response.status_code, response.text) == (418, "teapot")


HERMES = 'So: <tool_call>\n{"name": "zoom", "arguments": {"image": "图"}}\n</tool_call>'
XML = "<tool_call>\n<function=zoom>\n<parameter=x>\n12\n</parameter>\n</function>\n</tool_call>"


@given(data=st.data(), written=st.sampled_from([HERMES, HERMES * 2, "a <tool_ b", "<tool_call>{"]))
def test_a_reply_reads_the_same_however_it_arrives(data: st.DataObject, written: str) -> None:
    def joined(pieces: list[str]) -> list[Said | str]:
        reading, found = Reading(tools="hermes", thinking=False), list[Said | str]()
        heard = [one for piece in pieces for one in reading.feed(piece)]
        for one in [*heard, *reading.feed("", last=True)]:
            if one.kind == "call":
                found.append(one)
            elif found and isinstance(found[-1], str):
                found[-1] += one.text
            else:
                found.append(one.text)
        return found

    ends = data.draw(st.lists(st.integers(0, len(written)), max_size=8).map(sorted))
    pieces = [written[a:b] for a, b in zip([0, *ends], [*ends, len(written)], strict=True)]
    assert joined(pieces) == joined([written])


def test_thoughts_and_calls_are_taken_out_of_the_text() -> None:
    reading = Reading(tools="xml", thinking=True)
    heard = reading.feed(f"hm\n</think>\n\nYes.{XML}", last=True)
    assert heard == [
        Said(kind="thought", text="hm"),
        Said(kind="text", text="Yes."),
        Said(kind="call", text="zoom", arguments='{"x": 12}'),
    ]


def test_without_tools_a_call_is_text() -> None:
    reading = Reading(tools=None, thinking=False)
    assert reading.feed(HERMES, last=True) == [Said(kind="text", text=HERMES)]


# From here on with real models in processes of their own.


def data_uri(image: Image.Image) -> str:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"


PICTURE = Image.new("RGB", (120, 80), "red")
SHOWN = {"type": "image_url", "image_url": {"url": data_uri(PICTURE)}}
QUESTION = {"type": "text", "text": "Where is the red square? 红色"}
MESSAGES: list[dict[str, Any]] = [{"role": "user", "content": [SHOWN, QUESTION]}]
TOOL = {
    "type": "function",
    "function": {"name": "zoom", "description": "Looks closer", "parameters": {"type": "object"}},
}


@pytest.fixture(scope="module")
def strict(checkpoint: Checkpoint) -> Generator[Served]:
    options = ("--key", "sk-secret", "--images", "2", "--context", "600")
    with served(checkpoint("qwen3-vl"), options=options) as server:
        yield server


def chat(server: Served, **asked: object) -> httpx.Response:
    body = {"model": server.model, "messages": MESSAGES, "max_tokens": 12} | asked
    return httpx.post(f"{server.base_url}/chat/completions", json=body, headers=KEY, timeout=60)


def direct(server_folder: Any, **template: object) -> tuple[str, int]:
    """What transformers itself says to the same, and the length of the prompt."""
    processor, model = load_processor(server_folder), load_model(server_folder)
    shown = {"role": "user", "content": [{"type": "image", "image": PICTURE}, QUESTION]}
    inputs = processor.apply_chat_template(
        [shown],
        add_generation_prompt=True,
        tokenize=True,
        return_dict=True,
        return_tensors="pt",
        **template,
    )
    length = int(inputs["input_ids"].shape[1])
    ids = model.generate(**inputs, max_new_tokens=12)[0, length:]
    return processor.tokenizer.decode(ids, skip_special_tokens=True), length


@pytest.mark.slow
@pytest.mark.parametrize("template", [{}, {"tools": [TOOL]}])
def test_our_server_says_what_transformers_says(
    strict: Served, checkpoint: Checkpoint, template: dict[str, object]
) -> None:
    words, length = direct(checkpoint("qwen3-vl"), **template)
    answer = chat(strict, **template).json()
    assert answer["choices"][0]["message"]["content"] == words
    assert answer["choices"][0]["finish_reason"] == "length"
    assert answer["usage"]["prompt_tokens"] == length
    flowing = chat(strict, stream=True, stream_options={"include_usage": True}, **template)
    assert said(flowing) == words
    assert events(flowing)[-1]["usage"] == answer["usage"]
    assert "usage" not in events(chat(strict, stream=True, **template))[-1]


@pytest.mark.slow
@pytest.mark.parametrize("family", ["qwen2.5-vl"])
def test_transformers_serve_says_what_transformers_says(
    family: str, checkpoint: Checkpoint
) -> None:
    words, length = direct(checkpoint(family))
    with served(checkpoint(family), engine="transformers") as server:
        answer = chat(server).json()
        flowing = chat(server, stream=True).text
    assert answer["choices"][0]["message"]["content"] == words
    assert answer["usage"]["prompt_tokens"] == length
    chunks = [json.loads(line[6:]) for line in flowing.splitlines() if line]
    # Its stream leaves out a character that the limit cut in the middle.
    spoken = "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks)
    assert spoken == words.rstrip("\ufffd")
    assert chunks[-1]["usage"] == answer["usage"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("asked", "status", "why"),
    [
        ({"messages": [{"role": "system", "content": [SHOWN]}, *MESSAGES]}, 400, "role system"),
        (
            {"messages": [*MESSAGES, {"role": "tool", "tool_call_id": "1", "content": [SHOWN]}]},
            400,
            "role tool",
        ),
        ({"messages": [{"role": "user", "content": [SHOWN] * 3}]}, 400, "At most 2 image"),
        ({"max_tokens": 600}, 400, "maximum context length is 600"),
        ({"model": "other"}, 404, "does not exist"),
        ({"messages": []}, 400, "messages"),
    ],
)
def test_our_server_refuses(
    strict: Served, asked: dict[str, object], status: int, why: str
) -> None:
    response = chat(strict, **asked)
    assert response.status_code == status
    assert why in response.json()["error"]["message"]


@pytest.mark.slow
def test_our_server_wants_its_key_and_names_its_model(strict: Served) -> None:
    url = f"{strict.base_url}/models"
    assert httpx.get(url).status_code == 401
    assert httpx.get(url, headers=KEY).json()["data"][0]["id"] == strict.model


@pytest.mark.slow
def test_a_picture_can_be_shown_smaller(strict: Served) -> None:
    limits = {"min_pixels": 1024, "max_pixels": 4096}
    small = chat(strict, mm_processor_kwargs=limits).json()["usage"]["prompt_tokens"]
    assert small < chat(strict).json()["usage"]["prompt_tokens"]


@pytest.mark.slow
@pytest.mark.parametrize("how", ["strict", "transformers"])
def test_a_server_is_gone_afterwards(
    how: Literal["strict", "transformers"], checkpoint: Checkpoint
) -> None:
    with served(checkpoint("qwen2-vl"), engine=how) as server:
        assert httpx.get(f"{server.base_url.removesuffix('/v1')}/health").status_code == 200
        assert server.process.poll() is None
    assert server.process.poll() is not None
    with pytest.raises(httpx.ConnectError):
        httpx.get(server.base_url)


@pytest.mark.slow
def test_a_server_ends_with_the_process_that_started_it() -> None:
    code = "from tests.serving._child import settle; settle(); import time; time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdin=subprocess.PIPE) as child:
        assert child.stdin is not None
        child.stdin.close()
        assert child.wait(30) == 3


@pytest.mark.slow
def test_a_server_that_fails_to_start_says_why(tmp_path: Any) -> None:
    with pytest.raises(RuntimeError, match="Error"), served(tmp_path):
        pass
