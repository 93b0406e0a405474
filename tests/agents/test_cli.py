from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from deixis.agents._console import plain
from deixis.agents._failures import exit_code_of
from deixis.agents.cli import run_command
from deixis.testing._conformance import picture
from deixis.vision import Box
from tests.conftest import PICTURES

GUIDE = str(PICTURES / "hospital_zh.jpg")
ENT = "Where should I go for ENT?"
Done = subprocess.CompletedProcess[str]
Run = Callable[..., Done]


@pytest.fixture
def process(tmp_path: Path) -> Run:
    """Runs a command in a process of its own, in a folder of the test's."""

    def call(*words: str, given: str = "", **environment: str) -> Done:
        return subprocess.run(
            [sys.executable, "-m", "deixis.agents.cli", *words],
            input=given,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=120,
            cwd=tmp_path,
            env={**os.environ, "DEIXIS_DATA_DIR": str(tmp_path / "data"), **environment},
        )

    return call


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """The same in this process, which saves three seconds of imports each time."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DEIXIS_DATA_DIR", str(tmp_path / "data"))

    def call(*words: str, given: str = "") -> Done:
        monkeypatch.setattr(sys, "stdin", io.StringIO(given))
        capsys.readouterr()
        code = run_command(list(words))
        printed = capsys.readouterr()
        return Done(words, code, printed.out, printed.err)

    return call


def one_object(done: Done) -> dict[str, Any]:
    """What a command with --json printed: one object, one line, nothing else."""
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n") == 1
    return json.loads(done.stdout)


def one_line(done: Done, code: int = 2) -> str:
    """What a command that failed said: one line, and no traceback."""
    assert done.returncode == code
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1, done.stderr
    assert done.stderr.startswith("deixis: ")
    assert "Traceback" not in done.stderr
    return done.stderr.removeprefix("deixis: ").strip()


def test_ask_prints_the_contract(process: Run) -> None:
    told = one_object(process("ask", GUIDE, ENT, "--json"))
    assert list(told) == [
        "answer", "found", "language", "detections", "facts", "tool_calls", "model", "thread",
    ]  # fmt: skip
    assert "4F" in told["answer"]
    assert (told["found"], told["language"], told["model"]) == (True, "en", "embedded")
    assert told["facts"]["floor"] == "4F"
    assert told["tool_calls"] == []
    found = told["detections"][0]
    assert set(found) == {"image", "label", "text", "box", "score"}
    assert (found["image"], found["text"]) == ("img_1", "耳鼻喉科")
    box = Box(**dict(zip(("x1", "y1", "x2", "y2"), found["box"], strict=True)))
    assert box.iou(Box(x1=438, y1=304, x2=566, y2=346)) > 0.6
    assert 0 < found["score"] <= 1


def test_ask_names_the_tools_it_called(run: Run) -> None:
    question = "How much are 2 wonton noodles in soup and one hot soy milk?"
    told = one_object(run("ask", str(PICTURES / "menu.jpg"), question, "--json"))
    assert [(c["name"], c["ok"]) for c in told["tool_calls"]] == [("calculate", True)]
    assert set(told["tool_calls"][0]) == {"name", "arguments", "ok"}


def test_ask_says_that_something_is_not_there(run: Run) -> None:
    told = one_object(run("ask", GUIDE, "Where is the swimming pool?", "--json"))
    assert (told["found"], told["facts"]["floor"]) == (False, None)


def test_ask_prints_the_answer_for_people(run: Run) -> None:
    done = run("ask", GUIDE, ENT)
    assert done.returncode == 0
    assert "4F" in done.stdout.splitlines()[0]
    assert "img_1" in done.stdout
    assert done.stderr.strip().startswith("thread ")


def test_ask_draws_what_the_answer_rests_on(run: Run, tmp_path: Path) -> None:
    one_object(run("ask", GUIDE, ENT, "--json", "--annotate", "out.png"))
    with Image.open(tmp_path / "out.png") as drawn, Image.open(GUIDE) as original:
        assert drawn.size == original.size
        region = (438, 300, 566, 350)
        assert drawn.convert("RGB").crop(region).tobytes() != original.crop(region).tobytes()


def test_a_thread_remembers_its_image(process: Run) -> None:
    one_object(process("ask", GUIDE, ENT, "--thread", "visit", "--json"))
    told = one_object(process("ask", "Where is the pharmacy?", "--thread", "visit", "--json"))
    assert (told["facts"]["floor"], told["thread"]) == ("1F", "visit")
    assert told["detections"][0]["image"] == "img_1"


def test_a_thread_is_its_users_alone(run: Run) -> None:
    one_object(run("ask", GUIDE, ENT, "--thread", "visit", "--user", "ann", "--json"))
    for other in (["--user", "bob"], []):
        told = one_object(run("ask", ENT, "--thread", "visit", "--json", *other))
        assert (told["found"], told["detections"]) == (False, [])


def test_read_prints_the_contract(run: Run) -> None:
    told = one_object(run("read", GUIDE, "--json"))
    assert list(told) == ["image", "lines"]
    assert told["image"] == {"width": 1600, "height": 1200}
    assert all(list(line) == ["text", "box", "quad", "score"] for line in told["lines"])
    texts = [line["text"] for line in told["lines"]]
    assert texts.index("5F") < texts.index("耳鼻喉科") < texts.index("药房")
    assert all(len(line["box"]) == 4 and len(line["quad"]) == 4 for line in told["lines"])


def test_read_goes_through_the_pages_of_a_document(run: Run, tmp_path: Path) -> None:
    first, second = (picture(size=(320, 120), text=text) for text in ("FIRST", "SECOND"))
    first.save(tmp_path / "two.pdf", save_all=True, append_images=[second])
    told = one_object(run("read", "two.pdf", "--json"))
    assert [set(page) for page in told["pages"]] == [{"width", "height"}] * 2
    assert [(line["text"], line["page"]) for line in told["lines"]] == [("FIRST", 1), ("SECOND", 2)]


def test_ground_prints_the_contract(run: Run) -> None:
    told = one_object(run("ground", GUIDE, "药房", "--json"))
    assert list(told) == ["detections"]
    assert told["detections"][0]["text"] == "药房"


def test_ground_says_what_it_can_not_see(run: Run) -> None:
    told = one_object(run("ground", GUIDE, "a red umbrella", "--json"))
    assert told["detections"] == []
    assert "only in pictures with depth" in told["note"]


def test_translate_prints_the_contract(run: Run) -> None:
    told = one_object(run("translate", "耳鼻喉科", "--to", "en", "--json"))
    assert list(told) == ["translation", "source_language", "glossary", "source", "method"]
    assert (told["translation"], told["source_language"]) == ("ENT", "zh")
    assert told["glossary"] == [
        {"text": "耳鼻喉科", "translation": "ENT", "source": "glossary", "kept": True}
    ]


def test_models_says_what_can_run_and_what_is_missing(run: Run) -> None:
    told = one_object(run("models", "--json"))
    assert told["models"][0]["name"] == "embedded"
    assert told["models"][0]["available"]
    assert all(m["available"] or m["missing"] for m in told["models"])


def test_chat_answers_line_by_line(process: Run) -> None:
    said = f"/image {GUIDE}\n{ENT}\n\nWhere is the pharmacy?\n/quit\nnever asked\n"
    done = process("chat", given=said)
    assert done.returncode == 0
    assert [floor in done.stdout for floor in ("4F", "1F")] == [True, True]
    assert "```" not in done.stdout


def test_chat_gives_all_turns_as_json(run: Run) -> None:
    told = one_object(run("chat", GUIDE, "--json", given=f"{ENT}\nWhere is the pharmacy?\n"))
    assert [turn["facts"]["floor"] for turn in told["turns"]] == ["4F", "1F"]
    assert [turn["question"] for turn in told["turns"]] == [ENT, "Where is the pharmacy?"]
    assert told["thread"] == told["turns"][0]["thread"]


def test_chat_goes_on_after_a_picture_that_is_not_there(run: Run) -> None:
    done = run("chat", GUIDE, given=f"/image none.jpg\n/help\n{ENT}\n")
    assert done.returncode == 0
    assert "4F" in done.stdout
    assert "there is no file none.jpg" in done.stderr


@pytest.fixture
def odd(tmp_path: Path) -> Path:
    """A folder of things that are no pictures."""
    (tmp_path / "text.jpg").write_text("I am a text.\n" * 50)
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "folder").mkdir()
    (tmp_path / "cut.jpg").write_bytes(Path(GUIDE).read_bytes()[:3000])
    return tmp_path


@pytest.mark.usefixtures("odd")
@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["ask", "none.jpg", ENT], "there is no file none.jpg"),
        (["ask", "text.jpg", ENT], "text.jpg"),
        (["ask", "empty.jpg", ENT], "empty.jpg is empty"),
        (["ask", "folder", ENT], "folder is a folder"),
        (["ask", "cut.jpg", ENT], "cut.jpg"),
        (["ask", "http://127.0.0.1:9/x.jpg", ENT], "127.0.0.1"),
        (["ask", GUIDE, ENT, "--model", "gpt"], "there is no model 'gpt'"),
        (["ask", GUIDE, ENT, "--model", "/no/such/checkpoint"], "there is no folder"),
        (["ask", GUIDE, ENT, "--colour"], "--colour"),
        (["ask", GUIDE, " "], "there is no question"),
        (["ask", ENT, GUIDE], "put the question last"),
        (["ask", GUIDE], "put the question last"),
        (["ask"], "Missing argument"),
        (["ask", GUIDE, ENT, "--annotate", "out.doc"], "end it in .png or .jpg"),
        (["ask", GUIDE, ENT, "--annotate", "nowhere/out.png"], "there is no folder nowhere"),
        (["read", "none.jpg"], "there is no file"),
        (["read"], "Missing argument"),
        (["ground", "药房", GUIDE], "there is no file"),
        (["ground", GUIDE, " "], "nothing to find"),
        (["translate", "药房", "--to", "fr"], "know Chinese and English, not 'fr'"),
        (["translate", "药房", "--to", "\x1b[2J"], "is no language"),
        (["translate", " ", "--to", "en"], "nothing to translate"),
        (["translate", "药房"], "--to"),
        (["chat", "none.jpg"], "there is no file"),
        (["fly"], "fly"),
    ],
)
def test_bad_input_is_told_in_one_line(run: Run, words: list[str], told: str) -> None:
    said = one_line(run(*words, "--json")) if words != ["fly"] else one_line(run(*words))
    assert told in said
    assert said.isprintable()


@pytest.mark.parametrize(
    ("words", "told"),
    [(["read", "none.jpg"], "there is no file"), (["read", GUIDE, "--colour"], "--colour")],
)
def test_bad_input_ends_the_process_with_2(process: Run, words: list[str], told: str) -> None:
    assert told in one_line(process(*words))


def test_a_picture_that_can_not_be_written_is_bad_input(run: Run, tmp_path: Path) -> None:
    (tmp_path / "out.png").mkdir()
    assert "out.png can't be written" in one_line(
        run("ask", GUIDE, ENT, "--annotate", "out.png", "--json")
    )


def test_a_picture_that_fails_at_the_last_does_not_lose_the_answer(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Bad input that shows only when the picture is written: a disk that is full, say.
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Image.Image, "save", full)
    done = run("ask", GUIDE, ENT, "--annotate", "out.png", "--json")
    assert done.returncode == 2
    assert json.loads(done.stdout)["facts"]["floor"] == "4F"
    assert "No space left" in done.stderr


def test_a_command_without_words_shows_its_help(process: Run) -> None:
    done = process()
    assert done.returncode == 2
    assert "translate" in done.stderr + done.stdout


@pytest.mark.parametrize("kind", ["data is a file", "images is a file", "no database"])
def test_without_a_data_folder_it_answers_all_the_same(run: Run, tmp_path: Path, kind: str) -> None:
    if kind == "data is a file":
        (tmp_path / "data").touch()
    else:
        (tmp_path / "data").mkdir()
        broken = "images" if kind == "images is a file" else "threads.sqlite"
        (tmp_path / "data" / broken).write_text("nothing of the kind " * 50)
    done = run("ask", GUIDE, ENT, "--json")
    assert one_object(done)["facts"]["floor"] == "4F"
    assert done.stderr.count("\n") == 1
    assert "won't be kept" in done.stderr


def test_a_reader_that_goes_away_is_no_error_to_talk_about(tmp_path: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-m", "deixis.agents.cli", "models", "--json"],
        stdout=write, stderr=subprocess.PIPE, text=True, timeout=60,
    )  # fmt: skip
    os.close(write)
    assert (done.returncode, done.stderr) == (1, "")


def test_what_the_terminal_can_not_write_ends_no_command(process: Run) -> None:
    done = process("translate", "ENT", "--to", "zh", "--json", PYTHONIOENCODING="latin-1")
    assert "耳鼻" in one_object(done)["translation"]
    assert process("translate", "ENT", "--to", "zh", PYTHONIOENCODING="ascii").returncode == 0


def test_words_that_are_no_text_are_taken(run: Run) -> None:
    told = one_object(run("ask", GUIDE, f"{ENT} \udcff", "--json"))
    assert told["facts"]["floor"] == "4F"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x07", "[31mred"),
        ("\x9b2J\x7f", "2J"),
        ("a\u202eb\u2066c", "abc"),
        ("half \ud800", "half "),
        ("耳鼻\u3000喉\tcafé\u00a0😀\n", "耳鼻\u3000喉 café\u00a0😀\n"),
    ],
)
def test_what_steers_a_terminal_is_not_printed(text: str, shown: str) -> None:
    assert plain(text) == shown


def test_json_shows_no_controls_and_says_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    from deixis.agents._console import emit

    value = {"text": "\x1b[31m\x9b\u202e\ud800\U000e0001 耳鼻\u3000😀"}
    emit(value)
    printed = capsys.readouterr().out
    assert json.loads(printed) == value
    assert all(c.isprintable() or c in "\n\u3000" for c in printed)


def test_a_file_name_can_not_steer_the_terminal(run: Run) -> None:
    assert one_line(run("ask", "a\x1b[31m\u202e.jpg", ENT)).isprintable()


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (KeyboardInterrupt(), 130, "deixis: interrupted\n"),
        (RuntimeError("a\nb\x1b"), 1, "deixis: a b\n"),
        (ConnectionError("reset"), 1, "deixis: reset\n"),
        (RuntimeError(), 1, "deixis: RuntimeError\n"),
    ],
)
def test_every_failure_has_a_code_and_a_line(
    error: BaseException, code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code_of(error) == code
    assert capsys.readouterr().err == said


def test_the_version_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["--version"]) == 0
    assert capsys.readouterr().out.startswith("deixis 0.")
