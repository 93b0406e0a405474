"""Exact arithmetic, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction

from deixis.tools._tool import tool
from deixis.vision import ToolError

_LONGEST = 200
_GREATEST_POWER = 64
_MOST_BITS = 4096
_PLACES = 12
_TOKEN = re.compile(r"\s*((?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?|\*\*|[-+*/%()])", re.ASCII)
# Full-width digits and signs, as Chinese receipts print them, and those of typographers.
_PLAIN = str.maketrans(
    {**{code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}, "×": "*", "÷": "/", "−": "-"}
)


@tool
def calculate(expression: str) -> str:
    """Works out an arithmetic expression exactly, such as `2*28 + 10` or `(17.50 + 3) / 2`.

    Args:
        expression: Numbers with + - * / % ** and brackets. Thousands without separators.
    """
    return evaluate(expression)


def evaluate(expression: str) -> str:
    """The value of an arithmetic expression, in plain notation, at most 12 decimal places.

    Raises:
        ToolError: It isn't one, is too long, or divides by zero.
    """
    if len(expression) > _LONGEST:
        raise ToolError(f"the expression is over {_LONGEST} characters: work it out in parts")
    tokens = _tokens(expression)
    try:
        value = _Parser(tokens, expression).value()
    except ZeroDivisionError:
        raise ToolError(f"{expression[:60]!r} has no value: it divides by zero") from None
    return _plain(value)


def _tokens(expression: str) -> list[str]:
    plain = expression.translate(_PLAIN).strip()
    tokens: list[str] = []
    at = 0
    while at < len(plain):
        found = _TOKEN.match(plain, at)
        if found is None:
            raise _no_arithmetic(expression)
        tokens.append(found[1])
        at = found.end()
    return tokens


def _no_arithmetic(expression: str) -> ToolError:
    return ToolError(
        f"{expression[:60]!r} is no arithmetic: use numbers, + - * / % ** and brackets"
    )


class _Parser:
    """By recursive descent; 200 characters can't nest deeper than Python's stack."""

    def __init__(self, tokens: Sequence[str], expression: str) -> None:
        self._tokens = [*tokens, ""]
        self._expression = expression
        self._at = 0

    def value(self) -> Fraction:
        value = self._sum()
        if self._next:
            raise _no_arithmetic(self._expression)
        return value

    @property
    def _next(self) -> str:
        return self._tokens[self._at]

    def _take(self, *wanted: str) -> str:
        token = self._next
        if token not in wanted:
            return ""
        self._at += 1
        return token

    def _sum(self) -> Fraction:
        value = self._product()
        while sign := self._take("+", "-"):
            other = self._product()
            value = _bounded(value + other if sign == "+" else value - other)
        return value

    def _product(self) -> Fraction:
        value = self._signed()
        while sign := self._take("*", "/", "%"):
            other = self._signed()
            if sign == "*":
                value = _bounded(value * other)
            else:
                value = _bounded(value / other if sign == "/" else value % other)
        return value

    def _signed(self) -> Fraction:
        """Signs bind weaker than powers: -2**2 is -4."""
        sign = self._take("+", "-")
        if not sign:
            return self._power()
        value = self._signed()
        return -value if sign == "-" else value

    def _power(self) -> Fraction:
        base = self._atom()
        if not self._take("**"):
            return base
        exponent = self._signed()
        if exponent.denominator != 1 or abs(exponent) > _GREATEST_POWER:
            raise ToolError(f"powers go up to {_GREATEST_POWER}, in whole numbers")
        if _bits(base) * abs(exponent.numerator) > 2 * _MOST_BITS:
            raise _too_large()
        return _bounded(base**exponent.numerator)

    def _atom(self) -> Fraction:
        if self._take("("):
            value = self._sum()
            if not self._take(")"):
                raise _no_arithmetic(self._expression)
            return value
        token = self._next
        if not token or token[0] not in "0123456789.":
            raise _no_arithmetic(self._expression)
        self._at += 1
        return _bounded(Fraction(token))


def _bits(value: Fraction) -> int:
    return max(value.numerator.bit_length(), value.denominator.bit_length())


def _bounded(value: Fraction) -> Fraction:
    if _bits(value) > _MOST_BITS:
        raise _too_large()
    return value


def _too_large() -> ToolError:
    return ToolError("the numbers grow too large or too small: work with smaller ones")


def _plain(value: Fraction) -> str:
    """Without an exponent, rounded half to even after 12 places."""
    scaled = round(value * 10**_PLACES)
    digits = str(abs(scaled)).rjust(_PLACES + 1, "0")
    whole, part = digits[:-_PLACES], digits[-_PLACES:].rstrip("0")
    sign = "-" if scaled < 0 else ""
    return f"{sign}{whole}.{part}" if part else f"{sign}{whole}"
