"""Read an invoice of two pages into a model; see where each value stands on which page."""

from datetime import date
from decimal import Decimal
from pathlib import Path

from pydantic import BaseModel, Field

from deixis.agents import DocumentReader
from deixis.vision import annotate


class Item(BaseModel):
    description: str | None = None
    quantity: int | None = None
    amount: Decimal | None = None


class Invoice(BaseModel):
    number: str | None = Field(default=None, description="Invoice number")
    due_date: date | None = None
    items: list[Item] = []
    total: Decimal | None = None
    tax_id: str | None = None


reader = DocumentReader()  # or DocumentReader("dashscope:qwen3-vl-plus")
document = reader.read("examples/images/invoice.pdf", Invoice)
invoice = document.require()
print(invoice.number, "is due on", invoice.due_date, "for", invoice.total)
print(len(invoice.items), "items, the last one:", invoice.items[-1])

total = document.fields["total"]
print(f"{total.text} stands on page {total.page} at {total.box.xyxy}, score {total.score:.2f}")
print("Not on the document:", document.missing)

Path("out").mkdir(exist_ok=True)
for page in document.pages:
    found = [mark for mark in document.detections() if mark.image == page.handle]
    picture = annotate(reader.images.get(page.sha256).pixels(), found)
    picture.save(f"out/invoice-{page.handle}.png")
