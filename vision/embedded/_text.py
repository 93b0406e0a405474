"""Text as it is compared: simplified, case-folded, stemmed."""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from importlib import import_module
from typing import Protocol, cast

from deixis.vision.embedded._frames import word_list

_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_KANA = re.compile(r"[\u3040-\u30ff]")
_HANGUL = re.compile(r"[\uac00-\ud7af]")
_ENGLISH = frozenset("what where which who how does do is are the can i my to of mean".split())
# Small words of Spanish, French, German, Italian and Portuguese that English lacks.
_FOREIGN = frozenset(word_list("foreign"))
_OTHER_SCRIPT = re.compile(r"[\u0370-\u1fff\u3040-\u30ff\uac00-\ud7af]")
_WORD = re.compile(r"[a-z0-9]+(?:'[a-z]+)?")


class _Converter(Protocol):
    def convert(self, text: str) -> str: ...


@cache
def _converter(config: str) -> _Converter:
    import opencc  # a fifth of a second: only for text that holds Chinese

    return cast("_Converter", opencc.OpenCC(config))


@lru_cache(maxsize=4096)
def simplified(text: str) -> str:
    """Chinese characters in their simplified form, one for one; other text as it is."""
    return _converter("t2s").convert(text) if has_han(text) else text


def traditional(text: str) -> str:
    """Chinese characters in their traditional form."""
    return _converter("s2t").convert(text) if has_han(text) else text


def has_han(text: str) -> bool:
    """Whether there is a Chinese character in the text."""
    return _HAN.search(text) is not None


def fold(text: str) -> str:
    """Full-width forms, case, accents and traditional characters made one."""
    plain = unicodedata.normalize("NFKC", text).casefold().replace("’", "'").replace("`", "'")
    if not plain.isascii():
        decomposed = unicodedata.normalize("NFD", plain)
        stripped = "".join(c for c in decomposed if not unicodedata.combining(c))
        plain = unicodedata.normalize("NFC", stripped)
    return simplified(plain)


def compact(text: str) -> str:
    """The folded text with nothing but letters and digits."""
    return "".join(c for c in fold(text) if c.isalnum())


class _Stemmer(Protocol):
    def stemWord(self, word: str) -> str: ...  # noqa: N802


class _Stemmers(Protocol):
    def stemmer(self, language: str) -> _Stemmer: ...


@cache
def _stemmer() -> _Stemmer:
    # It brings no types.
    return cast("_Stemmers", import_module("snowballstemmer")).stemmer("english")


_SPELT_OUT = {
    "rd": "road", "ave": "avenue", "blvd": "boulevard", "bldg": "building", "ctr": "center",
    "centre": "center", "centres": "center", "centers": "center", "theatre": "theater",
    "dept": "department", "intl": "international", "stn": "station",
}  # fmt: skip
# Words whose stem is that of another thing: a parking lot is no park.
_UNSTEMMED = frozenset(word_list("unstemmed"))


@lru_cache(maxsize=16384)
def stem(word: str) -> str:
    """The stem of one lower-case English word (Snowball), its possessive dropped."""
    bare = word.split("'")[0] if "'" in word else word
    bare = _SPELT_OUT.get(bare, bare)
    return bare if len(bare) <= 3 or bare in _UNSTEMMED else _stemmer().stemWord(bare)


def words(text: str) -> list[str]:
    """The lower-case Latin words and numbers of a text."""
    return _WORD.findall(fold(text))


# Words of a question that say nothing of what is sought.
FRAME_WORDS = frozenset(map(stem, word_list("frame")))
# Words that may stand between the words of a phrase, or be left out of it.
SMALL_WORDS = frozenset(word_list("small"))
# Words of an English name that it may carry or lack and still be the same place.
EN_FILLERS = frozenset(map(stem, word_list("filler")))


def stems(text: str) -> tuple[str, ...]:
    """The stems of the Latin words of a text, in order."""
    return tuple(stem(word) for word in words(text))


def language_of(text: str) -> str:
    """The language a question is asked in: `zh`, `zh-Hant`, `ja`, `ko` or, for the rest, `en`.

    Decided by script alone. Japanese and Korean are told apart so that their Han characters
    aren't taken for Chinese.
    """
    if _KANA.search(text):
        return "ja"
    if _HANGUL.search(text):
        return "ko"
    if not has_han(text):
        return "en"
    # A question in English that quotes the sign ("what does 骨科 mean?") stays English.
    if _ENGLISH.intersection(words(text)):
        return "en"
    return "zh" if simplified(text) == text else "zh-Hant"


def is_foreign(text: str) -> bool:
    """Whether a question is in a language other than English and Chinese."""
    if _OTHER_SCRIPT.search(text):
        return True
    said = words(text)
    own = sum(word in _ENGLISH for word in said)
    other = sum(word in _FOREIGN for word in said)
    return not has_han(text) and other >= 2 and other > own
