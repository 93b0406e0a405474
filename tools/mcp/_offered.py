"""What a server offers: its tools under names of ours, fixed when it is opened."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

from mcp_types import Tool as ServerTool

from deixis.tools.mcp._errors import McpError
from deixis.tools.mcp._limits import McpLimits
from deixis.tools.mcp._schema import JsonObject, clean_schema
from deixis.tools.mcp._words import cleaned, name_of, one_line, shortened
from deixis.vision._untrusted import skeleton

_LONGEST_REASON: Final = 200
OUR_NAMES: Final = frozenset(
    "calculate compare_sign_with_map confirm_here find_on_sign find_place forget hand_over home "
    "look look_again move_to phrase_card pick place point_at read_text recall remember route stop "
    "translate zoom".split()
)
"""What tools of ours are called: a server's tool of that name gets the server's name before it."""


@dataclass(frozen=True, kw_only=True)
class Offered:
    """A tool of a server.

    Attributes:
        name: What the model calls it by.
        called: What the server calls it.
        description: Cleaned and shortened.
        schema: The same of its arguments' schema.
        digest: Of the definition as the server gave it, to tell when that changes.
    """

    name: str
    called: str
    description: str
    schema: JsonObject
    digest: str


def digest_of(tool: ServerTool) -> str:
    """Names a definition by all that a model is told of it."""
    told: list[Any] = [tool.name, tool.description, tool.input_schema]
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def offered(
    tools: Sequence[ServerTool],
    *,
    server: str,
    prefix: str | None,
    taken: Collection[str],
    limits: McpLimits,
) -> tuple[list[Offered], dict[str, str]]:
    """A server's tools under names that nothing else has, and what is left out, with the reason.

    Args:
        tools: As the server lists them.
        server: What it is called here.
        prefix: Put before every name; by default the server's name before those that are taken.
        taken: Names that other tools have.
        limits: On what a definition may be.
    """
    kept: list[Offered] = []
    left_out: dict[str, str] = {}
    used = {skeleton(name) for name in (*taken, *OUR_NAMES)}
    for tool in tools:
        called = one_line(tool.name, 80)
        if len(kept) >= limits.tools:
            left_out[called] = f"there are over {limits.tools} tools"
            continue
        if any(one.called == tool.name for one in kept):
            left_out[called] = "another tool has its name"
            continue
        try:
            schema = clean_schema(
                tool.input_schema, description=limits.description, size=limits.schema_size
            )
        except McpError as error:
            left_out[called] = one_line(str(error), _LONGEST_REASON)
            continue
        name = _name(tool.name, server=server, prefix=prefix, used=used)
        used.add(skeleton(name))
        kept.append(
            Offered(
                name=name,
                called=tool.name,
                description=_told(tool, server, limits),
                schema=schema,
                digest=digest_of(tool),
            )
        )
    return kept, left_out


def _name(given: str, *, server: str, prefix: str | None, used: Collection[str]) -> str:
    plain = name_of(given) or "tool"
    name = name_of(f"{prefix}{plain}") if prefix else plain
    if skeleton(name) in used:
        name = name_of(f"{server}_{plain}")
    number = 2
    numbered = name
    while skeleton(numbered) in used:
        numbered = f"{name[:60]}_{number}"
        number += 1
    return numbered


def _told(tool: ServerTool, server: str, limits: McpLimits) -> str:
    """Its description, said to be another's: a description can try to give orders."""
    words = shortened(cleaned(tool.description or "").strip(), limits.description)
    return f"A tool of the server {server}, which describes it so: {words or tool.name}"
