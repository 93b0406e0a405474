"""From a point of a picture to the world: what stands there, and what could be put there."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from deixis.tools.robot._kinematics import grasp_yaw
from deixis.tools.robot._limits import ArmLimits
from deixis.tools.robot._session import Held
from deixis.vision import (
    XYZ,
    PlaceError,
    Point,
    RgbdImage,
    Segment,
    ToolError,
    segments_of,
)
from deixis.vision._segments import nearest_segment

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

TALLEST: Final = 0.20
"""Of what is picked up or put on, in metres over the table: the arm carries things above it."""

LOWEST_GRASP: Final = 0.010
"""Of the tool point over the table: the pads reach a little below it."""

_FINGER_HALF = 0.009
_FINGER_DEEP = 0.010
_SPARE = 0.004
_DEEPEST = 0.025
_NEIGHBOURS = 0.16
_PATCH = 2
_UNEVEN = 0.015
_GAP_BELOW = 0.006
_GAP_FINGERS = 0.008
_OPENED = 0.022
_ROOM_STEPS: Final = (0.0, 0.01, 0.02, 0.03, 0.04)


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
        surface: Where it is to lie: the point, at the height of what is there, in metres.
        release: Of the tool point when the fingers open, in metres.
        yaw: Of the tool, in radians.
        opening: That the fingers open to, in metres.
    """

    surface: XYZ
    release: XYZ
    yaw: float
    opening: float


def has_depth(picture: RgbdImage) -> bool:
    """Whether a picture knows how far anything is."""
    import numpy as np

    return bool(np.isfinite(picture.depth).any())


def target_at(picture: RgbdImage, at: Point, *, limits: ArmLimits, height_prior: float) -> Target:
    """The thing at a point, for the gripper to close on.

    Args:
        picture: The newest.
        at: In its pixels.
        limits: Of the arm.
        height_prior: Half a thing's height, for a picture without depth.

    Raises:
        ToolError: Nothing stands there, or it can't be picked up.
    """
    if has_depth(picture):
        segment = nearest_segment(segments_of(picture), at.x, at.y)
        if segment is None:
            raise ToolError(f"nothing stands at {shown(at)}: point at the middle of a thing")
        target = _target_of(segment)
    else:
        x, y, _ = _on_plane(picture, at, height_prior)
        wide = limits.opening - _DEEPEST
        target = Target(
            position=(x, y, 2 * height_prior),
            length=wide,
            width=wide,
            yaw=0.0,
            round=True,
            segment=None,
        )
    if target.width > limits.opening - 2 * _SPARE:
        raise ToolError(
            f"what stands at {shown(at)} is {100 * target.width:.1f} cm wide, and the gripper "
            f"opens {100 * limits.opening:.0f} cm: it can't be picked up"
        )
    if target.position[2] > TALLEST:
        raise ToolError(
            f"what stands at {shown(at)} is {100 * target.position[2]:.0f} cm high, and the arm "
            f"carries things over at most {100 * TALLEST:.0f} cm: it can't be picked up"
        )
    limits.check((target.position[0], target.position[1], grasp_height(target)))
    return target


def surface_at(picture: RgbdImage, at: Point, *, limits: ArmLimits) -> XYZ:
    """The place on the table, or on what stands there, that a point shows.

    Args:
        picture: The newest.
        at: In its pixels.
        limits: Of the arm.

    Raises:
        ToolError: There is no depth there, or the place is out of reach or off the table.
    """
    import numpy as np

    if not has_depth(picture):
        place = _on_plane(picture, at, 0.0)
    else:
        row = min(int(at.y), picture.camera.height - 1)
        column = min(int(at.x), picture.camera.width - 1)
        patch = picture.depth[
            max(row - _PATCH, 0) : row + _PATCH + 1, max(column - _PATCH, 0) : column + _PATCH + 1
        ]
        known = patch[np.isfinite(patch)]
        if known.size * 2 < patch.size:
            raise ToolError(f"the camera sees no depth at {shown(at)}: point a little beside it")
        met = picture.camera.deproject((at.x, at.y), float(np.median(known)))
        place = (float(met[0]), float(met[1]), float(met[2]))
    x, y, z = place
    if z < -0.02:
        raise ToolError(f"{shown(at)} is off the table: point at the table or a thing on it")
    if z > TALLEST:
        raise ToolError(
            f"{shown(at)} is {100 * z:.0f} cm over the table, where only the arm is: point at the "
            "table or a thing on it"
        )
    limits.check((x, y, max(z, 0.0) + limits.low[2]))
    return x, y, max(z, 0.0)


