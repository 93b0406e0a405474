"""Finding on a sign what a question asks for.

Evidence is trusted in this order: the asker's own words as the sign writes them, the glossary,
the dictionary, embeddings. What is named and not found is absent: a nearby meaning never stands
in for it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal, Protocol

from rapidfuzz.distance import Levenshtein

from deixis.vision.embedded._dictionary import Dictionary
from deixis.vision.embedded._glossary import Entry, Glossary, Mention, holds
from deixis.vision.embedded._naming import TAILS, Namer
from deixis.vision.embedded._question import Question
from deixis.vision.embedded._sign import Segment, Sign, SignLine
from deixis.vision.embedded._text import compact, has_han, stems

Tier = Literal["literal", "glossary", "dictionary", "embedding"]

_SURE = 0.6
_EXACT = 0.95
_PUBLIC = "public"
_MIXED = re.compile(r"(?<![A-Za-z])[A-Za-z]{1,4}-?[\u4e00-\u9fff]+")
# What every exit board is about, and so doesn't tell one line from another.
_EXITS = frozenset(
    "exit entrance exit-entrance exit-direction north-exit south-exit east-exit west-exit "
    "station-exit".split()
)


@dataclass(frozen=True, kw_only=True)
class Match:
    """A line that answers.

    Attributes:
        line: Which.
        sign: The sign it stands on.
        entry: What it is, where the glossary knows.
        surety: 0 to 1, comparable within one tier.
        tier: What kind of evidence it rests on.
    """

    line: SignLine
    sign: Sign
    entry: Entry | None
    surety: float
    tier: Tier


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What a search came to.

    Attributes:
        matches: The lines that answer, best first, for everything asked; empty if none.
        absent: What was asked for and isn't there.
        term: The asker's own words for it, for saying that it isn't there.
        second_best: Whether the sign lacks the best place and this is another that serves.
    """

    matches: tuple[Match, ...] = ()
    absent: tuple[Mention, ...] = ()
    term: str = ""
    second_best: bool = False


class Semantics(Protocol):
    """Knows by meaning what is asked for in words that nothing else knows."""

    def nearest(self, question: str) -> Entry | None:
        """The entry meant, whether or not a sign has it; None where it isn't clear."""
        ...


