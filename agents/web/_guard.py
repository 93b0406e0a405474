"""What is checked of every request, and what every response tells the browser."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from deixis.agents.web._errors import LOST, note

LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")
_SAFE: Final = ("GET", "HEAD", "OPTIONS")
_POLICY: Final = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
_HEADERS: Final = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(), microphone=()",
}


class Guard:
    """Lets in what comes from our own page, and tells browsers how little they may do with it.

    Args:
        app: What is guarded.
        hosts: Names by which the server may be called; None for any. A page elsewhere whose
            name is made to lead to this machine is kept out by that.
    """

    def __init__(self, app: ASGIApp, *, hosts: Sequence[str] | None = None) -> None:
        self._app = app
        self._hosts = None if hosts is None else {host.lower().strip("[]") for host in hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        started = False

        async def guarded(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "no-cache")
            await send(message)

        refused = self._refused(str(scope["method"]), Headers(scope=scope))
        if refused is not None:
            await refused(scope, receive, guarded)
            return
        try:
            await self._app(scope, receive, guarded)
        except Exception as error:
            note(error, "in a request")
            if started:
                raise
            told = JSONResponse({"error": LOST}, status_code=500)
            await told(scope, receive, guarded)

    def _refused(self, method: str, headers: Headers) -> JSONResponse | None:
        host = headers.get("host", "")
        if self._hosts is not None and _name(host) not in self._hosts:
            return JSONResponse({"error": "This server goes by another name."}, status_code=421)
        if method not in _SAFE and not _from_here(headers, host):
            return JSONResponse({"error": "Ask from the server's own page."}, status_code=403)
        return None


def _from_here(headers: Headers, host: str) -> bool:
    """Whether a request that changes something comes from our page, or from no page at all."""
    if (site := headers.get("sec-fetch-site")) is not None and site not in ("same-origin", "none"):
        return False
    origin = headers.get("origin")
    # Every browser sends it with what changes something; what sends none has no visitor's cookie.
    return origin is None or _netloc(origin) == host.lower()


def _netloc(origin: str) -> str:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


def _name(host: str) -> str:
    """A host without its port."""
    try:
        parts = urlsplit(f"//{host}")
        # Its port must be one: else «127.0.0.1:80.example» would pass for 127.0.0.1.
        return (parts.hostname or "") if parts.port != 0 else ""
    except ValueError:
        return ""
