"""What the tags of OpenStreetMap's Simple Indoor Tagging say of one feature.

Facts are from the wiki's pages on Simple Indoor Tagging and on each key.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Literal

from deixis.tools.maps._categories import amenity_category, usual_names
from deixis.tools.maps._features import Feature, Problems, name_of
from deixis.tools.maps._map import ConnectorKind, MapError, Names, PlaceKind, SpaceKind

_LEVEL = re.compile(r"(-?\d+(?:\.\d+)?)(?:\s*-\s*(-?\d+(?:\.\d+)?))?")
_MOST_LEVELS = 200
_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
_KANA = re.compile(r"[\u3040-\u30ff]")
_HANGUL = re.compile(r"[\u1100-\u11ff\uac00-\ud7af]")
_NAME_KEYS = ("alt_name", "old_name", "official_name", "short_name", "loc_name", "int_name")
# Languages in which signs are written, where the map names the country but no language.
_SPOKEN = {
    "AT": "de", "BR": "pt", "CH": "de", "DE": "de", "ES": "es", "FR": "fr", "IT": "it",
    "LI": "de", "MX": "es", "NL": "nl", "PL": "pl", "PT": "pt",
}  # fmt: skip
_STAFF = {"private", "no", "employees", "staff", "delivery"}
_BROKEN = {"closed", "broken", "out_of_order", "out_of_service", "inactive", "defect"}
_STEPS_KINDS = {"steps", "stairs", "staircase"}
_EXITS = {"emergency", "fire_exit", "exit", "service", "staff", "garage"}
_NOT_ON_WHEELS = {"revolving", "turnstile"}
_DEPARTMENTS = ("healthcare", "healthcare:speciality", "department", "shop", "office", "amenity")
_CATEGORY_KEYS = ("room", "healthcare:speciality", "healthcare", "amenity", "shop", "office")
_LETTERED: Mapping[str, tuple[str, str]] = {
    "elevator": ("Lift {}", "{}号电梯"),
    "stairs": ("Stairs {}", "{}号楼梯"),
    "escalator": ("Escalator {}", "{}号扶梯"),
}


def levels_in(text: str) -> tuple[float, ...]:
    """The levels that a tag names: `1`, `1;2`, `0-3`, `-2--1`, `0.5`; each once, in order.

    Raises:
        MapError: It isn't written so, or names over 200 levels.
    """
    found: dict[float, None] = {}
    for part in filter(None, (part.strip() for part in re.split("[;,]", text))):
        match = _LEVEL.fullmatch(part)
        if match is None:
            raise MapError(f"has the level {part[:40]!r}")
        low = float(match[1])
        high = float(match[2]) if match[2] else low
        if high < low or high - low > _MOST_LEVELS or abs(low) > 10_000:
            raise MapError(f"has the level {part[:40]!r}")
        found |= dict.fromkeys(low + step for step in range(int(high - low) + 1))
        found[high] = None
    if len(found) > _MOST_LEVELS:
        raise MapError(f"is on {len(found)} levels")
    return tuple(sorted(found))


def level_name(level: float) -> str:
    """A level as it is tagged: `0`, `-1`, `0.5`."""
    return f"{level:g}"


def names_of(feature: Feature, country: str | None, problems: Problems) -> Names:
    """Names by language; a plain `name` counts for the language it looks written in."""
    found: dict[str, str] = {}
    for key in feature.properties:
        language = key.removeprefix("name:")
        if language != key and re.fullmatch("[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8}){0,2}", language):
            name = name_of(feature.raw(key), feature, problems)
            if name and len(found) < 50:
                found[language.replace("_", "-")] = name
    plain = name_of(feature.raw("name"), feature, problems)
    if plain and plain not in found.values():
        language = _written_in(plain, country)
        # What is on the door is asked for, too, where the language is told to call it otherwise.
        found["und" if language in found else language] = plain
    return found or _numbered(feature)


def _written_in(name: str, country: str | None) -> str:
    if _KANA.search(name):
        return "ja"
    if _HANGUL.search(name):
        return "ko"
    if _HAN.search(name):
        return "ja" if country == "JP" else "zh"
    if not name.isascii():
        return _SPOKEN.get(country or "", "und")
    return _SPOKEN.get(country or "", "en")


def _numbered(feature: Feature) -> Names:
    """A lift of number B is Lift B; a room of number 401 is 401."""
    number = feature.text("ref")
    if not number:
        return {}
    category = category_of(feature)
    if category in _LETTERED:
        english, chinese = _LETTERED[category]
        return {"en": english.format(number), "zh": chinese.format(number)}
    return {"en": number} if feature.text("indoor") in ("room", "area") else {}


def synonyms_of(feature: Feature, names: Names) -> tuple[str, ...]:
    """Other names: alternative, old, official and short ones, and the number."""
    found: dict[str, None] = {}
    for key in feature.properties:
        if key.split(":")[0] in _NAME_KEYS:
            found |= dict.fromkeys(filter(None, map(str.strip, feature.text(key).split(";"))))
    if feature.text("ref") and category_of(feature) not in _LETTERED:
        found[feature.text("ref")] = None
    return tuple(name for name in found if name not in names.values())[:50]


def connector_of(feature: Feature) -> ConnectorKind | None:
    """Whether a feature is a lift, stairs or an escalator."""
    tags = {feature.text(key) for key in ("highway", "room", "indoor", "buildingpart")}
    if "elevator" in tags or feature.text("elevator") == "yes":
        return "lift"
    if feature.text("conveying") not in ("", "no") and feature.text("highway") != "footway":
        return "escalator"
    if tags & _STEPS_KINDS or feature.text("stairs") == "yes":
        return "stairs"
    return None


def is_slope(feature: Feature) -> bool:
    """Whether a footway of two levels is a ramp, not the same corridor on both."""
    return bool(feature.text("incline") or feature.text("ramp") == "yes")


def direction_of(feature: Feature) -> Literal["both", "up", "down", "unknown"]:
    """Which way an escalator goes, of its conveying and incline."""
    conveying, upward = feature.text("conveying"), rises(feature)
    if conveying == "reversible":
        return "both"
    if conveying not in ("forward", "backward") or upward is None:
        return "unknown"
    return "up" if (conveying == "forward") == upward else "down"


def rises(feature: Feature) -> bool | None:
    """Whether a way leads up in the direction it is drawn in; None where it doesn't say."""
    incline = feature.text("incline")
    if incline == "up" or re.match(r"\d", incline):
        return True
    return False if incline == "down" or incline.startswith("-") else None


