"""What a server may cost, and how far it is with a call."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field


class McpLimits(BaseModel):
    """What an MCP server may cost.

    Attributes:
        opening_seconds: For it to start and to list its tools.
        silent_seconds: For it to answer a call, from the call or from its last word of progress.
        call_seconds: For a call in all, progress or not.
        tools: How many of its tools are taken; the rest is left out.
        description: Characters of a tool's or an argument's description.
        schema_size: Characters of a tool's schema as JSON; a tool with a larger one is left out.
        text: Characters of a result; what is over is cut, and said to be.
        images: How many images of a result are taken.
        response_bytes: Of one message over HTTP.
    """

    model_config = ConfigDict(frozen=True)

    opening_seconds: float = Field(default=30.0, gt=0)
    silent_seconds: float = Field(default=60.0, gt=0)
    call_seconds: float = Field(default=600.0, gt=0)
    tools: int = Field(default=128, ge=1)
    description: int = Field(default=2_000, ge=1)
    schema_size: int = Field(default=20_000, ge=1)
    text: int = Field(default=20_000, ge=1)
    images: int = Field(default=8, ge=0)
    response_bytes: int = Field(default=50_000_000, ge=1)


@dataclass(frozen=True, kw_only=True)
class McpProgress:
    """How far a server says it is with a call.

    Attributes:
        server: What the server is called here.
        tool: Name of the tool.
        done: Grows; of `total`, where the server knows that.
        total: What `done` will be at the end.
        message: The server's words, cleaned of what isn't text.
    """

    server: str
    tool: str
    done: float
    total: float | None = None
    message: str = ""
