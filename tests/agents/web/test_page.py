"""The page with the embedded model at work: photos, boxes, reloading, languages, two people."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from deixis.agents import VisionAgent
from tests.agents.web.page import GUIDE, PHONE, chromium, served, visiting

pytestmark = pytest.mark.slow
QUESTION = "Which floor is ENT on?"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, cache_dir: Path) -> Iterator[str]:
    with served(VisionAgent(), tmp_path_factory.mktemp("page"), title="Floor guide") as where:
        yield where


def pixels_of_the_mark(page: Page) -> list[float]:
    """Where the first mark lies on its photo, in the photo's own 1600 × 1200 pixels."""
    mark = page.locator(".answer .mark.box").first.bounding_box()
    photo = page.locator(".answer .photo img").first.bounding_box()
    assert mark
    assert photo
    scale = 1600 / photo["width"]
    left, top = (mark["x"] - photo["x"]) * scale, (mark["y"] - photo["y"]) * scale
    return [left, top, left + mark["width"] * scale, top + mark["height"] * scale]


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_the_box_lies_on_the_words_of_the_photo(browser: Browser, address: str, size: str) -> None:
    with visiting(browser, address, **(PHONE if size == "phone" else {})) as visit:
        turn = visit.answered(QUESTION, GUIDE)
        expect(turn.locator(".facts .floor")).to_have_text("4F")
        expect(turn.locator(".prose")).to_contain_text("4F")
        assert pixels_of_the_mark(visit.page) == pytest.approx([438, 304, 566, 347], abs=8)


def test_a_tap_on_the_box_tells_what_stands_there(browser: Browser, address: str) -> None:
    with visiting(browser, address, **PHONE) as visit:
        turn = visit.answered(QUESTION, GUIDE)
        turn.locator(".mark.box").tap()
        expect(turn.locator(".bubble")).to_contain_text("耳鼻喉科")
        expect(turn.locator(".bubble")).to_contain_text("ENT · 4F")
        expect(turn.locator(".places li.selected")).to_contain_text("耳鼻喉科")


def test_the_box_is_there_in_the_large_picture(browser: Browser, address: str) -> None:
    with visiting(browser, address) as visit:
        turn = visit.answered(QUESTION, GUIDE)
        turn.locator(".mark.box").click()
        turn.get_by_role("button", name="Look closer").click()
        mark = visit.page.locator("#viewer .mark.box")
        expect(mark).to_be_in_viewport()
        expect(mark).to_have_attribute("aria-pressed", "true")
        visit.page.keyboard.press("Escape")
        expect(visit.page.locator("#viewer")).to_be_hidden()


def test_a_reload_shows_everything_again(browser: Browser, address: str) -> None:
    with visiting(browser, address) as visit:
        before = visit.answered(QUESTION, GUIDE).inner_text()
        visit.page.reload()
        turn = visit.page.locator(".turn")
        expect(turn).to_have_count(1)
        expect(turn.locator(".photo img")).to_have_js_property("naturalWidth", 1600)
        assert turn.inner_text() == before
        assert pixels_of_the_mark(visit.page) == pytest.approx([438, 304, 566, 347], abs=8)


def test_a_conversation_is_found_in_the_list(browser: Browser, address: str) -> None:
    with visiting(browser, address) as visit:
        visit.answered(QUESTION, GUIDE)
        visit.page.get_by_role("button", name="New conversation").first.click()
        expect(visit.page.locator(".turn")).to_have_count(0)
        visit.page.get_by_role("navigation").get_by_text(QUESTION).click()
        expect(visit.page.locator(".turn .question")).to_have_text(QUESTION)
        visit.page.go_back()
        expect(visit.page.locator(".turn")).to_have_count(0)


def test_the_language_of_the_page_changes_and_stays(browser: Browser, address: str) -> None:
    with visiting(browser, address) as visit:
        visit.answered("ENT 在几楼？", GUIDE)
        visit.page.get_by_role("button", name="中文").click()
        expect(visit.page.locator("html")).to_have_attribute("lang", "zh-Hans")
        expect(visit.page.get_by_role("button", name="新对话").first).to_be_visible()
        expect(visit.page.locator("#question")).to_have_attribute("placeholder", "输入您的问题…")
        expect(visit.page.locator(".facts")).to_contain_text("楼层")
        visit.page.reload()
        expect(visit.page.locator("html")).to_have_attribute("lang", "zh-Hans")
        expect(visit.page.locator(".turn .prose")).to_have_attribute("lang", "zh")


def test_a_browser_in_chinese_gets_a_page_in_chinese(browser: Browser, address: str) -> None:
    with visiting(browser, address, locale="zh-CN") as visit:
        expect(visit.page.locator("html")).to_have_attribute("lang", "zh-Hans")
        expect(visit.page.locator("#welcome-title")).to_have_text("您想去哪里？")


def test_two_people_at_once_each_see_their_own(browser: Browser, address: str) -> None:
    menu = GUIDE.with_name("menu.jpg")
    with visiting(browser, address) as ann, visiting(browser, address) as bob:
        first, second = ann.ask(QUESTION, GUIDE), bob.ask("How much is the rice?", menu)
        for turn in (first, second):
            expect(turn).to_have_attribute("data-state", "done", timeout=90_000)
        expect(first.locator(".facts .floor")).to_have_text("4F")
        expect(second.locator(".prose")).not_to_contain_text("4F")
        for visit, own in ((ann, QUESTION), (bob, "How much is the rice?")):
            visit.page.reload()
            expect(visit.page.locator(".turn .question")).to_have_text([own])
            expect(visit.page.locator("#threads .thread-title")).to_have_text([own])


def test_an_address_of_another_person_shows_nothing(browser: Browser, address: str) -> None:
    with visiting(browser, address) as ann, visiting(browser, address) as bob:
        ann.answered(QUESTION, GUIDE)
        bob.page.goto(ann.page.url)
        expect(bob.page.locator("#banner")).to_have_text("This conversation isn't there any more.")
        expect(bob.page.locator(".turn")).to_have_count(0)
        photo = ann.page.locator(".answer .photo img").get_attribute("src")
        assert ann.page.request.get(f"{address}{photo}").status == 200
        assert bob.page.request.get(f"{address}{photo}").status == 404


@pytest.mark.parametrize("width", [320, 360, 768, 1280])
def test_nothing_is_wider_than_the_window(browser: Browser, address: str, width: int) -> None:
    with visiting(browser, address, viewport={"width": width, "height": 740}) as visit:
        assert overflow(visit.page) <= 0
        visit.answered(QUESTION, GUIDE)
        visit.page.locator(".mark.box").click()
        assert overflow(visit.page) <= 0
        long = "x" * 300
        visit.answered(long)
        assert overflow(visit.page) <= 0


def overflow(page: Page) -> int:
    """By how many pixels the page is wider than the window."""
    return int(page.evaluate("document.documentElement.scrollWidth - innerWidth"))
