"""The parts beneath the engine: positions, and text out of tokens."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from deixis.vision.local._stream import TextStream
from deixis.vision.local._tokens import Tokeniser
from tests.vision.local.recomputed import (
    Chat,
    Rig,
)
from tests.vision.local.recomputed import checkpoint as checkpoint
from tests.vision.local.recomputed import make_rig as make_rig
from tests.vision.local.recomputed import rig as rig


def test_positions_are_those_the_models_find_themselves(rig: Rig) -> None:
    chat = Chat().asked("One", rig.image(1, 8, 11), rig.image(2, 13, 8))
    chat = chat.answered("Yes").asked("Two", rig.image(3)).answered("No").asked("Three")
    tokens = Tokeniser(rig.processor.tokenizer, rig.facts).tokens(chat.prompt)
    ids = torch.tensor([tokens.ids])
    grids = [[1, span.rows * 2, span.columns * 2] for span in tokens.spans]
    theirs, deltas = rig.model.model.get_rope_index(
        ids,
        mm_token_type_ids=(ids == rig.model.config.image_token_id).int(),
        image_grid_thw=torch.tensor(grids),
    )
    # From the beginning, from between the two images, from after the reply.
    for start in (0, tokens.spans[1].start, tokens.spans[2].start - 3):
        ours = tokens.positions(start)
        assert torch.equal(ours[1:], theirs[:, :, start:])
        assert torch.equal(ours[0, 0], torch.arange(start, len(tokens)))
    assert tokens.shift(len(tokens)) == int(deltas)


def in_bytes(tokens: Sequence[int]) -> str:
    """Text of tokens that are a byte each."""
    return bytes(tokens).decode("utf-8", errors="replace")


def streamed(text: str, stop: Sequence[str] = ()) -> list[str]:
    stream = TextStream(in_bytes, stop)
    pieces: list[str] = []
    for token in text.encode():
        pieces.append(stream.add(token))
        if stream.stopped:
            break
    return [*pieces, stream.close(cut=False)]


@given(st.text())
def test_pieces_add_up_and_no_character_is_cut(text: str) -> None:
    pieces = streamed(text)
    assert "".join(pieces) == text
    assert all(piece.encode().decode() == piece for piece in pieces)


@given(st.text("ab", max_size=30), st.lists(st.text("ab", min_size=1, max_size=4), max_size=3))
def test_a_stream_ends_before_the_first_stop_text(text: str, stop: list[str]) -> None:
    # The first to be complete counts, and of those that are complete at once the longest.
    ends = [(text.index(one) + len(one), text.index(one)) for one in stop if one in text]
    shown = text[: min(ends)[1]] if ends else text
    assert "".join(streamed(text, stop)) == shown


def test_a_character_that_was_cut_off_is_left_out() -> None:
    stream = TextStream(in_bytes)
    said = "".join(stream.add(token) for token in "四楼".encode()[:-1])
    assert said + stream.close(cut=True) == "四"
    assert stream.bounds[-1] == (1, 3)


def test_bytes_that_are_no_text_do_not_hold_up_the_rest() -> None:
    stream = TextStream(in_bytes)
    said = "".join(stream.add(token) for token in [*[0xFF] * 10, *b"ok"])
    assert said.endswith("ok")


@pytest.mark.parametrize("text", ["ends", "ends <|"])
def test_what_might_have_been_a_stop_text_comes_at_the_end(text: str) -> None:
    assert "".join(streamed(text, ["<|stop|>"])) == text
