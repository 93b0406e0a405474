"""Finding places on a map by what people say: a name, a need, a lift's letter."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from deixis.tools.maps._map import Floor, IndoorMap, MapError, Place, PlaceKind
from deixis.tools.maps._way import PlaceInfo
from deixis.vision.embedded import (
    ListHit,
    ListSearch,
    core_key,
    floor_value,
    has_han,
    language_of,
    misread,
    name_key,
    traditional,
    without_floors,
)

_LONGEST = 200
_MOST_LISTED = 8
_SURE = 0.8
_EXACT, _CORE = 1.0, 0.95
_LIKELY, _POSSIBLE = 0.5, 0.4
_FEWEST = 2
# What one is as good as another of, so that the nearest is meant.
_EACH_ALIKE = frozenset(("toilet", "lift", "stairs", "escalator", "ramp"))
_ARTICLE = re.compile(
    r"(?i)^\s*(?:(?:to|the|a|an|any|your|our|nearest|closest|next)\s+)+|^最近的|^附近的|^离我最近的"
)
# Words for what joins floors. «自动扶梯» holds «梯», so the order counts.
_JOINING: tuple[tuple[PlaceKind, re.Pattern[str]], ...] = (
    ("escalator", re.compile(r"\bescalators?\b|自动扶梯|手扶电梯|扶手电梯|扶梯|滚梯")),
    ("stairs", re.compile(r"\b(?:stairs?|staircase|stairway|stairwell)\b|楼梯间?|步梯")),
    ("lift", re.compile(r"\b(?:lifts?|elevators?)\b|电梯|直梯|升降机|(?<=[a-z0-9号])梯$")),
    ("ramp", re.compile(r"\bramps?\b|坡道")),
)
# A lift's letter or number within a sentence. The A of «a lift» is none.
_MARKED = re.compile(
    r"\b(?:lifts?|elevators?|stairs?|staircase|stairway|stairwell|escalators?|ramps?)\s+"
    r"(?:no\.?\s*|number\s*|\#\s*)?(?:[a-z]|\d{1,2})\b"
    r"|(?<![a-z0-9])(?:[a-z]|\d{1,2})\s*[号座]?\s*(?:电梯|楼梯|扶梯)"
    r"|(?:电梯|楼梯|扶梯)\s*(?:[a-z]|\d{1,2})(?![a-z0-9])"
)
_SHORT_MARK = re.compile(r"[a-z]|\d{1,2}")
_OF_MARK = re.compile(r"\b(?:no|number|the)\b\.?|[#号座]")
_HAN_DIGITS = str.maketrans("一二三四五六七八九", "123456789")
_MAIN_ENTRANCE = re.compile(
    r"(?:main|front)?\s*(?:entrance|entry|door|gate)|(?:医院|门诊)?(?:大门口?|正门|主入口|门口|入口)"
)
_DOOR = re.compile(r"\b(?:entrances?|entry|doors?|gates?|exits?)\W*$|(?:入口|出口|大门|门)$")
# A door or gate that is told by a number only, as those of an airport are.
_GATE_MARK = re.compile(r"(?:[a-z]{0,2}[ -]?\d{1,3}[a-z]?|[a-z])号?")
# Ways to say that a wheelchair passes.
_STEP_FREE = re.compile(
    r"\b(?:step[- ]free|accessible|wheelchair|disabled|handicapped|barrier[- ]free)\b"
    r"|无障碍|残疾人|残障|轮椅"
)
# What a place is said to be beside, in passing.
_BESIDE = re.compile(
    r"(?i)(?<=\w)\s+(?:near|next to|beside|close to|opposite)\s.*$"
    r"|^.+(?:附近|旁边|隔壁|对面)的(?=.)"
)
_WAY_OUT = re.compile(r"(?:nearest\s+)?(?:exits?|way out)|出口")


@dataclass(frozen=True, kw_only=True)
class FoundPlace:
    """A place that fits what was asked for.

    Attributes:
        place: Which.
        fits: By its name, as a need that it serves, or by meaning, which is the least sure.
        score: 0 to 1; the same for places that fit alike.
    """

    place: Place
    fits: Literal["name", "need", "meaning"]
    score: float


class PlaceFinder:
    """Finds places by names in any language, by needs in plain words, and by floors.

    Args:
        map: Whose places.
    """

    def __init__(self, map: IndoorMap) -> None:  # noqa: A002
        self._map = map
        self._names: dict[str, list[Place]] = {}
        for place in map.places:
            for name in dict.fromkeys((*place.names.values(), *place.synonyms)):
                if name.strip():
                    self._names.setdefault(name, []).append(place)
        by_floor = sorted(map.places, key=lambda place: map.floor(place.floor).ordinal)
        self._order = {place.id: at for at, place in enumerate(by_floor)}

    def find(self, query: str, *, most: int = 5) -> tuple[FoundPlace, ...]:
        """The places that fit, best first, those open to the public before others.

        Args:
            query: A name, a need («my ear hurts»), or either with a floor («toilet on 3F»).
            most: How many at most.
        """
        asked = _Asked.of(query, self._map)
        found = self._exact(asked) or self._searched(asked)
        here = [one for one in found if one.place.floor in asked.floors]
        return tuple((here or found)[:most])

    def named(self, text: str) -> tuple[Place, ...]:
        """The places that a text names for certain.

        Several when they share what they are named by, as lifts and toilets do.

        Args:
            text: A name, with or without a floor, or a place's id.

        Raises:
            MapError: It names none, or different ones; says which there are, with their floors.
        """
        if known := next((p for p in self._map.places if p.id == text.strip()), None):
            return (known,)
        asked = _Asked.of(text, self._map)
        found = self._exact(asked) or [
            one for one in self._searched(asked) if one.fits == "name" and one.score >= _SURE
        ]
        places = [one.place for one in found]
        if not places:
            raise MapError(self._unnamed(asked))
        here = [place for place in places if not asked.floors or place.floor in asked.floors]
        if not here:
            raise MapError(
                f"{asked.quoted} is not there: the map has {self.listed(places, asked.language)}"
            )
        open_ = [place for place in here if not place.closed] or here
        if not self._alike(open_):
            raise MapError(
                f"{asked.quoted} could be {self.listed(open_, asked.language)}: name one"
            )
        return tuple(open_)

    def near(self, query: str, *, most: int = 5) -> tuple[Place, ...]:
        """Places that could help with what the map doesn't have; none where it has it."""
        asked = _Asked.of(query, self._map)
        names = list(self._names)
        places = [p for at in self._search.near(asked.bare) for p in self._names[names[at]]]
        open_ = _inside([place for place in places if not place.closed])
        return tuple({place.id: place for place in open_}.values())[:most]

    def same(self, text: str) -> tuple[Place, ...]:
        """The places that a sign means by a name: they bear it, or another of the same thing.

        Stricter than `find`: what only holds the name or serves alike is another place.
        """
        asked = _Asked.of(text, self._map)
        names = list(self._names)
        found = [one.place for one in self._exact(asked)] or [
            p for at in self._search.alike(text) for p in self._names[names[at]]
        ]
        if not found:
            found = [p for name in names if misread(text, name) for p in self._names[name]]
        return tuple({place.id: place for place in _inside(found)}.values())

    @cached_property
    def emergency(self) -> Place | None:
        """The emergency department, where the map has one."""
        names = list(self._names)
        found = [p for at in self._search.of_entry("emergency") for p in self._names[names[at]]]
        inside = [p for p in found if p.kind in ("department", "room")]
        return next(iter(inside or found), None)

    def listed(self, places: Sequence[Place], language: str) -> str:
        """Places with their floors, for a message: `ENT (4F) or Ophthalmology (4F)`."""
        floors: dict[str, list[str]] = {}
        for place in places:
            floor = self._map.floor(place.floor).short_name
            floors.setdefault(place_name(place, language), []).append(floor)
        told = [f"{name} ({', '.join(dict.fromkeys(on))})" for name, on in floors.items()]
        more = len(told) - _MOST_LISTED
        if more > 0:
            return f"{', '.join(told[:_MOST_LISTED])} and {more} more"
        return " or ".join([", ".join(told[:-1]), told[-1]] if len(told) > 1 else told)

    def _unnamed(self, asked: _Asked) -> str:
        close = [one.place for one in self._searched(asked)]
        said = asked.joining or asked.marked
        if not close and said and (others := self._joining(said[0], "")):
            listed = self.listed(others, asked.language)
            return f"{asked.quoted} is not on the map, which has {listed}"
        if close:
            listed = self.listed(close, asked.language)
            return f"{asked.quoted} names no place of the map: {listed} may be meant, name it"
        said = f"{asked.quoted} is not on the map"
        if near := self.near(asked.text):
            return f"{said}: near to it is {self.listed(near, asked.language)}"
        return f"{said}: ask for a place by its name, as signs write it"

    def _alike(self, places: Sequence[Place]) -> bool:
        first = places[0]
        if first.kind in _EACH_ALIKE and all(place.kind == first.kind for place in places):
            return True
        shared = _keys(first)
        for place in places[1:]:
            shared &= _keys(place)
        # All ways out are alike to who wants to leave.
        return bool(shared) or all(place.kind == "entrance" for place in places)

    def _exact(self, asked: _Asked) -> list[FoundPlace]:
        """Places that are named just so, or by a lift's letter, or as the way in or out."""
        for key, table, score in (
            (name_key(asked.text), self._by_key, _EXACT),
            (name_key(asked.bare), self._by_key, _EXACT),
            (_core(asked.bare), self._by_core, _CORE),
        ):
            if places := table.get(key) if key else None:
                return self._all(places, score)
        if asked.joining is not None:
            return self._all(self._joining(*asked.joining), _CORE)
        if gates := self._gates(asked.bare):
            return self._all(gates, _CORE)
        return self._all(self._doors(asked.bare), _CORE)

    def _joining(self, kind: PlaceKind, mark: str) -> list[Place]:
        said = (kind, mark)
        return [
            place
            for place in self._map.places
            if place.kind == kind
            and (not mark or any(_joining_of(name) == said for name in _names_of(place)))
        ]

    def _gates(self, text: str) -> list[Place]:
        """«Gate» means Gate B1, Gate B2 and so on where the map has them, and no entrance."""
        folded = _folded(text)
        if not _DOOR.search(folded):
            return []
        word = re.sub(r"^(?:boarding|departure)\s+|(?<=\w)s$", "", folded)
        return [
            place
            for place in self._map.places
            if place.kind != "entrance"
            and any(_GATE_MARK.fullmatch(_without(name, word)) for name in _names_of(place))
        ]

    def _doors(self, text: str) -> list[Place]:
        folded = _folded(text)
        main = self._map.main_entrance
        if main is not None and _MAIN_ENTRANCE.fullmatch(folded):
            return [main]
        if _WAY_OUT.fullmatch(folded):
            return [place for place in self._map.places if place.kind == "entrance"]
        return []

    def _searched(self, asked: _Asked) -> list[FoundPlace]:
        names = list(self._names)
        best: dict[str, FoundPlace] = {}
        if len(name_key(asked.bare)) < _FEWEST:
            return []
        for hit in self._search.find(asked.bare):
            for place in self._names[names[hit.index]]:
                best.setdefault(place.id, _found(place, hit))
        marked = asked.marked
        if marked and all(found.place.kind == marked[0] for found in best.values()):
            return self._all(self._joining(*marked), _CORE)  # no other lift is an answer
        if _DOOR.search(asked.bare.casefold()):
            return self._sorted(self._entrances(best))
        return self._sorted(best.values())

    def _entrances(self, found: Mapping[str, FoundPlace]) -> Iterable[FoundPlace]:
        """All entrances, none of them for certain: a side entrance isn't the main one."""
        for place in self._map.places:
            if place.kind == "entrance":
                score = _LIKELY if place.id in found else _POSSIBLE
                yield FoundPlace(place=place, fits="meaning", score=score)

    def _all(self, places: Iterable[Place], score: float) -> list[FoundPlace]:
        each = {place.id: place for place in places}.values()
        return self._sorted(FoundPlace(place=p, fits="name", score=score) for p in each)

    def _sorted(self, found: Iterable[FoundPlace]) -> list[FoundPlace]:
        return sorted(
            found,
            key=lambda one: (one.place.closed, -one.score, self._order[one.place.id]),
        )

    @cached_property
    def _search(self) -> ListSearch:
        return ListSearch(list(self._names))

    @cached_property
    def _by_key(self) -> dict[str, list[Place]]:
        return _indexed((name_key(name), places) for name, places in self._names.items())

    @cached_property
    def _by_core(self) -> dict[str, list[Place]]:
        return _indexed((_core(name), places) for name, places in self._names.items())


