"""PP-OCR through rapidocr's steps: how an image is brought to the models and the text back.

The only place that touches rapidocr, OpenCV and numpy for reading; they load on the first use.
"""

from __future__ import annotations

import importlib
import importlib.util
import logging
import math
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, cast

from deixis.vision._errors import ModelError
from deixis.vision._geometry import XY, Box, Quad, Size
from deixis.vision._seams import joined, uncovered
from deixis.vision._transforms import Transform

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]

_LONGEST = 2000  # rapidocr's own limit, kept so that the same photo reads the same
_SMALL = 360
_FRAME = 368  # half the shorter side that the detector enlarges everything to
_FRAME_ASPECT = 4
_CLOSE_PIXELS = 24_000_000
_OVERLAP = 200
_WORTHWHILE = 1.25
_FINE_TEXT = 18
_LOST_CONTRAST = 32
_LOST_SHARE = 0.08
_LOST_CELL = 64
_DOUBTFUL = 0.9
_STANDING = 1.5
_UNSURE_STANDING = 0.8
_COLUMN_MARGIN = 20
_TURN_TO_EXIF = {1: 8, 2: 3, 3: 6}
_MODELS = {
    "Det": "PP-OCRv*_det_small.onnx",
    "Cls": "ch_ppocr_mobile_v*_cls_mobile.onnx",
    "Rec": "PP-OCRv*_rec_small.onnx",
}
_OPENCV = ("opencv-python-headless", "opencv-python", "opencv-contrib-python")


class _Detected(Protocol):
    boxes: NDArray[np.float32]


class _Classified(Protocol):
    cls_res: Sequence[tuple[str, float]]


class _Recognized(Protocol):
    txts: Sequence[str]
    scores: Sequence[float]


class Engine(Protocol):
    """The public steps of `rapidocr.RapidOCR` 3.10 that are used here; pixels are BGR."""

    def detect_and_crop(
        self, img: Pixels, op_record: dict[str, Any]
    ) -> tuple[list[Pixels], _Detected]:
        """Corners of the text regions, and their pictures, level."""
        ...

    def crop_text_regions(self, img: Pixels, det_boxes: NDArray[np.float32]) -> list[Pixels]:
        """Pictures of regions, level; those that stand are laid down to the left."""
        ...

    def cls_and_rotate(self, img: list[Pixels]) -> tuple[list[Pixels], _Classified]:
        """The pictures with those turned that stand on their head, and which these are."""
        ...

    def recognize_txt(self, img: list[Pixels]) -> _Recognized:
        """What is written on each picture, and how sure that is."""
        ...


class Found(NamedTuple):
    """Text, its outline in the pixels read (from the text's own top left), its confidence."""

    text: str
    quad: Quad
    score: float


_inside: ContextVar[bool] = ContextVar("deixis_rapid_inside", default=False)


def _not_ours(_record: logging.LogRecord) -> bool:
    return not _inside.get()


@contextmanager
def hushed() -> Generator[None]:
    """Drops what rapidocr logs for us, in colour on stderr; its log for others stays as it is."""
    logging.getLogger("RapidOCR").addFilter(_not_ours)
    token = _inside.set(True)
    try:
        yield
    finally:
        _inside.reset(token)


def versions() -> list[str]:
    """The libraries and models that a reading depends on, found without loading them."""
    names = {"rapidocr": ("rapidocr",), "onnxruntime": ("onnxruntime",), "opencv": _OPENCV}
    libraries = [f"{name} {_installed(*dists)}" for name, dists in names.items()]
    return libraries + [path.name for path in _model_paths().values()]


def _installed(*names: str) -> str:
    for name in names:
        try:
            return version(name)
        except PackageNotFoundError:
            continue
    return "unknown"


def _model_paths() -> dict[str, Path]:
    """The weights in rapidocr's wheel. Named outright, rapidocr never looks for a download."""
    spec = importlib.util.find_spec("rapidocr")
    if spec is None or spec.origin is None:
        raise ModelError("the reader needs rapidocr: pip install 'rapidocr>=3.10,<4'")
    folder = Path(spec.origin).parent / "models"
    found = {part: sorted(folder.glob(name)) for part, name in _MODELS.items()}
    missing = [part for part, paths in found.items() if not paths]
    if missing:
        raise ModelError(
            f"rapidocr's weights for {', '.join(missing)} are missing in {folder}: "
            "pip install --force-reinstall 'rapidocr>=3.10,<4'"
        )
    return {part: paths[-1] for part, paths in found.items()}


