"""Several models as one: the next is asked when one can't answer."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import httpx
from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    BaseMessage,
    InvalidToolCall,
    SystemMessage,
    ToolCall,
    ToolMessage,
)
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import Field, PrivateAttr

from deixis.vision._dialect import AskKind, Dialect, Frames, JsonObject
from deixis.vision._errors import EndpointError, ModelError
from deixis.vision._geometry import Detection
from deixis.vision._images import VisionImage
from deixis.vision._model import ImageView, VisionModel, tool_call_chunks
from deixis.vision._rewording import Rewording, prose_before_places
from deixis.vision._store import ImageStore

_FAILURES = (EndpointError, ModelError, ConnectionError, TimeoutError, httpx.TransportError)


class FallbackModel(VisionModel):
    """Asks the next model when one fails before it has said anything.

    To the outside it speaks the first model's dialect. Where another model means something else
    by its numbers, places are reworded on the way to it and back: in the system message, in what
    was said before, in tools' arguments and results, and in its reply, which is then held back
    from its first place on. What can't be reworded is left out, never left in a wrong frame.

    `response_metadata["answered_by"]` of a reply names the model that gave it.

    Args:
        models: In the order in which they are asked; two or more.
    """

    models: list[VisionModel] = Field(min_length=1)

    # In a list, since the agent works on a copy of the model that must share it.
    _last: list[str] = PrivateAttr(default_factory=list[str])

    def __init__(self, models: Sequence[VisionModel], **kwargs: Any) -> None:
        flat: list[VisionModel] = []
        for model in models:
            flat += model.models if isinstance(model, FallbackModel) else [model]
        fields: dict[str, Any] = {"models": flat}
        super().__init__(**fields, **kwargs)

    @property
    def dialect(self) -> Dialect:
        """The first model's."""
        return self.models[0].dialect

    @property
    def name_for_users(self) -> str:
        """The name of the model that answered last, or of the first."""
        return self._last[-1] if self._last else self.models[0].name_for_users

    @property
    def _llm_type(self) -> str:
        return "deixis-fallback"

    def with_images(self, store: ImageStore) -> VisionModel:
        """All models, looking images up in a store."""
        models = [model.with_images(store) for model in self.models]
        return self.model_copy(update={"images": store, "models": models})

    def ground(
        self, image: VisionImage, phrase: str, *, kind: AskKind = "boxes", language: str = "en"
    ) -> list[Detection]:
        """Where a phrase's things are; each model is asked in its own words."""

        def ask(model: VisionModel) -> list[Detection]:
            return model.ground(image, phrase, kind=kind, language=language)

        return self._first(ask)

    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool],
        *,
        tool_choice: str | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """Offers tools, their places still marked: each model is told of them in its own words."""
        marked = [convert_to_openai_tool(tool) for tool in tools]
        if tool_choice is not None:
            kwargs["tool_choice"] = tool_choice
        return cast("Runnable[LanguageModelInput, AIMessage]", self.bind(tools=marked, **kwargs))

    def _first(self, ask: Callable[[VisionModel], Any]) -> Any:
        failures = _Failures()
        for model in self.models:
            try:
                answer = ask(model)
            except _FAILURES as error:
                failures.add(model, error)
                continue
            self._answered(model)
            return answer
        raise failures.together()

    def _answered(self, model: VisionModel) -> None:
        self._last[:] = [model.name_for_users]

    def _exchange(
        self, model: VisionModel, messages: Sequence[BaseMessage], kwargs: Mapping[str, Any]
    ) -> _Exchange:
        tools = cast("list[JsonObject]", kwargs.get("tools") or [])
        return _Exchange.between(self, model, messages, tools)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,  # noqa: ARG002
        **kwargs: Any,
    ) -> ChatResult:
        def ask(model: VisionModel) -> ChatResult:
            exchange = self._exchange(model, messages, kwargs)
            inner = cast("Any", model)
            result = inner._generate(exchange.messages, stop, None, **exchange.kwargs(kwargs))
            return exchange.result(result)

        return cast("ChatResult", self._first(ask))

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,  # noqa: ARG002
        **kwargs: Any,
    ) -> ChatResult:
        failures = _Failures()
        for model in self.models:
            try:
                exchange = self._exchange(model, messages, kwargs)
                given = exchange.kwargs(kwargs)
                inner = cast("Any", model)
                result = await inner._agenerate(exchange.messages, stop, None, **given)
            except _FAILURES as error:
                failures.add(model, error)
                continue
            self._answered(model)
            return exchange.result(result)
        raise failures.together()

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        failures = _Failures()
        for model in self.models:
            begun = False
            try:
                exchange = self._exchange(model, messages, kwargs)
                for chunk in exchange.chunks(_stream_of(model, exchange, stop, kwargs)):
                    begun = True
                    if run_manager is not None:
                        run_manager.on_llm_new_token(chunk.text, chunk=chunk)
                    yield chunk
            except _FAILURES as error:
                if begun:
                    raise
                failures.add(model, error)
                continue
            self._answered(model)
            return
        raise failures.together()

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        failures = _Failures()
        for model in self.models:
            begun = False
            try:
                exchange = self._exchange(model, messages, kwargs)
                source = _astream_of(model, exchange, stop, kwargs)
                async for chunk in exchange.achunks(source):
                    begun = True
                    if run_manager is not None:
                        await run_manager.on_llm_new_token(chunk.text, chunk=chunk)
                    yield chunk
            except _FAILURES as error:
                if begun:
                    raise
                failures.add(model, error)
                continue
            self._answered(model)
            return
        raise failures.together()


