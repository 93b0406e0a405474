"""A trace as one page of HTML: the run over time, its words, and its pictures with their marks.

All of it was written by models, tools, signs and servers: every word is escaped, and the page
allows itself no script and nothing from elsewhere.
"""

from __future__ import annotations

import base64
import hashlib
import html
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, cast

from deixis.agents._console import plain
from deixis.agents.tracing._pictures import Pictures
from deixis.agents.tracing._reading import Node, Trace
from deixis.agents.tracing._words import (
    event_words,
    facts,
    place_words,
    prose,
    seconds,
    spoken,
    summary,
    title,
    totals,
)

_MOST_ROWS: Final = 400
_MOST_PLACES: Final = 40
_LONG: Final = 600  # characters of words that are shown unfolded
_DEEPEST: Final = 5
_KINDS: Final = {
    "agent": "agent",
    "model": "model",
    "tool": "tool",
    "approval": "asks a person",
    "other": "span",
}


def page(trace: Trace, *, name: str) -> str:
    """A trace as a page of its own, to be opened from anywhere.

    Args:
        trace: What happened.
        name: Of its file.
    """
    css = Path(__file__).with_name("page.css").read_text("utf-8")
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    writer = _Writer(trace)
    body = "".join(writer.runs())
    began = datetime.fromtimestamp(trace.began, tz=UTC) if trace.began else None
    when = f" · {began:%Y-%m-%d %H:%M:%S} UTC" if began else ""
    figures = [seconds(trace.seconds), *summary(totals(trace.walk()))]
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{_safe(name)}</title>\n<style>{css}</style>\n</head>\n<body>\n"
        f'<header><h1>What happened</h1><p class="soft">{_safe(name)}{when}</p>'
        f'<ul class="figures">{_items(figures)}</ul></header>\n'
        f"<main>{body or '<p>Nothing happened.</p>'}</main>\n</body>\n</html>\n"
    )


class _Writer:
    """Writes a trace's runs.

    Args:
        trace: What happened.
    """

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        self._pictures = Pictures(trace)
        self._ids = {id(node): f"n{number}" for number, node in enumerate(trace.walk())}

    def runs(self) -> Iterator[str]:
        """The sections of the page, one for each run that a person asked for."""
        for root in self._trace.roots:
            yield f'<section class="run" id="{self._ids[id(root)]}">'
            yield f"<h2>{_safe(title(root))} {_facts(root)}</h2>"
            yield from self._opening(root)
            yield from self._timeline(root)
            for child in root.children:
                yield from self._node(child, [root])
            yield "</section>\n"

    def _opening(self, root: Node) -> Iterator[str]:
        """What was asked, and what it came to."""
        if asked := prose(root.words("gen_ai.input.messages")):
            yield f'<p class="asked">{_safe(asked)}</p>'
        if said := prose(root.words("gen_ai.output.messages")):
            yield f'<p class="answer">{_safe(said)}</p>'
        yield from _errors(root)
        yield from _events(root)
        yield from self._seen(root, [root])

    def _timeline(self, root: Node) -> Iterator[str]:
        rows = [row for row in self._rows(root, 0) if row[0].kind != "step"]
        yield '<h3>Over time</h3><ul class="rows">'
        for node, depth in rows[:_MOST_ROWS]:
            whole = max(root.seconds, 1e-9)
            start = 1000 * min(1.0, max(0.0, (node.start - root.start) / whole))
            width = max(4.0, min(1000 - start, 1000 * node.seconds / whole))
            kind = "failed" if node.error else node.kind
            label, whole_title = _safe(_short(node.name, 80)), _safe(_short(title(node), 200))
            yield (
                f'<li class="d{min(depth, _DEEPEST)}">'
                f'<a href="#{self._ids[id(node)]}" title="{whole_title}">{label}</a>'
                '<svg viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true">'
                f'<rect class="{kind}" x="{start:.1f}" width="{width:.1f}" height="10"/></svg>'
                f'<span class="time">{seconds(node.seconds)}</span></li>'
            )
        yield "</ul>"
        if len(rows) > _MOST_ROWS:
            yield f'<p class="soft">and {len(rows) - _MOST_ROWS} more</p>'

    def _rows(self, node: Node, depth: int) -> Iterator[tuple[Node, int]]:
        yield node, depth
        below = depth if node.kind == "step" else depth + 1
        for child in node.children:
            yield from self._rows(child, below)

    def _node(self, node: Node, path: Sequence[Node]) -> Iterator[str]:
        here = [*path, node]
        if node.kind == "step":
            yield f'<section class="step" id="{self._ids[id(node)]}"><h3>{_safe(title(node))}</h3>'
            yield from self._seen(node, here)
            for child in node.children:
                yield from self._node(child, here)
            yield "</section>"
            return
        failed = " failed" if node.error else ""
        yield f'<section class="node {node.kind}{failed}" id="{self._ids[id(node)]}">'
        yield f'<div class="head"><span class="kind">{_KINDS[node.kind]}</span>'
        kind = "call" if node.kind == "tool" else "name"
        yield f'<span class="{kind}">{_safe(_short(title(node), _LONG))}</span>{_facts(node)}</div>'
        yield from _errors(node)
        for who, words in spoken(node):
            if not (who == "gave" and node.error):
                yield _words(who, words)
        yield from _events(node)
        yield from self._seen(node, here)
        yield from _prompt(node)
        for child in node.children:
            yield from self._node(child, here)
        yield "</section>"

    def _seen(self, node: Node, path: Sequence[Node]) -> Iterator[str]:
        """Places in words, and the pictures: those with marks, and those that are new here."""
        figures: list[str] = []
        marked: set[str] = set()
        for key in ("deixis.places", "deixis.result.places"):
            places = node.places(key)
            told = [_short(place_words(place), 200) for place in places[:_MOST_PLACES]]
            if len(places) > _MOST_PLACES:
                told.append(f"and {len(places) - _MOST_PLACES} more")
            if told:
                yield f'<ul class="places">{_items(told)}</ul>'
            for handle in dict.fromkeys(place.image for place in places if place.image):
                marked.add(handle)
                here = [place for place in places if place.image == handle]
                figures.append(self._figure(handle, path, here))
        new = self._pictures.first_seen(node)
        figures += [self._figure(handle, path, ()) for handle in new if handle not in marked]
        if figures:
            yield f'<div class="pictures">{"".join(figures)}</div>'

    def _figure(self, handle: str, path: Sequence[Node], places: Sequence[Any]) -> str:
        image = self._trace.image(handle, path)
        if image is None:
            return ""
        source = f" · {image.source}" if image.source else ""
        caption = _safe(f"{handle}{source} · {image.size[0]} × {image.size[1]}")
        drawn = self._pictures.drawn(image, places)
        if drawn is None:
            return f'<p class="soft">{caption} (the picture is not kept beside the trace)</p>'
        marks = f"{handle} with {len(places)} marks" if places else handle
        return (
            f'<figure><img src="{drawn.uri}" width="{drawn.size[0]}" height="{drawn.size[1]}" '
            f'alt="{_safe(marks)}"><figcaption>{caption}</figcaption></figure>'
        )


