import base64
import io
import os
import stat
import struct
import sys
import zlib
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from deixis.vision._errors import ImageError
from deixis.vision._geometry import Point
from deixis.vision._images import ImageLimits, load_image
from deixis.vision._transforms import Transform
from tests.vision.small_pictures import (
    BLUE,
    CELL,
    COLOURS,
    GREEN,
    ORIENTATION,
    RED,
    WHITE,
    asymmetric,
    encoded,
    one_line,
)


def with_orientation(orientation: int, kind: str) -> bytes:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    return encoded(asymmetric(), kind, exif=exif, quality=95)


def png_chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png_header(width: int, height: int) -> bytes:
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = png_chunk(b"IDAT", zlib.compress(b"\0" * 100)) + png_chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", head) + data


def near(seen: object, wanted: tuple[int, int, int], tolerance: int = 6) -> bool:
    assert isinstance(seen, tuple)
    return all(abs(int(a) - b) <= tolerance for a, b in zip(seen, wanted, strict=True))  # pyright: ignore


# What is read


@pytest.mark.parametrize(
    ("kind", "mime"),
    [
        ("PNG", "image/png"),
        ("JPEG", "image/jpeg"),
        ("GIF", "image/gif"),
        ("WEBP", "image/webp"),
        ("BMP", "image/bmp"),
        ("TIFF", "image/tiff"),
        ("PPM", "image/x-portable-anymap"),
        ("AVIF", "image/avif"),
    ],
)
def test_a_format_is_sniffed_from_bytes(kind: str, mime: str) -> None:
    data = encoded(asymmetric(), kind)
    image = load_image(data)
    assert (image.mime, image.size, image.data) == (mime, (48, 32), data)
    assert near(image.pixels().getpixel((8, 8)), RED, 30)


def test_the_name_of_a_file_doesnt_decide_its_format(tmp_path: Path) -> None:
    path = tmp_path / "sign.png"
    path.write_bytes(encoded(asymmetric(), "JPEG"))
    image = load_image(path)
    assert (image.mime, image.source) == ("image/jpeg", "sign.png")


def test_the_hash_is_that_of_the_bytes() -> None:
    image = load_image(base64.b64decode(b"UDYKMSAxCjI1NQr/AAA="))
    assert image.sha256 == "8dee30e2caa26a23f15a2e903788b34b4bd247a15ccb4feed7ec8b3db1bc71ee"


def test_home_is_expanded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "a.png").write_bytes(encoded(asymmetric(), "PNG"))
    assert load_image("~/a.png").size == (48, 32)


def test_a_data_uri_is_read() -> None:
    data = encoded(asymmetric(), "PNG")
    image = load_image("data:image/jpeg;base64," + base64.b64encode(data).decode())
    assert (image.mime, image.data, image.source) == ("image/png", data, "data URI")


def test_a_data_uri_without_padding_is_read() -> None:
    data = encoded(asymmetric(), "PNG") + b"\0"
    coded = base64.b64encode(data).decode().rstrip("=")
    assert load_image(f"data:;base64,{coded}").data == data


def test_a_percent_coded_data_uri_is_read() -> None:
    assert load_image("data:image/x-portable-pixmap,P6%0A1%201%0A255%0A%FF%00%00").size == (1, 1)


def test_a_pil_image_becomes_a_png() -> None:
    image = load_image(asymmetric())
    assert (image.mime, image.source, image.size) == ("image/png", "PIL image", (48, 32))
    assert image.pixels().tobytes() == asymmetric().tobytes()


def test_a_pil_image_of_a_turned_photo_is_uprighted_once() -> None:
    with Image.open(io.BytesIO(with_orientation(6, "JPEG"))) as photo:
        image = load_image(load_image(photo).pixels())
        assert photo.size == (48, 32)
    assert image.size == (32, 48)


def test_a_loaded_image_is_given_back() -> None:
    image = load_image(asymmetric())
    assert load_image(image) is image


def test_pixels_are_decoded_once() -> None:
    image = load_image(encoded(asymmetric(), "PNG"))
    assert image.pixels() is image.pixels()


def test_the_repr_holds_no_bytes() -> None:
    image = load_image(asymmetric())
    assert "data" not in repr(image)
    assert {image: 1}[image] == 1


# Orientation


