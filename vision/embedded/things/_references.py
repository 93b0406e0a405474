"""Which of the things on the table a phrase means: «the red cube left of the bowl», «碗里的球».

A phrase is cut into known words. One that isn't known carries a meaning that can't be checked, so
nothing fits then: never a thing that was guessed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import pairwise
from typing import Final

from deixis.vision.embedded._dictionary import Dictionary
from deixis.vision.embedded._text import compact, fold, has_han
from deixis.vision.embedded.things._choosing import chosen, related
from deixis.vision.embedded.things._printed import forms_of, known_forms, says, written
from deixis.vision.embedded.things._reference_words import NUMBERS, Word, lexicon, pattern
from deixis.vision.embedded.things._thing import Thing

_TOKEN: Final = re.compile(r"\d+|[a-z0-9']+|[^\W_]")
_TELLING: Final = ("kind", "colour", "label", "size", "place", "side", "relation", "it", "other")


@dataclass(frozen=True, kw_only=True)
class Reference:
    """What a phrase means.

    Attributes:
        things: One: found. None: nothing fits. Several: they can't be told apart by what was
            said, unless all of them are meant.
        plural: Whether all of them are meant.
        understood: False where no word of the phrase says a shape, a colour, a label or a place.
        unknown: Words that weren't understood: nothing fits because of them.
    """

    things: tuple[Thing, ...]
    plural: bool = False
    understood: bool = True
    unknown: tuple[str, ...] = ()


@dataclass(kw_only=True)
class Noun:
    """What a phrase says of the things it means, taken apart.

    Attributes:
        kinds: Shapes, any of which; empty or `any` where none was said.
        colours: All of which.
        labels: Printed texts' words, each with the forms it may take.
        denied: What the things are not, all at once.
        choosers: Sizes, places and ordinals, in order.
        relations: To what they stand how.
        count: How many; 0 where it wasn't said.
        all: Whether all that fit are meant.
        single: Whether one is meant though the word is a plural («one of the cubes»).
        any: Whether any of them will do.
        spoken: `it`, `other` or nothing.
        unknown: Words that weren't understood.
    """

    kinds: list[str] = field(default_factory=list[str])
    colours: list[str] = field(default_factory=list[str])
    labels: list[str] = field(default_factory=list[str])
    denied: list[Noun] = field(default_factory=list["Noun"])
    choosers: list[Word] = field(default_factory=list[Word])
    relations: list[Relation] = field(default_factory=list["Relation"])
    count: int = 0
    all: bool = False
    single: bool = False
    any: bool = False
    spoken: str = ""
    unknown: list[str] = field(default_factory=list[str])


@dataclass(kw_only=True)
class Relation:
    """How something stands to other things."""

    name: str
    others: list[Noun]
    denied: bool = False


def refer(
    phrase: str,
    things: Sequence[Thing],
    *,
    spoken: Sequence[Thing] = (),
    containers: bool = False,
) -> Reference:
    """The things on the table that a phrase means.

    Left and right are the picture's; behind is farther from the camera.

    Args:
        phrase: In English or Chinese, without the verb: «the largest red cube».
        things: What is seen.
        spoken: What was spoken of before: «it» is that, «the other one» isn't.
        containers: Whether a bowl or tray is meant where a phrase says no shape («the blue one»);
            otherwise something to pick up is.
    """
    found = words_of(phrase, things)
    if not any(word.sort in _TELLING or word.sort == "all" for word in found):
        return Reference(
            things=(), understood=False, unknown=tuple(w.text for w in found if w.sort == "unknown")
        )
    parse = _chinese if _is_chinese(found) else _english
    nouns = _inherited([parse(part) for part in _conjoined(found)])
    unknown = tuple(word for noun in nouns for word in _unknown_in(noun))
    if unknown:
        return Reference(things=(), unknown=unknown)
    view = _View(things=things, spoken=spoken, containers=containers)
    meant = [view.meant(noun) for noun in nouns]
    if len(meant) == 1:
        return meant[0]
    unclear = [one for one in meant if not one.things or (len(one.things) > 1 and not one.plural)]
    if unclear:
        return unclear[0]
    together = {id(thing): thing for one in meant for thing in one.things}
    return Reference(things=tuple(together.values()), plural=True)


def words_of(phrase: str, things: Sequence[Thing]) -> list[Word]:
    """A phrase cut into words; what isn't known otherwise may be what is printed on a thing."""
    texts = [thing.text for thing in things if thing.text]
    forms = {form for text in texts for form in forms_of(text)} | set(known_forms())
    ordered = sorted(filter(compact, forms), key=len, reverse=True)
    labels = re.compile("|".join(map(written, ordered)))
    text = fold(phrase)
    found: list[Word] = []
    at = 0
    while at < len(text):
        known, label = pattern().match(text, at), labels.match(text, at)
        if label and (not known or label.end() >= known.end()):
            found.append(Word(sort="label", value=label.group(), text=label.group()))
            at = label.end()
        elif known:
            written_as = " ".join(known.group().split())
            found.append(lexicon()[written_as])
            at = known.end()
        elif other := _TOKEN.match(text, at):
            word = other.group()
            found.append(
                Word(sort="number" if word.isdigit() else "unknown", value=word, text=word)
            )
            at = other.end()
        else:
            at += 1
    return _labelled(found, texts)