@dataclass(frozen=True, kw_only=True)
class _Asked:
    """What is asked for: as said, without the floors it names, and these floors' ids."""

    text: str
    bare: str
    floors: tuple[str, ...]

    @classmethod
    def of(cls, query: str, map: IndoorMap) -> _Asked:  # noqa: A002
        text = _clean(query)
        rest, values = without_floors(text)
        floors = tuple(
            floor.id for value in values for floor in map.floors if value in floor_values(floor)
        )
        bare = _ARTICLE.sub("", rest.strip(" ,，。.?？!！的在"))
        bare = _BESIDE.sub("", re.sub(r"(?i)\s+(?:on|at|in)(?:\s+the)?$", "", bare))
        return cls(text=text, bare=bare.strip(), floors=floors)

    @cached_property
    def joining(self) -> tuple[PlaceKind, str] | None:
        """The lift, stairs or escalator that is asked for, told by a letter or any of them."""
        said = _joining_of(self.bare)
        return said if said and (not said[1] or _SHORT_MARK.fullmatch(said[1])) else None

    @cached_property
    def marked(self) -> tuple[PlaceKind, str] | None:
        """The one lift, or stairs, that is spoken of, maybe in passing."""
        found = _MARKED.search(_folded(self.bare))
        return _joining_of(found.group()) if found else None

    @property
    def language(self) -> str:
        return language_of(self.text)

    @property
    def quoted(self) -> str:
        return f"“{self.text[:80]}”"


