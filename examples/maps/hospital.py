"""Write the example hospital as IMDF 1.0.0, the open format for indoor maps.

Usage:
    python examples/maps/hospital.py [OUT_DIR]

Without OUT_DIR the files go to `hospital/` next to this script. Two runs give the same bytes.

The floors are described in `_floors.py`. The building is turned by 8 degrees, as few stand square
to the north. Its coordinates lie in the middle of a lake in Hubei, so that it stands on the ground
of no real hospital; the street and the town are invented. What each file holds is said at
https://docs.ogc.org/cs/20-094/.
"""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from uuid import UUID, uuid5

from _floors import (
    COURTYARD,
    LEVELS,
    OUTLINE,
    RELATIONS,
    Box,
    Door,
    Label,
    Level,
    Spot,
    Unit,
)

NAMESPACE = UUID("5d1b8f6e-0a3c-5f0e-9c42-3f6d2b7a9e10")
ORIGIN = (113.35, 29.86)  # longitude and latitude of the building's front left corner
TURNED = 8.0  # degrees, against the clock
NAME = Label("云泽医院", "Yunze Hospital", "云泽医院门诊楼", "Yunze Hospital Outpatient Building")
ENTRIES = ("room", "waitingroom", "mothersroom")

Position = list[float]
Json = dict[str, object]


def feature_id(*parts: object) -> str:
    """The id of a feature: always the same for the same parts."""
    return str(uuid5(NAMESPACE, "/".join(map(str, parts))))


def position(x: float, y: float) -> Position:
    """Longitude and latitude of a point of the building, to a tenth of a millimetre.

    The metres in a degree are those of the WGS 84 ellipsoid at the origin's latitude.
    """
    turn = math.radians(TURNED)
    east = x * math.cos(turn) - y * math.sin(turn)
    north = x * math.sin(turn) + y * math.cos(turn)
    latitude = math.radians(ORIGIN[1])
    flat = 1 - 0.00669437999014 * math.sin(latitude) ** 2
    radius = 6378137.0 / math.sqrt(flat)
    per_latitude = math.radians(radius * (1 - 0.00669437999014) / flat)
    per_longitude = math.radians(radius * math.cos(latitude))
    return [round(ORIGIN[0] + east / per_longitude, 9), round(ORIGIN[1] + north / per_latitude, 9)]


def ring(box: Box, *, clockwise: bool = False) -> list[Position]:
    """A closed ring around a box; GeoJSON wants holes clockwise."""
    left, front, right, back = box
    corners = [(left, front), (right, front), (right, back), (left, back), (left, front)]
    return [position(x, y) for x, y in (corners[::-1] if clockwise else corners)]


def polygon(box: Box, holes: tuple[Box, ...] = ()) -> Json:
    """A box with holes, as GeoJSON."""
    rings = [ring(box), *(ring(hole, clockwise=True) for hole in holes)]
    return {"type": "Polygon", "coordinates": rings}


def point(at: tuple[float, float]) -> Json:
    """A point as GeoJSON."""
    return {"type": "Point", "coordinates": position(*at)}


def middle(unit: Unit) -> tuple[float, float]:
    """Where a unit's name is shown: its middle, or beside its holes."""
    left, front, right, back = unit.box
    return (left + right) / 2, front + 1 if unit.holes else (front + back) / 2


def names(label: Label | None) -> Json | None:
    """A name by language."""
    return {"zh": label.zh, "en": label.en} if label else None


def other_names(label: Label | None) -> Json | None:
    """The other names by language, where there are any."""
    found = {"zh": label.zh_alt, "en": label.en_alt} if label else {}
    return {language: name for language, name in found.items() if name} or None


def feature(kind: str, id_: str, geometry: Json | None, properties: Json) -> Json:
    """A feature of IMDF."""
    head = {"id": id_, "type": "Feature", "feature_type": kind}
    return {**head, "geometry": geometry, "properties": properties}


