"""Documents that the reader was made with."""

from __future__ import annotations

from collections.abc import Iterator

from tests.agents.documents.shapes import Invoice, Prescription, Registration
from tests.agents.documents.sheets import PEN, Case, Sheet, photographed


def known() -> Iterator[Case]:
    """All of them."""
    for make in (plain_invoice, chinese_list, paper_form, side_by_side, bare_prescription):
        yield make()


def plain_invoice() -> Case:
    """Labels led by colons, a ruled table, a total among other sums."""
    s = Sheet()
    s.text(620, 100, "INVOICE", 56, bold=True, anchor="m")
    s.rows(70, 220, ["Invoice Number: A-1009", "Date: 2026-02-03", "Customer: Willow Ltd"])
    y = s.table(
        440,
        [(80, "l"), (640, "r"), (900, "r"), (1160, "r")],
        [
            ("Item", "Quantity", "Unit Price", "Amount"),
            ("Desk lamp", "3", "$24.00", "$72.00"),
            ("Extension cable", "10", "$6.50", "$65.00"),
        ],
    )
    for label, value in [("Subtotal:", "$137.00"), ("Tax:", "$13.70"), ("Total:", "$150.70")]:
        s.text(800, y + 20, label)
        s.text(1160, y + 20, value, anchor="r")
        y += 46
    return Case(
        name="plain_invoice",
        pages=(s.image,),
        schema=Invoice,
        truth={
            "invoice_number": "A-1009",
            "invoice_date": "2026-02-03",
            "buyer": {"name": "Willow Ltd"},
            "items": [
                {
                    "description": "Desk lamp",
                    "quantity": 3,
                    "unit_price": "24.00",
                    "amount": "72.00",
                },
                {
                    "description": "Extension cable",
                    "quantity": 10,
                    "unit_price": "6.50",
                    "amount": "65.00",
                },
            ],
            "subtotal": "137.00",
            "tax": "13.70",
            "total": "150.70",
        },
    )


def chinese_list() -> Case:
    """A Chinese delivery note without rules, photographed."""
    s = Sheet()
    s.text(620, 100, "送货单", 52, bold=True, anchor="m")
    s.rows(70, 210, ["客户：东升五金店", "订单号：DS-2026-118", "日期：2026/3/9"])
    y = s.table(
        420,
        [(80, "l"), (560, "r"), (820, "r"), (1150, "r")],
        [
            ("品名", "数量", "单价", "金额"),
            ("螺丝刀", "20", "12.50", "250.00"),
            ("电钻", "2", "388.00", "776.00"),
            ("卷尺 5米", "30", "9.90", "297.00"),
        ],
        ruled=False,
    )
    s.text(80, y + 10, "合计")
    s.text(560, y + 10, "52", anchor="r")
    s.text(1150, y + 10, "¥1,323.00", anchor="r")
    s.text(80, y + 90, "大写：壹仟叁佰贰拾叁元整")
    return Case(
        name="chinese_list",
        pages=(photographed(s.image, degrees=1.4, seed=2),),
        schema=Invoice,
        truth={
            "order_number": "DS-2026-118",
            "invoice_date": "2026-03-09",
            "buyer": {"name": "东升五金店"},
            "items": [
                {
                    "description": "螺丝刀",
                    "quantity": 20,
                    "unit_price": "12.50",
                    "amount": "250.00",
                },
                {"description": "电钻", "quantity": 2, "unit_price": "388.00", "amount": "776.00"},
                {
                    "description": "卷尺 5米",
                    "quantity": 30,
                    "unit_price": "9.90",
                    "amount": "297.00",
                },
            ],
            "total": "1323.00",
        },
    )


def paper_form() -> Case:
    """Labels and values in one column, ticks before their words."""
    s = Sheet()
    s.text(70, 100, "Registration", 44, bold=True)
    y = 220
    for label, value in [
        ("Name:", "Ivan Horvat"),
        ("Date of Birth:", "7 May 1979"),
        ("Phone:", ""),
        ("Address:", "Ilica 12, Zagreb"),
    ]:
        s.text(70, y, label)
        s.text(330, y, value, fill=PEN)
        y += 70
    for word, on in (("Smoker", True), ("Pregnant", False)):
        s.tick(84, y, on=on)
        s.text(116, y, word)
        y += 70
    s.text(70, y, "Gender:")
    for x, word, on in ((330, "M", True), (480, "F", False)):
        s.tick(x, y, on=on)
        s.text(x + 30, y, word)
    s.text(70, y + 120, "Signature:")
    return Case(
        name="paper_form",
        pages=(s.image,),
        schema=Registration,
        truth={
            "name": "Ivan Horvat",
            "date_of_birth": "1979-05-07",
            "address": "Ilica 12, Zagreb",
            "smoker": True,
            "pregnant": False,
            "sex": "M",
            "signature": "place",
        },
    )


def side_by_side() -> Case:
    """Seller and buyer as blocks side by side, each with a tax number."""
    s = Sheet()
    s.text(70, 90, "TAX INVOICE", 44, bold=True)
    s.text(70, 170, "Invoice # 88123")
    s.text(640, 170, "Issue date: 1 June 2026")
    s.text(70, 260, "Seller", bold=True)
    s.rows(70, 304, ["Delta Parts Inc", "VAT No: DE 811 907 980"])
    s.text(640, 260, "Buyer", bold=True)
    s.rows(640, 304, ["Sigma Motors", "VAT No: FR 40 303 265 045"])
    s.text(70, 500, "Total due")
    s.text(420, 500, "EUR 4.120,50")
    return Case(
        name="side_by_side",
        pages=(s.image,),
        schema=Invoice,
        truth={
            "invoice_number": "88123",
            "invoice_date": "2026-06-01",
            "seller": {"name": "Delta Parts Inc", "tax_id": "DE 811 907 980"},
            "buyer": {"name": "Sigma Motors", "tax_id": "FR 40 303 265 045"},
            "total": "4120.50",
        },
    )


def bare_prescription() -> Case:
    """A prescription whose medicines stand in no table: they are left alone."""
    s = Sheet((1000, 1200))
    s.text(70, 90, "门诊处方", 44, bold=True)
    s.rows(70, 190, ["姓名：孙磊", "性别：男  年龄：29岁", "诊断：", "日期：2026-01-05"])
    s.rows(70, 460, ["Rp:", "1. 头孢克洛缓释片 0.375g×6片", "2. 蒙脱石散 3g×10袋"])
    s.text(70, 700, "医师：")
    return Case(
        name="bare_prescription",
        pages=(s.image,),
        schema=Prescription,
        truth={"patient_name": "孙磊", "sex": "male", "age": 29, "date": "2026-01-05"},
    )
