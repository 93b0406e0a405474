"""A tool as it is offered to the embedded model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from deixis.vision._dialect import JsonObject
from deixis.vision._errors import ModelError


class Offered:
    """A tool as it was bound.

    Args:
        name: Of the tool.
        told: Its description.
        fields: Schemas of its arguments, by their names.
        required: Names of those that it can't do without.
        schema: The whole schema of its arguments.
    """

    def __init__(
        self,
        name: str,
        told: str,
        fields: Mapping[str, object],
        required: Sequence[str],
        schema: JsonObject,
    ) -> None:
        self.name = name
        self.told = told
        self.fields = fields
        self.required = required
        self.schema = schema

    @classmethod
    def of(cls, tool: JsonObject) -> Offered:
        """A tool as LangChain hands it to a model."""
        function = cast("JsonObject", tool.get("function") or tool)
        schema = cast("JsonObject", function.get("parameters") or {})
        return cls(
            str(function["name"]),
            str(function.get("description") or ""),
            cast("JsonObject", schema.get("properties") or {}),
            cast("list[str]", schema.get("required") or []),
            schema,
        )


def demanded(tools: Sequence[Offered], choice: object) -> Offered:
    """The tool that must be called.

    Raises:
        ModelError: There is none.
    """
    named = choice
    if isinstance(choice, dict):
        wanted = cast("JsonObject", choice)
        named = cast("JsonObject", wanted.get("function") or wanted).get("name")
    offered = next((tool for tool in tools if tool.name == named), tools[-1] if tools else None)
    if offered is None:
        raise ModelError("a tool call was demanded and no tool is bound")
    return offered
