"""Detections drawn on a picture, each with a label that covers none of them.

`lay_out` decides where everything goes and draws nothing; the painters draw one kind of thing each
and compose in any order: `annotate` is `lay_out` and then `PAINTERS`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from PIL import Image, ImageChops, ImageColor, ImageDraw, ImageFilter, ImageOps

from deixis.vision._errors import FontError
from deixis.vision._fonts import TextBlock, text_block
from deixis.vision._geometry import XY, Detection, Quad, Size

# Okabe & Ito, "Color Universal Design" (2008, https://jfly.uni-koeln.de/color/), bright ones first.
# Its blue and black would vanish in the dark outline; white stands in.
OKABE_ITO = ("#F0E442", "#D55E00", "#56B4E9", "#CC79A7", "#009E73", "#E69F00", "#FFFFFF")
_DARK, _LIGHT = "#101010", "#FFFFFF"
_SHRINK = (1.0, 0.85, 0.7, 0.6)

Polygon = tuple[XY, ...]
Rect = tuple[float, float, float, float]


@dataclass(frozen=True, kw_only=True)
class DrawingStyle:
    """How detections are drawn.

    Attributes:
        palette: Colours, as Pillow names them; handed out so that neighbours differ.
        line_width: Width of outlines in pixels; None scales it with the image.
        font_size: Size of labels in pixels; None scales it with the image. Either way it follows
            the size of the mark a little, and shrinks where labels would not fit.
        labels: Whether labels are drawn.
        show_text: Whether what is written there is added to the label where the two differ.
        max_label_width: Widest label, as a part of the image's width.
        max_lines: Lines of a label before it is cut with an ellipsis.
        missing_font: What to do when no font can draw a label: raise FontError, or draw its
            ASCII part, or else its number.
    """

    palette: tuple[str, ...] = OKABE_ITO
    line_width: float | None = None
    font_size: float | None = None
    labels: bool = True
    show_text: bool = False
    max_label_width: float = 0.3
    max_lines: int = 2
    missing_font: Literal["raise", "number"] = "raise"

    def __post_init__(self) -> None:
        sizes = (self.line_width, self.font_size, self.max_label_width, self.max_lines)
        if not self.palette or any(size is not None and size <= 0 for size in sizes):
            raise ValueError("a drawing style needs a colour, and sizes above zero")


@dataclass(frozen=True, kw_only=True)
class Mark:
    """What is drawn for one detection, in pixels; labels stay clear of the polygons in `keep`."""

    number: int
    colour: str
    line: float
    outline: Polygon
    ring: tuple[float, float, float] | None
    keep: tuple[Polygon, ...]


@dataclass(frozen=True, kw_only=True)
class Plate:
    """A label's place: its box in pixels, its texts, and its leader line if it stands far off."""

    mark: Mark
    box: Rect
    pad: int
    text: TextBlock | None
    badge: TextBlock | None
    leader: tuple[XY, XY] | None


@dataclass(frozen=True, kw_only=True)
class Scene:
    """Everything to be drawn on one picture."""

    marks: tuple[Mark, ...]
    plates: tuple[Plate, ...]


def annotate(
    image: Image.Image,
    detections: Iterable[Detection],
    *,
    numbers: bool = False,
    style: DrawingStyle | None = None,
) -> Image.Image:
    """Draw detections on a copy of a picture.

    Tilted text is outlined as it is tilted, other things by their boxes, points by a ring with a
    cross. Places are cut to the picture; what lies wholly outside is left out and keeps its number.

    Args:
        image: The picture, of any mode; an EXIF orientation is applied first.
        detections: What to draw, in pixels of the upright picture.
        numbers: Whether each label carries its number: 1, 2, 3 … in the order given.
        style: How to draw.

    Returns:
        A new RGB picture of the upright picture's size.

    Raises:
        FontError: No installed font has glyphs for a label, unless the style asks for less.
    """
    canvas = _upright_rgb(image)
    scene = lay_out(canvas, detections, numbers=numbers, style=style)
    for paint in PAINTERS:
        paint(canvas, scene)
    return canvas


