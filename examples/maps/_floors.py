"""What is where in the example hospital, in metres of the building's own frame.

The building is 60 m wide and 48 m deep around a courtyard; x runs along its front from left to
right, y from the front to the back. A ring of corridors goes around the core of every floor. The
departments, their floors and their Chinese names are those of `examples/images/hospital_zh.jpg`.
"""

from __future__ import annotations

from dataclasses import dataclass

Box = tuple[float, float, float, float]
"""Left, front, right and back, in metres."""

OUTLINE: Box = (0, 0, 60, 48)
COURTYARD: Box = (17, 20, 43, 31)


@dataclass(frozen=True)
class Label:
    """A name in both languages, and another that people use."""

    zh: str
    en: str
    zh_alt: str | None = None
    en_alt: str | None = None


@dataclass(frozen=True)
class Door:
    """An opening in a wall: its middle, and whether the wall runs along x or along y.

    Attributes:
        along: `x` or `y`.
        middle: In metres.
        width: In metres.
        category: As IMDF names it.
        label: Of entrances.
        wheelchair: Whether it says that a wheelchair passes.
    """

    along: str
    middle: tuple[float, float]
    width: float = 1.2
    category: str = "pedestrian"
    label: Label | None = None
    wheelchair: bool = True


@dataclass(frozen=True)
class Unit:
    """A part of a floor.

    Attributes:
        key: Its name in this script; the ids are made of it.
        category: As IMDF names it.
        box: Its outline.
        label: What is written at its door.
        doors: Its openings; one between two units stands with one of them.
        occupant: IMDF's category of the department in it, where there is one; the department then
            carries the label.
        hours: When it is open, in OpenStreetMap's notation.
        staff: Whether only staff may enter.
        holes: Cut out of it.
    """

    key: str
    category: str
    box: Box
    label: Label | None = None
    doors: tuple[Door, ...] = ()
    occupant: str | None = None
    hours: str | None = None
    staff: bool = False
    holes: tuple[Box, ...] = ()


@dataclass(frozen=True)
class Spot:
    """A thing that stands in a unit, such as a desk."""

    key: str
    category: str
    at: tuple[float, float]
    unit: str
    label: Label
    hours: str | None = None


@dataclass(frozen=True)
class Level:
    """A floor: from 0 for the ground floor."""

    ordinal: int
    label: Label
    units: tuple[Unit, ...]
    spots: tuple[Spot, ...] = ()
    doors: tuple[Door, ...] = ()


NURSING = Label("母婴室", "Nursing Room", "哺乳室", "Baby Care Room")
WEEKDAYS = "Mo-Fr 08:00-12:00,14:00-17:30"


def along_x(x: float, y: float, width: float = 1.2) -> tuple[Door, ...]:
    """One door in a wall that runs from left to right."""
    return (Door("x", (x, y), width),)


def along_y(x: float, y: float, width: float = 1.2) -> tuple[Door, ...]:
    """One door in a wall that runs from front to back."""
    return (Door("y", (x, y), width),)


def department(
    key: str, category: str, box: Box, label: Label, doors: tuple[Door, ...], hours: str = WEEKDAYS
) -> Unit:
    """A room with a department in it."""
    return Unit(key, "room", box, label, doors, category, hours)


def room(key: str, box: Box, label: Label, doors: tuple[Door, ...], kind: str = "room") -> Unit:
    """A room with its name at the door."""
    return Unit(key, kind, box, label, doors)


def staff(key: str, box: Box, doors: tuple[Door, ...] = (), label: Label | None = None) -> Unit:
    """A room that only staff may enter."""
    return Unit(key, "nonpublic", box, label, doors, staff=True)


def corridors() -> tuple[Unit, ...]:
    """The ring around the core."""
    return (
        Unit("south-corridor", "walkway", (8, 8, 52, 11)),
        Unit("west-corridor", "walkway", (8, 11, 11, 37)),
        Unit("east-corridor", "walkway", (49, 11, 52, 37)),
        Unit("north-corridor", "walkway", (8, 37, 52, 40)),
    )


