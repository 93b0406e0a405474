"""Questions about prices: one item, several with quantities, the change from a note."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from deixis.vision.embedded._frames import word_list
from deixis.vision.embedded._menu import bought, sections
from deixis.vision.embedded._outcome import Sum
from deixis.vision.embedded._question import Question
from deixis.vision.embedded._search import Match, SignSearch
from deixis.vision.embedded._sign import Sign, SignLine
from deixis.vision.embedded._text import fold, stem
from deixis.vision.embedded._values import (
    CHINESE_DIGITS,
    Amount,
    amount_of,
    chinese_number,
    priced_lines,
)

_WORDS = {
    word: number
    for number, words in enumerate(
        ("", "one 一 a an", "two 两 二 couple", "three 三", "four 四", "five 五", "six 六",
         "seven 七", "eight 八", "nine 九", "ten 十")
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
_SPLIT = re.compile(r"\s+plus\s+|[,，、;；]|(?:加上|还有|再来|以及)")
# What may part two things, or be a part of one's name (tomato and egg noodles).
_MAY_SPLIT = re.compile(r"\s+(?:and|with)\s+|\s*&\s*|[和加跟]")
_YES_NO = re.compile(r"^(?:is|are|does|do|was|did)\b|[吗嘛]|是不是|对不对")
_CLAIM = re.compile(
    rf"[¥￥$€£]\s?(?P<a>\d+(?:\.\d+)?)|(?P<b>\d+(?:\.\d+)?|[{CHINESE_DIGITS}]+)\s?"
    r"(?:元|块钱?|yuan|rmb|dollars?|euros?)"
)
# What anything on a menu is, and so tells nothing apart.
_ANYTHING = frozenset(
    "dish item thing food meal menu option product one price 菜 东西 菜品 商品 的".split()
)
_NOISE = re.compile(
    rf"\b(?:{'|'.join(w.replace('_', ' ') for w in word_list('price_en'))})\b"
    rf"|{'|'.join(word_list('price_zh'))}|[?？。.!！]"
)
_CHANGE = re.compile(
    r"(?:change|back)\b.*?\b(?:from|for|of|with)\b\D{0,12}(\d+)"
    r"|(?:pay|paid|paying) with \D{0,8}(\d+).*\b(?:change|back)"
    r"|(?:给|付|用|拿)\s*(\d+)\s*[元块]?.*找"
)
_SHARE = re.compile(
    rf"(?:split|share|divided?|each)\D*?(\d+|{_EN_COUNT})\s*(?:ways|people|persons|of us|friends)?"
    rf"|(\d+|{_ZH_COUNT})个?人(?:平分|分|AA|aa)"
)
_SUPERLATIVE = re.compile(r"(cheapest|lowest|最便宜)|(most expensive|dearest|highest|最贵)")
_TOTALS = ("grand-total", "total", "amount-due", "subtotal")
_SETTLED = (
    *_TOTALS,
    *"tax vat service-charge discount cash change-due card-payment amount-paid tip".split(),
)


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
        claimed: Whether the price that the question claims is the right one.
        sum: The arithmetic to be done, where there is any.
    """

    items: tuple[Item, ...] = ()
    missing: tuple[str, ...] = ()
    claimed: bool | None = None
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
            rest = _words(_SUPERLATIVE.sub(" ", folded), None)
            return self._extreme(rest, signs, cheapest=extreme[1] is not None)
        change, share = _CHANGE.search(folded), _SHARE.search(folded)
        claim = _CLAIM.search(folded) if _YES_NO.search(folded) and not change else None
        asked = folded
        for found in (share, claim):
            asked = asked.replace(found.group(), " ") if found else asked
        asked = asked.replace("change", " ") if change else asked
        items: list[Item] = []
        missing: list[str] = []
        for clause in _SPLIT.split(asked):
            for words, count in self._things(clause, change, signs):
                item = self._item(words, count, signs)
                if item:
                    items.append(item)
                else:
                    missing.append(words)
        if not items and not missing:
            items = self._total(signs)
        paid = next((g for g in change.groups() if g), None) if change else None
        among = next((g for g in share.groups() if g), None) if share else None
        return Bill(
            items=tuple(items),
            missing=tuple(missing),
            claimed=_holds(claim, items) if claim else None,
            sum=None if claim else _sum(items, paid=paid, among=among),
        )

    def _things(
        self, clause: str, change: re.Match[str] | None, signs: Sequence[Sign]
    ) -> Iterator[tuple[str, int]]:
        """The things a clause names, with how many; parted at «and» only where that makes sense."""
        cuts = [match.span() for match in _MAY_SPLIT.finditer(clause)]
        starts = [0, *(end for _, end in cuts)]
        ends = [*(start for start, _ in cuts), len(clause)]
        at = 0
        while at < len(starts):
            last = next(
                (
                    stop
                    for stop in range(len(starts) - 1, at, -1)
                    if not any(_COUNT.search(f"{clause[starts[n] : ends[n]]} ")
                               for n in range(at + 1, stop + 1))
                    and self._is_one(_words(clause[starts[at] : ends[stop]], change), signs)
                ),
                at,
            )  # fmt: skip
            piece = clause[starts[at] : ends[last]]
            if words := _words(piece, change):
                yield words, _count(piece)
            at = last + 1

    def _is_one(self, words: str, signs: Sequence[Sign]) -> bool:
        """Whether words that hold an «and» are one thing's name on a sign."""
        found = self._search.find(Question(text=words), signs).matches
        exact = bool(found) and found[0].tier == "literal" and found[0].surety >= 0.95
        return exact or self._search.is_one_name(words)

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

    def _extreme(self, words: str, signs: Sequence[Sign], *, cheapest: bool) -> Bill:
        """The cheapest or dearest of all, or of the kind that is named."""
        pick = min if cheapest else max
        kind = " ".join(word for word in words.split() if stem(word) not in _ANYTHING)
        priced = [
            Item(match=written(sign, line), amount=amount)
            for sign in signs
            for line, amount in priced_lines(sign)
        ]
        if kind:
            matches = self._search.find(Question(text=kind), signs).matches
            priced = self.of_kind(matches)
            if not priced:
                return Bill(missing=(kind,))
        if not priced:
            return Bill()
        return Bill(items=(pick(priced, key=lambda item: item.amount.value),))

    def of_kind(self, matches: Sequence[Match]) -> list[Item]:
        """What is priced of what was found: the lines under a heading, or the lines themselves."""
        items: list[Item] = []
        for match in matches:
            under = [
                Item(match=written(match.sign, line), amount=amount)
                for section in sections(match.sign)
                if any(heading is match.line for heading in section.headings)
                for line, amount in section.items
            ]
            own = None if under else amount_of(match.sign, match.line)
            items += under or ([Item(match=match, amount=own)] if own else [])
        return list({(i.match.sign.image, i.amount.line.at.index): i for i in items}.values())

    def bought(self, signs: Sequence[Sign]) -> list[Item]:
        """The goods on receipts."""
        items: list[Item] = []
        for sign in signs:
            settled = [
                match.line for name in _SETTLED for match in self._search.lines_of(name, [sign])
            ]
            items += [
                Item(match=written(sign, line), amount=amount)
                for line, amount in bought(sign, settled)
            ]
        return items


def written(sign: Sign, line: SignLine) -> Match:
    """A line as a match for itself."""
    return Match(line=line, sign=sign, entry=None, surety=1.0, tier="literal")


def _holds(claim: re.Match[str], items: Sequence[Item]) -> bool:
    said = claim["a"] or claim["b"]
    value = Decimal(said) if said[0].isdecimal() else Decimal(chinese_number(said))
    return any(item.amount.value == value for item in items)


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
