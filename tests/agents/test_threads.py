from __future__ import annotations

import base64
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from deixis.agents import VisionAgent
from deixis.memory import open_checkpoints
from deixis.testing import Call, Say, ScriptedModel
from deixis.tools import tool
from deixis.vision import DeixisError, ImageStore, VisionImage, load_image
from tests.agents.helpers import blank, blocks, told

ROOT = Path(__file__).parents[2]


@tool
def look() -> str:
    """Look."""
    return "A cup."


def kept(model: ScriptedModel, folder: Path, **more: Any) -> VisionAgent:
    return VisionAgent(
        model, images=ImageStore(folder / "images"), checkpoints=folder / "t.sqlite", **more
    )


def noise(seed: int) -> VisionImage:
    """A picture of about 1 MB that doesn't compress."""
    size = (600, 600)
    data = b"".join(
        (seed * 2**64 + n * 2654435761 % 2**64).to_bytes(24, "little") for n in range(45_000)
    )
    scrambled = bytes(a ^ b for a, b in zip(data, os.urandom(len(data)), strict=True))
    return load_image(Image.frombytes("RGB", size, scrambled[: 3 * 600 * 600]))


def test_no_bytes_of_images_are_in_state_or_checkpoints(tmp_path: Path) -> None:
    images = [noise(n) for n in range(10)]
    assert all(len(image.data) > 1_000_000 for image in images)
    with ScriptedModel([Call("look"), Say("Seen.")] * 2) as model:
        agent = kept(model, tmp_path, tools=[look])
        agent.ask("What?", images[:5], thread="t")
        agent.ask("And these?", images[5:], thread="t")
    connection = sqlite3.connect(tmp_path / "t.sqlite")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    raw = (tmp_path / "t.sqlite").read_bytes()
    assert len(raw) < 1_000_000
    for image in images:
        assert image.sha256.encode() in raw
        assert image.data[2000:2040] not in raw
        assert base64.b64encode(image.data)[3000:3040] not in raw


def test_a_thread_goes_on_in_a_new_agent(tmp_path: Path) -> None:
    with ScriptedModel([Say("A door.")]) as model:
        kept(model, tmp_path).ask("What is this?", blank(), thread="t", user="ann")
    place = {"bbox_2d": [1, 2, 30, 40], "label": "door"}
    with ScriptedModel([Say("Here.", places=[place])]) as later:
        agent = kept(later, tmp_path)
        answer = agent.ask("Where is it?", thread="t", user="ann")
    assert answer.detections[0].image == "img_1"
    assert [message.type for message in later.asked[0]] == ["system", "human", "ai", "human"]
    sighted = later.with_images(ImageStore(tmp_path / "images"))
    assert sighted.views(later.asked[0])[0].image.size == (640, 480)


def test_a_thread_goes_on_in_a_new_process(tmp_path: Path) -> None:
    with ScriptedModel([Say("A door.")]) as model:
        kept(model, tmp_path).ask("What is this?", blank(), thread="t")
    code = f"""
from pathlib import Path
from deixis.agents import VisionAgent
from deixis.testing import Say, ScriptedModel
from deixis.vision import ImageStore
folder = Path({str(tmp_path)!r})
model = ScriptedModel([Say("Here.")])
agent = VisionAgent(model, images=ImageStore(folder / "images"), checkpoints=folder / "t.sqlite")
agent.ask("Where is it?", thread="t")
print(agent.images("t").image("img_1").size, len(model.asked[0]))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == "(640, 480) 4\n"


def test_a_waiting_call_is_decided_in_a_new_agent(tmp_path: Path) -> None:
    runs: list[int] = []

    @tool(approval=True)
    def move() -> str:
        """Move."""
        runs.append(1)
        return "Moved."

    with ScriptedModel([Call("move")]) as model:
        assert kept(model, tmp_path, tools=[move]).ask("Go", thread="t").pending
    with ScriptedModel([Say("Done.")]) as later:
        assert kept(later, tmp_path, tools=[move]).resume("t", [True]).answer == "Done."
    assert runs == [1]


KILLED = """
import os, sys, time
from pathlib import Path
from deixis.agents import VisionAgent
from deixis.testing import Call, Say, ScriptedModel
from deixis.tools import tool
from deixis.vision import ImageStore

folder = Path(sys.argv[1])

def note(word):
    with (folder / "done.txt").open("a") as file:
        file.write(word + "\\n")

@tool
def first() -> str:
    '''The first step.'''
    note("first")
    return "First done."

