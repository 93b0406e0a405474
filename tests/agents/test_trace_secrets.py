"""No bytes of pictures and no keys get into a trace, wherever they are planted."""

from __future__ import annotations

import base64
import os
import string
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from deixis.agents import VisionAgent
from deixis.agents.tracing._redaction import HIDDEN, Redactor, secrets_of
from deixis.testing import Call, Fail, Say, ScriptedModel
from deixis.tools import tool
from deixis.vision import DeixisError, PixelDialect, load_image
from deixis.vision.endpoint import EndpointModel
from tests.agents.helpers import blank
from tests.agents.spans import Recorded

LETTERS = string.ascii_letters + string.digits
KEYS = st.text(LETTERS, min_size=24, max_size=60)
# What may stand around a secret: prose in several scripts, quotes, brackets, line ends.
AROUND = st.text("abc XYZ019 .,;:?!()[]{}\"'\\\n\t=&<>/-_耳鼻喉科é🙂", max_size=60)


def clean(text: str, **given: Any) -> str:
    return Redactor(longest=10_000, **given).text(text)


@given(AROUND, AROUND, st.binary(min_size=60, max_size=900), st.booleans(), st.booleans())
def test_bytes_in_base64_are_left_out(
    before: str, after: str, data: bytes, wrapped: bool, url_safe: bool
) -> None:
    encode = base64.urlsafe_b64encode if url_safe else base64.b64encode
    written = (base64.encodebytes(data) if wrapped else encode(data)).decode().strip()
    told = clean(f"{before} {written} {after}")
    assert all(line not in told for line in written.splitlines() if len(line) >= 64)


@given(AROUND, st.binary(min_size=1, max_size=200), st.sampled_from(["png", "svg+xml", "jpeg"]))
def test_data_uris_are_left_out_however_short(before: str, data: bytes, kind: str) -> None:
    written = base64.b64encode(data).decode()
    told = clean(f"{before} data:image/{kind};base64,{written} and on")
    assert f"base64,{written}" not in told
    assert told.endswith("and on")


@given(AROUND, KEYS, AROUND)
def test_what_a_header_carries_is_hidden(before: str, key: str, after: str) -> None:
    key = f"{key}k"  # which is nowhere around it
    for header in ("Authorization: Bearer {}", '"x-api-key": "{}"', "api-key={}", "Bearer {}"):
        assert key not in clean(f"{before}\n{header.format(key)}\n{after}")


@given(KEYS, st.sampled_from(["sk-", "hf_", "ghp_", "AKIA", "AIza", "xoxb-", "lsv2_"]))
def test_keys_are_known_by_how_they_begin(key: str, start: str) -> None:
    assert key not in clean(f"I use {start}{key}, as always.")


@given(KEYS, st.sampled_from(["api_key", "API_KEY", "client_secret", "password", "access_token"]))
def test_values_are_hidden_by_the_name_before_them(key: str, name: str) -> None:
    for form in ("{}={}", '{{"{}": "{}"}}', "{}: {}", "--{} = '{}'"):
        assert key not in clean(f"so: {form.format(name, key)} then")


@given(KEYS, KEYS)
def test_addresses_lose_who_opens_them_and_what_they_are_opened_with(user: str, key: str) -> None:
    told = clean(f"see https://{user}:{key}@example.org/a/b.png?Signature={key}&x=1#token={key} .")
    assert user not in told
    assert key not in told
    assert "example.org/a/b.png" in told


@given(
    st.recursive(KEYS, lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner), max_leaves=8)
)
def test_a_given_secret_is_found_however_deep_it_lies(value: Any) -> None:
    secret = "Trout-and-moss-77"
    told = Redactor(longest=1_000, secrets=[secret]).value({"a": [value, {"b": f"x{secret}x"}]})
    assert secret not in str(told)


@pytest.mark.parametrize(
    "text",
    [
        "ENT is on 4F, room 12; open 08:00 to 17:30.",
        "耳鼻喉科在四楼，请乘 B 电梯。",
        "-" * 90,
        "the token of our thanks; keys are at the desk",
        "call_0_1 img_12 3fa85f64-5717-4562-b3fc-2c963f66afa6",
        "see https://example.org/maps/hospital#floor-4",
    ],
)
def test_ordinary_words_stay(text: str) -> None:
    assert clean(text) == text


