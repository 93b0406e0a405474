"""Our middleware in LangChain's agent loop: images by handle, their budget, typed tool calls.

Only `wrap` hooks: each hook before or after a node would add a step, and a checkpoint, to every
turn of the loop.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from langchain.agents.middleware import AgentMiddleware, ModelRequest, ModelResponse
from langchain.tools import ToolRuntime
from langchain.tools.tool_node import ToolCallRequest
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_core.runnables import RunnableConfig
from langgraph.errors import GraphBubbleUp
from langgraph.types import Command
from pydantic import BaseModel, ConfigDict, Field

from deixis.agents._effects import Effects, Outcome, request_key, told
from deixis.agents._keeping import holding
from deixis.agents._outside import foreign, signed
from deixis.agents._run import run_of
from deixis.agents._state import VisionState, records_of
from deixis.agents._voices import own_words
from deixis.agents._window import PromptWindow
from deixis.memory import EffectLedger, InMemoryEffects
from deixis.tools import Tool, ToolContext, ToolResult
from deixis.tools._langchain import PlaceTool
from deixis.vision import (
    DeixisError,
    Dialect,
    ImageBook,
    ImageRecord,
    ImageStore,
    Reader,
    ToolError,
    VisionModel,
    frames_of,
)
from deixis.vision._model import estimated_tokens

if TYPE_CHECKING:
    from deixis.memory import MemoryStore

_BOOKS_KEPT = 64
_LONGEST_ERROR = 600
_log = logging.getLogger(__name__)
_Result = ToolMessage | Command[Any]


class AgentLimits(BaseModel):
    """What one question may cost.

    Attributes:
        steps: Calls of the agent's own model.
        total_steps: Calls of models by this agent and all that it asks, together; no limit but
            theirs where it is None. An inner agent's limits hold as well.
        seconds: After which no agent begins another call of a model or a tool.
        image_tokens: Of images in one prompt, by the model's own count; the newest image is
            always shown.
        prompt_tokens: Of one prompt in all, words and images: the oldest turns are summarised.
        model_retries: After a lost connection, a time-out, or a tool call that can't be read.
        tool_retries: The same, for tools that have no effect.
    """

    model_config = ConfigDict(frozen=True)

    steps: int = Field(default=12, ge=1)
    total_steps: int | None = Field(default=None, ge=1)
    seconds: float | None = Field(default=None, gt=0)
    image_tokens: int = Field(default=16_384, ge=0)
    prompt_tokens: int = Field(default=24_576, ge=1024)
    model_retries: int = Field(default=2, ge=0)
    tool_retries: int = Field(default=1, ge=0)


class VisionMiddleware(AgentMiddleware[VisionState, Any]):
    """Gives the model the images it may see and the tools their typed arguments.

    Args:
        store: Where the images' bytes are.
        reader: For tools that read.
        dialect: How the model writes places.
        limits: On steps, images and retries.
        effects: Where calls of tools with an effect are written down; in memory by default.
        memory: Told who refers to which pictures, so that they can be forgotten.
        dialects: How other agents in the same conversation write places, by the agents' names.
    """

    state_schema = VisionState

    def __init__(
        self,
        *,
        store: ImageStore,
        reader: Reader,
        dialect: Dialect,
        limits: AgentLimits,
        effects: EffectLedger | None = None,
        memory: MemoryStore | None = None,
        dialects: Mapping[str, Dialect] | None = None,
    ) -> None:
        super().__init__()
        self._memory = memory
        self._dialects = dialects or {}
        self._store = store
        self._reader = reader
        self._dialect = dialect
        self._limits = limits
        self._effects = Effects(ledger=effects or InMemoryEffects(), store=store)
        self._window = PromptWindow(
            store=store,
            reader=reader,
            dialect=dialect,
            image_tokens=limits.image_tokens,
            prompt_tokens=limits.prompt_tokens,
        )
        self._books: OrderedDict[tuple[str, str], ImageBook] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def dialect(self) -> Dialect:
        """How the model writes places."""
        return self._dialect

    def wrap_model_call(
        self, request: ModelRequest[Any], handler: Callable[[ModelRequest[Any]], ModelResponse[Any]]
    ) -> ModelResponse[Any] | AIMessage:
        """Asks the model with the images that fit, again after a lost connection.

        It is asked again, too, when it meant to call a tool and that couldn't be read: without
        a call the loop would end, with no answer.
        """
        if stopped := self._stopped(request):
            return stopped
        seen = self._seen(request)
        left = self._limits.model_retries
        while True:
            try:
                response = handler(seen)
            except _transient():
                if not left:
                    raise
            else:
                again = _mended(seen, response)
                if again is None or not left:
                    return response
                seen = again
            left -= 1

    async def awrap_model_call(
        self,
        request: ModelRequest[Any],
        handler: Callable[[ModelRequest[Any]], Awaitable[ModelResponse[Any]]],
    ) -> ModelResponse[Any] | AIMessage:
        """The same, asynchronously."""
        if stopped := self._stopped(request):
            return stopped
        # An image that leaves the prompt may be read for a line on it.
        seen = await asyncio.to_thread(self._seen, request)
        left = self._limits.model_retries
        while True:
            try:
                response = await handler(seen)
            except _transient():
                if not left:
                    raise
            else:
                again = _mended(seen, response)
                if again is None or not left:
                    return response
                seen = again
            left -= 1

    def wrap_tool_call(
        self, request: ToolCallRequest, handler: Callable[[ToolCallRequest], _Result]
    ) -> _Result:
        """Runs a tool, ours with typed arguments; its errors go to the model.

        A call with an effect is made once, also when it comes again after a kill.
        """
        context = self._context(request) if _wrapped(request) else None

        def make() -> Outcome:
            return self._made(request, handler, context)

        if late := _late(request):
            return late
        effect = self._effects.of(request)
        return _told(request, effect.run(make) if effect else make(), context)

    async def awrap_tool_call(
        self, request: ToolCallRequest, handler: Callable[[ToolCallRequest], Awaitable[_Result]]
    ) -> _Result:
        """The same, asynchronously."""
        context = self._context(request) if _wrapped(request) else None

        async def make() -> Outcome:
            return await self._amade(request, handler, context)

        if late := _late(request):
            return late
        effect = self._effects.of(request)
        outcome = await (effect.arun(make) if effect else make())
        return await asyncio.to_thread(_told, request, outcome, context)

    def _made(
        self,
        request: ToolCallRequest,
        handler: Callable[[ToolCallRequest], _Result],
        context: ToolContext | None,
    ) -> Outcome:
        tool = _wrapped(request)
        left = self._tool_retries(tool)
        while True:
            try:
                if tool is None or context is None:
                    return foreign(handler(request), request.tool_call["name"])
                return tool.run(request.tool_call["args"], context)
            except Exception as error:
                if not (left and isinstance(error, _transient())):
                    return _refused(request, error)
                left -= 1

    async def _amade(
        self,
        request: ToolCallRequest,
        handler: Callable[[ToolCallRequest], Awaitable[_Result]],
        context: ToolContext | None,
    ) -> Outcome:
        tool = _wrapped(request)
        left = self._tool_retries(tool)
        while True:
            try:
                if tool is None or context is None:
                    return foreign(await handler(request), request.tool_call["name"])
                return await tool.arun(request.tool_call["args"], context)
            except Exception as error:
                if not (left and isinstance(error, _transient())):
                    return _refused(request, error)
                left -= 1

    def _tool_retries(self, tool: Tool[..., Any] | None) -> int:
        """What moves something, or isn't known not to, is never done twice."""
        return 0 if tool is None or tool.effect else self._limits.tool_retries

    def _stopped(self, request: ModelRequest[Any]) -> AIMessage | None:
        """A last word when the question has used up its steps."""
        steps = 0
        for message in reversed(request.messages):
            if isinstance(message, HumanMessage):
                break
            steps += isinstance(message, AIMessage)
        if steps >= self._limits.steps:
            return AIMessage(
                f"I stopped after {steps} steps without an answer. Ask for less at once, or raise "
                "the limit (AgentLimits.steps)."
            )
        run = run_of(request.runtime.context)
        why = run.take_step() if run is not None else None
        if why is None:
            return None
        return AIMessage(f"I stopped without an answer: {why}. Ask for less at once, or raise it.")

    def _seen(self, request: ModelRequest[Any]) -> ModelRequest[Any]:
        """The request with what of the conversation fits the prompt."""
        ours = request.model if isinstance(request.model, VisionModel) else None
        records = records_of(cast("Any", request.state))
        shown = self._window.shown(
            own_words(request.messages, records, own=self._dialect, others=self._dialects),
            records,
            system=request.system_prompt or "",
            tools=request.tools,
            count=ours.text_tokens if ours else estimated_tokens,
            inline=ours is None,
        )
        return request.override(messages=shown)

    def _context(self, request: ToolCallRequest) -> ToolContext:
        state = cast("Mapping[str, Any]", request.state)
        records = records_of(state)
        runtime = cast("ToolRuntime[Any, Any]", cast("Any", request).runtime)
        configurable = runtime.config.get("configurable", {})
        return ToolContext(
            book=self._book(runtime.config, state, records),
            reader=self._reader,
            dialect=self._dialect,
            frames=frames_of(records, self._dialect),
            call_id=str(request.tool_call.get("id") or ""),
            idempotency_key=request_key(request),
            thread=configurable.get("thread"),
            user=configurable.get("user"),
            latest=records[-1].handle if records else None,
            messages=tuple(state["messages"]),
        )

    def _book(
        self, config: RunnableConfig, state: Mapping[str, Any], records: Sequence[ImageRecord]
    ) -> ImageBook:
        """One book for all calls of a step: tools running side by side must not share handles."""
        last = state["messages"][-1]
        thread = str(config.get("configurable", {}).get("thread_id"))
        # A message's id is the model's word, which another user's model may say too.
        key = (thread, str(last.id or id(last)))
        with self._lock:
            if key not in self._books:
                self._books[key] = ImageBook(
                    self._store, records, holding=holding(self._memory, config)
                )
                while len(self._books) > _BOOKS_KEPT:
                    self._books.popitem(last=False)
            return self._books[key]


