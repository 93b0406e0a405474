"""Runs an agent in processes that are killed, until its thread has an answer.

`python -m tests.agents.killing PLACE FOLDER HOW…` prints one JSON object for each HOW, a list of
kills such as `before,time,checkpoint`; `time` is any time that a whole run takes here. With
`within` before the HOWs, the agent that writes is asked by another, which keeps the thread. What is
slow to import is imported once; each process is forked from there, with no connection or thread
yet.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from langchain_core.messages import BaseMessage, ToolMessage

from deixis.agents import AgentLimits, Answer, VisionAgent
from deixis.memory import Checkpoints, SqliteCheckpoints, open_checkpoints
from deixis.testing import Call, Say, ScriptedModel
from deixis.testing._scripted import Step
from deixis.tools import Tool, tool
from deixis.vision import DeixisError

LINES = 6


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def careful(messages: Sequence[BaseMessage]) -> Step:
    """A model that writes each line once, and looks where it isn't told whether it did."""
    done: set[str] = set()
    unsure = False
    for message in messages:
        if isinstance(message, ToolMessage):
            unsure = message.status == "error"
            done |= set() if unsure else set(str(message.text).split())
    if unsure:
        return Call("look")
    left = sorted({str(n) for n in range(LINES)} - done)
    return Call("write", {"line": left[0]}) if left else Say("All done.")


class Writer:
    """The tools of a run, killed in its `turn`th line at the point that `how` names."""

    def __init__(self, file: Path, how: str, turn: int) -> None:
        self._file, self._how, self._turn, self.written = file, how, turn, 0

    def tools(self) -> list[Tool[..., Any]]:
        @tool(effect=True)
        def write(line: str) -> str:
            """Write a line."""
            self._pass("before")
            with self._file.open("a") as file:
                file.write(f"{line}\n")
                file.flush()
                os.fsync(file.fileno())
            self.written += 1
            self._pass("after")
            return line

        @tool
        def look() -> str:
            """The lines that were written."""
            return self._file.read_text() if self._file.exists() else ""

        return [write, look]

    def watch(self, saver: Checkpoints) -> None:
        """Dies when the checkpoint after the line is about to be written."""
        if self._how == "checkpoint" and isinstance(saver, SqliteCheckpoints):
            saver.conn.set_trace_callback(
                lambda sql: (
                    die() if sql.startswith("INSERT") and self.written > self._turn else None
                )
            )

    def _pass(self, point: str) -> None:
        time.sleep(random.random() / 100)
        if self._how == point and self.written >= self._turn + (point == "after"):
            die()


def leading(messages: Sequence[BaseMessage]) -> Step:
    """A model that has another agent write, and says what that one said."""
    told = [str(message.text) for message in messages if isinstance(message, ToolMessage)]
    return Say("All done." if "All done." in told[-1] else told[-1]) if told else ASK


ASK = Call("ask_writer", {"task": "Write the lines"})


def run(place: str, file: Path, thread: str, writer: Writer, *, within: bool) -> None:
    """One process: goes on with the thread, or begins it."""
    saver = open_checkpoints(place)
    writer.watch(saver)
    agent = VisionAgent(
        ScriptedModel([careful] * 50),
        tools=writer.tools(),
        checkpoints=None if within else saver,
        limits=AgentLimits(steps=50),
        name="writer",
    )
    if within:
        lead = ScriptedModel([leading] * 2)
        agent = VisionAgent(lead, tools=[agent.as_tool()], checkpoints=saver)
    try:
        answer = agent.resume(thread)
    except DeixisError:
        answer = agent.ask("Go", thread=thread)
    file.with_suffix(".json").write_text(answer.model_dump_json())
    saver.close()


def forked(
    place: str, file: Path, thread: str, how: str, *, within: bool, whole: float = 0
) -> bool:
    """Runs a process, kills it as is said, and says whether it came to an end."""
    child = os.fork()
    if not child:
        try:
            writer = Writer(file, how, turn=random.randrange(2))
            run(place, file, thread, writer, within=within)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    if how == "time":
        time.sleep(random.uniform(0, whole))
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return False
    if os.WEXITSTATUS(status):
        raise RuntimeError(f"a process failed under {how!r}")
    return True


def main(place: str, folder: Path, rounds: Sequence[str]) -> None:
    """Plays the rounds."""
    random.seed(0)
    within = rounds[0] == "within"
    rounds = rounds[within:]
    before = time.monotonic()
    forked(place, folder / "whole.txt", "whole", "not at all", within=within)
    whole = time.monotonic() - before
    for number, kills in enumerate(rounds):
        file = folder / f"{number}.txt"
        killed: list[str] = []
        for how in [*kills.split(","), "not at all"]:
            if forked(place, file, f"t{number}", how, within=within, whole=whole):
                break
            killed.append(how)
        answer = Answer.model_validate_json(file.with_suffix(".json").read_text())
        calls = [(call.name, call.ok) for call in answer.tool_calls]
        told = {"lines": file.read_text().split(), "answer": answer.answer, "calls": calls}
        print(json.dumps({**told, "killed": killed}), flush=True)  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3:])
