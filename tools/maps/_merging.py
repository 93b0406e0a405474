"""Floors of one height: those of two buildings side by side in one, storeys told apart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from deixis.tools.maps._draft import Draft, DraftDoor
from deixis.tools.maps._features import Problems
from deixis.tools.maps._geo import Shape, overlap, shape_of
from deixis.tools.maps._joining import FloorShapes, shapes_by_floor
from deixis.tools.maps._map import Area, Floor
from deixis.vision.embedded import floor_value

_OVER_SHARE = 0.1


def one_floor_each(draft: Draft, problems: Problems) -> Draft:
    """The draft with floors of one ordinal made one where an opening joins them.

    A way leads over one floor at a time, so the first floors of two terminals that a door joins
    are one first floor. Floors that lie over each other stay apart, with a warning.

    Args:
        draft: With doors not joined yet.
        problems: Where warnings go.
    """
    by_ordinal: dict[int, list[Floor]] = defaultdict(list)
    for floor in draft.floors:
        by_ordinal[floor.ordinal].append(floor)
    alike = [floors for floors in by_ordinal.values() if len(floors) > 1]
    if not alike:
        return draft
    shapes = shapes_by_floor(draft.spaces)
    into: dict[str, str] = {}
    for floors in alike:
        over = _over_each_other(floors, draft, problems)
        into |= _Joining(floors, shapes, over, draft, problems).into()
    return _moved(draft, into) if into else draft


def _over_each_other(
    floors: Sequence[Floor], draft: Draft, problems: Problems
) -> set[frozenset[str]]:
    """The pairs of floors that can't have one height, since one lies over the other."""
    shapes = {floor.id: _extent(floor, draft) for floor in floors}
    over = {
        frozenset((one.id, other.id))
        for one, other in combinations(floors, 2)
        if _share(shapes[one.id], shapes[other.id]) > _OVER_SHARE
    }
    meant = [f.short_name for f in floors if any(f.id in pair for pair in over)]
    if meant:
        problems.warn(
            f"levels {', '.join(meant[:20])}",
            f"lie over each other, and all have the ordinal {floors[0].ordinal}",
            "give each storey an ordinal of its own, 0 for the ground floor and 1 for the next",
        )
    return over


def _extent(floor: Floor, draft: Draft) -> Shape:
    spaces = [area for space in draft.spaces if space.floor == floor.id for area in space.areas]
    return shape_of(floor.outlines or spaces)


def _share(one: Shape, other: Shape) -> float:
    least = min(one.area, other.area)
    return overlap(one, other) / least if least else 0.0


@dataclass(frozen=True)
class _Joining:
    """Which floors of one ordinal are one, by the openings between them."""

    floors: Sequence[Floor]
    shapes: Mapping[str, FloorShapes]
    over: set[frozenset[str]]
    draft: Draft
    problems: Problems

    def into(self) -> dict[str, str]:
        """Ids of floors that become part of another, with the other's."""
        known = {floor.id: floor for floor in self.floors}
        parts = {floor.id: [floor.id] for floor in self.floors}
        for door, beyond in self._between(known):
            here, there = parts[door.floor], parts[beyond]
            if here is there or any(frozenset((a, b)) in self.over for a in here for b in there):
                continue
            one, other = known[door.floor], known[beyond]
            if _written(one) != _written(other):
                says = f"joins the floors {one.short_name} and {other.short_name} of two buildings"
                mend = "give both the same short_name; till then no way leads through it"
                self.problems.warn(door.label, says, mend)
                continue
            here += there
            parts |= dict.fromkeys(there, here)
        order = [floor.id for floor in self.floors]
        heads = {id_: min(part, key=order.index) for id_, part in parts.items()}
        return {id_: head for id_, head in heads.items() if head != id_}

    def _between(self, known: Mapping[str, Floor]) -> Iterator[tuple[DraftDoor, str]]:
        """Openings with one side on their own floor, with the floor that has the other."""
        for door in self.draft.doors:
            if door.floor not in known or door.exit_only or not self._beside(door.floor, door):
                continue
            for beyond in known:
                if beyond != door.floor and self._beside(beyond, door):
                    yield door, beyond

    def _beside(self, floor: str, door: DraftDoor) -> bool:
        """Whether a floor has just one side of an opening."""
        return floor in self.shapes and len(self.shapes[floor].beside(door.line)) == 1


def _written(floor: Floor) -> str:
    return floor_value(floor.short_name) or floor.short_name


def _moved(draft: Draft, into: Mapping[str, str]) -> Draft:
    """The draft with everything of the floors that became part of another on that one."""
    parts: dict[str, list[Floor]] = defaultdict(list)
    for floor in draft.floors:
        parts[into.get(floor.id, floor.id)].append(floor)
    return replace(
        draft,
        floors=tuple(_as_one(id_, floors) for id_, floors in parts.items()),
        spaces=tuple(replace(one, floor=into.get(one.floor, one.floor)) for one in draft.spaces),
        doors=tuple(replace(one, floor=into.get(one.floor, one.floor)) for one in draft.doors),
        places=tuple(replace(one, floor=into.get(one.floor, one.floor)) for one in draft.places),
    )


def _as_one(id_: str, floors: Sequence[Floor]) -> Floor:
    first = next(floor for floor in floors if floor.id == id_)
    names = {tag: name for floor in reversed(floors) for tag, name in floor.names.items()}
    outlines: tuple[Area, ...] = tuple(area for floor in floors for area in floor.outlines)
    return replace(first, names=names | dict(first.names), outlines=outlines)
