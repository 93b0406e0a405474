"""What happens on the page while something else does: sending, another page, going back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from deixis.agents import VisionAgent
from deixis.testing import Say, ScriptedModel
from tests.agents.web.page import GUIDE, PHONE, Gate, chromium, picture, served, visiting

pytestmark = pytest.mark.slow
# Holds what is sent back until it is let go, as a slow line does.
HOLD = """() => {
    const send = window.fetch;
    const gate = new Promise((go) => { window.letGo = go; });
    window.fetch = async (...asked) => {
        if (asked[0] === "/api/ask") await gate;
        return send(...asked);
    };
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


def agent(*steps: Any) -> VisionAgent:
    return VisionAgent(ScriptedModel([*steps]))


def choose(page: Page, *files: Any) -> None:
    page.set_input_files("#choose-file", [*files])


def test_what_is_written_while_a_question_is_sent_stays(browser: Browser, tmp_path: Path) -> None:
    with (
        served(agent(Say("A sign.")), tmp_path) as address,
        visiting(browser, address) as visit,
    ):
        page = visit.page
        page.evaluate(HOLD)
        choose(page, picture("first.png"))
        page.fill("#question", "What is it?")
        page.click("#send")
        page.fill("#question", "And this?")
        choose(page, picture("second.png"))
        page.evaluate("letGo()")
        expect(page.locator(".turn .prose")).to_have_text("A sign.")
        expect(page.locator("#question")).to_have_value("And this?")
        expect(page.locator("#previews li")).to_have_count(1)
        expect(page.get_by_role("button", name="Remove second.png")).to_be_visible()


def test_asking_again_twice_asks_once(browser: Browser, tmp_path: Path) -> None:
    gate = Gate(Say("Late."))
    with (
        served(agent(gate, Say("A sign.")), tmp_path) as address,
        visiting(browser, address) as visit,
    ):
        turn = visit.ask("What is it?", picture())
        visit.page.get_by_role("button", name="Stop").click()
        expect(turn).to_have_attribute("data-state", "stopped")
        gate.open.set()
        visit.page.evaluate(HOLD)
        turn.get_by_role("button", name="Ask again").dblclick()
        visit.page.evaluate("letGo()")
        expect(visit.page.locator(".turn").last.locator(".prose")).to_have_text("A sign.")
        expect(visit.page.locator(".turn")).to_have_count(2)
        expect(visit.page.locator("#composer-error")).to_be_empty()


def test_a_second_page_of_a_conversation_shows_what_the_first_asked(
    browser: Browser, tmp_path: Path
) -> None:
    gate = Gate(Say("Later."))
    with (
        served(agent(Say("A sign."), gate), tmp_path) as address,
        visiting(browser, address) as visit,
    ):
        visit.answered("What is it?", picture())
        other = visit.context.new_page()
        other.goto(visit.page.url)
        expect(other.locator(".turn")).to_have_count(1)
        visit.ask("And now?")
        other.fill("#question", "Anything else?")
        other.click("#send")
        expect(other.locator(".turn .question").last).to_have_text("And now?")
        expect(other.locator("#composer-error")).to_contain_text("still at your last question")
        expect(other.locator("#question")).to_have_value("Anything else?")
        expect(other.get_by_role("button", name="Stop")).to_be_visible()
        gate.open.set()
        expect(other.locator(".turn .prose").last).to_have_text("Later.")


def test_a_question_in_a_conversation_that_was_deleted_elsewhere_is_kept(
    browser: Browser, tmp_path: Path
) -> None:
    with (
        served(agent(Say("A sign."), Say("Anew.")), tmp_path) as address,
        visiting(browser, address) as visit,
    ):
        visit.answered("What is it?", picture())
        thread = visit.page.url.partition("#")[2]
        visit.page.request.delete(f"{address}/api/threads/{thread}")
        visit.page.fill("#question", "And now?")
        visit.page.click("#send")
        expect(visit.page.locator("#banner")).to_have_text(
            "This conversation isn't there any more."
        )
        expect(visit.page.locator("#question")).to_have_value("And now?")
        visit.page.click("#send")
        expect(visit.page.locator(".turn .prose")).to_have_text("Anew.")


def test_going_back_closes_what_lies_over_the_conversation(
    browser: Browser, tmp_path: Path
) -> None:
    with (
        served(VisionAgent(), tmp_path) as address,
        visiting(browser, address, **PHONE) as visit,
    ):
        turn = visit.answered("Which floor is ENT on?", GUIDE)
        turn.locator(".answer .zoom, .answer .photo button").first.click()
        expect(visit.page.locator("#viewer")).to_be_visible()
        visit.page.go_back()
        expect(visit.page.locator("#viewer")).to_be_hidden()
        expect(visit.page.locator("#welcome")).to_be_visible()
        visit.page.go_forward()
        visit.page.click("#menu")
        visit.page.go_back()
        expect(visit.page.locator("#menu")).to_have_attribute("aria-expanded", "false")


def test_an_empty_file_is_not_taken(browser: Browser, tmp_path: Path) -> None:
    with served(agent(), tmp_path) as address, visiting(browser, address) as visit:
        choose(visit.page, {"name": "zero.jpg", "mimeType": "image/jpeg", "buffer": b""})
        expect(visit.page.locator("#composer-error")).to_contain_text("“zero.jpg” is empty.")
        expect(visit.page.locator("#previews li")).to_have_count(0)


def test_a_photo_of_too_many_pixels_is_made_smaller(browser: Browser, tmp_path: Path) -> None:
    with served(agent(Say("Grey.")), tmp_path) as address, visiting(browser, address) as visit:
        turn = visit.answered("What is it?", picture("huge.png", (10_000, 6_000)))
        expect(turn.locator(".thumbnail img")).to_have_js_property("naturalWidth", 3000)


def test_a_failure_is_told_in_the_language_of_the_page(browser: Browser, tmp_path: Path) -> None:
    with (
        served(agent(), tmp_path) as address,
        visiting(browser, address, locale="zh-CN") as visit,
    ):
        broken = {"name": "text.jpg", "mimeType": "image/jpeg", "buffer": b"no picture"}
        choose(visit.page, broken)
        visit.page.fill("#question", "这是什么？")
        visit.page.click("#send")
        expect(visit.page.locator("#composer-error")).to_contain_text("无法读取“text.jpg”")
        assert visit.page.locator("#composer-error").get_attribute("lang") is None
