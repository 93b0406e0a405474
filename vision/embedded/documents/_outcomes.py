"""What finding a field comes to."""

from __future__ import annotations

from dataclasses import dataclass

from deixis.vision._errors import DeixisError
from deixis.vision._geometry import Box
from deixis.vision.embedded.documents._fields import Path


class UnclearError(DeixisError):
    """A text that doesn't say one value of its kind; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """What stands on a document for a field.

    Attributes:
        path: Of the field.
        value: As its kind has it (str, Decimal, int, bool, date, …); None where what is written
            can't be taken for one.
        text: As written.
        page: Number of the page, from 0.
        box: Where, in that page's original pixels.
        score: 0 to 1: how well label and value fit, and how sure the reader was.
        problem: Why there is no value, where there is none.
    """

    path: Path
    value: object
    text: str
    page: int
    box: Box
    score: float
    problem: str | None = None
