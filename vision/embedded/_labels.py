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
    rf"(?:第)?(?P<n>{_NUMBER})\s*(?:楼层|楼|层|樓|層)",
    rf"(?P<u>地下|负)(?:第)?(?P<n>{_NUMBER})?\s*(?:楼层|楼|层)?",
    r"(?P<n>[0-9]{1,2})\s*/?\s*(?:f|fl|flr|floor)\.?",
    r"(?:f|l|lv|lvl|level|floor)\s*\.?\s*(?P<n>[0-9]{1,2})",
    r"(?P<u>b)\s*(?P<n>[0-9])\s*f?(?:l|loor)?",
    r"(?P<u>basement)\s*(?P<n>[0-9])?",
    r"(?P<n>[0-9]{1,2})\s*(?:st|nd|rd|th)\s*(?:fl|flr|floor|level)\.?",
    rf"(?P<n>{_ORDINAL})\s*(?:floor|level)",
    r"(?P<g>g/?f|lg/?f?|ug/?f?|ground\s*(?:floor|level)|lobby level)",
)
_FLOOR = [re.compile(form) for form in _FLOOR_FORMS]
# What OCR makes of 1F when it stands alone.
_OCR_ONE = re.compile(r"[il|!]\s*f")
_ROOF = re.compile(r"(?:屋顶|楼顶|天台|顶层|顶楼|rooftop|roof)")
# Forms that mean a floor also inside a longer text; "B1" and "L2" alone may be anything there.
_INLINE = re.compile(
    rf"(?:地下|负)(?:{_NUMBER})?(?:楼|层)|(?:第)?(?:{_NUMBER})(?:楼|层)(?!梯|房)"
    r"|(?<![a-z0-9])[0-9]{1,2}\s?/?\s?f(?:loor|l|lr)?(?![a-z0-9])"
    r"|(?<![a-z0-9])(?:floor|level|lv)\s?\.?[0-9]{1,2}(?![a-z0-9])"
    rf"|(?<![a-z0-9])(?:[0-9]{{1,2}}(?:st|nd|rd|th)|{_ORDINAL})\s(?:floor|level)"
    r"|(?<![a-z0-9])(?:ground floor|basement)(?![a-z])"
    r"|(?<![a-z0-9\u4e00-\u9fff])(?:b[1-5]f?|f[1-9][0-9]?|l[1-9][0-9]?)(?![a-z0-9\u4e00-\u9fff])"
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


def _pieces(text: str) -> list[str]:
    edges = r"[\s/|·,，、()（）:：\-–—]+|(?<=[a-z0-9])(?=[\u4e00-\u9fff])"
    return [p for p in re.split(edges, text) if p]


def floor_label(text: str) -> Label | None:
    """The floor a whole text stands for (`4F`, `四楼`, `B1`, `1F 一层`), or None."""
    written = text.strip().strip(":：·-—")
    folded = fold(written).strip()
    value = _floor_value(folded)
    if value is None and _OCR_ONE.fullmatch(folded):
        value = "1"
    if value is None and _ROOF.fullmatch(folded):
        value = "R"
    if value is None:
        values = {_floor_value(piece) for piece in _pieces(folded)}
        if len(values) == 1 and len(_pieces(folded)) > 1:
            value = values.pop()
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
    """The floors named inside a longer text, with where each stands (start, end).

    Positions are into the text as given: folding keeps the length of what it finds here, or
    the text is passed over.
    """
    folded = fold(text)
    if len(folded) != len(text):
        return []
    found: list[tuple[Label, int, int]] = []
    for match in _INLINE.finditer(folded):
        value = _floor_value(match.group().strip())
        if value is not None:
            written = text[match.start() : match.end()].strip()
            label = Label(kind="floor", text=written, value=value)
            found.append((label, match.start(), match.end()))
    return found