def lay_out(
    image: Image.Image,
    detections: Iterable[Detection],
    *,
    numbers: bool = False,
    style: DrawingStyle | None = None,
) -> Scene:
    """Decide what is drawn where on an upright picture; arguments and errors as in `annotate`."""
    style = style or DrawingStyle()
    marks: list[Mark] = []
    labels: list[tuple[Mark, str]] = []
    for number, detection in enumerate(detections, 1):
        mark = _mark(detection, number, image.size, style, marks)
        if mark:
            marks.append(mark)
            labels.append((mark, _label(detection, style)))
    best: tuple[float, tuple[Plate, ...]] = (math.inf, ())
    quiet = _texture(image)
    for shrink in _SHRINK[2:] if len(marks) > 12 else _SHRINK:
        placer = _Placer(image.size, marks, quiet)
        for mark, label in labels:
            placer.place(mark, *_texts(label, mark, numbers, image.size, style, shrink))
        best = min(best, (placer.covered, tuple(placer.plates)), key=lambda pair: pair[0])
        if best[0] == 0:
            break
    return Scene(marks=tuple(marks), plates=best[1])


def paint_outlines(image: Image.Image, scene: Scene) -> None:
    """Draw the outlines of boxes and quads."""
    for mark in scene.marks:
        _lines(image, list(pairwise((*mark.outline, *mark.outline[:1]))), mark.line, mark.colour)


def paint_points(image: Image.Image, scene: Scene) -> None:
    """Draw a ring with a cross for each point; the cross leaves the very point open."""
    for mark in scene.marks:
        if mark.ring:
            x, y, r = mark.ring
            ring = [(x + r * dx, y + r * dy) for dx, dy in _circle(32)]
            clear = max(r * 0.4, mark.line + 2.5)
            spokes = [
                ((x + clear * dx, y + clear * dy), (x + r * dx * 1.5, y + r * dy * 1.5))
                for dx, dy in _circle(4)
            ]
            _lines(image, [*pairwise((*ring, ring[0])), *spokes], mark.line, mark.colour)


def paint_leaders(image: Image.Image, scene: Scene) -> None:
    """Draw the thin lines from labels that stand far off to their marks."""
    for plate in scene.plates:
        if plate.leader:
            _lines(image, [plate.leader], max(1.0, plate.mark.line / 2), plate.mark.colour)


def paint_labels(image: Image.Image, scene: Scene) -> None:
    """Draw the labels on solid plates, their numbers in reverse."""
    draw = ImageDraw.Draw(image)
    for plate in scene.plates:
        x1, y1, x2, y2 = plate.box
        ink = _DARK if _luminance(plate.mark.colour) > 0.18 else _LIGHT
        draw.rectangle((x1, y1, x2 - 1, y2 - 1), fill=plate.mark.colour, outline=ink)
        at = x1 + plate.pad
        if plate.badge:
            edge = at + plate.badge.width + plate.pad
            draw.rectangle((x1, y1, edge - 1, y2 - 1), fill=ink)
            middle = (y1 + y2 - plate.badge.height) / 2
            plate.badge.draw(draw, at, middle, plate.mark.colour)
            at = edge + plate.pad
        if plate.text:
            plate.text.draw(draw, at, (y1 + y2 - plate.text.height) / 2, ink)


Painter = Callable[[Image.Image, Scene], None]
PAINTERS: tuple[Painter, ...] = (paint_outlines, paint_points, paint_leaders, paint_labels)


def _upright_rgb(image: Image.Image) -> Image.Image:
    image = ImageOps.exif_transpose(image)
    if image.mode == "F" or image.mode.startswith("I"):
        low, high = (float(v) for v in image.convert("F").getextrema() if not isinstance(v, tuple))
        scale = 255 / (high - low) if high > low else 1.0
        image = image.convert("F").point(lambda v: v * scale - low * scale).convert("L")
    if not image.has_transparency_data:
        return image.convert("RGB")
    paper = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(paper, image.convert("RGBA")).convert("RGB")


