"""Picking up and putting down: the motions, and what is measured of how they went."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from deixis.tools.robot._errors import ArmError
from deixis.tools.robot._session import Held
from deixis.tools.robot._spots import Grasp, Spot, Target, grasp_of
from deixis.tools.robot._view import View, region
from deixis.vision import XYZ, Segment

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from deixis.tools.robot._arm import Arm

LEAST_GAP: Final = 0.004
"""Between closed fingers that hold something, in metres."""

CARRY: Final = 0.25
"""Height of the tool point over the table when it carries something, in metres."""

NEAR_ENOUGH: Final = 0.06
"""To where a thing was to lie, in metres, to count as put there: it may have to lie beside it."""

_ABOVE = 0.10
_CAREFUL = 0.10
_MOVED = 0.008
_HIGHEST_LYING = 0.22
_LEAST_PIXELS = 25


@dataclass(frozen=True, kw_only=True)
class Picked:
    """How picking up went.

    Attributes:
        held: What the gripper holds; None where it holds nothing.
        said: What happened, in a sentence.
        rise: How far the closed fingers rose, in metres.
        gap: Between the fingers after that, in metres.
        at: Where they closed, in metres, base frame.
        view: The picture after it; None where none could be taken.
    """

    held: Held | None
    said: str
    rise: float
    gap: float
    at: XYZ
    view: View | None


@dataclass(frozen=True, kw_only=True)
class Placed:
    """How putting down went.

    Attributes:
        released: Whether the fingers let go and the thing was seen to lie somewhere.
        said: What happened, in a sentence.
        at: Where it lies: its middle, at the height of its top, in metres; None if not seen.
        off: How far that is from where it was to lie, seen from above, in metres.
        still_held: Whether the fingers hold it still.
        view: The picture after it; None where none could be taken.
    """

    released: bool
    said: str
    at: XYZ | None
    off: float | None
    still_held: bool
    view: View | None


def pick(arm: Arm, target: Target, before: View) -> Picked:
    """Closes the fingers on a thing, lifts it, and looks whether it came along.

    Args:
        arm: Connected, with empty fingers.
        target: What to pick up.
        before: The picture it was seen in.
    """
    grasp = grasp_of(before, target, limits=arm.limits)
    trouble: ArmError | None = None
    low = grasp.position[2]
    rise = 0.0
    try:
        low = _close_on(arm, grasp, target)
        _lift(arm)
        rise = arm.tool.position[2] - low
    except ArmError as error:
        trouble = error
        _let_go(arm)
    view = _look(arm)
    gap = arm.tool.opening
    if trouble is not None:
        return _not_picked(f"the grasp was given up, {_reason(trouble)}", rise, gap, grasp, view)
    if gap <= LEAST_GAP:
        return _not_picked(
            "the fingers closed on nothing, or it slipped out of them", rise, gap, grasp, view
        )
    if view is not None and stands_still(before, view, target.segment):
        _put_back(arm, grasp)
        return _not_picked(
            "something is between the fingers, but the thing still stands where it was, so it "
            "was put back",
            rise,
            arm.tool.opening,
            grasp,
            _look(arm),
        )
    held = Held(
        picked=target.position,
        length=target.length,
        width=target.width,
        turn=0.0 if target.round else math.remainder(target.yaw - grasp.yaw, math.pi),
        below=low,
        across=max(gap, grasp.across if target.segment else 0.0),
    )
    said = f"it was picked up: the fingers hold it {100 * gap:.1f} cm apart"
    return Picked(held=held, said=said, rise=rise, gap=gap, at=grasp.position, view=view)


def place(arm: Arm, spot: Spot, before: View) -> Placed:
    """Lowers what is held, lets go of it, and looks where it lies.

    Args:
        arm: Connected, holding something.
        spot: Where to let go.
        before: The picture in which the spot was pointed at.
    """
    x, y, z = spot.release
    try:
        arm.move_to((x, y, max(CARRY, z)), yaw=spot.yaw)
        if arm.tool.opening <= LEAST_GAP:
            return _slipped(arm)
        arm.move_to((x, y, z), speed=_CAREFUL)
        if arm.tool.opening <= LEAST_GAP:
            return _slipped(arm)
        arm.grip(spot.opening)
        arm.move_to((x, y, max(CARRY, z)))
    except ArmError as error:
        _rise(arm)
        view = _look(arm)
        still = LEAST_GAP < arm.tool.opening < spot.opening - LEAST_GAP
        said = f"putting it down was given up, {_reason(error)}"
        return Placed(released=False, said=said, at=None, off=None, still_held=still, view=view)
    view = _look(arm)
    if view is None or not view.has_depth:
        said = "the fingers let go of it; where it lies can't be measured without depth"
        return Placed(released=True, said=said, at=None, off=None, still_held=False, view=view)
    lies = lies_at(before, view, spot.aim)
    if lies is None:
        said = "the fingers let go of it, but the camera doesn't see where it lies: look again"
        return Placed(released=False, said=said, at=None, off=None, still_held=False, view=view)
    if lies[2] < spot.under + _MOVED:
        said = "the fingers let go of it, but it has fallen off: look where it lies"
        return Placed(released=False, said=said, at=None, off=None, still_held=False, view=view)
    off = math.dist(lies[:2], spot.aim[:2])
    where = f"lies {100 * off:.1f} cm from where it was to lie"
    said = f"it was put down and {where}" if off <= NEAR_ENOUGH else f"it was let go, but {where}"
    return Placed(released=True, said=said, at=lies, off=off, still_held=False, view=view)


def stands_still(before: View, after: View, segment: Segment | None) -> bool:
    """Whether a thing that was picked up is still seen where it was.

    It is gone where the camera now sees through most of its pixels to what is behind it.
    Without depth nothing can be said, and it counts as gone.
    """
    import numpy as np

    if segment is None or not after.has_depth:
        return False
    part = region(segment)
    farther = after.picture.depth[part] - before.picture.depth[part]
    known = np.isfinite(farther) & segment.mask
    if not known.any():
        return False
    least = min(_MOVED, segment.height / 3)
    return float((farther[known] > least).mean()) < 0.5


def lies_at(before: View, after: View, near: XYZ) -> XYZ | None:
    """Where something has come to lie that wasn't there before: the nearest to a place.

    Args:
        before: Taken when it was in the gripper.
        after: Taken by the same camera, from the same place.
        near: Where it was to lie.

    Returns:
        Its middle at the height of its top, in metres, base frame; None if nothing new is seen.
    """
    import cv2
    import numpy as np

    nearer = np.nan_to_num(before.picture.depth - after.picture.depth, nan=0.0) > _MOVED
    points = after.points
    nearer &= (points[..., 2] > _MOVED) & (points[..., 2] < _HIGHEST_LYING)
    count, labels = cv2.connectedComponents(nearer.astype(np.uint8))
    found = [
        part
        for part in (points[labels == label] for label in range(1, count))
        if len(part) >= _LEAST_PIXELS
    ]
    if not found:
        return None
    middles = [_middle(part) for part in found]
    lies = min(middles, key=lambda one: math.dist(one[:2], near[:2]))
    # What is seen apart is measured with its hidden side.
    seen = [s.position for s in after.segments if math.dist(s.position, lies) < 0.02]
    return min(seen, key=lambda one: math.dist(one, lies)) if seen else lies


def _middle(part: NDArray[np.float64]) -> XYZ:
    """Of what is seen of a thing's top."""
    import numpy as np

    top = float(np.percentile(part[:, 2], 98))
    x, y = np.median(part[part[:, 2] > top - 0.006], axis=0)[:2]
    return float(x), float(y), top


