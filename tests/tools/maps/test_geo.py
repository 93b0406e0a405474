"""The local frame against the ellipsoid, and the geometry that maps are read with."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deixis.tools.maps._geo import (
    LocalFrame,
    ShapeIndex,
    areas_of,
    contains,
    distance,
    interior_point,
    mended,
    overlap,
    points_of,
    polygon_of,
    shape_of,
    shared_border,
    walled,
)
from deixis.tools.maps._map import XY, Area, MapError

MEAN_RADIUS_M = 6_371_008.8
longitudes = st.floats(-180, 180)
latitudes = st.floats(-84, 84)
metres = st.floats(-500, 500)


def square(x: float, y: float, side: float) -> Area:
    return Area(exterior=((x, y), (x + side, y), (x + side, y + side), (x, y + side)))


def haversine(one: tuple[float, float], other: tuple[float, float], radius: float) -> float:
    """The distance on a sphere, as in any textbook; longitude and latitude in degrees."""
    (lon1, lat1), (lon2, lat2) = (tuple(map(math.radians, point)) for point in (one, other))
    half = math.sin((lat2 - lat1) / 2) ** 2
    half += math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return 2 * radius * math.asin(math.sqrt(half))


def radius_at(latitude: float, azimuth: float) -> float:
    """Euler's radius of curvature of WGS 84 in a direction: of the sphere that fits there."""
    square_e = 6.69437999014e-3
    bent = 1 - square_e * math.sin(math.radians(latitude)) ** 2
    along, across = 6378137 * (1 - square_e) / bent**1.5, 6378137 / math.sqrt(bent)
    return 1 / (math.cos(azimuth) ** 2 / along + math.sin(azimuth) ** 2 / across)


@settings(deadline=None)
@given(longitudes, latitudes, metres, metres)
def test_a_point_comes_back_within_a_millimetre(
    longitude: float, latitude: float, x: float, y: float
) -> None:
    frame = LocalFrame((longitude, latitude))
    again = frame.xy(*frame.lonlat(x, y))
    assert math.dist(again, (x, y)) < 1e-3


@settings(deadline=None)
@given(longitudes, latitudes, st.floats(1, 500), st.floats(0, 2 * math.pi))
def test_distances_are_those_on_the_ground(
    longitude: float, latitude: float, far: float, azimuth: float
) -> None:
    frame = LocalFrame((longitude, latitude))
    there = frame.lonlat(far * math.sin(azimuth), far * math.cos(azimuth))
    radius = radius_at(latitude, azimuth)
    # A sphere that fits the ellipsoid in one direction is a little off in the others.
    assert haversine((longitude, latitude), there, radius) == pytest.approx(far, rel=0.008)


def test_five_hundred_metres_are_within_a_tenth_of_a_percent_of_the_geodesic() -> None:
    # Ends of geodesics of 500 m on WGS 84 from 116.3° E, 39.9° N: to the north by the arc of
    # the meridian (111 035.8 m a degree there), to the east by the parallel's radius.
    frame = LocalFrame((116.3, 39.9))
    assert frame.xy(116.3, 39.9 + 500 / 111_035.8)[1] == pytest.approx(500, rel=1e-3)
    around = 2 * math.pi * 6378137 / math.sqrt(1 - 6.69437999014e-3 * math.sin(0.696386) ** 2)
    east = 500 / (around * math.cos(math.radians(39.9))) * 360
    assert frame.xy(116.3 + east, 39.9)[0] == pytest.approx(500, rel=1e-3)


def test_east_is_x_and_north_is_y() -> None:
    frame = LocalFrame((116.3, 39.9))
    x, y = frame.xy(116.301, 39.9)
    assert x > 80
    assert abs(y) < 0.01
    x, y = frame.xy(116.3, 39.901)
    assert abs(x) < 0.01
    assert y > 100


