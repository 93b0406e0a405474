"""The plan of a floor, and a way drawn on the plans of the floors it goes over."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final

from PIL import Image, ImageDraw

from deixis.tools.maps._map import XY, Floor, IndoorMap, MapError, Names, Place, Space, name_in
from deixis.tools.maps._plan_labels import Placer, Wanted, draw_labels, drawable, whole
from deixis.tools.maps._plan_paint import (
    INK,
    MUTED,
    OUTSIDE,
    PAPER,
    ROUTE,
    START,
    Canvas,
    Sketch,
    paint_floor,
    paint_spot,
    paint_way,
    rooms_of,
    symbol_box,
    walls_of,
)
from deixis.tools.maps._plan_view import Rect, View, bounds, grown, size_of, view_of
from deixis.tools.maps._way import Ride, Walk, Way
from deixis.vision._fonts import text_block

_WIDTHS: Final = (600, 1200)
_MARGIN: Final = 64
_HEAD: Final = 92
_FOOT: Final = 64
_GAP: Final = 18
_SCALES_M: Final = (1, 2, 5, 10, 20, 50, 100)
_MOST_PANELS: Final = 12
_MOVES: Final = ("lift", "stairs", "escalator")


@dataclass(frozen=True, kw_only=True)
class _Stage:
    """A part of a way on one floor, between two changes of floors."""

    floor: str
    points: tuple[XY, ...]
    heading: tuple[str, ...]
    last: bool
    marked: frozenset[str]
    leaves: str = ""
    named: tuple[Place, ...] = field(default_factory=tuple[Place, ...])


def draw_floor(map: IndoorMap, floor_id: str, *, language: str, size: int = 1080) -> Image.Image:  # noqa: A002
    """Draw the plan of a floor: its rooms, doors, lifts and stairs with their names.

    Args:
        map: The building.
        floor_id: The floor's id.
        language: Of the names, a BCP 47 tag.
        size: Width of the picture, in pixels: 600 to 1200.

    Returns:
        An RGB picture.

    Raises:
        MapError: There is no such floor, or the width is out of bounds.
    """
    floor = map.floor(floor_id)
    names = _Namer(language)
    heading = tuple(filter(None, (names.of(floor.names), names.of(map.names))))
    stage = _Stage(
        floor=floor_id,
        points=(),
        heading=(" · ".join(heading),),
        last=False,
        marked=frozenset(),
    )
    view = view_of(map, [floor_id], width=_width(size), margin=_margin(size))
    return _panel(map, stage, view, names)


def draw_route(way: Way, map: IndoorMap, *, language: str, size: int = 1080) -> Image.Image:  # noqa: A002
    """Draw a way on the plans of the floors it goes over, one above the other in its order.

    Args:
        way: What the router found.
        map: The building.
        language: Of the names, a BCP 47 tag.
        size: Width of the picture, in pixels: 600 to 1200.

    Returns:
        An RGB picture; a panel for each floor walked on, headed by the floor's short name.

    Raises:
        MapError: The way isn't of this map, goes over too many floors, or the width is out of
            bounds.
    """
    names = _Namer(language)
    stages = _stages(way, map, names)
    if len(stages) > _MOST_PANELS:
        raise MapError(f"a way over {len(stages)} floors isn't drawn: {_MOST_PANELS} at most")
    width, margin = _width(size), _margin(size)
    floors = {stage.floor for stage in stages}
    points = [p for stage in stages for p in stage.points] or [way.end.at]
    view = view_of(map, floors, width=width, margin=margin, way=points)
    panels = [_panel(map, stage, view, names) for stage in stages]
    height = sum(panel.height for panel in panels) + _GAP * (len(panels) - 1)
    picture = Image.new("RGB", (width, height), PAPER)
    top = 0
    for panel in panels:
        picture.paste(panel, (0, top))
        top += panel.height + _GAP
    return picture


@dataclass(frozen=True)
class _Namer:
    """Names in a language, in traditional characters where those are asked for."""

    language: str

    def of(self, names: Names) -> str:
        """The name in the language, or another."""
        name = name_in(names, self.language)
        tags = set(self.language.lower().split("-")[1:])
        if self.language.lower().startswith("zh") and tags & {"hant", "tw", "hk", "mo"}:
            from deixis.vision.embedded import traditional

            return traditional(name)
        return name

    def texts(self, names: Names) -> tuple[str, ...]:
        """The name, then what to write where no font here has its script."""
        return self.of(names), names.get("en", "")


def _stages(way: Way, map_: IndoorMap, names: _Namer) -> list[_Stage]:
    """The floors walked on in order, with the rides between them."""
    walks: list[list[Walk]] = [[]]
    rides: list[Ride] = []
    for leg in way.legs:
        if isinstance(leg, Ride):
            rides.append(leg)
            walks.append([])
        else:
            walks[-1].append(leg)
    found: list[_Stage] = []
    for i, part in enumerate(walks):
        points = tuple(p for walk in part for p in walk.points)
        if not points and (rides or way.legs):
            continue
        before = rides[i - 1] if i else None
        after = rides[i] if i < len(rides) else None
        floor = part[0].floor if part else way.end.floor
        found.append(_stage(way, map_, names, (floor, points, before, after)))
    if not found:
        found.append(_stage(way, map_, names, (way.end.floor, (way.end.at,), None, None)))
    found[-1] = replace(found[-1], last=True)
    return found


def _stage(
    way: Way,
    map_: IndoorMap,
    names: _Namer,
    part: tuple[str, tuple[XY, ...], Ride | None, Ride | None],
) -> _Stage:
    floor, points, before, after = part
    ends: list[str] = []
    marked: set[str] = set()
    for ride, place in ((before, way.start), (after, way.end)):
        if ride is None:
            ends.append(names.of(place.names))
            marked |= {place.space} if place.space else set()
        else:
            connector = map_.connector(ride.connector)
            ends.append(names.of(connector.names))
            marked |= {s for s in connector.spaces if map_.space(s).floor == floor}
    leaves = ""
    if after is not None:
        arrives = map_.floor(after.end_floor)
        up = arrives.ordinal > map_.floor(floor).ordinal
        leaves = f"{'▲' if drawable(('▲▼',)) else ''} {arrives.short_name}".strip()
        leaves = leaves if up else leaves.replace("▲", "▼")
        leaves = " ".join(filter(None, (ends[1], leaves)))
        ends[1] = " → ".join(filter(None, (ends[1], arrives.short_name)))
    named = tuple(place for ride, place in ((before, way.start), (after, way.end)) if ride is None)
    return _Stage(
        floor=floor,
        points=points or (way.end.at,),
        heading=tuple(dict.fromkeys(filter(None, ends))),
        last=False,
        marked=frozenset(marked),
        leaves=leaves,
        named=named,
    )


def _panel(map_: IndoorMap, stage: _Stage, view: View, names: _Namer) -> Image.Image:
    floor = map_.floor(stage.floor)
    canvas = Canvas(view)
    sketch = Sketch(path=stage.points, start=bool(stage.points), end=stage.last)
    paint_floor(canvas, map_, floor, _coloured(map_, stage))
    for place in map_.places:
        if place.floor == floor.id and place.kind == "amenity":
            paint_spot(canvas, view.at(place.at))
    paint_way(canvas, sketch)
    plan = canvas.done()
    placer = Placer(
        frame=view.frame,
        path=view.ring(stage.points),
        walls=walls_of(map_, floor, view),
        rooms=rooms_of(map_, stage.floor, view),
    )
    placer.taken += [*_kept_clear(stage, view), *_symbols(map_, stage.floor, view)]
    for wanted in sorted(_wanted(map_, stage, view, names), key=lambda w: w.rank):
        placer.place(wanted)
    draw_labels(plan, placer.labels)
    panel = Image.new("RGB", (view.width, view.height + _HEAD + _FOOT), OUTSIDE)
    panel.paste(plan, (0, _HEAD))
    _head(panel, floor, stage.heading)
    _foot(panel, view)
    return panel


def _coloured(map_: IndoorMap, stage: _Stage) -> frozenset[str]:
    """The marked spaces but for walkways: a hall isn't coloured because one starts there."""
    kinds = ("walkway", "ramp", "steps")
    return frozenset(s for s in stage.marked if map_.space(s).kind not in kinds)


