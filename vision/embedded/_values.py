"""Amounts on receipts and price lists, and which line each belongs to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from deixis.vision.embedded._sign import Sign, SignLine

_CURRENCY = r"(?:[¥￥$€£₩฿]|RMB|CNY|Rp\.?|IDR|NT\$|HK\$|US\$|人民币)"
_UNIT = r"(?:元|块|円|圆|CNY|RMB|IDR)"
_FIGURE = r"\d{1,3}(?:[.,]\d{3})+(?:[.,]\d{1,2})?|\d+(?:[.,]\d{1,2})?"
_AMOUNT = re.compile(
    rf"(?P<money>{_CURRENCY})?\s*(?<![\d\-–~至])(?P<figure>-?(?:{_FIGURE}))"
    rf"(?![\d%]|\s?[-–~至]\s?\d)\s*(?P<unit>{_UNIT})?",
    re.IGNORECASE,
)
_ONLY_AMOUNT = re.compile(
    rf"\s*(?:[x×*@]\s*)?(?:{_CURRENCY})?\s*-?(?:{_FIGURE})\s*(?:{_UNIT})?"
    r"\s*(?:[/／]?\s*[份碗杯个只瓶盘斤位例笼串壶]|起)?\s*[.:]?\s*",
    re.IGNORECASE,
)
_THOUSAND = 3  # digits behind a separator that parts thousands
_LEADER = re.compile(r"[.．…·_\-—]{2,}")

CHINESE_DIGITS = "零一二三四五六七八九十百两"
_ZH_UNITS = {"十": 10, "百": 100}


@dataclass(frozen=True, kw_only=True)
class Amount:
    """A sum or count as written, and its value.

    Attributes:
        text: As the sign writes it, currency included.
        value: The number.
        line: The line it stands on.
    """

    text: str
    value: Decimal
    line: SignLine


def number(figure: str) -> Decimal:
    """The value of a written figure: `17,000`, `17.000` and `17000` are one, `28.50` isn't."""
    *whole, last = re.split(r"[.,]", figure)
    cents = bool(whole) and len(last) < _THOUSAND
    plain = "".join(whole) + ("." if cents else "") + last
    try:
        return Decimal(plain)
    except InvalidOperation as error:  # a figure the pattern can't give
        raise ValueError(f"not a figure: {figure!r}") from error


def chinese_number(text: str) -> int:
    """The value of a number written in Chinese, below a thousand: `十六`, `一百二十`.

    Raises:
        ValueError: A character that is no digit.
    """
    total, digit = 0, 0
    for char in text:
        if char in _ZH_UNITS:
            total += max(digit, 1) * _ZH_UNITS[char]
            digit = 0
        else:
            digit = CHINESE_DIGITS.index(char) if char != "两" else 2
    return total + digit


def is_amount(line: SignLine) -> bool:
    """Whether a line is an amount and nothing else."""
    return _ONLY_AMOUNT.fullmatch(line.text) is not None


def amounts_in(line: SignLine) -> list[Amount]:
    """The amounts written on a line, from left to right."""
    return [
        Amount(text=match.group().strip(), value=number(match["figure"]), line=line)
        for match in _AMOUNT.finditer(_LEADER.sub("  ", line.text))
    ]


def amount_of(sign: Sign, line: SignLine) -> Amount | None:
    """The amount that belongs to a line: on it, beside it at the right, or on the row below."""
    if is_amount(line):
        return None
    own = amounts_in(line)
    if own and _ends_in_amount(line, own[-1]):
        return own[-1]
    return _to_the_right(sign, line) or _on_next_row(sign, line)


def _ends_in_amount(line: SignLine, last: Amount) -> bool:
    """A price stands at the end of its line; a number elsewhere belongs to the name."""
    return line.text.rstrip(" .:)）/份碗杯个只瓶盘斤位例").endswith(last.text.rstrip(" .")) and (
        not last.text.isdigit() or ":" in line.text or "：" in line.text or len(last.text) > 1
    )


def _to_the_right(sign: Sign, line: SignLine) -> Amount | None:
    at = line.at
    beside = [
        other
        for other in sign.lines
        if other is not line
        and other.at.u1 > at.u
        and abs(other.at.v - at.v) < 0.9 * max(other.at.height, at.height)
    ]
    nearest = min(
        (o for o in beside if is_amount(o)), key=lambda o: abs(o.at.v - at.v), default=None
    )
    if nearest is None:
        return None
    last: SignLine | None = None
    for other in sorted(beside, key=lambda o: o.at.u1):
        if is_amount(other):
            if abs(other.at.v - nearest.at.v) < 0.6 * nearest.at.height:
                last = other
        elif last is not None or other.at.u1 > nearest.at.u2:
            break
        elif other.at.same_row(at) and other.at.u1 < nearest.at.u1 and not _aside(other, line):
            return None
    return amounts_in(last)[-1] if last else None


def _aside(other: SignLine, line: SignLine) -> bool:
    """Whether a piece of text between a name and its amount only says the name again."""
    scripts = {segment.han for segment in line.segments}
    return {segment.han for segment in other.segments}.isdisjoint(scripts)


def _on_next_row(sign: Sign, line: SignLine) -> Amount | None:
    below = [
        row for row in sign.rows if min(o.at.v for o in row) > line.at.v + 0.5 * line.at.height
    ]
    if not below or any(not is_amount(other) for other in below[0]):
        return None
    if below[0][0].at.v - line.at.v > 2.5 * line.at.height:
        return None
    return amounts_in(below[0][-1])[-1]


def priced_lines(sign: Sign) -> Iterator[tuple[SignLine, Amount]]:
    """Each line that has an amount of its own, with it; names said twice give it once."""
    taken: set[int] = set()
    for line in sign.lines:
        amount = None if is_amount(line) else amount_of(sign, line)
        if amount is not None and amount.line.at.index not in taken:
            taken.add(amount.line.at.index)
            yield line, amount


@dataclass(frozen=True, kw_only=True)
class FormValue:
    """What is filled in beside a form's label.

    Attributes:
        text: As written.
        line: The line it stands on.
    """

    text: str
    line: SignLine


def form_value(sign: Sign, line: SignLine) -> FormValue | None:
    """What stands beside a label at the right, when the page is a form: labels led by values.

    On a sign a neighbour at the right is another entry, so a form is told by its having
    something beside most of the lines that begin its rows.
    """
    rows = [row for row in sign.rows if len(row) > 1]
    led = [row for row in rows if row[0].at.u1 < line.at.u2 and len(row) in (2, 4)]
    if len(led) < 4 or len(led) < 0.6 * len(rows):
        return None
    row = next((row for row in led if line in row), None)
    if row is None or row.index(line) % 2:
        return None
    value = row[row.index(line) + 1]
    return FormValue(text=value.text, line=value)
