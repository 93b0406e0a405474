from __future__ import annotations

import io
import json
import sqlite3
from pathlib import Path

import pytest
from PIL import Image

from deixis.agents import VisionAgent
from deixis.agents._session import allowed_at_terminal
from deixis.memory import MemoryStore
from deixis.testing import Call, Say, ScriptedModel
from tests.agents.helpers import told
from tests.agents.test_cli import ENT, GUIDE, Run, one_line, one_object, process, run

__all__ = ["process", "run"]  # fixtures


def test_a_later_conversation_is_answered_from_the_old_picture(run: Run) -> None:
    run("ask", GUIDE, ENT, "--user", "ann")
    answer = one_object(run("ask", "Where was ENT?", "--user", "ann", "--json"))
    assert answer["found"] is True
    assert answer["facts"]["floor"] == "4F"
    assert answer["detections"][0]["image"] == "img_1"
    assert answer["detections"][0]["box"] == pytest.approx([438, 304, 566, 347], abs=4)


def test_the_old_picture_is_drawn_on(run: Run, tmp_path: Path) -> None:
    run("ask", GUIDE, ENT, "--user", "ann")
    run("ask", "Where was ENT?", "--user", "ann", "--annotate", "old.png")
    with Image.open(tmp_path / "old.png") as drawn, Image.open(GUIDE) as plain:
        assert drawn.size == plain.size
        assert drawn.convert("RGB").tobytes() != plain.convert("RGB").tobytes()


def test_nothing_is_remembered_of_someone_without_a_name(run: Run) -> None:
    run("ask", GUIDE, ENT, "--thread", "t")
    assert not one_object(run("ask", "Where was ENT?", "--json"))["found"]
    assert one_object(run("memory", "list", "--thread", "t", "--json"))["memories"] == []


def test_search_prints_memories_with_their_places(run: Run) -> None:
    run("ask", GUIDE, ENT, "--user", "ann", "--thread", "visit")
    found = one_object(run("memory", "search", "耳鼻喉科", "--user", "ann", "--json"))
    (memory,) = found["memories"]
    assert memory["text"] == "ENT (耳鼻喉科) is on 4F."
    assert memory["question"] == ENT
    assert (memory["kind"], memory["thread"], memory["count"]) == ("fact", "visit", 1)
    assert memory["facts"] == {"floor": "4F"}
    assert memory["places"][0]["source"] == "hospital_zh.jpg"
    assert memory["places"][0]["text"] == "耳鼻喉科"
    assert 0 < memory["score"] <= 1
    assert memory["earlier"] == []


def test_search_shows_what_was_said_before(run: Run) -> None:
    run("chat", "--user", "ann", given="Remember that I park on B2\nRemember that I park on B3\n")
    found = one_object(run("memory", "search", "Where do I park?", "--user", "ann", "--json"))
    assert [m["text"] for m in found["memories"]] == ["I park on B3"]
    assert [m["text"] for m in found["memories"][0]["earlier"]] == ["I park on B2"]
    shown = run("memory", "search", "Where do I park?", "--user", "ann").stdout
    assert shown.index("I park on B3") < shown.index("I park on B2")


def test_a_user_sees_only_their_own(run: Run) -> None:
    run("ask", GUIDE, ENT, "--user", "ann")
    for command in (["list"], ["search", "ENT"]):
        told = one_object(run("memory", *command, "--user", "bob", "--json"))
        assert told == {"user": "bob", "memories": []}


def test_one_memory_is_forgotten_by_the_beginning_of_its_id(run: Run) -> None:
    run("ask", GUIDE, ENT, "--user", "ann")
    listed = one_object(run("memory", "list", "--user", "ann", "--json"))["memories"]
    done = one_object(run("memory", "forget", listed[0]["id"][:8], "--user", "ann", "--json"))
    assert done["forgotten"] == {"memories": 1, "threads": 0, "images": 0}
    assert one_object(run("memory", "list", "--user", "ann", "--json"))["memories"] == []


def test_all_that_is_kept_of_a_user_is_forgotten(run: Run, tmp_path: Path) -> None:
    run("ask", GUIDE, ENT, "--user", "ann")
    done = one_object(run("memory", "forget", "--all", "--user", "ann", "--json"))
    assert done["forgotten"] == {"memories": 1, "threads": 1, "images": 1}
    kept = [file for file in (tmp_path / "data").rglob("*") if file.is_file()]
    assert not [file for file in kept if b"4F" in file.read_bytes()]
    assert not list((tmp_path / "data" / "images").glob("*/*"))