@settings(deadline=None)
@given(
    orientation=st.integers(1, 8),
    kind=st.sampled_from(["JPEG", "PNG", "WEBP", "TIFF", "AVIF"]),
    cell=st.integers(0, 5),
)
def test_orientation_is_applied_exactly_once(orientation: int, kind: str, cell: int) -> None:
    image = load_image(with_orientation(orientation, kind))
    stored = (3 * CELL, 2 * CELL)
    assert image.size == image.pixels().size == (stored if orientation < 5 else stored[::-1])
    middle = Point(x=(cell % 3 + 0.5) * CELL, y=(cell // 3 + 0.5) * CELL)
    moved = Transform.exif(orientation, stored).apply(middle)
    assert near(image.pixels().getpixel((int(moved.x), int(moved.y))), COLOURS[cell], 40)


@settings(deadline=None)
@given(orientation=st.integers(1, 8))
def test_orientation_after_the_pixels_of_a_png_counts(orientation: int) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    plain = encoded(asymmetric(), "PNG")
    end = plain.rindex(b"IEND") - 4
    data = plain[:end] + png_chunk(b"eXIf", exif.tobytes()[6:]) + plain[end:]
    assert load_image(data).size == ((48, 32) if orientation < 5 else (32, 48))
    assert load_image(data).pixels().size == load_image(data).size


def test_pixels_carry_no_orientation_to_be_applied_again() -> None:
    assert ORIENTATION not in load_image(with_orientation(6, "JPEG")).pixels().getexif()


def test_damaged_exif_leaves_a_photo_as_it_is() -> None:
    data = encoded(asymmetric(), "JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03")
    assert load_image(data).size == load_image(data).pixels().size == (48, 32)


# Colours


def dot(mode: str, value: object) -> Image.Image:
    return Image.new(mode, (4, 4), value)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("mode", "value", "kind", "seen"),
    [
        ("1", 1, "PNG", WHITE),
        ("L", 70, "PNG", (70, 70, 70)),
        ("LA", (0, 0), "PNG", WHITE),
        ("LA", (10, 255), "PNG", (10, 10, 10)),
        ("RGBA", (255, 0, 0, 0), "PNG", WHITE),
        ("RGBA", (255, 0, 0, 128), "PNG", (255, 127, 127)),
        ("CMYK", (0, 255, 255, 0), "TIFF", RED),
        ("CMYK", (0, 255, 255, 0), "JPEG", RED),
        ("I;16", 0, "PNG", (0, 0, 0)),
        ("I;16", 128 * 257, "PNG", (128, 128, 128)),
        ("I;16", 65535, "PNG", WHITE),
        ("I;16", 128 * 257, "TIFF", (128, 128, 128)),
        ("I;16B", 128 * 257, "TIFF", (128, 128, 128)),
        ("I;16", 128 * 257, "PPM", (128, 128, 128)),
    ],
)
def test_a_colour_mode_becomes_rgb(
    mode: str, value: object, kind: str, seen: tuple[int, int, int]
) -> None:
    pixels = load_image(encoded(dot(mode, value), kind)).pixels()
    assert pixels.mode == "RGB"
    assert near(pixels.getpixel((1, 1)), seen, 2)


@pytest.mark.parametrize("mode", ["I", "F"])
def test_grey_of_unknown_range_is_stretched(mode: str) -> None:
    image = Image.new(mode, (3, 1))
    for x, value in enumerate((-1000, 0, 1000)):
        image.putpixel((x, 0), value)
    pixels = load_image(encoded(image, "TIFF")).pixels()
    assert [pixels.getpixel((x, 0)) for x in range(3)] == [(v, v, v) for v in (0, 128, 255)]


def test_a_palette_with_a_transparent_colour_is_laid_over_white() -> None:
    image = Image.new("P", (2, 1))
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.putpixel((1, 0), 1)
    for transparency in (0, b"\0\xff"):
        pixels = load_image(encoded(image, "PNG", transparency=transparency)).pixels()
        assert [pixels.getpixel((x, 0)) for x in range(2)] == [WHITE, BLUE]


def test_the_first_frame_of_an_animation_counts() -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in (RED, GREEN, BLUE)]
    for kind in ("GIF", "WEBP", "PNG"):
        data = encoded(frames[0], kind, save_all=True, append_images=frames[1:])
        assert near(load_image(data).pixels().getpixel((4, 4)), RED)


# Limits


def test_a_header_of_60000_square_is_refused() -> None:
    with pytest.raises(ImageError, match=r"60,000 × 60,000 pixels, over the limit") as error:
        load_image(png_header(60_000, 60_000))
    one_line(error)


@pytest.mark.parametrize("limits", [ImageLimits(pixels=48 * 32 - 1), ImageLimits(side=47)])
def test_pixel_limits_hold_for_bytes_and_pil_images(limits: ImageLimits) -> None:
    for source in (encoded(asymmetric(), "PNG"), asymmetric()):
        with pytest.raises(ImageError, match="over the limit"):
            load_image(source, limits=limits)


def test_an_image_at_the_limit_is_taken() -> None:
    data = encoded(asymmetric(), "PNG")
    limits = ImageLimits(pixels=48 * 32, side=48, bytes=len(data))
    assert load_image(data, limits=limits).size == (48, 32)


def test_a_file_over_the_byte_limit_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(encoded(asymmetric(), "PNG"))
    with pytest.raises(ImageError, match="limit of 20 bytes"):
        load_image(path, limits=ImageLimits(bytes=20))


