"""What is wanted of a document: its fields, as a JSON schema describes them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, cast

from deixis.vision._geometry import PLACE_MARK

JsonObject = dict[str, object]
Kind = Literal[
    "text", "number", "integer", "date", "datetime", "time", "flag", "choice", "place",
    "group", "list",
]  # fmt: skip
Path = tuple[str | int, ...]
"""Where a value goes: names of fields, and numbers of rows from 0."""

_FORMATS: Final[Mapping[str, Kind]] = {"date": "date", "date-time": "datetime", "time": "time"}
_DEEPEST: Final = 6
_LONGEST_TITLE: Final = 60
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_LABELLED = re.compile(r"^[^.;,，。；]{1,40}$")


@dataclass(frozen=True, kw_only=True)
class FieldSpec:
    """A field that is wanted.

    Attributes:
        name: Its key in the answer.
        kind: What its value is.
        words: What it may be called on a document: its name, title, alias, short description.
        description: What was said of it, in full.
        choices: What it may be, as JSON values; empty where anything is.
        place: Whether it wants a `point` or a `box`, for kind `place`.
        fields: Of a group, and of the rows of a list of groups.
        item: What a list holds.
        required: Whether there is no answer without it.
        examples: Values that it could have.
        exact: Whether a number may also be text, as a Decimal may.
    """

    name: str
    kind: Kind
    words: tuple[str, ...] = ()
    description: str = ""
    choices: tuple[object, ...] = ()
    place: Literal["point", "box"] | None = None
    fields: tuple[FieldSpec, ...] = ()
    item: FieldSpec | None = None
    required: bool = False
    examples: tuple[object, ...] = ()
    exact: bool = False

    @property
    def is_table(self) -> bool:
        """Whether it is a list of rows."""
        return self.kind == "list" and self.item is not None and self.item.kind == "group"


def fields_of(
    schema: Mapping[str, object], *, also: Mapping[tuple[str, ...], Sequence[str]] | None = None
) -> tuple[FieldSpec, ...]:
    """The fields of a JSON schema of an object.

    Args:
        schema: As pydantic's `model_json_schema()` gives it, with `$defs` where it has references.
        also: Further words for the fields at these keys.
    """
    reader = _Schema(cast("JsonObject", schema.get("$defs") or {}), also or {})
    return reader.fields(dict(schema), ())


def leaves(
    fields: Sequence[FieldSpec], at: tuple[str, ...] = ()
) -> Iterator[tuple[Path, FieldSpec]]:
    """All single fields with their paths, those of groups among them; lists come whole."""
    for spec in fields:
        if spec.kind == "group":
            yield from leaves(spec.fields, (*at, spec.name))
        else:
            yield (*at, spec.name), spec


class _Schema:
    """Reads a JSON schema, its references resolved."""

    def __init__(
        self, definitions: JsonObject, also: Mapping[tuple[str, ...], Sequence[str]]
    ) -> None:
        self._definitions = definitions
        self._also = also

    def fields(self, schema: JsonObject, at: tuple[str, ...]) -> tuple[FieldSpec, ...]:
        if len(at) > _DEEPEST:
            return ()
        properties = cast("dict[str, JsonObject]", schema.get("properties") or {})
        required = cast("list[str]", schema.get("required") or [])
        return tuple(
            replace(self.field(name, one, (*at, name)), required=name in required)
            for name, one in properties.items()
        )

    def field(self, name: str, schema: JsonObject, at: tuple[str, ...]) -> FieldSpec:
        told = self.resolved(schema)
        description = str(schema.get("description") or "")
        words = [_spoken(name), *self._also.get(at, ())]
        if title := schema.get("title"):
            words.append(_spoken(str(title)))
        if description and _LABELLED.match(description):
            words.append(description)
        spec = FieldSpec(
            name=name,
            kind="text",
            words=tuple(dict.fromkeys(word for word in words if len(word) <= _LONGEST_TITLE)),
            description=description or str(told.get("description") or ""),
            examples=tuple(cast("list[object]", schema.get("examples") or [])),
            exact=_may_be_text(schema),
        )
        return self._typed(spec, told, at)

    def _typed(self, spec: FieldSpec, told: JsonObject, at: tuple[str, ...]) -> FieldSpec:
        mark = told.get(PLACE_MARK) or _place_in(told)
        if mark in ("point", "box"):
            return replace(spec, kind="place", place=mark)
        if choices := _choices(told):
            return replace(spec, kind="choice", choices=choices)
        kind = told.get("type")
        if kind == "object" and told.get("properties"):
            return replace(spec, kind="group", fields=self.fields(told, at))
        if kind == "array":
            items = told.get("items")
            item = self.field(spec.name, cast("JsonObject", items or {}), at)
            return replace(spec, kind="list", item=replace(item, words=spec.words))
        if kind == "boolean":
            return replace(spec, kind="flag")
        if kind in ("integer", "number"):
            return replace(spec, kind=cast("Kind", kind))
        return replace(spec, kind=_FORMATS.get(str(told.get("format")), "text"))

    def resolved(self, schema: JsonObject) -> JsonObject:
        """A schema without references and without «or null»."""
        for _ in range(_DEEPEST):
            if isinstance(reference := schema.get("$ref"), str):
                name = reference.rsplit("/", 1)[-1]
                schema = cast("JsonObject", self._definitions.get(name) or {})
                continue
            options = schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf")
            if not isinstance(options, list):
                return schema
            real = [one for one in cast("list[JsonObject]", options) if one.get("type") != "null"]
            if not real:
                return {}
            constants = [value for one in real for value in _choices(self.resolved(one))]
            if len(real) > 1 and len(constants) >= len(real):
                return {"enum": constants}
            # A Decimal is a number or text of digits.
            numbers = [one for one in real if one.get("type") in ("integer", "number")]
            schema = numbers[0] if numbers else real[0]
        return {}


def _may_be_text(schema: JsonObject) -> bool:
    options = cast("list[JsonObject]", schema.get("anyOf") or [])
    return any(one.get("type") == "string" for one in options)


def _choices(told: JsonObject) -> tuple[object, ...]:
    if "const" in told:
        return (told["const"],)
    return tuple(
        value for value in cast("list[object]", told.get("enum") or []) if value is not None
    )


def _spoken(name: str) -> str:
    """A name as words: `invoiceNumber`, `invoice_number` are «invoice number»."""
    return " ".join(_HUMP.sub(" ", name).replace("_", " ").replace("-", " ").split())


def _place_in(told: JsonObject) -> str | None:
    """A place that was worded for a model, and so has lost its mark."""
    names = set(cast("JsonObject", told.get("properties") or {})) - {"image"}
    return {"x1 x2 y1 y2": "box", "x y": "point"}.get(" ".join(sorted(names)))
