"""What can go wrong between a client and an OpenAI-compatible server, on demand.

with proxied(served.base_url) as proxy:
    proxy.plan([overloaded(retry_after="0"), cut(events=2), PASS])
    ...  # ask proxy.base_url; look at proxy.requests
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

import httpx

from tests.serving._http import Answer, Loopback, Request, running

_HOPS = {"connection", "transfer-encoding", "content-length", "content-encoding", "host", "date"}


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One way to misbehave. What isn't set stays as the server behind it has it.

    Attributes:
        status: HTTP status. The server behind isn't asked then, nor with `body`, `raw`, `never`.
        headers: Over those of the answer.
        body: Instead of the answer's.
        echo: Whether the body is the request's Authorization header, as careless servers do.
        cut_bytes: After how many bytes of the body the connection is closed.
        cut_events: After how many server-sent events it is.
        delay: Seconds before each piece of the body.
        size: Bytes of each piece, however the server cut them; tears characters apart.
        done_twice: Whether the stream's `[DONE]` comes twice, and a chunk after it.
        raw: Bytes instead of anything that is HTTP.
        never: Whether nothing is said until the client leaves.
    """

    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: bytes | None = None
    echo: bool = False
    cut_bytes: int | None = None
    cut_events: int | None = None
    delay: float = 0
    size: int | None = None
    done_twice: bool = False
    raw: bytes | None = None
    never: bool = False

    def applied(
        self, request: Request, ask: Callable[[Request], Answer], stopped: threading.Event
    ) -> Answer:
        """The answer to a request, gone wrong in this way.

        Args:
            request: What the client asked.
            ask: What answers when all is well.
            stopped: Set when the server ends: nothing waits any longer then.
        """
        if self.never or self.raw is not None:
            return Answer(never=self.never, raw=self.raw)
        body = request.headers.get("authorization", "").encode() if self.echo else self.body
        if self.status is None and body is None:
            answer = ask(request)
        else:
            body = body or b""
            said = {"Content-Type": "application/json"}
            answer = Answer(
                status=self.status or 200, headers=said, pieces=(body,), length=len(body)
            )
        answer = replace(answer, headers=_over(answer.headers, self.headers))
        pieces: Iterable[bytes] = answer.pieces
        if self.done_twice:
            again = (b"data: [DONE]\n\n", b'data: {"choices": []}\n\n')
            pieces = itertools.chain(pieces, again)
            answer = replace(answer, length=None)
        if self.size is not None:
            pieces = _resized(pieces, self.size)
        if self.cut_bytes is not None or self.cut_events is not None:
            pieces = _until(pieces, self.cut_bytes, self.cut_events)
            answer = replace(answer, cut=True)
        if self.delay:
            pieces = _slowed(pieces, self.delay, stopped)
        return replace(answer, pieces=pieces)


def _over(headers: Mapping[str, str], others: Mapping[str, str]) -> dict[str, str]:
    named = {name.lower() for name in others}
    return {n: v for n, v in headers.items() if n.lower() not in named} | dict(others)


def _resized(pieces: Iterable[bytes], size: int) -> Iterator[bytes]:
    for piece in pieces:
        yield from (piece[at : at + size] for at in range(0, len(piece), size))


def _until(pieces: Iterable[bytes], count: int | None, events: int | None) -> Iterator[bytes]:
    """The bytes before the cut, each piece as it comes."""
    given = ended = 0
    for piece in pieces:
        if events is not None and ended >= events:
            return
        kept = piece if count is None else piece[: count - given]
        yield kept
        given += len(kept)
        ended += kept.count(b"\n\n")
        if count is not None and given >= count:
            return


def _slowed(pieces: Iterable[bytes], delay: float, stopped: threading.Event) -> Iterator[bytes]:
    for piece in pieces:
        if stopped.wait(delay):
            return
        yield piece


