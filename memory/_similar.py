"""When two memories say the same, and when they contradict each other.

Vectors alone can't tell: «the pharmacy is on 1F» and «on 2F» are as near as two ways of saying
one thing. So the nearest by their vectors are compared by their words.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

from rapidfuzz import fuzz

from deixis.memory._items import MemoryItem, MemoryPlace

NEAREST: Final = 24
"""How many of the nearest are compared."""

_SAME: Final = 94
_MORE: Final = 2
"""How many words one of two texts may say more of the same thing."""
_ELSEWHERE: Final = 0.3
"""Boxes of one picture that overlap less are two places."""

# Words of which one excludes the others, by sort. A text that differs from another in these
# alone, or in numbers, or in a denial, contradicts it.
_EXCLUSIVE: Final = {
    sort: frozenset(words.split())
    for sort, words in {
        "weekday": "monday tuesday wednesday thursday friday saturday sunday",
        "month": "january february march april may june july august september october november "
        "december",
        "side": "left right straight",
        "open": "open closed",
        "compass": "north south east west",
        "daytime": "morning noon afternoon evening night",
        "stairs": "upstairs downstairs",
        "colour": "red green blue yellow black white orange purple",
    }.items()
}
_COUNTED: Final[dict[str, str]] = {
    word: str(number)
    for words in (
        "one two three four five six seven eight nine ten eleven twelve",
        "first second third fourth fifth sixth seventh eighth ninth tenth",
        "一 二 三 四 五 六 七 八 九 十",
    )
    for number, word in enumerate(words.split(), start=1)
} | {"两": "2"}
_EXCLUSIVE_ZH: Final = {
    "weekday": re.compile(r"(?:周|星期|礼拜)[一二三四五六日天]"),
    "number": re.compile(r"[一二三四五六七八九十百零两]+(?=[楼层号点岁个])"),
    "side": re.compile(r"[左右](?=[边侧面转拐])"),
    "compass": re.compile(r"[东西南北](?=[边侧面转拐])"),
    "daytime": re.compile("上午|中午|下午|晚上"),
    "open": re.compile(r"开(?=门|放|着)|关(?=门|闭|着)"),
}
# An appointment at another hour is often on another day, too.
_TOGETHER: Final = frozenset({"number", "weekday", "month"})
_DENIALS: Final = frozenset("not no never none without cannot nobody nothing".split())
_DENIAL_ZH: Final = re.compile(r"不(?!过[，,是]|同|少|错)|没有?|别(?=[去吃用])|无法|从不")
_WORD: Final = re.compile(r"[a-z0-9][a-z0-9'.:/%-]*|[\u3400-\u9fff]")
_FILLERS: Final = frozenset(
    "a an the is are was were be am it its this that my your i me you of to in on at and or "
    "pm o'clock 我 的 你 您 了 点 分".split()
)
_CONTRACTIONS: Final = (("n't", " not"), ("'m", " am"), ("'re", " are"), ("'s", " is"))
# What stands before it names the thing («room 101 is …»), what stands after it is said of it.
_VERB: Final = re.compile(
    r"\b(?:is|are|was|were|has|have|had|costs?|opens?|closes?|needs?|takes?)\b|[在是有]"
)
_DATED: Final = "|".join(sorted(_EXCLUSIVE["weekday"] | _EXCLUSIVE["month"]))
# «Locker 12 belongs …», «flight CA123 departs …»: numbers that name a thing.
_NUMBERED: Final = re.compile(
    r"^\s*(?:the |my |our )?(?!(?:at|on|in|by|from|take|eat|drink|use|buy|bring|pay|wait|press|"
    rf"dial|call|turn|go|need|have|only|about|{_DATED})\b)[a-z]{{3,}} (?:no\.? ?|number |#)?"
    r"(?:[a-z]{2,})?\d+[a-z]?(?![\w:.]|\s*[ap]m\b)"
)
_CODE: Final = re.compile(r"(?!usd|eur|gbp|jpy|cny|rmb|hkd)[a-z]{2,}[0-9]+[a-z]?")
_HALF: Final = re.compile(r"(\d)\s+([ap])\.?m\b\.?")
_HALF_DAY: Final = re.compile(r"(?<=\d)[ap]m$")
_HOUR: Final = re.compile(r"(?<=\d):00(?!\d)")
_SUFFIX: Final = re.compile(r"(?<=\d)(?:f|st|nd|rd|th)$")

# A line of a sign in its parts: names in one language and another, with what they are short for.
_HAN: Final = re.compile("[\u3400-\u9fff]")
_BRACKETS: Final = re.compile(r"[(\[【「]([^()\[\]【】「」]*)[)\]】」]")
_APART: Final = re.compile(
    r"[·/|()\[\]【】「」\n]|(?<=[\u3400-\u9fff])\s+(?=[a-z])|(?<=[a-z])\s+(?=[\u3400-\u9fff])"
    r"|(?<=[\u3400-\u9fff])(?=[a-z]{3})"
)
_FLOOR: Final = re.compile(r"[a-z]?\d+[a-z]?|(?:\d+|[一二三四五六七八九十]+)[楼层]|地下\S?[楼层]")
_LISTED: Final = re.compile(r",\s+|[、;]| and |和")

# What a person has one of, and so how another one contradicts it.
_VALUE: Final = r"(?:the |(?:dr|prof|mr|mrs|ms)\.? )?(?P<value>[^\s.,;:!?][^.,;:!?\n]*)"
_OWN: Final = (
    re.compile(
        r"\s*my (?P<what>(?:(?:full|first|last) )?name|age|birthday|(?:home )?address|hotel|"
        r"doctor(?:'s name)?|blood type|(?:room|seat|phone|flight)(?: number)?)"
        rf"(?: is|'s)(?: called)? {_VALUE}",
        re.IGNORECASE,
    ),
    re.compile(
        rf"\s*i(?: am|'m)? (?:now )?(?P<what>live|living|staying) (?:in|at) {_VALUE}", re.IGNORECASE
    ),
    re.compile(
        r"\s*我的?(?P<what>名字|姓名|年龄|生日|地址|酒店|房间|座位|医生|电话|血型|航班)"
        r"(?:号码?)?(?:是|叫|姓|为|:)\s*(?P<value>[^\s。,;:!?]+)"
    ),
    re.compile(r"\s*我(?:现在)?(?P<what>叫|住)在?(?P<value>[^\s。,;:!?]+)"),
)
_ASIDE: Final = re.compile(r"^(?:full|first|last|home) | number$|'s name$")
_OWN_THINGS: Final = {
    "名字": "name", "姓名": "name", "叫": "name", "年龄": "age", "生日": "birthday",
    "地址": "address", "酒店": "hotel", "房间": "room", "座位": "seat", "医生": "doctor",
    "电话": "phone", "血型": "blood type", "航班": "flight", "住": "live", "living": "live",
}  # fmt: skip
_IN_NUMBERS: Final = frozenset({"age", "room", "seat", "phone", "flight"})
_PROPER: Final = frozenset({"doctor", "hotel", "staying"})
_NO_VALUE: Final = frozenset(
    "a an my this that in on at near next by from with not no very too so quite still here there "
    "了 过 他 她 它 你 您 不 没".split()
)
_LONGEST: Final = 5
_LONGEST_ZH: Final = 12


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
    if _facts_differ(new, old):
        return False
    if first == second:
        return new.kind != "turn" or _words(new.question) == _words(old.question)
    if new.kind == "turn" or _values(new.text) != _values(old.text) or not (first and second):
        return False
    # Lockers 12 and 14 are two, however many words their notes share.
    if _stated(new) != _stated(old) or _numbers(first) != _numbers(second):
        return False
    if _another_of_one(new.text, old.text):
        return False
    return fuzz.token_sort_ratio(" ".join(first), " ".join(second)) >= _SAME


def contradicts(new: MemoryItem, old: MemoryItem) -> bool:
    """Whether a memory says otherwise than an older one of the same thing."""
    if "turn" in (new.kind, old.kind) or _beside(new, old):
        return False
    if _facts_differ(new, old) and _one_subject(new, old):
        return True
    if _words(new.text) == _words(old.text):
        return False
    if _another_of_one(new.text, old.text):
        return True
    return _values_exclude(new.text, old.text) and _one_frame(new.text, old.text)


def _facts_differ(new: MemoryItem, old: MemoryItem) -> bool:
    """Whether the facts of two memories can't both be true of one thing."""
    stated, before = _alternatives(new), _alternatives(old)
    return any(not stated[kind] & before[kind] for kind in stated.keys() & before.keys())


