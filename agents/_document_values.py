"""From what was found on pages to the model that was asked for; what isn't found stays empty."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any, TypeVar, cast, get_args

from pydantic import AliasChoices, BaseModel, ValidationError
from pydantic.fields import FieldInfo

from deixis.agents._document import Document, FieldEvidence
from deixis.vision import Box, ImageRecord, Point
from deixis.vision.embedded.documents import FieldSpec, Found, fields_of, leaves

T = TypeVar("T", bound=BaseModel)
Key = str | int
_MOST_REPAIRS = 200


def wanted_fields(schema: type[BaseModel]) -> tuple[FieldSpec, ...]:
    """The fields of a pydantic model, called by their names and their aliases.

    Raises:
        TypeError: It has no fields that a document could fill.
    """
    keys = Keys(schema)
    fields = fields_of(schema.model_json_schema(), also=keys.words)
    if not fields:
        raise TypeError(f"{schema.__name__} has no fields: a document has nothing to fill")
    return fields


class Keys:
    """The keys that a model's data has, which may be aliases, and its fields' own names."""

    def __init__(self, schema: type[BaseModel]) -> None:
        self._names = dict(_named(schema, ()))
        self.words = {at: [name, *aliases] for at, (name, aliases) in self._names.items()}

    def path(self, keys: Sequence[Key]) -> str:
        """The dotted path by fields' names of a path by keys."""
        at: tuple[str, ...] = ()
        parts: list[str] = []
        for key in keys:
            if isinstance(key, int):
                parts.append(str(key))
                continue
            at = (*at, key)
            parts.append(self._names[at][0] if at in self._names else key)
        return ".".join(parts)


def _named(
    schema: type[BaseModel], at: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], tuple[str, list[str]]]]:
    if len(at) > 6:
        return
    properties = cast("dict[str, Any]", schema.model_json_schema().get("properties") or {})
    for name, info in schema.model_fields.items():
        aliases = _aliases(info)
        key = next((key for key in (*aliases, name) if key in properties), name)
        yield (*at, key), (name, [alias for alias in aliases if alias != name])
        for model in _models_in(info.annotation):
            yield from _named(model, (*at, key))


def _aliases(info: FieldInfo) -> list[str]:
    named = info.validation_alias
    choices = named.choices if isinstance(named, AliasChoices) else [named]
    listed = [*choices, info.alias]
    return list(dict.fromkeys(alias for alias in listed if isinstance(alias, str)))


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        if annotation not in (Box, Point):
            yield annotation
        return
    for part in get_args(annotation):
        yield from _models_in(part)


def document_of(
    schema: type[T],
    fields: Sequence[FieldSpec],
    found: Sequence[Found],
    *,
    pages: Sequence[ImageRecord],
    model: str,
    dropped: Sequence[str] = (),
) -> Document[T]:
    """A document of what was found: the model, the evidence, and what is missing."""
    keys = Keys(schema)
    kept = [_bound(one, pages) for one in found]
    kept, value, unmet = _validated(schema, kept)
    evidence = {keys.path(one.path): _evidence(one, pages) for one in _in_order(kept, fields)}
    given = {keys.path(one.path) for one in kept if one.value is not None}
    return Document[Any](
        value=value,
        partial=_partial(keys, kept),
        fields=evidence,
        missing=tuple(path for path in _wanted(keys, fields, kept) if path not in given),
        dropped=tuple(dropped),
        pages=tuple(pages),
        model=model,
        unmet=tuple(keys.path(path) for path in unmet),
    )


def _bound(found: Found, pages: Sequence[ImageRecord]) -> Found:
    """With its places bound to the page's image."""
    handle = {"image": pages[found.page].handle}
    value = found.value
    if isinstance(value, Box | Point):
        value = value.model_copy(update=handle)
    return replace(found, value=value, box=found.box.model_copy(update=handle))


