"""Names of models behind a server: `dashscope:MODEL`, `openai:URL#MODEL?family=FAMILY`."""

from __future__ import annotations

import os
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote, urlsplit

from deixis.vision._errors import ModelError
from deixis.vision.endpoint._servers import DASHSCOPE_URL, ServerKind, server_of
from deixis.vision.qwen._families import Family, facts_of

_FORM = "write it as openai:http://127.0.0.1:8000/v1#MODEL"


@dataclass(frozen=True, kw_only=True)
class EndpointName:
    """A model behind a server, as its name says.

    Attributes:
        base_url: Address of the API, e.g. `http://127.0.0.1:8000/v1`.
        model: The name the server knows it by; None to take the one model that is served.
        family: Where the name says it.
        server: Kind of server.
    """

    base_url: str
    model: str | None
    family: Family | None = None
    server: ServerKind = "openai"


def parse_endpoint(name: str) -> EndpointName:
    """A name taken apart.

    `DASHSCOPE_BASE_URL` in the environment stands for DashScope's address, e.g. that of another
    region.

    Args:
        name: `dashscope:MODEL` or `openai:URL#MODEL`; either may end in `?family=FAMILY`, for a
            model whose name doesn't tell its family.

    Raises:
        ModelError: The name is malformed.
    """
    scheme, _, rest = name.partition(":")
    if scheme == "dashscope":
        model, family = _with_family(rest, name)
        if not model:
            raise ModelError(f"{_shown(name)} names no model: write dashscope:qwen3-vl-plus")
        url = os.environ.get("DASHSCOPE_BASE_URL", "").strip() or DASHSCOPE_URL
        return EndpointName(
            base_url=checked_url(url), model=model, family=family, server="dashscope"
        )
    if scheme != "openai":
        raise ModelError(f"{_shown(name)} is no endpoint: {_FORM}, or dashscope:MODEL")
    address, _, fragment = rest.partition("#")
    model, family = _with_family(fragment, name)
    url = checked_url(address)
    return EndpointName(base_url=url, model=model or None, family=family, server=server_of(url))


def checked_url(url: str) -> str:
    """The address of an API, without a slash at its end; `/v1` where it gives no path.

    Raises:
        ModelError: It is no http(s) address, or holds a password, a query or a fragment.
    """
    url = url.strip()
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ModelError(f"the server's address is malformed: {_FORM}") from None
    if parts.scheme not in ("http", "https") or not host or port == 0:
        raise ModelError(f"{_shown(_without_user(url))} is no http(s) address: {_FORM}")
    if "@" in parts.netloc:
        raise ModelError(f"the address of {host} holds a user or password: give a key instead")
    if parts.query or parts.fragment:
        raise ModelError(f"the address of {host} holds a query or fragment: leave it out")
    if not all(char.isprintable() and char != " " for char in url):
        raise ModelError(f"the address of {_shown(host)} holds spaces or control characters")
    path = parts.path.rstrip("/").removesuffix("/chat/completions") or "/v1"
    return f"{parts.scheme}://{parts.netloc}{path}"


def _with_family(said: str, name: str) -> tuple[str, Family | None]:
    model, mark, query = said.partition("?")
    if not mark:
        return unquote(model).strip(), None
    options = parse_qsl(query, keep_blank_values=True)
    if len(options) != 1 or options[0][0] != "family":
        raise ModelError(f"{_shown(name)} ends in ?{_shown(query)}: only ?family=FAMILY is known")
    return unquote(model).strip(), facts_of(options[0][1]).family


def _without_user(url: str) -> str:
    """An address that couldn't be taken apart, without what may be a password."""
    head, mark, tail = url.rpartition("@")
    return f"{head.partition('://')[0]}://…@{tail}" if mark else url


def _shown(text: str) -> str:
    line = "".join(char if char.isprintable() else "?" for char in text)
    return repr(line if len(line) <= 120 else f"{line[:120]}…")