def grasp_height(target: Target) -> float:
    """Of the tool point over the table, in metres: half-way down, or the fingers' reach."""
    top = target.position[2]
    return max(top - min(top / 2, _DEEPEST), LOWEST_GRASP)


def grasp_of(picture: RgbdImage, target: Target, *, limits: ArmLimits) -> Grasp:
    """How the fingers best close on a thing: across its width, where they have most room.

    Args:
        picture: In which it was pointed at.
        target: The thing.
        limits: Of the arm.
    """
    x, y, _ = target.position
    z = grasp_height(target)
    others = _others(picture, target, above=z - 2 * _SPARE)
    grips = [
        Grasp(
            position=(x, y, z),
            yaw=grasp_yaw((x, y, z), yaw),
            opening=(opening := min(across + spare, limits.opening)),
            across=across,
            clearance=_clearance(others, (x, y), yaw, opening),
        )
        for yaw, across in _ways(target)
        for spare in (0.025, 0.014)
        if across <= limits.opening - 2 * _SPARE
    ]
    # More room than a centimetre is worth nothing; then fingers wide open, and little turning.
    return max(
        grips,
        key=lambda g: (
            round(min(g.clearance, 0.01) / 0.002),
            round(g.opening, 3),
            -abs(_halfway(g.yaw)),
        ),
    )


def spot_at(picture: RgbdImage, at: Point, held: Held, *, limits: ArmLimits) -> Spot:
    """Where and how to let go of what is held, so that it comes to lie at a point.

    A bowl is aimed at in its middle. Where something is in the way, a place up to 4 cm beside
    the point is taken.

    Args:
        picture: The newest.
        at: In its pixels.
        held: What the gripper holds.
        limits: Of the arm.

    Raises:
        ToolError: The place is out of reach, off the table or has no room.
    """
    x, y, z = surface_at(picture, at, limits=limits)
    if not has_depth(picture):
        return _spot((x, y, z), z, held, yaw=0.0, over=0.0, limits=limits)
    points = _relief(picture, x, y)
    bowl = _bowl_at(picture, at)
    if bowl is not None:
        x, y, z = *bowl.position[:2], _inside(points, bowl)
    found = _roomiest(points, (x, y, z), held, limits, bowl=bowl is not None)
    if found is None:
        raise ToolError(
            f"there is no room at {shown(at)}: something stands in the way within 4 cm; point at "
            "a free place"
        )
    return found


def shown(at: Point) -> str:
    """A point in words."""
    return f"({at.x:.0f}, {at.y:.0f})" + (f" of {at.image}" if at.image else "")


def _on_plane(picture: RgbdImage, at: Point, height: float) -> XYZ:
    try:
        return picture.camera.on_plane(at.x, at.y, height=height)
    except PlaceError as error:
        raise ToolError(str(error)) from None


def _target_of(segment: Segment) -> Target:
    return Target(
        position=segment.position,
        length=segment.length,
        width=segment.width,
        yaw=segment.yaw,
        round=segment.length < 1.2 * segment.width and segment.fill < 0.88,
        segment=segment,
    )


