from __future__ import annotations

import logging
import stat
import time
from pathlib import Path

import pytest
from pydantic import ValidationError

from deixis.agents import VisionAgent
from deixis.memory import MemoryItem, MemoryPolicy, MemoryStore, open_checkpoints
from deixis.memory._items import utc_now
from deixis.testing import NgramEmbedder, Say, ScriptedModel
from deixis.vision import DeixisError
from tests.agents.helpers import blank


def opened(folder: Path, *, index: bool = False) -> MemoryStore:
    return MemoryStore(folder, embedder=NgramEmbedder(), index=index, index_delay=0)


def test_what_is_kept_is_for_its_owner_only(tmp_path: Path) -> None:
    with opened(tmp_path / "memory") as memory:
        memory.remember("The code is 4711.", user="ann")
    open_checkpoints(tmp_path / "threads.sqlite").close()
    for file in (tmp_path / "memory" / "memory.sqlite", tmp_path / "threads.sqlite"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_closed_store_says_so(tmp_path: Path) -> None:
    memory = opened(tmp_path)
    memory.close()
    with pytest.raises(DeixisError, match="this memory was closed: open it again"):
        memory.remember("The code is 4711.", user="ann")
    memory.close()


@pytest.mark.parametrize("days", [0, -1, 1e9, float("inf"), float("nan")])
def test_a_time_that_nobody_lives_is_refused(days: float) -> None:
    with pytest.raises(ValidationError):
        MemoryPolicy(days=days)


def test_a_note_without_end_is_refused(tmp_path: Path) -> None:
    with opened(tmp_path) as memory, pytest.raises(DeixisError, match="5,000 characters, of 4,000"):
        memory.remember("x" * 5_000, user="ann")


def test_of_a_turn_without_end_the_beginning_is_kept(tmp_path: Path) -> None:
    now = utc_now()
    turn = MemoryItem(
        id="", user="ann", kind="turn", text="y" * 9_000, question="x", created=now, updated=now
    )
    with opened(tmp_path) as memory:
        (kept,) = memory.add([turn])
    assert kept.text == "y" * 3_999 + "…"


@pytest.mark.parametrize("place", ["mysql://me:hunter2@localhost/x", "http://me:hunter2@host/"])
def test_an_address_of_something_else_is_refused_without_its_password(place: str) -> None:
    for opening in (MemoryStore, open_checkpoints):
        with pytest.raises(DeixisError, match="is no database we know") as error:
            opening(place)
        assert "hunter2" not in str(error.value)


def test_a_record_in_postgres_takes_no_index_in_a_folder(tmp_path: Path) -> None:
    with pytest.raises(DeixisError, match="takes a Chroma server's URL"):
        MemoryStore(tmp_path, embedder=NgramEmbedder(), index="some/folder")


@pytest.mark.parametrize("index", [False, True])
def test_what_came_to_its_time_leaves_the_files_when_they_are_opened(
    tmp_path: Path, index: bool
) -> None:
    with opened(tmp_path, index=index) as memory:
        memory.set_policy(MemoryPolicy(days=0.5 / 86_400), user="ann")
        memory.remember("The word is quizzicalfox.", user="ann")
        vector = NgramEmbedder().passages(["The word is quizzicalfox."])[0].tobytes()[:64]
        memory.remember("The word is xylophone.", user="bob")
        memory.flush()
    time.sleep(0.6)
    with opened(tmp_path, index=index) as memory:
        assert memory.items(user="ann") == []
        assert len(memory.items(user="bob")) == 1
    raw = [file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()]
    assert not [data for data in raw if b"quizzicalfox" in data or vector in data]
    assert [data for data in raw if b"xylophone" in data]


def test_one_process_owns_the_index_and_the_other_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    with opened(tmp_path, index=True) as first:
        assert first.flush().state == "ready"
        with opened(tmp_path, index=True) as second:
            told = second.flush()
            second.remember("The code is 4711.", user="ann")
        assert told.state == "elsewhere"
        assert "belongs to process" in told.detail
        assert len([r for r in caplog.records if "belongs to process" in r.message]) == 1
        assert first.recall("What is the code?", user="ann")


def test_pictures_of_a_memory_in_a_folder_are_kept_beside_it(tmp_path: Path) -> None:
    place = [{"bbox_2d": [1, 2, 30, 40], "label": "door"}]
    with ScriptedModel([Say("There is the door.", places=place)]) as model:
        first = VisionAgent(model, memory=str(tmp_path))
        first.ask("Where is the door?", blank(), user="ann")
    assert first.memory is not None
    first.memory.close()
    with ScriptedModel([Say("There.", places=place)]) as model:
        later = VisionAgent(model, memory=str(tmp_path))
        answer = later.ask("Where was the door?", user="ann")
    assert later.memory is not None
    later.memory.close()
    assert answer.detections[0].image == "img_1"


def test_a_policy_of_conversations_leaves_documents_alone(tmp_path: Path) -> None:
    with opened(tmp_path) as memory:
        vectors = memory.as_vectors(user="ann")
        vectors.add_texts(["one", "two", "three"], ids=["1", "2", "3"])
        memory.remember("The code is 4711.", user="ann")
        memory.set_policy(MemoryPolicy(most=1, days=1e-9), user="ann")
        memory.remember("I like noodles.", user="ann")
        assert len(vectors.get_by_ids(["1", "2", "3"])) == 3
