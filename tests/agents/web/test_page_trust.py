"""The page believes nobody: who comes in, and what is written in photos, names and answers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from deixis.agents import VisionAgent
from deixis.testing import Call, Fail, Say, ScriptedModel
from deixis.tools import tool
from deixis.vision import ModelError
from tests.agents.web.page import chromium, picture, served, visiting

pytestmark = pytest.mark.slow
EVIL = '"><img src=x onerror="window.hacked=1"><script>window.hacked=1</script>'


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@tool(approval=True)
def act(what: str) -> str:
    """Act."""
    return what


def test_what_is_read_never_becomes_markup(browser: Browser, tmp_path: Path) -> None:
    place = {"label": EVIL, "text": EVIL, "bbox_2d": [60, 40, 200, 80]}
    steps = [
        Say(f"{EVIL}\n1. {EVIL}\n**{EVIL}**", places=[place], facts={"floor": EVIL, EVIL: EVIL}),
        Call("act", {"what": EVIL}),
        Fail(ModelError(EVIL)),
    ]
    agent = VisionAgent(ScriptedModel(steps), tools=[act])
    with (
        served(agent, tmp_path, title=EVIL, map_names={"en": EVIL}) as address,
        visiting(browser, address) as visit,
    ):
        page = visit.page
        turn = visit.answered(EVIL, picture(f"{EVIL.replace('/', '')}.png"))
        turn.locator(".mark.box").click()
        expect(turn.locator(".bubble-text")).to_have_text(EVIL)
        turn.get_by_role("button", name="Look closer").click()
        page.keyboard.press("Escape")
        waiting = visit.ask(EVIL)
        waiting.get_by_text("Details").click()
        expect(waiting.locator(".arguments dd")).to_have_text(EVIL)
        waiting.get_by_role("button", name="Allow", exact=True).click()
        expect(waiting.locator(".notice.bad")).to_contain_text("<script>")
        page.get_by_role("button", name="Delete “").click()
        page.get_by_role("button", name="Cancel").click()
        page.reload()
        expect(page.locator(".turn")).to_have_count(2)
        assert page.evaluate("window.hacked") is None
        assert page.locator("img[src=x], main script, aside script").count() == 0


def test_a_hostile_address_opens_nothing(browser: Browser, tmp_path: Path) -> None:
    agent = VisionAgent(ScriptedModel([]), tools=[])
    with served(agent, tmp_path) as address, visiting(browser, address) as visit:
        for end in ("..%2f..%2fapi%2fsession", "%", "<img src=x onerror=window.hacked=1>"):
            visit.page.goto("about:blank")
            visit.page.goto(f"{address}/#{end}")
            expect(visit.page.locator("#welcome")).to_be_visible()
        assert visit.page.evaluate("window.hacked") is None


def test_the_token_lets_in_and_nothing_else_does(browser: Browser, tmp_path: Path) -> None:
    agent = VisionAgent(ScriptedModel([Say("Here.")]), tools=[])
    with (
        served(agent, tmp_path, token="river-stone-42") as address,
        visiting(browser, address) as visit,
    ):
        page = visit.page
        expect(page.get_by_label("Token")).to_be_focused()
        expect(page.locator("#composer")).to_be_hidden()
        page.keyboard.type("river")
        page.keyboard.press("Enter")
        expect(page.locator("#sign-in-error")).to_contain_text("isn't the right one")
        page.get_by_label("Token").fill("river-stone-42")
        page.get_by_role("button", name="Sign in").click()
        visit.answered("Where?")
        page.reload()
        expect(page.locator(".turn .prose")).to_have_text("Here.")
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_label("Token")).to_be_focused()
        expect(page.locator(".turn")).to_have_count(0)
        page.reload()
        expect(page.get_by_label("Token")).to_be_visible()
        assert page.request.get(f"{address}/api/threads").status == 401


def test_the_token_is_kept_nowhere_in_the_page(browser: Browser, tmp_path: Path) -> None:
    agent = VisionAgent(ScriptedModel([]), tools=[])
    with (
        served(agent, tmp_path, token="river-stone-42") as address,
        visiting(browser, address) as visit,
    ):
        visit.page.get_by_label("Token").fill("river-stone-42")
        visit.page.keyboard.press("Enter")
        expect(visit.page.locator("#composer")).to_be_visible()
        kept: str = visit.page.evaluate(
            "document.documentElement.outerHTML + document.getElementById('token').value"
            " + document.cookie + JSON.stringify(localStorage) + location.href"
        )
        assert "river-stone-42" not in kept
        assert not any("river-stone-42" in url for url in visit.asked)


def test_a_page_elsewhere_cannot_frame_it(browser: Browser, tmp_path: Path) -> None:
    agent = VisionAgent(ScriptedModel([]), tools=[])
    with served(agent, tmp_path) as address, visiting(browser, address) as visit:
        said = visit.page.request.get(address).headers["content-security-policy"]
        assert "frame-ancestors 'none'" in said
        assert "unsafe" not in said
