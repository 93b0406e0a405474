"""What a way is not to use, by the names people give it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from deixis.tools.maps._map import Connector, IndoorMap, MapError, Names, name_in
from deixis.vision.embedded import simplified

_MOST_LISTED = 8
_WORDS = {
    "lift": r"(?:elevators?|lifts?|升降机|升降梯|直梯|电梯|号梯)",
    "escalator": r"(?:escalators?|moving stairs?|自动扶梯|手扶梯|扶梯|滚梯)",
    "stairs": r"(?:staircases?|stairways?|stairwells?|stairs?|楼梯间|楼梯|步梯)",
    "ramp": r"(?:ramps?|坡道|斜坡)",
}
# The escalator first: its Chinese names hold those of the others.
_KINDS = [(kind, re.compile(_WORDS[kind])) for kind in ("escalator", "lift", "stairs", "ramp")]
# Articles in front of an English kind only: the A of `Lift A` and of `A电梯` is its name.
_ARTICLES = re.compile(r"^\W*(?:(?:the|an?|all|any|no)\b(?!\.)\W*)+")
_NUMBER = re.compile(r"\b(?:no|number)\b(?=\W*\w)")
_FILLING = re.compile(r"号|所有|全部|[\s\"'“”‘’.,#-]+")


class _Key(NamedTuple):
    """A name as it is compared: `B号电梯` and `the lift B` are both a lift and `b`."""

    kind: str
    rest: str


def avoided(map: IndoorMap, words: Sequence[str]) -> tuple[str, ...]:  # noqa: A002
    """Ids of what a way is to avoid, for `RouteOptions.avoid`.

    Args:
        map: The map.
        words: Names or ids of lifts, stairs, doors, spaces or places, or a kind: `Lift B`,
            `B号电梯`, `escalators`.

    Raises:
        MapError: A word names nothing of the map, or different things.
    """
    found: dict[str, None] = {}
    for word in words:
        found |= dict.fromkeys(_meant(map, word))
    return tuple(found)


def called(map: IndoorMap, id_: str) -> str:  # noqa: A002
    """What a lift, door, place or space is called, for messages."""
    named = (*map.connectors, *map.places, *map.doors, *map.spaces)
    for thing in named:
        if thing.id == id_:
            name = name_in(thing.names, "en")
            if isinstance(thing, Connector):
                return name or f"the {thing.kind}"
            return name or f"{type(thing).__name__.lower()} {id_}"
    return id_


def _meant(map_: IndoorMap, word: str) -> tuple[str, ...]:
    things = (*map_.connectors, *map_.doors, *map_.spaces, *map_.places)
    if word in {thing.id for thing in things}:
        return (word,)
    key = _key(word)
    if not any(key):
        raise MapError(f"{word!r} names nothing to avoid: {_choices(map_)}")
    riding = [one.id for one in map_.connectors if key in _keys(map_, one)]
    if key.kind and not key.rest:
        riding = [one.id for one in map_.connectors if one.kind == key.kind]
    if riding:
        return tuple(riding)
    named = {
        place.id: f"{place.name('en')} ({map_.floor(place.floor).short_name})"
        for place in map_.places
        if key in {_key(name) for name in (*place.names.values(), *place.synonyms)}
    }
    for thing in (*map_.spaces, *map_.doors):
        taken = {place.space for place in map_.places if place.id in named} | set(named)
        if thing.id not in taken and key in {_key(name) for name in thing.names.values()}:
            named[thing.id] = f"{name_in(thing.names, 'en')} ({thing.id})"
    if not named:
        raise MapError(f"the map has no {word!r} to avoid: {_choices(map_)}")
    if len(named) > 1:
        listed = " or ".join(list(named.values())[:_MOST_LISTED])
        raise MapError(f"{word!r} could be {listed}: say which is to be avoided by its id")
    return tuple(named)


def _keys(map_: IndoorMap, connector: Connector) -> set[_Key]:
    return {_key(name, connector.kind) for name in _names(map_, connector)}


def _names(map_: IndoorMap, connector: Connector) -> Iterator[str]:
    """What a lift or stairs is called: itself, its spaces, and the places in them."""
    spaces = [map_.space(id_) for id_ in connector.spaces]
    places = [place for place in map_.places if place.space in connector.spaces]
    every: list[Names] = [connector.names, *(s.names for s in spaces), *(p.names for p in places)]
    for names in every:
        yield from names.values()
    for place in places:
        yield from place.synonyms


def _key(name: str, kind: str = "") -> _Key:
    before, after = simplified(name).casefold(), ""
    for known, pattern in _KINDS:
        if match := pattern.search(before):
            before, after = before[: match.start()], pattern.sub(" ", before[match.end() :])
            kind = known
            if match.group().isascii():
                before = _ARTICLES.sub("", before)
            break
    else:
        before = _ARTICLES.sub("", before) or before
    return _Key(kind, _FILLING.sub("", _NUMBER.sub("", f"{before} {after}")))


def _choices(map_: IndoorMap) -> str:
    names = [called(map_, one.id) for one in map_.connectors]
    if not names:
        return "it has no lifts or stairs; give the id of a door, a space or a place"
    shown = ", ".join(names[:_MOST_LISTED])
    return f"it has {shown}{', …' if len(names) > _MOST_LISTED else ''}"
