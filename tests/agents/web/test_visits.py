"""People who don't come back are forgotten; a port or folder that is taken is told."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from deixis.agents.web import create_app, serve
from deixis.agents.web._history import History
from deixis.agents.web._turns import Turn
from deixis.vision import DeixisError
from tests.agents.web.serving import scripted

ASKED = Turn(turn=0, question="Where is ENT?")


def test_who_comes_back_is_known_and_who_leaves_isn_t(tmp_path: Path) -> None:
    history = History(tmp_path / "web.sqlite")
    history.welcome("web-a", entry="e")
    assert history.known("web-a", entry="e")
    assert not history.known("web-a", entry="another token's")
    assert not history.known("web-b", entry="e")
    history.leave("web-a")
    assert not history.known("web-a", entry="e")
    history.close()


def test_who_hasn_t_come_for_long_is_gone(tmp_path: Path) -> None:
    history = History(tmp_path / "web.sqlite")
    for user in ("web-a", "web-b"):
        history.welcome(user, entry="e")
        history.begin(user, "t", "Where is ENT?", [], ASKED)
    assert history.gone(days=1) == []
    assert history.gone(days=0) == ["web-a", "web-b"]
    history.forget("web-a")
    assert history.threads("web-a") == []
    assert [one.title for one in history.threads("web-b")] == ["Where is ENT?"]
    history.close()


def test_what_was_forgotten_isn_t_written_again(tmp_path: Path) -> None:
    history = History(tmp_path / "web.sqlite")
    turn = history.begin("web-a", "t", "Where is ENT?", [], ASKED)
    (_, _, kept) = history.unfinished("queued")[0]
    history.forget("web-a", "t")
    history.save("web-a", "t", kept)
    assert history.turn("web-a", "t", turn.turn) is None
    history.close()


def test_a_port_that_is_taken_is_told() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = int(other.getsockname()[1])
        with pytest.raises(DeixisError, match=f"can't listen at 127.0.0.1 port {port} "):
            serve(scripted(), port=port)
    with pytest.raises(DeixisError, match="choose another with --port"):
        serve(scripted(), port=70_000)
    with pytest.raises(DeixisError, match="choose another with --port or --host"):
        serve(scripted(), host="no.such.host.invalid", port=0)


def test_a_damaged_history_is_told_in_a_line(tmp_path: Path) -> None:
    (tmp_path / "web.sqlite").write_bytes(b"no database" * 500)
    for _ in range(2):
        with pytest.raises(DeixisError, match=r"web\.sqlite fails"):
            create_app(scripted(), folder=tmp_path)


def test_a_folder_that_can_t_be_is_told_in_a_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(DeixisError, match=r"can't be used .* give another folder"):
        create_app(scripted(), folder=tmp_path / "file" / "web")