def _mark(
    detection: Detection, number: int, size: Size, style: DrawingStyle, others: Sequence[Mark]
) -> Mark | None:
    quad = detection.quad or (detection.box and Quad.of_box(detection.box))
    whole = _hull(quad.points) if quad else ()
    shape = _clip(whole, (0, 0, *size))
    if _area(whole) > 0 and _area(shape) == 0:
        shape = ()
    point = detection.point if detection.point and detection.point.inside(size) else None
    if not shape and not point:
        return None
    line = style.line_width or max(1.0, min(size) / 360)
    if shape and not style.line_width:
        line = min(line, max(1.0, math.sqrt(_area(shape)) / 12))
    edge = max(1.0, line / 2)
    keep: list[Polygon] = []
    outline: Polygon = ()
    if shape:
        inset = min(line / 2 + edge, min(size) / 4)
        inner = (inset, inset, size[0] - inset, size[1] - inset)
        outline = _clip(_grown(shape, line / 2 + edge + 0.5), inner)
        keep.append(_grown(shape, line + 2 * edge + 1))
    ring = (point.x, point.y, max(6.0, min(size) / 70, line * 4)) if point else None
    if ring:
        keep.append(_grown((ring[:2],), ring[2] * 1.5 + line + edge))
    colour = _far_colour(_centre(keep[0]), style.palette, others)
    return Mark(
        number=number, colour=colour, line=line, outline=outline, ring=ring, keep=tuple(keep)
    )


def _far_colour(at: XY, palette: Sequence[str], others: Sequence[Mark]) -> str:
    """The first colour not used yet, or else the one whose nearest use is farthest away."""
    nearest = dict.fromkeys(palette, math.inf)
    for mark in others:
        away = math.dist(at, _centre(mark.keep[0]))
        nearest[mark.colour] = min(nearest[mark.colour], away)
    return max(nearest, key=lambda colour: nearest[colour])


def _label(detection: Detection, style: DrawingStyle) -> str:
    if not style.labels:
        return ""
    label, text = detection.label.strip(), (detection.text or "").strip()
    if not label or (style.show_text and text and text != label):
        return f"{label}: {text}" if label else text
    return label


