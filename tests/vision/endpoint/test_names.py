"""Models by name, and what can be wrong with one."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from deixis.vision import DeixisError, EndpointError, ModelError
from deixis.vision.endpoint import EndpointModel, EndpointName, load_endpoint, parse_endpoint
from tests.serving.faults import NEVER, Fault, failing
from tests.serving.scripted import completion, scripted_server
from tests.vision.endpoint.helpers import asked


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "openai:http://127.0.0.1:8000/v1#Qwen/Qwen2.5-VL-7B-Instruct",
            EndpointName(base_url="http://127.0.0.1:8000/v1", model="Qwen/Qwen2.5-VL-7B-Instruct"),
        ),
        (
            "openai:http://127.0.0.1:8000#mine?family=qwen3-vl",
            EndpointName(base_url="http://127.0.0.1:8000/v1", model="mine", family="qwen3-vl"),
        ),
        ("openai:http://gpu:1/", EndpointName(base_url="http://gpu:1/v1", model=None)),
        (
            "openai:http://gpu/a/v1/chat/completions#m",
            EndpointName(base_url="http://gpu/a/v1", model="m"),
        ),
        (
            "openai:http://127.0.0.1:11434/v1#qwen2.5vl:7b",
            EndpointName(base_url="http://127.0.0.1:11434/v1", model="qwen2.5vl:7b",
                         server="ollama"),
        ),
        (
            "dashscope:qwen3-vl-plus",
            EndpointName(base_url="https://dashscope.aliyuncs.com/compatible-mode/v1",
                         model="qwen3-vl-plus", server="dashscope"),
        ),
        (
            "openai:https://dashscope-intl.aliyuncs.com/compatible-mode/v1#qwen-vl-max",
            EndpointName(base_url="https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
                         model="qwen-vl-max", server="dashscope"),
        ),
    ],
)  # fmt: skip
def test_a_name_is_taken_apart(
    name: str, said: EndpointName, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DASHSCOPE_BASE_URL", raising=False)
    assert parse_endpoint(name) == said


def test_another_region_of_dashscope_comes_from_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DASHSCOPE_BASE_URL", "https://dashscope-intl.aliyuncs.com/v1/")
    assert parse_endpoint("dashscope:m").base_url == "https://dashscope-intl.aliyuncs.com/v1"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("dashscope:", "names no model"),
        ("openai:", "no http(s) address"),
        ("openai:#m", "no http(s) address"),
        ("openai:127.0.0.1:8000#m", "no http(s) address"),
        ("openai:ftp://x/v1#m", "no http(s) address"),
        ("openai:http://[::1#m", "malformed"),
        ("openai:http://h:99999#m", "malformed"),
        ("openai:http://user:hunter2@h/v1#m", "user or password"),
        ("openai:http://h/v1?key=hunter2#m", "query"),
        ("openai:http://h/v\x1b1#m", "control characters"),
        ("openai:http://h/v1#m?family=llava", "there is no family 'llava'"),
        ("openai:http://h/v1#m?famly=qwen3-vl", "only ?family="),
        ("other:m", "no endpoint"),
    ],
)
def test_what_is_wrong_with_a_name_is_told_in_one_line(name: str, told: str) -> None:
    with pytest.raises(ModelError) as caught:
        parse_endpoint(name)
    assert told in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert str(caught.value).isprintable()


def test_dashscope_without_a_key_says_which_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DASHSCOPE_API_KEY", raising=False)
    with pytest.raises(ModelError, match="DASHSCOPE_API_KEY"):
        load_endpoint("dashscope:qwen3-vl-plus")


def test_a_name_loads_a_model(monkeypatch: pytest.MonkeyPatch) -> None:
    with scripted_server(completion("On 4F.")) as server:
        monkeypatch.setenv("DASHSCOPE_API_KEY", "sk-a")
        monkeypatch.setenv("DASHSCOPE_BASE_URL", server.base_url)
        model = load_endpoint("dashscope:qwen3-vl-plus", timeout=20.0)
        assert model.invoke([asked()]).text == "On 4F."
        assert model.name_for_users == "dashscope:qwen3-vl-plus"
        model.close()


def test_options_are_fields_of_the_model() -> None:
    model = load_endpoint("openai:http://gpu:1#qwen3-vl", temperature=0.5)
    assert isinstance(model, EndpointModel)
    assert model.temperature == 0.5
    with pytest.raises(TypeError, match="temprature"):
        load_endpoint("openai:http://gpu:1#qwen3-vl", temprature=0.5)
    with pytest.raises(ModelError, match="timeout: input should be greater than 0"):
        load_endpoint("openai:http://gpu:1#qwen3-vl", timeout=0)


def test_a_server_of_one_model_needs_no_name() -> None:
    with scripted_server(completion("Yes."), models=["Qwen/Qwen3-VL-4B-Instruct"]) as server:
        model = load_endpoint(f"openai:{server.base_url}")
        assert model.model == "Qwen/Qwen3-VL-4B-Instruct"
        assert model.dialect.family == "qwen3-vl"
        model.close()


@pytest.mark.parametrize("models", [[], ["a", "b"]])
def test_a_server_of_several_models_needs_one(models: list[str]) -> None:
    offered = ", ".join(models) or "none"
    with (
        scripted_server(models=models) as server,
        pytest.raises(ModelError, match=f"offers {offered}: name one"),
    ):
        load_endpoint(f"openai:{server.base_url}")


LISTS: list[tuple[Any, str]] = [
    ({"data": [{"id": "mine", "root": "Qwen/Qwen2.5-VL-7B-Instruct"}]}, "qwen2.5-vl"),
    ({"data": ["?", {"id": 1}, {"id": "mine", "root": "/models/qwen3.5-9b"}]}, "qwen3.5-vl"),
]


@pytest.mark.parametrize(("listed", "family"), LISTS)
def test_the_server_is_asked_for_the_family_a_name_does_not_tell(listed: Any, family: str) -> None:
    with scripted_server() as server:
        server.plan([Fault(body=json.dumps(listed).encode())])
        model = load_endpoint(f"openai:{server.base_url}#mine")
        assert model.dialect.family == family
        assert model.name_for_users == f"openai:{server.base_url}#mine?family={family}"
        model.close()


def test_a_family_nobody_tells_is_asked_for() -> None:
    with (
        scripted_server(models=["mine"]) as server,
        pytest.raises(ModelError, match=r"\?family="),
    ):
        load_endpoint(f"openai:{server.base_url}#mine")


@pytest.mark.parametrize("fault", [failing(401), failing(404), Fault(body=b"<html>"), NEVER])
def test_a_server_that_does_not_list_its_models_is_said_so(fault: Fault) -> None:
    with scripted_server() as server:
        server.plan([fault] * 2)
        with pytest.raises(DeixisError) as caught:
            load_endpoint(f"openai:{server.base_url}", timeout=0.3)
    assert "127.0.0.1" in str(caught.value)


def test_a_server_that_is_not_there_is_said_so() -> None:
    with pytest.raises(EndpointError, match="is the server running"):
        load_endpoint("openai:http://127.0.0.1:1")


def test_an_endpoint_needs_no_torch() -> None:
    code = (
        "import sys, deixis.vision.endpoint; "
        "print(*(n for n in sys.modules if n.startswith(('torch', 'transformers', 'openai'))))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == ""
