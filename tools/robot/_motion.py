"""Plans motions at the control rate, and checks the whole way before anything moves."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from deixis.tools.robot._errors import ArmError
from deixis.tools.robot._kinematics import (
    HAND_TURN,
    JOINT_HIGH,
    JOINT_LOW,
    JOINTS,
    link_frames,
    postures,
    tool_on,
    tool_pose,
)
from deixis.tools.robot._limits import ArmLimits

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Path = Callable[[Floats], Floats]

STEP: Final = 0.02
"""Of the control cycle, in seconds."""

# Planned below the limits, so that what is measured stays under them though joints lag and swing.
_SHARE = 0.9
_RAMP = 0.25
_LONGEST = 60.0
TOLERANCE = 1e-6
_DIVISIONS = 80
# Half of the arm's thickness, in metres: as low as its axes come over the workspace's floor.
_THICK = 0.06
# From farther out than that the way in may lead through the arm itself.
_ASTRAY = 0.15


def straight(start: Floats, goal: Floats) -> Path:
    """The way on which the tool goes in a straight line and turns evenly.

    Args:
        start: Where the joints are, in radians, shape (7,). Where the gripper doesn't point
            straight down there, it is brought down on the way, which bends the line.
        goal: Where they are to be, gripper down.
    """
    import numpy as np

    ends = np.stack([start, goal])
    places = tool_pose(ends)[:, :3, 3]
    # Not of the pose, which can't tell whole turns of the last joint apart.
    yaws = np.arctan2(places[:, 1], places[:, 0]) - ends[:, 6] - HAND_TURN
    rest = start - postures(places[0], yaws[0])
    if not np.isfinite(rest).all():
        return swung(start, goal)

    def at(shares: Floats) -> Floats:
        part = shares[:, np.newaxis]
        line = places[0] + part * (places[1] - places[0])
        return postures(line, yaws[0] + shares * (yaws[1] - yaws[0])) + (1 - part) * rest

    return at


def swung(start: Floats, goal: Floats) -> Path:
    """The way on which each joint turns evenly; the tool goes on a bow."""

    def at(shares: Floats) -> Floats:
        return start + shares[:, None] * (goal - start)

    return at


def timed(path: Path, *, limits: ArmLimits, speed: float) -> Floats:
    """Joints at each control step on a way, starting and ending at rest.

    Args:
        path: From a share of the way, 0 to 1, to joints.
        limits: Whose joint speed holds too.
        speed: Of the tool at its fastest, in m/s.

    Returns:
        Radians, shape (steps, 7), without the start.

    Raises:
        ArmError: The arm doesn't reach all of the way, or it would take over a minute.
    """
    import numpy as np

    coarse = path(np.linspace(0, 1, _DIVISIONS + 1))
    if not np.isfinite(coarse).all():
        raise ArmError(
            "the arm doesn't reach all of the way there with its gripper straight down: "
            "go there over a place nearer the middle of the workspace"
        )
    tool, turn = (rate * _DIVISIONS for rate in _largest(coarse))
    turning = min(limits.joint_speed, limits.joint_step / STEP)
    cruise = max(tool / (speed * _SHARE), turn / (turning * _SHARE))
    while True:
        total = cruise + _RAMP if cruise > _RAMP else 2 * math.sqrt(cruise * _RAMP)
        if not total <= _LONGEST:
            raise ArmError(f"the motion would take over {_LONGEST:.0f} s: go faster, or less far")
        count = max(1, math.ceil(total / STEP))
        ramp = min(_RAMP, total / 2) / total if total else 0.5
        joints = path(_eased(np.arange(count + 1) / count, ramp))
        tool, turn = (rate / STEP for rate in _largest(joints))
        excess = max(tool / speed, turn / turning)
        if excess <= 1:
            return joints[1:]
        cruise *= excess * 1.05


def check(joints: Floats, *, start: Floats, opening: float, limits: ArmLimits) -> None:
    """Checks every step of a motion.

    A start a little beyond the limits is allowed; from there only what comes nearer to them.

    Args:
        joints: At each control step, shape (steps, 7).
        start: Before the first one, shape (7,).
        opening: Of the gripper at its widest on the way, in metres.
        limits: Workspace and speeds.

    Raises:
        ArmError: A step breaks a limit.
    """
    import numpy as np

    way = np.concatenate([start[np.newaxis], joints])
    if not np.isfinite(way).all():
        raise ArmError("the arm doesn't reach all of the way there: choose a nearer place")
    beyond = np.maximum(np.array(JOINT_LOW) - way, way - np.array(JOINT_HIGH))
    for i, name in enumerate(JOINTS):
        if not _comes_in(beyond[:, i]):
            raise ArmError(f"{name} would pass its limit on the way: choose another yaw or place")
    out = outside(way, opening, limits)
    if out[0] > _ASTRAY:
        raise ArmError(
            f"the arm stands {out[0]:.2f} m outside the workspace, perhaps behind its own base: "
            "move it inside by hand"
        )
    if not _comes_in(out):
        x, y, z = tool_pose(way[int(np.argmax(out))])[:3, 3]
        raise ArmError(
            f"on the way, with the tool at ({x:.3f}, {y:.3f}, {z:.3f}) m, it or a fingertip would "
            f"be outside the workspace, which spans {limits.low} to {limits.high}, or the arm too "
            "near the table: keep farther inside, or choose another yaw"
        )
    tool, turn = _largest(way)
    if turn > min(limits.joint_step, limits.joint_speed * STEP * (1 + TOLERANCE)):
        raise ArmError("a joint would turn too fast on the way: choose a nearer place")
    if tool > limits.tool_speed * STEP * (1 + TOLERANCE):
        raise ArmError("the tool would move too fast on the way: choose a nearer place")


def bounded(start: Floats, wanted: Floats, *, opening: float, limits: ArmLimits) -> Floats:
    """As much of a joint move as one control step and the limits allow.

    Args:
        start: Where the joints are, in radians, shape (7,).
        wanted: Where they are asked to be.
        opening: Of the gripper, in metres.
        limits: Workspace and speeds.

    Returns:
        Joints on the straight way between the two in joint space; the start where nothing of it
        is allowed.
    """
    import numpy as np

    delta = np.clip(wanted, JOINT_LOW, JOINT_HIGH) - start
    most = float(np.abs(delta).max())
    if most <= 0:
        return start.copy()
    delta *= min(1.0, min(limits.joint_step, limits.joint_speed * STEP * _SHARE) / most)
    farthest = limits.tool_speed * STEP
    moved = _moved(np.stack([start, start + delta]))
    delta *= min(1.0, farthest * _SHARE / max(moved, TOLERANCE))
    shares = np.linspace(0, 1, 9)
    way = start + shares[:, np.newaxis] * delta
    points = tool_pose(way)[:, :3, 3]
    fits = np.linalg.norm(points - points[0], axis=-1) <= farthest
    out = outside(way, opening, limits)
    fits &= _inward(out) & (out[0] <= _ASTRAY)
    last = int(np.argmin(fits)) - 1 if not fits.all() else len(shares) - 1
    return way[max(last, 0)]


def _tips(pose: Floats, opening: float) -> Floats:
    """The tool point and both fingertips, in metres, shape (…, 3, 3), for poses (…, 4, 4)."""
    import numpy as np

    middle, across = pose[..., :3, 3], pose[..., :3, 1] * (opening / 2)
    return np.stack([middle, middle + across, middle - across], axis=-2)


def outside(joints: Floats, opening: float, limits: ArmLimits) -> Floats:
    """How far the arm is out of where it may be, in metres; 0 inside.

    Args:
        joints: In radians, shape (…, 7).
        opening: Of the gripper, in metres.
        limits: Tool and fingertips keep in their workspace; elbow, wrist and flange clear of the
            table, as thick as they are.
    """
    import numpy as np

    frames = link_frames(joints)
    points = _tips(tool_on(frames[..., 7, :, :]), opening)
    over = np.maximum(np.array(limits.low) - points, points - np.array(limits.high))
    under = limits.low[2] + _THICK - frames[..., 3:, 2, 3].min(axis=-1)
    return np.maximum(np.maximum(over, 0).max(axis=(-2, -1)), under)


def _inward(beyond: Floats) -> NDArray[np.bool_]:
    """Of each step, whether it lies within a limit or goes no farther out than any before."""
    import numpy as np

    nearest = np.minimum.accumulate(beyond)
    return beyond <= np.maximum(TOLERANCE, np.concatenate([beyond[:1], nearest[:-1]]))


def _comes_in(beyond: Floats) -> bool:
    return bool(_inward(beyond).all())


def _largest(joints: Floats) -> tuple[float, float]:
    """The longest way of the tool between two steps, and the largest turn of a joint."""
    import numpy as np

    return _moved(joints), float(np.abs(np.diff(joints, axis=0)).max(initial=0))


def _moved(joints: Floats) -> float:
    import numpy as np

    points = tool_pose(joints)[:, :3, 3]
    return float(np.linalg.norm(np.diff(points, axis=0), axis=-1).max(initial=0))


def _eased(times: Floats, ramp: float) -> Floats:
    """Shares of the way at shares of the time: smoothly up to speed, on, and smoothly down."""
    import numpy as np

    fastest = 1 / (1 - ramp)
    up = np.minimum(times, ramp) / ramp
    down = np.minimum(1 - times, ramp) / ramp
    cruise = np.clip(times, ramp, 1 - ramp) - ramp
    sides = (up**3 - up**4 / 2) + (0.5 - (down**3 - down**4 / 2))
    return fastest * (cruise + ramp * sides)
