"""The documentation's site in a real browser, as a reader with no network would see it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from tests.agents.web.page import PHONE, Visit, chromium, running
from tests.pages import ROOT

pytestmark = pytest.mark.slow

DESK: dict[str, Any] = {"viewport": {"width": 1280, "height": 900}}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--site-dir", str(folder)]
    subprocess.run([*command, "--no-strict"], cwd=ROOT, check=True, timeout=300)
    return folder


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    with running(Starlette(routes=[Mount("/", StaticFiles(directory=site))])) as served:
        yield served


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_every_page_fits_its_window_and_asks_nobody_else(
    browser: Browser, site: Path, address: str, size: dict[str, Any]
) -> None:
    visit = Visit(browser, f"{address}/index.html", **size)
    width = size["viewport"]["width"]
    for path in sorted(site.rglob("*.html")):
        visit.page.goto(f"{address}/{path.relative_to(site)}")
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= width, path
    assert visit.problems == []
    assert [asked for asked in visit.asked if not asked.startswith((address, "data:"))] == []
    visit.context.close()


def test_the_search_finds_names_and_chinese_words(browser: Browser, address: str) -> None:
    visit = Visit(browser, f"{address}/index.html", **DESK)
    for words, title in (("idempotency_key", "ToolContext"), ("耳鼻喉科", "First steps")):
        asked = visit.page.get_by_role("textbox", name="Search")
        asked.fill(words)
        asked.press("End")  # the page looks again at each key
        found = visit.page.locator(".md-search-result__list")
        expect(found).to_contain_text(title)
    visit.context.close()


def test_a_program_can_be_copied(browser: Browser, address: str) -> None:
    visit = Visit(browser, f"{address}/first-steps.html", **DESK)
    visit.context.grant_permissions(["clipboard-read", "clipboard-write"])
    block = visit.page.locator(".highlight", has_text="from deixis.agents import").first
    block.hover()
    block.get_by_role("button").first.click()
    copied: str = visit.page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("from deixis.agents import VisionAgent\n")
    visit.context.close()
