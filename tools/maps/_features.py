"""Features of GeoJSON as both readers take them: cleaned text, checked geometry, problems."""

from __future__ import annotations

import math
import statistics
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Literal, cast

from shapely import Polygon

from deixis.tools.maps._geo import LocalFrame, areas_of, mended, whats_wrong
from deixis.tools.maps._map import XY, Area, MapError, MapProblem
from deixis.tools.maps._source import Json, refusal

_LONGEST = 200
_LONGEST_ID = 200
_LONGEST_TEXT = 500
_MOST_PROBLEMS = 1000
_FAR_DEGREES = 0.1
_MOST_POINTS = 20_000
_LEAST_M2 = 1e-4
# Marks that turn the direction of text round, or are not seen: they can make a name lie.
_UNSEEN = {"Cc", "Cs", "Cf", "Co", "Cn", "Zl", "Zp"}
_JOINERS = {"\u200c", "\u200d"}

LonLat = tuple[float, float]
Shape = Literal["point", "line", "polygon"]
_SHAPES: Mapping[str, tuple[Shape, int]] = {
    "Point": ("point", 0),
    "MultiPoint": ("point", 1),
    "LineString": ("line", 1),
    "MultiLineString": ("line", 2),
    "Polygon": ("polygon", 2),
    "MultiPolygon": ("polygon", 3),
}


def clean(text: str) -> str:
    """Text of a map without what isn't seen in it, its spaces single."""
    if text.isascii() and text.isprintable() and len(text) <= _LONGEST:
        return " ".join(text.split())
    shown = (
        " " if char.isspace() else char
        for char in unicodedata.normalize("NFC", text[: 100 * _LONGEST])
        if char in _JOINERS or char.isspace() or unicodedata.category(char) not in _UNSEEN
    )
    return " ".join("".join(shown).split())


def shown(text: str, most: int = 40) -> str:
    """Cleaned text, cut for a message."""
    cleaned = clean(text)
    return cleaned if len(cleaned) <= most else cleaned[: most - 1] + "…"


class Problems:
    """Collects what is wrong with a map's source, up to a thousand problems."""

    def __init__(self) -> None:
        self._found: dict[MapProblem, None] = {}
        self._serious = False

    @property
    def found(self) -> tuple[MapProblem, ...]:
        """The problems so far, each once, the serious ones first."""
        return tuple(sorted(self._found, key=lambda problem: not problem.serious))

    @property
    def serious(self) -> bool:
        """Whether one of them makes the map unusable."""
        return self._serious

    def add(self, feature: Feature | str, says: str, mend: str) -> None:
        """Notes a problem that makes the map unusable."""
        self._note(feature, says, mend, serious=True)

    def warn(self, feature: Feature | str, says: str, mend: str) -> None:
        """Notes a problem that the map can be used with."""
        self._note(feature, says, mend, serious=False)

    def _note(self, feature: Feature | str, says: str, mend: str, *, serious: bool) -> None:
        if len(self._found) >= _MOST_PROBLEMS and (self._serious or not serious):
            return
        label = feature if isinstance(feature, str) else feature.label
        self._found[MapProblem(feature=label, says=says, mend=mend, serious=serious)] = None
        self._serious = self._serious or serious


@dataclass(frozen=True, kw_only=True)
class Geometry:
    """A geometry in degrees.

    Attributes:
        shape: Points, lines or polygons.
        parts: Polygons of rings, each without its closing point; a line is a part with one
            ring, and so is a point.
        closed: Whether it is one line whose first and last points are the same.
    """

    shape: Shape
    parts: tuple[tuple[tuple[LonLat, ...], ...], ...]
    closed: bool = False

    @property
    def points(self) -> Iterator[LonLat]:
        """All its points."""
        return (point for part in self.parts for ring in part for point in ring)


