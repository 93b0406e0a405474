"""How a thing is grasped, where it is let go, and what pictures tell of it afterwards."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deixis.tools.robot import ArmLimits, Scene, SceneObject, StubArm
from deixis.tools.robot._grasp import lies_at, stands_still
from deixis.tools.robot._room import MOST_ROOM, clearance, highest_under
from deixis.tools.robot._session import Held
from deixis.tools.robot._spots import Grasp, Spot, Target, grasp_of, spot_at, target_at
from deixis.tools.robot._view import View
from deixis.vision import XYZ, Point
from tests.tools.robot.tables import BALL, BOWL, BOX, CAMERA, CUBE, table

LIMITS = ArmLimits()
HELD = Held(picked=(0.5, 0.1, 0.04), length=0.04, width=0.04, turn=0.0, below=0.02, across=0.04)


def seen(*objects: SceneObject, scene: Scene | None = None) -> View:
    with StubArm(scene or table(*objects)) as arm:
        return View(arm.look())


def pixel(place: XYZ) -> Point:
    x, y, _ = (float(v) for v in CAMERA.project(place))
    return Point(x=x, y=y)


def target(view: View, thing: SceneObject) -> Target:
    at = pixel((thing.x, thing.y, thing.size[2]))
    return target_at(view, at, limits=LIMITS, height_prior=0.02)


def grasp(view: View, thing: SceneObject) -> Grasp:
    return grasp_of(view, target(view, thing), limits=LIMITS)


def across(one: Grasp, yaw: float) -> float:
    """How far the fingers' line is from square to a direction, in radians."""
    return abs(math.remainder(one.yaw - yaw, math.pi))


@pytest.mark.parametrize("yaw", [-1.2, -0.5, 0.0, 0.4, 1.0, 1.5])
def test_a_box_is_grasped_across_its_width(yaw: float) -> None:
    box = BOX.model_copy(update={"yaw": yaw, "x": 0.5, "y": 0.1})
    found = grasp(seen(box), box)
    assert across(found, yaw) < 0.03
    assert found.across == pytest.approx(0.05, abs=0.002)
    assert found.position == pytest.approx((0.5, 0.1, 0.0175), abs=0.002)


def test_the_fingers_open_no_wider_than_a_thing_needs() -> None:
    assert grasp(seen(CUBE), CUBE).opening == pytest.approx(0.065, abs=0.002)
    assert grasp(seen(BOX), BOX).opening == pytest.approx(0.075, abs=0.002)
    wide = BOX.model_copy(update={"size": (0.09, 0.065, 0.035)})
    assert grasp(seen(wide), wide).opening == pytest.approx(LIMITS.opening, abs=1e-6)


@pytest.mark.parametrize("height", [0.03, 0.05, 0.07])
def test_the_fingers_go_half_way_down_and_no_deeper_than_they_reach(height: float) -> None:
    thing = CUBE.model_copy(update={"kind": "cylinder", "size": (0.04, 0.04, height)})
    z = grasp(seen(thing), thing).position[2]
    assert z == pytest.approx(max(height / 2, height - 0.025), abs=0.002)


def test_a_ball_is_grasped_beside_what_stands_next_to_it() -> None:
    ball = BALL.model_copy(update={"x": 0.5, "y": 0.1})
    alone = grasp(seen(ball), ball)
    assert across(alone, 0.0) < 0.01
    # Along y, where the fingers would come down.
    walls = [
        CUBE.model_copy(update={"name": f"cube_{i}", "x": 0.5, "y": 0.1 + dy, "yaw": 0.0})
        for i, dy in enumerate((-0.055, 0.055))
    ]
    between = grasp(seen(ball, *walls), ball)
    assert across(between, math.pi / 2) < math.radians(31)
    assert between.clearance > 0.004


def test_a_cube_between_others_is_grasped_on_its_free_sides() -> None:
    cube = CUBE.model_copy(update={"yaw": 0.0})
    walls = [
        CUBE.model_copy(update={"name": f"cube_{i}", "y": 0.1 + dy, "yaw": 0.0})
        for i, dy in enumerate((-0.055, 0.055))
    ]
    assert across(grasp(seen(cube, *walls), cube), math.pi / 2) < 0.03


def spot(view: View, place: XYZ, held: Held = HELD) -> Spot:
    return spot_at(view, pixel(place), held, limits=LIMITS)


