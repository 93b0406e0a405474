"""One server, spoken to from any thread: a thread of its own holds the connection."""

from __future__ import annotations

import asyncio
import math
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, Final, TypeVar, cast

import anyio
from mcp.client.client import Client
from mcp.shared.exceptions import MCPError
from mcp.shared.message import SessionMessage
from mcp_types import (
    CONNECTION_CLOSED,
    INVALID_REQUEST,
    CallToolResult,
    Implementation,
    JSONRPCResponse,
    ToolListChangedNotification,
)
from mcp_types import Tool as ServerTool
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from deixis.tools.mcp._errors import McpError
from deixis.tools.mcp._limits import McpLimits
from deixis.tools.mcp._transports import Complaints, Transport
from deixis.tools.mcp._words import Secrets, one_line

T = TypeVar("T")
Progress = Callable[[float, float | None, str | None], Awaitable[None]]
_MOST_PAGES: Final = 50
_CLOSING_SECONDS: Final = 20.0
_LONGEST_REASON: Final = 300
_SESSION_GONE: Final = ("Session terminated", "Session not found")


class LostError(Exception):
    """The server went away; `begun` says whether it may have begun with the call."""

    def __init__(self, reason: str, *, begun: bool) -> None:
        super().__init__(reason)
        self.begun = begun


class SlowError(Exception):
    """The server took too long."""


class Connection:
    """A server, opened when it is first needed and anew after it went away.

    Args:
        server: What it is called here.
        transport: The way to it.
        limits: What it may cost.
        secrets: What no error may show.
        complaints: What it says beside the protocol.
    """

    def __init__(
        self,
        server: str,
        transport: Transport,
        *,
        limits: McpLimits,
        secrets: Secrets,
        complaints: Complaints,
    ) -> None:
        self._server = server
        self._transport = transport
        self._limits = limits
        self._secrets = secrets
        self._complaints = complaints
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._stop: asyncio.Event | None = None
        self._link: _Link | None = None
        self._opening = asyncio.Lock()

    @property
    def is_open(self) -> bool:
        """Whether it can be spoken to: its process may be gone, and is then started again."""
        return self._loop is not None

    def open(self) -> list[ServerTool]:
        """Opens it and lists its tools.

        Raises:
            McpError: It can't be opened.
        """
        started = threading.Event()
        # Of the new loop's: those of an earlier one can't be used there.
        self._opening, self._link = asyncio.Lock(), None
        self._thread = threading.Thread(
            target=self._serve, args=(started,), name=f"mcp {self._server}", daemon=True
        )
        self._thread.start()
        started.wait()
        try:
            return self.run(self._listed())
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Closes it; a process is ended."""
        loop, stop, thread = self._loop, self._stop, self._thread
        self._loop = self._stop = self._thread = None
        if loop is None or stop is None or thread is None:
            return
        loop.call_soon_threadsafe(stop.set)
        thread.join(_CLOSING_SECONDS)

    def submit(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Runs something beside the connection.

        Raises:
            LostError: It is closed.
        """
        loop = self._loop
        if loop is None:
            work.close()
            raise LostError(f"{self._server} is closed", begun=False)
        return asyncio.run_coroutine_threadsafe(work, loop)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """The same, waiting for it."""
        future = self.submit(work)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    async def call(
        self,
        tool: str,
        arguments: dict[str, Any],
        *,
        check: Callable[[Sequence[ServerTool]], None],
        progress: Progress,
    ) -> CallToolResult:
        """Calls a tool, beside the connection.

        Args:
            tool: As the server calls it.
            arguments: As they are sent.
            check: Shown what this very connection offers; what it raises keeps the call back.
            progress: Told how far the call is.

        Raises:
            LostError: The server went away.
            SlowError: It took too long.
            MCPError: It refuses the call.
        """
        for again in (True, False):
            link = await self._linked()
            check(link.tools)
            try:
                return await link.call(tool, arguments, told=progress)
            except MCPError as error:
                forgotten = error.code == INVALID_REQUEST and error.message in _SESSION_GONE
                if not (forgotten and again):
                    raise
                # A server that began anew knows the session no more, and did nothing.
                await link.close()
        raise AssertionError("unreachable")

    def hidden(self, text: str) -> str:
        """A text without the keys that the server was given."""
        return self._secrets.hidden(text)

    async def _listed(self) -> list[ServerTool]:
        try:
            return (await self._linked()).tools
        except LostError as error:
            raise McpError(str(error)) from None

    def _serve(self, started: threading.Event) -> None:
        async def served() -> None:
            self._stop = asyncio.Event()
            self._loop = asyncio.get_running_loop()
            stop = self._stop
            started.set()
            await stop.wait()
            if self._link is not None:
                await self._link.close()

        asyncio.run(served())

    async def _linked(self) -> _Link:
        async with self._opening:
            if self._link is None or self._link.lost:
                if self._link is not None:
                    await self._link.close()
                self._link = None
                self._link = await self._opened()
            elif self._link.stale:
                try:
                    async with asyncio.timeout(self._limits.opening_seconds):
                        await self._link.list()
                except Exception as error:
                    raise LostError(self._reason(error), begun=False) from None
            return self._link

    async def _opened(self) -> _Link:
        link = _Link(self._transport, self._limits)
        try:
            async with asyncio.timeout(self._limits.opening_seconds):
                await link.open()
                await link.list()
        except BaseException as error:
            await link.close()
            if isinstance(error, asyncio.CancelledError):
                raise
            raise LostError(self._reason(error), begun=False) from None
        return link

    def _reason(self, error: BaseException) -> str:
        match first_of(error):
            case TimeoutError():
                told = f"it isn't ready after {self._limits.opening_seconds:g} s"
            case FileNotFoundError() | PermissionError():
                told = "its program can't be run: is it installed, and on the PATH?"
            case other:
                told = str(other) or type(other).__name__
        if self._complaints.last:
            told += f"; it says: {self._complaints.last}"
        told = one_line(self._secrets.hidden(told), _LONGEST_REASON)
        return f"the MCP server {self._server} can't be opened: {told}"


