"""Filters as LangChain and LangGraph write them: `{"floor": 4, "score": {"$gte": 0.5}}`."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, cast

from deixis.vision import DeixisError

_ORDERS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "$gt": operator.gt,
    "$gte": operator.ge,
    "$lt": operator.lt,
    "$lte": operator.le,
}


def matches(value: Mapping[str, Any], wanted: Mapping[str, Any] | None) -> bool:
    """Whether every field of a filter fits.

    Raises:
        DeixisError: The filter has an operator that isn't known.
    """
    return all(_fits(value.get(name), asked) for name, asked in (wanted or {}).items())


def _fits(value: Any, asked: Any) -> bool:
    if isinstance(asked, Mapping):
        fields = cast("Mapping[str, Any]", asked)
        if any(name.startswith("$") for name in fields):
            return all(_holds(value, name, other) for name, other in fields.items())
        return isinstance(value, Mapping) and matches(cast("Mapping[str, Any]", value), fields)
    if isinstance(asked, list | tuple):
        if not isinstance(value, list | tuple):
            return False
        found, parts = cast("Sequence[Any]", value), cast("Sequence[Any]", asked)
        return len(found) == len(parts) and all(map(_fits, found, parts))
    return bool(value == asked)


def _holds(value: Any, name: str, other: Any) -> bool:
    if name == "$eq":
        return bool(value == other)
    if name == "$ne":
        return bool(value != other)
    if name == "$in":
        return value in other
    if name not in _ORDERS:
        known = ", ".join(("$eq", "$ne", "$in", *_ORDERS))
        raise DeixisError(f"a filter can't say {name}: use one of {known}")
    numbers = isinstance(value, int | float) and isinstance(other, int | float)
    return (numbers or (isinstance(value, str) and isinstance(other, str))) and _ORDERS[name](
        value, other
    )
