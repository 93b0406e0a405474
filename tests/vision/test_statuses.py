"""What `deixis models` finds on a machine."""

from __future__ import annotations

import json
import threading
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from deixis.vision import model_statuses
from deixis.vision._statuses import downloaded_models, offered_at


@contextmanager
def answering(body: str) -> Generator[int]:
    """A port of this machine that answers every request with these words."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def cached(folder: Path, name: str, config: object) -> None:
    snapshot = folder / f"models--{name.replace('/', '--')}" / "snapshots" / "abc"
    snapshot.mkdir(parents=True)
    (snapshot / "config.json").write_text(json.dumps(config))


def test_every_kind_says_what_it_lacks() -> None:
    statuses = model_statuses(probe=False)
    assert statuses[0].name == "embedded"
    assert all(status.available or status.missing for status in statuses)


def test_checkpoints_of_our_families_in_the_cache_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    cached(tmp_path, "Qwen/Qwen3-VL-4B-Instruct", {"model_type": "qwen3_vl"})
    cached(tmp_path, "meta/Llama", {"model_type": "llama"})
    cached(tmp_path, "odd/one", ["no", "object"])
    assert list(downloaded_models()) == ["hf:Qwen/Qwen3-VL-4B-Instruct"]


def test_a_missing_cache_holds_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "none"))
    assert list(downloaded_models()) == []


def test_a_server_of_this_machine_is_named_as_load_model_takes_it() -> None:
    listed = {"data": [{"id": "qwen2.5vl:7b"}, {"id": "llama3:8b"}]}
    with answering(json.dumps(listed)) as port:
        assert offered_at(port) == [f"openai:http://127.0.0.1:{port}/v1#qwen2.5vl:7b"]


@pytest.mark.parametrize("body", ["", "<html>", "[]", '{"data": 3}', '{"data": ["x"]}'])
def test_another_program_on_the_port_is_no_model(body: str) -> None:
    with answering(body) as port:
        assert offered_at(port) == []


def test_the_room_for_a_model_is_told() -> None:
    told = {s.name: s for s in model_statuses(probe=False)}["hf:ORG/MODEL"]
    assert told.room is not None
    assert " GB of memory" in told.room


def test_the_key_of_dashscope_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DASHSCOPE_API_KEY", "sk-test")
    told = {s.name: s for s in model_statuses(probe=False)}["dashscope:MODEL"]
    assert told.available
    monkeypatch.delenv("DASHSCOPE_API_KEY")
    told = {s.name: s for s in model_statuses(probe=False)}["dashscope:MODEL"]
    assert told.missing == "a key: set DASHSCOPE_API_KEY"