def first_of(error: BaseException) -> BaseException:
    """What failed first in a group of tasks."""
    while isinstance(error, BaseExceptionGroup):
        group = cast("BaseExceptionGroup[BaseException]", error)
        error = group.exceptions[0]
    return error


class _Link:
    """One connection, from its opening until either side ends it.

    Attributes:
        lost: It can't be used any more.
        tools: As it listed them last.
    """

    def __init__(self, transport: Transport, limits: McpLimits) -> None:
        self._transport = transport
        self._limits = limits
        self._leave = asyncio.Event()
        self._client: Client | None = None
        self._holder: asyncio.Task[None] | None = None
        self._changed = False
        self._listed_until = 0.0
        self.lost = False
        self.tools: list[ServerTool] = []

    @property
    def stale(self) -> bool:
        """Whether the server may have other tools by now.

        Older protocols tell of that; newer ones say for how long a list holds.
        """
        client, _ = self._at_work()
        modern = client.protocol_version in MODERN_PROTOCOL_VERSIONS
        return self._changed or (modern and time.monotonic() >= self._listed_until)

    async def open(self) -> None:
        """Connects. What was entered in a task must be left in it, so a task holds it."""
        ready: asyncio.Future[Client] = asyncio.get_running_loop().create_future()
        self._holder = asyncio.create_task(self._hold(ready))
        self._client = await asyncio.shield(ready)

    async def _hold(self, ready: asyncio.Future[Client]) -> None:
        client = Client(
            _Watched(self._transport, self._gone),
            client_info=Implementation(name="deixis", version="0.1.0"),
            message_handler=self._heard,
            cache=None,
        )
        try:
            async with client:
                ready.set_result(client)
                await self._leave.wait()
        except (Exception, asyncio.CancelledError) as error:
            if not ready.done():
                ready.set_exception(
                    ConnectionError("broken off")
                    if isinstance(error, asyncio.CancelledError)
                    else error
                )
                # Who opens it may have given up before.
                ready.exception()
        finally:
            self.lost = True

    async def close(self) -> None:
        """Leaves it; a process is ended."""
        self.lost = True
        self._leave.set()
        if self._holder is not None:
            if self._client is None:
                self._holder.cancel()
            await asyncio.wait({self._holder}, timeout=_CLOSING_SECONDS / 2)

    def _at_work(self) -> tuple[Client, asyncio.Task[None]]:
        if self._client is None or self._holder is None:
            raise LostError("it isn't connected", begun=False)
        return self._client, self._holder

    def _gone(self) -> None:
        self.lost = True

    async def _heard(self, message: object) -> None:
        if isinstance(message, ToolListChangedNotification):
            self._changed = True

    async def list(self) -> None:
        """Lists the tools, over as many pages as may be."""
        client, _ = self._at_work()
        self._changed = False
        tools: list[ServerTool] = []
        cursor: str | None = None
        holds = math.inf
        for _ in range(_MOST_PAGES):
            page = await client.list_tools(cursor=cursor)
            tools += page.tools
            holds = min(holds, (page.ttl_ms or 0) / 1000)
            cursor = page.next_cursor
            if not cursor:
                break
        self._listed_until = time.monotonic() + holds
        self.tools = tools

    async def call(self, tool: str, arguments: dict[str, Any], *, told: Progress) -> CallToolResult:
        """Calls a tool, as long as the server shows that it lives."""
        client, holder = self._at_work()
        clock = asyncio.get_running_loop().time
        end = clock() + self._limits.call_seconds
        silent_until = clock() + self._limits.silent_seconds

        async def heard(
            progress: float, total: float | None = None, message: str | None = None
        ) -> None:
            nonlocal silent_until
            silent_until = clock() + self._limits.silent_seconds
            await told(progress, total, message)

        work = asyncio.ensure_future(client.call_tool(tool, arguments, progress_callback=heard))
        try:
            while not work.done():
                left = min(end, silent_until) - clock()
                if left <= 0:
                    raise SlowError
                await asyncio.wait(
                    {work, holder}, timeout=left, return_when=asyncio.FIRST_COMPLETED
                )
                if holder.done() and not work.done():
                    raise LostError("the connection broke off", begun=True)
            return await work
        except MCPError as error:
            if error.code != CONNECTION_CLOSED:
                raise
            self.lost = True
            raise LostError("the connection broke off", begun=True) from None
        except (anyio.ClosedResourceError, anyio.BrokenResourceError):
            self.lost = True
            raise LostError("the connection broke off", begun=True) from None
        finally:
            work.cancel()
            with suppress(BaseException):
                await work


