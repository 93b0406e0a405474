"""The middleware that makes spans of a loop's steps and calls."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from langchain.agents.middleware import AgentMiddleware, ModelRequest, ModelResponse
from langchain.tools.tool_node import ToolCallRequest
from langchain_core.messages import AIMessage, ToolMessage
from langgraph.types import Command

from deixis.agents.tracing._tracing import AgentTracing, Tracing
from deixis.vision import Dialect

_Result = ToolMessage | Command[Any]


class StepTracing(AgentMiddleware[Any, Any]):
    """Spans of steps and of tools' calls."""

    def __init__(self, tracing: AgentTracing) -> None:
        super().__init__()
        self._tracing = tracing

    def wrap_model_call(
        self, request: ModelRequest[Any], handler: Callable[[ModelRequest[Any]], ModelResponse[Any]]
    ) -> ModelResponse[Any] | AIMessage:
        """Begins a step."""
        with self._tracing.step(request):
            return handler(request)

    async def awrap_model_call(
        self,
        request: ModelRequest[Any],
        handler: Callable[[ModelRequest[Any]], Awaitable[ModelResponse[Any]]],
    ) -> ModelResponse[Any] | AIMessage:
        """The same, asynchronously."""
        with self._tracing.step(request):
            return await handler(request)

    def wrap_tool_call(
        self, request: ToolCallRequest, handler: Callable[[ToolCallRequest], _Result]
    ) -> _Result:
        """A span around a tool's call."""
        with self._tracing.tool(request) as done:
            result = handler(request)
            done(result)
            return result

    async def awrap_tool_call(
        self, request: ToolCallRequest, handler: Callable[[ToolCallRequest], Awaitable[_Result]]
    ) -> _Result:
        """The same, asynchronously."""
        with self._tracing.tool(request) as done:
            result = await handler(request)
            done(result)
            return result


class ChatTracing(AgentMiddleware[Any, Any]):
    """Spans of a model's calls: one for each time it is asked, again after a failure as well."""

    def __init__(self, tracing: AgentTracing) -> None:
        super().__init__()
        self._tracing = tracing

    def wrap_model_call(
        self, request: ModelRequest[Any], handler: Callable[[ModelRequest[Any]], ModelResponse[Any]]
    ) -> ModelResponse[Any] | AIMessage:
        """A span around a model's call."""
        with self._tracing.chat(request) as answered:
            response = handler(request)
            answered(response)
            return response

    async def awrap_model_call(
        self,
        request: ModelRequest[Any],
        handler: Callable[[ModelRequest[Any]], Awaitable[ModelResponse[Any]]],
    ) -> ModelResponse[Any] | AIMessage:
        """The same, asynchronously."""
        with self._tracing.chat(request) as answered:
            response = await handler(request)
            answered(response)
            return response


class TracingMiddleware(StepTracing):
    """Spans of the calls of any agent of LangChain's; `VisionAgent(tracing=…)` needs none of it.

    ```python
    create_agent(model, tools, middleware=[TracingMiddleware(Tracing(), agent="helper"), *others])
    ```

    Args:
        tracing: Where spans go, and what is in them.
        agent: Name of the agent.
        dialect: How its model writes places; pixels by default.
    """

    def __init__(
        self, tracing: Tracing, *, agent: str = "agent", dialect: Dialect | None = None
    ) -> None:
        super().__init__(tracing.of(agent, dialect=dialect))

    def wrap_model_call(
        self, request: ModelRequest[Any], handler: Callable[[ModelRequest[Any]], ModelResponse[Any]]
    ) -> ModelResponse[Any] | AIMessage:
        """A span around a model's call."""
        with self._tracing.step(request), self._tracing.chat(request) as answered:
            response = handler(request)
            answered(response)
            return response

    async def awrap_model_call(
        self,
        request: ModelRequest[Any],
        handler: Callable[[ModelRequest[Any]], Awaitable[ModelResponse[Any]]],
    ) -> ModelResponse[Any] | AIMessage:
        """The same, asynchronously."""
        with self._tracing.step(request), self._tracing.chat(request) as answered:
            response = await handler(request)
            answered(response)
            return response
