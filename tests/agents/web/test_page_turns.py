"""What becomes of a question on the page: approvals, waiting, stopping, failing, forgetting."""

from __future__ import annotations

import shutil
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from PIL import Image
from playwright.sync_api import Browser, Route, expect

from deixis.agents import VisionAgent
from deixis.agents.web import WebLimits
from deixis.testing import Call, Fail, Say, ScriptedModel
from deixis.tools import NewImage, ToolResult, tool
from deixis.tools.maps._way import PlaceInfo, RouteStep
from deixis.tools.maps._way import Route as Way
from deixis.vision import ModelError, load_image
from tests.agents.web.page import (
    Arm,
    Gate,
    Visit,
    chromium,
    grasping,
    picture,
    served,
    visiting,
)

pytestmark = pytest.mark.slow
DROP = """([name, kind]) => {
    const data = new DataTransfer();
    data.items.add(new File([new Uint8Array([1, 2, 3])], name, { type: kind }));
    const event = new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true });
    document.body.dispatchEvent(event);
}"""
PASTE = DROP.replace('DragEvent("drop", { dataTransfer', 'ClipboardEvent("paste", { clipboardData')


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@contextmanager
def visit_to(
    browser: Browser, folder: Path, steps: list[Any], tools: list[Any] | None = None, **options: Any
) -> Generator[Visit]:
    """A visit to the page of an agent that follows a script."""
    agent = VisionAgent(ScriptedModel(steps), tools=tools or [])
    with served(agent, folder, **options) as address, visiting(browser, address) as visit:
        yield visit


def test_a_call_runs_when_it_is_allowed(browser: Browser, tmp_path: Path) -> None:
    arm = Arm()
    steps = [grasping((320, 120)), Say("I have it.")]
    with visit_to(browser, tmp_path, steps, [arm.tool]) as visit:
        turn = visit.ask("Take it", picture())
        spot = turn.locator(".approval .mark.spot")
        expect(spot).to_be_visible()
        photo = turn.locator(".approval img").bounding_box()
        mark = spot.bounding_box()
        assert photo
        assert mark
        middle = mark["x"] + mark["width"] / 2 - photo["x"], mark["y"] + mark["height"] / 2
        assert middle[0] / photo["width"] == pytest.approx(0.5, abs=0.01)
        assert (middle[1] - photo["y"]) / photo["height"] == pytest.approx(0.25, abs=0.01)
        assert not arm.done
        turn.get_by_role("button", name="Allow", exact=True).click()
        expect(turn.locator(".prose")).to_have_text("I have it.")
    assert arm.done == ["320,120"]


def test_a_call_does_not_run_when_it_is_refused(browser: Browser, tmp_path: Path) -> None:
    arm = Arm()
    with visit_to(browser, tmp_path, [grasping((3, 4)), Say("I left it.")], [arm.tool]) as visit:
        turn = visit.ask("Take it", picture())
        turn.get_by_role("button", name="Don't allow").click()
        expect(turn.locator(".prose")).to_have_text("I left it.")
    assert not arm.done


def test_of_two_calls_each_has_its_own_buttons(browser: Browser, tmp_path: Path) -> None:
    arm = Arm()
    steps = [grasping((10, 20), (30, 40)), Say("One of them.")]
    with visit_to(browser, tmp_path, steps, [arm.tool]) as visit:
        turn = visit.ask("Take both", picture())
        turn.get_by_role("button", name="Don't allow").first.click()
        expect(turn).to_have_attribute("data-state", "waiting")
        turn.get_by_role("button", name="Allow", exact=True).last.click()
        expect(turn.locator(".prose")).to_have_text("One of them.")
    assert arm.done == ["30,40"]