def core() -> tuple[Unit, ...]:
    """Lifts, stairs and toilets, which stand at the same place on every floor."""
    lift_a = Label("A号电梯", "Lift A", "A梯", "Elevator A")
    lift_b = Label("B号电梯", "Lift B", "B梯", "Elevator B")
    bed_lift = Label("病床电梯", "Bed Lift", "医用电梯", "Staff Elevator")
    stairs_a = Label("A号楼梯", "Stairs A", None, "Staircase A")
    stairs_b = Label("B号楼梯", "Stairs B", None, "Staircase B")
    toilets = Label("卫生间", "Toilets", "洗手间", "Restrooms")
    accessible = Label("无障碍卫生间", "Accessible Toilet", "残疾人卫生间", "Disabled Toilet")
    wheelchairs = "restroom.unisex.wheelchair"
    return (
        Unit("lift-a", "elevator", (11, 20, 14, 23), lift_a, along_y(11, 21.5)),
        Unit("shaft-a", "structure", (14, 20, 17, 23)),
        Unit("accessible", wheelchairs, (11, 23, 17, 26.5), accessible, along_y(11, 24.75)),
        Unit("stairs-a", "stairs", (11, 26.5, 17, 31), stairs_a, along_y(11, 28.75, 1.6)),
        Unit("lift-b", "elevator", (46, 20, 49, 23), lift_b, along_y(49, 21.5)),
        Unit("shaft-b", "structure", (43, 20, 46, 23)),
        Unit("toilets", "restroom", (43, 23, 49, 31), toilets, along_y(49, 27)),
        Unit("bed-lift", "elevator", (28, 40, 32, 45), bed_lift, along_x(30, 40, 2), staff=True),
        Unit("shaft-c", "structure", (28, 45, 32, 48)),
        Unit("stairs-b", "stairs", (46, 40, 52, 48), stairs_b, along_x(49, 40, 1.6)),
    )


UP, DOWN = (25, 13, 35, 14.6), (25, 16.4, 35, 18)


def escalators(x: float) -> tuple[Unit, ...]:
    """The hall between first and second floor with its escalators, entered and left at x."""
    up = Label("上行扶梯", "Up Escalator", "上行自动扶梯", None)
    down = Label("下行扶梯", "Down Escalator", "下行自动扶梯", None)
    return (
        Unit("hall", "lobby", (18, 11, 42, 20), holes=(UP, DOWN)),
        Unit("escalator-up", "escalator", UP, up, along_y(x, 13.8)),
        Unit("escalator-down", "escalator", DOWN, down, along_y(x, 17.2)),
    )


