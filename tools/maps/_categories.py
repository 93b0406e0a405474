"""What categories of IMDF and tags of OpenStreetMap mean, and names for what has none.

IMDF's categories are those of OGC 20-094, version 1.0.0.
"""

from __future__ import annotations

from typing import cast

from deixis.tools.maps._map import ConnectorKind, Names, PlaceKind, SpaceKind

_WALKWAYS = (
    "walkway walkway.island lobby footbridge movingwalkway platform unenclosedarea terrace road"
).split()
_SOLID = (
    "brick column concrete drywall fieldofplay glass opentobelow structure vegetation wood"
).split()
_STAFF = "nonpublic serverroom".split()
_VERTICAL: dict[str, ConnectorKind] = {
    "elevator": "lift",
    "escalator": "escalator",
    "ramp": "ramp",
    "stairs": "stairs",
    "stairs.emergencyexit": "stairs",
}
_UNITS: dict[str, SpaceKind] = {
    **dict.fromkeys(_WALKWAYS, cast("SpaceKind", "walkway")),
    **dict.fromkeys(_SOLID, cast("SpaceKind", "void")),
    **dict.fromkeys(_STAFF, cast("SpaceKind", "closed")),
    **_VERTICAL,
    "steps": "steps",
}
_NAMES: dict[str, Names] = {
    "lift": {"en": "Lift", "zh": "电梯"},
    "stairs": {"en": "Stairs", "zh": "楼梯"},
    "escalator": {"en": "Escalator", "zh": "自动扶梯"},
    "ramp": {"en": "Ramp", "zh": "坡道"},
    "entrance": {"en": "Entrance", "zh": "入口"},
    "entrance.main": {"en": "Main entrance", "zh": "主入口"},
    "restroom": {"en": "Toilets", "zh": "卫生间"},
    "restroom.family": {"en": "Family toilet", "zh": "家庭卫生间"},
    "restroom.female": {"en": "Women's toilets", "zh": "女卫生间"},
    "restroom.male": {"en": "Men's toilets", "zh": "男卫生间"},
    "restroom.wheelchair": {"en": "Accessible toilet", "zh": "无障碍卫生间"},
    "atm": {"en": "Cash machine", "zh": "自动取款机"},
    "babychanging": {"en": "Baby changing", "zh": "母婴室"},
    "boardingareas": {"en": "Boarding area", "zh": "登机区"},
    "defibrillator": {"en": "Defibrillator", "zh": "自动体外除颤器"},
    "drinkingfountain": {"en": "Drinking water", "zh": "饮水处"},
    "firstaid": {"en": "First aid", "zh": "急救室"},
    "handsanitizerstation": {"en": "Hand sanitiser", "zh": "手部消毒"},
    "information": {"en": "Information desk", "zh": "问讯处"},
    "lostandfound": {"en": "Lost and found", "zh": "失物招领"},
    "mothersroom": {"en": "Nursing room", "zh": "母婴室"},
    "parking": {"en": "Parking", "zh": "停车场"},
    "payphone": {"en": "Telephone", "zh": "电话"},
    "powerchargingstation": {"en": "Charging point", "zh": "充电处"},
    "prayerroom": {"en": "Prayer room", "zh": "祈祷室"},
    "seating": {"en": "Seats", "zh": "座椅"},
    "shower": {"en": "Showers", "zh": "淋浴间"},
    "smokingarea": {"en": "Smoking area", "zh": "吸烟区"},
    "vendingmachine": {"en": "Vending machine", "zh": "自动售货机"},
    "wheelchairassist": {"en": "Wheelchairs", "zh": "轮椅服务"},
}
# Tags of OpenStreetMap in the words of IMDF: its amenities.
_AMENITIES = {
    "toilets": "restroom",
    "toilet": "restroom",
    "atm": "atm",
    "baby_hatch": "babychanging",
    "reception_desk": "information",
    "drinking_water": "drinkingfountain",
    "water_point": "drinkingfountain",
    "telephone": "payphone",
    "vending_machine": "vendingmachine",
    "prayer_room": "prayerroom",
    "place_of_worship": "prayerroom",
    "shower": "shower",
    "bench": "seating",
    "smoking_area": "smokingarea",
    "nursing_room": "mothersroom",
    "parking": "parking",
    "information": "information",
    "defibrillator": "defibrillator",
    "charging_station": "powerchargingstation",
    "lost_property_office": "lostandfound",
}


def unit_kind(category: str) -> SpaceKind:
    """How one moves in a unit of an IMDF category; one not known is a room."""
    return _UNITS.get(category, "room")


def connector_kind(category: str) -> ConnectorKind | None:
    """The connector that a unit, amenity or relationship of a category is, if it is one."""
    return _VERTICAL.get(category)


def amenity_category(tag: str) -> str:
    """IMDF's category for a value of OpenStreetMap's `amenity`; empty for one that has none."""
    return _AMENITIES.get(tag, "")


def place_kind(category: str) -> PlaceKind | None:
    """What a place of an IMDF category of units or amenities is; None for a plain room."""
    if category.split(".")[0] == "restroom":
        return "toilet"
    return _VERTICAL.get(category)


def usual_names(category: str) -> Names:
    """What a thing of a category is called where the map doesn't say; empty for most."""
    if category.startswith("restroom") and category.endswith("wheelchair"):
        return _NAMES["restroom.wheelchair"]
    kind = _VERTICAL.get(category, category)
    while kind:
        if kind in _NAMES:
            return _NAMES[kind]
        kind = kind.rpartition(".")[0]
    return {}