def _alternatives(item: MemoryItem) -> dict[str, frozenset[str]]:
    """What the facts of an item may be, by kind: lifts are on every floor that was answered."""
    named = _pieces_of(item.places[0])[1] if item.places else frozenset[str]()
    shown: set[str] = set()
    for place in item.places:
        if _pieces_of(place)[1] & named:
            label = place.detection.label
            shown.update("".join(_words(part)) for part in label.split("·")[1:])
    found: dict[str, frozenset[str]] = {}
    for kind, value in item.facts.items():
        if said := frozenset("".join(_words(one)) for one in _LISTED.split(value or "")) - {""}:
            found[kind] = said | shown if said & shown else said
    return found


def _stated(item: MemoryItem) -> dict[str, str]:
    return {k: "".join(_words(v)) for k, v in item.facts.items() if v}


def _beside(new: MemoryItem, old: MemoryItem) -> bool:
    """Whether two memories speak of two places in one picture, which doesn't contradict itself."""
    if not (new.places and old.places):
        return False
    first, second = new.places[0], old.places[0]
    box, other = first.detection.box, second.detection.box
    if first.image.sha256 != second.image.sha256 or box is None or other is None:
        return False
    return box.iou(other) < _ELSEWHERE


def _one_subject(new: MemoryItem, old: MemoryItem) -> bool:
    """Whether the facts of two memories are of one thing.

    A label alone may be any word («door»): what it is must be written in one of the pictures.
    """
    (written, named), (before, known) = _names(new), _names(old)
    return bool(written & known or named & before)


