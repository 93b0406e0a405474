"""A server that goes and comes back: what was answered is there, what waited goes on."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from deixis.agents import VisionAgent
from deixis.agents.web._history import History
from deixis.testing import Say
from deixis.vision import ImageStore
from tests.agents.web.serving import PATIENCE, Visitor, page, png, scripted

# A model that takes so many seconds for its second answer, in a process that can be killed.
SERVER = """
import sys, threading
from pathlib import Path
from deixis.agents import VisionAgent
from deixis.agents.web import WebLimits, serve
from deixis.testing import Say, ScriptedModel
from deixis.vision import ImageStore

def slow(asked):
    threading.Event().wait(float(sys.argv[2]))
    return Say("Late.")

folder = Path(sys.argv[1])
agent = VisionAgent(
    ScriptedModel([Say("Here."), slow]),
    images=ImageStore(folder / "images"),
    checkpoints=folder / "threads.sqlite",
)
told = lambda address: print(address, flush=True)
serve(agent, port=0, folder=folder, limits=WebLimits(at_once=1), ready=told)
print("closed")
"""


@contextmanager
def process(folder: Path, seconds: float) -> Generator[tuple[subprocess.Popen[str], str]]:
    """A server in a process of its own, and its address."""
    with subprocess.Popen(
        [sys.executable, "-c", SERVER, str(folder), str(seconds)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as started:
        try:
            assert started.stdout is not None
            yield started, started.stdout.readline().strip()
        finally:
            started.kill()
            started.communicate()


def durable(folder: Path, *steps: Any) -> VisionAgent:
    return scripted(
        *steps, images=ImageStore(folder / "images"), checkpoints=folder / "threads.sqlite"
    )


class Returning(Visitor):
    """A visitor who comes with the cookie of a server that is no more."""

    def __init__(self, address: str, cookie: str) -> None:
        super().__init__(address)
        self.http.cookies = {next(iter(self.http.cookies)): cookie}


def cookie_of(visitor: Visitor) -> str:
    return next(iter(visitor.http.cookies.values()))


def test_what_was_answered_is_there_after_a_restart(tmp_path: Path) -> None:
    before, after = (durable(tmp_path, Say(text)) for text in ("On 4F.", "On 2F."))
    with page(before, folder=tmp_path) as address, Visitor(address) as visitor:
        thread, turn = visitor.answered("Where?", png())
        cookie = cookie_of(visitor)
    with page(after, folder=tmp_path) as address, Returning(address, cookie) as visitor:
        assert [one["thread"] for one in visitor.threads()] == [thread]
        assert visitor.turn(thread, 1) == turn
        assert visitor.http.get(f"/api/threads/{thread}/images/img_1").status_code == 200
        _, turn = visitor.answered("And the lab?", thread=thread)
        assert (turn["turn"], turn["answer"]["text"]) == (2, "On 2F.")


def test_a_killed_server_loses_no_question(tmp_path: Path) -> None:
    with process(tmp_path, 600) as (server, address):
        with Visitor(address) as running, Visitor(address) as queued:
            thread, _ = running.answered("First?", png(1))
            running.ask("Second?", png(2), thread=thread)
            running.events(thread, 2, until=["started"])
            waiting, _ = queued.ask("Third?", png(3))
            queued.events(waiting, until=["queued"])
            cookies = cookie_of(running), cookie_of(queued)
        server.send_signal(signal.SIGKILL)
    agent = durable(tmp_path, Say("Three."), Say("Two."))
    with page(agent, folder=tmp_path) as address:
        with Returning(address, cookies[1]) as visitor:
            visitor.events(waiting)
            assert visitor.turn(waiting, 1)["answer"]["text"] == "Three."
        with Returning(address, cookies[0]) as visitor:
            first, second = visitor.thread(thread)["turns"]
            assert (first["state"], second["state"]) == ("done", "interrupted")
            assert second["error"].endswith("ask again.")
            again = visitor.post("Second?", thread=thread, again="2").json()
            visitor.events(thread, again["turn"])
            turn = visitor.turn(thread, 3)
            assert (turn["answer"]["text"], turn["images"]) == ("Two.", second["images"])


def test_a_server_that_is_told_to_stop_ends_the_streams_and_itself(tmp_path: Path) -> None:
    with process(tmp_path, 3) as (server, address), Visitor(address) as visitor:
        thread, _ = visitor.answered("First?")
        visitor.ask("Second?", thread=thread)
        cookie = cookie_of(visitor)
        path = f"/api/threads/{thread}/turns/2/events"
        with visitor.http.stream("GET", path) as stream:
            lines = stream.iter_lines()
            assert "event: started" in (next(lines) for _ in range(10))
            server.send_signal(signal.SIGTERM)
            assert not [line for line in lines if line.startswith("event")]
        told, errors = server.communicate(timeout=PATIENCE)
        assert (told, errors, server.returncode) == ("closed\n", "", 0)
    after = durable(tmp_path)
    with page(after, folder=tmp_path) as address, Returning(address, cookie) as visitor:
        assert visitor.turn(thread, 2)["state"] == "interrupted"


def test_a_queued_question_whose_pictures_are_gone_is_told(tmp_path: Path) -> None:
    with page(scripted(Say("1")), folder=tmp_path) as address, Visitor(address) as visitor:
        thread, _ = visitor.answered("Where?", png())
        cookie = cookie_of(visitor)
    history = History(tmp_path / "web.sqlite")
    kept = history.unfinished("done")[0]
    turn = kept[2].turn.model_copy(update={"state": "queued", "answer": None})
    history.save(kept[0], kept[1], kept[2].model_copy(update={"turn": turn}))
    history.close()
    # Its pictures were in the memory of the process that is gone.
    with page(scripted(), folder=tmp_path) as address, Returning(address, cookie) as visitor:
        turn = visitor.turn(thread, 1)
        assert turn["state"] == "failed"
        assert json.dumps(turn["error"]).endswith('send them again."')
