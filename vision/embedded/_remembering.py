"""What the embedded model does with memories: look at an old picture again, quote a note."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Final

from deixis.vision._geometry import Detection
from deixis.vision._recalled import Recalled
from deixis.vision.embedded._question import Question
from deixis.vision.embedded._text import compact, stems

_ENOUGH: Final = 0.5
_ASKING_ZH: Final = frozenset("几什么哪谁怎多少在的是对了吗呢我你")
_ORDERS: Final = (
    re.compile(
        r"^\s*(?:please\s+|can you\s+|could you\s+)?(?:remember|note|don'?t forget|keep in mind)"
        r"\s*(?:that|this|:|,)?\s*[:,]?\s*(?P<what>.+?)\s*$",
        re.IGNORECASE | re.DOTALL,
    ),
    re.compile(
        r"^\s*(?:请|麻烦)?(?:你|您)?(?:帮我)?(?:记住|记一下|记得|别忘了|不要忘记)"
        r"\s*[:：，,]?\s*(?P<what>.+?)\s*$",
        re.DOTALL,
    ),
)


def to_remember(text: str) -> str | None:
    """What an order to remember something names; None for anything else."""
    if text.rstrip().endswith(("?", "？", "吗", "么")):
        return None
    for order in _ORDERS:
        if found := order.match(text):
            what = found["what"]
            return what[0].upper() + what[1:]
    return None


def unseen_picture(recalled: Sequence[Recalled], seen: Collection[str]) -> str | None:
    """The picture of the nearest memory that isn't in view; None when all have been looked at."""
    handles = (d.image for memory in recalled for d in memory.detections)
    return next((handle for handle in handles if handle and handle not in seen), None)


def note_on(question: str, recalled: Sequence[Recalled]) -> Recalled | None:
    """The memory whose words hold most of what a question is about, if that is half of it.

    Nearness in meaning isn't enough: there is always a nearest.
    """
    wanted = Question(text=question).content
    if not wanted:
        return None
    shares = [(_share(wanted, memory.text), memory) for memory in recalled]
    best = max(shares, key=lambda pair: pair[0], default=None)
    return best[1] if best is not None and best[0] >= _ENOUGH else None


def contradicted(recalled: Sequence[Recalled], evidence: Sequence[Detection]) -> Recalled | None:
    """The memory that an answer repeats, where it contradicts an older one."""
    said = {(d.image, compact(d.text or d.label)) for d in evidence}
    for memory in recalled:
        places = {(d.image, compact(d.text or d.label)) for d in memory.detections}
        if memory.earlier and said & places:
            return memory
    return None


def _share(wanted: Sequence[str], text: str) -> float:
    """How much of what a question is about stands in a text, from 0 to 1.

    A Chinese term may be a whole clause: it counts by its characters.
    """
    latin, whole = set(stems(text)), compact(text)
    held = 0.0
    for term in wanted:
        if term.isascii():
            held += term in latin
        elif asked := set(compact(term)) - _ASKING_ZH:
            held += len(asked & set(whole)) / len(asked)
    return held / len(wanted)
