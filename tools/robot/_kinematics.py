"""The geometry of a seven-joint arm, that of a Franka Emika Panda with its hand.

Dimensions and joint limits are those published as "Robot and interface specifications" in the
documentation of the Franka Control Interface, in Craig's (modified) Denavit-Hartenberg convention.

The gripper points straight down in all that is solved here, and the elbow stays in the upright
plane through base and tool (joints 3 and 5 at 0). That posture reaches farthest of all, has a
closed form, and depends on nothing but the place: so a straight line never jumps to another branch.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from deixis.tools.robot._errors import ArmError
from deixis.vision._camera import XYZ

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

Joints = tuple[float, float, float, float, float, float, float]
"""Angles of the seven joints, in radians."""

JOINTS: Final = tuple(f"joint_{i}" for i in range(1, 8))
DH: Final = (
    (0.0, 0.333, 0.0),
    (0.0, 0.0, -math.pi / 2),
    (0.0, 0.316, math.pi / 2),
    (0.0825, 0.0, math.pi / 2),
    (-0.0825, 0.384, -math.pi / 2),
    (0.0, 0.0, math.pi / 2),
    (0.088, 0.0, math.pi / 2),
)
"""Of each joint: a in metres, d in metres, alpha in radians; modified convention."""

FLANGE_OFFSET: Final = 0.107
TOOL_OFFSET: Final = 0.1034
"""From the hand's mount on the flange to the point between the fingertips, in metres."""

HAND_TURN: Final = -math.pi / 4
JOINT_LOW: Final = (-2.8973, -1.7628, -2.8973, -3.0718, -2.8973, -0.0175, -2.8973)
JOINT_HIGH: Final = (2.8973, 1.7628, 2.8973, -0.0698, 2.8973, 3.7525, 2.8973)
HOME: Final[Joints] = (0.0, -0.7954, 0.0, -2.4571, 0.0, 1.6617, math.pi / 4)
"""Gripper down at about (0.31, 0, 0.45) m, yaw 0: clear of the camera's view of the table."""

_SHOULDER = DH[0][1]
_UPPER = math.hypot(DH[2][1], DH[3][0])
_FORE = math.hypot(DH[4][1], DH[4][0])
_UPPER_LEAN = math.atan2(DH[3][0], DH[2][1])
_FORE_LEAN = math.atan2(DH[3][0], DH[4][1])
_WRIST = DH[6][0]
_DROP = FLANGE_OFFSET + TOOL_OFFSET
# A grasp is turned by 180° rather than done with the last joint near its stop.
_MARGIN = 0.05


def link_frames(joints: ArrayLike) -> Floats:
    """Where the arm's parts are.

    Args:
        joints: Radians, shape (…, 7).

    Returns:
        Frames in the base frame, shape (…, 8, 4, 4): of the seven joints, and the flange.
    """
    import numpy as np

    angles = np.asarray(joints, np.float64)
    frames = np.empty((*angles.shape[:-1], 8, 4, 4))
    frame = np.broadcast_to(np.eye(4), (*angles.shape[:-1], 4, 4))
    for i, (a, d, alpha) in enumerate(DH):
        frame = frame @ _joint_frame(angles[..., i], a, d, alpha)
        frames[..., i, :, :] = frame
    frames[..., 7, :, :] = frame
    frames[..., 7, :3, 3] += FLANGE_OFFSET * frame[..., :3, 2]
    return frames


def tool_pose(joints: ArrayLike) -> Floats:
    """Where the tool is: the point between the fingertips, z out of the gripper.

    Args:
        joints: Radians, shape (…, 7).

    Returns:
        Frames in the base frame, shape (…, 4, 4). The fingers open along y; x is the yaw.
    """
    return tool_on(link_frames(joints)[..., 7, :, :])


def tool_on(flange: Floats) -> Floats:
    """Poses of the tool for poses of the flange, both (…, 4, 4)."""
    import numpy as np

    cos, sin = math.cos(HAND_TURN), math.sin(HAND_TURN)
    hand = np.array([[cos, -sin, 0, 0], [sin, cos, 0, 0], [0, 0, 1, TOOL_OFFSET], [0, 0, 0, 1]])
    return flange @ hand


def jacobian(joints: ArrayLike) -> Floats:
    """How the tool moves as the joints do.

    Args:
        joints: Radians, shape (7,).

    Returns:
        Shape (6, 7): the tool point's velocity in m/s, then the tool's turning in rad/s, in the
        base frame, for 1 rad/s of each joint.
    """
    import numpy as np

    frames = link_frames(joints)[:7]
    axes = frames[:, :3, 2]
    arms = tool_pose(joints)[:3, 3] - frames[:, :3, 3]
    return np.concatenate([np.cross(axes, arms).T, axes.T])


def yaw_of(pose: Floats) -> Floats:
    """The direction of the tool's x axis seen from above, in radians, for poses (…, 4, 4)."""
    import numpy as np

    return np.arctan2(pose[..., 1, 0], pose[..., 0, 0])


