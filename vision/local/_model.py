"""Qwen-VL models on this machine, as LangChain chat models."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import aclosing, closing
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, cast

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    BaseMessage,
    InvalidToolCall,
    ToolCall,
    ToolCallChunk,
)
from langchain_core.messages.ai import InputTokenDetails, UsageMetadata
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from PIL import Image
from pydantic import Field, PrivateAttr

from deixis.vision._dialect import Dialect, JsonObject
from deixis.vision._errors import ModelError
from deixis.vision._geometry import Size
from deixis.vision._images import VisionImage
from deixis.vision._model import VisionModel
from deixis.vision._turns import turns_of
from deixis.vision.local._processing import chat_template_of
from deixis.vision.local._prompt import Prompt, PromptImage, Sampling, Usage
from deixis.vision.local._rendering import Renderer, ToolOffer
from deixis.vision.local._replies import RECORD_KEY, Delta, Record, ReplyReader
from deixis.vision.local._run import Run
from deixis.vision.qwen._families import FamilyFacts
from deixis.vision.qwen._tool_calls import tool_writer

if TYPE_CHECKING:
    from deixis.vision.local._engine import Engine

REASONS_KEY = "broken_calls"
"""Among `additional_kwargs`: why calls couldn't be read, by their id.

A stream's chunks have no room for it: LangChain makes `invalid_tool_calls` of them without it.
"""


class LocalModel(VisionModel):
    """A model of the Qwen-VL line that runs here through transformers.

    Make one with `load_local`. Each field can be given for a single call, too, as in
    `model.invoke(messages, temperature=0)`. Calls from several threads take turns.

    Attributes:
        max_new_tokens: Most tokens of a reply.
        temperature: 0 takes the most likely token each time; None: as the checkpoint ships.
        top_p: Least total probability of the tokens to choose from.
        top_k: How many tokens to choose from.
        repetition_penalty: What the logits of tokens already in the text are divided by.
        seed: Makes the choice of tokens repeatable.
        thinking: Whether a model that can think before it answers is to do so. A model that
            can do nothing else thinks anyway.
    """

    max_new_tokens: int = Field(default=2048, ge=1)
    temperature: float | None = Field(default=None, ge=0)
    top_p: float | None = Field(default=None, gt=0, le=1)
    top_k: int | None = Field(default=None, ge=1)
    repetition_penalty: float | None = Field(default=None, gt=0)
    seed: int | None = None
    thinking: bool = False

    # A copy of the model shares them: a model with another store of images is the same weights.
    _engine: Engine = PrivateAttr()
    _processor: Any = PrivateAttr()
    _dialect: Dialect = PrivateAttr()
    _facts: FamilyFacts = PrivateAttr()
    _name: str = PrivateAttr()
    _renderer: Renderer = PrivateAttr()
    _count: Callable[[str], int] = PrivateAttr()

    def __init__(
        self,
        *,
        engine: Engine,
        processor: Any,
        dialect: Dialect,
        facts: FamilyFacts,
        name: str,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._engine = engine
        self._processor = processor
        self._dialect = dialect
        self._facts = facts
        self._name = name
        self._renderer = Renderer(chat_template_of(processor), facts)
        # An agent counts all of a conversation before each step.
        self._count = lru_cache(maxsize=2048)(self._tokens)

    @property
    def dialect(self) -> Dialect:
        """How the model's family writes places."""
        return self._dialect

    @property
    def name_for_users(self) -> str:
        """The name it was loaded by."""
        return self._name

    @property
    def _llm_type(self) -> str:
        return "deixis-local"

    @property
    def _identifying_params(self) -> Mapping[str, Any]:
        return {"model_name": self._name, **self.model_dump(include=set(_FIELDS))}

    def text_tokens(self, text: str) -> int:
        """How many tokens a text takes, by the checkpoint's own tokenizer."""
        return self._count(text)

    def _tokens(self, text: str) -> int:
        # Not verbose: that a text is longer than the model's context is no matter here.
        return len(
            self._processor.tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"]
        )

    def get_token_ids(self, text: str) -> list[int]:
        """The tokens of a text, as this model counts them."""
        return self._processor.tokenizer(text, add_special_tokens=False)["input_ids"]

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,  # noqa: ARG002
        **kwargs: Any,
    ) -> ChatResult:
        with closing(self._begin(messages, stop, kwargs)) as run:
            reply = _Reply()
            for delta in run.deltas():
                reply.add(delta)
            return self._result(reply, run)

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,  # noqa: ARG002
        **kwargs: Any,
    ) -> ChatResult:
        with closing(await asyncio.to_thread(self._begin, messages, stop, kwargs)) as run:
            reply = _Reply()
            async with aclosing(run.adeltas()) as deltas:
                async for delta in deltas:
                    reply.add(delta)
            return self._result(reply, run)

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        with closing(self._begin(messages, stop, kwargs)) as run:
            reply = _Reply()
            for delta in run.deltas():
                for chunk in reply.add(delta):
                    if run_manager:
                        run_manager.on_llm_new_token(str(chunk.text), chunk=chunk)
                    yield chunk
            yield self._last(reply, run)

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        with closing(await asyncio.to_thread(self._begin, messages, stop, kwargs)) as run:
            reply = _Reply()
            async with aclosing(run.adeltas()) as deltas:
                async for delta in deltas:
                    for chunk in reply.add(delta):
                        if run_manager:
                            await run_manager.on_llm_new_token(str(chunk.text), chunk=chunk)
                        yield chunk
            yield self._last(reply, run)

    def _begin(
        self, messages: Sequence[BaseMessage], stop: Sequence[str] | None, given: Mapping[str, Any]
    ) -> Run:
        """Starts a reply."""
        offer = _offer(given)
        thinking = bool(given.get("thinking", self.thinking))
        rendered = self._renderer.render(turns_of(self, messages), offer, thinking=thinking)
        writer = tool_writer(self._facts.tools)
        ends = (*(stop or ()), *(writer.stop if offer.tools else ()))
        record = Record(opened=rendered.opened, prefill=rendered.prefill, calls=bool(offer.tools))
        prompt = Prompt(
            text=rendered.text,
            images=tuple(self._shown(part.image) for part in rendered.images),
        )
        return Run(
            self._engine.generate(prompt, self._sampling(given, ends)),
            ReplyReader(writer, record, tools=offer.tools),
            single=offer.name is not None,
        )

    def _shown(self, image: VisionImage) -> PromptImage:
        size = self._dialect.input_size(image.size)
        return PromptImage(sha256=image.sha256, size=size, pixels=partial(_resized, image, size))

    def _sampling(self, given: Mapping[str, Any], stop: tuple[str, ...]) -> Sampling:
        most = given.get("max_tokens") or given.get("max_new_tokens") or self.max_new_tokens
        return Sampling(
            max_new_tokens=most,
            temperature=given.get("temperature", self.temperature),
            top_p=given.get("top_p", self.top_p),
            top_k=given.get("top_k", self.top_k),
            repetition_penalty=given.get("repetition_penalty", self.repetition_penalty),
            seed=given.get("seed", self.seed),
            stop=stop,
        )

    def _result(self, reply: _Reply, run: Run) -> ChatResult:
        message = AIMessage(
            reply.text,
            tool_calls=reply.calls,
            invalid_tool_calls=reply.broken,
            additional_kwargs=reply.kept(run.record),
            response_metadata=self._metadata(run),
            usage_metadata=_usage(run.usage),
        )
        return ChatResult(generations=[ChatGeneration(message=message)])

    def _last(self, reply: _Reply, run: Run) -> ChatGenerationChunk:
        """What is known at the end alone."""
        return ChatGenerationChunk(
            message=AIMessageChunk(
                content="",
                additional_kwargs=reply.kept(run.record, thought=False),
                response_metadata=self._metadata(run),
                usage_metadata=_usage(run.usage),
                chunk_position="last",
            )
        )

    def _metadata(self, run: Run) -> dict[str, Any]:
        return {"model_name": self._name, "finish_reason": run.finish_reason}


