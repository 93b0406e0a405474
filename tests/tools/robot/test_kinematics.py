"""The arm's geometry: there and back, against the published figures and finite differences."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deixis.tools.robot import ArmError
from deixis.tools.robot._kinematics import (
    HOME,
    JOINT_HIGH,
    JOINT_LOW,
    Joints,
    grasp_yaw,
    jacobian,
    link_frames,
    postures,
    solve,
    tool_pose,
    yaw_of,
)

# Where tools send the arm: over the table, and what is put down there.
PLACES = st.tuples(st.floats(0.36, 0.70), st.floats(-0.36, 0.36), st.floats(0.005, 0.28))
YAWS = st.floats(-math.pi, math.pi)
READY = (0.0, -math.pi / 4, 0.0, -3 * math.pi / 4, 0.0, math.pi / 2, math.pi / 4)


def angles() -> st.SearchStrategy[Joints]:
    return st.tuples(
        *(st.floats(low, high) for low, high in zip(JOINT_LOW, JOINT_HIGH, strict=True))
    )  # pyright: ignore[reportReturnType]


def grid(step: float = 0.02) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    axes = [
        np.arange(low, high + step / 2, step)
        for low, high in ((0.28, 0.72), (-0.42, 0.42), (0.005, 0.6))
    ]
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)


def test_stretched_up_it_is_as_tall_as_published() -> None:
    """At zero the flange hangs 88 mm ahead, 107 mm under the top of 333 + 316 + 384 mm."""
    flange = link_frames([0.0] * 7)[-1]
    assert flange[:3, 3] == pytest.approx((0.088, 0, 0.333 + 0.316 + 0.384 - 0.107))
    assert flange[:3, 2] == pytest.approx((0, 0, -1))


def test_ready_pose_is_as_published() -> None:
    pose = tool_pose(READY)
    assert pose[:3, 3] == pytest.approx((0.3069, 0, 0.5903 - 0.1034), abs=1e-4)
    assert pose[:3, :3] == pytest.approx(np.diag([1, -1, -1]), abs=1e-9)


def test_home_is_where_the_camera_sees_the_table() -> None:
    pose = tool_pose(HOME)
    assert pose[:3, 3] == pytest.approx((0.31, 0, 0.45), abs=0.001)
    assert pose[:3, :3] == pytest.approx(np.diag([1, -1, -1]), abs=1e-9)


@given(place=PLACES, yaw=YAWS)
def test_there_and_back(place: tuple[float, float, float], yaw: float) -> None:
    """What is solved for a grasp stands there, straight down, turned so, within the limits."""
    turned = grasp_yaw(place, yaw)
    assert math.remainder(turned - yaw, math.pi) == pytest.approx(0, abs=1e-9)
    joints = solve(place, turned)
    pose = tool_pose(joints)
    assert pose[:3, 3] == pytest.approx(place, abs=1e-9)
    assert pose[:3, 2] == pytest.approx((0, 0, -1), abs=1e-9)
    assert math.remainder(float(yaw_of(pose)) - turned, 2 * math.pi) == pytest.approx(0, abs=1e-9)
    assert all(low <= q <= high for low, q, high in zip(JOINT_LOW, joints, JOINT_HIGH, strict=True))


@given(place=PLACES, yaw=YAWS, start=st.floats(JOINT_LOW[6], JOINT_HIGH[6]))
def test_a_grasp_turns_the_gripper_at_most_a_quarter(
    place: tuple[float, float, float], yaw: float, start: float
) -> None:
    """Unless the last joint is near its stop."""
    begin = (*HOME[:6], start)
    turned = solve(place, grasp_yaw(place, yaw, start=begin), start=begin)[6]
    farthest = math.pi / 2 if abs(start) < JOINT_HIGH[6] - math.pi / 2 - 0.05 else math.pi
    assert abs(turned - start) <= farthest + 1e-9


@given(joints=angles())
def test_jacobian_is_what_small_moves_do(joints: Joints) -> None:
    matrix, pose, small = jacobian(joints), tool_pose(joints), 1e-6
    for i in range(7):
        moved = tool_pose([q + small * (k == i) for k, q in enumerate(joints)])
        speed = (moved[:3, 3] - pose[:3, 3]) / small
        turn = (moved[:3, :3] - pose[:3, :3]) / small @ pose[:3, :3].T
        spin = (turn[2, 1], turn[0, 2], turn[1, 0])
        assert speed == pytest.approx(matrix[:3, i], abs=1e-5)
        assert spin == pytest.approx(matrix[3:, i], abs=1e-5)


@given(joints=angles())
def test_many_at_once_are_as_one_by_one(joints: Joints) -> None:
    both = tool_pose([joints, HOME])
    assert both[0] == pytest.approx(tool_pose(joints))
    assert both[1] == pytest.approx(tool_pose(HOME))


def test_every_place_on_the_table_is_reached_at_every_yaw() -> None:
    """All of x 0.36–0.70, y ±0.36, z up to 0.28, by steps of 2 cm and 15°, modulo 180°."""
    places = grid()
    x, y, z = places.T
    table = places[(x > 0.355) & (x < 0.705) & (abs(y) < 0.365) & (z < 0.285)]
    solved = postures(table, np.zeros(len(table)))
    assert np.isfinite(solved).all()
    assert np.abs(tool_pose(solved)[:, :3, 3] - table).max() < 1e-9
    for place, yaw in itertools.product(table[::17].tolist(), np.arange(0, math.pi, math.pi / 12)):
        at = (place[0], place[1], place[2])
        joints = solve(at, grasp_yaw(at, float(yaw)))
        assert JOINT_LOW[6] <= joints[6] <= JOINT_HIGH[6]


def test_most_of_the_workspace_is_reached() -> None:
    """All but its far upper corners, and a place under the wrist at its near edge."""
    places = grid()
    reached = np.isfinite(postures(places, np.zeros(len(places)))).all(axis=-1)
    out = np.hypot(places[:, 0], places[:, 1])
    assert 0.92 < reached.mean() < 0.94
    assert (out[~reached & (places[:, 2] < 0.29) & (out > 0.29)] > 0.78).all()
    low = places[~reached & (out < 0.29), 2]
    assert low.min() > 0.04
    assert low.max() < 0.18


def test_neighbours_have_neighbouring_joints() -> None:
    """No branch to jump to: a millimetre turns no joint far, anywhere in the workspace."""
    places = grid(0.04)
    for step in np.eye(3) * 0.001:
        pair = postures(np.stack([places, places + step]), np.zeros((2, len(places))))
        turned = np.abs(pair[1] - pair[0]).max(axis=-1)
        assert np.nanpercentile(turned, 99) < 0.02
        assert np.nanmax(turned) < 0.1


@pytest.mark.parametrize("place", [(0.9, 0, 0.1), (0.72, 0.42, 0.6), (0.05, 0, 0.1), (0, 0, 2)])
def test_says_what_it_does_not_reach(place: tuple[float, float, float]) -> None:
    with pytest.raises(ArmError, match="doesn't reach"):
        solve(place, 0.0)


def test_says_what_it_does_not_turn_to() -> None:
    """The last joint has a gap between its stops: turned by 180° it grasps the same."""
    with pytest.raises(ArmError, match="180"):
        solve((0.5, 0.0, 0.1), -2.3)
    assert grasp_yaw((0.5, 0.0, 0.1), -2.3) == pytest.approx(math.pi - 2.3)
