"""Instructions in English, clause by clause."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Literal

from deixis.vision.embedded.operating import _instruction_en_forms as en
from deixis.vision.embedded.operating._instruction import (
    AND,
    EXCEPT,
    IT,
    LITTLE,
    Ask,
    Clause,
    Destination,
    Draft,
    Home,
    Move,
    MoveTo,
    Nothing,
    Pick,
    PointAt,
    Relation,
    Side,
    Sort,
    Stop,
    Unclear,
)


@dataclass
class _Open:
    """A command whose things are still being told."""

    kind: Literal["put", "pick", "either", "remove", "point", "sort", "give"]
    text: str
    items: list[str] = field(default_factory=list[str])
    placed: bool = False


class _Reading:
    """Reads clause by clause; a clause with no verb goes on with the command before it."""

    def __init__(self) -> None:
        self.draft = Draft()
        self._open: _Open | None = None

    def read(self, text: str) -> Draft:
        for number, piece in enumerate(_pieces(text)):
            self._piece(piece, first=number == 0)
        self._close()
        return self.draft

    def _add(self, clause: Clause) -> None:
        self.draft.clauses.append(clause)

    def _piece(self, piece: str, *, first: bool) -> None:
        if (whole := _whole_clause(piece)) is not None:
            self._close()
            self._add(whole)
        elif (spared := en.SPARE.fullmatch(piece)) is not None:
            self._close()
            self._spare(piece, spared["what"] or spared["left"])
        elif (asked := _question(piece)) is not None and first:
            self._add(asked)
        elif en.NOT.search(piece):
            self._close()
            self._add(Unclear(reason="negated", words=piece))
        elif (verb := en.VERB.fullmatch(piece)) is not None:
            self._close()
            self._command(verb, piece)
        else:
            self._more(piece)

    def _spare(self, piece: str, what: str) -> None:
        """«Don't touch the bowl»: nothing to do, but a thing to keep off. A place is refused."""
        if _placed(what)[1] is not None and not re.match(r"(?:any|every)thing", what):
            what = ""
        if not what or _thing(what) in (IT, "anything", "everything"):
            self._add(Unclear(reason="negated", words=piece))
        else:
            self.draft.spare.append(_thing(what))

    def _command(self, verb: re.Match[str], piece: str) -> None:
        rest = verb["rest"].strip()
        if verb["cannot"]:
            self._add(Unclear(reason="cannot", words=piece))
            return
        kind = next(k for k in ("put", "pick", "either", "remove", "point") if verb[k])
        self._open = _Open(kind, piece)  # type: ignore[arg-type]
        if rest:
            self._told(rest)
        elif kind != "put":
            self._add(Unclear(reason="what", words=piece))
            self._open = None

    def _more(self, piece: str) -> None:
        """A clause without a verb."""
        if (given := en.GIVE.fullmatch(piece)) is not None:
            self._close()
            what = next(g for g in given.groups() if g)
            self._told_to_give(piece, what)
            return
        if self._open is None:
            what, where = _placed(piece)
            told = where is not None and what and re.search(r"\b(?:into|onto) ", piece)
            reached = not self.draft.clauses
            self._add(
                Move(what=(_thing(what),), where=where)
                if told and where and reached
                else Unclear(reason="words", words=piece)
            )
            return
        if self._open.items and EXCEPT in self._open.items[-1]:
            piece = f"{self._open.items.pop()} {AND} {piece}"
        self._told(piece)

    def _told_to_give(self, piece: str, what: str) -> None:
        thing, where = _placed(what)
        if where is not None and thing:
            self._add(Move(what=(_thing(thing),), where=where))
        elif re.match(r"(?:to|see|know|that (?:you|i|it|he|she|they|we))\b", what):
            self._add(Unclear(reason="words", words=piece))
        else:
            self._open = _Open("give", piece, [_thing(what)])

    def _told(self, words: str) -> None:
        """Things, perhaps with where they go, of the command that is open."""
        command = self._open
        assert command is not None  # noqa: S101
        also = en.ALSO.search(words)
        words = en.ALSO.sub("", words)
        if command.kind in ("pick", "point", "sort", "give"):
            self._told_only(command, words)
            return
        what, where = _placed(words)
        if what:
            command.items.append(_thing(what))
        if where is None and command.placed and also:
            where = self.draft.last_where
        if where is None:
            return
        where, apart = _excepted(where)
        if apart and command.items:
            command.items[-1] += f" {EXCEPT} {apart}"
        self._add(Move(what=tuple(command.items), where=where))
        command.items, command.placed = [], True

    def _told_only(self, command: _Open, words: str) -> None:
        what, where = _placed(words)
        # «Take the red cube to the bowl»; «take the red cube in the bowl» tells which one.
        going = where is not None and re.search(r"\b(?:into|onto)\b|\bto (?:the|your|my)\b", words)
        if command.kind == "pick" and where is not None and what and going:
            self._add(Move(what=(*command.items, _thing(what)), where=where))
            command.items, command.placed = [], True
            return
        command.items.append(_thing(words if where is None or where.phrases else what or words))

    def _close(self) -> None:
        command, self._open = self._open, None
        if command is None:
            return
        items = tuple(command.items)
        if not items:
            if not command.placed:
                self._add(Unclear(reason="what", words=command.text))
            return
        if command.kind in ("pick", "either") and not command.placed:
            self._add(Pick(what=items))
        elif command.kind == "point":
            self._add(PointAt(what=items))
        elif command.kind == "give":
            self._add(Move(what=items, where=Destination(relation="person")))
        elif command.kind == "remove" and en.OFF.search(command.text):
            self._add(Move(what=items, where=Destination(relation="free")))
        else:
            self._add(Unclear(reason="where", words=command.text))


