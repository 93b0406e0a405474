import math
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps

from deixis.vision._errors import PlaceError
from deixis.vision._geometry import Box, Detection, Point, Quad, Size
from deixis.vision._transforms import Frame, Transform

FAR_BELOW_HALF_A_PIXEL = 1e-4


@st.composite
def steps(draw: st.DrawFn) -> Transform:
    kind = draw(st.sampled_from(["exif", "crop", "resize", "pad", "frame"]))
    sides = st.integers(16, 4000)
    size: Size = (draw(sides), draw(sides))
    match kind:
        case "exif":
            return Transform.exif(draw(st.integers(1, 8)), size)
        case "crop":
            x, y = draw(st.floats(0, 1000)), draw(st.floats(0, 1000))
            return Transform.crop(Box(x1=x, y1=y, x2=x + size[0], y2=y + size[1]))
        case "resize":
            return Transform.resize(size, (draw(sides), draw(sides)))
        case "pad":
            return Transform.pad(draw(st.floats(0, 500)), draw(st.floats(0, 500)))
        case _:
            return Frame.relative(size).to_original.inverse()


chains = st.lists(steps(), max_size=5)
coordinates = st.floats(0, 4000)
corners = st.tuples(coordinates, coordinates)


@given(chains, corners)
def test_a_point_comes_back(chain: Sequence[Transform], xy: tuple[float, float]) -> None:
    whole = Transform.chain(*chain)
    back = whole.inverse().apply(whole.apply(Point(x=xy[0], y=xy[1])))
    assert (back.x, back.y) == pytest.approx(xy, abs=FAR_BELOW_HALF_A_PIXEL)


@given(chains, corners, corners)
def test_a_box_comes_back(
    chain: Sequence[Transform], a: tuple[float, float], b: tuple[float, float]
) -> None:
    box = Box(x1=min(a[0], b[0]), y1=min(a[1], b[1]), x2=max(a[0], b[0]), y2=max(a[1], b[1]))
    whole = Transform.chain(*chain)
    back = whole.inverse().apply(whole.apply(box))
    assert back.xyxy == pytest.approx(box.xyxy, abs=FAR_BELOW_HALF_A_PIXEL)


@given(chains, st.tuples(corners, corners, corners, corners))
def test_a_quad_comes_back_corner_by_corner(
    chain: Sequence[Transform],
    points: tuple[tuple[float, float], ...],
) -> None:
    a, b, c, d = points
    whole = Transform.chain(*chain)
    back = whole.inverse().apply(whole.apply(Quad(points=(a, b, c, d))))
    for got, sent in zip(back.points, points, strict=True):
        assert got == pytest.approx(sent, abs=FAR_BELOW_HALF_A_PIXEL)


@given(chains, corners)
def test_a_chain_is_its_steps_one_after_another(
    chain: Sequence[Transform], xy: tuple[float, float]
) -> None:
    point = Point(x=xy[0], y=xy[1])
    walked = point
    for step in chain:
        walked = step.apply(walked)
    at_once = Transform.chain(*chain).apply(point)
    assert (at_once.x, at_once.y) == pytest.approx((walked.x, walked.y), abs=1e-3)


@given(chains, corners, corners)
def test_a_mapped_box_is_valid(
    chain: Sequence[Transform], a: tuple[float, float], b: tuple[float, float]
) -> None:
    box = Box(x1=min(a[0], b[0]), y1=min(a[1], b[1]), x2=max(a[0], b[0]), y2=max(a[1], b[1]))
    mapped = Transform.chain(*chain).apply(box)
    assert Box.model_validate(mapped.model_dump()) == mapped


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_agrees_with_pillow_on_a_marked_pixel(orientation: int) -> None:
    stored = Image.new("L", (7, 4))
    stored.putpixel((5, 1), 255)
    stored.getexif()[274] = orientation
    upright = ImageOps.exif_transpose(stored)
    centre = Transform.exif(orientation, stored.size).apply(Point(x=5.5, y=1.5))
    assert upright.getpixel((int(centre.x), int(centre.y))) == 255


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_maps_the_stored_extent_onto_the_upright_one(orientation: int) -> None:
    stored = Image.new("L", (7, 4))
    stored.getexif()[274] = orientation
    width, height = ImageOps.exif_transpose(stored).size
    whole = Transform.exif(orientation, stored.size).apply(Box(x1=0, y1=0, x2=7, y2=4))
    assert whole.xyxy == (0, 0, width, height)


@pytest.mark.parametrize("orientation", [0, 9, -1])
def test_an_unknown_orientation_is_named(orientation: int) -> None:
    with pytest.raises(PlaceError, match=f"1 to 8, got {orientation}"):
        Transform.exif(orientation, (7, 4))


