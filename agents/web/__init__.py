"""The web page: photos and questions in, answers with boxes and routes out, for many at once.

Importing this package is cheap; Starlette and uvicorn (extra `web`) come with the first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from deixis.agents.web._app import create_app
    from deixis.agents.web._limits import WebLimits
    from deixis.agents.web._serve import serve

__all__ = ["WebLimits", "create_app", "serve"]

_HOMES = {"WebLimits": "_limits", "create_app": "_app", "serve": "_serve"}
_EXTRA = ("starlette", "uvicorn", "python_multipart")


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return getattr(import_module(f"deixis.agents.web.{_HOMES[name]}"), name)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _EXTRA:
            raise
        from deixis import vision

        raise vision.DeixisError(
            f"the web page takes {error.name}, which isn't installed: pip install 'deixis[web]'"
        ) from None
