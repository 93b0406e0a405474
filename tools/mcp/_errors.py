"""What goes wrong with a server before any of its tools is called."""

from __future__ import annotations

from deixis.vision import DeixisError


class McpError(DeixisError):
    """An MCP server can't be opened, or not with these options."""
