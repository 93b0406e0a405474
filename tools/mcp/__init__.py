"""Tools of MCP servers, as tools of ours: a person is asked first, and their words aren't trusted.

Importing this package is cheap; the SDK (extra `mcp`) comes when a server is opened.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from deixis.tools.mcp._errors import McpError
    from deixis.tools.mcp._limits import McpLimits, McpProgress
    from deixis.tools.mcp._results import McpData
    from deixis.tools.mcp._tools import McpOptions, McpTools

__all__ = ["McpData", "McpError", "McpLimits", "McpOptions", "McpProgress", "McpTools"]

_HOMES = {
    "McpData": "_results",
    "McpError": "_errors",
    "McpLimits": "_limits",
    "McpOptions": "_tools",
    "McpProgress": "_limits",
    "McpTools": "_tools",
}
_EXTRA = ("mcp", "mcp_types", "jsonschema", "referencing", "httpx2", "anyio")


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return getattr(import_module(f"deixis.tools.mcp.{_HOMES[name]}"), name)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _EXTRA:
            raise
        from deixis import vision

        raise vision.DeixisError(
            f"MCP takes {error.name}, which isn't installed: pip install 'deixis[mcp]'"
        ) from None
