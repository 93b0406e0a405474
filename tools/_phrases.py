"""A phrase book for who can't speak the language of the place: cards to show to staff.

The phrases are a tab-separated file, `tools/data/phrases.tsv`, open to anyone's additions. `{}`
stands for what is asked about, which is put in by the glossary's name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pydantic import BaseModel, ConfigDict

from deixis.tools._pinyin import pinyin
from deixis.vision import DeixisError, TranslationError
from deixis.vision.embedded import Lexicon, language_of, simplified

if TYPE_CHECKING:
    from deixis.tools._translate import Translator

_PHRASES: Final = Path(__file__).parent / "data" / "phrases.tsv"
_THINGS: Final = Path(__file__).parent / "data" / "things.tsv"
_SLOT: Final = "{}"
_LONGEST: Final = 300
_POLITE: Final = re.compile(
    r"^(?:(?:excuse me|hello|hi|sorry|please|could you tell me|can you tell me)[,\s]+)+|"
    r"(?:[,\s]+please)$",
    re.IGNORECASE,
)
_POLITE_ZH: Final = re.compile(r"^(?:请问|你好|您好|劳驾|麻烦)[，,\s]*|[吗呢吧啊]$")
_ARTICLE: Final = re.compile(r"^(?:the|a|an|some|any|my)\s+", re.IGNORECASE)
_ROOM: Final = re.compile(r"room (?:no\.? ?)?([A-Za-z]?\d{1,4}[A-Za-z]?)", re.IGNORECASE)


class PhraseCard(BaseModel):
    """A sentence to show to staff, or one of theirs.

    Attributes:
        text: In Chinese.
        pinyin: How it is said.
        meaning: In the reader's language.
        language: Of the meaning, as a BCP 47 tag.
    """

    model_config = ConfigDict(frozen=True)

    text: str
    pinyin: str
    meaning: str
    language: str = "en"


@dataclass(frozen=True, kw_only=True)
class Phrase:
    """A sentence in both languages.

    Attributes:
        id: Its name.
        slot: What kind of thing it is about; empty where it has no `{}`.
        zh: In Chinese, to be shown.
        en: What it means.
        ask_en: Other ways to say it in English, without politeness.
        ask_zh: The same in Chinese.
    """

    id: str
    slot: str
    zh: str
    en: str
    ask_en: tuple[str, ...]
    ask_zh: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Said:
    """A phrase that somebody said: the thing it is about in both languages."""

    phrase: Phrase
    zh: str = ""
    en: str = ""

    @property
    def chinese(self) -> str:
        """The sentence in Chinese."""
        return self.phrase.zh.replace(_SLOT, self.zh)

    @property
    def english(self) -> str:
        """The sentence in English."""
        return self.phrase.en.replace(_SLOT, self.en)


class PhraseBook:
    """Phrases, found by what somebody says in either language.

    Args:
        lexicon: Names of what phrases are about.
    """

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon

    def find(self, text: str) -> Said | None:
        """The phrase that a sentence is, whatever its politeness; None where it is none."""
        if len(text) > _LONGEST:
            return None
        english = language_of(text) == "en"
        bare = _bare(text, english=english)
        best: Said | None = None
        for phrase, pattern in self._patterns_en if english else self._patterns_zh:
            if not (found := pattern.fullmatch(bare)):
                continue
            if not phrase.slot:
                return Said(phrase=phrase)
            best = best or self._filled(phrase, found.group(1), english=english)
        return best

    def translate(self, text: str, to: str) -> str | None:
        """A sentence in the other language, where it is a phrase of the book."""
        said = self.find(text)
        if said is None:
            return None
        return said.chinese if to.startswith("zh") else said.english

    def card(
        self, need: str, *, language: str = "en", translator: Translator | None = None
    ) -> PhraseCard:
        """A card for something to say, or for what staff have said.

        Args:
            need: A sentence in either language, or the name of a place, which asks for the way.
            language: Of the meaning.
            translator: For sentences that the book lacks, and meanings in other languages.

        Raises:
            TranslationError: The book has nothing like it, and no language model is there.
        """
        if not need.strip():
            raise TranslationError(
                "there is nothing to say: give a sentence or the name of a place"
            )
        said = self.find(need) or self._way_to(need)
        if said is not None:
            meaning = self._meant(said, language, translator)
            return _card(said.chinese, meaning, language)
        if language_of(need).startswith("zh"):
            text = simplified(need.strip())
            return _card(text, _translated(text, language, translator), language)
        if translator is None or not translator.by_model:
            raise TranslationError(
                f"the phrase book has nothing like {need[:60]!r}: say it more simply, such as "
                "“where is ENT?” or “I am allergic to aspirin”, or name a language model"
            )
        return _card(translator.translate(need, "zh").translation, need.strip(), language)

    def _meant(self, said: Said, language: str, translator: Translator | None) -> str:
        if language.split("-")[0] == "en" or translator is None or not translator.by_model:
            return said.english
        return translator.translate(said.english, language).translation

    def _way_to(self, name: str) -> Said | None:
        """The question for the way, where all that is given is a place's name."""
        where = next(phrase for phrase in phrases() if phrase.id == "where-is")
        english = language_of(name) == "en"
        bare = _bare(name, english=english)
        if not self._lexicon.named(bare, "zh" if english else "en"):
            return None
        # A sentence of staff names places too.
        if not english and len(self._lexicon.terms(bare, "en")) > 1:
            return None
        return self._filled(where, bare, english=english)

    def _filled(self, phrase: Phrase, thing: str, *, english: bool) -> Said | None:
        """The phrase about a thing; None where nothing knows the thing's name."""
        bare = _ARTICLE.sub("", thing.strip()) if english else simplified(thing.strip())
        other = self._place(bare, english) if phrase.slot == "place" else self._thing(bare, english)
        if not other:
            return None
        # Who asked reads their own words again.
        zh, en = (other, thing.strip()) if english else (bare, other)
        return Said(phrase=phrase, zh=zh, en=en)

    def _place(self, name: str, english: bool) -> str:
        """A place's name in the other language; empty where nothing knows it."""
        if english and (room := _ROOM.fullmatch(name)):
            return f"{room.group(1).upper()}室"
        terms = self._lexicon.terms(name, "zh" if english else "en")
        unknown = [t for t in terms if t.source == "none" and any(c.isalpha() for c in t.text)]
        return "" if unknown else ("" if english else " ").join(t.translation for t in terms)

    def _thing(self, name: str, english: bool) -> str:
        """The same of what is no place: an ear is no department for ears."""
        if known := (things() if english else _things_in_english()).get(name.casefold()):
            return known
        terms = self._lexicon.terms(name, "zh" if english else "en")
        sure = len(terms) == 1 and terms[0].source == "dictionary"
        return terms[0].translation if sure else ""

    @cached_property
    def _patterns_en(self) -> list[tuple[Phrase, re.Pattern[str]]]:
        return list(_patterns(english=True))

    @cached_property
    def _patterns_zh(self) -> list[tuple[Phrase, re.Pattern[str]]]:
        return list(_patterns(english=False))


