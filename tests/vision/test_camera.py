"""From a pixel to metres, and back."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from deixis.vision import PlaceError
from deixis.vision._camera import Camera

CAMERA = Camera.looking_at((0.5, 0, 0), position=(1.15, 0, 0.85), size=(1280, 960), fovy=42)

metres = st.floats(-3, 3, allow_nan=False)


@st.composite
def cameras(draw: st.DrawFn) -> Camera:
    """Any camera that looks at something, not straight down."""
    target = (draw(metres), draw(metres), draw(metres))
    turn, rise = draw(st.floats(0, 2 * math.pi)), draw(st.floats(-1.4, 1.4))
    away = draw(st.floats(0.2, 3))
    level = away * math.cos(rise)
    position = (
        target[0] + level * math.cos(turn),
        target[1] + level * math.sin(turn),
        target[2] + away * math.sin(rise),
    )
    size = (draw(st.integers(16, 4000)), draw(st.integers(16, 4000)))
    return Camera.looking_at(target, position=position, size=size, fovy=draw(st.floats(5, 120)))


@given(cameras(), st.floats(0, 1), st.floats(0, 1), st.floats(0.05, 20))
def test_projecting_what_was_deprojected_is_the_same_pixel(
    camera: Camera, across: float, down: float, depth: float
) -> None:
    pixel = (across * camera.width, down * camera.height)
    assert camera.project(camera.deproject(pixel, depth)) == pytest.approx(
        (*pixel, depth), abs=1e-5
    )


@given(cameras(), st.tuples(metres, metres, metres))
def test_deprojecting_what_was_projected_is_the_same_place(
    camera: Camera, place: tuple[float, float, float]
) -> None:
    x, y, depth = camera.project(place)
    if depth > 0.05:
        assert camera.deproject((x, y), depth) == pytest.approx(place, abs=1e-6)


@given(cameras())
def test_a_camera_sees_what_it_looks_at_in_the_middle(camera: Camera) -> None:
    ahead = np.asarray(camera.position) + np.asarray(camera.forward)
    assert camera.project(ahead) == pytest.approx((camera.width / 2, camera.height / 2, 1))


def test_a_camera_opposite_the_arm_sees_the_arm_s_left_on_its_right() -> None:
    assert CAMERA.project((0.5, 0.2, 0))[0] > 640 > CAMERA.project((0.5, -0.2, 0))[0]


def test_what_is_higher_is_nearer_the_picture_s_top() -> None:
    assert CAMERA.project((0.5, 0, 0.1))[1] < CAMERA.project((0.5, 0, 0))[1]


def test_what_is_behind_the_camera_has_no_positive_depth() -> None:
    assert CAMERA.project((3.0, 0, 1.5))[2] < 0


def test_many_points_are_projected_at_once() -> None:
    places = np.random.default_rng(5).uniform(-0.3, 0.3, (4, 7, 3))
    assert CAMERA.project(places).shape == (4, 7, 3)
    assert CAMERA.project(places)[2, 3] == pytest.approx(CAMERA.project(places[2, 3]))


def test_unknown_depth_is_an_unknown_place() -> None:
    assert np.isnan(CAMERA.deproject((640, 480), math.nan)).all()


@given(st.floats(0, 1280), st.floats(300, 960), st.floats(0, 0.3))
def test_a_ray_meets_a_plane_where_the_pixel_shows_it(x: float, y: float, height: float) -> None:
    met = CAMERA.on_plane(x, y, height=height)
    assert met[2] == pytest.approx(height)
    assert CAMERA.project(met)[:2] == pytest.approx((x, y), abs=1e-6)


def test_the_table_s_plane_puts_a_thing_off_and_half_its_height_does_not() -> None:
    middle = (0.55, 0.1, 0.02)
    x, y, _ = CAMERA.project(middle)
    table = CAMERA.on_plane(x, y, height=0)
    prior = CAMERA.on_plane(x, y, height=0.02)
    assert math.dist(table[:2], middle[:2]) > 0.01
    assert math.dist(prior, middle) < 1e-9


def test_the_sky_is_on_no_table() -> None:
    level = Camera.looking_at((1, 0, 1), position=(0, 0, 1), size=(640, 480), fovy=60)
    with pytest.raises(PlaceError, match="point lower"):
        level.on_plane(320, 100, height=0)


@pytest.mark.parametrize("target", [(0.0, 0.0, 0.0), (0.0, 0.0, 1.0)])
def test_a_camera_that_looks_straight_down_or_at_itself_is_refused(
    target: tuple[float, float, float],
) -> None:
    with pytest.raises(PlaceError, match="move it"):
        Camera.looking_at(target, position=(0, 0, 1), size=(640, 480), fovy=60)


@pytest.mark.parametrize(
    "change",
    [
        {"right": (1, 1, 0)},
        {"right": (0.5, 0, 0)},
        {"forward": tuple(-v for v in CAMERA.forward)},
        {"fx": 0},
        {"fx": math.inf},
        {"cx": math.nan},
        {"width": 0},
        {"width": 10**9},
        {"lens": "round"},
    ],
)
def test_what_is_no_camera_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Camera.model_validate(CAMERA.model_dump() | change)


def test_a_camera_comes_back_from_json() -> None:
    assert Camera.model_validate_json(CAMERA.model_dump_json()) == CAMERA
