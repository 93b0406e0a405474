"""Check boxes, which no reader of text reads: found in the picture beside what they tick."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from deixis.vision.embedded.documents._page import Piece
from deixis.vision.embedded.documents._parsing import TICKED, UNTICKED

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL import Image

Pixels = Callable[[], "Image.Image"]

_LIKE_BOXES: Final = frozenset("口□☐回囗团田凶区因曰日○O0oV√☑☒X×图国圆")
_EMPTY, _TICKED = 0.035, 0.07
_RIM: Final = 0.2
_SCALE: Final = 48  # the height that letters are brought to, in pixels


def ticked(piece: Piece, pixels: Pixels | None) -> bool | None:
    """Whether the box right before a piece of text is ticked; None where there is no box."""
    if piece.text[:1] in TICKED:
        return True
    if piece.text[:1] in UNTICKED:
        return False
    if pixels is None:
        return None
    box, tall = piece.box, min(piece.height, piece.box.height)
    before = (box.x1 - 2.2 * tall, box.x1 + 0.2 * tall)
    found = _box_in(pixels(), before, (box.y1, box.y2), tall)
    if found is None and (piece.text[:1] in _LIKE_BOXES or piece.line.text[:1].isspace()):
        # The reader took the box for a letter, or for a blank.
        within = (box.x1 - 0.4 * tall, box.x1 + 1.5 * tall)
        found = _box_in(pixels(), within, (box.y1, box.y2), tall)
    return found


def _box_in(
    picture: Image.Image, across: tuple[float, float], down: tuple[float, float], tall: float
) -> bool | None:
    """Whether the last box in a strip of the picture is ticked."""
    import numpy as np

    cv: Any = import_module("cv2")  # its types are known in part only

    left, right = max(0, round(across[0])), min(picture.width, round(across[1]))
    top = max(0, round(down[0] - 0.3 * tall))
    bottom = min(picture.height, round(down[1] + 0.3 * tall))
    if right - left < 4 or bottom - top < 4 or tall < 6:
        return None
    grey = np.asarray(picture.crop((left, top, right, bottom)).convert("L"))
    scale = _SCALE / tall
    big: Any = cv.resize(grey, None, fx=scale, fy=scale, interpolation=cv.INTER_CUBIC)
    _, ink = cv.threshold(big, 0, 255, cv.THRESH_BINARY_INV + cv.THRESH_OTSU)
    contours, tree = cv.findContours(ink, cv.RETR_TREE, cv.CHAIN_APPROX_SIMPLE)
    if tree is None:
        return None
    frames: list[tuple[int, int, int, int]] = []
    for number, contour in enumerate(contours):
        x, y, wide, high = cv.boundingRect(contour)
        if _is_frame(wide, high, cv.contourArea(contour), hollow=int(tree[0][number][2]) >= 0):
            frames.append((x, y, wide, high))
    if not frames:
        return None
    x, y, wide, high = max(frames)
    rim_x, rim_y = round(wide * _RIM), round(high * _RIM)
    inside: NDArray[np.uint8] = ink[y + rim_y : y + high - rim_y, x + rim_x : x + wide - rim_x]
    share = float((inside > 0).mean()) if inside.size else 0.0
    return True if share > _TICKED else False if share < _EMPTY else None


def _is_frame(wide: int, high: int, area: float, *, hollow: bool) -> bool:
    """Whether a shape is the outline of a box of about a letter's size."""
    square = 0.72 < wide / max(high, 1) < 1.4
    sized = 0.45 * _SCALE < high < 1.5 * _SCALE
    return hollow and square and sized and area > 0.68 * wide * high
