"""Numbers and sums as documents write them: 1,234.50, 1.234,50, ¥12, 35岁, 贰佰元整."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from deixis.vision.embedded.documents._outcomes import UnclearError

_CURRENCY = (
    r"(?:[A-Z]{2,3}\s?\$|[¥￥$€£₩₹฿]|RMB|CNY|USD|EUR|GBP|JPY|HKD|SGD|AUD|CAD|CHF|INR|人民币|美元"
    r"|Rs\.?|kr\.?)"
)
_FIGURE = r"\d(?:[\d.,]|['’\u00a0 ](?=\d{3}(?!\d)))*"
_WRITTEN = re.compile(
    rf"\s*(?:[x×@约]\s*)?(?P<open>\()?\s*(?P<minus>[-−–])?\s*(?P<money>{_CURRENCY})?\s*[:：]?\s*"
    rf"(?P<minus2>[-−–])?\s*(?P<figure>{_FIGURE})(?P<scale>[万亿])?\s*(?P<close>\))?\s*"
    rf"(?P<unit>%|(?:{_CURRENCY}|[A-Za-z°℃μ\u3400-\u9fff][A-Za-z/²³.\u3400-\u9fff]*)"
    rf"(?:\s[A-Za-z]+)?)?[\s.,;。；*]*",
    re.IGNORECASE,
)
_PERCENT = re.compile(r"@?\s*\(?\d+(?:[.,]\d+)?\s*%\)?")
_ENGLISH = re.compile(r"(?:[1-9]\d{0,2}(?:,\d{3})+|[1-9]\d?(?:,\d{2})+,\d{3}|\d+)(?:\.\d+)?")
_CONTINENTAL = re.compile(r"(?:[1-9]\d{0,2}(?:\.\d{3})+|\d+)(?:,\d+)?")
_SPACED = re.compile(r"[1-9]\d{0,2}(?:[ '’\u00a0]\d{3})+(?:[.,]\d{1,2})?")
_CENTS = re.compile(r"(?<![\d.,/-])\d[\d.,]*[.,]\d{2}(?![\d.,/-])")
_SCALES: Final = {"万": 10_000, "亿": 100_000_000}

_DIGITS: Final = {
    char: number
    for number, chars in enumerate(
        ("零〇○", "一壹", "二贰两貳", "三叁參", "四肆", "五伍", "六陆陸", "七柒", "八捌", "九玖")
    )
    for char in chars
}
_TENS: Final = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
_GROUPS: Final = {"万": 10_000, "萬": 10_000, "亿": 100_000_000, "億": 100_000_000}
_SUM = re.compile(
    r"(?:人民币|RMB|¥|￥)?[:：]?\s*(?P<yuan>[零〇一二三四五六七八九十百千万亿两壹贰叁肆伍陆柒捌玖拾佰仟萬億貳陸]+)"
    r"(?:(?P<mark>[元圆圓])(?:(?P<jiao>[零一二三四五六七八九壹贰叁肆伍陆柒捌玖])角)?零?"
    r"(?:(?P<fen>[零一二三四五六七八九壹贰叁肆伍陆柒捌玖])分)?)?[整正]?"
)


def decimal_comma(texts: Iterable[str]) -> bool | None:
    """Whether a document writes 12,50 rather than 12.50; None where nothing tells."""
    commas = points = 0
    for text in texts:
        for match in _CENTS.finditer(text):
            figure = match.group()
            commas += figure[-3] == "," and _CONTINENTAL.fullmatch(figure) is not None
            points += figure[-3] == "." and _ENGLISH.fullmatch(figure) is not None
    return None if bool(commas) == bool(points) else bool(commas)


def number_in(text: str, *, comma: bool | None = None) -> Decimal:
    """The one number that a text is, with its currency or unit.

    Args:
        text: As written.
        comma: Whether the document's decimals have a comma; None where that isn't known.

    Raises:
        UnclearError: It is none, or could be several.
    """
    match = _WRITTEN.fullmatch(text)
    if match is None:
        rest = _PERCENT.sub(" ", text)
        match = _WRITTEN.fullmatch(rest) if rest.strip() and rest != text else None
    if match is None:
        return _chinese_sum(text)
    value = _value(match["figure"].rstrip(".,"), comma) * _SCALES.get(match["scale"] or "", 1)
    owed = bool(match["open"] and match["close"])
    return -value if match["minus"] or match["minus2"] or owed else value


def is_money(text: str) -> bool:
    """Whether a text is a sum as sums are written: with a currency or with cents."""
    match = _WRITTEN.fullmatch(text)
    if match is None:
        return False
    cents = re.search(r"[.,]\d{2}$", match["figure"].rstrip(".,")) is not None
    unit = match["unit"] or ""
    return cents or match["money"] is not None or unit in ("元", "圆", "円", "CNY", "RMB")


def _value(figure: str, comma: bool | None) -> Decimal:
    if _SPACED.fullmatch(figure):
        return Decimal(re.sub(r"[ '’\u00a0]", "", figure).replace(",", "."))
    english = continental = None
    if _ENGLISH.fullmatch(figure):
        english = Decimal(figure.replace(",", ""))
    if _CONTINENTAL.fullmatch(figure):
        continental = Decimal(figure.replace(".", "").replace(",", "."))
    if english is None and continental is None:
        raise UnclearError(f"{figure!r} is no number as numbers are written")
    if continental is None or english is None:
        return english if english is not None else continental or Decimal()
    if english == continental:
        return english
    if comma is None and "." in figure:
        raise UnclearError(f"{figure!r} could be a thousand or a decimal: nothing else here tells")
    return continental if comma else english


def _chinese_sum(text: str) -> Decimal:
    """A sum or number in Chinese words, as 贰佰贰拾肆元伍角整."""
    match = _SUM.fullmatch(text.replace(" ", ""))
    if match is None:
        raise UnclearError(f"{text!r} is no number")
    whole = chinese_number(match["yuan"])
    jiao, fen = (_DIGITS[match[name]] if match[name] else 0 for name in ("jiao", "fen"))
    return Decimal(whole * 100 + jiao * 10 + fen) / 100 if match["mark"] else Decimal(whole)


def chinese_number(text: str) -> int:
    """The value of a number in Chinese words or digits: 二十四, 贰仟, 二〇二六.

    Raises:
        UnclearError: A character that is no part of one.
    """
    if not text or any(c not in _DIGITS and c not in _TENS and c not in _GROUPS for c in text):
        raise UnclearError(f"{text!r} is no number")
    if all(char in _DIGITS for char in text):
        return int("".join(str(_DIGITS[char]) for char in text))
    total = group = digit = 0
    for char in text:
        if char in _DIGITS:
            digit = _DIGITS[char]
        elif char in _TENS:
            group += (digit or 1) * _TENS[char]
            digit = 0
        else:
            total += (group + digit) * _GROUPS[char]
            group = digit = 0
    return total + group + digit
