"""From encoded bytes to upright RGB pixels: sniffing, limits read off the header, Pillow."""

from __future__ import annotations

import importlib
import re
import threading
import warnings
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager, nullcontext
from io import BytesIO
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, cast

from PIL import ExifTags, Image, ImageFile

from deixis.vision._errors import ImageError
from deixis.vision._geometry import Size

if TYPE_CHECKING:
    from deixis.vision._images import ImageLimits

READABLE: Final = "JPEG, PNG, GIF, WebP, BMP, TIFF, PPM, AVIF, HEIC or PDF"

# The plugins are called by name, not through Image.open: it refuses large images by a limit of
# its own before anyone can look at their size, and turns some JPEGs into other classes.
_PLUGINS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "image/jpeg": ("PIL.JpegImagePlugin", "JpegImageFile"),
        "image/png": ("PIL.PngImagePlugin", "PngImageFile"),
        "image/gif": ("PIL.GifImagePlugin", "GifImageFile"),
        "image/webp": ("PIL.WebPImagePlugin", "WebPImageFile"),
        "image/bmp": ("PIL.BmpImagePlugin", "BmpImageFile"),
        "image/tiff": ("PIL.TiffImagePlugin", "TiffImageFile"),
        "image/x-portable-anymap": ("PIL.PpmImagePlugin", "PpmImageFile"),
        "image/avif": ("PIL.AvifImagePlugin", "AvifImageFile"),
        "image/heic": ("pillow_heif", "HeifImageFile"),
    }
)
_SIGNATURES: Final = (
    (re.compile(rb"\xff\xd8\xff"), "image/jpeg"),
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "image/png"),
    (re.compile(rb"GIF8[79]a"), "image/gif"),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), "image/webp"),
    (re.compile(rb"BM.{12}[\x0c\x10\x28\x34\x38\x40\x6c\x7c]\0\0\0", re.DOTALL), "image/bmp"),
    (re.compile(rb"II[*+]\0|MM\0[*+]"), "image/tiff"),
    (re.compile(rb"P[1-6]\s+[#\d]"), "image/x-portable-anymap"),
    (re.compile(rb"....ftypavi[fs]", re.DOTALL), "image/avif"),
    (re.compile(rb"....ftyp(?:mif1|msf1).{0,48}avi[fs]", re.DOTALL), "image/avif"),
    (re.compile(rb"....ftyp(?:hei[csmx]|hev[cmsx]|mif1|msf1)", re.DOTALL), "image/heic"),
)
_TURNS: Final[Mapping[int, Image.Transpose]] = MappingProxyType(
    {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_270,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_90,
    }
)
# A PNG may carry its orientation after the pixels, and then only decoding finds it.
_PNG_ORIENTATION: Final = (b"eXIf", b"Raw profile type exif", b"XML:com.adobe.xmp")
# These read metadata, or check their size, while decoding.
_WARNS_LATE: Final = frozenset({"PNG", "TIFF"})
_WARNINGS: Final = threading.Lock()


def sniff(data: bytes) -> str | None:
    """The MIME type of an image by its first bytes, None where it is no image known here."""
    return next((mime for pattern, mime in _SIGNATURES if pattern.match(data)), None)


def not_an_image(data: bytes, source: str) -> ImageError:
    """The error for bytes that no signature fits, with a guess at what they are."""
    head = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if b"<svg" in head:
        return ImageError(f"{source} is an SVG drawing: export it as PNG and give that")
    if head.startswith((b"<!doctype html", b"<html")):
        return ImageError(f"{source} is a web page, not an image: give the image's own address")
    text = b"\0" not in head and head.decode("utf-8", "ignore").strip() != "" and _is_utf8(head)
    what = "text" if text else "something unknown"
    return ImageError(f"{source} holds {what}, not an image: give a {READABLE} file")


def _is_utf8(head: bytes) -> bool:
    # The cut after 1024 bytes may split a character: up to three bytes of it don't count.
    return any(_decodes(head[: len(head) - cut]) for cut in range(4))


