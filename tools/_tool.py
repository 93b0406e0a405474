"""Tools that take places: a function's types become the schema that a model is shown."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Generic, ParamSpec, TypeVar, cast, get_type_hints, overload

from docstring_parser import parse as parse_docstring
from pydantic import BaseModel, ConfigDict, Field, create_model

from deixis.tools._arguments import typed_arguments
from deixis.vision import (
    Box,
    DeixisError,
    Detection,
    Dialect,
    Frames,
    ImageBook,
    PixelDialect,
    Point,
    Reader,
    ToolError,
    VisionImage,
)

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, kw_only=True)
class NewImage:
    """An image that a tool made.

    Attributes:
        image: The image.
        parent: Handle of the image it was cut from, if it was.
        region: Where in the parent, in original pixels.
        shown: Whether it is for the user to see, too, such as the plan of a route.
        alt: What is to be seen on it, for who can't see it.
    """

    image: VisionImage
    parent: str | None = None
    region: Box | None = None
    shown: bool = False
    alt: str = ""


@dataclass(frozen=True, kw_only=True)
class ToolResult:
    """What a tool gives back.

    Attributes:
        text: For the model to read.
        images: Made by the tool; the agent gives them handles and shows them to the model.
        detections: Places that the result speaks of, in original pixels.
        data: The same for a program, which finds it in `ToolCallRecord.data`. A model that a tool
            returns is both.
        kept: JSON that stays with the result in the conversation, shown to nobody: for the next
            call of the same tool, which finds it in `ToolContext.messages`.
        origin: Who wrote the text, if not us: what stands in an image, a map or a memory, or comes
            from another's tool, is marked for the model as that.
    """

    text: str
    images: tuple[NewImage, ...] = ()
    detections: tuple[Detection, ...] = ()
    data: BaseModel | None = None
    kept: Any = None
    origin: str = ""


@dataclass(frozen=True, kw_only=True)
class ToolContext:
    """What a tool may use beside its arguments: name it as a parameter to get it.

    Attributes:
        book: The conversation's images.
        reader: Reads text.
        dialect: How the model at work writes places.
        frames: Its frame on each image.
        call_id: What the model calls this call by. Models count anew in each reply, so the next
            call may have the same.
        idempotency_key: Names this call for good: no other call has it, and it is the same when
            the call comes again after the process was killed. Give it to a service that takes
            one, such as a payment server, and a repeated call isn't done twice; or ask with it
            whether the call was done. It is hexadecimal and tells nothing of the user.

            ```python
            @tool(approval=True)
            def pay(pence: int, context: ToolContext) -> str:
                '''Pay the bill.'''
                headers = {"Idempotency-Key": context.idempotency_key}
                return httpx.post(PAYMENTS, json={"pence": pence}, headers=headers).text
            ```
        thread: The conversation.
        user: Whose conversation it is.
        latest: Handle of the latest image when the call was made; the book's by default.
            Calls side by side may add images, which must not change what the others mean.
        messages: The conversation so far, as LangChain's messages, the call in the last one: for
            tools that are agents themselves.
    """

    book: ImageBook
    reader: Reader
    dialect: Dialect = field(default_factory=PixelDialect)
    frames: Frames = field(default_factory=dict[str | None, Any])
    call_id: str = ""
    idempotency_key: str = ""
    thread: str | None = None
    user: str | None = None
    latest: str | None = None
    messages: Sequence[Any] = ()

    def image(self, handle: str | None) -> tuple[str, VisionImage]:
        """An image by its handle, the latest for None.

        Raises:
            ToolError: There is none.
        """
        last = self.book.latest
        chosen = handle or self.latest or (last.handle if last else "")
        if not chosen:
            raise ToolError("there is no image in this conversation yet: ask for one")
        try:
            return chosen, self.book.image(chosen)
        except DeixisError as error:
            raise ToolError(str(error)) from None

    def original(self, detection: Detection) -> Detection:
        """A detection on a cut, in pixels of the image it was cut from, as all places are kept."""
        return self.book.in_original(detection)

    def said(self, place: Point | Box) -> dict[str, object]:
        """A place in original pixels in the words of the model at work."""
        return self.dialect.write_place(place, self.frames)


@dataclass(frozen=True, kw_only=True)
class Tool(Generic[P, R]):
    """A function that a model can call. Made by the `tool` decorator; callable as before.

    Attributes:
        name: What the model calls it by.
        description: What the model is told of it.
        function: What runs.
        arguments: Types of its arguments; places are marked for the dialect to word.
        approval: Whether a person is asked before it runs.
        effect: Whether it changes something outside the conversation, so that one call of it is
            never made twice: not after a lost connection, and not after a kill. What needs
            approval has an effect.
        check: Takes the same arguments and refuses, with a `ToolError`, what isn't worth asking
            a person for. It changes nothing, and the tool checks again when it runs.
        asks: What would happen, for the person to judge, such as `pick up what is at {at}`.
        coroutine: The same as `function`, asynchronously, where both are there.
        origin: Who writes its results and errors, if not we do: `the map`, `the server files`.
            A result that says so itself (`ToolResult.origin`) is taken at its word.
    """

    name: str
    description: str
    function: Callable[P, R]
    arguments: type[BaseModel]
    approval: bool = False
    context_name: str | None = None
    effect: bool = False
    check: Callable[..., None] | None = None
    asks: str = ""
    coroutine: Callable[..., Awaitable[object]] | None = None
    origin: str = ""

    def __post_init__(self) -> None:
        if self.approval:
            object.__setattr__(self, "effect", True)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Calls the function itself."""
        return self.function(*args, **kwargs)

    @property
    def schema(self) -> dict[str, Any]:
        """JSON schema of the arguments, places marked with `x-deixis-place`."""
        return self.arguments.model_json_schema()

    def run(self, said: Mapping[str, object], context: ToolContext) -> ToolResult:
        """Runs the tool with a model's arguments.

        Raises:
            ToolError: The arguments are wrong, or the tool can't do it; for the model to mend.
        """
        if inspect.iscoroutinefunction(self.function):
            raise ToolError(f"{self.name} is asynchronous: run the agent with aask or astream")
        return self._signed(self._call(self._given(said, context)))

    async def arun(self, said: Mapping[str, object], context: ToolContext) -> ToolResult:
        """The same for a function that may be asynchronous; one that isn't runs in a thread."""
        import asyncio

        given = self._given(said, context)
        if self.coroutine is not None:
            return self._signed(await self.coroutine(**given))
        if inspect.iscoroutinefunction(self.function):
            return self._signed(await cast("Awaitable[object]", self._call(given)))
        return self._signed(await asyncio.to_thread(self._call, given))

    def refuse(self, said: Mapping[str, object], context: ToolContext) -> None:
        """Refuses a call that isn't worth asking a person for; needs `check`.

        Raises:
            ToolError: The arguments are wrong, or `check` refuses them; for the model to mend.
        """
        given = self._given(said, context)
        if self.check is not None:
            self.check(**given)

    def _signed(self, value: object) -> ToolResult:
        result = as_result(value)
        return replace(result, origin=result.origin or self.origin)

    def _call(self, given: Mapping[str, object]) -> object:
        return cast("Callable[..., object]", self.function)(**given)

    def _given(self, said: Mapping[str, object], context: ToolContext) -> dict[str, object]:
        given = typed_arguments(
            said, self.arguments, dialect=context.dialect, frames=context.frames
        )
        return given | ({self.context_name: context} if self.context_name else {})


