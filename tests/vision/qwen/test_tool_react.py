"""Calls in ReAct text."""

from __future__ import annotations

import pytest

from deixis.vision.qwen._tool_calls import Piece, Prose, Thought, ToolUse
from tests.vision.qwen.tool_replies import REACT, broken, calls, prose, taken_apart, thoughts


def read(reply: str) -> list[Piece]:
    return taken_apart("react", reply)


def test_a_thought_and_a_call() -> None:
    assert read(REACT) == [
        Thought(text="I must look."),
        ToolUse(
            name="zoom",
            arguments={"label": "Lift", "scale": 2},
            raw='Action: zoom\nAction Input: {"label": "Lift", "scale": 2}',
        ),
    ]


def test_the_final_answer_is_the_prose() -> None:
    pieces = read("Thought: I know.\nFinal Answer: On floor 3.\nThought: stays.\nAction: too.")
    assert thoughts(pieces) == "I know."
    assert prose(pieces) == "On floor 3.\nThought: stays.\nAction: too."
    assert not calls(pieces)


def test_words_without_any_keyword_are_prose() -> None:
    assert read("On floor 3.\nTake the lift. Action: none of this.") == [
        Prose(text="On floor 3.\nTake the lift. Action: none of this.")
    ]


def test_an_observation_that_the_model_invents_is_left_out() -> None:
    assert read(f"{REACT}Observation: floor 3\nFinal Answer: 3") == read(REACT)
    assert read(f"{REACT.rstrip()} Observation:") == [
        *read(REACT)[:1],
        ToolUse(
            name="zoom",
            arguments={"label": "Lift", "scale": 2},
            raw='Action: zoom\nAction Input: {"label": "Lift", "scale": 2} Observation:',
        ),
    ]


@pytest.mark.parametrize(
    "reply",
    [
        'Action：zoom\nAction Input：{"label": "Lift"}',
        'Action: zoom Action Input: {"label": "Lift"}',
        'Action: `zoom`\nAction Input:\n{\n  "label": "Lift",\n}\n',
        '  Action : [zoom]\n Action Input : ```json\n{"label": "Lift"}\n```',
        'Action: zoom\nAction Input: {"label": "Lift"}\nThought: now I wait',
    ],
)
def test_ways_to_write_a_call(reply: str) -> None:
    assert calls(read(reply)) == [("zoom", {"label": "Lift"})]


@pytest.mark.parametrize(
    "reply",
    [
        "Action: zoom",
        "Action: zoom\nAction Input: Lift",
        'Action: zoom\nAction Input: {"label": "Li',
        'Action: zoom\nAction Input: {"label": {"a": 1}',
        'Action Input: {"label": "Lift"}',
        'Action: a\nb\nAction Input: {"label": "Lift"}',
    ],
)
def test_a_call_that_cannot_be_read_says_how_to_mend_it(reply: str) -> None:
    [piece] = broken(read(reply))
    assert piece.raw == reply
    assert "Write" in piece.reason or "Name" in piece.reason


def test_choosing_no_action_is_no_call() -> None:
    assert read("Action: None\nThought: I know.\nFinal Answer: 3") == [
        Thought(text="I know."),
        Prose(text="3"),
    ]


def test_an_endless_input_is_given_up() -> None:
    [piece] = broken(read(f'Action: zoom\nAction Input: {{"label": "{"a" * 1_500_000}"}}'))
    assert "less than" in piece.reason
