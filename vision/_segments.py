"""What stands on the table in a picture with depth: each thing apart, with its measures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from deixis.vision._camera import XYZ
from deixis.vision._geometry import Box, Point
from deixis.vision._rgbd import RgbdImage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class Segment:
    """Something that stands or lies on the table.

    Attributes:
        box: Around what is seen of it, in pixels.
        point: On it, nearest the middle of its top, in pixels.
        mask: Which pixels of the box's integer corners are its, bool.
        colour: Median of its top, sRGB from 0 to 1.
        position: Middle of its footprint at the height of its top, in metres, base frame.
        length: Of the smallest rectangle around its footprint, in metres; at least the width.
        width: Of the same.
        yaw: Direction of the length, in radians, over −π/2 to π/2.
        height: Of its highest part over the table, in metres.
        fill: Share of that rectangle which its footprint fills, 0 to 1.
        flatness: Share of its footprint within 4 mm of its height, 0 to 1: 1 for a box, little for
            a ball, a rim only for a bowl.
    """

    box: Box
    point: Point
    mask: NDArray[np.bool_]
    colour: tuple[float, float, float]
    position: XYZ
    length: float
    width: float
    yaw: float
    height: float
    fill: float
    flatness: float


def segments_of(picture: RgbdImage) -> list[Segment]:
    """Everything that stands on the table, left to right in the picture."""
    raise NotImplementedError


def segment_at(picture: RgbdImage, x: float, y: float, *, reach: float = 12.0) -> Segment | None:
    """What stands at a pixel, or nearest it within reach; None where nothing does.

    Args:
        picture: With depth.
        x: Pixels from the left.
        y: Pixels from the top.
        reach: How far off a point may be, in pixels.
    """
    raise NotImplementedError