@dataclass(frozen=True, kw_only=True)
class Feature:
    """A feature of a map's source.

    Attributes:
        id: As the source has it, cleaned; made of its position where it has none.
        kind: IMDF's type of feature, or what it is in OpenStreetMap.
        file: The name of its file.
        properties: Its properties, or tags.
        geometry: None where it has none.
    """

    id: str
    kind: str
    file: str
    properties: Json = field(repr=False)
    geometry: Geometry | None = field(repr=False)

    @cached_property
    def label(self) -> str:
        """Its kind, id, name and file, for a message."""
        name = self.properties.get("name")
        if isinstance(name, Mapping):
            name = next(iter(cast("Json", name).values()), None)
        named = f" “{shown(name)}”" if isinstance(name, str) and clean(name) else ""
        return f"{self.kind} {shown(self.id, 60)}{named} in {self.file}"

    def text(self, key: str) -> str:
        """A property that is a text, cleaned; empty where it isn't one."""
        value = self.properties.get(key)
        if value is None:
            return ""
        if isinstance(value, str):
            return clean(value)[:_LONGEST_TEXT]
        return str(value) if isinstance(value, bool | float) or feature_id(value) else ""

    def raw(self, key: str) -> str:
        """A property that is a text, as it is; empty where it isn't one."""
        value = self.properties.get(key)
        return value if isinstance(value, str) else ""

    def texts(self, key: str) -> tuple[str, ...]:
        """A property that is a list of texts, or one text."""
        value = self.properties.get(key)
        if isinstance(value, str):
            value = [value]
        if not isinstance(value, list):
            return ()
        items = cast("list[object]", value)[:1000]
        return tuple(text for item in items if isinstance(item, str) and (text := clean(item)))


def name_of(text: str, feature: Feature, problems: Problems) -> str:
    """A name, cleaned, and cut where it is too long to be one."""
    cleaned = clean(text)
    if len(cleaned) > _LONGEST:
        problems.warn(feature, "has an overlong name, which was cut", "shorten it")
        return cleaned[: _LONGEST - 1].rstrip() + "…"
    return cleaned