def test_what_waits_for_a_word_still_waits_after_a_reload(browser: Browser, tmp_path: Path) -> None:
    arm = Arm()
    with visit_to(browser, tmp_path, [grasping((3, 4)), Say("Done.")], [arm.tool]) as visit:
        visit.ask("Take it", picture())
        expect(visit.page.locator(".approval")).to_be_visible()
        visit.page.reload()
        expect(visit.page.locator(".approval .mark.spot")).to_be_visible()
        visit.page.get_by_role("button", name="Allow", exact=True).click()
        expect(visit.page.locator(".turn .prose")).to_have_text("Done.")
    assert arm.done == ["3,4"]


def test_a_question_can_be_stopped_and_asked_again(browser: Browser, tmp_path: Path) -> None:
    gate = Gate(Say("Too late."))
    with visit_to(browser, tmp_path, [gate, Say("It is blue.")]) as visit:
        turn = visit.ask("Which colour?", picture())
        expect(turn.get_by_text("Looking…")).to_be_visible()
        visit.page.get_by_role("button", name="Stop").click()
        expect(turn.get_by_text("Stopped.")).to_be_visible()
        gate.open.set()
        turn.get_by_role("button", name="Ask again").click()
        again = visit.page.locator(".turn").last
        expect(again.locator(".prose")).to_have_text("It is blue.")
        expect(again.locator(".thumbnail")).to_have_count(1)
        expect(visit.page.get_by_role("button", name="Ask again")).to_have_count(0)


def test_who_waits_is_told_how_many_are_before(browser: Browser, tmp_path: Path) -> None:
    gate = Gate(Say("For Ann."))
    agent = VisionAgent(ScriptedModel([gate, Say("For Bob.")]), tools=[])
    with (
        served(agent, tmp_path, limits=WebLimits(at_once=1)) as address,
        visiting(browser, address) as ann,
        visiting(browser, address) as bob,
    ):
        first = ann.ask("Ann's")
        expect(first).to_have_attribute("data-state", "running")
        second = bob.ask("Bob's")
        expect(second.get_by_text("1 person is before you.")).to_be_visible()
        gate.open.set()
        expect(first.locator(".prose")).to_have_text("For Ann.")
        expect(second.locator(".prose")).to_have_text("For Bob.")


def test_a_page_that_is_closed_meanwhile_loses_nothing(browser: Browser, tmp_path: Path) -> None:
    gate = Gate(Say("Here it is."))
    with visit_to(browser, tmp_path, [gate]) as visit:
        visit.ask("Where?")
        where = visit.page.url
        visit.page.goto("about:blank")
        gate.open.set()
        visit.page.goto(where)
        expect(visit.page.locator(".turn .prose")).to_have_text("Here it is.")


def test_a_lost_connection_is_made_again(browser: Browser, tmp_path: Path) -> None:
    refused: list[str] = []

    def lose(route: Route) -> None:
        if len(refused) < 2:
            refused.append(route.request.url)
            route.abort("connectionreset")
        else:
            route.continue_()

    gate = Gate(Say("There you are."))
    with visit_to(browser, tmp_path, [gate]) as visit:
        visit.page.route("**/events", lose)
        turn = visit.ask("Where?")
        expect(visit.page.get_by_text("Connection lost. Trying again…")).to_be_visible()
        expect(visit.page.locator("#banner")).to_be_hidden()
        gate.open.set()
        expect(turn.locator(".prose")).to_have_text("There you are.")
        visit.problems = [p for p in visit.problems if "CONNECTION_RESET" not in p]
    assert len(refused) == 2


def test_what_a_restart_cut_off_can_be_asked_again(browser: Browser, tmp_path: Path) -> None:
    gate = Gate(Say("Never seen."))
    with visit_to(browser, tmp_path / "before", [gate]) as visit:
        expect(visit.ask("Where?")).to_have_attribute("data-state", "running")
        # A server that is killed now leaves its folder like this.
        shutil.copytree(tmp_path / "before", tmp_path / "after")
        restarted = VisionAgent(ScriptedModel([Say("Over there.")]), tools=[])
        gate.open.set()
        with served(restarted, tmp_path / "after") as address:
            same_cookies_at(address, visit)
            visit.page.goto(visit.page.url.replace(visit.address, address))
            turn = visit.page.locator(".turn")
            expect(turn.locator(".notice")).to_contain_text("The server was stopped")
            turn.get_by_role("button", name="Ask again").click()
            expect(turn.last.locator(".prose")).to_have_text("Over there.")
            visit.page.goto("about:blank")
        visit.asked.clear()


