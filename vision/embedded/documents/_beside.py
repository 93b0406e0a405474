"""Where the value of a label stands: after it, at its right, or below it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from deixis.vision.embedded.documents._page import Page, Piece
from deixis.vision.embedded.documents._words import Names

IsLabel = Callable[[Piece], bool]

# What runs over several lines, by what it is called or means.
_BLOCK: Final = re.compile(
    r"address|remark|note|comment|instruction|direction|symptom|complaint|history|advice|usage"
    r"|terms|diagnos|description|summary|reason|地址|住址|备注|主诉|说明|医嘱|用法|病史|诊断|嘱"
)
_PARTY: Final = re.compile(r"buyer|seller|ship-to|ship to|bill to|customer|vendor|supplier|client")
_AFTER, _RIGHT, _BELOW = 1.0, 0.97, 0.93
_FAR: Final = 0.6
_FAR_TEXT: Final = 14.0
_MOST_LINES: Final = 6


@dataclass(frozen=True, kw_only=True)
class Stood:
    """Pieces that may be a label's value.

    Attributes:
        pieces: In order; several on a row, or lines of a block.
        sure: How sure their place makes it, 0 to 1.
        block: Whether they are lines under one another.
    """

    pieces: tuple[Piece, ...]
    sure: float
    block: bool = False

    @property
    def text(self) -> str:
        """As written, lines parted by a line break."""
        return ("\n" if self.block else " ").join(piece.text for piece in self.pieces)


class Beside:
    """Finds values beside the labels of a page.

    Args:
        page: The page.
        is_label: Whether a piece is a label, of whatever field.
    """

    def __init__(self, page: Page, is_label: IsLabel) -> None:
        self._page = page
        self._labels = [piece for piece in page.pieces if is_label(piece)]
        self._known = {id(piece) for piece in self._labels}

    def is_label(self, piece: Piece) -> bool:
        """Whether a piece is a label."""
        return id(piece) in self._known

    def of(self, label: Piece, *, text: bool, names: Names, words: Sequence[str]) -> list[Stood]:
        """What may be a label's value, likeliest first.

        Args:
            label: The label.
            text: Whether words are wanted, rather than a number or a date.
            names: What the field may be called.
            words: The field's own words.
        """
        called = " ".join([*words, *names.meanings]).casefold()
        block = text and _BLOCK.search(called) is not None
        if after := self._after(label):
            return list(self._grown(after, _AFTER, label, text=text, block=block))
        if right := self._right(label, text=text):
            return list(self._grown(right, _RIGHT, label, text=text, block=block))
        party = text and _PARTY.search(called) is not None
        below = self._below(label, block=block or party)
        if not below:
            return []
        return list(self._grown(below[:1], _BELOW, label, text=text, block=block))

    def block_under(self, label: Piece) -> list[Piece]:
        """The lines under a heading, down to the next label: who an invoice is for."""
        first = self._after(label)[:1] or self._below(label, block=True)[:1]
        return [first[0], *self._lines_under(first[0], label)] if first else []

    def beside(self, label: Piece) -> list[Piece]:
        """All that stands at a label's right up to the next label, ticked options among it."""
        after = [p for p in self._page.pieces if p.line is label.line and p.span > label.span]
        row = [p for p in self._page.row_of(label) if p.u1 > label.u2 - 0.4 * label.height]
        found: list[Piece] = []
        for piece in dict.fromkeys([*after, *row]):
            if piece.colon:
                break
            found.append(piece)
        return found

    def _after(self, label: Piece) -> list[Piece]:
        """What follows on the label's own line, and goes on right beside it."""
        own = [p for p in self._page.pieces if p.line is label.line and p.follows]
        first = next((p for p in own if p.span[0] >= label.span[1]), None)
        nearer = [p for p in self._page.pieces if p.line is label.line and p.colon]
        if first is None or any(label.span[1] <= p.span[0] < first.span[0] for p in nearer):
            return []
        return [first, *self._on_from(first)]

    def _right(self, label: Piece, *, text: bool) -> list[Piece]:
        row = [p for p in self._page.row_of(label) if p is not label and p.u1 > label.u]
        if not row or self.is_label(row[0]) or row[0].follows:
            return []
        first = row[0]
        gap = first.u1 - label.u2
        if text and gap > min(_FAR * self._page.width, _FAR_TEXT * label.height):
            return []
        if text and not label.colon and self._in_label_column(first):
            return []
        return [first, *self._on_from(first)]

    def _on_from(self, first: Piece) -> list[Piece]:
        """What goes on after a piece in its row, up to the next label."""
        found: list[Piece] = []
        for piece in self._page.row_of(first):
            if piece.u1 <= first.u1 or piece is first:
                continue
            if self.is_label(piece) or piece.follows:
                break
            found.append(piece)
        return found

    def _in_label_column(self, piece: Piece) -> bool:
        """Whether a piece begins where the labels of other rows begin."""
        return any(
            abs(other.u1 - piece.u1) < 0.5 * piece.height and not other.same_row(piece)
            for other in self._labels
        )

    def _below(self, label: Piece, *, block: bool) -> list[Piece]:
        near = [p for p in self._page.pieces if self._is_under(p, label)]
        if not near:
            return []
        top = min(near, key=lambda p: (p.v, abs(p.u1 - label.u1)))
        row = [p for p in near if p.same_row(top)]
        first = min(row, key=lambda p: min(abs(p.u1 - label.u1), abs(p.u - label.u)))
        if self.is_label(first) or first.follows or self._is_led(first):
            return []
        if not block and self._led_to_the_right(label):
            return []
        return [first]

    def _is_under(self, piece: Piece, label: Piece) -> bool:
        down = piece.v - label.v
        tall = max(piece.height, label.height)
        if not 0.7 * min(piece.height, label.height) < down < 2.9 * tall:
            return False
        return piece.overlap(label) > 0 and (
            abs(piece.u1 - label.u1) < 2.0 * tall or abs(piece.u - label.u) < 1.5 * tall
        )

    def _is_led(self, piece: Piece) -> bool:
        """Whether a piece is the value of a label at its left, or itself leads a value."""
        row = self._page.row_of(piece)
        before = [p for p in row if p.u1 < piece.u1]
        return bool(before) and self.is_label(before[-1])

    def _led_to_the_right(self, label: Piece) -> bool:
        """Whether the labels of this one's column have their values at the right."""
        peers = [
            other
            for other in self._labels
            if other is not label and abs(other.u1 - label.u1) < 0.8 * label.height
        ]
        return any(self._after(other) or self._right(other, text=True) for other in peers)

    def _grown(
        self, pieces: Sequence[Piece], sure: float, label: Piece, *, text: bool, block: bool
    ) -> Iterator[Stood]:
        """The first piece, alone and with what goes on beside or below it."""
        first = pieces[0]
        close = [first]
        for piece in pieces[1:]:
            if piece.u1 - close[-1].u2 > 1.6 * first.height:
                break
            close.append(piece)
        if block:
            lines = self._lines_under(first, label)
            yield Stood(pieces=(*close, *lines), sure=sure, block=bool(lines))
            return
        if text:
            yield Stood(pieces=tuple(close), sure=sure)
            return
        yield Stood(pieces=(first,), sure=sure)
        for end in range(2, len(pieces) + 1):
            yield Stood(pieces=tuple(pieces[:end]), sure=sure * 0.97)
        for piece in reversed(pieces[1:]):
            yield Stood(pieces=(piece,), sure=sure * 0.95)

    def _lines_under(self, first: Piece, label: Piece) -> list[Piece]:
        """The lines that go on under a value: set flush with it, and no labels or values."""
        found: list[Piece] = []
        last = first
        while len(found) < _MOST_LINES:
            under = [
                p
                for p in self._page.pieces
                if 0.6 * last.height < p.v - last.v < 1.9 * max(last.height, p.height)
                and abs(p.u1 - first.u1) < 1.2 * first.height
                and p is not label
            ]
            line = min(under, key=lambda p: p.v, default=None)
            if line is None or self.is_label(line) or line.follows or self._is_led(line):
                break
            found.append(line)
            last = line
        return found
