"""Lines of text that were found in overlapping tiles, put together again."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations

from deixis.vision._geometry import XY, Box, Quad

_TILT = 0.15
_LEVEL = 0.5
_HEIGHTS = 0.5
_COVERED = 0.5


def joined(tiles: Sequence[Sequence[Quad]], overlap: float) -> list[Quad]:
    """One quad for each line, where a seam between tiles cut it or both tiles hold it.

    Args:
        tiles: What was found in each tile, in the pixels of the whole image.
        overlap: How much neighbouring tiles share, in those pixels.
    """
    pieces = [(number, _lying(quad)) for number, tile in enumerate(tiles) for quad in tile]
    group = list(range(len(pieces)))
    boxes = [quad.box for _, quad in pieces]
    for i, j in combinations(range(len(pieces)), 2):
        (one, a), (other, b) = pieces[i], pieces[j]
        if one != other and _touch(boxes[i], boxes[j]) and _same_line(a, b, overlap):
            _unite(group, i, j)
    members: dict[int, list[int]] = {}
    for index in range(len(pieces)):
        members.setdefault(_root(group, index), []).append(index)
    originals = [quad for tile in tiles for quad in tile]
    whole = [
        originals[these[0]] if len(these) == 1 else _around([pieces[i][1] for i in these])
        for these in members.values()
    ]
    kept: list[Quad] = []
    for quad in sorted(whole, key=lambda quad: -quad.width * quad.height):
        kept += uncovered([quad], kept)
    return kept


def uncovered(quads: Sequence[Quad], others: Sequence[Quad]) -> list[Quad]:
    """The quads that don't lie for the most part within one of the others."""
    boxes = [other.box for other in others]
    return [
        quad
        for quad in quads
        if not any(
            _touch(quad.box, box) and _shared(quad, other) > _COVERED * _area(quad.points)
            for other, box in zip(others, boxes, strict=True)
        )
    ]


def _touch(a: Box, b: Box) -> bool:
    return a.x1 <= b.x2 and b.x1 <= a.x2 and a.y1 <= b.y2 and b.y1 <= a.y2


def _lying(quad: Quad) -> Quad:
    """The quad with its long sides first, so that its angle is the way the line runs."""
    if quad.width >= quad.height:
        return quad
    a, b, c, d = quad.points
    return Quad(points=(b, c, d, a))


def _same_line(a: Quad, b: Quad, overlap: float) -> bool:
    tilt = abs(math.remainder(a.angle - b.angle, math.pi))
    if tilt > _TILT or not _HEIGHTS <= a.height / max(b.height, 1e-6) <= 1 / _HEIGHTS:
        return False
    angle = max(a, b, key=lambda quad: quad.width).angle
    dx, dy = b.center.x - a.center.x, b.center.y - a.center.y
    along = abs(dx * math.cos(angle) + dy * math.sin(angle))
    across = abs(dy * math.cos(angle) - dx * math.sin(angle))
    shared = (a.width + b.width) / 2 - along
    return across <= _LEVEL * min(a.height, b.height) and shared >= 0.5 * min(
        a.width, b.width, overlap
    )


def _root(group: list[int], index: int) -> int:
    while group[index] != index:
        index = group[index]
    return index


def _unite(group: list[int], i: int, j: int) -> None:
    a, b = sorted((_root(group, i), _root(group, j)))
    group[b] = a


def _around(quads: Sequence[Quad]) -> Quad:
    """The tightest quad around all, tilted as the longest, starting where a level one would."""
    angle = math.remainder(max(quads, key=lambda quad: quad.width).angle, math.pi)
    cos, sin = math.cos(angle), math.sin(angle)
    along = [x * cos + y * sin for quad in quads for x, y in quad.points]
    across = [y * cos - x * sin for quad in quads for x, y in quad.points]
    u1, u2, v1, v2 = min(along), max(along), min(across), max(across)

    def back(u: float, v: float) -> XY:
        return (u * cos - v * sin, u * sin + v * cos)

    return _top_left_first((back(u1, v1), back(u2, v1), back(u2, v2), back(u1, v2)))


def _top_left_first(points: tuple[XY, XY, XY, XY]) -> Quad:
    """The same outline from its upper left corner, as the detector gives them."""
    first = min(range(4), key=lambda i: (points[i][0] + points[i][1], points[i][0]))
    turned = points[first:] + points[:first]
    return Quad(points=(turned[0], turned[1], turned[2], turned[3]))


def _area(points: Sequence[XY]) -> float:
    ends = zip(points, [*points[1:], points[0]], strict=True)
    return abs(sum(ax * by - bx * ay for (ax, ay), (bx, by) in ends)) / 2


def _shared(a: Quad, b: Quad) -> float:
    """Area two quads share, by cutting one along the sides of the other (Sutherland-Hodgman)."""
    left: list[XY] = list(a.points)
    corners = b.points
    for start, end in zip(corners, [*corners[1:], corners[0]], strict=True):
        left = _cut(left, start, end)
        if not left:
            return 0.0
    return _area(left)


def _cut(points: list[XY], start: XY, end: XY) -> list[XY]:
    """The part of an outline that lies on the inner side of a clockwise quad's side."""
    (sx, sy), (ex, ey) = start, end
    sides = [(ex - sx) * (y - sy) - (ey - sy) * (x - sx) for x, y in points]
    kept: list[XY] = []
    for index, (point, side) in enumerate(zip(points, sides, strict=True)):
        before, other = points[index - 1], sides[index - 1]
        if side * other < 0:
            t = other / (other - side)
            kept.append(
                (before[0] + t * (point[0] - before[0]), before[1] + t * (point[1] - before[1]))
            )
        if side >= 0:
            kept.append(point)
    return kept
