"""What stands on the table in a picture with depth: each thing apart, with its measures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from deixis.vision._camera import XYZ
from deixis.vision._footprints import Outline, joined, outline_of, points_of, zone_outline
from deixis.vision._geometry import Box, Point
from deixis.vision._raster import fill
from deixis.vision._regions import Surface, median_colour, parts_of, surface_of, zones_of
from deixis.vision._rgbd import RgbdImage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_CELL: Final = 0.002
_MARGIN: Final = 0.003
_RAISED: Final = 0.003
_ZONE_MOST: Final = 0.4


@dataclass(frozen=True, kw_only=True)
class Segment:
    """Something that stands or lies on the table.

    Attributes:
        box: Around what is seen of it, in pixels.
        point: On it, nearest the middle of its top, in pixels.
        mask: Which pixels of the box's integer corners are its, bool.
        colour: Median of its top, sRGB from 0 to 1.
        position: Middle of its footprint at the height of its top, in metres, base frame.
        length: Of the smallest rectangle around its footprint, in metres; at least the width.
        width: Of the same.
        yaw: Direction of the length, in radians, over −π/2 to π/2.
        height: Of its highest part over the table, in metres.
        fill: Share of that rectangle which its footprint fills, 0 to 1.
        flatness: Share of its footprint within 4 mm of its height, 0 to 1: 1 for a box, little for
            a ball, a rim only for a bowl.
    """

    box: Box
    point: Point
    mask: NDArray[np.bool_]
    colour: tuple[float, float, float]
    position: XYZ
    length: float
    width: float
    yaw: float
    height: float
    fill: float
    flatness: float


def segments_of(picture: RgbdImage) -> list[Segment]:
    """Everything that stands on the table, left to right in the picture.

    What is higher than 25 cm, or nearer the arm's base than it can pick, is taken for the arm.
    Things 1 cm apart come apart; things that touch do where their colours differ. A flat tray and
    a bowl are segments, and so is what lies in them.
    """
    import numpy as np

    surface = surface_of(picture)
    things = joined(surface, [outline_of(surface, part) for part in parts_of(surface)])
    claims = _claims(surface, things)
    zones = [
        outline
        for zone in zones_of(surface, claims > 0)
        if (outline := zone_outline(zone, points_of(surface, zone))).length < _ZONE_MOST
    ]
    # A bowl owns all that is seen within its rim, a thing the lowest part of its sides.
    in_bowl = np.array([False, *(thing.form == "bowl" for thing in things)])[claims]
    low_side = (surface.z > _RAISED) & ~surface.high
    owners = np.where((in_bowl | low_side) & ~surface.arm, claims, 0)
    for number, outline in enumerate((*things, *zones), 1):
        owners[outline.part.rows, outline.part.columns] = number
    rows, columns = np.nonzero(owners)
    numbers = owners[rows, columns]
    found: list[Segment] = []
    for number, outline in enumerate((*things, *zones), 1):
        own = numbers == number
        found.append(_segment(surface, outline, rows[own], columns[own]))
    return sorted(found, key=lambda one: one.point.x)


def segment_at(picture: RgbdImage, x: float, y: float, *, reach: float = 12.0) -> Segment | None:
    """What stands at a pixel, or nearest it within reach; None where nothing does.

    Args:
        picture: With depth.
        x: Pixels from the left.
        y: Pixels from the top.
        reach: How far off a point may be, in pixels.
    """
    return nearest_segment(segments_of(picture), x, y, reach=reach)


def nearest_segment(
    segments: list[Segment], x: float, y: float, *, reach: float = 12.0
) -> Segment | None:
    """The segment at a pixel, or nearest it within reach; None where there is none."""
    near = [(away, i) for i, one in enumerate(segments) if (away := _away(one, x, y)) <= reach]
    return segments[min(near)[1]] if near else None


def _away(segment: Segment, x: float, y: float) -> float:
    """Pixels from a point to the nearest pixel of a segment."""
    import numpy as np

    rows, columns = np.nonzero(segment.mask)
    dx = np.abs(columns + segment.box.x1 + 0.5 - x)
    dy = np.abs(rows + segment.box.y1 + 0.5 - y)
    return float(np.hypot(np.maximum(dx - 0.5, 0), np.maximum(dy - 0.5, 0)).min())


def _segment(
    surface: Surface, outline: Outline, rows: NDArray[np.intp], columns: NDArray[np.intp]
) -> Segment:
    """A segment of an outline and the pixels that are its."""
    import numpy as np

    top, left = int(rows.min()), int(columns.min())
    mask = np.zeros((int(rows.max()) - top + 1, int(columns.max()) - left + 1), bool)
    mask[rows - top, columns - left] = True
    middle = surface.camera.project((outline.x, outline.y, outline.height))
    away = np.hypot(columns + 0.5 - middle[0], rows + 0.5 - middle[1])
    nearest = int(np.argmin(away))
    return Segment(
        box=Box(x1=left, y1=top, x2=left + mask.shape[1], y2=top + mask.shape[0]),
        point=Point(x=columns[nearest] + 0.5, y=rows[nearest] + 0.5),
        mask=mask,
        colour=median_colour(surface, outline.part, outline.top),
        position=(outline.x, outline.y, outline.height),
        length=outline.length,
        width=outline.width,
        yaw=outline.yaw,
        height=outline.height,
        fill=outline.fill,
        flatness=outline.flatness,
    )


def _claims(surface: Surface, outlines: list[Outline]) -> NDArray[np.int32]:
    """Which outline every pixel's place on the table lies in: numbers from 1, or 0."""
    import numpy as np

    low, high = np.array([0.2, -0.7]), np.array([1.3, 0.7])
    grid = np.zeros(tuple(np.ceil((high - low) / _CELL).astype(int)), np.float32)
    order = sorted(range(len(outlines)), key=lambda i: -outlines[i].length)
    for i in order:
        corners = np.rint((outlines[i].corners(_MARGIN) - low) / _CELL).astype(np.int32)
        fill(grid, corners, i + 1)
    on_grid = (surface.x > low[0]) & (surface.x < high[0]) & (np.abs(surface.y) < high[1])
    claims = np.zeros(on_grid.shape, np.int32)
    rows = ((surface.x[on_grid] - low[0]) / _CELL).astype(np.intp)
    columns = ((surface.y[on_grid] - low[1]) / _CELL).astype(np.intp)
    claims[on_grid] = grid[rows, columns]
    return claims