def test_a_huge_data_uri_is_refused() -> None:
    with pytest.raises(ImageError, match="over the limit of 1,000 bytes"):
        load_image("data:image/png;base64," + "A" * 10_000, limits=ImageLimits(bytes=1000))


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_pillows_warning_of_large_images_doesnt_leak(
    monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    data = encoded(asymmetric(), kind)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    assert load_image(data).size == (48, 32)


# What is refused

HEIC = struct.pack(">I", 24) + b"ftypheic\0\0\0\0mif1heic" + b"\0" * 40


@pytest.mark.parametrize(
    ("data", "says"),
    [
        # A warning that Pillow gives on the way must not become the message.
        (encoded(asymmetric(), "JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08\0\x01")[:300], "damaged"),
        (b"", "is empty"),
        (b"The lift is on the left.", "holds text, not an image"),
        ("电梯在左边".encode() * 300, "holds text, not an image"),
        (b"BM is also how a text can begin", "holds text, not an image"),
        (b"\0\1\2\3" * 20, "holds something unknown"),
        (b"<!DOCTYPE html><html>", "web page"),
        (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', "SVG"),
        (encoded(asymmetric(), "JPEG")[:400], "damaged or cut off"),
        (encoded(asymmetric(), "PNG")[:80], "damaged or cut off"),
        (encoded(asymmetric(), "GIF")[:30], "damaged or cut off"),
        (encoded(asymmetric(), "WEBP")[:60], "damaged or cut off"),
        (encoded(asymmetric(), "BMP")[:200], "damaged or cut off"),
        (encoded(asymmetric(), "TIFF")[:200], "damaged or cut off"),
        (encoded(asymmetric(), "AVIF")[:200], "damaged or cut off"),
        (encoded(asymmetric(), "PPM")[:200], "damaged or cut off"),
        (b"%PDF-1.4 nothing more", "damaged PDF"),
    ],
)
def test_bad_bytes_get_one_clear_line(data: bytes, says: str) -> None:
    with pytest.raises(ImageError, match=says) as error:
        load_image(data)
    one_line(error)


def test_a_truncated_photo_is_found_at_load() -> None:
    noise = Image.effect_noise((640, 480), 60).convert("RGB")
    data = encoded(noise, "JPEG")
    with pytest.raises(ImageError, match="damaged or cut off"):
        load_image(data[: len(data) // 2])


@settings(deadline=None)
@given(st.data())
def test_damage_never_raises_anything_but_image_error(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(["JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "PPM"]))
    broken = bytearray(encoded(asymmetric(), kind))
    for _ in range(3):
        broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(st.integers(0, 255))
    try:
        image = load_image(bytes(broken), limits=ImageLimits(pixels=1_000_000))
    except ImageError:
        return
    assert image.pixels().size == image.size


def test_a_heic_photo_names_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(ImageError, match=r"is HEIC: install pillow-heif .* or save it as JPEG"):
        load_image(HEIC)


def test_a_heic_photo_is_read_upright_with_pillow_heif() -> None:
    heif = pytest.importorskip("pillow_heif")
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    buffer = io.BytesIO()
    heif.from_pillow(asymmetric()).save(buffer, exif=exif.tobytes(), quality=100)
    image = load_image(buffer.getvalue())
    assert (image.mime, image.size, image.pixels().size) == ("image/heic", (32, 48), (32, 48))


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("no/such/file.png", "there is no file no/such/file.png"),
        ("file:///etc/hostname", "give the path itself"),
        ("file:/etc/hostname", "give the path itself"),
        ("s3://bucket/a.png", "s3:// addresses aren't read"),
        ("data:image/png;base64", "no comma"),
        ("data:image/png;base64,!!!!", "isn't valid base64"),
        ("data:image/png;base64,A", "isn't valid base64"),
        ("data:text/plain,Hello%20there", "data URI holds text"),
        ("data:,", "is empty"),
        ("A" * 5000, "can't read"),
        ("a\0b.png", "can't read"),
        ("two\nlines.png", "no file two\\?lines.png"),
        ("", "is a folder"),
    ],
)
def test_a_bad_address_gets_one_clear_line(source: str, says: str) -> None:
    with pytest.raises(ImageError, match=says) as error:
        load_image(source)
    one_line(error)


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="is a folder"):
        load_image(tmp_path)


def test_a_device_is_refused() -> None:
    with pytest.raises(ImageError, match="/dev/zero is a device or pipe"):
        load_image("/dev/zero")


def test_a_fifo_doesnt_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    with pytest.raises(ImageError, match="device or pipe"):
        load_image(tmp_path / "pipe.jpg")


@contextmanager
def not_root() -> Generator[None]:
    """Root may read everything: be nobody for a while."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


def test_a_file_without_permission_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(encoded(asymmetric(), "PNG"))
    path.chmod(stat.S_IWUSR)
    with not_root(), pytest.raises(ImageError, match="may not be read"):
        load_image(path)


def test_permission_denied_by_the_system_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"x")

    def deny(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", deny)
    with pytest.raises(ImageError, match="may not be read: change its permissions"):
        load_image(path)


def test_something_else_is_refused() -> None:
    with pytest.raises(ImageError, match=r"can't make a path of 7 \(int\)"):
        load_image(7)  # pyright: ignore[reportArgumentType]


def test_an_empty_pil_image_is_refused() -> None:
    with pytest.raises(ImageError, match="no pixels"):
        load_image(Image.new("RGB", (0, 5)))