def postures(positions: ArrayLike, yaws: ArrayLike) -> Floats:
    """The joints for many places at once, the gripper straight down.

    Args:
        positions: Of the tool point, in metres, shape (…, 3).
        yaws: In radians, shape (…). Whole turns count: the last joint follows them.

    Returns:
        Radians, shape (…, 7); NaN where the arm is too short or can't fold so far. The last joint
        may lie beyond its limits: whole turns of the yaw bring it back.
    """
    import numpy as np

    place = np.asarray(positions, np.float64)
    pan = np.arctan2(place[..., 1], place[..., 0])
    ahead = np.hypot(place[..., 0], place[..., 1]) - _WRIST
    above = place[..., 2] + _DROP - _SHOULDER
    cosine = (ahead**2 + above**2 - _UPPER**2 - _FORE**2) / (2 * _UPPER * _FORE)
    with np.errstate(invalid="ignore"):
        bend = np.arccos(cosine)
    lean = np.arctan2(ahead, above)
    shoulder = lean - np.arctan2(_FORE * np.sin(bend), _UPPER + _FORE * np.cos(bend)) - _UPPER_LEAN
    elbow = -(bend + _UPPER_LEAN + _FORE_LEAN)
    last = pan - np.asarray(yaws, np.float64) - HAND_TURN
    none = np.zeros_like(pan)
    joints = np.stack([pan, shoulder, none, elbow, none, shoulder - elbow, last], axis=-1)
    within = (joints[..., :6] >= JOINT_LOW[:6]) & (joints[..., :6] <= JOINT_HIGH[:6])
    joints[~within.all(axis=-1)] = np.nan
    return joints


def solve(position: XYZ, yaw: float, *, start: Sequence[float] = HOME) -> Joints:
    """The joints that bring the tool to a place, the gripper straight down.

    Args:
        position: Of the tool point, in metres, base frame.
        yaw: In radians.
        start: Where the joints are; whole turns are chosen so that the last one moves least.

    Raises:
        ArmError: The arm can't reach there within its joint limits.
    """
    found = _reached(position, yaw)
    turns = [found[6] + 2 * math.pi * k for k in (-1, 0, 1)]
    turns = [turn for turn in turns if JOINT_LOW[6] <= turn <= JOINT_HIGH[6]]
    if not turns:
        raise ArmError(
            f"the gripper can't turn to {math.degrees(yaw):.0f}° at {_said(position)} m: "
            "turn it by 180°, which grasps the same"
        )
    last = min(turns, key=lambda turn: abs(turn - start[6]))
    return (*found[:6], last)


def grasp_yaw(position: XYZ, yaw: float, *, start: Sequence[float] = HOME) -> float:
    """The yaw that grasps as another does, the same or turned by 180°, for the least turning.

    Args:
        position: Of the tool point, in metres, base frame.
        yaw: In radians.
        start: Where the joints are.

    Raises:
        ArmError: The arm can't reach there.
    """
    last = _reached(position, yaw)[6]
    halves = [k for k in range(-3, 4) if _turns(last + math.pi * k)]
    best = min(halves, key=lambda k: abs(last + math.pi * k - start[6]))
    turned = yaw - math.pi * best
    return math.remainder(turned, 2 * math.pi)


def _turns(last: float) -> bool:
    return JOINT_LOW[6] + _MARGIN <= last <= JOINT_HIGH[6] - _MARGIN


def _reached(position: XYZ, yaw: float) -> Joints:
    """A posture whose last joint is brought within a turn of 0."""
    found = [float(angle) for angle in postures(position, yaw)]
    if not all(math.isfinite(angle) for angle in found):
        raise ArmError(
            f"the arm doesn't reach {_said(position)} m with its gripper straight down: "
            "choose a place nearer the middle of the workspace"
        )
    one, two, three, four, five, six, last = found
    return one, two, three, four, five, six, math.remainder(last, 2 * math.pi)


def _said(position: XYZ) -> str:
    return "({:.3f}, {:.3f}, {:.3f})".format(*position)


def _joint_frame(angle: Floats, a: float, d: float, alpha: float) -> Floats:
    import numpy as np

    cos, sin = np.cos(angle), np.sin(angle)
    tilt, rise = math.cos(alpha), math.sin(alpha)
    frame = np.zeros((*angle.shape, 4, 4))
    frame[..., 0, 0], frame[..., 0, 1], frame[..., 0, 3] = cos, -sin, a
    frame[..., 1, 0], frame[..., 1, 1] = sin * tilt, cos * tilt
    frame[..., 1, 2], frame[..., 1, 3] = -rise, -d * rise
    frame[..., 2, 0], frame[..., 2, 1] = sin * rise, cos * rise
    frame[..., 2, 2], frame[..., 2, 3] = tilt, d * tilt
    frame[..., 3, 3] = 1
    return frame
