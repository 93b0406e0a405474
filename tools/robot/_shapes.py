"""Solid shapes that rays can meet: what the ray caster's pictures are made of."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from deixis.tools.robot._labels import label_picture
from deixis.vision._camera import XYZ

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_NEAREST: Final = 1e-6
_FLAT: Final = 1e-12


@dataclass(frozen=True, kw_only=True)
class Rays:
    """Rays from a camera, of length 1 along its optical axis: so far along a ray is so deep.

    Attributes:
        origin: Of all of them, in metres, shape (3,).
        along: Their directions, shape (n, 3).
        focal: Of the camera, in pixels.
    """

    origin: Floats
    along: Floats
    focal: float


@dataclass(frozen=True, kw_only=True)
class Hits:
    """Where rays first meet a body.

    Attributes:
        depth: Along each ray, shape (n,); infinite where it misses.
        normal: Of the surface there, of length 1, shape (n, 3); anything where it misses.
        colour: There, from 0 to 1, shape (n, 3).
    """

    depth: Floats
    normal: Floats
    colour: Floats


@dataclass(frozen=True, kw_only=True)
class Body(ABC):
    """Something solid of one colour: red, green and blue from 0 to 1."""

    colour: XYZ

    @property
    @abstractmethod
    def bounds(self) -> tuple[XYZ, XYZ]:
        """The least and the greatest coordinates it reaches, in metres."""

    @abstractmethod
    def meet(self, rays: Rays) -> Hits:
        """Where rays that begin outside of it meet it."""

    def _hits(self, depth: Floats, normal: Floats) -> Hits:
        import numpy as np

        return Hits(depth=depth, normal=normal, colour=np.broadcast_to(self.colour, normal.shape))


@dataclass(frozen=True, kw_only=True)
class Block(Body):
    """A box that stands upright, turned about the vertical.

    Attributes:
        middle: Of the box, in metres.
        size: Length, width and height, in metres.
        yaw: Direction of its length, in radians.
        label: Printed on its top along its length.
    """

    middle: XYZ
    size: XYZ
    yaw: float = 0.0
    label: str | None = None

    @property
    def bounds(self) -> tuple[XYZ, XYZ]:
        """The least and the greatest coordinates it reaches, in metres."""
        c, s = abs(math.cos(self.yaw)), abs(math.sin(self.yaw))
        length, width, height = self.size
        return _around(self.middle, (c * length + s * width, s * length + c * width, height))

    def meet(self, rays: Rays) -> Hits:
        """Where rays meet it, its label printed on its top."""
        import numpy as np

        c, s = math.cos(self.yaw), math.sin(self.yaw)
        turn = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])  # its axes, as columns
        start = (rays.origin - self.middle) @ turn
        along = rays.along @ turn
        along = np.where(np.abs(along) < _FLAT, _FLAT, along)
        half = np.array(self.size) / 2
        near = (-np.sign(along) * half - start) / along
        far = (np.sign(along) * half - start) / along
        axis = np.argmax(near, axis=1)
        enter = np.take_along_axis(near, axis[:, np.newaxis], axis=1)[:, 0]
        hit = (enter <= far.min(axis=1)) & (enter > _NEAREST)
        depth = np.where(hit, enter, np.inf)
        side = np.zeros_like(along)
        rows = np.arange(len(along))
        side[rows, axis] = -np.sign(along[rows, axis])
        hits = self._hits(depth, side @ turn.T)
        if self.label is None:
            return hits
        top = hit & (axis == 2) & (side[:, 2] > 0)
        if not top.any():
            return hits
        colour = hits.colour.copy()
        per_metre = rays.focal / float(enter[top].min())
        colour[top] = self._printed(start + along[top] * enter[top, np.newaxis], per_metre)
        return Hits(depth=hits.depth, normal=hits.normal, colour=colour)

    def _printed(self, points: Floats, per_metre: float) -> Floats:
        """Colours of points of its top, given along its length and width."""
        import numpy as np

        length, width, _ = self.size
        picture = label_picture(self.label or "", length=length, width=width, colour=self.colour)
        # At the picture's own scale, so that thin strokes are averaged and not skipped.
        share = min(1.0, per_metre * length / picture.width)
        picture = picture.resize((round(picture.width * share), round(picture.height * share)))
        texels = np.asarray(picture, np.float64) / 255
        across = (points[:, 0] / length + 0.5) * picture.width - 0.5
        down = (0.5 - points[:, 1] / width) * picture.height - 0.5
        return _between(texels, across, down)


@dataclass(frozen=True, kw_only=True)
class Ball(Body):
    """A sphere; its middle and radius in metres."""

    middle: XYZ
    radius: float

    @property
    def bounds(self) -> tuple[XYZ, XYZ]:
        """The least and the greatest coordinates it reaches, in metres."""
        across = 2 * self.radius
        return _around(self.middle, (across, across, across))

    def meet(self, rays: Rays) -> Hits:
        """Where rays meet it."""
        start, along = rays.origin - self.middle, rays.along
        depth = _sphere(start, along, self.radius)
        return self._hits(depth, (start + along * _finite(depth)) / self.radius)


@dataclass(frozen=True, kw_only=True)
class Drum(Body):
    """A cylinder that stands upright; its middle, radius and height in metres."""

    middle: XYZ
    radius: float
    height: float

    @property
    def bounds(self) -> tuple[XYZ, XYZ]:
        """The least and the greatest coordinates it reaches, in metres."""
        return _around(self.middle, (2 * self.radius, 2 * self.radius, self.height))

    def meet(self, rays: Rays) -> Hits:
        """Where rays meet it."""
        start, along, half = rays.origin - self.middle, rays.along, self.height / 2
        wall, _ = _tube(start, along, self.radius, low=-half, high=half)
        lids = [
            (_disc(start, along, z, outer=self.radius), _level(along, z)) for z in (half, -half)
        ]
        return self._hits(*_first([(wall, _outward(start, along, wall, self.radius)), *lids]))


@dataclass(frozen=True, kw_only=True)
class Bowl(Body):
    """A round bowl with an upright wall.

    Attributes:
        bottom: Middle of its underside, in metres.
        radius: Inner, in metres.
        height: Of its rim over its underside, in metres.
        wall: How thick the wall is, in metres.
        floor: How thick the floor is, in metres.
    """

    bottom: XYZ
    radius: float
    height: float
    wall: float
    floor: float

    @property
    def bounds(self) -> tuple[XYZ, XYZ]:
        """The least and the greatest coordinates it reaches, in metres."""
        x, y, z = self.bottom
        outer = self.radius + self.wall
        return (x - outer, y - outer, z), (x + outer, y + outer, z + self.height)

    def meet(self, rays: Rays) -> Hits:
        """Where rays meet it: outside, rim, inside, floor or underside."""
        start, along = rays.origin - self.bottom, rays.along
        outer = self.radius + self.wall
        outside, _ = _tube(start, along, outer, low=0, high=self.height)
        _, inside = _tube(start, along, self.radius, low=self.floor, high=self.height)
        rim = _disc(start, along, self.height, inner=self.radius, outer=outer)
        floor = _disc(start, along, self.floor, outer=self.radius)
        under = _disc(start, along, 0, outer=outer)
        met = [
            (outside, _outward(start, along, outside, outer)),
            (inside, -_outward(start, along, inside, self.radius)),
            (rim, _level(along, 1)),
            (floor, _level(along, 1)),
            (under, _level(along, -1)),
        ]
        return self._hits(*_first(met))


@dataclass(frozen=True, kw_only=True)
class Capsule(Body):
    """A rod with round ends, from one point to another; in metres."""

    start: XYZ
    end: XYZ
    radius: float

    @property
    def bounds(self) -> tuple[XYZ, XYZ]:
        """The least and the greatest coordinates it reaches, in metres."""
        low = [min(a, b) - self.radius for a, b in zip(self.start, self.end, strict=True)]
        high = [max(a, b) + self.radius for a, b in zip(self.start, self.end, strict=True)]
        return (low[0], low[1], low[2]), (high[0], high[1], high[2])

    def meet(self, rays: Rays) -> Hits:
        """Where rays meet it."""
        import numpy as np

        along = rays.along
        met: list[tuple[Floats, Floats]] = []
        for middle in (self.start, self.end):
            to = rays.origin - middle
            depth = _sphere(to, along, self.radius)
            met.append((depth, (to + along * _finite(depth)) / self.radius))
        rod = np.subtract(self.end, self.start)
        length = float(np.linalg.norm(rod))
        if length > _NEAREST:
            axis, to = rod / length, rays.origin - self.start
            across = along - np.outer(along @ axis, axis)
            depth, _ = _roots(to - (to @ axis) * axis, across, self.radius)
            at = to + along * _finite(depth)
            reach = at @ axis
            depth = np.where((reach >= 0) & (reach <= length), depth, np.inf)
            met.append((depth, (at - np.outer(reach, axis)) / self.radius))
        return self._hits(*_first(met))


def _around(middle: XYZ, size: XYZ) -> tuple[XYZ, XYZ]:
    (x, y, z), (a, b, c) = middle, size
    return (x - a / 2, y - b / 2, z - c / 2), (x + a / 2, y + b / 2, z + c / 2)


def _finite(depth: Floats) -> Floats:
    """As a column, misses at 0, so that no point is computed from infinity."""
    import numpy as np

    return np.where(np.isfinite(depth), depth, 0.0)[:, np.newaxis]


def _roots(start: Floats, rays: Floats, radius: float) -> tuple[Floats, Floats]:
    """Where rays enter and leave what lies within a radius of the origin; infinite: never."""
    import numpy as np

    square = np.maximum(np.einsum("ij,ij->i", rays, rays), _FLAT)
    half = rays @ start
    under = half * half - square * (start @ start - radius * radius)
    root = np.sqrt(np.maximum(under, 0))
    enter = np.where(under >= 0, (-half - root) / square, np.inf)
    leave = np.where(under >= 0, (-half + root) / square, np.inf)
    return np.where(enter > _NEAREST, enter, np.inf), np.where(leave > _NEAREST, leave, np.inf)


def _sphere(start: Floats, rays: Floats, radius: float) -> Floats:
    return _roots(start, rays, radius)[0]


def _tube(
    start: Floats, rays: Floats, radius: float, *, low: float, high: float
) -> tuple[Floats, Floats]:
    """Where rays enter and leave an upright tube about the origin, between two heights."""
    import numpy as np

    flat = np.array([1.0, 1.0, 0.0])
    enter, leave = _roots(start * flat, rays * flat, radius)

    def kept(depth: Floats) -> Floats:
        z = start[2] + rays[:, 2] * _finite(depth)[:, 0]
        return np.where((z >= low) & (z <= high), depth, np.inf)

    return kept(enter), kept(leave)


def _disc(start: Floats, rays: Floats, z: float, *, outer: float, inner: float = 0.0) -> Floats:
    """Where rays meet a level ring about the origin."""
    import numpy as np

    slope = np.where(np.abs(rays[:, 2]) < _FLAT, _FLAT, rays[:, 2])
    depth = (z - start[2]) / slope
    away = np.hypot(start[0] + rays[:, 0] * depth, start[1] + rays[:, 1] * depth)
    return np.where((depth > _NEAREST) & (away <= outer) & (away >= inner), depth, np.inf)


def _outward(start: Floats, rays: Floats, depth: Floats, radius: float) -> Floats:
    """Normals of an upright tube about the origin."""
    import numpy as np

    return (start + rays * _finite(depth)) * np.array([1, 1, 0]) / radius


def _level(rays: Floats, sign: float) -> Floats:
    import numpy as np

    return np.broadcast_to(np.array([0.0, 0.0, math.copysign(1, sign)]), rays.shape)


def _first(met: list[tuple[Floats, Floats]]) -> tuple[Floats, Floats]:
    """The nearest of several surfaces, with its normals."""
    import numpy as np

    depth, normal = met[0][0].copy(), np.array(met[0][1])
    for other, its_normal in met[1:]:
        nearer = other < depth
        depth[nearer] = other[nearer]
        normal[nearer] = its_normal[nearer]
    return depth, normal


def _between(texels: Floats, across: Floats, down: Floats) -> Floats:
    """Colours between texels, of what lies at fractions of columns and rows."""
    import numpy as np

    rows, columns = texels.shape[:2]
    x, y = np.clip(across, 0, columns - 1), np.clip(down, 0, rows - 1)
    left, upper = np.floor(x).astype(int), np.floor(y).astype(int)
    right, lower = np.minimum(left + 1, columns - 1), np.minimum(upper + 1, rows - 1)
    a, b = (x - left)[:, np.newaxis], (y - upper)[:, np.newaxis]
    above = texels[upper, left] * (1 - a) + texels[upper, right] * a
    below = texels[lower, left] * (1 - a) + texels[lower, right] * a
    return above * (1 - b) + below * b
