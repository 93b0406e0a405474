"""`deixis mcp`: the tools as an MCP server, over stdio or HTTP."""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from deixis.agents._console import emit, plain, say
from deixis.agents._failures import CommandUsageError


def mcp(
    *,
    map_: str | None,
    model: str,
    port: int | None,
    host: str,
    token: str | None,
    allow: Sequence[Path],
    as_json: bool,
) -> None:
    """Serves until the client leaves, or the process is told to stop.

    Raises:
        CommandUsageError: Options that only HTTP has, without it.
        DeixisError: The extra isn't installed, the map or a folder can't be read, the port is
            taken, or a token is needed.
    """
    if port is None and (as_json or host != "127.0.0.1"):
        raise CommandUsageError("over stdio stdout is the protocol's: give --http PORT as well")
    _log_to_stderr()
    from deixis.agents.mcp import Offers, serve_http, serve_stdio

    map_read = None
    if map_ is not None:
        from deixis.tools.maps import load_map

        map_read = load_map(map_)
    offers = Offers(model, map=map_read, folders=allow or [Path.cwd()])
    if port is None:
        if sys.stdin.isatty():
            say("An MCP client starts this command itself; Ctrl-C ends it.", to_stderr=True)
        serve_stdio(offers)
        return

    def ready(address: str) -> None:
        if as_json:
            emit({"url": address})
        else:
            say(f"The MCP server is at {address} (Ctrl-C ends it).", to_stderr=True)

    serve_http(offers, host=host, port=port, token=token, ready=ready)


class _OneLine(logging.Formatter):
    """A line for each record, without tracebacks."""

    def format(self, record: logging.LogRecord) -> str:
        """The message on one line."""
        return f"deixis: {plain(' '.join(record.getMessage().split()))}"


def _log_to_stderr() -> None:
    told = logging.StreamHandler(sys.stderr)
    told.setFormatter(_OneLine())
    logging.basicConfig(level=logging.WARNING, handlers=[told])
