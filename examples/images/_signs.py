"""The five signs: what is written on them and how they are laid out."""

from __future__ import annotations

from dataclasses import dataclass

from _scene import Board, Mark, Style

INK = "#1d2b36"
PAPER = "#fbfaf5"
WHITE = "#ffffff"


@dataclass(frozen=True)
class Floor:
    """A storey of the Chinese guide; its entries fill `columns` columns row by row."""

    label: str
    colour: str
    tint: str
    columns: int
    entries: tuple[str, ...]

    @property
    def rows(self) -> int:
        """How many rows the entries take."""
        return -(-len(self.entries) // self.columns)


@dataclass(frozen=True)
class Pair:
    """A Chinese text and its English."""

    zh: str
    en: str


@dataclass(frozen=True)
class PairFloor:
    """A storey of the bilingual guide; the English stands below its Chinese or beside it."""

    label: str
    colour: str
    beside: bool
    entries: tuple[Pair, ...]


@dataclass(frozen=True)
class Dish:
    """A dish and its price."""

    name: Pair
    price: str


@dataclass(frozen=True)
class Section:
    """A heading of the menu and the dishes under it."""

    name: Pair
    dishes: tuple[Dish, ...]


@dataclass(frozen=True)
class Exit:
    """A way out of the station: its letter, where its arrow points, and what it leads to."""

    letter: str
    degrees: float
    places: tuple[Pair, ...]


OUTPATIENT = (
    Floor(
        "5F", "#6d4c9f", "#efe9f7", 3,
        ("体检中心", "中医科", "针灸推拿科", "康复医学科", "病案室", "会议室", "医务科", "卫生间"),
    ),
    Floor(
        "4F", "#1c7c8c", "#e3f2f4", 3,
        (
            "耳鼻喉科", "眼科", "口腔科", "皮肤科", "验光中心", "听力检测室",
            "激光治疗室", "变态反应科", "口腔种植室", "换药室", "医生办公室", "卫生间",
        ),
    ),
    Floor(
        "3F", "#c2571a", "#fbeade", 3,
        ("妇产科", "儿科", "内分泌科", "乳腺外科", "产前检查室", "卫生间"),
    ),
    Floor(
        "2F", "#2f7d3b", "#e6f3e5", 2,
        (
            "骨科", "心血管内科", "呼吸内科", "消化内科", "神经内科",
            "泌尿外科", "普外科", "超声科", "心电图室", "卫生间",
        ),
    ),
    Floor(
        "1F", "#1f57a4", "#e4ecf8", 3,
        (
            "急诊", "挂号处", "收费处", "药房", "检验科/采血",
            "放射科（CT室/磁共振）", "导诊台", "输液室", "卫生间",
        ),
    ),
)  # fmt: skip

DIRECTORY = (
    PairFloor(
        "3F", "#8a3b6f", False,
        (
            Pair("手术室", "Operating Rooms"), Pair("重症医学科", "Intensive Care Unit"),
            Pair("住院部", "Inpatient Ward"), Pair("护士站", "Nurse Station"),
            Pair("麻醉科", "Anesthesiology"), Pair("康复科", "Rehabilitation"),
        ),
    ),
    PairFloor(
        "2F", "#23706b", False,
        (
            Pair("儿科", "Pediatrics"), Pair("妇产科", "Obstetrics & Gynecology"),
            Pair("眼科", "Ophthalmology"), Pair("耳鼻喉科", "Ear, Nose & Throat"),
            Pair("口腔科", "Dentistry"), Pair("检验科", "Laboratory"),
        ),
    ),
    PairFloor(
        "1F", "#255a9b", False,
        (
            Pair("门诊大厅", "Outpatient Hall"), Pair("挂号收费", "Registration & Cashier"),
            Pair("药房", "Pharmacy"), Pair("急诊科", "Emergency"),
            Pair("超声科", "Ultrasound"), Pair("卫生间", "Restrooms"),
        ),
    ),
    PairFloor(
        "B1", "#5b5f66", True,
        (
            Pair("放射科", "Radiology"), Pair("磁共振室", "MRI Room"),
            Pair("停车场", "Parking"), Pair("食堂", "Canteen"),
        ),
    ),
)  # fmt: skip

MENU = (
    Section(
        Pair("面食", "Noodles"),
        (
            Dish(Pair("红烧牛肉面", "Braised Beef Noodle Soup"), "¥28"),
            Dish(Pair("炸酱面", "Noodles with Soybean Paste"), "¥22"),
            Dish(Pair("番茄鸡蛋面", "Tomato and Egg Noodles"), "¥18"),
            Dish(Pair("花生担担面", "Dan Dan Noodles with Peanuts"), "¥20"),
            Dish(Pair("鲜虾馄饨", "Shrimp Wonton Soup"), "26元"),
        ),
    ),
    Section(
        Pair("凉菜", "Cold Dishes"),
        (
            Dish(Pair("拍黄瓜", "Smashed Cucumber Salad"), "¥12"),
            Dish(Pair("口水鸡", "Chicken in Chili Oil"), "¥32"),
            Dish(Pair("凉拌木耳", "Black Fungus Salad"), "¥16"),
            Dish(Pair("皮蛋豆腐", "Tofu with Century Egg"), "15元"),
        ),
    ),
    Section(
        Pair("饮料", "Drinks"),
        (
            Dish(Pair("酸梅汤", "Sour Plum Juice"), "¥10"),
            Dish(Pair("现磨豆浆", "Fresh Soy Milk"), "6元"),
            Dish(Pair("茉莉花茶", "Jasmine Tea"), "¥15"),
        ),
    ),
)

EXITS = (
    Exit(
        "A", 180,
        (
            Pair("人民公园", "Renmin Park"), Pair("市图书馆", "City Library"),
            Pair("中山北路", "Zhongshan North Rd."),
        ),
    ),
    Exit("B", 225, (Pair("长途汽车站", "Coach Station"), Pair("第一小学", "No.1 Primary School"))),
    Exit(
        "C", 315,
        (
            Pair("博物馆", "Museum"), Pair("滨江大道", "Riverside Avenue"),
            Pair("市民中心", "Civic Center"),
        ),
    ),
    Exit("D", 0, (Pair("体育馆", "Gymnasium"), Pair("商业步行街", "Shopping Street"))),
)  # fmt: skip


def hospital_zh() -> Board:
    """Draw the floor guide of an outpatient building, its floor labels at the left."""
    row, top = 54, 132
    height = top + row * sum(floor.rows for floor in OUTPATIENT) + 5 * 8 + 62
    board = Board((1360, height), "#f4f5f2")
    board.box((0, 0, 1360, 116), "#17405f")
    board.text(680, 58, "门诊楼楼层导览", Style(62, WHITE, True, "m"), Mark("title"))
    for floor in OUTPATIENT:
        bottom = top + row * floor.rows
        storey_zh(board, floor, top, bottom)
        top = bottom + 8
    footer = Style(26, INK, anchor="m")
    board.text(680, height - 38, "请保持安静，禁止吸烟", footer, Mark("note"))
    board.box((0, 0, 1360, height), None, "#8b9299", 7)
    return board


def storey_zh(board: Board, floor: Floor, top: float, bottom: float) -> None:
    """Draw one storey of the Chinese guide, its label in the middle of its block's height."""
    board.box((24, top, 214, bottom), floor.colour)
    board.box((220, top, 1336, bottom), floor.tint)
    style = Style(58, WHITE, True, "m")
    board.text(119, (top + bottom) / 2, floor.label, style, Mark("label", floor=floor.label))
    row, column = (bottom - top) / floor.rows, 1096 / floor.columns
    for index, entry in enumerate(floor.entries):
        x = 262 + column * (index % floor.columns)
        y = top + row * (index // floor.columns + 0.5)
        board.text(x, y, entry, Style(32, INK), Mark("entry", floor=floor.label))


def hospital_bilingual() -> Board:
    """Draw a bilingual directory, its floor labels at the right."""
    board = Board((1380, 880), PAPER)
    board.box((0, 0, 1380, 112), "#0e5c58")
    board.text(60, 58, "楼层分布图", Style(54, WHITE, True), Mark("title"))
    board.text(1320, 60, "Floor Directory", Style(44, WHITE, anchor="r"), Mark("title"))
    top = 124.0
    for floor in DIRECTORY:
        bottom = top + (144 if floor.beside else 186)
        board.rule((28, bottom + 4), (1352, bottom + 4), "#b9bfba", 2)
        board.box((1180, top, 1352, bottom), floor.colour, radius=10)
        style = Style(62, WHITE, True, "m")
        board.text(1266, (top + bottom) / 2, floor.label, style, Mark("label", floor=floor.label))
        if floor.beside:
            entries_beside(board, floor, top + 38, 68)
        else:
            entries_below(board, floor, top + 34, 90)
        top = bottom + 8
    board.box((0, 0, 1380, 880), None, "#6f7775", 6)
    return board


def entries_below(board: Board, floor: PairFloor, top: float, row: float) -> None:
    """Set a storey's entries in three columns, the English below the Chinese."""
    for index, pair in enumerate(floor.entries):
        x, y = 60 + 380 * (index % 3), top + row * (index // 3)
        mark = Mark("entry", floor=floor.label)
        board.text(x, y, pair.zh, Style(36, INK, True), mark)
        board.text(x, y + 39, pair.en, Style(24, "#46545e"), mark)


def entries_beside(board: Board, floor: PairFloor, top: float, row: float) -> None:
    """Set a storey's entries in two columns, the English beside the Chinese."""
    for index, pair in enumerate(floor.entries):
        x, y = 60 + 560 * (index % 2), top + row * (index // 2)
        mark = Mark("entry", floor=floor.label)
        board.text(x, y, pair.zh, Style(36, INK, True), mark)
        board.text(x + 210, y + 2, pair.en, Style(28, "#46545e"), mark)


def menu() -> Board:
    """Draw a menu on paper, its prices flush right."""
    board = Board((860, 1260), "#f6eedb")
    board.box((20, 20, 840, 1240), None, "#9c2b20", 2.5)
    board.text(70, 82, "今日菜单", Style(58, "#9c2b20", True), Mark("title"))
    board.text(790, 86, "MENU", Style(46, "#9c2b20", anchor="r"), Mark("title"))
    y = 160.0
    for section in MENU:
        heading(board, section, y)
        y += 68
        for dish in section.dishes:
            dish_row(board, section, dish, y)
            y += 71
        y += 2
    note = Style(23, "#5d5145", anchor="m")
    board.text(430, 1208, "如有食物过敏请告知服务员", note, Mark("note"))
    return board


def heading(board: Board, section: Section, y: float) -> None:
    """Set a heading of the menu on its bar."""
    board.box((50, y - 27, 810, y + 27), "#9c2b20", radius=6)
    mark = Mark("heading", section=section.name.zh)
    board.text(72, y, section.name.zh, Style(36, WHITE, True), mark)
    board.text(250, y + 1, section.name.en, Style(28, WHITE), mark)


def dish_row(board: Board, section: Section, dish: Dish, y: float) -> None:
    """Set a dish with its English below it and its price at the right."""
    mark = Mark("entry", price=dish.price, section=section.name.zh)
    board.text(72, y - 9, dish.name.zh, Style(31, "#2a211b", True), mark)
    board.text(72, y + 22, dish.name.en, Style(21, "#5d5145"), mark)
    price = Mark("price", section=section.name.zh)
    board.text(790, y + 2, dish.price, Style(36, "#9c2b20", True, "r"), price)
    board.rule((72, y + 41), (790, y + 41), "#d8c9ac")


def street_sign() -> Board:
    """Draw a street's name plate with its directions and house numbers."""
    board = Board((800, 400), "#0f6b46")
    board.box((12, 12, 788, 388), None, WHITE, 5, 22)
    board.text(400, 108, "中山北路", Style(132, WHITE, True, "m"), Mark("title"))
    board.text(400, 222, "ZHONGSHAN North Rd.", Style(48, WHITE, anchor="m"), Mark("title"))
    board.rule((40, 276), (760, 276), WHITE, 3)
    board.arrow((84, 330), 66, 180, WHITE)
    board.arrow((716, 330), 66, 0, WHITE)
    board.text(140, 330, "北 N", Style(54, WHITE, True), Mark("direction"))
    board.text(660, 330, "南 S", Style(54, WHITE, True, "r"), Mark("direction"))
    board.text(400, 330, "128-256", Style(54, WHITE, anchor="m"), Mark("numbers"))
    return board


def station() -> Board:
    """Draw a metro board that tells what each exit leads to."""
    board = Board((1260, 740), "#20262e")
    board.box((0, 0, 1260, 100), "#12161b")
    board.text(44, 51, "出口信息", Style(50, WHITE, True), Mark("title"))
    board.text(1216, 53, "Exit Information", Style(40, "#d5dade", anchor="r"), Mark("title"))
    for index, way in enumerate(EXITS):
        exit_row(board, way, 108 + 155 * index)
    board.box((0, 0, 1260, 740), None, "#59616a", 6)
    return board


def exit_row(board: Board, way: Exit, top: float) -> None:
    """Set an exit's arrow, its label and what it leads to."""
    middle, label = top + 76, f"{way.letter}口"
    board.arrow((80, middle), 84, way.degrees, WHITE)
    board.box((150, top + 14, 330, top + 138), "#f4c21f", radius=12)
    mark = Mark("label", exit=label)
    board.text(240, middle - 21, label, Style(54, "#14181d", True, "m"), mark)
    board.text(240, middle + 37, f"Exit {way.letter}", Style(32, "#14181d", anchor="m"), mark)
    for index, place in enumerate(way.places):
        x = 372 + 296 * index
        board.text(x, middle - 18, place.zh, Style(40, WHITE, True), Mark("entry", exit=label))
        board.text(x, middle + 30, place.en, Style(25, "#d5dade"), Mark("entry", exit=label))
    board.rule((30, top + 152), (1230, top + 152), "#464e57", 2)
