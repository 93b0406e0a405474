"""An invoice of two pages, whose table goes on, and a prescription in Chinese and English."""

from __future__ import annotations

from dataclasses import dataclass

from _form import DPI, GREY, INK, PAGE, PEN, scan
from _scene import Board, Mark, Photo, Style

__all__ = ["DPI", "invoice", "prescription"]

LEFT, RIGHT = 80, 1160
COLUMNS = ((LEFT + 16, "l"), (720, "r"), (930, "r"), (RIGHT - 16, "r"))
ROW = 62
FIRST_PAGE = 16


@dataclass(frozen=True)
class Item:
    """A line of the invoice, its price in cents."""

    name: str
    count: int
    cents: int


ITEMS = (
    Item("Examination gloves, box of 100", 12, 849),
    Item("Surgical masks, box of 50", 20, 625),
    Item("Gauze swabs 10 x 10 cm", 40, 310),
    Item("Crepe bandage 8 cm", 36, 145),
    Item("Adhesive plasters, assorted", 25, 299),
    Item("Saline solution 500 ml", 48, 220),
    Item("Syringe 5 ml, sterile", 200, 18),
    Item("Needle 21G, sterile", 300, 9),
    Item("Digital thermometer", 10, 1275),
    Item("Blood pressure monitor", 4, 5490),
    Item("Stethoscope, dual head", 3, 6800),
    Item("Hand disinfectant 1 l", 30, 780),
    Item("Cotton wool 500 g", 15, 420),
    Item("Tongue depressors, box of 100", 18, 365),
    Item("Instrument tray, steel", 6, 1890),
    Item("Kidney dish, pulp", 100, 27),
    Item("Sharps container 4 l", 14, 540),
    Item("Couch roll 50 cm", 24, 410),
    Item("Cold pack, instant", 50, 155),
    Item("Wheelchair, folding", 2, 24900),
)


def money(cents: int) -> str:
    """A sum with its thousands apart."""
    return f"{cents / 100:,.2f}"


def invoice() -> tuple[Photo, Photo]:
    """Draw both pages: the second goes on without a header."""
    first, second = Board(PAGE, "#ffffff"), Board(PAGE, "#ffffff")
    heading(first)
    head = Style(26, INK, True)
    for (x, anchor), text in zip(
        COLUMNS, ("Description", "Qty", "Unit price", "Amount"), strict=True
    ):
        first.text(x, 560, text, Style(26, INK, True, anchor), Mark("heading"))
    first.rule((LEFT, 592), (RIGHT, 592), INK, 2)
    lines(first, ITEMS[:FIRST_PAGE], 630)
    first.text(RIGHT, 1640, "continued on page 2", Style(22, GREY, anchor="r"), Mark("note"))
    first.text(PAGE[0] / 2, 1690, "Page 1 of 2", Style(22, INK, anchor="m"), Mark("note"))
    second.text(LEFT, 110, "Invoice LM-2026-0481", head, Mark("title"))
    top = lines(second, ITEMS[FIRST_PAGE:], 210)
    sums(second, top + 30)
    second.text(PAGE[0] / 2, 1690, "Page 2 of 2", Style(22, INK, anchor="m"), Mark("note"))
    return scan(first), scan(second)


def heading(board: Board) -> None:
    """Draw who sells, who buys, numbers and dates."""
    board.text(LEFT, 120, "Lindqvist Medical Supplies", Style(46, INK, True), Mark("title"))
    small = Style(24, INK)
    board.text(LEFT, 176, "14 Harbour Road, Bristol BS1 6UX", small, Mark("note"))
    board.text(LEFT, 290, "Bill to", Style(24, GREY), Mark("label", value="Sunrise Clinic"))
    for number, text in enumerate(("Sunrise Clinic", "200 Nanjing West Road", "Shanghai 200003")):
        board.text(LEFT, 332 + 40 * number, text, Style(28, INK), Mark("value"))
    pairs = (
        ("Invoice No.", "LM-2026-0481"), ("Invoice date", "3 Nov 2026"), ("Due date", "3 Dec 2026"),
        ("Your order", "SC-77120"),
    )  # fmt: skip
    for number, (label, value) in enumerate(pairs):
        y = 290 + 44 * number
        board.text(720, y, label, Style(26, INK), Mark("label", value=value))
        board.text(RIGHT, y, value, Style(26, INK, anchor="r"), Mark("value"))


def lines(board: Board, items: tuple[Item, ...], top: float) -> float:
    """Draw rows of the table, and return where the next would be."""
    for item in items:
        cells = (item.name, str(item.count), money(item.cents), money(item.count * item.cents))
        for (x, anchor), text in zip(COLUMNS, cells, strict=True):
            board.text(x, top, text, Style(26, INK, anchor=anchor), Mark("value"))
        top += ROW
    return top


def sums(board: Board, top: float) -> None:
    """Draw what it comes to."""
    net = sum(item.count * item.cents for item in ITEMS)
    tax = round(net * 0.2)
    board.rule((LEFT, top - 40), (RIGHT, top - 40), INK, 2)
    for label, cents in (("Subtotal", net), ("VAT 20%", tax), ("Total GBP", net + tax)):
        bold = label.startswith("Total")
        board.text(930, top, label, Style(28, INK, bold, "r"), Mark("label", value=money(cents)))
        board.text(RIGHT - 16, top, money(cents), Style(28, INK, bold, "r"), Mark("value"))
        top += 56


def prescription() -> Board:
    """Draw a prescription of a clinic that writes both languages."""
    board = Board((1000, 1300), "#fdfdf8")
    board.text(500, 84, "阳光诊所 处方笺", Style(46, INK, True, "m"), Mark("title"))
    board.text(500, 140, "Sunrise Clinic · Prescription", Style(28, INK, anchor="m"), Mark("title"))
    pairs = (
        (60, 220, "姓名 Name", "王丽华"), (560, 220, "性别 Sex", "女 F"),
        (60, 280, "年龄 Age", "34"), (560, 280, "日期 Date", "2026年11月3日"),
        (60, 340, "诊断 Diagnosis", "急性咽炎 Acute pharyngitis"),
    )  # fmt: skip
    for x, y, label, value in pairs:
        board.text(x, y, f"{label}:", Style(26, INK), Mark("label", value=value))
        board.text(x + 230, y, value, Style(27, PEN), Mark("value"))
    board.rule((60, 400), (940, 400), INK, 2)
    table = (
        ("药品 Drug", "规格 Strength", "用法 Directions", "数量 Qty"),
        ("阿莫西林胶囊", "0.25g×24粒", "每次2粒 每日3次", "2"),
        ("布洛芬缓释胶囊", "0.3g×20粒", "每次1粒 每日2次", "1"),
        ("西瓜霜含片", "24片", "每次1片 每日5次", "1"),
    )
    for number, row in enumerate(table):
        for x, text in zip((60, 330, 560, 850), row, strict=True):
            style = Style(25, INK, number == 0) if number == 0 else Style(25, PEN)
            board.text(
                x, 450 + 70 * number, text, style, Mark("heading" if number == 0 else "value")
            )
    board.rule((60, 740), (940, 740), GREY)
    board.text(60, 800, "过敏史 Allergies:", Style(26, INK), Mark("label", value=""))
    board.text(60, 900, "医师 Doctor:", Style(26, INK), Mark("label", value="李建国"))
    board.text(290, 900, "李建国", Style(27, PEN), Mark("value"))
    board.text(560, 900, "金额 Total:", Style(26, INK), Mark("label", value="¥86.50"))
    board.text(790, 900, "¥86.50", Style(27, PEN), Mark("value"))
    return board
