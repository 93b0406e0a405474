from __future__ import annotations

import random
import socket
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path
from typing import Any

import pytest
from langgraph.checkpoint.base import empty_checkpoint
from langgraph.checkpoint.conformance import (  # pyright: ignore[reportMissingTypeStubs]
    checkpointer_test,
    validate,
)

from deixis.agents import VisionAgent
from deixis.memory import (
    Checkpoints,
    Effect,
    EffectLedger,
    PostgresCheckpoints,
    SqliteCheckpoints,
    open_checkpoints,
)
from deixis.testing import Say, ScriptedModel
from deixis.vision import DeixisError
from tests.memory.postgres import Databases
from tests.memory.postgres import postgres as postgres


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where checkpoints are kept."""
    if request.param == "sqlite":
        return str(tmp_path / "t.sqlite")
    databases: Databases = request.getfixturevalue("postgres")
    return databases()


@pytest.fixture
def saver(place: str) -> Iterator[Checkpoints]:
    kept = open_checkpoints(place)
    yield kept
    kept.close()


def put(saver: Checkpoints, thread: str, words: str = "", turns: int = 1) -> None:
    """A thread with checkpoints, a write and an effect, all of which hold the words."""
    config: Any = {"configurable": {"thread_id": thread, "checkpoint_ns": ""}}
    for turn in range(turns):
        checkpoint = empty_checkpoint()
        versions: Any = {"messages": f"{turn + 1:032}.0"}
        checkpoint["channel_values"] = {"messages": [words, turn]}
        checkpoint["channel_versions"] = versions
        config = saver.put(config, checkpoint, {"source": "loop", "step": turn}, versions)
        saver.put_writes(config, [("messages", [words])], "task")
        saver.effects.begin(f"{thread} {turn}", thread_id=thread)
        saver.effects.finish(f"{thread} {turn}", words)


async def test_langgraph_finds_nothing_wrong(place: str) -> None:
    @checkpointer_test(name=place)
    async def made() -> AsyncGenerator[Checkpoints, None]:
        saver = open_checkpoints(place)
        yield saver
        saver.close()

    report = await validate(made)
    assert not [failure for r in report.results.values() for failure in r.failures]
    assert report.passed_all()
    assert report.passed_all_base()
    assert report.results["list"].tests_passed > 5


def test_a_place_decides_what_keeps_them(tmp_path: Path, postgres: Databases) -> None:
    kinds = {tmp_path / "t.sqlite": SqliteCheckpoints, postgres(): PostgresCheckpoints}
    for where, kind in kinds.items():
        saver = open_checkpoints(where)
        assert type(saver) is kind
        assert isinstance(saver.effects, EffectLedger)
        saver.close()


def test_threads_are_listed_by_how_they_start(saver: Checkpoints) -> None:
    for thread in ("user:b/thread:1", "user:a/thread:2", "user:a/thread:1", "thread:1"):
        put(saver, thread, turns=2)
    assert saver.threads("user:a/") == ["user:a/thread:1", "user:a/thread:2"]
    assert saver.threads()[0] == "thread:1"
    assert not saver.threads("user:c/")


@pytest.mark.parametrize("prefix", ["user:a%/", "user:a_/", "user:a/", "user:é😀/", "user:'/"])
def test_a_prefix_deletes_its_very_characters_only(saver: Checkpoints, prefix: str) -> None:
    others = ["user:a", "user:A/t", "user:aX/t", "user:a%x/t", "user:ab/t", "user:é😁/t"]
    for thread in (*others, f"{prefix}t"):
        put(saver, thread)
    saver.delete_threads(prefix)
    assert saver.threads() == sorted(others)
    assert saver.effects.known(f"{prefix}t 0") is None
    assert all(saver.effects.known(f"{thread} 0") for thread in others)
    kept = [saver.get_tuple(at(thread)) for thread in others]
    assert all(one and len(one.pending_writes or []) == 1 for one in kept)


def at(thread: str) -> Any:
    return {"configurable": {"thread_id": thread, "checkpoint_ns": ""}}


def test_a_thread_is_deleted_with_its_effects(saver: Checkpoints) -> None:
    put(saver, "t")
    put(saver, "t2")
    saver.delete_thread("t")
    assert saver.threads() == ["t2"]
    assert saver.effects.known("t 0") is None
    assert saver.effects.known("t2 0") == Effect(result="")


@pytest.mark.parametrize("seed", range(8))
def test_nothing_of_a_deleted_user_stays_in_the_file(tmp_path: Path, seed: int) -> None:
    order = random.Random(seed)
    saver = open_checkpoints(tmp_path / "t.sqlite")
    turns = [(user, n) for user in ("ann", "bob", "eve") for n in range(30)]
    order.shuffle(turns)
    for user, n in turns:
        words = f"SECRET-OF-{user}-" * order.choice([1, 10, 400, 4000])
        put(saver, f"user:{user}/thread:{n}", words, turns=order.randint(1, 4))
    saver.delete_threads("user:ann/")
    saver.delete_thread("user:bob/thread:1")
    left = b"".join(path.read_bytes() for path in tmp_path.glob("t.sqlite*"))
    assert left.count(b"SECRET-OF-bob-") > 30
    assert b"OF-ann" not in left
    assert b"user:ann" not in left
    assert b"bob/thread:1\0" not in left
    assert len(saver.threads()) == 59
    saver.close()


def test_who_still_reads_what_is_deleted_is_told_of(tmp_path: Path) -> None:
    import sqlite3

    path = tmp_path / "t.sqlite"
    saver = open_checkpoints(path)
    assert isinstance(saver, SqliteCheckpoints)
    saver.conn.execute("PRAGMA busy_timeout=100")
    put(saver, "t", "words")
    reader = sqlite3.connect(path)
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM checkpoints").fetchone()
    with pytest.raises(DeixisError, match=r"traces of them stay .*: delete them again"):
        saver.delete_threads("t")
    reader.close()
    saver.delete_threads("t")
    assert not (tmp_path / "t.sqlite-wal").stat().st_size
    saver.close()


GO_ON = """
import sys
from deixis.agents import VisionAgent
from deixis.testing import Say, ScriptedModel
model = ScriptedModel([Say("Here.")])
print(VisionAgent(model, checkpoints=sys.argv[1]).ask("Where is it?", thread="t").answer,
      [message.type for message in model.asked[0]])