class _Failures:
    """What the models failed with."""

    def __init__(self) -> None:
        self._errors: list[tuple[str, Exception]] = []

    def add(self, model: VisionModel, error: Exception) -> None:
        self._errors.append((model.name_for_users, error))

    def together(self) -> Exception:
        """The one error, or all in one line."""
        if len(self._errors) == 1:
            return self._errors[0][1]
        told = "; ".join(f"{name}: {error or type(error).__name__}" for name, error in self._errors)
        return EndpointError(f"no model answered: {told}")


def _stream_of(
    model: VisionModel, exchange: _Exchange, stop: list[str] | None, kwargs: Mapping[str, Any]
) -> Iterator[ChatGenerationChunk]:
    inner, given = cast("Any", model), exchange.kwargs(kwargs)
    if type(model)._stream is BaseChatModel._stream:  # pyright: ignore[reportPrivateUsage]
        yield _as_chunk(inner._generate(exchange.messages, stop, None, **given))
        return
    yield from inner._stream(exchange.messages, stop, None, **given)


async def _astream_of(
    model: VisionModel, exchange: _Exchange, stop: list[str] | None, kwargs: Mapping[str, Any]
) -> AsyncIterator[ChatGenerationChunk]:
    inner, given = cast("Any", model), exchange.kwargs(kwargs)
    kind, base = type(model), BaseChatModel
    streams = kind._stream is not base._stream or kind._astream is not base._astream  # pyright: ignore[reportPrivateUsage]
    if not streams:
        yield _as_chunk(await inner._agenerate(exchange.messages, stop, None, **given))
        return
    async for chunk in inner._astream(exchange.messages, stop, None, **given):
        yield chunk


def _as_chunk(result: ChatResult) -> ChatGenerationChunk:
    message = cast("AIMessage", result.generations[0].message)
    return ChatGenerationChunk(
        message=AIMessageChunk(
            content=message.text,
            tool_call_chunks=tool_call_chunks(message),
            additional_kwargs=message.additional_kwargs,
            response_metadata=message.response_metadata,
            usage_metadata=message.usage_metadata,
            chunk_position="last",
        )
    )


