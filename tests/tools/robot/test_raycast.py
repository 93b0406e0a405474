import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deixis.tools.robot._kinematics import HOME, link_frames, tool_pose
from deixis.tools.robot._making import make_scene
from deixis.tools.robot._raycast import (
    FLOOR_COLOUR,
    TABLE,
    TABLE_COLOUR,
    Pose,
    arm_bodies,
    bodies_of,
    render,
)
from deixis.tools.robot._scene import (
    COLOURS,
    Colour,
    Container,
    ObjectKind,
    Scene,
    SceneObject,
    scene_camera,
)
from deixis.tools.robot._shapes import Ball, Block, Body, Bowl, Capsule, Drum
from deixis.vision import RapidReader
from deixis.vision._camera import XYZ
from deixis.vision._rgbd import RgbdImage

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

EXACT = 1e-4
SMALL = (320, 240)
RED = COLOURS["red"]

xs = st.floats(0.35, 0.70)
ys = st.floats(-0.3, 0.3)
angles = st.floats(-math.pi, math.pi)
lengths = st.floats(0.03, 0.10)


def shown(bodies: list[Body]) -> "Floats":
    """The points of the world at all pixels that show one of the bodies."""
    with_them = render(scene_camera(), bodies, size=SMALL)
    without = render(scene_camera(), [], size=SMALL)
    changed = with_them.depth != without.depth
    return with_them.points()[changed & np.isfinite(with_them.depth)]


def away_from_block(points: "Floats", block: Block) -> "Floats":
    """How far points are from a box's surface, by the distance that is known for boxes."""
    c, s = math.cos(block.yaw), math.sin(block.yaw)
    at = points - block.middle
    local = np.stack([c * at[:, 0] + s * at[:, 1], c * at[:, 1] - s * at[:, 0], at[:, 2]], axis=1)
    beyond = np.abs(local) - np.array(block.size) / 2
    return np.abs(np.linalg.norm(np.maximum(beyond, 0), axis=1) + np.minimum(beyond.max(axis=1), 0))


def away_from_drum(points: "Floats", drum: Drum) -> "Floats":
    at = points - drum.middle
    beyond = np.stack(
        [np.hypot(at[:, 0], at[:, 1]) - drum.radius, np.abs(at[:, 2]) - drum.height / 2], axis=1
    )
    return np.abs(np.linalg.norm(np.maximum(beyond, 0), axis=1) + np.minimum(beyond.max(axis=1), 0))


def away_from_rod(points: "Floats", rod: Capsule) -> "Floats":
    start, way = np.array(rod.start), np.subtract(rod.end, rod.start)
    along = np.clip((points - start) @ way / (way @ way), 0, 1)
    return np.abs(np.linalg.norm(points - start - np.outer(along, way), axis=1) - rod.radius)


def test_the_empty_table_is_level_and_as_deep_as_its_plane() -> None:
    camera = scene_camera()
    picture = render(camera, [])

    on_it = np.isfinite(picture.depth)
    points = picture.points()[on_it]
    (x1, y1), (x2, y2) = TABLE
    assert np.abs(points[:, 2]).max() < EXACT
    assert points[:, 0].min() >= x1 - EXACT
    assert points[:, 0].max() <= x2 + EXACT
    assert points[:, 1].min() >= y1 - EXACT
    assert points[:, 1].max() <= y2 + EXACT
    met = camera.on_plane(700.5, 600.5, height=0)
    assert picture.depth[600, 700] == pytest.approx(camera.project(met)[2], abs=EXACT)


def test_beyond_the_table_depth_is_unknown_and_the_floor_is_darker() -> None:
    picture = render(scene_camera(), [])

    assert np.isnan(picture.depth[0, 0])
    assert seen(picture, (640, 100)) == pytest.approx(FLOOR_COLOUR, abs=0.003)
    assert seen(picture, (640, 800)) == pytest.approx(TABLE_COLOUR, abs=0.003)


def test_a_balls_nearest_point_is_its_radius_nearer_than_its_middle() -> None:
    camera, radius = scene_camera(), 0.02
    # A middle on the ray of a pixel's centre.
    middle = camera.deproject((700.5, 500.5), 1.0)
    ball = Ball(middle=(middle[0], middle[1], middle[2]), radius=radius, colour=RED)

    picture = render(camera, [ball])

    ray = np.linalg.norm(middle - camera.position)  # of depth 1, so their ratio too
    assert picture.depth[500, 700] == pytest.approx((ray - radius) / ray, abs=EXACT)


