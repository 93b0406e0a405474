"""What a sign shows of the places that a map knows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import zip_longest
from typing import Final

from deixis.vision.embedded._deciding import Decision
from deixis.vision.embedded._outcome import Outcome
from deixis.vision.embedded._sign import segments_of
from deixis.vision.embedded._text import compact
from deixis.vision.embedded.guiding._course import same_name, value_of
from deixis.vision.embedded.guiding._results import PlaceTold

_MOST_NAMES: Final = 5
_RANGE: Final = re.compile(r"(-?\d+)-(-?\d+)")


def written(sign: Decision | None) -> list[str]:
    """What the sign writes for what was found there, as the map is asked for it."""
    if sign is None or not sign.outcome.found:
        return []
    lines = dict.fromkeys(d.text or "" for d in sign.outcome.detections)
    found: list[str] = []
    for line in lines:
        pieces = segments_of(line)
        han = [piece.text.strip() for piece in pieces if piece.han]
        found += han[:1] if han else [line]
    return [text for text in dict.fromkeys(found) if text][:_MOST_NAMES]


def agreed(places: Sequence[PlaceTold], sign: Decision | None) -> list[PlaceTold]:
    """Those places that the lines found on the sign name."""
    if sign is None or not sign.outcome.found:
        return []
    lines = [d.text or "" for d in sign.outcome.detections]
    return [place for place in places if any(_names(place, line) for line in lines)]


def disagreeing(places: Sequence[PlaceTold], sign: Decision) -> tuple[list[str], list[str]] | None:
    """The floors by the sign and by the map where they share none; None where they agree.

    Only what the sign shows of these very places counts: it may have answered more than one thing.
    """
    on_sign = _floors(places, sign.outcome)
    on_map = list(dict.fromkeys(place.floor for place in places if place.floor))
    if not on_sign or not on_map or _values(on_sign) & _values(on_map):
        return None
    return on_sign, on_map


def facts_of(sign: Decision | None, place: PlaceTold) -> dict[str, str | None]:
    """What is stated: the floor as the sign writes it, else as the map does."""
    if sign is None or not sign.outcome.found:
        return {"floor": place.floor or None}
    facts = dict(sign.outcome.facts)
    # Of a thing on several floors the one that is meant.
    same = [f for f in sign.outcome.floors if f and value_of(f) == value_of(place.floor)]
    facts["floor"] = next(iter(same), "") or facts.get("floor") or place.floor or None
    return facts


def kept(sign: Decision | None) -> Decision | None:
    """The sign's answer, where it has one."""
    return sign if sign is not None and sign.outcome.found else None


def is_directory(sign: Decision) -> bool:
    """Whether the sign was read and lacks it, as against a picture with no text."""
    return bool(sign.outcome.text) and "floor" in sign.outcome.facts


def _floors(places: Sequence[PlaceTold], outcome: Outcome) -> list[str]:
    """The floors that a sign's answer gives for places; none where it isn't clear."""
    lines = [shown.text or "" for shown in outcome.detections]
    floors = list(outcome.floors)
    if not floors and len(lines) == 1:
        floors = [outcome.facts.get("floor") or ""]
    named = [
        floor
        for line, floor in zip_longest(lines, floors[: len(lines)], fillvalue="")
        if floor and any(_names(place, line) for place in places)
    ]
    one_thing = len({compact(line) for line, floor in zip(lines, floors, strict=False) if floor})
    return list(dict.fromkeys(named or [floor for floor in floors if floor and one_thing == 1]))


def _names(place: PlaceTold, line: str) -> bool:
    texts = (*(piece.text for piece in segments_of(line)), line)
    return any(same_name(name, text) for name in place.written for text in texts)


def _values(floors: Iterable[str]) -> set[str]:
    """Floors' numbers: both ends and all between of `1-3F`."""
    found: set[str] = set()
    for value in map(value_of, floors):
        ends = _RANGE.fullmatch(value)
        span = range(int(ends[1]), int(ends[2]) + 1) if ends else ()
        found |= {value, *map(str, span)}
    return found
