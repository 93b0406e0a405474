"""One of several things by size or place, and how things stand to each other."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Final

from deixis.vision.embedded.things._reference_words import Word
from deixis.vision.embedded.things._thing import Thing

_SAME_SIZE: Final = 0.04
_CLEAR_SIZE: Final = 0.08
_SAME_PLACE: Final = 0.01
_OTHER_SIDE: Final = 0.05  # so far right of the middle nothing is «the left one» by itself
_CONE: Final = 0.5
_BESIDE: Final = 0.12
_AS_NEAR: Final = 0.015

_Measure = Callable[[Thing], float]


def _size(thing: Thing) -> float:
    return thing.size


def _height(thing: Thing) -> float:
    return thing.segment.height


def _length(thing: Thing) -> float:
    return thing.segment.length


def _across(thing: Thing) -> float:
    return thing.across


def _away(thing: Thing) -> float:
    return thing.away


# What a word measures, and whether it means the most of it.
_SIZES: Final[dict[str, tuple[_Measure, bool]]] = {
    "largest": (_size, True),
    "smallest": (_size, False),
    "big": (_size, True),
    "small": (_size, False),
    "tallest": (_height, True),
    "lowest": (_height, False),
    "tall": (_height, True),
    "low": (_height, False),
    "longest": (_length, True),
    "shortest": (_length, False),
}
_PLACES: Final[dict[str, tuple[_Measure, bool]]] = {
    "left": (_across, False),
    "leftmost": (_across, False),
    "right": (_across, True),
    "rightmost": (_across, True),
    "front": (_away, False),
    "front_of": (_away, False),
    "back": (_away, True),
    "behind": (_away, True),
}


def chosen(things: list[Thing], choosers: Sequence[Word]) -> list[Thing]:
    """Those of some things that sizes, places and ordinals choose; ties stay."""
    ordinal = next((int(word.value) for word in choosers if word.sort == "ordinal"), 0)
    rest = [word for word in choosers if word.sort not in ("soft", "ordinal")]
    # «第二大» counts by size.
    soft = [word for word in choosers if word.sort == "soft" and not (ordinal and not rest)]
    rest = rest or [word for word in choosers if word.sort == "soft" and ordinal]
    found = things
    for word in soft:
        found = _clearly(found, *_SIZES[word.value])
    if ordinal:
        return _nth(found, ordinal, rest)
    for word in rest:
        if word.sort == "size":
            found = _most(found, *_SIZES[word.value], relative=_SAME_SIZE)
        elif word.value == "middle":
            found = _middle(found)
        elif word.sort == "side":
            found = _on_side(found, *_PLACES[word.value])
        else:
            found = _most(found, *_PLACES[word.value], absolute=_SAME_PLACE)
    return found


def _most(
    things: list[Thing],
    measure: _Measure,
    most: bool,
    *,
    relative: float = 0.0,
    absolute: float = 0.0,
) -> list[Thing]:
    if not things:
        return []
    best = (max if most else min)(measure(thing) for thing in things)
    slack = absolute + relative * abs(best)
    return [thing for thing in things if abs(measure(thing) - best) <= slack]


def _clearly(things: list[Thing], measure: _Measure, most: bool) -> list[Thing]:
    """Those beyond the widest gap in size, where it is wide; all where none is."""
    ordered = sorted(things, key=measure)
    gaps = [
        (measure(b) / max(measure(a), 1e-6) - 1, i) for i, (a, b) in enumerate(pairwise(ordered), 1)
    ]
    if not gaps or max(gaps)[0] < _CLEAR_SIZE:
        return things
    cut = max(gaps)[1]
    kept = ordered[cut:] if most else ordered[:cut]
    return [thing for thing in things if thing in kept]


def _on_side(things: list[Thing], measure: _Measure, most: bool) -> list[Thing]:
    """The one on a side of a pair; of more, those of that half."""
    if len(things) == 1 and things[0].across * (1 if most else -1) < -_OTHER_SIDE:
        return [] if measure is _across else things
    if len(things) < 3:
        return _most(things, measure, most, absolute=_SAME_PLACE)
    middle = (min(map(measure, things)) + max(map(measure, things))) / 2
    return [thing for thing in things if (measure(thing) > middle) == most]


def _middle(things: list[Thing]) -> list[Thing]:
    if len(things) % 2 == 0:
        return things
    ordered = sorted(things, key=_across)
    return [ordered[len(ordered) // 2]]


def _nth(things: list[Thing], number: int, order: Sequence[Word]) -> list[Thing]:
    """The nth by an order; all where none was said, or where two stand level."""
    measures = [
        _SIZES[word.value] if word.value in _SIZES else _PLACES[word.value]
        for word in order
        if word.value in _SIZES or word.value in _PLACES
    ]
    if len(measures) != 1:
        return things if number <= len(things) else []
    measure, most = measures[0]
    ordered = sorted(things, key=measure, reverse=most)
    if number > len(ordered):
        return []
    value = measure(ordered[number - 1])
    slack = _SAME_PLACE / 2 if measure in (_across, _away) else _SAME_SIZE / 2 * value
    return [thing for thing in ordered if abs(measure(thing) - value) <= slack]


def related(name: str, things: Sequence[Thing], others: Sequence[list[Thing]]) -> list[Thing]:
    """Those of some things that stand so to any of the others.

    Args:
        name: Of the relation.
        things: Which may stand so.
        others: What they stand to: one group, or the two ends of `between`.
    """
    if name == "between":
        ends = others if len(others) == 2 else [[one] for one in others[0]]
        if len(ends) != 2:
            return []
        return [
            thing
            for thing in things
            if any(_between(thing, a, b) for a in ends[0] for b in ends[1] if a is not b)
        ]
    found: list[Thing] = []
    for other in others[0]:
        found += _to_one(name, [thing for thing in things if thing is not other], other)
    return found


def _to_one(name: str, things: Sequence[Thing], other: Thing) -> list[Thing]:
    if name in ("nearest", "next_to", "farthest"):
        return _by_distance(name, things, other)
    if name in ("in", "on"):
        return [thing for thing in things if _held(thing, other)]
    if name == "holding":
        return [thing for thing in things if _held(other, thing)]
    measure, most = _PLACES[{"left_of": "left", "right_of": "right"}.get(name, name)]
    side = _away if measure is _across else _across
    sign = 1 if most else -1
    ahead = {id(thing): sign * (measure(thing) - measure(other)) for thing in things}
    return [
        thing
        for thing in things
        if ahead[id(thing)] > _SAME_PLACE
        and ahead[id(thing)] > _CONE * abs(side(thing) - side(other))
        and not _held(thing, other)
    ]


def _by_distance(name: str, things: Sequence[Thing], other: Thing) -> list[Thing]:
    away = {id(thing): _gap(thing, other) for thing in things if not _held(thing, other)}
    outside = [thing for thing in things if id(thing) in away]
    if not outside:
        return []
    values = away.values()
    if name == "farthest":
        return [thing for thing in outside if away[id(thing)] > max(values) - _AS_NEAR]
    nearest = min(values)
    if name == "next_to" and nearest > _BESIDE:
        return []
    return [thing for thing in outside if away[id(thing)] < nearest + _AS_NEAR]


def _gap(thing: Thing, other: Thing) -> float:
    """About how far apart two things' outlines are, in metres."""
    apart = math.hypot(thing.across - other.across, thing.away - other.away)
    return max(0.0, apart - _radius(thing) - _radius(other))


