"""The page's server in a thread, and visitors who speak to it as a browser does."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
from PIL import Image
from starlette.applications import Starlette

from deixis.agents import VisionAgent
from deixis.agents.web import create_app
from deixis.agents.web._serve import PageServer, PromptProtocol
from deixis.testing import ScriptedModel
from deixis.testing._scripted import Step

_STARTING_SECONDS = 30
PATIENCE = 60.0
# The server lets idle connections go after 5 s, which is when httpx would use them last by default.
FRESH = httpx.Limits(keepalive_expiry=1)


@contextmanager
def served(app: Starlette, *, protocol: type[PromptProtocol] = PromptProtocol) -> Generator[str]:
    """Serves an application of `create_app` on a free port of the loopback; gives its address."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = PageServer(app, protocol=protocol)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            until = time.monotonic() + _STARTING_SECONDS
            while not server.started:
                if not thread.is_alive() or time.monotonic() > until:
                    raise AssertionError("the server doesn't start")
                time.sleep(0.01)
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


def scripted(*steps: Any, **options: Any) -> VisionAgent:
    """An agent whose model plays a script."""
    return VisionAgent(ScriptedModel(list[Step](steps)), **options)


@contextmanager
def page(agent: VisionAgent, **options: Any) -> Generator[str]:
    """The address of an agent's page."""
    with served(create_app(agent, **options)) as address:
        yield address


class Visitor:
    """Someone at the page, with a cookie of their own.

    Args:
        address: Of the server.
        token: To sign in with, where the server wants one.
    """

    def __init__(self, address: str, token: str | None = None) -> None:
        self.http = httpx.Client(base_url=address, timeout=PATIENCE, limits=FRESH)
        self.session: dict[str, Any] = self.http.get("/api/session").json()
        if token is not None:
            self.http.post("/api/session", json={"token": token})

    def __enter__(self) -> Visitor:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def post(
        self,
        text: str,
        *pictures: bytes | tuple[str, bytes],
        thread: str | None = None,
        **fields: str,
    ) -> httpx.Response:
        """Sends a question with its pictures."""
        named = [one if isinstance(one, tuple) else ("photo.png", one) for one in pictures]
        files = [("images", (name, data, "image/png")) for name, data in named]
        data = {"text": text, **fields, **({"thread": thread} if thread else {})}
        # A part that is no file makes a form of it where there are no pictures.
        parts = [*((name, (None, value)) for name, value in data.items()), *files]
        return self.http.post("/api/ask", files=parts)

    def ask(
        self, text: str, *pictures: bytes | tuple[str, bytes], thread: str | None = None
    ) -> tuple[str, int]:
        """Asks; the conversation and the number of the turn."""
        response = self.post(text, *pictures, thread=thread)
        assert response.status_code == 202, response.text
        return response.json()["thread"], response.json()["turn"]

    def answered(
        self, text: str, *pictures: bytes | tuple[str, bytes], thread: str | None = None
    ) -> tuple[str, dict[str, Any]]:
        """Asks and waits; the conversation and the whole turn."""
        name, turn = self.ask(text, *pictures, thread=thread)
        self.events(name, turn)
        return name, self.turn(name, turn)

    def turn(self, thread: str, turn: int) -> dict[str, Any]:
        """A turn as it stands."""
        found: list[dict[str, Any]] = self.thread(thread)["turns"]
        return next(one for one in found if one["turn"] == turn)

    def thread(self, thread: str) -> dict[str, Any]:
        """A conversation as it stands."""
        return self.http.get(f"/api/threads/{thread}").json()

    def threads(self) -> list[dict[str, Any]]:
        """The list of conversations."""
        return self.http.get("/api/threads").json()["threads"]

    def events(
        self,
        thread: str,
        turn: int = 1,
        *,
        after: int | None = None,
        until: Sequence[str] = (),
    ) -> list[tuple[int, str, Any]]:
        """The events of a turn, to the end of the stream or the first of a name."""
        headers = {} if after is None else {"Last-Event-ID": str(after)}
        address = f"/api/threads/{thread}/turns/{turn}/events"
        told: list[tuple[int, str, Any]] = []
        with self.http.stream("GET", address, headers=headers) as stream:
            assert stream.status_code == 200
            for event in _events(stream):
                told.append(event)
                if event[1] in until:
                    break
        return told


def _events(stream: httpx.Response) -> Generator[tuple[int, str, Any]]:
    number, name = 0, ""
    for line in stream.iter_lines():
        key, _, value = line.partition(": ")
        if key == "id":
            number = int(value)
        elif key == "event":
            name = value
        elif key == "data":
            yield number, name, json.loads(value)


def names(events: Sequence[tuple[int, str, Any]]) -> list[str]:
    """What happened, in order; pieces of text as one."""
    told: list[str] = []
    for _, name, _ in events:
        if name != "text" or told[-1:] != ["text"]:
            told.append(name)
    return told


def png(shade: int = 255, size: tuple[int, int] = (64, 48)) -> bytes:
    """A plain picture; another shade makes another picture."""
    out = BytesIO()
    Image.new("RGB", size, (shade, shade, shade)).save(out, "PNG")
    return out.getvalue()


def kept(folder: Path) -> bytes:
    """All bytes in a folder's files."""
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())
