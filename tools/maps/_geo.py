"""Plane geometry of maps: the local frame in metres, and shapely behind typed functions.

Shapely is imported here and in modules that are loaded with this one only. Lengths are metres,
areas square metres; points are `XY` in the map's frame unless longitude and latitude are named.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, cast

from shapely import (
    LineString,
    MultiPolygon,
    Point,
    Polygon,
    STRtree,
    get_parts,
    make_valid,
    unary_union,
)
from shapely.geometry.base import BaseGeometry
from shapely.ops import linemerge, polylabel
from shapely.validation import explain_validity

from deixis.tools.maps._map import XY, Area, MapError

# The ellipsoid of WGS 84: EPSG 7030.
_EQUATOR_M = 6_378_137.0
_FLATTENING = 1 / 298.257223563
_ECCENTRICITY_2 = _FLATTENING * (2 - _FLATTENING)
_MOST_LATITUDE = 85.0
_STEPS = 12
_CLOSE_RAD = 1e-13
_MENDED_SHARE = 0.01
_SIMPLE = 500

Shape = BaseGeometry
"""Any shapely geometry, in metres."""


@dataclass(frozen=True)
class LocalFrame:
    """The plane that touches the ellipsoid at a point: x to the east, y to the north, in metres.

    Distances between points up to a kilometre from the origin are those on the ground to a
    millimetre; heights are taken as nought.

    Attributes:
        origin: Longitude and latitude in degrees, WGS 84.

    Raises:
        MapError: The origin is no place on earth, or within five degrees of a pole.
    """

    origin: tuple[float, float]

    def __post_init__(self) -> None:
        longitude, latitude = self.origin
        if not (abs(longitude) <= 180 and abs(latitude) <= 90):
            raise MapError(f"({longitude}, {latitude}) is no longitude and latitude")
        if abs(latitude) > _MOST_LATITUDE:
            raise MapError(
                f"latitude {latitude} is too near a pole: maps reach to {_MOST_LATITUDE}"
            )

    def xy(self, longitude: float, latitude: float) -> XY:
        """Metres east and north of the origin, of a point given in degrees."""
        east, north = self._axes
        point = _on_ellipsoid(math.radians(longitude), math.radians(latitude))
        offset = [p - o for p, o in zip(point, self._centre, strict=True)]
        return _dot(offset, east), _dot(offset, north)

    def lonlat(self, x: float, y: float) -> tuple[float, float]:
        """Longitude and latitude in degrees, of a point in metres from the origin."""
        longitude, latitude = (math.radians(value) for value in self.origin)
        for _ in range(_STEPS):
            at_x, at_y = self.xy(math.degrees(longitude), math.degrees(latitude))
            along, across = _radii(latitude)
            step_north = (y - at_y) / along
            step_east = (x - at_x) / (across * math.cos(latitude))
            longitude, latitude = longitude + step_east, latitude + step_north
            if abs(step_east) + abs(step_north) < _CLOSE_RAD:
                break
        return math.degrees(longitude), math.degrees(latitude)

    @cached_property
    def _centre(self) -> tuple[float, float, float]:
        longitude, latitude = (math.radians(value) for value in self.origin)
        return _on_ellipsoid(longitude, latitude)

    @cached_property
    def _axes(self) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
        """The units to the east and to the north, in the earth's frame."""
        lon, lat = (math.radians(value) for value in self.origin)
        east = (-math.sin(lon), math.cos(lon), 0.0)
        north = (-math.sin(lat) * math.cos(lon), -math.sin(lat) * math.sin(lon), math.cos(lat))
        return east, north


def _dot(one: Sequence[float], other: Sequence[float]) -> float:
    return math.fsum(a * b for a, b in zip(one, other, strict=True))


def _radii(latitude: float) -> tuple[float, float]:
    """Radii of curvature along the meridian and across it."""
    bent = 1 - _ECCENTRICITY_2 * math.sin(latitude) ** 2
    return _EQUATOR_M * (1 - _ECCENTRICITY_2) / bent**1.5, _EQUATOR_M / math.sqrt(bent)


