"""A small clinic to find ways in: two floors along a corridor, drawn by hand.

Each floor has a corridor of 40 m by 3 m with five rooms of 8 m to the north and to the south of
it, a lift at its east end and stairs at its west end. The doors are in the middle of the walls.
On 1F the middle room to the south is an open lobby with the main entrance; on 2F the room of
the allergist lies behind the waiting area.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from deixis.tools.maps._map import (
    XY,
    Area,
    Connector,
    Door,
    Floor,
    IndoorMap,
    Place,
    PlaceKind,
    Space,
    SpaceKind,
)

ROOMS = {
    "1F": (
        (("Pharmacy", "药房"), ("Radiology", "放射科"), ("Cashier", "收费处"),
         ("Laboratory", "检验科"), ("Toilets", "卫生间")),
        (("Emergency", "急诊"), ("Cafe", "咖啡厅"), ("", ""),
         ("Registration", "挂号处"), ("Staff Room", "员工室")),
    ),
    "2F": (
        (("ENT", "耳鼻喉科"), ("Dentistry", "口腔科"), ("Waiting Area", "候诊区"),
         ("Dermatology", "皮肤科"), ("Toilets", "卫生间")),
        (("Ward 1", "一病区"), ("Ward 2", "二病区"), ("Ward 3", "三病区"),
         ("Ward 4", "四病区"), ("Ward 5", "五病区")),
    ),
}  # fmt: skip


def box(x1: float, y1: float, x2: float, y2: float) -> tuple[Area, ...]:
    """A rectangle by its corners, in metres."""
    return (Area(exterior=((x1, y1), (x2, y1), (x2, y2), (x1, y2))),)


def space(id_: str, kind: SpaceKind, areas: tuple[Area, ...], **names: str) -> Space:
    """A space whose floor its id begins with: `1F/lobby`."""
    return Space(
        id=id_, floor=id_.split("/")[0], kind=kind, category=kind, areas=areas, names=names
    )


def door(id_: str, line: tuple[XY, XY], *spaces: str) -> Door:
    """A door whose floor its id begins with."""
    return Door(id=id_, floor=id_.split("/")[0], line=line, spaces=spaces)


def place(id_: str, kind: PlaceKind, within: str | None, at: XY, **names: str) -> Place:
    """A place whose floor its id begins with."""
    return Place(id=id_, kind=kind, floor=id_.split("/")[0], space=within, at=at, names=names)


def clinic() -> IndoorMap:
    """The clinic, see above."""
    entrance = door("1F/main", ((19, -6), (21, -6)), "1F/S2")
    behind = "2F/behind"
    return IndoorMap(
        names={"en": "Clinic", "zh": "门诊"},
        origin=(120.0, 30.0),
        floors=tuple(Floor(id=f, ordinal=n, short_name=f) for n, f in enumerate(ROOMS)),
        spaces=(
            *(made for floor in ROOMS for made in _spaces(floor)),
            space(behind, "room", box(16, 9, 24, 15), en="Allergy", zh="变态反应科"),
        ),
        doors=(
            *(made for floor in ROOMS for made in _doors(floor)),
            replace(entrance, entrance=True, main=True),
            door("2F/inner", ((19.5, 9), (20.5, 9)), "2F/N2", behind),
        ),
        connectors=(
            Connector(
                id="lift-b",
                kind="lift",
                spaces=("1F/lift", "2F/lift"),
                names={"en": "Lift B", "zh": "B号电梯"},
            ),
            Connector(id="stairs", kind="stairs", spaces=("1F/stairs", "2F/stairs")),
        ),
        places=(
            *(made for floor in ROOMS for made in _places(floor)),
            place("1F/main", "entrance", None, (20, -6), en="Main Entrance", zh="正门"),
            place("1F/desk", "amenity", "1F/S2", (20, -3), en="Information Desk", zh="导医台"),
            place("2F/allergy", "department", behind, (20, 12), en="Allergy", zh="变态反应科"),
        ),
    )


def _spaces(floor: str) -> Iterator[Space]:
    yield space(f"{floor}/corridor", "walkway", box(0, 0, 40, 3))
    yield space(f"{floor}/lift", "lift", box(40, 0, 42, 3))
    yield space(f"{floor}/stairs", "stairs", box(-4, 0, 0, 3))
    for side, names in zip("NS", ROOMS[floor], strict=True):
        y = 3 if side == "N" else -6
        for n, (en, zh) in enumerate(names):
            kind: SpaceKind = "room" if en else "walkway"
            areas = box(8 * n, y, 8 * n + 8, y + 6)
            yield space(f"{floor}/{side}{n}", kind, areas, **_named(en, zh))


def _doors(floor: str) -> Iterator[Door]:
    yield door(f"{floor}/to-lift", ((40, 1), (40, 2)), f"{floor}/corridor", f"{floor}/lift")
    yield door(f"{floor}/to-stairs", ((0, 1), (0, 2)), f"{floor}/corridor", f"{floor}/stairs")
    for side, names in zip("NS", ROOMS[floor], strict=True):
        y = 3 if side == "N" else 0
        for n, (en, _) in enumerate(names):
            if en:
                line = ((8 * n + 3.5, y), (8 * n + 4.5, y))
                room = f"{floor}/{side}{n}"
                yield door(f"{room}-door", line, room, f"{floor}/corridor")


def _places(floor: str) -> Iterator[Place]:
    for side, names in zip("NS", ROOMS[floor], strict=True):
        y = 6 if side == "N" else -3
        for n, (en, zh) in enumerate(names):
            if en:
                kind: PlaceKind = "toilet" if en == "Toilets" else "department"
                id_ = f"{floor}/{en.lower()}"
                yield place(id_, kind, f"{floor}/{side}{n}", (8 * n + 4, y), en=en, zh=zh)


def _named(en: str, zh: str) -> dict[str, str]:
    return {"en": en, "zh": zh} if en else {}