def _labelled(found: list[Word], texts: Sequence[str]) -> list[Word]:
    """Runs of unknown words made labels where they are printed on something."""
    made: list[Word] = []
    at = 0
    while at < len(found):
        end = at
        while end < len(found) and found[end].sort == "unknown":
            end += 1
        if end == at:
            made.append(found[at])
            at += 1
            continue
        run = found[at:end]
        said = (
            "".join(w.text for w in run) if has_han(run[0].text) else " ".join(w.text for w in run)
        )
        forms = [forms_of(text) for text in texts]
        if any(says(said, one) for one in forms) or any(
            says(said, one, _dictionary()) for one in forms
        ):
            made.append(Word(sort="label", value=said, text=said))
        else:
            made.append(Word(sort="unknown", value=said, text=said))
        at = end
    return made


@cache
def _dictionary() -> Dictionary:
    return Dictionary()


def _is_chinese(found: Sequence[Word]) -> bool:
    """Whether a phrase's grammar is Chinese: its words are, but for labels and what is unknown."""
    told = [word for word in found if word.sort not in ("label", "unknown", "number")] or found
    return sum(has_han(word.text) for word in told) * 2 > len(told)


def _conjoined(found: Sequence[Word]) -> list[list[Word]]:
    """The parts of a phrase that «and» joins; one «and» goes with each «between»."""
    ands = [i for i, word in enumerate(found) if word.sort == "and"]
    for i, word in enumerate(found):
        if _is_between(found, i):
            before, after = [a for a in ands if a < i], [a for a in ands if a > i]
            if has_han(word.text) and before:
                ands.remove(before[-1])
            elif not has_han(word.text) and after:
                ands.remove(after[0])
    cuts = [-1, *ands, len(found)]
    parts = [list(found[a + 1 : b]) for a, b in pairwise(cuts)]
    return [part for part in parts if any(word.sort != "filler" for word in part)]


def _is_between(found: Sequence[Word], at: int) -> bool:
    word = found[at]
    if word.value == "between":
        return True
    # «碗和托盘中间»
    return (
        word.value == "middle"
        and has_han(word.text)
        and any(other.sort == "and" for other in found[:at])
    )


def _english(found: Sequence[Word]) -> Noun:
    """A noun with what is said of it: its relations come after it."""
    words = _nearest_to([word for word in found if word.sort != "filler"])
    for i, word in enumerate(words):
        if word.sort == "relation" and _follows(word, words[i + 1 :]):
            denied = i > 0 and words[i - 1].sort == "not"
            noun = _noun(words[: i - 1 if denied else i])
            parts = _split(words[i + 1 :]) if word.value == "between" else [words[i + 1 :]]
            others = _inherited([_english(part) for part in parts])
            noun.relations.append(Relation(name=word.value, others=others, denied=denied))
            return noun
    return _noun(words)


def _follows(word: Word, rest: Sequence[Word]) -> bool:
    """Whether a relation has something to relate to; «the box with aspirin» has only print."""
    sorts = ("kind",) if word.value == "holding" else ("kind", "colour", "label", "it")
    return any(other.sort in sorts for other in rest)