def place_name(place: Place, language: str) -> str:
    """A place's name in a language; its traditional form where Taiwan or Hong Kong writes so."""
    name = place.name(language)
    if language_tag(language) == "zh-Hant" and language not in place.names:
        return traditional(name)
    return name


def language_tag(language: str) -> str:
    """`zh`, `zh-Hant` or the language itself, of a BCP 47 tag in any case."""
    base, *rest = language.strip().lower().replace("_", "-").split("-")
    if base == "zh":
        return "zh-Hant" if {"hant", "tw", "hk", "mo"} & set(rest) else "zh"
    return base or "en"


def place_info(place: Place, map: IndoorMap, language: str) -> PlaceInfo:  # noqa: A002
    """A place as it is told.

    Args:
        place: Which.
        map: Whose it is.
        language: BCP 47 tag of the name that is put first.
    """
    return PlaceInfo(
        id=place.id,
        name=place_name(place, language),
        names=dict(place.names),
        floor=map.floor(place.floor).short_name,
        kind=place.kind,
        hours=place.hours,
        closed=place.closed,
    )


def floor_values(floor: Floor) -> frozenset[str]:
    """What signs may say for a floor, as `floor_value` compares it: `4` for `4F` and `四楼`."""
    written = [floor.short_name, *floor.names.values()]
    known = {value for name in written if (value := floor_value(name))}
    counted = str(floor.ordinal + 1 if floor.ordinal >= 0 else floor.ordinal)
    # The ground floor is asked for by that name also where it is counted as the first.
    return frozenset((known or {counted}) | ({"G"} if floor.ordinal == 0 else set[str]()))


