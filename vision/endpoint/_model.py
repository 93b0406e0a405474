"""A vision model behind any OpenAI-compatible server, as LangChain's chat model."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import Any, ClassVar

import httpx
from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    BaseMessage,
    InvalidToolCall,
    ToolCall,
)
from langchain_core.messages.ai import InputTokenDetails, OutputTokenDetails, UsageMetadata
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from pydantic import Field, PrivateAttr, SecretStr

from deixis.vision._dialect import Dialect, JsonObject
from deixis.vision._errors import ModelError
from deixis.vision._model import VisionModel, broken_call, tool_call_chunks
from deixis.vision._turns import ImagePart, turns_of
from deixis.vision.endpoint._client import Client
from deixis.vision.endpoint._failures import Endpoint
from deixis.vision.endpoint._images import ImageEncoder
from deixis.vision.endpoint._names import checked_url
from deixis.vision.endpoint._replies import Delta, Ending, ReplyReader, Usage
from deixis.vision.endpoint._requests import MessageWriter, Offer, ToolMode
from deixis.vision.endpoint._retries import Retries
from deixis.vision.endpoint._servers import (
    DASHSCOPE_TOKENS,
    ServerKind,
    check_key,
    facts_of_server,
    key_for,
    server_of,
)
from deixis.vision.qwen._dialect import QwenDialect
from deixis.vision.qwen._families import Family, facts_of, families, family_of_name
from deixis.vision.qwen._resize import served_limits
from deixis.vision.qwen._tool_calls import ToolCallStream, ToolWriter, tool_writer

_PER_CALL = (
    "temperature",
    "top_p",
    "max_tokens",
    "seed",
    "presence_penalty",
    "frequency_penalty",
    "response_format",
)


class EndpointModel(VisionModel):
    """A model of the Qwen-VL line behind an OpenAI-compatible server.

    Images are resized here to what the model is to see, so that the frame of its words is known
    whichever server it is. One model may be used by many threads and event loops.

    Calls that can't be read are in the message's `invalid_tool_calls`, each with the sentence
    that tells the model how to mend it before its words.

    Attributes:
        base_url: Address of the API, e.g. `http://127.0.0.1:8000/v1`.
        model: The name the server knows the model by.
        family: Told by the model's name, or else by what the server says of it.
        server: Kind of server; told by the address where it is DashScope's or Ollama's.
        api_key: From the environment where it is left out: `DASHSCOPE_API_KEY` for DashScope,
            `DEIXIS_API_KEY` for the others, `OPENAI_API_KEY` for api.openai.com alone.
        temperature: As the server takes it.
        top_p: As the server takes it.
        max_tokens: Of a reply.
        timeout: Seconds without a word from the server before it counts as stuck.
        retries: When a request that nothing was answered to is sent again; a number stands for
            so many tries more.
        tools: `native`: the server is given the tools and parses the calls. `text`: they are
            written into the system message and the calls read from the reply. By default native
            where the family's chat template knows tools.
        thinking: Whether the model is to think before it answers; left to the server if None.
        min_pixels: Least area of an image the model sees, in square pixels; by default what
            every server leaves as it is.
        max_pixels: Greatest, likewise. Servers started with other limits of their own need the
            same here, or places come out wrong.
        extra_body: More fields of every request.
        http: A client to use in threads, with proxies or certificates of your own. You close it.
        async_http: The same for event loops.
    """

    base_url: str
    model: str
    family: Family | None = None
    server: ServerKind | None = None
    api_key: SecretStr | None = Field(default=None, exclude=True, repr=False)
    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    timeout: float = Field(default=120.0, gt=0)
    retries: int | Retries = Field(default=2, exclude=True)
    tools: ToolMode | None = None
    thinking: bool | None = None
    min_pixels: int | None = Field(default=None, gt=0)
    max_pixels: int | None = Field(default=None, gt=0)
    extra_body: Mapping[str, Any] = Field(default_factory=dict[str, Any])
    http: httpx.Client | None = Field(default=None, exclude=True, repr=False)
    async_http: httpx.AsyncClient | None = Field(default=None, exclude=True, repr=False)

    sees: ClassVar[str] = "text and objects"

    _kind: ServerKind = PrivateAttr()
    _family: Family = PrivateAttr()
    _client: Client = PrivateAttr()
    _dialect: QwenDialect = PrivateAttr()
    _encoder: ImageEncoder = PrivateAttr()

    def model_post_init(self, context: Any, /) -> None:
        """Finds the key, the family and the frame.

        Raises:
            ModelError: One of them can't be found.
            EndpointError: The server doesn't answer what its model is.
        """
        super().model_post_init(context)
        self.base_url = checked_url(self.base_url)
        self._kind = self.server or server_of(self.base_url)
        key = key_for(self.base_url, self._kind, self.api_key)
        if key is None and self._kind == "dashscope":
            raise ModelError("DashScope needs a key: put it in DASHSCOPE_API_KEY")
        check_key(self.base_url, key)
        number = self.retries
        self._client = Client(
            Endpoint(
                url=self.base_url,
                model=self.model,
                server=self._kind,
                key=key,
                timeout=self.timeout,
            ),
            retries=number if isinstance(number, Retries) else Retries(number=number),
            http=self.http,
            async_http=self.async_http,
        )
        self._family = self.family or family_of_name(self.model) or self._asked_family()
        self._dialect = QwenDialect(
            self._family, min_pixels=self._limits()[0], max_pixels=self._limits()[1]
        )
        self._encoder = ImageEncoder()

    @property
    def dialect(self) -> Dialect:
        """The family's, within the areas that are sent."""
        return self._dialect

    @property
    def name_for_users(self) -> str:
        """`dashscope:MODEL` or `openai:URL#MODEL`."""
        told = "" if family_of_name(self.model) == self._family else f"?family={self._family}"
        if self._kind == "dashscope":
            return f"dashscope:{self.model}{told}"
        return f"openai:{self.base_url}#{self.model}{told}"

    def close(self) -> None:
        """Closes the connections that were opened for threads."""
        self._client.close()

    async def aclose(self) -> None:
        """Closes the connections of the running event loop, and those for threads."""
        await self._client.aclose()

    @property
    def _llm_type(self) -> str:
        return "deixis-endpoint"

    @property
    def _identifying_params(self) -> Mapping[str, Any]:
        return {"model": self.model, "base_url": self.base_url, "family": self._family}

    @property
    def lc_secrets(self) -> dict[str, str]:
        """The field that must not be written out."""
        return {"api_key": "DEIXIS_API_KEY"}

    def __getstate__(self) -> dict[Any, Any]:
        """What is pickled: no key (the environment has it) and no connection."""
        state = dict(super().__getstate__())
        state["__dict__"] = state["__dict__"] | {
            "api_key": None,
            "http": None,
            "async_http": None,
            "images": None,
        }
        state["__pydantic_private__"] = None
        return state

    def __setstate__(self, state: dict[Any, Any]) -> None:
        super().__setstate__(state)
        object.__setattr__(self, "__pydantic_private__", {})
        self.model_post_init(None)

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> EndpointModel:
        """A copy that shares the connections."""
        return self.model_copy()

    def _asked_family(self) -> Family:
        served = next((m for m in self._client.models() if m.id == self.model), None)
        family = family_of_name(served.root) if served is not None else None
        if family is None:
            raise ModelError(
                f"{self.model[:80]!r} doesn't tell which family it is of: give family=, or end its "
                f"name in ?family= and one of {', '.join(families())}"
            )
        return family

    def _limits(self) -> tuple[int | None, int | None]:
        facts = facts_of(self._family)
        if facts.fixed_size is not None:
            return None, None
        least, greatest = served_limits(facts)
        return self.min_pixels or least, self.max_pixels or greatest

    # Requests

    def _mode(self) -> ToolMode:
        facts = facts_of(self._family)
        if facts.tools == "react":
            return "text"
        return self.tools or ("native" if facts.template_tools else "text")

    def _writer(self) -> ToolWriter:
        return tool_writer(facts_of(self._family).tools)

    def _body(
        self, messages: Sequence[BaseMessage], stop: Sequence[str] | None, kwargs: Mapping[str, Any]
    ) -> JsonObject:
        offer = Offer.of(kwargs.get("tools"), kwargs.get("tool_choice"))
        native = self._mode() == "native"
        facts = facts_of_server(self._kind)
        turns = turns_of(self, messages)
        writes = not native and bool(offer.tools or any(t.calls or t.call_id for t in turns))
        writer = self._writer() if writes else None
        told = [writer.instructions(offer.tools)] if writer is not None and offer.tools else []
        if not native or not offer.enforced(facts):
            told.append(offer.sentence())
        composed = MessageWriter(
            show=self._shown, writer=writer, extra="\n\n".join(filter(None, told))
        )
        stops = [*(writer.stop if writer is not None and offer.tools else ()), *(stop or ())]
        own: JsonObject = {name: getattr(self, name, None) for name in _PER_CALL}
        given = {name: kwargs[name] for name in _PER_CALL if name in kwargs}
        fields: JsonObject = {
            "model": self.model,
            "messages": composed.messages(turns),
            **{name: value for name, value in (own | given).items() if value is not None},
            **({"stop": stops} if stops else {}),
            **(offer.fields(facts) if native else {}),
            **self._switches(demanded=native and bool(offer.demanded)),
        }
        return fields | dict(self.extra_body) | dict(kwargs.get("extra_body") or {})

    def _shown(self, part: ImagePart) -> str:
        return self._encoder.uri(part.image, self._dialect.input_size(part.image.size))

    def _switches(self, *, demanded: bool) -> JsonObject:
        """Thinking, and on DashScope images above its usual size."""
        fields: JsonObject = {}
        thinking = self.thinking
        if self._kind == "dashscope":
            facts = facts_of(self._family)
            # A call can't be demanded of a model that thinks.
            if thinking is None and demanded and facts.template_tools and not self._always_thinks:
                thinking = False
            usual = DASHSCOPE_TOKENS * facts.factor**2
            if (self.max_pixels or 0) > usual:
                fields["vl_high_resolution_images"] = True
        if thinking is None:
            return fields
        match facts_of_server(self._kind).thinking:
            case "field":
                fields["enable_thinking"] = thinking
            case "template":
                fields["chat_template_kwargs"] = {"enable_thinking": thinking}
            case "effort":
                fields["reasoning_effort"] = "medium" if thinking else "none"
        return fields

    @property
    def _always_thinks(self) -> bool:
        return re.search(r"thinking|qvq", self.model.lower()) is not None

    # Replies

    def _reader(self, kwargs: Mapping[str, Any]) -> ReplyReader:
        offered = Offer.of(kwargs.get("tools"), kwargs.get("tool_choice")).tools
        # ReAct's keywords mean something only to a model that was told of them.
        plain = facts_of(self._family).tools == "react" and not offered
        writer = tool_writer("hermes") if plain else self._writer()

        def opened(inside: bool) -> ToolCallStream:
            return writer.stream(thinking=inside, tools=offered)

        thinks = self._always_thinks if self.thinking is None else self.thinking
        return ReplyReader(opened, thinks=thinks)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,  # noqa: ARG002
        **kwargs: Any,
    ) -> ChatResult:
        answer = self._client.ask(self._body(messages, stop, kwargs))
        return self._result(answer, kwargs)

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,  # noqa: ARG002
        **kwargs: Any,
    ) -> ChatResult:
        body = await asyncio.to_thread(self._body, messages, stop, kwargs)
        return self._result(await self._client.aask(body), kwargs)

    def _result(self, answer: JsonObject, kwargs: Mapping[str, Any]) -> ChatResult:
        if not isinstance(answer.get("choices"), list):
            raise self._client.endpoint.unreadable("JSON that is no chat completion")
        reader = self._reader(kwargs)
        first = reader.feed(answer)
        rest, ending = reader.close()
        thought = first.thought + rest.thought
        message = AIMessage(
            first.text + rest.text,
            tool_calls=_calls(ending),
            invalid_tool_calls=_unread(ending),
            additional_kwargs={"reasoning_content": thought} if thought else {},
            response_metadata=self._metadata(ending),
            usage_metadata=_usage(ending.usage),
        )
        return ChatResult(generations=[ChatGeneration(message=message)])

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        reader = self._reader(kwargs)
        events = self._client.stream(self._body(messages, stop, kwargs))
        try:
            for event in events:
                chunk = _chunk(reader.feed(event))
                if chunk is not None:
                    if run_manager is not None:
                        run_manager.on_llm_new_token(chunk.text, chunk=chunk)
                    yield chunk
        finally:
            events.close()
        last = self._last(*reader.close())
        if run_manager is not None:
            run_manager.on_llm_new_token(last.text, chunk=last)
        yield last

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        reader = self._reader(kwargs)
        events = self._client.astream(await asyncio.to_thread(self._body, messages, stop, kwargs))
        try:
            async for event in events:
                chunk = _chunk(reader.feed(event))
                if chunk is not None:
                    if run_manager is not None:
                        await run_manager.on_llm_new_token(chunk.text, chunk=chunk)
                    yield chunk
        finally:
            await events.aclose()
        last = self._last(*reader.close())
        if run_manager is not None:
            await run_manager.on_llm_new_token(last.text, chunk=last)
        yield last

    def _last(self, rest: Delta, ending: Ending) -> ChatGenerationChunk:
        """The rest of a stream: its calls whole, since half of one is no use to anyone."""
        calls = AIMessage("", tool_calls=_calls(ending), invalid_tool_calls=_unread(ending))
        message = AIMessageChunk(
            content=rest.text,
            additional_kwargs={"reasoning_content": rest.thought} if rest.thought else {},
            tool_call_chunks=tool_call_chunks(calls),
            response_metadata=self._metadata(ending),
            usage_metadata=_usage(ending.usage),
            chunk_position="last",
        )
        return ChatGenerationChunk(message=message)

    def _metadata(self, ending: Ending) -> dict[str, Any]:
        metadata: dict[str, Any] = {"model_name": ending.model or self.model}
        if ending.finish is not None:
            metadata["finish_reason"] = ending.finish
        return metadata


def _calls(ending: Ending) -> list[ToolCall]:
    return [
        ToolCall(name=call.name, args=call.arguments, id=call.id, type="tool_call")
        for call in ending.calls
    ]


def _unread(ending: Ending) -> list[InvalidToolCall]:
    return [
        broken_call(name=call.name, words=call.raw, reason=call.reason) for call in ending.unread
    ]


def _chunk(delta: Delta) -> ChatGenerationChunk | None:
    if not delta.text and not delta.thought:
        return None
    kwargs = {"reasoning_content": delta.thought} if delta.thought else {}
    return ChatGenerationChunk(message=AIMessageChunk(content=delta.text, additional_kwargs=kwargs))


def _usage(usage: Usage | None) -> UsageMetadata | None:
    if usage is None:
        return None
    counted = UsageMetadata(
        input_tokens=usage.given,
        output_tokens=usage.made,
        total_tokens=usage.given + usage.made,
    )
    if usage.cached is not None:
        counted["input_token_details"] = InputTokenDetails(cache_read=usage.cached)
    if usage.thought is not None:
        counted["output_token_details"] = OutputTokenDetails(reasoning=usage.thought)
    return counted
