"""What users are told when a server refuses, breaks or isn't there; what is tried again."""

from __future__ import annotations

import asyncio
import copy
import json
import logging
import pickle
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from langchain_core.load import dumps
from langchain_core.messages import AIMessage

from deixis.vision import DeixisError, EndpointError, ModelError
from deixis.vision.endpoint import EndpointModel
from deixis.vision.endpoint._retries import seconds_of
from tests.serving._http import Answer, Request
from tests.serving.faults import (
    BAD_GATEWAY,
    BROKEN_JSON,
    ECHOED_KEY,
    EMPTY,
    GARBAGE,
    HTML,
    NEVER,
    WRONG_JSON,
    Fault,
    cut,
    failing,
    huge,
    overloaded,
    redirected,
)
from tests.serving.scripted import completion, scripted_server, stream
from tests.vision.endpoint.helpers import FIND, Waits, asked, endpoint

KEY = "sk-live-0123456789abcdef"


def failed(fault: Fault, **settings: Any) -> DeixisError:
    """What a fault becomes, in a thread and in an event loop alike."""
    with scripted_server(completion("On 4F."), models=["a", "b"]) as server:
        server.plan([fault])
        with endpoint(server.base_url, **settings) as model:
            with pytest.raises(DeixisError) as caught:
                model.invoke([asked()])
            server.plan([fault])
            with pytest.raises(DeixisError) as again:
                asyncio.run(model.ainvoke([asked()]))
            assert str(again.value) == str(caught.value)
    return caught.value


FAULTS: list[tuple[Fault, type[DeixisError], str]] = [
    (failing(400, "bad field"), EndpointError, "answered 400: bad field"),
    (failing(401, "no such key"), ModelError, "DEIXIS_API_KEY"),
    (failing(403, "not yours"), ModelError, "answered 403: not yours"),
    (failing(404, "no such model"), ModelError, "'scripted' isn't served there, but a, b"),
    (failing(413, "too big"), EndpointError, "fewer or smaller images"),
    (failing(422, "what"), EndpointError, "answered 422: what"),
    (failing(500, "CUDA"), EndpointError, "answered 500: CUDA; try again later"),
    (overloaded(), EndpointError, "answered 429: slow down"),
    (redirected("http://127.0.0.1:1/"), EndpointError, "redirects aren't followed"),
    (HTML, EndpointError, "a web page"),
    (BAD_GATEWAY, EndpointError, "answered 502: Sign in"),
    (EMPTY, EndpointError, "answered with nothing"),
    (BROKEN_JSON, EndpointError, "no JSON"),
    (WRONG_JSON, EndpointError, "no object"),
    (Fault(body=b'{"x": 1}'), EndpointError, "no chat completion"),
    (GARBAGE, EndpointError, "broke the connection"),
    (cut(count=9), EndpointError, "broke the connection"),
    (huge(17_000_000), EndpointError, "more than 16,000,000 bytes"),
]


@pytest.mark.parametrize(("fault", "kind", "told"), FAULTS, ids=lambda f: getattr(f, "body", None))
def test_a_fault_is_told_in_one_line(fault: Fault, kind: type[DeixisError], told: str) -> None:
    error = failed(fault)
    assert isinstance(error, kind)
    assert told in str(error)
    assert "\n" not in str(error)
    assert len(str(error)) < 600


SAID: list[tuple[bytes, str]] = [
    (b'{"error": {"message": "m"}}', "m"),
    (b'{"error": "m"}', "m"),
    (b'{"object": "error", "message": "m"}', "m"),
    (b'{"detail": [{"msg": "m"}, {"msg": "n"}]}', "m; n"),
    (b"plain\x1b[31m words\x00", "plain [31m words"),
    (b"\xff\xfe", "answered 400: \ufffd\ufffd"),
    (b"x" * 5000, "x" * 300 + "\u2026"),
    (b"[" * 5000, "[" * 300 + "\u2026"),
]


@pytest.mark.parametrize(("body", "told"), SAID, ids=range(len(SAID)))
def test_whatever_form_an_error_has_its_words_are_told(body: bytes, told: str) -> None:
    assert told in str(failed(Fault(status=400, body=body)))


