from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from deixis.vision.embedded._values import amounts_in, chinese_number, is_amount, number
from tests.vision.embedded.invented import sign_of


@pytest.mark.parametrize(
    ("figure", "value"),
    [("17,000", "17000"), ("17.000", "17000"), ("28.50", "28.5"), ("1.234,50", "1234.5")],
)
def test_thousands_and_decimals_are_told_apart(figure: str, value: str) -> None:
    assert number(figure) == Decimal(value)


@given(st.integers(0, 99_999_999), st.sampled_from([",", ".", ""]))
def test_any_way_to_part_thousands_gives_the_number(value: int, mark: str) -> None:
    assert number(f"{value:,}".replace(",", mark)) == value


@given(st.decimals(0, 100_000, places=2))
def test_cents_stay_cents(value: Decimal) -> None:
    assert number(f"{value:,}") == value


@pytest.mark.parametrize(
    ("text", "value"),
    [("六", 6), ("十", 10), ("十六", 16), ("二十", 20), ("两百", 200), ("一百二十", 120)],
)
def test_chinese_numbers(text: str, value: int) -> None:
    assert chinese_number(text) == value


@pytest.mark.parametrize(
    ("text", "amounts"),
    [
        ("¥28", ["28"]),
        ("26元", ["26"]),
        ("128-256", []),
        ("Rp 17.000", ["17000"]),
        ("Total: $4.50", ["4.5"]),
        ("10%", []),
    ],
)
def test_amounts_on_a_line(text: str, amounts: list[str]) -> None:
    line = sign_of(text).lines[0]
    assert [amount.value for amount in amounts_in(line)] == [Decimal(a) for a in amounts]


@pytest.mark.parametrize(
    ("text", "alone"), [("¥28", True), ("6元/碗", True), ("牛肉面 18元", False)]
)
def test_a_line_that_is_only_an_amount(text: str, alone: bool) -> None:
    assert is_amount(sign_of(text).lines[0]) is alone


@example("0.000.0")
@given(st.text(st.sampled_from("0123456789.,-¥元x "), min_size=1, max_size=20))
def test_reading_amounts_never_raises(text: str) -> None:
    for line in sign_of(f"a{text}").lines:
        assert all(amount.value.is_finite() for amount in amounts_in(line))
