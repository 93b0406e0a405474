"""The README and the pages on memory, robots and guiding show nothing that doesn't run."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulator import missing

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
MEMORY = (ROOT / "docs" / "memory.md").read_text(encoding="utf-8")
ROBOT = (ROOT / "docs" / "robot.md").read_text(encoding="utf-8")
GUIDE = (ROOT / "docs" / "guide.md").read_text(encoding="utf-8")


def programs(page: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", page, re.DOTALL)


def commands(page: str) -> list[str]:
    blocks: list[str] = re.findall(r"```sh\n(.*?)```", page, re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line.strip()]


PROGRAMS = programs(README)
COMMANDS = commands(README)
TARGETS: list[str] = re.findall(r"^make (\w+)", README, re.MULTILINE)


def _run(command: list[str] | str) -> str:
    (ROOT / "out").mkdir(exist_ok=True)
    done = subprocess.run(
        command,
        shell=isinstance(command, str),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_pictures_are_there() -> None:
    shown: list[tuple[str, str]] = re.findall(r"!\[.*?\]\((.*?)\)|<img src=\"(.*?)\"", README)
    assert len(shown) >= 3
    assert all((ROOT / (one or other)).is_file() for one, other in shown)


SHOWN = [*PROGRAMS, *programs(MEMORY), *programs(ROBOT), *programs(GUIDE)]


def _skip_without_simulator(shown: str) -> None:
    if ("MujocoArm" in shown or "deixis robot" in shown) and missing():
        pytest.skip(missing())


@pytest.mark.parametrize("program", SHOWN, ids=range(len(SHOWN)))
def test_a_program_runs_and_prints_what_it_says(program: str) -> None:
    _skip_without_simulator(program)
    printed = _run([sys.executable, "-c", program])
    said = re.findall(r"#\s{1,2}(ENT .*|4F|image=.*)$", program, re.MULTILINE)
    for words in said:
        assert words in printed


@pytest.mark.parametrize(
    "command", [*COMMANDS, *commands(MEMORY), *commands(ROBOT), *commands(GUIDE)]
)
def test_a_command_runs(command: str) -> None:
    _skip_without_simulator(command)
    binary = Path(sys.executable).with_name("deixis")
    assert command.startswith("deixis ")
    printed = _run(f"{binary} {command.removeprefix('deixis ')}")
    assert printed or "--out" in command


@pytest.mark.parametrize("target", TARGETS)
def test_a_make_target_exists(target: str) -> None:
    assert _run(["make", "--dry-run", target])


def test_three_programs_are_shown() -> None:
    assert len(PROGRAMS) == 3