def test_a_conversation_is_forgotten(run: Run) -> None:
    run("ask", GUIDE, ENT, "--user", "ann", "--thread", "visit")
    done = one_object(run("memory", "forget", "--thread", "visit", "--user", "ann", "--json"))
    assert done["forgotten"] == {"memories": 1, "threads": 1, "images": 1}


def test_a_conversation_without_a_user_is_forgotten(run: Run) -> None:
    run("ask", GUIDE, ENT, "--thread", "visit")
    done = one_object(run("memory", "forget", "--thread", "visit", "--json"))
    assert done["forgotten"] == {"memories": 0, "threads": 1, "images": 1}


def test_what_is_kept_and_for_how_long_is_set(run: Run) -> None:
    words = ["memory", "keep", "--user", "ann", "--days", "30", "--kinds", "fact,note", "--json"]
    assert one_object(run(*words))["policy"] == {
        "kinds": ["fact", "note"], "days": 30, "most": None,
    }  # fmt: skip
    run("ask", GUIDE, "Where is the zoo?", "--user", "ann")
    assert one_object(run("memory", "list", "--user", "ann", "--json"))["memories"] == []
    shown = run("memory", "keep", "--user", "ann", "--forever").stdout
    assert shown == "Kept of ann: fact, note, for good.\n"


def test_days_hold_for_conversations_and_pictures(run: Run, tmp_path: Path) -> None:
    run("ask", GUIDE, ENT, "--user", "ann", "--thread", "visit")
    words = ["memory", "keep", "--user", "ann", "--days", "0.0000001", "--json"]
    assert one_object(run(*words))["forgotten"] == {"memories": 1, "threads": 1, "images": 0}
    assert not list((tmp_path / "data" / "images").glob("*/*"))


def test_what_conversations_still_say_is_told(run: Run) -> None:
    run("ask", "Remember that the word is quizzicalfox", "--user", "ann", "--thread", "one")
    (note,) = one_object(run("memory", "list", "--user", "ann", "--json"))["memories"]
    done = one_object(run("memory", "forget", note["id"], "--user", "ann", "--json"))
    assert done["still_said_in"] == ["one"]
    done = one_object(run("memory", "forget", "--thread", "one", "--user", "ann", "--json"))
    assert done["still_said_in"] == []


def test_what_was_read_in_a_forgotten_picture_is_gone(run: Run, cache_dir: Path) -> None:
    run("ask", GUIDE, ENT, "--user", "ann")
    readings = set((cache_dir / "readings").iterdir())
    run("memory", "forget", "--all", "--user", "ann")
    assert len(readings - set((cache_dir / "readings").iterdir())) == 1


def test_an_index_that_can_not_be_reached_is_a_failure(process: Run) -> None:
    done = process("memory", "index", "--json", DEIXIS_CHROMA="http://127.0.0.1:1")
    assert done.returncode == 1
    assert done.stdout == ""
    assert "The index is failed" in done.stderr


@pytest.mark.parametrize(
    ("variable", "place", "told"),
    [
        ("DEIXIS_DATABASE", "mysql://me:hunter2@127.0.0.1/x", "mysql:// is no database we know"),
        ("DEIXIS_DATABASE", "postgresql://me:hunter2@127.0.0.1:none/x", "can't be opened"),
        ("DEIXIS_CHROMA", "garbage", "an index takes a Chroma server's URL"),
    ],
)
def test_a_place_that_is_none_is_refused(
    process: Run, tmp_path: Path, variable: str, place: str, told: str
) -> None:
    done = process("memory", "list", "--user", "ann", **{variable: place})
    assert told in one_line(done)
    assert "hunter2" not in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_an_endless_question_is_answered_in_good_time(run: Run) -> None:
    run("ask", "Remember that I park on B2", "--user", "ann")
    answer = run("ask", GUIDE, "x" * 200_000, "--user", "ann")
    assert answer.returncode == 0


def test_a_page_of_the_record_that_is_broken_is_told_in_a_line(run: Run, tmp_path: Path) -> None:
    run("ask", GUIDE, ENT, "--user", "ann")
    place = tmp_path / "data" / "memory" / "memory.sqlite"
    whole = place.read_bytes()
    place.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))
    told = one_line(run("memory", "list", "--user", "ann"))
    assert "memory.sqlite fails (" in told
    assert "SELECT" not in told


