"""Colours by name, told by hue so that shade doesn't change them."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

NAMES: Final = ("black", "white", "red", "orange", "yellow", "green", "blue", "purple")
"""Of the classes, by number. What is light and without hue is called white here, grey or not."""

CLASSES: Final = len(NAMES)
DARK: Final = 0
LIGHT: Final = 1

# Where each hue ends, in degrees; red goes on past 335.
_HUES: Final = (("red", 16), ("orange", 41), ("yellow", 72), ("green", 172), ("blue", 252))
_PURPLE_ENDS: Final = 335


def classes_of(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The class of every pixel's colour.

    Args:
        rgb: Shape (…, 3).

    Returns:
        Numbers into `NAMES`, shape (…).
    """
    import numpy as np

    six = rgb >> 2
    index = (six[..., 0].astype(np.int32) << 12) | (six[..., 1].astype(np.int32) << 6) | six[..., 2]
    return _table()[index]


@cache
def _table() -> NDArray[np.uint8]:
    """The class of every colour of six bits a channel: a look-up takes a fifth of the time."""
    import numpy as np

    steps = np.arange(64, dtype=np.uint8) * 4 + 2
    cube = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1)
    return _classes(cube.reshape(-1, 3))


def _classes(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    import numpy as np

    red, green, blue = (rgb[..., i].astype(np.int16) for i in range(3))
    most = np.maximum(np.maximum(red, green), blue)
    least = np.minimum(np.minimum(red, green), blue)
    spread = most - least
    hue = _hue(red, green, blue, most, np.maximum(spread, 1))
    found = np.full(most.shape, NAMES.index("purple"), np.uint8)
    for name, ends in reversed(_HUES):
        found[hue < ends] = NAMES.index(name)
    found[hue >= _PURPLE_ENDS] = NAMES.index("red")
    faint = (spread < 0.28 * most) | (spread < 18)
    found[faint] = LIGHT
    found[faint & (most < 62)] = DARK
    return found


def _hue(
    red: NDArray[np.int16],
    green: NDArray[np.int16],
    blue: NDArray[np.int16],
    most: NDArray[np.int16],
    spread: NDArray[np.int16],
) -> NDArray[np.float32]:
    import numpy as np

    wide = spread.astype(np.float32)
    sixth = np.where(
        most == red,
        (green - blue) / wide % 6,
        np.where(most == green, (blue - red) / wide + 2, (red - green) / wide + 4),
    )
    return (60 * sixth).astype(np.float32)
