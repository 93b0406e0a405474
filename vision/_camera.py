"""A pinhole camera in the world: from a pixel to metres, and back.

The world is the arm's base frame: x forward, y to the left, z up, metres; its table is z = 0. The
camera's own axes are those of OpenCV: x to the right, y down, z into the picture. Depth is measured
along z, not along the ray. Pixels are those of `Point`: a pixel's centre lies at +0.5.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from deixis.vision._errors import PlaceError
from deixis.vision._geometry import Coordinate, Size

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

XYZ = tuple[Coordinate, Coordinate, Coordinate]
"""Metres in the base frame."""

_Pixels = Annotated[int, Field(gt=0, le=30_000)]
_Focal = Annotated[float, Field(gt=0, allow_inf_nan=False)]
_LEAST_SLOPE = 1e-6


class Camera(BaseModel):
    """A calibrated camera without distortion.

    Attributes:
        width: Of its pictures, in pixels.
        height: Of its pictures, in pixels.
        fx: Focal length in pixels, across.
        fy: Focal length in pixels, down.
        cx: Where the optical axis meets the picture, in pixels from its left edge.
        cy: The same from its top edge.
        position: Of the camera in the base frame, in metres.
        right: Its x axis in the base frame, of length 1.
        down: Its y axis.
        forward: Its z axis, the way it looks.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    width: _Pixels
    height: _Pixels
    fx: _Focal
    fy: _Focal
    cx: Coordinate
    cy: Coordinate
    position: XYZ
    right: XYZ
    down: XYZ
    forward: XYZ

    @model_validator(mode="after")
    def _rigid(self) -> Self:
        axes = (self.right, self.down, self.forward)
        for i, a in enumerate(axes):
            for j, b in enumerate(axes):
                if abs(sum(x * y for x, y in zip(a, b, strict=True)) - (i == j)) > 1e-4:
                    raise ValueError("a camera's axes are of length 1 and stand square")
        cross = _cross(self.right, self.down)
        if sum(x * y for x, y in zip(cross, self.forward, strict=True)) < 0:
            raise ValueError("a camera's axes are right-handed: right × down is forward")
        return self

    @classmethod
    def looking_at(cls, target: XYZ, *, position: XYZ, size: Size, fovy: float) -> Camera:
        """A camera that looks at a point, its picture's top towards the sky.

        Args:
            target: What its optical axis goes through, in metres.
            position: Where it stands. It must not be straight above the target.
            size: Of its pictures, in pixels.
            fovy: Its field of view from top to bottom, in degrees.
        """
        forward = _unit((target[0] - position[0], target[1] - position[1], target[2] - position[2]))
        right = _unit(_cross(forward, (0.0, 0.0, 1.0)))
        focal = size[1] / 2 / math.tan(math.radians(fovy) / 2)
        return cls(
            width=size[0],
            height=size[1],
            fx=focal,
            fy=focal,
            cx=size[0] / 2,
            cy=size[1] / 2,
            position=position,
            right=right,
            down=_cross(forward, right),
            forward=forward,
        )

    @property
    def size(self) -> Size:
        """Width and height of its pictures, in pixels."""
        return self.width, self.height

    def project(self, points: ArrayLike) -> Floats:
        """Where points of the world are in the picture.

        Args:
            points: Metres in the base frame, shape (…, 3).

        Returns:
            Pixels x and y, and depth in metres, shape (…, 3). What is behind the camera has a
            depth of 0 or less, and no meaningful pixel.
        """
        import numpy as np

        seen = (np.asarray(points, np.float64) - np.asarray(self.position)) @ self._axes().T
        depth = seen[..., 2:]
        with np.errstate(divide="ignore", invalid="ignore"):
            pixels = seen[..., :2] / depth * (self.fx, self.fy) + (self.cx, self.cy)
        return np.concatenate([pixels, depth], axis=-1)

    def deproject(self, pixels: ArrayLike, depth: ArrayLike) -> Floats:
        """The points of the world that pixels show.

        Args:
            pixels: x and y, shape (…, 2).
            depth: Metres along the optical axis, shape (…).

        Returns:
            Metres in the base frame, shape (…, 3); NaN where the depth is.
        """
        import numpy as np

        away = np.asarray(depth, np.float64)[..., np.newaxis]
        return np.asarray(self.position) + self._rays(pixels) * away

    def on_plane(self, x: float, y: float, *, height: float) -> XYZ:
        """Where a pixel's ray meets a level plane: what there is without depth.

        Args:
            x: Pixels from the left.
            y: Pixels from the top.
            height: Of the plane over the table, in metres. For a thing that stands on the table
                take half of its height: the table itself puts it some centimetres off.

        Raises:
            PlaceError: The pixel shows the sky, or what is behind the camera.
        """
        ray = self._rays((x, y))
        slope = float(ray[2])
        distance = (height - self.position[2]) / slope if abs(slope) > _LEAST_SLOPE else -1.0
        if distance <= 0:
            raise PlaceError(f"({x:.0f}, {y:.0f}) doesn't show the table: point lower")
        met = self.position + ray * distance
        return float(met[0]), float(met[1]), float(met[2])

    def _rays(self, pixels: ArrayLike) -> Any:
        """Directions of pixels in the base frame, of length 1 along the optical axis."""
        import numpy as np

        level = (np.asarray(pixels, np.float64) - (self.cx, self.cy)) / (self.fx, self.fy)
        ahead = np.ones((*level.shape[:-1], 1))
        return np.concatenate([level, ahead], axis=-1) @ self._axes()

    def _axes(self) -> Floats:
        import numpy as np

        return np.array([self.right, self.down, self.forward])


def _cross(a: XYZ, b: XYZ) -> XYZ:
    return a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]


def _unit(a: XYZ) -> XYZ:
    length = math.hypot(*a)
    if length < _LEAST_SLOPE:
        raise PlaceError("a camera can't look at where it stands, or straight down: move it")
    return a[0] / length, a[1] / length, a[2] / length
