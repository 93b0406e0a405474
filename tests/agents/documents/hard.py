"""Documents that tempt a reader to say what isn't there."""

from __future__ import annotations

from collections.abc import Iterator

from PIL import Image

from tests.agents.documents.shapes import Invoice, Prescription, Registration
from tests.agents.documents.sheets import GREY, PEN, Case, Sheet, photographed


def hard() -> Iterator[Case]:
    """All of them."""
    for make in (
        empty_form,
        letter,
        boxed,
        gaps,
        two_tables,
        traditional,
        third_option,
        sideways,
        due_only,
        crowded,
    ):
        yield make()


def empty_form() -> Case:
    """Labels without values, and notes where values might be."""
    s = Sheet()
    s.text(70, 90, "Patient Registration Form", 44, bold=True)
    y = 200
    for label in ("Name", "Date of birth", "Phone", "E-mail", "Address", "Insurance number"):
        s.text(70, y, label)
        s.rule(400, y + 22, 1170, y + 22)
        y += 70
    s.text(70, y, "Emergency contact")
    s.text(400, y, "(name and telephone)", 22, fill=GREY)
    y += 70
    s.text(70, y, "Allergies:")
    y += 44
    s.text(70, y, "Please list all that you know of.", 24)
    y += 70
    s.text(70, y, "Smoker")
    for x, word in ((400, "Yes"), (560, "No")):
        s.tick(x + 14, y, on=False)
        s.text(x + 44, y, word)
    s.text(70, y + 110, "Office use only", 24)
    s.text(70, y + 160, "Received by: M. Jones   Date: 4 Jan 2026", 24)
    return Case(
        name="empty_form",
        pages=(s.image,),
        schema=Registration,
        truth={"date": "2026-01-04"},
    )


def letter() -> Case:
    """Prose that speaks of invoices, totals and dates: no form at all."""
    s = Sheet()
    s.rows(
        70,
        150,
        [
            "Dear Mr Ferrari,",
            "Thank you for your call about the invoice of 3 March. The total of your",
            "order comes to a little over 400 pounds, which is due by the end of the",
            "month. Please quote your customer number when you pay. Our address has",
            "changed: from May you find us in Station Road.",
            "If the quantity or the price of an item should be wrong, tell us soon.",
            "Kind regards,",
            "Anna Lind, Accounts",
        ],
        step=56,
    )
    return Case(name="letter", pages=(s.image,), schema=Invoice, truth={})


