"""Answers read off a connection, in threads and in event loops."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from socket import SHUT_RDWR
from typing import Any

import httpx

from deixis.vision.endpoint._failures import Endpoint
from deixis.vision.endpoint._feed import LONGEST_REPLY, Feed, JsonObject, json_object
from deixis.vision.endpoint._retries import TryAgainError

LOST = (httpx.RequestError, httpx.StreamError, OSError)
"""What a connection may fail with."""

Clock = Callable[[], float]

_ERROR_BYTES = 65_536
_GOODBYE = 0.3  # seconds for a server to end a stream after its last word


def first_bytes(response: httpx.Response) -> bytes:
    """The beginning of an error's body: enough for its message."""
    body = bytearray()
    with suppress(*LOST):
        for piece in response.iter_bytes():
            body += piece
            if len(body) > _ERROR_BYTES:
                break
    return bytes(body[:_ERROR_BYTES])


async def afirst_bytes(response: httpx.Response) -> bytes:
    """The same, asynchronously."""
    body = bytearray()
    with suppress(*LOST):
        async for piece in response.aiter_bytes():
            body += piece
            if len(body) > _ERROR_BYTES:
                break
    return bytes(body[:_ERROR_BYTES])


class _Bound:
    """Gathers a body, as long as it is neither too large nor too slow."""

    def __init__(self, endpoint: Endpoint, clock: Clock) -> None:
        self._endpoint = endpoint
        self._clock = clock
        self._end = clock() + endpoint.timeout
        self.body = bytearray()

    def add(self, piece: bytes) -> None:
        self.body += piece
        if len(self.body) > LONGEST_REPLY:
            raise self._endpoint.unreadable(f"more than {LONGEST_REPLY:,} bytes")
        if self._clock() > self._end:
            raise self._endpoint.stuck()


def whole(endpoint: Endpoint, response: httpx.Response, clock: Clock) -> JsonObject:
    """The JSON object that an answer is.

    Raises:
        EndpointError: It is something else, too large or too slow.
        TryAgainError: The connection broke.
    """
    gathered = _Bound(endpoint, clock)
    try:
        for piece in response.iter_bytes():
            gathered.add(piece)
    except LOST as error:
        raise TryAgainError(endpoint.unreachable(error)) from None
    return json_object(endpoint, bytes(gathered.body), _content_type(response))


async def awhole(endpoint: Endpoint, response: httpx.Response, clock: Clock) -> JsonObject:
    """The same, asynchronously."""
    gathered = _Bound(endpoint, clock)
    try:
        async for piece in response.aiter_bytes():
            gathered.add(piece)
    except LOST as error:
        raise TryAgainError(endpoint.unreachable(error)) from None
    return json_object(endpoint, bytes(gathered.body), _content_type(response))


class Stream:
    """A streamed answer in a thread.

    Args:
        endpoint: The server.
        response: Its answer, status 200, unread.
        clock: Gives seconds.
    """

    def __init__(self, endpoint: Endpoint, response: httpx.Response, clock: Clock) -> None:
        self._endpoint = endpoint
        self._response = response
        self._clock = clock
        self._feed = Feed(endpoint, clock=clock)
        self._source = response.iter_bytes()

    def first(self) -> list[JsonObject]:
        """The first events; all there is where the server doesn't stream.

        Raises:
            TryAgainError: The connection broke before any came.
            EndpointError: What came can't be read.
        """
        if not _streams(self._response):
            self._feed.done = True
            return [whole(self._endpoint, self._response, self._clock)]
        while not (events := self._more()) and not self._feed.done:
            pass
        return events

    def rest(self) -> Iterator[JsonObject]:
        """The events after the first.

        Raises:
            StreamCutError: The server broke off.
            EndpointError: What came can't be read.
        """
        while not self._feed.done:
            yield from self._more()

    def close(self) -> None:
        """Gives the connection back, or breaks it where the answer isn't over."""
        if self._feed.done:
            with suppress(*LOST), _broken_after(self._response, _GOODBYE):
                next(self._source, None)
        self._response.close()

    def _more(self) -> list[JsonObject]:
        try:
            piece = next(self._source, None)
        except LOST as error:
            raise _lost(self._endpoint, self._feed, error) from None
        return self._feed.close() if piece is None else self._feed.feed(piece)


class AsyncStream:
    """The same in an event loop."""

    def __init__(self, endpoint: Endpoint, response: httpx.Response, clock: Clock) -> None:
        self._endpoint = endpoint
        self._response = response
        self._clock = clock
        self._feed = Feed(endpoint, clock=clock)
        self._source = response.aiter_bytes()

    async def first(self) -> list[JsonObject]:
        """The first events; all there is where the server doesn't stream.

        Raises:
            TryAgainError: The connection broke before any came.
            EndpointError: What came can't be read.
        """
        if not _streams(self._response):
            self._feed.done = True
            return [await awhole(self._endpoint, self._response, self._clock)]
        while not (events := await self._more()) and not self._feed.done:
            pass
        return events

    async def rest(self) -> AsyncIterator[JsonObject]:
        """The events after the first.

        Raises:
            StreamCutError: The server broke off.
            EndpointError: What came can't be read.
        """
        while not self._feed.done:
            for event in await self._more():
                yield event

    async def aclose(self) -> None:
        """Gives the connection back, or breaks it where the answer isn't over."""
        try:
            if self._feed.done:
                with suppress(*LOST, TimeoutError, StopAsyncIteration):
                    async with asyncio.timeout(_GOODBYE):
                        await anext(self._source)
        finally:
            await self._response.aclose()

    async def _more(self) -> list[JsonObject]:
        try:
            piece = await anext(self._source, None)
        except LOST as error:
            raise _lost(self._endpoint, self._feed, error) from None
        return self._feed.close() if piece is None else self._feed.feed(piece)


def _lost(endpoint: Endpoint, feed: Feed, error: Exception) -> Exception:
    if not feed.begun:
        return TryAgainError(endpoint.unreachable(error))
    stuck = isinstance(error, httpx.TimeoutException)
    return feed.cut(f"says nothing for {endpoint.timeout:g} s" if stuck else "broke off")


def _streams(response: httpx.Response) -> bool:
    kind = _content_type(response)
    return not kind or "event-stream" in kind


def _content_type(response: httpx.Response) -> str:
    return response.headers.get("content-type", "").lower()


@contextmanager
def _broken_after(response: httpx.Response, seconds: float) -> Generator[None]:
    """Breaks a connection whose server takes longer to end its answer.

    One that was read to its end can be used again; one that waits for an end that never comes
    would hold the caller up for as long as an answer may take.
    """
    stream: Any = response.extensions.get("network_stream")
    socket: Any = stream.get_extra_info("socket") if stream is not None else None

    def broken() -> None:
        with suppress(OSError):
            socket.shutdown(SHUT_RDWR)

    timer = threading.Timer(seconds, broken if socket is not None else lambda: None)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def now() -> float:
    """Seconds, of no particular beginning."""
    return time.monotonic()
