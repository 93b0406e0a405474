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

longitudes = st.floats(-180, 180)
latitudes = st.floats(-84, 84)
metres = st.floats(-500, 500)


def square(x: float, y: float, side: float) -> Area:
    return Area(exterior=((x, y), (x + side, y), (x + side, y + side), (x, y + side)))


def geodesic(one: tuple[float, float], other: tuple[float, float]) -> float:
    """The distance on WGS 84 by Vincenty's inverse formula (Survey Review 1975), in metres."""
    a, f = 6378137.0, 1 / 298.257223563
    b = a * (1 - f)
    (lon1, lat1), (lon2, lat2) = (tuple(map(math.radians, point)) for point in (one, other))
    u1, u2 = (math.atan((1 - f) * math.tan(lat)) for lat in (lat1, lat2))
    apart = around = lon2 - lon1
    sin_s = cos_s = sigma = cos2_a = cos_2m = 0.0
    for _ in range(50):
        sin_s = math.hypot(
            math.cos(u2) * math.sin(apart),
            math.cos(u1) * math.sin(u2) - math.sin(u1) * math.cos(u2) * math.cos(apart),
        )
        cos_s = math.sin(u1) * math.sin(u2) + math.cos(u1) * math.cos(u2) * math.cos(apart)
        if sin_s == 0:
            return 0.0
        sigma = math.atan2(sin_s, cos_s)
        sin_a = math.cos(u1) * math.cos(u2) * math.sin(apart) / sin_s
        cos2_a = 1 - sin_a**2
        cos_2m = cos_s - 2 * math.sin(u1) * math.sin(u2) / cos2_a if cos2_a else 0.0
        c = f / 16 * cos2_a * (4 + f * (4 - 3 * cos2_a))
        series = cos_2m + c * cos_s * (2 * cos_2m**2 - 1)
        apart = around + (1 - c) * f * sin_a * (sigma + c * sin_s * series)
    square = cos2_a * (a**2 - b**2) / b**2
    big_a = 1 + square / 16384 * (4096 + square * (square * (320 - 175 * square) - 768))
    big_b = square / 1024 * (256 + square * (square * (74 - 47 * square) - 128))
    inner = cos_s * (2 * cos_2m**2 - 1)
    inner -= big_b / 6 * cos_2m * (4 * sin_s**2 - 3) * (4 * cos_2m**2 - 3)
    return b * big_a * (sigma - big_b * sin_s * (cos_2m + big_b / 4 * inner))


@settings(deadline=None)
@given(longitudes, latitudes, metres, metres)
def test_a_point_comes_back_within_a_millimetre(
    longitude: float, latitude: float, x: float, y: float
) -> None:
    frame = LocalFrame((longitude, latitude))
    again = frame.xy(*frame.lonlat(x, y))
    assert math.dist(again, (x, y)) < 1e-3


@settings(deadline=None)
@given(longitudes, latitudes, metres, metres, metres, metres)
def test_distances_are_those_on_the_ground(
    longitude: float, latitude: float, x1: float, y1: float, x2: float, y2: float
) -> None:
    frame = LocalFrame((longitude, latitude))
    straight = math.dist((x1, y1), (x2, y2))
    along = geodesic(frame.lonlat(x1, y1), frame.lonlat(x2, y2))
    assert along == pytest.approx(straight, rel=1e-6, abs=1e-3)


def test_the_geodesic_is_vincentys() -> None:
    # Flinders Peak to Buninyong, the test line of Geoscience Australia, on nearly this ellipsoid.
    flinders, buninyong = (144.42486789, -37.95103342), (143.92649554, -37.65282114)
    assert geodesic(flinders, buninyong) == pytest.approx(54972.271, abs=0.01)


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