def same_cookies_at(address: str, visit: Visit) -> None:
    """Gives a visit's cookies to another server, too: their names hold the server's port."""
    ports = [urlsplit(where).port for where in (visit.address, address)]
    for cookie in visit.context.cookies():
        name = str(cookie.get("name", "")).replace(str(ports[0]), str(ports[1]))
        visit.context.add_cookies(
            [{"name": name, "value": cookie.get("value", ""), "url": address}]
        )


def test_a_failure_is_one_line_that_can_be_read(browser: Browser, tmp_path: Path) -> None:
    steps = [Fail(ModelError("the model at port 1 doesn't answer")), Say("Now it does.")]
    with visit_to(browser, tmp_path, steps) as visit:
        turn = visit.ask("Where?")
        expect(turn.locator(".notice.bad")).to_have_text("The model at port 1 doesn't answer")
        turn.get_by_role("button", name="Ask again").click()
        expect(visit.page.locator(".turn").last.locator(".prose")).to_have_text("Now it does.")


def test_a_broken_picture_leaves_the_question_to_be_mended(
    browser: Browser, tmp_path: Path
) -> None:
    with visit_to(browser, tmp_path, [Say("A sign.")]) as visit:
        broken = {"name": "broken.png", "mimeType": "image/png", "buffer": b"no picture"}
        visit.page.set_input_files("#choose-file", broken)  # pyright: ignore[reportArgumentType]
        visit.page.fill("#question", "What is it?")
        visit.page.click("#send")
        expect(visit.page.locator("#composer-error")).not_to_be_empty()
        expect(visit.page.locator("#question")).to_have_value("What is it?")
        visit.page.get_by_role("button", name="Remove broken.png").click()
        assert visit.answered("What is it?", picture()).locator(".prose").inner_text() == "A sign."


def test_what_is_no_picture_is_not_taken(browser: Browser, tmp_path: Path) -> None:
    with visit_to(browser, tmp_path, []) as visit:
        text = {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"words"}
        visit.page.set_input_files("#choose-file", text)  # pyright: ignore[reportArgumentType]
        expect(visit.page.locator("#composer-error")).to_contain_text("“notes.txt” is no picture.")
        expect(visit.page.locator("#previews li")).to_have_count(0)
        visit.page.click("#send")
        expect(visit.page.locator("#composer-error")).to_have_text("Type a question first.")


def test_no_more_photos_than_the_server_takes(browser: Browser, tmp_path: Path) -> None:
    with visit_to(browser, tmp_path, [], limits=WebLimits(images=2)) as visit:
        expect(visit.page.locator("#question")).to_be_visible()
        three: Any = [picture(f"{n}.png") for n in range(3)]
        visit.page.set_input_files("#choose-file", three)
        expect(visit.page.locator("#previews li")).to_have_count(2)
        expect(visit.page.locator("#composer-error")).to_have_text("At most 2 photos at a time.")


def test_a_photo_too_large_to_send_is_made_smaller(browser: Browser, tmp_path: Path) -> None:
    with visit_to(browser, tmp_path, [Say("Noise.")], limits=WebLimits(upload_mb=2)) as visit:
        noise = Image.effect_noise((1200, 1000), 90).convert("RGB")
        noise.putpixel((0, 0), (255, 0, 0))
        noise.save(tmp_path / "large.bmp")
        turn = visit.answered("What is it?", tmp_path / "large.bmp")
        expect(turn.locator(".thumbnail img")).to_have_js_property("naturalWidth", 1200)


