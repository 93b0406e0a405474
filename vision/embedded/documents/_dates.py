"""Dates and times as documents write them, in English and Chinese."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime, time
from typing import Final

from deixis.vision.embedded.documents._numbers import chinese_number
from deixis.vision.embedded.documents._outcomes import UnclearError

_MONTHS: Final = {
    name: number
    for number, names in enumerate(
        "january february march april may june july august september october november "
        "december".split(),
        start=1,
    )
    for name in {names, names[:3], names[:4]}
}
_DAY = r"(?P<d>\d{1,2})(?:st|nd|rd|th)?"
_MONTH = r"(?P<b>[A-Za-z]{3,9})\.?"
_YEAR = r"(?P<y>\d{4})"
_SEP = r"[\s,./'’-]*"
_NAMED = (
    re.compile(rf"{_DAY}{_SEP}(?:of\s+)?{_MONTH}{_SEP}(?P<y>\d{{4}}|\d{{2}})", re.IGNORECASE),
    re.compile(rf"{_MONTH}{_SEP}{_DAY}[\s,./'’-]+(?P<y>\d{{4}}|\d{{2}})", re.IGNORECASE),
    re.compile(rf"{_YEAR}{_SEP}{_MONTH}{_SEP}{_DAY}", re.IGNORECASE),
)
_YMD = re.compile(
    rf"{_YEAR}\s?(?:年\s?(?P<m>\d{{1,2}})\s?月\s?(?P<d>\d{{1,2}})\s?[日号]?"
    rf"|(?P<s>[-/.])\s?(?P<m2>\d{{1,2}})\s?(?P=s)\s?(?P<d2>\d{{1,2}}))"
)
_PLAIN = re.compile(r"(?P<y>(?:19|20)\d{2})(?P<m>\d{2})(?P<d>\d{2})")
_SLASHED = re.compile(
    r"(?P<a>\d{1,2})\s?(?P<s>[/.-])\s?(?P<b>\d{1,2})\s?(?P=s)\s?(?P<y>\d{4}|\d{2})"
)
_WORDS = re.compile(
    r"(?P<y>[〇零○一二三四五六七八九]{4})年(?P<m>[一二三四五六七八九十]{1,2})月(?P<d>[一二三四五六七八九十]{1,3})[日号]"
)
_TIME = re.compile(
    r"(?P<half>上午|下午|早上|中午|晚上|凌晨)?\s*(?P<h>\d{1,2})(?:[:：.](?P<m>\d{2})(?:[:：](?P<s>\d{2}))?"
    r"|[时点](?:(?P<m2>\d{1,2})分?)?)\s*(?P<ampm>[ap]\.?m\.?)?(?:\s?(?:hrs?|h|uhr))?",
    re.IGNORECASE,
)
_WEEKDAY = re.compile(
    r"[(（]?(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\b\.?|(?:星期|周|礼拜)[一二三四五六日天])[)）]?,?",
    re.IGNORECASE,
)
_LATE: Final = ("下午", "晚上")


def day_first(texts: Iterable[str]) -> bool | None:
    """Whether a document writes 25/12/2026 rather than 12/25/2026; None where nothing tells."""
    days = months = 0
    for text in texts:
        for match in re.finditer(rf"(?<![\d/.-]){_SLASHED.pattern}(?![\d/.-])", text):
            a, b = int(match["a"]), int(match["b"])
            if len(match["y"]) == 4:
                days += 12 < a <= 31 and b <= 12
                months += 12 < b <= 31 and a <= 12
    return None if bool(days) == bool(months) else bool(days)


def date_in(text: str, *, day_leads: bool | None = None) -> date:
    """The one day that a text is; a time beside it is left aside.

    Args:
        text: As written.
        day_leads: Whether the document writes days before months, where that is known.

    Raises:
        UnclearError: It is none, or could be several: 11/03/2026.
    """
    return _date_and_rest(text, day_leads)[0]


def datetime_in(text: str, *, day_leads: bool | None = None) -> datetime:
    """The one moment that a text is.

    Raises:
        UnclearError: It is none, has no time, or could be several.
    """
    day, rest = _date_and_rest(text, day_leads)
    if not rest:
        raise UnclearError(f"{text!r} is a day without a time")
    return datetime.combine(day, time_in(rest))


def time_in(text: str) -> time:
    """The one time of day that a text is.

    Raises:
        UnclearError: It is none.
    """
    match = _TIME.fullmatch(text.strip())
    if match is None:
        raise UnclearError(f"{text!r} is no time")
    hour = int(match["h"])
    half = (match["ampm"] or "").lower()[:1]
    if (half == "p" or match["half"] in _LATE) and hour < 12:
        hour += 12
    elif (half == "a" or match["half"] == "凌晨") and hour == 12:
        hour = 0
    try:
        return time(hour, int(match["m"] or match["m2"] or 0), int(match["s"] or 0))
    except ValueError:
        raise UnclearError(f"{text!r} is no time of a day") from None


def _date_and_rest(text: str, day_leads: bool | None) -> tuple[date, str]:
    bare = " ".join(_WEEKDAY.sub(" ", text.strip().strip(",.。，;；")).split())
    for pattern in (_YMD, *_NAMED, _WORDS, _SLASHED, _PLAIN):
        match = pattern.match(bare)
        if match is None:
            continue
        rest = bare[match.end() :].lstrip(" ,，T")
        if rest and not (_TIME.fullmatch(rest) and bare[match.end()] not in "0123456789"):
            continue
        return _day(match, pattern, text, day_leads), rest
    raise UnclearError(f"{text!r} is no date")


def _day(match: re.Match[str], pattern: re.Pattern[str], text: str, day_leads: bool | None) -> date:
    try:
        if pattern is _YMD:
            return date(
                int(match["y"]), int(match["m"] or match["m2"]), int(match["d"] or match["d2"])
            )
        if pattern is _WORDS:
            return date(*(chinese_number(match[name]) for name in "ymd"))
        if pattern is _PLAIN:
            return date(int(match["y"]), int(match["m"]), int(match["d"]))
        if pattern is _SLASHED:
            return _slashed(match, text, day_leads)
        month = _MONTHS.get(match["b"].lower())
        if month is None:
            raise UnclearError(f"{text!r} is no date")
        return date(_year(match["y"]), month, int(match["d"]))
    except ValueError:
        raise UnclearError(f"{text!r} is no day of the calendar") from None


def _slashed(match: re.Match[str], text: str, day_leads: bool | None) -> date:
    a, b = int(match["a"]), int(match["b"])
    if len(match["y"]) == 4 and (a > 12 or b > 12 or a == b):
        day_leads = a > 12 if a != b else True
    if day_leads is None:
        raise UnclearError(f"{text!r} could be two days: nothing else here tells which")
    day, month = (a, b) if day_leads else (b, a)
    return date(_year(match["y"]), month, day)


def _year(digits: str) -> int:
    """A year; of two digits as POSIX has it, 69 to 99 being the last century's."""
    year = int(digits)
    return year if len(digits) == 4 else year + (1900 if year >= 69 else 2000)