def _told(request: ToolCallRequest, outcome: Outcome, context: ToolContext | None) -> _Result:
    """What a call came to, as the loop takes it: our tools' images by handle."""
    if context is None or not isinstance(outcome, ToolResult):
        return cast("_Result", outcome)
    try:
        message, images = told(request.tool_call, outcome, context.book)
    except Exception as error:
        return _refused(request, error)
    return Command(update={"messages": [message], "images": images}) if images else message


def _mended(request: ModelRequest[Any], response: ModelResponse[Any]) -> ModelRequest[Any] | None:
    """The request with what was wrong with its calls, where none of them could be read."""
    said = next((m for m in reversed(response.result) if isinstance(m, AIMessage)), None)
    if said is None or said.tool_calls or not said.invalid_tool_calls:
        return None
    wrong = "; ".join(
        f"{call['name'] or 'a tool'}: {str(call['args'])[:_LONGEST_ERROR]}"
        for call in said.invalid_tool_calls
    )
    told = f"Your tool call could not be read. {wrong}. Write it again, whole and in its format."
    words = AIMessage(str(said.text) or "(a tool call that could not be read)")
    return request.override(messages=[*request.messages, words, HumanMessage(told)])


def _wrapped(request: ToolCallRequest) -> Tool[..., Any] | None:
    return request.tool.wrapped if isinstance(request.tool, PlaceTool) else None


