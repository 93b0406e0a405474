"""Lists of names searched as signs are: for tools that know places from elsewhere than a sign."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Literal

from rapidfuzz.distance import OSA, Levenshtein

from deixis.vision._geometry import Box, Quad
from deixis.vision._reader import TextLine
from deixis.vision.embedded._defaults import default_reasoner
from deixis.vision.embedded._glossary import Glossary
from deixis.vision.embedded._labels import floor_label, inline_floors
from deixis.vision.embedded._layout import Placed
from deixis.vision.embedded._naming import TAILS, Namer
from deixis.vision.embedded._question import Question
from deixis.vision.embedded._search import Finding, Match, SignSearch
from deixis.vision.embedded._sign import Segment, Sign, SignLine, segments_of
from deixis.vision.embedded._text import EN_FILLERS, SMALL_WORDS, compact, fold, has_han, stems

Fit = Literal["name", "need", "meaning"]
"""How a name fits what is asked: it is named, it serves a need, or its meaning is near."""

_CERTAIN = 0.9
_EXACT = 0.95
_SCORES = {"name": 0.9, "part": 0.8, "spelling": 0.6, "need": 0.7, "second": 0.5, "meaning": 0.4}
_BARE_NUMBER = re.compile(r"-?\d{1,3}")
_FEWEST_HAN, _FEWEST_LATIN = 4, 8
_FEWEST_LETTERS = 3
_ALIKE = 0.84


@dataclass(frozen=True, kw_only=True)
class ListHit:
    """A name of a list that fits what is asked.

    Attributes:
        index: Its number in the list.
        fits: How it fits.
        score: 0 to 1; the same for names that fit alike.
    """

    index: int
    fits: Fit
    score: float


class ListSearch:
    """Finds names in a list by the glossary, the dictionary and, last, by meaning.

    Args:
        names: The list; a name in several languages stands in it once for each.
        search: What signs are searched with.
        glossary: What `search` knows.
    """

    def __init__(
        self,
        names: Sequence[str],
        *,
        search: SignSearch | None = None,
        glossary: Glossary | None = None,
    ) -> None:
        self._names = tuple(names)
        self._search = search or default_reasoner().search
        self._glossary = glossary or Glossary.default()
        self._namer = _namer() if glossary is None else Namer(glossary)

    def find(self, query: str) -> tuple[ListHit, ...]:
        """The names that fit a question or a name, best first; each once.

        Args:
            query: A name in any of the languages, or a need in plain words.
        """
        question = Question(text=query)
        finding = self._search.find(question, [self._sign])
        hits = [self._hit(match, finding, query) for match in _surest(finding.matches)]
        if not any(m.tier == "literal" and m.surety >= _EXACT for m in finding.matches):
            parts = self._holding(question)
            hits += [ListHit(index=at, fits="name", score=_SCORES["part"]) for at in parts]
        hits = hits or self._by_spelling(query)
        best: dict[int, ListHit] = {}
        for hit in sorted(hits, key=lambda hit: -hit.score):
            best.setdefault(hit.index, hit)
        return tuple(best.values())

    def near(self, query: str) -> tuple[int, ...]:
        """The names that could help where what is asked for isn't in the list."""
        finding = self._search.find(Question(text=query), [self._sign])
        entries = [near for m in finding.absent for near in self._glossary.near(m.entry)]
        found = [at for entry in entries for at in self.of_entry(entry.id)]
        return tuple(dict.fromkeys(found))

    def alike(self, text: str) -> tuple[int, ...]:
        """The names that are for certain another name of the same thing, in any language."""
        known = self._entries(text)
        best: dict[int, float] = {}
        for at, own in enumerate(self._known):
            shared = [min(known[name], own[name]) for name in known if name in own]
            if shared:
                best[at] = max(shared)
        most = max(best.values(), default=0.0)
        return tuple(at for at, surety in best.items() if surety >= most)

    def of_entry(self, entry: str) -> tuple[int, ...]:
        """The names that are for certain of an entry of the glossary."""
        return tuple(at for at, known in enumerate(self._known) if entry in known)

    @cached_property
    def _sign(self) -> Sign:
        lines = tuple(_line(name, at) for at, name in enumerate(self._names))
        return Sign(lines=lines, floors=())

    @cached_property
    def _known(self) -> tuple[dict[str, float], ...]:
        return tuple(self._entries(name) for name in self._names)

    def _entries(self, text: str) -> dict[str, float]:
        """The entries of the glossary that a text names for certain, with how surely."""
        whole = Segment(text=text, key=compact(text), stems=stems(text))
        names = [*self._namer.names(whole)]
        for segment in segments_of(text):
            # A name in two scripts is named by either; a shared character is no name.
            if len(segment.key) > 1 and has_han(text) and len(segments_of(text)) == 2:
                names += self._namer.names(segment)
        found: dict[str, float] = {}
        for naming in names:
            if naming.surety >= _CERTAIN:
                found[naming.entry.id] = max(naming.surety, found.get(naming.entry.id, 0.0))
        return found

    def _hit(self, match: Match, finding: Finding, query: str) -> ListHit:
        at = match.line.at.index
        if match.tier in ("dictionary", "embedding"):
            return ListHit(index=at, fits="meaning", score=_SCORES["meaning"])
        named = match.tier == "literal" or self._is_named(match, query)
        if finding.second_best:
            return ListHit(index=at, fits="need", score=_SCORES["second"])
        if not named:
            return ListHit(index=at, fits="need", score=_SCORES["need"])
        sure = match.surety >= _CERTAIN
        return ListHit(index=at, fits="name", score=_SCORES["name" if sure else "part"])

    def _is_named(self, match: Match, query: str) -> bool:
        if match.entry is None:
            return True
        mentions = self._glossary.mentions(query)
        kinds = {m.kind for m in mentions if m.entry.id == match.entry.id}
        return "name" in kinds or not kinds

    def _holding(self, question: Question) -> list[int]:
        """The names that hold all words of a question, as «Breast Surgery» holds «surgery»."""
        content = {word for word in question.content if not has_han(word)}
        if sum(map(len, content)) < _FEWEST_LETTERS:
            content = set[str]()
        terms = [term for term in question.terms if len(term) > 1 and term not in TAILS]
        return [
            line.at.index
            for line in self._sign.lines
            if (content and content <= set(line.stems)) or any(term in line.key for term in terms)
        ]

    def _by_spelling(self, query: str) -> list[ListHit]:
        """The names that are spelt nearly so, for those that no glossary knows."""
        key = compact(query)
        if len(key) < (_FEWEST_HAN if has_han(query) else _FEWEST_LATIN):
            return []
        return [
            ListHit(index=line.at.index, fits="name", score=_SCORES["spelling"])
            for line in self._sign.lines
            if _marks(line.text) == _marks(query)
            and OSA.normalized_similarity(key, line.key, score_cutoff=_ALIKE) >= _ALIKE
        ]


