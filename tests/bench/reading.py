"""What our reader costs on top of bare rapidocr, measured side by side in one run.

Images: those named in `DEIXIS_BENCH_IMAGES` (paths joined by the system's path separator), or
`examples/images/hospital_zh.jpg` and the photos in `../shared/real`.
"""

# ruff: noqa: T201

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Protocol, cast

import numpy as np

from deixis.vision._images import VisionImage, load_image
from deixis.vision._reader import RapidReader
from deixis.vision._reading_cache import CachedReader

ROOT = Path(__file__).parents[2]
ROUNDS = 5
LIMIT = 1.05


class _Output(Protocol):
    txts: tuple[str, ...] | None


class _RapidOCR(Protocol):
    def __call__(self, img_content: object) -> _Output: ...


@dataclass(frozen=True)
class Cost:
    """Seconds of one call."""

    wall: float
    cpu: float


def run() -> None:
    """Print one line for each image, and one for a reading that is on disk."""
    bare = cast("_RapidOCR", import_module("rapidocr").RapidOCR())
    logging.getLogger("RapidOCR").setLevel(logging.CRITICAL)
    reader = RapidReader()
    images = [load_image(path) for path in paths()]
    if not images:
        print("reading: no image found; name some in DEIXIS_BENCH_IMAGES")
    for image in images:
        print(compare(bare, reader, image))
    if images:
        print(cached(reader, images[0]))


def paths() -> Iterator[Path]:
    """The images to measure on."""
    if named := os.environ.get("DEIXIS_BENCH_IMAGES"):
        yield from (Path(path) for path in named.split(os.pathsep))
        return
    example = ROOT / "examples" / "images" / "hospital_zh.jpg"
    if example.exists():
        yield example
    yield from sorted((ROOT.parent / "shared" / "real").glob("*.jpg"))


def compare(bare: _RapidOCR, reader: RapidReader, image: VisionImage) -> str:
    """Both on the same decoded pixels, turn by turn, the first round not counted."""
    pixels = image.pixels()
    ours: list[Cost] = []
    theirs: list[Cost] = []
    for number in range(ROUNDS + 1):
        pair = (
            cost(lambda: bare(np.asarray(pixels)[:, :, ::-1].copy())),
            cost(lambda: reader.read(image)),
        )
        if number:
            theirs.append(pair[0])
            ours.append(pair[1])
    cpu = median(one.cpu for one in ours) / median(one.cpu for one in theirs)
    wall = median(one.wall for one in ours) / median(one.wall for one in theirs)
    lines = {line.text for line in reader.read(image).lines}
    expected = set(bare(np.asarray(pixels)[:, :, ::-1].copy()).txts or ())
    return (
        f"reading {image.source}: deixis / rapidocr = {cpu:.2f} CPU, {wall:.2f} wall"
        f" (at most {LIMIT}); {median(one.cpu for one in ours):.2f} against"
        f" {median(one.cpu for one in theirs):.2f} CPU-s, medians of {ROUNDS};"
        f" {len(lines & expected)} of {len(expected)} texts the same"
    )


def cached(reader: RapidReader, image: VisionImage) -> str:
    """A reading that is on disk, by a reader that has nothing in memory."""
    with TemporaryDirectory() as name:
        CachedReader(reader, Path(name)).read(image)
        again = [cost(lambda: CachedReader(reader, Path(name)).read(image)) for _ in range(20)]
    return f"reading {image.source} from disk: {median(one.wall for one in again) * 1000:.1f} ms"


def cost(work: Callable[[], object]) -> Cost:
    """Seconds one call takes."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return Cost(time.perf_counter() - wall, time.process_time() - cpu)


if __name__ == "__main__":
    run()
