"""How what was read compares with what a document says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, cast

from deixis.agents import Document
from tests.agents.documents.sheets import Case


@dataclass
class Score:
    """Fields by how they came out, each as «document: path: what was read».

    Attributes:
        right: As the document says; rows counted by cell.
        empty: Nothing there, and nothing given.
        missed: Something there, and nothing given.
        wrong: Something else than what is there.
        invented: Something where nothing is.
    """

    right: list[str] = field(default_factory=list[str])
    empty: list[str] = field(default_factory=list[str])
    missed: list[str] = field(default_factory=list[str])
    wrong: list[str] = field(default_factory=list[str])
    invented: list[str] = field(default_factory=list[str])

    def add(self, case: Case, document: Document[Any]) -> None:
        """Counts a document's fields."""
        assert document.value is not None
        truth = dict(_flat(case.truth))
        given = dict(_flat(document.value.model_dump(mode="json")))
        for path in dict.fromkeys([*truth, *given]):
            true, got = truth.get(path), given.get(path)
            told = f"{case.name}: {path}: {got!r}, is {true!r}"
            if got is None:
                (self.empty if true is None else self.missed).append(told)
            elif true is None:
                self.invented.append(told)
            else:
                (self.right if _same(true, got) else self.wrong).append(told)

    def __str__(self) -> str:
        counts = {name: len(some) for name, some in vars(self).items()}
        return ", ".join(f"{count} {name}" for name, count in counts.items())


def _flat(value: object, at: str = "") -> Iterator[tuple[str, object]]:
    if isinstance(value, dict):
        fields = cast("dict[str, object]", value)
        if "x1" in fields:
            yield at, "place"
            return
        for key, one in fields.items():
            yield from _flat(one, f"{at}.{key}" if at else key)
    elif isinstance(value, list):
        for number, one in enumerate(cast("list[object]", value)):
            yield from _flat(one, f"{at}.{number}")
    else:
        yield at, value


def _same(true: object, got: object) -> bool:
    if isinstance(true, str) and isinstance(got, str):
        return "".join(true.split()) == "".join(got.split())
    return true == got
