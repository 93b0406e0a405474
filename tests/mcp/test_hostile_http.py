"""Servers at an address that redirect, flood or compress."""

from __future__ import annotations

import gzip
import json
import logging
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from deixis.tools.mcp import McpError, McpLimits, McpTools
from tests.mcp.servers import KEY

HEADERS = {"Authorization": f"Bearer {KEY}"}


@contextmanager
def answering(
    status: int, headers: Mapping[str, str], body: bytes
) -> Generator[tuple[str, list[dict[str, str]]]]:
    """A server that answers everything alike, and keeps the headers of what it was asked."""
    asked: list[dict[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", 0)))
            asked.append(dict(self.headers.items()))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass

    for method in ("GET", "POST", "DELETE"):
        setattr(Handler, f"do_{method}", Handler.answer)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/mcp", asked
    finally:
        server.shutdown()
        server.server_close()


def refusal(url: str, **options: Any) -> str:
    with pytest.raises(McpError) as refused:
        McpTools.http(url, headers=HEADERS, name="far", **options).__enter__()
    return str(refused.value)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_another_host_is_not_followed(status: int) -> None:
    with (
        answering(200, {}, b"") as (other, reached),
        answering(status, {"Location": other}, b"") as (url, asked),
    ):
        told = refusal(url)
    assert asked[0]["Authorization"] == f"Bearer {KEY}"
    assert not reached
    assert told.startswith("the MCP server far can't be opened: ")
    assert "not followed" in told


@pytest.mark.parametrize("status", [400, 401, 403, 404, 500, 503])
def test_a_refusal_shows_no_key(status: int, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with answering(status, {"Content-Type": "text/plain"}, f"no: {KEY}".encode()) as (url, _):
        told = refusal(url)
    assert told.startswith("the MCP server far can't be opened: ")
    assert told.endswith(f"; it says: status {status}")
    assert KEY not in told + caplog.text


def test_an_answer_over_the_limit_is_not_taken() -> None:
    reply = {"jsonrpc": "2.0", "id": 1, "result": {"padding": "x" * 100_000}}
    kind = {"Content-Type": "application/json"}
    with answering(200, kind, json.dumps(reply).encode()) as (url, _):
        told = refusal(url, limits=McpLimits(response_bytes=10_000))
    assert told.startswith("the MCP server far can't be opened: ")


def test_an_answer_that_is_compressed_all_the_same_is_not_taken() -> None:
    kind = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    with answering(200, kind, gzip.compress(b" " * 1_000_000)) as (url, asked):
        told = refusal(url)
    assert asked[0]["Accept-Encoding"] == "identity"
    assert told.startswith("the MCP server far can't be opened: ")
