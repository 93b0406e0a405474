"""The few operations on grids that OpenCV (which rapidocr brings) does, with types."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, cast

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Bools = NDArray[np.bool_]
    Floats = NDArray[np.float32]
    Labels = NDArray[np.int32]


class Piece(NamedTuple):
    """A connected piece of a mask: its label, its area in pixels, and where it is."""

    label: int
    area: int
    box: tuple[slice, slice]


def pieces(mask: Bools, *, corners: bool = False) -> tuple[Labels, list[Piece]]:
    """The connected pieces of a mask.

    Args:
        mask: Shape (height, width).
        corners: Whether pixels that meet at a corner hang together.

    Returns:
        Labels from 1, of the mask's shape, 0 outside it; and the pieces.
    """
    import cv2
    import numpy as np

    _, labels, stats, _ = cv2.connectedComponentsWithStats(
        mask.astype(np.uint8), connectivity=8 if corners else 4
    )
    rows = cast("list[list[int]]", stats.tolist())
    found = [
        Piece(label, area, (slice(top, top + height), slice(left, left + width)))
        for label, (left, top, width, height, area) in enumerate(rows)
        if label
    ]
    return cast("Labels", labels), found


def blurred(grid: Floats, side: int) -> Floats:
    """Means over squares of so many pixels."""
    import cv2

    return cast("Floats", cv2.blur(grid, (side, side)))


def widened(grid: Floats, side: int = 3) -> Floats:
    """The greatest value of a square of so many pixels around each."""
    import cv2
    import numpy as np

    return cast("Floats", cv2.dilate(grid, np.ones((side, side), np.uint8)))


def smoothed(mask: Bools, side: int) -> Bools:
    """A mask with gaps narrower than so many pixels closed, then with what is narrower gone."""
    import cv2
    import numpy as np

    square = np.ones((side, side), np.uint8)
    closed = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_CLOSE, square)
    return cv2.morphologyEx(closed, cv2.MORPH_OPEN, square) > 0


def hull_of(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Corners of the convex hull of points, shape (n, 2), in order."""
    import cv2
    import numpy as np

    hull = cast("Floats", cv2.convexHull(points.astype(np.float32)))
    return hull[:, 0, :].astype(np.float64)


def fill(grid: Floats, corners: NDArray[np.int32], value: float) -> None:
    """Sets a polygon of a grid, corners as row and column, to a value."""
    import cv2
    import numpy as np

    cv2.fillPoly(grid, [np.ascontiguousarray(corners[:, ::-1])], value)
