"""The bilingual glossary of signs: what signs write, and what people say who look for it.

The data are tab-separated files in `vision/data/glossary/`, one entry a line, open to anyone's
additions; CONTRIBUTING.md tells the columns.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Literal

from rapidfuzz.distance import OSA

from deixis.vision._errors import DeixisError
from deixis.vision.embedded._text import (
    EN_FILLERS,
    FRAME_WORDS,
    SMALL_WORDS,
    compact,
    has_han,
    stem,
    stems,
    words,
)

DATA = Path(__file__).parent.parent / "data" / "glossary"
_COLUMNS = ("id", "domain", "zh", "en", "ask_zh", "ask_en", "near")
_MAX_GAP = 2
_SPELT = 6
# «Help» says nothing, «help desk» does.
_PLACES = frozenset(stem(word) for word in ("desk", "center", "counter", "office", "station"))
_ZH_GAP = "…"
_JOINT = re.compile(r"\band\b|[&/,]")

MentionKind = Literal["name", "need", "second"]
"""How a question speaks of an entry: by its name, by a need it serves best, or second best."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One thing that signs name.

    Attributes:
        id: Stable name in English.
        domain: hospital, station, airport, street, shop, receipt, menu, ….
        zh: What signs write in simplified Chinese, the usual form first.
        en: What signs write in English, the usual form first.
        silent: Names that a question may hold in passing («pay», «check-up»): they name the
            thing on a sign, a question doesn't ask for it by them. A final `~` in the files.
        ask_zh: What people say who need it, in Chinese; a final `~` marks a second-best place,
            `…` stands for up to four characters.
        ask_en: The same in English.
        near: Ids of what could help when this isn't there.
        parents: Those of them that serve the same needs, second best. A final `~` in the files.
    """

    id: str
    domain: str
    zh: tuple[str, ...]
    en: tuple[str, ...]
    ask_zh: tuple[str, ...] = ()
    ask_en: tuple[str, ...] = ()
    near: tuple[str, ...] = ()
    parents: tuple[str, ...] = ()
    silent: frozenset[str] = frozenset()

    def name(self, language: str) -> str:
        """The usual name in a language (`zh…` or English)."""
        return self.zh[0] if language.startswith("zh") else self.en[0]


@dataclass(frozen=True, kw_only=True)
class Mention:
    """An entry spoken of in a question.

    Attributes:
        entry: Which.
        kind: How it is spoken of.
        phrase: The glossary's words that were found.
        size: How many words (characters of Chinese) of it were found.
        start: Where they begin: characters of the folded Chinese text, or words of English.
        end: Where they end, exclusive.
        own: The characters or words in between that are of the phrase.
        telling: Those of them that tell one thing from another, as «department» doesn't.
    """

    entry: Entry
    kind: MentionKind
    phrase: str
    size: int
    start: int
    end: int
    own: frozenset[int] = frozenset()
    telling: frozenset[int] = frozenset()


@dataclass(frozen=True)
class _Phrase:
    entry: Entry
    kind: MentionKind
    text: str
    stems: tuple[str, ...] = ()

    def mention(self, own: Sequence[int], telling: Sequence[int] = ()) -> Mention:
        """Spoken of at these characters or words of a question."""
        return Mention(
            entry=self.entry, kind=self.kind, phrase=self.text, size=len(own), start=own[0],
            end=own[-1] + 1, own=frozenset(own), telling=frozenset(telling or own),
        )  # fmt: skip


class Glossary:
    """Entries, indexed for questions and for signs.

    Args:
        entries: The entries; ids must be unique.

    Raises:
        DeixisError: Two entries share an id.
    """

    def __init__(self, entries: Iterable[Entry]) -> None:
        listed = list(entries)
        self.entries = {entry.id: entry for entry in listed}
        if len(self.entries) != len(listed):
            raise DeixisError("two glossary entries share an id: give each its own")
        if lost := {name for e in listed for name in e.near if name not in self.entries}:
            raise DeixisError(f"the glossary has no entries {', '.join(sorted(lost))}")
        self._zh: dict[str, list[_Phrase]] = {}
        for phrase in _chinese_phrases(listed):
            self._zh.setdefault(phrase.text, []).append(phrase)
        self._longest = max((len(text) for text in self._zh), default=0)
        self._gapped = {
            text: re.compile("(.{0,4}?)".join(map(re.escape, text.split(_ZH_GAP))))
            for text in self._zh
            if _ZH_GAP in text
        }

    @classmethod
    @cache
    def default(cls) -> Glossary:
        """The glossary that comes along."""
        return cls.load(sorted(DATA.glob("*.tsv")))

    @classmethod
    def load(cls, paths: Iterable[Path]) -> Glossary:
        """Reads tab-separated files.

        Raises:
            DeixisError: A row that hasn't the seven columns, with the file and line.
        """
        return cls(entry for path in paths for entry in _read(path))

    @cached_property
    def _en(self) -> dict[str, list[_Phrase]]:
        """English phrases by the stem of their first word."""
        index: dict[str, list[_Phrase]] = {}
        for phrase in _english_phrases(self.entries.values()):
            index.setdefault(phrase.stems[0], []).append(phrase)
        return index

    def mentions(self, question: str) -> list[Mention]:
        """The entries a question speaks of: names first, longer phrases before shorter.

        A phrase within a longer one that was found is left out («heart surgery» doesn't speak
        of «surgery»), unless its entry is near the longer one's: then it is second best.
        """
        asked = self._respelt(question)
        english = _unfused(list(self._mentions_en(asked)), asked)
        found = _without_nested([*self._mentions_zh(question), *english])
        order = {"name": 0, "need": 1, "second": 2}
        return sorted(found, key=lambda m: (order[m.kind], -m.size, m.start))

    def _mentions_zh(self, question: str) -> Iterator[Mention]:
        text = compact(question) if has_han(question) else ""
        for start in range(len(text)):
            for end in range(start + 1, min(start + self._longest, len(text)) + 1):
                for phrase in self._zh.get(text[start:end], ()):
                    yield phrase.mention(range(start, end))
        for written, pattern in self._gapped.items():
            if text and (match := pattern.search(text)):
                between = {at for group in match.regs[1:] for at in range(*group)}
                own = [at for at in range(*match.span()) if at not in between]
                yield from (phrase.mention(own) for phrase in self._zh[written])

    def _mentions_en(self, asked: Sequence[str]) -> Iterator[Mention]:
        for start, first in enumerate(asked):
            for phrase in self._en.get(first, ()):
                gap = 0 if phrase.kind == "name" else _MAX_GAP
                if (own := _found_at(phrase.stems, asked, start, gap)) and not _denied(
                    asked, start
                ):
                    telling = [at for at in own if asked[at] not in EN_FILLERS]
                    yield phrase.mention(own, telling)

    def _respelt(self, question: str) -> tuple[str, ...]:
        """The question's stems, with long unknown words put right by one or two letters."""
        known = self._stems
        return tuple(
            said if len(word) < _SPELT or (said := stem(word)) in known else stem(self._right(word))
            for word in words(question)
            if (said := stem(word))
        )

    @cached_property
    def _stems(self) -> frozenset[str]:
        phrases = (p.stems for listed in self._en.values() for p in listed)
        return frozenset(s for said in phrases for s in said) | FRAME_WORDS

    @cached_property
    def _spellings(self) -> tuple[str, ...]:
        """The longer words of the glossary as they are spelt."""
        said = (text for e in self.entries.values() for text in (*e.en, *e.ask_en))
        return tuple({word for text in said for word in words(text) if len(word) >= _SPELT})

    def _right(self, word: str) -> str:
        """A word as the glossary spells it, when one that begins alike is a slip away."""
        reach = 1 if len(word) < 9 else 2
        close = [
            (distance, known)
            for known in self._spellings
            if known[0] == word[0] and (distance := _slips(word, known, reach)) <= reach
        ]
        return min(close)[1] if close else word

    def near(self, entry: Entry) -> list[Entry]:
        """What could help when an entry isn't there."""
        return [self.entries[name] for name in entry.near]

    def parents(self, entry: Entry) -> list[Entry]:
        """What serves the needs of an entry, second best."""
        return [self.entries[name] for name in entry.parents]


