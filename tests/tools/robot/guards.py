"""What every control step that an arm is sent must keep to, checked apart from what plans it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from deixis.tools.robot import ArmError, ArmLimits
from deixis.tools.robot._kinematics import HOME, JOINT_HIGH, JOINT_LOW, Joints, tool_pose
from deixis.tools.robot._stub import Told

LIMITS = ArmLimits()
STEP = 0.02
EXACT = 1e-6
ANGLES = tuple(f"joint_{i}.pos" for i in range(1, 8))
GRIPPER = "gripper.pos"


def assert_safe(told: Sequence[Told], *, start: Joints = HOME, opening: float = 0.0) -> None:
    """Checks speeds, joints, tool and fingertips of every control step that was sent."""
    if not told:
        return
    joints = np.array([start, *(step.joints for step in told)])
    gaps = np.array([opening, *(step.opening for step in told)])
    assert np.isfinite(joints).all()
    assert (joints >= np.array(JOINT_LOW) - EXACT).all()
    assert (joints <= np.array(JOINT_HIGH) + EXACT).all()
    assert (gaps >= 0).all()
    assert (gaps <= LIMITS.opening + EXACT).all()
    assert all(0 < step.force <= LIMITS.grip_force for step in told)
    pose = tool_pose(joints)
    middle, across = pose[:, :3, 3], pose[:, :3, 1] * gaps[:, np.newaxis] / 2
    for points in (middle, middle + across, middle - across):
        assert (points >= np.array(LIMITS.low) - EXACT).all()
        assert (points <= np.array(LIMITS.high) + EXACT).all()
    speeds = np.linalg.norm(np.diff(middle, axis=0), axis=-1) / STEP
    assert speeds.max() <= LIMITS.tool_speed * (1 + EXACT)
    turns = np.abs(np.diff(joints, axis=0))
    assert turns.max() <= min(LIMITS.joint_speed * STEP * (1 + EXACT), LIMITS.joint_step)


def attempt(command: Callable[[], object]) -> ArmError | None:
    """Runs a command that may be refused: with an `ArmError`, and nothing else."""
    try:
        command()
    except ArmError as error:
        return error
    return None
