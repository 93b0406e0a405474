"""Processes killed at any moment: no effect is there twice, and each thread ends in an answer."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.agents.killing import LINES
from tests.memory.postgres import Databases
from tests.memory.postgres import postgres as postgres

ROOT = Path(__file__).parents[2]


def played(place: str, folder: Path, *rounds: str) -> list[dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.agents.killing", place, folder, *rounds],
        capture_output=True, text=True, timeout=300, cwd=ROOT,
    )  # fmt: skip
    assert not done.returncode, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return str(tmp_path / "t.sqlite")
    databases: Databases = request.getfixturevalue("postgres")
    return databases()


@pytest.mark.slow
def test_no_effect_is_there_twice_and_none_is_missing(place: str, tmp_path: Path) -> None:
    rounds = ["before,after,time,time", "after,before,time,time", "time,time,time,time"] * 5
    ends = played(place, tmp_path, *rounds)
    assert len(ends) == len(rounds)
    assert sum(len(end["killed"]) for end in ends) >= 25
    for end in ends:
        assert end["answer"] == "All done."
        assert sorted(end["lines"]) == [str(n) for n in range(LINES)]


def test_what_is_known_to_be_done_is_not_told_as_cut_off(tmp_path: Path) -> None:
    (end,) = played(str(tmp_path / "t.sqlite"), tmp_path, "checkpoint,checkpoint,checkpoint")
    assert end["killed"] == ["checkpoint"] * 3
    assert end["calls"] == [["write", True]] * LINES
    assert sorted(end["lines"]) == [str(n) for n in range(LINES)]


@pytest.mark.slow
def test_an_agent_that_another_asked_goes_on_where_it_was_killed(
    place: str, tmp_path: Path
) -> None:
    rounds = ["before,after,time,time", "after,before,time,time", "time,time,time,time"] * 3
    ends = played(place, tmp_path, "within", *rounds)
    assert sum(len(end["killed"]) for end in ends) >= 15
    for end in ends:
        assert end["answer"] == "All done."
        assert sorted(end["lines"]) == [str(n) for n in range(LINES)]
        # A process killed at its very end is asked once more, and has it done already.
        assert end["calls"] in ([["ask_writer", True]], [])
