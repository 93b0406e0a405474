"""The connection to a server: whole and streamed answers, sent again where that may help."""

from __future__ import annotations

import asyncio
import threading
import weakref
from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import aclosing, closing, suppress
from dataclasses import dataclass
from typing import cast

import httpx

from deixis.vision._errors import DeixisError
from deixis.vision.endpoint._failures import Endpoint, RefusedError, keep_out_of_logs
from deixis.vision.endpoint._feed import JsonObject
from deixis.vision.endpoint._loops import LoopClients
from deixis.vision.endpoint._retries import Retries, TryAgainError, seconds_of
from deixis.vision.endpoint._streams import (
    LOST,
    AsyncStream,
    Clock,
    Stream,
    afirst_bytes,
    awhole,
    first_bytes,
    now,
    whole,
)

_AGAIN = frozenset({408, 425, 429})
_CONNECT = 10.0  # seconds
_COMPLETIONS = "/chat/completions"


@dataclass(frozen=True, kw_only=True)
class Served:
    """A model that a server offers.

    Attributes:
        id: The name to ask it by.
        root: What it was started with, where the server says so.
    """

    id: str
    root: str = ""


class Client:
    """Asks one server, over connections that are kept.

    Safe in threads and in several event loops: each loop has connections of its own, which are
    closed with it. Redirects aren't followed: the key would go along. Proxies are those of the
    environment.

    Args:
        endpoint: The server.
        retries: When a request is sent again.
        http: A client of the caller's, for threads; it is never closed here.
        async_http: The same, for event loops.
        clock: Gives seconds.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        retries: Retries,
        http: httpx.Client | None = None,
        async_http: httpx.AsyncClient | None = None,
        clock: Clock = now,
    ) -> None:
        self.endpoint = endpoint
        self._retries = retries
        self._given = http
        self._async_given = async_http
        self._clock = clock
        self._own: httpx.Client | None = None
        self._lock = threading.Lock()
        self._timeout = httpx.Timeout(endpoint.timeout, connect=min(endpoint.timeout, _CONNECT))
        self._loops = LoopClients({"timeout": self._timeout})
        self._usage = True
        if endpoint.key is not None:
            keep_out_of_logs(self, endpoint.key)

    def close(self) -> None:
        """Closes what was opened for threads; it opens again when it is needed."""
        with self._lock:
            own, self._own = self._own, None
        if own is not None:
            own.close()

    async def aclose(self) -> None:
        """Closes what was opened for the running event loop, and for threads."""
        self.close()
        await self._loops.aclose()

    def models(self) -> list[Served]:
        """The models that the server says it offers.

        Raises:
            EndpointError: It doesn't answer, or not with a list.
            ModelError: It doesn't know the key.
        """
        return self._retries.run(self._models)

    def _models(self) -> list[Served]:
        with closing(self._open("GET", "/models", None)) as response:
            if response.status_code != 200:
                raise self._refused(response, first_bytes(response))
            return _served(whole(self.endpoint, response, self._clock))

    def ask(self, body: JsonObject) -> JsonObject:
        """A whole answer.

        Raises:
            EndpointError: The server can't be reached, refuses, or answers what can't be read.
            ModelError: It doesn't know the key or the model.
        """

        def once() -> JsonObject:
            with closing(self._open("POST", _COMPLETIONS, body)) as response:
                self._check(response)
                return whole(self.endpoint, response, self._clock)

        return self._retries.run(once)

    async def aask(self, body: JsonObject) -> JsonObject:
        """The same, asynchronously."""

        async def once() -> JsonObject:
            response = await self._aopen("POST", _COMPLETIONS, body)
            try:
                await self._acheck(response)
                return await awhole(self.endpoint, response, self._clock)
            finally:
                await response.aclose()

        return await self._retries.arun(once)

    def stream(self, body: JsonObject) -> Generator[JsonObject]:
        """An answer's events as they come. Closing the generator closes the connection.

        Raises:
            EndpointError: As for `ask`.
            ModelError: As for `ask`.
            StreamCutError: The server broke off after the first event.
        """

        def once() -> tuple[Stream, list[JsonObject]]:
            response = self._open("POST", _COMPLETIONS, self._streamed(body))
            stream = Stream(self.endpoint, response, self._clock)
            try:
                self._check(response)
                return stream, stream.first()
            except BaseException:
                stream.close()
                raise

        try:
            stream, events = self._retries.run(once)
        except RefusedError as error:
            if not self._refused_usage(error):
                raise
            stream, events = self._retries.run(once)
        with closing(stream):
            yield from events
            yield from stream.rest()

    async def astream(self, body: JsonObject) -> AsyncGenerator[JsonObject]:
        """The same, asynchronously."""

        async def once() -> tuple[AsyncStream, list[JsonObject]]:
            response = await self._aopen("POST", _COMPLETIONS, self._streamed(body))
            stream = AsyncStream(self.endpoint, response, self._clock)
            try:
                await self._acheck(response)
                return stream, await stream.first()
            except BaseException:
                await stream.aclose()
                raise

        try:
            stream, events = await self._retries.arun(once)
        except RefusedError as error:
            if not self._refused_usage(error):
                raise
            stream, events = await self._retries.arun(once)
        async with aclosing(stream):
            for event in events:
                yield event
            async for event in stream.rest():
                yield event

    def _streamed(self, body: JsonObject) -> JsonObject:
        options: JsonObject = {"stream_options": {"include_usage": True}} if self._usage else {}
        return {**body, "stream": True, **options}

    def _refused_usage(self, error: RefusedError) -> bool:
        """Whether a server knows no `stream_options`; then they are left out from now on."""
        refused = self._usage and error.status in (400, 422) and "stream_options" in error.said
        self._usage = self._usage and not refused
        return refused

    def _client(self) -> httpx.Client:
        if self._given is not None:
            return self._given
        with self._lock:
            if self._own is None:
                self._own = httpx.Client(timeout=self._timeout)
                # Its sockets are closed when the last model that uses it goes.
                weakref.finalize(self, self._own.close)
            return self._own

    def _request(
        self, client: httpx.Client | httpx.AsyncClient, method: str, path: str, body: object
    ) -> httpx.Request:
        # Packed answers would have to be bounded twice: a few bytes can unpack to gigabytes.
        headers = {"Accept-Encoding": "identity", "User-Agent": "deixis"}
        if self.endpoint.key is not None:
            headers["Authorization"] = f"Bearer {self.endpoint.key.value.get_secret_value()}"
        url = f"{self.endpoint.url}{path}"
        return client.build_request(method, url, json=body, headers=headers, timeout=self._timeout)

    def _open(self, method: str, path: str, body: object) -> httpx.Response:
        client = self._client()
        request = self._request(client, method, path, body)
        try:
            return client.send(request, stream=True, follow_redirects=False)
        except LOST as error:
            raise TryAgainError(self.endpoint.unreachable(error)) from None

    async def _aopen(self, method: str, path: str, body: object) -> httpx.Response:
        client = self._async_given or await self._loops.client()
        request = self._request(client, method, path, body)
        try:
            return await client.send(request, stream=True, follow_redirects=False)
        except LOST as error:
            raise TryAgainError(self.endpoint.unreachable(error)) from None

    def _check(self, response: httpx.Response) -> None:
        """Raises unless the answer is 200; for a model that isn't there, with those that are."""
        if response.status_code != 200:
            body = first_bytes(response)
            served = self._known() if response.status_code == 404 else ()
            raise self._refused(response, body, served)

    async def _acheck(self, response: httpx.Response) -> None:
        if response.status_code != 200:
            body = await afirst_bytes(response)
            missing = response.status_code == 404
            served = await asyncio.to_thread(self._known) if missing else ()
            raise self._refused(response, body, served)

    def _known(self) -> Sequence[Served]:
        with suppress(DeixisError, TryAgainError):
            return self._models()
        return ()

    def _refused(
        self, response: httpx.Response, body: bytes, served: Sequence[Served] = ()
    ) -> Exception:
        status = response.status_code
        error = self.endpoint.refused(status, body, [model.id for model in served])
        if status in _AGAIN or status >= 500:
            return TryAgainError(error, seconds_of(response.headers.get("retry-after")))
        return error


def _served(answer: JsonObject) -> list[Served]:
    listed = answer.get("data")
    models: list[Served] = []
    for item in cast("list[object]", listed) if isinstance(listed, list) else []:
        if isinstance(item, dict):
            given = cast("JsonObject", item)
            name, root = given.get("id"), given.get("root")
            if isinstance(name, str):
                models.append(Served(id=name, root=root if isinstance(root, str) else ""))
    return models
