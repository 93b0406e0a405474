"""The documents engine: what stands on pages for the fields that are wanted, or nothing."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from deixis.vision._geometry import Box
from deixis.vision._reader import Reading
from deixis.vision.embedded.documents._beside import Beside, Stood
from deixis.vision.embedded.documents._fields import FieldSpec, Path, leaves
from deixis.vision.embedded.documents._numbers import is_money
from deixis.vision.embedded.documents._outcomes import Found, UnclearError
from deixis.vision.embedded.documents._page import Page, Piece, page_of, union
from deixis.vision.embedded.documents._parsing import Usage, is_blank, parse, parts_of
from deixis.vision.embedded.documents._seeking import Headings, Sought, sought_of
from deixis.vision.embedded.documents._tables import SUMS, Row, tables_of
from deixis.vision.embedded.documents._ticking import ticked_choice, ticked_flag
from deixis.vision.embedded.documents._ticks import Pixels
from deixis.vision.embedded.documents._words import Names, meanings_of

_ALIKE: Final = 0.02
_ALIKE_TOTALS: Final = 0.06
_UNREAD: Final = 0.5


@dataclass(frozen=True, kw_only=True)
class _Candidate:
    """What one label would give a field; `shared` where it may give another field something too."""

    label: Piece
    fit: float
    found: Found
    shared: bool = False


def find_fields(
    fields: Sequence[FieldSpec],
    readings: Sequence[Reading],
    *,
    pixels: Sequence[Pixels] | None = None,
) -> list[Found]:
    """What a document says for the fields that are wanted.

    A field whose label isn't there, or which two labels fit alike with other values, has no
    value; the latter, and what can't be parsed, are told with the problem.

    Args:
        fields: What is wanted.
        readings: Of the pages, in order.
        pixels: The pages' upright pictures, for check boxes.
    """
    return _Finder(fields, readings, pixels).all()


class _Finder:
    def __init__(
        self,
        fields: Sequence[FieldSpec],
        readings: Sequence[Reading],
        pixels: Sequence[Pixels] | None,
    ) -> None:
        self._sought = sought_of(fields)
        self._lists = [(path, spec) for path, spec in leaves(fields) if spec.is_table]
        texts = [line.text for reading in readings for line in reading.lines]
        self._usage = Usage.of(texts)
        self._pages = [
            page_of(reading, number=number, known=self._known)
            for number, reading in enumerate(readings)
        ]
        self._pixels = list(pixels) if pixels is not None else [None] * len(self._pages)
        bare = Counter(key for one in self._sought if one.bare for key in one.bare.keys)
        self._shared = {key for key, count in bare.items() if count > 1}

    def all(self) -> list[Found]:
        """The fields that something stands there for, tables' cells among them."""
        tables = tables_of([spec for _, spec in self._lists], self._pages, self._usage)
        found = [
            one
            for (path, spec), table in zip(self._lists, tables, strict=True)
            for number, row in enumerate(table.rows)
            for one in self._row(path, spec, number, row)
        ]
        used = {piece for table in tables for piece in table.used}
        candidates: list[list[_Candidate]] = [[] for _ in self._sought]
        for page in self._pages:
            rest = replace(page, pieces=tuple(p for p in page.pieces if id(p) not in used))
            for number, some in enumerate(self._on_page(rest)):
                candidates[number] += some
        for sought, own in zip(self._sought, self._apart(candidates), strict=True):
            found += self._settled(sought, own)
        return found

    def _known(self, text: str, colon: bool) -> bool:
        if meanings_of(text, colon=colon):
            return True
        return any(one.fit(text, colon=colon) >= 0.85 for one in self._names())

    def _names(self) -> list[Names]:
        return [n for s in self._sought for n in (s.names, s.bare, s.party) if n is not None]

    def _is_label(self, piece: Piece) -> bool:
        return piece.colon or (not piece.follows and self._known(piece.text, False))

    def _on_page(self, page: Page) -> list[list[_Candidate]]:
        beside = Beside(page, self._is_label)
        headings = Headings(page, [one.party for one in self._sought if one.party is not None])
        return [self._candidates(one, page, beside, headings) for one in self._sought]

    def _candidates(
        self, sought: Sought, page: Page, beside: Beside, headings: Headings
    ) -> list[_Candidate]:
        shared = sought.bare is not None and bool(sought.bare.keys & self._shared)
        found: list[_Candidate] = []
        for label in page.pieces:
            if label.follows:
                continue
            fit = headings.fit(sought, label, shared=shared)
            one = self._value(sought, label, min(fit, 1.0), beside) if fit else None
            if one is not None:
                found.append(_Candidate(label=label, fit=fit, found=one))
        if not found and sought.is_address and sought.party is not None:
            found += self._under_heading(sought, beside, headings)
        return found

    def _under_heading(
        self, sought: Sought, beside: Beside, headings: Headings
    ) -> list[_Candidate]:
        """An address as the lines under its party's name."""
        found: list[_Candidate] = []
        for heading in headings.pieces:
            fit = sought.party.fit(heading.text, colon=True) if sought.party else 0.0
            lines = beside.block_under(heading)[1:] if fit else []
            if lines:
                stood = Stood(pieces=tuple(lines), sure=0.85, block=True)
                one = self._parsed(sought, stood, fit)
                found.append(_Candidate(label=heading, fit=fit * 0.9, found=one, shared=True))
        return found

    def _value(self, sought: Sought, label: Piece, fit: float, beside: Beside) -> Found | None:
        """What a label gives a field; None where nothing is filled in there."""
        spec = sought.spec
        if spec.kind in ("flag", "choice"):
            options = beside.beside(label)
            picture = self._pixels[label.page]
            ticked = (
                ticked_flag(label, options, picture)
                if spec.kind == "flag"
                else ticked_choice(options, spec.choices, picture)
            )
            if ticked is not None:
                return self._found(sought, ticked.pieces, ticked.value, 0.95 * fit, ticked.problem)
        text = spec.kind in ("text", "place", "list", "choice", "flag")
        stood = beside.of(label, text=text, names=sought.names, words=spec.words)
        stood = [one for one in stood if not is_blank(one.text)]
        if spec.kind == "place":
            pieces = stood[0].pieces if stood else (label,)
            return self._found(sought, pieces, _place(spec, pieces), fit * (0.97 if stood else 0.9))
        tried = [self._parsed(sought, one, fit) for one in stood]
        read = [one for one in tried if one.value is not None]
        if spec.kind == "number" and len(read) > 1 and sought.names.meanings & SUMS:
            sums = [one for one in read if is_money(one.text)]
            return sums[-1] if sums else read[0]
        return next(iter(read or tried), None)

    def _parsed(self, sought: Sought, stood: Stood, fit: float) -> Found:
        spec, score = sought.spec, stood.sure * fit
        if spec.kind == "list" and spec.item is not None:
            try:
                parts = parts_of(stood.text)
                values = [parse(part, spec.item, self._usage) for part in parts]
            except UnclearError as error:
                return self._found(sought, stood.pieces, None, score * _UNREAD, str(error))
            return self._found(sought, stood.pieces, values or None, score, text=stood.text)
        try:
            value = parse(stood.text, spec, self._usage)
        except UnclearError as error:
            return self._found(
                sought, stood.pieces, None, score * _UNREAD, str(error), text=stood.text
            )
        return self._found(sought, stood.pieces, value, score, text=stood.text)

    def _found(
        self,
        sought: Sought,
        pieces: Sequence[Piece],
        value: object,
        score: float,
        problem: str | None = None,
        *,
        text: str | None = None,
    ) -> Found:
        return Found(
            path=sought.path,
            value=value,
            text=text if text is not None else " ".join(piece.text for piece in pieces),
            page=pieces[0].page,
            box=union([piece.box for piece in pieces]),
            score=_bounded(score * statistics.fmean(piece.score for piece in pieces)),
            problem=problem,
        )

    def _apart(self, candidates: Sequence[list[_Candidate]]) -> list[list[_Candidate]]:
        """Each label left to the field that it fits best; to none where it fits two alike."""
        claims: dict[int, list[tuple[float, int]]] = {}
        for number, some in enumerate(candidates):
            if self._sought[number].spec.kind != "place":
                for one in (one for one in some if not one.shared):
                    claims.setdefault(id(one.label), []).append((one.fit, number))

        def keeps(one: _Candidate, number: int) -> bool:
            if one.shared or self._sought[number].spec.kind == "place":
                return True
            rivals = [fit for fit, other in claims[id(one.label)] if other != number]
            return all(one.fit > fit + _ALIKE / 2 for fit in rivals)

        return [
            [one for one in some if keeps(one, number)] for number, some in enumerate(candidates)
        ]

    def _settled(self, sought: Sought, candidates: Sequence[_Candidate]) -> list[Found]:
        """The one value of a field; none, with the reason, where several fit alike."""
        valued = [one for one in candidates if one.found.value is not None] or list(candidates)
        if not valued:
            return []
        best = max(one.fit for one in valued)
        margin = _ALIKE_TOTALS if "total" in sought.names.meanings else _ALIKE
        alike = [one.found for one in valued if one.fit >= best - margin]
        first = max(alike, key=lambda one: (one.score, -one.page))
        others = [one for one in alike if one.value != first.value]
        if not others or sought.spec.kind == "place":
            return self._listed(sought, first)
        texts = dict.fromkeys(f"{one.text!r} (page {one.page + 1})" for one in [first, *others])
        problem = f"several fit alike: {', '.join(texts)}"
        return [replace(first, value=None, score=first.score * _UNREAD, problem=problem)]

    def _listed(self, sought: Sought, found: Found) -> list[Found]:
        """A value; of a list, one for each member."""
        if sought.spec.kind != "list" or not isinstance(found.value, list):
            return [found]
        values: list[object] = found.value  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        texts = parts_of(found.text)
        return [
            replace(found, path=(*found.path, number), value=value, text=text)
            for number, (value, text) in enumerate(zip(values, texts, strict=True))
        ]

    def _row(self, at: Path, spec: FieldSpec, number: int, row: Row) -> list[Found]:
        found: list[Found] = []
        for one in spec.item.fields if spec.item is not None else ():
            pieces = row.cells.get(one.name)
            if not pieces:
                continue
            path: Path = (*at, number, one.name)
            cell = Sought(path=path, spec=one, names=Names.of(one.words, row=True))
            if one.kind == "place":
                found.append(self._found(cell, pieces, _place(one, pieces), 0.97))
            else:
                found.append(self._parsed(cell, Stood(pieces=tuple(pieces), sure=0.97), 1.0))
        return found


def _place(spec: FieldSpec, pieces: Sequence[Piece]) -> object:
    box: Box = union([piece.box for piece in pieces])
    return box.center if spec.place == "point" else box


def _bounded(score: float) -> float:
    return min(max(score, 0.0), 1.0)