class SignSearch:
    """Finds lines by the glossary, the dictionary and, last, by meaning."""

    def __init__(
        self, glossary: Glossary, dictionary: Dictionary, semantics: Semantics | None = None
    ) -> None:
        self._glossary = glossary
        self._namer = Namer(glossary)
        self._dictionary = dictionary
        self._semantics = semantics

    def find(self, question: Question, signs: Sequence[Sign]) -> Finding:
        """The lines that answer a question.

        Args:
            question: The question.
            signs: All signs in view.
        """
        literal = _best_lines(self._literal(question, signs))
        mentions = self._glossary.mentions(question.text)
        if any(sign.exits for sign in signs):
            mentions = [m for m in mentions if m.entry.id not in _EXITS]
        term = _term(question, mentions)
        found, absent = self._named(mentions, signs)
        if absent and (whole := self._all_in_one(mentions, signs)):
            return Finding(matches=whole, term=term)
        if literal or found:
            merged = _merged(literal, found)
            return Finding(matches=merged, absent=_beside(absent, merged), term=term)
        main = self._domains(signs)
        strict = tuple(
            m for m in absent if (not main or m.entry.domain in main) and not _is_need(m, mentions)
        )
        if strict:
            return Finding(absent=strict, term=term)
        if served := self._serving(mentions, main, signs):
            return replace(served, term=term)
        needs = [m for m in mentions if m.kind == "need" and self._fits(m, main)]
        if absent or needs:
            return Finding(absent=(*absent, *(() if absent else needs)), term=term)
        if meant := self._by_meaning(question, signs):
            return replace(meant, term=term)
        return Finding(matches=self._by_dictionary(question, signs), term=term)

    def _named(
        self, mentions: Sequence[Mention], signs: Sequence[Sign]
    ) -> tuple[list[Match], tuple[Mention, ...]]:
        """The lines for what a question names, in its order, and what it names in vain.

        What is named counts as there, too, when the same words are a need that a place on the
        sign serves («diabetes», with no diabetes clinic), or when a wider place holds it
        (gynaecology in obstetrics and gynaecology).
        """
        names = sorted((m for m in mentions if m.kind == "name"), key=lambda m: m.start)
        found: list[Match] = []
        absent: list[Mention] = []
        for name in names:
            others = [m for m in mentions if m.kind != "name" and m.own >= name.own]
            matches = (
                self._lines_of(name.entry, signs)
                or self._wider(name.entry, signs)
                or [match for m in others for match in self._lines_of(m.entry, signs)][:1]
            )
            found += matches
            if not matches:
                absent.append(name)
        spans = [name for name in names if name not in absent]
        return found, tuple(m for m in absent if not any(_overlap(m, n) for n in spans))

    def _all_in_one(self, mentions: Sequence[Mention], signs: Sequence[Sign]) -> tuple[Match, ...]:
        """The lines whose one name holds two or more of those a question gives.

        A surgery of Chinese medicine is `中医外科`, though the sign has no `中医科`.
        """
        names = {m.entry.id: m.entry for m in mentions if m.kind == "name"}
        held = [
            (sum(self._namer.is_in(entry, piece) for entry in names.values()), line, sign)
            for sign in signs
            for line in sign.lines
            for piece in pieces_of(line)
            if piece.han and not line.is_label
        ]
        most = max((count for count, _, _ in held), default=0)
        if most < 2:
            return ()
        return _one_each(
            Match(line=line, sign=sign, entry=None, surety=0.9, tier="glossary")
            for count, line, sign in held
            if count == most
        )

    def _serving(
        self, mentions: Sequence[Mention], main: frozenset[str], signs: Sequence[Sign]
    ) -> Finding | None:
        """The lines that serve the needs a question speaks of, the best kind there is."""
        needs = [m for m in mentions if m.kind == "need"]
        best = [
            match
            for m in needs
            for match in self._lines_of(m.entry, signs)
            # What is foreign to the sign must be written there in so many words.
            if match.surety >= 0.9 or self._fits(m, main)
        ] or [match for m in needs for match in self._wider(m.entry, signs)]
        if best:
            return Finding(matches=_one_each(best))
        # Who asks for an X-ray of a knee isn't served where knees are treated.
        unserved = [m for m in needs if self._fits(m, main)]
        second = [
            m
            for m in mentions
            if m.kind == "second"
            and self._fits(m, main)
            and (not unserved or any(_overlap(m, need) for need in unserved))
        ]
        found = self._by_parents(needs, signs) or [
            match for m in second for match in self._lines_of(m.entry, signs)
        ]
        return Finding(matches=_one_each(found), second_best=True) if found else None

    def _by_parents(self, needs: Sequence[Mention], signs: Sequence[Sign]) -> list[Match]:
        """What serves the first need that has something that does, second best."""
        for need in needs:
            for parent in self._glossary.parents(need.entry):
                if lines := self._lines_of(parent, signs):
                    return lines
        return []

    def _wider(self, entry: Entry, signs: Sequence[Sign]) -> list[Match]:
        """The lines of a place whose name says that it holds this one."""
        for other in self._glossary.near(entry):
            if holds(other, entry) and (lines := self._lines_of(other, signs)):
                return lines
        return []

    def _domains(self, signs: Sequence[Sign]) -> frozenset[str]:
        """What the signs are about: the domains that many of their lines belong to."""
        counts: Counter[str] = Counter()
        for sign in signs:
            for line in sign.lines:
                counts.update(
                    {n.entry.domain for seg in line.segments for n in self._namer.names(seg)[:2]
                     if n.surety >= 0.9}
                )  # fmt: skip
        enough = max(2.0, 0.25 * counts.total())
        return frozenset(d for d, count in counts.items() if count >= enough) - {_PUBLIC}

    @staticmethod
    def _fits(mention: Mention, main: frozenset[str]) -> bool:
        return not main or mention.entry.domain in main or mention.entry.domain == _PUBLIC

    def _lines_of(self, entry: Entry, signs: Sequence[Sign]) -> list[Match]:
        """The lines that name an entry, the surest only."""
        found: list[Match] = []
        for sign in signs:
            for line in sign.lines:
                surety = max((self._surety(entry, piece) for piece in pieces_of(line)), default=0)
                if surety >= _SURE and not line.is_label:
                    found.append(
                        Match(line=line, sign=sign, entry=entry, surety=surety, tier="glossary")
                    )
        top = max((match.surety for match in found), default=0.0)
        # A line that is just this and one that is some kind of it don't answer alike.
        return sorted(
            (match for match in found if match.surety >= min(top, 0.9) - 0.001),
            key=lambda match: -match.surety,
        )

    def is_one_name(self, words: str) -> bool:
        """Whether words are, all together, one name of the glossary."""
        every = range(len(stems(words)))
        return any(
            m.kind == "name" and m.own.issuperset(every) for m in self._glossary.mentions(words)
        )

    def lines_of(self, entry_id: str, signs: Sequence[Sign]) -> list[Match]:
        """The lines that name a glossary entry, the surest only."""
        entry = self._glossary.entries.get(entry_id)
        return self._lines_of(entry, signs) if entry else []

    def _surety(self, entry: Entry, segment: Segment) -> float:
        names = self._namer.names(segment)
        return max((n.surety for n in names if n.entry.id == entry.id), default=0.0)

    def _literal(self, question: Question, signs: Sequence[Sign]) -> Iterable[Match]:
        for sign in signs:
            for line in sign.lines:
                surety = max(
                    (_literal_surety(question, piece) for piece in pieces_of(line)), default=0.0
                )
                names = [n for seg in line.segments for n in self._namer.names(seg)]
                entry = max(names, key=lambda n: n.surety).entry if names else None
                if surety < _EXACT and entry is not None and self._is_other(question, entry):
                    continue
                if surety >= _SURE and not line.is_label:
                    yield Match(line=line, sign=sign, entry=entry, surety=surety, tier="literal")

    def _is_other(self, question: Question, entry: Entry) -> bool:
        """Whether what is asked for has a name of its own: `血管外科` is no `心脏血管外科`."""
        known = [form for term in question.terms if (form := self._namer.form(term))]
        return bool(known) and all(form.id != entry.id for form in known)

    def _by_dictionary(self, question: Question, signs: Sequence[Sign]) -> tuple[Match, ...]:
        """Lines that hold a Chinese word for one of the question's English words or pairs."""
        content = [word for word in question.content if not has_han(word)]
        if not content:
            return ()
        spans = [
            " ".join(content[a:b]) for a in range(len(content)) for b in range(len(content), a, -1)
        ]
        for span in sorted(spans, key=len, reverse=True):
            chinese = [word for word in self._dictionary.words_for(span) if len(word) >= 2]
            found = [
                Match(line=line, sign=sign, entry=None, surety=0.65, tier="dictionary")
                for sign in signs
                for line in sign.lines
                if any(_heads(word, seg.key) for seg in line.segments for word in chinese)
            ]
            if found:
                return tuple(found)
        return ()

    def _by_meaning(self, question: Question, signs: Sequence[Sign]) -> Finding | None:
        """What a question in another language means, on the sign or not."""
        if self._semantics is None or not question.foreign:
            return None
        entry = self._semantics.nearest(question.text)
        if entry is None:
            return None
        if lines := self._lines_of(entry, signs):
            by_meaning = [replace(match, tier="embedding") for match in lines]
            return Finding(matches=_one_each(by_meaning), second_best=True)
        meant = Mention(entry=entry, kind="need", phrase=entry.en[0], size=0, start=0, end=0)
        return Finding(absent=(meant,))


