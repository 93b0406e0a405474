"""Yes and no, and one of several, by what is ticked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from deixis.vision.embedded.documents._page import Piece
from deixis.vision.embedded.documents._parsing import TICKED, UNTICKED, names_choice
from deixis.vision.embedded.documents._ticks import Pixels, ticked

_OPTIONS: Final = re.compile(rf"[{TICKED}{UNTICKED}口]?\s*[^\s{TICKED}{UNTICKED}口]+")


@dataclass(frozen=True, kw_only=True)
class Ticked:
    """What a row of check boxes comes to; without a value where none or several are ticked."""

    value: object
    pieces: tuple[Piece, ...]
    problem: str | None = None


def ticked_flag(label: Piece, options: Sequence[Piece], pixels: Pixels | None) -> Ticked | None:
    """Yes or no by boxes: at the options beside a label, or at the label itself.

    Returns:
        None where there are no boxes.
    """
    beside = ticked_choice(options, ("yes", "no"), pixels)
    if beside is not None:
        value = None if beside.value is None else beside.value == "yes"
        return Ticked(value=value, pieces=beside.pieces, problem=beside.problem)
    own = ticked(label, pixels)
    return None if own is None else Ticked(value=own, pieces=(label,))


def ticked_choice(
    options: Sequence[Piece], choices: Sequence[object], pixels: Pixels | None
) -> Ticked | None:
    """One of several by the boxes beside them; None where there are no boxes."""
    seen: list[tuple[object, Piece, bool]] = []
    for option in (part for piece in options for part in _parts(piece)):
        named = [choice for choice in choices if names_choice(_bare(option.text), choice)]
        state = ticked(option, pixels) if len(named) == 1 else None
        if state is not None:
            seen.append((named[0], option, state))
    if not seen:
        return None
    on = [(choice, option) for choice, option, state in seen if state]
    if len({str(choice) for choice, _ in on}) == 1:
        return Ticked(value=on[0][0], pieces=(on[0][1],))
    # Options that aren't among the choices may be what is ticked: then nothing is known.
    if not on and len(seen) == 1:
        return None
    problem = "several boxes are ticked" if on else "no box is ticked"
    return Ticked(value=None, pieces=tuple(option for _, option, _ in seen), problem=problem)


def _bare(text: str) -> str:
    return text.lstrip(TICKED + UNTICKED + "口 ")


def _parts(piece: Piece) -> Iterator[Piece]:
    """A piece at its blanks and boxes: options that the reader ran together."""
    matches = list(_OPTIONS.finditer(piece.text))
    if len(matches) < 2:
        yield piece
        return
    for match in matches:
        yield piece.cut(*match.span())
    yield piece
