"""Chinese in letters: Hanyu Pinyin with tone marks, written in words."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Protocol, cast

from deixis.vision.embedded import Lexicon, default_lexicon

_HAN = re.compile(r"[\u3400-\u9fff]+")
_MARKS = str.maketrans("，。？！：；（）、“”", ',.?!:;(),""')
# In the dictionary as an exclamation; on a card it is a verb with its subject.
_APART = {"我去": ("我", "去")}
_VOWELS = "aāáǎàeēéěèoōóǒò"


class _Pinyin(Protocol):
    def lazy_pinyin(self, hans: str, *, style: int) -> list[str]: ...


def pinyin(text: str, *, lexicon: Lexicon | None = None) -> str:
    """A Chinese text in Pinyin.

    Words are written together, as GB/T 16159 has it, with an apostrophe before a syllable that
    begins with a vowel. Which words there are the glossary and the dictionary say. What isn't
    Chinese stays.

    Args:
        text: Chinese, perhaps with other text in between.
        lexicon: Knows the words; the one that comes along by default.
    """
    known = lexicon or default_lexicon()
    parts: list[str] = []
    at = 0
    for found in _HAN.finditer(text):
        parts += [text[at : found.start()].translate(_MARKS), _words(known.cut(found.group()))]
        at = found.end()
    parts.append(text[at:].translate(_MARKS))
    return _joined(parts)


def _words(words: Iterable[str]) -> str:
    return " ".join(_word(part) for word in words for part in _APART.get(word, (word,)))


def _word(word: str) -> str:
    import pypinyin  # builds its tables: only for who shows a card

    source = cast("_Pinyin", pypinyin)
    written = ""
    for syllable in source.lazy_pinyin(word, style=int(pypinyin.Style.TONE)):
        written += f"'{syllable}" if written and syllable[:1] in _VOWELS else syllable
    return written


def _joined(parts: Iterable[str]) -> str:
    """The parts with one space between words, none before a mark, and capitals at beginnings."""
    text = " ".join(part.strip() for part in parts if part.strip())
    text = re.sub(r"\s+([,.?!:;)])", r"\1", text)
    text = re.sub(r"([,.?!:;])(?=[^\s,.?!:;)\d])", r"\1 ", text)
    return re.sub(r"(^|[.?!]\s+)(\w)", lambda m: m.group(1) + m.group(2).upper(), text)
