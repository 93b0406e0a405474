"""`McpTools`: the tools of a server, for an agent's list of tools."""

from __future__ import annotations

import asyncio
import base64
import logging
from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from io import BytesIO
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal, Self, TypedDict, TypeVar, Unpack

from mcp.client.stdio import StdioServerParameters
from mcp.shared.exceptions import MCPError
from mcp_types import Tool as ServerTool
from pydantic import ValidationError

from deixis.tools._tool import Tool, ToolContext, ToolResult
from deixis.tools.mcp._connection import Connection, LostError, SlowError
from deixis.tools.mcp._errors import McpError
from deixis.tools.mcp._limits import McpLimits, McpProgress
from deixis.tools.mcp._offered import Offered, digest_of, offered
from deixis.tools.mcp._results import result_of
from deixis.tools.mcp._schema import JsonObject, arguments_type, with_handles
from deixis.tools.mcp._transports import (
    Complaints,
    Transport,
    checked_url,
    http_transport,
    stdio_transport,
)
from deixis.tools.mcp._words import Secrets, name_of, one_line
from deixis.vision import ToolError, VisionImage

ImageForm = Literal["base64", "data_uri"]
T = TypeVar("T")
_LONGEST_NAME: Final = 40
_LONGEST_WORDS: Final = 300
_JPEG_QUALITY: Final = 95
_log = logging.getLogger(__name__)


class McpOptions(TypedDict, total=False):
    """What `McpTools.stdio` and `McpTools.http` both take.

    Attributes:
        prefix: Put before every tool's name; by default the server's name, and only where the
            name is taken.
        only: The tools that are taken, as the server calls them; all by default.
        trusted: Those of them that nobody is asked about.
        beside: Other tools of the agent, whose names these don't take.
        images: By a tool's name, the parameters that take an image: the model names one by its
            handle, and the server is sent the picture, without what the camera wrote beside it.
        image_form: How it is sent: as `base64` or as a `data_uri`.
        on_progress: Told how far a call is, in the connection's own thread.
        limits: What the server may cost.
    """

    prefix: str | None
    only: Collection[str] | None
    trusted: Collection[str]
    beside: Collection[Tool[..., Any]]
    images: Mapping[str, str | Collection[str]] | None
    image_form: ImageForm
    on_progress: Callable[[McpProgress], None] | None
    limits: McpLimits | None


