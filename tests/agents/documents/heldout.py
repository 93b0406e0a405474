"""Twelve documents that the reader was measured on, drawn before it had been run on any.

docs/documents.md tells what came of it. What is changed since because of them makes them ordinary
tests; a new measurement takes new documents.
"""

from __future__ import annotations

from collections.abc import Iterator

from tests.agents.documents.heldout_forms import (
    boxes_en,
    boxes_zh,
    chinese_rx,
    english_rx,
    folio,
    laboratory,
    receipt,
)
from tests.agents.documents.shapes import Invoice
from tests.agents.documents.sheets import GREY, Case, Sheet, photographed


def heldout() -> Iterator[Case]:
    """All of them."""
    for make in (
        british,
        german,
        fapiao,
        stacked,
        unruled,
        chinese_rx,
        english_rx,
        boxes_zh,
        boxes_en,
        laboratory,
        receipt,
        folio,
    ):
        yield make()


def british() -> Case:
    """Labels at the right, buyer as a block, VAT, a date that only another one decides."""
    s = Sheet()
    s.text(70, 110, "INVOICE", 60, bold=True)
    s.rows(
        70, 190, ["Northgate Tools Ltd", "8 Canal Street, Leeds LS1 4DY", "VAT No: GB 284 6119 07"]
    )
    s.text(70, 400, "Bill To:", 28, bold=True)
    s.rows(70, 444, ["Harbour Joinery Co", "21 Quay Road", "Hull HU1 2BN"])
    for n, (label, value) in enumerate(
        [("Invoice No:", "NT-20417"), ("Invoice Date:", "05/03/2026"), ("Due Date:", "19/03/2026")]
    ):
        s.text(760, 400 + 44 * n, label)
        s.text(1170, 400 + 44 * n, value, anchor="r")
    columns = [(80, "l"), (720, "r"), (930, "r"), (1160, "r")]
    y = s.table(
        700,
        columns,
        [
            ("Description", "Qty", "Unit Price", "Amount"),
            ("Chisel set, 6 pieces", "4", "£38.50", "£154.00"),
            ("Bench vice 150 mm", "1", "£89.95", "£89.95"),
            ("Sanding discs (pack of 50)", "10", "£7.20", "£72.00"),
        ],
    )
    for label, value in [("Subtotal", "£315.95"), ("VAT @ 20%", "£63.19"), ("Total", "£379.14")]:
        s.text(800, y + 20, label)
        s.text(1160, y + 20, value, anchor="r", bold=label == "Total")
        y += 48
    s.text(70, 1600, "Please pay by bank transfer within 14 days. Thank you for your business.", 24)
    return Case(
        name="british",
        pages=(s.image,),
        schema=Invoice,
        truth={
            "invoice_number": "NT-20417",
            "invoice_date": "2026-03-05",
            "due_date": "2026-03-19",
            "buyer": {"name": "Harbour Joinery Co", "address": "21 Quay Road\nHull HU1 2BN"},
            "items": [
                {
                    "description": "Chisel set, 6 pieces",
                    "quantity": 4,
                    "unit_price": "38.50",
                    "amount": "154.00",
                },
                {
                    "description": "Bench vice 150 mm",
                    "quantity": 1,
                    "unit_price": "89.95",
                    "amount": "89.95",
                },
                {
                    "description": "Sanding discs (pack of 50)",
                    "quantity": 10,
                    "unit_price": "7.20",
                    "amount": "72.00",
                },
            ],
            "subtotal": "315.95",
            "tax": "63.19",
            "total": "379.14",
        },
    )


