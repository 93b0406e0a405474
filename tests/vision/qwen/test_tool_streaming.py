"""However a reply is cut, it is taken apart the same way, and nothing in it raises."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deixis.vision.qwen._families import ToolFormat
from deixis.vision.qwen._tool_calls import BrokenCall, Prose, ToolUse, neutral
from tests.vision.qwen.tool_replies import HERMES, VALID, XML, broken, cut, taken_apart

FORMATS: tuple[ToolFormat, ...] = ("hermes", "xml", "react")
FRAGMENTS = (
    "<tool_call>|</tool_call>|<function=zoom>|</function>|<parameter=label>|<parameter=k>|"
    "</parameter>|<think>|</think>|Thought:|Action:|Action Input:|Observation:|Final Answer：|"
    '{"name": "zoom", "arguments": {}}|"|\\|{|}|[|```|```json|,|<|</|<t|a|x y|0'
).split("|")
replies = st.one_of(
    st.lists(st.sampled_from([*FRAGMENTS, "\n", "\n", " ", "          "]), max_size=25).map(
        "".join
    ),
    st.sampled_from([reply for _, reply in VALID]),
    st.text(alphabet='<>/tolcahink_={}":\\\n Acion', max_size=60),
)


@given(
    st.sampled_from(FORMATS),
    replies,
    st.lists(st.integers(min_value=0, max_value=10_000), max_size=12),
    st.booleans(),
)
@settings(max_examples=600, deadline=None)
def test_a_reply_cut_anywhere_has_the_same_pieces(
    kind: ToolFormat, reply: str, places: list[int], thinking: bool
) -> None:
    whole = taken_apart(kind, reply, thinking=thinking)
    assert taken_apart(kind, cut(reply, places), thinking=thinking) == whole
    assert taken_apart(kind, list(reply), thinking=thinking) == whole


@pytest.mark.parametrize(("kind", "reply"), VALID)
def test_a_valid_reply_has_no_broken_call(kind: ToolFormat, reply: str) -> None:
    assert not broken(taken_apart(kind, reply))


@given(st.text(max_size=80).filter(lambda t: "<" not in t))
def test_words_without_markers_come_out_as_they_went_in(text: str) -> None:
    assert taken_apart("hermes", list(text)) == ([Prose(text=text.strip())] if text.strip() else [])


def mutated(reply: str, chance: random.Random) -> str:
    for _ in range(chance.randint(1, 6)):
        a, b = sorted(chance.randint(0, len(reply)) for _ in range(2))
        b = min(b, a + 30)
        change = chance.randrange(4)
        if change == 0:
            reply = reply[:a] + reply[b:]
        elif change == 1:
            reply = reply[:a] + chance.choice(FRAGMENTS) + reply[a:]
        elif change == 2:
            reply = reply[:a] + reply[a:b] + reply[a:]
        else:
            reply = reply[:a] + chr(chance.choice((10, 34, 60, 0x4E2D, 0x1F6D7))) + reply[a + 1 :]
    return reply


@pytest.mark.slow
def test_twenty_thousand_damaged_replies_raise_nothing() -> None:
    chance = random.Random(20_000)
    for _ in range(20_000):
        kind, valid = chance.choice(VALID)
        reply = mutated(valid, chance)
        places = [chance.randrange(10_000) for _ in range(chance.randint(0, 10))]
        assert taken_apart(kind, cut(reply, places)) == taken_apart(kind, reply), repr(reply)


HOSTILE = {
    "opening markers": "<tool_call>" * 100_000,
    "opening markers in lines": "<tool_call>\n" * 100_000,
    "brackets": "<" * 1_000_000,
    "braces in a call": "<tool_call>\n" + "{" * 1_000_000,
    "a parameter without end": "<tool_call>\n<function=zoom>\n<parameter=label>\n" + "a " * 500_000,
    "blank space": "<tool_call>" + " \n" * 600_000,
    "open quotes": '<tool_call>{\\"</tool_call>' * 38_000,
    "escaped quotes": '<tool_call>{"' + '\\"' * 490_000 + "</tool_call>",
    "closing parameters": "<tool_call><function=f><parameter=k>" + "</parameter> " * 76_000,
    "thoughts": "<think>\n<tool_call>{" * 50_000,
    "keywords": "Action: f\nAction Input: {}\n" * 37_000,
    "half keywords": "Action" * 160_000,
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("reply", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_megabyte_is_gone_through(kind: ToolFormat, reply: str) -> None:
    """Quadratic work on any of these takes hours."""
    pieces = taken_apart(kind, reply)
    assert pieces
    assert taken_apart(kind, cut(reply, range(0, len(reply), 97))) == pieces
    assert len(neutral(reply)) >= len(reply)


@pytest.mark.parametrize(("kind", "valid"), [("hermes", HERMES), ("xml", XML)])
def test_no_piece_of_a_valid_call_is_lost_when_prose_surrounds_it(
    kind: ToolFormat, valid: str
) -> None:
    pieces = taken_apart(kind, list(f"Before.\n{valid}\nAfter."))
    raw = [piece.raw for piece in pieces if isinstance(piece, ToolUse | BrokenCall)]
    assert raw == [valid]
