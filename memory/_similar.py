"""When two memories say the same, and when they contradict each other.

Vectors alone can't tell: «the pharmacy is on 1F» and «on 2F» are as near as two ways of saying
one thing. So the nearest by their vectors are compared by their words.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from rapidfuzz import fuzz

from deixis.memory._items import MemoryItem

NEAREST: Final = 24
"""How many of the nearest are compared."""

_SAME: Final = 94
_SAME_FRAME: Final = 84

# Words of which one excludes the others. A text that differs from another in these alone, or in
# numbers, or in a denial, contradicts it.
_EXCLUSIVE: Final = tuple(
    frozenset(words.split())
    for words in (
        "monday tuesday wednesday thursday friday saturday sunday",
        "january february march april may june july august september october november december",
        "left right straight",
        "open closed",
        "north south east west",
        "morning noon afternoon evening night",
        "upstairs downstairs",
        "first second third fourth fifth sixth seventh eighth ninth tenth",
        "one two three four five six seven eight nine ten eleven twelve",
        "red green blue yellow black white orange purple",
    )
)  # fmt: skip
_EXCLUSIVE_ZH: Final = re.compile(
    r"周[一二三四五六日天]|星期[一二三四五六日天]|[一二三四五六七八九十百零两]+(?=[楼层号点岁个])"
    r"|[左右东西南北](?=[边侧面转拐])|上午|中午|下午|晚上|开(?=门|放|着)|关(?=门|闭|着)"
)
_DENIALS: Final = frozenset("not no never none without cannot nobody nothing".split())
_DENIAL_ZH: Final = re.compile(r"不(?!过[，,是]|同|少|错)|没有?|别(?=[去吃用])|无法|从不")
_WORD: Final = re.compile(r"[a-z0-9][a-z0-9'.:/%-]*|[\u3400-\u9fff]")
_FILLERS: Final = frozenset(
    "a an the is are was were be am it its this that my your i me you of to in on at and or".split()
)
_CONTRACTIONS: Final = (("n't", " not"), ("'m", " am"), ("'re", " are"), ("'s", " is"))
# What stands before it names the thing («room 101 is …»), what stands after it is said of it.
_VERB: Final = re.compile(
    r"\b(?:is|are|was|were|has|have|had|costs?|opens?|closes?|needs?|takes?)\b|[在是有]"
)


# Words of a question that say nothing of what it is about.
_ASKING: Final = frozenset(
    "what when where which who whom whose why how did do does done can could should would will "
    "shall may might must go get find tell please there here about again me was were been have "
    "has had 哪 里 在 吗 什 么 几 是 的 我 你 您 请 问 怎 样 了 呢 去 到 有".split()
)


def shared_words(question: str, texts: Sequence[str]) -> list[float]:
    """How much of what a question is about each text names, from 0 to 1.

    A word that many of the texts have counts less. Vectors of short texts lean towards those
    that are put alike; this leans towards those that are about the same.
    """
    wanted = {word for word in _words(question) if word not in _ASKING | _FILLERS}
    held = [wanted.intersection(_words(text)) for text in texts]
    weight = {word: 1 / (1 + sum(word in some for some in held)) for word in wanted}
    whole = sum(weight.values())
    return [sum(weight[word] for word in some) / whole if whole else 0.0 for some in held]


def same(new: MemoryItem, old: MemoryItem) -> bool:
    """Whether two memories say one thing in about the same words."""
    first, second = _words(new.text), _words(old.text)
    if first == second:
        return new.kind != "turn" or _words(new.question) == _words(old.question)
    if new.kind == "turn" or _values(new.text) != _values(old.text) or not (first and second):
        return False
    if _stated(new) != _stated(old):
        return False
    return fuzz.token_sort_ratio(" ".join(first), " ".join(second)) >= _SAME


def contradicts(new: MemoryItem, old: MemoryItem) -> bool:
    """Whether a memory says otherwise than an older one of the same thing."""
    if "turn" in (new.kind, old.kind):
        return False
    stated, before = _stated(new), _stated(old)
    if _subjects(new) & _subjects(old):
        differing = [k for k in stated.keys() & before.keys() if stated[k] != before[k]]
        if differing:
            return True
    if _values(new.text) == _values(old.text):
        return False
    frame, older = _frame(new.text), _frame(old.text)
    if not frame or not older:
        return False
    # Two texts about quite different things may both be short: all that isn't a value must fit.
    return fuzz.ratio(" ".join(frame), " ".join(older)) >= _SAME_FRAME


def _subjects(item: MemoryItem) -> frozenset[str]:
    """What the facts of an item are of: what is written at its first place."""
    if not item.places:
        return frozenset()
    first = item.places[0].detection
    return frozenset(" ".join(_words(text)) for text in (first.text, first.label) if text)


def _stated(item: MemoryItem) -> dict[str, str]:
    return {k: "".join(_words(v)) for k, v in item.facts.items() if v}


@lru_cache(maxsize=4096)
def _words(text: str) -> tuple[str, ...]:
    """Words of a text, folded: letters of any width and case are one, punctuation goes."""
    return tuple(word.strip("'.:/-") for word in _WORD.findall(_folded(text)))


@lru_cache(maxsize=4096)
def _values(text: str) -> frozenset[str]:
    """What is said in a text that can exclude something else: numbers, days, sides, denials."""
    said = _parts(text)[1]
    words = set(_words(said))
    found = {word for word in words if any(char.isdigit() for char in word)}
    found |= {word for group in _EXCLUSIVE for word in words & group}
    found |= {match.group() for match in _EXCLUSIVE_ZH.finditer(said)}
    if words & _DENIALS or _DENIAL_ZH.search(said):
        found.add("not")
    return frozenset(found)


def _frame(text: str) -> tuple[str, ...]:
    """A text's words without its values and the smallest words."""
    named, said = _parts(text)
    bare = _EXCLUSIVE_ZH.sub(" ", _DENIAL_ZH.sub(" ", said))
    dropped = _values(text) | _DENIALS
    told = (w for w in _words(bare) if w not in dropped and not any(c.isdigit() for c in w))
    return tuple(word for word in (*_words(named), *told) if word not in _FILLERS)


def _folded(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    for short, long in _CONTRACTIONS:
        folded = folded.replace(short, long)
    return folded


def _parts(text: str) -> tuple[str, str]:
    """What a text is about, and what it says of it; all is said where there is no verb."""
    folded = _folded(text)
    verb = _VERB.search(folded)
    return ("", folded) if verb is None else (folded[: verb.start()], folded[verb.start() :])
