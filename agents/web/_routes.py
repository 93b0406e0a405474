"""The addresses of the page: each checks who asks before anything else."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PIL import Image
from pydantic import JsonValue
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Send

from deixis.agents.web._errors import NO_PICTURE, NO_THREAD, NO_TURN, WebError
from deixis.agents.web._events import EventLog, WebEvent
from deixis.agents.web._history import History
from deixis.agents.web._limits import WebLimits
from deixis.agents.web._live import last_event
from deixis.agents.web._runs import Runs
from deixis.agents.web._turns import Turn
from deixis.agents.web._upload import read_json, read_question, taker
from deixis.agents.web._visitors import Visitors
from deixis.vision import VisionImage

STATIC: Final = Path(__file__).parent / "static"
_PING_SECONDS: Final = 15
_PICTURE_SECONDS: Final = 3_600
_FORGET_CACHE: Final = {"Clear-Site-Data": '"cache"'}


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What the page says of the server.

    Attributes:
        title: Of the page; None for the building's name.
        model: That answers.
        map_names: Of the building by language, where there is a map.
    """

    title: str | None
    model: str
    map_names: Mapping[str, str] | None


class Pages:
    """Serves the page and what it asks for.

    Args:
        runs: Answers questions.
        history: What was asked and answered.
        visitors: Who asks.
        limits: On what is taken.
        shown: What the page says of the server.
    """

    def __init__(
        self,
        *,
        runs: Runs,
        history: History,
        visitors: Visitors,
        limits: WebLimits,
        shown: Shown,
    ) -> None:
        self._runs = runs
        self._history = history
        self._visitors = visitors
        self._limits = limits
        self._shown = shown
        self._following: dict[str, int] = {}
        # Decoding and encoding a photo takes a processor and much memory.
        self._encoding = asyncio.Semaphore(2)

    def routes(self) -> list[BaseRoute]:
        """All addresses."""
        thread = "/api/threads/{thread}"
        turn = f"{thread}/turns/{{turn}}"
        return [
            Route("/", self.page, methods=["GET"]),
            Route("/api/session", self.session, methods=["GET"]),
            Route("/api/session", self.sign_in, methods=["POST"]),
            Route("/api/session", self.sign_out, methods=["DELETE"]),
            Route("/api/me", self.forget_me, methods=["DELETE"]),
            Route("/api/threads", self.threads, methods=["GET"]),
            Route("/api/ask", self.ask, methods=["POST"]),
            Route(thread, self.thread, methods=["GET"]),
            Route(thread, self.forget, methods=["DELETE"]),
            Route(f"{thread}/decisions", self.decide, methods=["POST"]),
            Route(f"{thread}/images/{{handle}}", self.picture, methods=["GET"]),
            Route(f"{turn}/events", self.events, methods=["GET"]),
            Route(f"{turn}/stop", self.stop, methods=["POST"]),
            Mount("/static", StaticFiles(directory=STATIC, check_dir=False)),
        ]

    async def page(self, request: Request) -> Response:
        """The page itself."""
        del request
        return FileResponse(STATIC / "index.html", media_type="text/html")

    async def session(self, request: Request) -> Response:
        """What the server is, and whether the visitor is known; a new one may be let in by it."""
        signed_in = await self._visitors.user(request) is not None
        welcome = not signed_in and not self._visitors.needs_token
        response = _json(
            {
                "signed_in": signed_in or welcome,
                "needs_token": self._visitors.needs_token,
                "model": self._shown.model,
                "title": self._shown.title,
                "map": dict(self._shown.map_names) if self._shown.map_names else None,
                "limits": {
                    "upload_mb": self._limits.upload_mb,
                    "images": self._limits.images,
                    "pixels": self._limits.pixels,
                },
            }
        )
        if welcome:
            await self._visitors.welcome(request, response)
        elif signed_in:
            self._visitors.stay(request, response)
        return response

    async def sign_in(self, request: Request) -> Response:
        """Lets a visitor in by the token."""
        told = await read_json(request, self._limits)
        address = request.client.host if request.client else ""
        self._visitors.check(told.get("token"), address)
        response = Response(status_code=204)
        if await self._visitors.user(request) is None:
            await self._visitors.welcome(request, response)
        return response

    async def sign_out(self, request: Request) -> Response:
        """Lets go of a visitor, whose cookie opens nothing any more."""
        response = Response(status_code=204, headers=_FORGET_CACHE)
        await self._visitors.leave(request, response)
        return response

    async def forget_me(self, request: Request) -> Response:
        """Forgets all of a user's."""
        user = await self._visitors.needed(request)
        await self._runs.forget(user)
        return Response(status_code=204, headers=_FORGET_CACHE)

    async def threads(self, request: Request) -> Response:
        """A user's conversations."""
        user = await self._visitors.needed(request)
        listed = await run_in_threadpool(self._history.threads, user)
        return _json({"threads": [one.model_dump(mode="json") for one in listed]})

    async def thread(self, request: Request) -> Response:
        """One of a user's conversations, with its turns as they stand."""
        user = await self._visitors.needed(request)
        name = str(request.path_params["thread"])
        found = await run_in_threadpool(self._history.thread, user, name)
        if found is None:
            raise WebError(404, NO_THREAD, code="gone")
        turns = [kept.turn for kept in await run_in_threadpool(self._history.turns, user, name)]
        live = self._runs.live(user, name)
        if live is not None:
            turns = [live.turn if turn.turn == live.turn.turn else turn for turn in turns]
        return _json(
            {"thread": name, "title": found.title, "turns": [turn.told() for turn in turns]}
        )

    async def forget(self, request: Request) -> Response:
        """Forgets one of a user's conversations."""
        user = await self._visitors.needed(request)
        await self._runs.forget(user, str(request.path_params["thread"]))
        return Response(status_code=204, headers=_FORGET_CACHE)

    async def ask(self, request: Request) -> Response:
        """Takes a question in; it is answered whether or not the asker stays."""
        user = await self._visitors.needed(request)
        # Before anything is read: what can't be answered needn't be sent.
        self._runs.check_room(user)
        asked = await read_question(request, self._limits)
        take = taker(asked.files, self._limits)
        thread, turn = await self._runs.ask(user, asked.thread, asked.text, take, again=asked.again)
        return _json({"thread": thread, "turn": turn}, status=202)

    async def decide(self, request: Request) -> Response:
        """Takes a person's word on calls that wait for it."""
        user = await self._visitors.needed(request)
        told = await read_json(request, self._limits)
        decisions = told.get("decisions")
        if not isinstance(decisions, list) or not all(isinstance(one, bool) for one in decisions):  # pyright: ignore[reportUnknownVariableType]
            raise WebError(400, "“decisions” takes a list of true and false.")
        calls = told.get("calls", [])
        if not isinstance(calls, list) or not all(isinstance(one, str) for one in calls):  # pyright: ignore[reportUnknownVariableType]
            raise WebError(400, "“calls” takes a list of the calls' ids.")
        thread = str(request.path_params["thread"])
        turn = await self._runs.decide(user, thread, decisions, calls)  # pyright: ignore[reportUnknownArgumentType]
        return _json({"turn": turn}, status=202)

    async def stop(self, request: Request) -> Response:
        """Stops a turn."""
        user = await self._visitors.needed(request)
        turn = _turn_of(request)
        await self._runs.stop(user, str(request.path_params["thread"]), turn)
        return _json({"turn": turn}, status=202)

    async def events(self, request: Request) -> Response:
        """What happens in a turn, from its beginning or from where the connection was lost."""
        user = await self._visitors.needed(request)
        thread, number = str(request.path_params["thread"]), _turn_of(request)
        live = self._runs.live(user, thread)
        if live is not None and live.turn.turn == number:
            if self._following.get(user, 0) >= self._limits.streams_each:
                told = "Too many pages follow your answers: close some."
                raise WebError(429, told, code="streams", retry=10)
            stream = self._followed(user, live.log, _after(request))
        else:
            kept = await run_in_threadpool(self._history.turn, user, thread, number)
            if kept is None:
                raise WebError(404, NO_TURN)
            stream = _ended(kept.turn)
        return EventStream(
            stream,
            stall=self._limits.stall_seconds,
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    async def picture(self, request: Request) -> Response:
        """A picture of a conversation, encoded anew: without what a camera wrote into it."""
        user = await self._visitors.needed(request)
        thread, handle = str(request.path_params["thread"]), str(request.path_params["handle"])
        image = await run_in_threadpool(self._runs.picture, user, thread, handle)
        if image is None:
            raise WebError(404, NO_PICTURE)
        headers = {
            "Cache-Control": f"private, max-age={_PICTURE_SECONDS}",
            "ETag": f'"{image.sha256}"',
            "Vary": "Cookie",
        }
        if request.headers.get("if-none-match") == headers["ETag"]:
            return Response(status_code=304, headers=headers)
        async with self._encoding:
            data, kind = await run_in_threadpool(encoded, image)
        return Response(data, media_type=kind, headers=headers)

    async def _followed(self, user: str, log: EventLog, after: int) -> AsyncGenerator[str]:
        self._following[user] = self._following.get(user, 0) + 1
        try:
            yield ": following\n\n"
            async for event in log.follow(after=after, every=_PING_SECONDS):
                yield ": still here\n\n" if event is None else event.written()
        finally:
            self._following[user] -= 1
            if not self._following[user]:
                del self._following[user]


class EventStream(StreamingResponse):
    """Server-sent events; a client that doesn't take them is let go.

    Args:
        content: Events as text.
        stall: Seconds for one of them to be taken.
        headers: More than usual.
    """

    media_type = "text/event-stream"

    def __init__(
        self, content: AsyncGenerator[str], *, stall: float, headers: Mapping[str, str]
    ) -> None:
        super().__init__(content, headers=headers, media_type="text/event-stream")
        self._content = content
        self._stall = stall

    async def stream_response(self, send: Send) -> None:
        """Sends all of it; it ends early where the client takes nothing."""

        async def patient(message: object) -> None:
            async with asyncio.timeout(self._stall):
                await send(message)  # pyright: ignore[reportArgumentType]

        try:
            await super().stream_response(patient)
        except TimeoutError:
            return
        finally:
            await self._content.aclose()


def encoded(image: VisionImage) -> tuple[bytes, str]:
    """A picture's pixels and nothing else, as JPEG where it came as one, else as PNG."""
    out = io.BytesIO()
    pixels: Image.Image = image.pixels()
    if image.mime == "image/png":
        pixels.save(out, "PNG", compress_level=3)
        return out.getvalue(), "image/png"
    pixels.save(out, "JPEG", quality=90)
    return out.getvalue(), "image/jpeg"


async def _ended(turn: Turn) -> AsyncGenerator[str]:
    told = last_event(turn) or ("done", turn.told())
    yield WebEvent(number=1, name=told[0], data=told[1]).written()


def _turn_of(request: Request) -> int:
    told = str(request.path_params["turn"])
    if not (told.isascii() and told.isdigit() and len(told) < 10):
        raise WebError(404, NO_TURN)
    return int(told)


def _after(request: Request) -> int:
    told = request.headers.get("last-event-id", "")
    return int(told) if told.isascii() and told.isdigit() and len(told) < 10 else 0


def _json(told: Mapping[str, JsonValue], *, status: int = 200) -> JSONResponse:
    return JSONResponse(told, status_code=status, headers={"Cache-Control": "no-store"})