def _clean(text: str) -> str:
    """A model's words made safe to compare and to print: one line, no lone surrogates."""
    printable = text[: 4 * _LONGEST].encode("utf-8", "replace").decode("utf-8")
    kept = "".join(c for c in printable if c.isspace() or unicodedata.category(c)[0] != "C")
    return " ".join(kept.split())[:_LONGEST]


def _found(place: Place, hit: ListHit) -> FoundPlace:
    return FoundPlace(place=place, fits=hit.fits, score=hit.score)


def _inside(places: Sequence[Place]) -> Sequence[Place]:
    """«Emergency» means the department, not the door that leads there, where there are both."""
    return [place for place in places if place.kind != "entrance"] or places


def _names_of(place: Place) -> tuple[str, ...]:
    return (*place.names.values(), *place.synonyms)


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold().strip().translate(_HAN_DIGITS)


def _without(name: str, word: str) -> str:
    """A name without a word that it begins or ends with; empty where it does neither."""
    folded = _folded(name)
    if folded.startswith(word):
        return folded.removeprefix(word).strip()
    return folded.removesuffix(word).strip() if folded.endswith(word) else ""


def _core(text: str) -> str:
    """A name for comparing, without «Clinic» and the like, and one word for «step-free»."""
    return core_key(_STEP_FREE.sub("无障碍" if has_han(text) else "accessible", _folded(text)))


def _keys(place: Place) -> set[str]:
    return {name_key(name) for name in _names_of(place)}


def _indexed(named: Iterable[tuple[str, list[Place]]]) -> dict[str, list[Place]]:
    table: dict[str, list[Place]] = {}
    for key, places in named:
        table.setdefault(key, []).extend(places)
    return table


def _joining_of(text: str) -> tuple[PlaceKind, str] | None:
    """What joins floors, and the letter or number it is told by: `B号电梯` is lift `b`."""
    folded = _folded(text)
    for kind, pattern in _JOINING:
        if match := pattern.search(folded):
            rest = _OF_MARK.sub(" ", f"{folded[: match.start()]} {folded[match.end() :]}")
            return kind, name_key(rest)
    return None