def _refused(request: ToolCallRequest, error: Exception) -> ToolMessage:
    """A tool's error for the model to mend, or to tell the user of.

    Raises:
        GraphBubbleUp: It isn't an error but how LangGraph stops a run, for a person to answer.
    """
    if isinstance(error, GraphBubbleUp):
        raise error
    name = request.tool_call["name"]
    told = str(error)
    if not isinstance(error, DeixisError):
        _log.warning("tool %s failed", name, exc_info=error)
        told = f"{name} failed: {type(error).__name__}: {told}"
    message = ToolMessage(
        f"Error: {told[:_LONGEST_ERROR]}",
        name=name,
        tool_call_id=str(request.tool_call["id"]),
        status="error",
    )
    if (tool := _wrapped(request)) is not None:
        return signed(message, tool.origin)
    return signed(message, "" if request.tool is None else f"the tool {name}")


def _late(request: ToolCallRequest) -> ToolMessage | None:
    """An error in place of a call for which there is no time any more."""
    run = run_of(cast("ToolRuntime[Any, Any]", cast("Any", request).runtime).context)
    why = run.over() if run is not None else None
    return _refused(request, ToolError(why)) if why else None


def _transient() -> tuple[type[Exception], ...]:
    """Errors after which the same call may go through."""
    import httpx

    return (ConnectionError, TimeoutError, httpx.TransportError)
