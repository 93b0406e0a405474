"""Painting a floor: spaces, walls, doors, symbols, the way. Twice as large, then made small."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from PIL import Image, ImageDraw

from deixis.tools.maps._map import XY, Area, Door, Floor, IndoorMap, Space, SpaceKind
from deixis.tools.maps._plan_view import Rect, View, along, bounds, edges, length_of, size_of

_OVER: Final = 2

# Okabe and Ito's colours for what matters: told apart by the colour-blind, too.
ROUTE: Final = "#0072b2"
START: Final = "#007f5f"
END: Final = "#c44601"
INK: Final = "#1f2933"
MUTED: Final = "#55606e"
PAPER: Final = "#ffffff"
OUTSIDE: Final = "#f1f3f6"

_WALL: Final = "#55606e"
_FILLS: Final[dict[SpaceKind, str]] = {
    "walkway": "#ffffff",
    "room": "#dfe8f3",
    "lift": "#cfd6e0",
    "stairs": "#e9ebef",
    "escalator": "#e9ebef",
    "ramp": "#f6f8fa",
    "steps": "#f6f8fa",
    "closed": "#dcdfe4",
    "void": OUTSIDE,
}
_OPEN: Final = frozenset({"walkway", "ramp", "steps"})
_MARKED: Final = "#ffe2b0"


@dataclass(frozen=True, kw_only=True)
class Sketch:
    """What is drawn on a floor beside the floor itself.

    Attributes:
        path: The line walked, in metres; empty for none.
        start: Whether a circle stands where the line begins.
        end: Whether a pin stands where it ends.
    """

    path: tuple[XY, ...] = ()
    start: bool = False
    end: bool = False


class Canvas:
    """A picture twice as large as wanted, which is made small at the end."""

    def __init__(self, view: View) -> None:
        self.view = view
        self.image = Image.new("RGB", (view.width * _OVER, view.height * _OVER), OUTSIDE)
        self.draw = ImageDraw.Draw(self.image)

    def done(self) -> Image.Image:
        """The picture in its size."""
        size = (self.view.width, self.view.height)
        return self.image.resize(size, Image.Resampling.LANCZOS)

    def area(self, area: Area, fill: str) -> None:
        """Fill an area; holes show the ground outside."""
        self.shape(self.view.ring(area.exterior), fill)
        for hole in area.holes:
            self.shape(self.view.ring(hole), OUTSIDE)

    def outline(self, area: Area, ink: str, width: float) -> None:
        """Draw an area's outlines."""
        for ring in (area.exterior, *area.holes):
            self.line((*self.view.ring(ring), self.view.at(ring[0])), ink, width)

    def shape(self, points: Sequence[XY], fill: str) -> None:
        """Fill a polygon given in pixels."""
        if len(points) > 2:
            self.draw.polygon(_large(points), fill=fill)

    def line(self, points: Sequence[XY], ink: str, width: float) -> None:
        """Draw a line with round joints, given in pixels."""
        thick = max(1, round(width * _OVER))
        large = _large(points)
        self.draw.line(large, fill=ink, width=thick, joint="curve")
        for x, y in large if thick > 3 else ():
            half = thick / 2 - 0.5
            self.draw.ellipse((x - half, y - half, x + half, y + half), fill=ink)

    def disc(self, at: XY, radius: float, fill: str) -> None:
        """Draw a filled circle, in pixels."""
        x, y = at[0] * _OVER, at[1] * _OVER
        r = radius * _OVER
        self.draw.ellipse((x - r, y - r, x + r, y + r), fill=fill)


