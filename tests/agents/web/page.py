"""The page in a real browser against a real server: what its tests share."""

from __future__ import annotations

import io
import os
import shutil
import socket
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvicorn
from langchain_core.messages import BaseMessage
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from deixis.agents import VisionAgent
from deixis.agents.web import create_app
from deixis.testing import Call, Say
from deixis.tools import tool
from deixis.vision import Point
from tests.conftest import PICTURES, missing

if TYPE_CHECKING:
    from starlette.applications import Starlette

GUIDE = PICTURES / "hospital_zh.jpg"
PHONE: dict[str, Any] = {
    "viewport": {"width": 360, "height": 740},
    "has_touch": True,
    "is_mobile": True,
    "device_scale_factor": 2,
}
# How long an answer may take on a busy machine, in milliseconds; anything else takes less.
PATIENCE = 90_000
expect.set_options(timeout=30_000)


@contextmanager
def chromium() -> Generator[Browser]:
    """Debian's Chromium without a window; skips the tests where it isn't installed."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        missing("chromium (apt-get install chromium)")
        raise AssertionError
    # Chromium's sandbox doesn't start as root.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=arguments)
        yield browser
        browser.close()


@contextmanager
def running(app: Starlette) -> Generator[str]:
    """The address of an app that is served on a free port of this machine."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        config = uvicorn.Config(app, ws="none", lifespan="on", log_level="error")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            while thread.is_alive() and not server.started:
                thread.join(0.02)
            assert server.started
            yield f"http://127.0.0.1:{port}"
        finally:
            server.should_exit = True
            thread.join(30)


@contextmanager
def served(agent: VisionAgent, folder: Path, **options: Any) -> Generator[str]:
    """The address of an agent's page."""
    with running(create_app(agent, folder=folder, **options)) as address:
        yield address


class Visit:
    """A person's browser on the page: its own cookies, and all that went wrong in it.

    Args:
        browser: Where.
        address: Of the server.
        options: Of the browser's context, such as the size of the window.
    """

    def __init__(self, browser: Browser, address: str, **options: Any) -> None:
        settings: dict[str, Any] = {"locale": "en-GB", **options}
        self.address = address
        self.context = browser.new_context(**settings)
        self.page: Page = self.context.new_page()
        self.problems: list[str] = []
        self.asked: list[str] = []
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on("dialog", lambda dialog: self.problems.append(f"a dialog: {dialog.message}"))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on(
            "console",
            lambda said: (
                self.problems.append(said.text)
                if said.type in ("error", "warning") and "status of" not in said.text
                else None
            ),
        )
        self.page.goto(address)

    def ask(self, question: str, *photos: Path | dict[str, Any]) -> Locator:
        """Asks, with photos where they are given; the part of the page that shows it."""
        before = self.page.locator(".turn").count()
        if photos:
            self.page.set_input_files("#choose-file", list(photos))  # pyright: ignore[reportArgumentType]
            expect(self.page.locator("#previews li")).to_have_count(len(photos))
        self.page.fill("#question", question)
        self.page.click("#send")
        expect(self.page.locator(".turn")).to_have_count(before + 1)
        return self.page.locator(".turn").last

    def answered(self, question: str, *photos: Path | dict[str, Any]) -> Locator:
        """Asks, and waits for the answer."""
        turn = self.ask(question, *photos)
        expect(turn).to_have_attribute("data-state", "done", timeout=PATIENCE)
        return turn


@contextmanager
def visiting(browser: Browser, address: str, **options: Any) -> Generator[Visit]:
    """A person's visit to the page."""
    visit = Visit(browser, address, **options)
    try:
        yield visit
    finally:
        visit.context.close()
    assert not visit.problems
    assert all(url.startswith((f"{address}/", "blob:")) for url in visit.asked)


class Gate:
    """A step of a script that holds until the test lets it go on."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self.open = threading.Event()

    def __call__(self, asked: Sequence[BaseMessage]) -> Say:
        del asked
        assert self.open.wait(60)
        return self._say


def picture(name: str = "sign.png", size: tuple[int, int] = (640, 480)) -> dict[str, Any]:
    """A plain picture as a file of the browser's."""
    written = io.BytesIO()
    Image.new("RGB", size, (200, 220, 230)).save(written, "PNG")
    return {"name": name, "mimeType": "image/png", "buffer": written.getvalue()}


class Arm:
    """A tool that asks before it acts, and what it did."""

    def __init__(self) -> None:
        self.done: list[str] = []

        @tool(approval=True)
        def grasp(at: Point) -> str:
            """Close the gripper at a point."""
            self.done.append(f"{at.x:g},{at.y:g}")
            return f"Grasped at {at.x:g}, {at.y:g}."

        self.tool = grasp


def grasping(*spots: tuple[int, int]) -> list[Call]:
    """A step of a script: wants to grasp at these places, all at once."""
    return [Call("grasp", {"at": list(spot)}) for spot in spots]