def _kept_clear(stage: _Stage, view: View) -> list[Rect]:
    """The boxes of the circle at the start and the pin at the end."""
    if not stage.points:
        return []
    (sx, sy), (ex, ey) = view.at(stage.points[0]), view.at(stage.points[-1])
    boxes = [(sx - 15, sy - 15, sx + 15, sy + 15)]
    return [*boxes, (ex - 17, ey - 45, ex + 17, ey + 4)] if stage.last else boxes


def _symbols(map_: IndoorMap, floor: str, view: View) -> Iterable[Rect]:
    for space in map_.on_floor(floor):
        if space.kind in _MOVES:
            yield from (grown(symbol_box(view.ring(a.exterior)), 4) for a in space.areas)


def _wanted(map_: IndoorMap, stage: _Stage, view: View, names: _Namer) -> Iterable[Wanted]:
    """The names of a floor's places and spaces."""
    floor, shown = stage.floor, {place.id for place in stage.named}
    places = [place for place in map_.places if place.floor == floor]
    if stage.leaves:
        shown |= {p.id for p in places if p.kind in _MOVES and _beside(map_, stage, p, -1)}
    held: dict[str, list[Place]] = {}
    for place in places:
        held.setdefault(place.space or "", []).append(place)
    for place in stage.named:
        if place.floor == floor:
            yield _of_place(map_, place, view, names, must=True, alone=True)
    if stage.leaves:
        yield _leaving(stage, view)
    for place in places:
        if place.id in shown:
            continue
        space = map_.space(place.space) if place.space else None
        alone = space is not None and space.kind not in ("walkway", "ramp", "steps")
        alone = alone and len(held[place.space or ""]) == 1
        must = place.kind in _MOVES and bool(stage.points) and _beside(map_, stage, place, 0)
        yield _of_place(map_, place, view, names, must=must, alone=alone)
    for space in map_.on_floor(floor):
        if space.names and space.id not in held:
            yield _of_space(space, view, names)