def load_engine(threads: int | None) -> Engine:
    """Load rapidocr with the weights of its wheel.

    Raises:
        ModelError: rapidocr, something it needs, or its weights are missing.
    """
    params: dict[str, Any] = {
        f"{part}.model_path": str(path) for part, path in _model_paths().items()
    }
    params |= {
        "Global.log_level": "critical",
        "Global.use_vertical_padding": False,
        "EngineConfig.onnxruntime.intra_op_num_threads": threads or -1,
        # Short lines are padded to a width of 160, not 320: the same text in half the time.
        "Rec.rec_img_shape": [3, 48, 160],
    }
    try:
        return cast("Engine", importlib.import_module("rapidocr").RapidOCR(params=params))
    except ImportError as error:
        raise ModelError(f"the reader can't load rapidocr: {error}") from error


@dataclass(frozen=True)
class _Region:
    """Where text was found, in the pixels read, and its picture, level."""

    quad: Quad
    crop: Pixels
    stands: bool


@dataclass(frozen=True)
class _Read:
    region: _Region
    text: str
    score: float
    flipped: bool = False


def read_pixels(engine: Engine, pixels: Pixels) -> list[Found]:
    """What is written, the pixels turned first if most text lies on its side or head down.

    Args:
        engine: rapidocr.
        pixels: RGB, height × width × 3.
    """
    import numpy as np

    size = (pixels.shape[1], pixels.shape[0])
    first = _read_upright(engine, pixels)
    turn = _turn(first)
    if turn:
        second = _read_upright(engine, np.ascontiguousarray(np.rot90(pixels, turn)))
        if _worth(second) > _worth(first):
            back = Transform.exif(_TURN_TO_EXIF[turn], size).inverse()
            return [_found(one, back, size) for one in second]
    return [_found(one, Transform(), size) for one in first]


def _turn(lines: list[_Read]) -> int:
    """Quarter turns to the left that would set most of the text upright."""
    long = [
        one for one in lines if max(shape := one.region.crop.shape[:2]) >= _STANDING * min(shape)
    ]
    standing = [one for one in long if one.region.stands]
    if len(standing) >= 3 and 2 * len(standing) > len(long):
        return 3 if 2 * sum(one.flipped for one in standing) > len(standing) else 1
    return 2 if len(lines) >= 3 and 2 * sum(one.flipped for one in lines) > len(lines) else 0


def _worth(lines: list[_Read]) -> float:
    return sum(one.score * len(one.text) for one in lines)


def _found(read: _Read, back: Transform, size: Size) -> Found:
    start = (2 if read.flipped else 0) + (1 if read.region.stands else 0)
    width, height = float(size[0]), float(size[1])
    corners = [back.xy(x, y) for x, y in read.region.quad.points]
    inside = [(min(max(x, 0.0), width), min(max(y, 0.0), height)) for x, y in corners]
    return Found(read.text, _quad([*inside[start:], *inside[:start]]), read.score)


def _quad(corners: Sequence[XY]) -> Quad:
    a, b, c, d = corners
    return Quad(points=(a, b, c, d))


def _read_upright(engine: Engine, pixels: Pixels) -> list[_Read]:
    height, width = pixels.shape[:2]
    whole = Box(x1=0, y1=0, x2=width, y2=height)
    scale = min(2.0 if min(width, height) < _SMALL else 1.0, _LONGEST / max(width, height))
    regions = _detect(engine, pixels, whole, scale)
    if scale < 1:
        regions = _with_close_looks(engine, pixels, regions, scale)
    return _with_columns_parted(engine, pixels, _recognize(engine, regions)) if regions else []


