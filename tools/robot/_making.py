"""Scenes made from a seed.

Only `random.Random.random` is drawn from, whose numbers are the same on every platform and version
of Python, and every number of a scene is rounded.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from random import Random
from typing import Final, TypeVar

from deixis.tools.robot._errors import ArmError
from deixis.tools.robot._outlines import Outline, gap, outline_of
from deixis.tools.robot._scene import (
    COLOURS,
    Colour,
    Container,
    ContainerKind,
    ObjectKind,
    Scene,
    SceneObject,
    scene_camera,
)
from deixis.vision._camera import XYZ

T = TypeVar("T")
Thing = TypeVar("Thing", SceneObject, Container)

KINDS: Final[tuple[ObjectKind, ...]] = ("cube", "ball", "cylinder", "box")

LABELS: Final[tuple[tuple[str, str], ...]] = (
    ("阿司匹林", "ASPIRIN"),
    ("布洛芬", "IBUPROFEN"),
    ("维生素C", "VITAMIN C"),
    ("创可贴", "BANDAGE"),
    ("胰岛素", "INSULIN"),
    ("葡萄糖", "GLUCOSE"),
    ("眼药水", "EYE DROPS"),
    ("棉签", "SWABS"),
    ("手套", "GLOVES"),
    ("纱布", "GAUZE"),
    ("碘伏", "POVIDONE"),
    ("止咳糖浆", "SYRUP"),
)
"""What boxes hold, in Chinese and English; a scene has each at most once, in one of the two."""

MOST_OBJECTS: Final = 20

_OBJECTS_X: Final = (0.38, 0.66)
_OBJECTS_Y: Final = (-0.30, 0.30)
_CONTAINERS_X: Final = (0.37, 0.62)
_CONTAINERS_Y: Final = 0.33  # to either side
_ASIDE: Final = 0.26
_FINGER_ROOM: Final = 0.03
_LEAST_GAP: Final = 0.01
_TURNED: Final = math.radians(35)
_DENSITY: Final = 400.0
_LIGHTEST: Final = 0.015
_LAYOUTS: Final = 60
_TRIES: Final = 120
_AGAIN: Final = 0.12  # how often something is of the colour of another of its kind
_TWO: Final = 0.3  # how often there are two bowls, or two trays


def make_scene(
    seed: int,
    *,
    objects: int = 6,
    spacing: float = 0.07,
    labels: bool = True,
    bowls: int | None = None,
    trays: int | None = None,
) -> Scene:
    """A table of objects and containers, the same for the same arguments.

    One is a red cube, and any four are of all kinds. Everything stands on the table, in the
    camera's sight and in reach of the arm, and can be grasped from above with an opening of 8 cm.

    Args:
        seed: Of at least 0.
        objects: How many can be picked up, 0 to 20.
        spacing: Least distance between their middles, in metres. Their outlines are at least
            `spacing` − 0.04 m apart, and never less than 1 cm.
        labels: Whether boxes are printed on.
        bowls: How many; one or two if left out.
        trays: The same.

    Raises:
        ArmError: An argument makes no sense, or the table is too small for so much.
    """
    _check(seed, objects, spacing, bowls, trays)
    rng = Random(seed)  # noqa: S311 - a scene is no secret
    things = _objects(rng, objects, labels=labels)
    holders = _containers(rng, bowls, trays)
    for layout in range(_LAYOUTS):
        # Where there is little room, containers make way to the sides, and then altogether.
        middle = 0.0 if layout < _LAYOUTS // 6 else _ASIDE
        if layout == _LAYOUTS // 2:
            holders = _fewer(holders, bowls, trays)
        placed = _placed(rng, holders, things, spacing, middle=middle)
        if placed is not None:
            return Scene(seed=seed, containers=placed[0], objects=placed[1], camera=scene_camera())
    raise ArmError(
        f"{objects} objects {spacing} m apart and {len(holders)} containers don't fit on the "
        "table: ask for fewer, or closer together"
    )


def _check(seed: int, objects: int, spacing: float, bowls: int | None, trays: int | None) -> None:
    if seed < 0:
        raise ArmError(f"a scene's seed is a whole number of at least 0, not {seed}")
    if not 0 <= objects <= MOST_OBJECTS:
        raise ArmError(f"a scene has 0 to {MOST_OBJECTS} objects, not {objects}")
    if not 0 <= spacing <= 0.5:
        raise ArmError(f"objects stand 0 to 0.5 m apart, not {spacing}: spacing is in metres")
    for name, count in (("bowls", bowls), ("trays", trays)):
        if count is not None and not 0 <= count <= 3:
            raise ArmError(f"a scene has 0 to 3 {name}, not {count}")


def _containers(rng: Random, bowls: int | None, trays: int | None) -> list[Container]:
    """Of sizes and colours, all distinct, still nowhere."""
    kinds: list[ContainerKind] = []
    for kind, count in _asked(bowls, trays).items():
        kinds.extend(kind for _ in range(_one_or_two(rng) if count is None else count))
    made: list[Container] = []
    for kind, colour in zip(kinds, _shuffled(rng, list(COLOURS)), strict=False):
        bowl = kind == "bowl"
        made.append(
            Container(
                name=f"{colour}_{kind}",
                kind=kind,
                colour=colour,
                x=0,
                y=0,
                radius=_between(rng, 0.060, 0.070) if bowl else 0,
                size=(0, 0) if bowl else (_between(rng, 0.13, 0.15), _between(rng, 0.15, 0.17)),
                height=_between(rng, 0.040, 0.050) if bowl else 0.008,
            )
        )
    return made


def _fewer(holders: Sequence[Container], bowls: int | None, trays: int | None) -> list[Container]:
    """One of each kind of which no number was asked for."""
    first = {holder.kind: holder.name for holder in reversed(holders)}
    asked = _asked(bowls, trays)
    return [
        each for each in holders if asked[each.kind] is not None or first[each.kind] == each.name
    ]


def _asked(bowls: int | None, trays: int | None) -> dict[ContainerKind, int | None]:
    return {"bowl": bowls, "tray": trays}


def _objects(rng: Random, count: int, *, labels: bool) -> list[SceneObject]:
    """A red cube, one of every other kind, then any; mostly of another colour; still nowhere."""
    kinds: list[ObjectKind] = ["cube"]
    kinds.extend(_shuffled(rng, KINDS[1:]))
    kinds.extend(_one_of(rng, KINDS) for _ in range(count))
    printed = _shuffled(rng, LABELS)
    made: list[SceneObject] = []
    for kind in kinds[:count]:
        like: list[Colour] = [thing.colour for thing in made if thing.kind == kind]
        fresh: list[Colour] = [colour for colour in COLOURS if colour not in like]
        again = like and (not fresh or rng.random() < _AGAIN)
        colour = _one_of(rng, like if again else fresh) if made else "red"
        label = _one_of(rng, printed.pop()) if kind == "box" and labels and printed else None
        number = 1 + like.count(colour)
        made.append(_object(rng, kind, colour, number, label))
    return made


def _object(
    rng: Random, kind: ObjectKind, colour: Colour, number: int, label: str | None
) -> SceneObject:
    size, share = _size(rng, kind)
    yaw = 0.0
    if kind == "cube":
        yaw = _between(rng, -math.pi / 4, math.pi / 4)
    elif kind == "box":  # at a right angle its label runs along y, to the right in the picture
        yaw = _between(rng, math.pi / 2 - _TURNED, math.pi / 2 + _TURNED)
    return SceneObject(
        name=f"{colour}_{kind}_{number}",
        kind=kind,
        colour=colour,
        size=size,
        x=0,
        y=0,
        yaw=yaw,
        label=label,
        mass=max(_LIGHTEST, round(math.prod(size) * share * _DENSITY, 4)),
    )


def _size(rng: Random, kind: ObjectKind) -> tuple[XYZ, float]:
    """Its extents, and which share of them it fills."""
    match kind:
        case "cube":
            edge = _between(rng, 0.030, 0.050)
            return (edge, edge, edge), 1.0
        case "ball":
            across = _between(rng, 0.035, 0.050)
            return (across, across, across), math.pi / 6
        case "cylinder":
            across = _between(rng, 0.030, 0.050)
            return (across, across, _between(rng, 0.040, 0.060)), math.pi / 4
        case "box":
            length, width = _between(rng, 0.085, 0.100), _between(rng, 0.045, 0.055)
            return (length, width, _between(rng, 0.030, 0.040)), 1.0


def _placed(
    rng: Random,
    holders: Sequence[Container],
    things: Sequence[SceneObject],
    spacing: float,
    *,
    middle: float,
) -> tuple[tuple[Container, ...], tuple[SceneObject, ...]] | None:
    """All of them on the table, what is large first; None where one found no room.

    Containers stand at least `middle` to the side.
    """
    containers: list[Container] = []
    for holder in holders:
        beside = [(outline_of(other), _FINGER_ROOM) for other in containers]
        side = 1 if rng.random() < 0.5 else -1
        found = _spot(rng, holder, _CONTAINERS_X, (side * middle, side * _CONTAINERS_Y), beside)
        if found is None:
            return None
        containers.append(found)
    room = max(_LEAST_GAP, spacing - 0.04)
    placed: dict[str, SceneObject] = {}
    for thing in sorted(things, key=lambda thing: -thing.size[0]):
        beside = [(outline_of(other), max(room, _FINGER_ROOM)) for other in containers]
        beside += [(outline_of(other), room) for other in placed.values()]
        found = _spot(rng, thing, _OBJECTS_X, _OBJECTS_Y, beside, spacing=spacing)
        if found is None:
            return None
        placed[thing.name] = found
    return tuple(containers), tuple(placed[thing.name] for thing in things)


def _spot(
    rng: Random,
    thing: Thing,
    xs: tuple[float, float],
    ys: tuple[float, float],
    beside: Sequence[tuple[Outline, float]],
    *,
    spacing: float = 0.0,
) -> Thing | None:
    """Something at a place with so much room to each other outline; None where there is none."""
    for _ in range(_TRIES):
        there = thing.model_copy(update={"x": _between(rng, *xs), "y": _between(rng, *ys)})
        its = outline_of(there)
        if all(
            math.hypot(its.x - other.x, its.y - other.y) >= spacing and gap(its, other) >= room
            for other, room in beside
        ):
            return there
    return None


def _one_or_two(rng: Random) -> int:
    return 2 if rng.random() < _TWO else 1


def _between(rng: Random, low: float, high: float) -> float:
    return round(low + (high - low) * rng.random(), 4)


def _one_of(rng: Random, items: Sequence[T]) -> T:
    return items[int(rng.random() * len(items))]


def _shuffled(rng: Random, items: Sequence[T]) -> list[T]:
    left = list(items)
    return [left.pop(int(rng.random() * len(left))) for _ in items]