def _names(item: MemoryItem) -> tuple[frozenset[str], frozenset[str]]:
    """What the facts of an item are of: the names at its first place, without the facts.

    Those that are surely names, and with them those that may be mere labels.
    """
    if not item.places:
        return frozenset(), frozenset()
    written, named = _pieces_of(item.places[0])
    values = {*_stated(item).values()}

    def bare(names: frozenset[str]) -> frozenset[str]:
        told = (" ".join(w for w in name.split() if w not in values) for name in names)
        return frozenset(name for name in told if name)

    return bare(written), bare(named)


def _pieces_of(place: MemoryPlace) -> tuple[frozenset[str], frozenset[str]]:
    text, label = place.detection.text or "", place.detection.label
    written = _pieces(text)
    # «ENT · 4F»: who writes so knows what a line means.
    name, floor = label.partition("·")[::2]
    labelled = _pieces(name)
    return (written | labelled if floor or not written else written), written | labelled


@lru_cache(maxsize=4096)
def _pieces(text: str) -> frozenset[str]:
    """The names in a line: bilingual ones apart, what only specifies them in brackets left out."""
    folded = _folded(text)
    outer = _BRACKETS.sub("/", folded)
    han = bool(_HAN.search(outer))
    inner = [part for part in _BRACKETS.findall(folded) if bool(_HAN.search(part)) != han]
    parts = (part for one in (outer, *inner) for part in _APART.split(one))
    names = (" ".join(_words(part)) for part in parts if not _FLOOR.fullmatch(part.strip()))
    return frozenset(name for name in names if len(name) > 1)


@lru_cache(maxsize=4096)
def _words(text: str) -> tuple[str, ...]:
    """Words of a text, folded: letters of any width and case are one, punctuation goes."""
    return tuple(word.strip("'.:/-") for word in _WORD.findall(_folded(text)))


def _numbers(words: Sequence[str]) -> list[str]:
    return sorted(_plain(word) for word in words if any(char.isdigit() for char in word))


@lru_cache(maxsize=4096)
def _values(text: str) -> frozenset[tuple[str, str]]:
    """What is said in a text that can exclude something else, by sort: numbers, days, denials."""
    said = _parts(text)[1]
    words = set(_words(said))
    found = {("number", _plain(word)) for word in words if _is_number(word)}
    found |= {("number", _COUNTED[w]) for w in words & _COUNTED.keys() if w.isascii()}
    found |= {(sort, word) for sort, group in _EXCLUSIVE.items() for word in words & group}
    for sort, pattern in _EXCLUSIVE_ZH.items():
        for value in (match.group() for match in pattern.finditer(said)):
            day = value[-1].replace("天", "日") if sort == "weekday" else value
            found.add((sort, _COUNTED.get(day, day)))
    if words & _DENIALS or _DENIAL_ZH.search(said):
        found.add(("denial", "not"))
    return frozenset(found)


def _is_number(word: str) -> bool:
    return any(char.isdigit() for char in word) and not _CODE.fullmatch(word)