def _texts(
    label: str, mark: Mark, numbers: bool, size: Size, style: DrawingStyle, shrink: float
) -> tuple[int, TextBlock | None, TextBlock | None]:
    base = style.font_size or max(9.0, min(size) / 42)
    low = min(max(y for _, y in p) - min(y for _, y in p) for p in mark.keep)
    font = max(8, round(shrink * min(max(low * 0.6, base * 0.9), base * 1.2)))
    pad = max(2, font // 4)
    badge = text_block(str(mark.number), size=font, max_width=size[0]) if numbers else None
    room = min(max(style.max_label_width * size[0], font * 8), size[0] - 2 * pad)
    room -= badge.width + 2 * pad if badge else 0
    lines = style.max_lines
    try:
        return pad, text_block(label, size=font, max_width=room, max_lines=lines), badge
    except FontError:
        if style.missing_font == "raise":
            raise
    plain = "".join(c for c in label if c.isascii()).strip()
    if not any(c.isalnum() for c in plain):
        plain = "" if badge else str(mark.number)
    return pad, text_block(plain, size=font, max_width=room, max_lines=lines), badge


class _Placer:
    """Puts plates one by one where they cover least, then where they read best."""

    def __init__(self, size: Size, marks: Sequence[Mark], texture: Image.Image) -> None:
        self.size = size
        self.kept = [(poly, _bounds(poly), mark) for mark in marks for poly in mark.keep]
        self.texture = texture
        self.plates: list[Plate] = []
        self.covered = 0.0

    def place(self, mark: Mark, pad: int, text: TextBlock | None, badge: TextBlock | None) -> None:
        shown = [block for block in (badge, text) if block]
        w = sum(block.width + 2 * pad for block in shown)
        h = max((block.height for block in shown), default=0) + pad
        if not shown or w > self.size[0] or h > self.size[1]:
            return
        anchors = _anchors(mark)
        best: tuple[float, float, Rect, tuple[XY, XY] | None] | None = None
        for gap, box in sorted(self._candidates(mark, w, h)):
            if best and best[0] == 0 and gap >= best[1]:
                break
            over = self._overlap(box)
            if best and over > best[0]:
                continue
            reach = _leader(box, anchors)
            far = math.dist(*reach)
            cost = far + h * min(self._busy(box), 12) * 0.7
            if best and (over, cost) >= best[:2]:
                continue
            leader = reach if far > h / 2 else None
            cost += h * 10 * self._crossings(box, leader, mark)
            if best is None or (over, cost) < best[:2]:
                best = (over, cost, box, leader)
        if best:
            self.covered += best[0]
            plate = Plate(mark=mark, box=best[2], pad=pad, text=text, badge=badge, leader=best[3])
            self.plates.append(plate)

    def _candidates(self, mark: Mark, w: int, h: int) -> Iterator[tuple[float, Rect]]:
        around = _bounds(mark.keep[0])
        x1, y1, x2, y2 = around
        wide, high = self.size[0] - w, self.size[1] - h
        columns = [x1, (x1 + x2 - w) / 2, x2 - w]
        rows = [(y1 + y2 - h) / 2, y1, y2 - h]
        spots = [(x, y) for x in columns for y in (y1 - h - 1, y2 + 1)]
        spots += [(x, y) for y in rows for x in (x2 + 1, x1 - w - 1)]
        xs = [wide * i / 24 for i in range(25)]
        ys = [high * i / 30 for i in range(31)]
        spots += [(x, y) for x in [*xs, *columns] for y in [*ys, *rows]]
        for x, y in {(round(min(max(x, 0), wide)), round(min(max(y, 0), high))) for x, y in spots}:
            box = (x, y, x + w, y + h)
            yield _gap(box, around), box

    def _overlap(self, box: Rect) -> float:
        polygons = (poly for poly, around, _ in self.kept if _meet(box, around))
        plates = (_corners(plate.box) for plate in self.plates if _meet(box, plate.box))
        return sum(_area(_clip(shape, box)) for shape in (*polygons, *plates))

    def _busy(self, box: Rect) -> float:
        wide, high = self.texture.size
        k = wide / self.size[0]
        # The texture's height was rounded: the foot of the picture may lie below it.
        part = (box[0] * k, min(box[1] * k, high - 1), box[2] * k, min(box[3] * k, high))
        small = self.texture.resize((1, 1), Image.Resampling.BOX, part)
        value = small.getpixel((0, 0))
        return float(value) if isinstance(value, int | float) else 0.0

    def _crossings(self, box: Rect, leader: tuple[XY, XY] | None, mark: Mark) -> int:
        crossed = sum(bool(p.leader and _cuts(p.leader, box)) for p in self.plates)
        if leader:
            crossed += sum(_cuts(leader, b) for _, b, other in self.kept if other is not mark)
            crossed += sum(_cuts(leader, plate.box) for plate in self.plates)
        return crossed


def _texture(image: Image.Image) -> Image.Image:
    """How much is going on where, so that labels rather cover blank wall than unmarked text."""
    small = image.convert("L").reduce(max(1, max(image.size) // 640))
    return ImageChops.difference(small, small.filter(ImageFilter.GaussianBlur(3)))


def _anchors(mark: Mark) -> list[XY]:
    edges = pairwise((*mark.keep[0], mark.keep[0][0]))
    steps = (0, 0.25, 0.5, 0.75)
    return [(a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])) for a, b in edges for t in steps]


def _leader(box: Rect, anchors: Sequence[XY]) -> tuple[XY, XY]:
    return min(((_into(end, box), end) for end in anchors), key=lambda pair: math.dist(*pair))


def _lines(image: Image.Image, segments: Sequence[tuple[XY, XY]], width: float, ink: str) -> None:
    edge = max(1.0, width / 2)
    for thick, colour in ((width + 2 * edge, _DARK), (width, ink)):
        for a, b in segments:
            _fill(image, _grown((a, b), thick / 2), colour)


def _fill(image: Image.Image, polygon: Polygon, colour: str) -> None:
    """Fill a polygon with smooth edges, drawing it four times as large where that is cheap."""
    polygon = _clip(polygon, (0, 0, *image.size))
    if _area(polygon) == 0:
        return
    x1, y1, x2, y2 = _bounds(polygon)
    left, top = math.floor(x1), math.floor(y1)
    w, h = math.ceil(x2) - left, math.ceil(y2) - top
    k = 4 if w * h < 500_000 else 1
    mask = Image.new("L", (w * k, h * k))
    at = [((x - left) * k - 0.5, (y - top) * k - 0.5) for x, y in polygon]
    ImageDraw.Draw(mask).polygon(at, fill=255)
    image.paste(ImageColor.getrgb(colour), (left, top), mask.reduce(k))


def _circle(steps: int) -> list[XY]:
    angles = [2 * math.pi * i / steps for i in range(steps)]
    return [(math.cos(angle), math.sin(angle)) for angle in angles]


_ROUND = _circle(8)


def _grown(polygon: Polygon, by: float) -> Polygon:
    """All within a distance of a convex polygon, of a line or of a point, as a convex polygon."""
    return _hull((x + by * dx, y + by * dy) for x, y in polygon for dx, dy in _ROUND)


def _hull(points: Iterable[XY]) -> Polygon:
    """The convex outline (Andrew's monotone chain); wild coordinates are brought near first."""
    near = sorted({(min(max(x, -1e6), 1e6), min(max(y, -1e6), 1e6)) for x, y in points})
    halves: list[XY] = []
    for way in (near, near[::-1]):
        half: list[XY] = []
        for p in way:
            while len(half) > 1 and _turn(half[-2], half[-1], p) <= 0:
                half.pop()
            half.append(p)
        halves += half[:-1]
    return tuple(halves or near)


def _turn(a: XY, b: XY, c: XY) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _clip(polygon: Polygon, box: Rect) -> Polygon:
    """The part of a polygon inside a box (Sutherland and Hodgman)."""
    for axis, limit, way in ((0, box[0], 1), (1, box[1], 1), (0, box[2], -1), (1, box[3], -1)):
        kept: list[XY] = []
        for a, b in zip(polygon, (*polygon[1:], *polygon[:1]), strict=True):
            da, db = (a[axis] - limit) * way, (b[axis] - limit) * way
            if da >= 0:
                kept.append(a)
            if da * db < 0:
                t = da / (da - db)
                kept.append((a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])))
        polygon = tuple(kept)
    return polygon