def address() -> Json:
    """The address, which is invented."""
    properties: Json = {
        "address": "云泽路1号",
        "unit": None,
        "locality": "云泽市",
        "province": "CN-HB",
        "country": "CN",
        "postal_code": None,
        "postal_code_ext": None,
        "postal_code_vanity": None,
    }
    return feature("address", feature_id("address"), None, properties)


def venue() -> Json:
    """The hospital with ten metres of its ground."""
    left, front, right, back = OUTLINE
    properties: Json = {
        "category": "healthcarefacility",
        "restriction": None,
        "name": names(NAME),
        "alt_name": other_names(NAME),
        "hours": "24/7",
        "phone": None,
        "website": None,
        "display_point": point((30, 9.5)),
        "address_id": feature_id("address"),
    }
    shape = polygon((left - 10, front - 10, right + 10, back + 10))
    return feature("venue", feature_id("venue"), shape, properties)


def building() -> Json:
    """The one building."""
    properties: Json = {
        "name": names(NAME),
        "alt_name": other_names(NAME),
        "category": "unspecified",
        "restriction": None,
        "display_point": point((30, 9.5)),
        "address_id": feature_id("address"),
    }
    return feature("building", feature_id("building"), None, properties)


def footprint() -> Json:
    """Where the building stands on the ground."""
    properties: Json = {
        "category": "ground",
        "name": names(NAME),
        "building_ids": [feature_id("building")],
    }
    return feature("footprint", feature_id("footprint"), polygon(OUTLINE, (COURTYARD,)), properties)


def level_id(level: Level) -> str:
    """The id of a floor."""
    return feature_id("level", level.ordinal)


def level_feature(level: Level) -> Json:
    """A floor, open to the sky in the middle."""
    short = f"{level.ordinal + 1}F"
    properties: Json = {
        "category": "unspecified",
        "restriction": None,
        "outdoor": False,
        "ordinal": level.ordinal,
        "name": names(level.label),
        "short_name": {"zh": short, "en": short},
        "display_point": point((30, 9.5)),
        "address_id": feature_id("address"),
        "building_ids": [feature_id("building")],
    }
    return feature("level", level_id(level), polygon(OUTLINE, (COURTYARD,)), properties)


def unit_id(level: Level, key: str) -> str:
    """The id of a unit."""
    return feature_id("unit", level.ordinal, key)


def unit_feature(level: Level, unit: Unit) -> Json:
    """A unit. A department's names are here, too: IMDF has other names for units alone."""
    wheelchair = unit.category.endswith("wheelchair") or unit.category == "elevator"
    properties: Json = {
        "category": unit.category,
        "restriction": "employeesonly" if unit.staff else None,
        "accessibility": ["wheelchair"] if wheelchair else None,
        "name": names(unit.label),
        "alt_name": other_names(unit.label),
        "level_id": level_id(level),
        "display_point": point(middle(unit)),
    }
    shape = polygon(unit.box, unit.holes)
    return feature("unit", unit_id(level, unit.key), shape, properties)


def opening(level: Level, key: str, door: Door) -> Json:
    """A door as a line across its opening."""
    (x, y), half = door.middle, door.width / 2
    ends = ((x - half, y), (x + half, y)) if door.along == "x" else ((x, y - half), (x, y + half))
    properties: Json = {
        "category": door.category,
        "accessibility": ["wheelchair"] if door.wheelchair else None,
        "access_control": None,
        "door": None,
        "name": names(door.label),
        "alt_name": other_names(door.label),
        "display_point": point(door.middle),
        "level_id": level_id(level),
    }
    shape: Json = {"type": "LineString", "coordinates": [position(*end) for end in ends]}
    return feature("opening", feature_id("opening", level.ordinal, key), shape, properties)


