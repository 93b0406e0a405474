"""Reads commands of whatever origin: numbers out of what callers give, or a refusal."""

from __future__ import annotations

import math
import reprlib
from collections.abc import Mapping, Sequence
from numbers import Real
from typing import TYPE_CHECKING, Final, cast

from deixis.tools.robot._errors import ArmError
from deixis.tools.robot._kinematics import JOINTS
from deixis.vision._camera import XYZ

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_LONGEST = 300
GRIPPER: Final = "gripper.pos"
ANGLES: Final = tuple(f"{name}.pos" for name in JOINTS)
KEYS: Final = (*ANGLES, GRIPPER)


def number(value: object, what: str) -> float:
    """A finite number, also out of an array or tensor of no dimensions.

    Args:
        value: As it was given.
        what: It is, for the error.

    Raises:
        ArmError: It is no finite number. Booleans and strings are none.
    """
    if type(value) is float and math.isfinite(value):
        return value
    try:
        if isinstance(value, bool):
            raise _refused(value, what)
        if getattr(value, "shape", None) == () and not isinstance(value, Real):
            return number(cast("NDArray[np.float64]", value).item(), what)
        if isinstance(value, Real):
            read = float(value)
            if math.isfinite(read):
                return read
    except ArmError:
        raise
    except Exception as error:
        # Whatever an object from outside does, it is no number.
        raise _refused(value, what) from error
    raise _refused(value, what)


def numbers(value: object, what: str, *, count: int) -> list[float]:
    """So many finite numbers.

    Raises:
        ArmError: It is anything else.
    """
    given = cast("Sequence[object]", value)
    items: list[object] = []
    try:
        # A mapping or text of that length has no numbers in order.
        ordered = not isinstance(value, str | bytes | Mapping)
        if ordered and len(given) == count:
            items = [given[i] for i in range(count)]
    except Exception as error:
        raise ArmError(f"{what} is {count} numbers, not {short(given)}") from error
    if not items:
        raise ArmError(f"{what} is {count} numbers, not {short(given)}")
    return [number(item, what) for item in items]


def place(value: object) -> XYZ:
    """A position in metres.

    Raises:
        ArmError: It is none.
    """
    x, y, z = numbers(value, "a position in metres", count=3)
    return x, y, z


def action(value: object) -> dict[str, float]:
    """An action as LeRobot writes it: any of the features, by their names.

    Raises:
        ArmError: It is no mapping, or has other keys, or values that are no finite numbers.
    """
    refused = ArmError(f"an action is a mapping from {', '.join(KEYS)} to numbers")
    if not isinstance(value, Mapping):
        raise refused
    try:
        items = dict(cast("Mapping[object, object]", value))
    except Exception as error:
        raise refused from error
    for key in items:
        if type(key) is not str or key not in KEYS:
            raise ArmError(f"an action has no {short(key)}: its keys are {', '.join(KEYS)}")
    return {cast("str", key): number(item, str(key)) for key, item in items.items()}


def _refused(value: object, what: str) -> ArmError:
    return ArmError(f"{what}: a finite number is needed, not {short(value)}")


def said(error: Exception) -> str:
    """What an error from outside says, whatever it does."""
    try:
        return f"{type(error).__name__}: {error}"[:_LONGEST]
    except Exception:
        return type(error).__name__


def short(value: object) -> str:
    """A few words of whatever it is, whatever it does."""
    try:
        return reprlib.repr(value)
    except Exception:
        return f"a {type(value).__name__}"