@pytest.mark.parametrize(
    ("server", "said", "hint"),
    [
        ("vllm", "maximum context length is 4096 tokens", "--max-model-len"),
        ("ollama", "exceeds the available context size", "OLLAMA_CONTEXT_LENGTH"),
        ("vllm", "auto tool choice requires --enable-auto-tool-choice", 'tools="text"'),
        ("ollama", "registry/qwen2.5vl does not support tools", 'tools="text"'),
        ("vllm", "At most 2 image(s) may be provided", "--limit-mm-per-prompt"),
    ],
)
def test_known_refusals_say_how_to_mend_them(server: str, said: str, hint: str) -> None:
    assert hint in str(failed(failing(400, said), server=server))


def test_a_server_that_is_not_there_is_said_so() -> None:
    with endpoint("http://127.0.0.1:1/v1") as model, pytest.raises(EndpointError) as caught:
        model.invoke([asked()])
    assert "nothing answers at http://127.0.0.1:1/v1: is the server running" in str(caught.value)
    # The agent would ask again after these, and we have.
    assert not isinstance(caught.value, ConnectionError | TimeoutError)


def test_a_server_without_tls_is_said_so() -> None:
    with scripted_server() as server:
        url = server.base_url.replace("http:", "https:")
        with (
            endpoint(url) as model,
            pytest.raises(EndpointError, match=r"secure connection|nothing answers"),
        ):
            model.invoke([asked()])


def test_an_answer_that_trickles_is_left() -> None:
    seconds = iter(range(0, 10_000, 15))
    with scripted_server(completion("On 4F.")) as server, endpoint(server.base_url) as model:
        client: Any = model._client  # pyright: ignore[reportPrivateUsage]
        client._clock = lambda: float(next(seconds)) * 2
        with pytest.raises(EndpointError, match="within 20 s"):
            model.invoke([asked()])


# Trying again


def waited(*faults: Fault, **settings: Any) -> tuple[list[float], AIMessage]:
    waits = Waits()
    with scripted_server(completion("On 4F.")) as server:
        server.plan(faults)
        with endpoint(server.base_url, retries=waits.retries(**settings)) as model:
            reply = model.invoke([asked()])
        assert len(server.requests) == len(faults) + 1
    return waits.seconds, reply


@pytest.mark.parametrize("fault", [failing(503), failing(500), overloaded(), GARBAGE, cut(count=3)])
def test_what_may_go_through_is_sent_again(fault: Fault) -> None:
    seconds, reply = waited(fault)
    assert reply.text == "On 4F."
    assert seconds == [0.5]


def test_the_wait_doubles_up_to_a_bound() -> None:
    seconds, _ = waited(*[failing(503)] * 6, number=6, longest=4.0)
    assert seconds == [0.5, 1.0, 2.0, 4.0, 4.0, 4.0]


def test_waits_are_drawn_from_their_upper_half() -> None:
    waits = Waits()
    with scripted_server(completion("On 4F.")) as server:
        server.plan([failing(503)])
        retries = waits.retries()
        lowest = type(retries)(sleep=waits.sleep, draw=lambda: 0.0)
        with endpoint(server.base_url, retries=lowest) as model:
            model.invoke([asked()])
    assert waits.seconds == [0.25]


def test_the_server_says_how_long_to_wait() -> None:
    assert waited(overloaded("7"), failing(503, Retry_After="0"))[0] == [7.0, 0.0]


def test_a_server_that_asks_for_too_long_is_not_waited_for() -> None:
    waits = Waits()
    with scripted_server(completion("On 4F.")) as server:
        server.plan([overloaded("3600")])
        with (
            endpoint(server.base_url, retries=waits.retries()) as model,
            pytest.raises(EndpointError, match="429"),
        ):
            model.invoke([asked()])
    assert waits.seconds == []


def test_all_waits_together_are_bounded() -> None:
    waits = Waits()
    with scripted_server(completion("On 4F.")) as server:
        server.plan([overloaded("40")] * 5)
        with (
            endpoint(server.base_url, retries=waits.retries(5)) as model,
            pytest.raises(EndpointError, match="429"),
        ):
            model.invoke([asked()])
        assert len(server.requests) == 2
    assert waits.seconds == [40.0]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 422])
