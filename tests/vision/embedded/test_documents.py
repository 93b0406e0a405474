"""Whole pictures, read and answered: a list of departments, and a filled-in form."""

from __future__ import annotations

from functools import cache

import pytest

from deixis.vision import load_images
from deixis.vision._model import ImageView
from deixis.vision.embedded._model import EmbeddedModel
from deixis.vision.embedded._outcome import Outcome
from deixis.vision.embedded._sign import Sign
from tests.vision.embedded.exams import DATA, PICTURES, reasoner


@cache
def pages(name: str) -> list[Sign]:
    path = next(folder / name for folder in (PICTURES, DATA) if (folder / name).exists())
    model = EmbeddedModel()
    return [
        model.sign(ImageView(handle=f"img_{number}", image=page))
        for number, page in enumerate(load_images(path), start=1)
    ]


def ask(name: str, question: str) -> Outcome:
    return reasoner().answer(question, pages(name))


# The text detector joins the floors at the right, which lie close under each other, and then
# they can't be read. They are looked at again, apart.
CLINIC = """
    内科3楼 外科2楼 儿科1楼 妇科3楼 口腔科2楼 皮肤科3楼 中医科4楼 针灸室4楼 化验室1楼 X光室1楼
    B超室2楼 挂号收费1楼 药房1楼 输液室2楼 院长办公室5楼
"""


@pytest.mark.parametrize("row", CLINIC.split())
def test_a_column_of_floors_is_read_line_by_line(row: str) -> None:
    (sign,) = pages("clinic_list.jpg")
    floors = {line.text: line.floor.text for line in sign.lines if line.floor}
    assert floors[row[:-2]] == row[-2:]


@pytest.mark.parametrize(
    ("question", "value", "image"),
    [
        ("What is the patient's name?", "李小明", "img_1"),
        ("国籍是什么？", "中国 China", "img_1"),
        ("What is the total?", "224.50", "img_2"),
    ],
)
def test_a_form_tells_what_is_filled_in(question: str, value: str, image: str) -> None:
    outcome = ask("form.pdf", question)
    assert (outcome.found, outcome.facts["value"]) == (True, value)
    assert {detection.image for detection in outcome.detections} == {image}


def test_all_that_answers_is_told() -> None:
    text = ask("form.pdf", "What are the dates?").text
    assert "1988-05-12" in text
    assert "2025-03-18" in text


def test_a_form_states_no_floor() -> None:
    assert ask("form.pdf", "What is the patient's name?").facts["floor"] is None
