"""What a single field is looked for by: its names, and the party whose it is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from deixis.vision.embedded.documents._fields import FieldSpec, Path
from deixis.vision.embedded.documents._page import Page, Piece
from deixis.vision.embedded.documents._words import Names, meanings_of

PARTIES: Final = frozenset("seller buyer ship-to emergency-contact".split())
_PLACE: Final = re.compile(
    r"\s*\b(?:box|point|place|position|location|area|region|spot|bbox)$", re.I
)
# What names a party under its heading.
_PARTY_NAMES: Final = ("name", "名称", "单位名称", "公司名称", "company name")
_ELSEWHERE, _HERE = 0.85, 0.97


@dataclass(frozen=True, kw_only=True)
class Sought:
    """A field that is looked for by labels.

    Attributes:
        path: Where its value goes.
        spec: What it is.
        names: What it may be called by itself.
        bare: What it may be called under its party's heading; None where it has no party.
        party: What the party may be called.
    """

    path: Path
    spec: FieldSpec
    names: Names
    bare: Names | None = None
    party: Names | None = None

    @property
    def is_address(self) -> bool:
        """Whether it is the address of its party."""
        return self.bare is not None and "address" in self.bare.meanings


def sought_of(fields: Sequence[FieldSpec]) -> list[Sought]:
    """All single fields, with the groups that they are in as their parties."""
    return list(_sought(fields, (), None))


def _sought(fields: Sequence[FieldSpec], at: Path, group: FieldSpec | None) -> Iterator[Sought]:
    for spec in fields:
        path = (*at, spec.name)
        if spec.kind == "group":
            yield from _sought(spec.fields, path, spec)
        elif not spec.is_table:
            yield _of_group(path, spec, group) if group is not None else _alone(path, spec)


def _words(spec: FieldSpec) -> list[str]:
    if spec.kind != "place":
        return list(spec.words)
    return list(dict.fromkeys(_PLACE.sub("", word) or word for word in spec.words))


def _of_group(path: Path, spec: FieldSpec, group: FieldSpec) -> Sought:
    own = _words(spec)
    party, bare = Names.of(group.words), Names.of(own)
    words = [f"{whose} {word}" for whose in group.words for word in own]
    if ("name",) in bare.keys:
        words += group.words
        bare = Names.of([*own, *_PARTY_NAMES])
    return Sought(path=path, spec=spec, names=Names.of(words), bare=bare, party=party)


def _alone(path: Path, spec: FieldSpec) -> Sought:
    """A field by itself; `buyer_address` is the address of the buyer."""
    own = _words(spec)
    names = Names.of(own)
    first = own[0].split() if own else []
    whose, rest = " ".join(first[:1]), " ".join(first[1:])
    if rest and Names.of([whose]).meanings & PARTIES and (of := Names.of([rest])).meanings:
        party = Names.of([whose])
        if ("name",) in of.keys:
            of = Names.of([rest, *_PARTY_NAMES])
        return Sought(path=path, spec=spec, names=names, bare=of, party=party)
    return Sought(path=path, spec=spec, names=names)


class Headings:
    """The headings of parties on a page, and what stands under each.

    Args:
        page: The page.
        parties: What the parties that are wanted may be called.
    """

    def __init__(self, page: Page, parties: Sequence[Names]) -> None:
        self._page = page
        self.pieces = [
            piece
            for piece in page.pieces
            if not piece.follows
            and (
                any(party.fit(piece.text, colon=piece.colon) >= _ELSEWHERE for party in parties)
                or meanings_of(piece.text, colon=True) & PARTIES
            )
        ]

    def over(self, label: Piece) -> Piece | None:
        """The heading that a label stands under."""
        near = 0.25 * self._page.width
        above = [
            piece
            for piece in self.pieces
            if piece is not label
            and piece.v <= label.v + 0.5 * label.height
            and piece.u1 <= label.u1 + 3 * label.height
        ]
        return min(
            above, key=lambda one: (abs(one.u1 - label.u1) > near, label.v - one.v), default=None
        )

    def fit(self, sought: Sought, label: Piece, *, shared: bool) -> float:
        """How well a label is a field's, 0 where it isn't.

        Args:
            sought: The field.
            label: The label.
            shared: Whether fields of several parties are called like this one.
        """
        whole = sought.names.fit(label.text, colon=label.colon)
        if whole or sought.bare is None or sought.party is None:
            return whole
        bare = sought.bare.fit(label.text, colon=label.colon)
        if not bare:
            return 0.0
        heading = self.over(label)
        if heading is None:
            return 0.0 if shared else bare * _ELSEWHERE
        own = sought.party.fit(heading.text, colon=True)
        return bare * _HERE if own else 0.0