def english_draft(text: str) -> Draft:
    """The clauses of an instruction in English.

    Args:
        text: Folded, its quotations masked.
    """
    for pattern, plain in en.SPOKEN:
        text = re.sub(pattern, plain, text)
    return _Reading().read(text.strip())


def _pieces(text: str) -> list[str]:
    if (target := _bare(text)) and en.MOVE_TO.fullmatch(target):
        return [target]
    return [piece for part in en.APART.split(text) if (piece := _bare(part))]


def _bare(piece: str) -> str:
    """A clause without what is only polite."""
    before = ""
    piece = piece.strip(" ,.!?:;…-")
    if (doing := en.DOING.match(piece)) is not None:
        piece = _infinitive(doing[1]) + piece[doing.end() :]
    while piece != before:
        before = piece
        kept = en.POLITE.sub("", piece).strip()
        piece = kept or piece
        piece = (en.POLITE_END.sub("", piece).strip() or piece) if piece != "now" else piece
    return re.sub(r"\s+", " ", piece)


def _infinitive(doing: str) -> str:
    """«putting» as «put»: the verb, so far as it is one of those known."""
    bare = doing.removesuffix("ing")
    return next((v for v in (bare, bare[:-1], bare + "e") if en.VERB.fullmatch(v)), doing)


def _whole_clause(piece: str) -> Clause | None:
    """Clauses that are fixed phrases, and such as can't be carried out."""
    if en.STOP.fullmatch(piece):
        return Stop()
    if en.NOTHING.fullmatch(piece) or en.POLITE.fullmatch(f"{piece} "):
        return Nothing()
    if en.HOME.fullmatch(piece):
        return Home()
    if (to := en.MOVE_TO.fullmatch(piece)) is not None:
        scale = en.METRES.get("mm" if to["unit"] == "mm" else (to["unit"] or "m")[0], 1.0)
        return MoveTo(x=float(to["x"]) * scale, y=float(to["y"]) * scale, z=float(to["z"]) * scale)
    if en.RELEASE.fullmatch(piece):
        return Move(what=(), where=Destination(relation="free"))
    if (tidied := en.TIDY.fullmatch(piece)) is not None:
        what = (tidied["what"] or "everything").strip()
        what = "everything" if en.ALL_OF_IT.fullmatch(what) else what
        return Move(what=(_thing(what),), where=Destination(relation="containers"))
    if (sorted_ := en.SORT.fullmatch(piece)) is not None:
        what = (sorted_["what"] or "everything").strip()
        what = _placed(what)[0] or what
        what = "everything" if en.ALL_OF_IT.fullmatch(what) or what in en.THEM else what
        if (two := re.fullmatch(r"(.+) from (.+)", what)) is not None:
            return Sort(what=(_thing(two[1]), _thing(two[2])), by="kind")
        by = (sorted_["by"] or "colour").startswith("colo")
        return Sort(what=(_thing(what),), by="colour" if by else "kind")
    if en.CONDITION.search(piece):
        return Unclear(reason="condition", words=piece)
    return Unclear(reason="choice", words=piece) if en.CHOICE.search(piece) else None


def _thing(phrase: str) -> str:
    """A thing's phrase, as it is looked up."""
    phrase = en.PLAIN_TO.sub("in", phrase.strip(" ,."))
    before = ""
    while phrase != before:
        before = phrase
        phrase = en.TRAILING.sub("", phrase)
    bare = re.sub(r"^(?:up|down|out|away|back)\s+(?=\S)", "", phrase)
    joined = re.sub(r"^(?:all|both|each|every one) of (it|them|these|those)$", r"\1", bare)
    return IT if joined in en.THEM else bare