def test_what_is_refused_for_good_is_not_sent_again(status: int) -> None:
    waits = Waits()
    with scripted_server(completion("On 4F.")) as server:
        server.plan([failing(status)])
        with (
            endpoint(server.base_url, retries=waits.retries()) as model,
            pytest.raises(DeixisError),
        ):
            model.invoke([asked()])
        assert len([r for r in server.requests if r.method == "POST"]) == 1
    assert waits.seconds == []


def test_event_loops_wait_alike() -> None:
    waits = Waits()
    with scripted_server(stream("On 4F.")) as server:
        server.plan([failing(503), overloaded("3")])
        with endpoint(server.base_url, retries=waits.retries()) as model:

            async def read() -> str:
                return "".join([str(piece.text) async for piece in model.astream([asked()])])

            assert asyncio.run(read()) == "On 4F."
    assert waits.seconds == [0.5, 3.0]


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        (None, None),
        ("", None),
        ("2.5", 2.5),
        ("-3", 0.0),
        ("nan", None),
        ("soon", None),
        ("Fri, 31 Dec 1999 23:59:59 GMT", 0.0),
        ("Sat, 01 Jan 2000 00:00:30 GMT", 30.0),
    ],
)
def test_retry_after_is_a_number_or_a_date(said: str | None, seconds: float | None) -> None:
    assert seconds_of(said, now=datetime(2000, 1, 1, tzinfo=UTC)) == seconds


# Keys


def echo(request: Request) -> Answer:
    """What careless servers do: the key in the body, in a header, in the reason."""
    key = request.headers["authorization"]
    body = json.dumps({"error": {"message": f"bad header {key}"}}).encode()
    return Answer(status=400, headers={"X-Echo": key}, pieces=(body,), length=len(body))