def _evidence(found: Found, pages: Sequence[ImageRecord]) -> FieldEvidence:
    record = pages[found.page]
    return FieldEvidence(
        text=found.text,
        page=found.page + 1,
        image=record.handle,
        box=found.box.clamped(record.size),
        score=found.score,
        problem=found.problem,
    )


def _validated(
    schema: type[T], found: Sequence[Found]
) -> tuple[list[Found], T | None, list[tuple[Key, ...]]]:
    """The model of what was found; what it doesn't take is found without a value."""
    kept = list(found)
    for _ in range(_MOST_REPAIRS):
        try:
            return kept, schema.model_validate(nested(kept)), []
        except ValidationError as error:
            told = error.errors(include_url=False, include_input=False, include_context=False)
            refused = {_keys(one["loc"]): one["msg"] for one in told if one["type"] != "missing"}
            again = [_refused(one, refused) for one in kept]
            if again == kept:
                return kept, None, [_keys(one["loc"]) or ("value that fits",) for one in told]
            kept = again
    raise AssertionError("unreachable: each repair takes a value away")


def _keys(location: Sequence[Key]) -> tuple[Key, ...]:
    return tuple(location)


def _refused(found: Found, refused: Mapping[tuple[Key, ...], str]) -> Found:
    """A value that the model doesn't take: its evidence stays and says so."""
    if found.value is None:
        return found
    message = next(
        (text for at, text in refused.items() if at and at[: len(found.path)] == found.path), None
    )
    if message is None:
        return found
    return replace(found, value=None, problem=f"{found.text!r} isn't taken: {message}")


def nested(found: Sequence[Found]) -> dict[str, Any]:
    """Values put into objects and lists by their paths; of rows those that have a value."""
    data: dict[str, Any] = {}
    for one in found:
        if one.value is not None or _in_row(one.path):
            _put(data, one.path, one.value)
    return data


def _in_row(path: Sequence[Key]) -> bool:
    """Whether a path leads into a row, which is there even where none of its cells is."""
    return any(isinstance(key, int) for key in path[:-1])


def _put(data: dict[str, Any], path: Sequence[Key], value: object) -> None:
    node: Any = data
    for key, after in pairwise(path):
        empty: Any = [] if isinstance(after, int) else {}
        node = _child(node, key, empty)
    last = path[-1]
    if isinstance(last, int):
        node.append(value)
    elif value is not None:
        node[last] = value


def _child(node: Any, key: Key, empty: Any) -> Any:
    if isinstance(key, int):
        while len(node) <= key:
            node.append({})
        return node[key]
    return node.setdefault(key, empty)


def _partial(keys: Keys, found: Sequence[Found]) -> dict[str, Any]:
    """What was found, by the fields' own names."""
    data: dict[str, Any] = {}
    for one in found:
        if one.value is not None:
            path = [
                int(part) if part.isdigit() else part for part in keys.path(one.path).split(".")
            ]
            _put(data, path, one.value)
    return data


def _in_order(found: Sequence[Found], fields: Sequence[FieldSpec]) -> list[Found]:
    order = {spec.name: number for number, spec in enumerate(fields)}
    return sorted(found, key=lambda one: order.get(str(one.path[0]), len(order)))


def _wanted(keys: Keys, fields: Sequence[FieldSpec], found: Sequence[Found]) -> Iterator[str]:
    """Paths of all that was wanted: of lists the cells of the rows there are, or the list."""
    for path, spec in leaves(fields):
        rows = dict.fromkeys(_row(one, path) for one in found if one.path[: len(path)] == path)
        if spec.kind != "list" or not rows:
            yield keys.path(path)
            continue
        for number in rows:
            inner = spec.item.fields if spec.item is not None else ()
            for cell, _ in leaves(inner):
                yield keys.path((*path, number, *cell))


def _row(found: Found, path: Sequence[Key]) -> int:
    number = found.path[len(path)] if len(found.path) > len(path) else 0
    return number if isinstance(number, int) else 0