PASS = Fault()
NEVER = Fault(never=True)
EMPTY = Fault(body=b"")
GARBAGE = Fault(raw=b"SSH-2.0-OpenSSH_9.6\r\n")
DONE_TWICE = Fault(done_twice=True)
ECHOED_KEY = Fault(status=401, echo=True)
BROKEN_JSON = Fault(body=b'{"id": "chatcmpl-1", "choices": [{"message": {"content": "On th')
WRONG_JSON = Fault(body=b'["not", "an", "object"]')
BROKEN_EVENTS = Fault(
    headers={"Content-Type": "text/event-stream"},
    body=b': a comment\n\ndata: {"choices": [{"delta": {"content": "On"\n\nevent: ping\n\n',
)
HTML = Fault(
    headers={"Content-Type": "text/html; charset=utf-8"},
    body=b"<!DOCTYPE html><html><head><title>Sign in</title></head><body>Welcome</body></html>",
)
BAD_GATEWAY = replace(HTML, status=502)


def failing(status: int, message: str = "it broke", **headers: str) -> Fault:
    """An error as servers write it. Header names take `_` for `-`."""
    body = f'{{"error": {{"message": "{message}", "type": "server_error", "code": {status}}}}}'
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Fault(status=status, body=body.encode(), headers=named)


def overloaded(retry_after: str | None = None) -> Fault:
    """429, with the header `Retry-After` (seconds, or a date) where it is given."""
    told = {} if retry_after is None else {"Retry_After": retry_after}
    return failing(429, "slow down", **told)


def cut(*, count: int | None = None, events: int | None = None) -> Fault:
    """The connection is closed after so many bytes of the body, or so many events."""
    return Fault(cut_bytes=count, cut_events=events)


def slow(delay: float) -> Fault:
    """Seconds before each piece of the body."""
    return Fault(delay=delay)


def torn(size: int) -> Fault:
    """The body in pieces of so many bytes, which tears characters and lines apart."""
    return Fault(size=size)


def typed(content_type: str) -> Fault:
    """The answer with another `Content-Type`."""
    return Fault(headers={"Content-Type": content_type})


def huge(size: int) -> Fault:
    """A valid answer whose text has this many bytes."""
    start = b'{"id": "1", "choices": [{"index": 0, "message": {"role": "assistant", "content": "'
    return Fault(body=start + b"a" * size + b'"}, "finish_reason": "stop"}]}')


def redirected(target: str, status: int = 307) -> Fault:
    """A redirect to another address."""
    return Fault(status=status, headers={"Location": target})


class Proxy(Loopback):
    """Stands before a server and passes on what is asked and said, faults aside."""

    def __init__(self, upstream: str) -> None:
        super().__init__(self._respond)
        parts = urlsplit(upstream)
        self._origin = f"{parts.scheme}://{parts.netloc}"
        self._plan: list[Fault] = []
        self._client = httpx.Client(timeout=60, trust_env=False)

    def plan(self, faults: Sequence[Fault]) -> None:
        """Sets what goes wrong with the next requests; afterwards nothing does."""
        self._plan = list(faults)

    def stop(self) -> None:
        """Lets go of every client and of the server behind, and ends."""
        super().stop()
        self._client.close()

    def _respond(self, request: Request) -> Answer:
        fault = self._plan.pop(0) if self._plan else PASS
        return fault.applied(request, self._ask, self.stopped)

    def _ask(self, request: Request) -> Answer:
        headers = {name: value for name, value in request.headers.items() if name not in _HOPS}
        headers["accept-encoding"] = "identity"
        sent = self._client.build_request(
            request.method, self._origin + request.path, headers=headers, content=request.body
        )
        response = self._client.send(sent, stream=True)
        kept = {name: v for name, v in response.headers.items() if name.lower() not in _HOPS}
        return Answer(status=response.status_code, headers=kept, pieces=_passed_on(response))


def _passed_on(response: httpx.Response) -> Iterator[bytes]:
    """What the server behind says, until it ends or its client leaves."""
    try:
        yield from response.iter_raw()
    finally:
        response.close()


@contextmanager
def proxied(upstream: str) -> Generator[Proxy]:
    """A proxy before a server.

    Args:
        upstream: The server's base URL.
    """
    with running(Proxy(upstream)) as proxy:
        yield proxy