def paint_floor(canvas: Canvas, map_: IndoorMap, floor: Floor, marked: frozenset[str]) -> None:
    """Paint a floor with its walls, doors and the symbols of lifts and stairs."""
    wall = max(2.0, min(4.0, canvas.view.scale * 0.16))
    for area in floor.outlines:
        canvas.area(area, _FILLS["walkway"])
        canvas.outline(area, _WALL, wall)
    # What lies in a hole of another is painted after it.
    spaces = sorted(
        map_.on_floor(floor.id),
        key=lambda space: (space.kind not in _OPEN, -sum(size_of(a.exterior) for a in space.areas)),
    )
    open_ = [space for space in spaces if space.kind in _OPEN]
    for area in _areas(open_):
        canvas.outline(area, _WALL, wall)
    for space in open_:
        for area in space.areas:
            canvas.area(area, _MARKED if space.id in marked else _FILLS[space.kind])
        _hatched_steps(canvas, space)
    for space in spaces[len(open_) :]:
        _paint_room(canvas, space, _MARKED if space.id in marked else _FILLS[space.kind], wall)
    for area in floor.outlines:
        canvas.outline(area, _WALL, wall * 1.3)
    for door in map_.doors:
        if door.floor == floor.id:
            _paint_door(canvas, door, wall)


def _paint_room(canvas: Canvas, space: Space, fill: str, wall: float) -> None:
    for area in space.areas:
        canvas.area(area, fill)
        if space.kind == "closed":
            _hatched(canvas, area)
        canvas.outline(area, _WALL, wall)
        ring = canvas.view.ring(area.exterior)
        if space.kind in ("lift", "stairs", "escalator"):
            _symbol(canvas, space.kind, ring)


def _paint_door(canvas: Canvas, door: Door, wall: float) -> None:
    line = canvas.view.ring(door.line)
    canvas.draw.line(_large(line), fill=_FILLS["walkway"], width=round((wall * 1.3 + 1.5) * _OVER))
    if door.entrance:
        canvas.line(line, START, wall * 1.1)


def _hatched(canvas: Canvas, area: Area) -> None:
    """Thin diagonal lines, so that closed rooms are told without colour."""
    ring = canvas.view.ring(area.exterior)
    left, top, right, bottom = bounds(ring)
    gap = 14.0
    count = int((right - left + bottom - top) / gap)
    for i in range(1, min(count, 400) + 1):
        _clipped_diagonal(canvas, ring, left + top + i * gap)


def _clipped_diagonal(canvas: Canvas, ring: Sequence[XY], total: float) -> None:
    """The parts of the line x + y = total that lie within a ring."""
    cuts: list[XY] = []
    for a, b in edges(ring):
        da, db = a[0] + a[1] - total, b[0] + b[1] - total
        if (da > 0) != (db > 0):
            t = da / (da - db)
            cuts.append((a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])))
    cuts.sort()
    for i in range(0, len(cuts) - 1, 2):
        canvas.draw.line(_large(cuts[i : i + 2]), fill="#c3c9d1", width=_OVER)


def _hatched_steps(canvas: Canvas, space: Space) -> None:
    """Treads across steps; an arrow-less wedge for ramps."""
    if space.kind not in ("steps", "ramp"):
        return
    for area in space.areas:
        ring = canvas.view.ring(area.exterior)
        left, top, right, bottom = bounds(ring)
        if space.kind == "ramp":
            canvas.outline(area, "#9aa5b1", 1.5)
            upright = bottom - top > right - left
            tip = ((left + right) / 2, top + 6) if upright else (right - 6, (top + bottom) / 2)
            feet = (
                ((left + 8, bottom - 6), (right - 8, bottom - 6))
                if upright
                else ((left + 6, top + 8), (left + 6, bottom - 8))
            )
            canvas.line((feet[0], tip, feet[1]), "#9aa5b1", 2)
            continue
        level = right - left >= bottom - top
        span = bottom - top if level else right - left
        for i in range(1, max(2, int(span / 7))):
            y, x = top + i * 7, left + i * 7
            tread = ((left, y), (right, y)) if level else ((x, top), (x, bottom))
            canvas.draw.line(_large(tread), fill="#8b97a5", width=_OVER)


