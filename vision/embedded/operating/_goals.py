"""Where things are to go, as places in the newest picture."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from deixis.vision._geometry import Point
from deixis.vision.embedded.operating._carrying import Arm, Spot
from deixis.vision.embedded.operating._free_places import (
    XY,
    Sides,
    Wanted,
    free_place,
    holds,
    moved,
    pixel_of,
    place_in,
)
from deixis.vision.embedded.operating._tracking import Table, Tracked

_SIZE: Final = 0.05
_BESIDE: Final = 0.035
_NEAR: Final = 0.16
_SHIFTED: Final = 0.03
_WAYS: Final = {"left": (-1, 0), "right": (1, 0), "front": (0, -1), "behind": (0, 1)}
_MIDDLE: Final = (0, 0)


@dataclass(kw_only=True)
class Goal:
    """A destination, its things found on the table.

    Attributes:
        relation: As in `Destination`, or `strip`: one of several parts of the table side by side.
        anchors: The things that it is told by.
        containers: What it is in.
        several: Whether the containers share what comes.
        side: Which part of the table, or which way.
        distance: How far, in metres.
        strip: Number and count of the strips.
        left: How many things are to come.
    """

    relation: str
    anchors: Sequence[Tracked] = ()
    containers: Sequence[Tracked] = ()
    several: bool = False
    side: tuple[int, int] = (0, 0)
    distance: float = 0.0
    strip: tuple[int, int] = (0, 1)
    left: int = 0
    chosen: dict[int, Tracked] = field(default_factory=dict[int, Tracked])

    def expect(self, things: Sequence[Tracked], table: Table) -> None:
        """Is told what is to come, so that there is room for all of it."""
        self.left = sum(not self.reached(one, table) for one in things)

    def reached(self, one: Tracked, table: Table) -> bool:
        """Whether something is there already, where that can be told."""
        if self.containers:
            inside = table.container_of(one)
            return any(inside is container for container in self.containers)
        sides = table.seen.sides
        if self.relation == "strip":
            _, within = sides.strip(*self.strip)
            return within(one.where) and table.container_of(one) is None
        if self.relation == "part" and self.side != _MIDDLE:
            return sides.in_part(one.where, self.side) and table.container_of(one) is None
        return False

    def spot(self, one: Tracked | None, arm: Arm, avoid: Sequence[XY] = ()) -> Spot | None:
        """Where something can be put in the newest picture; None where there is no room.

        Args:
            one: What is to go there; None for what the gripper holds, unseen.
            arm: What is known of the table.
            avoid: Places that were refused.
        """
        if self.containers:
            return self._contained(one, arm, avoid)
        if self.relation == "on":
            under = self.anchors[0]
            point = arm.point_of(under)
            return None if point is None else Spot(point=point, place=under.where)
        return self._on_table(one, arm, avoid)

    def _contained(self, one: Tracked | None, arm: Arm, avoid: Sequence[XY]) -> Spot | None:
        table = arm.table
        ranked = sorted(self.containers, key=lambda c: len(table.inside(c)))
        if (before := self.chosen.get(id(one))) is not None:
            ranked = [before, *(c for c in ranked if c is not before)]
        for container in ranked:
            if container.now is None or any(holds(container.now.segment, a) for a in avoid):
                continue
            spot = self._within(container, one, arm)
            if spot is not None:
                self.chosen[id(one)] = container
                return spot
        return None

    def _within(self, container: Tracked, one: Tracked | None, arm: Arm) -> Spot | None:
        sight, seen = arm.table.seen, container.latest
        others = [other for other in arm.table.inside(container) if other is not one]
        place = place_in(
            sight.picture,
            seen.segment,
            inside=[(other.where, _size(other)) for other in others],
            size=_size(one),
            more=self.left > 1,
            hollow=seen.kind == "bowl",
        )
        if place is None:
            return None
        point = pixel_of(sight.picture, place, handle=sight.handle, within=seen.segment)
        return Spot(point=point, place=place, container=container)

    def _on_table(self, one: Tracked | None, arm: Arm, avoid: Sequence[XY]) -> Spot | None:
        sight = arm.table.seen
        near, wanted, within = self._wish(one, arm)
        others = arm.table.standing(but=[one] if one is not None else [])
        place = free_place(
            sight.picture,
            near=near,
            things=[other.latest.segment for other in others],
            size=_size(one),
            wanted=wanted,
            avoid=avoid,
            within=within,
            bare=one.latest.segment if one is not None and one.now is not None else None,
        )
        if place is None:
            return None
        point: Point = pixel_of(sight.picture, place, handle=sight.handle)
        return Spot(point=point, place=place)

    def _wish(self, one: Tracked | None, arm: Arm) -> tuple[XY, Wanted | None, float]:
        """Where it would best be, what will do, and how far off."""
        sides = arm.table.seen.sides
        middle = sides.part(_MIDDLE)
        from_ = one.origin if one is not None else middle
        if self.relation == "strip":
            near, inside = sides.strip(*self.strip)
            return _level(from_, near, sides), inside, 1.0
        if self.relation == "part":
            side = self.side
            return sides.part(side), lambda place: sides.in_part(place, side), 1.0
        if self.relation == "person":
            near = _level(sides.part((0, -1)), middle, sides)
            return near, lambda place: sides.in_part(place, (0, -1)), 1.0
        if self.relation == "shift":
            return moved(from_, sides.towards(self.side), self.distance), None, _SHIFTED
        if self.relation == "between" and len(self.anchors) > 1:
            a, b = self.anchors[0].where, self.anchors[1].where
            half = ((a[0] + b[0]) / 2, (a[1] + b[1]) / 2)
            return half, None, max(0.05, math.dist(a, b) / 4)
        if self.anchors:
            return self._by(self.anchors[0], one, sides)
        return from_, None, 1.0

    def _by(
        self, anchor: Tracked, one: Tracked | None, sides: Sides
    ) -> tuple[XY, Wanted | None, float]:
        """Beside a thing, or on one side of it."""
        segment = anchor.latest.segment
        apart = segment.length / 2 + _size(one) / 2 + _BESIDE
        if self.relation not in _WAYS:
            start = one.where if one is not None else sides.part(_MIDDLE)
            way = (start[0] - anchor.where[0], start[1] - anchor.where[1])
            length = math.hypot(*way) or 1.0
            near = moved(anchor.where, (way[0] / length, way[1] / length), apart)
            most = apart + _NEAR / 2
            return near, lambda place: math.dist(place, anchor.where) <= most, 2 * most
        side = _WAYS[self.relation]
        way = sides.towards(side)

        def on_that_side(place: XY) -> bool:
            dx, dy = place[0] - anchor.where[0], place[1] - anchor.where[1]
            return dx * way[0] + dy * way[1] >= 0.8 * math.hypot(dx, dy)

        return moved(anchor.where, way, apart), on_that_side, _NEAR


def _level(place: XY, column: XY, sides: Sides) -> XY:
    """A place as far across as another, and as far away as itself."""
    across = sides.measured(column, place)[0]
    return moved(place, sides.right, across)


def _size(one: Tracked | None) -> float:
    return _SIZE if one is None else one.first.segment.length