def _nearest_to(words: list[Word]) -> list[Word]:
    """«The nearest cube to the bowl» as «the cube nearest to the bowl»."""
    for i, word in enumerate(words):
        if word.value in ("nearest", "farthest") and word.text.count(" ") == 0:
            ends = ("to",) if word.value == "nearest" else ("from",)
            later = [j for j, other in enumerate(words) if j > i and other.sort in ends]
            if later:
                j = later[0]
                return [*words[:i], *words[i + 1 : j], word, *words[j + 1 :]]
    return [word for word in words if word.sort != "to"]


def _chinese(found: Sequence[Word]) -> Noun:
    """A noun with what is said of it: its relations come before it."""
    words = [word for word in found if word.sort != "filler"]
    for i in range(len(words) - 1, -1, -1):
        if words[i].sort == "prefix":
            return _prefixed(words, i)
        if (name := _relation_at(words, i)) is not None:
            start = _start(words, i)
            before = [word for word in words[:start] if word.sort != "at"]
            denied = bool(before) and before[-1].sort == "not"
            parts = _split(words[start:i]) if name == "between" else [words[start:i]]
            others = _inherited([_chinese(part) for part in parts])
            noun = _noun([*before[: len(before) - denied], *words[i + 1 :]])
            noun.relations.append(Relation(name=name, others=others, denied=denied))
            return noun
    return _noun(words)


def _relation_at(words: Sequence[Word], at: int) -> str | None:
    """The relation that a word is, where something it may relate to stands before it."""
    word = words[at]
    if not any(other.sort in ("kind", "label", "it") for other in words[_start(words, at) : at]):
        return None
    if word.sort == "relation":
        return word.value
    if word.sort == "side":
        return {"left": "left_of", "right": "right_of"}.get(word.value, word.value)
    if _is_between(words, at):
        return "between"
    return "farthest" if word.text == "最远" else None


def _start(words: Sequence[Word], at: int) -> int:
    """Where the thing that a relation goes with begins: after the last «在» before it."""
    return max(
        (i + 1 for i in range(at) if words[i].sort == "at"), default=_after_denial(words, at)
    )


def _after_denial(words: Sequence[Word], at: int) -> int:
    return max((i + 1 for i in range(at) if words[i].sort == "not"), default=0)


def _prefixed(words: Sequence[Word], at: int) -> Noun:
    """«最靠近碗的球»: the thing it goes with ends at the «的» after its noun."""
    named = next((i for i in range(at, len(words)) if words[i].sort in ("kind", "label")), at)
    ends = next((i for i in range(named, len(words)) if words[i].sort == "joint"), len(words))
    noun = _noun([*words[:at], *words[ends:]])
    other = _chinese(words[at + 1 : ends])
    noun.relations.append(Relation(name=words[at].value, others=[other]))
    return noun


def _split(words: Sequence[Word]) -> list[list[Word]]:
    cut = next((i for i, word in enumerate(words) if word.sort == "and"), None)
    if cut is None:
        return [list(words)]
    return [list(words[:cut]), list(words[cut + 1 :])]


def _noun(words: Sequence[Word]) -> Noun:
    """What words without a relation say of a thing."""
    noun = Noun()
    at = 0
    while at < len(words):
        word = words[at]
        if word.sort == "not":
            end = _denial_ends(words, at)
            noun.denied.append(_noun(words[at + 1 : end]))
            at = end
            continue
        _add(noun, word, words)
        at += 1
    if len(set(noun.kinds) - {"any"}) > 1:
        noun.unknown.append(" ".join(word.text for word in words))
    return noun


def _denial_ends(words: Sequence[Word], at: int) -> int:
    """«不是红色的方块» denies the colour, «not the red cube» both."""
    if not has_han(words[at].text):
        return len(words)
    stop = "but" if any(word.sort == "but" for word in words[at:]) else "joint"
    return next((i for i in range(at + 1, len(words)) if words[i].sort == stop), len(words))


def _add(noun: Noun, word: Word, words: Sequence[Word]) -> None:
    match word.sort:
        case "kind":
            noun.kinds.append(word.value)
            noun.all = noun.all or word.text.endswith("s")
        case "colour":
            noun.colours.append(word.value)
        case "label":
            noun.labels.append(word.value)
        case "size" | "soft" | "place" | "ordinal":
            noun.choosers.append(word)
        case "side":
            counts = any(other.sort == "ordinal" for other in words)
            noun.choosers.append(replace(word, sort="from" if counts else "side"))
        case "number":
            noun.count = NUMBERS.get(word.value) or int(word.value)
        case "it" | "other":
            noun.spoken = word.value
        case "unknown":
            noun.unknown.append(word.text)
        case "relation":
            _add_loose(noun, word)
        case _:
            noun.all = noun.all or word.sort == "all"
            noun.any = noun.any or word.sort == "any"
            noun.single = noun.single or word.sort == "single"


