"""No visitor sees another's: what isn't theirs answers like what isn't there."""

from __future__ import annotations

import json
from collections.abc import Generator
from contextlib import contextmanager

import pytest

from deixis.testing import Call, Say
from deixis.tools import tool
from tests.agents.web.serving import Visitor, page, png, scripted


@tool(approval=True)
def open_door(name: str) -> str:
    """Open a door."""
    return f"{name} is open"


@contextmanager
def two() -> Generator[tuple[Visitor, Visitor, str]]:
    """Someone with a conversation that waits for their word, and someone else."""
    agent = scripted(
        Say("It is on 4F."), Call("open_door", {"name": "A"}), Say("Done."), tools=[open_door]
    )
    with page(agent) as address, Visitor(address) as owner, Visitor(address) as other:
        thread, _ = owner.answered("Where is my doctor?", ("mine.png", png()))
        owner.ask("Open the door", thread=thread)
        owner.events(thread, 2, until=["waiting"])
        yield owner, other, thread


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "", None),
        ("DELETE", "", None),
        ("GET", "/images/img_1", None),
        ("GET", "/turns/1/events", None),
        ("GET", "/turns/2/events", None),
        ("POST", "/turns/2/stop", None),
        ("POST", "/decisions", {"decisions": [True]}),
    ],
)
def test_another_s_conversation_is_as_if_it_weren_t_there(
    method: str, path: str, body: dict[str, list[bool]] | None
) -> None:
    with two() as (owner, other, thread):
        theirs = other.http.request(method, f"/api/threads/{thread}{path}", json=body)
        nobodys = other.http.request(method, f"/api/threads/{'0' * 16}{path}", json=body)
        assert theirs.status_code == nobodys.status_code == 404
        assert theirs.content == nobodys.content
        assert owner.turn(thread, 2)["state"] == "waiting"


def test_nobody_asks_in_another_s_conversation() -> None:
    with two() as (owner, other, thread):
        assert other.post("And you?", thread=thread).status_code == 404
        assert other.post("And you?", png(3), thread=thread, again="1").status_code == 404
        assert len(owner.thread(thread)["turns"]) == 2


def test_nobody_s_list_holds_another_s() -> None:
    with two() as (owner, other, thread):
        assert [one["thread"] for one in owner.threads()] == [thread]
        assert other.threads() == []


def test_forgetting_all_of_mine_leaves_yours() -> None:
    with two() as (owner, other, thread):
        assert other.http.delete("/api/me").status_code == 204
        assert owner.turn(thread, 1)["answer"]["text"] == "It is on 4F."
        assert owner.http.get(f"/api/threads/{thread}/images/img_1").status_code == 200


def test_without_a_cookie_nothing_is_told() -> None:
    with two() as (owner, _, thread):
        owner.http.cookies.clear()
        for path in ("", "/images/img_1", "/turns/1/events"):
            response = owner.http.get(f"/api/threads/{thread}{path}")
            assert response.status_code == 401
            assert "doctor" not in json.dumps(response.json())