@pytest.mark.parametrize("answer", [echo, completion("On 4F.")], ids=["refused", "answered"])
def test_the_key_is_sent_and_is_told_nowhere(answer: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with scripted_server(answer) as server, endpoint(server.base_url, api_key=KEY) as model:
        shown = [repr(model), str(model), repr(model._identifying_params), dumps(model)]  # pyright: ignore[reportPrivateUsage]
        shown.append(str(model.model_dump()))
        shown.append(str(model._get_ls_params()))  # pyright: ignore[reportPrivateUsage]
        shown.append(str(model._get_invocation_params()))  # pyright: ignore[reportPrivateUsage]
        for ask in (model.invoke, lambda m: list(model.stream(m))):  # pyright: ignore
            try:
                ask([asked()])
            except DeixisError as error:
                chain = traceback.TracebackException.from_exception(error, capture_locals=False)
                shown += [str(error), repr(error), "".join(chain.format()), repr(error.__dict__)]
        assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"
    shown += [caplog.text, *(repr(vars(record)) for record in caplog.records)]
    assert any("httpcore" in record.name for record in caplog.records)
    assert not [text for text in shown if KEY in text]


def test_a_key_that_is_echoed_in_a_refusal_is_hidden() -> None:
    error = failed(ECHOED_KEY, api_key=KEY)
    assert KEY not in str(error)
    assert "check the key in api_key" in str(error)


def test_a_pickled_model_has_no_key_and_takes_it_from_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with scripted_server(completion("On 4F.")) as server:
        with endpoint(server.base_url, api_key=KEY) as model:
            model.invoke([asked()])
            written = pickle.dumps(model)
        assert KEY.encode() not in written
        monkeypatch.setenv("DEIXIS_API_KEY", "sk-other")
        again: EndpointModel = pickle.loads(written)
        assert again.invoke([asked()]).text == "On 4F."
        assert server.requests[-1].headers["authorization"] == "Bearer sk-other"
        again.close()


def test_a_copy_shares_the_connection() -> None:
    with scripted_server(completion("On 4F.")) as server, endpoint(server.base_url) as model:
        assert copy.deepcopy(model).invoke([asked()]).text == "On 4F."
        assert model.model_copy().invoke([asked()]).text == "On 4F."


def authorization(base: Callable[[str], str] = str, **settings: Any) -> str | None:
    with scripted_server(completion("On 4F.")) as server:
        with endpoint(base(server.base_url), **settings) as model:
            model.invoke([asked()])
        return server.requests[0].headers.get("authorization")


def test_openais_key_goes_nowhere_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("DASHSCOPE_API_KEY", KEY)
    assert authorization() is None


def test_a_key_comes_from_the_servers_own_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEIXIS_API_KEY", "sk-one")
    monkeypatch.setenv("DASHSCOPE_API_KEY", "sk-two")
    assert authorization() == "Bearer sk-one"
    assert authorization(server="dashscope") == "Bearer sk-two"
    assert authorization(api_key="sk-three") == "Bearer sk-three"


def test_a_key_does_not_cross_the_internet_in_the_clear() -> None:
    with pytest.raises(ModelError, match="https"), endpoint("http://example.com/v1", api_key=KEY):
        pass
    for near in ("http://192.168.1.5:8000", "http://gpu:8000", "http://gpu.lan", "http://[::1]:1"):
        with endpoint(near, api_key=KEY) as model:
            assert model.base_url.startswith(near)


def test_a_key_of_several_lines_is_refused() -> None:
    with pytest.raises(ModelError, match="copy it again") as caught:
        endpoint("http://127.0.0.1:1", api_key="sk-a\nb").__enter__()
    assert "sk-a" not in str(caught.value)


def test_redirects_do_not_carry_the_key_along() -> None:
    with scripted_server(completion("Here.")) as other, scripted_server() as server:
        server.plan([redirected(other.base_url + "/chat/completions")])
        with (
            endpoint(server.base_url, api_key=KEY) as model,
            pytest.raises(EndpointError, match="redirects"),
        ):
            model.invoke([asked()])
        assert other.requests == []


# Connections


def either(request: Request) -> Answer:
    return stream("On 4F.") if request.json.get("stream") else completion("On 4F.")


def connections(caplog: pytest.LogCaptureFixture) -> int:
    return sum("connect_tcp.started" in record.getMessage() for record in caplog.records)


def test_connections_are_kept(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "httpcore.connection")
    with (
        scripted_server(completion("On 4F."), stream("On 4F.")) as server,
        endpoint(server.base_url) as model,
    ):
        model.invoke([asked()])
        for _ in range(3):
            list(model.stream([asked()]))
    assert connections(caplog) == 1


def test_connections_of_a_loop_are_kept_and_end_with_it(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "httpcore.connection")

    async def twice(model: EndpointModel) -> None:
        await model.ainvoke([asked()])
        assert [piece async for piece in model.astream([asked()])]
        await model.ainvoke([asked()])

    with scripted_server(either) as server, endpoint(server.base_url) as model:
        asyncio.run(twice(model))
        asyncio.run(twice(model))
    assert connections(caplog) == 2


async def test_closing_in_a_loop_closes_its_connections() -> None:
    with scripted_server(completion("On 4F.")) as server, endpoint(server.base_url) as model:
        assert (await model.ainvoke([asked()])).text == "On 4F."
        await model.aclose()
        assert (await model.ainvoke([asked()])).text == "On 4F."
        await model.aclose()


def test_a_client_of_the_callers_is_used_and_left_open() -> None:
    with (
        scripted_server(completion("On 4F.")) as server,
        httpx.Client(headers={"X-Team": "maps"}) as http,
    ):
        with endpoint(server.base_url, http=http) as model:
            model.invoke([asked()])
        assert server.requests[0].headers["x-team"] == "maps"
        assert not http.is_closed


def test_tools_bound_are_sent_with_their_places_worded() -> None:
    with scripted_server(completion("On 4F.")) as server, endpoint(server.base_url) as model:
        model.bind_tools([FIND]).invoke([asked()])
        assert server.requests[0].json["tools"] == [FIND]


def test_a_server_that_never_answers_is_asked_again() -> None:
    waits = Waits()
    with scripted_server(completion("On 4F.")) as server:
        server.plan([NEVER])
        with endpoint(server.base_url, retries=waits.retries(), timeout=0.4) as model:
            assert model.invoke([asked()]).text == "On 4F."
    assert waits.seconds == [0.5]