def test_what_is_named_like_a_key_is_hidden_among_arguments() -> None:
    told = Redactor(longest=100).value({"apiKey": "abc", "tokens": 12, "author": "Ann", "b": b"\0"})
    assert told == {"apiKey": HIDDEN, "tokens": 12, "author": "Ann", "b": "[bytes left out]"}


def test_a_text_is_cut_and_no_half_of_a_secret_is_left_at_the_cut() -> None:
    redact = Redactor(longest=20, secrets=["Trout-and-moss-77"])
    for start in range(150):
        assert "Trout" not in redact.text("x " * start + "Trout-and-moss-77" + " y" * 300)


def test_long_hostile_texts_are_cleaned_in_no_time() -> None:
    # Linear work takes milliseconds here; anything worse would never come to the assertion.
    redact = Redactor(longest=20_000)
    for piece in ("a", "token", "x-", "sk-", "=", "data:", "https://", "\\n", "-----BEGIN A-----"):
        told = redact.text(piece * (160_000 // len(piece)))
        assert len(told) < 20_100


def test_the_keys_of_a_model_are_known() -> None:
    key = SecretStr("Trout-and-moss-77")
    model = EndpointModel(
        base_url="http://127.0.0.1:9/v1", model="m", family="qwen3-vl", api_key=key
    )
    assert "Trout-and-moss-77" in secrets_of(model)


SECRET = "Quartz_Heron_41"
KEY = "sk-live0123456789abcdefABCDEF"


@pytest.mark.parametrize("content", [True, False])
@pytest.mark.parametrize("failing", [True, False])
def test_secrets_planted_in_a_run_are_nowhere_in_its_spans(
    content: bool, failing: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLANTED_API_KEY", SECRET)
    picture = blank()
    encoded = base64.b64encode(picture.data).decode()
    planted = f"{SECRET} {KEY} data:image/png;base64,{encoded} Authorization: Bearer tr0ub4dor&3"
    recorded = Recorded()

    @tool
    def send(words: str, api_key: str) -> str:
        """Sends."""
        return f"sent {words} with {api_key}"

    @tool
    def fail(words: str) -> str:
        """Fails."""
        raise DeixisError(words)

    last = Fail(ValueError(planted)) if failing else Say(f"Done: {planted}")
    model = ScriptedModel(
        [
            Call("send", {"words": planted, "api_key": "hunter22"}, text=planted),
            Call("fail", {"words": planted}),
            Call(f"no_{KEY}", {planted: planted}),
            last,
        ],
        dialect=PixelDialect(f"model-{SECRET}"),
    )
    agent = VisionAgent(
        model,
        tools=[send, fail],
        instructions=planted,
        tracing=recorded.tracing(content=content),
    )
    named = load_image(picture.data)
    try:
        agent.ask(f"Go: {planted}", named, thread=f"thread {KEY}")
    except ValueError:
        assert failing
    told = recorded.written()
    assert len(recorded.spans) > 8
    for secret in (SECRET, KEY, encoded[:64], "tr0ub4dor", "hunter22"):
        assert secret not in told
    assert ("Go: " in told) is content


def test_words_are_not_told_unless_they_are_asked_for() -> None:
    recorded = Recorded()
    place = {"label": "walrus", "bbox_2d": [1, 2, 30, 40]}
    model = ScriptedModel([Say("the walrus", places=[place], facts={"floor": "walrus"})])
    VisionAgent(model, tools=[], instructions="walrus", tracing=recorded.tracing()).ask(
        "walrus?", load_image(blank().data)
    )
    assert "walrus" not in recorded.written()


@settings(max_examples=20, deadline=None)
@given(st.dictionaries(st.text(max_size=20), st.text(max_size=300), max_size=5))
def test_a_model_s_own_arguments_never_break_the_run(arguments: dict[str, str]) -> None:
    recorded = Recorded()
    model = ScriptedModel([Call("nothing", arguments), Say("Done.")])
    tracing = recorded.tracing(content=True)
    assert VisionAgent(model, tools=[], tracing=tracing).ask("Go.").answer == "Done."
    assert len(recorded.all("execute_tool")) == 1


def test_a_folder_or_a_number_in_the_environment_is_no_secret(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MY_KEY", os.path.join(os.sep, "etc", "ssl"))  # noqa: PTH118
    monkeypatch.setenv("TOKEN_COUNT", "123456")
    assert clean("under /etc/ssl there are 123456") == "under /etc/ssl there are 123456"
