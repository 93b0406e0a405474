"""What is written, as values: numbers, dates, ticks, choices."""

from __future__ import annotations

import datetime as dt
from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deixis.vision.embedded.documents import FieldSpec, UnclearError, Usage, parse
from deixis.vision.embedded.documents._dates import date_in, day_first
from deixis.vision.embedded.documents._numbers import decimal_comma, number_in

CHINESE = "零一二三四五六七八九"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1,234.50", "1234.50"), ("1.234,50", "1234.50"), ("1 234,50", "1234.50"),
        ("1'234.50 CHF", "1234.50"), ("¥1,234.50", "1234.50"), ("人民币1,234.50元", "1234.50"),
        ("12,50 €", "12.50"), ("US$ 12", "12"), ("-£5.00", "-5.00"), ("(12.00)", "-12.00"),
        ("35岁", "35"), ("x 3", "3"), ("0.125", "0.125"), ("13% 15.60", "15.60"), ("20%", "20"),
        ("12,34,567.00", "1234567.00"), ("1.5万元", "15000.0"),
        ("贰佰贰拾肆元伍角整", "224.5"), ("人民币壹万零伍元零角叁分", "10005.03"), ("二十四", "24"),
    ],
)  # fmt: skip
def test_numbers_are_read_as_people_write_them(text: str, value: str) -> None:
    assert number_in(text) == Decimal(value)


@pytest.mark.parametrize(
    "text", ["", "abc", "0.25g x 24", "120/80", "1.2.3", "1,23,4", "2026-11-03", "12 13", "1.234"]
)
def test_what_is_no_single_number_is_left(text: str) -> None:
    with pytest.raises(UnclearError):
        number_in(text)


def test_a_thousand_or_a_decimal_is_decided_by_the_rest_of_the_document() -> None:
    assert decimal_comma(["Net 12,50", "Total 1.234,00"]) is True
    assert decimal_comma(["Net 12.50"]) is False
    assert decimal_comma(["Net 12.50", "Total 12,50"]) is None
    assert number_in("1.234", comma=True) == 1234
    assert number_in("1.234", comma=False) == Decimal("1.234")


@given(st.decimals(min_value=0, max_value=10**9, places=2), st.booleans())
def test_a_sum_comes_back_however_its_thousands_are_parted(value: Decimal, comma: bool) -> None:
    written = f"{value:,.2f}"
    if comma:
        written = written.translate(str.maketrans(",.", ".,"))
    assert number_in(f"€{written}") == value


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-03", "2026/11/3", "2026.11.03", "2026年11月3日", "2026 年 11 月 3 日",
        "3 Nov 2026", "3rd of November 2026", "November 3, 2026", "Nov. 3 2026", "03-Nov-26",
        "3Nov2026",
        "Tuesday, 3 November 2026", "2026年11月3日（星期二）", "二〇二六年十一月三日", "20261103",
        "2026-11-03 14:20", "3 NOVEMBER 2026",
    ],
)  # fmt: skip
def test_a_day_is_read_in_many_forms(text: str) -> None:
    assert date_in(text) == dt.date(2026, 11, 3)


@pytest.mark.parametrize(
    "text",
    ["11/03/2026", "11.03.2026", "03/11/26", "31/02/2026", "2026-13-01", "May", "12", "3 Foo 2026"],
)
def test_what_is_no_single_day_is_left(text: str) -> None:
    with pytest.raises(UnclearError):
        date_in(text)


def test_days_or_months_first_is_decided_by_another_date() -> None:
    assert day_first(["Date 25/12/2026"]) is True
    assert day_first(["Date 12/25/2026"]) is False
    assert day_first(["12/25/2026", "25/12/2026"]) is None
    assert date_in("11/03/2026", day_leads=True) == dt.date(2026, 3, 11)
    assert date_in("11/03/2026", day_leads=False) == dt.date(2026, 11, 3)


@given(st.dates(min_value=dt.date(1900, 1, 1), max_value=dt.date(2099, 12, 31)))
def test_a_day_comes_back_from_each_clear_form(day: dt.date) -> None:
    forms = ("%Y-%m-%d", "%d %B %Y", "%b %d, %Y", f"{day.year}年{day.month}月{day.day}日")
    assert {date_in(day.strftime(form)) for form in forms} == {day}


@given(st.text(max_size=30))
def test_no_text_breaks_a_parser(text: str) -> None:
    for kind in ("number", "integer", "date", "datetime", "time", "flag", "text"):
        with suppress(UnclearError):
            assert parse(text, FieldSpec(name="x", kind=kind), Usage()) is not None


def test_a_moment_needs_a_time() -> None:
    spec = FieldSpec(name="when", kind="datetime")
    found = parse("2026年11月3日 下午3:05", spec, Usage())
    assert found == dt.datetime(2026, 11, 3, 15, 5)
    with pytest.raises(UnclearError, match="without a time"):
        parse("2026-11-03", spec, Usage())


@pytest.mark.parametrize(
    ("text", "value"),
    [("Yes", True), ("否", False), ("√", True), ("X", True), ("□是 ☑否", False), ("☐", False)],
)
def test_ticks_and_words_are_yes_and_no(text: str, value: bool) -> None:
    assert parse(text, FieldSpec(name="ok", kind="flag"), Usage()) is value


@pytest.mark.parametrize("text", ["maybe", "☑Yes ☑No", "Yes No"])
def test_what_says_neither_yes_nor_no_is_left(text: str) -> None:
    with pytest.raises(UnclearError):
        parse(text, FieldSpec(name="ok", kind="flag"), Usage())


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("女", "female"),
        ("男 Male", "male"),
        ("F", "female"),
        ("□男 ☑女", "female"),
        ("MALE", "male"),
    ],
)
def test_a_choice_is_known_in_both_languages(text: str, value: str) -> None:
    spec = FieldSpec(name="sex", kind="choice", choices=("male", "female"))
    assert parse(text, spec, Usage()) == value


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("phone", "see above"),
        ("e-mail", "none yet"),
        ("invoice number", "Thank you"),
        ("name", "N/A"),
    ],
)
def test_what_can_not_be_the_field_is_left(name: str, text: str) -> None:
    with pytest.raises(UnclearError):
        parse(text, FieldSpec(name=name, kind="text", words=(name,)), Usage())