def openings(level: Level) -> list[Json]:
    """All doors of a floor."""
    own = [
        opening(level, f"{unit.key}/{number}", door)
        for unit in level.units
        for number, door in enumerate(unit.doors)
    ]
    return own + [opening(level, f"out/{i}", door) for i, door in enumerate(level.doors)]


def anchor(level: Level, unit: Unit) -> Json:
    """Where a department is."""
    properties: Json = {"address_id": None, "unit_id": unit_id(level, unit.key)}
    id_ = feature_id("anchor", level.ordinal, unit.key)
    return feature("anchor", id_, point(middle(unit)), properties)


def occupant(level: Level, unit: Unit) -> Json:
    """A department in a unit."""
    properties: Json = {
        "name": names(unit.label),
        "category": unit.occupant,
        "hours": unit.hours,
        "phone": None,
        "website": None,
        "validity": None,
        "anchor_id": feature_id("anchor", level.ordinal, unit.key),
        "correlation_id": None,
    }
    return feature("occupant", feature_id("occupant", level.ordinal, unit.key), None, properties)


def amenity(level: Level, spot: Spot) -> Json:
    """A desk or a machine."""
    properties: Json = {
        "category": spot.category,
        "accessibility": None,
        "name": names(spot.label),
        "alt_name": other_names(spot.label),
        "hours": spot.hours,
        "phone": None,
        "website": None,
        "unit_ids": [unit_id(level, spot.unit)],
        "address_id": feature_id("address"),
        "correlation_id": None,
    }
    id_ = feature_id("amenity", level.ordinal, spot.key)
    return feature("amenity", id_, point(spot.at), properties)


def relationships() -> list[Json]:
    """Lifts, stairs and escalators: which units they join."""
    found: list[Json] = []
    for category, direction, key, ordinals in RELATIONS:
        ends: list[Json] = [
            {"id": unit_id(LEVELS[ordinal], key), "feature_type": "unit"} for ordinal in ordinals
        ]
        properties: Json = {
            "category": category,
            "direction": direction,
            "origin": ends[0],
            "intermediary": ends[1:-1] or None,
            "destination": ends[-1],
            "hours": None,
        }
        found.append(feature("relationship", feature_id("relationship", key), None, properties))
    return found


def files() -> dict[str, list[Json]]:
    """The features of each file."""
    return {
        "address": [address()],
        "venue": [venue()],
        "building": [building()],
        "footprint": [footprint()],
        "level": [level_feature(level) for level in LEVELS],
        "unit": [unit_feature(level, unit) for level in LEVELS for unit in level.units],
        "opening": [door for level in LEVELS for door in openings(level)],
        "anchor": [anchor(level, u) for level in LEVELS for u in level.units if u.occupant],
        "occupant": [occupant(level, u) for level in LEVELS for u in level.units if u.occupant],
        "amenity": [amenity(level, spot) for level in LEVELS for spot in level.spots],
        "relationship": relationships(),
    }


def collection(name: str, features: list[Json]) -> str:
    """A feature collection with a feature to a line."""
    rows = ",\n".join(json.dumps(one, ensure_ascii=False) for one in features)
    return f'{{"type": "FeatureCollection", "name": "{name}", "features": [\n{rows}\n]}}\n'


def main(arguments: list[str]) -> None:
    """Write everything into the folder that the arguments name."""
    folder = Path(arguments[0]) if arguments else Path(__file__).parent / "hospital"
    folder.mkdir(parents=True, exist_ok=True)
    manifest = {
        "version": "1.0.0",
        "created": "2026-01-01T00:00:00Z",
        "generated_by": "examples/maps/hospital.py",
        "language": "en",
        "extensions": None,
    }
    for name, features in files().items():
        text = collection(name, features)
        (folder / f"{name}.geojson").write_text(text, encoding="utf-8", newline="\n")
    text = json.dumps(manifest, indent=2) + "\n"
    (folder / "manifest.json").write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main(sys.argv[1:])