def _with_columns_parted(engine: Engine, pixels: Pixels, lines: list[_Read]) -> list[_Read]:
    """Level lines in place of what the detector took for one line that stands.

    It joins short lines that lie close under each other (`3楼`, `2楼`, `1楼`), and the recognizer
    then makes little of them. Seen alone, the same place falls into its lines.
    """
    kept: list[_Read] = []
    for one in lines:
        parts: list[_Read] = []
        if one.region.stands and one.score < _UNSURE_STANDING:
            area = _around(one.region.quad.box, _COLUMN_MARGIN, (pixels.shape[1], pixels.shape[0]))
            regions = _detect(engine, pixels, area, 1.0)
            known = [other.region.quad for other in lines if other is not one]
            new = uncovered([region.quad for region in regions if not region.stands], known)
            level = [region for region in regions if region.quad in new]
            parts = _recognize(engine, level) if len(level) > 1 else []
        if _worth(parts) <= _worth([one]):
            kept.append(one)
        elif all(len(part.text) == 1 for part in parts):
            # Chinese written from top to bottom is one line after all.
            parts.sort(key=lambda part: part.region.quad.center.y)
            score = sum(part.score for part in parts) / len(parts)
            kept.append(_Read(one.region, "".join(part.text for part in parts), score))
        else:
            kept += parts
    return kept


def _around(box: Box, margin: float, size: Size) -> Box:
    """A box with a margin, in whole pixels of the image."""
    return Box(
        x1=math.floor(max(box.x1 - margin, 0)),
        y1=math.floor(max(box.y1 - margin, 0)),
        x2=math.ceil(min(box.x2 + margin, size[0])),
        y2=math.ceil(min(box.y2 + margin, size[1])),
    )


def _recognize(engine: Engine, regions: list[_Region]) -> list[_Read]:
    """The text of the regions; doubtful ones are tried head down where they seem to be so."""
    result = engine.recognize_txt([region.crop for region in regions])
    lines = [
        _Read(region, text, float(score))
        for region, text, score in zip(regions, result.txts, result.scores, strict=True)
    ]
    doubtful = [i for i, one in enumerate(lines) if one.score < _DOUBTFUL]
    if not doubtful:
        return lines
    upright, sides = engine.cls_and_rotate([regions[i].crop for i in doubtful])
    turned = [
        (i, crop)
        for i, crop, (label, score) in zip(doubtful, upright, sides.cls_res, strict=True)
        if label == "180" and score > _DOUBTFUL
    ]
    if turned:
        again = engine.recognize_txt([crop for _, crop in turned])
        for (i, _), text, score in zip(turned, again.txts, again.scores, strict=True):
            if score > lines[i].score:
                lines[i] = _Read(regions[i], text, float(score), flipped=True)
    return lines


def _detect(engine: Engine, pixels: Pixels, area: Box, scale: float) -> list[_Region]:
    """Text regions of an area of the RGB pixels, looked at after scaling it."""
    import cv2

    seen = pixels[int(area.y1) : int(area.y2), int(area.x1) : int(area.x2)]
    before = (seen.shape[1], seen.shape[0])
    after = (max(round(before[0] * scale), 1), max(round(before[1] * scale), 1))
    if after != before:
        how = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
        seen = cast("Pixels", cv2.resize(seen, after, interpolation=how))
    seen, pad = _framed(cast("Pixels", cv2.cvtColor(seen, cv2.COLOR_RGB2BGR)))
    back = Transform.chain(Transform.crop(area), Transform.resize(before, after), pad).inverse()
    nothing_found = importlib.import_module("rapidocr.main").RapidOCRError
    try:
        crops, detected = engine.detect_and_crop(seen, {})
    except nothing_found:
        return []
    quads = [_quad([(float(x), float(y)) for x, y in corners]) for corners in detected.boxes]
    return [
        _Region(back.apply(quad), crop, _stands(quad))
        for quad, crop in zip(quads, crops, strict=True)
    ]


