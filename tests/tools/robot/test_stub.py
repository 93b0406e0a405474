"""The stub arm: the suite for every arm, and what it does with things."""

from __future__ import annotations

import time

import numpy as np
import pytest

from deixis.testing import ArmConformance
from deixis.tools.robot import Arm, Container, Scene, SceneObject, StubArm, scene_camera

CUBE = SceneObject(
    name="cube", kind="cube", colour="red", size=(0.04, 0.04, 0.04), x=0.5, y=0.1, yaw=0.3
)
BOX = SceneObject(
    name="box", kind="box", colour="white", size=(0.09, 0.05, 0.035), x=0.45, y=-0.2, yaw=0.5
)
BOWL = Container(name="bowl", kind="bowl", colour="blue", x=0.55, y=-0.1, radius=0.06, height=0.045)
SCENE = Scene(objects=(CUBE, BOX), containers=(BOWL,), camera=scene_camera())


class TestStubArm(ArmConformance):
    """It passes what every arm must."""

    def make_arm(self) -> Arm:
        return StubArm()


def grasp(arm: StubArm, thing: SceneObject, *, yaw: float, opening: float = 0.08) -> None:
    arm.grip(opening)
    arm.move_to((thing.x, thing.y, 0.15), yaw=yaw)
    arm.move_to((thing.x, thing.y, 0.02))
    arm.grip(0.0)


def test_takes_time_of_its_own_only() -> None:
    with StubArm() as arm:
        begun = time.perf_counter()
        arm.move_to((0.6, 0.2, 0.1))
        arm.home()
        assert time.perf_counter() - begun < 1
        assert arm.seconds > 3
        assert len(arm.told) == round(arm.seconds * 50)


def test_what_it_grasps_comes_along() -> None:
    with StubArm(SCENE) as arm:
        grasp(arm, CUBE, yaw=0.3)
        assert arm.holds == "cube"
        assert arm.tool.opening == pytest.approx(0.04)
        arm.move_to((0.4, 0.0, 0.3), yaw=0.0)
        assert arm.truth()["cube"].position == pytest.approx((0.4, 0.0, 0.3))
        assert arm.truth()["cube"].yaw == pytest.approx(0.0)


def test_closing_tells_of_something_held() -> None:
    with StubArm(SCENE) as arm:
        arm.grip(0.06)
        arm.move_to((CUBE.x, CUBE.y, 0.02), yaw=CUBE.yaw)
        grip = arm.grip(0.0)
        assert grip.holding
        assert grip.opening == pytest.approx(0.04)


@pytest.mark.parametrize(
    ("yaw", "opening"), [(0.5 + 1.5708, 0.08), (0.5, 0.045)], ids=["its length", "too narrow"]
)
def test_what_is_too_wide_stays(yaw: float, opening: float) -> None:
    with StubArm(SCENE) as arm:
        grasp(arm, BOX, yaw=yaw, opening=opening)
        assert arm.holds is None
        assert arm.truth()["box"].position[:2] == (BOX.x, BOX.y)


def test_what_is_not_between_the_fingers_stays() -> None:
    with StubArm(SCENE) as arm:
        arm.grip(0.08)
        arm.move_to((CUBE.x, CUBE.y, 0.06), yaw=CUBE.yaw)
        assert not arm.grip(0.0).holding
        arm.grip(0.08)
        arm.move_to((CUBE.x + 0.04, CUBE.y, 0.02))
        assert not arm.grip(0.0).holding


def test_what_is_let_go_falls() -> None:
    with StubArm(SCENE) as arm:
        grasp(arm, CUBE, yaw=0.3)
        arm.move_to((0.4, 0.2, 0.2))
        arm.grip(0.08)
        assert arm.holds is None
        assert arm.truth()["cube"].position == pytest.approx((0.4, 0.2, 0.02))


def test_falls_into_what_is_below() -> None:
    with StubArm(SCENE) as arm:
        grasp(arm, CUBE, yaw=0.3)
        arm.move_to((CUBE.x, CUBE.y, 0.2))
        arm.move_to((BOWL.x, BOWL.y, 0.2))
        arm.grip(0.08)
        x, y, z = arm.truth()["cube"].position
        assert BOWL.holds(x, y)
        assert 0.02 < z < BOWL.height


def test_falls_onto_what_is_below() -> None:
    with StubArm(SCENE) as arm:
        grasp(arm, CUBE, yaw=0.3)
        arm.move_to((CUBE.x, CUBE.y, 0.2))
        arm.move_to((BOX.x, BOX.y, 0.2))
        arm.grip(0.08)
        assert arm.truth()["cube"].position[2] == pytest.approx(0.035 + 0.02)


def test_its_picture_shows_what_was_moved() -> None:
    with StubArm(SCENE) as arm:
        before = arm.look().picture.rgb
        grasp(arm, CUBE, yaw=0.3)
        arm.move_to((0.4, 0.2, 0.2))
        arm.grip(0.08)
        after = arm.look().picture
        column, row, _ = arm.camera.project(arm.truth()["cube"].position)
        red = np.array([204, 26, 26])
        assert np.abs(after.rgb[int(row), int(column)].astype(int) - red).max() < 60
        assert np.abs(before[int(row), int(column)].astype(int) - red).max() > 60


def test_at_home_it_hides_nothing() -> None:
    with StubArm(SCENE) as arm:
        seen = arm.look().picture
        pixels = arm.camera.project([(x, y, 0.0) for x in (0.36, 0.7) for y in (-0.36, 0.36)])
        for column, row, depth in pixels:
            assert seen.depth[int(row), int(column)] == pytest.approx(depth, abs=0.01)
