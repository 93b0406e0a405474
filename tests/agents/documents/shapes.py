"""What the documents of these tests are asked for."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, Field

from deixis.vision import Box


class Line(BaseModel):
    description: str | None = None
    quantity: int | None = None
    unit_price: Decimal | None = None
    amount: Decimal | None = None


class Party(BaseModel):
    name: str | None = None
    address: str | None = None
    tax_id: str | None = None


class Invoice(BaseModel):
    invoice_number: str | None = None
    invoice_date: dt.date | None = None
    due_date: dt.date | None = None
    order_number: str | None = None
    seller: Party | None = None
    buyer: Party | None = None
    items: list[Line] = []
    subtotal: Decimal | None = None
    tax: Decimal | None = None
    total: Decimal | None = None


class Drug(BaseModel):
    drug: str | None = None
    strength: str | None = None
    usage: str | None = None
    quantity: str | None = None


class Prescription(BaseModel):
    patient_name: str | None = None
    sex: Literal["male", "female"] | None = None
    age: int | None = None
    department: str | None = None
    diagnosis: str | None = None
    date: dt.date | None = None
    prescription_number: str | None = None
    medicines: list[Drug] = []
    doctor: str | None = None
    total: Decimal | None = None


class Registration(BaseModel):
    name: str | None = None
    sex: Literal["M", "F"] | None = None
    date_of_birth: dt.date | None = None
    phone: str | None = None
    email: str | None = None
    address: str | None = None
    smoker: bool | None = None
    pregnant: bool | None = None
    allergies: list[str] = []
    emergency_contact: str | None = None
    emergency_phone: str | None = None
    insurance_number: str | None = None
    signature: Box | None = None
    date: dt.date | None = None


class Result(BaseModel):
    test: str | None = None
    result: float | None = None
    unit: str | None = None
    reference_range: str | None = None


class LabReport(BaseModel):
    name: str | None = None
    sample_number: str | None = None
    collected: dt.datetime | None = None
    results: list[Result] = []
    reviewer: str | None = None


class Receipt(BaseModel):
    merchant: str | None = None
    receipt_number: str | None = None
    when: dt.datetime | None = Field(default=None, description="Date and time")
    total: Decimal | None = None
    cash: Decimal | None = None
    change: Decimal | None = None
    payment_method: Literal["cash", "card"] | None = None


class Folio(BaseModel):
    guest_name: str | None = None
    room: int | None = None
    arrival: dt.date | None = None
    departure: dt.date | None = None
    nights: int | None = None
    balance: Decimal | None = None
    tax_id: str | None = None
