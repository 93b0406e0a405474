"""Random buildings, and the best ways through them found by trying everything.

Nothing of the router is used here: `cheapest` relaxes the steps between the map's own doors and
lifts until nothing changes (Bellman and Ford), `straightest` does so over a grid's corners.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, product
from typing import Literal

from deixis.tools.maps._map import (
    XY,
    Area,
    Connector,
    ConnectorKind,
    Door,
    Floor,
    IndoorMap,
    Place,
    Space,
    SpaceKind,
)

PITCH = 6.0
WALL = 0.5
OFF_WALL = 0.3
ROOM_COST = 30.0
RIDDEN = ("lift", "stairs", "escalator")

Site = tuple[int, int]
Stop = tuple[str, str]
"""A point that ways go through: what it is, and a space's or place's id."""
Steps = list[tuple[Stop, Stop, float]]


@dataclass(frozen=True)
class _Shaft:
    site: Site
    kind: ConnectorKind
    direction: Literal["both", "up", "down"]
    floors: tuple[int, ...]


def rectangle(x1: float, y1: float, x2: float, y2: float) -> Area:
    """A rectangle by its corners, in metres."""
    return Area(exterior=((x1, y1), (x2, y1), (x2, y2), (x1, y2)))


def middle(space: Space) -> XY:
    """The centre of a rectangle."""
    points = space.areas[0].exterior
    return (sum(p[0] for p in points) / len(points), sum(p[1] for p in points) / len(points))


def cells(seed: int) -> IndoorMap:
    """A building of square spaces with thick walls between them and doors at random."""
    chance = random.Random(seed)
    count = chance.randint(2, 4)
    floors = tuple(Floor(id=f"f{n}", ordinal=n, short_name=f"{n + 1}F") for n in range(count))
    sites = list(product(range(chance.randint(2, 4)), range(chance.randint(2, 3))))
    shafts = [_shaft(chance, site, count) for site in chance.sample(sites, chance.randint(1, 3))]
    spaces = tuple(_cell(chance, f.ordinal, site, shafts) for f in floors for site in sites)
    return IndoorMap(
        names={"en": f"Building {seed}"},
        origin=(120.0, 30.0),
        floors=floors,
        spaces=spaces,
        doors=tuple(door for f in floors for door in _doors(chance, f.ordinal, sites)),
        connectors=tuple(
            Connector(
                id=f"shaft{shaft.site[0]}-{shaft.site[1]}",
                kind=shaft.kind,
                direction=shaft.direction,
                spaces=tuple(_named(floor, shaft.site) for floor in shaft.floors),
            )
            for shaft in shafts
        ),
        places=tuple(_place(chance, space) for space in spaces),
    )


def _named(floor: int, site: Site) -> str:
    return f"f{floor}-{site[0]}-{site[1]}"


def _shaft(chance: random.Random, site: Site, floors: int) -> _Shaft:
    kinds: tuple[ConnectorKind, ...] = ("lift", "lift", "stairs", "escalator")
    kind = chance.choice(kinds)
    return _Shaft(
        site,
        kind,
        chance.choice(("up", "down")) if kind == "escalator" else "both",
        tuple(sorted(chance.sample(range(floors), chance.randint(2, floors)))),
    )


def _cell(chance: random.Random, floor: int, site: Site, shafts: Sequence[_Shaft]) -> Space:
    kinds: list[SpaceKind] = [s.kind for s in shafts if s.site == site and floor in s.floors]
    common: list[SpaceKind] = ["walkway", "room", "closed", "steps"]
    x, y = site[0] * PITCH, site[1] * PITCH
    return Space(
        id=_named(floor, site),
        floor=f"f{floor}",
        kind=kinds[0] if kinds else chance.choices(common, (6, 4, 1, 1))[0],
        category="cell",
        areas=(rectangle(x, y, x + PITCH - WALL, y + PITCH - WALL),),
    )


def _doors(chance: random.Random, floor: int, sites: Sequence[Site]) -> Iterator[Door]:
    for (i, j), (di, dj) in product(sites, ((1, 0), (0, 1))):
        if (i + di, j + dj) not in sites or chance.random() < 0.25:
            continue
        along = chance.uniform(1.5, PITCH - WALL - 1.5)
        wall = PITCH - WALL / 2
        x, y = i * PITCH, j * PITCH
        line = (
            ((x + wall, y + along - 0.5), (x + wall, y + along + 0.5))
            if di
            else ((x + along + 0.5, y + wall), (x + along - 0.5, y + wall))
        )
        yield Door(
            id=f"door-{floor}-{i}-{j}-{'east' if di else 'north'}",
            floor=f"f{floor}",
            line=line,
            spaces=(_named(floor, (i, j)), _named(floor, (i + di, j + dj))),
            step_free=chance.random() > 0.15,
        )


def _place(chance: random.Random, space: Space) -> Place:
    x, y = space.areas[0].exterior[0]
    inner = PITCH - WALL - 1
    return Place(
        id=f"at-{space.id}",
        kind="room",
        floor=space.floor,
        space=space.id,
        at=(x + 0.5 + chance.random() * inner, y + 0.5 + chance.random() * inner),
        names={"en": f"Place {space.id}"},
    )


def cheapest(
    map_: IndoorMap,
    start: Place,
    end: Place,
    *,
    step_free: bool = False,
    avoid: Collection[str] = (),
) -> float:
    """The least cost of a way through convex spaces; infinite where there is none."""
    if start.id == end.id:
        return 0.0
    barred = {space.id for space in map_.spaces if space.kind == "closed"} | set(avoid)
    if step_free:
        barred |= {space.id for space in map_.spaces if space.kind == "steps"}
    if end.space in barred:
        return math.inf
    steps: Steps = []
    for space in map_.spaces:
        if space.kind == "steps" and space.id in barred:
            continue
        steps += _within(map_, space, start, end)
    for door in map_.doors:
        if door.id in barred or (step_free and not door.step_free):
            continue
        for here, there in (door.spaces, door.spaces[::-1]):
            free = there in (start.space, end.space) or map_.space(there).kind != "room"
            if there not in barred:
                cost = WALL + 2 * OFF_WALL + (0.0 if free else ROOM_COST)
                steps.append(((f"leave {door.id}", here), (f"enter {door.id}", there), cost))
    for connector in map_.connectors:
        if connector.id not in barred and (not step_free or connector.kind == "lift"):
            steps += [step for step in _rides(map_, connector) if step[1][1] not in barred]
    return _relaxed(steps, ("start", start.id))[("end", end.id)]


def _within(map_: IndoorMap, space: Space, start: Place, end: Place) -> Steps:
    """Walks in a space: from where it is entered to where it is left."""
    doors = {
        door.id: _beside(door, space, middle(space))
        for door in map_.doors
        if space.id in door.spaces
    }
    arrive: dict[Stop, XY] = {(f"enter {id_}", space.id): at for id_, at in doors.items()}
    depart: dict[Stop, XY] = {(f"leave {id_}", space.id): at for id_, at in doors.items()}
    # Nobody goes through a lift, or rides it to get off where he got on.
    nowhere: set[tuple[Stop, Stop]] = set()
    if space.kind in RIDDEN:
        on, off = ("on", space.id), ("off", space.id)
        nowhere = {*product(arrive, depart), (off, on)}
        arrive[off] = depart[on] = middle(space)
    elif len(doors) == 1 and space.kind in ("room", "closed"):
        # Nor does he go into a room to turn around and ride on.
        nowhere = set(product(arrive, depart))
    if start.space == space.id:
        arrive[("start", start.id)] = start.at
    if end.space == space.id:
        depart[("end", end.id)] = end.at
    return [
        (one, other, math.dist(arrive[one], depart[other]))
        for one, other in product(arrive, depart)
        if (one, other) not in nowhere
    ]


def _beside(door: Door, space: Space, centre: XY) -> XY:
    """Where one stands inside a space after its door."""
    (x1, y1), (x2, y2) = door.line
    x, y, off = (x1 + x2) / 2, (y1 + y2) / 2, WALL / 2 + OFF_WALL
    if x1 == x2:
        return (x + math.copysign(off, centre[0] - x), y)
    return (x, y + math.copysign(off, centre[1] - y))


def _rides(map_: IndoorMap, connector: Connector) -> Steps:
    steps: Steps = []
    for low, high in combinations(connector.spaces, 2):
        floors = _ordinal(map_, high) - _ordinal(map_, low)
        cost = {"lift": 15 + 2 * floors, "stairs": 8 * floors, "escalator": 6 * floors}
        if connector.direction != "down":
            steps.append((("on", low), ("off", high), float(cost[connector.kind])))
        if connector.direction != "up":
            steps.append((("on", high), ("off", low), float(cost[connector.kind])))
    return steps


def _ordinal(map_: IndoorMap, space: str) -> int:
    return map_.floor(map_.space(space).floor).ordinal


def _relaxed(steps: Steps, start: Stop) -> dict[Stop, float]:
    best = {stop: math.inf for one, other, _ in steps for stop in (one, other)}
    best[start] = 0.0
    changed = True
    while changed:
        changed = False
        for one, other, cost in steps:
            if best[one] + cost < best[other] - 1e-9:
                best[other] = best[one] + cost
                changed = True
    return _Unreached(best)


class _Unreached(dict[Stop, float]):
    def __missing__(self, key: Stop) -> float:
        return math.inf


def plazas(seed: int) -> tuple[IndoorMap, set[Site]]:
    """One floor of walkway squares of 2 m that touch, with two places; and which squares."""
    chance = random.Random(seed)
    size = chance.randint(4, 6)
    squares = {site for site in product(range(size), range(size)) if chance.random() < 0.65}
    squares = _connected(_without_pinches(squares))
    if len(squares) < 2:
        squares = {(0, 0), (1, 0)}
    spaces = tuple(
        Space(
            id=f"s{i}-{j}",
            floor="f0",
            kind="walkway",
            category="walkway",
            areas=(rectangle(2 * i, 2 * j, 2 * i + 2, 2 * j + 2),),
        )
        for i, j in sorted(squares)
    )
    places = tuple(
        Place(
            id=name,
            kind="amenity",
            floor="f0",
            space=f"s{i}-{j}",
            at=(2 * i + chance.uniform(0.3, 1.7), 2 * j + chance.uniform(0.3, 1.7)),
            names={"en": name},
        )
        for name, (i, j) in zip(("A", "B"), chance.sample(sorted(squares), 2), strict=True)
    )
    floors = (Floor(id="f0", ordinal=0, short_name="1F"),)
    names = {"en": f"Plaza {seed}"}
    made = IndoorMap(names=names, origin=(0.0, 50.0), floors=floors, spaces=spaces, places=places)
    return made, squares


def _without_pinches(squares: set[Site]) -> set[Site]:
    """Fills up squares that touch at a corner alone."""
    found = set(squares)
    changed = True
    while changed:
        changed = False
        for i, j in sorted(found):
            for di, dj in product((1, -1), repeat=2):
                sides = {(i + di, j), (i, j + dj)}
                if (i + di, j + dj) in found and not sides & found:
                    found.add((i + di, j))
                    changed = True
    return found


def _connected(squares: set[Site]) -> set[Site]:
    """The largest part whose squares share sides."""
    parts: list[set[Site]] = []
    left = set(squares)
    while left:
        part, todo = set[Site](), [min(left)]
        while todo:
            i, j = todo.pop()
            if (i, j) in left:
                left.remove((i, j))
                part.add((i, j))
                todo += [(i + 1, j), (i - 1, j), (i, j + 1), (i, j - 1)]
        parts.append(part)
    return max(parts, key=lambda part: (len(part), sorted(part)), default=set[Site]())


def straightest(squares: set[Site], start: XY, end: XY) -> float:
    """The length of the shortest line from point to point over squares of 2 m."""
    corners = {
        (2.0 * (i + a), 2.0 * (j + b)) for i, j in squares for a, b in product((0, 1), repeat=2)
    }
    points = [start, end, *sorted(corners)]
    steps: Steps = []
    names: list[Stop] = [("point", str(n)) for n in range(len(points))]
    for a, b in combinations(range(len(points)), 2):
        if _sees(squares, points[a], points[b]):
            length = math.dist(points[a], points[b])
            steps += [(names[a], names[b], length), (names[b], names[a], length)]
    return _relaxed(steps, names[0])[names[1]]


def _sees(squares: set[Site], one: XY, other: XY) -> bool:
    count = max(2, math.ceil(math.dist(one, other) / 0.1))
    return all(
        on_squares(
            squares,
            (one[0] + (other[0] - one[0]) * n / count, one[1] + (other[1] - one[1]) * n / count),
        )
        for n in range(count + 1)
    )


def on_squares(squares: set[Site], at: XY, leeway: float = 1e-6) -> bool:
    """Whether a point lies on one of the squares, or within a leeway of it."""
    return any(
        (math.floor((at[0] + dx) / 2), math.floor((at[1] + dy) / 2)) in squares
        for dx, dy in product((-leeway, leeway), repeat=2)
    )


def moved(map_: IndoorMap, move: Callable[[XY], XY]) -> IndoorMap:
    """A map with all its points moved."""

    def area(old: Area) -> Area:
        return Area(
            exterior=tuple(map(move, old.exterior)),
            holes=tuple(tuple(map(move, hole)) for hole in old.holes),
        )

    def areas(old: Iterable[Area]) -> tuple[Area, ...]:
        return tuple(area(one) for one in old)

    return replace(
        map_,
        spaces=tuple(replace(space, areas=areas(space.areas)) for space in map_.spaces),
        doors=tuple(replace(door, line=tuple(map(move, door.line))) for door in map_.doors),
        places=tuple(replace(place, at=move(place.at)) for place in map_.places),
    )


def in_rectangles(spaces: Iterable[Space], at: XY, *, leeway: float) -> bool:
    """Whether a point lies in one of some spaces, each an upright rectangle."""
    for space in spaces:
        xs, ys = zip(*space.areas[0].exterior, strict=True)
        if (
            min(xs) - leeway <= at[0] <= max(xs) + leeway
            and min(ys) - leeway <= at[1] <= max(ys) + leeway
        ):
            return True
    return False


def scribbles(seed: int) -> IndoorMap:
    """Two floors of shapes thrown over each other, as no sound map has them."""
    chance = random.Random(seed)
    floors = tuple(Floor(id=f"f{n}", ordinal=n, short_name=f"{n + 1}F") for n in range(2))
    spaces = tuple(
        Space(
            id=f"s{n}",
            floor=chance.choice(floors).id,
            kind=chance.choice(_EVERY_KIND),
            category="scribble",
            areas=tuple(_scribble(chance) for _ in range(chance.choice((1, 1, 2)))),
            names={"en": f"Space {n}"} if chance.random() < 0.5 else {},
        )
        for n in range(chance.randint(3, 12))
    )
    places = tuple(
        Place(
            id=f"p{n}",
            kind=chance.choice(("department", "lift", "entrance")),
            floor=space.floor,
            space=chance.choice((space.id, None)),
            at=(chance.uniform(0, 30), chance.uniform(0, 30)),
            names={"en": f"Place {n}"} if chance.random() < 0.8 else {},
        )
        for n, space in enumerate(spaces)
    )
    pairs = list(combinations(spaces, 2))
    doors = tuple(
        Door(
            id=f"d{n}",
            floor=one.floor,
            line=_stroke(chance),
            spaces=(one.id, other.id) if chance.random() < 0.8 else (one.id,),
            step_free=chance.random() < 0.7,
        )
        for n, (one, other) in enumerate(chance.sample(pairs, min(8, len(pairs))))
        if one.floor == other.floor
    )
    connectors = tuple(
        Connector(
            id=f"c{n}",
            kind=chance.choice(("lift", "stairs", "escalator", "ramp")),
            spaces=(one.id, other.id) if one.floor == "f0" else (other.id, one.id),
            direction=chance.choice(("both", "up", "down")),
        )
        for n, (one, other) in enumerate(chance.sample(pairs, min(3, len(pairs))))
        if one.floor != other.floor
    )
    return IndoorMap(
        names={},
        origin=(0.0, 0.0),
        floors=floors,
        spaces=spaces,
        doors=doors,
        connectors=connectors,
        places=places,
    )


_EVERY_KIND: tuple[SpaceKind, ...] = (
    "walkway", "walkway", "room", "lift", "stairs", "escalator", "ramp", "steps", "closed", "void",
)  # fmt: skip


def _scribble(chance: random.Random) -> Area:
    x, y = chance.uniform(0, 30), chance.uniform(0, 30)
    if chance.random() < 0.5:
        return rectangle(x, y, x + chance.uniform(1, 15), y + chance.uniform(1, 15))
    if chance.random() < 0.2:
        return Area(exterior=((x, y), (x + 5, y), (x + 3, y)))
    count = chance.randint(3, 7)
    points = [
        (
            x + chance.uniform(1, 9) * math.cos(math.tau * n / count),
            y + chance.uniform(1, 9) * math.sin(math.tau * n / count),
        )
        for n in range(count)
    ]
    if chance.random() < 0.3:
        chance.shuffle(points)
    if chance.random() < 0.3:
        points = [(float(round(px)), float(round(py))) for px, py in points]
    return Area(exterior=tuple(points))


def _stroke(chance: random.Random) -> tuple[XY, ...]:
    x, y = chance.uniform(0, 30), chance.uniform(0, 30)
    strokes: list[tuple[XY, ...]] = [((x, y),), ((x, y), (x, y)), ((x, y), (x + 1, y + 0.2))]
    return chance.choice(strokes)
