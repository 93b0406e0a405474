from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from deixis.memory import DatabaseEffects, Effect, EffectLedger, InMemoryEffects
from deixis.vision import DeixisError
from tests.memory.postgres import Databases
from tests.memory.postgres import postgres as postgres


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[EffectLedger]:
    if request.param == "memory":
        yield InMemoryEffects()
        return
    databases: Databases | None = (
        request.getfixturevalue("postgres") if request.param == "postgres" else None
    )
    kept = DatabaseEffects(databases() if databases else tmp_path / "effects.sqlite")
    yield kept
    kept.close()


def test_a_call_that_was_never_begun_may_go_on(ledger: EffectLedger) -> None:
    assert ledger.known("k") is None
    assert ledger.begin("k", thread_id="t") is None


def test_a_call_that_was_cut_off_is_known_to_have_begun(ledger: EffectLedger) -> None:
    ledger.begin("k", thread_id="t")
    assert ledger.begin("k", thread_id="t") == Effect(result=None)


def test_a_finished_call_gives_its_result(ledger: EffectLedger) -> None:
    ledger.begin("k", thread_id="t")
    ledger.finish("k", '{"text": "日本語 \\u0000"}')
    assert ledger.begin("k", thread_id="t") == Effect(result='{"text": "日本語 \\u0000"}')


def test_a_call_that_was_taken_back_may_begin_again(ledger: EffectLedger) -> None:
    ledger.begin("k", thread_id="t")
    ledger.cancel("k")
    assert ledger.begin("k", thread_id="t") is None


def test_of_many_that_begin_a_call_at_once_one_may_go_on(ledger: EffectLedger) -> None:
    together = threading.Barrier(8)

    def begin(key: str) -> Effect | None:
        together.wait(30)
        return ledger.begin(key, thread_id="t")

    with ThreadPoolExecutor(8) as pool:
        for number in range(10):
            answers = list(pool.map(begin, [f"k{number}"] * 8))
            assert answers.count(None) == 1
            assert answers.count(Effect()) == 7


def test_a_thread_is_forgotten_and_no_other(ledger: EffectLedger) -> None:
    ledger.begin("k1", thread_id="t")
    ledger.begin("k2", thread_id="t2")
    ledger.forget_thread("t")
    assert ledger.known("k1") is None
    assert ledger.known("k2") == Effect()


@pytest.mark.parametrize("prefix", ["user:a%/", "user:a_/", "user:a/", "user:é😀/"])
def test_a_prefix_means_its_very_characters(ledger: EffectLedger, prefix: str) -> None:
    others = ["user:ab/t", "user:A/t", "user:aX/t", "user:a%x/t", "user:é😁/t", "user:a"]
    for thread in (*others, f"{prefix}t"):
        ledger.begin(thread, thread_id=thread)
    ledger.forget_threads(prefix)
    assert ledger.known(f"{prefix}t") is None
    assert all(ledger.known(thread) for thread in others)


def test_another_process_knows_what_was_begun(tmp_path: Path, postgres: Databases) -> None:
    for place in (tmp_path / "effects.sqlite", postgres()):
        first, second = DatabaseEffects(place), DatabaseEffects(place)
        first.begin("k", thread_id="t")
        assert second.begin("k", thread_id="t") == Effect()
        first.finish("k", "1")
        assert second.known("k") == Effect(result="1")
        first.close()
        second.close()


def test_a_ledger_that_can_not_be_opened_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DeixisError, match="can't be opened"):
        DatabaseEffects(tmp_path / "file" / "effects.sqlite")
