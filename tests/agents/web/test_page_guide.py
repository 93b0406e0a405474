"""The hospital guide on the page: a photo of a floor guide and a map become a way, drawn."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from deixis.agents import HospitalGuide
from deixis.tools.maps import load_map
from tests.agents.web.page import GUIDE, PHONE, chromium, served, visiting

pytestmark = pytest.mark.slow
MAP = Path(__file__).parents[3] / "examples" / "maps" / "hospital"
ENGLISH = "How do I get to ENT? I'm at the pharmacy."
CHINESE = "耳鼻喉科怎么走？我在药房，坐轮椅。"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, cache_dir: Path) -> Iterator[str]:
    with served(HospitalGuide(load_map(MAP)), tmp_path_factory.mktemp("guide")) as where:
        yield where


@pytest.mark.parametrize(
    ("locale", "question", "answer", "ends", "last"),
    [
        (
            "en-GB", ENGLISH, "ENT (耳鼻喉科) is on 4F.", ["Pharmacy", "ENT"],
            "ENT is the third door on your right, 13 m ahead.",
        ),
        (
            "zh-CN", CHINESE, "耳鼻喉科在4F。", ["药房", "耳鼻喉科"],
            "前行13米，耳鼻喉科在右手边第三个门。",
        ),
    ],
)  # fmt: skip
def test_a_photo_becomes_the_floor_the_box_and_the_way(
    browser: Browser,
    address: str,
    locale: str,
    question: str,
    answer: str,
    ends: list[str],
    last: str,
) -> None:
    with visiting(browser, address, **{**PHONE, "locale": locale}) as visit:
        turn = visit.answered(question, GUIDE)
        expect(turn.locator(".prose")).to_contain_text(answer)
        expect(turn.locator(".facts .floor")).to_have_text("4F")
        expect(turn.locator(".mark.box")).to_have_count(1)
        expect(turn.locator(".route .end [lang]")).to_have_text(ends)
        expect(turn.locator(".route .steps li").last).to_contain_text(last)
        drawn = turn.locator(".route img")
        expect(drawn).to_have_js_property("complete", value=True)
        assert drawn.evaluate("image => image.naturalWidth") == 1080
        visit.page.reload()
        expect(visit.page.locator(".route .steps li").last).to_contain_text(last)


def test_the_conversation_goes_on_from_the_way(browser: Browser, address: str) -> None:
    with visiting(browser, address, **PHONE) as visit:
        visit.answered(ENGLISH, GUIDE)
        turn = visit.answered("Lift B is out of order.")
        expect(turn.locator(".route .steps")).not_to_contain_text("Lift B")
        expect(turn.locator(".route .end [lang]")).to_have_text(["Pharmacy", "ENT"])


def test_the_building_is_named_in_the_language_of_the_page(browser: Browser, address: str) -> None:
    with visiting(browser, address) as visit:
        expect(visit.page.locator("#title")).to_have_text("Yunze Hospital")
        visit.page.get_by_role("button", name="中文").click()
        expect(visit.page.locator("#title")).to_have_text("云泽医院")


def test_an_emergency_is_told_first(browser: Browser, address: str) -> None:
    with visiting(browser, address, **PHONE) as visit:
        turn = visit.answered("My father has chest pain, where do we go?")
        expect(turn.locator(".prose")).to_contain_text(
            "This may be an emergency: go to Emergency (急诊), 1F, now, or call 120."
        )