def german() -> Case:
    """Decimal commas, in English all the same; the order's number is left out."""
    s = Sheet()
    s.text(1170, 100, "Alpenwerk GmbH", 40, bold=True, anchor="r")
    s.text(1170, 150, "Lindenweg 4, 80331 München", 24, anchor="r")
    s.text(70, 260, "Tax Invoice", 48, bold=True)
    s.rows(
        70,
        350,
        [
            "Invoice Number  2026-0893",
            "Date of Issue  3 November 2026",
            "Payment Due  17 November 2026",
            "Customer  Brandt & Söhne",
        ],
    )
    y = s.table(
        640,
        [(80, "l"), (200, "l"), (780, "r"), (960, "r"), (1160, "r")],
        [
            ("Pos", "Item", "Quantity", "Price", "Total"),
            ("1", "Climbing rope 60 m", "12", "129,90", "1.558,80"),
            ("2", "Carabiner, steel", "150", "6,40", "960,00"),
        ],
    )
    for label, value in [
        ("Net amount", "2.518,80"),
        ("VAT 19%", "478,57"),
        ("Total amount EUR", "2.997,37"),
    ]:
        s.text(960, y + 30, label, anchor="r")
        s.text(1160, y + 30, value, anchor="r")
        y += 48
    return Case(
        name="german",
        pages=(photographed(s.image, degrees=-1.2, seed=3),),
        schema=Invoice,
        truth={
            "invoice_number": "2026-0893",
            "invoice_date": "2026-11-03",
            "due_date": "2026-11-17",
            "buyer": {"name": "Brandt & Söhne"},
            "items": [
                {
                    "description": "Climbing rope 60 m",
                    "quantity": 12,
                    "unit_price": "129.90",
                    "amount": "1558.80",
                },
                {
                    "description": "Carabiner, steel",
                    "quantity": 150,
                    "unit_price": "6.40",
                    "amount": "960.00",
                },
            ],
            "subtotal": "2518.80",
            "tax": "478.57",
            "total": "2997.37",
        },
    )


def fapiao() -> Case:
    """A Chinese invoice: two parties with the same labels, sums in words."""
    s = Sheet()
    s.text(620, 100, "增值税电子普通发票", 48, bold=True, anchor="m")
    s.rows(780, 180, ["发票号码：26442000000318275", "开票日期：2026年04月21日"], size=26)
    s.frame(70, 300, 1170, 500)
    s.text(90, 330, "购买方", 26, bold=True)
    s.rows(90, 380, ["名称：深圳市海风贸易有限公司", "纳税人识别号：91440300MA5G2K7X1P"], size=26)
    s.text(640, 330, "销售方", 26, bold=True)
    s.rows(640, 380, ["名称：广州云帆文具有限公司", "纳税人识别号：91440101MA59F0QN3B"], size=26)
    y = s.table(
        560,
        [(90, "l"), (560, "l"), (760, "r"), (950, "r"), (1150, "r")],
        [
            ("货物名称", "单位", "数量", "单价", "金额"),
            ("A4复印纸", "箱", "20", "115.00", "2300.00"),
            ("签字笔 0.5mm 黑", "盒", "35", "18.60", "651.00"),
            ("文件夹", "个", "100", "4.50", "450.00"),
        ],
        size=26,
    )
    s.text(90, y, "合计")
    s.text(1150, y, "¥3401.00", anchor="r")
    s.text(90, y + 56, "税额")
    s.text(1150, y + 56, "¥442.13", anchor="r")
    s.text(90, y + 112, "价税合计（大写）")
    s.text(420, y + 112, "叁仟捌佰肆拾叁元壹角叁分")
    s.text(870, y + 112, "（小写）¥3843.13")
    s.text(90, y + 200, "收款人：张敏    复核：李强    开票人：王芳", 26)
    return Case(
        name="fapiao",
        pages=(s.image,),
        schema=Invoice,
        truth={
            "invoice_number": "26442000000318275",
            "invoice_date": "2026-04-21",
            "buyer": {"name": "深圳市海风贸易有限公司", "tax_id": "91440300MA5G2K7X1P"},
            "seller": {"name": "广州云帆文具有限公司", "tax_id": "91440101MA59F0QN3B"},
            "items": [
                {
                    "description": "A4复印纸",
                    "quantity": 20,
                    "unit_price": "115.00",
                    "amount": "2300.00",
                },
                {
                    "description": "签字笔 0.5mm 黑",
                    "quantity": 35,
                    "unit_price": "18.60",
                    "amount": "651.00",
                },
                {
                    "description": "文件夹",
                    "quantity": 100,
                    "unit_price": "4.50",
                    "amount": "450.00",
                },
            ],
            "tax": "442.13",
            "total": "3843.13",
        },
    )


