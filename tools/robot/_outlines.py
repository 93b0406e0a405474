"""What things cover of the table, and how far they are apart."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from deixis.tools.robot._scene import Container, SceneObject

BOWL_WALL: Final = 0.005
TRAY_RIM: Final = 0.006
CONTAINER_FLOOR: Final = 0.004
"""How thick containers are, in metres: bowls' walls, trays' rims, and the floors of both."""

XY = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Outline:
    """A disc, or a turned rectangle, on the table; in metres, base frame.

    Attributes:
        x: Of its middle.
        y: The same.
        half: Half the rectangle's length and width; zeros for a disc.
        yaw: Direction of the rectangle's length, in radians.
        radius: Of the disc; 0 for a rectangle.
    """

    x: float
    y: float
    half: XY = (0.0, 0.0)
    yaw: float = 0.0
    radius: float = 0.0

    @property
    def corners(self) -> tuple[XY, ...]:
        """Of the rectangle; a disc's middle four times."""
        c, s = math.cos(self.yaw), math.sin(self.yaw)
        a, b = self.half
        around = ((a, b), (-a, b), (-a, -b), (a, -b))
        return tuple((self.x + c * u - s * v, self.y + s * u + c * v) for u, v in around)

    @property
    def bounds(self) -> tuple[XY, XY]:
        """The least and the greatest x and y it reaches."""
        xs, ys = zip(*self.corners, strict=True)
        low = (min(xs) - self.radius, min(ys) - self.radius)
        return low, (max(xs) + self.radius, max(ys) + self.radius)


def outline_of(thing: SceneObject | Container) -> Outline:
    """What something of a scene covers of the table, its walls included."""
    if isinstance(thing, Container):
        if thing.kind == "bowl":
            return Outline(x=thing.x, y=thing.y, radius=thing.radius + BOWL_WALL)
        half = (thing.size[0] / 2 + TRAY_RIM, thing.size[1] / 2 + TRAY_RIM)
        return Outline(x=thing.x, y=thing.y, half=half)
    if thing.kind in {"ball", "cylinder"}:
        return Outline(x=thing.x, y=thing.y, radius=thing.size[0] / 2)
    half = (thing.size[0] / 2, thing.size[1] / 2)
    return Outline(x=thing.x, y=thing.y, half=half, yaw=thing.yaw)


def gap(a: Outline, b: Outline) -> float:
    """How far two outlines are apart, in metres; below 0 where they overlap."""
    between = max(_separation(a, b), _separation(b, a))
    if between > 0:  # of disjoint convex outlines the nearest points include a corner
        nearest = [_away(a, corner) for corner in b.corners]
        between = min(nearest + [_away(b, corner) for corner in a.corners])
    return between - a.radius - b.radius


def _separation(a: Outline, b: Outline) -> float:
    """The farthest that one of a's edges keeps b's rectangle off; below 0 where none does."""
    seen = [_seen_from(a, corner) for corner in b.corners]
    us, vs = zip(*seen, strict=True)
    (half_u, half_v) = a.half
    return max(min(us) - half_u, -max(us) - half_u, min(vs) - half_v, -max(vs) - half_v)


def _away(a: Outline, point: XY) -> float:
    """How far a point is from a's rectangle; 0 inside."""
    u, v = _seen_from(a, point)
    return math.hypot(max(abs(u) - a.half[0], 0.0), max(abs(v) - a.half[1], 0.0))


def _seen_from(a: Outline, point: XY) -> XY:
    """A point along a's length and width, from its middle."""
    c, s = math.cos(a.yaw), math.sin(a.yaw)
    dx, dy = point[0] - a.x, point[1] - a.y
    return c * dx + s * dy, c * dy - s * dx
