"""`deixis robot`: JSON on stdout, progress on stderr, a film, one line for what is wrong."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from deixis.agents.cli import run_command
from tests.simulator import needs_simulator

Printed = pytest.CaptureFixture[str]
STUB = ("--arm", "stub")
PUT = "put the red cube in the bowl"


def told(printed: Printed, *words: str) -> tuple[int, dict[str, Any], str]:
    """The exit code, the JSON, and what was said besides."""
    code = run_command(["robot", *words, "--json"])
    out, err = printed.readouterr()
    assert out.count("\n") == 1
    return code, json.loads(out), err


def test_it_does_what_it_is_told_and_prints_what_was_measured(capsys: Printed) -> None:
    code, said, progress = told(capsys, PUT, "--seed", "3", *STUB)
    assert code == 0
    assert said["done"] is True
    assert [step["tool"] for step in said["steps"]] == ["look", "pick", "place"]
    assert all(set(step) == {"tool", "point", "ok", "measured"} for step in said["steps"])
    assert said["steps"][0]["point"] is None
    x, y = said["steps"][1]["point"]
    assert 0 < x < 1280
    assert 0 < y < 960
    cube = next(thing for thing in said["objects"] if thing["name"] == "red_cube_1")
    assert cube["inside"] == "blue_bowl"
    assert "pick" in progress


def test_a_person_reads_the_answer_and_where_things_lie(capsys: Printed) -> None:
    assert run_command(["robot", "把红色的方块放进碗里", "--seed", "3", *STUB]) == 0
    out, err = capsys.readouterr()
    assert "红色方块" in out
    assert "blue_bowl" in out
    assert "✓ pick" in err


def test_a_question_about_the_table_moves_nothing(capsys: Printed) -> None:
    code, said, _ = told(capsys, "what is on the table?", "--seed", "3", *STUB)
    assert code == 0
    assert [step["tool"] for step in said["steps"]] == ["look"]
    assert "red cube" in said["answer"]
    assert len(said["detections"]) == 8


def test_what_is_not_done_ends_with_one_and_says_so(capsys: Printed) -> None:
    code, said, err = told(capsys, "put the purple ball in the bowl", "--seed", "3", *STUB)
    assert code == 1
    assert said["done"] is False
    assert "Traceback" not in err
    assert err.strip().splitlines()[-1].startswith("deixis: ")


def test_the_film_shows_the_point_that_was_used(tmp_path: Path, capsys: Printed) -> None:
    film = tmp_path / "out.gif"
    words = ["robot", "pick up the red cube", "--seed", "3", "--record", str(film), *STUB]
    assert run_command(words) == 0
    with Image.open(film) as opened:
        frames = getattr(opened, "n_frames", 1)
        assert frames > 10
        opened.seek(frames // 2)
        colours = {colour for _, colour in opened.convert("RGB").getcolors(1 << 20) or []}
    yellow = (240, 228, 66)
    assert any(
        max(abs(a - b) for a, b in zip(c, yellow, strict=True)) < 12
        for c in colours
        if isinstance(c, tuple)
    )


def test_what_it_speaks_of_is_drawn_on_its_picture(tmp_path: Path, capsys: Printed) -> None:
    drawn = tmp_path / "out.png"
    words = ["robot", "where is the red cube?", "--seed", "3", "--annotate", str(drawn), *STUB]
    assert run_command(words) == 0
    with Image.open(drawn) as opened:
        assert opened.size == (1280, 960)


@pytest.mark.parametrize(
    ("words", "mend"),
    [
        (("   ",), "there is no instruction"),
        (("wave", "--arm", "real"), "choose mujoco or stub"),
        (("wave", "--record", "out.png"), "end it in .gif"),
        (("wave", "--record", "nowhere/out.gif"), "make it first"),
        (("wave", "--annotate", "out.txt"), "end it in .png"),
        (("wave", "--seed", "-1"), "--seed"),
        (("wave", "--seed", "three"), "--seed"),
        (("wave", "--objects", "0"), "--objects"),
        (("wave", "--model", "nonsense"), "nonsense"),
    ],
)
def test_bad_input_ends_with_two_and_one_line(
    words: tuple[str, ...],
    mend: str,
    capsys: Printed,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run_command(["robot", *words]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert mend in err
    assert len(err.strip().splitlines()) == 1


def test_without_mujoco_one_line_says_how_to_get_it() -> None:
    blocked = (
        "import sys; sys.modules['mujoco'] = None\n"
        "from deixis.agents.cli import run_command\n"
        "sys.exit(run_command(['robot', 'wave']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", blocked], capture_output=True, text=True, timeout=120
    )
    assert done.returncode != 0
    assert "deixis[robot]" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


@needs_simulator
@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals of Unix")
def test_ctrl_c_stops_the_arm_and_what_was_done_is_still_told() -> None:
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "deixis.agents.cli",
            "robot",
            "put the red cube in the bowl",
            "--seed",
            "3",
            "--json",
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert process.stderr is not None
    killer = threading.Timer(180, process.kill)
    killer.start()
    for line in process.stderr:
        if "look" in line:
            process.send_signal(signal.SIGINT)
            break
    out, err = process.communicate()
    killer.cancel()
    said = json.loads(out)
    assert said["done"] is False
    assert next(o for o in said["objects"] if o["name"] == "red_cube_1")["inside"] is None
    assert "stopped" in err
    assert "Traceback" not in err
    assert process.returncode == 1


@needs_simulator
@pytest.mark.slow
def test_with_physics_the_command_does_the_same(capsys: Printed, tmp_path: Path) -> None:
    film = tmp_path / "out.gif"
    words = (PUT, "--seed", "3", "--record", str(film))
    code, said, _ = told(capsys, *words)
    assert (code, said["done"]) == (0, True)
    assert film.stat().st_size < 5_000_000
    cube = next(thing for thing in said["objects"] if thing["name"] == "red_cube_1")
    assert cube["inside"] == "blue_bowl"
