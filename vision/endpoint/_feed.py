"""The answer to one request as its bytes come in, without a connection."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import cast

from deixis.vision._errors import DeixisError, StreamCutError
from deixis.vision.endpoint._events import Event, EventReader, EventTooLongError
from deixis.vision.endpoint._failures import Endpoint, message_of
from deixis.vision.endpoint._retries import TryAgainError

JsonObject = dict[str, object]

LONGEST_REPLY = 16_000_000
"""Bytes of a reply, and characters of one event."""


def json_object(endpoint: Endpoint, body: bytes, content_type: str = "") -> JsonObject:
    """The JSON object of a body.

    Raises:
        EndpointError: It is something else.
    """
    if not body.strip():
        raise endpoint.unreadable("nothing")
    try:
        value: object = json.loads(body)
    except (ValueError, RecursionError):
        kind = endpoint.clean(content_type.partition(";")[0]) or "something"
        what = "a web page" if "html" in kind else f"{kind} that is no JSON"
        raise endpoint.unreadable(what) from None
    if not isinstance(value, dict):
        raise endpoint.unreadable("JSON that is no object")
    return cast("JsonObject", value)


class Feed:
    """A streamed answer: events in, JSON objects out.

    Args:
        endpoint: For messages, and how long to wait.
        clock: Gives seconds.

    Attributes:
        begun: Whether anything has been given out, after which nothing is asked again.
        done: Whether the server said that it has finished.
    """

    def __init__(self, endpoint: Endpoint, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._endpoint = endpoint
        self._clock = clock
        self._reader = EventReader(longest=LONGEST_REPLY)
        self._last = clock()
        self._size = 0
        self._finished = False
        self.begun = False
        self.done = False

    def feed(self, piece: bytes) -> list[JsonObject]:
        """What a piece of the answer brings.

        Raises:
            StreamCutError: The server broke off, or says nothing but that it lives.
            EndpointError: What it sends can't be read.
        """
        self._size += len(piece)
        try:
            events = self._reader.feed(piece)
        except EventTooLongError:
            raise self._endpoint.unreadable("an endless event") from None
        if self._size > 4 * LONGEST_REPLY:
            raise self._endpoint.unreadable("an endless stream")
        found = self._taken(events)
        if events:
            self._last = self._clock()
        elif self._clock() - self._last > self._endpoint.timeout:
            raise self.cut(f"says nothing for {self._endpoint.timeout:g} s")
        return found

    def close(self) -> list[JsonObject]:
        """The rest, once the connection has ended.

        Raises:
            StreamCutError: The answer isn't whole.
        """
        found = self._taken(self._reader.close())
        if not self.done and not self._finished:
            raise self.cut("broke off")
        self.done = True
        return found

    def cut(self, how: str) -> Exception:
        """The error for a server that broke off: one to try again, as long as nothing has come."""
        final: DeixisError = StreamCutError(
            f"{self._endpoint.host} {how} in the middle of its answer: ask again"
        )
        if self.begun:
            return final
        return TryAgainError(self._endpoint.unreadable("an event stream that ends at once"))

    def _taken(self, events: list[Event]) -> list[JsonObject]:
        found: list[JsonObject] = []
        for event in events:
            if self.done:
                break
            if event.data.strip() == "[DONE]":
                self.done = True
                continue
            found.append(self._object(event))
        self.begun = self.begun or bool(found)
        return found

    def _object(self, event: Event) -> JsonObject:
        try:
            value: object = json.loads(event.data)
        except (ValueError, RecursionError):
            if self.begun:
                raise self.cut("sent a broken event") from None
            raise self._endpoint.unreadable("events that are no JSON") from None
        if not isinstance(value, dict):
            raise self._endpoint.unreadable("events that are no objects")
        given = cast("JsonObject", value)
        if event.name == "error" or given.get("error") or given.get("object") == "error":
            raise self._failed(given)
        self._finished = self._finished or _finishes(given)
        return given

    def _failed(self, given: JsonObject) -> Exception:
        """The error that a server sent as an event, since its status 200 was out already."""
        inner = given.get("error")
        code = cast("JsonObject", inner if isinstance(inner, dict) else given).get("code")
        said = self._endpoint.clean(message_of(given))
        if isinstance(code, int) and 400 <= code < 500 and code != 429:
            return self._endpoint.refused(code, json.dumps(given).encode())
        if self.begun:
            return self.cut(f"failed ({said})" if said else "failed")
        return TryAgainError(self._endpoint.refused(500, json.dumps(given).encode()))


def _finishes(given: JsonObject) -> bool:
    choices = given.get("choices")
    return isinstance(choices, list) and any(
        isinstance(choice, dict) and cast("JsonObject", choice).get("finish_reason")
        for choice in cast("list[object]", choices)
    )
