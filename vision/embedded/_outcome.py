"""What the embedded model came to: an answer, its evidence, perhaps a sum to be done first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from deixis.vision._dialect import JsonObject
from deixis.vision._geometry import Detection


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """An answer with the places it rests on.

    Attributes:
        text: The answer, in the asker's language.
        found: Whether the signs hold the answer.
        language: Language of the answer, `en` or `zh` or `zh-Hant`.
        detections: The lines it rests on, in original pixels, best first.
        floors: For each of these the floor it is on as the sign writes it; empty where none is.
        facts: What is stated, by kind (`floor`, `exit`, `price`), as the sign writes it.
        sum: Arithmetic that the answer waits for.
    """

    text: str
    found: bool
    language: str
    detections: tuple[Detection, ...] = ()
    floors: tuple[str, ...] = ()
    facts: Mapping[str, str | None] = field(default_factory=dict[str, "str | None"])
    sum: Sum | None = None

    @property
    def fields(self) -> JsonObject:
        """What a forced call can be filled with, by the fields' names."""
        first = self.detections[0] if self.detections else None
        known: JsonObject = {
            "answer": self.text,
            "found": self.found,
            "language": self.language,
            "floor": None,
            **self.facts,
            "facts": dict(self.facts),
            "detections": [d.model_dump(mode="json") for d in self.detections],
        }
        if first is not None and first.box is not None:
            known |= {
                "text": first.text,
                "label": first.label,
                "image": first.image,
                "box": dict(zip(("x1", "y1", "x2", "y2"), first.box.xyxy, strict=True))
                | {"image": first.image},
                "point": first.box.center.model_dump(),
            }
        return known


@dataclass(frozen=True, kw_only=True)
class Sum:
    """Arithmetic for the calculator.

    Attributes:
        expression: What is to be calculated, e.g. `2*28 + 10`.
        unit: Currency as the sign writes it, put before (`¥`) or after (`元`) the result.
    """

    expression: str
    unit: str = ""

    def priced(self, value: str) -> str:
        """A result with its currency."""
        after = self.unit in ("元", "块", "円", "圆")
        return f"{value}{self.unit}" if after else f"{self.unit}{value}"
