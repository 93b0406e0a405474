from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deixis.memory._apart import run_apart
from deixis.vision import DeixisError

MODULE = "tests.memory.apart"


@pytest.fixture(params=[signal.SIG_DFL, signal.SIG_IGN], ids=["told", "untold"])
def exit_statuses(request: pytest.FixtureRequest) -> Iterator[None]:
    """Whether the system tells how children ended."""
    before = signal.signal(signal.SIGCHLD, request.param)
    yield
    signal.signal(signal.SIGCHLD, before)


def soon(happens: Callable[[], bool]) -> bool:
    end = time.monotonic() + 20
    while not happens() and time.monotonic() < end:
        time.sleep(0.02)
    return happens()


@pytest.mark.usefixtures("exit_statuses")
def test_who_comes_through_gives_a_result(tmp_path: Path) -> None:
    assert run_apart(MODULE, str(tmp_path / "pid"), "well") == "a result"


@pytest.mark.usefixtures("exit_statuses")
@pytest.mark.parametrize(
    ("how", "why"),
    [("raise", "ValueError: a reason"), ("crash", "signal 11|without"), ("leave", "without")],
)
def test_who_doesnt_come_through_is_told_of(how: str, why: str, tmp_path: Path) -> None:
    with pytest.raises(DeixisError, match=why):
        run_apart(MODULE, str(tmp_path / "pid"), how)


@pytest.mark.usefixtures("exit_statuses")
def test_who_is_stopped_has_not_come_through(tmp_path: Path) -> None:
    stopped = threading.Event()
    stopped.set()
    with pytest.raises(DeixisError, match=r"signal 9|without"):
        run_apart(MODULE, str(tmp_path / "pid"), "linger", stopped=stopped)


def test_who_takes_too_long_has_not_come_through(tmp_path: Path) -> None:
    with pytest.raises(DeixisError, match="signal 9"):
        run_apart(MODULE, str(tmp_path / "pid"), "linger", seconds=0.1)


def test_nobody_outlives_the_parent(tmp_path: Path) -> None:
    file = tmp_path / "pid"
    code = f"from deixis.memory._apart import *; run_apart({MODULE!r}, {str(file)!r}, 'linger')"
    with subprocess.Popen([sys.executable, "-c", code]) as parent:
        assert soon(lambda: file.exists() and file.read_text().endswith("\n"))
        child = Path("/proc", file.read_text().strip())
        assert child.exists()
        parent.kill()
    assert soon(lambda: not child.exists())
