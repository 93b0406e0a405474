"""Images as values: taken in from files, addresses, bytes and documents, upright and bounded."""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import re
import stat
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Final
from urllib.parse import unquote_to_bytes

from PIL import Image

from deixis.vision._decode import (
    check_size,
    not_an_image,
    open_raster,
    sniff,
    upright_rgb,
    upright_size,
)
from deixis.vision._errors import ImageError
from deixis.vision._fetch import fetch_image_bytes, public_url
from deixis.vision._geometry import Size
from deixis.vision._pdf import is_pdf, page_count, render_page

_SCHEME: Final = re.compile(r"([a-z][a-z0-9+.-]+)://|(file|data):", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class ImageLimits:
    """What an image may cost before it is refused.

    Attributes:
        bytes: Of a file, a data URI's content, or a download after decompression.
        pixels: Width × height, checked on the header before anything is decoded.
        side: Of the longer side, in pixels.
        pages: Of a document whose pages are all loaded.
        redirects: Followed in one download.
        seconds: For one download, name look-ups and redirects included.
        private_addresses: Whether a URL may lead to a host that isn't public.
    """

    bytes: int = 50_000_000
    pixels: int = 120_000_000
    side: int = 30_000
    pages: int = 50
    redirects: int = 5
    seconds: float = 20.0
    private_addresses: bool = False


DEFAULT_LIMITS: Final = ImageLimits()


@dataclass(frozen=True, kw_only=True)
class VisionImage:
    """An image that has been taken in. Make one with `load_image`.

    Attributes:
        data: The encoded bytes as they came; of a PIL image or a PDF page, a PNG of it.
        mime: What the bytes are, as sniffed, e.g. `image/jpeg`.
        sha256: Hash of `data` in hex: the image's content address.
        size: Width and height in pixels, upright (after EXIF orientation).
        source: What to show a user: a file's name, a URL without query, `form.pdf page 2`.
        page: Number of the page it was in a PDF, from 1; None elsewhere.
    """

    data: bytes = field(repr=False)
    mime: str
    sha256: str
    size: Size
    source: str = field(compare=False)
    page: int | None = None
    _decoded: list[Image.Image] = field(
        default_factory=list[Image.Image], init=False, repr=False, compare=False
    )

    def __hash__(self) -> int:
        return hash((self.sha256, self.page))

    def pixels(self) -> Image.Image:
        """The upright image in RGB, alpha laid over white. Shared: copy it before drawing on it.

        Raises:
            ImageError: The bytes are damaged; can't happen to what `load_image` gave.
        """
        if not self._decoded:
            opened = open_raster(self.data, self.mime, self.source)
            self._decoded.append(upright_rgb(opened, self.source))
        return self._decoded[0]


ImageSource = str | os.PathLike[str] | bytes | Image.Image | VisionImage
"""A path, an http(s) URL, a data URI, encoded bytes, a PIL image, or what was loaded before."""


def load_image(
    source: ImageSource, *, page: int = 1, limits: ImageLimits = DEFAULT_LIMITS
) -> VisionImage:
    """Take in one image; it is decoded once, so that damage shows here and not later.

    Args:
        source: A path (`~` is expanded), http(s) URL, data URI, encoded bytes, PIL image or
            loaded image. Files are told apart by their content, not their names.
        page: Which page of a PDF, from 1.
        limits: What the image may cost.

    Raises:
        ImageError: It is missing, damaged, too large or not an image.
        FetchError: A URL is refused or didn't deliver.
    """
    if isinstance(source, VisionImage):
        _only_page(page, source.source, source.page or 1)
        return source
    if isinstance(source, Image.Image):
        _only_page(page, "a PIL image")
        return _of_pil(source, limits)
    data, name = _read(source, limits)
    if is_pdf(data) and sniff(data) is None:
        return _of_page(data, name, page, limits)
    _only_page(page, name)
    image = restore_image(data, source=name, limits=limits)
    image.pixels()
    return image


def load_images(source: ImageSource, *, limits: ImageLimits = DEFAULT_LIMITS) -> list[VisionImage]:
    """Take in every page of a PDF, or the one image that anything else is.

    Args:
        source: As for `load_image`.
        limits: What an image may cost, and how many pages a document may have.

    Raises:
        ImageError: As for `load_image`, or the document has too many pages.
        FetchError: A URL is refused or didn't deliver.
    """
    if isinstance(source, VisionImage | Image.Image):
        return [load_image(source, limits=limits)]
    data, name = _read(source, limits)
    if not is_pdf(data) or sniff(data) is not None:
        image = restore_image(data, source=name, limits=limits)
        image.pixels()
        return [image]
    count = page_count(data, name)
    if count > limits.pages:
        raise ImageError(
            f"{name} has {count} pages, over the limit of {limits.pages}: load one with page=…, "
            "or raise ImageLimits.pages"
        )
    return [_of_page(data, name, page, limits) for page in range(1, count + 1)]


def restore_image(data: bytes, *, source: str, limits: ImageLimits = DEFAULT_LIMITS) -> VisionImage:
    """An image from its encoded bytes by the header alone: for bytes that were loaded before.

    Args:
        data: JPEG, PNG and so on; not PDF.
        source: What to show a user.
        limits: Bounds on its size in pixels.

    Raises:
        ImageError: It is no image, its header is damaged, or it is too large.
    """
    mime = sniff(data)
    if mime is None:
        raise not_an_image(data, source)
    opened = open_raster(data, mime, source)
    check_size(opened.size, source, limits)
    size = upright_size(opened, data)
    return VisionImage(data=data, mime=mime, sha256=_hash(data), size=size, source=source)


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _only_page(page: int, source: str, own: int = 1) -> None:
    if page not in {1, own}:
        raise ImageError(f"{source} has one page, not {page}: leave `page` out")


def _of_pil(picture: Image.Image, limits: ImageLimits) -> VisionImage:
    source = "PIL image"
    if 0 in picture.size:
        raise ImageError("the PIL image has no pixels: give one with a width and a height")
    check_size(picture.size, source, limits)
    upright = upright_rgb(picture, source)
    if upright is picture:
        upright = picture.copy()
        upright.info.clear()
    return _of_rgb(upright, source, None)


def _of_page(data: bytes, name: str, page: int, limits: ImageLimits) -> VisionImage:
    picture = render_page(data, name, page=page, limits=limits)
    return _of_rgb(picture, f"{name} page {page}", page)


def _of_rgb(picture: Image.Image, source: str, page: int | None) -> VisionImage:
    buffer = BytesIO()
    # Half the time of the default level, for a quarter more bytes of a page of text.
    picture.save(buffer, "PNG", compress_level=1)
    data = buffer.getvalue()
    return VisionImage(
        data=data,
        mime="image/png",
        sha256=_hash(data),
        size=picture.size,
        source=source,
        page=page,
    )


def _read(source: str | os.PathLike[str] | bytes, limits: ImageLimits) -> tuple[bytes, str]:
    """The encoded bytes of a source, and what to call it."""
    if isinstance(source, bytes):
        data, name = source, "the image given as bytes"
        _check_bytes(len(data), name, limits)
    elif isinstance(source, str) and (match := _SCHEME.match(source)):
        data, name = _read_address(source, (match[1] or match[2]).lower(), limits)
    else:
        data, name = _read_file(_path(source), limits)
    if not data:
        raise ImageError(f"{name} is empty: save or fetch it again")
    return data, name


def _read_address(source: str, scheme: str, limits: ImageLimits) -> tuple[bytes, str]:
    if scheme in {"http", "https"}:
        return fetch_image_bytes(source, limits=limits), public_url(source)
    if scheme == "data":
        return _read_data_uri(source, limits), "data URI"
    if scheme == "file":
        raise ImageError("file:// addresses aren't read: give the path itself, as /photos/sign.jpg")
    raise ImageError(
        f"{_shown(scheme)}:// addresses aren't read: give a path, an http(s) URL or a data URI"
    )


def _read_data_uri(source: str, limits: ImageLimits) -> bytes:
    head, comma, body = source.partition(",")
    if not comma:
        raise ImageError("the data URI has no comma: write it as data:image/png;base64,…")
    coded = head.lower().endswith(";base64")
    _check_bytes(len(body) * 3 // 4 if coded else len(body) // 3, "the data URI", limits)
    data = unquote_to_bytes(body)
    if coded:
        packed = b"".join(data.split()).rstrip(b"=")
        try:
            data = base64.b64decode(packed + b"=" * (-len(packed) % 4), validate=True)
        except binascii.Error as error:
            raise ImageError(
                "the data URI isn't valid base64 after its comma: encode the image again"
            ) from error
    _check_bytes(len(data), "the data URI", limits)
    return data


def _path(source: str | os.PathLike[str]) -> Path:
    try:
        return Path(source).expanduser()
    except (TypeError, RuntimeError) as error:
        kind = type(source).__name__
        raise ImageError(
            f"can't make a path of {_shown(repr(source))} ({kind}): give a path, an http(s) URL, "
            "a data URI, bytes or a PIL image"
        ) from error


def _read_file(path: Path, limits: ImageLimits) -> tuple[bytes, str]:
    given, name = _shown(str(path)), _shown(path.name)
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise ImageError(f"{given} is a folder: give an image file in it")
        # A pipe or device could keep the reader waiting for ever.
        if not stat.S_ISREG(status.st_mode):
            raise ImageError(f"{given} is a device or pipe: give a regular file")
        _check_bytes(status.st_size, name, limits)
        with path.open("rb") as file:
            data = file.read(limits.bytes + 1)
    except FileNotFoundError as error:
        raise ImageError(f"there is no file {given}: check the path") from error
    except PermissionError as error:
        raise ImageError(f"{given} may not be read: change its permissions") from error
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a path"
        raise ImageError(
            f"can't read {given} ({reason}): give a path, an http(s) URL or a data URI"
        ) from error
    _check_bytes(len(data), name, limits)
    return data, name


def _check_bytes(count: int, source: str, limits: ImageLimits) -> None:
    if count > limits.bytes:
        raise ImageError(
            f"{source} is over the limit of {limits.bytes:,} bytes: save it smaller, "
            "or raise ImageLimits.bytes"
        )


def _shown(name: str) -> str:
    """A name as one line of bearable length."""
    line = "".join(char if char.isprintable() else "?" for char in name)
    return line if len(line) <= 200 else f"{line[:120]}…{line[-60:]}"