class McpTools:
    """The tools of an MCP server, as tools of ours. Made by `stdio` and `http`.

    ```python
    with McpTools.stdio("python", "notes.py") as notes:
        agent = VisionAgent(tools=[*standard_tools(), *notes.tools])
    ```

    A context manager, also an asynchronous one: inside it the server is open. A thread of its
    own holds the connection, so that agents in any thread or event loop may use the tools.

    A person is asked before any of them runs, unless you trust it by name. What a server says
    of itself, such as that a tool only reads, exempts nothing. A tool is what it was when the
    server was opened: one that is defined otherwise later isn't called.

    Attributes:
        name: What the server is called, in what the model and the person are told.
        left_out: Tools that weren't taken, each with the reason.
    """

    def __init__(self, name: str, connection: Connection, options: McpOptions) -> None:
        self.name = name
        self.left_out: dict[str, str] = {}
        self._connection = connection
        self._prefix = options.get("prefix")
        self._only = options.get("only")
        self._trusted = frozenset(options.get("trusted", ()))
        self._taken = [tool.name for tool in options.get("beside", ())]
        self._images = {
            tool: (names,) if isinstance(names, str) else tuple(names)
            for tool, names in (options.get("images") or {}).items()
        }
        self._image_form: ImageForm = options.get("image_form", "base64")
        self._on_progress = options.get("on_progress")
        self._limits = options.get("limits") or McpLimits()
        self._tools: tuple[Tool[..., ToolResult], ...] = ()

    @classmethod
    def stdio(
        cls,
        command: str,
        *arguments: str,
        env: Mapping[str, str] | None = None,
        cwd: str | PathLike[str] | None = None,
        name: str | None = None,
        **options: Unpack[McpOptions],
    ) -> Self:
        """A server that is a program: it is started here, and ended with the context.

        Args:
            command: The program.
            arguments: Its arguments.
            env: Added to the few variables that a server gets: PATH, HOME, USER and the like.
                Their values, such as keys, are shown nowhere.
            cwd: Its folder; this process's by default.
            name: What to call it; by default after the script or the program.
            options: As `McpOptions` names them.

        Raises:
            McpError: An option can't be meant.
        """
        called = _label(name, *(Path(word).stem for word in (*_scripts(arguments), command)))
        secrets = Secrets((env or {}).values())
        complaints = Complaints(called, secrets)
        parameters = StdioServerParameters(
            command=command,
            args=list(arguments),
            env=dict(env or {}),
            cwd=None if cwd is None else Path(cwd),
        )
        return cls._over(
            called, stdio_transport(parameters, complaints), secrets, complaints, options
        )

    @classmethod
    def http(
        cls,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        name: str | None = None,
        **options: Unpack[McpOptions],
    ) -> Self:
        """A server at an address, over streamable HTTP.

        Args:
            url: http or https. A redirect to another host isn't followed, so headers stay there.
            headers: Sent along, such as `Authorization`. Their values are shown nowhere.
            name: What to call it; by default the host.
            options: As `McpOptions` names them.

        Raises:
            McpError: The address or an option can't be meant.
        """
        called = _label(name, checked_url(url))
        secrets = Secrets((headers or {}).values())
        bounds = options.get("limits") or McpLimits()
        complaints = Complaints(called, secrets)
        transport = http_transport(url, dict(headers or {}), bounds, complaints)
        return cls._over(called, transport, secrets, complaints, options)

    @classmethod
    def _over(
        cls,
        name: str,
        transport: Transport,
        secrets: Secrets,
        complaints: Complaints,
        options: McpOptions,
    ) -> Self:
        bounds = options.get("limits") or McpLimits()
        connection = Connection(
            name, transport, limits=bounds, secrets=secrets, complaints=complaints
        )
        return cls(name, connection, options)

    def __repr__(self) -> str:
        state = f"{len(self._tools)} tools" if self._connection.is_open else "closed"
        return f"McpTools({self.name!r}, {state})"

    @property
    def tools(self) -> tuple[Tool[..., ToolResult], ...]:
        """The tools, as they were when the server was opened.

        Raises:
            McpError: It isn't open.
        """
        if not self._connection.is_open:
            raise McpError(f"the MCP server {self.name} isn't open: use it in a with statement")
        return self._tools

    def __enter__(self) -> Self:
        listed = self._connection.open()
        try:
            self._take(
                *offered(
                    listed,
                    server=self.name,
                    prefix=self._prefix,
                    taken=self._taken,
                    limits=self._limits,
                )
            )
        except BaseException:
            self._connection.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._connection.close()

    async def __aenter__(self) -> Self:
        return await asyncio.to_thread(self.__enter__)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await asyncio.to_thread(self._connection.close)

    def _take(self, kept: list[Offered], left_out: dict[str, str]) -> None:
        known = [one.called for one in kept]
        for option, names in (
            ("only", self._only or ()),
            ("trusted", self._trusted),
            ("images", self._images),
        ):
            if lacking := [name for name in names if name not in known]:
                listed = ", ".join(one_line(name, 60) for name in known) or "none"
                raise McpError(
                    f"{option} names {lacking[0]!r}, which {self.name} hasn't: it has {listed}"
                )
        chosen = [one for one in kept if self._only is None or one.called in self._only]
        for name, reason in left_out.items():
            _log.warning("the tool %s of %s is left out: %s", name, self.name, reason)
        self.left_out = left_out
        self._tools = tuple(self._tool(one) for one in chosen)

    def _tool(self, one: Offered) -> Tool[..., ToolResult]:
        images = self._images.get(one.called, ())
        try:
            schema = with_handles(one.schema, images) if images else one.schema
        except McpError as error:
            raise McpError(f"images names the tool {one.called!r}: {error}") from None

        def run(arguments: JsonObject, context: ToolContext) -> ToolResult:
            return self._connection_run(self._called(one, self._sent(arguments, images, context)))

        async def arun(arguments: JsonObject, context: ToolContext) -> ToolResult:
            sent = await asyncio.to_thread(self._sent, arguments, images, context)
            return await self._connection_arun(self._called(one, sent))

        def check(arguments: JsonObject, context: ToolContext) -> None:
            for image in _named(arguments, images):
                context.image(image)

        whose = f"the MCP server {self.name}"
        return Tool(
            name=one.name,
            description=one.description,
            function=run,
            coroutine=arun,
            arguments=arguments_type(one.name, schema),
            approval=one.called not in self._trusted,
            # Nobody knows that it has none, whatever the server says.
            effect=True,
            context_name="context",
            check=check,
            asks=f"call {name_of(one.called) or one.name} of {whose} with {{arguments}}",
            origin=whose,
        )

    def _sent(
        self, arguments: JsonObject, images: Collection[str], context: ToolContext
    ) -> JsonObject:
        """The arguments with pictures in place of their handles."""
        sent = dict(arguments)
        for parameter in images:
            if arguments.get(parameter) is not None:
                _, image = context.image(str(arguments[parameter]))
                sent[parameter] = _encoded(image, self._image_form)
        return sent

    def _connection_run(self, work: Coroutine[Any, Any, T]) -> T:
        try:
            return self._connection.run(work)
        except LostError as error:
            raise ToolError(self._told_lost(error)) from None

    async def _connection_arun(self, work: Coroutine[Any, Any, T]) -> T:
        try:
            return await asyncio.wrap_future(self._connection.submit(work))
        except LostError as error:
            raise ToolError(self._told_lost(error)) from None

    async def _called(self, one: Offered, arguments: JsonObject) -> ToolResult:
        """One call, on the connection's own loop."""

        def check(tools: Sequence[ServerTool]) -> None:
            now = next((tool for tool in tools if tool.name == one.called), None)
            if now is None:
                raise ToolError(f"{self.name} has this tool no more: use another")
            if digest_of(now) != one.digest:
                raise ToolError(
                    f"{self.name} defines this tool otherwise now than when it was opened: it "
                    "wasn't called. The user can open the server anew."
                )

        async def progress(done: float, total: float | None, message: str | None) -> None:
            if self._on_progress is not None:
                words = one_line(message or "", _LONGEST_WORDS)
                self._on_progress(
                    McpProgress(
                        server=self.name, tool=one.name, done=done, total=total, message=words
                    )
                )

        try:
            answer = await self._connection.call(
                one.called, arguments, check=check, progress=progress
            )
        except SlowError:
            raise ToolError(
                f"{self.name} took too long and was told to stop. Whether it was done is not "
                "known: look before you try again."
            ) from None
        except MCPError as error:
            words = one_line(self._connection.hidden(error.message), _LONGEST_WORDS)
            raise ToolError(f"{self.name} refuses the call, in words of its own: {words}") from None
        except (ValidationError, RuntimeError):
            # The SDK's words for an answer that doesn't keep to the protocol or to its own schema.
            raise ToolError(
                f"{self.name} answered what can't be read, or not what it promised. It may have "
                "done what it was asked."
            ) from None
        return await asyncio.to_thread(
            result_of, answer, server=self.name, tool=one.called, limits=self._limits
        )

    def _told_lost(self, error: LostError) -> str:
        if not error.begun:
            return f"{error}. Nothing was done."
        return (
            f"{self.name} went away during the call. Whether it was done is not known: look "
            "before you try again. The next call opens it anew."
        )


