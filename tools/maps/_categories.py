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
    # Amenities of stations, airports, malls and stadiums.
    "animalreliefarea": {"en": "Pet relief area", "zh": "宠物便溺处"},
    "arrivalgate": {"en": "Arrival gate", "zh": "到达口"},
    "baggagecarousel": {"en": "Baggage carousel", "zh": "行李转盘"},
    "baggagecarts": {"en": "Luggage trolleys", "zh": "行李手推车"},
    "baggageclaim": {"en": "Baggage claim", "zh": "行李提取处"},
    "baggageclaim.oversize": {"en": "Oversized baggage claim", "zh": "超大行李提取处"},
    "baggagerecheck": {"en": "Baggage recheck", "zh": "行李再托运"},
    "baggagestorage": {"en": "Left luggage", "zh": "行李寄存处"},
    "boardinggate": {"en": "Boarding gate", "zh": "登机口"},
    "boardinggate.bus": {"en": "Bus boarding gate", "zh": "汽车上车口"},
    "boardinggate.ferry": {"en": "Ferry boarding gate", "zh": "登船口"},
    "boardinggate.train": {"en": "Train boarding gate", "zh": "检票口"},
    "bus": {"en": "Bus stop", "zh": "公交站"},
    "businesscenter": {"en": "Business centre", "zh": "商务中心"},
    "carrental": {"en": "Car rental", "zh": "租车处"},
    "changemachine": {"en": "Change machine", "zh": "兑币机"},
    "checkin": {"en": "Check-in", "zh": "值机处"},
    "checkin.desk": {"en": "Check-in counter", "zh": "值机柜台"},
    "checkin.desk.oversizebaggage": {"en": "Oversized baggage drop", "zh": "超大行李托运"},
    "checkin.desk.transfer": {"en": "Transfer desk", "zh": "中转柜台"},
    "checkin.selfservice": {"en": "Self check-in", "zh": "自助值机"},
    "childplayarea": {"en": "Play area", "zh": "儿童游乐区"},
    "coinlocker": {"en": "Lockers", "zh": "储物柜"},
    "copymachine": {"en": "Copy machine", "zh": "复印机"},
    "eatingdrinking": {"en": "Food and drink", "zh": "餐饮区"},
    "faregate": {"en": "Fare gates", "zh": "闸机"},
    "fireextinguisher": {"en": "Fire extinguisher", "zh": "灭火器"},
    "fittingroom": {"en": "Fitting rooms", "zh": "试衣间"},
    "foodservice": {"en": "Food and drink", "zh": "餐饮区"},
    "groundtransportation": {"en": "Ground transportation", "zh": "地面交通"},
    "guestservices": {"en": "Guest services", "zh": "客户服务"},
    "healthscreening": {"en": "Health screening", "zh": "健康检查"},
    "immigration": {"en": "Immigration", "zh": "边防检查"},
    "mailbox": {"en": "Mailbox", "zh": "邮筒"},
    "meetingpoint": {"en": "Meeting point", "zh": "会合点"},
    "parking.bicycle": {"en": "Bicycle parking", "zh": "自行车停放处"},
    "parking.motorcycle": {"en": "Motorcycle parking", "zh": "摩托车停放处"},
    "phone": {"en": "Telephone", "zh": "电话"},
    "phone.emergency": {"en": "Emergency telephone", "zh": "紧急电话"},
    "photobooth": {"en": "Photo booth", "zh": "自助拍照"},
    "police": {"en": "Police", "zh": "警务室"},
    "rail": {"en": "Trains", "zh": "火车"},
    "rail.muni": {"en": "Metro", "zh": "地铁"},
    "reception.desk": {"en": "Reception", "zh": "前台"},
    "rideshare": {"en": "Ride-hailing pick-up", "zh": "网约车上车点"},
    "security.checkpoint": {"en": "Security check", "zh": "安检"},
    "security.inspection": {"en": "Security check", "zh": "安检"},
    "shuttle": {"en": "Shuttle bus", "zh": "摆渡车"},
    "strollerrental": {"en": "Stroller rental", "zh": "婴儿车租借处"},
    "swimmingpool": {"en": "Swimming pool", "zh": "游泳池"},
    "taxi": {"en": "Taxis", "zh": "出租车候客处"},
    "ticketing": {"en": "Tickets", "zh": "售票处"},
    "valet": {"en": "Valet parking", "zh": "代客泊车"},
    "vendingmachine.trainticket": {"en": "Ticket machine", "zh": "自动售票机"},
    "wifi": {"en": "Wi-Fi", "zh": "免费WiFi"},
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
