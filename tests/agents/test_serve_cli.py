"""`deixis serve` as people start it: its address, its token, how it ends."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from deixis.agents.web._serve import _listening  # pyright: ignore[reportPrivateUsage]
from deixis.vision import DeixisError
from tests.agents.test_cli import Run, one_line, run
from tests.conftest import ROOT

__all__ = ["run"]  # fixtures

HOSPITAL = str(ROOT / "examples" / "maps" / "hospital")
TOKEN = "quizzicalfox"
PATIENCE = 60


@dataclass(frozen=True, kw_only=True)
class Server:
    """A server in a process of its own.

    Attributes:
        process: It.
        url: What it said of where it is.
    """

    process: subprocess.Popen[str]
    url: str

    def ended_by(self, stop: signal.Signals) -> tuple[int, str, str]:
        """Its exit code once it is told to stop, and what else it wrote."""
        self.process.send_signal(stop)
        out, err = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, out, err


@contextmanager
def started(data: Path, *words: str, **environment: str) -> Generator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-m", "deixis.agents.cli", "serve", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env={**os.environ, "DEIXIS_DATA_DIR": str(data), **environment},
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def serving(data: Path, *words: str, **environment: str) -> Generator[Server]:
    """A server on a free port that says its address as JSON."""
    with started(data, "--port", "0", "--json", *words, **environment) as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline() or "{}")
        assert list(told) == ["url"]
        yield Server(process=process, url=told["url"])


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("served")


@pytest.fixture(scope="module")
def guide(data: Path) -> Iterator[Server]:
    """A hospital's page that asks for a token, which only the environment tells."""
    with serving(data, "--map", HOSPITAL, DEIXIS_WEB_TOKEN=TOKEN) as server:
        yield server


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_the_page_is_served_until_a_signal_ends_it(tmp_path: Path, stop: signal.Signals) -> None:
    with serving(tmp_path, "--token", TOKEN) as server, httpx.Client() as browser:
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", server.url)
        page = browser.get(server.url)
        assert page.status_code == 200
        assert "<title>" in page.text
        # The browser's connection is still open.
        assert server.ended_by(stop) == (0, "", "")


def test_where_it_stood_the_next_can_stand(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        httpx.get(server.url)
        server.ended_by(signal.SIGTERM)
    port = server.url.rpartition(":")[2]
    with serving(tmp_path, "--port", port) as again:
        assert again.url == server.url
        assert httpx.get(again.url).status_code == 200


def test_its_map_is_named_on_the_page(guide: Server) -> None:
    assert "Yunze Hospital" in httpx.get(f"{guide.url}/api/session").text


def test_without_the_token_nothing_is_answered(guide: Server) -> None:
    with httpx.Client(base_url=guide.url) as visitor:
        told = visitor.get("/api/session").json()
        assert (told["needs_token"], told["signed_in"]) == (True, False)
        asked = visitor.post("/api/ask", files={"text": (None, "Where is ENT?")})
        codes = [asked.status_code, visitor.get("/api/threads").status_code]
        assert codes == [401, 401]
        assert visitor.post("/api/session", json={"token": "wrong"}).status_code == 401
        assert visitor.get("/api/threads").status_code == 401


def test_with_the_token_one_is_let_in(guide: Server) -> None:
    with httpx.Client(base_url=guide.url) as visitor:
        visitor.get("/api/session")
        assert visitor.post("/api/session", json={"token": TOKEN}).is_success
        assert visitor.get("/api/threads").status_code == 200
        told = visitor.get("/api/session")
        assert told.json()["signed_in"] is True
        assert TOKEN not in told.text


def test_a_port_that_is_taken_is_told_in_a_line(guide: Server, run: Run) -> None:
    port = guide.url.rpartition(":")[2]
    said = one_line(run("serve", "--port", port, "--json"))
    assert f"can't listen at 127.0.0.1 port {port}" in said
    assert "choose another with --port" in said


def test_a_folder_that_another_server_uses_is_told_in_a_line(
    guide: Server, data: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEIXIS_DATA_DIR", str(data))
    said = one_line(run("serve", "--port", "0", "--json"))
    assert f"is used by the server of process {guide.process.pid}" in said


def test_of_two_that_start_at_once_one_gets_the_port() -> None:
    with _listening("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with pytest.raises(DeixisError, match=f"can't listen at 127.0.0.1 port {port}"):
            _listening("127.0.0.1", port)


def test_people_are_told_the_address_and_who_can_reach_it(tmp_path: Path) -> None:
    with started(tmp_path, "--port", "0", "--host", "0.0.0.0") as process:
        assert process.stderr is not None
        said = process.stderr.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+", said)
        assert found is not None
        assert httpx.get(found[0]).status_code == 200
        assert "--token" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=PATIENCE) == ("", "")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--port", "65536"], "'--port'"),
        (["--port", "-1"], "'--port'"),
        (["--port", "http"], "'--port'"),
        (["--host", "no such host", "--port", "0"], "can't listen at no such host port 0"),
        (["--host", "", "--port", "0"], "the host is empty"),
        (["--map", "none"], "none: is not there"),
        (["--model", "gpt"], "there is no model 'gpt'"),
        (["--token", " ", "--port", "0"], "the token is empty"),
        (["--colour"], "--colour"),
    ],
)
def test_bad_input_is_told_in_one_line(run: Run, words: list[str], told: str) -> None:
    assert told in one_line(run("serve", *words, "--json"))


def test_a_token_is_in_no_error(run: Run) -> None:
    said = one_line(run("serve", "--token", TOKEN, "--port", "65536", "--json"))
    assert TOKEN not in said