def _area(polygon: Polygon) -> float:
    closed = pairwise((*polygon, *polygon[:1]))
    return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in closed)) / 2


def _bounds(points: Sequence[XY]) -> Rect:
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return min(xs), min(ys), max(xs), max(ys)


def _corners(box: Rect) -> Polygon:
    x1, y1, x2, y2 = box
    return (x1, y1), (x2, y1), (x2, y2), (x1, y2)


def _centre(points: Sequence[XY]) -> XY:
    x1, y1, x2, y2 = _bounds(points)
    return (x1 + x2) / 2, (y1 + y2) / 2


def _into(at: XY, box: Rect) -> XY:
    return min(max(at[0], box[0]), box[2]), min(max(at[1], box[1]), box[3])


def _gap(a: Rect, b: Rect) -> float:
    return math.hypot(max(a[0] - b[2], b[0] - a[2], 0), max(a[1] - b[3], b[1] - a[3], 0))


def _meet(a: Rect, b: Rect) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _cuts(line: tuple[XY, XY], box: Rect) -> bool:
    return _meet(_bounds(line), box) and bool(_clip(line, box))


def _luminance(colour: str) -> float:
    """Relative luminance, as WCAG 2 defines it."""
    parts = [v / 255 for v in ImageColor.getrgb(colour)[:3]]
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
