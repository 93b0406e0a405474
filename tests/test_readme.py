"""What the README promises beside its programs, which `test_docs` runs."""

from __future__ import annotations

import re
import subprocess

import pytest

from tests.pages import ROOT, blocks

README = (ROOT / "README.md").read_text(encoding="utf-8")
TARGETS: list[str] = re.findall(r"^make (\w+)", README, re.MULTILINE)


def test_the_pictures_are_there() -> None:
    shown: list[tuple[str, str]] = re.findall(r"!\[.*?\]\((.*?)\)|<img src=\"(.*?)\"", README)
    assert len(shown) >= 3
    assert all((ROOT / (one or other)).is_file() for one, other in shown)


def test_its_links_lead_somewhere() -> None:
    named: list[str] = re.findall(r"\]\(([^):#]+)(?:#[^)]*)?\)", README)
    assert named
    assert [path for path in named if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("target", TARGETS)
def test_a_make_target_exists(target: str) -> None:
    done = subprocess.run(
        ["make", "--dry-run", target], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_three_programs_are_shown_and_say_what_they_print() -> None:
    programs = [block for block in blocks("README.md") if block.language == "python"]
    assert len(programs) == 3
    assert all(program.promises for program in programs)
    assert "ENT (耳鼻喉科) is on 4F." in programs[0].promises
