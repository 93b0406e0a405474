"""Connections that belong to an event loop, and end with it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator
from typing import Any

import httpx


class LoopClients:
    """One client for each event loop: a connection can't be used in another.

    Args:
        settings: For httpx.
    """

    def __init__(self, settings: dict[str, Any]) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._clients: dict[asyncio.AbstractEventLoop, tuple[httpx.AsyncClient, Any]] = {}

    async def client(self) -> httpx.AsyncClient:
        """The running loop's client."""
        loop = asyncio.get_running_loop()
        with self._lock:
            for other in [known for known in self._clients if known.is_closed()]:
                del self._clients[other]
            held = self._clients.get(loop)
        if held is not None:
            return held[0]
        client = httpx.AsyncClient(**self._settings)
        keeper = self._kept(loop, client)
        await anext(keeper)
        with self._lock:
            self._clients[loop] = (client, keeper)
        return client

    async def aclose(self) -> None:
        """Closes the running loop's client."""
        with self._lock:
            held = self._clients.pop(asyncio.get_running_loop(), None)
        if held is not None:
            await held[1].aclose()

    async def _kept(
        self, loop: asyncio.AbstractEventLoop, client: httpx.AsyncClient
    ) -> AsyncGenerator[None]:
        """Closes the client when the loop ends, which closes the generators it knows of."""
        try:
            yield
        finally:
            with self._lock:
                self._clients.pop(loop, None)
            await client.aclose()
