"""Which medicine a label, a package or a prescription names, and how strong it is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from deixis.vision.embedded._outcome import Outcome
from deixis.vision.embedded._sign import Sign, SignLine
from deixis.vision.embedded._text import compact, fold, has_han
from deixis.vision.embedded._wording import Wording
from deixis.vision.embedded.things._printed import written
from deixis.vision.embedded.things._reference_words import printed

ASKED: Final = re.compile(
    r"\b(?:what|which|whose)(?:'s| is| are)? (?:the |this |that |these |those |kind of |sort of )*"
    r"(?:medicines?|medications?|drugs?|pills?|tablets?)\b(?! (?:shop|store|window|counter))"
    r"|\bnames? of (?:the |this |that |these )*(?:medicines?|medications?|drugs?|pills?|tablets?)\b"
    r"|\bwhat (?:does|do|did) (?:the|this|my) (?:prescription|doctor) (?:name|prescribe|order)"
    r"|\b(?:medicines?|medications?|drugs?) (?:is|are|was|were) (?:named|prescribed|written)\b"
    r"|(?:什么|哪种|哪些|哪个|啥|哪几种)(?:药品|药物|药)(?!店|房|局)|药(?:品|物)?(?:的)?名(?:称|字)?|药叫什么"
    r"|开了?的?(?:是)?(?:什么|哪些|哪种|啥)药"
)
"""Questions for the name of a medicine."""

# What is said of medicines that aren't the one in the package.
_WARNED: Final = re.compile(
    r"\b(?:not|don't|never|avoid|without|interact\w*|allerg\w*|contraindicat\w*|unlike|instead|with"
    r"|other|warning|caution|containing|consult|ask)\b"
    r"|禁|勿|不要|不得|不能|避免|过敏|同服|合用|相互作用|慎用|其他|咨询|注意|警告"
)
_FIELD: Final = re.compile(
    r"(?:药品名称|通用名称?|商品名称?|药名|品名|药品|generic name|brand name|product name"
    r"|name of medicine|medicine|medication|drug name|drug)\s*[:：]?\s*[【\[]?\s*$"
)
_PRESCRIPTION: Final = re.compile(r"prescri|\brx\b|\brp\b|℞|处方|药方|medication list|用药清单")
_ITEM: Final = re.compile(r"^[\s\d.()（）、:：*·•\-–①-⑳#]*(?:r[xp/]\.?[:：]?\s*)?$")
_STRENGTH: Final = re.compile(
    r"\d+(?:[.,]\d+)?\s?(?:mg|mcg|[µμu]g|g|ml|iu|毫克|微克|克|毫升|单位|万单位)"
    r"(?![a-z])(?:\s?/\s?\d*\s?(?:ml|毫升))?",
    re.IGNORECASE,
)
_FORM: Final = (
    r"(?:(?:enteric|film)[- ]?coated |chewable |dispersible |extended[- ]release )?"
    r"(?:tablets?|capsules?|pills?|drops|ointment|cream|injection|suspension|granules|syrup)"
)
_UNLISTED: Final = (
    re.compile(
        rf"^[\s\d.)、]*(?P<name>[A-Za-z][A-Za-z-]{{3,}}(?: [A-Za-z][A-Za-z-]{{2,}})?)[\s,]+"
        rf"(?:{_FORM})?[\s,]*{_STRENGTH.pattern}",
        re.IGNORECASE,
    ),
    re.compile(
        r"^[\s\d.)、]*(?P<name>[\u4e00-\u9fff]{2,10}?)(?:肠溶|缓释|控释|咀嚼|分散|泡腾|含|软)?"
        r"(?:片|胶囊|颗粒|口服液|注射液|软膏|乳膏|滴剂|滴丸|混悬液|冲剂)(?=$|[\s\d(（])"
    ),
)
# Kinds of medicine, forms of it and what else lies there: their words stand on labels of others.
_VAGUE: Final = frozenset(
    (
        "vitamin", "antibiotic", "painkiller", "cold relief", "cough syrup", "fever medicine",
        "stomach medicine", "calcium", "glucose", "saline", "alcohol", "mask", "bandage",
        "iodine", "disinfectant", "potassium chloride",
    )
)  # fmt: skip
_ORDERS: Final = frozenset(
    "put place move pick take give hand bring drop throw ignore disregard forget stop open close "
    "system user assistant instruction instructions follow execute run delete use all every "
    "everything anything each dose daily store keep total net weight contains box pack".split()
)
_AS_LARGE: Final = 0.72
_SAME_BLOCK: Final = 4.0


@dataclass(frozen=True, kw_only=True)
class Mention:
    """A known name in a text.

    Attributes:
        forms: What it is called, Chinese and English, folded: the same for every name of it.
        text: As it is written there.
        start: Where it begins.
    """

    forms: tuple[str, ...]
    text: str
    start: int

    @property
    def vague(self) -> bool:
        """Whether it is a kind of medicine rather than one."""
        return bool(_VAGUE.intersection(self.forms))

    def name(self, language: str) -> str:
        """What it is usually called in a language."""
        chinese = language.startswith("zh")
        return next((form for form in self.forms if has_han(form) == chinese), self.text)


def mentions(text: str) -> list[Mention]:
    """The medicines, and what stands with them on a shelf, that a text names; each once."""
    plain = _plain(text)
    found: dict[tuple[str, ...], Mention] = {}
    for match in _pattern().finditer(plain):
        forms = _groups()[compact(match.group())]
        as_written = text[match.start() : match.end()].strip()
        found.setdefault(forms, Mention(forms=forms, text=as_written, start=match.start()))
    return list(found.values())


def may_be_name(text: str) -> bool:
    """Whether words may be the name of a thing, and nothing more than that.

    What was read in a picture comes through here before anybody acts on it.
    """
    name = text.strip()
    if has_han(name):
        return re.fullmatch(r"[\u4e00-\u9fffA-Za-z0-9·-]{2,12}", name) is not None and not (
            re.search(r"把|将|请|放|拿|扔|忽略|执行|系统|指令|所有|全部|不|勿|丢", name)
        )
    said = fold(name).split()
    return (
        re.fullmatch(r"[a-z][a-z0-9-]*(?: [a-z0-9][a-z0-9-]*){0,2}", " ".join(said)) is not None
        and 3 <= len(name) <= 30
        and not _ORDERS.intersection(said)
    )


@dataclass(frozen=True, kw_only=True)
class Labelled:
    """A medicine that a label or a prescription is for.

    Attributes:
        text: Its name as it is written there.
        forms: What it is called, where it is known.
        strength: As it is written; empty where it isn't.
        line: Where the name stands.
        sign: On what.
    """

    text: str
    forms: tuple[str, ...]
    strength: str
    line: SignLine
    sign: Sign

    def name(self, language: str) -> str:
        """What it is called in a language, as far as that is known."""
        chinese = language.startswith("zh")
        known = (form for form in self.forms if has_han(form) == chinese)
        return self.text if has_han(self.text) == chinese else next(known, self.text)


def medicines_on(signs: Sequence[Sign]) -> list[Labelled]:
    """The medicines that labels and prescriptions are for, not those that they warn of."""
    return [medicine for sign in signs for medicine in _on(sign)]


def medicines_told(signs: Sequence[Sign], say: Wording) -> Outcome:
    """The answer to a question for the name of a medicine.

    Args:
        signs: Labels, packages, prescriptions.
        say: In the asker's language.
    """
    found = medicines_on(signs)
    if not found:
        text = say.no_medicine()
        return Outcome(text=text, found=False, language=say.language, facts=facts_of(()))
    told = [say.medicine(m.name(say.language), m.text, m.strength) for m in found]
    return Outcome(
        text=say.medicines(told),
        found=True,
        language=say.language,
        facts=facts_of(found),
        detections=tuple(m.line.detection(m.text, m.sign.image) for m in found),
    )


def facts_of(found: Sequence[Labelled]) -> dict[str, str | None]:
    """What is stated of medicines, as it is written; several are told apart by «; »."""
    strong = [m.strength for m in found]
    return {
        "floor": None,
        "medicine": "; ".join(m.text for m in found) or None,
        "strength": "; ".join(strong) if strong and all(strong) else None,
    }


@dataclass(frozen=True, kw_only=True)
class _Candidate:
    line: SignLine
    mention: Mention | None
    text: str
    field: bool
    leads: bool

    @property
    def key(self) -> tuple[str, ...]:
        return self.mention.forms if self.mention is not None else (fold(self.text),)


def _on(sign: Sign) -> Iterator[Labelled]:
    found = [one for line in sign.lines for one in _in_line(line)]
    sure = [one for one in found if one.mention is None or not one.mention.vague]
    known = [one for one in sure if one.mention is not None]
    # A name that isn't known counts where none is: signs say much before a number.
    listed = any(_PRESCRIPTION.search(fold(line.text)) for line in sign.lines)
    chosen = (sure if listed else known or sure) or found
    if listed:
        chosen = [one for one in chosen if one.leads or one.field] or chosen
    else:
        chosen = [one for one in chosen if one.field] or chosen
        most = max((one.line.at.height for one in chosen), default=0.0)
        chosen = [one for one in chosen if one.line.at.height >= _AS_LARGE * most]
    for one in _once(chosen):
        yield Labelled(
            text=one.text,
            forms=one.mention.forms if one.mention is not None else (),
            strength=_strength(one, sign),
            line=one.line,
            sign=sign,
        )


def _in_line(line: SignLine) -> Iterator[_Candidate]:
    text = line.text
    for mention in mentions(text):
        before = _plain(text)[: mention.start]
        if _WARNED.search(before):
            continue
        yield _Candidate(
            line=line,
            mention=mention,
            text=mention.text,
            field=_FIELD.search(before) is not None,
            leads=_ITEM.match(before) is not None,
        )
    if mentions(text) or _WARNED.search(fold(text)):
        return
    for form in _UNLISTED:
        if (match := form.match(text)) is not None and may_be_name(match["name"]):
            yield _Candidate(line=line, mention=None, text=match["name"], field=False, leads=True)
            return


def _once(candidates: Sequence[_Candidate]) -> list[_Candidate]:
    """Each medicine once, where it is written largest."""
    best: dict[tuple[str, ...], _Candidate] = {}
    for one in candidates:
        before = best.get(one.key)
        if before is None or one.line.at.height > 1.15 * before.line.at.height:
            best[one.key] = one
    return list(best.values())


def _strength(one: _Candidate, sign: Sign) -> str:
    """On its own line, else on one of the next below it."""
    after = one.line.text.partition(one.text)[2]
    if (match := _STRENGTH.search(after)) is not None:
        return match.group()
    at = one.line.at
    near = [
        (other.at.v - at.v, match.group())
        for other in sign.lines
        if other is not one.line
        and -0.5 * at.height < other.at.v - at.v < _SAME_BLOCK * at.height
        and not _WARNED.search(fold(other.text))
        and (match := _STRENGTH.search(other.text)) is not None
    ]
    return min(near)[1] if near else ""


def _plain(text: str) -> str:
    """The text folded, each character in its place."""
    folded = [fold(char) for char in text]
    return "".join(f if len(f) == 1 else char for f, char in zip(folded, text, strict=True))


@cache
def _groups() -> dict[str, tuple[str, ...]]:
    groups: dict[str, tuple[str, ...]] = {}
    for group in printed():
        for form in group:
            groups.setdefault(compact(form), group)
    return groups


@cache
def _pattern() -> re.Pattern[str]:
    """Known names, longer ones first. Readers of text join words: long names are found in them."""
    forms = sorted(_groups(), key=len, reverse=True)
    return re.compile("|".join(map(_loosely, forms)))


def _loosely(form: str) -> str:
    whole = written(form)
    if not form.isascii() or len(form) < 7 or not form.isalpha() or form.startswith("vitamin"):
        return whole
    return (
        f"{whole}|(?<![a-z]){form}(?=enteric|tab|cap|film|chew|oral|inj|solu|drop|cream|oint|\\d)"
    )
