"""Questions about prices: one item, several with quantities, the change from a note."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from deixis.vision.embedded._outcome import Sum
from deixis.vision.embedded._question import Question
from deixis.vision.embedded._search import Match, SignSearch
from deixis.vision.embedded._sign import Sign
from deixis.vision.embedded._text import fold
from deixis.vision.embedded._values import Amount, amount_of, priced_lines

_WORDS = {
    word: number
    for number, words in enumerate(
        ("", "one 一 a an", "two 两 二 couple", "three 三", "four 四", "five 五", "six 六", "seven 七",
         "eight 八", "nine 九", "ten 十")
    )
    for word in words.split()
}  # fmt: skip
_EN_COUNT = "|".join(word for word in _WORDS if word.isascii())
_ZH_COUNT = "|".join(word for word in _WORDS if not word.isascii())
_MEASURE = "碗份杯个瓶盘斤只位张笼串壶碟例听罐件"
_COUNT = re.compile(
    rf"(?<![\w.¥￥$])(?P<n>\d{{1,3}}|{_EN_COUNT})(?=\s)(?!\s*(?:yuan|rmb|people|persons|of us))"
    rf"|(?P<z>\d{{1,3}}|{_ZH_COUNT})\s*[{_MEASURE}]"
)
_SPLIT = re.compile(r"\s+(?:and|plus|with)\s+|[,，、;；]|\s*&\s*|(?:和|加上|加|还有|跟|再来|以及)")
_NOISE = re.compile(
    r"\b(?:how much|how expensive|what(?:'s| is)|would|will|do|does|is|are|was|were|it|the|prices?|of|for"
    r"|costs?|pay|paid|total|altogether|together|in all|all together|sum|bowls?|cups?|glass(?:es)?|plates?"
    r"|bottles?|portions?|orders?|servings?|pieces?|i|we|to|buy|bought|order|get|have|if|me|my|us|please|each|come|"
    r"bill|given|back|from|out|rmb|yuan|you|they|charge|charged|much)\b|多少钱|多少|价格|价钱|一共|总共|要|买|点|来"
    r"|我|花|付|给|吃|喝|是|了|的|吗|呢|怎么卖|几块|钱|[?？。.!！]"
)
_CHANGE = re.compile(
    r"(?:change|back)\b.*?\b(?:from|for|of|with)\b\D{0,12}(\d+)|(?:pay|paid|paying) with \D{0,8}(\d+)"
    r".*\b(?:change|back)|(?:给|付|用|拿)\s*(\d+)\s*[元块]?.*找"
)
_SHARE = re.compile(
    rf"(?:split|share|divided?|each)\D*?(\d+|{_EN_COUNT})\s*(?:ways|people|persons|of us|friends)?"
    rf"|(\d+|{_ZH_COUNT})个?人(?:平分|分|AA|aa)"
)
_SUPERLATIVE = re.compile(r"(cheapest|lowest|最便宜)|(most expensive|dearest|highest|最贵)")
_TOTALS = ("grand-total", "total", "amount-due", "subtotal")


@dataclass(frozen=True, kw_only=True)
class Item:
    """Something with a price, and how many of it."""

    match: Match
    amount: Amount
    count: int = 1


@dataclass(frozen=True, kw_only=True)
class Bill:
    """What a price question is about.

    Attributes:
        items: What was found, with prices.
        missing: The asker's words for what wasn't.
        sum: The arithmetic to be done, where there is any.
    """

    items: tuple[Item, ...] = ()
    missing: tuple[str, ...] = ()
    sum: Sum | None = None


class Pricing:
    """Finds prices on signs.

    Args:
        search: Finds the lines that name a thing.
    """

    def __init__(self, search: SignSearch) -> None:
        self._search = search

    def bill(self, question: Question, signs: Sequence[Sign]) -> Bill:
        """The items a question asks the price of."""
        folded = fold(question.text)
        if extreme := _SUPERLATIVE.search(folded):
            return self._extreme(signs, cheapest=extreme[1] is not None)
        change, share = _CHANGE.search(folded), _SHARE.search(folded)
        asked = _SHARE.sub(" ", folded) if share else folded
        asked = asked.replace("change", " ") if change else asked
        items: list[Item] = []
        missing: list[str] = []
        for clause in _SPLIT.split(asked):
            words = _words(clause, change)
            if not words:
                continue
            item = self._item(words, _count(clause), signs)
            if item:
                items.append(item)
            else:
                missing.append(words)
        if not items and not missing:
            items = self._total(signs)
        paid = next((g for g in change.groups() if g), None) if change else None
        among = next((g for g in share.groups() if g), None) if share else None
        return Bill(
            items=tuple(items), missing=tuple(missing), sum=_sum(items, paid=paid, among=among)
        )

    def _item(self, words: str, count: int, signs: Sequence[Sign]) -> Item | None:
        found = self._search.find(Question(text=words), signs)
        for match in found.matches:
            if amount := amount_of(match.sign, match.line):
                return Item(match=match, amount=amount, count=count)
        return None

    def _total(self, signs: Sequence[Sign]) -> list[Item]:
        for entry in _TOTALS:
            for match in self._search.lines_of(entry, signs):
                if amount := amount_of(match.sign, match.line):
                    return [Item(match=match, amount=amount)]
        return []

    def _extreme(self, signs: Sequence[Sign], *, cheapest: bool) -> Bill:
        priced = [(sign, line, amount) for sign in signs for line, amount in priced_lines(sign)]
        if not priced:
            return Bill()
        pick = min if cheapest else max
        sign, line, amount = pick(priced, key=lambda item: item[2].value)
        match = Match(line=line, sign=sign, entry=None, surety=1.0, tier="literal")
        return Bill(items=(Item(match=match, amount=amount),))


def _words(clause: str, change: re.Match[str] | None) -> str:
    """What a clause names, without counts and the words of price questions."""
    plain = _COUNT.sub(" ", f"{clause} ")
    if change:
        plain = re.sub(r"\d+", " ", plain)
    return " ".join(_NOISE.sub(" ", plain).split())


def _count(clause: str) -> int:
    match = _COUNT.search(f"{clause} ")
    if match is None:
        return 1
    said = match["n"] or match["z"]
    return int(said) if said.isdigit() else _WORDS[said]


def _sum(items: Sequence[Item], *, paid: str | None, among: str | None) -> Sum | None:
    if not items or not (len(items) > 1 or items[0].count > 1 or paid or among):
        return None
    parts = [
        f"{item.count}*{_plain(item.amount.value)}" if item.count > 1 else _plain(item.amount.value)
        for item in items
    ]
    expression = " + ".join(parts)
    if paid:
        expression = f"{paid} - ({expression})" if len(parts) > 1 else f"{paid} - {expression}"
    if among:
        heads = among if among.isdigit() else str(_WORDS[among])
        expression = f"({expression}) / {heads}" if len(parts) > 1 else f"{expression} / {heads}"
    return Sum(expression=expression, unit=_unit(items[0].amount))


def _plain(value: Decimal) -> str:
    return format(value.normalize(), "f")


def _unit(amount: Amount) -> str:
    return "".join(c for c in amount.text if not c.isdigit() and c not in ".,- ")