def _beside(map_: IndoorMap, stage: _Stage, place: Place, end: int) -> bool:
    """Whether a lift or stairs are those that are taken at an end of the line."""
    if place.space not in stage.marked or not stage.points:
        return False
    at, other = stage.points[end], stage.points[-1 - end]
    areas = map_.space(place.space).areas
    middle = [p for area in areas for p in area.exterior]
    return min(math.dist(at, p) for p in middle) <= min(math.dist(other, p) for p in middle)


def _of_place(
    map_: IndoorMap, place: Place, view: View, names: _Namer, *, must: bool, alone: bool
) -> Wanted:
    texts = names.texts(place.names)
    space = map_.space(place.space) if place.space else None
    ring = _largest(space, view) if space and alone and place.kind != "entrance" else ()
    moves = place.kind in _MOVES
    ink = MUTED if place.closed or moves else INK
    at = view.at(place.at)
    if must:
        ring = () if moves else ring
        return Wanted(texts=texts, at=at, ring=ring, ink=INK, plate=PAPER, must=True, reach=20)
    if place.kind == "entrance":
        return Wanted(texts=texts, at=at, ink=START, plate=PAPER, reach=8)
    if moves:
        left, top, right, bottom = bounds(ring) if ring else (*at, *at)
        reach = min(right - left, bottom - top) / 2 + 5
        middle = ((left + right) / 2, (top + bottom) / 2)
        plate = None if space and space.kind == "closed" else PAPER
        return Wanted(
            texts=texts, at=middle, ring=ring, ink=ink, plate=plate, reach=reach, beside=True
        )
    return Wanted(texts=texts, at=_middle(ring) if ring else at, ring=ring, ink=ink, reach=6)


