"""From a model's arguments to typed values: places out of its frame, the rest by pydantic."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from pydantic import BaseModel, ValidationError

from deixis.vision import PLACE_MARK, Dialect, Frames, PlaceError, ToolError

JsonObject = dict[str, object]


def typed_arguments(
    said: Mapping[str, object],
    model: type[BaseModel],
    *,
    dialect: Dialect,
    frames: Frames,
) -> dict[str, object]:
    """A tool's arguments as its function takes them.

    Args:
        said: What the model gave.
        model: The arguments' types.
        dialect: How the model writes places.
        frames: Its frame on each image.

    Returns:
        Values by argument name: places as `Point` and `Box` in original pixels.

    Raises:
        ToolError: Something is missing, malformed or outside its image; for the model to mend.
    """
    schema = cast("JsonObject", model.model_json_schema())
    reader = _PlaceReader(dialect, frames, cast("JsonObject", schema.get("$defs", {})))
    try:
        placed = {name: reader.value(value, _field(schema, name)) for name, value in said.items()}
        checked = model.model_validate(placed)
    except PlaceError as error:
        raise ToolError(str(error)) from None
    except ValidationError as error:
        raise ToolError(_mendable(error)) from None
    return {name: getattr(checked, name) for name in type(checked).model_fields}


def _field(schema: JsonObject, name: str) -> JsonObject:
    fields = cast("JsonObject", schema.get("properties", {}))
    return cast("JsonObject", fields.get(name, {}))


class _PlaceReader:
    """Walks a value along its schema and reads the places it meets."""

    def __init__(self, dialect: Dialect, frames: Frames, definitions: JsonObject) -> None:
        self._dialect = dialect
        self._frames = frames
        self._definitions = definitions

    def value(self, said: object, schema: JsonObject) -> object:
        if isinstance(reference := schema.get("$ref"), str):
            name = reference.rsplit("/", 1)[-1]
            return self.value(said, cast("JsonObject", self._definitions.get(name, {})))
        mark = schema.get(PLACE_MARK)
        if mark in ("point", "box"):
            return self._dialect.read_place(said, mark, self._frames).model_dump()
        choices = schema.get("anyOf") or schema.get("allOf")
        if isinstance(choices, list):
            return self._chosen(said, cast("list[JsonObject]", choices))
        if isinstance(said, list):
            items = cast("JsonObject", schema.get("items") or {})
            return [self.value(item, items) for item in cast("list[object]", said)]
        if isinstance(said, dict) and "properties" in schema:
            given = cast("JsonObject", said)
            return {name: self.value(item, _field(schema, name)) for name, item in given.items()}
        return cast("object", said)

    def _chosen(self, said: object, choices: list[JsonObject]) -> object:
        """An optional place: None stays; anything else is read by the first that fits."""
        if said is None and any(choice.get("type") == "null" for choice in choices):
            return None
        rest = [choice for choice in choices if choice.get("type") != "null"]
        for choice in rest[:-1]:
            try:
                return self.value(said, choice)
            except PlaceError:
                continue
        return self.value(said, rest[-1]) if rest else said


def _mendable(error: ValidationError) -> str:
    """What is wrong with the arguments, one clause each, without pydantic's links."""
    clauses: list[str] = []
    for detail in error.errors(include_url=False, include_context=False):
        where = ".".join(str(part) for part in detail["loc"])
        clauses.append(f"{where}: {detail['msg'].lower()}" if where else detail["msg"].lower())
    return f"wrong arguments: {'; '.join(clauses)}"
