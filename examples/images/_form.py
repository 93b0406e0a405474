"""The hospital registration form: two A4 pages."""

from __future__ import annotations

from dataclasses import dataclass

from _scene import OVERSAMPLE, Board, Mark, Photo, Style
from PIL import Image

DPI = 150
PAGE = (1240, 1754)
INK = "#1a1a1a"
PEN = "#1d3f94"
GREY = "#8c8c8c"
LEFT, RIGHT = 70, 1170
ROW = 94


@dataclass(frozen=True)
class Field:
    """A labelled field of the form and what is filled in; `wide` ones take a whole row."""

    label: str
    value: str = ""
    wide: bool = False


@dataclass(frozen=True)
class Fee:
    """An item of the bill and what it costs, in fen."""

    item: str
    fen: int


PATIENT = (
    Field("姓名 Name", "李小明"),
    Field("性别 Sex", "男 Male"),
    Field("出生日期 Date of Birth", "1988-05-12"),
    Field("国籍 Nationality", "中国 China"),
    Field("联系电话 Phone", "138-0000-0000"),
    Field("医保卡号 Insurance No."),
    Field("住址 Address", wide=True),
    Field("紧急联系人 Contact", wide=True),
    Field("过敏史 Allergies", "青霉素 Penicillin", wide=True),
)
VISIT = (
    Field("就诊科室 Department", "耳鼻喉科 ENT"),
    Field("就诊日期 Visit Date", "2025-03-18"),
    Field("号别 Type", "普通 Regular"),
    Field("医生 Doctor"),
    Field("主诉 Symptoms", "咽痛三天，无发热", wide=True),
    Field("患者签名 Signature", wide=True),
)
FEES = (
    Fee("挂号费 Registration", 1500),
    Fee("诊查费 Consultation", 3000),
    Fee("血常规 Blood Count", 2500),
    Fee("喉镜检查 Laryngoscopy", 12000),
    Fee("布洛芬胶囊 Ibuprofen", 1850),
    Fee("材料费 Materials", 1600),
)


def pages() -> tuple[Photo, Photo]:
    """Draw both pages, straight on and clean."""
    return scan(registration()), scan(bill())


def scan(board: Board) -> Photo:
    """Reduce a page to its nominal size."""
    image = board.image.resize(board.size, Image.Resampling.LANCZOS, reducing_gap=OVERSAMPLE)
    return Photo(image, tuple(board.lines))


def registration() -> Board:
    """Draw the page on the patient and the visit."""
    board = sheet("门诊挂号登记表", "Outpatient Registration Form", "第1页 Page 1")
    bottom = table(board, "一、患者信息 Patient Information", PATIENT, 300)
    bottom = table(board, "二、就诊信息 Visit Information", VISIT, bottom + 110)
    note = "请用正楷填写，交至一楼挂号处"
    board.text(LEFT, bottom + 60, note, Style(26, INK), Mark("note"))
    return board


def bill() -> Board:
    """Draw the page with the fees and their total."""
    board = sheet("门诊费用清单", "List of Fees", "第2页 Page 2")
    board.box((LEFT, 270, RIGHT, 342), "#e6e6e6")
    head = Style(30, INK, True)
    board.text(LEFT + 24, 306, "项目 Item", head, Mark("heading"))
    amount = Style(30, INK, True, "r")
    board.text(RIGHT - 24, 306, "金额 Amount（元）", amount, Mark("heading"))
    top = 342
    for fee in FEES:
        fee_row(board, fee, top, False)
        top += 76
    total = Fee("合计 Total", sum(fee.fen for fee in FEES))
    fee_row(board, total, top, True)
    board.box((LEFT, 270, RIGHT, top + 76), None, INK, 2)
    capital = Field("大写 In Words", "贰佰贰拾肆元伍角整", wide=True)
    bottom = table(
        board,
        "付款信息 Payment",
        (capital, Field("付款方式 Method", "现金 Cash", wide=True)),
        top + 170,
    )
    board.text(LEFT, bottom + 60, "请到收费处缴费，凭单据取药", Style(26, INK), Mark("note"))
    return board


def sheet(title: str, english: str, number: str) -> Board:
    """Make a page with its title at the top and its number at the foot."""
    board = Board(PAGE, "#ffffff")
    board.text(PAGE[0] / 2, 120, title, Style(56, INK, True, "m"), Mark("title"))
    board.text(PAGE[0] / 2, 186, english, Style(34, INK, anchor="m"), Mark("title"))
    board.text(PAGE[0] / 2, 1680, number, Style(24, INK, anchor="m"), Mark("note"))
    return board


def table(board: Board, title: str, fields: tuple[Field, ...], top: float) -> float:
    """Draw a titled table of fields, two to a row unless they are wide.

    Returns:
        The table's lower edge.
    """
    board.text(LEFT, top - 34, title, Style(32, INK, True), Mark("heading"))
    middle, start, left = (LEFT + RIGHT) / 2, top, LEFT
    for item in fields:
        right = RIGHT if item.wide or left == middle else middle
        cell(board, item, (left, top, right))
        top += ROW if right == RIGHT else 0
        left = LEFT if right == RIGHT else middle
    bottom = top if left == LEFT else top + ROW
    board.box((LEFT, start, RIGHT, bottom), None, INK, 2)
    return bottom


def cell(board: Board, item: Field, place: tuple[float, float, float]) -> None:
    """Draw a field's frame, its label and, in another colour, what is filled in."""
    left, top, right = place
    split = left + 310
    board.box((left, top, split, top + ROW), "#f0f0f0")
    board.box((left, top, right, top + ROW), None, GREY)
    label = Style(25, INK)
    board.text(left + 16, top + ROW / 2, item.label, label, Mark("label", value=item.value))
    if item.value:
        board.text(split + 22, top + ROW / 2, item.value, Style(26, PEN), Mark("value"))


def fee_row(board: Board, fee: Fee, top: float, bold: bool) -> None:
    """Draw an item of the bill."""
    amount = f"{fee.fen / 100:.2f}"
    board.rule((LEFT, top), (RIGHT, top), GREY)
    role = "total" if bold else "label"
    board.text(LEFT + 24, top + 38, fee.item, Style(28, INK, bold), Mark(role, value=amount))
    board.text(RIGHT - 24, top + 38, amount, Style(34, INK, bold, "r"), Mark("value"))
