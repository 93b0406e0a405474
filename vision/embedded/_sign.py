"""A sign as it is understood: its lines, what each is made of, and what governs it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from PIL import Image

from deixis.vision._geometry import Detection
from deixis.vision._reader import Reading
from deixis.vision.embedded._governance import PlacedLabel, Separators, govern
from deixis.vision.embedded._labels import (
    Label,
    exit_label,
    floor_label,
    inline_floors,
    lone_letter,
)
from deixis.vision.embedded._layout import Placed, Slope, place_lines, rows_of, slope_of
from deixis.vision.embedded._text import compact, fold, has_han, stems

_PIECES = re.compile(
    r"[/|、,，;；()（）\[\]【】<>《》:：]+|(?<=[\u4e00-\u9fff])[\s·•.。-]+(?=[\u4e00-\u9fff])"
)
# Where the reader of a sign stands, and what the title of a sign for one floor speaks of.
_HERE = re.compile(r"所在|位置|您在|你在|当前|you are|here|current")
_PLAN = re.compile(
    r"平面|导览|导诊|示意|分布|布局|索引|指引|指南|一览|plan|map|guide|directory|layout"
)
_SCRIPTS = re.compile(r"[\u3400-\u9fff][\u3400-\u9fff\d·\-—\s]*|[^\u3400-\u9fff]+")


@dataclass(frozen=True, kw_only=True)
class Segment:
    """One name on a line: `门诊检验/采血` holds two.

    Attributes:
        text: As written.
        key: Folded, letters and digits only, for comparing.
        stems: Stems of its Latin words.
    """

    text: str
    key: str
    stems: tuple[str, ...]

    @property
    def han(self) -> bool:
        """Whether it is Chinese."""
        return has_han(self.text)


def segments_of(text: str) -> tuple[Segment, ...]:
    """The names on a line, at separators, brackets and changes of script."""
    found: list[Segment] = []
    for piece in _PIECES.split(text):
        for part in _SCRIPTS.findall(piece) if has_han(piece) else [piece]:
            key = compact(part)
            if key:
                found.append(Segment(text=part.strip(), key=key, stems=stems(part)))
    return tuple(found)


@dataclass(frozen=True, kw_only=True)
class SignLine:
    """One line of a sign.

    Attributes:
        at: Where it stands, in level coordinates and in original pixels.
        segments: The names on it.
        floor: The floor that governs it.
        exit: The exit that governs it.
        is_label: Whether the line is nothing but a floor or an exit.
    """

    at: Placed
    segments: tuple[Segment, ...]
    floor: Label | None
    exit: Label | None
    is_label: bool

    @property
    def text(self) -> str:
        """As the sign writes it."""
        return self.at.text

    @cached_property
    def key(self) -> str:
        """The whole line folded, letters and digits only."""
        return compact(self.text)

    @cached_property
    def stems(self) -> tuple[str, ...]:
        """Stems of its Latin words."""
        return stems(self.text)

    def detection(self, label: str, image: str | None) -> Detection:
        """The line as a detection, bound to its image."""
        line = self.at.line
        found = Detection(
            label=label, text=line.text, box=line.box, quad=line.quad, score=line.score
        )
        return found.on(image)


@dataclass(frozen=True, kw_only=True)
class Sign:
    """All that was read on one image, in reading order.

    Attributes:
        lines: Its lines.
        floors: Its floor labels, from top to bottom.
        exits: Its exit labels, from top to bottom.
        image: Handle of the image.
    """

    lines: tuple[SignLine, ...]
    floors: tuple[Label, ...]
    exits: tuple[Label, ...] = ()
    image: str | None = None

    @cached_property
    def rows(self) -> list[list[SignLine]]:
        """The lines by rows, from top to bottom, each from left to right."""
        by_index = {line.at.index: line for line in self.lines}
        return [[by_index[at.index] for at in row] for row in rows_of([ln.at for ln in self.lines])]

    @classmethod
    def of(
        cls,
        reading: Reading,
        *,
        image: str | None = None,
        pixels: Callable[[], Image.Image] | None = None,
    ) -> Sign:
        """Understands what was read.

        Args:
            reading: The lines, in reading order.
            image: Handle of the image.
            pixels: Gives the upright picture; asked for only when there are labels whose
                blocks what is drawn between the rows can tell apart.
        """
        slope = slope_of([line.quad for line in reading.lines])
        placed = place_lines(reading.lines, slope)
        floors = _floor_labels(placed)
        exits = [PlacedLabel(label=label, at=at) for at in placed if (label := exit_label(at.text))]
        rules = _rules(pixels, slope) if len(floors) > 1 or len(exits) > 1 else None
        by_floor = govern(placed, floors, reading.size, rules) if floors else {}
        by_exit = govern(placed, exits, reading.size, rules) if exits else {}
        whole = {label.at.index for label in (*floors, *exits) if not label.part}
        lines = tuple(
            SignLine(
                at=at,
                segments=segments_of(at.text),
                floor=by_floor[at.index].label if at.index in by_floor else None,
                exit=by_exit[at.index].label if at.index in by_exit else None,
                is_label=at.index in whole,
            )
            for at in placed
        )
        return cls(lines=lines, floors=_distinct(floors), exits=_distinct(exits), image=image)


def _rules(pixels: Callable[[], Image.Image] | None, slope: Slope) -> Separators | None:
    if pixels is None:
        return None
    from deixis.vision.embedded._separators import DrawnSeparators  # brings numpy

    return DrawnSeparators(pixels(), slope)


def _floor_labels(placed: Sequence[Placed]) -> list[PlacedLabel]:
    """All lines that are a floor or name one, and how far each reaches."""
    labels: list[PlacedLabel] = []
    for at in placed:
        if whole := floor_label(at.text):
            aside = at.text.strip().startswith(("(", "（")) or _is_note(at, placed)
            scope = "line" if aside else "block"
            labels.append(PlacedLabel(label=whole, at=at, scope=scope))
            continue
        inline = inline_floors(at.text)
        if len({label.value for label, _, _ in inline}) != 1:
            continue
        label, start, end = inline[0]
        part = PlacedLabel(label=label, at=_part(at, start, end), part=True, scope="line")
        folded = fold(at.text)
        if _PLAN.search(folded) and not _HERE.search(folded):
            part = replace(part, scope="sign")
        elif start == 0 and _stands_out(part.at, at, placed):
            part = replace(part, scope="block")
        labels.append(part)
    return labels + _lone_letters(placed, labels)


def _lone_letters(placed: Sequence[Placed], labels: Sequence[PlacedLabel]) -> list[PlacedLabel]:
    """Letters in a column of floors, where `G` and `M` are floors too."""
    column = [label.at for label in labels if label.scope == "block"]
    return [
        PlacedLabel(label=letter, at=at)
        for at in placed
        if (letter := lone_letter(at.text))
        and sum(abs(other.u - at.u) < 2 * other.height for other in column) > 1
    ]


def _is_note(at: Placed, placed: Sequence[Placed]) -> bool:
    """Whether a floor is only where the reader stands: `您所在位置` beside it says so."""
    return any(
        _HERE.search(fold(line.text)) and line.same_row(at) and line.u < at.u for line in placed
    )


def _stands_out(label: Placed, line: Placed, placed: Sequence[Placed]) -> bool:
    """Whether the lines around begin right of a line's leading label, as its own words do."""
    near = [o for o in placed if o.index != line.index and abs(o.v - line.v) < 2.2 * line.height]
    columns = [o for o in near if o.overlap(line) > 0 and not o.same_row(line)]
    return bool(columns) and all(o.u1 > label.u2 - 0.5 * label.height for o in columns)


def _part(at: Placed, start: int, end: int) -> Placed:
    """Where a part of a line stands, its letters taken as equally wide."""
    step = (at.u2 - at.u1) / max(len(at.text), 1)
    return replace(at, u1=at.u1 + start * step, u2=at.u1 + end * step)


def _distinct(labels: Sequence[PlacedLabel]) -> tuple[Label, ...]:
    ordered = sorted(labels, key=lambda item: item.at.v)
    return tuple({item.label.value: item.label for item in ordered}.values())