def _add_loose(noun: Noun, word: Word) -> None:
    """A relation with nothing to relate to: «the nearest cube», «最近的球» are in front."""
    if word.value == "nearest":
        noun.choosers.append(replace(word, sort="place", value="front"))
    elif word.value == "behind":
        noun.choosers.append(replace(word, sort="side", value="back"))
    elif word.value != "holding":
        noun.unknown.append(word.text)


def _inherited(nouns: list[Noun]) -> list[Noun]:
    """«Red and blue cubes», «the red cube and the blue one»: the shape is said once."""
    for i, noun in enumerate(nouns):
        bare = not noun.kinds and not noun.labels and noun.colours
        later = [other for other in nouns[i + 1 :] if other.kinds]
        if bare and later:
            noun.kinds, noun.all = later[0].kinds, noun.all or later[0].all
        elif (bare or noun.kinds == ["any"]) and i and nouns[i - 1].kinds:
            noun.kinds = nouns[i - 1].kinds
    return nouns


def _unknown_in(noun: Noun) -> list[str]:
    inner = [other for relation in noun.relations for other in relation.others]
    return [*noun.unknown, *(word for one in (*inner, *noun.denied) for word in _unknown_in(one))]


@dataclass(frozen=True, kw_only=True)
class _View:
    """What is seen, and what a noun means in it."""

    things: Sequence[Thing]
    spoken: Sequence[Thing]
    containers: bool

    def meant(self, noun: Noun) -> Reference:
        """The things that a noun means."""
        found = self._fitting(noun)
        selected = [word for word in noun.choosers if word.sort != "soft"]
        if noun.choosers:
            found = chosen(found, noun.choosers)
        if noun.any:
            return Reference(things=tuple(found[:1]))
        if noun.count > 1 and not selected and not noun.single:
            right = len(found) == noun.count
            return Reference(things=tuple(found) if len(found) >= noun.count else (), plural=right)
        plural = noun.all and not selected and not noun.single
        return Reference(things=tuple(found), plural=plural)

    def _fitting(self, noun: Noun) -> list[Thing]:
        found = [thing for thing in self.things if self._is(thing, noun)]
        if noun.labels:
            found = _named(found, noun.labels)
        for denied in noun.denied:
            found = [thing for thing in found if thing not in self._denied(denied)]
        for relation in noun.relations:
            others = [self.meant(other) for other in relation.others]
            near = related(relation.name, found, [list(other.things) for other in others])
            found = [one for one in found if (one in near) != relation.denied]
        told = noun.kinds or noun.colours or noun.labels
        if noun.spoken == "it" and not told:  # «那个红色方块» points at nothing else
            found = [thing for thing in found if thing in self.spoken]
        elif noun.spoken == "other":
            found = [thing for thing in found if thing not in self.spoken]
        if noun.labels or (noun.kinds and "any" not in noun.kinds):
            return found
        # No shape was said: something to pick up, unless only containers fit.
        liked = [thing for thing in found if thing.graspable != self.containers]
        return liked or found

    def _is(self, thing: Thing, noun: Noun) -> bool:
        kinds = {"bowl", "tray"} if "container" in noun.kinds else set(noun.kinds) - {"any"}
        return (not kinds or thing.kind in kinds) and all(
            colour == thing.colour for colour in noun.colours
        )

    def _denied(self, noun: Noun) -> list[Thing]:
        if not (noun.kinds or noun.colours or noun.labels or noun.relations or noun.choosers):
            return []
        return list(self.meant(replace(noun, all=True)).things)


def _named(things: list[Thing], labels: Sequence[str]) -> list[Thing]:
    """Those on which all of some words are printed: as they stand, else with a slip or in part."""
    found = things
    for label in labels:
        forms = {thing.text: forms_of(thing.text) for thing in found if thing.text}
        same = [t for t in found if t.text and compact(label) in map(compact, forms[t.text])]
        near = [t for t in found if t.text and says(label, forms[t.text])]
        far = [t for t in found if t.text and says(label, forms[t.text], _dictionary())]
        found = same or near or far
    return found
