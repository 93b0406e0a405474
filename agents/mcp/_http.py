"""The server over streamable HTTP."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import logging
import socket
from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

import uvicorn
from mcp.server.transport_security import TransportSecuritySettings
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from deixis.agents.mcp._offers import Offers
from deixis.agents.mcp._server import create_server
from deixis.vision import DeixisError

PATH: Final = "/mcp"
_NAMES: Final = ("127.0.0.1", "localhost", "[::1]")
_CONNECTIONS: Final = 256
_LEAVING_SECONDS: Final = 3
_log = logging.getLogger(__name__)


def serve_http(
    offers: Offers,
    *,
    host: str = "127.0.0.1",
    port: int = 8001,
    token: str | None = None,
    ready: Callable[[str], None] | None = None,
) -> None:
    """Serves many clients, each with images of its own, until the process is told to stop.

    Args:
        offers: What is served.
        host: The address to listen at. On the loopback only this machine gets in, and only by
            its loopback names.
        port: 0 takes a free one.
        token: What clients must send as `Authorization: Bearer`. Needed off the loopback.
        ready: Told the address once it can be reached.

    Raises:
        DeixisError: The port can't be had, or a token is needed.
    """
    if token is not None and not token.strip():
        raise DeixisError("the token is empty: give one with letters, or none at all")
    if token is None and not on_loopback(host):
        raise DeixisError(
            f"anyone who reaches {host} could use the server, and read the folders it may read: "
            "give a --token, or listen at 127.0.0.1"
        )
    listening = _listening(host, port)
    try:
        address = _address(host, int(listening.getsockname()[1]))
        _Served(_app(offers, host=host, token=token), ready=ready, address=address).run(
            sockets=[listening]
        )
    finally:
        listening.close()


def on_loopback(host: str) -> bool:
    """Whether only this machine reaches an address."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _app(offers: Offers, *, host: str, token: str | None) -> ASGIApp:
    local = on_loopback(host)
    security = TransportSecuritySettings(
        enable_dns_rebinding_protection=local,
        allowed_hosts=[*_NAMES, *(f"{name}:*" for name in _NAMES)],
        allowed_origins=[f"http://{name}{end}" for name in _NAMES for end in ("", ":*")],
    )
    app = create_server(offers).streamable_http_app(
        streamable_http_path=PATH,
        transport_security=security,
        max_request_body_size=offers.limits.body,
        max_sessions=offers.limits.sessions,
        session_idle_timeout=offers.limits.idle_seconds,
    )
    return Gate(app, token=token)


class Gate:
    """Lets in who knows the token, and no page of another site.

    Args:
        app: What is behind it.
        token: None lets everyone in.
    """

    def __init__(self, app: ASGIApp, *, token: str | None) -> None:
        self._app = app
        self._token = None if token is None else _digest(token)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request."""
        refusal = self._refusal(Headers(scope=scope)) if scope["type"] == "http" else None
        await (refusal or self._app)(scope, receive, send)

    def _refusal(self, headers: Headers) -> PlainTextResponse | None:
        if self._token is not None:
            kind, _, given = headers.get("authorization", "").partition(" ")
            # Hashes are compared, so that not even the token's length shows in the time.
            right = hmac.compare_digest(_digest(given.strip()), self._token)
            if kind.lower() != "bearer" or not right:
                wanted = {"WWW-Authenticate": "Bearer"}
                return PlainTextResponse("The token is missing or wrong.", 401, headers=wanted)
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc != headers.get("host"):
            return PlainTextResponse("Pages of other sites aren't served.", 403)
        return None


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()


class _Served(uvicorn.Server):
    def __init__(self, app: ASGIApp, *, ready: Callable[[str], None] | None, address: str) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                ws="none",
                log_config=None,
                access_log=False,
                server_header=False,
                limit_concurrency=_CONNECTIONS,
                timeout_graceful_shutdown=_LEAVING_SECONDS,
                lifespan="on",
            )
        )
        self._told = ready
        self._address = address

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started and self._told is not None:
            self._told(self._address)


def _listening(host: str, port: int) -> socket.socket:
    if not host.strip("[] "):
        raise DeixisError("the host is empty: give one, such as 127.0.0.1")
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host.strip("[]"), port))
        listening.listen()
    except (OSError, OverflowError, UnicodeError) as error:
        listening.close()
        reason = error.strerror if isinstance(error, OSError) else "no such port or host"
        raise DeixisError(
            f"can't listen at {host} port {port} ({reason}): choose another with --http or --host"
        ) from None
    return listening


def _address(host: str, port: int) -> str:
    name = f"[{host}]" if ":" in host and not host.startswith("[") else host
    return f"http://{name}:{port}{PATH}"
