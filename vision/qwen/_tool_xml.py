"""Calls written as tags, as Qwen3-Coder and Qwen3.5 write them, read by the tools' schemas."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from deixis.vision._dialect import JsonObject
from deixis.vision.qwen._tool_json import UnreadableError, read_json

_FUNCTION = re.compile(r"\s*+<function=([^<>\n]{1,200})>")
_PARAMETER = re.compile(r"\s*+<parameter=([^<>\n]{1,200})>")
# The end of a value: what follows is the format's own again, so `</parameter>` inside a text
# that goes on is part of it.
_VALUE_END = re.compile(r"</parameter>(?=\s*+(?:<parameter=|</function>|\Z))|(?=</function>\s*+\Z)")
_END = re.compile(r"\s*+(?:</function>\s*+)?\Z")
_INNER_CALL = re.compile(r"<tool_call>|<function=")
_INNER_PARAMETER = re.compile(r"^[ \t]*+<parameter=([^<>\n]{1,200})>[ \t\r]*+$", re.MULTILINE)
_NESTED_SCHEMAS = 64


@dataclass(frozen=True, kw_only=True)
class ToolSchemas:
    """The parameters of tools, by the tool's name; see `schemas_of`."""

    by_name: Mapping[str, JsonObject] = field(default_factory=dict[str, JsonObject])


def schemas_of(tools: Sequence[JsonObject]) -> ToolSchemas:
    """The parameters' schemas of tools in OpenAI's form, nameless ones left out."""
    found: dict[str, JsonObject] = {}
    for tool in tools:
        function = _mapping(tool.get("function", tool))
        name = function.get("name")
        if isinstance(name, str):
            found[name] = _mapping(function.get("parameters"))
    return ToolSchemas(by_name=found)


def read_tags(text: str, schemas: ToolSchemas, *, closed: bool) -> tuple[str, JsonObject]:
    """Name and arguments of a call `<function=…><parameter=…>…</parameter></function>`.

    A value is text, less the one line break that the format puts on either side. It is read as
    JSON where the tool's schema wants something else than a string; if it can't be, it stays
    text for the check against the schema to refuse.

    Args:
        text: What stands between the markers of the call.
        schemas: Of the tools there are.
        closed: Whether the model marked the call's end.

    Raises:
        UnreadableError: It can't be read, or it could mean more than one thing.
    """
    head = _FUNCTION.match(text)
    if head is None:
        raise UnreadableError("Begin the call with <function=NAME>.")
    if not closed and not text.rstrip().endswith("</function>"):
        raise UnreadableError("The call is cut off: write it again to its end, </tool_call>.")
    name = head[1].strip()
    schema = schemas.by_name.get(name, {})
    properties = _mapping(schema.get("properties"))
    arguments: JsonObject = {}
    for key, value in _parameters(text, head.end()):
        _refuse_ambiguous(key, value, properties)
        read = typed(value, _mapping(properties.get(key)), _mapping(schema.get("$defs")))
        if key in arguments and arguments[key] != read:
            raise UnreadableError(f"Give the parameter {key[:80]!r} once.")
        arguments[key] = read
    return name, arguments


def _parameters(text: str, place: int) -> Iterator[tuple[str, str]]:
    while opening := _PARAMETER.match(text, place):
        end = _VALUE_END.search(text, opening.end())
        if end is None:
            raise UnreadableError("Close every <parameter=…> with </parameter>.")
        yield opening[1].strip(), _unframed(text[opening.end() : end.start()])
        place = end.end()
    if not _END.match(text, place):
        raise UnreadableError(
            "Write nothing but <parameter=KEY>value</parameter> between <function=NAME> "
            "and </function>."
        )


def _unframed(value: str) -> str:
    return value.removeprefix("\n").removesuffix("\n")


def _refuse_ambiguous(key: str, value: str, properties: JsonObject) -> None:
    """Refuses a value that may have swallowed another call, or another parameter."""
    if _INNER_CALL.search(value):
        raise UnreadableError("Close each call with </parameter></function></tool_call>.")
    if any(found[1].strip() in properties for found in _INNER_PARAMETER.finditer(value)):
        raise UnreadableError(f"Close the parameter {key[:80]!r} with </parameter>.")


def typed(value: str, schema: JsonObject, definitions: JsonObject) -> object:
    """A value written as text, as the type that a JSON schema wants.

    Args:
        value: What the model wrote.
        schema: Of the value; `anyOf`, `oneOf`, `allOf`, `$ref`, `enum` and `const` are followed.
        definitions: `$defs` of the tool's schema.

    Returns:
        The value as JSON if one of the types fits, with a string as the last choice; else the
        text as it was. A string stays one whatever it looks like.
    """
    types = _types(schema, definitions)
    wanted = types - {"string"}
    if not wanted:
        return value
    word = value.strip()
    if word in ("True", "False", "None"):
        # The template writes Python's words into earlier turns, so models repeat them.
        word = {"True": "true", "False": "false", "None": "null"}[word]
    try:
        read = read_json(word)
    except UnreadableError:
        return value
    return read if _type_of(read) & wanted else value


def _type_of(value: object) -> set[str]:
    if isinstance(value, bool):
        return {"boolean"}
    if isinstance(value, int):
        return {"integer", "number"}
    if isinstance(value, float):
        return {"integer", "number"} if value.is_integer() else {"number"}
    if isinstance(value, dict):
        return {"object"}
    if isinstance(value, list):
        return {"array"}
    return {"null"} if value is None else {"string"}


def _types(schema: JsonObject, definitions: JsonObject) -> set[str]:
    """Names of the JSON types a schema allows; empty if it says nothing."""
    found: set[str] = set()
    waiting: list[JsonObject] = [schema]
    for _ in range(_NESTED_SCHEMAS):
        if not waiting:
            break
        one = waiting.pop()
        declared = one.get("type")
        found |= {str(name) for name in _items(declared)}
        found |= {declared} if isinstance(declared, str) else set()
        stated = _items(one.get("enum")) + ([one["const"]] if "const" in one else [])
        for value in stated if declared is None else []:
            found |= _type_of(value)
        for word in ("anyOf", "oneOf", "allOf"):
            waiting += [_mapping(part) for part in _items(one.get(word))]
        reference = one.get("$ref")
        if isinstance(reference, str):
            waiting.append(_mapping(definitions.get(reference.rsplit("/", 1)[-1])))
    return found


def _items(value: object) -> list[object]:
    return cast("list[object]", value) if isinstance(value, list) else []


def _mapping(value: object) -> JsonObject:
    return cast("JsonObject", value) if isinstance(value, dict) else {}
