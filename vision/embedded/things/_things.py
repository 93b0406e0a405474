"""What the embedded model sees on the table, and what it calls it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from io import BytesIO
from itertools import pairwise
from typing import TYPE_CHECKING, Final, cast

from PIL import Image

from deixis.vision._geometry import Detection
from deixis.vision._images import VisionImage, load_image
from deixis.vision._rgbd import RgbdImage
from deixis.vision._segments import Segment, segments_of
from deixis.vision.embedded.things._references import Reference, refer
from deixis.vision.embedded.things._thing import Kind, Thing, thing_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from deixis.vision._reader import Reader, Reading

__all__ = ["Kind", "Reference", "Thing", "detection_of", "refer", "things_in", "told_apart"]

_PER_METRE: Final = 4_000
_READ: Final = 0.75
_APART: Final = 0.015
_ORDINALS: Final = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")
_ZH_NUMBERS: Final = "一二三四五六七八"


def things_in(picture: RgbdImage, image: VisionImage, reader: Reader | None) -> list[Thing]:
    """The things on the table, left to right in the picture.

    Args:
        picture: With depth.
        image: The same picture as a file: names the pieces of it that are read.
        reader: Reads what is printed on boxes; None leaves it unread.
    """
    things: list[Thing] = []
    for segment in segments_of(picture):
        thing = thing_of(segment, picture.camera)
        if thing.kind == "box" and reader is not None:
            text = _printed_on(picture, segment, reader, image.source)
            thing = thing_of(segment, picture.camera, text=text)
        things.append(thing)
    return things


def detection_of(thing: Thing, image: str | None, language: str) -> Detection:
    """Where a thing is, as a detection named in a language."""
    return Detection(
        label=thing.name(language),
        text=thing.text or None,
        box=thing.segment.box,
        point=thing.segment.point,
    ).on(image)


def _printed_on(picture: RgbdImage, segment: Segment, reader: Reader, source: str) -> str:
    """What is printed on a thing's top; read the surer way up."""
    best, sure = "", 0.0
    for turned in (False, True):
        reading = reader.read(_top_of(picture, segment, source, turned=turned))
        score = _certainty(reading)
        if score > sure:
            best, sure = " ".join(line.text.strip() for line in reading.lines), score
        if sure > _READ:
            break
    return best


def _certainty(reading: Reading) -> float:
    return min((line.score for line in reading.lines), default=0.0)


def _top_of(picture: RgbdImage, segment: Segment, source: str, *, turned: bool) -> VisionImage:
    """A thing's top as seen from straight above, its length level.

    It is the same bytes for the same picture, so that a reader with a cache reads it once.
    """
    import numpy as np

    along = np.array([math.cos(segment.yaw), math.sin(segment.yaw)])
    if (along @ np.array(picture.camera.right[:2]) < 0) != turned:
        along = -along
    down = np.array([along[1], -along[0]])
    x, y, z = segment.position
    corners = [
        (*(np.array([x, y]) + a * segment.length / 2 * along + b * segment.width / 2 * down), z)
        for a, b in ((-1, -1), (1, -1), (1, 1), (-1, 1))
    ]
    seen = picture.camera.project(corners)[:, :2]
    size = max(8, round(segment.length * _PER_METRE)), max(8, round(segment.width * _PER_METRE))
    flat = Image.fromarray(picture.rgb).transform(
        size, Image.Transform.PERSPECTIVE, _perspective(size, seen), Image.Resampling.BICUBIC
    )
    buffer = BytesIO()
    flat.save(buffer, "PNG")
    return replace(load_image(buffer.getvalue()), source=f"the top of a thing in {source}")


def _perspective(size: tuple[int, int], seen: NDArray[np.float64]) -> list[float]:
    """The eight numbers by which a rectangle's pixels are found in a picture's quadrilateral."""
    import numpy as np

    width, height = size
    rows: list[list[float]] = []
    for (u, v), (x, y) in zip(
        ((0, 0), (width, 0), (width, height), (0, height)), seen.tolist(), strict=True
    ):
        rows.append([u, v, 1, 0, 0, 0, -u * x, -v * x])
        rows.append([0, 0, 0, u, v, 1, -u * y, -v * y])
    return cast("list[float]", np.linalg.solve(np.array(rows), seen.reshape(-1)).tolist())


def told_apart(things: Sequence[Thing], language: str) -> list[str]:
    """Words for each of several things by which the asker can choose one.

    Those that share a name are told apart by where they stand. `refer` understands the words.
    """
    chinese = language.startswith("zh")
    names = [thing.name(language) for thing in things]
    counts = Counter(names)
    told: list[str] = []
    for thing, name in zip(things, names, strict=True):
        alike = [other for other in things if other.name(language) == name]
        if counts[name] == 1:
            told.append(name if chinese else f"the {name}")
        else:
            told.append(_by_place(thing, alike, name, chinese=chinese))
    return told


def _by_place(thing: Thing, alike: Sequence[Thing], name: str, *, chinese: bool) -> str:
    across = sorted(one.across for one in alike)
    away = sorted(one.away for one in alike)
    if _least_gap(across) >= min(_APART, _least_gap(away)):
        number = across.index(thing.across)
        sides = ("left", "右") if chinese else ("left", "right")
        if len(alike) == 2:
            return (
                f"{'左右'[number]}边的{name}" if chinese else f"the {name} on the {sides[number]}"
            )
        if chinese:
            return f"左边第{_ZH_NUMBERS[min(number, 7)]}个{name}"
        return f"the {_ORDINALS[min(number, 7)]} {name} from the left"
    number = away.index(thing.away)
    if len(alike) == 2:
        return (
            f"{'前后'[number]}面的{name}"
            if chinese
            else f"the {name} in {'front' if number == 0 else 'back'}"
        )
    if chinese:
        return f"前面第{_ZH_NUMBERS[min(number, 7)]}个{name}"
    return f"the {_ORDINALS[min(number, 7)]} {name} from the front"


def _least_gap(values: Sequence[float]) -> float:
    return min(b - a for a, b in pairwise(values))