def _surest(matches: Sequence[Match]) -> list[Match]:
    """The matches without those of an entry that others are of more surely.

    A waiting area of a department serves no needs.
    """
    most: dict[str, float] = {}
    for match in matches:
        if match.entry is not None and match.tier == "glossary":
            most[match.entry.id] = max(match.surety, most.get(match.entry.id, 0.0))
    return [
        m
        for m in matches
        if m.tier != "glossary" or m.entry is None or m.surety >= most[m.entry.id]
    ]


def _line(name: str, at: int) -> SignLine:
    box = Box(x1=0, y1=30.0 * at, x2=100, y2=30.0 * at + 20)
    line = TextLine(text=name, quad=Quad.of_box(box), score=1.0)
    placed = Placed(index=at, line=line, u1=0, u2=100, v=30.0 * at + 10, height=20)
    return SignLine(at=placed, segments=segments_of(name), floor=None, exit=None, is_label=False)


def name_key(text: str) -> str:
    """A name for comparing: folded, letters and digits only."""
    return compact(text)


def core_key(text: str) -> str:
    """The same without what a name may carry and still be the same place, as «Clinic»."""
    if has_han(text):
        key = compact(text)
        tails = (t for t in TAILS if key.endswith(t) and len(key) - len(t) >= 2)
        bare = key[: -len(longest)] if (longest := max(tails, key=len, default="")) else key
        return key if bare in TAILS else bare
    said = stems(text)
    # The A of «Lift A» is no small word.
    core = [w for w in said if w not in EN_FILLERS and (len(w) == 1 or w not in SMALL_WORDS)]
    return " ".join(core or said)


def misread(one: str, other: str) -> bool:
    """Whether two longer names differ by one character, as OCR errs."""
    first, second = compact(one), compact(other)
    fewest = _FEWEST_HAN if has_han(one) else _FEWEST_LATIN
    if min(len(first), len(second)) < fewest or has_han(one) != has_han(other):
        return False
    return Levenshtein.distance(first, second, score_cutoff=1) == 1


def floor_value(written: str) -> str | None:
    """What a floor's label stands for, comparable: `4F`, `四楼`, `L4` and `4` are one; or None."""
    folded = fold(written).strip()
    if _BARE_NUMBER.fullmatch(folded):
        return str(int(folded))
    label = floor_label(written)
    return label.value if label else None


def without_floors(text: str) -> tuple[str, tuple[str, ...]]:
    """A text without the floors it names, and these floors' values."""
    found = inline_floors(text)
    rest = text
    for _, start, end in reversed(found):
        rest = f"{rest[:start]} {rest[end:]}"
    return rest.strip(), tuple(dict.fromkeys(label.value for label, _, _ in found))


def names_on(text: str) -> tuple[str, ...]:
    """The names on a line of a directory, without floors: `检验科/采血` holds two.

    A name in two scripts stays one, and so does one that its own commas are a part of.
    """
    rest, _ = without_floors(text)
    rest = rest.strip(" \t:：-–—.·…、,，")
    whole = Segment(text=rest, key=compact(rest), stems=stems(rest))
    if not has_han(rest) and any(n.surety >= _CERTAIN for n in _namer().names(whole)):
        return (rest,)
    pieces = _SEPARATORS.split(rest)
    if not has_han(rest):
        pieces = _LATIN_SEPARATORS.split(rest)
    return tuple(_tidy(piece for piece in pieces))


_MARKS = re.compile(r"\d+|\b[a-z]\b|[一二三四五六七八九十东南西北]")
_SEPARATORS = re.compile(r"[/|、,，;；()（）\[\]【】<>《》]+")
_LATIN_SEPARATORS = re.compile(r"\s[/|]\s|[|;()\[\]]+")


def _marks(text: str) -> tuple[str, ...]:
    """What tells one thing from another of its kind: its number or letter."""
    return tuple(_MARKS.findall(fold(text)))


def _tidy(pieces: Iterable[str]) -> Iterable[str]:
    for piece in pieces:
        bare = piece.strip(" \t:：-–—.·…")
        if compact(bare):
            yield bare


@cache
def _namer() -> Namer:
    return Namer(Glossary.default())
