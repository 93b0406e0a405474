"""From a model's arguments to typed values: places out of its frame, the rest by pydantic."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from pydantic import BaseModel, ValidationError

from deixis.vision import Dialect, Frames, PlaceError, ToolError

JsonObject = dict[str, object]


def typed_arguments(
    said: Mapping[str, object],
    model: type[BaseModel],
    *,
    dialect: Dialect,
    frames: Frames,
) -> dict[str, object]:
    """A tool's arguments as its function takes them.

    A place that names no image is on the one that the call's own `image` argument names, where
    the tool has one, and else on the latest.

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
    named = said.get("image") if "image" in model.model_fields else None
    if isinstance(named, str) and named in frames:
        frames = {**frames, None: frames[named]}
    try:
        placed = dialect.read_marked(dict(said), schema, frames)
        checked = model.model_validate(placed)
    except PlaceError as error:
        raise ToolError(str(error)) from None
    except ValidationError as error:
        raise ToolError(mendable(error)) from None
    return {name: getattr(checked, name) for name in type(checked).model_fields}


def mendable(error: ValidationError) -> str:
    """What is wrong with the arguments, one clause each, without pydantic's links."""
    clauses: list[str] = []
    for detail in error.errors(include_url=False, include_context=False):
        where = ".".join(str(part) for part in detail["loc"])
        clauses.append(f"{where}: {detail['msg'].lower()}" if where else detail["msg"].lower())
    return f"wrong arguments: {'; '.join(clauses)}"