_FIELDS = (
    "max_new_tokens",
    "temperature",
    "top_p",
    "top_k",
    "repetition_penalty",
    "seed",
    "thinking",
)


def _resized(image: VisionImage, size: Size) -> Image.Image:
    """An image as the model sees it. All families' processors resize with bicubic filters."""
    pixels = image.pixels()
    return pixels if pixels.size == size else pixels.resize(size, Image.Resampling.BICUBIC)


def _usage(usage: Usage) -> UsageMetadata:
    return UsageMetadata(
        input_tokens=usage.prompt_tokens,
        output_tokens=usage.completion_tokens,
        total_tokens=usage.prompt_tokens + usage.completion_tokens,
        input_token_details=InputTokenDetails(cache_read=usage.cached_tokens),
    )


def _offer(given: Mapping[str, Any]) -> ToolOffer:
    """The tools of a call, and whether one must be called.

    Raises:
        ModelError: One must be called that isn't there.
    """
    tools = tuple(cast("Sequence[JsonObject]", given.get("tools") or ()))
    choice = given.get("tool_choice")
    if isinstance(choice, dict):
        wanted = cast("JsonObject", choice)
        choice = cast("JsonObject", wanted.get("function") or wanted).get("name")
    if choice in (None, False, "", "auto"):
        return ToolOffer(tools=tools)
    if choice == "none":
        return ToolOffer()
    names = [str(cast("JsonObject", tool.get("function") or tool).get("name")) for tool in tools]
    if choice in (True, "any", "required") and names:
        return ToolOffer(tools=tools, forced=True, name=names[0] if len(names) == 1 else None)
    if choice not in names:
        listed = ", ".join(names) or "none"
        raise ModelError(f"tool_choice is {choice!r}, and the tools bound are: {listed}")
    return ToolOffer(tools=tools, forced=True, name=str(choice))