def stacked() -> Case:
    """Small labels over their values, and two pages with the header said once."""
    s, t = Sheet(), Sheet()
    s.text(70, 110, "Meridian Print Studio", 44, bold=True)
    for n, (label, value) in enumerate(
        [
            ("INVOICE NUMBER", "MPS/2217"),
            ("DATE ISSUED", "12 Jan 2026"),
            ("DUE DATE", "11 Feb 2026"),
            ("PO NUMBER", "4500118"),
        ]
    ):
        s.text(70 + 285 * n, 230, label, 20, fill=GREY)
        s.text(70 + 285 * n, 268, value, 28)
    s.text(70, 350, "BILLED TO", 20, fill=GREY)
    s.rows(70, 390, ["Oakfield Primary School", "Mill Lane, Ely CB7 4QJ"])
    items = [(f"Poster A2 no. {n}", str(n + 2), "6.00", f"{6 * (n + 2)}.00") for n in range(1, 26)]
    columns = [(80, "l"), (700, "r"), (920, "r"), (1160, "r")]
    s.table(520, columns, [("Item", "Qty", "Rate", "Line total"), *items[:20]])
    s.text(620, 1710, "Page 1 of 2", 22, anchor="m")
    y = t.table(120, columns, [("", "", "", ""), *items[20:]])
    t.text(900, y + 30, "Total", anchor="r", bold=True)
    total = sum(6 * (n + 2) for n in range(1, 26))
    t.text(1160, y + 30, f"{total:,}.00", anchor="r", bold=True)
    t.text(620, 1710, "Page 2 of 2", 22, anchor="m")
    return Case(
        name="stacked",
        pages=(s.image, t.image),
        schema=Invoice,
        truth={
            "invoice_number": "MPS/2217",
            "invoice_date": "2026-01-12",
            "due_date": "2026-02-11",
            "order_number": "4500118",
            "buyer": {"name": "Oakfield Primary School", "address": "Mill Lane, Ely CB7 4QJ"},
            "items": [
                {"description": d, "quantity": int(q), "unit_price": p, "amount": a}
                for d, q, p, a in items
            ],
            "total": f"{total}.00",
        },
    )


def unruled() -> Case:
    """No rules, descriptions of two lines, no number on it, a grand total and a total."""
    s = Sheet()
    s.text(620, 110, "STATEMENT OF CHARGES", 44, bold=True, anchor="m")
    s.text(70, 220, "Customer: Elena Petrova")
    s.text(70, 264, "Date: Nov 9, 2026")
    y = 400
    for cells in (("Service", "Hours", "Rate", "Charge"),):
        for (x, anchor), text in zip(
            [(80, "l"), (760, "r"), (950, "r"), (1160, "r")], cells, strict=True
        ):
            s.text(x, y, text, 27, bold=True, anchor=anchor)
    services = [
        (("Garden design consultation", "at the client's home"), "3", "45.00", "135.00"),
        (("Planting of the front bed,", "plants not included"), "6", "38.00", "228.00"),
        (("Removal of green waste",), "1", "60.00", "60.00"),
    ]
    y += 70
    for words, hours, rate, charge in services:
        s.text(80, y, words[0], 27)
        for x, value in ((760, hours), (950, rate), (1160, charge)):
            s.text(x, y, value, 27, anchor="r")
        for more in words[1:]:
            y += 36
            s.text(80, y, more, 27)
        y += 62
    for label, value in (("Total", "423.00"), ("Tax (10%)", "42.30"), ("Grand Total", "465.30")):
        y += 46
        s.text(760, y, label)
        s.text(1160, y, value, anchor="r")
    return Case(
        name="unruled",
        pages=(s.image,),
        schema=Invoice,
        truth={
            "invoice_date": "2026-11-09",
            "buyer": {"name": "Elena Petrova"},
            "items": [
                {"description": " ".join(w), "quantity": int(h), "unit_price": r, "amount": c}
                for w, h, r, c in services
            ],
            "tax": "42.30",
            "total": "465.30",
        },
    )
