"""The web page on a port of this machine."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import ClassVar, Final, cast

import uvicorn
from starlette.applications import Starlette
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from deixis.agents._agent import VisionAgent
from deixis.agents.web._app import create_app
from deixis.agents.web._guard import LOOPBACK
from deixis.agents.web._limits import WebLimits
from deixis.agents.web._runs import Runs
from deixis.vision import DeixisError

_CONNECTIONS: Final = 2_000
_LEAVING_SECONDS: Final = 10


def serve(
    agent: VisionAgent,
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    token: str | None = None,
    folder: Path | None = None,
    limits: WebLimits | None = None,
    title: str | None = None,
    map_names: Mapping[str, str] | None = None,
    hosts: Sequence[str] | None = None,
    ready: Callable[[str], None] | None = None,
) -> None:
    """Serves the page until the process is told to stop.

    Args:
        agent: As for `create_app`.
        host: The address to listen at. On the loopback only this machine gets in, and only by
            its loopback names.
        port: 0 takes a free one.
        token: As for `create_app`.
        folder: As for `create_app`.
        limits: As for `create_app`.
        title: As for `create_app`.
        map_names: As for `create_app`.
        hosts: As for `create_app`; on the loopback its own names by default.
        ready: Told the page's address once it can be opened.

    Raises:
        DeixisError: The port or the folder is taken or can't be used.
    """
    names = LOOPBACK if hosts is None and host in LOOPBACK else hosts
    listening = _listening(host, port)
    try:
        app = create_app(
            agent,
            token=token,
            folder=folder,
            limits=limits,
            title=title,
            map_names=map_names,
            hosts=names,
        )
        PageServer(app, ready=ready, shown_host=host).run(sockets=[listening])
    finally:
        listening.close()


class PromptProtocol(H11Protocol):
    """A connection that must say soon what it wants: one that waits takes another's place.

    Attributes:
        head_seconds: For the head of a request to arrive.
    """

    head_seconds: ClassVar[float] = 20.0
    _waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Begins to wait."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Takes a part of a request; no more is waited for once its head is there."""
        super().data_received(data)
        # It is None until the first request, whatever its type says.
        cycle = cast("RequestResponseCycle | None", self.cycle)
        if cycle is not None and not cycle.response_complete:
            self._wait_no_more()
        elif self._waiting is None:
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Waits no more."""
        self._wait_no_more()
        super().connection_lost(exc)

    def _wait(self) -> None:
        self._waiting = self.loop.call_later(self.head_seconds, self.transport.close)

    def _wait_no_more(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None


class PageServer(uvicorn.Server):
    """uvicorn with our settings. It ends the runs first, so that nobody waits for their streams.

    Args:
        app: Of `create_app`.
        ready: Told the page's address once it can be opened.
        shown_host: The host in that address.
        protocol: Of its connections.
    """

    def __init__(
        self,
        app: Starlette,
        *,
        ready: Callable[[str], None] | None = None,
        shown_host: str = "127.0.0.1",
        protocol: type[PromptProtocol] = PromptProtocol,
    ) -> None:
        # No access log: its lines would say who looked at which conversation.
        config = uvicorn.Config(
            app,
            http=protocol,
            ws="none",
            log_level="warning",
            access_log=False,
            server_header=False,
            limit_concurrency=_CONNECTIONS,
            timeout_graceful_shutdown=_LEAVING_SECONDS,
            lifespan="on",
        )
        super().__init__(config)
        self._runs: Runs = app.state.runs
        self._ready = ready
        self._host = shown_host

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Takes a signal to stop as that and no more: who called `serve` closes what is theirs."""
        with super().capture_signals():
            yield
            # uvicorn would raise them again, and the process would end on the spot.
            self._captured_signals.clear()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begins to listen."""
        await super().startup(sockets)
        if self.started and self._ready is not None and sockets:
            self._ready(_address(self._host, int(sockets[0].getsockname()[1])))

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Ends the runs, then the connections."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._runs.close(), _LEAVING_SECONDS)
        await super().shutdown(sockets)


def _listening(host: str, port: int) -> socket.socket:
    if not host.strip("[] "):
        # The system would take it for every address that there is.
        raise DeixisError("the host is empty: give one, such as 127.0.0.1")
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host.strip("[]"), port))
        # At once: of two that only bound the same port, one fails when it is too late to say so.
        listening.listen()
    except (OSError, OverflowError, UnicodeError) as error:
        listening.close()
        reason = error.strerror if isinstance(error, OSError) else "no such port or host"
        raise DeixisError(
            f"can't listen at {host} port {port} ({reason}): choose another with --port or --host"
        ) from error
    return listening


def _address(host: str, port: int) -> str:
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)  # noqa: S104
    name = f"[{shown}]" if ":" in shown and not shown.startswith("[") else shown
    return f"http://{name}:{port}"