def _radius(thing: Thing) -> float:
    return (thing.segment.length + thing.segment.width) / 4


def _held(thing: Thing, other: Thing) -> bool:
    """Whether a thing lies in a bowl or on a tray, or stands on something."""
    one = other.segment
    dx = thing.segment.position[0] - one.position[0]
    dy = thing.segment.position[1] - one.position[1]
    if other.kind in ("bowl", "ball", "cylinder"):
        inside = math.hypot(dx, dy) < one.length / 2
    else:
        along = dx * math.cos(one.yaw) + dy * math.sin(one.yaw)
        across = dy * math.cos(one.yaw) - dx * math.sin(one.yaw)
        inside = abs(along) < one.length / 2 and abs(across) < one.width / 2
    smaller = thing.segment.length < one.length
    return inside and (smaller if other.kind == "bowl" else thing.segment.height > one.height)


def _between(thing: Thing, a: Thing, b: Thing) -> bool:
    if thing is a or thing is b:
        return False
    ux, uy = b.across - a.across, b.away - a.away
    vx, vy = thing.across - a.across, thing.away - a.away
    span = math.hypot(ux, uy)
    if span < _SAME_PLACE:
        return False
    along, aside = (ux * vx + uy * vy) / span, abs(ux * vy - uy * vx) / span
    return 0.1 * span < along < 0.9 * span and aside < max(0.03, 0.25 * span)