def as_result(value: object) -> ToolResult:
    """What a function returned, as a result: text, a model, detections or an image."""
    if isinstance(value, ToolResult):
        return value
    if isinstance(value, VisionImage):
        text = f"An image: {value.source}."
        return ToolResult(text=text, images=(NewImage(image=value),), origin="its name")
    if isinstance(value, Detection):
        value = [value]
    if isinstance(value, BaseModel):
        return ToolResult(text=value.model_dump_json(), data=value)
    if isinstance(value, Sequence) and value and not isinstance(value, str):
        items = cast("Sequence[object]", value)
        if all(isinstance(item, Detection) for item in items):
            found = tuple(cast("Sequence[Detection]", items))
            text = "\n".join(d.text or d.label for d in found)
            return ToolResult(text=text, detections=found, origin="an image")
    return ToolResult(text="" if value is None else str(cast("object", value)))


@overload
def tool(function: Callable[P, R], /) -> Tool[P, R]: ...
@overload
def tool(
    *,
    name: str | None = None,
    approval: bool = False,
    effect: bool = False,
    check: Callable[..., None] | None = None,
    asks: str = "",
    origin: str = "",
) -> Callable[[Callable[P, R]], Tool[P, R]]: ...
def tool(
    function: Callable[P, R] | None = None,
    /,
    *,
    name: str | None = None,
    approval: bool = False,
    effect: bool = False,
    check: Callable[..., None] | None = None,
    asks: str = "",
    origin: str = "",
) -> Tool[P, R] | Callable[[Callable[P, R]], Tool[P, R]]:
    """Makes a function a tool.

    Its annotations become the schema, `Point` and `Box` included; its docstring the
    description, with the arguments' lines of a Google-style `Args:` section. A parameter of
    type `ToolContext` is filled by the agent and hidden from the model.

    Args:
        function: The function, where the decorator is used bare.
        name: What the model calls it by; the function's name by default.
        approval: Whether a person is asked first. Set it for anything that moves or changes
            something outside the conversation.
        effect: Whether it changes something for which nobody need be asked: a call of it is
            made once, also when the process is killed and the conversation resumed. Implied by
            `approval`. A tool that only reads leaves it out, and is simply run again.
        check: Takes the same arguments, the context included, and raises `ToolError` for a call
            that a person needn't be asked about: what it refuses goes back to the model. The
            tool must check again when it runs, since things may have changed by then.
        asks: What the person is told would happen, with arguments by name in braces; the tool's
            name and its places by default.
        origin: Who writes what it gives back, where that isn't you: of a tool that looks something
            up on the web, `the web`. The model is shown those words marked as a quotation.

    Raises:
        TypeError: A parameter has no annotation, or there is no docstring.
    """

    def make(wrapped: Callable[P, R]) -> Tool[P, R]:
        made = _tool(wrapped, name=name, approval=approval, effect=effect)
        return replace(made, check=check, asks=asks, origin=origin)

    return make if function is None else make(function)