"""


def test_a_thread_goes_on_in_a_new_process(place: str) -> None:
    with ScriptedModel([Say("A door.")]) as model:
        VisionAgent(model, checkpoints=place).ask("What is this?", thread="t")
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", GO_ON, place],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert done.stdout == "Here. ['system', 'human', 'ai', 'human']\n"
    assert not done.stderr


async def test_an_asynchronous_agent_keeps_its_threads_too(saver: Checkpoints) -> None:
    with ScriptedModel([Say("A door."), Say("Here.")]) as model:
        agent = VisionAgent(model, checkpoints=saver)
        await agent.aask("What?", thread="t")
        await agent.aask("Where?", thread="t")
    assert len(model.asked[1]) == 4


@pytest.mark.parametrize("question", ["Is it \udcff?", "日本語\x00?"])
def test_strange_words_can_be_kept(saver: Checkpoints, question: str) -> None:
    with ScriptedModel([Say("Yes \ud83d."), Say("Yes.")]) as model:
        agent = VisionAgent(model, checkpoints=saver)
        agent.ask(question, thread="t\ud800", user="\udcff\x00")
        assert agent.ask("Sure?", thread="t\ud800", user="\udcff\x00").answer == "Yes."


def test_several_processes_may_open_a_new_database_at_once(place: str) -> None:
    code = "import sys; from deixis.memory import open_checkpoints as o; o(sys.argv[1]).close()"
    processes = [
        subprocess.Popen([sys.executable, "-c", code, place], stderr=subprocess.PIPE)
        for _ in range(4)
    ]
    assert [process.communicate(timeout=100)[1] for process in processes] == [b""] * 4


@pytest.mark.parametrize("query", ["", "?password=hunter2"])
def test_a_server_that_is_down_is_said_so_without_the_password(query: str) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"postgresql://ann:hunter2@127.0.0.1:{free.getsockname()[1]}/deixis{query}"
        before = time.monotonic()
        with pytest.raises(DeixisError, match=r"ann:\*\*\*@127.* can't be opened") as error:
            open_checkpoints(url)
    assert time.monotonic() - before < 10
    assert "hunter2" not in str(error.value)
    assert "\n" not in str(error.value)


def test_a_server_that_says_nothing_is_not_waited_for_long() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        before = time.monotonic()
        with pytest.raises(DeixisError, match="start the server"):
            open_checkpoints(f"postgresql://ann@127.0.0.1:{silent.getsockname()[1]}/deixis")
    assert time.monotonic() - before < 12


def test_an_address_that_is_none_is_said_so_without_the_password() -> None:
    with pytest.raises(DeixisError, match="the address should read postgresql://") as error:
        open_checkpoints("postgresql://ann:hunter2%zz@127.0.0.1/deixis")
    assert "hunter2" not in str(error.value)
    assert error.value.__cause__ is None


def test_a_lost_connection_is_made_anew(postgres: Databases) -> None:
    import psycopg

    url = postgres()
    saver = open_checkpoints(url)
    put(saver, "t")
    with psycopg.connect(url, autocommit=True) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    put(saver, "t2")
    assert saver.threads() == ["t", "t2"]
    saver.close()
