from __future__ import annotations

from contextlib import suppress
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deixis.tools import calculate, evaluate
from deixis.vision import ToolError


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("2*28 + 10", "66"),
        ("(17.50 + 3) / 2", "10.25"),
        ("0.1 + 0.2", "0.3"),
        ("1/3*3", "1"),
        ("1/3", "0.333333333333"),
        ("2/3", "0.666666666667"),
        ("-2**2", "-4"),
        ("2**-2", "0.25"),
        ("2**3**2", "512"),
        ("10 - 4 - 3", "3"),
        ("7 % 4", "3"),
        ("12 ÷ 4 × 3", "9"),
        ("２８＋（３．５）", "31.5"),
        ("1e3 + .5", "1000.5"),
        ("123456789012345678901234567890 + 1", "123456789012345678901234567891"),
        ("17.123456789012", "17.123456789012"),
        ("-0.0000000000001", "0"),
        (" 5 ", "5"),
    ],
)
def test_a_value_is_exact_and_in_plain_notation(expression: str, value: str) -> None:
    assert evaluate(expression) == value


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "   ",
        "two",
        "__import__('os').system('true')",
        "().__class__",
        "nan",
        "inf",
        "1,200",
        "2 +",
        "(1",
        "1)",
        "2(3)",
        "1 if 2 else 3",
        "1or 2",
        "0x10",
        "1_000",
        "3j",
        "$5",
        "2 ** 2 **",
        "٣ + 1",
    ],
)
def test_what_is_no_arithmetic_is_told_so(expression: str) -> None:
    with pytest.raises(ToolError, match="is no arithmetic: use numbers"):
        evaluate(expression)


@pytest.mark.parametrize("expression", ["1/0", "5 % 0", "0**-1", "1/(2-2)"])
def test_division_by_zero_has_no_value(expression: str) -> None:
    with pytest.raises(ToolError, match="divides by zero"):
        evaluate(expression)


@pytest.mark.parametrize("expression", ["9**9**9", "2**0.5", "2**65", "2**-65"])
def test_powers_are_bounded(expression: str) -> None:
    with pytest.raises(ToolError, match="powers go up to 64, in whole numbers"):
        evaluate(expression)


@pytest.mark.parametrize(
    "expression", ["((9**64)**64)**64", "1e999*1e999", "9**64" + "*9**64" * 30]
)
def test_numbers_that_grow_without_bound_are_stopped(expression: str) -> None:
    with pytest.raises(ToolError, match="too large"):
        evaluate(expression)


def test_deep_brackets_are_worked_out() -> None:
    assert evaluate("(" * 99 + "7" + ")" * 99) == "7"


def test_many_signs_are_worked_out() -> None:
    assert evaluate("-" * 198 + "1") == "1"


def test_a_long_expression_is_refused() -> None:
    with pytest.raises(ToolError, match="over 200 characters"):
        evaluate("1+" * 100 + "1")


def test_the_tool_gives_the_value() -> None:
    assert calculate("2*28 + 10") == "66"


NUMBERS = st.decimals(
    min_value=0, max_value=10**6, places=2, allow_nan=False, allow_infinity=False
).map(str)
SUMS = st.recursive(
    NUMBERS,
    lambda inner: st.tuples(inner, st.sampled_from(["+", "-", "*"]), inner).map(
        lambda parts: f"({parts[0]} {parts[1]} {parts[2]})"
    ),
    max_leaves=6,
)


@given(SUMS)
def test_any_sum_is_what_fractions_say(expression: str) -> None:
    told: Fraction = eval(_in_fractions(expression), {"F": Fraction})
    assert abs(Fraction(evaluate(expression)) - told) <= Fraction(1, 2 * 10**12)


def _in_fractions(expression: str) -> str:
    words = expression.replace("(", "( ").replace(")", " )").split()
    return " ".join(f"F('{word}')" if word[0].isdigit() else word for word in words)


@given(st.text(max_size=210))
def test_no_input_does_anything_but_a_value_or_a_tool_error(expression: str) -> None:
    with suppress(ToolError):
        assert Fraction(evaluate(expression)) is not None


@given(st.text(alphabet="0123456789.+-*/%() e", max_size=40))
def test_no_arithmetic_like_input_does_either(expression: str) -> None:
    with suppress(ToolError):
        assert Fraction(evaluate(expression)) is not None