def _decodes(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def check_size(size: Size, source: str, limits: ImageLimits) -> None:
    """Refuse an image whose header promises more pixels than the limits allow.

    Raises:
        ImageError: The image is too large.
    """
    width, height = size
    if width * height > limits.pixels:
        over, field = f"{limits.pixels:,} pixels", "pixels"
    elif max(size) > limits.side:
        over, field = f"{limits.side:,} pixels a side", "side"
    else:
        return
    raise ImageError(
        f"{source} is {width:,} × {height:,} pixels, over the limit of {over}: "
        f"scale it down, or raise ImageLimits.{field}"
    )


def open_raster(data: bytes, mime: str, source: str) -> ImageFile.ImageFile:
    """Read the header of an image; no pixels are decoded or allocated.

    Args:
        data: The encoded bytes.
        mime: What `sniff` said of them.
        source: What to call the image in errors.

    Raises:
        ImageError: The header is damaged, or the format needs a package that is missing.
    """
    module, name = _PLUGINS[mime]
    try:
        plugin = getattr(importlib.import_module(module), name)
    except ImportError as error:
        package = "pillow-heif" if mime == "image/heic" else "a newer Pillow"
        raise ImageError(
            f"{source} is {_named(mime)}: install {package} to read it, or save it as JPEG"
        ) from error
    opener = cast("Callable[[BytesIO], ImageFile.ImageFile]", plugin)
    with _one_line(source, mime), _quiet():
        return opener(BytesIO(data))


def upright_size(image: ImageFile.ImageFile, data: bytes) -> Size:
    """Width and height after EXIF orientation, of an opened image that isn't decoded yet."""
    plain_png = image.format == "PNG" and not any(mark in data for mark in _PNG_ORIENTATION)
    # Pillow itself uprights TIFF, and gives its upright size from the start.
    if plain_png or image.format == "TIFF":
        return image.size
    width, height = image.size
    return (height, width) if _orientation(image) >= 5 else (width, height)


def upright_rgb(image: Image.Image, source: str) -> Image.Image:
    """Decode an image to RGB: EXIF orientation applied, alpha over white, 16 bits to 8.

    An image that is all that already is given back itself: copying takes half as long as decoding.

    Raises:
        ImageError: The image is damaged or cut off, or in colours that can't be converted.
    """
    with _one_line(source, Image.MIME.get(image.format or "", "")):
        with _quiet() if image.format in _WARNS_LATE else nullcontext():
            image.load()
        turn = _TURNS.get(_orientation(image))
        upright = _rgb(image)
        if turn is not None:
            upright = upright.transpose(turn)
        if upright is not image:
            # Left in, the orientation would invite a second turn.
            upright.info.clear()
        return upright


def _named(mime: str) -> str:
    return mime.partition("/")[2].removeprefix("x-").upper()


@contextmanager
def _one_line(source: str, mime: str) -> Generator[None]:
    try:
        yield
    except Image.DecompressionBombError as error:
        raise ImageError(
            f"{source} is over Pillow's own limit: scale it down, or raise "
            "PIL.Image.MAX_IMAGE_PIXELS"
        ) from error
    except MemoryError as error:
        raise ImageError(f"{source} needs more memory than there is: scale it down") from error
    # Pillow's plugins meet damage with whatever exception it leads to.
    except Exception as error:
        kind = f" ({_named(mime)})" if mime else ""
        raise ImageError(
            f"{source} is damaged or cut off{kind}: save or fetch it again, or convert it to PNG"
        ) from error


@contextmanager
def _quiet() -> Generator[None]:
    """Keep Pillow from warning of damaged metadata, and of sizes that our own limits allow.

    Before Python 3.14 warnings can't be filtered for one thread alone: the lock and the narrow
    filter keep that from being felt, so hold this for no longer than needed.
    """
    with _WARNINGS, warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"PIL\.")
        yield


def _orientation(image: Image.Image) -> int:
    try:
        with _quiet():
            exif = image.getexif()
        value = exif.get(ExifTags.Base.Orientation, 1)
    # Damaged EXIF is common in otherwise good photos.
    except Exception:
        return 1
    return value if value in _TURNS else 1


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode == "F" or image.mode.startswith("I"):
        image = _eight_bit(image)
    if not image.has_transparency_data:
        return image if image.mode == "RGB" else image.convert("RGB")
    layer = image.convert("RGBA")
    paper = Image.new("RGB", layer.size, "white")
    paper.paste(layer, mask=layer.getchannel("A"))
    return paper


def _eight_bit(image: Image.Image) -> Image.Image:
    """Grey of 16 bits scaled to 8; of 32 bits or floats, whose range is unknown, stretched."""
    low, high = 0.0, 65535.0
    wide = image.convert("I") if image.mode.startswith("I") else image
    if not image.mode.startswith("I;16") and image.format not in {"PNG", "PPM"}:
        low, high = cast("tuple[float, float]", wide.getextrema())
    scale = 255 / (high - low or 1)
    shift = 0.5 - low * scale
    grey = wide.point(lambda value: value * scale + shift).convert("L")
    grey.info.pop("transparency", None)
    return grey
