"""Parts of the page that take in text: prose, and what comes over the connection."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from deixis.agents import VisionAgent
from deixis.testing import ScriptedModel
from tests.agents.web.page import chromium, served, visiting

pytestmark = pytest.mark.slow
EVENTS: list[tuple[str, Any]] = [
    ('id: 3\nevent: text\ndata: {"delta":"a"}', (3, "text", {"delta": "a"})),
    ("event:started\ndata:{}", (0, "started", {})),
    ('id: 1\nevent: done\ndata: {"turn":\ndata: 2}', (1, "done", {"turn": 2})),
    (": still here", None),
    ("event: text\ndata: {broken", None),
    ("", None),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def page(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    agent = VisionAgent(ScriptedModel([]), tools=[])
    with (
        served(agent, tmp_path_factory.mktemp("page")) as address,
        visiting(browser, address) as visit,
    ):
        yield visit.page


def shown(page: Page, text: str) -> str:
    """The elements that a text becomes, as HTML."""
    return page.evaluate(
        """async (text) => {
            const { prose } = await import("/static/prose.js");
            return prose(text).map((node) => node.outerHTML).join("");
        }""",
        text,
    )


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("One.\nTwo.", "<p>One.<br>Two.</p>"),
        ("One.\n\nTwo.", "<p>One.</p><p>Two.</p>"),
        ("1. Left\n2. Right", "<ol><li>Left</li><li>Right</li></ol>"),
        ("1. Left\n\n2. Right", "<ol><li>Left</li><li>Right</li></ol>"),
        ("3. Left", '<ol start="3"><li>Left</li></ol>'),
        ("1、左转", "<ol><li>左转</li></ol>"),
        ("1.左转", "<ol><li>左转</li></ol>"),
        ("3.5 kg of rice", "<p>3.5 kg of rice</p>"),
        ("- 外科\n- 骨科", "<ul><li>外科</li><li>骨科</li></ul>"),
        ("## Floors", "<p><strong>Floors</strong></p>"),
        ("It is **4F**, `4F`", "<p>It is <strong>4F</strong>, <code>4F</code></p>"),
        ("2 ** 3 ** 4", "<p>2 ** 3 ** 4</p>"),
        ("[here](javascript:alert(1))", "<p>[here](javascript:alert(1))</p>"),
        ("<b>&amp;", "<p>&lt;b&gt;&amp;amp;</p>"),
        ("", ""),
    ],
)
def test_prose_becomes_paragraphs_and_lists(page: Page, text: str, html: str) -> None:
    assert shown(page, text) == html


def test_chinese_within_another_language_is_marked(page: Page) -> None:
    html: str = page.evaluate(
        """async () => {
            const { prose } = await import("/static/prose.js");
            return prose("ENT (耳鼻喉科) is **四楼**.", "en")[0].outerHTML;
        }"""
    )
    zh = '<span lang="zh">{}</span>'.format
    assert html == f"<p>ENT ({zh('耳鼻喉科')}) is <strong>{zh('四楼')}</strong>.</p>"


@pytest.mark.parametrize(
    ("written", "en", "zh"),
    [
        (
            "Mo-Fr 08:00-12:00,14:00-17:30",
            "Mon–Fri 08:00–12:00, 14:00–17:30",
            "周一至周五 08:00–12:00, 14:00–17:30",
        ),
        ("24/7", "Open day and night", "全天开放"),
        (
            "Sa 09:00-12:00; PH off",
            "Sat 09:00–12:00; holidays closed",
            "周六 09:00–12:00; 节假日 不开放",
        ),
        ("sunrise-sunset", "sunrise-sunset", "sunrise-sunset"),
    ],
)
def test_opening_hours_are_told_in_words(page: Page, written: str, en: str, zh: str) -> None:
    told: list[str] = page.evaluate(
        """async (written) => {
            const { hours, setLanguage } = await import("/static/strings.js");
            const zh = (setLanguage("zh"), hours(written));
            return [(setLanguage("en"), hours(written)), zh];
        }""",
        written,
    )
    assert told == [en, zh]


def left(page: Page, text: str, *steps: str) -> str:
    """What is said of an answer beside its list of steps."""
    return page.evaluate(
        """async ([text, steps]) => {
            const { withoutSteps } = await import("/static/prose.js");
            return withoutSteps(text, steps.map((instruction) => ({ instruction })));
        }""",
        [text, list(steps)],
    )


def test_steps_that_are_listed_are_not_said_again(page: Page) -> None:
    said = (
        "ENT is on 4F.\n\nFrom the main entrance, 12 m in all:\n\n"
        "1. Take Lift B up to 4F.\n2. Turn left.\n\nOr tell me where you are."
    )
    told = left(page, said, "Take Lift B up to 4F.", "Turn left.")
    assert told == "ENT is on 4F.\n\nOr tell me where you are."


def test_an_answer_that_repeats_no_step_is_left_alone(page: Page) -> None:
    said = "ENT is on 4F. Take these:"
    assert left(page, said, "Take Lift B up to 4F.") == said


def test_an_answer_of_steps_alone_is_left_alone(page: Page) -> None:
    assert left(page, "1. Turn left.", "Turn left.") == "1. Turn left."


@pytest.mark.parametrize(("block", "event"), EVENTS)
def test_events_are_read_as_they_are_sent(page: Page, block: str, event: Any) -> None:
    told = page.evaluate(
        'async (block) => (await import("/static/events.js")).eventOf(block)', block
    )
    assert (told and (told["id"], told["name"], told["data"])) == event


def test_both_languages_have_all_texts(page: Page) -> None:
    missing: list[str] = page.evaluate(
        """async () => {
            const { TABLES } = await import("/static/strings.js");
            const keys = (table) => Object.keys(table).concat(Object.keys(table.tools)).sort();
            const [en, zh] = [keys(TABLES.en), keys(TABLES.zh)];
            return en.filter((k) => !zh.includes(k)).concat(zh.filter((k) => !en.includes(k)));
        }"""
    )
    assert not missing


def test_the_page_asks_for_no_text_that_is_not_there(page: Page) -> None:
    static = Path(__file__).parents[3] / "agents" / "web" / "static"
    asked: set[str] = set()
    for file in sorted(static.glob("*.js")):
        asked |= set(re.findall(r"\bt\(\"(\w+)\"", file.read_text("utf-8")))
    asked |= set(re.findall(r'data-t(?:-\w+)?="(\w+)"', (static / "index.html").read_text("utf-8")))
    known: list[str] = page.evaluate(
        'async () => Object.keys((await import("/static/strings.js")).TABLES.en)'
    )
    assert asked <= set(known)
    assert len(asked) > 50
