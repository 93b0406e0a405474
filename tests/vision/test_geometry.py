import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from deixis.vision._geometry import Box, Detection, Point, Quad

coordinates = st.floats(-5000, 5000)
sizes = st.tuples(st.integers(1, 4000), st.integers(1, 4000))
handles = st.sampled_from([None, "img_1", "img_2"])


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    x1, x2 = sorted((draw(coordinates), draw(coordinates)))
    y1, y2 = sorted((draw(coordinates), draw(coordinates)))
    return Box(x1=x1, y1=y1, x2=x2, y2=y2, image=draw(handles))


points = st.builds(Point, x=coordinates, y=coordinates, image=handles)
corners = st.tuples(coordinates, coordinates)
quads = st.builds(Quad, points=st.tuples(corners, corners, corners, corners), image=handles)
detections = st.builds(
    Detection,
    label=st.text(max_size=20),
    text=st.none() | st.text(max_size=20),
    box=st.none() | boxes(),
    point=st.none() | points,
    quad=st.none() | quads,
    score=st.none() | st.floats(0, 1),
    image=handles,
)


@given(boxes(), boxes())
def test_iou_is_symmetric(a: Box, b: Box) -> None:
    assert a.iou(b) == pytest.approx(b.iou(a))


@given(boxes(), boxes())
def test_iou_lies_between_0_and_1(a: Box, b: Box) -> None:
    assert 0 <= a.iou(b) <= 1


@given(boxes())
def test_iou_with_itself_is_1(box: Box) -> None:
    assert box.iou(box) == pytest.approx(1)


def test_iou_of_half_overlapping_boxes() -> None:
    a = Box(x1=0, y1=0, x2=10, y2=10)
    assert a.iou(Box(x1=5, y1=0, x2=15, y2=10)) == pytest.approx(1 / 3)


def test_iou_of_boxes_that_only_touch_is_0() -> None:
    assert Box(x1=0, y1=0, x2=10, y2=10).iou(Box(x1=10, y1=0, x2=20, y2=10)) == 0


@given(boxes(), sizes)
def test_a_clamped_box_is_inside(box: Box, size: tuple[int, int]) -> None:
    assert box.clamped(size).inside(size)


@given(boxes(), sizes)
def test_clamping_a_box_twice_changes_nothing(box: Box, size: tuple[int, int]) -> None:
    once = box.clamped(size)
    assert once.clamped(size) == once


@given(points, sizes)
def test_a_clamped_point_is_inside(point: Point, size: tuple[int, int]) -> None:
    assert point.clamped(size).inside(size)


@given(points, sizes)
def test_clamping_a_point_twice_changes_nothing(point: Point, size: tuple[int, int]) -> None:
    once = point.clamped(size)
    assert once.clamped(size) == once


@given(boxes(), boxes())
def test_a_union_holds_both(a: Box, b: Box) -> None:
    both = a.union(b)
    assert both.intersection(a) == pytest.approx(a.area)
    assert both.intersection(b) == pytest.approx(b.area)


def test_clamping_keeps_the_image() -> None:
    assert Box(x1=-5, y1=0, x2=5, y2=5, image="img_1").clamped((4, 4)).image == "img_1"


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("name", ["x1", "y1", "x2", "y2"])
def test_a_box_without_a_finite_number_names_the_coordinate(name: str, bad: float) -> None:
    corners = {"x1": 0.0, "y1": 0.0, "x2": 1.0, "y2": 1.0, name: bad}
    with pytest.raises(ValidationError, match=rf"{name}\s+Input should be a finite number"):
        Box.model_validate(corners)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_point_needs_finite_numbers(bad: float) -> None:
    with pytest.raises(ValidationError, match="finite number"):
        Point(x=bad, y=0)


def test_a_quad_needs_finite_numbers() -> None:
    with pytest.raises(ValidationError, match="finite number"):
        Quad(points=((0, 0), (math.nan, 0), (1, 1), (0, 1)))


def test_swapped_corners_say_which_corner_comes_first() -> None:
    with pytest.raises(ValidationError, match=r"x1 <= x2 and y1 <= y2.*top left corner first"):
        Box(x1=10, y1=0, x2=5, y2=5)


def test_an_unknown_field_is_refused() -> None:
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        Box.model_validate({"x1": 0, "y1": 0, "x2": 1, "y2": 1, "z": 3})


@pytest.mark.parametrize("score", [-0.1, 1.1, math.nan])
def test_a_score_lies_between_0_and_1(score: float) -> None:
    with pytest.raises(ValidationError, match="score"):
        Detection(label="lift", score=score)


def test_places_are_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Point(x=1, y=2).x = 3  # type: ignore[misc]


@pytest.mark.parametrize("degrees", [0, 30, -45, 90, 135, 180])
def test_a_turned_quad_tells_its_angle_and_size(degrees: int) -> None:
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    upright = ((0, 0), (40, 0), (40, 10), (0, 10))
    a, b, c, d = ((x * cos - y * sin, x * sin + y * cos) for x, y in upright)
    quad = Quad(points=(a, b, c, d))
    assert math.cos(quad.angle - math.radians(degrees)) == pytest.approx(1)
    assert (quad.width, quad.height) == pytest.approx((40, 10))


@given(boxes())
def test_the_box_of_a_boxs_quad_is_the_box(box: Box) -> None:
    assert Quad.of_box(box).box == box


@given(detections)
def test_a_detection_survives_json(detection: Detection) -> None:
    assert Detection.model_validate_json(detection.model_dump_json()) == detection


@given(detections, handles)
def test_binding_a_detection_binds_all_its_places(detection: Detection, handle: str | None) -> None:
    bound = detection.on(handle)
    places = [place for place in (bound.box, bound.point, bound.quad) if place]
    assert {bound.image, *(place.image for place in places)} == {handle}