def _on_ellipsoid(longitude: float, latitude: float) -> tuple[float, float, float]:
    across = _radii(latitude)[1]
    flat = across * math.cos(latitude)
    up = across * (1 - _ECCENTRICITY_2) * math.sin(latitude)
    return flat * math.cos(longitude), flat * math.sin(longitude), up


def polygon_of(area: Area) -> Polygon:
    """An area as a shapely polygon."""
    return Polygon(area.exterior, area.holes)


def spot(point: XY) -> Point:
    """A point as a shapely one."""
    return Point(point)


def areas_of(shape: Shape) -> tuple[Area, ...]:
    """The polygons of a shape, largest first, their rings without the closing point."""
    found = [
        Area(
            exterior=_ring(polygon.exterior.coords),
            holes=tuple(_ring(hole.coords) for hole in polygon.interiors),
        )
        for polygon in sorted(polygons_of(shape), key=lambda polygon: -polygon.area)
    ]
    return tuple(found)


def polygons_of(shape: Shape) -> Iterator[Polygon]:
    """The polygons in a shape that have an area."""
    if isinstance(shape, Polygon):
        if not shape.is_empty and shape.area > 0:
            yield shape
    else:
        for part in _parts(shape):
            yield from polygons_of(part)


def lines_of(shape: Shape) -> Iterator[LineString]:
    """The lines in a shape that have a length."""
    if isinstance(shape, LineString):
        if shape.length > 0:
            yield shape
    else:
        for part in _parts(shape):
            yield from lines_of(part)


def _parts(shape: Shape) -> Iterator[Shape]:
    """What a collection holds; nothing for a single point, line or polygon."""
    if shape.geom_type.startswith("Multi") or shape.geom_type == "GeometryCollection":
        yield from cast("list[Shape]", get_parts(shape).tolist())


def points_of(line: LineString) -> tuple[XY, ...]:
    """The corners of a line."""
    return tuple((float(point[0]), float(point[1])) for point in line.coords)


def shape_of(areas: Iterable[Area]) -> Shape:
    """Areas as one shape: their union."""
    return union(polygon_of(area) for area in areas)


def union(shapes: Iterable[Shape]) -> Shape:
    """The union of shapes; an empty polygon for none."""
    found = list(shapes)
    if len(found) == 1:
        return found[0]
    return unary_union(found) if found else Polygon()


def contains(areas: Sequence[Area], point: XY, *, within_m: float = 0.0) -> bool:
    """Whether a point lies in one of the areas or on its border, or within a distance of it."""
    return distance(areas, point) <= within_m


def distance(areas: Sequence[Area], point: XY) -> float:
    """Metres from a point to the nearest of some areas; 0 within, infinite for no area."""
    spot = Point(point)
    return min((float(polygon_of(area).distance(spot)) for area in areas), default=math.inf)


def interior_point(areas: Sequence[Area]) -> XY:
    """A point well inside the largest of some areas, where a label would stand.

    Raises:
        MapError: There is no area.
    """
    largest = max((polygon_of(area) for area in areas), key=lambda p: p.area, default=None)
    if largest is None or largest.is_empty:
        raise MapError("a feature without an area has no point inside")
    middle = largest.centroid
    if largest.contains(middle) and middle.distance(largest.boundary) > 0.2 * _breadth(largest):
        return float(middle.x), float(middle.y)
    if len(largest.exterior.coords) > _SIMPLE or largest.length > _SIMPLE * _breadth(largest):
        inside = largest.representative_point()
        return float(inside.x), float(inside.y)
    # The point farthest from all walls; near enough is enough for a label.
    inside = polylabel(largest, tolerance=max(0.1, 0.02 * _breadth(largest)))
    return float(inside.x), float(inside.y)


def _breadth(polygon: Polygon) -> float:
    return 2 * polygon.area / polygon.length


