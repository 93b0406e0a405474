"""`deixis extract`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from deixis.agents.cli import run_command
from tests.conftest import PICTURES

INVOICE = str(PICTURES / "invoice.pdf")
FORM = str(PICTURES / "form.pdf")


def printed(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    capsys.readouterr()
    assert run_command(["extract", *words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    capsys.readouterr()
    assert run_command(["extract", *words]) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    return told


def test_fields_by_name_come_with_page_box_and_score(capsys: pytest.CaptureFixture[str]) -> None:
    found = printed(capsys, INVOICE, "--fields", "invoice number, due date, total, weight")
    assert found["value"] == {
        "invoice_number": "LM-2026-0481",
        "due_date": "2026-12-03",
        "total": "2940.16",
        "weight": None,
    }
    total = found["fields"]["total"]
    assert (total["text"], total["page"], total["image"]) == ("2,940.16", 2, "img_2")
    assert len(total["box"]) == 4
    assert 0.8 < total["score"] <= 1
    assert found["missing"] == ["weight"]
    assert found["model"] == "embedded"


def test_names_of_fields_may_be_chinese(capsys: pytest.CaptureFixture[str]) -> None:
    found = printed(capsys, FORM, "--fields", "姓名，出生日期")
    assert found["value"] == {"姓名": "李小明", "出生日期": "1988-05-12"}


def test_a_schema_in_a_file_may_have_tables(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    row = {
        "properties": {"item": {"type": "string"}, "amount": {"type": "number"}},
        "type": "object",
    }
    schema = {
        "title": "Bill",
        "type": "object",
        "properties": {"fees": {"type": "array", "items": {"$ref": "#/$defs/Fee"}}},
        "$defs": {"Fee": row},
    }
    path = tmp_path / "bill.json"
    path.write_text(json.dumps(schema), "utf-8")
    found = printed(capsys, FORM, "--schema", str(path))
    assert len(found["value"]["fees"]) == 6
    assert found["fields"]["fees.0.amount"]["text"] == "15.00"


def test_each_page_is_drawn_with_what_stands_on_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "read.png"
    words = [INVOICE, "--fields", "due date, total", "--annotate", str(out)]
    assert run_command(["extract", *words]) == 0
    assert "due_date: 3 Dec 2026" in capsys.readouterr().out
    with Image.open(out) as first, Image.open(out.with_stem("read-img_2")) as second:
        assert first.size == second.size


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([INVOICE], "say what is wanted"),
        ([INVOICE, "--fields", "total", "--schema", "x.json"], "say what is wanted"),
        ([INVOICE, "--fields", " , "], "names no field"),
        ([INVOICE, "--schema", "nowhere.json"], "no JSON schema that can be read"),
        (["nowhere.pdf", "--fields", "total"], "no file"),
        ([INVOICE, "--fields", "total", "--annotate", "x.txt"], "no picture's name"),
    ],
)
def test_bad_input_is_one_clear_line(
    words: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert says in refused(capsys, *words)


def test_a_schema_of_something_else_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "list.json"
    path.write_text("[1, 2]", "utf-8")
    assert "give it `properties`" in refused(capsys, INVOICE, "--schema", str(path))