def _errors(node: Node) -> Iterator[str]:
    if node.error:
        yield f'<p class="error">{_safe(_short(node.error, _LONG))}</p>'


def _events(node: Node) -> Iterator[str]:
    for event in node.events:
        if words := event_words(event):
            yield f'<p class="event">{_safe(words)}</p>'


def _items(texts: Sequence[str]) -> str:
    return "".join(f"<li>{_safe(text)}</li>" for text in texts)


def _prompt(node: Node) -> Iterator[str]:
    """What a model was shown, folded."""
    messages = node.json("gen_ai.input.messages") if node.kind == "model" else None
    system = node.json("gen_ai.system_instructions") if node.kind == "model" else None
    parts = [*_lines("system", system)]
    for message in cast("list[Any]", messages) if isinstance(messages, list) else []:
        if isinstance(message, dict):
            told = cast("dict[str, Any]", message)
            parts += _lines(str(told.get("role")), told.get("parts"))
    if parts:
        yield "<details><summary>what the model was shown</summary>"
        yield f"<pre>{_safe(chr(10).join(parts))}</pre></details>"


def _lines(role: str, parts: Any) -> Iterator[str]:
    for part in cast("list[Any]", parts) if isinstance(parts, list) else []:
        if not isinstance(part, dict):
            continue
        told = cast("dict[str, Any]", part)
        known = [told.get(key) for key in ("content", "response", "image")]
        words = next((str(one) for one in known if one is not None), "")
        if told.get("type") == "tool_call":
            words = f"{told.get('name')} {told.get('arguments')}"
        yield f"{role}: {words}"


def _words(who: str, words: str) -> str:
    said = f'<span class="who">{_safe(who)}</span>'
    if len(words) <= _LONG:
        return f'<p class="words">{said}{_safe(words)}</p>'
    return (
        f'<p class="words">{said}{_safe(words[:_LONG])}…</p>'
        f"<details><summary>all of it</summary><pre>{_safe(words)}</pre></details>"
    )


def _facts(node: Node) -> str:
    return f'<span class="facts">{_safe(" · ".join(facts(node)))}</span>'


def _short(text: str, longest: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= longest else f"{line[:longest]}…"


def _safe(text: str) -> str:
    """A text as HTML shows it, whatever is in it."""
    return html.escape(plain(text), quote=True)
