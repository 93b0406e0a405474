"""Calls in JSON between `<tool_call>` markers."""

from __future__ import annotations

import pytest

from deixis.vision.qwen._tool_calls import Piece, Prose, Thought, ToolUse, tool_writer
from tests.vision.qwen.tool_replies import (
    CALL,
    HERMES,
    broken,
    calls,
    prose,
    taken_apart,
    thoughts,
)

ZOOM_CALL = ("zoom", {"label": "Lift", "scale": 2})


def read(reply: str) -> list[Piece]:
    return taken_apart("hermes", reply)


def test_a_call_is_told_from_the_prose_around_it() -> None:
    assert read(f"Let me see.\n{HERMES}\nDone.") == [
        Prose(text="Let me see."),
        ToolUse(name="zoom", arguments={"label": "Lift", "scale": 2}, raw=HERMES),
        Prose(text="\nDone."),
    ]


def test_calls_stand_in_a_row_with_no_prose_between() -> None:
    pieces = read(f"{HERMES}\n{HERMES}\n\n{HERMES}")
    assert calls(pieces) == [ZOOM_CALL] * 3
    assert len(pieces) == 3


@pytest.mark.parametrize(
    "body",
    [
        '{"name": "zoom", "arguments": "{\\"label\\": \\"Lift\\", \\"scale\\": 2}"}',
        '{"name": "zoom", "parameters": {"label": "Lift", "scale": 2}}',
        '{"name": "zoom", "arguments": {"label": "Lift", "scale": 2,},}',
        '{\n  "name": "zoom",\n  "arguments": {\n    "label": "Lift",\n    "scale": 2\n  }\n}',
        f"```json\n{CALL}\n```",
        f"```\n{CALL}",
        '{"type": "function", "function": ' + CALL + "}",
        "{" + CALL,
        "{" + CALL + "}",
        CALL + "}",
        CALL[:-1],
        '{"name": "zoom", "name": "zoom", "arguments": {"label": "Lift", "scale": 2}}',
    ],
)
def test_a_slip_that_leaves_one_meaning_is_mended(body: str) -> None:
    assert calls(read(f"<tool_call>\n{body}\n</tool_call>")) == [ZOOM_CALL]
    assert calls(read(f"<tool_call>{body}</tool_call>")) == [ZOOM_CALL]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('{"name": "zoom", "arguments": {"label": "Lift" "scale": 2}}', "valid JSON"),
        ('{"name": "zoom", "arguments": {"label": Lift}}', "valid JSON"),
        ('{"name": "zoom", "arguments": {"label": {"a": {"b": 1', "valid JSON"),
        ('{"name": "zoom", "label": "Lift"}', '"arguments"'),
        ('{"arguments": {"label": "Lift"}}', "name of the tool"),
        ('{"name": 3, "arguments": {}}', "name of the tool"),
        ('{"name": "zoom", "arguments": ["Lift"]}', "JSON object"),
        ('{"name": "zoom", "arguments": {}, "parameters": {"label": "Lift"}}', "once"),
        ('{"name": "zoom", "arguments": {"label": "a", "label": "b"}}', "two values"),
        ('{"name": "zoom", "arguments": {"scale": NaN}}', "NaN"),
        ('{"name": "zoom", "arguments": {"scale": 1e999}}', "finite"),
        ('{"name": "zoom", "arguments": {"scale": ' + "1" * 5000 + "}}", "shorter number"),
        ('{"name": "zoom", "arguments": {"label": "\\ud83d"}}', "half of an escape"),
        ('{"name": "zoom", "arguments": ' + "[" * 100_000 + "}", "less deeply"),
        ("zoom(label='Lift')", "JSON object"),
        ("", "JSON object"),
        (f"{CALL}\nThat was it.", "valid JSON"),
    ],
)
def test_a_call_that_cannot_be_read_says_how_to_mend_it(body: str, said: str) -> None:
    reply = f"<tool_call>\n{body}\n</tool_call>"
    [piece] = broken(read(reply + HERMES))
    assert said in piece.reason
    assert piece.raw == reply
    assert calls(read(reply + HERMES)) == [ZOOM_CALL]


def test_a_whole_call_may_lack_its_closing_marker() -> None:
    assert calls(read(f"<tool_call>\n{CALL}")) == [ZOOM_CALL]
    assert calls(read(f"<tool_call>\n{CALL}\n<tool_call>\n{CALL}")) == [ZOOM_CALL] * 2


