"""Names on a plan: which, how large and where, so that none covers another or the way."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from typing import Final

from PIL import Image, ImageDraw

from deixis.tools.maps._map import XY
from deixis.tools.maps._plan_view import (
    Rect,
    bounds,
    crosses,
    edges,
    grown,
    inside,
    meet,
    shared,
    size_of,
)
from deixis.vision import FontError
from deixis.vision._fonts import TextBlock, cleaned, text_block

_SIZES: Final = (28, 25, 22, 19, 17, 15)
_SHARES: Final = (0.94, 0.7, 0.52)
_NEAR: Final = 280.0
_ON_A_WALL: Final = 150.0
_IN_A_ROOM: Final = 400.0
_LINES: Final = 4
_CELLS: Final = 7
_MOST_LABELS: Final = 250
_MOST_BESIDE: Final = 40  # tries to put a name beside what it names, where it needn't be there


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A name that should stand on the plan.

    Attributes:
        texts: The name, and what to write where no font has its script.
        at: What it names, in pixels.
        ring: The room it should stand in, in pixels; empty where it stands beside `at`.
        ink: Its colour.
        plate: The colour of the plate behind it, or None for no plate.
        must: Whether it is written even where it covers something.
        reach: How far from `at` a name beside it begins, in pixels.
        beside: Whether it may stand beside its room where it doesn't fit in.
    """

    texts: tuple[str, ...]
    at: XY
    ring: tuple[XY, ...] = ()
    ink: str
    plate: str | None = None
    must: bool = False
    reach: float = 16.0
    beside: bool = False

    @property
    def rank(self) -> tuple[bool, float]:
        """What comes first, small is first: what must be, then the largest rooms."""
        return not self.must, -size_of(self.ring) if self.ring else 0.0


@dataclass(frozen=True, kw_only=True)
class Label:
    """A name and where it stands.

    Attributes:
        text: The measured text.
        box: Of the text with its plate, in pixels.
        wanted: What was asked for.
    """

    text: TextBlock
    box: Rect
    wanted: Wanted


@dataclass(kw_only=True)
class Placer:
    """Puts names on a plan one by one.

    Attributes:
        frame: What names must stay within, in pixels.
        path: The way, which names keep clear of.
        walls: Lines that names beside what they name had better not lie on.
        rooms: Outlines of rooms, where a name that isn't the room's misleads.
        clear: How far they keep from it, in pixels.
        taken: Boxes that hold something already.
        labels: What was placed.
        tries: How often a name was put beside what it names.
    """

    frame: Rect
    path: Sequence[XY] = ()
    walls: Sequence[tuple[XY, XY]] = ()
    rooms: Sequence[tuple[XY, ...]] = ()
    clear: float = 12.0
    taken: list[Rect] = field(default_factory=list[Rect])
    labels: list[Label] = field(default_factory=list[Label])
    tries: int = 0

    def place(self, wanted: Wanted) -> Label | None:
        """Place a name in its room, or beside what it names; None where there is no room."""
        text = drawable(wanted.texts)
        if not text or (len(self.labels) >= _MOST_LABELS and not wanted.must):
            return None
        found = self._within(wanted, text) if wanted.ring else None
        allowed = wanted.must or self.tries < _MOST_BESIDE
        beside = wanted.must or wanted.beside or not wanted.ring
        if found is None and beside and allowed:
            self.tries += not wanted.must
            found = self._beside(wanted, text)
        if found is not None:
            self.labels.append(found)
            self.taken.append(found.box)
        return found

    def _within(self, wanted: Wanted, text: str) -> Label | None:
        left, top, right, bottom = bounds(wanted.ring)
        longest = max((len(word) for word in text.split() if word.isascii()), default=1)
        for size in _SIZES:
            # Most words are wider than a third of an em a letter: saves measuring.
            if bottom - top < size or right - left < size * max(1.0, longest / 3):
                continue
            tried: set[str] = set()
            for share in _SHARES:
                block = whole(text, size, (right - left) * share)
                if block is None or block.text in tried:
                    continue
                tried.add(block.text)
                cells = _CELLS * 2 if wanted.must else _CELLS
                spots = _spots_within((left, top, right, bottom), wanted.at, block, cells)
                for box in spots:
                    if self._free(box) and _holds(wanted.ring, box):
                        return Label(text=block, box=box, wanted=wanted)
        return None

    def _beside(self, wanted: Wanted, text: str) -> Label | None:
        sizes = (_SIZES[0], _SIZES[1]) if wanted.must else _SIZES[2:4]
        around = (wanted.at[0], wanted.at[1]) * 2
        reach = grown((around[0], around[1], around[2], around[3]), _NEAR)
        walls = [wall for wall in self.walls if crosses(*wall, reach)]
        rooms = [room for room in map(bounds, self.rooms) if meet(room, reach)]
        # What needn't be named isn't where its name would hide walls.
        best_cost = math.inf if wanted.must else _ON_A_WALL * (3 if wanted.ring else 6)
        best: Label | None = None
        for size in sizes:
            for width in (self.frame[2], 240.0, 150.0):
                block = whole(text, size, width) or (
                    text_block(text, size=size, max_width=width, max_lines=2)
                    if wanted.must and width == self.frame[2]
                    else None
                )
                if block is None:
                    continue
                for box in _spots_beside(wanted.at, wanted.reach, block, far=wanted.must):
                    middle = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
                    cost = math.dist(wanted.at, middle) - size * 4
                    if cost >= best_cost:
                        continue
                    hard = self._cost(box)
                    if hard > 0 and not wanted.must:
                        continue
                    cost += hard
                    for a, b in walls:
                        if cost >= best_cost:
                            break
                        cost += _ON_A_WALL * crosses(a, b, box)
                    if cost < best_cost and _in_a_room(box, rooms):
                        cost += _IN_A_ROOM
                    if cost < best_cost:
                        best_cost = cost
                        best = Label(text=block, box=box, wanted=wanted)
        return best

    def _free(self, box: Rect) -> bool:
        return self._cost(box) == 0

    def _cost(self, box: Rect) -> float:
        """What a box covers, in pixels of area; outside the frame is worst."""
        around = grown(box, self.clear)
        cost = sum(shared(box, other) for other in self.taken if meet(box, other))
        cost += 3000.0 * sum(crosses(a, b, around) for a, b in pairwise(self.path))
        out = (box[2] - box[0]) * (box[3] - box[1]) - shared(box, self.frame)
        return cost + (20.0 * out if out > 0.5 else 0.0)


