"""What the tools of a map answer, as far as the guide uses it.

Each answers in one line of words, which says what follows, and one line of JSON. What else the
JSON holds is left alone.
"""

from __future__ import annotations

import json
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

_LONGEST_REASON = 400
_T = TypeVar("_T", bound=BaseModel)


class _Told(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class PlaceTold(_Told):
    """A place of the map.

    Attributes:
        id: In the map.
        name: In the language asked for.
        names: By language.
        floor: As signs write it: `4F`.
        kind: What it is: department, lift, toilet, ….
        hours: Opening hours in OpenStreetMap's notation, where known.
        closed: Whether the public can't go there.
        fits: Why it was found: by its `name`, as a `need` that it serves, or by `meaning`.
        score: How well it fits, comparable within one answer.
    """

    id: str
    name: str
    names: dict[str, str] = Field(default_factory=dict[str, str])
    floor: str = ""
    kind: str = "department"
    hours: str | None = None
    closed: bool = False
    fits: str = "name"
    score: float | None = None

    @property
    def written(self) -> tuple[str, ...]:
        """All its names, the one asked for first."""
        return tuple(dict.fromkeys(n for n in (self.name, *self.names.values()) if n))


class PlacesTold(_Told):
    """What `find_place` answers.

    Attributes:
        places: Those that fit, best first.
        near: What could help instead, where there is none.
        emergency: The emergency department, where the map has one.
    """

    places: tuple[PlaceTold, ...] = ()
    near: tuple[PlaceTold, ...] = ()
    emergency: PlaceTold | None = None


class StepTold(_Told):
    """One instruction of a route."""

    instruction: str
    floor: str = ""
    distance_m: float = 0.0


class RouteTold(_Told):
    """What `route` answers.

    Attributes:
        steps: In order.
        distance_m: Metres walked in all.
        places: The start, the lifts and stairs taken, the end.
    """

    steps: tuple[StepTold, ...] = Field(min_length=1)
    distance_m: float = 0.0
    places: tuple[PlaceTold, ...] = ()


class CardTold(_Told):
    """What `phrase_card` answers: a sentence to show to staff."""

    text: str
    pinyin: str = ""
    meaning: str = ""


def told_in(text: str, shape: type[_T]) -> _T | None:
    """The JSON object of a tool's answer; None where there is none of that shape."""
    start = text.find("{")
    if start < 0:
        return None
    try:
        value, _ = json.JSONDecoder().raw_decode(text[start:])
        return shape.model_validate(value)
    except (ValueError, RecursionError, ValidationError):
        return None


def reason_of(text: str) -> str:
    """What a tool that failed says, without the word that it failed."""
    first = text.partition("\n")[0].strip().removeprefix("Error:").strip()
    return first[:_LONGEST_REASON].rstrip(".。")
