"""Word-by-word translation from the glossary and the dictionary, saying which."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Literal

from deixis.vision.embedded._dictionary import Dictionary
from deixis.vision.embedded._glossary import Entry, Glossary
from deixis.vision.embedded._naming import Namer
from deixis.vision.embedded._sign import Segment, segments_of
from deixis.vision.embedded._text import has_han, simplified, stems

Source = Literal["glossary", "dictionary", "none"]

_WORDS = Path(__file__).parent.parent / "data" / "words.tsv"
_USUAL = 3
# Domains whose entries are kinds of things, with many things among their forms.
_KINDS = frozenset(("menu", "shop"))
_OUTLANDISH = re.compile(
    r"(?i)surname|variant|prefix|suffix|particle|ancient|dynasty|(?:district|county|city|province|"
    r"prefecture|town(?:ship)?|state) (?:of|in)\b|[\u4e00-\u9fff]|archaic|literary|abbr\."
)


@dataclass(frozen=True, kw_only=True)
class Term:
    """A piece of a text with its translation.

    Attributes:
        text: As written.
        translation: In the other language; the text itself where nothing was found.
        source: Where the translation comes from.
        entry: The glossary's entry, where it is one.
    """

    text: str
    translation: str
    source: Source
    entry: Entry | None = None


class Lexicon:
    """Translates names and short texts between Chinese and English, piece by piece.

    Args:
        glossary: Trusted first.
        dictionary: For what the glossary lacks.
    """

    def __init__(self, glossary: Glossary, dictionary: Dictionary) -> None:
        self._glossary = glossary
        self._dictionary = dictionary
        self._namer = Namer(glossary)

    def terms(self, text: str, to: str) -> list[Term]:
        """The pieces of a text, each with its translation.

        Args:
            text: Chinese or English.
            to: `zh…` or `en`.
        """
        if to.startswith("zh"):
            return self._to_chinese(text)
        terms: list[Term] = []
        for part in re.findall(r"[\u3400-\u9fff]+|[^\u3400-\u9fff]+", text):
            if has_han(part):
                terms += self._to_english(part)
            elif part.strip():
                terms.append(Term(text=part, translation=part.strip(), source="none"))
        return terms

    def name(self, text: str, to: str) -> str:
        """A short name for what a line says, in a language; empty where none is known."""
        if has_han(text) == to.startswith("zh"):
            return ""
        names: list[str] = []
        for segment in segments_of(text):
            if segment.han == to.startswith("zh"):
                continue
            name = self._segment_name(segment, to)
            if not name:
                return ""
            names.append(name)
        return " / ".join(dict.fromkeys(names))

    def _segment_name(self, segment: Segment, to: str) -> str:
        known = [n for n in self._namer.names(segment) if n.surety >= 0.9]
        if known:
            return known[0].entry.name(to)
        if to.startswith("zh"):
            return ""
        name = " ".join(term.translation for term in self._to_english(segment.text.strip()))
        return name[:1].upper() + name[1:]

    def named(self, text: str, to: str) -> list[Term]:
        """What the glossary knows by name in a running text, with its usual name in a language.

        Args:
            text: Chinese or English, of any length.
            to: `zh…` or `en`; the other language than the text's.
        """
        if to.startswith("zh") == has_han(text):
            return []
        if to.startswith("zh"):
            named = [m for m in self._glossary.mentions(text) if m.kind == "name"]
            found = {m.phrase: m for m in reversed(named)}.values()
            return [
                Term(text=m.phrase, translation=m.entry.zh[0], source="glossary", entry=m.entry)
                for m in found
                if m.entry.domain not in _KINDS
            ]
        terms = [self._known(word) for word in self.cut(text) if len(word) > 1]
        return [t for t in terms if t and t.entry is not None and t.entry.domain not in _KINDS]

    def cut(self, chinese: str) -> list[str]:
        """A Chinese text in words: the longest known names or words, from the left."""
        parts = re.findall(r"[\u3400-\u9fff]+|[^\u3400-\u9fff]+", simplified(chinese))
        return [word for part in parts for word in (self._cut(part) if has_han(part) else [part])]

    def _to_english(self, chinese: str) -> list[Term]:
        key = simplified(chinese)
        if term := self._known(key):
            return [replace(term, text=chinese)]
        return [self._word(word) for word in self._cut(key)]

    def _known(self, chinese: str) -> Term | None:
        """A whole name: the supplement, the usual forms of entries, the dictionary, all forms."""
        if chinese in self._words:
            return Term(text=chinese, translation=self._words[chinese], source="glossary")
        entry = self._namer.form(chinese) if len(chinese) > 1 else None
        senses = self._dictionary.definitions(chinese) if len(chinese) > 1 else ()
        # An entry's rarer forms are kinds of it: noodles with scallion oil are more than noodles.
        usual = entry is not None and any(chinese == simplified(f) for f in entry.zh[:_USUAL])
        if entry is not None and (usual or not senses) and (usual or entry.domain not in _KINDS):
            return Term(text=chinese, translation=entry.en[0], source="glossary", entry=entry)
        if senses:
            return Term(text=chinese, translation=best_sense(senses), source="dictionary")
        return None

    def _cut(self, chinese: str) -> list[str]:
        """Longest known names or words, from the left."""
        words: list[str] = []
        at = 0
        while at < len(chinese):
            for size in range(min(len(chinese) - at, 12), 1, -1):
                if self._known(chinese[at : at + size]):
                    break
            else:
                size = 1
            words.append(chinese[at : at + size])
            at += size
        return words

    def _word(self, word: str) -> Term:
        if known := self._known(word):
            return known
        if senses := self._dictionary.definitions(word):
            return Term(text=word, translation=best_sense(senses), source="dictionary")
        return Term(text=word, translation=word, source="none")

    @cached_property
    def _words(self) -> dict[str, str]:
        rows = (line.split("\t") for line in _WORDS.read_text(encoding="utf-8").splitlines()[1:])
        return {row[0]: row[1] for row in rows if len(row) == 2}

    def _to_chinese(self, text: str) -> list[Term]:
        return [
            Term(text=segment.text, translation=segment.text, source="none")
            if segment.han
            else self._chinese_for(segment)
            for segment in segments_of(text)
        ]

    def _chinese_for(self, segment: Segment) -> Term:
        known = [n for n in self._namer.names(segment) if n.surety >= 0.9]
        entry = known[0].entry if known else None
        usual = entry is not None and segment.stems in map(stems, entry.en[:_USUAL])
        if entry is not None and (usual or entry.domain not in _KINDS):
            name = entry.zh[0]
            return Term(text=segment.text, translation=name, source="glossary", entry=entry)
        for form in (segment.text, _singular(segment.text)):
            if found := self._dictionary.words_for(form):
                return Term(text=segment.text, translation=found[0], source="dictionary")
        return Term(text=segment.text, translation=segment.text, source="none")


def best_sense(senses: Sequence[str]) -> str:
    """The sense a sign most likely means: a short one that names a thing, else the first."""
    best = min(senses, key=lambda s: bool(_OUTLANDISH.search(s)) or len(s.split()) > 4)
    return best.removeprefix("to ") or best


def _singular(text: str) -> str:
    return text[:-1] if text.endswith("s") and not text.endswith("ss") else text
