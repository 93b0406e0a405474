from __future__ import annotations

import io
import multiprocessing
import os
import stat
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from PIL import Image

from deixis.vision._geometry import Box, Quad
from deixis.vision._images import VisionImage, load_image
from deixis.vision._reader import Reading, TextLine
from deixis.vision._reading_cache import CachedReader


class CountingReader:
    """A reader that gives one line naming the image's size, and counts how often it is asked."""

    def __init__(self, settings: str = "counting 1") -> None:
        self.settings = settings
        self.asked = 0
        self._lock = threading.Lock()

    def read(self, image: VisionImage) -> Reading:
        with self._lock:
            self.asked += 1
        quad = Quad.of_box(Box(x1=0.1, y1=1 / 3, x2=5, y2=6))
        line = TextLine(text=f"耳鼻喉科 {image.size}", quad=quad, score=0.123456789)
        return Reading(lines=(line,), size=image.size)


def picture(width: int = 40, height: int = 30) -> VisionImage:
    stream = io.BytesIO()
    Image.new("RGB", (width, height), "navy").save(stream, "PNG")
    return load_image(stream.getvalue())


def files(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


def test_a_reading_is_asked_for_once(tmp_path: Path):
    inner = CountingReader()
    reader = CachedReader(inner, tmp_path)
    assert reader.read(picture()) == reader.read(picture())
    assert inner.asked == 1


def test_a_reading_outlives_its_reader(tmp_path: Path):
    first = CachedReader(CountingReader(), tmp_path).read(picture())
    inner = CountingReader()
    assert CachedReader(inner, tmp_path).read(picture()) == first
    assert inner.asked == 0


def test_other_settings_are_another_reading(tmp_path: Path):
    CachedReader(CountingReader("counting 1"), tmp_path).read(picture())
    inner = CountingReader("counting 2")
    CachedReader(inner, tmp_path).read(picture())
    assert inner.asked == 1
    assert len(files(tmp_path)) == 2


def test_another_image_is_another_reading(tmp_path: Path):
    reader = CachedReader(CountingReader(), tmp_path)
    assert reader.read(picture(40)) != reader.read(picture(41))


@pytest.mark.parametrize("content", [b"", b'{"lines": [', b"\xff\xfe", b"[]", b'{"lines": [1]}'])
def test_a_damaged_file_is_read_again_and_mended(tmp_path: Path, content: bytes):
    expected = CachedReader(CountingReader(), tmp_path).read(picture())
    (path,) = files(tmp_path)
    path.write_bytes(content)
    inner = CountingReader()
    assert CachedReader(inner, tmp_path).read(picture()) == expected
    assert inner.asked == 1
    assert Reading.model_validate_json(path.read_bytes()) == expected


def test_a_folder_that_cannot_be_made_costs_only_the_memory(tmp_path: Path):
    (tmp_path / "file").write_text("in the way")
    inner = CountingReader()
    reader = CachedReader(inner, tmp_path / "file" / "readings")
    assert reader.read(picture()) == reader.read(picture())
    assert inner.asked == 1


def test_without_a_folder_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DEIXIS_CACHE_DIR", str(tmp_path))
    inner = CountingReader()
    reader = CachedReader(inner, None)
    assert reader.read(picture()) == reader.read(picture())
    assert inner.asked == 1
    assert files(tmp_path) == []


def test_the_default_folder_follows_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("DEIXIS_CACHE_DIR", str(tmp_path))
    CachedReader(CountingReader()).read(picture())
    assert len(files(tmp_path / "readings")) == 1


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX")
def test_readings_are_for_their_owner_only(tmp_path: Path):
    folder = tmp_path / "readings"
    CachedReader(CountingReader(), folder).read(picture())
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [stat.S_IMODE(path.stat().st_mode) for path in files(folder)] == [0o600]


def test_the_readings_used_longest_ago_go_first(tmp_path: Path):
    for width in range(1, 11):
        CachedReader(CountingReader(), tmp_path).read(picture(width))
    size = max(path.stat().st_size for path in files(tmp_path))
    for path in files(tmp_path):
        os.utime(path, (1, 1))
    CachedReader(CountingReader(), tmp_path).read(picture(3))
    CachedReader(CountingReader(), tmp_path, max_bytes=5 * size).read(picture(11))
    inner = CountingReader()
    CachedReader(inner, tmp_path).read(picture(3))
    CachedReader(inner, tmp_path).read(picture(11))
    assert inner.asked == 0
    assert sum(path.stat().st_size for path in files(tmp_path)) <= 5 * size


def test_a_folder_without_room_still_reads(tmp_path: Path):
    reader = CachedReader(CountingReader(), tmp_path, max_bytes=0)
    assert reader.read(picture()).size == (40, 30)
    assert files(tmp_path) == []


def test_a_limit_below_zero_is_refused():
    with pytest.raises(ValueError, match="max_bytes"):
        CachedReader(CountingReader(), None, max_bytes=-1)


def test_many_threads_agree(tmp_path: Path):
    reader = CachedReader(CountingReader(), tmp_path)
    images = [picture(1 + n % 5) for n in range(100)]
    with ThreadPoolExecutor(8) as pool:
        readings = list(pool.map(reader.read, images))
    assert [reading.size for reading in readings] == [image.size for image in images]
    assert len(files(tmp_path)) == 5


def _read_all(folder: str) -> list[tuple[int, int]]:
    reader = CachedReader(CountingReader(), Path(folder), max_bytes=2000)
    return [reader.read(picture(1 + n % 20)).size for n in range(200)]


def test_many_processes_agree_while_files_come_and_go(tmp_path: Path):
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        results = pool.map(_read_all, [str(tmp_path)] * 2)
    assert results == [[(1 + n % 20, 30) for n in range(200)]] * 2
    assert all(Reading.model_validate_json(path.read_bytes()) for path in files(tmp_path))


def test_a_reading_on_disk_loads_no_reading_library(tmp_path: Path):
    program = """
import sys
from pathlib import Path
from deixis.vision._geometry import Box, Quad
from deixis.vision._images import load_image
from deixis.vision._reader import RapidReader, Reading, TextLine
from deixis.vision._reading_cache import CachedReader

class Known:
    settings = RapidReader().settings
    def read(self, image):
        return Reading(lines=(), size=image.size)

image, folder = load_image(sys.argv[1]), Path(sys.argv[2])
CachedReader(Known(), folder).read(image)
print(CachedReader(RapidReader(), folder).read(image).lines)
print(sorted({"rapidocr", "cv2", "onnxruntime", "numpy"} & set(sys.modules)))
"""
    Image.new("RGB", (20, 20)).save(tmp_path / "page.png")
    arguments = [str(tmp_path / "page.png"), str(tmp_path / "readings")]
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=True
    )
    assert done.stdout == "()\n[]\n"
