"""Our tools as LangChain's, for `create_agent` and for any other chain."""

from __future__ import annotations

from typing import Any, cast

from langchain_core.tools import BaseTool, ToolException
from pydantic import Field

from deixis.tools._tool import Tool, ToolContext
from deixis.vision import CachedReader, DeixisError, ImageBook, ImageStore, RapidReader


class PlaceTool(BaseTool):
    """A `Tool` in LangChain's clothes.

    Inside a `VisionAgent` the agent's middleware runs the tool itself, with the conversation's
    images and the model's frame. Elsewhere it runs with no images, so that a tool that takes
    places or pictures says there are none.

    Attributes:
        wrapped: The tool.
    """

    wrapped: Tool[..., Any] = Field(exclude=True, repr=False)

    @classmethod
    def of(cls, tool: Tool[..., Any]) -> PlaceTool:
        """The tool under its own name, description and schema."""
        return cls(
            name=tool.name,
            description=tool.description,
            args_schema=cast("Any", tool.schema),
            handle_tool_error=True,
            wrapped=tool,
        )

    def _run(self, **kwargs: Any) -> str:
        try:
            return self.wrapped.run(kwargs, _no_conversation()).text
        except DeixisError as error:
            raise ToolException(str(error)) from error

    async def _arun(self, **kwargs: Any) -> str:
        try:
            return (await self.wrapped.arun(kwargs, _no_conversation())).text
        except DeixisError as error:
            raise ToolException(str(error)) from error


def _no_conversation() -> ToolContext:
    return ToolContext(book=ImageBook(ImageStore()), reader=CachedReader(RapidReader()))