def _ways(target: Target) -> Iterator[tuple[float, float]]:
    """Yaws of the tool, each with the width that the fingers then close on."""
    if target.round:
        for step in range(12):
            yield _halfway(step * math.pi / 12), max(target.width, target.length)
        return
    yield _halfway(target.yaw), target.width
    if target.length < 1.25 * target.width:
        yield _halfway(target.yaw + math.pi / 2), target.length


def _halfway(yaw: float) -> float:
    """The same line of the fingers with the least turning: over −π/2 to π/2."""
    turned = math.remainder(yaw, math.pi)
    return math.pi / 2 if math.isclose(turned, -math.pi / 2) else turned


def _others(picture: RgbdImage, target: Target, *, above: float) -> Floats:
    """Points of what stands beside a thing, higher than the fingers come down to."""
    import numpy as np

    if target.segment is None:
        return np.empty((0, 3))
    x, y, _ = target.position
    own = np.zeros(picture.depth.shape, bool)
    box = target.segment.box
    rows = slice(int(box.y1), int(box.y1) + target.segment.mask.shape[0])
    own[rows, int(box.x1) : int(box.x1) + target.segment.mask.shape[1]] = target.segment.mask
    seen = _relief(picture, x, y, without=own)
    u, v = _turned(seen, (x, y), target.yaw)
    edge = (np.abs(u) < target.length / 2 + _SPARE) & (np.abs(v) < target.width / 2 + _SPARE)
    backs = [
        _filled(one)
        for one in segments_of(picture)
        if one.width < 0.10 and _apart(one, target.segment) and _near(one, x, y)
    ]
    points = np.concatenate([seen[~edge], *backs])
    return points[points[:, 2] > above]


def _apart(one: Segment, other: Segment) -> bool:
    return math.dist(one.position, other.position) > 0.01


def _near(one: Segment, x: float, y: float) -> bool:
    return math.dist(one.position[:2], (x, y)) < _NEIGHBOURS


def _filled(segment: Segment) -> Floats:
    """Points all over a thing's rectangle at its height: the camera sees one side of it only."""
    import numpy as np

    along = np.linspace(-segment.length / 2, segment.length / 2, 9)
    aside = np.linspace(-segment.width / 2, segment.width / 2, 9)
    u, v = (grid.ravel() for grid in np.meshgrid(along, aside))
    cos, sin = math.cos(segment.yaw), math.sin(segment.yaw)
    x, y, z = segment.position
    return np.stack([x + u * cos - v * sin, y + u * sin + v * cos, np.full(u.shape, z)], axis=-1)


def _relief(
    picture: RgbdImage, x: float, y: float, *, without: NDArray[np.bool_] | None = None
) -> Floats:
    """Points of a picture around a place of the table, shape (n, 3)."""
    import numpy as np

    points = picture.points()
    near = np.isfinite(picture.depth) & (points[..., 2] < TALLEST)
    near &= (np.abs(points[..., 0] - x) < _NEIGHBOURS) & (np.abs(points[..., 1] - y) < _NEIGHBOURS)
    if without is not None:
        near &= ~without
    return points[near]


def _turned(points: Floats, middle: tuple[float, float], yaw: float) -> tuple[Floats, Floats]:
    """Points along and across a direction, from a middle."""
    dx, dy = points[:, 0] - middle[0], points[:, 1] - middle[1]
    cos, sin = math.cos(yaw), math.sin(yaw)
    return dx * cos + dy * sin, dy * cos - dx * sin


def _clearance(points: Floats, middle: tuple[float, float], yaw: float, opening: float) -> float:
    """How far the open fingers, seen from above, are from the nearest of some points."""
    import numpy as np

    if not len(points):
        return 0.03
    u, v = _turned(points, middle, yaw)
    along = np.maximum(np.abs(u) - _FINGER_HALF, 0)
    inner, outer = opening / 2, opening / 2 + _FINGER_DEEP
    across = np.maximum(np.maximum(inner - np.abs(v), np.abs(v) - outer), 0)
    return float(min(np.hypot(along, across).min(), 0.03))


