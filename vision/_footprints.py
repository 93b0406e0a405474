"""Where a thing stands, from the top and the near side that a picture shows of it.

The middle of what is seen isn't the middle of the thing. So a ball is measured by the sphere
through what is seen of it, a bowl by the circle of its rim, and what has a flat top by that top.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, cast

from deixis.vision._raster import hull_of
from deixis.vision._regions import Part, Surface

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Bools = NDArray[np.bool_]
    Points = NDArray[np.float64]

Form = Literal["ball", "round", "square", "bowl", "zone", "other"]

_TOP: Final = 0.004
_FLAT: Final = 0.45
_SAMPLE: Final = 3000
_ROUND: Final = math.pi / 4
_HOLLOW: Final = 0.15
_BOWL_RADIUS: Final = (0.025, 0.15)
_BALL_RADIUS: Final = (0.008, 0.08)


@dataclass(frozen=True, kw_only=True)
class Outline:
    """The footprint of a thing, seen from above.

    Attributes:
        part: What is seen of it.
        form: What it was measured as.
        top: Which of the part's pixels are its top.
        x: Of its middle, in metres.
        y: The same.
        height: Of its top over the table, in metres.
        length: Of the smallest rectangle around it, in metres.
        width: Of the same, at most the length.
        yaw: Direction of the length, over −π/2 to π/2.
        fill: Share of the rectangle that it fills.
        flatness: Share of it that is level with the top.
    """

    part: Part
    form: Form
    top: Bools
    x: float
    y: float
    height: float
    length: float
    width: float
    yaw: float
    fill: float
    flatness: float

    @property
    def radius(self) -> float:
        """Half its length, in metres."""
        return self.length / 2

    def corners(self, margin: float = 0.0) -> Points:
        """Its outline so much wider, in metres, shape (n, 2)."""
        import numpy as np

        if self.form in ("ball", "round", "bowl"):
            turns = np.linspace(0, 2 * math.pi, 32, endpoint=False)
            ring = np.stack([np.cos(turns), np.sin(turns)], axis=1)
            return ring * (self.radius + margin) + (self.x, self.y)
        along = np.array([math.cos(self.yaw), math.sin(self.yaw)])
        across = np.array([-along[1], along[0]])
        half, side = self.length / 2 + margin, self.width / 2 + margin
        signs = ((1, 1), (1, -1), (-1, -1), (-1, 1))
        return np.array([self.x, self.y]) + [a * half * along + b * side * across for a, b in signs]


def outline_of(surface: Surface, part: Part) -> Outline:
    """The footprint of a raised thing."""
    points = points_of(surface, part)
    height, top = _top(points[:, 2])
    hull = hull_of(points[:, :2])
    area = max(_area(hull), 1e-9)
    flatness = min(1.0, float(top.sum()) * surface.level_pixel / area)
    ball = _ball(points) if flatness < 0.75 else None
    if ball is not None:
        x, y, radius, height = ball
        return Outline(
            part=part, form="ball", top=points[:, 2] > height - radius, x=x, y=y, height=height,
            length=2 * radius, width=2 * radius, yaw=0.0, fill=_ROUND, flatness=flatness,
        )  # fmt: skip
    if (bowl := _bowl(surface, part, points, height, top)) is not None:
        return bowl
    if flatness < _FLAT:
        return _measured(part, points[:, :2], "other", top, height, flatness)
    return _measured(part, points[top, :2], "square", top, height, flatness)


def zone_outline(part: Part, points: Points) -> Outline:
    """The footprint of a flat coloured zone, from its pixels and where they are."""
    import numpy as np

    height = max(0.0, float(np.percentile(points[:, 2], 95)))
    top = np.ones(len(points), bool)
    return _measured(part, points[:, :2], "zone", top, height, 1.0)


def points_of(surface: Surface, part: Part) -> Points:
    """A part's points in metres, shape (n, 3)."""
    import numpy as np

    at = part.rows, part.columns
    return np.stack([surface.x[at], surface.y[at], surface.z[at]], axis=1).astype(np.float64)


def _top(z: NDArray[np.float64]) -> tuple[float, Bools]:
    """Height of the top, and which points are of it."""
    import numpy as np

    highest = float(np.percentile(z, 98))
    top = z > highest - _TOP
    return float(np.median(z[top])), top


def _measured(
    part: Part,
    flat: Points,
    form: Form,
    top: Bools,
    height: float,
    flatness: float,
) -> Outline:
    """A rectangle or a circle around level points, whichever they fill."""
    hull = hull_of(flat)
    x, y, length, width, yaw = _rectangle(hull)
    fill = min(1.0, _area(hull) / max(1e-9, length * width))
    if form == "square" and fill < 0.88 and (circle := _circle(hull)) is not None:
        cx, cy, radius, error = circle
        if error < 0.001 + 0.04 * radius and radius < 0.75 * length:
            return Outline(
                part=part, form="round", top=top, x=cx, y=cy, height=height,
                length=2 * radius, width=2 * radius, yaw=0.0, fill=_ROUND, flatness=flatness,
            )  # fmt: skip
    return Outline(
        part=part, form=form, top=top, x=x, y=y, height=height, length=length, width=width,
        yaw=yaw, fill=fill, flatness=flatness,
    )  # fmt: skip