class _Watched:
    """A transport that tells when the other side has ended it."""

    def __init__(self, transport: Transport, gone: Callable[[], None]) -> None:
        self._opened = transport()
        self._gone = gone

    async def __aenter__(self) -> Any:
        read, write = await self._opened.__aenter__()
        return _WatchedRead(read, self._gone), write

    async def __aexit__(self, *error: Any) -> bool | None:
        return await self._opened.__aexit__(*error)


class _WatchedRead:
    def __init__(self, read: Any, gone: Callable[[], None]) -> None:
        self._read = read
        self._gone = gone

    @property
    def last_context(self) -> Any:
        return getattr(self._read, "last_context", None)

    async def receive(self) -> Any:
        try:
            return _without_promises(await self._read.receive())
        except BaseException:
            self._gone()
            raise

    async def aclose(self) -> None:
        await self._read.aclose()

    def __aiter__(self) -> _WatchedRead:
        return self

    async def __anext__(self) -> Any:
        try:
            return _without_promises(await self._read.__anext__())
        except BaseException:
            self._gone()
            raise

    async def __aenter__(self) -> _WatchedRead:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.aclose()


def _without_promises(item: Any) -> Any:
    """A message without the schemas of results, by which the SDK would check them.

    A pattern in one can be made to run for ever, and nobody could stop it.
    """
    if isinstance(item, SessionMessage) and isinstance(item.message, JSONRPCResponse):
        tools = item.message.result.get("tools")
        for tool in cast("list[Any]", tools) if isinstance(tools, list) else []:
            if isinstance(tool, dict):
                cast("dict[str, Any]", tool).pop("outputSchema", None)
    return item
