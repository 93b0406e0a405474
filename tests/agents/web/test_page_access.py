"""The page for those who don't see it, don't use a mouse, or hold it in one hand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import (  # pyright: ignore[reportMissingTypeStubs]
    Axe,
)
from playwright.sync_api import Browser, Page, expect

from deixis.agents import VisionAgent
from deixis.testing import Fail, Say, ScriptedModel
from deixis.vision import ModelError
from tests.agents.web.page import (
    PHONE,
    Arm,
    chromium,
    grasping,
    picture,
    served,
    visiting,
)

pytestmark = pytest.mark.slow
TWO = Say(
    "Two fit:\n- 普通外科\n- 乳腺外科",
    places=[
        {"label": "General Surgery", "text": "普通外科", "bbox_2d": [60, 40, 200, 80]},
        {"label": "Breast Surgery", "text": "乳腺外科", "bbox_2d": [300, 300, 460, 340]},
    ],
    facts={"floor": "3F"},
)
# Keeps every text that is read out by itself, in order.
LISTEN = """() => {
    window.read = [];
    const live = document.getElementById("live");
    new MutationObserver(() => { if (live.textContent) window.read.push(live.textContent); })
        .observe(live, { childList: true, characterData: true, subtree: true });
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


def unreadable(page: Page) -> list[str]:
    """What axe finds seriously wrong with the page as it is."""
    checked: Any = Axe().run(page)  # pyright: ignore[reportUnknownMemberType]
    found: list[dict[str, Any]] = checked.response["violations"]
    return [
        f"{one['id']}: {one['nodes']}" for one in found if one["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_nothing_is_out_of_reach_for_a_screen_reader(
    browser: Browser, tmp_path: Path, size: str, scheme: str
) -> None:
    arm = Arm()
    steps = [TWO, grasping((30, 40)), Fail(ModelError("the model is gone"))]
    agent = VisionAgent(ScriptedModel(steps), tools=[arm.tool])
    options = {**(PHONE if size == "phone" else {}), "color_scheme": scheme}
    with (
        served(agent, tmp_path, map_names={"en": "Riverside Hospital"}) as address,
        visiting(browser, address, reduced_motion="reduce", **options) as visit,
    ):
        page = visit.page
        expect(page.locator("#welcome")).to_be_visible()
        assert not unreadable(page)
        turn = visit.answered("Where is surgery?", picture())
        turn.locator(".mark.box").last.click()
        assert not unreadable(page)
        turn.get_by_role("button", name="Look closer").click()
        assert not unreadable(page)
        page.keyboard.press("Escape")
        page.click("#language")
        assert not unreadable(page)
        page.click("#language")
        visit.ask("Take it", picture())
        expect(page.locator(".approval")).to_be_visible()
        assert not unreadable(page)
        page.get_by_role("button", name="Allow", exact=True).click()
        expect(page.locator(".notice.bad")).to_be_visible()
        assert not unreadable(page)
        if size == "phone":
            page.click("#menu")
            assert not unreadable(page)
        page.click("#forget")
        assert not unreadable(page)


def test_everything_works_by_keyboard_alone(browser: Browser, tmp_path: Path) -> None:
    agent = VisionAgent(ScriptedModel([TWO]), tools=[])
    with served(agent, tmp_path) as address, visiting(browser, address) as visit:
        page, keys = visit.page, visit.page.keyboard
        expect(page.locator("#composer")).to_be_visible()
        keys.press("Tab")
        expect(page.get_by_text("Skip to the question")).to_be_focused()
        keys.press("Enter")
        expect(page.locator("#question")).to_be_focused()
        page.set_input_files("#choose-file", picture())  # pyright: ignore[reportArgumentType]
        expect(page.locator("#previews li")).to_have_count(1)
        keys.type("Where is surgery?")
        keys.press("Enter")
        turn = page.locator(".turn")
        expect(turn).to_have_attribute("data-state", "done")
        tab_to(page, "1: 普通外科 (General Surgery)", back=True)
        keys.press("Enter")
        expect(turn.locator(".bubble")).to_contain_text("General Surgery")
        keys.press("Escape")
        expect(turn.locator(".bubble")).to_be_hidden()
        expect(turn.locator(".place-row").first).to_be_focused()
        keys.press("Tab")
        keys.press("Enter")
        expect(turn.locator(".mark.box").last).to_be_focused()
        expect(turn.locator(".bubble")).to_contain_text("Breast Surgery")


def tab_to(page: Page, name: str, *, back: bool = False) -> None:
    """Tabs until what has this name has the focus."""
    for _ in range(40):
        page.keyboard.press("Shift+Tab" if back else "Tab")
        if page.evaluate("document.activeElement.getAttribute('aria-label')") == name:
            return
    raise AssertionError(f"nothing called {name} can be reached by the keyboard")


def test_an_approval_is_given_by_keyboard(browser: Browser, tmp_path: Path) -> None:
    arm = Arm()
    agent = VisionAgent(ScriptedModel([grasping((30, 40)), Say("Done.")]), tools=[arm.tool])
    with served(agent, tmp_path) as address, visiting(browser, address) as visit:
        turn = visit.ask("Take it", picture())
        allow = turn.get_by_role("button", name="Allow", exact=True)
        expect(allow).to_be_visible()
        for _ in range(40):
            visit.page.keyboard.press("Shift+Tab")
            if allow.evaluate("node => node === document.activeElement"):
                break
        visit.page.keyboard.press("Enter")
        expect(turn.locator(".prose")).to_have_text("Done.")
        expect(turn).to_be_focused()
    assert arm.done == ["30,40"]


def test_the_whole_answer_is_read_out_once(browser: Browser, tmp_path: Path) -> None:
    said = "It is on 4F, the third door on your left."
    agent = VisionAgent(ScriptedModel([Say(said)]), tools=[])
    with served(agent, tmp_path) as address, visiting(browser, address) as visit:
        visit.page.evaluate(LISTEN)
        turn = visit.answered("Where?")
        visit.page.wait_for_function("text => window.read.includes(text)", arg=said)
        read: list[str] = visit.page.evaluate("window.read")
        assert [text for text in read if "4F" in text] == [said]
        assert turn.locator("[aria-live], [role=log], [role=status], [role=alert]").count() == 0


def test_an_answer_says_its_language(browser: Browser, tmp_path: Path) -> None:
    agent = VisionAgent(ScriptedModel([Say("耳鼻喉科在四楼。")]), tools=[])
    with served(agent, tmp_path) as address, visiting(browser, address) as visit:
        turn = visit.answered("耳鼻喉科在几楼？")
        assert str(turn.locator(".prose").get_attribute("lang")).startswith("zh")
        assert turn.locator(".question").get_attribute("lang") == "zh"
        expect(visit.page.locator("html")).to_have_attribute("lang", "en")


def test_the_drawer_of_a_phone_takes_the_focus_and_gives_it_back(
    browser: Browser, tmp_path: Path
) -> None:
    agent = VisionAgent(ScriptedModel([]), tools=[])
    with served(agent, tmp_path) as address, visiting(browser, address, **PHONE) as visit:
        page = visit.page
        expect(page.locator("#composer")).to_be_visible()
        expect(page.locator("#history")).not_to_be_in_viewport()
        page.click("#menu")
        expect(page.locator("#close-history")).to_be_focused()
        expect(page.locator("#main")).to_have_js_property("inert", True)
        page.keyboard.press("Escape")
        expect(page.locator("#menu")).to_be_focused()
        expect(page.locator("#history")).not_to_be_in_viewport()


def test_a_phone_is_offered_its_camera(browser: Browser, tmp_path: Path) -> None:
    agent = VisionAgent(ScriptedModel([]), tools=[])
    with served(agent, tmp_path) as address, visiting(browser, address, **PHONE) as visit:
        with visit.page.expect_file_chooser() as chosen:
            visit.page.get_by_role("button", name="Take a photo").tap()
        assert chosen.value.element.get_attribute("capture") == "environment"


def test_buttons_are_large_enough_for_a_thumb(browser: Browser, tmp_path: Path) -> None:
    agent = VisionAgent(ScriptedModel([TWO]), tools=[])
    with served(agent, tmp_path) as address, visiting(browser, address, **PHONE) as visit:
        visit.answered("Where is surgery?", picture())
        small: list[str] = visit.page.evaluate(
            """() => [...document.querySelectorAll("button:not(.mark)")]
                .filter((b) => b.checkVisibility() && !b.closest("[inert]"))
                .filter((b) => b.getBoundingClientRect().height < 40)
                .map((b) => b.outerHTML)"""
        )
        assert not small
