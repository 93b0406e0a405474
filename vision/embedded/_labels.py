"""Labels that govern other lines of a sign: floors, exits, rooms."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from deixis.vision.embedded._text import fold

LabelKind = Literal["floor", "exit"]

_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0}
_NUMBER = r"[0-9]{1,2}|[一二三四五六七八九两]?十[一二三四五六七八九]?|[零一二三四五六七八九两]"
_ENGLISH_ORDINALS = {
    word: number
    for number, word in enumerate(
        "first second third fourth fifth sixth seventh eighth ninth tenth".split(), start=1
    )
}
_ORDINAL = "|".join(_ENGLISH_ORDINALS)

# Each pattern stands for a whole label; `n` is its number. Letters are folded to lower case.
_FLOOR_FORMS = (
    rf"(?:第)?(?P<n>{_NUMBER})\s*(?:楼层|楼|层)",
    rf"(?P<u>地下|负)\s*(?:第)?(?P<n>{_NUMBER})\s*(?:楼层|楼|层)?",
    r"(?P<u>地下)(?:楼层|楼|层|室)",
    r"(?P<n>[0-9]{1,2})\s*/?\s*(?:f|fl|flr|floor)\.?",
    r"(?:f|l|lv|lvl|level|floor)\s*[.-]?\s*(?P<n>[0-9]{1,2})",
    r"(?P<u>b)\s*(?P<n>[0-9])\s*/?\s*(?:f|fl|floor|层|楼)?",
    r"(?P<u>-)\s*(?P<n>[1-9])\s*(?:/?\s*f|楼|层)",
    r"(?P<u>basement)\s*(?:level\s*)?(?P<n>[0-9])?",
    r"(?P<n>[0-9]{1,2})\s*(?:st|nd|rd|th)\s*(?:fl|flr|floor|level)\.?",
    rf"(?P<n>{_ORDINAL})\s*(?:floor|level)",
    r"(?P<g>g/?f|lg/?f?|ug/?f?|ground\s*(?:floor|level)|lobby level)",
)
_FLOOR = [re.compile(form) for form in _FLOOR_FORMS]
_ROOF = re.compile(r"屋顶|楼顶|天台|顶层|顶楼|rooftop|roof")
_MEZZANINE = re.compile(r"夹层|m/?f|m\s*层|mezzanine")
# What OCR makes of the 1 in 1F and B1 when they stand alone.
_OCR_ONE = re.compile(r"[il|!]\s*f|b\s?[il|!]")
_RANGE = re.compile(r"(.+?)\s*(?:-|–|—|~|至|/|、)\s*(.+)")
_BARE = re.compile(rf"(?:第)?({_NUMBER})")
# Forms that mean a floor also inside a longer text. A Latin one must not run on, so that a shop
# number (4F-12) is none, and B1, F2 and L3 must stand apart: they may be anything in a word.
_RUNS_ON = r"(?![a-z0-9]|\s?-\s?[0-9])"
_FROM = rf"(?:(?:第)?(?:{_NUMBER})(?:f|楼|层)?\s?[-~至]\s?)?"
_INLINE = re.compile(
    rf"(?:地下|负)(?:{_NUMBER})?(?:楼|层)"
    rf"|(?<![0-9]\.)(?<![0-9a-z共有])(?:(?<!\S)-|{_FROM})(?:第)?(?:{_NUMBER})(?:楼|层)"
    r"(?!梯|房|高|以|栋|楼)"
    rf"|(?<![0-9]\.)(?<![a-z0-9])(?:(?<!\S)-|{_FROM})[0-9]{{1,2}}\s?/?\s?f(?:loor)?{_RUNS_ON}"
    r"|(?<![a-z0-9])(?:floor|level|lv)\s?\.?[0-9]{1,2}(?![a-z0-9])"
    rf"|(?<![a-z0-9])(?:[0-9]{{1,2}}(?:st|nd|rd|th)|{_ORDINAL})\s(?:floor|level|fl)(?![a-z])"
    r"|(?<![a-z0-9])(?:ground floor|basement)(?![a-z])"
    r"|(?<![a-z0-9\u4e00-\u9fff])(?<!vitamin )"
    rf"(?:b[1-5](?:/?f|层|楼)?|f[1-9][0-9]?|l[1-9][0-9]?){_RUNS_ON}(?![\u4e00-\u9fff])"
)
# A building is no floor (`3号楼`), and stands often before one (`A座5楼`, `门诊楼3层`).
_BUILDING = re.compile(
    r"(?:[a-z0-9一二三四五六七八九十]{1,2}(?:号楼|栋|座|幢)|[\u4e00-\u9fff]{1,4}?[部楼])\s*"
)
_EXIT_FORMS = [
    re.compile(form)
    for form in (
        r"(?P<e>[a-z][0-9]?|[0-9]{1,2})\s*(?:号)?(?:出入口|出口|入口|口)",
        r"(?:出入口|出口)\s*(?P<e>[a-z][0-9]?|[0-9]{1,2})",
        r"exit\s*(?:no\.?)?\s*(?P<e>[a-z][0-9]?|[0-9]{1,2})",
        r"(?P<e>[a-z][0-9]?)\s*exit",
    )
]


@dataclass(frozen=True, kw_only=True)
class Label:
    """A label as written, and what it stands for.

    Attributes:
        kind: What it governs by: a floor or an exit.
        text: As the sign writes it, trimmed.
        value: Comparable value: floors as a number (1 is the ground floor as China counts, -1
            the first basement, 0 a lobby or mezzanine), exits as their letter or number.
    """

    kind: LabelKind
    text: str
    value: str


def _number(text: str | None) -> int:
    if not text:
        return 1
    if text in _ENGLISH_ORDINALS:
        return _ENGLISH_ORDINALS[text]
    if text.isdigit():
        return int(text)
    if "十" in text:
        tens, _, ones = text.partition("十")
        return (_DIGITS[tens] if tens else 1) * 10 + (_DIGITS[ones] if ones else 0)
    return _DIGITS[text]


def _floor_value(folded: str) -> str | None:
    for pattern in _FLOOR:
        match = pattern.fullmatch(folded)
        if match is None:
            continue
        groups = match.groupdict()
        if ground := groups.get("g"):
            return {"l": "LG", "u": "UG"}.get(ground[0], "G") if ground[1:2] == "g" else "G"
        number = _number(groups.get("n"))
        return str(-number if groups.get("u") else number)
    return None


def _range_value(folded: str) -> str | None:
    """The value of `1-3F` and `1F/2F`: both ends, a floor that governs as written."""
    match = _RANGE.fullmatch(folded)
    if match is None:
        return None
    low, high = match.groups()
    last = _floor_value(high)
    bare = _BARE.fullmatch(low)
    first = str(_number(bare[1])) if bare else _floor_value(low)
    if first is None or last is None or first == last:
        return None
    return f"{first}-{last}"


def _pieces(text: str) -> list[str]:
    edges = r"[\s/|·,，、()（）:：\-–—]+|(?<=[a-z0-9])(?=[\u4e00-\u9fff])"
    return [p for p in re.split(edges, text) if p]


def _written_twice(folded: str) -> str | None:
    """The one floor of a text whose every piece says it: `1F 一层`, `二楼 2nd Floor`."""
    pieces = _pieces(folded)
    for cut in range(1, len(pieces)):
        first = _floor_value(" ".join(pieces[:cut]))
        if first is not None and first == _floor_value(" ".join(pieces[cut:])):
            return first
    return None


def floor_label(text: str) -> Label | None:
    """The floor a whole text stands for (`4F`, `四楼`, `B1`, `1F 一层`, `1-3F`), or None."""
    written = text.strip().strip(":：·—….").strip()
    folded = fold(written).strip(" ()[]【】")
    value = _floor_value(folded) or _written_twice(folded) or _range_value(folded)
    if value is None and _OCR_ONE.fullmatch(folded):
        value = "-1" if folded.startswith("b") else "1"
    if value is None and _ROOF.fullmatch(folded):
        value = "R"
    if value is None and _MEZZANINE.fullmatch(folded):
        value = "M"
    if value is None and (building := _BUILDING.match(folded)):
        value = _floor_value(folded[building.end() :])
    if value is None:
        return None
    return Label(kind="floor", text=written, value=value)


def exit_label(text: str) -> Label | None:
    """The exit a whole text stands for (`A口`, `Exit B2`, `A出口 Exit A`), or None."""
    written = text.strip().strip(":：")
    folded = fold(written).strip()
    values: set[str] = set()
    rest = folded
    for pattern in _EXIT_FORMS:
        for match in pattern.finditer(rest):
            values.add(match["e"].upper())
        rest = pattern.sub(" ", rest)
    if len(values) != 1 or any(c.isalnum() for c in rest):
        return None
    return Label(kind="exit", text=written, value=values.pop())


def inline_floors(text: str) -> list[tuple[Label, int, int]]:
    """The floors named inside a longer text, with where each stands in it (start, end)."""
    folded, at = _folded_by_character(text)
    found: list[tuple[Label, int, int]] = []
    for match in _INLINE.finditer(folded):
        said = match.group().strip()
        value = _floor_value(said) or _range_value(said)
        if value is not None:
            start, end = at[match.start()], at[match.end() - 1] + 1
            label = Label(kind="floor", text=text[start:end].strip(), value=value)
            found.append((label, start, end))
    return found


def lone_letter(text: str) -> Label | None:
    """The floor that a letter is among other floors (`G`, `M`), and nothing elsewhere."""
    written = text.strip()
    known = {"g": "G", "m": "M", "r": "R", "rf": "R"}
    value = known.get(fold(written))
    return Label(kind="floor", text=written, value=value) if value else None


def _folded_by_character(text: str) -> tuple[str, list[int]]:
    """The folded text, and for each of its characters the one of the text it comes from."""
    folded = fold(text)
    if len(folded) == len(text):
        return folded, list(range(len(text)))
    characters = [(c, number) for number, one in enumerate(text) for c in fold(one)]
    return "".join(c for c, _ in characters), [number for _, number in characters]
