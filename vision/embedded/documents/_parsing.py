"""From what is written to a value of the kind that is wanted; never from what isn't."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from deixis.vision.embedded.documents._dates import date_in, datetime_in, day_first, time_in
from deixis.vision.embedded.documents._fields import FieldSpec
from deixis.vision.embedded.documents._numbers import decimal_comma, number_in
from deixis.vision.embedded.documents._outcomes import UnclearError
from deixis.vision.embedded.documents._words import Names, keys_in, meanings_of

TICKED: Final = "☑☒✓✔√✗✘■●◉"
UNTICKED: Final = "☐□○◯"
_MARKS = re.compile(rf"([{TICKED}{UNTICKED}])\s*([^{TICKED}{UNTICKED}]*)")
# Lines and dots to write on, or a hint in brackets at what to write.
_BLANK = re.compile(r"[\s_＿…·.:：\-—–/]*|\s*[(（][^()（）\d]*[)）]\s*")
_EDGES = re.compile(r"^[\s:：_＿]+|[\s_＿]+$")
_NONE = frozenset({"n/a", "na", "nil", "-", "--", "—"})
_SEPARATED = re.compile(r"\s*[;；、,，\n]\s*|\s+/\s+")
# What a value must hold, by what the field means or is called.
_HOLDS: Final = (
    (re.compile(r"phone|fax|电话|手机|传真"), re.compile(r"(?:\d\D{0,3}){5}"), "no number to call"),
    (re.compile(r"e-?mail|邮箱|邮件"), re.compile(r"\S+@\S+"), "no e-mail address"),
    (
        re.compile(r"\b(?:number|no|id|code|iban|sku)$|号码?$|编号|代码"),
        re.compile(r"\d"),
        "no digit",
    ),
)


@dataclass(frozen=True, kw_only=True)
class Usage:
    """How a document writes what could be read two ways.

    Attributes:
        comma: Whether decimals have a comma.
        day_leads: Whether days come before months.
    """

    comma: bool | None = None
    day_leads: bool | None = None

    @classmethod
    def of(cls, texts: Iterable[str]) -> Usage:
        """Of all that a document writes."""
        listed = list(texts)
        comma = decimal_comma(listed)
        leads = day_first(listed)
        return cls(comma=comma, day_leads=leads)


def parse(text: str, spec: FieldSpec, usage: Usage) -> object:
    """The value that a text has for a field.

    Returns:
        str, Decimal, int, bool, date, datetime, time, or one of the field's choices.

    Raises:
        UnclearError: It has none; the message says why.
    """
    if is_blank(text):
        raise UnclearError("nothing is filled in")
    match spec.kind:
        case "number":
            return number_in(text, comma=usage.comma)
        case "integer":
            return _integer(text, usage)
        case "date":
            return date_in(text, day_leads=_leads(usage))
        case "datetime":
            return datetime_in(text, day_leads=_leads(usage))
        case "time":
            return time_in(text)
        case "flag":
            return flag_in(text)
        case "choice":
            return choice_in(text, spec.choices)
        case _:
            return _text(text, spec)


def is_blank(text: str) -> bool:
    """Whether nothing but lines and dots to write on is there."""
    return _BLANK.fullmatch(text) is not None


def parts_of(text: str) -> list[str]:
    """The members of a list written in one line."""
    return [part for part in _SEPARATED.split(text) if part and not is_blank(part)]


def flag_in(text: str) -> bool:
    """Whether a text says yes.

    Raises:
        UnclearError: It says neither yes nor no.
    """
    marks: list[tuple[str, str]] = _MARKS.findall(text)
    if marks:
        return _of_marks(marks, text)
    said = meanings_of(text.strip(), values=True) & {"yes", "no"}
    if text.strip() in ("x", "X", "×"):
        said = {"yes"}
    if len(said) != 1:
        raise UnclearError(f"{text!r} says neither yes nor no")
    return "yes" in said


def _of_marks(marks: Sequence[tuple[str, str]], text: str) -> bool:
    """Of tick marks: a lone one, or one at each of yes and no."""
    if len(marks) == 1 and not meanings_of(marks[0][1], values=True) & {"yes", "no"}:
        return marks[0][0] in TICKED
    ticked = {word for mark, words in marks if mark in TICKED
              for word in meanings_of(words, values=True) & {"yes", "no"}}  # fmt: skip
    if len(ticked) != 1:
        raise UnclearError(f"{text!r} has {'both' if ticked else 'neither'} of yes and no ticked")
    return "yes" in ticked


def choice_in(text: str, choices: Sequence[object]) -> object:
    """Which of several a text names, in English or Chinese.

    Raises:
        UnclearError: None of them, or more than one.
    """
    marks: list[tuple[str, str]] = _MARKS.findall(text)
    ticked = [words for mark, words in marks if mark in TICKED]
    if marks and len(ticked) != 1:
        raise UnclearError(f"{text!r} has {len(ticked)} ticked")
    said = ticked[0] if ticked else text
    fitting = [choice for choice in choices if names_choice(said, choice)]
    if len(fitting) != 1:
        names = " or ".join(str(choice) for choice in fitting or choices)
        raise UnclearError(f"{text!r} is {'both' if fitting else 'none of'} {names}")
    return fitting[0]


def names_choice(text: str, choice: object) -> bool:
    """Whether a text is a choice, by its words or what they mean."""
    word = str(choice)
    if set(keys_in(text)) & set(keys_in(word)):
        return True
    spoken = word.replace("_", " ").replace("-", " ")
    meant = meanings_of(word, values=True) | meanings_of(spoken, values=True)
    return bool(meant & meanings_of(text, values=True))


def _integer(text: str, usage: Usage) -> int:
    value = number_in(text, comma=usage.comma if usage.comma is not None else False)
    if value != value.to_integral_value():
        raise UnclearError(f"{text!r} is no whole number")
    return int(value)


def _leads(usage: Usage) -> bool | None:
    """Who writes 12,50 writes days first."""
    return True if usage.day_leads is None and usage.comma else usage.day_leads


def _text(text: str, spec: FieldSpec) -> str:
    value = _EDGES.sub("", text)
    if value.casefold() in _NONE:
        raise UnclearError("nothing is filled in")
    called = [*spec.words, *Names.of(spec.words).meanings]
    for of, holds, problem in _HOLDS:
        sought = any(of.search(word.casefold().replace("-", " ")) for word in called)
        if sought and not holds.search(value):
            raise UnclearError(f"{value!r} has {problem}")
    return value