def boxed() -> Case:
    """Small labels at the top of ruled boxes, some of them empty."""
    s = Sheet()
    s.text(70, 80, "REGISTRATION", 40, bold=True)
    fields = [
        ("NAME", "Okoro, Ada"), ("DATE OF BIRTH", "02 Feb 1990"), ("SEX", ""),
        ("TELEPHONE", ""), ("E-MAIL", "ada@example.org"), ("INSURANCE NO.", ""),
        ("ADDRESS", "7 Palm Court"), ("EMERGENCY CONTACT", ""),
        ("EMERGENCY PHONE", "0803 555 0101"),
    ]  # fmt: skip
    for n, (label, value) in enumerate(fields):
        x, y = 70 + 367 * (n % 3), 160 + 110 * (n // 3)
        s.frame(x, y, x + 367, y + 110)
        s.text(x + 12, y + 24, label, 19)
        s.text(x + 14, y + 72, value, 27, fill=PEN)
    return Case(
        name="boxed",
        pages=(s.image,),
        schema=Registration,
        truth={
            "name": "Okoro, Ada",
            "date_of_birth": "1990-02-02",
            "email": "ada@example.org",
            "address": "7 Palm Court",
            "emergency_phone": "0803 555 0101",
        },
    )


def gaps() -> Case:
    """A table with empty cells, a column that isn't asked for, a name that looks like a sum."""
    s = Sheet()
    s.text(70, 90, "Invoice INV-77", 40, bold=True)
    s.text(70, 170, "Date: 14 Feb 2026")
    y = s.table(
        300,
        [(80, "l"), (620, "l"), (800, "r"), (970, "r"), (1160, "r")],
        [
            ("Description", "Colour", "Qty", "Unit Price", "Amount"),
            ("Total Care shampoo", "blue", "2", "5.50", "11.00"),
            ("Towel", "", "6", "", "42.00"),
            ("Sample, free of charge", "white", "1", "", ""),
            ("Shipping box", "brown", "3", "1.20", "3.60"),
        ],
        ruled=False,
    )
    s.text(800, y + 20, "Discount", anchor="r")
    s.text(1160, y + 20, "-6.60", anchor="r")
    s.text(800, y + 66, "Total", anchor="r")
    s.text(1160, y + 66, "50.00", anchor="r")
    return Case(
        name="gaps",
        pages=(s.image,),
        schema=Invoice,
        truth={
            "invoice_number": "INV-77",
            "invoice_date": "2026-02-14",
            "items": [
                {
                    "description": "Total Care shampoo",
                    "quantity": 2,
                    "unit_price": "5.50",
                    "amount": "11.00",
                },
                {"description": "Towel", "quantity": 6, "amount": "42.00"},
                {"description": "Sample, free of charge", "quantity": 1},
                {
                    "description": "Shipping box",
                    "quantity": 3,
                    "unit_price": "1.20",
                    "amount": "3.60",
                },
            ],
            "total": "50.00",
        },
    )


def two_tables() -> Case:
    """Two bills on one page: which total is meant isn't known."""
    s = Sheet()
    s.text(70, 90, "Monthly statement", 40, bold=True)
    for y, title, total in ((200, "Electricity", "61.20"), (420, "Water", "33.80")):
        s.text(70, y, title, bold=True)
        s.text(70, y + 50, "Due date")
        s.text(420, y + 50, "1 May 2026")
        s.text(70, y + 100, "Total")
        s.text(420, y + 100, total)
    return Case(
        name="two_tables", pages=(s.image,), schema=Invoice, truth={"due_date": "2026-05-01"}
    )


def traditional() -> Case:
    """Traditional characters, full-width colons and a date in Chinese numerals."""
    s = Sheet()
    s.text(620, 90, "處方箋", 48, bold=True, anchor="m")
    s.rows(
        70,
        200,
        [
            "姓名：黃美玲",
            "性別：女",
            "年齡：63",
            "科別：心臟內科",
            "診斷：高血壓",
            "日期：二〇二六年三月五日",
            "醫師：",
        ],
        step=60,
    )
    return Case(
        name="traditional",
        pages=(photographed(s.image, degrees=1.0, seed=4),),
        schema=Prescription,
        truth={
            "patient_name": "黃美玲",
            "sex": "female",
            "age": 63,
            "department": "心臟內科",
            "diagnosis": "高血壓",
            "date": "2026-03-05",
        },
    )


def third_option() -> Case:
    """What is ticked isn't among the choices; one question has both ticked."""
    s = Sheet()
    s.text(70, 90, "Questionnaire", 40, bold=True)
    s.text(70, 200, "Name: Robin Vale")
    s.text(70, 280, "Sex")
    for x, word, on in ((300, "Male", False), (480, "Female", False), (680, "Other", True)):
        s.tick(x, 280, on=on)
        s.text(x + 30, 280, word)
    s.text(70, 360, "Smoker")
    for x, word in ((300, "Yes"), (480, "No")):
        s.tick(x, 360, on=True)
        s.text(x + 30, 360, word)
    s.text(70, 440, "Pregnant")
    for x, word, on in ((300, "Yes", False), (480, "No", False), (680, "Not applicable", True)):
        s.tick(x, 440, on=on)
        s.text(x + 30, 440, word)
    return Case(
        name="third_option", pages=(s.image,), schema=Registration, truth={"name": "Robin Vale"}
    )


def sideways() -> Case:
    """A page that was photographed lying on its side."""
    s = Sheet((1240, 1000))
    s.text(70, 90, "INVOICE", 48, bold=True)
    s.rows(70, 200, ["Invoice No: 5512", "Invoice date: 30 Sept 2026", "Customer: Petra Novak"])
    s.text(70, 420, "Amount due")
    s.text(420, 420, "EUR 88.00")
    return Case(
        name="sideways",
        pages=(s.image.transpose(Image.Transpose.ROTATE_90),),
        schema=Invoice,
        truth={
            "invoice_number": "5512",
            "invoice_date": "2026-09-30",
            "buyer": {"name": "Petra Novak"},
            "total": "88.00",
        },
    )


def due_only() -> Case:
    """A due date is no invoice date; a number of an account is no number of an invoice."""
    s = Sheet()
    s.text(70, 90, "Reminder", 44, bold=True)
    s.rows(
        70,
        200,
        ["Account No: 7781 220", "Due date: 9 June 2026", "Total pages: 3", "Tel: 020 7946 0018"],
    )
    s.text(70, 420, "Overdue amount")
    s.text(420, 420, "£120.00")
    return Case(name="due_only", pages=(s.image,), schema=Invoice, truth={"due_date": "2026-06-09"})


def crowded() -> Case:
    """Two columns of labels without colons, right beside the next column's."""
    s = Sheet()
    s.text(70, 80, "住院登记", 44, bold=True)
    pairs = [
        ("姓名", "郑凯"), ("性别", "男"), ("出生日期", "1971-12-30"), ("民族", "汉族"),
        ("联系电话", ""), ("籍贯", "江苏南通"), ("家庭住址", ""), ("邮编", "226001"),
        ("紧急联系人", ""), ("关系", "配偶"), ("医保卡号", "JS-30091"), ("职业", "教师"),
    ]  # fmt: skip
    for n, (label, value) in enumerate(pairs):
        x, y = (70, 620)[n % 2], 200 + 64 * (n // 2)
        s.text(x, y, label, 26)
        s.text(x + 190, y, value, 26, fill=PEN)
    return Case(
        name="crowded",
        pages=(s.image,),
        schema=Registration,
        truth={
            "name": "郑凯",
            "sex": "M",
            "date_of_birth": "1971-12-30",
            "insurance_number": "JS-30091",
        },
    )