@dataclass(frozen=True, kw_only=True)
class _Exchange:
    """One model's part in a conversation that is held in another's words.

    Attributes:
        name: Of the model.
        messages: In its words.
        tools: In its words.
        schemas: Of the tools' parameters, places marked, by name.
        back: From its words.
    """

    name: str
    messages: list[BaseMessage]
    tools: list[JsonObject]
    schemas: Mapping[str, JsonObject]
    back: Rewording

    @classmethod
    def between(
        cls,
        outside: VisionModel,
        model: VisionModel,
        messages: Sequence[BaseMessage],
        tools: Sequence[JsonObject],
    ) -> _Exchange:
        views = model.views(messages)
        here, there = outside.dialect, model.dialect
        back = Rewording(
            said=there, told=here, said_frames=model.frames(views), told_frames=_frames(here, views)
        )
        schemas = {
            str(function.get("name")): cast("JsonObject", function.get("parameters") or {})
            for tool in tools
            if (function := cast("JsonObject", tool.get("function") or {}))
        }
        told = list(messages)
        if back.needed or here.frame_words() != there.frame_words():
            told = [
                _reworded(message, number, views, here, there, schemas)
                for number, message in enumerate(messages)
            ]
        return cls(
            name=model.name_for_users,
            messages=told,
            tools=[there.word_schema(tool) for tool in tools],
            schemas=schemas,
            back=back,
        )

    def kwargs(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """What was bound, with the tools in the model's words."""
        return {**given, "tools": self.tools} if self.tools else dict(given)

    def result(self, result: ChatResult) -> ChatResult:
        """A whole reply in the outside's words."""
        message = cast("AIMessage", result.generations[0].message)
        told = message.model_copy(
            update={
                "content": self.back.text(message.text) if self.back.needed else message.content,
                "tool_calls": self._calls(message.tool_calls),
                "invalid_tool_calls": self._unread(message.invalid_tool_calls),
                "response_metadata": self._metadata(message),
            }
        )
        return ChatResult(generations=[ChatGeneration(message=told)], llm_output=result.llm_output)

    def _calls(self, calls: Sequence[ToolCall]) -> list[ToolCall]:
        return [
            ToolCall(
                name=call["name"],
                args=self.back.arguments(call["args"], self.schemas.get(call["name"])),
                id=call["id"],
                type="tool_call",
            )
            for call in calls
        ]

    def _unread(self, calls: Sequence[InvalidToolCall]) -> list[InvalidToolCall]:
        """Calls that couldn't be read: without numbers, where those mean something else."""
        if not self.back.needed:
            return list(calls)
        return [
            InvalidToolCall(
                name=call["name"],
                args=re.sub(r"\d+(\.\d+)?", "…", call["args"] or ""),
                id=call["id"],
                error=call.get("error"),
                type="invalid_tool_call",
            )
            for call in calls
        ]

    def _metadata(self, message: AIMessage) -> dict[str, Any]:
        return {**message.response_metadata, "answered_by": self.name}

    def chunks(self, source: Iterator[ChatGenerationChunk]) -> Iterator[ChatGenerationChunk]:
        """A streamed reply in the outside's words."""
        held = _Held(self)
        for chunk in source:
            if (passed := held.feed(chunk)) is not None:
                yield passed
        yield held.last()

    async def achunks(
        self, source: AsyncIterator[ChatGenerationChunk]
    ) -> AsyncIterator[ChatGenerationChunk]:
        """The same, asynchronously."""
        held = _Held(self)
        async for chunk in source:
            if (passed := held.feed(chunk)) is not None:
                yield passed
        yield held.last()

    def ending(self, total: AIMessageChunk | None, text: str) -> ChatGenerationChunk:
        """The last chunk: the rest of the text, the calls, the figures."""
        whole = total or AIMessageChunk(content="")
        calls = AIMessage(
            "",
            tool_calls=self._calls(whole.tool_calls),
            invalid_tool_calls=self._unread(whole.invalid_tool_calls),
        )
        return ChatGenerationChunk(
            message=AIMessageChunk(
                content=text,
                tool_call_chunks=tool_call_chunks(calls),
                response_metadata=self._metadata(whole),
                usage_metadata=whole.usage_metadata,
                chunk_position="last",
            )
        )


class _Held:
    """Lets a reply's prose through as it streams, and holds back where a place may begin."""

    def __init__(self, exchange: _Exchange) -> None:
        self._exchange = exchange
        self._total: AIMessageChunk | None = None
        self._text = ""
        self._shown = 0
        self._stopped = False

    def feed(self, chunk: ChatGenerationChunk) -> ChatGenerationChunk | None:
        """What can be shown of a chunk at once."""
        message = cast("AIMessageChunk", chunk.message)
        self._total = message if self._total is None else self._total + message
        self._text += message.text
        safe = self._safe()
        text, self._shown = self._text[self._shown : safe], safe
        if not text and not message.additional_kwargs:
            return None
        passed = AIMessageChunk(content=text, additional_kwargs=message.additional_kwargs)
        return ChatGenerationChunk(message=passed)

    def _safe(self) -> int:
        if not self._exchange.back.needed:
            return len(self._text)
        if self._stopped:
            return self._shown
        safe = self._shown + prose_before_places(self._text[self._shown :])
        self._stopped = safe < len(self._text) and self._text[safe] != "("
        return safe

    def last(self) -> ChatGenerationChunk:
        """The rest, in the outside's words."""
        rest = self._exchange.back.text(self._text[self._shown :])
        return self._exchange.ending(self._total, rest)


def _frames(dialect: Dialect, views: Sequence[ImageView]) -> Frames:
    frames: dict[str | None, Any] = {
        view.handle: dialect.frame(view.image.size, image=view.handle) for view in views
    }
    if views:
        frames[None] = frames[views[-1].handle]
    return frames


def _reworded(
    message: BaseMessage,
    number: int,
    views: Sequence[ImageView],
    here: Dialect,
    there: Dialect,
    schemas: Mapping[str, JsonObject],
) -> BaseMessage:
    """A message of the conversation in a model's own words.

    A place that names no image is on the latest of its time.
    """
    if isinstance(message, SystemMessage):
        return _mapped(message, lambda text: text.replace(here.frame_words(), there.frame_words()))
    if not isinstance(message, AIMessage | ToolMessage):
        return message
    seen = [view for view in views if view.messages and view.messages[0] <= number]
    words = Rewording(
        said=here, told=there, said_frames=_frames(here, seen), told_frames=_frames(there, seen)
    )
    told = _mapped(message, words.text)
    if not isinstance(told, AIMessage) or not told.tool_calls:
        return told
    calls = [
        ToolCall(
            name=call["name"],
            args=words.arguments(call["args"], schemas.get(call["name"])),
            id=call["id"],
            type="tool_call",
        )
        for call in told.tool_calls
    ]
    return told.model_copy(update={"tool_calls": calls})


def _mapped(message: BaseMessage, change: Callable[[str], str]) -> BaseMessage:
    """A message with its texts changed."""
    if isinstance(message.content, str):
        return message.model_copy(update={"content": change(message.content)})
    content: list[Any] = []
    for block in message.content:
        if isinstance(block, str):
            content.append(change(block))
        elif block.get("type") == "text":
            content.append({**block, "text": change(str(block.get("text") or ""))})
        else:
            content.append(block)
    return message.model_copy(update={"content": content})
