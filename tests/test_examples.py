from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulator import missing

ROOT = Path(__file__).parent.parent
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_runs_as_a_reader_would_run_it(path: Path) -> None:
    if "MujocoArm" in path.read_text("utf-8") and missing():
        pytest.skip(missing())
    done = subprocess.run(
        [sys.executable, "-W", "error", str(path)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()
    assert "Traceback" not in done.stderr


def test_there_are_examples() -> None:
    assert EXAMPLES
