"""Menus, price lists and receipts: headings and their items, what was bought, the currency."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from deixis.vision.embedded._sign import Sign, SignLine
from deixis.vision.embedded._values import Amount, amount_of, is_amount, priced_lines

_CURRENCIES: Mapping[str, str] = {
    r"[¥￥]|rmb|cny|人民币|[元块]": "Chinese yuan (CNY)",
    r"nt\$|新台币|新臺幣": "New Taiwan dollars (TWD)",
    r"hk\$|港币|港幣": "Hong Kong dollars (HKD)",
    r"\brp\b|idr": "Indonesian rupiah (IDR)",
    r"us\$|usd": "US dollars (USD)",
    r"€|eur\b": "euros (EUR)",
    r"£|gbp": "pounds sterling (GBP)",
    r"₩|krw|원": "South Korean won (KRW)",
    r"[円圓]|jpy": "Japanese yen (JPY)",
    r"฿|thb": "Thai baht (THB)",
    r"rm\s*\d|myr": "Malaysian ringgit (MYR)",
    r"\$": "dollars ($)",
}


@dataclass(frozen=True, kw_only=True)
class Section:
    """A heading of a price list with what stands under it.

    Attributes:
        headings: The heading, perhaps in two languages.
        items: The priced lines under it, each with its amount.
    """

    headings: tuple[SignLine, ...]
    items: tuple[tuple[SignLine, Amount], ...]


def sections(sign: Sign) -> list[Section]:
    """The sections of a price list, from top to bottom; empty where nothing is priced."""
    priced = list(priced_lines(sign))
    headings = _headings(sign, {amount.line.at.index for _, amount in priced})
    under: dict[int, list[tuple[SignLine, Amount]]] = {}
    for line, amount in priced:
        above = [i for i, row in enumerate(headings) if row[0].at.v < line.at.v]
        if above:
            under.setdefault(_nearest(headings, above, line), []).append((line, amount))
    return [
        Section(headings=tuple(row), items=tuple(under[number]))
        for number, row in enumerate(headings)
        if number in under
    ]


def _headings(sign: Sign, amounts: set[int]) -> list[list[SignLine]]:
    """Rows, or parts of rows, without an amount that aren't another name of a priced row."""
    found: list[list[SignLine]] = []
    for row in sign.rows:
        if any(line.at.index in amounts or is_amount(line) for line in row):
            continue
        bare = [line for line in row if amount_of(sign, line) is None]
        if len(bare) == len(row):
            found.append(row)
    return found


def _nearest(headings: Sequence[Sequence[SignLine]], above: Sequence[int], line: SignLine) -> int:
    """The heading that a line stands under: the lowest above it that reaches over it."""
    over = [i for i in above if any(h.at.overlap(line.at) > 0 for h in headings[i])]
    return max(over or above, key=lambda i: headings[i][0].at.v)


def bought(sign: Sign, settled: Sequence[SignLine]) -> Iterator[tuple[SignLine, Amount]]:
    """The lines of a receipt that are goods: priced, above the first total.

    Args:
        sign: The receipt.
        settled: Its lines that are totals, taxes and payments.
    """
    ends = min((line.at.v for line in settled), default=float("inf"))
    for line, amount in priced_lines(sign):
        if line.at.v < ends - 0.3 * line.at.height and any(c.isalpha() for c in line.text):
            yield line, amount


def currency(signs: Sequence[Sign]) -> tuple[str, SignLine, Sign] | None:
    """The money that amounts are in, with the first line that says so."""
    for pattern, name in _CURRENCIES.items():
        said = re.compile(pattern, re.IGNORECASE)
        for sign in signs:
            for line in sign.lines:
                if said.search(line.text):
                    return name, line, sign
    return None
