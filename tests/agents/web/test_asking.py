"""Questions over the page's API: asked, followed, stopped, forgotten."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import BaseMessage
from pydantic import BaseModel

from deixis.agents import VisionAgent
from deixis.agents.web import WebLimits
from deixis.memory import MemoryStore
from deixis.testing import Call, Fail, Say
from deixis.tools import NewImage, ToolContext, ToolResult, tool
from deixis.vision import Box, EndpointError, ImageStore, StreamCutError
from tests.agents.helpers import blank
from tests.agents.web.serving import Visitor, kept, names, page, png, scripted

GUIDE_PLACE = {"bbox_2d": [10, 5, 50, 30], "label": "ENT"}


class Steps(BaseModel):
    """As `deixis.tools.maps.Route`, for a tool of the tests."""

    steps: list[str]


@tool
def route(to: str) -> ToolResult:
    """Find the way."""
    plan = NewImage(image=blank(32, 24, 9), shown=True, alt="Go up.")
    return ToolResult(text=f"To {to}", images=(plan,), data=Steps(steps=["Go up."]))


class Gate:
    """A step of a script that waits until it is let go."""

    def __init__(self, said: Say) -> None:
        self.said = said
        self.reached = threading.Event()
        self._open = threading.Event()

    def __call__(self, asked: Sequence[BaseMessage]) -> Say:
        self.reached.set()
        assert self._open.wait(30)
        return self.said

    def open(self) -> None:
        """Lets it go on."""
        self._open.set()


def test_a_photo_is_asked_about_and_answered_with_its_box() -> None:
    said = Say("ENT is on 4F.", places=[GUIDE_PLACE], facts={"floor": "4F"})
    with page(scripted(said)) as address, Visitor(address) as visitor:
        thread, turn = visitor.answered("Where is ENT?", ("guide.png", png()))
    picture = {"handle": "img_1", "width": 64, "height": 48, "alt": "guide.png", "parent": None}
    assert turn == {
        "turn": 1,
        "question": "Where is ENT?",
        "images": [picture],
        "state": "done",
        "ahead": 0,
        "text": "ENT is on 4F.",
        "tools": [],
        "pending": [],
        "answer": {
            "text": "ENT is on 4F.",
            "found": True,
            "language": "",
            "facts": {"floor": "4F"},
            "detections": [
                {
                    "image": "img_1",
                    "label": "ENT",
                    "text": None,
                    "box": [10.0, 5.0, 50.0, 30.0],
                    "point": None,
                    "score": None,
                }
            ],
            "pictures": [],
            "route": None,
        },
        "error": None,
    }
    assert len(thread) == 16


def test_the_embedded_model_answers_from_the_shared_guide(pictures: Path) -> None:
    photo = (pictures / "hospital_zh.jpg").read_bytes()
    with page(VisionAgent()) as address, Visitor(address) as visitor:
        _, turn = visitor.answered("Where is ENT?", ("guide.jpg", photo))
    assert turn["answer"]["facts"]["floor"] == "4F"
    x1, y1, x2, y2 = turn["answer"]["detections"][0]["box"]
    assert x1 < 500 < x2
    assert y1 < 325 < y2


def test_the_answer_comes_as_it_is_said() -> None:
    with page(scripted(Say("It is on the 4th floor."))) as address, Visitor(address) as visitor:
        thread, _ = visitor.ask("Where?")
        events = visitor.events(thread)
        assert [number for number, _, _ in events] == list(range(1, len(events) + 1))
        assert names(events) == ["started", "text", "done"]
        said = "".join(data["delta"] for _, name, data in events if name == "text")
        assert said == "It is on the 4th floor."
        assert events[-1][2] == visitor.turn(thread, 1)


def test_who_comes_back_is_told_the_rest() -> None:
    gate = Gate(Say("It is on the 4th floor."))
    with page(scripted(gate)) as address, Visitor(address) as visitor:
        thread, _ = visitor.ask("Where?")
        assert visitor.events(thread, until=["started"]) == [(1, "started", {})]
        gate.open()
        assert visitor.events(thread, after=1)[0][0] == 2


def test_a_turn_that_is_over_is_told_whole() -> None:
    with page(scripted(Say("Here."))) as address, Visitor(address) as visitor:
        thread, turn = visitor.answered("Where?")
        assert visitor.events(thread, after=3) == [(1, "done", turn)]


def test_a_conversation_goes_on_and_keeps_its_pictures() -> None:
    with page(scripted(Say("One."), Say("Two."))) as address, Visitor(address) as visitor:
        thread, _ = visitor.answered("First?", png())
        again, turn = visitor.answered("Second?", png(9), thread=thread)
        assert again == thread
        assert (turn["turn"], turn["answer"]["text"]) == (2, "Two.")
        assert turn["images"][0]["handle"] == "img_2"
        assert [one["question"] for one in visitor.thread(thread)["turns"]] == ["First?", "Second?"]


def test_tools_are_told_as_they_begin_and_end_and_the_route_is_drawn() -> None:
    agent = scripted(Call("route", {"to": "ENT"}, text="Looking."), Say("Go up."), tools=[route])
    with page(agent) as address, Visitor(address) as visitor:
        thread, _ = visitor.ask("How do I get there?")
        events = visitor.events(thread)
        tools = [data for _, name, data in events if name == "tool"]
        assert tools == [
            {"call_id": "call_0_0", "name": "route", "ok": None},
            {"call_id": "call_0_0", "name": "route", "ok": True},
        ]
        said = "".join(data["delta"] for _, name, data in events if name == "text")
        assert said == "Looking.\n\nGo up."
        turn = visitor.turn(thread, 1)
        assert turn["tools"] == [tools[1]]
        assert turn["answer"]["route"] == {"steps": ["Go up."]}
        (plan,) = turn["answer"]["pictures"]
        assert plan == {
            "handle": "img_1", "width": 32, "height": 24, "alt": "Go up.", "parent": None
        }  # fmt: skip
        shown = visitor.http.get(f"/api/threads/{thread}/images/img_1")
        assert shown.headers["content-type"] == "image/png"


def test_what_a_lost_connection_cut_off_is_said_again() -> None:
    cut = Fail(StreamCutError("cut"), after="It is on the 3rd fl")
    with page(scripted(cut, Say("It is on 4F."))) as address, Visitor(address) as visitor:
        thread, _ = visitor.ask("Where?")
        events = visitor.events(thread)
        assert "restarted" in names(events)
        assert visitor.turn(thread, 1)["text"] == "It is on 4F."


def test_a_model_that_fails_is_told_in_a_line() -> None:
    error = EndpointError("the server at example.com\nrefuses: check the key")
    with page(scripted(Fail(error))) as address, Visitor(address) as visitor:
        thread, _ = visitor.ask("Where?")
        told = {"error": "the server at example.com refuses: check the key"}
        assert visitor.events(thread)[-1][1:] == ("failed", told)
        turn = visitor.turn(thread, 1)
        assert (turn["state"], turn["error"]) == ("failed", told["error"])
        assert visitor.events(thread) == [(1, "failed", told)]


def test_a_bug_is_told_without_its_words(caplog: pytest.LogCaptureFixture) -> None:
    failing = Fail(ValueError("secret of the asker"))
    with page(scripted(failing, Say("Now."))) as address, Visitor(address) as visitor:
        with caplog.at_level(logging.DEBUG):
            thread, turn = visitor.answered("My secret question?", png())
        assert turn["error"].startswith("Something went wrong on the server.")
        assert "secret" not in caplog.text
        assert "ValueError" in caplog.text
        assert visitor.answered("And now?", thread=thread)[1]["answer"]["text"] == "Now."


def test_a_busy_conversation_takes_no_second_question() -> None:
    gate = Gate(Say("Here."))
    with page(scripted(gate)) as address, Visitor(address) as visitor:
        thread, _ = visitor.ask("Where?")
        refused = visitor.post("And where else?", thread=thread)
        assert refused.status_code == 409
        assert "wait for its answer, or stop it" in refused.json()["error"]
        gate.open()
        visitor.events(thread)


def test_a_question_is_stopped_and_the_conversation_goes_on() -> None:
    gate = Gate(Say("Too late."))
    with page(scripted(gate, Say("Here."))) as address, Visitor(address) as visitor:
        thread, turn = visitor.ask("Where?")
        assert gate.reached.wait(30)
        assert visitor.http.post(f"/api/threads/{thread}/turns/{turn}/stop").status_code == 202
        assert visitor.events(thread) == [(1, "stopped", {})]
        gate.open()
        assert visitor.answered("And now?", thread=thread)[1]["answer"]["text"] == "Here."
        assert visitor.turn(thread, 1)["state"] == "stopped"


def test_who_waits_is_told_how_many_are_before_them_and_can_leave_the_line() -> None:
    gate = Gate(Say("Here."))
    limits = WebLimits(at_once=1)
    with (
        page(scripted(gate), limits=limits) as address,
        Visitor(address) as first,
        Visitor(address) as second,
    ):
        busy, _ = first.ask("Where?")
        assert gate.reached.wait(30)
        thread, _ = second.ask("And me?")
        assert second.events(thread, until=["queued"]) == [(1, "queued", {"ahead": 1})]
        turn = second.turn(thread, 1)
        assert (turn["state"], turn["ahead"]) == ("queued", 1)
        second.http.post(f"/api/threads/{thread}/turns/1/stop")
        assert second.turn(thread, 1)["state"] == "stopped"
        gate.open()
        assert names(first.events(busy))[-1] == "done"


def test_pictures_of_a_question_in_the_line_are_there_already() -> None:
    gate = Gate(Say("Here."))
    limits = WebLimits(at_once=1)
    with (
        page(scripted(gate, Say("There.")), limits=limits) as address,
        Visitor(address) as first,
        Visitor(address) as second,
    ):
        first.ask("Where?")
        thread, _ = second.ask("And here?", png(7))
        assert second.http.get(f"/api/threads/{thread}/images/img_1").status_code == 200
        gate.open()
        second.events(thread)
        assert second.turn(thread, 1)["images"][0]["handle"] == "img_1"


def test_a_question_that_takes_too_long_is_ended() -> None:
    gate = Gate(Say("Too late."))
    with (
        page(scripted(gate), limits=WebLimits(turn_seconds=0.2)) as address,
        Visitor(address) as visitor,
    ):
        _, turn = visitor.answered("Where?")
        gate.open()
        assert turn["error"] == "That took over 0.2 seconds and was stopped: ask for less."


def test_one_person_s_questions_have_an_end() -> None:
    gate = Gate(Say("Here."))
    agent = scripted(gate, Say("There."))
    with (
        page(agent, limits=WebLimits(waiting_each=2)) as address,
        Visitor(address) as visitor,
    ):
        threads = [visitor.ask("Where?")[0] for _ in range(2)]
        refused = visitor.post("And here?")
        assert refused.status_code == 429
        assert refused.json() == {
            "error": "You have 2 questions waiting: let one be answered.",
            "code": "yours",
            "about": "",
        }
        gate.open()
        for thread in threads:
            visitor.events(thread)


def test_the_list_is_newest_first_with_the_start_of_each_question() -> None:
    with page(scripted(Say("1"), Say("2"), Say("3"))) as address, Visitor(address) as visitor:
        first, _ = visitor.answered("Where is\nENT?")
        second, _ = visitor.answered("x" * 100)
        visitor.answered("And?", thread=first)
        listed = visitor.threads()
        assert [one["thread"] for one in listed] == [first, second]
        assert [one["title"] for one in listed] == ["Where is ENT?", "x" * 79 + "…"]
        assert listed[0]["updated"] > listed[1]["updated"]


def test_a_conversation_is_forgotten_with_its_pictures(tmp_path: Path) -> None:
    store = ImageStore(tmp_path / "images")
    with MemoryStore(tmp_path / "memory", images=store, index=False) as memory:
        agent = scripted(
            Say("A word."), Say("Another."), images=store, memory=memory,
            checkpoints=tmp_path / "threads.sqlite",
        )  # fmt: skip
        with page(agent, folder=tmp_path / "web") as address, Visitor(address) as visitor:
            thread, _ = visitor.answered("A question to forget?", png(3))
            other, _ = visitor.answered("One to keep?", png(4))
            assert visitor.http.delete(f"/api/threads/{thread}").status_code == 204
            assert [one["thread"] for one in visitor.threads()] == [other]
            assert visitor.http.get(f"/api/threads/{thread}").status_code == 404
            assert len(list(store.hashes())) == 1
            assert b"to forget" not in kept(tmp_path / "web")
            assert visitor.http.delete("/api/me").status_code == 204
            assert visitor.threads() == []
            assert list(store.hashes()) == []
            assert not re.search(b"to (forget|keep)", kept(tmp_path))


def test_without_a_memory_a_picture_goes_with_the_last_who_sent_it() -> None:
    store = ImageStore()
    agent = scripted(Say("1"), Say("2"), images=store)
    with page(agent) as address, Visitor(address) as one, Visitor(address) as other:
        mine, _ = one.answered("Where?", png())
        theirs, _ = other.answered("Where?", png())
        one.http.delete(f"/api/threads/{mine}")
        assert other.http.get(f"/api/threads/{theirs}/images/img_1").status_code == 200
        other.http.delete(f"/api/threads/{theirs}")
        assert list(store.hashes()) == []


def test_forgetting_ends_what_is_being_answered() -> None:
    gate = Gate(Say("Too late."))
    with page(scripted(gate)) as address, Visitor(address) as visitor:
        thread, _ = visitor.ask("Where?", png())
        assert gate.reached.wait(30)
        assert visitor.http.delete(f"/api/threads/{thread}").status_code == 204
        gate.open()
        assert visitor.threads() == []
        assert visitor.http.get(f"/api/threads/{thread}/images/img_1").status_code == 404


def test_a_detection_on_a_cut_is_told_on_the_photo() -> None:
    @tool
    def cut(context: ToolContext) -> ToolResult:
        """Cut the middle out."""
        region = Box(x1=16, y1=12, x2=48, y2=36)
        return ToolResult(
            text="Cut.", images=(NewImage(image=blank(64, 48, 50), parent="img_1", region=region),)
        )

    said = Say("Here.", places=[{"bbox_2d": [0, 0, 64, 48], "label": "all", "image": "img_2"}])
    agent = scripted(Call("cut"), said, tools=[cut])
    with page(agent) as address, Visitor(address) as visitor:
        _, turn = visitor.answered("Where?", png())
    (found,) = turn["answer"]["detections"]
    assert (found["image"], found["box"]) == ("img_1", [16.0, 12.0, 48.0, 36.0])


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/threads/nothing"),
        ("DELETE", "/api/threads/nothing"),
        ("GET", "/api/threads/nothing/turns/1/events"),
        ("POST", "/api/threads/nothing/turns/1/stop"),
        ("GET", "/api/threads/nothing/images/img_1"),
        ("GET", "/api/nothing"),
        ("GET", "/api/threads/..%2f..%2fsecret/images/img_1"),
    ],
)
def test_what_isn_t_there_is_told_in_a_line(method: str, path: str) -> None:
    with page(scripted()) as address, Visitor(address) as visitor:
        response = visitor.http.request(method, path)
    assert response.status_code == 404
    told: dict[str, Any] = response.json()
    assert told.keys() <= {"error", "code", "about"}
    assert told["error"].startswith("There is no such ")
