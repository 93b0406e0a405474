"""A picture of the camera with what is worked out of it, once: what stands there, and where."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

from deixis.vision import XYZ, Point, RgbdImage, Segment, segments_of
from deixis.vision._segments import nearest_segment

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from deixis.tools.robot._arm import Look

    Floats = NDArray[np.float64]

TALLEST: Final = 0.20
"""Of what is picked up or put on, in metres over the table: the arm carries things above it."""

_AROUND = 0.16
_PATCH = 2


@dataclass(frozen=True)
class View:
    """What the camera saw.

    Attributes:
        look: The picture.
    """

    look: Look

    @property
    def picture(self) -> RgbdImage:
        """With depth and camera."""
        return self.look.picture

    @cached_property
    def has_depth(self) -> bool:
        """Whether it knows how far anything is."""
        import numpy as np

        return bool(np.isfinite(self.picture.depth).any())

    @cached_property
    def segments(self) -> list[Segment]:
        """What stands on the table."""
        return segments_of(self.picture) if self.has_depth else []

    @cached_property
    def points(self) -> Floats:
        """Where every pixel is in the base frame, in metres, shape (height, width, 3)."""
        return self.picture.points()

    def segment_at(self, at: Point) -> Segment | None:
        """What stands at a point, or within 12 pixels of it."""
        return nearest_segment(self.segments, at.x, at.y)

    def place_of(self, at: Point) -> XYZ | None:
        """What a point shows, by the depth around it; None where it isn't known."""
        import numpy as np

        height, width = self.picture.depth.shape
        row, column = min(int(at.y), height - 1), min(int(at.x), width - 1)
        patch = self.picture.depth[
            max(row - _PATCH, 0) : row + _PATCH + 1, max(column - _PATCH, 0) : column + _PATCH + 1
        ]
        known = patch[np.isfinite(patch)]
        if known.size * 2 < patch.size:
            return None
        x, y, z = self.picture.camera.deproject((at.x, at.y), float(np.median(known)))
        return float(x), float(y), float(z)

    def around(self, x: float, y: float, *, without: Segment | None = None) -> Floats:
        """What is seen around a place of the table, up to 16 cm away: points, shape (n, 3).

        Args:
            x: In metres, base frame.
            y: The same.
            without: Something to leave out.
        """
        import numpy as np

        near = np.isfinite(self.picture.depth) & (self.points[..., 2] < TALLEST)
        near &= np.abs(self.points[..., 0] - x) < _AROUND
        near &= np.abs(self.points[..., 1] - y) < _AROUND
        if without is not None:
            near[region(without)] &= ~without.mask
        return self.points[near]

    def bowl_at(self, at: Point) -> Segment | None:
        """The bowl that a point is on or in: something wide and hollow."""
        place = self.place_of(at)
        if place is None:
            return None
        for one in self.segments:
            hollow = one.width > 0.09 and one.height > 0.02 and one.flatness < 0.6 < one.fill
            if hollow and math.dist(one.position[:2], place[:2]) < one.length / 2:
                return one
        return None


def region(segment: Segment) -> tuple[slice, slice]:
    """Rows and columns of a picture that a segment's mask covers."""
    top, left = int(segment.box.y1), int(segment.box.x1)
    rows, columns = segment.mask.shape
    return slice(top, top + rows), slice(left, left + columns)


def shown(at: Point) -> str:
    """A point in words."""
    return f"({at.x:.0f}, {at.y:.0f})" + (f" of {at.image}" if at.image else "")