@pytest.mark.parametrize(
    ("before", "after"),
    [((0, 5), (5, 5)), ((5, 5), (5, 0)), ((5, 5), (math.nan, 5)), ((5, 5), (5, math.inf))],
)
def test_a_resize_of_nothing_is_refused(before: Size, after: tuple[float, float]) -> None:
    with pytest.raises(PlaceError, match="sizes must be above zero"):
        Transform.resize(before, after)


def test_a_flattening_map_has_no_way_back() -> None:
    with pytest.raises(PlaceError, match="can't be walked back"):
        Transform(a=0).inverse()


def test_a_crop_moves_its_corner_to_the_origin() -> None:
    box = Box(x1=30, y1=20, x2=80, y2=60)
    assert Transform.crop(box).apply(box).xyxy == (0, 0, 50, 40)


def test_relative_1000_is_the_far_corner() -> None:
    frame = Frame.relative((1920, 1080), image="img_1")
    assert frame.original_place(Point(x=1000, y=1000)) == Point(x=1920, y=1080, image="img_1")


def test_relative_500_is_the_middle_of_a_cropped_view() -> None:
    region = Box(x1=100, y1=200, x2=300, y2=600)
    frame = Frame.relative((1920, 1080), region=region)
    assert frame.original_place(Point(x=500, y=500)) == Point(x=200, y=400)


def test_pixels_of_a_resized_view_scale_back() -> None:
    frame = Frame.pixels((2000, 1000), seen=(500, 500))
    assert frame.original_place(Box(x1=50, y1=50, x2=100, y2=250)).xyxy == (200, 100, 400, 500)


def test_pixels_of_a_cropped_view_are_shifted_back() -> None:
    region = Box(x1=100, y1=200, x2=300, y2=600)
    frame = Frame.pixels((1920, 1080), region=region)
    assert frame.original_place(Point(x=10, y=20)) == Point(x=110, y=220)


def test_pixels_of_a_cropped_and_resized_view() -> None:
    region = Box(x1=100, y1=200, x2=300, y2=600)
    frame = Frame.pixels((1920, 1080), seen=(400, 800), region=region)
    assert frame.original_place(Point(x=400, y=800)) == Point(x=300, y=600)


def test_pixels_of_the_image_as_it_is_stay() -> None:
    assert Frame.pixels((640, 480)).original_place(Point(x=12.5, y=7)) == Point(x=12.5, y=7)


@given(corners)
def test_a_frame_and_back(xy: tuple[float, float]) -> None:
    frame = Frame.relative((1920, 1080), region=Box(x1=33.3, y1=7, x2=1201, y2=900.5))
    back = frame.original_place(frame.model_place(Point(x=xy[0], y=xy[1])))
    assert (back.x, back.y) == pytest.approx(xy, abs=FAR_BELOW_HALF_A_PIXEL)


def test_a_detection_is_mapped_with_all_its_places_and_bound() -> None:
    frame = Frame.relative((2000, 500), image="img_2")
    seen = Detection(
        label="lift",
        box=Box(x1=0, y1=0, x2=500, y2=1000),
        point=Point(x=100, y=100),
        quad=Quad(points=((0, 0), (10, 0), (10, 10), (0, 10))),
    )
    assert frame.original_detection(seen) == Detection(
        label="lift",
        box=Box(x1=0, y1=0, x2=1000, y2=500, image="img_2"),
        point=Point(x=200, y=50, image="img_2"),
        quad=Quad(points=((0, 0), (20, 0), (20, 5), (0, 5)), image="img_2"),
        image="img_2",
    )


@pytest.mark.parametrize("extent", [0, -1000])
def test_a_frame_without_extent_is_refused(extent: float) -> None:
    with pytest.raises(PlaceError, match="above zero"):
        Frame.relative((100, 100), extent=extent)


def test_a_frame_over_an_empty_region_is_refused() -> None:
    with pytest.raises(PlaceError, match="above zero"):
        Frame.pixels((100, 100), region=Box(x1=5, y1=5, x2=5, y2=9))


def test_a_frame_of_an_image_of_no_size_is_refused() -> None:
    with pytest.raises(PlaceError, match="above zero"):
        Frame.relative((0, 100))


def test_a_frame_with_an_extent_that_is_no_number_is_refused() -> None:
    with pytest.raises(PlaceError, match="above zero"):
        Frame.relative((100, 100), extent=math.nan)


def test_a_place_mapped_beyond_all_numbers_is_refused() -> None:
    frame = Frame.relative((4000, 3000))
    far = 1.7e308
    for place in (
        Point(x=far, y=0),
        Box(x1=0, y1=0, x2=far, y2=1),
        Quad(points=((0, 0), (far, 0), (far, 1), (0, 1))),
    ):
        with pytest.raises(PlaceError, match="too far out"):
            frame.original_place(place)