def first() -> Level:
    """The entrance floor: emergency, registration, pharmacy, laboratory, radiology."""
    main = Label("正门", "Main Entrance", "大门", "Front Entrance")
    emergency = Label("急诊入口", "Emergency Entrance")
    side = Label("无障碍入口", "Step-free Entrance", "西门", "Side Entrance")
    south = (
        department(
            "infusion", "medicalcenter", (0, 0, 12, 8),
            Label("输液室", "Infusion Room", "输液大厅", "IV Room"),
            along_x(10, 8), "Mo-Su 08:00-22:00",
        ),
        department(
            "pharmacy", "pharmacy", (12, 0, 20, 8),
            Label("药房", "Pharmacy", "取药处", "Dispensary"),
            along_x(16, 8), "Mo-Su 08:00-21:00",
        ),
        Unit("vestibule", "lobby", (20, 0, 40, 3), doors=(
            Door("x", (30, 0), 3, "pedestrian.principal", main),
        )),
        Unit("steps", "steps", (20, 3, 37, 4.5)),
        Unit("ramp", "ramp", (37, 3, 40, 8)),
        Unit("lobby", "lobby", (20, 4.5, 37, 8)),
        department(
            "registration", "medicalcenter", (40, 0, 50, 8),
            Label("挂号处", "Registration", "挂号", "Registration Desk"),
            along_x(45, 8), "Mo-Sa 07:30-17:00",
        ),
        department(
            "cashier", "medicalcenter", (50, 0, 60, 8),
            Label("收费处", "Cashier", "缴费处", "Payment"),
            along_x(51, 8), "Mo-Sa 07:30-17:30",
        ),
    )  # fmt: skip
    east = (
        department(
            "emergency", "emergencymedicine", (52, 8, 60, 20),
            Label("急诊", "Emergency", "急诊科", "Emergency Department"),
            (*along_y(52, 14), *along_x(56, 20, 2)), "24/7",
        ),
        Unit("emergency-lobby", "lobby", (52, 20, 60, 26), doors=(
            Door("y", (60, 23), 2.4, label=emergency),
        )),
        staff("resuscitation", (52, 26, 60, 32), along_x(56, 26, 2),
              Label("抢救室", "Resuscitation Room")),
        staff("staff-east", (52, 32, 60, 40), along_y(52, 35)),
        staff("storage-east", (52, 40, 60, 48), along_x(56, 40)),
    )  # fmt: skip
    north = (
        department(
            "mri", "diagnosticimaging", (0, 40, 12, 48),
            Label("磁共振", "MRI", "核磁共振室", "MRI Scan"), along_x(10, 40),
        ),
        department(
            "shop", "grocery", (12, 40, 20, 48),
            Label("便利店", "Convenience Store", "小卖部", "Shop"), along_x(16, 40), "24/7",
        ),
        staff("plant", (20, 40, 28, 48), (Door("x", (24, 40), 1.2, "service"),)),
        room("wheelchairs", (32, 40, 40, 48), Label("轮椅租借处", "Wheelchair Rental"),
             along_x(36, 40)),
        room("nursing", (40, 40, 46, 48), NURSING,
             along_x(43, 40), "mothersroom"),
    )  # fmt: skip
    west = (
        department(
            "laboratory", "laboratorytesting", (0, 8, 8, 16),
            Label("检验科", "Laboratory", "化验室", "Lab"),
            along_y(8, 13), "Mo-Fr 07:00-17:00; Sa 07:00-12:00",
        ),
        department(
            "blood", "laboratorytesting", (0, 16, 8, 23),
            Label("采血", "Blood Test", "抽血处", "Blood Collection"),
            along_y(8, 20), "Mo-Sa 07:00-11:30",
        ),
        Unit("side-ramp", "ramp", (0, 23, 8, 26), doors=(
            Door("y", (0, 24.5), 2, label=side),
        )),
        department(
            "radiology", "radiology", (0, 26, 8, 33),
            Label("放射科", "Radiology", "影像科", "X-ray"), along_y(8, 29),
        ),
        department(
            "ct", "diagnosticimaging", (0, 33, 8, 40),
            Label("CT室", "CT", "CT检查室", "CT Scan"), along_x(4, 33),
        ),
    )  # fmt: skip
    middle = (
        department(
            "cafe", "restaurant", (11, 11, 18, 20), Label("咖啡厅", "Cafe", "咖啡", "Coffee Shop"),
            along_x(15, 11), "Mo-Su 07:30-19:00",
        ),
        *escalators(25),
        room("self-service", (42, 11, 49, 20),
             Label("自助服务区", "Self-service", "自助挂号机", "Self-service Machines"),
             along_x(45, 11, 2)),
        staff("sterile", (11, 31, 30, 37), along_x(20, 37)),
        staff("security", (30, 31, 38, 37), along_x(34, 37), Label("保安室", "Security Office")),
        staff("store", (38, 31, 49, 37), along_x(43, 37)),
    )  # fmt: skip
    desk = Label("导诊台", "Information Desk", "服务台", "Help Desk")
    atm = Label("自动取款机", "ATM", "取款机", "Cash Machine")
    spots = (
        Spot("desk", "information", (24, 6.3), "lobby", desk, "Mo-Su 07:30-18:00"),
        Spot("atm", "atm", (40.5, 12), "hall", atm),
    )
    fire_exit = Door("x", (49, 48), 1.6, "emergencyexit", wheelchair=False)
    units = (*corridors(), *core(), *south, *east, *north, *west, *middle)
    return Level(0, Label("1层", "First Floor"), units, spots, (fire_exit,))