def test_a_ball_covers_the_pixels_whose_rays_pass_within_its_radius() -> None:
    camera, radius = scene_camera(), 0.03
    ball = Ball(middle=(0.5, 0.1, 0.4), radius=radius, colour=RED)

    nearer = render(camera, [ball]).depth < np.nan_to_num(render(camera, []).depth, nan=np.inf)

    rows, columns = np.mgrid[: camera.height, : camera.width]
    centres = np.stack([columns + 0.5, rows + 0.5], axis=-1)
    rays = camera.deproject(centres, np.ones(centres.shape[:2])) - camera.position
    rays /= np.linalg.norm(rays, axis=-1, keepdims=True)
    to = np.subtract(ball.middle, camera.position)
    off = np.linalg.norm(to - (rays @ to)[..., np.newaxis] * rays, axis=-1)
    assert (nearer == (off <= radius)).mean() > 1 - 1e-6
    assert nearer.sum() > 1000


@settings(max_examples=30, deadline=None)
@given(xs, ys, st.floats(0.02, 0.3), st.tuples(lengths, lengths, lengths), angles)
def test_what_is_seen_of_a_box_lies_on_it(
    x: float, y: float, z: float, size: XYZ, yaw: float
) -> None:
    block = Block(middle=(x, y, z + size[2] / 2), size=size, yaw=yaw, colour=RED)
    points = shown([block])
    assert len(points) > 20
    assert away_from_block(points, block).max() < EXACT


@settings(max_examples=30, deadline=None)
@given(xs, ys, st.floats(0.02, 0.3), st.floats(0.01, 0.06))
def test_what_is_seen_of_a_ball_lies_on_it(x: float, y: float, z: float, radius: float) -> None:
    ball = Ball(middle=(x, y, z + radius), radius=radius, colour=RED)
    points = shown([ball])
    assert len(points) > 20
    off = np.linalg.norm(points - ball.middle, axis=1) - radius
    assert np.abs(off).max() < EXACT


@settings(max_examples=30, deadline=None)
@given(xs, ys, st.floats(0.02, 0.3), st.floats(0.01, 0.06), lengths)
def test_what_is_seen_of_a_cylinder_lies_on_it(
    x: float, y: float, z: float, radius: float, height: float
) -> None:
    drum = Drum(middle=(x, y, z + height / 2), radius=radius, height=height, colour=RED)
    points = shown([drum])
    assert len(points) > 20
    assert away_from_drum(points, drum).max() < EXACT


@settings(max_examples=30, deadline=None)
@given(st.tuples(xs, ys, st.floats(0.1, 0.3)), st.tuples(xs, ys, st.floats(0.1, 0.3)))
def test_what_is_seen_of_a_rod_lies_on_it(start: XYZ, end: XYZ) -> None:
    rod = Capsule(start=start, end=(end[0], end[1], end[2] + 0.01), radius=0.03, colour=RED)
    points = shown([rod])
    assert len(points) > 20
    assert away_from_rod(points, rod).max() < EXACT


def test_into_a_bowl_one_sees_its_floor_its_wall_and_its_rim() -> None:
    bowl = Bowl(
        bottom=(0.5, 0.0, 0.0), radius=0.065, height=0.045, wall=0.005, floor=0.004, colour=RED
    )
    points = shown([bowl])
    away = np.hypot(points[:, 0] - 0.5, points[:, 1])

    def there(mask: "NDArray[np.bool_]") -> bool:
        return int(mask.sum()) > 20

    floor = (away < 0.064) & (np.abs(points[:, 2] - 0.004) < EXACT)
    rim = (away > 0.0651) & (away < 0.0699) & (np.abs(points[:, 2] - 0.045) < EXACT)
    inside = np.abs(away - 0.065) < EXACT
    outside = np.abs(away - 0.070) < EXACT
    assert there(floor)
    assert there(rim)
    assert there(inside & (points[:, 0] < 0.5))
    assert there(outside & (points[:, 0] > 0.5))
    assert (floor | rim | inside | outside).mean() > 0.97


def test_a_tray_is_a_plate_with_a_low_rim() -> None:
    tray = Container(
        name="t", kind="tray", colour="blue", x=0.5, y=0.1, size=(0.14, 0.16), height=0.008
    )
    points = shown(bodies_of(Scene(containers=(tray,), camera=scene_camera())))

    within = (np.abs(points[:, 0] - 0.5) < 0.065) & (np.abs(points[:, 1] - 0.1) < 0.075)
    assert np.abs(points[within][:, 2] - 0.004).max() < EXACT
    assert points[:, 2].max() == pytest.approx(0.008, abs=EXACT)
    assert np.ptp(points[:, 1]) == pytest.approx(0.172, abs=0.006)