def _found_at(phrase: Sequence[str], asked: Sequence[str], start: int, gap: int) -> list[int]:
    """Where a phrase's words stand in the question: in order, at most `gap` between any two.

    Small words don't count as between: «book [a] time [for an] examination».
    """
    at, own = start, [start]
    for wanted in phrase[1:]:
        passed = 0
        at += 1
        while at < len(asked) and asked[at] != wanted:
            passed += asked[at] not in SMALL_WORDS
            at += 1
            if passed > gap:
                return []
        if at == len(asked):
            return []
        own.append(at)
    return own


def _denied(asked: Sequence[str], start: int) -> bool:
    """Whether a question says that it doesn't mean what follows: «not the Chinese medicine one»."""
    before = [word for word in asked[max(start - 2, 0) : start] if word not in ("the", "a", "an")]
    return before[-1:] == ["not"]


def _slips(word: str, known: str, most: int) -> int:
    """How many letters apart two spellings are, sounds that are written alike counted as one."""
    return OSA.distance(word.replace("ph", "f"), known.replace("ph", "f"), score_cutoff=most)


def _unfused(mentions: Sequence[Mention], asked: Sequence[str]) -> list[Mention]:
    """Without names read across an «and» that joins two: «pediatrics and ophthalmology»."""
    names = {m.own for m in mentions if m.kind == "name"}

    def fused(m: Mention) -> bool:
        joints = [at for at in range(m.start, m.end) if asked[at] in ("and", "or")]
        parts = ({at for at in m.own if at < joint} for joint in joints)
        joined = any({part := frozenset(p), m.own - part} <= names for p in parts)
        return m.kind == "name" and joined and not _JOINT.search(m.phrase)

    return [m for m in mentions if not fused(m)]


