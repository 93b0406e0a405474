"""Builders of small map sources: one speaks IMDF, the other OpenStreetMap; both in metres.

The building that both make, `clinic`, is 30 m by 12 m with two floors:

    2F   | ENT | Eye Clinic | Lift |      over   1F   | Pharmacy | Toilets | Lift |
         |        corridor         | Stairs           |       corridor      | Stairs
                                                        main entrance at the west end
"""

from __future__ import annotations

import json
import uuid
import zipfile
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from deixis.tools.maps._geo import LocalFrame

ORIGIN = (113.35, 29.86)
XY = tuple[float, float]
Labels = dict[str, str] | None


def box(x1: float, y1: float, x2: float, y2: float) -> list[XY]:
    """The corners of a rectangle, anticlockwise."""
    return [(x1, y1), (x2, y1), (x2, y2), (x1, y2)]


class Places:
    """Metres to degrees."""

    def __init__(self, origin: tuple[float, float] = ORIGIN) -> None:
        self._frame = LocalFrame(origin)

    def point(self, at: XY) -> dict[str, Any]:
        return {"type": "Point", "coordinates": list(self._frame.lonlat(*at))}

    def line(self, points: Sequence[XY]) -> dict[str, Any]:
        return {"type": "LineString", "coordinates": [list(self._frame.lonlat(*p)) for p in points]}

    def polygon(self, *rings: Sequence[XY]) -> dict[str, Any]:
        closed = [[list(self._frame.lonlat(*p)) for p in (*ring, ring[0])] for ring in rings]
        return {"type": "Polygon", "coordinates": closed}


class Imdf:
    """An IMDF archive in the making; each method adds a feature and gives its id."""

    def __init__(self, origin: tuple[float, float] = ORIGIN) -> None:
        self.places = Places(origin)
        self.files: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self.manifest: dict[str, Any] = {"version": "1.0.0", "language": "en"}

    def add(self, kind: str, geometry: object, id_: str | None = None, **properties: Any) -> str:
        made = id_ or str(uuid.uuid5(uuid.NAMESPACE_URL, f"{kind}{len(self.files[kind])}"))
        self.files[kind].append(
            {
                "id": made,
                "type": "Feature",
                "feature_type": kind,
                "geometry": geometry,
                "properties": properties,
            }
        )
        return made

    def feature(self, id_: str) -> dict[str, Any]:
        """A feature that was added, to be spoilt by a test."""
        found = [f for features in self.files.values() for f in features if f["id"] == id_]
        return found[0]

    def level(self, ordinal: int, short: str | None, **more: Any) -> str:
        outline = self.places.polygon(box(0, 0, 30, 12))
        short_name = {"en": short} if short else None
        return self.add("level", outline, ordinal=ordinal, short_name=short_name, **more)

    def unit(
        self, level: str, category: str, corners: Sequence[XY], name: Labels = None, **more: Any
    ) -> str:
        geometry = self.places.polygon(corners)
        return self.add("unit", geometry, level_id=level, category=category, name=name, **more)

    def opening(self, level: str, a: XY, b: XY, category: str = "pedestrian", **more: Any) -> str:
        return self.add(
            "opening", self.places.line([a, b]), level_id=level, category=category, **more
        )

    def occupant(self, unit: str, at: XY, name: Labels, **more: Any) -> str:
        anchor = self.add("anchor", self.places.point(at), unit_id=unit)
        return self.add("occupant", None, anchor_id=anchor, name=name, **more)

    def amenity(self, units: Sequence[str], at: XY, category: str, **more: Any) -> str:
        geometry = self.places.point(at)
        return self.add("amenity", geometry, unit_ids=list(units), category=category, **more)

    def relationship(self, category: str, *units: str, direction: str = "undirected") -> str:
        first, *between, last = [{"id": unit, "feature_type": "unit"} for unit in units]
        return self.add(
            "relationship",
            None,
            category=category,
            direction=direction,
            origin=first,
            intermediary=between or None,
            destination=last,
        )

    def texts(self) -> dict[str, str]:
        """The files' texts by name."""
        made = {"manifest.json": json.dumps(self.manifest)}
        for kind, features in self.files.items():
            collection = {"type": "FeatureCollection", "name": kind, "features": features}
            made[f"{kind}.geojson"] = json.dumps(collection)
        return made

    def folder(self, path: Path) -> Path:
        """Writes the archive as a folder."""
        path.mkdir(parents=True, exist_ok=True)
        for name, text in self.texts().items():
            (path / name).write_text(text, "utf-8")
        return path

    def zip(self, path: Path, inside: str = "") -> Path:
        """Writes the archive as a zip."""
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, text in self.texts().items():
                archive.writestr(inside + name, text)
        return path


