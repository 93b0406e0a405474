"""`deixis extract`: fields of documents on the command line."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from deixis.agents._commands import check_drawable, save_picture
from deixis.agents._console import emit, plain, say, status
from deixis.agents._failures import CommandUsageError

if TYPE_CHECKING:
    from pydantic import BaseModel

    from deixis.agents._document import Document
    from deixis.agents._documents import DocumentReader

_NAME = re.compile(r"\w+", re.UNICODE)
_DATES = re.compile(r"\bdate\b|日期")
_SUMS = re.compile(r"\b(?:total|subtotal|amount|price|tax|vat|balance|sum)\b|金额|合计|总计")
_TYPES: dict[str, Any] = {"string": str, "integer": int, "boolean": bool}


def extract(
    images: Sequence[str],
    *,
    fields: str | None,
    schema: Path | None,
    model: str,
    out: Path | None,
    as_json: bool,
) -> None:
    """Prints a document's fields, and draws where they stand."""
    check_drawable(out)
    if (fields is None) == (schema is None):
        raise CommandUsageError('say what is wanted: --fields "invoice number, total", or --schema')
    shape = _shape_of_names(fields or "") if schema is None else _shape_of_file(schema)
    from deixis.agents._documents import DocumentReader

    reader = DocumentReader(model)
    with status("Reading …"):
        document = reader.read(images, shape)
    if as_json:
        emit(document_json(document))
    else:
        _show(document)
    if out is not None:
        _draw(document, reader, out)


def document_json(document: Document[Any]) -> dict[str, Any]:
    """A document as the command line prints it; `value` holds what was found in any case."""
    return {
        "value": _value_json(document),
        "fields": {
            path: {
                "text": one.text,
                "page": one.page,
                "image": one.image,
                "box": [round(number, 1) for number in one.box.xyxy],
                "score": round(one.score, 4),
                **({"problem": one.problem} if one.problem else {}),
            }
            for path, one in document.fields.items()
        },
        "missing": list(document.missing),
        "model": document.model,
    }


def _value_json(document: Document[Any]) -> object:
    if document.value is not None:
        return document.value.model_dump(mode="json")
    from pydantic_core import to_jsonable_python

    return to_jsonable_python(document.partial)


def _show(document: Document[Any]) -> None:
    for path, one in document.fields.items():
        note = f"  ({one.problem})" if one.problem else ""
        say(plain(f"{path}: {one.text}{note}".replace("\n", ", ")))
        corners = ", ".join(f"{value:.0f}" for value in one.box.xyxy)
        say(f"  page {one.page}  [{corners}]  score {one.score:.2f}", dim=True)
    if document.missing:
        say(plain(f"not found: {', '.join(document.missing)}"), to_stderr=True)


def _draw(document: Document[Any], reader: DocumentReader, out: Path) -> None:
    """Draws each page's fields: the first to `out`, others beside it by their handle."""
    from deixis.agents._commands import marked

    for number, page in enumerate(document.pages):
        found = [mark for mark in document.detections() if mark.image == page.handle]
        path = out if number == 0 else out.with_stem(f"{out.stem}-{page.handle}")
        save_picture(marked(reader.images.get(page.sha256).pixels(), found), path)


def _shape_of_names(names: str) -> type[BaseModel]:
    """A model of fields by name: dates and sums as such, everything else as text."""
    import datetime as dt
    from decimal import Decimal

    wanted = [" ".join(name.split()) for name in re.split(r"[,，;；、]", names) if name.strip()]
    if not wanted:
        raise CommandUsageError('--fields names no field: write --fields "invoice number, total"')

    def kind(name: str) -> Any:
        folded = name.casefold()
        return dt.date if _DATES.search(folded) else Decimal if _SUMS.search(folded) else str

    return _model("Fields", {name: (kind(name) | None, name) for name in wanted}, required=())


def _shape_of_file(path: Path) -> type[BaseModel]:
    """A model of a JSON schema of an object, in a file."""
    try:
        told: object = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise CommandUsageError(f"{path} is no JSON schema that can be read: {error}") from None
    if not isinstance(told, dict) or not isinstance(
        cast("dict[str, Any]", told).get("properties"), dict
    ):
        raise CommandUsageError(f"{path} is no JSON schema of an object: give it `properties`")
    schema = cast("dict[str, Any]", told)
    return _Shaping(schema).model(str(schema.get("title") or "Document"), schema)


class _Shaping:
    """Makes pydantic models of a JSON schema."""

    def __init__(self, schema: dict[str, Any]) -> None:
        self._definitions = cast("dict[str, Any]", schema.get("$defs") or {})

    def model(self, name: str, schema: dict[str, Any], depth: int = 0) -> type[BaseModel]:
        """A model of an object's schema.

        Raises:
            CommandUsageError: It goes too deep, as one does that holds itself.
        """
        required = cast("list[str]", schema.get("required") or [])
        properties = cast("dict[str, Any]", schema["properties"])
        listed = {
            key: (
                self._type(key, cast("dict[str, Any]", one), depth),
                str(one.get("description") or key),
            )
            for key, one in properties.items()
        }
        typed = {
            key: (kind if key in required else kind | None, told)
            for key, (kind, told) in listed.items()
        }
        return _model(re.sub(r"\W+", "_", name), typed, required=required)

    def _type(self, name: str, schema: dict[str, Any], depth: int = 0) -> Any:
        import datetime as dt
        from decimal import Decimal
        from typing import Literal

        if depth > 6:
            raise CommandUsageError(f"the schema of {name!r} goes too deep: make it plainer")
        if "$ref" in schema:
            target = self._definitions.get(str(schema["$ref"]).rsplit("/", 1)[-1], {})
            return self._type(name, target, depth + 1)
        for key in ("anyOf", "oneOf", "allOf"):
            options = cast("list[dict[str, Any]]", schema.get(key) or [])
            real = [one for one in options if one.get("type") != "null"]
            if real:
                numbers = [one for one in real if one.get("type") in ("number", "integer")]
                return self._type(name, (numbers or real)[0], depth + 1)
        if schema.get("enum"):
            return Literal[tuple(value for value in schema["enum"] if value is not None)]
        kind = schema.get("type")
        if kind == "array":
            return list[self._type(name, schema.get("items") or {}, depth + 1)]
        if kind == "object" and schema.get("properties"):
            return self.model(name, schema, depth + 1)
        if kind == "number":
            return Decimal
        formats: dict[str, Any] = {"date": dt.date, "date-time": dt.datetime, "time": dt.time}
        return formats.get(str(schema.get("format"))) or _TYPES.get(str(kind), str)


def _model(
    name: str, fields: dict[str, tuple[Any, str]], *, required: Sequence[str]
) -> type[BaseModel]:
    """A pydantic model of fields called as the user calls them."""
    from pydantic import Field, create_model

    made: dict[str, Any] = {}
    for key, (kind, told) in fields.items():
        own = "_".join(_NAME.findall(key)).lstrip("_") or "field"
        own = f"field_{own}" if own[0].isdigit() or hasattr(_base(), own) else own
        alias = key if key != own else None
        made[own] = (kind, Field(... if key in required else None, alias=alias, description=told))
    return create_model(name, **made)


def _base() -> type[BaseModel]:
    from pydantic import BaseModel

    return BaseModel