def draw_labels(image: Image.Image, labels: Sequence[Label]) -> None:
    """Draw names, each with its plate."""
    draw = ImageDraw.Draw(image)
    for label in labels:
        left, top, right, bottom = label.box
        if label.wanted.plate is not None:
            draw.rounded_rectangle((left, top, right, bottom), 6, fill=label.wanted.plate)
        x = (left + right - label.text.width) / 2
        write(draw, label.text, (x, (top + bottom - label.text.height) / 2), label.wanted.ink)


def write(draw: ImageDraw.ImageDraw, block: TextBlock, at: XY, ink: str) -> None:
    """Draw a text with its lines centred, its top left corner at a point in pixels."""
    for row, line in enumerate(block.lines):
        one = TextBlock(
            lines=(line,),
            size=block.size,
            width=block.width,
            ascent=block.ascent,
            line_height=block.line_height,
        )
        text = "".join(run.text for run in line)
        measured = text_block(text, size=block.size, max_width=float(block.width + 2))
        gap = (block.width - measured.width) / 2 if measured else 0.0
        one.draw(draw, at[0] + gap, at[1] + row * block.line_height, ink)


def drawable(texts: Sequence[str]) -> str:
    """The first of some texts that the fonts here can draw; empty where there is none."""
    for text in texts:
        if text.strip() and _has_fonts(cleaned(text)[:60]):
            return text
    return ""


@lru_cache(maxsize=4096)
def _has_fonts(text: str) -> bool:
    try:
        return text_block(text, size=16, max_width=10_000) is not None
    except FontError:
        return False


@lru_cache(maxsize=8192)
def whole(text: str, size: int, max_width: float) -> TextBlock | None:
    """A text wrapped to a width, or None where a word would be split or something cut off."""
    block = text_block(text, size=size, max_width=max_width, max_lines=_LINES)
    if block is None:
        return None
    lines = block.text.split("\n")
    wanted = cleaned(text)
    if "".join("".join(lines).split()) != "".join(wanted.split()):
        return None
    if len(lines) > 1 and len(lines[-1]) == 1:  # one character alone reads badly
        return None
    words = {word for line in lines for word in line.split()}
    latin = (word for word in wanted.split() if word.isascii())
    return block if all(_kept(word, words) for word in latin) else None


def _kept(word: str, words: set[str]) -> bool:
    return word in words or ("/" in word and len(word) > 8)


def _in_a_room(box: Rect, rooms: Sequence[Rect]) -> bool:
    """Whether a fifth of a box lies in one of some rooms."""
    most = 0.2 * (box[2] - box[0]) * (box[3] - box[1])
    return any(shared(room, box) > most for room in rooms if meet(room, box))


def _spots_within(box: Rect, at: XY, block: TextBlock, cells: int) -> list[Rect]:
    """Boxes for a text within a box, those around a point first."""
    left, top, right, bottom = box
    w, h = block.width + 6, block.height + 2
    free_x, free_y = right - left - w, bottom - top - h
    if free_x < 0 or free_y < 0:
        return []
    steps = [i / (cells - 1) for i in range(cells)]
    corners = [(left + free_x * i, top + free_y * j) for i in steps for j in steps]
    corners.append((min(max(at[0] - w / 2, left), right - w), at[1] - h / 2))
    corners.sort(key=lambda c: math.dist((c[0] + w / 2, c[1] + h / 2), at))
    return [(x, y, x + w, y + h) for x, y in corners]


def _spots_beside(at: XY, reach: float, block: TextBlock, *, far: bool) -> Iterator[Rect]:
    """Boxes for a text around a point, near ones first."""
    w, h = block.width + 14, block.height + 6
    x, y = at
    gaps = (0, 14, 34, 60, 90)
    for gap in gaps if far else gaps[:3]:
        for dx, dy in (
            (0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (-1, 1), (1, -1), (-1, -1),
            (0.5, 1), (-0.5, 1), (0.5, -1), (-0.5, -1),
        ):  # fmt: skip
            cx, cy = x + dx * (reach + gap + w / 2), y + dy * (reach + gap + h / 2)
            yield (cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2)


def _holds(ring: Sequence[XY], box: Rect) -> bool:
    """Whether a box lies within a ring."""
    left, top, right, bottom = box
    corners = ((left, top), (right, top), (right, bottom), (left, bottom))
    within = all(inside(ring, corner) for corner in corners)
    return within and not any(crosses(a, b, box) for a, b in edges(ring))
