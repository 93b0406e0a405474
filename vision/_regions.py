"""A picture with depth, cut into what is raised over the table: by depth first, then by colour."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

from deixis.vision._camera import Camera
from deixis.vision._colours import CLASSES, classes_of
from deixis.vision._raster import Piece, blurred, pieces, smoothed, widened
from deixis.vision._rgbd import RgbdImage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Bools = NDArray[np.bool_]
    Floats = NDArray[np.float32]
    Labels = NDArray[np.int32]

HIGH: Final = 0.014
"""What is higher than this over the table, in metres, is a thing; what is lower may be a tray."""

_CEILING: Final = 0.25
_NEAREST: Final = 0.28
_FARTHEST: Final = 1.2
_WIDEST: Final = 0.6
_JUMP: Final = 0.007
_LEAST: Final = 0.006
_TABLE: Final = 0.004
_ZONE_LEAST: Final = 0.030
_PATCH: Final = 0.010
_PRINT: Final = 0.003
_GRID: Final = 0.004
_NEAR_LENS: Final = 0.05
_BEYOND: Final = 6.0
_TINTED: Final = 0.10
_LIGHTER: Final = 0.06
_THICK: Final = 0.0012


@dataclass(frozen=True, kw_only=True)
class Surface:
    """What a picture shows, where it is, and which of it is higher than the table.

    Attributes:
        rgb: Colours, uint8, shape (height, width, 3).
        depth: Metres along the optical axis.
        x: Metres in the base frame; NaN where the depth is.
        y: The same.
        z: The same.
        classes: Of the colour of every pixel, see `_colours`.
        high: Pixels of things that stand on the table.
        arm: Pixels of what is too high or too near the base to be one of them.
        camera: What took it.
    """

    rgb: NDArray[np.uint8]
    depth: Floats
    x: Floats
    y: Floats
    z: Floats
    classes: NDArray[np.uint8]
    high: Bools
    arm: Bools
    camera: Camera

    @cached_property
    def pixel(self) -> float:
        """Width of a pixel on what is seen, in metres."""
        import numpy as np

        seen = self.depth[np.isfinite(self.depth)]
        return float(np.median(seen[::37])) / self.camera.fx if seen.size else 1.0

    @property
    def level_pixel(self) -> float:
        """Area of a level thing that one pixel shows, in square metres."""
        return self.pixel * self.pixel / max(0.2, -self.camera.forward[2])


def surface_of(picture: RgbdImage) -> Surface:
    """Where everything in a picture is, and what of it is higher than the table."""
    import numpy as np

    camera = picture.camera
    across = (np.arange(camera.width, dtype=np.float32) + 0.5 - camera.cx) / camera.fx
    downward = (np.arange(camera.height, dtype=np.float32) + 0.5 - camera.cy) / camera.fy
    # What is no depth of a camera over a table is unknown.
    known = (picture.depth > _NEAR_LENS) & (picture.depth < _BEYOND)
    depth = np.where(known, picture.depth, np.float32(np.nan))
    x, y, z = (
        camera.position[i]
        + depth
        * (
            (across * camera.right[i])[np.newaxis, :]
            + (downward * camera.down[i] + camera.forward[i])[:, np.newaxis]
        ).astype(np.float32)
        for i in range(3)
    )
    # Comparisons with NaN are false: what has no depth is neither high nor the arm.
    raised = z > HIGH
    arm = raised & ((z > _CEILING) | (x < _NEAREST))
    high = raised & ~arm & (x < _FARTHEST) & (np.abs(y) < _WIDEST)
    return Surface(
        rgb=picture.rgb,
        depth=depth,
        x=x,
        y=y,
        z=z,
        classes=classes_of(picture.rgb),
        high=high,
        arm=arm,
        camera=camera,
    )


@dataclass(frozen=True, kw_only=True)
class Part:
    """Pixels that are of one thing.

    Attributes:
        rows: Of its pixels.
        columns: Of its pixels.
        colour: Class of most of them.
    """

    rows: NDArray[np.intp]
    columns: NDArray[np.intp]
    colour: int


def parts_of(surface: Surface) -> list[Part]:
    """The raised pixels, those of each thing apart."""
    labels, regions = _by_depth(surface)
    return [part for region in regions for part in _by_colour(surface, labels, region)]


Corner = tuple[slice, slice]


def _by_depth(surface: Surface) -> tuple[Labels, list[Piece]]:
    """Pixels that hang together without a jump in depth, and where each such region is.

    Two things 1 cm apart jump by more than that where one hides the other.
    """
    import numpy as np

    jump = max(_JUMP, 6 * surface.pixel)
    cut = np.zeros(surface.high.shape, bool)
    for axis in (0, 1):
        near, far = _before(axis), _after(axis)
        step = surface.depth[far] - surface.depth[near]
        # The farther one goes: the nearer thing keeps its outline whole.
        cut[far] |= step > jump
        cut[near] |= step < -jump
    labels, found = pieces((surface.high | surface.arm) & ~cut)
    armed = np.bincount(labels[surface.arm], minlength=len(found) + 1)
    least = (_LEAST / surface.pixel) ** 2
    things = [one for one in found if one.area >= least and armed[one.label] <= 0.05 * one.area]
    return labels, things


def _before(axis: int) -> Corner:
    return (slice(None, -1), slice(None)) if axis == 0 else (slice(None), slice(None, -1))


def _after(axis: int) -> Corner:
    return (slice(1, None), slice(None)) if axis == 0 else (slice(None), slice(1, None))


def _by_colour(surface: Surface, labels: Labels, region: Piece) -> list[Part]:
    """A region, cut where two things of different colours touch."""
    import numpy as np

    box = region.box
    own = (labels[box] == region.label) & surface.high[box]
    patches = _patches(surface, own, box)
    rows, columns = np.nonzero(own)
    assigned = patches[rows, columns]
    parts: list[Part] = []
    for patch in range(1, int(patches.max(initial=0)) + 1):
        its = assigned == patch
        if its.any():
            at = rows[its] + box[0].start, columns[its] + box[1].start
            colours = np.bincount(surface.classes[at], minlength=CLASSES)
            parts.append(Part(rows=at[0], columns=at[1], colour=int(colours.argmax())))
    return parts


def _patches(surface: Surface, own: Bools, box: Corner) -> Labels:
    """Numbers from 1 for the patches of one colour in a region; 0 outside of it."""
    import numpy as np

    whole = own.astype(np.int32)
    classes = surface.classes[box]
    shares = np.bincount(classes[own], minlength=CLASSES) / max(1, int(own.sum()))
    present = [int(one) for one in np.nonzero(shares > 0.03)[0]]
    if len(present) < 2:
        return whole
    side = max(3, 2 * round(_PATCH / 2 / surface.pixel) + 1)
    votes = [blurred((own & (classes == one)).astype(np.float32), side) for one in present]
    elected = np.argmax(np.stack(votes), axis=0)
    least = (_PATCH / surface.pixel) ** 2
    patches = np.zeros(own.shape, np.int32)
    cores = 0
    for i in range(len(present)):
        labels, found = pieces(own & (elected == i))
        for piece in found:
            core = labels == piece.label
            if piece.area >= least and not _printed(surface, own, core, box):
                cores += 1
                patches[core] = cores
    return _grown(patches, own) if cores > 1 else whole


def _printed(surface: Surface, own: Bools, core: Bools, box: Corner) -> bool:
    """Whether a patch of another colour is print: level, and the same level all around it."""
    import numpy as np

    z = surface.z[box]
    low, high = np.percentile(z[core], (5, 95))
    if high - low > 2 * _PRINT:
        return False
    ring = (widened(core.astype(np.float32), 5) > 0) & ~core & np.isfinite(z)
    level = own & (np.abs(z - np.median(z[core])) < _PRINT)
    return bool((ring & level).sum() > 0.8 * ring.sum())


def _grown(patches: Labels, own: Bools) -> Labels:
    """Patches spread over the rest of their region."""
    import numpy as np

    grown = patches.astype(np.float32)
    for _ in range(max(own.shape)):
        rest = own & (grown == 0)
        if not rest.any():
            break
        wider = widened(grown)
        if not wider[rest].any():
            break
        grown[rest] = wider[rest]
    return grown.astype(np.int32)


def zones_of(surface: Surface, taken: Bools) -> list[Part]:
    """Flat coloured zones of the table: what is lower than a thing and not of the table's colour.

    Args:
        surface: The picture.
        taken: Pixels that are of things, or inside of a bowl.
    """
    import numpy as np

    near = (surface.x > _NEAREST) & (surface.x < _FARTHEST) & (np.abs(surface.y) < _WIDEST)
    low = (surface.z <= HIGH) & (surface.z > -HIGH) & near & ~taken
    rows, columns = np.nonzero(low & _unlike_table(surface, low))
    if rows.size == 0:
        return []
    zones: list[Part] = []
    grid_x = ((surface.x[rows, columns] - _NEAREST) / _GRID).astype(np.intp) + 4
    grid_y = ((surface.y[rows, columns] + _WIDEST) / _GRID).astype(np.intp) + 4
    shape = (int((_FARTHEST - _NEAREST) / _GRID) + 9, int(2 * _WIDEST / _GRID) + 9)
    colours = surface.classes[rows, columns]
    for colour in np.unique(colours):
        its = colours == colour
        cells = np.zeros(shape, bool)
        cells[grid_x[its], grid_y[its]] = True
        labels, found = pieces(smoothed(cells, 5), corners=True)
        at = labels[grid_x, grid_y] * its
        for piece in found:
            of_it = at == piece.label
            if of_it.sum() * surface.level_pixel >= _ZONE_LEAST * _ZONE_LEAST / 2:
                zones.append(Part(rows=rows[of_it], columns=columns[of_it], colour=int(colour)))
    return zones


def _unlike_table(surface: Surface, low: Bools) -> Bools:
    """Pixels that differ from the table in colour, or a little in both brightness and height.

    A shadow is darker, but as low as the table.
    """
    import numpy as np

    unlike = np.zeros(low.shape, bool)
    flat = low & (np.abs(surface.z) < _TABLE)
    sample = surface.rgb[flat][::23]
    if len(sample) == 0:
        return unlike
    table = np.median(sample, axis=0).astype(np.float32) / 255
    channels = [surface.rgb[..., i].astype(np.float32) / 255 for i in range(3)]
    light = (channels[0] + channels[1] + channels[2]) / 3
    tint = table - table.mean()
    tinted = np.zeros(low.shape, bool)
    for channel, own in zip(channels, tint, strict=True):
        tinted |= np.abs(channel - light - own) > _TINTED
    height = np.where(low, surface.z, 0).astype(np.float32)
    seen = blurred(low.astype(np.float32), 9)
    smooth = blurred(height, 9) / np.maximum(seen, 1e-6)
    other = np.abs(light - table.mean()) > _LIGHTER
    return tinted | (other & (smooth > _THICK))


def median_colour(surface: Surface, part: Part, top: Bools) -> tuple[float, float, float]:
    """Median colour of those pixels of a part that are its top, sRGB from 0 to 1."""
    import numpy as np

    pixels = surface.rgb[part.rows[top], part.columns[top]]
    if len(pixels) == 0:
        pixels = surface.rgb[part.rows, part.columns]
    red, green, blue = np.median(pixels, axis=0) / 255
    return float(red), float(green), float(blue)
