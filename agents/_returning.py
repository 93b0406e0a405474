"""Answers in a shape: the agent gives its answer by a last tool call, whose arguments are it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final

from langchain.agents.middleware import AgentMiddleware, ModelRequest, ModelResponse
from langchain_core.messages import (
    AIMessage,
    AnyMessage,
    HumanMessage,
    SystemMessage,
    ToolCall,
    ToolMessage,
)
from pydantic import BaseModel

from deixis.agents._state import records_of
from deixis.tools import Tool, ToolResult
from deixis.tools._arguments import typed_arguments
from deixis.vision import DeixisError, ModelError, VisionModel, frames_of

if TYPE_CHECKING:
    from deixis.agents._middleware import AgentLimits, VisionMiddleware

_PROMPT: Final = """\

The answer is wanted in a shape: when you have it, call the tool `{name}` with it, in place of the \
JSON block. Leave out what isn't there, or give null; never invent a value."""
_ASKED: Final = "Now call `{name}` with the answer."
_GIVEN: Final = "The answer is given."
_SHORT: Final = 200


def returning_tool(shape: type[BaseModel]) -> Tool[..., Any]:
    """A tool whose arguments are an answer: its places come back in original pixels.

    Raises:
        TypeError: The shape has no fields of its own.
    """
    if not shape.model_fields:
        raise TypeError(f"{shape.__name__} has no fields: an answer needs some")

    def give(**fields: Any) -> ToolResult:
        # They were validated on their way here.
        return ToolResult(text=_GIVEN, data=shape.model_construct(**fields))

    return Tool(
        name=shape.__name__,
        description=(shape.__doc__ or "").strip() or "Gives the answer in its shape.",
        function=give,
        arguments=shape,
    )


class ReturningMiddleware(AgentMiddleware[Any, Any]):
    """Sees to it that the last word is the answer in its shape.

    A reply without a call is asked for again with the call demanded; a shape that doesn't fit is
    told and asked for again. What was wrong stays out of the conversation.

    Args:
        tool: What gives the answer.
        limits: How often it is asked again.
        vision: Knows the dialect.
    """

    def __init__(
        self, tool: Tool[..., Any], *, limits: AgentLimits, vision: VisionMiddleware
    ) -> None:
        super().__init__()
        self._tool = tool
        self._limits = limits
        self._vision = vision

    def wrap_model_call(
        self, request: ModelRequest[Any], handler: Callable[[ModelRequest[Any]], ModelResponse[Any]]
    ) -> ModelResponse[Any] | AIMessage:
        """Asks until the reply calls a tool, or is the answer in its shape."""
        asked, prose = self._told(request), ""
        for left in range(self._limits.model_retries + 1, -1, -1):
            response = _response(handler(asked))
            again = self._again(request, response, left=left)
            if again is None:
                return _with_prose(response, prose)
            asked, prose = self._told(again), prose or _prose(response)
        raise AssertionError("unreachable")

    async def awrap_model_call(
        self,
        request: ModelRequest[Any],
        handler: Callable[[ModelRequest[Any]], Awaitable[ModelResponse[Any]]],
    ) -> ModelResponse[Any] | AIMessage:
        """The same, asynchronously."""
        asked, prose = self._told(request), ""
        for left in range(self._limits.model_retries + 1, -1, -1):
            response = _response(await handler(asked))
            again = await asyncio.to_thread(self._again, request, response, left=left)
            if again is None:
                return _with_prose(response, prose)
            asked, prose = self._told(again), prose or _prose(response)
        raise AssertionError("unreachable")

    def _told(self, request: ModelRequest[Any]) -> ModelRequest[Any]:
        told = f"{request.system_prompt or ''}{_PROMPT.format(name=self._tool.name)}"
        return request.override(system_message=SystemMessage(told))

    def _again(
        self, request: ModelRequest[Any], response: ModelResponse[Any], *, left: int
    ) -> ModelRequest[Any] | None:
        """What to ask again; None where the reply will do.

        Raises:
            ModelError: It won't do, and has been asked for often enough.
        """
        said = next((m for m in reversed(response.result) if isinstance(m, AIMessage)), None)
        if said is None:
            return None
        given = [call for call in said.tool_calls if call["name"] == self._tool.name]
        if said.tool_calls and len(given) < len(said.tool_calls):
            # It wants to know more first: what it has given already would be too early.
            others = [call for call in said.tool_calls if call not in given]
            response.result = [_with_calls(said, others)]
            return None
        wrong = self._wrong(request, given[0]) if given else None
        if given and wrong is None:
            response.result = [_with_calls(said, given[:1])]
            return None
        if not left:
            raise ModelError(
                f"the model didn't give its answer in the shape of {self._tool.name}: "
                f"{wrong or str(said.text)[:_SHORT]!r}"
            )
        return self._demanded(request, said, given, wrong)

    def _demanded(
        self, request: ModelRequest[Any], said: AIMessage, given: list[ToolCall], wrong: str | None
    ) -> ModelRequest[Any]:
        if wrong is not None:
            told: list[AnyMessage] = [
                ToolMessage(f"Error: {wrong}", tool_call_id=str(call["id"]), status="error")
                for call in given
            ]
            return request.override(messages=[*request.messages, said, *told])
        if isinstance(request.model, VisionModel) and request.model.sees == "text":
            # The embedded model has no use for being told: its question stays the last one.
            return request.override(tool_choice=self._tool.name)
        asked = HumanMessage(_ASKED.format(name=self._tool.name))
        return request.override(
            messages=[*request.messages, said, asked], tool_choice=self._tool.name
        )

    def _wrong(self, request: ModelRequest[Any], call: ToolCall) -> str | None:
        """What is wrong with an answer, for the model to mend."""
        dialect = self._vision.dialect
        frames = frames_of(records_of(request.state), dialect)
        try:
            typed_arguments(call["args"], self._tool.arguments, dialect=dialect, frames=frames)
        except DeixisError as error:
            return str(error)
        return None


def _with_calls(said: AIMessage, calls: list[ToolCall]) -> AIMessage:
    return said.model_copy(update={"tool_calls": calls, "invalid_tool_calls": []})


def _response(given: ModelResponse[Any] | AIMessage) -> ModelResponse[Any]:
    return ModelResponse(result=[given]) if isinstance(given, AIMessage) else given


def _prose(response: ModelResponse[Any]) -> str:
    return "".join(str(m.text) for m in response.result if isinstance(m, AIMessage))


def _with_prose(response: ModelResponse[Any], prose: str) -> ModelResponse[Any]:
    """The answer's words, where they came before the call was demanded, with the call."""
    response.result = [
        m.model_copy(update={"content": prose}) if isinstance(m, AIMessage) and not m.text else m
        for m in response.result
    ]
    return response
