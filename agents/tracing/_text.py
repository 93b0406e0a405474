"""A trace as a tree in the terminal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from deixis.agents._console import plain
from deixis.agents.tracing._reading import Node, Trace
from deixis.agents.tracing._words import (
    event_words,
    facts,
    place_words,
    seconds,
    spoken,
    summary,
    title,
    totals,
)

_LONGEST = 300
_MOST_PLACES = 6


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line of the tree.

    Attributes:
        text: As it is printed.
        dim: Whether it is of less weight.
    """

    text: str
    dim: bool = False


def tree(trace: Trace) -> Iterator[Line]:
    """The lines of a trace: who spoke, what was called, how long it took and what it came to."""
    for number, root in enumerate(trace.roots):
        if number:
            yield Line(text="")
        yield from _node(root, "", "")
    if trace.roots:
        every = [seconds(trace.seconds), *summary(totals(trace.walk()))]
        yield Line(text="")
        yield Line(text=" · ".join(every), dim=True)
    else:
        yield Line(text="nothing happened")


def _node(node: Node, first: str, rest: str) -> Iterator[Line]:
    mark = "✗ " if node.error else ""
    name = _short(title(node))
    yield Line(text=f"{first}{mark}{name}  {' · '.join(facts(node))}")
    inner = f"{rest}{'│ ' if node.children else '  '}"
    yield from (Line(text=f"{inner} {text}", dim=True) for text in _beneath(node))
    for number, child in enumerate(node.children):
        last = number == len(node.children) - 1
        yield from _node(
            child, f"{rest}{'└─ ' if last else '├─ '}", f"{rest}{'   ' if last else '│  '}"
        )


def _beneath(node: Node) -> Iterator[str]:
    """What is told of a node in lines of its own."""
    if node.error:
        yield f"error: {_short(node.error)}"
    for who, words in spoken(node):
        if not (who == "gave" and node.error):
            yield f"{who}: {_short(words)}"
    yield from (_short(words) for event in node.events if (words := event_words(event)))
    places = [*node.places("deixis.places"), *node.places("deixis.result.places")]
    yield from (f"at {_short(place_words(place))}" for place in places[:_MOST_PLACES])
    if len(places) > _MOST_PLACES:
        yield f"at {len(places) - _MOST_PLACES} more places"


def _short(text: str) -> str:
    line = " ".join(plain(text).split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"
