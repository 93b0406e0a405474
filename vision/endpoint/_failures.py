"""What went wrong at a server, in one line that says how to mend it, and never with the key."""

from __future__ import annotations

import json
import logging
import re
import ssl
import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlsplit

import httpx

from deixis.vision._errors import DeixisError, EndpointError, ModelError
from deixis.vision.endpoint._servers import Key, ServerKind, facts_of_server, key_variable

_LONGEST = 300
_LOGGERS = (
    "httpx",
    "httpcore.connection",
    "httpcore.http11",
    "httpcore.http2",
    "httpcore.proxy",
    "httpcore.socks",
)
_HIDDEN = "[key]"


class RefusedError(EndpointError):
    """A server refused a request.

    Attributes:
        status: The HTTP status.
        said: What the server said, shortened and without the key.
    """

    def __init__(self, message: str, *, status: int, said: str) -> None:
        super().__init__(message)
        self.status = status
        self.said = said


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """Where a model is asked, for messages.

    Attributes:
        url: Address of the API.
        model: The name the server knows the model by.
        server: Kind of server.
        key: The key in use.
        timeout: Seconds without a word after which the server counts as stuck.
    """

    url: str
    model: str
    server: ServerKind
    key: Key | None
    timeout: float

    @property
    def host(self) -> str:
        """Host and port."""
        return urlsplit(self.url).netloc

    def clean(self, text: str) -> str:
        """A server's words as one short line, without the key and control characters."""
        if self.key is not None:
            text = text.replace(self.key.value.get_secret_value(), _HIDDEN)
        line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
        return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"

    def refused(self, status: int, body: bytes, served: Sequence[str] = ()) -> DeixisError:
        """The error for an answer that isn't 200."""
        said = self.clean(said_in(body))
        heading = f"{self.host} answered {status}"
        told = f"{heading}: {said}" if said else heading
        if status in (401, 403):
            return ModelError(f"{told.rstrip('.')}; {self._about_key()}")
        if status == 404:
            return ModelError(f"{told.rstrip('.')}; {self._about_served(served)}")
        hint = self._hint(status, said.lower())
        return RefusedError(
            f"{told.rstrip('.')}; {hint}" if hint else told, status=status, said=said
        )

    def _about_key(self) -> str:
        if self.key is not None:
            return f"check the key in {self.key.source}"
        return f"put its key in {key_variable(self.server)}"

    def _about_served(self, served: Sequence[str]) -> str:
        if self.model in served:
            return f"check the address {self.url}"
        if served:
            names = ", ".join(self.clean(name) for name in served[:8])
            return f"{self.clean(self.model)!r} isn't served there, but {names}"
        return f"check the model {self.clean(self.model)!r} and the address {self.url}"

    def _hint(self, status: int, said: str) -> str:
        facts = facts_of_server(self.server)
        if 300 <= status < 400:
            return "redirects aren't followed, since the key would go along: give the final address"
        if status == 429:
            return "wait, or ask for a higher rate"
        if status >= 500:
            return "try again later"
        if re.search(r"context|too long|maximum.{0,20}(length|token)|max_model_len", said):
            return f"show fewer or smaller images (max_pixels=…), or {facts.context}"
        if re.search(r"tool.?choice|tool.?call.?parser|support tools", said):
            return f'{facts.parser}, or give tools="text"'
        if re.search(r"at most \d+ image|limit.?mm", said):
            return "show fewer images, or raise --limit-mm-per-prompt"
        if status == 413 or re.search(r"too large|exceeds? .{0,40}(size|bytes|limit)", said):
            return "show fewer or smaller images (max_pixels=…)"
        return ""

    def unreachable(self, error: Exception) -> EndpointError:
        """The error for a connection that failed."""
        if isinstance(error, httpx.TimeoutException):
            if isinstance(error, httpx.ConnectTimeout):
                return EndpointError(f"{self.host} takes no connection: check the address")
            return self.stuck()
        if isinstance(error, httpx.ProxyError):
            return EndpointError(
                f"the proxy on the way to {self.host} failed: check HTTPS_PROXY and NO_PROXY"
            )
        if isinstance(error, httpx.ConnectError):
            return EndpointError(self._no_connection(error))
        if isinstance(error, httpx.DecodingError):
            return EndpointError(f"{self.host} sent an answer that can't be unpacked: try again")
        return EndpointError(f"{self.host} broke the connection before it answered: try again")

    def _no_connection(self, error: Exception) -> str:
        cause: BaseException | None = error
        while cause is not None:
            if isinstance(cause, ssl.SSLError):
                reason = self.clean(str(cause.reason or "TLS failed")).replace("_", " ").lower()
                return f"no secure connection to {self.host} ({reason}): check its certificate"
            cause = cause.__cause__ or cause.__context__
        return f"nothing answers at {self.url}: is the server running, and is the address right?"

    def stuck(self) -> EndpointError:
        """The error for a server that takes too long."""
        return EndpointError(
            f"{self.host} didn't answer within {self.timeout:g} s: try again, or raise timeout"
        )

    def unreadable(self, what: str) -> EndpointError:
        """The error for an answer that can't be read."""
        return EndpointError(
            f"{self.host} answered with {what}: is {self.url} the address of an OpenAI-compatible "
            "API?"
        )


def said_in(body: bytes) -> str:
    """What the body of an error says, from any of the forms that servers use."""
    text = body.decode("utf-8", "replace").strip()
    try:
        value: object = json.loads(text)
    except (ValueError, RecursionError):
        if text[:200].lstrip("\ufeff").lower().startswith(("<!doctype", "<html", "<head", "<?xml")):
            title = re.search(r"<title[^>]{0,99}>([^<]{1,200})", text, re.IGNORECASE)
            return title[1] if title else "a web page"
        return text
    return message_of(value)


def message_of(value: object) -> str:
    """The message in an error's JSON."""
    for _ in range(4):
        if isinstance(value, list):
            items = cast("list[object]", value)
            return "; ".join(filter(None, (message_of(item) for item in items[:3])))
        if not isinstance(value, dict):
            break
        given = cast("dict[str, object]", value)
        found = (given.get(name) for name in ("error", "message", "detail", "msg"))
        value = next((item for item in found if item), "")
    return value if isinstance(value, str) else ""


class _KeyFilter(logging.Filter):
    """Takes a key out of log records: httpcore logs an answer's headers, which may echo it."""

    def __init__(self, key: str) -> None:
        super().__init__()
        self._key = key

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        if self._key in text:
            record.msg, record.args = text.replace(self._key, _HIDDEN), None
        return True


def keep_out_of_logs(owner: object, key: Key) -> None:
    """Keeps a key out of what httpx and httpcore log, for as long as its owner lives."""
    guard = _KeyFilter(key.value.get_secret_value())
    for name in _LOGGERS:
        logger = logging.getLogger(name)
        logger.addFilter(guard)
        weakref.finalize(owner, logger.removeFilter, guard)
