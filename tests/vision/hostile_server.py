"""A web server on loopback that behaves badly on request."""

import gzip
import http.server
import io
import ssl
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from typing import Any

from PIL import Image

from deixis.vision._images import ImageLimits

Handler = http.server.BaseHTTPRequestHandler
LOCAL = ImageLimits(private_addresses=True, seconds=5)
SMALL = ImageLimits(private_addresses=True, seconds=5, bytes=10_000)
PUBLIC = ImageLimits(seconds=5)


def picture() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(buffer, "PNG")
    return buffer.getvalue()


def send(handler: Handler, body: bytes, status: int = 200, **headers: str) -> None:
    handler.send_response(status)
    for name, value in {"Content_Length": str(len(body)), **headers}.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(body)


def redirect(target: str) -> Callable[[Handler], None]:
    return lambda handler: send(handler, b"", 302, Location=target)


def endless(handler: Handler) -> None:
    handler.send_response(200)
    handler.end_headers()
    while True:
        handler.wfile.write(b"\0" * 65536)


def trickle(handler: Handler) -> None:
    handler.send_response(200)
    handler.end_headers()
    while True:
        handler.wfile.write(b"\0")
        time.sleep(0.05)


def trickled_header(handler: Handler) -> None:
    while True:
        handler.wfile.write(b"H")
        time.sleep(0.05)


def echo(handler: Handler) -> None:
    send(handler, repr(sorted(handler.headers.items())).encode())


def empty_gzip_for_ever(handler: Handler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Encoding", "gzip")
    handler.end_headers()
    handler.wfile.write(gzip.compress(b"")[:10])
    while True:
        handler.wfile.write(b"\0\0\0\xff\xff" * 1000)


ROUTES: dict[str, Callable[[Handler], None]] = {
    "/sign.png": lambda handler: send(handler, picture()),
    "/page": lambda handler: send(handler, b"<!DOCTYPE html><p>Not here</p>"),
    "/missing": lambda handler: send(handler, b"gone", 404),
    "/headers": echo,
    "/moved": redirect("/sign.png"),
    "/metadata": redirect("http://169.254.169.254/latest"),
    "/private": redirect("http://127.0.0.1:9/"),
    "/file": redirect("file:///etc/passwd"),
    "/user": redirect("http://user:secret@localhost/"),
    "/malformed": redirect("http://[::1/?key=secret"),
    "/loop": redirect("/loop?key=secret"),
    "/endless": endless,
    "/trickle": trickle,
    "/trickled-header": trickled_header,
    "/claims-much": lambda handler: send(handler, b"x", Content_Length="999999999999"),
    "/claims-less": lambda handler: send(handler, b"x" * 50, Content_Length="10"),
    "/claims-more": lambda handler: send(handler, b"x" * 10, Content_Length="50"),
    "/gzip": lambda handler: send(handler, gzip.compress(picture()), Content_Encoding="gzip"),
    "/bomb": lambda handler: send(
        handler, gzip.compress(b"\0" * 9_000_000), Content_Encoding="gzip"
    ),
    "/gzip-nothing": empty_gzip_for_ever,
    "/gzip-cut": lambda handler: send(
        handler, gzip.compress(picture())[:-12], Content_Encoding="gzip"
    ),
    "/gzip-not": lambda handler: send(handler, picture(), Content_Encoding="gzip"),
    "/br": lambda handler: send(handler, picture(), Content_Encoding="br"),
}


class Routes(Handler):
    def do_GET(self) -> None:  # noqa: N802
        with suppress(ConnectionError):
            ROUTES[self.path.partition("?")[0]](self)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass


@contextmanager
def serving(context: ssl.SSLContext | None = None) -> Generator[int]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Routes)
    server.daemon_threads = True
    server.handle_error = lambda request, client_address: None
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.socket.close()