def _plain(number: str) -> str:
    """A number without what may stand at it or not: «2nd», «2F», «9:00»."""
    return _SUFFIX.sub("", _HOUR.sub("", number))


def _values_exclude(text: str, other: str) -> bool:
    """Whether what two texts say excludes each other.

    What differs in more than one way is about two things. What only says less excludes nothing.
    """
    new, old = _values(text), _values(other)
    differing: set[str] = set()
    for sort in {sort for sort, _ in new | old}:
        mine = {value for of, value in new if of == sort}
        before = {value for of, value in old if of == sort}
        if sort == "number" and not (_halved(mine) and _halved(before)):
            mine, before = ({_HALF_DAY.sub("", v) for v in values} for values in (mine, before))
        if not (mine <= before or before <= mine) or (sort == "denial" and mine != before):
            differing.add("number" if sort in _TOGETHER else sort)
    return len(differing) == 1


def _halved(values: set[str]) -> bool:
    return any(_HALF_DAY.search(value) for value in values)


def _one_frame(text: str, other: str) -> bool:
    """Whether two texts are the same but for their values, where one may say a little more.

    No word stands for another: «flight CA123 …» and «flight MU456 …» are of two flights.
    """
    (named, said), (known, before) = _frame(text), _frame(other)
    if named != known or not (named or (said and before)):
        return False
    new, old = Counter(said), Counter(before)
    more, less = (new - old).total(), (old - new).total()
    return not (more and less) and more + less <= _MORE


def _frame(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What a text names and what it says of it, without its values and the smallest words."""
    named, said = _parts(text)
    bare = _DENIAL_ZH.sub(" ", said)
    for pattern in _EXCLUSIVE_ZH.values():
        bare = pattern.sub(" ", bare)
    dropped = _DENIALS.union(*_EXCLUSIVE.values(), _COUNTED)
    told = (w for w in _words(bare) if not (w in dropped or _is_number(w)))
    return _without_fillers(_words(named)), _without_fillers(told)


def _without_fillers(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(word for word in words if word not in _FILLERS)


def _another_of_one(text: str, other: str) -> bool:
    """Whether two texts name two of what a person has one of: «my name is Ann» and «… Bob»."""
    new, old = _own(text), _own(other)
    if new is None or old is None or new[0] != old[0]:
        return False
    mine, before = set(new[1]), set(old[1])
    # A number and a name, or a name in two scripts, may be two ways of saying one thing.
    alike = all(_has(sort, mine) == _has(sort, before) for sort in ("0-9", "\u3400-\u9fff"))
    return alike and not (mine <= before or before <= mine)


def _has(characters: str, words: set[str]) -> bool:
    return any(re.search(f"[{characters}]", word) for word in words)


@lru_cache(maxsize=4096)
def _own(text: str) -> tuple[str, tuple[str, ...]] | None:
    """Which of the things that a person has one of a text tells, and what it is."""
    plain = unicodedata.normalize("NFKC", text).replace("’", "'")
    for pattern in _OWN:
        if (found := pattern.match(plain)) is None:
            continue
        what, value = (found.groupdict().get(name) or "" for name in ("what", "value"))
        what = _ASIDE.sub("", what.casefold())
        thing, words = _OWN_THINGS.get(what, what), _words(value)
        return (thing, words) if _names_it(thing, value, words) else None
    return None


def _names_it(thing: str, value: str, words: Sequence[str]) -> bool:
    """Whether a value says which: «my room is 301» does, «my room is cold» doesn't."""
    if not words or len(words) > (_LONGEST_ZH if _HAN.search(value) else _LONGEST):
        return False
    if thing in _IN_NUMBERS:
        return _has("0-9", {*words})
    if thing in _PROPER and value[0].islower():
        return False
    return thing == "blood type" or words[0] not in _NO_VALUE


def _folded(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    for short, long in _CONTRACTIONS:
        folded = folded.replace(short, long)
    return _HALF.sub(r"\1\2m", folded)


def _parts(text: str) -> tuple[str, str]:
    """What a text is about, and what it says of it; all is said where nothing shows its subject."""
    folded = _folded(text)
    verb, name = _VERB.search(folded), _NUMBERED.match(folded)
    end = verb.start() if verb is not None else 0
    if name is not None and (verb is None or name.end() <= end):
        end = name.end()
    return folded[:end], folded[end:]