@tool
def quick() -> str:
    '''Beside the slow one.'''
    note("quick")
    return "Quick done."

@tool
def slow() -> str:
    '''Takes its time.'''
    note("slow")
    if not (folder / "again").exists():
        (folder / "in_slow").touch()
        time.sleep(60)
    return "Slow done."

steps = [Call("first"), [Call("quick"), Call("slow")], Say("All done.")]
if (folder / "again").exists():
    steps = steps[2:]
model = ScriptedModel(steps)
agent = VisionAgent(model, tools=[first, quick, slow], images=ImageStore(folder / "images"),
                    checkpoints=folder / "t.sqlite")
if (folder / "again").exists():
    print(agent.resume("t").model_dump_json(include={"answer", "tool_calls"}))
else:
    agent.ask("Go", thread="t")
"""


def kill_in_a_tool(folder: Path) -> None:
    """Runs an agent in a process of its own, and kills it while a tool is at work."""
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(folder)])
    try:
        for _ in range(600):
            if (folder / "in_slow").exists():
                break
            time.sleep(0.05)
        time.sleep(0.3)  # for the quick call beside it to be kept
        process.send_signal(signal.SIGKILL)
    finally:
        process.kill()
        process.wait()
    assert (folder / "in_slow").exists()


def test_a_kill_loses_no_finished_step(tmp_path: Path) -> None:
    kill_in_a_tool(tmp_path)
    (tmp_path / "again").touch()
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path)],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert '"answer":"All done."' in done.stdout
    assert done.stdout.count('"ok":true') == 3
    ran = (tmp_path / "done.txt").read_text().split()
    assert sorted(ran) == ["first", "quick", "slow", "slow"]


def test_a_new_question_after_a_kill_leaves_no_call_unanswered(tmp_path: Path) -> None:
    kill_in_a_tool(tmp_path)
    with ScriptedModel([Say("Never mind.")]) as model:
        assert kept(model, tmp_path, tools=[look]).ask("Still there?", thread="t").answer
    results = [message for message in model.asked[0] if message.type == "tool"]
    assert len(results) == 3
    assert "First done.\nQuick done.\nError: this call was cut off." in told(model)


def test_a_finished_thread_has_nothing_to_resume() -> None:
    with ScriptedModel([Say("Done.")]) as model:
        agent = VisionAgent(model)
        agent.ask("Go", thread="t")
    with pytest.raises(DeixisError, match="thread 't' has nothing to go on with"):
        agent.resume("t")


def test_an_unknown_thread_has_nothing_to_resume() -> None:
    with pytest.raises(DeixisError, match="nothing to go on with: ask it a question"):
        VisionAgent(ScriptedModel([])).resume("never")


async def test_an_asynchronous_agent_keeps_its_threads_too(tmp_path: Path) -> None:
    with ScriptedModel([Say("A door."), Say("Here.")]) as model:
        agent = kept(model, tmp_path)
        await agent.aask("What?", blank(), thread="t")
        await agent.aask("Where?", thread="t")
    assert len(blocks(model.asked[1])) == 1


@pytest.mark.parametrize("question", ["Is it \udcff?", "日本語\x00?"])
def test_strange_words_can_be_kept(tmp_path: Path, question: str) -> None:
    with ScriptedModel([Say("Yes \ud83d."), Say("Yes.")]) as model:
        agent = kept(model, tmp_path)
        agent.ask(question, thread="t\ud800", user="\udcff")
        assert agent.ask("Sure?", thread="t\ud800", user="\udcff").answer == "Yes."


def test_a_file_that_is_no_database_is_said_so(tmp_path: Path) -> None:
    path = tmp_path / "t.sqlite"
    path.write_text("not a database, " * 100)
    with pytest.raises(DeixisError, match=r"t.sqlite can't be opened \(file is not a database\)"):
        open_checkpoints(path)


def test_a_folder_that_can_not_be_made_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DeixisError, match="choose another file"):
        open_checkpoints(tmp_path / "file" / "t.sqlite")


def test_a_thread_can_be_forgotten(tmp_path: Path) -> None:
    saver = open_checkpoints(tmp_path / "t.sqlite")
    with ScriptedModel([Say("A door."), Say("Nothing.")]) as model:
        agent = VisionAgent(model, checkpoints=saver)
        agent.ask("What?", blank(), thread="t")
        saver.delete_thread("thread:t")
        agent.ask("And?", thread="t")
    assert not blocks(model.asked[1])