def _without_nested(mentions: Iterable[Mention]) -> list[Mention]:
    found = list({(m.entry.id, m.kind, m.start, m.end): m for m in mentions}.values())
    kept: list[Mention] = []
    for mention in found:
        around = [other for other in found if _nested(mention, other)]
        if not around:
            kept.append(mention)
        elif mention.kind == "need" and all(
            other.kind != "name" and mention.entry.id in other.entry.near for other in around
        ):
            kept.append(replace(mention, kind="second"))
    return kept


def _nested(inner: Mention, outer: Mention) -> bool:
    if has_han(inner.phrase) != has_han(outer.phrase):
        return False
    return inner.own < outer.own or inner.telling < outer.telling


def _asks(phrases: Sequence[str]) -> Iterator[tuple[str, MentionKind]]:
    for phrase in phrases:
        yield phrase.removesuffix("~").strip(), "second" if phrase.endswith("~") else "need"


def _chinese_phrases(entries: Iterable[Entry]) -> Iterator[_Phrase]:
    for entry in entries:
        for name in entry.zh:
            # A character that counts things (个, 月, 份) may be a part of any word.
            counts = entry.domain == "price" and len(name) == 1
            if name not in entry.silent and not counts:
                yield _Phrase(entry, "name", compact(name))
        for phrase, kind in _asks(entry.ask_zh):
            yield _Phrase(entry, kind, _ZH_GAP.join(map(compact, phrase.split(_ZH_GAP))))


def _english_phrases(entries: Iterable[Entry]) -> Iterator[_Phrase]:
    for entry in entries:
        for name in entry.en:
            if name not in entry.silent and says_something(key := _key(name)):
                yield _Phrase(entry, "name", name, key)
        for phrase, kind in _asks(entry.ask_en):
            if says_something(key := _key(phrase)):
                yield _Phrase(entry, kind, phrase, key)


def _key(phrase: str) -> tuple[str, ...]:
    """A phrase's stems without the small words."""
    return tuple(s for s in stems(phrase) if s not in SMALL_WORDS)


def holds(wider: Entry, entry: Entry) -> bool:
    """Whether a place's name says that it holds another: «obstetrics *and* gynaecology»."""
    own = set(stems(entry.en[0])) - EN_FILLERS
    parts = [
        set(stems(part)) - EN_FILLERS
        for name in wider.en
        if _JOINT.search(name)
        for part in _JOINT.split(name)
    ]
    return bool(own) and own in parts


def says_something(phrase: Sequence[str]) -> bool:
    """Whether a phrase holds a word that could tell one thing from another."""
    named = len(phrase) >= 2 and phrase[-1] in _PLACES and phrase[0] not in EN_FILLERS
    return named or any(s not in FRAME_WORDS and s not in EN_FILLERS for s in phrase)


def _read(path: Path) -> Iterator[Entry]:
    lines = path.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.startswith(("#", "id\t")):
            continue
        cells = line.split("\t")
        cells += [""] * (len(_COLUMNS) - len(cells))
        if len(cells) != len(_COLUMNS) or not all(cells[:4]):
            raise DeixisError(
                f"{path.name} line {number}: a glossary row has the columns "
                f"{', '.join(_COLUMNS)}, tab-separated, the first four filled"
            )
        lists = [tuple(p.strip() for p in cell.split("|") if p.strip()) for cell in cells[2:]]
        silent = frozenset(n.removesuffix("~") for n in (*lists[0], *lists[1]) if n.endswith("~"))
        zh, en = (tuple(name.removesuffix("~") for name in names) for names in lists[:2])
        yield Entry(
            id=cells[0], domain=cells[1], zh=zh, en=en, ask_zh=lists[2], ask_en=lists[3],
            near=tuple(name.removesuffix("~") for name in lists[4]),
            parents=tuple(name.removesuffix("~") for name in lists[4] if name.endswith("~")),
            silent=silent,
        )  # fmt: skip