def test_what_is_nearer_hides_what_is_farther_in_any_order() -> None:
    near = Ball(middle=(0.7, 0.0, 0.4), radius=0.05, colour=COLOURS["blue"])
    far = Block(middle=(0.5, 0.0, 0.03), size=(0.3, 0.3, 0.06), colour=RED)

    one, other = render(scene_camera(), [near, far]), render(scene_camera(), [far, near])

    assert np.array_equal(one.depth, other.depth, equal_nan=True)
    assert np.array_equal(one.rgb, other.rgb)
    column, row, depth = scene_camera().project(near.middle)
    assert one.depth[int(row), int(column)] < depth


def test_what_is_behind_the_camera_or_beside_the_picture_is_not_seen() -> None:
    behind = Ball(middle=(2.0, 0.0, 1.5), radius=0.1, colour=RED)
    beside = Ball(middle=(0.5, 3.0, 0.1), radius=0.1, colour=RED)
    assert len(shown([behind, beside])) == 0


def test_a_scaled_picture_shows_the_same_view() -> None:
    camera = scene_camera()
    scaled = render(camera, [], size=SMALL).camera

    assert scaled.size == SMALL
    whole, small = camera.project((0.5, 0.2, 0.1)), scaled.project((0.5, 0.2, 0.1))
    assert small[:2] == pytest.approx(whole[:2] / 4)


@pytest.mark.parametrize("kind", ["cube", "ball", "cylinder", "box"])
@pytest.mark.parametrize("colour", COLOURS)
def test_the_top_of_a_thing_shows_its_named_colour(kind: ObjectKind, colour: Colour) -> None:
    size = (0.04, 0.04, 0.04)
    thing = SceneObject(name="it", kind=kind, colour=colour, size=size, x=0.5, y=0.1)
    scene = Scene(objects=(thing,), camera=scene_camera())

    picture = render(scene.camera, bodies_of(scene))

    column, row, _ = scene.camera.project((0.5, 0.1, 0.04))
    assert seen(picture, (int(column), int(row))) == pytest.approx(COLOURS[colour], abs=0.03)


def test_what_was_moved_is_drawn_where_it_is_now() -> None:
    scene = make_scene(3)
    moved = {"red_cube_1": Pose(x=0.5, y=0.0, z=0.2, yaw=0.1)}

    picture = render(scene.camera, bodies_of(scene, moved))

    edge = scene.objects[0].size[0]
    column, row, depth = scene.camera.project((0.5, 0.0, 0.2 + edge))
    assert picture.depth[int(row), int(column)] == pytest.approx(depth, abs=0.002)


def test_the_arm_at_home_hides_nothing_of_the_table() -> None:
    camera = scene_camera()
    arm = arm_bodies(link_frames(HOME), tool_pose(HOME), opening=0.08)

    empty, with_arm = render(camera, []), render(camera, arm)

    on_it = np.isfinite(empty.depth)
    assert np.array_equal(empty.depth[on_it], with_arm.depth[on_it])
    assert np.isfinite(with_arm.depth).sum() > on_it.sum()


@pytest.fixture(scope="module")
def reader() -> RapidReader:
    return RapidReader()


def test_labels_can_be_read_in_both_languages_and_however_they_are_turned(
    reader: RapidReader, font: Callable[[str], str]
) -> None:
    font("NotoSansCJK-Regular.ttc")
    labels: list[tuple[str, Colour, float]] = [
        ("阿司匹林", "white", 0),
        ("维生素C", "blue", 35),
        ("IBUPROFEN", "yellow", -35),
        ("EYE DROPS", "green", 20),
        ("布洛芬", "black", -20),
        ("VITAMIN C", "red", 0),
    ]
    boxes = tuple(
        SceneObject(
            name=label,
            kind="box",
            colour=colour,
            size=(0.09, 0.05, 0.035),
            x=0.42 + 0.20 * (i % 2),
            y=-0.24 + 0.24 * (i // 2),
            yaw=math.radians(90 + turned),
            label=label,
        )
        for i, (label, colour, turned) in enumerate(labels)
    )
    scene = Scene(objects=boxes, camera=scene_camera())

    read = reader.read(render(scene.camera, bodies_of(scene)).image())

    assert {line.text.replace(" ", "") for line in read.lines} == {
        label.replace(" ", "") for label, _, _ in labels
    }


def seen(picture: RgbdImage, at: tuple[int, int]) -> tuple[float, ...]:
    """The colour of a column and row, from 0 to 1."""
    return tuple(float(value) / 255 for value in picture.rgb[at[1], at[0]])