def test_what_is_held_is_let_go_some_millimetres_over_the_table() -> None:
    found = spot(seen(), (0.6, -0.1, 0.0))
    assert found.release == pytest.approx((0.6, -0.1, 0.026), abs=0.003)


def test_what_is_held_is_let_go_over_what_it_is_put_on() -> None:
    found = spot(seen(), (BOX.x, BOX.y, BOX.size[2]))
    assert found.release[2] == pytest.approx(0.035 + 0.026, abs=0.003)


def test_in_a_bowl_the_opening_fingers_keep_off_the_rim() -> None:
    small = table().model_copy(update={"containers": (BOWL.model_copy(update={"radius": 0.048}),)})
    wide = Held(picked=(0, 0, 0), length=0.06, width=0.06, turn=0.0, below=0.018, across=0.06)
    middle = (BOWL.x, BOWL.y, 0.004)
    assert spot(seen(), middle, wide).release[2] < BOWL.height
    assert spot(seen(scene=small), middle, wide).release[2] > BOWL.height


def test_beside_a_neighbour_the_fingers_turn_so_that_they_come_down_low() -> None:
    wall = CUBE.model_copy(update={"x": 0.5, "y": 0.1, "yaw": 0.0})
    found = spot(seen(wall), (0.5, 0.1 + 0.05, 0.0))
    assert found.release[2] < 0.03
    assert abs(math.remainder(found.yaw, math.pi)) > 0.7


def test_what_was_taken_away_no_longer_stands_there() -> None:
    before = seen(CUBE, BALL)
    segment = target(before, CUBE).segment
    assert stands_still(before, seen(CUBE, BALL), segment)
    assert not stands_still(before, seen(BALL), segment)


def test_what_has_come_is_found_with_its_hidden_side() -> None:
    moved = CUBE.model_copy(update={"x": 0.6, "y": -0.1})
    found = lies_at(seen(BALL), seen(BALL, moved), (0.58, -0.12, 0.0))
    assert found == pytest.approx((0.6, -0.1, 0.04), abs=0.002)


def test_nothing_new_lies_nowhere() -> None:
    assert lies_at(seen(BALL), seen(BALL), (0.58, -0.12, 0.0)) is None


def test_of_several_things_that_came_the_nearest_counts() -> None:
    one, two = (
        CUBE.model_copy(update={"name": name, "x": x, "y": y})
        for name, x, y in (("one", 0.6, -0.1), ("two", 0.45, 0.12))
    )
    found = lies_at(seen(BALL), seen(BALL, one, two), (0.46, 0.1, 0.0))
    assert found == pytest.approx((0.45, 0.12, 0.04), abs=0.002)


points = st.lists(
    st.tuples(st.floats(-0.1, 0.1), st.floats(-0.1, 0.1), st.floats(0, 0.1)), min_size=1, max_size=9
)
yaws = st.floats(-math.pi, math.pi)


@given(points, yaws, st.floats(0.02, 0.08))
def test_half_a_turn_of_the_fingers_changes_nothing(
    given_points: list[XYZ], yaw: float, opening: float
) -> None:
    around = np.array(given_points)
    one, other = (
        clearance(around, (0.0, 0.0), yaw=turned, opening=opening)
        for turned in (yaw, yaw + math.pi)
    )
    assert one == pytest.approx(other, abs=1e-9)
    assert 0 <= one <= MOST_ROOM


@given(points, yaws, st.floats(-0.5, 0.5), st.floats(-0.5, 0.5))
def test_room_is_the_same_wherever_and_however_the_table_is_turned(
    given_points: list[XYZ], turn: float, dx: float, dy: float
) -> None:
    around = np.array(given_points)
    cos, sin = math.cos(turn), math.sin(turn)
    moved = around @ np.array([[cos, sin, 0], [-sin, cos, 0], [0, 0, 1]]) + (dx, dy, 0)
    one = clearance(around, (0.0, 0.0), yaw=0.0, opening=0.06)
    assert clearance(moved, (dx, dy), yaw=turn, opening=0.06) == pytest.approx(one, abs=1e-9)


def test_a_few_stray_points_are_no_obstacle() -> None:
    flat = np.zeros((50, 3))
    stray = np.array([[0.0, 0.0, 0.3]] * 3)
    low = highest_under(np.concatenate([flat, stray]), (0, 0), yaw=0, length=0.04, width=0.04)
    assert low == 0
    thing = np.concatenate([flat, stray, stray, stray])
    assert highest_under(thing, (0, 0), yaw=0, length=0.04, width=0.04) == pytest.approx(0.3)
