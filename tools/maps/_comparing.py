"""What a sign and a map have in common and not, in a few sentences of English or Chinese."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from deixis.tools.maps._map import name_in
from deixis.tools.maps._places import language_tag
from deixis.tools.maps._way import PlaceInfo
from deixis.vision.embedded import (
    ListSearch,
    default_lexicon,
    has_han,
    language_of,
    name_key,
    traditional,
)

if TYPE_CHECKING:
    from deixis.tools.maps._directory import DirectoryEntry, EntryOnMap, SignAndMap

_SHOWN = 8
_LEGIBLE = 0.8
_IN_WORDS = 0.5
_MIXED = re.compile(r"[A-Za-z]+[\u4e00-\u9fff]")


@dataclass(frozen=True)
class ComparisonWording:
    """Words a comparison.

    Attributes:
        language: `zh`, `zh-Hant`, or English for the rest.
    """

    language: str

    def told(self, both: SignAndMap) -> str:
        """The whole comparison; what the sign and the map write stays as they write it."""
        if not (both.agree or both.elsewhere or both.only_on_sign):
            return self._say(
                "No names of a floor guide could be read on the sign.",
                "牌子上没有读到楼层导览上的名称。",
            )
        sentences = [
            self._agreed(both),
            *self._moved(both.elsewhere),
            *self._lacking(both),
            *self._only_on_map(both.only_on_map),
        ]
        return ("" if self._chinese else " ").join(sentences)

    def _agreed(self, both: SignAndMap) -> str:
        count = str(len(self._each_once(both.agree)))
        if not both.elsewhere and not both.only_on_sign and not both.only_on_map:
            return self._say(
                "The sign and the map agree in all they name: {count} in number.",
                "牌子和地图上的名称全部一致，共{count}个。",
                count=count,
            )
        if count == "1":
            return self._say("The sign and the map agree on 1 name.", "牌子和地图有1个名称一致。")
        return self._say(
            "The sign and the map agree on {count} names.",
            "牌子和地图有{count}个名称一致。",
            count=count,
        )

    def _moved(self, pairs: Sequence[EntryOnMap]) -> Iterable[str]:
        once = self._each_once(pairs)
        for pair in once[:_SHOWN]:
            yield self._say(
                "The sign has {name} on {floor}, the map on {floors}.",
                "{name}：牌子上写{floor}，地图上在{floors}。",
                name=self._both_names(pair.entry.text, pair.places[0]),
                floor=pair.entry.floor or "",
                floors=self._listed(dict.fromkeys(place.floor for place in pair.places)),
            )
        if (more := len(once) - _SHOWN) > 0:
            yield self._say(
                "{more} more are on other floors.", "还有{more}个楼层不同。", more=str(more)
            )

    def _lacking(self, both: SignAndMap) -> Iterable[str]:
        by_floor: dict[str, list[str]] = {}
        for entry in both.only_on_sign:
            by_floor.setdefault(entry.floor or "", []).append(entry.text)
        for floor, names in by_floor.items():
            listed = self._some([self._with_meaning(name) for name in self._own(names)])
            if not floor:
                english, chinese = "Only the sign has: {listed}.", "只有牌子上有：{listed}。"
            elif floor in both.floors_lacking:
                english = "{floor} is on the sign and not on the map: {listed}."
                chinese = "{floor}只在牌子上，地图上没有：{listed}。"
            else:
                english = "Only the sign has on {floor}: {listed}."
                chinese = "只有牌子上有（{floor}）：{listed}。"
            yield self._say(english, chinese, floor=floor, listed=listed)

    def _only_on_map(self, places: Sequence[PlaceInfo]) -> Iterable[str]:
        by_floor: dict[str, list[str]] = {}
        for place in places:
            by_floor.setdefault(place.floor, []).append(self._name(place))
        for floor, names in by_floor.items():
            yield self._say(
                "Only the map has on {floor}: {listed}.",
                "只有地图上有（{floor}）：{listed}。",
                floor=floor,
                listed=self._some(names),
            )

    def _each_once(self, pairs: Sequence[EntryOnMap]) -> list[EntryOnMap]:
        """The pairs without those that name the same again in another script."""
        first: dict[tuple[str | None, frozenset[str]], EntryOnMap] = {}
        for pair in sorted(pairs, key=lambda pair: not self._is_own(pair.entry.text)):
            what = (pair.entry.floor, frozenset(place.id for place in pair.places))
            first.setdefault(what, pair)
        chosen = {id(pair) for pair in first.values()}
        return [pair for pair in pairs if id(pair) in chosen]

    def _own(self, names: Sequence[str]) -> list[str]:
        """The names without those that another of them says in the language of the answer."""
        own = [name for name in names if self._is_own(name)]
        search = ListSearch(own)
        return [name for name in names if self._is_own(name) or not search.alike(name)]

    def _is_own(self, name: str) -> bool:
        return language_of(name).startswith("zh") == self._chinese

    def _with_meaning(self, name: str) -> str:
        if _MIXED.search(name):  # `CT室` goes without saying
            return name
        meaning = default_lexicon().name(name, "zh" if self._chinese else "en")
        if not meaning or name_key(meaning) == name_key(name):
            return name
        return f"{name}（{meaning}）" if self._chinese else f"{name} ({meaning})"

    def _both_names(self, written: str, place: PlaceInfo) -> str:
        own = self._name(place)
        if name_key(own) == name_key(written):
            return written
        return f"{written}（{own}）" if self._chinese else f"{written} ({own})"

    def _name(self, place: PlaceInfo) -> str:
        name = name_in(place.names, self.language)
        hant = language_tag(self.language) == "zh-Hant" and self.language not in place.names
        return traditional(name) if hant else name

    def _some(self, names: Sequence[str]) -> str:
        each = list(dict.fromkeys(names))
        more = len(each) - _SHOWN
        if more <= 0:
            return self._listed(each)
        shown = ("、" if self._chinese else ", ").join(each[:_SHOWN])
        return self._say(
            "{shown} and {more} more", "{shown}等{all}个",
            shown=shown, more=str(more), all=str(len(each)),
        )  # fmt: skip

    def _listed(self, names: Iterable[str]) -> str:
        *some, last = names
        if not self._chinese and some:
            return f"{', '.join(some)} and {last}"
        return "、".join((*some, last))

    @property
    def _chinese(self) -> bool:
        return language_tag(self.language).startswith("zh")

    def _say(self, english: str, chinese: str, **parts: str) -> str:
        """A sentence with its parts put in as they are: only our own words change script."""
        words = chinese if self._chinese else english
        if language_tag(self.language) == "zh-Hant":
            words = traditional(words)
        return words.format(**parts)


def comparison_told(both: SignAndMap, language: str) -> str:
    """A comparison in a few sentences."""
    return ComparisonWording(language).told(both)


def is_known(entry: DirectoryEntry) -> bool:
    """Whether the glossary knows what an entry names, so that it is no title or slogan."""
    return bool(ListSearch([entry.text]).alike(entry.text))


def is_half_read(entry: DirectoryEntry) -> bool:
    """Whether an entry is hardly legible, and what was read of it makes no words."""
    score = entry.detection.score
    if score is None or score >= _LEGIBLE or is_known(entry):
        return False
    if not has_han(entry.text):
        return not default_lexicon().name(entry.text, "zh")
    words = [word for word in default_lexicon().cut(entry.text) if len(word) > 1]
    return sum(map(len, words)) < _IN_WORDS * len(entry.text)
