"""What is said to a team, taken apart: what is to be read, what to be done, where to be led."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from deixis.vision.embedded._text import fold, has_han
from deixis.vision.embedded.guiding._understanding import request_of
from deixis.vision.embedded.operating._instruction import (
    Ask,
    Move,
    Pick,
    Plan,
    PointAt,
    Stop,
    Unclear,
    instruction_of,
)
from deixis.vision.embedded.teaming import _forms as forms
from deixis.vision.embedded.things._references import words_of

Kind = Literal["read", "do", "guide"]

_QUOTED: Final = re.compile(r"\"[^\"]*\"|“[^”]*”|「[^」]*」|《[^》]*》")
_MASK: Final = "\uf8f2"
_UNCLEAR: Final = ("where", "what", "choice", "negated", "condition")
# Shapes of things that an arm takes; a bowl is no thing that somebody reads.
_SHAPES: Final = ("cube", "box", "ball", "cylinder")


@dataclass(frozen=True, kw_only=True)
class Named:
    """What in an order stands for something that is read first.

    Attributes:
        text: The words.
        told: Whether they say so themselves («the medicine on this label»); otherwise they may
            mean something else that was spoken of.
        several: Whether more than one is meant.
    """

    text: str
    told: bool
    several: bool


@dataclass(frozen=True, kw_only=True)
class Wish:
    """One part of what is said.

    Attributes:
        kind: To be read, done, or asked of a guide.
        text: In the user's words.
        named: For what is done: what stands for something read.
        thing: For what is read: the thing on the table that it is printed on; empty for a picture.
    """

    kind: Kind
    text: str
    named: Named | None = None
    thing: str = ""

    @property
    def of_medicine(self) -> bool:
        """Whether it is about a medicine."""
        return forms.MEDICINE.search(self.text) is not None

    @property
    def each(self) -> bool:
        """Whether each picture is to be read by itself."""
        return forms.EACH.search(self.text) is not None


def wishes_of(text: str, *, pictures: bool, brought: bool = False) -> list[Wish]:
    """The parts of what is said, in order.

    Args:
        text: The user's words.
        pictures: Whether there are pictures to read.
        brought: Whether they came with these words.
    """
    if isinstance(instruction_of(text), Stop):
        return [Wish(kind="do", text=text)]
    if not any(_pieces(text)):
        return [Wish(kind="read", text=text.strip())]
    parts = [_wish(piece, pictures=pictures) for piece in _pieces(text)]
    joined: list[Wish] = []
    at = 0
    for part in parts:
        begin = text.index(part.text, at)
        at = begin + len(part.text)
        last = joined[-1] if joined else None
        if last is not None and last.kind == part.kind and not (last.thing or part.thing):
            start = text.index(last.text)
            joined[-1] = replace(last, text=text[start:at])
        else:
            joined.append(part)
    if len(joined) == 1:
        joined = [replace(joined[0], text=text.strip())]
    return _with_names(joined, brought=brought)


def _pieces(text: str) -> Iterator[str]:
    masked = _QUOTED.sub(lambda m: _MASK * len(m[0]), text)
    start = 0
    for found in forms.APART.finditer(masked):
        end = found.end("end") if found["end"] else found.start()
        if piece := text[start:end].strip(" ,，"):
            yield piece
        start = found.end()
    if piece := text[start:].strip(" ,，"):
        yield piece


def _wish(piece: str, *, pictures: bool) -> Wish:
    bare = forms.PRONE.sub("", piece)
    read = instruction_of(piece)
    told = isinstance(read, Plan | Stop) or (
        isinstance(read, Unclear) and read.reason in _UNCLEAR and not _reads(bare)
    )
    if pictures and not isinstance(read, Plan) and forms.FIND.match(bare):
        return Wish(kind="read", text=piece)
    if told or (forms.DO.match(bare) and not _asks(bare)):
        return Wish(kind="do", text=piece)
    thing = _thing_in(bare, pictures=pictures)
    if thing and forms.READ.match(bare):
        return Wish(kind="read", text=piece, thing=thing)
    if isinstance(read, Ask) and _of_table(read, bare, pictures=pictures):
        return Wish(kind="do", text=piece)
    request = request_of(piece)
    if request.way or request.hours or (request.where and request.goal):
        if not _is_thing(request.goal):
            return Wish(kind="guide", text=piece)
        return Wish(kind="do", text=piece)
    return Wish(kind="read", text=piece)


def _asks(bare: str) -> bool:
    """Whether it is a question though it begins with a verb: «get what is on the label»."""
    return bare.rstrip().endswith(("?", "？")) and forms.READ.match(bare) is not None


def _reads(bare: str) -> bool:
    """Whether it is to be read, though some word of it denies or leaves a choice."""
    if re.match(r"do(?:n't| not)\b", fold(bare)):
        return False
    return forms.READ.match(bare) is not None and forms.READABLE.search(bare) is not None


def _of_table(read: Ask, bare: str, *, pictures: bool) -> bool:
    """Whether a question is about what lies on the table, rather than in a picture."""
    if forms.READABLE.search(bare) and not _is_thing(read.phrase):
        return False
    if re.search(r"\btable\b|桌", fold(bare)) or read.about == "holding":
        return True
    return bool(read.phrase and _is_thing(read.phrase)) or not pictures


def _is_thing(phrase: str) -> bool:
    """Whether words mean something on a table, by shape or print, and hold nothing else."""
    found = words_of(phrase, [])
    kinds = {word.value for word in found if word.sort == "kind"}
    printed = any(word.sort == "label" for word in found)
    if not printed and all(word.sort in ("kind", "filler") for word in found):
        # «The medicine» may be in a picture as well as on the table.
        kinds -= {"box"} if forms.MEDICINE.search(phrase) else set()
    shaped = bool(kinds & {*_SHAPES, "bowl", "tray"})
    return (shaped or printed) and not any(word.sort == "unknown" for word in found)


def _thing_in(bare: str, *, pictures: bool) -> str:
    """The thing on the table whose print is to be read; empty where it is a picture."""
    plain = bare.strip(" .!?。！？")
    form = forms.ON_THING_ZH if has_han(plain) else forms.ON_THING_EN
    found = form.search(plain)
    if found is None:
        return ""
    phrase = next(part for part in found.groups() if part)
    words = words_of(phrase, [])
    kinds = [w for w in words if w.sort == "kind" and w.value in _SHAPES]
    if not kinds or any(word.sort == "unknown" for word in words):
        return ""
    # «The label of the box», with a picture: it is in the picture. A colour or a place is not.
    placed = any(word.sort in ("colour", "side", "place", "relation", "size") for word in words)
    return phrase if placed or not pictures else ""


def _with_names(wishes: Sequence[Wish], *, brought: bool) -> list[Wish]:
    """What is done told apart by what it is done with."""
    made: list[Wish] = []
    read = False
    for wish in wishes:
        if wish.kind == "read":
            read = True
        elif wish.kind == "do":
            wish = replace(wish, named=named_in(wish.text, after=read, brought=brought))
        made.append(wish)
    return made


def named_in(text: str, *, after: bool, brought: bool = False) -> Named | None:
    """What in an order stands for something read; None where nothing does.

    Args:
        text: The order.
        after: Whether something was read before it: then «it» is that, unless the order names
            something itself first.
        brought: Whether a picture came with it: then «this medicine» is in that.
    """
    form = forms.TOLD_ZH if has_han(text) else forms.TOLD_EN
    if (found := form.search(text)) is not None:
        words = found[0]
        if not has_han(words) or not re.match(r"药盒上?的", words):
            return Named(text=words, told=True, several=_several(words, text))
    read = instruction_of(text)
    phrase = ""
    if isinstance(read, Plan):
        step = read.steps[0]
        if not isinstance(step, Move | Pick | PointAt):
            return None
        phrase = step.what[0] if step.what else ""
    elif not (isinstance(read, Unclear) and read.reason in ("what", "where")):
        return None
    if not phrase:
        return _pronoun(text) or _unsaid(text) if after or brought else None
    short = forms.SHORT_ZH if has_han(phrase) else forms.SHORT_EN
    if short.fullmatch(phrase) is None or not (after or (brought and _shown(phrase))):
        return None
    begin = fold(text).find(phrase)
    if begin < 0:
        return _pronoun(text)
    words = text[begin : begin + len(phrase)]
    return Named(text=words, told=False, several=_several(words, text))


def _shown(phrase: str) -> bool:
    """Whether words point at what is in a picture."""
    return (
        re.match(r"(?:this|these|that|those|the (?:medicine|drug|medication))|这|那", phrase)
        is not None
    )


def _pronoun(text: str) -> Named | None:
    form = forms.PRONOUN_ZH if has_han(text) else forms.PRONOUN_EN
    found = form.search(text)
    if found is None:
        return None
    return Named(text=found[0], told=False, several=_several(found[0], text))


def _unsaid(text: str) -> Named | None:
    """«放到托盘里»: Chinese leaves out what is meant."""
    if not has_han(text):
        return None
    return Named(text="", told=False, several=_several("", text))


def _several(words: str, text: str) -> bool:
    # «把它们都…», «all of it»: the word that says so may stand apart.
    apart = has_han(text) and re.search(r"都|全部|两种|所有", text) is not None
    return apart or forms.SEVERAL.search(words) is not None