def _tool(
    function: Callable[P, R], *, name: str | None, approval: bool, effect: bool
) -> Tool[P, R]:
    called = name or function.__name__
    documented = parse_docstring(inspect.getdoc(function) or "")
    summary = "\n\n".join(
        part for part in (documented.short_description, documented.long_description) if part
    )
    if not summary:
        raise TypeError(f"tool {called} needs a docstring: it is what the model is told of it")
    told = {param.arg_name: param.description for param in documented.params}
    try:
        hints = get_type_hints(function, include_extras=True)
    except NameError as error:
        raise TypeError(f"tool {called}: its annotations must be importable ({error})") from None
    fields: dict[str, Any] = {}
    context_name: str | None = None
    for parameter in inspect.signature(function).parameters.values():
        if parameter.name not in hints:
            raise TypeError(f"tool {called}: annotate {parameter.name}, its type is its schema")
        if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
            raise TypeError(f"tool {called}: {parameter} can't be filled by name")
        kind = hints[parameter.name]
        if kind is ToolContext:
            context_name = parameter.name
            continue
        default = ... if parameter.default is parameter.empty else parameter.default
        fields[parameter.name] = (kind, Field(default, description=told.get(parameter.name)))
    arguments = create_model(
        called, __config__=ConfigDict(extra="forbid", protected_namespaces=()), **fields
    )
    return Tool(
        name=called,
        description=summary,
        function=function,
        arguments=arguments,
        approval=approval,
        effect=effect,
        context_name=context_name,
    )
