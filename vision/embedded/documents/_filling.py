"""Filling a JSON schema from pictures: the embedded model's answer in a shape."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from itertools import pairwise
from typing import Any, cast

from deixis.vision._geometry import Box, Point
from deixis.vision._images import VisionImage
from deixis.vision._reader import Reading
from deixis.vision.embedded.documents._engine import find_fields
from deixis.vision.embedded.documents._fields import FieldSpec, JsonObject, Path, fields_of, leaves
from deixis.vision.embedded.documents._outcomes import Found


@dataclass(frozen=True, kw_only=True)
class ReadPage:
    """A picture that was read, and its handle."""

    handle: str
    image: VisionImage
    reading: Reading


def filled(
    schema: JsonObject, wanted: Collection[str], pages: Sequence[ReadPage], *, shown: Box | None
) -> JsonObject:
    """The fields of a schema that stand in pictures, as JSON; others are left out.

    Args:
        schema: Of an object.
        wanted: Those of its fields that are wanted.
        pages: The pictures, in order.
        shown: Where the answer stands, for the one place that is wanted and has no label.
    """
    fields = [spec for spec in fields_of(schema) if spec.name in wanted]
    pixels = [page.image.pixels for page in pages]
    found = find_fields(fields, [page.reading for page in pages], pixels=pixels) if pages else []
    kinds = dict(leaves(fields))
    data: JsonObject = {}
    for one in found:
        if one.value is not None:
            _put(data, one.path, _json(one, kinds, pages))
    places = [spec for spec in fields if spec.kind == "place"]
    if shown is not None and len(places) == 1 and places[0].name not in data:
        data[places[0].name] = _place(shown if places[0].place == "box" else shown.center)
    return data


def _put(data: JsonObject, path: Path, value: object) -> None:
    node: Any = data
    for key, after in pairwise(path):
        empty: Any = [] if isinstance(after, int) else {}
        if isinstance(key, int):
            node.extend({} for _ in range(key + 1 - len(node)))
            node = node[key]
        else:
            node = node.setdefault(key, empty)
    last = path[-1]
    if isinstance(last, int):
        node.append(value)
    else:
        node[last] = value


def _json(found: Found, kinds: dict[Path, FieldSpec], pages: Sequence[ReadPage]) -> object:
    value = found.value
    if isinstance(value, Box | Point):
        return _place(value.model_copy(update={"image": pages[found.page].handle}))
    if isinstance(value, Decimal):
        return str(value) if _exact(found.path, kinds) else float(value)
    return value.isoformat() if isinstance(value, date | time) else value


def _exact(path: Path, kinds: dict[Path, FieldSpec]) -> bool:
    """Whether a number may be text, which keeps its last zeros."""
    for length in range(len(path), 0, -1):
        spec = kinds.get(path[:length])
        if spec is None:
            continue
        for name in (key for key in path[length:] if isinstance(key, str)):
            inner = spec.item.fields if spec.item is not None else spec.fields
            spec = next((one for one in inner if one.name == name), spec)
        return spec.exact
    return False


def _place(place: Box | Point) -> JsonObject:
    return cast("JsonObject", place.model_dump(mode="json"))