def _bowl_at(picture: RgbdImage, at: Point) -> Segment | None:
    """The bowl that a point is on or in: something wide and hollow."""
    x, y, _ = (float(v) for v in _world(picture, at))
    for one in segments_of(picture):
        if one.width < 0.09 or one.height < 0.02 or one.flatness > 0.6:
            continue
        if math.dist(one.position[:2], (x, y)) < one.length / 2 and one.fill > 0.7:
            return one
    return None


def _world(picture: RgbdImage, at: Point) -> Sequence[float]:
    row = min(int(at.y), picture.camera.height - 1)
    column = min(int(at.x), picture.camera.width - 1)
    met = picture.camera.deproject((at.x, at.y), float(picture.depth[row, column]))
    return [float(value) for value in met]


def _inside(points: Floats, bowl: Segment) -> float:
    """Height of a bowl's floor, in metres."""
    import numpy as np

    away = np.hypot(points[:, 0] - bowl.position[0], points[:, 1] - bowl.position[1])
    floor = points[away < bowl.width / 6]
    return max(float(np.median(floor[:, 2])), 0.0) if len(floor) else 0.0


def _roomiest(
    points: Floats, surface: XYZ, held: Held, limits: ArmLimits, *, bowl: bool
) -> Spot | None:
    """The spot nearest a place where what is held lies flat, let go as low as the fingers can."""
    x, y, z = surface
    for away in (0.0,) if bowl else _ROOM_STEPS:
        spots: list[tuple[float, float, Spot]] = []
        for step in range(1 if away == 0 else 12):
            angle = step * math.pi / 6
            place = (x + away * math.cos(angle), y + away * math.sin(angle))
            if not limits.contains((*place, max(z, limits.low[2]))):
                continue
            for yaw in (_halfway(turn * math.pi / 8) for turn in range(8)):
                under = _highest_under(points, place, held, yaw)
                if not bowl and abs(under - z) > _UNEVEN:
                    continue
                over = _highest_at_fingers(points, place, held, yaw)
                spot = _spot((*place, z), max(under, z), held, yaw=yaw, over=over, limits=limits)
                spots.append((round(spot.release[2], 2), abs(yaw), spot))
        if spots:
            return min(spots, key=lambda one: one[:2])[2]
    return None


def _spot(
    surface: XYZ, under: float, held: Held, *, yaw: float, over: float, limits: ArmLimits
) -> Spot:
    low = max(under + held.below + _GAP_BELOW, over + _GAP_FINGERS, LOWEST_GRASP)
    return Spot(
        surface=surface,
        release=(surface[0], surface[1], low),
        yaw=grasp_yaw((surface[0], surface[1], low), yaw),
        opening=min(held.across + _OPENED, limits.opening),
    )


def _highest_under(points: Floats, place: tuple[float, float], held: Held, yaw: float) -> float:
    """Of what a held thing would stand on."""
    import numpy as np

    u, v = _turned(points, place, yaw + held.turn)
    inside = (np.abs(u) < held.length / 2 + 0.003) & (np.abs(v) < held.width / 2 + 0.003)
    # The highest few points: what is there stands there, whatever its share.
    heights = np.sort(points[inside, 2])
    return float(heights[-min(len(heights), 4)]) if len(heights) else 0.0


def _highest_at_fingers(
    points: Floats, place: tuple[float, float], held: Held, yaw: float
) -> float:
    """Of what the opening fingers would come down on."""
    import numpy as np

    u, v = _turned(points, place, yaw)
    outer = (held.across + _OPENED) / 2 + _FINGER_DEEP + _SPARE
    inside = (np.abs(u) < _FINGER_HALF + _SPARE) & (np.abs(v) < outer)
    inside &= np.abs(v) > held.across / 2
    heights = np.sort(points[inside, 2])
    return float(heights[-min(len(heights), 4)]) if len(heights) else 0.0
