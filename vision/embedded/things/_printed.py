"""Whether what somebody says is what is printed on a thing, in the same language or the other."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

from rapidfuzz.distance import OSA

from deixis.vision.embedded._dictionary import Dictionary
from deixis.vision.embedded._text import compact, fold, has_han, words
from deixis.vision.embedded.things._reference_words import printed


@lru_cache(maxsize=256)
def forms_of(text: str) -> tuple[str, ...]:
    """How a printed text may be said, in both languages, folded; its own words first."""
    own = " ".join(fold(text).split())
    found = [own] if compact(own) else []
    same = _same if compact(own) in _known() else _alike
    for group in printed():
        if any(same(compact(own), compact(form)) for form in group):
            found += [form for form in group if form not in found]
    return tuple(found)


@lru_cache(maxsize=1)
def known_forms() -> tuple[str, ...]:
    """All that the list of printed words knows, folded."""
    return tuple(form for group in printed() for form in group)


@lru_cache(maxsize=1)
def _known() -> frozenset[str]:
    return frozenset(map(compact, known_forms()))


def written(form: str) -> str:
    """A form as a pattern: spaces and hyphens may stand anywhere, Latin letters are whole words."""
    letters = r"[\s\-]*".join(map(re.escape, compact(form)))
    before = r"(?<![a-z0-9])" if compact(form)[0].isascii() else ""
    after = r"(?![a-z0-9])" if compact(form)[-1].isascii() else ""
    return before + letters + after


def says(said: str, forms: Sequence[str], dictionary: Dictionary | None = None) -> bool:
    """Whether words that aren't known otherwise mean a printed text.

    A part of the text does («vitamin»), a slip does, but another letter or digit that stands
    alone is another thing («vitamin B» isn't vitamin C).

    Args:
        said: A run of words.
        forms: Of the text, see `forms_of`.
        dictionary: Looked into for the other language.
    """
    heard = compact(said)
    if len(heard) < 2:
        return False
    # Names of medicines differ by little: one that is known is no slip of another.
    same = _same if heard in _known() else _alike
    if any(same(heard, compact(form)) or _part(said, form, same) for form in forms):
        return True
    translated = _translations(said, dictionary) if dictionary is not None else ()
    return any(same(compact(one), compact(form)) for one in translated for form in forms)


def _same(said: str, form: str) -> bool:
    return said == form


def _alike(said: str, form: str) -> bool:
    """Whether two spellings are the same but for a slip."""
    if said == form:
        return True
    if not said or not form or _signs(said) != _signs(form):
        return False
    han = has_han(form)
    longest = max(len(said), len(form))
    least = 4 if han else 6
    reach = 1 if longest < 10 else 2
    if longest < least or has_han(said) != han:
        return False
    # A letter at the end may be the name's own: vitamins B and C.
    if not han and (said[0] != form[0] or (len(said) == len(form) and said[-1] != form[-1])):
        return False
    return OSA.distance(said, form, score_cutoff=reach) <= reach


def _signs(text: str) -> list[str]:
    """What in a text mustn't be mistaken: digits, and Latin letters that stand among Chinese."""
    if has_han(text):
        return re.findall(r"[a-z]+|\d+", text)
    return re.findall(r"\d+", text)


def _part(said: str, form: str, same: Callable[[str, str], bool]) -> bool:
    """Whether what is said is a telling part of a text, whole words of it."""
    if has_han(form):
        heard = compact(said)
        return len(heard) >= 2 and heard in compact(form)
    mine, theirs = words(said), words(form)
    return (
        bool(mine)
        and max(map(len, mine)) >= 4
        and all(any(same(word, other) for other in theirs) for word in mine)
    )


def _translations(said: str, dictionary: Dictionary) -> Iterator[str]:
    if has_han(said):
        yield from (fold(sense) for sense in dictionary.definitions(compact(said)))
    else:
        yield from dictionary.words_for(" ".join(words(said)))
