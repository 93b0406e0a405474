"""From a point of a picture to the world: what could be grasped there, or put there."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from deixis.tools.robot._kinematics import grasp_yaw
from deixis.tools.robot._limits import ArmLimits
from deixis.tools.robot._room import (
    MOST_ROOM,
    SPARE,
    clearance,
    floor_of,
    highest_at_fingers,
    highest_under,
    standing_beside,
)
from deixis.tools.robot._session import Held
from deixis.tools.robot._view import TALLEST, View, shown
from deixis.vision import XYZ, PlaceError, Point, Segment, ToolError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

LOWEST_GRASP: Final = 0.010
"""Of the tool point over the table, in metres: the pads reach a little below it."""

# Wider open than the thing, with the most room there is and with little.
_SPARES: Final = (0.025, 0.014)
_ENOUGH = 0.01
_DEEPEST = 0.025
_OFF_TABLE = -0.02
_UNEVEN = 0.015
_GAP_BELOW = 0.006
_GAP_FINGERS = 0.008
_OPENED = 0.022
_BESIDE: Final = (0.0, 0.01, 0.02, 0.03, 0.04)


@dataclass(frozen=True, kw_only=True)
class Target:
    """A thing that the gripper can close on.

    Attributes:
        position: Middle of it, at the height of its top, in metres, base frame.
        length: Of the smallest rectangle around it seen from above, in metres.
        width: Of the same.
        yaw: Direction of the length, in radians.
        round: Whether it looks the same from all sides.
        segment: As seen; None where the picture has no depth.
    """

    position: XYZ
    length: float
    width: float
    yaw: float
    round: bool
    segment: Segment | None


@dataclass(frozen=True, kw_only=True)
class Grasp:
    """How the fingers close on a thing.

    Attributes:
        position: Of the tool point, in metres, base frame.
        yaw: Of the tool, in radians.
        opening: Of the fingers on the way down, in metres.
        across: Width of the thing where they close, in metres.
        clearance: Between the open fingers and what stands beside, in metres; at most 3 cm.
    """

    position: XYZ
    yaw: float
    opening: float
    across: float
    clearance: float


@dataclass(frozen=True, kw_only=True)
class Spot:
    """Where a held thing is let go.

    Attributes:
        aim: Where it is to lie: what was pointed at, or the middle of the bowl, in metres.
        release: Of the tool point when the fingers open, in metres.
        yaw: Of the tool, in radians.
        opening: That the fingers open to, in metres.
        under: Height of what it is put on, in metres.
    """

    aim: XYZ
    release: XYZ
    yaw: float
    opening: float
    under: float = 0.0


def target_at(view: View, at: Point, *, limits: ArmLimits, height_prior: float) -> Target:
    """The thing at a point, for the gripper to close on.

    Args:
        view: The newest.
        at: In its pixels.
        limits: Of the arm.
        height_prior: Half a thing's height, for a picture without depth.

    Raises:
        ToolError: Nothing stands there, or it can't be picked up.
    """
    target = _seen_at(view, at) if view.has_depth else _assumed(view, at, limits, height_prior)
    if target.width > limits.opening - 2 * SPARE:
        raise ToolError(
            f"what stands at {shown(at)} is {100 * target.width:.1f} cm wide, and the gripper "
            f"opens {100 * limits.opening:.0f} cm: it can't be picked up"
        )
    x, y, top = target.position
    if top > TALLEST:
        raise ToolError(
            f"what stands at {shown(at)} is {100 * top:.0f} cm high, and the arm picks up at most "
            f"{100 * TALLEST:.0f} cm: it can't be picked up"
        )
    limits.check((x, y, _grasp_height(target)))
    return target


def surface_at(view: View, at: Point, *, limits: ArmLimits) -> XYZ:
    """The place on the table, or on what stands there, that a point shows.

    Args:
        view: The newest.
        at: In its pixels.
        limits: Of the arm.

    Raises:
        ToolError: There is no depth there, or the place is out of reach or off the table.
    """
    place = view.place_of(at) if view.has_depth else _on_plane(view, at, 0.0)
    if place is None:
        raise ToolError(f"the camera sees no depth at {shown(at)}: point a little beside it")
    x, y, z = place
    if z < _OFF_TABLE:
        raise ToolError(f"{shown(at)} is off the table: point at the table or a thing on it")
    if z > TALLEST:
        raise ToolError(
            f"{shown(at)} is {100 * z:.0f} cm over the table, where only the arm is: point at the "
            "table or a thing on it"
        )
    limits.check((x, y, max(z, 0.0) + LOWEST_GRASP))
    return x, y, max(z, 0.0)


def grasp_of(view: View, target: Target, *, limits: ArmLimits) -> Grasp:
    """How the fingers best close on a thing: across its width, where they have most room.

    Args:
        view: In which it was pointed at.
        target: The thing.
        limits: Of the arm.

    Raises:
        ArmError: The arm doesn't reach it.
    """
    x, y, _ = target.position
    z = _grasp_height(target)
    beside = target.segment and standing_beside(view, target.segment, above=z - 2 * SPARE)

    def grasp(yaw: float, across: float, spare: float) -> Grasp:
        opening = min(across + spare, limits.opening)
        return Grasp(
            position=(x, y, z),
            yaw=grasp_yaw((x, y, z), yaw),
            opening=opening,
            across=across,
            clearance=MOST_ROOM
            if beside is None
            else clearance(beside, (x, y), yaw=yaw, opening=opening),
        )

    def worth(one: Grasp) -> tuple[float, float, float]:
        """More room than enough is worth nothing; then fingers wide open, and little turning."""
        room = round(min(one.clearance, _ENOUGH) / 0.002)
        return room, round(one.opening, 3), -abs(_least(one.yaw))

    ways = [(yaw, across, spare) for yaw, across in _ways(target, limits) for spare in _SPARES]
    return max((grasp(*way) for way in ways), key=worth)


def spot_at(view: View, at: Point, held: Held, *, limits: ArmLimits) -> Spot:
    """Where and how to let go of what is held, so that it comes to lie at a point.

    A bowl is aimed at in its middle. Where something is in the way, a place up to 4 cm beside
    the point is taken.

    Args:
        view: The newest.
        at: In its pixels.
        held: What the gripper holds.
        limits: Of the arm.

    Raises:
        ToolError: The place is out of reach, off the table or has no room.
    """
    x, y, z = surface_at(view, at, limits=limits)
    if not view.has_depth:
        return _spot((x, y, z), (x, y), held, yaw=0.0, under=z, over=0.0, limits=limits)
    points = view.around(x, y)
    bowl = view.bowl_at(at)
    if bowl is not None:
        aim = (*bowl.position[:2], floor_of(points, bowl))
        return _lowest(_spots(points, aim, 0.0, held, limits=limits, flat=False))
    for away in _BESIDE:
        if spots := list(_spots(points, (x, y, z), away, held, limits=limits, flat=True)):
            return _lowest(spots)
    raise ToolError(
        f"there is no room at {shown(at)}: something stands in the way within 4 cm; point at a "
        "free place"
    )


def _seen_at(view: View, at: Point) -> Target:
    segment = view.segment_at(at)
    if segment is None:
        raise ToolError(f"nothing stands at {shown(at)}: point at the middle of a thing")
    return Target(
        position=segment.position,
        length=segment.length,
        width=segment.width,
        yaw=segment.yaw,
        round=segment.length < 1.2 * segment.width and segment.fill < 0.88,
        segment=segment,
    )


def _assumed(view: View, at: Point, limits: ArmLimits, height_prior: float) -> Target:
    """What a point without depth is taken for: as high as things are, and as wide as can be."""
    x, y, _ = _on_plane(view, at, height_prior)
    wide = limits.opening - _SPARES[0]
    return Target(
        position=(x, y, 2 * height_prior),
        length=wide,
        width=wide,
        yaw=0.0,
        round=False,
        segment=None,
    )


def _on_plane(view: View, at: Point, height: float) -> XYZ:
    try:
        return view.picture.camera.on_plane(at.x, at.y, height=height)
    except PlaceError as error:
        raise ToolError(str(error)) from None


def _grasp_height(target: Target) -> float:
    """Of the tool point over the table: half-way down a thing, or as deep as the fingers go."""
    top = target.position[2]
    return max(top - min(top / 2, _DEEPEST), LOWEST_GRASP)


def _ways(target: Target, limits: ArmLimits) -> Iterator[tuple[float, float]]:
    """Yaws of the tool, each with the width that the fingers then close on."""
    if target.round:
        for step in range(12):
            yield _least(step * math.pi / 12), target.width
        return
    yield _least(target.yaw), target.width
    if target.length < min(1.25 * target.width, limits.opening - 2 * SPARE):
        yield _least(target.yaw + math.pi / 2), target.length


def _least(yaw: float) -> float:
    """The same line of the fingers with the least turning: over −π/2 to π/2."""
    return math.remainder(yaw, math.pi)


def _ring(middle: tuple[float, float], away: float) -> Iterator[tuple[float, float]]:
    for step in range(12 if away else 1):
        angle = step * math.pi / 6
        yield middle[0] + away * math.cos(angle), middle[1] + away * math.sin(angle)


def _spots(
    points: Floats, aim: XYZ, away: float, held: Held, *, limits: ArmLimits, flat: bool
) -> Iterator[Spot]:
    """Where what is held could be let go, so far from the aim; on even ground only, if flat."""
    for place in _ring((aim[0], aim[1]), away):
        if not limits.contains((*place, aim[2] + LOWEST_GRASP)):
            continue
        for yaw in (_least(turn * math.pi / 8) for turn in range(8)):
            under = highest_under(
                points, place, yaw=yaw + held.turn, length=held.length, width=held.width
            )
            if flat and abs(under - aim[2]) > _UNEVEN:
                continue
            over = highest_at_fingers(
                points,
                place,
                yaw=yaw,
                closed=held.across,
                opened=min(held.across + _OPENED, limits.opening),
            )
            yield _spot(aim, place, held, yaw=yaw, under=under, over=over, limits=limits)


def _spot(
    aim: XYZ,
    place: tuple[float, float],
    held: Held,
    *,
    yaw: float,
    under: float,
    over: float,
    limits: ArmLimits,
) -> Spot:
    low = max(under + held.below + _GAP_BELOW, over + _GAP_FINGERS, LOWEST_GRASP)
    return Spot(
        aim=aim,
        under=under,
        release=(*place, low),
        yaw=grasp_yaw((*place, low), yaw),
        opening=min(held.across + _OPENED, limits.opening),
    )


def _lowest(spots: Iterable[Spot]) -> Spot:
    """The one with the least to fall, and with the least turning."""
    return min(spots, key=lambda one: (round(one.release[2], 2), abs(_least(one.yaw))))
