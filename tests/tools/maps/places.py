"""A small hospital of names and floors, for tests that need no walls."""

from __future__ import annotations

from deixis.tools.maps._map import Door, Floor, IndoorMap, Place, PlaceKind

FLOORS = ("1F", "2F", "3F", "4F")


def floor(short_name: str, ordinal: int, **names: str) -> Floor:
    return Floor(id=f"level-{short_name}", ordinal=ordinal, short_name=short_name, names=names)


def place(
    id_: str,
    floor: str,
    en: str = "",
    zh: str = "",
    *synonyms: str,
    kind: PlaceKind = "department",
    closed: bool = False,
    hours: str | None = None,
) -> Place:
    names = {tag: name for tag, name in (("zh", zh), ("en", en)) if name}
    return Place(
        id=id_, kind=kind, floor=f"level-{floor}", space=None, at=(0.0, 0.0), names=names,
        synonyms=synonyms, closed=closed, hours=hours,
    )  # fmt: skip


def on_each_floor(id_: str, en: str, zh: str, kind: PlaceKind) -> tuple[Place, ...]:
    return tuple(place(f"p-{id_}-{floor}", floor, en, zh, kind=kind) for floor in FLOORS)


PLACES = (
    place("p-main", "1F", "Main Entrance", "门诊大门", kind="entrance"),
    place("p-er-door", "1F", "Emergency Entrance", "急诊入口", kind="entrance"),
    place("p-emergency", "1F", "Emergency", "急诊", "ER", "A&E", hours="24/7"),
    place("p-registration", "1F", "Registration", "挂号处"),
    place("p-pharmacy", "1F", "Pharmacy", "药房", "Dispensary", hours="Mo-Fr 08:00-17:00"),
    place("p-lab", "1F", "Laboratory", "检验科", "化验室"),
    place("p-radiology", "1F", "Radiology", "放射科"),
    place("p-surgery", "2F", "General Surgery", "普外科"),
    place("p-orthopaedics", "2F", "Orthopedics", "骨科"),
    place("p-cardiology", "2F", "Cardiology", "心血管内科"),
    place("p-breast", "3F", "Breast Surgery", "乳腺外科"),
    place("p-pediatrics", "3F", "Pediatrics", "儿科"),
    place("p-ent", "4F", "ENT", "耳鼻喉科", "Otolaryngology"),
    place("p-eye", "4F", "Ophthalmology", "眼科", "Eye Clinic"),
    place("p-cafe", "4F", "Café Lumière", "", kind="amenity"),
    *on_each_floor("toilet", "Toilets", "卫生间", "toilet"),
    *on_each_floor("accessible", "Accessible Toilet", "无障碍卫生间", "toilet"),
    *on_each_floor("lift-a", "Lift A", "A号电梯", "lift"),
    *on_each_floor("lift-b", "Lift B", "B号电梯", "lift"),
    place("p-bed-lift", "1F", "Bed Lift", "病床电梯", kind="lift", closed=True),
)

HOSPITAL = IndoorMap(
    names={"zh": "示例医院", "en": "Example Hospital"},
    origin=(120.0, 30.0),
    floors=tuple(floor(name, at, zh=f"{'一二三四'[at]}层") for at, name in enumerate(FLOORS)),
    places=PLACES,
    country="CN",
    doors=(
        Door(id="p-main", floor="level-1F", line=((0, 0), (2, 0)), spaces=(), entrance=True,
             main=True),
    ),
)  # fmt: skip