@cache
def phrases() -> tuple[Phrase, ...]:
    """The phrases that come along.

    Raises:
        DeixisError: A row of the file hasn't its columns.
    """
    found: list[Phrase] = []
    lines = _PHRASES.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines[1:], start=2):
        cells = line.split("\t")
        if len(cells) != 6 or bool(cells[1]) != all(_SLOT in cell for cell in cells[2:4]):
            raise DeixisError(
                f"{_PHRASES.name} line {number}: a phrase has the columns id, slot, zh, en, "
                "ask_en, ask_zh, and {} where it has a slot"
            )
        ask_en, ask_zh = (tuple(filter(None, cell.split("|"))) for cell in cells[4:])
        found.append(
            Phrase(
                id=cells[0], slot=cells[1], zh=cells[2], en=cells[3], ask_en=ask_en, ask_zh=ask_zh
            )
        )
    return tuple(found)


@cache
def things() -> dict[str, str]:
    """Things that phrases are about, by their English names, in Chinese."""
    return {en: zh for zh, names in _rows_of_things() for en in names}


@cache
def _things_in_english() -> dict[str, str]:
    return {zh.casefold(): names[0] for zh, names in _rows_of_things()}


def _rows_of_things() -> Iterator[tuple[str, tuple[str, ...]]]:
    for line in _THINGS.read_text(encoding="utf-8").splitlines()[1:]:
        zh, en = line.split("\t")
        yield zh, tuple(name.casefold() for name in en.split("|"))


def _patterns(*, english: bool) -> Iterator[tuple[Phrase, re.Pattern[str]]]:
    """All ways to say all phrases; those without a slot first, being the more exact."""
    for phrase in sorted(phrases(), key=lambda phrase: bool(phrase.slot)):
        own = phrase.en if english else phrase.zh
        asks = phrase.ask_en if english else phrase.ask_zh
        for said in (_bare(own, english=english), *(_bare(ask, english=english) for ask in asks)):
            parts = (re.escape(part) for part in said.split(_SLOT))
            yield phrase, re.compile("(.{1,60}?)".join(parts), re.IGNORECASE)


def _bare(text: str, *, english: bool) -> str:
    """A sentence without politeness and marks at its end."""
    said = re.sub(r"\s+", " ", text.replace("’", "'")).strip(" ?!.,？！。，")
    polite = _POLITE if english else _POLITE_ZH
    bare = polite.sub("", said if english else simplified(said)).strip(" ?!.,？！。，")
    return bare or said


def _translated(text: str, language: str, translator: Translator | None) -> str:
    if translator is None:
        from deixis.tools._translate import Translator

        translator = Translator()
    return translator.translate(text, language).translation


def _card(text: str, meaning: str, language: str) -> PhraseCard:
    return PhraseCard(text=text, pinyin=pinyin(text), meaning=meaning, language=language)
