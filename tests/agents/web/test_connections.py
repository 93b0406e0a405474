"""Connections that take a place at the server and ask for nothing."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest

from deixis.agents.web import create_app
from deixis.agents.web._serve import PromptProtocol
from tests.agents.web.serving import scripted, served


class Impatient(PromptProtocol):
    head_seconds = 0.3


def connected(address: str) -> socket.socket:
    at = urlsplit(address)
    return socket.create_connection((at.hostname or "", at.port or 0), timeout=10)


@pytest.mark.parametrize("said", [b"", b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: "])
def test_who_does_not_say_what_they_want_is_let_go(said: bytes) -> None:
    app = create_app(scripted())
    with served(app, protocol=Impatient) as address, connected(address) as idle:
        idle.sendall(said)
        assert idle.recv(100) == b""


def test_the_head_of_a_second_request_is_waited_for_no_longer() -> None:
    app = create_app(scripted())
    with served(app, protocol=Impatient) as address, connected(address) as idle:
        idle.sendall(b"GET /static/icon.svg HTTP/1.1\r\nHost: x\r\n\r\n")
        while b"</svg>" not in idle.recv(100_000):
            pass
        idle.sendall(b"GET / HTTP/1.1\r\n")
        assert idle.recv(100) == b""


def test_who_said_what_they_want_may_take_their_time() -> None:
    def slowly() -> Iterator[bytes]:
        yield b"{"
        time.sleep(0.8)
        yield b"}"

    with served(create_app(scripted(), token="right"), protocol=Impatient) as address:
        headers = {"Content-Type": "application/json"}
        answer = httpx.post(f"{address}/api/session", content=slowly(), headers=headers)
        assert answer.status_code == 401
