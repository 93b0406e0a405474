"""The embedded model's answer in a shape, filled from documents in view."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from langchain_core.messages import HumanMessage
from pydantic import BaseModel, Field

from deixis.vision import (
    Box,
    EmbeddedModel,
    ImageBook,
    ImageStore,
    ModelError,
    image_block,
    load_images,
)
from tests.conftest import PICTURES


class Fee(BaseModel):
    item: str | None = None
    amount: Decimal | None = None


class Form(BaseModel):
    """What a form says."""

    name: str | None = None
    date_of_birth: dt.date | None = None
    doctor: str | None = None
    fees: list[Fee] = Field(default_factory=list[Fee])
    signature: Box | None = None


class Strict(BaseModel):
    """A form with a doctor's name."""

    name: str
    doctor: str


def asked(shape: type[BaseModel]) -> object:
    book = ImageBook(store := ImageStore())
    blocks = [image_block(book.add(page)) for page in load_images(PICTURES / "form.pdf")]
    message = HumanMessage([*blocks, {"type": "text", "text": "What does the form say?"}])
    return EmbeddedModel().with_images(store).with_structured_output(shape).invoke([message])


def test_fields_of_a_document_in_view_are_filled_and_others_left_out() -> None:
    form = asked(Form)
    assert isinstance(form, Form)
    assert form.name == "李小明"
    assert form.date_of_birth == dt.date(1988, 5, 12)
    assert form.doctor is None
    assert len(form.fees) == 6
    assert form.fees[0].amount == Decimal("15.00")
    assert str(form.fees[0].amount) == "15.00"
    assert form.signature is not None
    assert form.signature.image == "img_1"


def test_a_required_field_that_is_not_there_is_an_error() -> None:
    with pytest.raises(ModelError, match=r"can't fill doctor of Strict"):
        asked(Strict)