@lru_cache(maxsize=4096)
def pieces_of(line: SignLine) -> tuple[Segment, ...]:
    """The names on a line, those that begin with a few Latin letters (`X光室`) whole as well."""
    mixed = (Segment(text=text, key=compact(text), stems=()) for text in _MIXED.findall(line.text))
    return (*line.segments, *mixed)


def _heads(word: str, key: str) -> bool:
    """Whether a Chinese name is a kind of what a word says."""
    return key == word or key.endswith(word) or (key.startswith(word) and key[len(word) :] in TAILS)


def _literal_surety(question: Question, segment: Segment) -> float:
    if segment.han:
        return max((_han_surety(term, segment.key) for term in question.terms), default=0.0)
    return _latin_surety([w for w in question.content if not has_han(w)], segment)


def _han_surety(term: str, key: str) -> float:
    """How surely a piece of a sign is what a Chinese term of the question means."""
    if term == key:
        return 1.0
    if term in TAILS:
        return 0.0
    if len(key) >= 2 and term.startswith(key) and term[len(key) :] in TAILS:
        return 0.95
    if len(term) < 2:
        return 0.0
    if key.startswith(term):
        return 0.9 if key[len(term) :] in TAILS else 0.45
    if key.endswith(term):
        return 0.85
    before, found, after = key.partition(term)
    if found and before:
        return 0.75 if after in TAILS else 0.4
    if len(term) >= 4 and Levenshtein.distance(term, key, score_cutoff=1) <= 1:
        return 0.7
    return 0.0


