"""Word-by-word translation from the glossary and the dictionary, saying which."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from deixis.vision.embedded._dictionary import Dictionary
from deixis.vision.embedded._glossary import Entry, Glossary
from deixis.vision.embedded._naming import Namer
from deixis.vision.embedded._sign import Segment, segments_of
from deixis.vision.embedded._text import has_han, simplified

Source = Literal["glossary", "dictionary", "none"]


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
        return " ".join(term.translation for term in self._to_english(segment.text.strip()))

    def _to_english(self, chinese: str) -> list[Term]:
        key = simplified(chinese)
        exact = [n for s in segments_of(key) for n in self._namer.names(s) if n.surety == 1.0]
        if exact:
            entry = exact[0].entry
            return [Term(text=chinese, translation=entry.en[0], source="glossary", entry=entry)]
        return [self._word(word) for word in self._cut(key)]

    def _cut(self, chinese: str) -> list[str]:
        """Longest names of the glossary or words of the dictionary, from the left."""
        words: list[str] = []
        at = 0
        while at < len(chinese):
            for size in range(min(len(chinese) - at, 12), 1, -1):
                piece = chinese[at : at + size]
                if self._namer.form(piece) or self._dictionary.definitions(piece):
                    break
            else:
                size = 1
            words.append(chinese[at : at + size])
            at += size
        return words

    def _word(self, word: str) -> Term:
        if len(word) > 1 and (entry := self._namer.form(word)):
            return Term(text=word, translation=entry.en[0], source="glossary", entry=entry)
        senses = self._dictionary.definitions(word)
        if senses:
            return Term(text=word, translation=senses[0], source="dictionary")
        return Term(text=word, translation=word, source="none")

    def _to_chinese(self, text: str) -> list[Term]:
        terms: list[Term] = []
        for segment in segments_of(text):
            if segment.han:
                terms.append(Term(text=segment.text, translation=segment.text, source="none"))
                continue
            known = [n for n in self._namer.names(segment) if n.surety >= 0.8]
            if known:
                entry = known[0].entry
                terms.append(
                    Term(text=segment.text, translation=entry.zh[0], source="glossary", entry=entry)
                )
                continue
            found = self._dictionary.words_for(segment.text)
            source: Source = "dictionary" if found else "none"
            translation = found[0] if found else segment.text
            terms.append(Term(text=segment.text, translation=translation, source=source))
        return terms