def test_export_holds_memories_conversations_and_pictures(run: Run, tmp_path: Path) -> None:
    run("ask", GUIDE, ENT, "--user", "ann", "--thread", "visit")
    run("memory", "export", "--user", "ann", "--out", "ann.json")
    told = json.loads((tmp_path / "ann.json").read_text())
    assert told["memories"][0]["text"] == "ENT (耳鼻喉科) is on 4F."
    assert len(told["memories"][0]["vector"]) == 2048  # 384 floats in base64
    (thread,) = told["threads"]
    assert [m["type"] for m in thread["messages"]] == ["human", "ai"]
    assert thread["images"][0]["handle"] == "img_1"
    assert told["images"][0]["mime_type"] == "image/jpeg"
    assert len(told["images"][0]["base64"]) > 100_000


def test_the_index_is_brought_up_to_the_record(run: Run, tmp_path: Path) -> None:
    run("ask", GUIDE, ENT, "--user", "ann")
    assert one_object(run("memory", "index", "--json")) == {
        "index": {"state": "ready", "detail": ""}
    }
    assert (tmp_path / "data" / "memory" / "chroma" / "chroma.sqlite3").is_file()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["list"], "whose memories? Give --user, or --thread for one without a user"),
        (["search", " ", "--user", "ann"], "there is nothing to search for"),
        (["forget", "--user", "ann"], "say what to forget: ids of memories, or --thread T"),
        (["forget", "x", "--all", "--user", "ann"], "say what to forget"),
        (["forget", "nope", "--user", "ann"], "'nope' is too short for an id"),
        (["forget", "", "--user", "ann"], "'' is too short for an id"),
        (["forget", "0123456789", "--user", "ann"], "there is no memory '0123456789'"),
        (["list", "--user", ""], "a name that is empty is nobody's"),
        (["forget", "--all"], "whose memories?"),
        (["forget", "--all", "--thread", "t"], "say what to forget"),
        (["keep", "--user", "ann", "--days", "-1"], "days: input should be greater than 0"),
        (["keep", "--user", "ann", "--kinds", "dreams"], "kinds: input should be"),
        (["export"], "export whose data? Give --user"),
        (["export", "--user", "ann", "--out", "no/such/folder.json"], "there is no folder"),
        (["search", "x", "--user", "ann", "-k", "0"], "Input should be greater than or equal to 1"),
    ],
)
def test_bad_input_is_answered_in_a_line(run: Run, words: list[str], told: str) -> None:
    assert told in one_line(run("memory", *words))


def test_a_record_that_is_no_database_is_said_so(run: Run, tmp_path: Path) -> None:
    place = tmp_path / "data" / "memory" / "memory.sqlite"
    place.parent.mkdir(parents=True)
    place.write_text("not a database, " * 100)
    told = one_line(run("memory", "list", "--user", "ann"))
    assert "memory.sqlite fails (file is not a database)" in told
    answer = run("ask", GUIDE, ENT, "--user", "ann")
    assert answer.returncode == 0
    assert "4F" in answer.stdout
    assert "this conversation won't be kept" in answer.stderr


def test_a_database_that_is_not_there_is_said_without_its_password(process: Run) -> None:
    nowhere = "postgresql://me:hunter2@127.0.0.1:1/none"
    done = process("memory", "list", "--user", "ann", DEIXIS_DATABASE=nowhere)
    assert "can't be opened" in one_line(done)
    assert "hunter2" not in done.stderr


def test_the_record_is_whole_sqlite(run: Run, tmp_path: Path) -> None:
    run("ask", GUIDE, ENT, "--user", "ann")
    with sqlite3.connect(tmp_path / "data" / "memory" / "memory.sqlite") as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert database.execute("SELECT count(*) FROM memory_items").fetchone() == (1,)
    database.close()


def test_a_call_that_nobody_is_there_to_allow_is_not_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    with (
        MemoryStore(tmp_path, index=False) as memory,
        ScriptedModel([Call("forget", {"ids": ["x"]}), Say("I may not.")]) as model,
    ):
        answer = VisionAgent(model, memory=memory, approve=allowed_at_terminal).ask("Forget it")
    assert answer.answer == "I may not."
    assert "Nobody is at the terminal to allow it." in told(model)
