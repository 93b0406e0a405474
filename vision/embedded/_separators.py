"""What is drawn between two rows of a sign: a rule, or another background."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from deixis.vision._geometry import Size
from deixis.vision.embedded._layout import Placed, Slope

_COLUMNS = 48
# Heights are looked at so densely, in pixels, that a thin rule isn't stepped over.
_STEP = 2.0
_FEWEST, _MOST = 14, 60
# Grey levels (of 255) that a background must change by, above the noise of a photo.
_EDGE = 5.0
_GROUPS = 12


class DrawnSeparators:
    """Looks along the way between two rows, at many columns, for one common edge.

    Args:
        image: The upright picture.
        slope: Slope of its rows, so that the ways are level.
    """

    def __init__(self, image: Image.Image, slope: Slope) -> None:
        self._scale = min(1.0, 1600 / max(image.size))
        small = image.convert("RGB")
        if self._scale < 1:
            small = small.resize(
                (
                    max(round(small.width * self._scale), 1),
                    max(round(small.height * self._scale), 1),
                )
            )
        self._pixels: NDArray[np.int16] = np.asarray(small, dtype=np.int16)
        self._slope = slope
        self._size: Size = image.size

    def between(self, upper: Sequence[Placed], lower: Sequence[Placed]) -> float:
        """Share of the rows' width, 0 to 1, along which an edge parts them at one height."""
        lines = [*upper, *lower]
        left, right = min(line.box.x1 for line in lines), max(line.box.x2 for line in lines)
        # The rims of the letters stay outside: boxes are a little larger than the ink.
        start = max(line.v + 0.45 * line.height for line in upper)
        stop = min(line.v - 0.45 * line.height for line in lower)
        if stop - start < 3:
            middle = (start + stop) / 2
            start, stop = middle - 1.5, middle + 1.5
        samples = self._sample(left, right, start, stop)
        # Neighbouring columns are pooled, so that an edge fainter than the grain still shows.
        pooled = samples.reshape(len(samples), _GROUPS, -1, 3).mean(axis=2)
        jumps = np.abs(pooled[2:] - pooled[:-2]).max(axis=2)
        edges = jumps > _EDGE
        # A thin rule that isn't quite level crosses from one height to the next.
        near = edges[1:] | edges[:-1]
        return float(near.mean(axis=1).max())

    def _sample(self, left: float, right: float, start: float, stop: float) -> NDArray[np.int16]:
        """Colours on a level grid: heights × columns × 3."""
        xs = np.linspace(max(left, 0), min(right, self._size[0] - 1), _COLUMNS)
        steps = math.ceil((stop - start) * self._scale / _STEP)
        vs = np.linspace(start, stop, min(max(steps, _FEWEST), _MOST))
        ends = [[self._slope.image_y(float(x), float(v)) for v in vs] for x in (xs[0], xs[-1])]
        ys = np.linspace(ends[0], ends[1], _COLUMNS, axis=1)
        height, width = self._pixels.shape[:2]
        columns = np.clip((xs * self._scale).astype(int), 0, width - 1)
        rows = np.clip((ys * self._scale).astype(int), 0, height - 1)
        return self._pixels[rows, columns[None, :]]
