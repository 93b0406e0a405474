"""Pictures with depth: a PNG that carries, in a chunk of its own, how far everything is.

The picture stays one file under one hash and one handle, that every viewer shows and that every
model without depth takes as a picture. The chunk (`dpTH`: ancillary, private, not to be copied into
a changed picture) holds a line of JSON with the camera, and a 16-bit PNG in tenths of millimetres.
"""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Final, cast

from PIL import Image, PngImagePlugin
from pydantic import ValidationError

from deixis.vision._camera import Camera
from deixis.vision._errors import ImageError
from deixis.vision._images import VisionImage, load_image

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_CHUNK: Final = b"dpTH"
_PER_METRE: Final = 10_000
_FARTHEST: Final = 65_535
_LONGEST_HEADER: Final = 4_096


@dataclass(frozen=True, kw_only=True)
class RgbdImage:
    """A picture with depth, and the camera that took it.

    Attributes:
        rgb: Colours, uint8, shape (height, width, 3).
        depth: Metres along the optical axis, float32, shape (height, width); NaN where unknown.
        camera: What took it.

    Raises:
        ImageError: The three are of different sizes.
    """

    rgb: NDArray[np.uint8]
    depth: NDArray[np.float32]
    camera: Camera

    def __post_init__(self) -> None:
        shape = (self.camera.height, self.camera.width)
        if self.rgb.shape != (*shape, 3) or self.depth.shape != shape:
            raise ImageError(
                f"a picture of {self.rgb.shape}, depth of {self.depth.shape} and a camera of "
                f"{shape} don't belong together"
            )

    def points(self) -> NDArray[np.float64]:
        """Where every pixel is in the base frame, in metres, shape (height, width, 3)."""
        import numpy as np

        rows, columns = np.mgrid[: self.camera.height, : self.camera.width]
        centres = np.stack([columns + 0.5, rows + 0.5], axis=-1)
        return self.camera.deproject(centres, self.depth)

    def image(self, source: str = "camera") -> VisionImage:
        """The picture as one file with its depth in it; deeper than 6.5 m is kept as unknown."""
        from dataclasses import replace

        header = self.camera.model_dump_json().encode()
        carried = PngImagePlugin.PngInfo()
        carried.add(_CHUNK, header + b"\n" + self._depth_png())
        buffer = BytesIO()
        Image.fromarray(self.rgb).save(buffer, "PNG", pnginfo=carried, compress_level=1)
        return replace(load_image(buffer.getvalue()), source=source)

    def _depth_png(self) -> bytes:
        import numpy as np

        tenths = np.nan_to_num(self.depth.astype(np.float64) * _PER_METRE, nan=0, posinf=0)
        tenths[(tenths < 0) | (tenths > _FARTHEST)] = 0
        buffer = BytesIO()
        Image.fromarray(np.rint(tenths).astype(np.uint16)).save(buffer, "PNG", compress_level=1)
        return buffer.getvalue()


def carries_depth(image: VisionImage) -> bool:
    """Whether a picture has depth in it, without decoding it."""
    return image.mime == "image/png" and _CHUNK in image.data


def rgbd_of(image: VisionImage) -> RgbdImage | None:
    """A picture with its depth; None for one that carries none.

    Raises:
        ImageError: It carries one that is damaged.
    """
    if not carries_depth(image):
        return None
    import numpy as np

    opened = Image.open(BytesIO(image.data), formats=["PNG"])
    opened.load()
    private = cast("list[tuple[bytes, bytes]]", getattr(opened, "private_chunks", []))
    carried = next((chunk[1] for chunk in private if chunk[0] == _CHUNK), None)
    if carried is None:
        return None
    header, newline, tenths = carried.partition(b"\n")
    if not newline or len(header) > _LONGEST_HEADER:
        raise _damaged(image, "it has no camera")
    try:
        camera = Camera.model_validate_json(header)
    except ValidationError as error:
        raise _damaged(image, "its camera can't be read") from error
    if camera.size != image.size:
        raise _damaged(image, "it is of another size than the picture")
    depth = _read_depth(tenths, image)
    return RgbdImage(rgb=np.asarray(image.pixels()), depth=depth, camera=camera)


def _read_depth(data: bytes, image: VisionImage) -> NDArray[np.float32]:
    import numpy as np

    try:
        opened = Image.open(BytesIO(data), formats=["PNG"])
        if opened.size != image.size or opened.mode != "I;16":
            raise _damaged(image, "it is of another size or kind than the picture")
        tenths = np.asarray(opened).astype(np.float32)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise _damaged(image, "it can't be decoded") from error
    tenths[tenths == 0] = np.nan
    return tenths / np.float32(_PER_METRE)


def _damaged(image: VisionImage, why: str) -> ImageError:
    return ImageError(f"the depth in {image.source} is damaged ({why}): take the picture again")