def second() -> Level:
    """Orthopaedics, the internal departments, surgery and urology."""
    south = (
        room("ecg", (0, 0, 12, 8), Label("心电图室", "ECG", "心电图", "EKG"), along_x(10, 8)),
        department(
            "cardiology", "medicalcenter", (12, 0, 20, 8),
            Label("心血管内科", "Cardiology", "心内科", "Heart Center"), along_x(16, 8),
        ),
        Unit("void", "opentobelow", (20, 0, 40, 8)),
        department(
            "respiratory", "pulmonology", (40, 0, 50, 8),
            Label("呼吸内科", "Respiratory Medicine", "呼吸科", "Pulmonology"), along_x(45, 8),
        ),
        department(
            "gastroenterology", "gastroenterology", (50, 0, 60, 8),
            Label("消化内科", "Gastroenterology", "消化科", "Digestive Medicine"), along_x(51, 8),
        ),
    )  # fmt: skip
    sides = (
        department(
            "neurology", "medicalcenter", (52, 8, 60, 20),
            Label("神经内科", "Neurology", "神经科"), along_y(52, 15),
        ),
        department(
            "ultrasound", "diagnosticimaging", (52, 20, 60, 30),
            Label("超声科", "Ultrasound", "B超室", "Ultrasonography"), along_y(52, 25),
        ),
        staff("staff-east", (52, 30, 60, 40), along_y(52, 34)),
        staff("storage-east", (52, 40, 60, 48), along_x(56, 40)),
        department(
            "orthopedics", "orthopedics", (0, 8, 8, 20),
            Label("骨科", "Orthopedics", "骨外科", "Orthopaedics"), along_y(8, 15),
        ),
        staff("staff-west", (0, 20, 8, 26), along_y(8, 23)),
        department(
            "urology", "medicalcenter", (0, 26, 8, 40),
            Label("泌尿外科", "Urology", "泌尿科"), along_y(8, 32),
        ),
    )  # fmt: skip
    north = (
        department(
            "surgery", "surgeon", (0, 40, 16, 48),
            Label("普外科", "General Surgery", "普通外科", "Surgical Clinic"), along_x(12, 40),
        ),
        staff("theatre", (16, 40, 28, 48), along_x(22, 40), Label("手术室", "Operating Room")),
        room("waiting", (32, 40, 46, 48), Label("候诊区", "Waiting Area"), along_x(39, 40, 2),
             "waitingroom"),
    )  # fmt: skip
    middle = (
        staff("office", (11, 11, 18, 20), along_x(15, 11)),
        *escalators(35),
        room("nurses", (42, 11, 49, 20), Label("护士站", "Nurse Station"), along_x(45, 11, 2)),
        staff("sterile", (11, 31, 30, 37), along_x(20, 37)),
        staff("store", (30, 31, 49, 37), along_x(43, 37)),
    )
    units = (*corridors(), *core(), *south, *sides, *north, *middle)
    return Level(1, Label("2层", "Second Floor"), units)


def third() -> Level:
    """Women and children; the corridor at the back is locked in its middle."""
    locked = Label("产房区", "Delivery Ward")
    ring = tuple(unit for unit in corridors() if unit.key != "north-corridor")
    back = (
        Unit("north-corridor-west", "walkway", (8, 37, 24, 40)),
        staff("locked", (24, 37, 36, 40), (*along_y(24, 38.5, 2), *along_y(36, 38.5, 2)), locked),
        Unit("north-corridor-east", "walkway", (36, 37, 52, 40)),
    )
    south = (
        department(
            "obgyn", "obgyn", (0, 0, 20, 8),
            Label("妇产科", "Obstetrics and Gynecology", None, "OB/GYN"), along_x(14, 8),
        ),
        room("prenatal", (20, 0, 32, 8),
             Label("产前检查室", "Prenatal Clinic", "产检室", "Antenatal Clinic"), along_x(26, 8)),
        department(
            "endocrinology", "medicalcenter", (32, 0, 46, 8),
            Label("内分泌科", "Endocrinology", "糖尿病科"), along_x(39, 8),
        ),
        department(
            "breast-surgery", "surgeon", (46, 0, 60, 8),
            Label("乳腺外科", "Breast Surgery", "乳腺科", "Breast Clinic"), along_x(50, 8),
        ),
    )  # fmt: skip
    sides = (
        room("waiting", (52, 8, 60, 16), Label("儿科候诊区", "Pediatrics Waiting Area"),
             along_y(52, 13), "waitingroom"),
        department(
            "pediatrics", "pediatrics", (52, 16, 60, 28),
            Label("儿科", "Pediatrics", "小儿科", "Children's Clinic"), along_x(56, 16),
            "Mo-Su 08:00-20:00",
        ),
        staff("staff-east", (52, 28, 60, 40), along_y(52, 34)),
        staff("storage-east", (52, 40, 60, 48), along_x(56, 40)),
        staff("staff-west", (0, 8, 8, 24), along_y(8, 15)),
        staff("ward", (0, 24, 8, 40), along_y(8, 32)),
    )  # fmt: skip
    north = (
        staff("ward-north", (0, 40, 28, 48), along_x(12, 40)),
        staff("delivery", (32, 40, 46, 48), along_x(34, 40), Label("产房", "Delivery Room")),
    )
    middle = (
        room("nursing", (11, 11, 18, 20), NURSING,
             along_x(15, 11), "mothersroom"),
        Unit("hall", "lobby", (18, 11, 42, 20)),
        room("nurses", (42, 11, 49, 20), Label("护士站", "Nurse Station"), along_x(45, 11, 2)),
        staff("sterile", (11, 31, 24, 37), along_x(20, 37)),
        staff("delivery-inner", (24, 31, 36, 37), along_x(30, 37)),
        staff("store", (36, 31, 49, 37), along_x(43, 37)),
    )  # fmt: skip
    units = (*ring, *back, *core(), *south, *sides, *north, *middle)
    return Level(2, Label("3层", "Third Floor"), units)


