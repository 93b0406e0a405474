"""A server's JSON schema as the type of a tool's arguments."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from contextvars import ContextVar
from copy import deepcopy
from typing import Annotated, Any, ClassVar, Final, cast

from jsonschema import Draft7Validator, Draft202012Validator, validators
from jsonschema import exceptions as failures
from pydantic import BaseModel, SkipValidation, model_validator
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
# References can be made to branch: what is checked of a call must end.
_MOST_STEPS: Final = 20_000
_MOST_NODES: Final = 5_000
_steps: ContextVar[list[int]] = ContextVar("steps")
# Both are untyped where they come from.
_best: Callable[[Any], failures.ValidationError | None] = cast("Any", failures).best_match
_extend: Callable[[Any, Any], Any] = cast("Any", validators).extend


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
    except (failures.SchemaError, RecursionError):
        raise McpError("its schema is no valid JSON schema") from None
    _References(copy).check(copy)
    return copy


class _References:
    """Follows a schema's references as who writes them out does, to see that it comes to an end."""

    def __init__(self, schema: JsonObject) -> None:
        self._schema = schema
        self._left = _MOST_NODES

    def check(
        self, node: object, here: frozenset[str] = frozenset(), above: frozenset[str] = frozenset()
    ) -> None:
        """Visits all that a node stands for.

        Args:
            node: A part of the schema.
            here: References that were followed without a step into the value.
            above: Those that were followed before: they are about a part of the value.
        """
        self._left -= 1
        if self._left < 0:
            raise McpError("its schema's references branch without end")
        if isinstance(node, list):
            for item in cast("list[object]", node):
                self.check(item, here, above)
        if not isinstance(node, dict):
            return
        for key, value in cast("JsonObject", node).items():
            if key == "$ref" and isinstance(value, str):
                self._follow(value, here, above)
            elif key in ("allOf", "anyOf", "oneOf", "not", "if", "then", "else"):
                self.check(value, here, above)
            elif key not in ("$defs", "definitions", *_VALUES):
                self.check(value, frozenset(), above | here)

    def _follow(self, reference: str, here: frozenset[str], above: frozenset[str]) -> None:
        if reference in here:
            raise McpError("its schema is defined by itself")
        if reference not in above:
            self.check(self._target(reference), here | {reference}, above)

    def _target(self, reference: str) -> object:
        found: Any = self._schema
        for part in reference.split("/")[1:]:
            name = part.replace("~1", "/").replace("~0", "~")
            if isinstance(found, dict) and name in found:
                found = cast("JsonObject", found)[name]
            elif isinstance(found, list) and name.isdecimal():
                items = cast("list[object]", found)
                found = items[int(name)] if int(name) < len(items) else None
            else:
                found = None
        if not isinstance(found, dict):
            raise McpError("its schema refers to what it doesn't define")
        return cast("JsonObject", found)


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

    arguments: Annotated[JsonObject, SkipValidation]  # a `Said`, which pydantic would copy

    @model_validator(mode="before")
    @classmethod
    def _check(cls, said: object) -> object:
        check_arguments(cast("JsonObject", said), cls.server_schema)
        return {"arguments": Said(cast("JsonObject", said))}

    @classmethod
    def model_json_schema(cls, *args: Any, **kwargs: Any) -> JsonObject:
        """The server's."""
        del args, kwargs
        return deepcopy(cls.server_schema)


class Said(dict[str, Any]):
    """Arguments that a person is shown as JSON."""

    def __str__(self) -> str:
        return json.dumps(self, ensure_ascii=False)


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
        error = _best(validator.iter_errors(said))
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
    # It fetches nothing that a schema refers to.
    registry: Registry[Any] = Registry()
    return _extend(base, checks)(schema, registry=registry)


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