def _ball(points: Points) -> tuple[float, float, float, float] | None:
    """Middle x and y, radius and top of the sphere that points lie on; None where they don't."""
    import numpy as np

    some = points[:: 1 + len(points) // _SAMPLE]
    middle = some.mean(axis=0)
    around = some - middle
    left = np.column_stack([2 * around, np.ones(len(around))])
    solved = _least_squares(left, (around * around).sum(axis=1))
    centre = solved[:3]
    squared = float(solved[3] + centre @ centre)
    if squared <= 0:
        return None
    radius = math.sqrt(squared)
    off = np.abs(np.linalg.norm(around - centre, axis=1) - radius)
    if np.percentile(off, 90) > 0.0008 + 0.07 * radius:
        return None
    x, y, z = (float(value) for value in centre + middle)
    low, high = _BALL_RADIUS
    # It neither hangs in the air by more than a bowl's rim nor lies in the table.
    if not (low < radius < high and z - radius > -0.012):
        return None
    return x, y, radius, z + radius


def _bowl(
    surface: Surface, part: Part, points: Points, height: float, top: Bools
) -> Outline | None:
    """A rim on a circle around a hollow; None for anything else."""
    import numpy as np

    circle = _circle(hull_of(points[top, :2]))
    if circle is None:
        return None
    x, y, radius, error = circle
    if not _BOWL_RADIUS[0] < radius < _BOWL_RADIUS[1] or error > 0.0015 + 0.03 * radius:
        return None
    away = np.hypot(points[top, 0] - x, points[top, 1] - y)
    if (away < 0.6 * radius).mean() > 0.05:
        return None
    inside = (np.hypot(surface.x - x, surface.y - y) < 0.7 * radius) & (surface.z < height - 0.008)
    seen = float(inside.sum()) * surface.level_pixel / (math.pi * (0.7 * radius) ** 2)
    if seen < _HOLLOW:
        return None
    flatness = min(1.0, float(top.sum()) * surface.level_pixel / (math.pi * radius * radius))
    return Outline(
        part=part, form="bowl", top=top, x=x, y=y, height=height, length=2 * radius,
        width=2 * radius, yaw=0.0, fill=_ROUND, flatness=flatness,
    )  # fmt: skip


def _area(hull: Points) -> float:
    import numpy as np

    x, y = hull[:, 0], hull[:, 1]
    return float(abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1)))) / 2


def _rectangle(hull: Points) -> tuple[float, float, float, float, float]:
    """Middle x and y, length, width and yaw of the smallest rectangle around a hull."""
    import numpy as np

    edges = np.roll(hull, -1, axis=0) - hull
    turns = np.unique(np.arctan2(edges[:, 1], edges[:, 0]) % (math.pi / 2))
    along = np.stack([np.cos(turns), np.sin(turns)], axis=1)
    across = np.stack([-along[:, 1], along[:, 0]], axis=1)
    u, v = hull @ along.T, hull @ across.T
    lengths, widths = np.ptp(u, axis=0), np.ptp(v, axis=0)
    best = int(np.argmin(lengths * widths))
    middle = (u[:, best].max() + u[:, best].min()) / 2 * along[best] + (
        v[:, best].max() + v[:, best].min()
    ) / 2 * across[best]
    length, width, yaw = float(lengths[best]), float(widths[best]), float(turns[best])
    if width > length:
        length, width, yaw = width, length, yaw - math.pi / 2
    if yaw > math.pi / 2:
        yaw -= math.pi
    return float(middle[0]), float(middle[1]), length, width, yaw


def _least_squares(left: Points, right: Points) -> Points:
    import numpy as np

    return cast("Points", np.linalg.lstsq(left, right, rcond=None)[0])


def _circle(hull: Points) -> tuple[float, float, float, float] | None:
    """Middle, radius and worst error of the circle through a hull's corners."""
    import numpy as np

    if len(hull) < 8:
        return None
    middle = hull.mean(axis=0)
    around = hull - middle
    left = np.column_stack([2 * around, np.ones(len(around))])
    solved = _least_squares(left, (around * around).sum(axis=1))
    squared = float(solved[2] + solved[0] ** 2 + solved[1] ** 2)
    if squared <= 0:
        return None
    radius = math.sqrt(squared)
    off = np.abs(np.hypot(around[:, 0] - solved[0], around[:, 1] - solved[1]) - radius)
    x, y = solved[:2] + middle
    return float(x), float(y), radius, float(np.percentile(off, 90))


def joined(surface: Surface, outlines: list[Outline]) -> list[Outline]:
    """Outlines with those made one that are of the same thing."""
    bowls = [one for one in outlines if one.form == "bowl"]
    return [one for one in outlines if not any(_within(one, bowl, surface) for bowl in bowls)]


def _within(one: Outline, bowl: Outline, surface: Surface) -> bool:
    """Whether a region is a piece of a bowl's wall that a thing in it cut off."""
    import numpy as np

    if one is bowl or one.part.colour != bowl.part.colour or one.form == "ball":
        return False
    points = points_of(surface, one.part)
    away = np.hypot(points[:, 0] - bowl.x, points[:, 1] - bowl.y)
    return bool(
        away.max() < bowl.radius + 0.004
        and np.median(away) > 0.6 * bowl.radius
        and one.height < bowl.height + 0.004
    )