def fourth() -> Level:
    """Ear, nose and throat, eyes, teeth, skin."""
    south = (
        room("optometry", (0, 0, 12, 8),
             Label("验光中心", "Optometry Center", "验光配镜", "Glasses"), along_x(10, 8)),
        room("waiting", (12, 0, 20, 8), Label("候诊区", "Waiting Area"), along_x(16, 8, 2),
             "waitingroom"),
        department(
            "dentistry", "dentistry", (20, 0, 34, 8),
            Label("口腔科", "Dentistry", "牙科", "Dental Clinic"), along_x(27, 8),
        ),
        room("implants", (34, 0, 46, 8),
             Label("口腔种植室", "Dental Implants", "种植牙", "Implant Dentistry"), along_x(40, 8)),
        department(
            "dermatology", "dermatology", (46, 0, 60, 8),
            Label("皮肤科", "Dermatology", "皮肤病科", "Skin Clinic"), along_x(50, 8),
        ),
    )  # fmt: skip
    east = (
        room("dressing", (52, 8, 60, 14),
             Label("换药室", "Dressing Room", "换药处", "Wound Dressing"), along_y(52, 12.5)),
        room("laser", (52, 14, 60, 20),
             Label("激光治疗室", "Laser Treatment", "激光室", "Laser Room"), along_y(52, 17)),
        room("hearing", (52, 20, 60, 26),
             Label("听力检测室", "Hearing Test", "听力检查室", "Audiology"), along_y(52, 24)),
        department(
            "allergy", "medicalcenter", (52, 26, 60, 31),
            Label("变态反应科", "Allergy", "过敏科", "Allergy Clinic"), along_y(52, 28.5),
        ),
        department(
            "ent", "earnosethroat", (52, 31, 60, 40),
            Label("耳鼻喉科", "ENT", "耳鼻咽喉科", "Ear, Nose and Throat"), along_y(52, 34),
        ),
        staff("storage-east", (52, 40, 60, 48), along_x(56, 40)),
    )  # fmt: skip
    west = (
        department(
            "ophthalmology", "opthamalogy", (0, 8, 8, 20),
            Label("眼科", "Ophthalmology", "眼科门诊", "Eye Clinic"), along_y(8, 14),
        ),
        staff("doctors", (0, 20, 8, 30), along_y(8, 25), Label("医生办公室", "Doctors' Office")),
        staff("staff-west", (0, 30, 8, 40), along_y(8, 35)),
    )  # fmt: skip
    north = (
        staff("ward-north", (0, 40, 28, 48), along_x(12, 40)),
        staff("lecture", (32, 40, 46, 48), along_x(39, 40)),
    )
    middle = (
        staff("office", (11, 11, 18, 20), along_x(15, 11)),
        Unit("hall", "lobby", (18, 11, 42, 20)),
        room("nurses", (42, 11, 49, 20), Label("护士站", "Nurse Station"), along_x(45, 11, 2)),
        staff("sterile", (11, 31, 30, 37), along_x(20, 37)),
        staff("store", (30, 31, 49, 37), along_x(43, 37)),
    )
    units = (*corridors(), *core(), *south, *east, *west, *north, *middle)
    return Level(3, Label("4层", "Fourth Floor"), units)


LEVELS = (first(), second(), third(), fourth())

RELATIONS = (
    ("elevator", "undirected", "lift-a", (0, 1, 2, 3)),
    ("elevator", "undirected", "lift-b", (0, 1, 2, 3)),
    ("elevator", "undirected", "bed-lift", (0, 1, 2, 3)),
    ("stairs", "undirected", "stairs-a", (0, 1, 2, 3)),
    ("stairs", "undirected", "stairs-b", (0, 1, 2, 3)),
    ("escalator", "directed", "escalator-up", (0, 1)),
    ("escalator", "directed", "escalator-down", (1, 0)),
)
"""What joins floors: category, direction, the units' key, and the levels in order."""
