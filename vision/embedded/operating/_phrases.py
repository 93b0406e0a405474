"""What a part of an instruction names: lists, all but some, so many, what lies in something."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from deixis.vision.embedded._text import fold, has_han
from deixis.vision.embedded.operating._free_places import holds
from deixis.vision.embedded.operating._instruction import AND, EXCEPT
from deixis.vision.embedded.things._things import Thing, refer

Trouble = Literal["unknown", "absent", "several", "fewer"]

_ALL: Final = re.compile(
    r"(?:(?:all|every|each)(?: (?:of )?(?:the|these|those|them|it))?(?: (?:single|other))?"
    r"(?: (?:thing|object|item)s?)?|everything|anything|(?:the |all )?(?:things|objects|items"
    r"|stuff)"
    r"|(?:所有|全部|全都|一切|每个|每一个|全)?的?(?:东西|物体|物品|物件)|全部|所有的?|一切)"
    r"(?: (?:on|from|in) (?:the |this )?(?:table|desk))?"
)
_REST: Final = re.compile(
    r"(?:(?:all |and )?(?:the )?(?:rest|others|remaining(?: (?P<a>.+))?"
    r"|other (?P<b>.+s))(?: of (?:them|it))?"
    r"|everything else|(?:其他|其它|其余|剩下|剩余|余下|别)的?(?:所有|全部)?的?(?P<c>.*))"
)
_OTHER: Final = re.compile(
    r"(?:the other|another)(?: one)?\b ?(?P<a>.*)|(?:另外?一?个|另外的?|另一)的?(?P<b>.*)"
)
_ANY: Final = re.compile(
    r"(?:an?|any(?: of(?: the)?)?|some|one(?: of (?:the|these|those))?"
    r"|either(?: of the)?) (?P<a>.+)"
    r"|(?:任意|随便|任何|其中)?(?:一|某)(?:个|只|块|盒|件|颗)(?P<b>.+)|(?:任意|随便"
    r"|任何)的?(?:哪个)?(?P<c>.+)"
)
_COUNTED: Final = re.compile(
    r"(?:the |these |those |any |all )?(?P<n>two|three|four|five|six|seven|eight"
    r"|[2-9])(?: of the)? (?P<a>.+)"
    r"|(?:这|那)?(?P<m>[两二三四五六七八2-9])(?:个|只|块|盒|件|颗)(?P<b>.+)"
)
_NUMBERS: Final = {
    "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "两": 2, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8,
}  # fmt: skip
_INSIDE: Final = (
    re.compile(
        r"(?P<what>.+?) (?:(?:that|which) (?:is|are) )?(?:lying |sitting )?"
        r"(?:inside(?: of)?|in|on top of|on|within) (?P<of>(?:the |that |this |my |a )?(?:.*\b)?"
        r"(?:bowl|tray|plate|dish|container|table|desk|cup|basket)s?\b.*)"
    ),
    re.compile(
        r"(?P<of>.*(?:碗|盘|托盘|盘子|碟子?|容器|桌|桌子|桌面))(?:里面|里边|里|上面|上边|上|中"
        r"|内)的?(?P<what>.+)"
    ),
)
_TABLE: Final = re.compile(r"(?:the |this |my )?(?:table|desk)|桌|桌子|桌面")
_ONE: Final = re.compile(r"\bones?$")
_NOUN_EN: Final = re.compile(r"\b(?!ones?$)[a-z]+$")


@dataclass(frozen=True, kw_only=True)
class Named:
    """What a phrase names.

    Attributes:
        things: What fits it: what is meant, unless there is trouble.
        trouble: None of its words is known (`unknown`), nothing fits (`absent`), several do and
            one was meant (`several`), or so many were asked for and there are `fewer`.
        plural: Whether it may be several things.
        phrase: The part that there is trouble with.
    """

    things: tuple[Thing, ...]
    trouble: Trouble | None = None
    plural: bool = False
    phrase: str = ""


def named(phrase: str, things: Sequence[Thing], *, taken: Collection[Thing] = ()) -> Named:
    """What a phrase names, of what can be picked up.

    Args:
        phrase: In English or Chinese; `EXCEPT` and `AND` may stand in it.
        things: What is on the table.
        taken: What was named before it: «the other one», «the rest» are none of those.
    """
    if EXCEPT in phrase:
        return _but(phrase, things, taken)
    plain = fold(phrase).strip() if '"' not in phrase and "“" not in phrase else phrase.strip()
    before = _ids(taken)
    for read in (_everything, _the_rest, _counted, _the_other, _inside, _any):
        if (found := read(plain, things, before)) is not None:
            return found
    return _referred(plain, things)


def container_named(phrase: str, things: Sequence[Thing]) -> Named:
    """What a phrase names, where it is something to put things in, at or on."""
    return _referred(fold(phrase).strip(), things, containers=True)


def all_named(
    phrases: Sequence[str], things: Sequence[Thing], *, taken: Collection[Thing] = ()
) -> list[Named]:
    """What each phrase of a list names; «the red and the blue cube» are two cubes."""
    found: list[Named] = []
    before = list(taken)
    for number, phrase in enumerate(phrases):
        one = named(
            _with_noun(phrase, phrases[number + 1 :], phrases[:number]), things, taken=before
        )
        found.append(one)
        before += one.things
    return found


def _ids(things: Collection[Thing]) -> frozenset[int]:
    return frozenset(map(id, things))


def _but(phrase: str, things: Sequence[Thing], taken: Collection[Thing]) -> Named:
    base, _, apart = phrase.partition(EXCEPT)
    meant = named(base.strip(), things, taken=taken)
    spared: set[int] = set()
    for part in apart.split(AND):
        left = named(part.strip(), things, taken=taken)
        if left.trouble in ("unknown", "absent"):
            return left
        spared |= _ids(left.things)
    if meant.trouble in ("unknown", "absent"):
        return meant
    rest = tuple(thing for thing in meant.things if id(thing) not in spared)
    several = len(rest) > 1 and not meant.plural
    return Named(
        things=rest,
        trouble="absent" if not rest else "several" if several else None,
        plural=meant.plural,
        phrase=base.strip(),
    )


_Before = frozenset[int]


def _everything(phrase: str, things: Sequence[Thing], before: _Before) -> Named | None:  # noqa: ARG001
    if not _ALL.fullmatch(phrase):
        return None
    movable = tuple(thing for thing in things if thing.graspable)
    return Named(things=movable, trouble=None if movable else "absent", plural=True, phrase=phrase)


def _the_rest(phrase: str, things: Sequence[Thing], before: _Before) -> Named | None:
    found = _REST.fullmatch(phrase)
    if found is None:
        return None
    of = (found["a"] or found["b"] or found["c"] or "").strip()
    base = _plural(of, things) if of and not _ALL.fullmatch(of) else tuple(things)
    rest = tuple(thing for thing in base if thing.graspable and id(thing) not in before)
    return Named(things=rest, trouble=None if rest else "absent", plural=True, phrase=phrase)


def _the_other(phrase: str, things: Sequence[Thing], before: _Before) -> Named | None:
    found = _OTHER.fullmatch(phrase)
    if found is None:
        return None
    of = (found["a"] or found["b"] or "").strip()
    base = _plural(of, things) if of else tuple(thing for thing in things if thing.graspable)
    rest = tuple(thing for thing in base if id(thing) not in before)
    trouble: Trouble | None = "absent" if not rest else "several" if len(rest) > 1 else None
    return Named(things=rest, trouble=trouble, phrase=phrase)


def _counted(phrase: str, things: Sequence[Thing], before: _Before) -> Named | None:  # noqa: ARG001
    found = _COUNTED.fullmatch(phrase)
    if found is None:
        return None
    said = found["n"] or found["m"]
    count = _NUMBERS.get(said) or int(said)
    of = found["a"] or found["b"]
    fit = _plural(of, things)
    if not fit:
        return _referred(of, things)
    trouble: Trouble | None = "fewer" if len(fit) < count else None
    return Named(things=fit[:count], trouble=trouble, plural=True, phrase=phrase)


def _any(phrase: str, things: Sequence[Thing], before: _Before) -> Named | None:
    found = _ANY.fullmatch(phrase)
    if found is None:
        return None
    of = found["a"] or found["b"] or found["c"]
    fit = _plural(of, things)
    if not fit:
        return _referred(of, things)
    fresh = [thing for thing in fit if id(thing) not in before] or [*fit]
    return Named(things=(fresh[0],), phrase=phrase)


def _inside(phrase: str, things: Sequence[Thing], before: _Before) -> Named | None:
    """«The cube in the bowl»: what lies in it, of what fits the rest."""
    for form in _INSIDE:
        if (found := form.fullmatch(phrase)) is None:
            continue
        container = found["of"].strip()
        if _TABLE.fullmatch(container):
            return named(found["what"], things)
        around = [t for t in container_named(container, things).things if not t.graspable]
        if not around:
            return None
        within = [
            thing
            for thing in things
            if thing.graspable and any(holds(c.segment, thing.segment.position[:2]) for c in around)
        ]
        what = found["what"]
        if re.fullmatch(r"the ones?|ones?|的", what):
            what = "everything"
        inner = named(what, within, taken=[t for t in things if id(t) in before])
        return (
            inner
            if inner.trouble != "absent"
            else Named(things=(), trouble="absent", plural=inner.plural, phrase=phrase)
        )
    return None


def _plural(of: str, things: Sequence[Thing]) -> tuple[Thing, ...]:
    """Everything that fits a phrase, however many were meant."""
    return (
        named(of, things).things
        if _ALL.fullmatch(of) is None
        else tuple(thing for thing in things if thing.graspable)
    )


def _referred(phrase: str, things: Sequence[Thing], *, containers: bool = False) -> Named:
    found = refer(phrase, things, containers=containers)
    trouble: Trouble | None = None
    if not found.understood or (found.unknown and not found.things):
        trouble = "unknown"
    elif not found.things:
        trouble = "absent"
    elif len(found.things) > 1 and not found.plural:
        trouble = "several"
    return Named(things=found.things, trouble=trouble, plural=found.plural, phrase=phrase)


_ADJECTIVES: Final = frozenset(
    "the a an red orange yellow green blue purple white black grey gray pink brown big small large "
    "little largest smallest biggest bigger smaller tall tallest short left right leftmost"
    " rightmost "
    "middle all both two three dark light".split()
)  # fmt: skip


def _with_noun(phrase: str, later: Sequence[str], earlier: Sequence[str]) -> str:
    """A phrase of a list without a noun, with that of its neighbour."""
    if has_han(phrase) or not phrase:
        return phrase
    words = fold(phrase).split()
    if all(word in _ADJECTIVES for word in words):
        for other in later:
            noun = _NOUN_EN.search(fold(other))
            if noun and noun[0] not in _ADJECTIVES:
                return f"{phrase} {noun[0]}"
    if earlier and _ONE.search(phrase):
        noun = _NOUN_EN.search(fold(earlier[-1]))
        if noun and noun[0] not in _ADJECTIVES:
            return _ONE.sub(noun[0], phrase)
    return phrase
