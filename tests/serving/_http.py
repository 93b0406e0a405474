"""A small HTTP server on loopback, in a thread of the test's own process.

It records what it was asked, answers in pieces, and can break off wherever it is told to.
"""

from __future__ import annotations

import json
import select
import socket
import threading
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeVar


@dataclass(frozen=True, kw_only=True)
class Request:
    """What a client asked.

    Attributes:
        method: As sent.
        path: With its query.
        headers: By lower-case name.
        body: As sent.
        left: Set when the client went away before the answer was through.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    left: threading.Event = field(default_factory=threading.Event)

    @property
    def json(self) -> Any:
        """The body, read as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a server says.

    Attributes:
        status: HTTP status.
        headers: Besides those of the transport.
        pieces: The body, a write each.
        length: What `Content-Length` claims; None to send the body in chunks.
        cut: Whether to close the connection instead of ending the body.
        raw: Bytes to write instead of anything that is HTTP.
        never: Whether to say nothing at all until the client leaves.
    """

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    pieces: Iterable[bytes] = ()
    length: int | None = None
    cut: bool = False
    raw: bytes | None = None
    never: bool = False


Responder = Callable[[Request], Answer]


class Loopback:
    """A running server.

    Attributes:
        base_url: Address for clients, with the `/v1` that they expect.
        requests: What was asked so far, in order.
    """

    def __init__(self, respond: Responder) -> None:
        self.requests: list[Request] = []
        self.stopped = threading.Event()
        loopback = self

        class Handler(_Handler):
            def answer(self, request: Request) -> None:
                loopback.requests.append(request)
                self.send(respond(request), request, loopback.stopped)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self.base_url = f"http://127.0.0.1:{self._server.server_port}/v1"

    def start(self) -> None:
        """Begins to serve."""
        self._thread.start()

    def stop(self) -> None:
        """Lets go of every client, and ends."""
        self.stopped.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


Server = TypeVar("Server", bound=Loopback)


@contextmanager
def running(server: Server) -> Generator[Server]:
    """A server that is stopped afterwards, whatever happens."""
    server.start()
    try:
        yield server
    finally:
        server.stop()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    connection: socket.socket

    def answer(self, request: Request) -> None:
        raise NotImplementedError

    def handle_any(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        request = Request(
            method=self.command,
            path=self.path,
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(length),
        )
        try:
            self.answer(request)
        except (ConnectionError, TimeoutError):
            request.left.set()
            self.close_connection = True

    do_GET = do_POST = handle_any  # noqa: N815

    def send(self, answer: Answer, request: Request, stopped: threading.Event) -> None:
        """Writes an answer, down to its faults."""
        if answer.never or answer.raw is not None:
            if answer.raw is not None:
                self.wfile.write(answer.raw)
            else:
                self._wait(request, stopped)
            self.close_connection = True
            return
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        chunked = answer.length is None
        if chunked:
            self.send_header("Transfer-Encoding", "chunked")
        else:
            self.send_header("Content-Length", str(answer.length))
        self.end_headers()
        pieces = iter(answer.pieces)
        try:
            for piece in filter(None, pieces):
                self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece) if chunked else piece)
                self._check_there()
        finally:
            # A proxy's pieces hold on to the server behind until they are closed.
            if isinstance(pieces, Generator):
                pieces.close()
        if answer.cut:
            self.close_connection = True
            with suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)
            return
        if chunked:
            self.wfile.write(b"0\r\n\r\n")

    def _wait(self, request: Request, stopped: threading.Event) -> None:
        while not stopped.is_set():
            if self._gone(0.02):
                request.left.set()
                return

    def _check_there(self) -> None:
        if self._gone(0):
            raise ConnectionResetError

    def _gone(self, seconds: float) -> bool:
        readable, _, _ = select.select([self.connection], [], [], seconds)
        return bool(readable) and self.connection.recv(1, socket.MSG_PEEK) == b""

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass
