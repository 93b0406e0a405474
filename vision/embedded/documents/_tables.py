"""Tables: columns by their headers, rows by what stands under them, over as many pages."""

from __future__ import annotations

import re
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Final

from deixis.vision.embedded.documents._fields import FieldSpec
from deixis.vision.embedded.documents._outcomes import UnclearError
from deixis.vision.embedded.documents._page import Page, Piece
from deixis.vision.embedded.documents._parsing import Usage, is_blank, parse
from deixis.vision.embedded.documents._words import Names, meanings_of

SUMS: Final = frozenset(
    "subtotal total grand-total amount-due tax discount shipping service-charge amount-in-words "
    "amount-paid deposit balance change-due payment-method".split()
)
_TOTALS: Final = SUMS - {"discount", "shipping", "service-charge", "tax"}
_FURNITURE: Final = re.compile(
    r"page\s*\d+|第\s*\d+\s*页|continued|carried forward|brought forward|承前页|过次页|接下页"
    r"|续上页"
    r"|^\W*\d+\s*/\s*\d+\W*$",
    re.IGNORECASE,
)
_SPACE: Final = re.compile(r"\s+")
_GAP: Final = 4.5  # rows further apart than this, in usual rows, are of something else
_FIRST_ROWS: Final = 14


@dataclass
class Column:
    """A column of a table: its header's extent, then that of its cells as well."""

    spec: FieldSpec | None
    u1: float
    u2: float

    def distance(self, piece: Piece) -> float:
        """How far a piece is from being set flush left, flush right or centred in it."""
        middle = abs(piece.u - (self.u1 + self.u2) / 2)
        return min(abs(piece.u1 - self.u1), abs(piece.u2 - self.u2), middle)

    def scaled(self, by: float) -> Column:
        """The same column on a page of another width."""
        return Column(self.spec, self.u1 * by, self.u2 * by)


@dataclass(frozen=True, kw_only=True)
class Row:
    """A row of a table: what stands in its columns.

    Attributes:
        cells: Pieces by the field's name, in reading order.
        page: Number of the page from 0.
    """

    cells: dict[str, list[Piece]]
    page: int


@dataclass(kw_only=True)
class Table:
    """What was found of one list of rows.

    Attributes:
        rows: Over all pages.
        used: Pieces that are headers or cells, by identity.
        headers: Those of them that are headers.
    """

    rows: list[Row] = field(default_factory=list[Row])
    used: set[int] = field(default_factory=set[int])
    headers: set[int] = field(default_factory=set[int])


@dataclass(frozen=True, kw_only=True)
class _Header:
    page: int
    pieces: tuple[Piece, ...]
    columns: tuple[Column, ...]

    @property
    def bottom(self) -> float:
        return max(piece.v for piece in self.pieces)

    @property
    def fields(self) -> frozenset[str]:
        return frozenset(c.spec.name for c in self.columns if c.spec is not None)


def tables_of(specs: Sequence[FieldSpec], pages: Sequence[Page], usage: Usage) -> list[Table]:
    """The rows of each list of groups; a header serves one list only."""
    found = [list(_headers(spec, pages)) for spec in specs]
    tables = [Table() for _ in specs]
    taken: set[int] = set()

    def fullest(number: int) -> float:
        most = max((len(h.fields) for h in found[number]), default=0)
        return most + most / max(len(_fields(specs[number])), 1)

    for number in sorted(range(len(specs)), key=fullest, reverse=True):
        spec = specs[number]
        free = [h for h in found[number] if not any(id(p) in taken for p in h.pieces)]
        most = max((len(h.fields) for h in free), default=0)
        headers = [h for h in free if len(h.fields) == most]
        # Two tables that fit alike but have other columns: which is meant isn't known.
        alike = [h for h in headers if h.fields == headers[0].fields]
        table = Table() if len(alike) < len(headers) else _Reader(spec, pages, usage).table(alike)
        taken |= table.headers
        tables[number] = table
    return tables


def _fields(spec: FieldSpec) -> tuple[FieldSpec, ...]:
    return spec.item.fields if spec.item is not None else ()


def _headers(spec: FieldSpec, pages: Sequence[Page]) -> Iterator[_Header]:
    fields = _fields(spec)
    names = [Names.of(one.words, row=True) for one in fields]
    least = min(2, len(fields))
    for page in pages:
        for row in page.rows:
            pieces = tuple(part for piece in row for part in _header_parts(piece))
            matched = _matched(pieces, names)
            if len(matched) < least or 2 * len(matched) < len(pieces):
                continue
            columns = tuple(
                Column(fields[matched[n]] if n in matched else None, piece.u1, piece.u2)
                for n, piece in enumerate(pieces)
            )
            yield _Header(page=page.number, pieces=(*row,), columns=columns)


def _matched(pieces: Sequence[Piece], names: Sequence[Names]) -> dict[int, int]:
    """Which piece of a row is the header of which field, each once, the best fitting first."""
    fits = sorted(
        (
            (-one.fit(piece.text, colon=True), n, m)
            for n, piece in enumerate(pieces)
            for m, one in enumerate(names)
            if not piece.follows and one.fit(piece.text, colon=True) > 0
        )
    )
    matched: dict[int, int] = {}
    for _, piece, one in fits:
        if piece not in matched and one not in matched.values():
            matched[piece] = one
    return matched


def _header_parts(piece: Piece) -> list[Piece]:
    """A header that the reader ran together with its neighbours, parted into known ones."""
    if meanings_of(piece.text, colon=True) or " " not in piece.text.strip():
        return [piece]
    cuts = [0, *(m.end() for m in _SPACE.finditer(piece.text)), len(piece.text)]
    parts: list[Piece] = []
    start = 0
    while start < len(cuts) - 1:
        end = next(
            (
                stop
                for stop in range(len(cuts) - 1, start, -1)
                if meanings_of(piece.text[cuts[start] : cuts[stop]], colon=True)
            ),
            None,
        )
        if end is None:
            return [piece]
        parts.append(piece.cut(cuts[start], cuts[end]))
        start = end
    return parts


