"""Room for the gripper: how its open fingers fit between what stands on the table."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from deixis.tools.robot._view import View
from deixis.vision import Segment

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

Place = tuple[float, float]
"""On the table, in metres, base frame."""

MOST_ROOM: Final = 0.03
"""Beyond which nobody asks how far the next thing is, in metres."""

SPARE: Final = 0.004
"""Kept between a finger and what it isn't to touch, in metres."""

_FINGER_HALF = 0.009
_FINGER_DEEP = 0.010
_WIDEST_THING = 0.10
_NEIGHBOURS = 0.16
# A few stray points are noise, not a thing in the way.
_STRAY = 4


def standing_beside(view: View, thing: Segment, *, above: float) -> Floats:
    """Points of what stands beside a thing, as far as it is higher than the fingers come down to.

    Args:
        view: In which it is seen.
        thing: That is to be grasped.
        above: In metres over the table.

    Returns:
        Metres in the base frame, shape (n, 3).
    """
    import numpy as np

    x, y, _ = thing.position
    seen = view.around(x, y, without=thing)
    along, across = _turned(seen, (x, y), thing.yaw)
    edge = np.abs(along) < thing.length / 2 + SPARE
    edge &= np.abs(across) < thing.width / 2 + SPARE
    backs = [_filled(one) for one in view.segments if _is_beside(one, thing)]
    points = np.concatenate([seen[~edge], *backs])
    return points[points[:, 2] > above]


def clearance(points: Floats, place: Place, *, yaw: float, opening: float) -> float:
    """How far the open fingers, seen from above, are from the nearest of some points.

    Args:
        points: Of what stands around, shape (n, 3).
        place: Of the tool.
        yaw: Of the tool, in radians.
        opening: Of its fingers, in metres.

    Returns:
        Metres, at most `MOST_ROOM`.
    """
    import numpy as np

    if not len(points):
        return MOST_ROOM
    along, across = _turned(points, place, yaw)
    before = np.maximum(np.abs(along) - _FINGER_HALF, 0)
    inner, outer = opening / 2, opening / 2 + _FINGER_DEEP
    beside = np.maximum(np.maximum(inner - np.abs(across), np.abs(across) - outer), 0)
    return float(min(np.hypot(before, beside).min(), MOST_ROOM))


def highest_under(
    points: Floats, place: Place, *, yaw: float, length: float, width: float
) -> float:
    """Height of what a thing would stand on, in metres.

    Args:
        points: Of what is there, shape (n, 3).
        place: Of the thing's middle.
        yaw: Direction of its length, in radians.
        length: In metres.
        width: In metres.
    """
    import numpy as np

    along, across = _turned(points, place, yaw)
    inside = np.abs(along) < length / 2 + SPARE
    inside &= np.abs(across) < width / 2 + SPARE
    return _highest(points[inside])


def highest_at_fingers(
    points: Floats, place: Place, *, yaw: float, closed: float, opened: float
) -> float:
    """Height of what fingers would come down on, or touch as they open, in metres.

    Args:
        points: Of what is there, shape (n, 3).
        place: Of the tool.
        yaw: Of the tool, in radians.
        closed: Between the fingers before they open, in metres.
        opened: The same after it.
    """
    import numpy as np

    along, across = _turned(points, place, yaw)
    inside = np.abs(along) < _FINGER_HALF + SPARE
    inside &= np.abs(across) < opened / 2 + _FINGER_DEEP + SPARE
    inside &= np.abs(across) > closed / 2
    return _highest(points[inside])


def floor_of(points: Floats, bowl: Segment) -> float:
    """Height of a bowl's floor, or of what lies on it, in metres."""
    import numpy as np

    away = np.hypot(points[:, 0] - bowl.position[0], points[:, 1] - bowl.position[1])
    floor = points[away < bowl.width / 6]
    return max(float(np.median(floor[:, 2])), 0.0) if len(floor) else 0.0


def _highest(points: Floats) -> float:
    import numpy as np

    heights = np.sort(points[:, 2])
    return float(heights[-min(len(heights), _STRAY)]) if len(heights) else 0.0


def _is_beside(one: Segment, thing: Segment) -> bool:
    away = math.dist(one.position[:2], thing.position[:2])
    return one.width < _WIDEST_THING and 0.01 < away < _NEIGHBOURS


def _filled(segment: Segment) -> Floats:
    """Points all over a thing's rectangle at its height: the camera sees one side of it only."""
    import numpy as np

    length = np.linspace(-segment.length / 2, segment.length / 2, 9)
    width = np.linspace(-segment.width / 2, segment.width / 2, 9)
    along, across = (grid.ravel() for grid in np.meshgrid(length, width))
    cos, sin = math.cos(segment.yaw), math.sin(segment.yaw)
    x, y, z = segment.position
    return np.stack(
        [x + along * cos - across * sin, y + along * sin + across * cos, np.full(along.shape, z)],
        axis=-1,
    )


def _turned(points: Floats, place: Place, yaw: float) -> tuple[Floats, Floats]:
    """Points along and across a direction, from a place."""
    dx, dy = points[:, 0] - place[0], points[:, 1] - place[1]
    cos, sin = math.cos(yaw), math.sin(yaw)
    return dx * cos + dy * sin, dy * cos - dx * sin
