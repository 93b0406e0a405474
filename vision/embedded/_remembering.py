"""What the embedded model does with memories: look at an old picture again, quote a note."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from typing import Final

from deixis.vision._geometry import Detection
from deixis.vision._recalled import Recalled
from deixis.vision.embedded._question import Question
from deixis.vision.embedded._text import compact, stems

_ENOUGH: Final = 0.5
_ASKING_ZH: Final = frozenset("几什么哪谁怎多少在的是对了吗呢我你")
_POLITE: Final = r"^\s*(?:please\s+|(?:can|could|would) you\s+(?:please\s+)?)?"
_POLITE_ZH: Final = r"^\s*(?:请|麻烦)?(?:你|您)?(?:帮我)?"
_ORDERS: Final = (
    re.compile(
        rf"{_POLITE}(?:remember\b|don'?t forget\b|keep in mind\b"
        r"|note(?:\s+down)?(?=\s*:|\s+that\b))"
        r"\s*(?:that\b|this\b|:|,)?\s*[:,]?\s*(?P<what>.+?)\s*$",
        re.IGNORECASE | re.DOTALL,
    ),
    re.compile(
        rf"{_POLITE_ZH}(?:记住|记一下|记得|别忘了|不要忘记)\s*[:：，,]?\s*(?P<what>.+?)\s*$",
        re.DOTALL,
    ),
)
_TO_FORGET: Final = (
    re.compile(
        rf"{_POLITE}forget\s+(?:about\s+|that\s+)?(?P<what>.+?)(?:,?\s*please)?[\s.!?]*$",
        re.IGNORECASE | re.DOTALL,
    ),
    # «忘了…» alone is also «I forgot …».
    re.compile(
        rf"{_POLITE_ZH}(?:忘掉|忘记(?!了)|删掉|删除)(?:关于)?(?P<what>.+?)吧?[\s。！!]*$", re.DOTALL
    ),
    re.compile(
        rf"{_POLITE_ZH}把(?P<what>.+?)(?:都|给我)?(?:忘掉|忘了|忘记|删掉|删除|删了)吧?[\s。！!]*$",
        re.DOTALL,
    ),
)
_ASKED: Final = re.compile(
    r"(?:what|where|when|which|who|whom|whose|why|how|if|whether)\b|what's|where's|who's",
    re.IGNORECASE,
)
_ASKED_ZH: Final = re.compile(r"哪|什么|怎么|怎样|谁|多少|几(?=[点号楼层岁个时天])|是不是|有没有")
_REMINDING: Final = re.compile(
    r"^\s*(?:please\s+)?(?:remember|note|don'?t forget|keep in mind)\b\s*[:,]?\s*", re.IGNORECASE
)
_QUESTION_ENDS: Final = ("?", "？", "吗", "么")


def to_remember(text: str) -> str | None:
    """What an order to remember something names; None for anything else.

    «Remember where the pharmacy is» and «note the floor of ENT» ask.
    """
    if text.rstrip().endswith(_QUESTION_ENDS):
        return None
    for order in _ORDERS:
        if found := order.match(text):
            what = found["what"]
            if _ASKED.match(what) or _ASKED_ZH.search(what):
                return None
            return what[0].upper() + what[1:]
    return None


def to_forget(text: str) -> str | None:
    """What an order to forget something names; None for anything else."""
    polite = re.match(r"\s*(?:can|could|would) you\b", text, re.IGNORECASE)
    if text.rstrip().endswith(_QUESTION_ENDS) and not polite:
        return None
    what = next((found["what"] for order in _TO_FORGET if (found := order.match(text))), None)
    # «Forget the pharmacy, where …»: what is wanted comes after it.
    return None if what is None or re.search("[,，;；]", what) else what


def bare_question(text: str) -> str:
    """A question without the word that reminds: «remember where …», «note the floor of …»."""
    return _REMINDING.sub("", text) or text


def unseen_picture(recalled: Sequence[Recalled], seen: Collection[str]) -> str | None:
    """The picture of the nearest memory that isn't in view; None when all have been looked at."""
    handles = (d.image for memory in recalled for d in memory.detections)
    return next((handle for handle in handles if handle and handle not in seen), None)


def note_on(question: str, recalled: Sequence[Recalled]) -> Recalled | None:
    """The memory that can be quoted for an answer: a note, or a fact whose picture is gone.

    A turn can't: it may say that something wasn't found.
    """
    quotable = (m for m in recalled if m.kind == "note" or (m.kind == "fact" and not m.detections))
    return _about(question, quotable)


def forgettable(what: str, recalled: Sequence[Recalled]) -> Recalled | None:
    """The note or fact that an order to forget means."""
    return _about(what, (memory for memory in recalled if memory.kind != "turn"))


def _about(question: str, recalled: Iterable[Recalled]) -> Recalled | None:
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
