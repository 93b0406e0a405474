"""The chain of transforms between an image's stored pixels and the words of a model.

Stored pixels → upright (EXIF) → crop → resize → pad → a model's frame, each step an affine map,
so that any chain is one `Transform` and can be walked back.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import reduce
from typing import TypeVar

from pydantic import ValidationError

from deixis.vision._errors import PlaceError
from deixis.vision._geometry import XY, Box, Detection, Point, Quad, Size

PlaceT = TypeVar("PlaceT", bound=Point | Box | Quad)

# EXIF orientation → (a, b, d, e, w-shift of x, h-shift of x, w-shift of y, h-shift of y):
# x' = a·x + b·y + …, from CIPA DC-008 (Exif 2.32), tag 0x0112.
_EXIF: dict[int, tuple[int, int, int, int, int, int, int, int]] = {
    1: (1, 0, 0, 1, 0, 0, 0, 0),
    2: (-1, 0, 0, 1, 1, 0, 0, 0),
    3: (-1, 0, 0, -1, 1, 0, 0, 1),
    4: (1, 0, 0, -1, 0, 0, 0, 1),
    5: (0, 1, 1, 0, 0, 0, 0, 0),
    6: (0, -1, 1, 0, 0, 1, 0, 0),
    7: (0, -1, -1, 0, 0, 1, 1, 0),
    8: (0, 1, -1, 0, 0, 0, 1, 0),
}


@dataclass(frozen=True, kw_only=True)
class Transform:
    """An invertible affine map: x' = a·x + b·y + c, y' = d·x + e·y + f."""

    a: float = 1.0
    b: float = 0.0
    c: float = 0.0
    d: float = 0.0
    e: float = 1.0
    f: float = 0.0

    @classmethod
    def crop(cls, box: Box) -> Transform:
        """To the pixels of the crop that keeps this box."""
        return cls(c=-box.x1, f=-box.y1)

    @classmethod
    def resize(cls, before: Size, after: tuple[float, float]) -> Transform:
        """To the pixels of the image resized from `before` to `after`."""
        if not _all_above_zero(*before, *after):
            raise PlaceError(f"can't resize {before} to {after}: sizes must be above zero")
        return cls(a=after[0] / before[0], e=after[1] / before[1])

    @classmethod
    def pad(cls, left: float, top: float) -> Transform:
        """To the pixels of the image with a margin added at the left and the top."""
        return cls(c=left, f=top)

    @classmethod
    def exif(cls, orientation: int, stored: Size) -> Transform:
        """From stored pixels of size `stored` to upright ones, by EXIF orientation 1 to 8."""
        if orientation not in _EXIF:
            raise PlaceError(f"EXIF orientation is 1 to 8, got {orientation}")
        a, b, d, e, xw, xh, yw, yh = _EXIF[orientation]
        w, h = stored
        return cls(a=a, b=b, c=xw * w + xh * h, d=d, e=e, f=yw * w + yh * h)

    def then(self, after: Transform) -> Transform:
        """This map followed by another."""
        return Transform(
            a=after.a * self.a + after.b * self.d,
            b=after.a * self.b + after.b * self.e,
            c=after.a * self.c + after.b * self.f + after.c,
            d=after.d * self.a + after.e * self.d,
            e=after.d * self.b + after.e * self.e,
            f=after.d * self.c + after.e * self.f + after.f,
        )

    @classmethod
    def chain(cls, *steps: Transform) -> Transform:
        """All steps as one map, the first one applied first."""
        return reduce(Transform.then, steps, cls())

    def inverse(self) -> Transform:
        """The map back."""
        det = self.a * self.e - self.b * self.d
        if det == 0:
            raise PlaceError("this transform flattens the image and can't be walked back")
        a, b, d, e = self.e / det, -self.b / det, -self.d / det, self.a / det
        return Transform(
            a=a, b=b, c=-(a * self.c + b * self.f), d=d, e=e, f=-(d * self.c + e * self.f)
        )

    def xy(self, x: float, y: float) -> XY:
        """Where a point goes."""
        return (self.a * x + self.b * y + self.c, self.d * x + self.e * y + self.f)

    def apply(self, place: PlaceT) -> PlaceT:
        """The place after this map; a box becomes the upright box around its mapped corners.

        Raises:
            PlaceError: It comes to lie beyond what numbers can say.
        """
        if isinstance(place, Point):
            x, y = self.xy(place.x, place.y)
            moved = {"x": x, "y": y}
        elif isinstance(place, Quad):
            moved = {"points": tuple(self.xy(x, y) for x, y in place.points)}
        else:
            ax, ay = self.xy(place.x1, place.y1)
            bx, by = self.xy(place.x2, place.y2)
            moved = {"x1": min(ax, bx), "y1": min(ay, by), "x2": max(ax, bx), "y2": max(ay, by)}
        try:
            return type(place).model_validate({**moved, "image": place.image})
        except ValidationError:
            raise PlaceError(f"{place!r} is too far out: give coordinates on the image") from None


def _all_above_zero(*values: float) -> bool:
    """Whether all are finite numbers above zero."""
    return all(math.isfinite(value) and value > 0 for value in values)


@dataclass(frozen=True, kw_only=True)
class Frame:
    """The coordinate system of one model's words about one image.

    Attributes:
        extent: Where the frame's axes end: (1000, 1000) for relative coordinates, or the size
            in pixels of the image as the model saw it.
        original: Size of the original upright image, in pixels.
        to_original: From this frame to original pixels.
        image: Handle of the original image.
    """

    extent: tuple[float, float]
    original: Size
    to_original: Transform
    image: str | None = None

    @classmethod
    def relative(
        cls,
        original: Size,
        *,
        extent: float = 1000.0,
        image: str | None = None,
        region: Box | None = None,
    ) -> Frame:
        """A frame of 0 to `extent` on both axes, over the whole image or a region of it."""
        return cls._over((extent, extent), original, image, region)

    @classmethod
    def pixels(
        cls,
        original: Size,
        *,
        seen: Size | None = None,
        image: str | None = None,
        region: Box | None = None,
    ) -> Frame:
        """The pixels of the image as the model saw it: resized to `seen`, or as it is."""
        span = (region.width, region.height) if region else original
        return cls._over(seen or span, original, image, region)

    @classmethod
    def _over(
        cls,
        extent: tuple[float, float],
        original: Size,
        image: str | None,
        region: Box | None,
    ) -> Frame:
        width, height = (region.width, region.height) if region else original
        if not _all_above_zero(*extent, width, height):
            raise PlaceError("a frame needs an extent and a region above zero")
        scale = Transform(a=width / extent[0], e=height / extent[1])
        shift = Transform.crop(region).inverse() if region else Transform()
        return cls(extent=extent, original=original, to_original=scale.then(shift), image=image)

    def original_place(self, place: PlaceT) -> PlaceT:
        """A place in this frame's words as original pixels, bound to the image; not clamped."""
        moved = self.to_original.apply(place)
        return moved.model_copy(update={"image": self.image})

    def model_place(self, place: PlaceT) -> PlaceT:
        """A place in original pixels as this frame's words."""
        return self.to_original.inverse().apply(place)

    def original_detection(self, detection: Detection) -> Detection:
        """A detection in this frame's words as original pixels, bound to the image."""
        update = {
            name: self.original_place(place)
            for name in ("box", "point", "quad")
            if (place := getattr(detection, name)) is not None
        }
        return detection.model_copy(update={**update, "image": self.image})