def _label(name: str | None, *guesses: str) -> str:
    """What a server is called: never what it calls itself, which could be another's name.

    Raises:
        McpError: The name has no letter.
    """
    if name is not None and not name_of(name):
        raise McpError(f"the server's name {name!r} has no letter or digit: give it another")
    return next(
        filter(None, (name_of(word, most=_LONGEST_NAME) for word in (name or "", *guesses))),
        "server",
    )


def _scripts(arguments: Collection[str]) -> list[str]:
    return [word for word in arguments if word.endswith((".py", ".js", ".ts"))][:1]


def _named(arguments: Mapping[str, Any], images: Collection[str]) -> list[str]:
    return [str(arguments[name]) for name in images if arguments.get(name) is not None]


def _encoded(image: VisionImage, form: ImageForm) -> str:
    """The picture alone: upright, and without what a camera writes beside it, such as the place."""
    jpeg = image.mime == "image/jpeg"
    buffer = BytesIO()
    pixels = image.pixels()
    if jpeg:
        pixels.save(buffer, "JPEG", quality=_JPEG_QUALITY)
    else:
        pixels.save(buffer, "PNG")
    data = base64.b64encode(buffer.getvalue()).decode("ascii")
    return data if form == "base64" else f"data:image/{'jpeg' if jpeg else 'png'};base64,{data}"
