"""Pictures that carry their depth."""

from __future__ import annotations

import contextlib
import struct
import zlib
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from deixis.vision import ImageError, ImageStore, load_image
from deixis.vision._camera import Camera
from deixis.vision._rgbd import RgbdImage, rgbd_of

CAMERA = Camera.looking_at((0.5, 0, 0), position=(1.15, 0, 0.85), size=(64, 48), fovy=42)


def picture(*, deepest: float = 2.0, camera: Camera = CAMERA) -> RgbdImage:
    random = np.random.default_rng(3)
    shape = (camera.height, camera.width)
    return RgbdImage(
        rgb=random.integers(0, 256, (*shape, 3), np.uint8),
        depth=random.uniform(0.3, deepest, shape).astype(np.float32),
        camera=camera,
    )


def depth_chunk(header: bytes, depth: Image.Image | bytes) -> bytes:
    """A PNG of 64 × 48 with a chunk of depth made by hand."""
    if isinstance(depth, Image.Image):
        buffer = BytesIO()
        depth.save(buffer, "PNG")
        depth = buffer.getvalue()
    carried = PngImagePlugin.PngInfo()
    carried.add(b"dpTH", header + depth)
    buffer = BytesIO()
    Image.new("RGB", (64, 48)).save(buffer, "PNG", pnginfo=carried)
    return buffer.getvalue()


def header(camera: Camera = CAMERA) -> bytes:
    return camera.model_dump_json().encode() + b"\n"


def test_depth_comes_back_to_a_tenth_of_a_millimetre() -> None:
    made = picture()
    back = rgbd_of(made.image())
    assert back is not None
    assert np.array_equal(back.rgb, made.rgb)
    assert back.camera == CAMERA
    assert np.abs(back.depth - made.depth).max() <= 0.5001e-4


def test_unknown_depth_stays_unknown_and_so_does_what_is_too_far() -> None:
    made = picture()
    made.depth[0, 0], made.depth[1, 1], made.depth[2, 2] = np.nan, 9.0, np.inf
    made.depth[3, 3] = -1.0
    back = rgbd_of(made.image())
    assert back is not None
    assert np.argwhere(np.isnan(back.depth)).tolist() == [[0, 0], [1, 1], [2, 2], [3, 3]]


def test_every_pixel_s_place_is_projected_onto_the_pixel() -> None:
    made = picture()
    seen = CAMERA.project(made.points())
    assert seen[7, 11, :2] == pytest.approx((11.5, 7.5))
    assert seen[7, 11, 2] == pytest.approx(float(made.depth[7, 11]))


def test_it_is_one_picture_for_everything_that_knows_no_depth() -> None:
    made = picture()
    with Image.open(BytesIO(made.image().data)) as opened:
        assert np.array_equal(np.asarray(opened), made.rgb)


def test_depth_is_kept_by_the_store_of_images(tmp_path: Path) -> None:
    made = picture().image()
    ImageStore(tmp_path).put(made)
    assert rgbd_of(ImageStore(tmp_path).get(made.sha256)) is not None


def test_depth_tells_two_pictures_of_the_same_colours_apart() -> None:
    near, far = picture(), picture(deepest=3.0)
    assert np.array_equal(near.rgb, far.rgb)
    assert near.image().sha256 != far.image().sha256


def test_a_picture_without_depth_has_none() -> None:
    assert rgbd_of(load_image(Image.new("RGB", (64, 48)))) is None


def test_bytes_that_only_look_like_the_chunk_are_no_depth() -> None:
    carried = PngImagePlugin.PngInfo()
    carried.add_text("note", "dpTH")
    buffer = BytesIO()
    Image.new("RGB", (64, 48)).save(buffer, "PNG", pnginfo=carried)
    assert rgbd_of(load_image(buffer.getvalue())) is None


def test_parts_of_different_sizes_are_refused() -> None:
    made = picture()
    with pytest.raises(ImageError, match="don't belong together"):
        RgbdImage(rgb=made.rgb[:-1], depth=made.depth, camera=CAMERA)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(depth_chunk(b"", b""), id="empty"),
        pytest.param(depth_chunk(b"no json\n", Image.new("I;16", (64, 48))), id="no camera"),
        pytest.param(depth_chunk(b"{}\n", Image.new("I;16", (64, 48))), id="empty camera"),
        pytest.param(depth_chunk(b" " * 5000 + b"\n", b"x"), id="endless header"),
        pytest.param(depth_chunk(header(), b"no picture"), id="no picture"),
        pytest.param(depth_chunk(header(), Image.new("I;16", (640, 480))), id="other size"),
        pytest.param(depth_chunk(header(), Image.new("RGB", (64, 48))), id="other kind"),
        pytest.param(
            depth_chunk(
                header(CAMERA.model_copy(update={"width": 65})), Image.new("I;16", (65, 48))
            ),
            id="camera of another size",
        ),
    ],
)
def test_damaged_depth_is_told_in_one_line(data: bytes) -> None:
    with pytest.raises(ImageError, match="take the picture again") as told:
        rgbd_of(load_image(data))
    assert "\n" not in str(told.value)


def test_a_bomb_of_depth_is_not_unpacked() -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    size = struct.pack(">IIBBBBB", 60_000, 60_000, 16, 0, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + chunk(b"IDAT", zlib.compress(bytes(100)))
    with pytest.raises(ImageError, match="take the picture again"):
        rgbd_of(load_image(depth_chunk(header(), bomb)))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.binary(min_size=1, max_size=40))
def test_a_file_damaged_anywhere_is_an_error_of_ours_or_a_picture(at: int, noise: bytes) -> None:
    whole = picture().image().data
    at %= len(whole)
    with contextlib.suppress(ImageError):
        rgbd_of(load_image(whole[:at] + noise + whole[at + len(noise) :]))