class _Reader:
    """Reads the rows of one list."""

    def __init__(self, spec: FieldSpec, pages: Sequence[Page], usage: Usage) -> None:
        self._pages = pages
        self._usage = usage
        self._figures = any(one.kind != "text" for one in _fields(spec))
        self._table = Table()

    def table(self, headers: Sequence[_Header]) -> Table:
        """All rows under these headers, and on following pages without one."""
        columns: list[Column] = []
        open_, before = False, None
        for page in self._pages:
            own = [header for header in headers if header.page == page.number]
            for number, header in enumerate(own):
                columns = [replace(column) for column in header.columns]
                until = own[number + 1].pieces[0].v if number + 1 < len(own) else float("inf")
                self._note_header(header)
                open_ = self._rows_under(page, columns, header.bottom, until)
            if not own and open_ and before is not None:
                scale = page.reading.size[0] / before.reading.size[0]
                columns = [column.scaled(scale) for column in columns]
                open_ = self._rows_under(page, columns, float("-inf"), float("inf"), bare=True)
            before = page
        return self._table

    def _note_header(self, header: _Header) -> None:
        self._table.used |= {id(piece) for piece in header.pieces}
        self._table.headers |= {id(piece) for piece in header.pieces}

    def _rows_under(
        self, page: Page, columns: list[Column], top: float, until: float, *, bare: bool = False
    ) -> bool:
        """Takes the rows between two heights; whether the table may go on on the next page."""
        begun: list[tuple[Row, float, list[Piece]]] = []
        loose: list[tuple[Piece, float]] = []
        passed = 0
        for row in page.rows:
            v = statistics.fmean(piece.v for piece in row)
            if v <= top or v >= until or any(id(piece) in self._table.headers for piece in row):
                continue
            if any(_FURNITURE.search(piece.text) for piece in row):
                continue
            placed = self._placed(row, columns)
            led = not bare or bool(begun)
            if led and (self._is_sum(row, columns) or self._is_far(v, begun, top, page)):
                self._take(page, columns, begun, loose)
                return False
            if self._is_row(placed, strict=bare and not begun):
                begun.append((Row(cells=self._cells(placed), page=page.number), v, list(row)))
                if not bare or len(begun) > 1:
                    self._widen(placed)
            elif begun or not bare:
                loose += [(piece, v) for piece in row]
            else:
                passed += 1
                if passed > _FIRST_ROWS:
                    return False
        self._take(page, columns, begun, loose)
        return bool(begun)

    def _is_sum(self, row: Sequence[Piece], columns: Sequence[Column]) -> bool:
        """Whether a row is a total or begins what comes after the table."""
        for piece in row:
            said = meanings_of(piece.text, colon=piece.colon)
            if said & _TOTALS or (piece.colon and not said):
                return True
            if said & SUMS or (piece.colon and said):
                cells = self._cells(self._placed(row, columns))
                return len(cells) <= 2
        return False

    def _is_far(
        self, v: float, begun: Sequence[tuple[Row, float, list[Piece]]], top: float, page: Page
    ) -> bool:
        heights = [one[1] for one in begun]
        last = max(heights, default=top)
        steps = [b - a for a, b in pairwise(heights)]
        usual = max(statistics.median(steps) if steps else 0.0, 1.8 * page.height)
        return last > float("-inf") and v - last > _GAP * usual

    def _placed(
        self, row: Sequence[Piece], columns: Sequence[Column]
    ) -> list[tuple[Piece, Column]]:
        parts = [part for piece in row for part in _cell_parts(piece, columns)]
        return [(part, min(columns, key=lambda c: c.distance(part))) for part in parts]

    def _cells(self, placed: Sequence[tuple[Piece, Column]]) -> dict[str, list[Piece]]:
        cells: dict[str, list[Piece]] = {}
        for piece, column in placed:
            if column.spec is not None and not is_blank(piece.text):
                cells.setdefault(column.spec.name, []).append(piece)
        return cells

    def _is_row(self, placed: Sequence[tuple[Piece, Column]], *, strict: bool) -> bool:
        """Whether pieces are a row of their own, rather than more of one above or below."""
        cells = self._cells(placed)
        figures = sum(
            column.spec is not None
            and column.spec.kind != "text"
            and self._reads(piece, column.spec)
            for piece, column in placed
        )
        if strict:
            flush = all(column.distance(piece) < 2.5 * piece.height for piece, column in placed)
            return flush and len(cells) >= 2 and (figures > 0 or not self._figures)
        return figures > 0 if self._figures else len(cells) >= 2

    def _reads(self, piece: Piece, spec: FieldSpec) -> bool:
        try:
            parse(piece.text, spec, self._usage)
        except UnclearError:
            return False
        return True

    @staticmethod
    def _widen(placed: Sequence[tuple[Piece, Column]]) -> None:
        for piece, column in placed:
            if column.distance(piece) < 2 * piece.height:
                column.u1, column.u2 = min(column.u1, piece.u1), max(column.u2, piece.u2)

    def _take(
        self,
        page: Page,
        columns: Sequence[Column],
        begun: Sequence[tuple[Row, float, list[Piece]]],
        loose: Sequence[tuple[Piece, float]],
    ) -> None:
        """Keeps rows, with the lines that stand close above or below as more of their text."""
        for row, _, pieces in begun:
            self._table.rows.append(row)
            self._table.used |= {id(piece) for piece in pieces}
        for piece, v in loose:
            near = min(
                begun, key=lambda one: (round(abs(one[1] - v) / page.height), one[1]), default=None
            )
            if near is None or abs(near[1] - v) > 1.9 * piece.height or piece.colon:
                continue
            column = min(columns, key=lambda c: abs(c.u1 - piece.u1))
            if (
                column.spec is None
                or column.spec.kind != "text"
                or column.spec.name not in near[0].cells
            ):
                continue
            cell = near[0].cells[column.spec.name]
            cell.append(piece)
            cell.sort(key=lambda one: (round(one.v / page.height), one.u1))
            self._table.used.add(id(piece))


def _cell_parts(piece: Piece, columns: Sequence[Column]) -> list[Piece]:
    """Cells that the reader ran together, parted where they lie over several columns."""
    over = [c for c in columns if min(c.u2, piece.u2) - max(c.u1, piece.u1) > 0.5 * (c.u2 - c.u1)]
    if len(over) < 2 or " " not in piece.text:
        return [piece]
    starts = [0, *(m.end() for m in _SPACE.finditer(piece.text))]
    ends = [*(m.start() for m in _SPACE.finditer(piece.text)), len(piece.text)]
    words = [piece.cut(a, b) for a, b in zip(starts, ends, strict=True)]
    homes = [min(over, key=lambda c: c.distance(word)) for word in words]
    parts: list[Piece] = []
    at = 0
    for end in range(1, len(words) + 1):
        if end == len(words) or homes[end] is not homes[at]:
            parts.append(piece.cut(starts[at], ends[end - 1]))
            at = end
    return parts
