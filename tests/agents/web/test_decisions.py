"""Calls that need a person's word, over the page's API."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from deixis.agents import VisionAgent
from deixis.agents.web._history import History
from deixis.agents.web._turns import Kept, Turn
from deixis.testing import Call, Say
from deixis.tools import tool
from deixis.vision import Point
from tests.agents.web.serving import Visitor, names, page, png, scripted


class Doors:
    """Doors that a tool opens when it is allowed to."""

    def __init__(self) -> None:
        self.opened: list[float] = []

    def agent(self, *steps: Any, **options: Any) -> VisionAgent:
        """An agent with the tool."""

        @tool(approval=True, asks="open the door at {at}")
        def open_door(at: Point) -> str:
            """Open a door."""
            self.opened.append(at.x)
            return "open"

        return scripted(*steps, tools=[open_door], **options)


ASKS = Call("open_door", {"at": {"point_2d": [20, 30]}})


def decide(visitor: Visitor, thread: str, *decisions: object) -> tuple[int, Any]:
    response = visitor.http.post(
        f"/api/threads/{thread}/decisions", json={"decisions": list(decisions)}
    )
    return response.status_code, response.json()


def test_a_call_waits_with_what_would_happen_and_where() -> None:
    doors = Doors()
    with page(doors.agent(ASKS)) as address, Visitor(address) as visitor:
        thread, _ = visitor.ask("Open it", png())
        events = visitor.events(thread, until=["waiting"])
        (call,) = events[-1][2]["pending"]
        assert call["name"] == "open_door"
        assert call["description"] == "open the door at (20, 30) of img_1"
        assert call["places"] == [{"image": "img_1", "box": None, "point": [20.0, 30.0]}]
        turn = visitor.turn(thread, 1)
        assert (turn["state"], turn["pending"]) == ("waiting", [call])
        assert doors.opened == []


def test_allowed_it_is_done_and_the_same_turn_goes_on() -> None:
    doors = Doors()
    with page(doors.agent(ASKS, Say("It is open."))) as address, Visitor(address) as visitor:
        thread, _ = visitor.ask("Open it", png())
        last = visitor.events(thread, until=["waiting"])[-1][0]
        assert decide(visitor, thread, True) == (202, {"turn": 1})
        events = visitor.events(thread, after=last)
        assert names(events)[-1] == "done"
        assert events[0][0] == last + 1
        assert doors.opened == [20.0]
        assert visitor.turn(thread, 1)["answer"]["text"] == "It is open."
        assert visitor.turn(thread, 1)["pending"] == []


def test_not_allowed_it_isn_t_done() -> None:
    doors = Doors()
    with page(doors.agent(ASKS, Say("As you wish."))) as address, Visitor(address) as visitor:
        thread, _ = visitor.ask("Open it", png())
        visitor.events(thread, until=["waiting"])
        decide(visitor, thread, False)
        visitor.events(thread)
        assert doors.opened == []
        turn = visitor.turn(thread, 1)
        assert (turn["state"], turn["answer"]["text"]) == ("done", "As you wish.")


def test_decisions_fit_the_calls_and_come_once() -> None:
    doors = Doors()
    with page(doors.agent(ASKS, Say("Open."))) as address, Visitor(address) as visitor:
        thread, _ = visitor.ask("Open it", png())
        visitor.events(thread, until=["waiting"])
        assert decide(visitor, thread)[0] == 400
        assert decide(visitor, thread, True, True)[0] == 400
        assert decide(visitor, thread, "yes")[0] == 400
        assert decide(visitor, thread, 1)[0] == 400
        assert decide(visitor, thread, True)[0] == 202
        assert decide(visitor, thread, True)[0] == 409
        visitor.events(thread)
        assert decide(visitor, thread, True)[0] == 409
        assert doors.opened == [20.0]


def test_a_question_meanwhile_is_refused() -> None:
    with page(Doors().agent(ASKS)) as address, Visitor(address) as visitor:
        thread, _ = visitor.ask("Open it", png())
        visitor.events(thread, until=["waiting"])
        refused = visitor.post("And where is ENT?", thread=thread)
        assert refused.status_code == 409
        assert "waits for your decision" in refused.json()["error"]


def test_stopped_nothing_is_allowed_and_the_conversation_goes_on() -> None:
    doors = Doors()
    agent = doors.agent(ASKS, Say("Never said."), Say("On 4F."))
    with page(agent) as address, Visitor(address) as visitor:
        thread, _ = visitor.ask("Open it", png())
        visitor.events(thread, until=["waiting"])
        visitor.http.post(f"/api/threads/{thread}/turns/1/stop")
        assert visitor.turn(thread, 1)["state"] == "stopped"
        _, turn = visitor.answered("Where is ENT?", thread=thread)
        assert turn["state"] == "done"
        assert doors.opened == []


def test_what_waits_is_still_there_after_a_restart(tmp_path: Path) -> None:
    doors = Doors()
    before = doors.agent(ASKS, checkpoints=tmp_path / "threads.sqlite", memory=tmp_path / "memory")
    with page(before, folder=tmp_path) as address, Visitor(address) as visitor:
        thread, _ = visitor.ask("Open it", png())
        visitor.events(thread, until=["waiting"])
        cookie = next(iter(visitor.http.cookies.values()))
    after = doors.agent(
        Say("Open."), checkpoints=tmp_path / "threads.sqlite", memory=tmp_path / "memory"
    )
    with page(after, folder=tmp_path) as address, Visitor(address) as visitor:
        visitor.http.cookies = {next(iter(visitor.http.cookies)): cookie}
        assert visitor.turn(thread, 1)["state"] == "waiting"
        assert names(visitor.events(thread, until=["waiting"])) == ["waiting"]
        assert decide(visitor, thread, True)[0] == 202
        visitor.events(thread)
        assert visitor.turn(thread, 1)["answer"]["text"] == "Open."
        assert doors.opened == [20.0]


def test_a_kill_just_before_a_wait_was_written_down_blocks_nothing(tmp_path: Path) -> None:
    doors = Doors()
    options: dict[str, Any] = {
        "checkpoints": tmp_path / "threads.sqlite",
        "memory": tmp_path / "memory",
    }
    with page(doors.agent(ASKS, **options), folder=tmp_path) as address, Visitor(address) as who:
        thread, _ = who.ask("Open it", png())
        who.events(thread, until=["waiting"])
        cookie = next(iter(who.http.cookies.values()))
    history = History(tmp_path / "web.sqlite")
    ((user, name, kept),) = history.unfinished("waiting")
    running: Turn = kept.turn.model_copy(update={"state": "running", "pending": ()})
    history.save(user, name, Kept(turn=running, records=kept.records))
    history.close()
    after = doors.agent(Say("Declined."), Say("On 4F."), **options)
    with page(after, folder=tmp_path) as address, Visitor(address) as who:
        who.http.cookies = {next(iter(who.http.cookies)): cookie}
        assert who.turn(thread, 1)["state"] == "interrupted"
        _, turn = who.answered("Where is ENT?", thread=thread)
        assert turn["state"] == "done", turn
        assert doors.opened == []


def test_a_decision_on_a_call_that_was_shown_is_for_no_other() -> None:
    """In another window the same conversation may have come to another call."""
    doors = Doors()
    other = Call("open_door", {"at": {"point_2d": [25, 30]}})
    agent = doors.agent(ASKS, other, Say("As you wish."))
    with page(agent) as address, Visitor(address) as visitor:
        thread, _ = visitor.ask("Open it", png())
        events = visitor.events(thread, until=["waiting"])
        shown = [call["id"] for call in events[-1][2]["pending"]]
        decide(visitor, thread, False)
        events = visitor.events(thread, after=events[-1][0], until=["waiting"])
        waiting = [call["id"] for call in events[-1][2]["pending"]]
        path = f"/api/threads/{thread}/decisions"
        late = visitor.http.post(path, json={"decisions": [True], "calls": shown})
        assert late.status_code == 409
        assert doors.opened == []
        right = visitor.http.post(path, json={"decisions": [True], "calls": waiting})
        assert right.status_code == 202
        visitor.events(thread, after=events[-1][0])
        assert doors.opened == [25.0]


def test_what_can_not_be_seen_in_a_call_is_written_out() -> None:
    agent = Doors().agent(Call("open_door", {"at": {"point_2d": "\u202e[20, 30]"}}))
    with page(agent) as address, Visitor(address) as visitor:
        thread, _ = visitor.ask("Open it", png())
        (call,) = visitor.events(thread, until=["waiting"])[-1][2]["pending"]
        assert call["arguments"] == {"at": {"point_2d": "\\u202e[20, 30]"}}
