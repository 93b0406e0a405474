"""Replies with tool calls, and how tests take them apart."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby, pairwise

from deixis.vision._dialect import JsonObject
from deixis.vision.qwen._families import ToolFormat
from deixis.vision.qwen._tool_calls import (
    BrokenCall,
    Piece,
    Prose,
    Thought,
    ToolUse,
    tool_writer,
)

ZOOM: JsonObject = {
    "type": "function",
    "function": {
        "name": "zoom",
        "description": "Shows a part of an image larger.",
        "parameters": {
            "type": "object",
            "properties": {
                "label": {"type": "string"},
                "scale": {"type": "integer"},
                "factor": {"type": "number"},
                "sharp": {"type": "boolean"},
                "box": {"anyOf": [{"$ref": "#/$defs/Box"}, {"type": "null"}], "default": None},
                "tags": {"type": "array", "items": {"type": "string"}},
                "unit": {"enum": ["px", 1]},
            },
            "required": ["label"],
            "$defs": {"Box": {"type": "object", "properties": {"x1": {"type": "number"}}}},
        },
    },
}
CALL = '{"name": "zoom", "arguments": {"label": "Lift", "scale": 2}}'
HERMES = f"<tool_call>\n{CALL}\n</tool_call>"
XML = (
    "<tool_call>\n<function=zoom>\n<parameter=label>\nLift\n</parameter>\n"
    "<parameter=scale>\n2\n</parameter>\n</function>\n</tool_call>"
)
REACT = 'Thought: I must look.\nAction: zoom\nAction Input: {"label": "Lift", "scale": 2}\n'
VALID: tuple[tuple[ToolFormat, str], ...] = (
    ("hermes", f"Let me see.\n{HERMES}\n{HERMES}"),
    ("hermes", f"<think>\nWhere is {HERMES}?\n</think>\n\nA moment.\n{HERMES}\nDone."),
    ("hermes", 'Write <tool_call> so.\n<tool_call>```json\n{"name": "stop"}\n```</tool_call>'),
    ("hermes", '<tool_call>{"name": "say", "arguments": {"text": "a </tool_call> b"}}</tool_call>'),
    ("xml", f"<think>\nHm.\n</think>\n\nLet me see.\n\n{XML}\n{XML}"),
    ("xml", "<function=zoom>\n<parameter=label>\na </b>\n<parameter\n</parameter>\n</function>"),
    ("xml", f"{HERMES}\nBoth ways.\n{XML}"),
    ("react", f"{REACT}Observation: floor 3\nFinal Answer: invented"),
    ("react", "Thought: I know.\nFinal Answer: On floor 3.\n\nThought: it's a word here."),
    ("react", "<think>Hm.</think>\nHello <think> there.\nAction：zoom\nAction Input：{}"),
)


def taken_apart(
    format: ToolFormat,  # noqa: A002
    deltas: str | Iterable[str],
    *,
    thinking: bool = False,
    tools: Sequence[JsonObject] = (ZOOM,),
) -> list[Piece]:
    """The pieces of a reply, adjacent words joined."""
    stream = tool_writer(format).stream(thinking=thinking, tools=tools)
    pieces: list[Piece] = []
    for delta in [deltas] if isinstance(deltas, str) else deltas:
        pieces += stream.feed(delta)
    return joined(pieces + stream.close())


def joined(pieces: Sequence[Piece]) -> list[Piece]:
    whole: list[Piece] = []
    for kind, run in groupby(pieces, key=type):
        if kind is Prose:
            whole.append(Prose(text=prose(run)))
        elif kind is Thought:
            whole.append(Thought(text=thoughts(run)))
        else:
            whole += run
    return whole


def calls(pieces: Iterable[Piece]) -> list[tuple[str, JsonObject]]:
    return [(p.name, p.arguments) for p in pieces if isinstance(p, ToolUse)]


def broken(pieces: Iterable[Piece]) -> list[BrokenCall]:
    return [piece for piece in pieces if isinstance(piece, BrokenCall)]


def prose(pieces: Iterable[Piece]) -> str:
    return "".join(piece.text for piece in pieces if isinstance(piece, Prose))


def thoughts(pieces: Iterable[Piece]) -> str:
    return "".join(piece.text for piece in pieces if isinstance(piece, Thought))


def cut(text: str, places: Iterable[int]) -> list[str]:
    edges = [0, *sorted(place % (len(text) + 1) for place in places), len(text)]
    return [text[a:b] for a, b in pairwise(edges)]
