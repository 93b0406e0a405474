"""Our tools as an MCP server: reading, grounding, zoom, translation, map lookup, questions.

Importing this package is cheap; the SDK (extra `mcp`) comes with the first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from deixis.agents.mcp._http import serve_http
    from deixis.agents.mcp._limits import ServerLimits
    from deixis.agents.mcp._offers import Offers
    from deixis.agents.mcp._server import create_server
    from deixis.agents.mcp._stdio import serve_stdio

__all__ = ["Offers", "ServerLimits", "create_server", "serve_http", "serve_stdio"]

_HOMES = {
    "Offers": "_offers",
    "ServerLimits": "_limits",
    "create_server": "_server",
    "serve_http": "_http",
    "serve_stdio": "_stdio",
}
_EXTRA = ("mcp", "mcp_types", "starlette", "uvicorn", "anyio")


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return getattr(import_module(f"deixis.agents.mcp.{_HOMES[name]}"), name)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _EXTRA:
            raise
        from deixis import vision

        raise vision.DeixisError(
            f"MCP takes {error.name}, which isn't installed: pip install 'deixis[mcp]'"
        ) from None