def _close_on(arm: Arm, grasp: Grasp, target: Target) -> float:
    """Comes down over a thing and closes; the height at which the fingers closed."""
    x, y, z = grasp.position
    arm.move_to((x, y, max(target.position[2] + _ABOVE, CARRY)), yaw=grasp.yaw)
    arm.grip(grasp.opening)
    arm.move_to((x, y, target.position[2] + 0.03), yaw=grasp.yaw)
    arm.move_to((x, y, z), yaw=grasp.yaw, speed=_CAREFUL)
    low = arm.tool.position[2]
    arm.grip(0.0)
    return low


def _lift(arm: Arm) -> None:
    x, y, z = arm.tool.position
    arm.move_to((x, y, max(CARRY, z)))


def _put_back(arm: Arm, grasp: Grasp) -> None:
    """Where the wrong thing was grasped: down to where it stood, and let go."""
    x, y, z = grasp.position
    try:
        arm.move_to((x, y, CARRY), yaw=grasp.yaw)
        arm.move_to((x, y, z + 0.005), yaw=grasp.yaw, speed=_CAREFUL)
        arm.grip(grasp.opening)
    except ArmError:
        _let_go(arm)
        return
    _rise(arm)


def _let_go(arm: Arm) -> None:
    """After a grasp that was given up: opens, and rises as far as it can."""
    try:
        arm.grip(arm.limits.opening)
    except ArmError:
        return
    _rise(arm)


def _rise(arm: Arm) -> None:
    try:
        _lift(arm)
    except ArmError:
        return


def _look(arm: Arm) -> View | None:
    """The picture after a motion; a stopped arm is seen where it stands."""
    try:
        return View(arm.look())
    except ArmError:
        return None


def _reason(error: ArmError) -> str:
    return f"since {error}"


def _slipped(arm: Arm) -> Placed:
    said = "it slipped out of the fingers on the way"
    return Placed(released=False, said=said, at=None, off=None, still_held=False, view=_look(arm))


def _not_picked(said: str, rise: float, gap: float, grasp: Grasp, view: View | None) -> Picked:
    return Picked(held=None, said=said, rise=rise, gap=gap, at=grasp.position, view=view)