def category_of(feature: Feature) -> str:
    """The category in IMDF's words where there is one, else the value of the telling tag."""
    kind = connector_of(feature)
    if kind is not None:
        return "elevator" if kind == "lift" else kind
    room = feature.text("room")
    if room in ("toilet", "toilets", "restroom") or feature.text("amenity") == "toilets":
        return f"restroom{_for_whom(feature)}"
    for key in ("amenity", "tourism", "emergency", "room"):
        category = amenity_category(feature.text(key))
        if category:
            return category
    tags = (*_CATEGORY_KEYS, "indoor", "highway")
    return next((text for key in tags if (text := feature.text(key))), "")


def _for_whom(feature: Feature) -> str:
    if "designated" in (feature.text("wheelchair"), feature.text("toilets:wheelchair")):
        return ".wheelchair"
    men, women = (feature.text(key) == "yes" for key in ("male", "female"))
    if feature.text("unisex") == "yes" or men == women:
        return ""
    return ".male" if men else ".female"


def space_kind_of(feature: Feature) -> SpaceKind:
    """How one moves in a room, area or way."""
    if is_closed(feature):
        return "closed"
    connector = connector_of(feature)
    if connector is not None:
        return connector
    walked = feature.text("indoor") in ("corridor", "area") or feature.text("highway")
    return "walkway" if walked or feature.text("room") == "corridor" else "room"


def place_kind_of(feature: Feature) -> PlaceKind:
    """What a feature is to who looks for it."""
    connector = connector_of(feature)
    if connector is not None:
        return connector
    category = category_of(feature)
    if category.startswith("restroom"):
        return "toilet"
    if usual_names(category):
        return "amenity"
    return "department" if any(feature.text(key) for key in _DEPARTMENTS) else "room"


def is_closed(feature: Feature) -> bool:
    """Whether the public can't go there, for good or for now."""
    return (
        feature.text("access") in _STAFF
        or feature.text("operational_status") in _BROKEN
        or feature.text("opening_hours") in ("off", "closed")
        or "yes" in (feature.text("disused"), feature.text("abandoned"))
        or feature.text("construction") not in ("", "no")
    )


def is_door(feature: Feature) -> bool:
    """Whether a feature is a door, a way through or an entrance, and not a room that has one."""
    room = feature.geometry is not None and feature.geometry.shape == "polygon"
    tagged = bool(feature.text("door") or feature.text("entrance")) and not room
    return tagged or feature.text("indoor") == "door"


def is_exit_only(feature: Feature) -> bool:
    """Whether a door is for leaving in an emergency, or for staff and goods."""
    return feature.text("entrance") in _EXITS or feature.text("emergency") == "exit"


def on_wheels(feature: Feature) -> bool:
    """Whether a wheelchair passes a door, where it isn't said otherwise."""
    steps = feature.text("step_count")
    return not (
        feature.text("wheelchair") == "no"
        or feature.text("door") in _NOT_ON_WHEELS
        or (steps.isdecimal() and int(steps) > 0)
    )


def metres_of(feature: Feature, key: str, *, usual: float, most: float) -> float:
    """A length in metres; the usual one where it isn't written, or isn't one."""
    match = re.fullmatch(r"(\d{1,4}(?:\.\d{1,6})?)\s*m?", feature.text(key))
    value = float(match[1]) if match else usual
    return value if 0.2 <= value <= most else usual


def texts_by_level(feature: Feature, key: str, levels: tuple[float, ...]) -> Iterator[
    tuple[float, str]
]:  # fmt: skip
    """A tag with a part for each of a feature's levels, such as `level:ref=EG;1`."""
    parts = [part.strip() for part in feature.text(key).split(";")]
    if len(parts) == len(levels):
        yield from ((level, part) for level, part in zip(levels, parts, strict=True) if part)
