"""What stands on the table: measured from pictures of scenes whose truth is known."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from deixis.tools.robot._making import make_scene
from deixis.tools.robot._raycast import Pose, bodies_of, render
from deixis.tools.robot._scene import (
    Colour,
    Container,
    ContainerKind,
    ObjectKind,
    Scene,
    SceneObject,
    scene_camera,
)
from deixis.vision import RgbdImage
from deixis.vision._segments import Segment, segment_at, segments_of

SIZES = {
    "cube": (0.04, 0.04, 0.04),
    "ball": (0.045, 0.045, 0.045),
    "cylinder": (0.04, 0.04, 0.06),
    "box": (0.09, 0.05, 0.035),
}


def thing(
    kind: ObjectKind, colour: Colour, x: float, y: float, yaw: float = 0.0, label: str | None = None
) -> SceneObject:
    name = f"{colour}_{kind}_{x}_{y}"
    size = SIZES[kind]
    return SceneObject(
        name=name, kind=kind, colour=colour, size=size, x=x, y=y, yaw=yaw, label=label
    )


def container(kind: ContainerKind, colour: Colour, x: float, y: float) -> Container:
    if kind == "bowl":
        return Container(name=kind, kind=kind, colour=colour, x=x, y=y, radius=0.065, height=0.045)
    return Container(name=kind, kind=kind, colour=colour, x=x, y=y, size=(0.14, 0.16), height=0.01)


def picture_of(
    *things: SceneObject, containers: Sequence[Container] = (), raised: float = 0.0
) -> RgbdImage:
    scene = Scene(objects=things, containers=tuple(containers), camera=scene_camera())
    poses = {one.name: Pose(x=one.x, y=one.y, z=raised, yaw=one.yaw) for one in things}
    return render(scene.camera, bodies_of(scene, poses))


def nearest(segments: Sequence[Segment], x: float, y: float, height: float) -> Segment:
    return min(
        segments, key=lambda one: math.dist(one.position, (x, y, height)) + abs(one.height - height)
    )


def turned(a: float, b: float, symmetry: float) -> float:
    off = (a - b) % symmetry
    return min(off, symmetry - off)


def middle(segment: Segment) -> tuple[float, float]:
    return segment.position[0], segment.position[1]


@pytest.mark.parametrize("seed", range(6))
def test_everything_of_a_scene_is_measured_within_millimetres(seed: int) -> None:
    scene = make_scene(seed)
    segments = segments_of(render(scene.camera, bodies_of(scene)))
    assert len(segments) == len(scene.objects) + len(scene.containers)
    for one in scene.objects:
        found = nearest(segments, one.x, one.y, one.size[2])
        assert math.dist(middle(found), (one.x, one.y)) < 0.001
        assert found.length == pytest.approx(max(one.size[:2]), abs=0.001)
        assert found.width == pytest.approx(min(one.size[:2]), abs=0.001)
        assert found.height == pytest.approx(one.size[2], abs=0.001)
        if one.kind in ("cube", "box"):
            symmetry = math.pi / 2 if one.kind == "cube" else math.pi
            assert turned(found.yaw, one.yaw, symmetry) < math.radians(1)


@pytest.mark.parametrize("seed", range(3))
def test_depth_that_is_off_by_two_millimetres_does_little_harm(seed: int) -> None:
    scene = make_scene(seed)
    picture = render(scene.camera, bodies_of(scene))
    noise = np.random.default_rng(seed).uniform(-0.002, 0.002, picture.depth.shape)
    noisy = replace(picture, depth=(picture.depth + noise).astype(np.float32))
    segments = segments_of(noisy)
    assert len(segments) == len(scene.objects) + len(scene.containers)
    for one in scene.objects:
        found = nearest(segments, one.x, one.y, one.size[2])
        assert math.dist(middle(found), (one.x, one.y)) < 0.003
        assert found.width == pytest.approx(min(one.size[:2]), abs=0.004)
        assert found.height == pytest.approx(one.size[2], abs=0.002)


def test_a_fifth_of_the_depth_may_be_missing() -> None:
    scene = make_scene(4)
    picture = render(scene.camera, bodies_of(scene))
    lost = np.random.default_rng(4).random(picture.depth.shape) < 0.2
    holed = replace(picture, depth=np.where(lost, np.float32(np.nan), picture.depth))
    assert len(segments_of(holed)) == len(scene.objects) + len(scene.containers)


@pytest.mark.parametrize("size", [(640, 480), (320, 240)])
def test_smaller_pictures_do(size: tuple[int, int]) -> None:
    scene = make_scene(3)
    segments = segments_of(render(scene.camera, bodies_of(scene), size=size))
    assert len(segments) == len(scene.objects) + len(scene.containers)
    for one in scene.objects:
        found = nearest(segments, one.x, one.y, one.size[2])
        assert math.dist(middle(found), (one.x, one.y)) < 0.003


def test_neighbours_of_one_colour_a_centimetre_apart_come_apart() -> None:
    segments = segments_of(
        picture_of(
            thing("cube", "red", 0.50, -0.025),
            thing("cube", "red", 0.50, 0.025),
            thing("cube", "red", 0.45, -0.025),
        )
    )
    assert [one.width for one in segments] == pytest.approx([0.04] * 3, abs=0.002)


def test_things_that_touch_come_apart_by_colour() -> None:
    segments = segments_of(
        picture_of(
            thing("cube", "red", 0.50, -0.02),
            thing("cube", "orange", 0.50, 0.02),
            thing("cube", "white", 0.46, -0.02),
            thing("cube", "black", 0.46, 0.02),
        )
    )
    assert len(segments) == 4
    assert all(one.length == pytest.approx(0.04, abs=0.002) for one in segments)


def test_print_does_not_cut_a_box() -> None:
    labelled = (
        thing("box", "white", 0.5, -0.1, label="阿司匹林"),
        thing("box", "black", 0.4, 0.1, label="VITAMIN C"),
    )
    assert len(segments_of(picture_of(*labelled))) == 2


@pytest.mark.parametrize("colour", ["red", "blue"])
@pytest.mark.parametrize("kind", ["cube", "ball"])
def test_what_lies_in_a_bowl_is_a_thing_of_its_own(kind: ObjectKind, colour: Colour) -> None:
    bowl = container("bowl", "blue", 0.5, 0.1)
    inside = thing(kind, colour, 0.5, 0.1, yaw=0.4)
    segments = segments_of(picture_of(inside, containers=[bowl], raised=0.004))
    assert len(segments) == 2
    held, around = sorted(segments, key=lambda one: one.length)
    assert math.dist(middle(held), (0.5, 0.1)) < 0.002
    assert around.length == pytest.approx(0.14, abs=0.002)


@pytest.mark.parametrize("colour", ["red", "black"])
def test_what_stands_on_a_tray_is_a_thing_of_its_own(colour: Colour) -> None:
    tray = container("tray", "black", 0.5, 0.1)
    upon = thing("ball", colour, 0.5, 0.1)
    segments = segments_of(picture_of(upon, containers=[tray], raised=0.004))
    ball, flat = sorted(segments, key=lambda one: one.length)
    assert ball.width == pytest.approx(0.045, abs=0.001)
    assert (flat.length, flat.width) == pytest.approx((0.172, 0.152), abs=0.004)
    assert flat.height < 0.012


def test_what_hides_part_of_a_thing_does_not_move_it() -> None:
    front = thing("cylinder", "red", 0.53, 0.02)
    behind = thing("ball", "blue", 0.47, 0.0)
    segments = segments_of(picture_of(front, behind))
    found = min(segments, key=lambda one: one.position[0])
    assert math.dist(middle(found), (0.47, 0.0)) < 0.001


def test_nothing_stands_on_an_empty_table() -> None:
    assert segments_of(picture_of()) == []


@pytest.mark.parametrize("value", [math.nan, math.inf, 0.0, -1.0, 1e30])
def test_depth_that_is_none_shows_nothing(value: float) -> None:
    picture = picture_of(thing("cube", "red", 0.5, 0.0))
    assert segments_of(replace(picture, depth=np.full_like(picture.depth, value))) == []


def test_a_point_is_snapped_to_what_is_near_and_to_nothing_else() -> None:
    picture = picture_of(thing("cube", "red", 0.5, 0.0), thing("cube", "blue", 0.5, 0.1))
    red = next(one for one in segments_of(picture) if one.colour[0] > 0.5)
    at = segment_at(picture, red.point.x, red.point.y)
    assert at is not None
    assert at.box == red.box
    beside = segment_at(picture, red.box.x1 - 8, (red.box.y1 + red.box.y2) / 2)
    assert beside is not None
    assert beside.box == red.box
    assert segment_at(picture, red.box.x1 - 14, red.point.y) is None
    assert segment_at(picture, math.nan, red.point.y) is None


def test_a_point_in_the_hollow_of_a_bowl_is_the_bowl() -> None:
    bowl = container("bowl", "blue", 0.5, 0.0)
    picture = picture_of(containers=[bowl])
    pixel = picture.camera.project((0.5, 0.0, 0.004))
    found = segment_at(picture, float(pixel[0]), float(pixel[1]), reach=1)
    assert found is not None
    assert found.length == pytest.approx(0.14, abs=0.002)


def test_a_segments_point_lies_on_its_mask() -> None:
    scene = make_scene(5)
    for one in segments_of(render(scene.camera, bodies_of(scene))):
        row, column = int(one.point.y - one.box.y1), int(one.point.x - one.box.x1)
        assert one.mask[row, column]
        assert one.mask.shape == (one.box.y2 - one.box.y1, one.box.x2 - one.box.x1)