@pytest.mark.parametrize("way", [DROP, PASTE], ids=["dropped", "pasted"])
def test_a_photo_can_be_dropped_and_pasted(browser: Browser, tmp_path: Path, way: str) -> None:
    with visit_to(browser, tmp_path, []) as visit:
        expect(visit.page.locator("#composer")).to_be_visible()
        visit.page.evaluate(way, ["sign.png", "image/png"])
        expect(visit.page.get_by_role("button", name="Remove sign.png")).to_be_visible()


def place(name: str, floor: str) -> PlaceInfo:
    return PlaceInfo(id=name, name=name, names={"en": name}, floor=floor, kind="department")


@tool
def route() -> ToolResult:
    """Find the way."""
    steps = (
        RouteStep(instruction="Take Lift B up to 4F.", floor="1F", distance_m=0),
        RouteStep(instruction="ENT is the third door on your left.", floor="4F", distance_m=12.4),
    )
    way = Way(
        steps=steps,
        distance_m=12.4,
        places=(place("Main entrance", "1F"), place("ENT", "4F")),
        language="en",
        step_free=True,
    )
    plan = load_image(Image.new("RGB", (300, 200), "white"))
    alt = " ".join(step.instruction for step in steps)
    return ToolResult(text="A way.", images=(NewImage(image=plan, shown=True, alt=alt),), data=way)


def test_a_route_is_shown_as_picture_and_steps(browser: Browser, tmp_path: Path) -> None:
    said = "ENT is on 4F.\n\nFrom the main entrance:\n1. Take Lift B up to 4F."
    steps = [Call("route"), Say(said, facts={"floor": "4F"})]
    with visit_to(browser, tmp_path, steps, [route]) as visit:
        turn = visit.answered("How do I get to ENT?")
        card = turn.get_by_role("region", name="Route")
        expect(card.locator(".steps .step-text")).to_have_text(
            ["Take Lift B up to 4F.", "ENT is the third door on your left."]
        )
        expect(card.locator(".steps .floor")).to_have_text(["1F", "4F"])
        expect(card.locator(".chips")).to_contain_text("12 m")
        expect(card.locator(".chips")).to_contain_text("Step-free")
        plan = card.get_by_role("img")
        expect(plan).to_have_accessible_name(
            "Take Lift B up to 4F. ENT is the third door on your left."
        )
        expect(plan).to_have_js_property("naturalWidth", 300)
        expect(turn.locator(".prose")).to_have_text("ENT is on 4F.")
        card.get_by_role("button", name="Enlarge: The route on the plan").click()
        expect(visit.page.locator("#viewer img")).to_be_visible()


def test_a_conversation_can_be_deleted(browser: Browser, tmp_path: Path) -> None:
    with visit_to(browser, tmp_path, [Say("Here."), Say("There.")]) as visit:
        visit.answered("First?", picture())
        photo = visit.page.locator(".thumbnail img").get_attribute("src")
        visit.page.click("#new-wide")
        visit.answered("Second?")
        visit.page.get_by_role("button", name="Delete “First?”").click()
        visit.page.get_by_role("button", name="Cancel").click()
        expect(visit.page.locator(".thread")).to_have_count(2)
        visit.page.get_by_role("button", name="Delete “First?”").click()
        visit.page.get_by_role("button", name="Delete", exact=True).click()
        expect(visit.page.locator(".thread-title")).to_have_text(["Second?"])
        expect(visit.page.locator(".turn .question")).to_have_text("Second?")
        assert visit.page.request.get(f"{visit.address}{photo}").status == 404


def test_everything_can_be_forgotten(browser: Browser, tmp_path: Path) -> None:
    with visit_to(browser, tmp_path, [Say("Here.")]) as visit:
        visit.answered("Where?", picture())
        visit.page.get_by_role("button", name="Forget everything").click()
        visit.page.locator("#confirm").get_by_role("button", name="Forget everything").click()
        expect(visit.page.locator(".turn")).to_have_count(0)
        expect(visit.page.locator("#threads")).to_have_text("Nothing asked yet.")
        visit.page.reload()
        expect(visit.page.locator("#welcome")).to_be_visible()
        expect(visit.page.locator("#threads")).to_have_text("Nothing asked yet.")
