"""`--trace` and `deixis trace`: written, printed, and as a page in a real browser."""

from __future__ import annotations

import json
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import (  # pyright: ignore[reportMissingTypeStubs]
    Axe,
)
from playwright.sync_api import Browser, expect

from deixis.agents import Decision, VisionAgent
from deixis.agents.tracing import TraceFile
from deixis.testing import Call, Fail, Say, ScriptedModel
from deixis.tools import tool
from deixis.vision import Point, ToolError, load_image
from tests.agents.test_cli import ENT, GUIDE, Run, one_line, one_object, run
from tests.agents.web.page import PHONE, chromium
from tests.conftest import PICTURES

__all__ = ["run"]  # fixtures

EVIL = "<script>document.title='x'</script><img src=x onerror=\"document.title='x'\">\u202e&'\""


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with all that there is in one, each word of it hostile."""
    path = tmp_path_factory.mktemp("hostile") / "out.json"

    @tool
    def echo(at: Point, words: str) -> str:
        """Says it back."""
        return words

    @tool
    def fail(words: str) -> str:
        """Fails."""
        raise ToolError(words)

    @tool(approval=True)
    def press(at: Point) -> str:
        """Presses a button."""
        return EVIL

    place = {"label": EVIL, "bbox_2d": [437, 302, 565, 348]}
    at = {"x": 477, "y": 325}
    with TraceFile(path) as trace:
        reader = VisionAgent(
            ScriptedModel([Call("echo", {"at": at, "words": EVIL}), Say(EVIL, places=[place])]),
            tools=[echo],
            name="reader",
        )
        model = ScriptedModel(
            [
                Fail(ConnectionError(EVIL), after=EVIL),
                [Call("ask_reader", {"task": EVIL}), Call("fail", {"words": EVIL})],
                Call(EVIL, {EVIL: EVIL}),
                Call("press", {"at": at}, text=EVIL),
                Say(EVIL, places=[place], facts={EVIL: EVIL}),
            ]
        )
        lead = VisionAgent(
            model,
            tools=[reader.as_tool(), fail, press],
            instructions=EVIL,
            name="lead",
            tracing=trace.tracing,
        )
        lead.ask(EVIL, load_image(PICTURES / "hospital_zh.jpg"), thread=EVIL)
        lead.resume(EVIL, [Decision(allow=True, reason=EVIL)])
    return path


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


def test_ask_writes_a_trace_and_answers_as_ever(run: Run, tmp_path: Path) -> None:
    told = one_object(run("ask", GUIDE, ENT, "--trace", "out.json", "--json"))
    assert told["facts"]["floor"] == "4F"
    written = json.loads((tmp_path / "out.json").read_text("utf-8"))
    assert written["deixis_trace"] == 1
    assert written["images"][0]["source"] == "hospital_zh.jpg"


def test_a_trace_is_printed_as_a_tree(run: Run) -> None:
    run("ask", GUIDE, ENT, "--trace", "out.json")
    lines = run("trace", "out.json").stdout.splitlines()
    assert lines[0].startswith("agent  ")
    assert any("asked: Where should I go for ENT?" in line for line in lines)
    assert any(re.search(r"at img_1  ?\[437, 302, 565, 348\]  ?耳鼻喉科", line) for line in lines)
    (model,) = [line for line in lines if "└─ embedded" in line]
    assert re.search(r"about [\d,]+ → [\d,]+ tokens · sees img_1", model)


def test_a_trace_as_json_is_the_tree_and_what_it_came_to(run: Run) -> None:
    run("ask", GUIDE, ENT, "--trace", "out.json")
    told = one_object(run("trace", "out.json", "--json"))
    (root,) = told["runs"]
    assert (root["kind"], root["name"], root["error"]) == ("agent", "agent", None)
    assert told["models"] == 1
    assert told["tokens"]["estimated"] is True
    assert [image["size"] for image in told["images"]] == [[1600, 1200]]


def test_chat_traces_its_turns_into_one_file(run: Run) -> None:
    run("chat", GUIDE, "--trace", "out.json", "--json", given=f"{ENT}\nAnd the pharmacy?\n")
    told = one_object(run("trace", "out.json", "--json"))
    threads = {run["attributes"]["gen_ai.conversation.id"] for run in told["runs"]}
    assert len(told["runs"]) == 2
    assert len(threads) == 1


def test_a_robot_s_pictures_are_kept_with_the_points_it_used(run: Run, tmp_path: Path) -> None:
    order = "put the red cube in the bowl"
    run("robot", order, "--arm", "stub", "--seed", "3", "--trace", "out.json", "--json")
    written = json.loads((tmp_path / "out.json").read_text("utf-8"))
    assert len(written["images"]) >= 3
    assert all((tmp_path / "out.images" / image["file"]).exists() for image in written["images"])
    lines = run("trace", "out.json").stdout.splitlines()
    assert any("pick(at=" in line for line in lines)


def test_a_question_that_fails_leaves_its_trace(run: Run, tmp_path: Path) -> None:
    model = "openai:http://127.0.0.1:9/v1#Qwen/Qwen3-VL-4B-Instruct"
    done = run("ask", GUIDE, ENT, "--model", model, "--trace", "out.json")
    assert done.returncode == 1
    text = run("trace", "out.json").stdout
    assert "✗" in text
    assert "nothing answers" in text


@pytest.mark.parametrize("name", ["no/out.json", "."])
def test_a_trace_that_cannot_be_written_is_refused_before_the_run(run: Run, name: str) -> None:
    one_line(run("ask", GUIDE, ENT, "--trace", name))


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("none.json",), "can't be read"),
        ((GUIDE,), "no JSON"),
        (("bad.json",), "no trace of ours"),
        (("good.json", "--html", "page.txt"), "end it in .html"),
        (("good.json", "--html", "no/page.html"), "no folder"),
    ],
)
def test_what_cannot_be_shown_is_told_in_a_line(
    run: Run, tmp_path: Path, words: tuple[str, ...], why: str
) -> None:
    (tmp_path / "bad.json").write_text("{}", "utf-8")
    (tmp_path / "good.json").write_text('{"deixis_trace": 1}', "utf-8")
    assert why in one_line(run("trace", *words))


def test_hostile_words_steer_no_terminal(run: Run, hostile: Path) -> None:
    text = run("trace", str(hostile)).stdout
    assert "<script>" in text
    assert all(char.isprintable() or char in "\n " for char in text)


def test_the_page_is_one_file_for_its_owner_with_nothing_from_elsewhere(
    run: Run, hostile: Path, tmp_path: Path
) -> None:
    run("trace", str(hostile), "--html", "page.html")
    page = tmp_path / "page.html"
    text = page.read_text("utf-8")
    assert stat.S_IMODE(page.stat().st_mode) == 0o600
    assert not re.search(r"(?:src|href)=\"(?!data:image/jpeg;base64,|#)", text)
    assert "<script" not in text
    assert "\u202e" not in text
    # Style attributes would need a weaker policy.
    assert not re.search(r"<[^>]* style=", text)
    assert "default-src 'none'" in text


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_the_page_is_readable_and_runs_nothing(
    run: Run, hostile: Path, tmp_path: Path, browser: Browser, size: str, scheme: str
) -> None:
    run("trace", str(hostile), "--html", "page.html")
    options: dict[str, Any] = {**(PHONE if size == "phone" else {}), "color_scheme": scheme}
    context = browser.new_context(**options)
    page = context.new_page()
    heard: list[str] = []
    page.on("console", lambda message: heard.append(message.text))
    page.on("request", lambda request: heard.append(request.url))
    page.goto((tmp_path / "page.html").as_uri())
    expect(page.get_by_role("heading", name="What happened")).to_be_visible()
    assert page.title() == "out.json"
    assert [one for one in heard if not one.startswith("data:")] == [page.url]
    wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert wide <= 0
    assert page.evaluate("getComputedStyle(document.querySelector('.run')).borderTopWidth") == "1px"
    checked: Any = Axe().run(page)  # pyright: ignore[reportUnknownMemberType]
    found: list[dict[str, Any]] = checked.response["violations"]
    assert [one["id"] for one in found if one["impact"] in ("serious", "critical")] == []
    context.close()


@pytest.mark.slow
def test_the_page_shows_who_spoke_what_was_called_and_the_marks(
    run: Run, hostile: Path, tmp_path: Path, browser: Browser
) -> None:
    run("trace", str(hostile), "--html", "page.html")
    page = browser.new_page()
    page.goto((tmp_path / "page.html").as_uri())
    turns = page.locator("section.run")
    expect(turns).to_have_count(2)
    expect(turns.nth(0)).to_contain_text("waits for a person: press: at (477, 325) of img_1")
    expect(turns.nth(1)).to_contain_text("a person allowed press")
    inner = page.locator(".node.tool .node.agent")
    expect(inner).to_contain_text("reader")
    marked = turns.nth(1).get_by_role("img", name="img_1 with 1 marks")
    assert marked.first.evaluate("image => image.complete && image.naturalWidth") == 1100
    page.locator(".rows a").nth(1).click()
    assert page.evaluate("document.querySelector(':target') !== null")
    page.close()


def test_without_the_folder_of_pictures_the_page_says_so(
    run: Run, tmp_path: Path, hostile: Path
) -> None:
    (tmp_path / "alone.json").write_bytes(hostile.read_bytes())
    run("trace", "alone.json", "--html", "page.html")
    text = (tmp_path / "page.html").read_text("utf-8")
    assert "the picture is not kept beside the trace" in text
    assert "<img" not in text