def feature_id(value: object) -> str:
    """An id as text, cleaned; empty where it is none."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    text = clean(str(value)) if isinstance(value, str) or abs(value) < 10**30 else ""
    return text[:_LONGEST_ID]


def geometry_of(value: object) -> Geometry | None:
    """A GeoJSON geometry, checked.

    Returns:
        None for none.

    Raises:
        MapError: It is malformed, with a message that says how, for a problem.
    """
    if value is None:
        return None
    if not isinstance(value, dict):
        raise MapError("its geometry is no object")
    raw = cast("Json", value)
    kind = raw.get("type")
    if not isinstance(kind, str) or kind not in _SHAPES:
        raise MapError(f"its geometry is a {shown(str(kind))}")
    shape, depth = _SHAPES[kind]
    nested = raw.get("coordinates")
    if nested is None or nested == []:
        return None
    for _ in range(3 - depth):
        nested = [nested]
    if _count(nested) > _MOST_POINTS:
        raise MapError(f"has over {_MOST_POINTS:,} points")
    parts = tuple(
        tuple(tuple(map(_position, _listed(ring))) for ring in _listed(part))
        for part in _listed(nested)
    )
    return _normal(shape, parts)


def _listed(value: object) -> list[object]:
    if not isinstance(value, list):
        raise MapError("its coordinates are malformed")
    return cast("list[object]", value)


def _count(parts: object) -> int:
    """How many positions nested coordinates hold: large outlines can take forever to check."""
    return sum(len(_listed(ring)) for part in _listed(parts) for ring in _listed(part))


def _position(value: object) -> LonLat:
    numbers = _listed(value)
    if len(numbers) < 2 or not all(_is_number(number) for number in numbers[:2]):
        raise MapError("its coordinates are malformed")
    try:
        longitude, latitude = (float(cast("float", number)) for number in numbers[:2])
    except OverflowError:
        longitude = latitude = math.inf
    if not (math.isfinite(longitude) and math.isfinite(latitude)):
        raise MapError("has a coordinate that is no finite number")
    if abs(longitude) > 180 or abs(latitude) > 90:
        swapped = abs(latitude) <= 180 and abs(longitude) <= 90
        hint = ": longitude and latitude look swapped" if swapped else ""
        raise MapError(f"has a point out of range, ({longitude:g}, {latitude:g}){hint}")
    return longitude, latitude


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _normal(shape: Shape, parts: tuple[tuple[tuple[LonLat, ...], ...], ...]) -> Geometry:
    """Rings without closing points and repeated points, lines without repeated points."""
    rings = [ring for part in parts for ring in part]
    only = rings[0] if shape == "line" and len(rings) == 1 else ()
    closed = len(only) > 3 and only[:1] == only[-1:]
    least = {"point": 1, "line": 2, "polygon": 3}[shape]
    neat: list[tuple[tuple[LonLat, ...], ...]] = []
    for part in parts:
        kept = [_without_repeats(ring, ring_shape=shape == "polygon" or closed) for ring in part]
        if not kept or any(len(ring) < least for ring in kept):
            raise MapError(f"its {shape} has too few points")
        neat.append(tuple(kept))
    return Geometry(shape=shape, parts=tuple(neat), closed=closed)


def _without_repeats(ring: tuple[LonLat, ...], *, ring_shape: bool) -> tuple[LonLat, ...]:
    kept = [point for i, point in enumerate(ring) if i == 0 or point != ring[i - 1]]
    if ring_shape and len(kept) > 1 and kept[0] == kept[-1]:
        kept.pop()
    return tuple(kept)


def make_features(
    items: Sequence[tuple[str, str, Json, object]], file: str, problems: Problems
) -> list[Feature]:
    """Features of their id, kind, properties and raw geometry; broken ones are problems."""
    made: list[Feature] = []
    for id_, kind, properties, raw in items:
        bare = Feature(id=id_, kind=kind, file=file, properties=properties, geometry=None)
        try:
            geometry = geometry_of(raw)
        except MapError as error:
            problems.add(bare, str(error), "draw it anew, or leave it out")
            continue
        made.append(Feature(id=id_, kind=kind, file=file, properties=properties, geometry=geometry))
    return made


def without_duplicates(features: Sequence[Feature], problems: Problems) -> list[Feature]:
    """Features by their ids, the first of each; the rest are problems, but for mere copies."""
    seen: dict[str, Feature] = {}
    copies: list[Feature] = []
    for feature in features:
        other = seen.get(feature.id)
        if other == feature:
            copies.append(feature)
        elif other is not None:
            where = f"a {other.kind} in {other.file}"
            problems.add(feature, f"has the id of {where}", "give each feature an id of its own")
        else:
            seen[feature.id] = feature
    if copies:
        more = f", and so are {len(copies) - 1} others" if len(copies) > 1 else ""
        says = f"is there more than once{more}"
        problems.warn(copies[0], says, "leave the copies out; each is read once here")
    return list(seen.values())


def frame_of(features: Sequence[Feature], name: str, problems: Problems) -> LocalFrame:
    """The frame around a map's middle; features far from the rest are problems.

    Raises:
        MapError: There is nothing located, or it lies where no frame can.
    """
    located = [(f, next(f.geometry.points)) for f in features if f.geometry is not None]
    if not located:
        raise refusal(name, "has no feature with a place", "export the map with its geometries")
    middle = (
        statistics.median(point[0] for _, point in located),
        statistics.median(point[1] for _, point in located),
    )
    if any(p[0] > 179.8 for _, p in located) and any(p[0] < -179.8 for _, p in located):
        raise refusal(
            name, "crosses the 180° meridian", "shift the map a degree to the east or west"
        )
    near: list[LonLat] = []
    for feature, _ in located:
        geometry = cast("Geometry", feature.geometry)
        points = list(geometry.points)
        if all(_close(point, middle) for point in points):
            near += points
            continue
        far = next(point for point in points if not _close(point, middle))
        swapped = _close((far[1], far[0]), middle)
        hint = ": longitude and latitude look swapped" if swapped else ""
        says = f"lies at ({far[0]:.4f}, {far[1]:.4f}), far from the rest of the map{hint}"
        problems.add(feature, says, "put it where it belongs, or leave it out")
    if not near:
        raise refusal(name, "lies in pieces far from each other", "give a map of one building")
    try:
        return LocalFrame((_middle([p[0] for p in near]), _middle([p[1] for p in near])))
    except MapError as error:
        raise refusal(name, str(error), "maps of the poles can't be read") from None


def _close(one: LonLat, other: LonLat) -> bool:
    return abs(one[0] - other[0]) < _FAR_DEGREES and abs(one[1] - other[1]) < _FAR_DEGREES


def _middle(values: Sequence[float]) -> float:
    # Nine decimals are a tenth of a millimetre.
    return round((min(values) + max(values)) / 2, 9)


@dataclass(frozen=True, kw_only=True)
class Surveyor:
    """Turns features' geometries into metres; what can't be used becomes a problem.

    Attributes:
        frame: The map's.
        problems: Where problems go.
    """

    frame: LocalFrame
    problems: Problems

    def points(self, ring: Sequence[LonLat]) -> tuple[XY, ...]:
        """Degrees to metres."""
        return tuple(self.frame.xy(*point) for point in ring)

    def areas(self, feature: Feature) -> tuple[Area, ...]:
        """A feature's polygons; a closed line counts as one. Empty with a problem noted."""
        geometry = feature.geometry
        if geometry is None:
            self.problems.add(feature, "has no geometry", "draw its outline")
            return ()
        if geometry.shape != "polygon" and not geometry.closed:
            says = f"is a {geometry.shape} where a polygon is needed"
            self.problems.add(feature, says, "draw its outline")
            return ()
        found: list[Area] = []
        for part in geometry.parts:
            rings = [self.points(ring) for ring in part]
            found += self._sound(feature, Polygon(rings[0], rings[1:]))
        return tuple(found)

    def _sound(self, feature: Feature, polygon: Polygon) -> tuple[Area, ...]:
        if polygon.is_valid and polygon.area > _LEAST_M2:
            return areas_of(polygon)
        if polygon.length == 0 or polygon.is_valid:
            self.problems.add(feature, "has no area", "draw its outline")
            return ()
        says, at = whats_wrong(polygon)
        if at is not None:
            longitude, latitude = self.frame.lonlat(*at)
            says += f" near {longitude:.7f}, {latitude:.7f}"
        better = mended(polygon)
        if better is None:
            self.problems.add(feature, f"has a broken outline ({says})", "draw it anew")
            return ()
        self.problems.warn(feature, f"had a broken outline ({says}), mended here", "draw it anew")
        return areas_of(better)

    def line(self, feature: Feature) -> tuple[XY, ...]:
        """A feature's line, the longest if there are several. Empty with a problem noted."""
        geometry = feature.geometry
        if geometry is None or geometry.shape != "line":
            says = "has no geometry" if geometry is None else f"is a {geometry.shape}"
            self.problems.add(feature, f"{says} where a line is needed", "draw a line")
            return ()
        lines = [self.points(ring) for part in geometry.parts for ring in part]
        longest = max(lines, key=_length)
        return (*longest, longest[0]) if geometry.closed else longest

    def point(self, feature: Feature) -> XY | None:
        """A feature's point. None with a problem noted."""
        geometry = feature.geometry
        if geometry is None or geometry.shape != "point":
            says = "has no geometry" if geometry is None else f"is a {geometry.shape}"
            self.problems.add(feature, f"{says} where a point is needed", "mark a point")
            return None
        return self.frame.xy(*geometry.parts[0][0][0])

    def display_point(self, feature: Feature) -> XY | None:
        """Where a feature is to be shown, if it says so."""
        try:
            geometry = geometry_of(feature.properties.get("display_point"))
        except MapError:
            self.problems.warn(feature, "has a malformed display_point", "mend or remove it")
            return None
        if geometry is None or geometry.shape != "point":
            return None
        point = geometry.parts[0][0][0]
        return self.frame.xy(*point) if _close(point, self.frame.origin) else None


def _length(line: Sequence[XY]) -> float:
    return sum(math.dist(a, b) for a, b in pairwise(line))
