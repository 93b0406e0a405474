"""Ways to a server: a process of ours, or HTTP. Each is opened anew for each connection."""

from __future__ import annotations

import logging
import os
import threading
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from typing import Any, Final, TextIO
from urllib.parse import urlsplit

import httpx2
from mcp.client._transport import TransportStreams
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client

from deixis.tools.mcp._errors import McpError
from deixis.tools.mcp._limits import McpLimits
from deixis.tools.mcp._words import Secrets, one_line
from deixis.vision._fetch import public_url

Transport = Callable[[], AbstractAsyncContextManager[TransportStreams]]
_CONNECT_SECONDS: Final = 30.0
_MOST_LINES: Final = 20
_LONGEST_LINE: Final = 400
_log = logging.getLogger(__name__)


class Complaints:
    """What a server says beside the protocol: lines on stderr, a status; with its keys hidden.

    Args:
        server: What the server is called.
        secrets: What is hidden.
    """

    def __init__(self, server: str, secrets: Secrets) -> None:
        self._server = server
        self._secrets = secrets
        self._lines: deque[str] = deque(maxlen=_MOST_LINES)

    @property
    def last(self) -> str:
        """The last line; empty where it wrote nothing."""
        return self._lines[-1] if self._lines else ""

    def note(self, line: str) -> None:
        """Keeps a line of it."""
        if told := one_line(self._secrets.hidden(line), _LONGEST_LINE):
            self._lines.append(told)
            _log.debug("%s: %s", self._server, told)

    @contextmanager
    def heard(self) -> Generator[TextIO]:
        """What the process is given as its stderr. It is read until the process is gone."""
        self._lines.clear()
        readable, writable = os.pipe()
        listener = threading.Thread(target=self._listen, args=(readable,), daemon=True)
        listener.start()
        with os.fdopen(writable, "w") as given:
            yield given
        listener.join(timeout=1.0)

    def _listen(self, readable: int) -> None:
        with os.fdopen(readable, "r", encoding="utf-8", errors="replace") as lines:
            while line := lines.readline(_LONGEST_LINE):
                self.note(line)


def stdio_transport(parameters: StdioServerParameters, complaints: Complaints) -> Transport:
    """A process that speaks over its stdin and stdout."""

    @asynccontextmanager
    async def opened() -> AsyncGenerator[TransportStreams]:
        with complaints.heard() as errors:
            async with stdio_client(parameters, errlog=errors) as streams:
                yield streams

    return opened


def http_transport(
    url: str, headers: Mapping[str, str], limits: McpLimits, complaints: Complaints
) -> Transport:
    """A server behind an address. Redirects are followed within its own origin alone.

    Raises:
        McpError: The address isn't http or https, or holds a password.
    """
    checked_url(url)

    @asynccontextmanager
    async def opened() -> AsyncGenerator[TransportStreams]:
        client = httpx2.AsyncClient(
            headers={**headers, "Accept-Encoding": "identity"},
            # How long an answer may take is bounded by call, with its progress.
            timeout=httpx2.Timeout(_CONNECT_SECONDS, read=None),
            event_hooks={"response": [_bounded(limits.response_bytes, complaints)]},
        )
        async with (
            client,
            streamable_http_client(
                url, http_client=client, max_sse_event_size=limits.response_bytes
            ) as streams,
        ):
            yield streams

    return opened


def checked_url(url: str) -> str:
    """The host of a server's address.

    Raises:
        McpError: The address isn't http or https, or holds a password.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        host = None
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not host:
        raise McpError(f"{public_url(url)} is no address of a server: write it as https://host/mcp")
    if "@" in parts.netloc:
        raise McpError("the server's address holds a user name or password: give it in headers")
    return host


def _bounded(most: int, complaints: Complaints) -> Callable[[httpx2.Response], Any]:
    """Bounds what one response may bring: of a stream of events, each event is bounded instead."""

    async def check(response: httpx2.Response) -> None:
        if response.is_error:
            complaints.note(f"status {response.status_code}")
        if response.headers.get("content-encoding", "identity").lower() != "identity":
            raise httpx2.DecodingError("the server compresses what it was asked not to")
        if not response.headers.get("content-type", "").lower().startswith("text/event-stream"):
            response.stream = _BoundedStream(response.stream, most)

    return check


class _BoundedStream(httpx2.AsyncByteStream):
    def __init__(self, stream: Any, most: int) -> None:
        self._stream = stream
        self._most = most

    async def __aiter__(self) -> AsyncIterator[bytes]:
        left = self._most
        async for chunk in self._stream:
            left -= len(chunk)
            if left < 0:
                raise httpx2.ReadError(f"the answer is over {self._most:,} bytes")
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()