def _framed(seen: Pixels) -> tuple[Pixels, Transform]:
    """With a margin in the colour of its border where it is small or a long strip.

    The detector enlarges everything to a shorter side of 736 pixels. On a small image the letters
    grow too large to be found, and a strip costs as much as a poster.
    """
    import cv2
    import numpy as np

    height, width = seen.shape[:2]
    least = max(_FRAME, math.ceil(max(width, height) / _FRAME_ASPECT))
    left, top = max(least - width, 0), max(least - height, 0)
    if not (left or top):
        return seen, Transform()
    border = np.concatenate([seen[0], seen[-1], seen[:, 0], seen[:, -1]])
    color = [float(value) for value in np.median(border, axis=0)]
    sides = (top // 2, top - top // 2, left // 2, left - left // 2)
    framed = cv2.copyMakeBorder(seen, *sides, cv2.BORDER_CONSTANT, value=color)
    return cast("Pixels", framed), Transform.pad(left // 2, top // 2)


def _stands(quad: Quad) -> bool:
    """Whether rapidocr lays the region's picture down, by its `get_rotate_crop_image`."""
    a, b, c, d = quad.points
    width = int(max(math.dist(a, b), math.dist(c, d)))
    height = int(max(math.dist(a, d), math.dist(b, c)))
    return height >= _STANDING * width


def _with_close_looks(
    engine: Engine, pixels: Pixels, regions: list[_Region], scale: float
) -> list[_Region]:
    """The regions of a shrunken image, with those that only show at (nearly) full size."""
    import numpy as np

    height, width = pixels.shape[:2]
    close = min(1.0, math.sqrt(_CLOSE_PIXELS / (width * height)))
    if close < _WORTHWHILE * scale:
        return regions
    fine = [one for one in regions if _text_height(one.quad) * scale < _FINE_TEXT]
    clear = [one for one in regions if _text_height(one.quad) * scale >= _FINE_TEXT]
    tiles = [
        tile
        for tile in _tiles((width, height), round(_LONGEST / close), round(_OVERLAP / close))
        if any(tile.intersection(one.quad.box) > 0 for one in fine)
        or _lost_detail(pixels, tile, scale, clear)
    ]
    pieces = [[one.quad for one in _detect(engine, pixels, tile, close)] for tile in tiles]
    found = uncovered(joined(pieces, _OVERLAP / close), [one.quad for one in clear])
    corners = [np.array(quad.points, dtype=np.float32) for quad in found]
    crops = engine.crop_text_regions(pixels, cast("Any", corners))
    seen = [
        _Region(quad, np.ascontiguousarray(crop[:, :, ::-1]), _stands(quad))
        for quad, crop in zip(found, crops, strict=True)
    ]
    missed = uncovered([one.quad for one in fine], found)
    return [*clear, *(one for one in fine if one.quad in missed), *seen]


def _text_height(quad: Quad) -> float:
    return min(quad.width, quad.height)


def _tiles(size: Size, side: int, overlap: int) -> list[Box]:
    """Areas of at most `side` pixels a side that cover the image evenly, with an overlap."""
    spans = [list(_spans(length, side, overlap)) for length in size]
    return [Box(x1=x1, y1=y1, x2=x2, y2=y2) for (y1, y2), (x1, x2) in product(spans[1], spans[0])]


def _spans(length: int, side: int, overlap: int) -> Iterator[tuple[int, int]]:
    count = max(math.ceil((length - overlap) / (side - overlap)), 1)
    step = (length - overlap) / count
    for index in range(count):
        yield round(index * step), min(math.ceil((index + 1) * step) + overlap, length)


def _lost_detail(pixels: Pixels, tile: Box, scale: float, clear: list[_Region]) -> bool:
    """Whether shrinking wiped out something as dense as small print, outside of clear text.

    A straight edge loses contrast too, but along a line; print loses it in a whole cell.
    """
    import cv2
    import numpy as np

    area = pixels[int(tile.y1) : int(tile.y2), int(tile.x1) : int(tile.x2)]
    full = cv2.cvtColor(area, cv2.COLOR_RGB2GRAY)
    height, width = full.shape[:2]
    small = cv2.resize(full, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    lost = cv2.absdiff(full, cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR))
    lost = cv2.threshold(lost, _LOST_CONTRAST, 255, cv2.THRESH_BINARY)[1]
    for one in clear:
        corners = np.array(one.quad.points, dtype=np.float32) - (tile.x1, tile.y1)
        cv2.fillPoly(lost, [corners.astype(np.int32)], 0)
    cells = (max(width // _LOST_CELL, 1), max(height // _LOST_CELL, 1))
    share = cv2.resize(lost, cells, interpolation=cv2.INTER_AREA)
    return bool((share > _LOST_SHARE * 255).any())