class Clinic(Imdf):
    """The small building as IMDF, with the ids of its parts."""

    def __init__(self, origin: tuple[float, float] = ORIGIN, *, linked: bool = True) -> None:
        super().__init__(origin)
        self.add("address", None, address="1 Example Road", country="CN")
        self.add("building", None, name={"en": "Small Clinic", "zh": "小诊所"})
        self.floors = [self.level(0, "1F"), self.level(1, "2F")]
        self.corridors = [self.unit(f, "walkway", box(0, 0, 28, 4)) for f in self.floors]
        lift = {"en": "Lift A", "zh": "A号电梯"}
        self.lifts = [self.unit(f, "elevator", box(24, 4, 28, 8), lift) for f in self.floors]
        self.stairs = [self.unit(f, "stairs", box(28, 0, 30, 4)) for f in self.floors]
        ground, upper = self.floors
        self.pharmacy = self.unit(
            ground, "room", box(0, 4, 12, 12), {"en": "Pharmacy", "zh": "药房"}
        )
        self.toilets = self.unit(ground, "restroom", box(12, 4, 24, 12))
        self.ent = self.unit(upper, "room", box(0, 4, 12, 12))
        self.eyes = self.unit(upper, "room", box(12, 4, 24, 12))
        self.ent_place = self.occupant(
            self.ent,
            (6, 8),
            {"en": "ENT", "zh": "耳鼻喉科"},
            alt_name={"en": "Ear, Nose and Throat", "zh": "五官科"},
            hours="Mo-Fr 08:00-17:00",
        )
        self.eyes_place = self.occupant(self.eyes, (18, 8), {"en": "Eye Clinic", "zh": "眼科"})
        self.main = self.opening(ground, (0, 1), (0, 3), "pedestrian.principal")
        self.doors = [
            self.opening(floor, (x, 4), (x + 1, 4)) for floor in self.floors for x in (6, 18, 25)
        ]
        self.doors += [self.opening(floor, (28, 1), (28, 3)) for floor in self.floors]
        if linked:
            self.lift = self.relationship("elevator", *self.lifts)
            self.stair = self.relationship("stairs", *self.stairs)


class Osm:
    """A GeoJSON file of OpenStreetMap in the making."""

    def __init__(self, *, nested: bool = False) -> None:
        self.places = Places()
        self.features: list[dict[str, Any]] = []
        self.nested = nested

    def add(self, geometry: object, tags: dict[str, str], id_: str | None = None) -> str:
        made = id_ or f"way/{len(self.features) + 1}"
        properties = {"type": "way", "tags": tags} if self.nested else {"@id": made, **tags}
        self.features.append(
            {"type": "Feature", "id": made, "properties": properties, "geometry": geometry}
        )
        return made

    def area(self, corners: Sequence[XY], level: str, **tags: str) -> str:
        return self.add(self.places.polygon(corners), {"level": level, **_keys(tags)})

    def way(self, points: Sequence[XY], level: str, **tags: str) -> str:
        return self.add(self.places.line(points), {"level": level, **_keys(tags)})

    def node(self, at: XY, **tags: str) -> str:
        id_ = f"node/{len(self.features) + 1}"
        return self.add(self.places.point(at), _keys(tags), id_)

    def file(self, path: Path) -> Path:
        """Writes the file."""
        text = json.dumps({"type": "FeatureCollection", "features": self.features})
        path.write_text(text, "utf-8")
        return path


def _keys(tags: dict[str, str]) -> dict[str, str]:
    """`name__zh` to `name:zh`."""
    return {key.replace("__", ":"): value for key, value in tags.items()}


def osm_clinic(*, nested: bool = False) -> Osm:
    """The small building in OpenStreetMap's tags."""
    made = Osm(nested=nested)
    outline = box(0, 0, 30, 12)
    made.add(
        made.places.polygon(outline),
        {"building": "hospital", "name": "小诊所", "name:en": "Small Clinic", "addr:country": "CN"},
    )
    for level, short in (("0", "1F"), ("1", "2F")):
        made.area(outline, level, indoor="level", level__ref=short)
        made.area(box(0, 0, 28, 4), level, indoor="corridor")
    made.area(box(0, 4, 12, 12), "0", indoor="room", name="药房", name__en="Pharmacy", ref="101")
    made.area(box(12, 4, 24, 12), "0", indoor="room", room="toilet", wheelchair="yes")
    made.area(
        box(0, 4, 12, 12),
        "1",
        indoor="room",
        name="耳鼻喉科",
        name__en="ENT",
        alt_name="五官科;耳科",
        healthcare="clinic",
        opening_hours="Mo-Fr 08:00-17:00",
    )
    made.area(box(12, 4, 24, 12), "1", indoor="room", name="眼科", name__en="Eye Clinic")
    made.area(box(24, 4, 28, 8), "0-1", indoor="room", room="elevator", ref="A")
    made.area(box(28, 0, 30, 4), "0;1", indoor="room", room="stairs", stairs="yes")
    made.node((0, 2), entrance="main", door="yes")
    for level in ("0", "1"):
        for x in (6.5, 18.5, 25.5):
            made.node((x, 4), door="yes", level=level)
        made.node((28, 2), door="yes", level=level)
    return made