def _latin_surety(content: Sequence[str], segment: Segment) -> float:
    """How surely a Latin piece of a sign is what the question's words mean."""
    joined = "".join(content)
    if not content or not segment.stems or len(joined) < 3:
        return 0.0
    content = [_as_written(word, segment.stems) for word in content]
    if tuple(content) == segment.stems or (len(joined) >= 5 and joined == "".join(segment.stems)):
        return 1.0
    if set(content) <= set(segment.stems):
        return _EXACT if len(content) > 1 else 0.8
    letters = sum(map(len, segment.stems))
    if letters >= 5 and len(segment.stems) >= 2 and set(segment.stems) <= set(content):
        return 0.85
    # OCR joins words: CINNAMONSUGAR.
    if len(segment.stems) == 1 and len(segment.key) >= 8:
        run = "".join(w for w in content if w in segment.key)
        if len(run) >= 0.8 * len(segment.key):
            return 0.8
    return 0.0


def _as_written(word: str, written: Sequence[str]) -> str:
    """A longer word as the sign spells it, when it is one letter off."""
    if len(word) < 5 or word in written:
        return word
    close = [
        w for w in written if len(w) >= 4 and Levenshtein.distance(word, w, score_cutoff=1) <= 1
    ]
    return close[0] if close else word


def _is_need(name: Mention, mentions: Sequence[Mention]) -> bool:
    """Whether a name is a need just as well: «hemorrhoids», and not «hemorrhoid clinic»."""
    return bool(name.entry.parents) and any(
        m.kind == "need" and m.entry is name.entry and m.own == name.own for m in mentions
    )


def _overlap(one: Mention, other: Mention) -> bool:
    same_script = has_han(one.phrase) == has_han(other.phrase)
    return same_script and one.start < other.end and other.start < one.end


def _best_lines(matches: Iterable[Match]) -> list[Match]:
    found = sorted(matches, key=lambda match: -match.surety)
    if not found:
        return []
    exact = [match for match in found if match.surety >= _EXACT]
    return exact or [match for match in found if match.surety >= found[0].surety - 0.05]


def _merged(literal: Sequence[Match], found: Sequence[Match]) -> tuple[Match, ...]:
    """Both kinds together, one match a line, the literal ones first where they are exact.

    An exact line rules out the other lines of its own entry: who asks for one dish of a menu
    doesn't ask for all of that kind.
    """
    exact = [match for match in literal if match.surety >= _EXACT]
    own = {match.entry.id for match in exact if match.entry}
    others = [match for match in found if not exact or (match.entry and match.entry.id not in own)]
    if len(exact) >= 1 and any(not match.entry for match in exact):
        others = []
    weak = [match for match in literal if match.surety < _EXACT] if not found else []
    return _one_each([*exact, *others, *weak])


def _one_each(matches: Iterable[Match]) -> tuple[Match, ...]:
    """One match a line: the first of each, in order."""
    first: dict[tuple[str | None, int], Match] = {}
    for match in matches:
        first.setdefault((match.sign.image, match.line.at.index), match)
    return tuple(first.values())


def _beside(absent: Sequence[Mention], matches: Sequence[Match]) -> tuple[Mention, ...]:
    """What of the absent is worth a word beside an answer: other things of the same kind."""
    domains = {match.entry.domain for match in matches if match.entry}
    keys = {piece.key for match in matches for piece in match.line.segments}
    return tuple(
        mention
        for mention in absent
        if mention.entry.domain in domains
        and not any(key in compact(mention.phrase) for key in keys if len(key) > 1)
    )


def _term(question: Question, mentions: Sequence[Mention]) -> str:
    if mentions:
        return mentions[0].phrase
    return question.said
