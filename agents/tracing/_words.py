"""What is said of each part of a trace, in a few words."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, cast

from deixis.agents._console import plain
from deixis.agents.tracing._reading import Node, TracedEvent
from deixis.vision import Detection

_BLOCK: Final = re.compile(r"\n*```json\n[^`]*```\s*\Z")


@dataclass(frozen=True, kw_only=True)
class Totals:
    """What some part of a trace came to.

    Attributes:
        models: Calls of models.
        tools: Calls of tools.
        given: Tokens that models were given.
        made: Tokens that they made.
        images: Tokens that images took, of those given.
        estimated: Whether any of these is our estimate.
        errors: Calls that failed.
    """

    models: int = 0
    tools: int = 0
    given: int = 0
    made: int = 0
    images: int = 0
    estimated: bool = False
    errors: int = 0


def totals(nodes: Iterable[Node]) -> Totals:
    """Sums up what the calls among some nodes came to."""
    every = list(nodes)
    models = [node for node in every if node.kind == "model"]
    tools = [node for node in every if node.kind == "tool"]
    return Totals(
        models=len(models),
        tools=len(tools),
        given=sum(node.number("gen_ai.usage.input_tokens") for node in models),
        made=sum(node.number("gen_ai.usage.output_tokens") for node in models),
        images=sum(node.number("deixis.usage.image_tokens") for node in models),
        estimated=any(node.attributes.get("deixis.usage.estimated") for node in models),
        errors=sum(node.error is not None for node in [*models, *tools]),
    )


def seconds(value: float) -> str:
    """A time as people read it."""
    if value < 0.001:
        return "< 1 ms"
    if value < 1:
        return f"{value * 1000:.0f} ms"
    if value < 100:
        return f"{value:.1f} s"
    return f"{int(value // 60)} min {value % 60:.0f} s"


def tokens(given: int, made: int, *, estimated: bool) -> str:
    """Tokens in and out."""
    about = "about " if estimated else ""
    return f"{about}{given:,} → {made:,} tokens"


def summary(total: Totals) -> list[str]:
    """What something came to, in short parts."""
    parts = [_count(total.models, "model call"), _count(total.tools, "tool call")]
    parts = [part for part in parts if part]
    if total.models:
        parts.append(tokens(total.given, total.made, estimated=total.estimated))
    if total.errors:
        parts.append(_count(total.errors, "error"))
    return parts


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}" if number else ""


def title(node: Node) -> str:
    """What a node is called; a tool's call with its arguments."""
    if node.kind == "step":
        return f"step {node.name}"
    if node.kind == "approval":
        return f"may it {node.name}?" if node.name else "a question"
    if node.kind == "tool":
        return f"{node.name}({arguments(node.json('gen_ai.tool.call.arguments'))})"
    return node.name or node.kind


def arguments(said: object) -> str:
    """Arguments as a call is written."""
    if not isinstance(said, dict):
        return ""
    given = cast("dict[str, Any]", said)
    return ", ".join(f"{name}={json.dumps(v, ensure_ascii=False)}" for name, v in given.items())


def facts(node: Node) -> list[str]:
    """What is known of a node beside its words, in short parts."""
    parts = [seconds(node.seconds)]
    if node.kind == "model":
        estimated = bool(node.attributes.get("deixis.usage.estimated"))
        given = node.number("gen_ai.usage.input_tokens")
        made = node.number("gen_ai.usage.output_tokens")
        if given or made:
            parts.append(tokens(given, made, estimated=estimated))
        if cached := node.number("gen_ai.usage.cache_read.input_tokens"):
            parts.append(f"{cached:,} from the cache")
        parts += _seen(node)
        if node.number("deixis.attempt") > 1:
            parts.append(f"attempt {node.number('deixis.attempt')}")
    if node.kind == "approval" and "deixis.approval.allowed" in node.attributes:
        parts.append("allowed" if node.attributes["deixis.approval.allowed"] else "refused")
    for key, word in _STATES.items():
        if node.attributes.get(key):
            parts.append(word)
    return parts


_STATES = {
    "deixis.interrupted": "interrupted: it waits, or was stopped",
    "deixis.abandoned": "left before its end",
    "deixis.unfinished": "never finished",
    "deixis.resumed": "resumed",
}


def _seen(node: Node) -> list[str]:
    handles, counts = (
        node.attributes.get("deixis.images"),
        node.attributes.get("deixis.images.tokens"),
    )
    if not isinstance(handles, list) or not isinstance(counts, list):
        return []
    pairs = zip(cast("list[object]", handles), cast("list[object]", counts), strict=False)
    told = [f"{handle} ({count:,})" if count else f"{handle}" for handle, count in pairs]
    return [f"sees {', '.join(told)}"] if told else []


def event_words(event: TracedEvent) -> str:
    """What happened at a moment; empty for what isn't ours."""
    tool = str(event.attributes.get("gen_ai.tool.name") or "a question")
    about = str(event.attributes.get("deixis.approval.description") or "")
    told = f"{tool}: {about}" if about and not about.startswith(tool) else about or tool
    if event.name == "deixis.restarted":
        return "the connection broke off; the model was asked once more"
    if event.name == "deixis.approval.waiting":
        return f"waits for a person: {told}"
    if event.name == "deixis.approval.decided":
        word = "allowed" if event.attributes.get("deixis.approval.allowed") else "refused"
        reason = str(event.attributes.get("deixis.approval.reason") or "")
        return f"a person {word} {told}" + (f" ({reason})" if reason else "")
    return ""


def place_words(place: Detection) -> str:
    """A place: its image, its numbers, what is there."""
    if place.box is not None:
        numbers = "[" + ", ".join(f"{value:.0f}" for value in place.box.xyxy) + "]"
    elif place.point is not None:
        numbers = f"({place.point.x:.0f}, {place.point.y:.0f})"
    else:
        numbers = ""
    return "  ".join(part for part in (place.image or "", numbers, place.label) if part)


def spoken(node: Node) -> list[tuple[str, str]]:
    """The words of a node, each with who says them."""
    asked = node.words("gen_ai.input.messages") if node.kind == "agent" else ""
    said = node.words("gen_ai.output.messages")
    gave = node.text("gen_ai.tool.call.result") if node.kind == "tool" else ""
    why = node.text("deixis.approval.reason")
    about = node.text("deixis.approval.description")
    told = [("asked", asked), ("about", about), ("said", said), ("gave", gave), ("because", why)]
    clean = [(who, prose(words)) for who, words in told]
    return [(who, words) for who, words in clean if words]


def prose(words: str) -> str:
    """Words without the block of facts and places that ends them: these are told apart."""
    return _BLOCK.sub("", plain(words)).strip()