def _of_space(space: Space, view: View, names: _Namer) -> Wanted:
    ring = _largest(space, view)
    ink = MUTED if space.kind == "closed" else INK
    return Wanted(texts=names.texts(space.names), at=_middle(ring), ring=ring, ink=ink)


def _leaving(stage: _Stage, view: View) -> Wanted:
    """Where a lift or stairs are taken: which floor to go to."""
    return Wanted(
        texts=(stage.leaves,),
        at=view.at(stage.points[-1]),
        ink=PAPER,
        plate=ROUTE,
        must=True,
        reach=18,
    )


def _largest(space: Space, view: View) -> tuple[XY, ...]:
    rings = [view.ring(area.exterior) for area in space.areas]
    return max(rings, key=size_of, default=())


def _middle(ring: tuple[XY, ...]) -> XY:
    left, top, right, bottom = bounds(ring)
    return (left + right) / 2, (top + bottom) / 2


def _head(panel: Image.Image, floor: Floor, heading: tuple[str, ...]) -> None:
    """The floor's short name on a plate, and what is done there."""
    draw = ImageDraw.Draw(panel)
    draw.rectangle((0, 0, panel.width, _HEAD - 8), fill=PAPER)
    short = text_block(drawable((floor.short_name, "?")), size=46, max_width=panel.width * 0.3)
    right = 16
    if short is not None:
        right = 16 + short.width + 36
        draw.rounded_rectangle((16, 12, right, _HEAD - 20), 12, fill=ROUTE)
        short.draw(draw, 34, 12 + (_HEAD - 32 - short.height) / 2, PAPER)
    text = drawable((" → ".join(heading), "")) or " → ".join(filter(str.isascii, heading))
    room = panel.width - right - 36
    sizes = (36, 32, 28, 24)
    block = next(filter(None, (whole(text, size, room) for size in sizes if text)), None)
    if block is None or block.height > _HEAD - 20:
        block = text_block(text, size=28, max_width=room, max_lines=2) if text else None
    if block is not None:
        block.draw(draw, right + 20, 12 + (_HEAD - 32 - block.height) / 2, INK)


def _foot(panel: Image.Image, view: View) -> None:
    """A scale bar and an arrow to the north."""
    draw = ImageDraw.Draw(panel)
    metres = max((m for m in _SCALES_M if m * view.scale <= view.width / 4), default=1)
    long, y = metres * view.scale, panel.height - 26
    draw.line((24, y, 24 + long, y), fill=INK, width=3)
    for x in (24, 24 + long):
        draw.line((x, y - 8, x, y + 8), fill=INK, width=3)
    label = text_block(f"{metres} m", size=24, max_width=200)
    if label is not None:
        label.draw(draw, 24 + long + 14, y - label.height / 2, INK)
    _north(draw, (panel.width - 40.0, panel.height - 36.0), view.turn)


def _north(draw: ImageDraw.ImageDraw, at: XY, turn: float) -> None:
    # In pixels y runs down: north is up, turned as the map is.
    dx, dy = -math.sin(turn), -math.cos(turn)
    tip = (at[0] + 22 * dx, at[1] + 22 * dy)
    back = (at[0] - 10 * dx, at[1] - 10 * dy)
    sides = [(at[0] - 16 * dx + s * 11 * dy, at[1] - 16 * dy - s * 11 * dx) for s in (-1, 1)]
    draw.polygon([tip, sides[0], back], fill=INK)
    draw.polygon([tip, back, sides[1]], fill=MUTED)
    label = text_block("N", size=24, max_width=60)
    if label is not None:
        label.draw(draw, at[0] - 34 - label.width, at[1] - label.height / 2, INK)


def _width(size: int) -> int:
    if not _WIDTHS[0] <= size <= _WIDTHS[1]:
        raise MapError(f"a plan {size} pixels wide: give {_WIDTHS[0]} to {_WIDTHS[1]}")
    return size


def _margin(size: int) -> int:
    return min(_MARGIN, size // 12)