@pytest.mark.parametrize("origin", [(0.0, 86.0), (0.0, -90.0), (200.0, 0.0), (math.nan, 0.0)])
def test_no_frame_lies_at_a_pole_or_nowhere(origin: tuple[float, float]) -> None:
    with pytest.raises(MapError, match="latitude"):
        LocalFrame(origin)


def test_a_polygon_with_a_hole_keeps_it_as_an_area() -> None:
    outer, hole = square(0, 0, 10), square(4, 4, 2)
    ring = Area(exterior=outer.exterior, holes=(hole.exterior,))
    assert areas_of(polygon_of(ring)) == (ring,)
    assert not contains((ring,), (5, 5))
    assert contains((ring,), (1, 1))


@settings(deadline=None)
@given(st.lists(st.tuples(metres, metres), min_size=3, max_size=12, unique=True))
def test_the_point_inside_is_inside(corners: list[XY]) -> None:
    middle = [sum(values) / len(corners) for values in zip(*corners, strict=True)]
    around = sorted(corners, key=lambda p: math.atan2(p[1] - middle[1], p[0] - middle[0]))
    area = Area(exterior=tuple(around))
    if not polygon_of(area).is_valid or polygon_of(area).area < 1:
        return
    assert contains((area,), interior_point((area,)), within_m=1e-6)


def test_the_point_inside_an_l_is_not_in_its_notch() -> None:
    shape = Area(exterior=((0, 0), (10, 0), (10, 2), (2, 2), (2, 10), (0, 10)))
    assert contains((shape,), interior_point((shape,)))


def test_nothing_has_no_point_inside() -> None:
    with pytest.raises(MapError, match="without an area"):
        interior_point(())


def test_neighbours_share_the_wall_between_them() -> None:
    left, right = polygon_of(square(0, 0, 4)), polygon_of(square(4, 1, 4))
    (wall,) = shared_border(left, right)
    assert wall.length == pytest.approx(3, abs=0.25)
    assert {x for x, _ in points_of(wall) if 1.2 < _ < 3.8} <= {4.0}


def test_neighbours_with_a_wall_of_a_hand_between_them_share_it_where_that_is_allowed() -> None:
    left, right = polygon_of(square(0, 0, 4)), polygon_of(square(4.2, 0, 4))
    assert shared_border(left, right) == ()
    assert shared_border(left, right, within_m=0.3)[0].length > 3.5


def test_rooms_that_meet_at_a_corner_share_no_border() -> None:
    assert shared_border(polygon_of(square(0, 0, 4)), polygon_of(square(4, 4, 4))) == ()


def test_a_strip_is_twice_its_half_width_wide() -> None:
    assert walled(((0, 0), (10, 0)), 1).area == pytest.approx(20)


def test_a_polygon_with_a_tiny_loop_is_mended_and_a_bow_tie_is_not() -> None:
    loop = polygon_of(Area(exterior=((0, 0), (10, 0), (10, 10), (9.9, 10.1), (10.1, 10.1), (0, 9))))
    assert not loop.is_valid
    assert mended(loop) is not None
    assert mended(polygon_of(Area(exterior=((0, 0), (4, 4), (4, 0), (0, 4))))) is None


def test_what_overlaps_is_measured() -> None:
    assert overlap(shape_of((square(0, 0, 4),)), shape_of((square(2, 2, 4),))) == pytest.approx(4)
    assert distance((square(0, 0, 4),), (7, 8)) == pytest.approx(5)
    assert distance((), (7, 8)) == math.inf


def test_the_index_finds_what_is_near() -> None:
    index = ShapeIndex([polygon_of(square(x, 0, 1)) for x in (0, 5, 10)])
    assert index.near(polygon_of(square(4.9, 0, 0.05))) == []
    assert index.near(polygon_of(square(4.9, 0, 0.05)), within_m=0.1) == [1]
    assert index.nearest(polygon_of(square(8, 0, 1))) == 2
    assert ShapeIndex([]).nearest(polygon_of(square(0, 0, 1))) is None
