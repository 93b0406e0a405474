"""What stands on the table from picture to picture: the same things, wherever they have got to."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from deixis.vision._errors import ModelError
from deixis.vision._model import ImageView
from deixis.vision._reader import Reader
from deixis.vision._rgbd import RgbdImage, rgbd_of
from deixis.vision.embedded.operating._free_places import XY, Sides, holds
from deixis.vision.embedded.things._things import Thing, things_in

_STILL: Final = 0.05
_DISPLACED: Final = 0.30
_OTHER_KIND: Final = 0.03
_OTHER_COLOUR: Final = 0.04
_SIGHTS_KEPT: Final = 32


@dataclass(frozen=True, kw_only=True)
class Sight:
    """A picture with depth, and what stands in it.

    Attributes:
        handle: Of the picture.
        picture: With depth.
        things: Left to right.
    """

    handle: str
    picture: RgbdImage
    things: tuple[Thing, ...]

    @property
    def sides(self) -> Sides:
        """The picture's directions on the table."""
        return Sides.of(self.picture.camera)


See = Callable[[ImageView], Sight]


class Seeing:
    """Sees what stands in pictures with depth, each picture once.

    Args:
        reader: Reads what is printed on boxes.
    """

    def __init__(self, reader: Reader | None) -> None:
        self._reader = reader
        self._known: dict[str, tuple[RgbdImage, tuple[Thing, ...]]] = {}

    def __call__(self, view: ImageView) -> Sight:
        """What is seen in a picture.

        Raises:
            ModelError: It has no depth.
        """
        key = view.image.sha256
        known = self._known.get(key)
        if known is None:
            picture = rgbd_of(view.image)
            if picture is None:
                raise ModelError(f"{view.handle} has no depth: objects are only seen with it")
            known = (picture, tuple(things_in(picture, view.image, self._reader)))
            while len(self._known) >= _SIGHTS_KEPT:
                self._known.pop(next(iter(self._known)))
            self._known[key] = known
        return Sight(handle=view.handle, picture=known[0], things=known[1])


@dataclass(eq=False, kw_only=True)
class Tracked:
    """A thing, followed from picture to picture.

    Attributes:
        first: As it was seen first: what phrases mean is settled by that.
        where: Where it stands, as last known, in metres of the table.
        now: As it is seen now; None where it isn't.
        held: Whether the gripper holds it.
    """

    first: Thing
    where: XY
    now: Thing | None
    held: bool = False

    @property
    def latest(self) -> Thing:
        """As it was seen last, as far as its size matters."""
        return self.now or self.first

    @property
    def origin(self) -> XY:
        """Where it stood first."""
        return self.first.segment.position[0], self.first.segment.position[1]


class Table:
    """The things of the first picture, found again in each later one."""

    def __init__(self) -> None:
        self.things: list[Tracked] = []
        self.sight: Sight | None = None

    @property
    def seen(self) -> Sight:
        """The newest picture."""
        assert self.sight is not None  # noqa: S101
        return self.sight

    def see(self, sight: Sight) -> None:
        """Takes in a picture."""
        begun = self.sight is not None
        self.sight = sight
        if not begun:
            self.things = [_tracked(thing) for thing in sight.things]
            return
        open_: list[Tracked] = [one for one in self.things if not one.held]
        for one in self.things:
            one.now = None
        left = [*sight.things]
        for limit in (_STILL, _DISPLACED):
            _match(open_, left, limit)
        # What wasn't seen before: it may have been hidden.
        self.things += [_tracked(thing) for thing in left]

    def of(self, things: Iterable[Thing]) -> list[Tracked]:
        """The things that were seen as these first."""
        ids = [id(thing) for thing in things]
        by_id = {id(one.first): one for one in self.things}
        return [by_id[key] for key in ids if key in by_id]

    def standing(self, *, but: Sequence[Tracked] = ()) -> list[Tracked]:
        """What stands on the table as far as is known, apart from some."""
        spared = {id(one) for one in but}
        return [one for one in self.things if not one.held and one.now and id(one) not in spared]

    def containers(self) -> list[Tracked]:
        """Bowls and trays."""
        return [one for one in self.things if not one.first.graspable]

    def container_of(self, one: Tracked) -> Tracked | None:
        """The container that something lies in."""
        if one.held or not one.first.graspable:
            return None
        return next((c for c in self.containers() if holds(c.latest.segment, one.where)), None)

    def nearest(self, place: XY) -> Tracked | None:
        """What stands nearest to a place, within some centimetres."""
        near = [one for one in self.standing() if math.dist(one.where, place) < 2 * _STILL]
        graspable = [one for one in near if one.first.graspable]
        return min(graspable, key=lambda one: math.dist(one.where, place), default=None)

    def inside(self, container: Tracked) -> list[Tracked]:
        """What lies in a container."""
        return [one for one in self.things if self.container_of(one) is container]


def _tracked(thing: Thing) -> Tracked:
    x, y, _ = thing.segment.position
    return Tracked(first=thing, where=(x, y), now=thing)


def _match(tracked: list[Tracked], things: list[Thing], limit: float) -> None:
    """Gives things to what they are likeliest to be, nearest first; both lists shrink."""
    pairs = sorted(
        (
            (_unlike(one, thing), i, j)
            for i, one in enumerate(tracked)
            for j, thing in enumerate(things)
        ),
    )
    used: tuple[set[int], set[int]] = (set(), set())
    for cost, i, j in pairs:
        if cost > limit or i in used[0] or j in used[1]:
            continue
        used[0].add(i)
        used[1].add(j)
        one, thing = tracked[i], things[j]
        one.now, one.where = thing, (thing.segment.position[0], thing.segment.position[1])
    tracked[:] = [one for i, one in enumerate(tracked) if i not in used[0]]
    things[:] = [thing for j, thing in enumerate(things) if j not in used[1]]


def _unlike(one: Tracked, thing: Thing) -> float:
    """How little a thing is like one known, in metres: what moves keeps its kind and colour."""
    away = math.dist(one.where, thing.segment.position[:2])
    if one.first.graspable != thing.graspable:
        return math.inf
    other = one.first.kind != thing.kind, one.first.colour != thing.colour
    if away > _STILL and any(other):
        return math.inf
    return away + _OTHER_KIND * other[0] + _OTHER_COLOUR * other[1]
