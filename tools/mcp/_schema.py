"""A server's JSON schema as the type of a tool's arguments."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from contextvars import ContextVar
from copy import deepcopy
from typing import Any, ClassVar, Final, cast

from jsonschema import Draft7Validator, Draft202012Validator
from jsonschema.exceptions import SchemaError, ValidationError, best_match
from jsonschema.validators import extend
from pydantic import BaseModel, GetJsonSchemaHandler, model_validator
from pydantic_core import CoreSchema
from referencing import Registry
from referencing.exceptions import Unresolvable

from deixis.tools.mcp._errors import McpError
from deixis.tools.mcp._words import cleaned, shortened
from deixis.vision import ToolError

JsonObject = dict[str, Any]
PLACE_MARK: Final = "x-deixis-place"
_HANDLE: Final = "Handle of an image of this conversation, such as img_1."
_WORDED: Final = ("description", "title", "$comment")
# Below these keys stand schemas by name, or values, and not keywords.
_NAMED: Final = ("properties", "$defs", "definitions", "patternProperties", "dependentSchemas")
_VALUES: Final = ("enum", "const", "default", "examples", "required", "dependentRequired")
_DEEPEST: Final = 32
_LONGEST_ERROR: Final = 400
_LONGEST_SAID: Final = 160
# References can be made to branch: what is checked of a call must end.
_MOST_STEPS: Final = 20_000
_steps: ContextVar[list[int]] = ContextVar("steps")


def clean_schema(schema: Mapping[str, Any], *, description: int, size: int) -> JsonObject:
    """A server's schema with its words shortened and cleaned, and no marks of ours.

    Args:
        schema: As the server gave it.
        description: Characters of one description.
        size: Characters of all of it as JSON.

    Raises:
        McpError: It is no schema of an object, too large, too deep, or refers to elsewhere.
    """
    if len(json.dumps(schema, ensure_ascii=False)) > size:
        raise McpError(f"its schema is over {size:,} characters")
    if schema.get("type") != "object":
        raise McpError("its schema isn't that of an object")
    copy = cast("JsonObject", _cleaned(schema, description, 0))
    try:
        _base(copy).check_schema(copy)
    except (SchemaError, RecursionError):
        raise McpError("its schema is no valid JSON schema") from None
    return copy


def _cleaned(schema: object, most: int, depth: int) -> object:
    if depth > _DEEPEST:
        raise McpError(f"its schema is over {_DEEPEST} levels deep")
    if isinstance(schema, list):
        return [_cleaned(item, most, depth + 1) for item in cast("list[object]", schema)]
    if not isinstance(schema, dict):
        return schema
    made: JsonObject = {}
    for key, value in cast("JsonObject", schema).items():
        if key in _WORDED and isinstance(value, str):
            made[key] = shortened(cleaned(value), most)
        elif key in _NAMED and isinstance(value, dict):
            named = cast("JsonObject", value)
            made[key] = {name: _cleaned(one, most, depth + 1) for name, one in named.items()}
        elif key in ("$ref", "$dynamicRef") and not str(value).startswith("#"):
            raise McpError("its schema refers to another document")
        elif key in _VALUES:
            made[key] = value
        elif key not in (PLACE_MARK, "$id"):
            made[key] = _cleaned(value, most, depth + 1)
    return made


def with_handles(schema: JsonObject, images: Collection[str]) -> JsonObject:
    """The schema with parameters that take an image's handle in place of the image.

    Raises:
        McpError: There is no such parameter.
    """
    properties = dict(cast("JsonObject", schema.get("properties") or {}))
    for name in images:
        if name not in properties:
            known = ", ".join(properties) or "none"
            raise McpError(f"it has no parameter {name!r} for an image: its parameters are {known}")
        said = properties[name]
        told = cast("JsonObject", said).get("description") if isinstance(said, dict) else None
        words = f"{told} {_HANDLE}" if isinstance(told, str) else _HANDLE
        properties[name] = {"type": "string", "description": words}
    return {**schema, "properties": properties}


class ServerArguments(BaseModel):
    """Arguments of a server's tool: what the model said, checked by the server's own schema.

    Attributes:
        arguments: As they are sent.
    """

    server_schema: ClassVar[JsonObject] = {}

    arguments: JsonObject

    @model_validator(mode="before")
    @classmethod
    def _check(cls, said: object) -> object:
        check_arguments(cast("JsonObject", said), cls.server_schema)
        return {"arguments": Said(cast("JsonObject", said))}

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler, /
    ) -> JsonObject:
        """The server's."""
        del core_schema, handler
        return deepcopy(cls.server_schema)


class Said(dict[str, Any]):
    """Arguments that are shown to a person as JSON, in full or with a mark where they are cut."""

    def __str__(self) -> str:
        written = json.dumps(self, ensure_ascii=False)
        return shortened(" ".join(cleaned(written).split()), _LONGEST_SAID)


def arguments_type(name: str, schema: JsonObject) -> type[BaseModel]:
    """The type of a tool's arguments by its JSON schema."""
    return type(name, (ServerArguments,), {"server_schema": schema, "__module__": __name__})


def check_arguments(said: JsonObject, schema: JsonObject) -> None:
    """Checks arguments by a schema; patterns are left to the server, since one can run for ever.

    Raises:
        ToolError: They don't fit; for the model to mend.
    """
    _steps.set([_MOST_STEPS])
    validator = _checking(schema)
    try:
        error = cast("ValidationError | None", best_match(validator.iter_errors(said)))  # pyright: ignore[reportUnknownMemberType]
    except (Unresolvable, RecursionError):
        raise ToolError("the arguments can't be checked: the server's schema is broken") from None
    if error is not None:
        where = ".".join(str(part) for part in error.absolute_path)
        told = shortened(cleaned(error.message), _LONGEST_ERROR)
        raise ToolError(
            f"wrong arguments: {where}: {told}" if where else f"wrong arguments: {told}"
        )


def _base(schema: JsonObject) -> Any:
    """Drafts before 2020-12 are still about, and say so."""
    old = any(f"draft-0{number}" in str(schema.get("$schema", "")) for number in (3, 4, 6, 7))
    return Draft7Validator if old else Draft202012Validator


def _checking(schema: JsonObject) -> Any:
    base = _base(schema)
    keywords: dict[str, Any] = base.VALIDATORS
    counted = {
        name: _counted(keywords[name])
        for name in ("$ref", "$dynamicRef", "allOf", "anyOf", "oneOf", "not", "if")
        if name in keywords
    }
    left = dict.fromkeys(("pattern", "patternProperties", "unevaluatedProperties"), _nothing)

    def additional(validator: Any, value: Any, instance: Any, within: Any) -> Iterator[Any]:
        if "patternProperties" not in within:
            yield from keywords["additionalProperties"](validator, value, instance, within) or ()

    checks: Any = {**counted, **left, "additionalProperties": additional}
    made: Any = extend(base, checks)
    return made(schema, registry=Registry())


def _nothing(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[Any]:
    del validator, value, instance, schema
    return iter(())


def _counted(keyword: Any) -> Any:
    def check(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[Any]:
        left = _steps.get()
        left[0] -= 1
        if left[0] < 0:
            raise ToolError("the arguments can't be checked: the server's schema has no end")
        yield from keyword(validator, value, instance, schema) or ()

    return check
