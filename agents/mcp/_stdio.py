"""The server over stdin and stdout, for a client that started it."""

from __future__ import annotations

import asyncio
import os
import signal
from types import FrameType
from typing import Final

from mcp.server.stdio import stdio_server

from deixis.agents.mcp._offers import Offers
from deixis.agents.mcp._server import create_server

_KILLED: Final = 128


def serve_stdio(offers: Offers) -> None:
    """Serves one client, until it closes our stdin. Nothing but the protocol goes to stdout.

    Args:
        offers: What is served.
    """
    # A thread waits for a line, which nothing can interrupt; there is nothing to save.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _ended)
    asyncio.run(_served(offers))


async def _served(offers: Offers) -> None:
    server = create_server(offers)
    async with stdio_server() as (read, write):
        await server.run(read, write, server.create_initialization_options())


def _ended(number: int, frame: FrameType | None) -> None:
    del frame
    os._exit(_KILLED + number)