@pytest.mark.parametrize("length", range(11, len(HERMES) - len("}\n</tool_call>")))
def test_a_call_that_is_cut_off_is_never_guessed(length: int) -> None:
    [piece] = read(HERMES[:length])
    assert broken([piece])[0].raw == HERMES[:length]
    assert "cut off" in broken([piece])[0].reason


def test_an_opening_marker_may_stand_twice() -> None:
    assert calls(read(f"<tool_call>\n{HERMES}")) == [ZOOM_CALL]
    assert len(read(f"<tool_call>\n{HERMES}")) == 1


@pytest.mark.parametrize(
    "reply",
    [
        "Use the <tool_call> marker.",
        "Calls stand between <tool_call></tool_call> markers.",
        "It begins with `<tool_call>`",
        "Not a <tool_cal",
        "a < b, a <t, a <tool",
        "A lonely </tool_call> closes nothing.",
        "The tag <think> is a word in a line.",
    ],
)
def test_a_marker_that_is_only_mentioned_stays_prose(reply: str) -> None:
    assert read(reply) == [Prose(text=reply)]


def test_the_closing_marker_inside_a_string_is_part_of_it() -> None:
    reply = '<tool_call>{"name": "say", "arguments": {"t": "\\" </tool_call> \\\\"}}</tool_call>'
    assert calls(read(reply)) == [("say", {"t": '" </tool_call> \\'})]


@pytest.mark.parametrize("count", [1, 2])
def test_a_quote_left_open_does_not_swallow_the_calls_after_it(count: int) -> None:
    open_quote = '<tool_call>\n{"name": "a", "arguments": {"b": "c}}\n</tool_call>\n'
    pieces = read(open_quote * count + HERMES)
    assert [piece.raw for piece in broken(pieces)] == [open_quote.strip()] * count
    assert calls(pieces) == [ZOOM_CALL]


def test_a_call_written_in_tags_is_read_too() -> None:
    reply = "<tool_call>\n<function=stop>\n</function>\n</tool_call>"
    assert calls(read(reply)) == [("stop", {})]


def test_thoughts_are_held_back() -> None:
    pieces = read(f"<think>\nHm.\n</think>\n\nOn floor 3.\n{HERMES}")
    assert pieces[:2] == [Thought(text="Hm."), Prose(text="On floor 3.")]
    assert calls(pieces) == [ZOOM_CALL]


def test_a_thought_may_begin_in_the_prompt_and_never_end() -> None:
    assert taken_apart("hermes", "Hm.\n</think>\n\nHi.", thinking=True) == [
        Thought(text="Hm."),
        Prose(text="Hi."),
    ]
    assert read("<think>Hm. I") == [Thought(text="Hm. I")]


def test_a_call_in_a_thought_is_a_plan() -> None:
    pieces = read(f"<think>I could {HERMES}</think>No need.")
    assert not calls(pieces)
    assert prose(pieces) == "No need."
    assert not calls(read(f"<think>I could {HERMES} but no"))


def test_a_thought_that_ends_with_a_call_and_never_closes_makes_the_call() -> None:
    pieces = read(f"<think>\nI look.\n{HERMES}")
    assert calls(pieces) == [ZOOM_CALL]
    assert thoughts(pieces).startswith("I look.")


def test_prose_passes_through_at_once_but_for_what_may_begin_a_marker() -> None:
    stream = tool_writer("hermes").stream()
    assert stream.feed("On floor 3") == [Prose(text="On floor 3")]
    assert stream.feed(" <") == []
    assert stream.feed("tool") == []
    assert stream.feed("box>.") == [Prose(text=" <toolbox>.")]


def test_a_call_comes_out_with_its_closing_marker() -> None:
    stream = tool_writer("hermes").stream()
    assert stream.feed(HERMES[:-1]) == []
    assert calls(stream.feed(">")) == [ZOOM_CALL]


def test_an_endless_call_is_given_up_and_what_follows_it_is_read() -> None:
    reply = f'<tool_call>{{"name": "a", "arguments": {{"b": "{"c" * 1_000_000}</tool_call>Hi'
    pieces = read(f"{reply}\n{HERMES}")
    assert "shorter" in broken(pieces)[0].reason
    assert prose(pieces) == "Hi"
    assert calls(pieces) == [ZOOM_CALL]