def _excepted(where: Destination) -> tuple[Destination, str]:
    """A destination, and what was said after it is not to go there."""
    if not where.phrases or EXCEPT not in where.phrases[-1]:
        return where, ""
    kept, _, apart = where.phrases[-1].partition(EXCEPT)
    return replace(where, phrases=(*where.phrases[:-1], kept.strip())), _thing(apart)


def _placed(words: str) -> tuple[str, Destination | None]:
    """What is before a destination, and the destination; None where there is none."""
    words = words.strip()
    for read in (_same, _shifted, _between, _on_table, _strongly, _relatedly, _in_part):
        if (found := read(words)) is not None:
            return found
    return words, None


_Placed = tuple[str, Destination]


def _same(words: str) -> _Placed | None:
    found = en.SAME.fullmatch(words)
    return (found["what"], Destination(relation="same")) if found else None


def _shifted(words: str) -> _Placed | None:
    for form in en.SHIFT:
        if (found := form.fullmatch(words)) is not None:
            number, unit = found["n1"], found["u1"]
            if number is None:
                distance = LITTLE
            else:
                count = en.COUNTS[number] if number in en.COUNTS else float(number)
                scale = "mm" if unit.startswith(("mm", "milli")) else unit[0]
                distance = count * en.METRES[scale]
            way = _side(found["d1"])
            return found["what"], Destination(relation="shift", side=way, distance=distance)
    return None


def _between(words: str) -> _Placed | None:
    found = en.BETWEEN.fullmatch(words)
    if found is None:
        return None
    two = (_thing(found["a"]), _thing(found["b"]))
    return found["what"], Destination(relation="between", phrases=two)


def _on_table(words: str) -> _Placed | None:
    found = en.FREE.fullmatch(words)
    if found is None:
        return None
    relation: Relation = "free"
    if found["back"]:
        relation = "back"
    elif found["tidy"]:
        relation = "containers"
    return found["what"], Destination(relation=relation)


def _strongly(words: str) -> _Placed | None:
    """The last of `in`, `on`, `to` before a thing."""
    related = {n for m in en.RELATED.finditer(words) for n in range(m.start(), m.end())}
    for found in reversed([*en.STRONG.finditer(words)]):
        after = words[found.end() :]
        part = en.PART.fullmatch(words[found.start() :])
        if found.start() in related or (part and not part["what"]) or _told_which(words, found):
            continue
        if en.NOWHERE.fullmatch(after) or not after:
            continue
        relation: Relation = "on" if found["on"] else "in" if found["in"] else "to"
        middle = re.match(r"(?:the )?(?:middle|cent(?:re|er)) of (?!the table)(.+)", after)
        phrase = _thing(middle[1] if middle else after)
        return words[: found.start()].strip(), Destination(relation=relation, phrases=(phrase,))
    return None


def _told_which(words: str, found: re.Match[str]) -> bool:
    """Whether it tells which thing: «that is on the tray», «on the left next to the bowl»."""
    later = en.RELATED.search(words, found.end())
    part = en.PART.fullmatch(words[found.start() : later.start()].strip()) if later else None
    return bool(en.WHICH.search(words[: found.start()]) or (part and not part["what"]))


def _relatedly(words: str) -> _Placed | None:
    for found in reversed([*en.RELATED.finditer(words)]):
        after = words[found.end() :]
        if en.WHICH.search(words[: found.start()]):
            continue
        if re.match(r"(?:the |my )?(?:table|picture|image|desk)$", after) or not after:
            continue
        relation: Relation = "beside"
        if found["d"]:
            relation = "left" if found["d"] == "left" else "right"
        elif found["front"]:
            relation = "front"
        elif found["behind"]:
            relation = "behind"
        if re.fullmatch(r"me|us", after):
            return words[: found.start()].strip(), Destination(relation="person")
        where = Destination(relation=relation, phrases=(_thing(after),))
        return words[: found.start()].strip(), where
    return None


def _in_part(words: str) -> _Placed | None:
    found = en.PART.fullmatch(words)
    if found is None:
        return None
    return found["what"], Destination(relation="part", side=_side(found["p"] or found["q"]))


def _side(words: str) -> Side:
    across = away = 0
    for word in re.findall(r"[a-z]+", words):
        side = en.SIDES.get(word.removesuffix("s")) or (0, 0)
        across, away = across or side[0], away or side[1]
    return across, away


def _question(piece: str) -> Ask | None:
    """A question about what is there."""
    ranked = sorted(
        en.QUESTIONS,
        key=lambda q: en.ORDER_OF.index(q[0]) if q[0] in en.ORDER_OF else len(en.ORDER_OF),
    )
    for about, form in ranked:
        if (found := form.fullmatch(piece)) is not None:
            phrase = next((g for g in found.groups() if g), "")
            return Ask(about=about, phrase=_thing(phrase))  # type: ignore[arg-type]
    return None
