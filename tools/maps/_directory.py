"""A floor guide and a map side by side: what both say, and what only one of them does."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from pydantic import BaseModel, ConfigDict

from deixis.tools.maps._comparing import comparison_told, is_half_read, is_known
from deixis.tools.maps._map import IndoorMap, Place
from deixis.tools.maps._places import PlaceFinder, floor_values, place_info
from deixis.tools.maps._way import PlaceInfo
from deixis.vision import Detection, Reader, VisionImage
from deixis.vision.embedded import Sign, floor_value, name_key, names_on

_LONGEST_NAME = 60
# What a sign says to people, and what it calls itself, are no places.
_NOTICE = re.compile(
    r"请|禁止|严禁|勿|欢迎|导览|导诊图|平面图|分布图|示意图|索引|一览|指南"
    r"|(?i:\bplease\b|\bno (?:smoking|entry)\b|\bwelcome\b|\bdirectory\b|\bfloor (?:guide|plan)\b"
    r"|\byou are here\b)"
)
# Telephones, times and room numbers.
_FIGURES = re.compile(r"[\d\s:：.,\-–—~()（）+/]+")


class DirectoryEntry(BaseModel):
    """A name on a floor guide.

    Attributes:
        text: The name; a line may hold several.
        floor: The floor it is on, as the sign writes it; None where the sign says none.
        detection: Its line, in pixels of the image.
    """

    model_config = ConfigDict(frozen=True)

    text: str
    floor: str | None
    detection: Detection


class EntryOnMap(BaseModel):
    """A name on a floor guide with the map's places that it means."""

    model_config = ConfigDict(frozen=True)

    entry: DirectoryEntry
    places: tuple[PlaceInfo, ...]


class SignAndMap(BaseModel):
    """What a floor guide and a map say, compared.

    Attributes:
        agree: Both have it, on the same floor, or the sign gives no floor.
        elsewhere: Both have it, on different floors.
        only_on_sign: The map has no such place. Without what could hardly be read.
        only_on_map: The sign shows the floor and doesn't name the place. Departments and rooms
            that are open to the public only.
        floors_on_sign: As the sign writes them, in its order.
        floors_lacking: Those of them that the map doesn't have.
    """

    model_config = ConfigDict(frozen=True)

    agree: tuple[EntryOnMap, ...] = ()
    elsewhere: tuple[EntryOnMap, ...] = ()
    only_on_sign: tuple[DirectoryEntry, ...] = ()
    only_on_map: tuple[PlaceInfo, ...] = ()
    floors_on_sign: tuple[str, ...] = ()
    floors_lacking: tuple[str, ...] = ()

    def told(self, language: str) -> str:
        """The comparison in a few sentences.

        Args:
            language: `zh`, `zh-Hant`, or English for the rest.
        """
        return comparison_told(self, language)


def read_directory(
    image: VisionImage, reader: Reader, *, handle: str
) -> tuple[DirectoryEntry, ...]:
    """The names on a floor guide with their floors, in reading order.

    Titles, notices and figures are left out.

    Args:
        image: The floor guide.
        reader: Reads text.
        handle: The image's handle.
    """
    sign = Sign.of(reader.read(image), image=handle, pixels=image.pixels)
    return tuple(
        DirectoryEntry(
            text=name[:_LONGEST_NAME],
            floor=line.floor.text if line.floor else None,
            detection=line.detection(name[:_LONGEST_NAME], handle),
        )
        for line in sign.lines
        if not line.is_label and not _NOTICE.search(line.text)
        for name in names_on(line.text)
        if not _FIGURES.fullmatch(name) and len(name_key(name)) > 1
    )


def compare(
    entries: Sequence[DirectoryEntry],
    map: IndoorMap,  # noqa: A002
    *,
    language: str = "en",
    finder: PlaceFinder | None = None,
) -> SignAndMap:
    """Joins a floor guide to a map.

    Names are joined across languages by the glossary and the map's synonyms, floors by what they
    stand for: `4F`, `四楼` and `L4` are one.

    Args:
        entries: What the floor guide says.
        map: The map.
        language: Of the places' names in the result.
        finder: The map's, where there is one already.
    """
    return _Comparison(entries, map, finder or PlaceFinder(map), language).made()


