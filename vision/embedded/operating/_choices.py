"""Which of several things an answer means: «the left one», «大的», «both», «随便»."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

from deixis.vision.embedded._text import fold
from deixis.vision.embedded.things._things import Thing, refer

_POLITE: Final = re.compile(
    r"^(?:um+|uh+|oh|well|i mean|i meant|it is|it's|that is|that's|take|use|pick(?: up)?|i want|"
    r"please|yes|ok(?:ay)?|no|the one (?:that is |that's )?(?=on|at|in)|我要|我说的是|我是说|拿"
    r"|要|就|是|嗯|请|那就)[\s,:]*"
)
_END: Final = re.compile(
    r"(?:[\s,.!?。！？]+|please|thanks?|thank you|吧|呢|啊|谢谢|的那一?个|那一?个)$"
)
_ALL: Final = re.compile(
    r"(?:all(?: (?:of )?(?:them|these|those|of them|three|four|the \w+))?|both(?: of them)?"
    r"|every one"
    r"|everything|(?:全部|全都|都|所有|两个|三个|四个)(?:都)?(?:要|拿|放|行)?)"
)
_ANY: Final = re.compile(
    r"(?:any(?: (?:one|of (?:them|those|these)))?|either(?: one| of them)?"
    r"|whichever(?: you (?:like|want))?"
    r"|(?:i )?(?:do not|don't) (?:care|mind)|(?:it )?does(?: not|n't) matter|你选"
    r"|随便(?:哪个|一个)?|任意(?:一个)?|哪个都(?:行|可以)|都可以|都行|无所谓)"
)
_By = Callable[[Thing], float]
_PLACES: Final[Sequence[tuple[str, _By]]] = (
    (
        r"(?:on |to |at )?(?:the )?(?:far )?left(?:most)?(?: (?:one|side|hand side))?"
        r"|最?左(?:边|侧|面)?的?", lambda t: t.across),
    (
        r"(?:on |to |at )?(?:the )?(?:far )?right(?:most)?(?: (?:one|side|hand side))?"
        r"|最?右(?:边|侧|面)?的?", lambda t: -t.across),
    (
        r"(?:in |at |on )?(?:the )?(?:front|near(?:er|est)?|clos(?:er|est)|bottom"
        r"|lower)(?: one)?|最?前(?:边|面)?的?|(?:最|更)?近的?", lambda t: t.away),
    (
        r"(?:in |at |on )?(?:the )?(?:back|rear|far(?:ther|thest)?|further|furthest|top"
        r"|upper)(?: one)?|最?后(?:边|面)?的?|(?:最|更)?远的?", lambda t: -t.away),
    (
        r"(?:the )?(?:big(?:ger|gest)?|large(?:r|st)?|taller|tallest)(?: one)?|(?:最|更"
        r"|较)?大(?:一?点)?的?", lambda t: -t.size),
    (
        r"(?:the )?(?:small(?:er|est)?|little|tiny|shorter|shortest)(?: one)?|(?:最|更"
        r"|较)?小(?:一?点)?的?", lambda t: t.size),
)  # fmt: skip
_MIDDLE: Final = re.compile(r"(?:in )?(?:the )?(?:middle|centre|center)(?: one)?|(?:最)?中间的?")
_CLEAR: Final = 0.004


def choice_of(
    answer: str, things: Sequence[Thing], every: Sequence[Thing]
) -> tuple[Thing, ...] | None:
    """What an answer chooses of several things; None where it doesn't say.

    Args:
        answer: The user's words.
        things: What could be meant.
        every: All that is on the table, which the answer may speak of.
    """
    said = _bare(answer)
    if _ALL.fullmatch(said):
        return tuple(things)
    if _ANY.fullmatch(said):
        return (things[0],)
    for form, by in _PLACES:
        if re.fullmatch(form, said):
            ranked = sorted(things, key=by)
            clear = abs(by(ranked[1]) - by(ranked[0])) > _CLEAR if len(ranked) > 1 else True
            return (ranked[0],) if clear else None
    if _MIDDLE.fullmatch(said) and len(things) % 2:
        return (sorted(things, key=lambda t: t.across)[len(things) // 2],)
    ids = {id(thing) for thing in things}
    for among in (things, every):
        found = [thing for thing in refer(said, among).things if id(thing) in ids]
        if len(found) == 1:
            return (found[0],)
    return None


def _bare(answer: str) -> str:
    said, before = fold(answer).strip(" .!?,。"), ""
    while said != before:
        before = said
        said = _END.sub("", _POLITE.sub("", said)).strip() or said
    return said
