"""Translation, by what is there: a language model, or else phrase book, glossary, dictionary."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from functools import cached_property
from typing import Literal

from pydantic import BaseModel, ConfigDict, computed_field

from deixis.tools._model_translation import Rendered, render
from deixis.tools._phrases import PhraseBook
from deixis.tools._tool import Tool, tool
from deixis.vision import TranslationError
from deixis.vision.embedded import (
    Lexicon,
    default_lexicon,
    language_of,
    simplified,
    traditional,
)

Source = Literal["phrase", "glossary", "dictionary", "model", "none"]

_TAG = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")


class GlossaryTerm(BaseModel):
    """A piece of the text, with its translation and where that comes from.

    Attributes:
        text: As the text has it.
        translation: In the other language.
        source: Where it comes from.
        kept: Whether the translation of the whole holds it; a language model may not.
    """

    model_config = ConfigDict(frozen=True)

    text: str
    translation: str
    source: Source
    kept: bool = True


class Translation(BaseModel):
    """A translated text.

    Attributes:
        translation: In the language asked for.
        source_language: Of the text, as a BCP 47 tag.
        glossary: The pieces it was made of, each with its source; of a language model's
            translation, the names it was to keep.
        source: What translated it. `glossary` and `dictionary` go word by word.
    """

    model_config = ConfigDict(frozen=True)

    translation: str
    source_language: str
    glossary: tuple[GlossaryTerm, ...] = ()
    source: Source

    @computed_field
    @property
    def method(self) -> Literal["word by word", "phrase book", "model", "none"]:
        """How it was done. What goes word by word is a help to understand, not a sentence."""
        if self.source in ("glossary", "dictionary"):
            return "word by word"
        return "phrase book" if self.source == "phrase" else self.source


class Translator:
    """Translates between Chinese and English word by word, or anything with a language model.

    Args:
        lexicon: Glossary and dictionary.
        model: Given a prompt, answers with text; used for whole texts where it is there. It is
            held to the glossary's names.
    """

    def __init__(
        self, lexicon: Lexicon | None = None, *, model: Callable[[str], str] | None = None
    ) -> None:
        self._lexicon = lexicon or default_lexicon()
        self._model = model

    @property
    def by_model(self) -> bool:
        """Whether a language model translates."""
        return self._model is not None

    @cached_property
    def _phrases(self) -> PhraseBook:
        return PhraseBook(self._lexicon)

    def translate(self, text: str, to: str) -> Translation:
        """A text in another language, its lines kept.

        Args:
            text: What to translate: a name, a sentence, a whole sign.
            to: BCP 47 tag, e.g. `en`, `zh`, `zh-Hant`, `fr`.

        Raises:
            TranslationError: Nothing that is there translates into this language.
        """
        if not text.strip():
            raise TranslationError("there is nothing to translate: give a text")
        source_language = language_of(text)
        wanted = _tag(to)
        if self._model is not None:
            return self._by_model(text, wanted, source_language, self._model)
        if wanted.split("-")[0] not in ("zh", "en"):
            raise TranslationError(
                f"the glossary and the dictionary know Chinese and English, not {to!r}: "
                "configure a language model (see `deixis models`)"
            )
        if wanted.split("-")[0] == source_language.split("-")[0]:
            script = wanted if wanted.startswith("zh") else source_language
            return self._same(text, script, source_language)
        lines = [self._line(line, wanted, source_language) for line in text.split("\n")]
        return lines[0] if len(lines) == 1 else _together(lines, source_language)

    def _line(self, line: str, to: str, source_language: str) -> Translation:
        """One line: a phrase as a whole, anything else word by word."""
        if said := self._phrases.translate(line, to):
            written = traditional(said) if to == "zh-Hant" else said
            return Translation(
                translation=written, source_language=source_language, source="phrase"
            )
        terms = self._lexicon.terms(line, to)
        shown = tuple(
            GlossaryTerm(text=t.text, translation=t.translation, source=t.source) for t in terms
        )
        parts = [term.translation for term in terms]
        joined = traditional("".join(parts)) if to == "zh-Hant" else ""
        joined = joined or ("" if to.startswith("zh") else " ").join(parts)
        return Translation(
            translation=joined,
            source_language=source_language,
            glossary=shown,
            source=_source(term for term in shown if any(c.isalnum() for c in term.text)),
        )

    @staticmethod
    def _same(text: str, to: str, source_language: str) -> Translation:
        """The text itself, in the other script of Chinese where that is what was asked for."""
        convert = {"zh-Hant": traditional, "zh": simplified}.get(to, str)
        return Translation(
            translation=convert(text), source_language=source_language, source="none"
        )

    def _by_model(
        self, text: str, to: str, source_language: str, model: Callable[[str], str]
    ) -> Translation:
        """The model's translation; names of the glossary are asked for, and looked for in it."""
        known = self._lexicon.named(text, to) if to.split("-")[0] in ("zh", "en") else []
        convert = traditional if to == "zh-Hant" else str
        names = {term.text: convert(term.translation) for term in known}
        done: Rendered = render(text, to, names=names, model=model)
        return Translation(
            translation=done.text,
            source_language=source_language,
            glossary=tuple(
                GlossaryTerm(
                    text=name, translation=wanted, source="glossary", kept=name in done.kept
                )
                for name, wanted in names.items()
            ),
            source="model",
        )


def _source(terms: Iterable[GlossaryTerm]) -> Source:
    sources = {term.source for term in terms}
    return _weakest(sources)


def _together(lines: list[Translation], source_language: str) -> Translation:
    """Lines as one text; the least sure of their sources is its source."""
    sources = {line.source for line in lines}
    return Translation(
        translation="\n".join(line.translation for line in lines),
        source_language=source_language,
        glossary=tuple(term for line in lines for term in line.glossary),
        source=_weakest(sources),
    )


def _weakest(sources: Collection[str]) -> Source:
    """The least sure of several sources, which is what can be said of them together."""
    least_sure_first: tuple[Source, ...] = ("dictionary", "glossary", "phrase")
    for source in least_sure_first:
        if source in sources:
            return source
    return "none"


def _tag(to: str) -> str:
    """A language's tag, the scripts of Chinese told apart.

    Raises:
        TranslationError: It isn't a tag.
    """
    if not _TAG.fullmatch(to):
        raise TranslationError(f"{to[:40]!r} is no language: give a tag such as en, zh or zh-Hant")
    language, *rest = to.lower().split("-")
    if language == "zh":
        return "zh-Hant" if {"hant", "tw", "hk", "mo"} & set(rest) else "zh"
    return "en" if language == "en" else to


def translate_tool(translator: Translator) -> Tool[[str, str], Translation]:
    """The `translate` tool over a translator."""

    @tool(origin="a translation")
    def translate(text: str, to: str = "en") -> Translation:
        """Translates a text, and says whether a language model did or it went word by word.

        Args:
            text: What to translate.
            to: Language to translate into, as a BCP 47 tag such as en or zh.
        """
        return translator.translate(text, to)

    return translate