class _Comparison:
    def __init__(
        self,
        entries: Sequence[DirectoryEntry],
        map: IndoorMap,  # noqa: A002
        finder: PlaceFinder,
        language: str,
    ) -> None:
        self._entries = entries
        self._map = map
        self._finder = finder
        self._language = language
        self._floors = {value: f.id for f in map.floors for value in floor_values(f)}

    def made(self) -> SignAndMap:
        agree: list[EntryOnMap] = []
        apart: list[tuple[DirectoryEntry, tuple[Place, ...]]] = []
        lone: list[DirectoryEntry] = []
        met: set[str] = set()
        agreed: set[str] = set()
        for entry in self._entries:
            meant = self._meant(entry)
            met |= {place.id for place in meant}
            here = [p for p in meant if entry.floor is None or self._is_on(p, entry.floor)]
            if here:
                agree.append(self._pair(entry, here))
                agreed |= {place.id for place in here}
            elif meant:
                apart.append((entry, meant))
            elif (entry.floor is not None and not is_half_read(entry)) or is_known(entry):
                lone.append(entry)
        # A place that the sign has on the map's floor, too, is not elsewhere: there are two.
        second = [entry for entry, meant in apart if any(p.id in agreed for p in meant)]
        lone += second
        shown = self._floors_shown()
        order = {id(entry): at for at, entry in enumerate(self._entries)}
        return SignAndMap(
            agree=tuple(agree),
            elsewhere=tuple(self._pair(e, meant) for e, meant in apart if e not in second),
            only_on_sign=tuple(sorted(lone, key=lambda entry: order[id(entry)])),
            only_on_map=self._unsaid(shown, met),
            floors_on_sign=shown,
            floors_lacking=tuple(floor for floor in shown if not self._ids(floor)),
        )

    def _floors_shown(self) -> tuple[str, ...]:
        """The floors as the sign first writes them."""
        written = [entry.floor for entry in self._entries if entry.floor]
        first = {floor_value(floor) or floor: floor for floor in reversed(written)}
        return tuple(dict.fromkeys(first[floor_value(floor) or floor] for floor in written))

    def _meant(self, entry: DirectoryEntry) -> tuple[Place, ...]:
        """The places of an entry, or of its whole line where that is one name: `挂号/收费`."""
        if own := self._finder.same(entry.text):
            return own
        # `心电图/超声心动图` holds two names: what the one means is not the other.
        line = entry.detection.text or ""
        beside = {
            place.id
            for name in names_on(line)
            if name != entry.text
            for place in self._finder.same(name)
        }
        whole = self._finder.same(line)
        return () if beside & {place.id for place in whole} else whole

    def _is_on(self, place: Place, floor: str) -> bool:
        return place.floor in self._ids(floor)

    def _ids(self, written: str) -> frozenset[str]:
        """The map's floors that a label means; those from the first to the last of `1-3F`."""
        value = floor_value(written)
        if value is None:
            return frozenset()
        if value in self._floors:
            return frozenset((self._floors[value],))
        low, dash, high = value.partition("-") if not value.startswith("-") else (value, "", "")
        if dash and low.isdigit() and high.isdigit():
            run = (str(at) for at in range(int(low), min(int(high), int(low) + 200) + 1))
            return frozenset(self._floors[at] for at in run if at in self._floors)
        return frozenset()

    def _pair(self, entry: DirectoryEntry, places: Iterable[Place]) -> EntryOnMap:
        return EntryOnMap(entry=entry, places=tuple(self._info(place) for place in places))

    def _info(self, place: Place) -> PlaceInfo:
        return place_info(place, self._map, self._language)

    def _unsaid(self, shown: Sequence[str], met: set[str]) -> tuple[PlaceInfo, ...]:
        floors = {id_ for floor in shown for id_ in self._ids(floor)}
        return tuple(
            self._info(place)
            for place in self._map.places
            if place.floor in floors
            and place.kind in ("department", "room")
            and not place.closed
            and place.id not in met
        )
