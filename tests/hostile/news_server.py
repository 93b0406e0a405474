"""A real MCP server whose only tool says whatever is written in a file."""

from __future__ import annotations

import os
from pathlib import Path

from mcp.server.mcpserver import MCPServer

server = MCPServer("news")


@server.tool()
def news() -> str:
    """Gives the news."""
    return Path(os.environ["NEWS_FILE"]).read_text("utf-8")


if __name__ == "__main__":
    server.run()