class _Reply:
    """A reply as a message."""

    def __init__(self) -> None:
        self.calls: list[ToolCall] = []
        self.broken: list[InvalidToolCall] = []
        self._text: list[str] = []
        self._thought: list[str] = []

    @property
    def text(self) -> str:
        return "".join(self._text)

    def add(self, delta: Delta) -> list[ChatGenerationChunk]:
        """Takes in what a piece adds, and gives it as chunks of a stream."""
        chunks: list[ToolCallChunk] = []
        for call in delta.calls:
            made = ToolCall(name=call.name, args=dict(call.arguments), id=_id(), type="tool_call")
            arguments = json.dumps(call.arguments, ensure_ascii=False)
            chunks.append(self._chunk(made["name"], arguments, made["id"]))
            self.calls.append(made)
        for words in delta.broken:
            broken = InvalidToolCall(
                name=None, args=words.raw, id=_id(), error=words.reason, type="invalid_tool_call"
            )
            chunks.append(self._chunk(None, words.raw, broken["id"]))
            self.broken.append(broken)
        self._text.append(delta.text)
        self._thought.append(delta.thought)
        if not (delta.text or delta.thought or chunks):
            return []
        message = AIMessageChunk(
            content=delta.text,
            tool_call_chunks=chunks,
            additional_kwargs={"reasoning_content": delta.thought} if delta.thought else {},
        )
        return [ChatGenerationChunk(message=message)]

    def _chunk(self, name: str | None, arguments: str, number: str | None) -> ToolCallChunk:
        # An index of its own, or LangChain joins it with the call before it.
        index = len(self.calls) + len(self.broken)
        return ToolCallChunk(
            name=name, args=arguments, id=number, index=index, type="tool_call_chunk"
        )

    def kept(self, record: Record, *, thought: bool = True) -> dict[str, Any]:
        """What goes along with the message, unseen."""
        kept: dict[str, Any] = {RECORD_KEY: record.as_json()}
        if thought and any(self._thought):
            kept["reasoning_content"] = "".join(self._thought)
        if self.broken:
            kept[REASONS_KEY] = {str(call["id"]): call["error"] for call in self.broken}
        return kept


def _id() -> str:
    return f"call_{uuid.uuid4().hex}"