def shared_border(one: Shape, other: Shape, *, within_m: float = 0.1) -> tuple[LineString, ...]:
    """Where the borders of two shapes run along each other, longest first.

    Args:
        one: Whose border the lines are cut from.
        other: The shape beside it.
        within_m: The widest gap between the borders.
    """
    if one.distance(other) > within_m:
        return ()
    border = one.boundary.intersection(other.boundary.buffer(within_m + 1e-6, cap_style="flat"))
    pieces = list(lines_of(border))
    merged = linemerge(pieces) if len(pieces) > 1 else border
    # A wall that only meets the other one at a corner is within the gap for a little way.
    found = [line for line in lines_of(merged) if line.length > 3 * within_m]
    return tuple(sorted(found, key=lambda line: -line.length))


def overlap(one: Shape, other: Shape) -> float:
    """Square metres that two shapes have in common."""
    return float(one.intersection(other).area)


def walled(line: Sequence[XY], half_width_m: float, *, beyond: bool = False) -> Shape:
    """The strip along a line, with mitred corners, cut off at its ends or going on beyond."""
    cap: Literal["flat", "square"] = "square" if beyond else "flat"
    return LineString(line).buffer(half_width_m, cap_style=cap, join_style="mitre")


def mended(polygon: Polygon) -> Polygon | MultiPolygon | None:
    """A polygon that crosses itself, put right; None if that changes more than 1 % of it."""
    whole = make_valid(polygon)
    kept = polygon.buffer(0)
    if kept.is_empty or whole.area == 0:
        return None
    return kept if abs(whole.area - kept.area) <= _MENDED_SHARE * whole.area else None


def whats_wrong(polygon: Polygon) -> tuple[str, XY | None]:
    """What is wrong with an invalid polygon, in shapely's words, and where."""
    words, _, place = explain_validity(polygon).partition("[")
    try:
        x, y = (float(value) for value in place.rstrip("]").split()[:2])
    except ValueError:
        return words.strip().lower(), None
    return words.strip().lower(), (x, y)


def _ring(coordinates: Iterable[Sequence[float]]) -> tuple[XY, ...]:
    points = [(float(point[0]), float(point[1])) for point in coordinates]
    return tuple(points[:-1])


class ShapeIndex:
    """Finds which of many shapes are near a point or another shape.

    Args:
        shapes: What is looked in; results are positions in this sequence.
    """

    def __init__(self, shapes: Sequence[Shape]) -> None:
        self._tree = STRtree(list(shapes))

    def near(self, shape: Shape, within_m: float = 0.0) -> list[int]:
        """Positions of the shapes within a distance of another, in order."""
        found = self._tree.query(shape, predicate="dwithin", distance=within_m)
        return sorted(int(position) for position in found.tolist())

    def nearest(self, shape: Shape) -> int | None:
        """Position of the nearest shape; None if there is none."""
        found = self._tree.nearest(shape)
        return None if found is None else int(found)


def line_on_border(shape: Shape, point: XY, width_m: float) -> tuple[XY, XY]:
    """A line of a width on a shape's border, about the border's point that is nearest."""
    border = shape.boundary
    middle = border.interpolate(border.project(Point(point)))
    ring = min(lines_of(border), key=lambda line: line.distance(middle))
    along = ring.project(middle)
    before, after = (
        ring.interpolate((along + step) % ring.length) for step in (-width_m / 4, width_m / 4)
    )
    dx, dy = after.x - before.x, after.y - before.y
    scale = width_m / 2 / (math.hypot(dx, dy) or 1.0)
    return (
        (middle.x - dx * scale, middle.y - dy * scale),
        (middle.x + dx * scale, middle.y + dy * scale),
    )


def across_end(line: Sequence[XY], width_m: float, *, last: bool) -> tuple[XY, XY]:
    """A line across an end of another, square to it: the edge of the strip along it."""
    end, before = (line[-1], line[-2]) if last else (line[0], line[1])
    dx, dy = end[0] - before[0], end[1] - before[1]
    scale = width_m / 2 / (math.hypot(dx, dy) or 1.0)
    return (
        (end[0] - dy * scale, end[1] + dx * scale),
        (end[0] + dy * scale, end[1] - dx * scale),
    )


def cut_out(shape: Shape, others: Iterable[Shape], *, least_m2: float = 0.2) -> Shape:
    """A shape without others, and without the slivers that are left."""
    left = shape.difference(union(others))
    return union(part for part in polygons_of(left) if part.area >= least_m2)
