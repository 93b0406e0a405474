"""The web page as an ASGI application."""

from __future__ import annotations

import asyncio
import logging
import tempfile
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from deixis.agents._agent import VisionAgent
from deixis.agents._guide import HospitalGuide
from deixis.agents.web._errors import LOST, WebError, note
from deixis.agents.web._guard import Guard
from deixis.agents.web._history import History
from deixis.agents.web._limits import WebLimits
from deixis.agents.web._routes import Pages, Shown
from deixis.agents.web._runs import Runs
from deixis.agents.web._visitors import Visitors
from deixis.memory._lock import PlaceLock
from deixis.vision import DeixisError, ImageError

_FILE: Final = "web.sqlite"
_A_DAY: Final = 86_400
_log = logging.getLogger(__name__)


def create_app(
    agent: VisionAgent,
    *,
    token: str | None = None,
    folder: Path | None = None,
    limits: WebLimits | None = None,
    title: str | None = None,
    map_names: Mapping[str, str] | None = None,
    hosts: Sequence[str] | None = None,
) -> Starlette:
    """The page for an agent, for many people at once.

    Run it in one process: the line and what is being answered are in memory. What was answered
    is in the folder, and an agent whose pictures and checkpoints are kept goes on after a restart.

    Args:
        agent: Answers. Give it no `approve`: calls that need a person's word are put on the page.
        token: What visitors must know; None lets everyone in.
        folder: Where the history is kept; None forgets it with the process.
        limits: On what people may send and ask.
        title: Of the page; by default the building's name, else Deixis.
        map_names: Of the building that the agent guides through, by language, as in
            `IndoorMap.names`; those of a `HospitalGuide`'s map by default.
        hosts: Names by which the server may be called; None for any.

    Raises:
        DeixisError: The folder can't be used, or another server uses it.
    """
    if token is not None and not token.strip():
        raise DeixisError("the token is empty: give one with letters, or none at all")
    bounds = limits or WebLimits()
    names = agent.map.names if map_names is None and isinstance(agent, HospitalGuide) else map_names
    temporary = tempfile.TemporaryDirectory(prefix="deixis-web-") if folder is None else None
    place = Path(temporary.name) if temporary is not None else Path(folder or ".").expanduser()
    lock = PlaceLock(place / "web.lock")
    try:
        owner = lock.acquire()
    except OSError as error:
        raise DeixisError(
            f"{place} can't be used ({error.strerror}): give another folder"
        ) from error
    if owner is not None:
        raise DeixisError(f"{place} is used by the server of {owner}: give another folder")
    try:
        history = History(place / _FILE)
    except BaseException:
        lock.release()
        raise
    runs = Runs(agent, history, bounds)
    pages = Pages(
        runs=runs,
        history=history,
        visitors=Visitors(history, token=token, limits=bounds),
        limits=bounds,
        shown=Shown(title=title, model=agent.model_name, map_names=names),
    )

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncGenerator[None]:
        del app
        await runs.recover()
        tidying = asyncio.create_task(_tidied(runs))
        try:
            yield
        finally:
            tidying.cancel()
            await runs.close()
            history.close()
            lock.release()
            if temporary is not None:
                temporary.cleanup()

    app = Starlette(
        routes=pages.routes(),
        middleware=[Middleware(Guard, hosts=hosts)],
        exception_handlers={WebError: _told, DeixisError: _told, HTTPException: _not_here},
        lifespan=lifespan,
    )
    app.state.runs = runs
    return app


async def _tidied(runs: Runs) -> None:
    """Tidies once a day."""
    while True:
        try:
            await runs.tidy()
        except DeixisError:
            _log.warning("people who haven't come for long could not be forgotten")
        await asyncio.sleep(_A_DAY)


async def _told(request: Request, error: Exception) -> Response:
    """An error of ours: one line for the page."""
    del request
    if not isinstance(error, WebError | ImageError):
        # It concerns who runs the server, and may name its folders.
        note(error, "in a request")
        error = WebError(500, LOST)
    status = error.status if isinstance(error, WebError) else 400
    headers = {"Cache-Control": "no-store"}
    if isinstance(error, WebError) and error.retry is not None:
        headers["Retry-After"] = str(error.retry)
    if status in (408, 413):
        # The rest of the body isn't read.
        headers["Connection"] = "close"
    told = {"error": " ".join(str(error).split())}
    if isinstance(error, WebError) and error.code is not None:
        told |= {"code": error.code, "about": error.about}
    return JSONResponse(told, status_code=status, headers=headers)


async def _not_here(request: Request, error: Exception) -> Response:
    """An address or a method that isn't served."""
    del request
    status = error.status_code if isinstance(error, HTTPException) else 404
    told = "There is no such address." if status == 404 else "That can't be done here."
    return JSONResponse({"error": told}, status_code=status)