def _symbol(canvas: Canvas, kind: SpaceKind, ring: Sequence[XY]) -> None:
    left, top, right, bottom = bounds(ring)
    x, y = (left + right) / 2, (top + bottom) / 2
    half = symbol_box(ring)[2] - x
    if half < 5:
        return
    if kind == "lift":
        for way in (-1, 1):
            middle = x + way * half * 0.45
            tip, foot, wide = y + way * half * 0.75, y - way * half * 0.75, half * 0.38
            canvas.shape(((middle, tip), (middle - wide, foot), (middle + wide, foot)), INK)
        return
    if kind == "stairs":
        step = half / 2
        corners: list[XY] = [(x - half, y + half)]
        for i in range(4):
            corners.append((x - half + i * step, y + half - (i + 1) * step))
            corners.append((x - half + (i + 1) * step, y + half - (i + 1) * step))
        canvas.line(corners, INK, 2.5)
        return
    long = min(max(right - left, bottom - top) * 0.4, half * 2.4)
    level = right - left >= bottom - top
    dx, dy = (long, half * 0.5) if level else (half * 0.5, long)
    canvas.line(((x - dx, y + dy), (x + dx, y - dy)), INK, 3)
    canvas.disc((x - dx, y + dy), 4, INK)
    canvas.disc((x + dx, y - dy), 4, INK)


def paint_way(canvas: Canvas, sketch: Sketch) -> None:
    """Paint the line walked with its arrowheads, the circle at its start, the pin at its end."""
    points = canvas.view.ring(sketch.path)
    if len(points) > 1:
        canvas.line(points, PAPER, 15)
        canvas.line(points, ROUTE, 9)
        _arrowheads(canvas, points)
    if sketch.start and points:
        for radius, fill in ((14, PAPER), (12, START), (5.5, PAPER)):
            canvas.disc(points[0], radius, fill)
    if sketch.end and points:
        paint_pin(canvas, points[-1])


def paint_spot(canvas: Canvas, at: XY) -> None:
    """A small mark where a desk or a machine stands."""
    canvas.disc(at, 5, PAPER)
    canvas.disc(at, 4, MUTED)


def paint_pin(canvas: Canvas, at: XY) -> None:
    """A pin whose point stands at a place."""
    x, y = at
    for grow, fill in ((2.5, PAPER), (0.0, END)):
        r = 14 + grow
        canvas.disc((x, y - 28), r, fill)
        canvas.shape(((x - r * 0.86, y - 21), (x + r * 0.86, y - 21), (x, y + grow * 1.5)), fill)
    canvas.disc((x, y - 28), 5.5, PAPER)


def _arrowheads(canvas: Canvas, points: Sequence[XY]) -> None:
    total = length_of(points)
    count = max(1, round(total / 90)) if total > 50 else 0
    for i in range(count):
        (x, y), angle = along(points, (i + 0.5) * total / count)
        cos, sin = math.cos(angle), math.sin(angle)
        head = tuple(
            (x + cos * dx - sin * dy, y + sin * dx + cos * dy)
            for dx, dy in ((11.0, 0.0), (-8.0, -12.0), (-3.0, 0.0), (-8.0, 12.0))
        )
        canvas.line((*head, head[0]), PAPER, 4)
        canvas.shape(head, ROUTE)


def _areas(spaces: Iterable[Space]) -> Iterable[Area]:
    return (area for space in spaces for area in space.areas)


def _large(points: Iterable[XY]) -> list[XY]:
    # Whole pixels: else walls that are level but for rounding show a step.
    return [(round(x * _OVER), round(y * _OVER)) for x, y in points]


def walls_of(map_: IndoorMap, floor: Floor, view: View) -> list[tuple[XY, XY]]:
    """The walls of a floor's rooms and the outer walls, in pixels."""
    rooms = (space for space in map_.on_floor(floor.id) if space.kind != "walkway")
    areas = [*_areas(rooms), *floor.outlines]
    return [edge for area in areas for edge in edges(view.ring(area.exterior))]


def rooms_of(map_: IndoorMap, floor: str, view: View) -> list[tuple[XY, ...]]:
    """The outlines of rooms whose names are on the plan or may be missed there, in pixels."""
    kinds = ("room", "closed")
    rooms = (space for space in map_.on_floor(floor) if space.kind in kinds)
    return [view.ring(area.exterior) for area in _areas(rooms)]


def symbol_box(ring: Sequence[XY]) -> Rect:
    """What the symbol of a lift, stairs or an escalator takes of its space, in pixels."""
    left, top, right, bottom = bounds(ring)
    half = min(right - left, bottom - top, 64) * 0.36
    x, y = (left + right) / 2, (top + bottom) / 2
    return x - half, y - half, x + half, y + half
