"""Instructions in English, clause by clause."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from deixis.vision.embedded._instruction import (
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

_SPOKEN: Final = (
    (r"\b(do|does|should|must|would|could|is|are|was|were|wo|ca)n'?t\b", r"\1 not"),
    (r"\b(?:wo|ca|cannot) not\b|\bcannot\b", "can not"),
    (r"\b(what|where|who|how|that|there|it|here)'s\b", r"\1 is"),
    (r"\bi'd\b", "i would"),
    (r"\blet's\b", ""),
    (r"\bwhy (?:do|would|could) you not\b|\bwhy do not you\b|\bwhy not\b|\b(?:do not|never) forget to\b", ""),
    (r",?\s*\bif (?:you (?:can|could|please|like|would|want|do not mind)|possible)\b,?", " "),
    (r"\bwithout (?:\w+ing)\b", ", do not touch"),
    (r"\b(everything|anything|all(?: \w+){0,3}?) but (?!do\b|not\b)", rf"\1 {EXCEPT} "),
    (r",?\s*\b(?:but not|except(?: for)?|other than|apart from|aside from|excluding)\b", f" {EXCEPT} "),
    (r"\b(between .+?) and ", rf"\1 {AND} "),
    (r"\bon ?to\b", "onto"),
    (r"\bin to\b", "into"),
)  # fmt: skip
_APART: Final = re.compile(
    r"\s*(?:[.;!?\n]+(?:\s+|$)"
    r"|,?\s*(?:\band\s+)?\b(?:then|after (?:that|this|which)|afterwards?|finally|lastly)\b,?\s+"
    r"|,?\s+(?:and also|and|plus|as well as)\s+|\s*&\s*"
    r"|,?\s+but\s+(?=(?:please\s+)?(?:do not|never|leave|avoid)\b)|,\s*)\s*"
)
_POLITE: Final = re.compile(
    r"^(?:would you mind|how about|what about|um+|uh+|er+m?|hmm+|oh|ah|hey|hi|hello|ok(?:ay)?|well|so|now|alright|all right|first(?:ly| of all)?|second(?:ly)?"
    r"|next(?! to)|then|also|and|please|kindly|robot|mr\.? robot|dear \w+|arm|deixis"
    r"|(?:can|could|would|will) you(?! (?:see|find|spot|detect|tell))(?: (?:please|kindly|maybe))?"
    r"|i (?:want|need|would like) you to|i (?:would like|want) to see you"
    r"|you (?:should|must|can|could|have to|need to)(?! not)|go ahead and|try (?:to|and)"
    r"|help me(?: to)?|just|quickly|carefully|gently|slowly|maybe|do me a favou?r and|be so kind"
    r"(?: as)? to|i would like to have|let us|it is time to|your (?:task|job) is to|i said"
    r"|to(?= \w)|again|start by|begin by|yes|sure|great|good)\b[\s,:!]*"
)
_POLITE_END: Final = re.compile(
    r"[\s,]*(?:\b(?:please|for me|for us|thanks?(?: you)?(?: very much| a lot)?|now|will you"
    r"|would you|could you|can you|ok(?:ay)?|carefully|slowly|gently|again|quickly|first|um+|uh+"
    r"|right away|right now|immediately|my friend|afterwards?|at once|one by one)\b|, ?robot\b|[.!?]+)\s*$"
)
_DOING: Final = re.compile(r"(?:would you mind|how about|what about|(?:start|begin) by) (\w+ing)\b")
_ALSO: Final = re.compile(r"\s+(?:too|as well|also)$")
_STOP: Final = re.compile(
    r"(?:(?:emergency )?stop|halt|freeze|abort|cease|hold it|whoa|e-stop)(?: (?:it|now|that|this|"
    r"the (?:arm|robot)|everything|moving|at once|right (?:now|there)|all(?: motion)?|immediately"
    r"|what you are doing|doing that))*|(?:do not|stop) (?:you )?(?:move|moving)(?: any ?more)?"
    r"|(?:stand|stay|keep|hold) still|stay (?:there|where you are)"
)
_NOTHING: Final = re.compile(
    r"wait(?: a (?:second|moment|minute|bit))?|hold on|never ?mind|cancel(?: (?:it|that|this))?"
    r"|forget (?:it|that)|thanks?(?: you)?|do nothing|that is (?:all|it)|no|nothing|good (?:job|work)"
    r"|well done|that would be (?:all|great|nice|good)"
)
_NOT: Final = re.compile(
    r"\b(?:not|never|no|none|nothing|neither|nor|avoid|refrain|instead of|rather than|without"
    r"|nobody|forbidden|alone|stop|dont)\b"
)
_SPARE: Final = re.compile(
    r"(?:(?:you )?(?:must|should|can|do) not|never|avoid|not)(?: (?:ever|to|you|dare|please))*"
    r" (?:touch|move|pick up|pick|grab|take|lift|disturb|grasp|hit|knock over|use|bump into)(?:ing)?"
    r" (?P<what>.+)|leave (?P<left>.+?) (?:alone|where (?:it is|they are)|in (?:its )?place|there"
    r"|as (?:it is|they are)|untouched|be)"
)
_CONDITION: Final = re.compile(
    r"\b(?:if|when(?:ever)?|unless|until|while|once|as soon as|in case|every time|before|after"
    r"|because|otherwise|twice|times|every (?:second|minute)|forever|repeat(?:edly)?)\b"
)
_CHOICE: Final = re.compile(r"\b(?:or|either)\b")
_HOME: Final = re.compile(
    r"(?:go|move|come|return|drive|get)(?: the arm)?(?: back)?(?: to)?(?: (?:the|your))?"
    r" (?:home|rest(?:ing)?|start(?:ing)?|initial)(?: (?:position|pose|place))?|home|go back|retreat"
    r"|(?:move|bring|take|send|put) (?:the |your )?(?:robot |robotic )?arm (?:back )?(?:to )?(?:its |the )?"
    r"(?:home|rest(?:ing)?|start(?:ing)?)(?: (?:position|pose|place))?"
)
_NUMBER: Final = r"-?\d+(?:\.\d+)?"
_MOVE_TO: Final = re.compile(
    rf"(?:move|go|drive|bring|take)(?: (?:the |your )?(?:arm|gripper|hand|tool|robot))? to"
    rf"(?: the)?(?: (?:position|point|coordinates?|place))? ?\(?(?:x ?=? ?)?(?P<x>{_NUMBER})(?: ?m)?"
    rf"(?:, ?| )(?:y ?=? ?)?(?P<y>{_NUMBER})(?: ?m)?(?:, ?| )(?:z ?=? ?)?(?P<z>{_NUMBER})"
    r" ?(?P<unit>m|met(?:re|er)s?|cm|centimet(?:re|er)s?|mm)?\)?"
)
_SORT: Final = re.compile(
    r"(?:sort|group|organi[sz]e|arrange|separate|classify|order|divide)(?: out| up)?(?P<what> .+?)??"
    r"(?: (?:by|according to|based on|in)(?: (?:the|their))? (?P<by>colou?rs?|shapes?|kinds?|types?|forms?)"
    r"(?: groups?)?)?"
)
_TIDY: Final = re.compile(
    r"(?:tidy|clean|clear)(?: (?:up|off|away))*(?P<what> .+?)?(?: (?:up|off|away))*"
)
_ALL_OF_IT: Final = re.compile(
    r"(?:the |this |my |your )?(?:table|desk|table ?top|mess|place|scene|workspace|surface)"
    r"|up|everything|it all|all"
)
_RELEASE: Final = re.compile(
    r"(?:let go(?: of (?:it|that|them|the .+))?|release(?: (?:it|the .+))?|drop it|let it go|put (?:it )?down"
    r"|open (?:the |your )?(?:gripper|hand|fingers?|claw)|put it down)"
)
_GIVE: Final = re.compile(
    r"(?:give|hand|pass|bring|get|fetch)(?: (?:me|us)(?: over)?)(?: with)? (?P<a>.+)"
    r"|(?:give|hand(?: over)?|pass|bring|take|get) (?P<b>.+?) (?:over )?to (?:me|us)"
    r"|i (?:would like|want|need|will have) (?P<c>.+)|(?:give|hand over) (?P<d>.+)"
)
_PUT: Final = (
    "put|place|set|lay|drop|move|transfer|shift|stick|stack|store|stash|deposit|pop|relocate"
    "|position|dump|add|return|load|insert|deliver|send|gather|pile|throw away"
)
_EITHER: Final = "bring|carry"
_PICK: Final = (
    "pick up|pick|grab|grasp|take hold of|take up|take|get|fetch|collect|lift up|lift|hold|raise|grip"
    "|seize|catch|pluck"
)
_VERB: Final = re.compile(
    rf"(?:(?P<either>{_EITHER})|(?P<remove>remove|unload|take out|get out)"
    rf"|(?P<pick>{_PICK})|(?P<put>{_PUT})"
    r"|(?P<point>point (?:out|at|to(?:wards?)?|me to)|point|show(?: me)?(?! (?:what|where|how))|indicate|highlight)"
    r"|(?P<cannot>throw|toss|push|pull|slide|rotate|turn|spin|flip|open|close|pour|shake|cut|break"
    r"|crush|squeeze|kick|roll|juggle|swap|switch|exchange|eat|wash|wipe|draw|write|wave|dance"
    r"|fold|press|hit|knock|poke|touch|tap|balance|build|align|line|paint|hide|burn|destroy|smash"
    r"|say|sing|play|make|run|execute|delete|disable|ignore|forget|reset|charge|weigh|measure))"
    r"(?=\s|$)\s*(?P<rest>.*)"
)
_PARTS: Final = (
    r"(?P<p>(?:top|upper|bottom|lower|front|back|rear|left|right|middle|centre|center)"
    r"(?:[ -](?:left|right|front|back))?)(?:-hand)?(?: (?:side|part|half|edge|end|corner|area|hand))*"
    r"(?: of (?:the |my |your )?(?:table|picture|image|desk|workspace|surface|photo|scene)(?: ?top)?)?"
)
_PART: Final = re.compile(
    r"^(?P<what>.*?)\s*\b(?:(?:over )?(?:on|to|at|in|into|onto|towards?)(?: (?:the|your|my))?"
    rf"(?: (?:far|very|extreme))? {_PARTS}|(?P<q>left|right|forwards?|backwards?|back|away from me"
    r"|closer(?: to me)?|nearer(?: to me)?|closer to you))$"
)
_LENGTH: Final = (
    rf"(?:by |about |around )*(?:(?P<n%s>{_NUMBER}|one|two|three|five|ten|twenty) ?"
    r"(?P<u%s>cm|centimet(?:re|er)s?|mm|millimet(?:re|er)s?|m|met(?:re|er)s?|inch(?:es)?)"
    r"|(?P<l%s>a (?:little|bit|tad|touch)(?: bit)?(?: more)?|slightly|a few centimet(?:re|er)s))"
)
_WAY: Final = (
    r"(?:(?:to|towards?) )?(?:(?:the|your|my) )?(?P<d%s>left|right|forwards?|front|backwards?|back"
    r"|away)(?: (?:side|from me|from you))?"
)
_SHIFT: Final = tuple(
    re.compile(form)
    for form in (
        rf"^(?P<what>.*?)\s*\b{_LENGTH % (1, 1, 1)} (?:more |further )?{_WAY % 1}$",
        rf"^(?P<what>.*?)\s*\b(?:more |further )?{_WAY % 1} {_LENGTH % (1, 1, 1)}$",
    )
)
_BETWEEN: Final = re.compile(
    rf"^(?P<what>.*?)\s*\b(?:in |into )?(?:the )?(?:middle |space |gap )?(?:in |of )?between "
    rf"(?P<a>.+?) {AND} (?P<b>.+)$"
)
_FREE: Final = re.compile(
    r"^(?P<what>.*?)\s*\b(?:(?:back )?(?:down )?(?:on|onto|to) (?:the |my )?(?:table|desk|table ?top|surface"
    r"|ground|floor)|aside|anywhere(?: else)?|somewhere(?: else| free| empty)?|to (?:the|one) side"
    r"|out of the way|(?:on|to|in) (?:a|an|any) (?:free|empty) (?:spot|place|space)|down"
    r"|(?P<tidy>away|into (?:the )?containers?|in (?:the )?containers?)|(?P<back>back(?: where it was)?"
    r"|where (?:it was|it came from)))$"
)
_RELATED: Final = re.compile(
    r"\b(?:(?:to|on|at|towards?) )?(?:the )?(?P<d>left|right)(?:[- ]hand)?(?: side)? (?:of|from) "
    r"|\b(?P<front>in (?:the )?front of) |\b(?P<behind>behind|in back of|at the back of) "
    r"|\b(?P<beside>(?:right |just |directly )?(?:next to|beside|by|near(?: to)?|close to|closer to"
    r"|alongside|adjacent to)) "
)
_STRONG: Final = re.compile(
    r"\b(?:(?P<on>on top of|onto|on|upon)|(?P<in>into|inside(?: of)?|in|within)"
    r"|(?P<to>over to|to|towards?|at)) (?!(?:front|back) of )"
)
_WHICH: Final = re.compile(
    r"\b(?:(?:that|which) (?:is|are|was|were|stands?|lies?|sits?)|standing|lying|sitting)"
    r"(?: (?:right|just|directly))?\s*$"
)
_NOWHERE: Final = re.compile(r"(?:over )?(?:here|there)$")
_SAME: Final = re.compile(
    r"^(?P<what>.*?)\s*\b(?:(?:in |on |over )?there|(?:in|on|to|into|onto|at) the same "
    r"(?:place|one|bowl|tray|spot|container|side))$"
)
_TRAILING: Final = re.compile(
    r"\s+(?:over t?here|t?here|down|back|up|over|all|both|directly|right|straight|each|altogether|together)$"
)
_PLAIN_TO: Final = re.compile(
    r"\b(?:out of|off of|off|from(?: inside)?)\b(?! (?:the )?(?:left|right|front|back|top|bottom))"
)
_OFF: Final = re.compile(r"\b(?:out of|off(?: of)?|from)\b")
_THEM: Final = frozenset(
    "it them that this these those all-of-them all-of-it both they him her both-of-them".split()
)
_SIDES: Final[dict[str, Side]] = {
    "left": (-1, 0), "right": (1, 0), "front": (0, -1), "forward": (0, -1), "bottom": (0, -1),
    "lower": (0, -1), "closer": (0, -1), "nearer": (0, -1), "back": (0, 1), "rear": (0, 1),
    "top": (0, 1), "upper": (0, 1), "backward": (0, 1), "away": (0, 1),
}  # fmt: skip
_METRES: Final = {"c": 0.01, "m": 1.0, "mm": 0.001, "i": 0.0254}
_COUNTS: Final = {"one": 1, "two": 2, "three": 3, "five": 5, "ten": 10, "twenty": 20}


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
        elif (spared := _SPARE.fullmatch(piece)) is not None:
            self._close()
            self._spare(piece, spared["what"] or spared["left"])
        elif (asked := _question(piece)) is not None and first:
            self._add(asked)
        elif _NOT.search(piece):
            self._close()
            self._add(Unclear(reason="negated", words=piece))
        elif (verb := _VERB.fullmatch(piece)) is not None:
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
        if (given := _GIVE.fullmatch(piece)) is not None:
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
        elif re.match(r"(?:to|see|know|that)\b", what):
            self._add(Unclear(reason="words", words=piece))
        else:
            self._open = _Open("give", piece, [_thing(what)])

    def _told(self, words: str) -> None:
        """Things, perhaps with where they go, of the command that is open."""
        command = self._open
        assert command is not None  # noqa: S101
        also = _ALSO.search(words)
        words = _ALSO.sub("", words)
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
        elif command.kind == "remove" and _OFF.search(command.text):
            self._add(Move(what=items, where=Destination(relation="free")))
        else:
            self._add(Unclear(reason="where", words=command.text))


def english_draft(text: str) -> Draft:
    """The clauses of an instruction in English.

    Args:
        text: Folded, its quotations masked.
    """
    for pattern, plain in _SPOKEN:
        text = re.sub(pattern, plain, text)
    return _Reading().read(text.strip())


def _pieces(text: str) -> list[str]:
    if (target := _bare(text)) and _MOVE_TO.fullmatch(target):
        return [target]
    return [piece for part in _APART.split(text) if (piece := _bare(part))]


def _bare(piece: str) -> str:
    """A clause without what is only polite."""
    before = ""
    piece = piece.strip(" ,.!?:;…-")
    if (doing := _DOING.match(piece)) is not None:
        piece = _infinitive(doing[1]) + piece[doing.end() :]
    while piece != before:
        before = piece
        kept = _POLITE.sub("", piece).strip()
        piece = kept or piece
        piece = (_POLITE_END.sub("", piece).strip() or piece) if piece != "now" else piece
    return re.sub(r"\s+", " ", piece)


def _infinitive(doing: str) -> str:
    """«putting» as «put»: the verb, so far as it is one of those known."""
    bare = doing.removesuffix("ing")
    return next((v for v in (bare, bare[:-1], bare + "e") if _VERB.fullmatch(v)), doing)


def _whole_clause(piece: str) -> Clause | None:
    """Clauses that are fixed phrases, and such as can't be carried out."""
    if _STOP.fullmatch(piece):
        return Stop()
    if _NOTHING.fullmatch(piece) or _POLITE.fullmatch(f"{piece} "):
        return Nothing()
    if _HOME.fullmatch(piece):
        return Home()
    if (to := _MOVE_TO.fullmatch(piece)) is not None:
        scale = _METRES.get("mm" if to["unit"] == "mm" else (to["unit"] or "m")[0], 1.0)
        return MoveTo(x=float(to["x"]) * scale, y=float(to["y"]) * scale, z=float(to["z"]) * scale)
    if _RELEASE.fullmatch(piece):
        return Move(what=(), where=Destination(relation="free"))
    if (tidied := _TIDY.fullmatch(piece)) is not None:
        what = (tidied["what"] or "everything").strip()
        what = "everything" if _ALL_OF_IT.fullmatch(what) else what
        return Move(what=(_thing(what),), where=Destination(relation="containers"))
    if (sorted_ := _SORT.fullmatch(piece)) is not None:
        what = (sorted_["what"] or "everything").strip()
        what = _placed(what)[0] or what
        what = "everything" if _ALL_OF_IT.fullmatch(what) or what in _THEM else what
        if (two := re.fullmatch(r"(.+) from (.+)", what)) is not None:
            return Sort(what=(_thing(two[1]), _thing(two[2])), by="kind")
        by = (sorted_["by"] or "colour").startswith("colo")
        return Sort(what=(_thing(what),), by="colour" if by else "kind")
    if _CONDITION.search(piece):
        return Unclear(reason="condition", words=piece)
    return Unclear(reason="choice", words=piece) if _CHOICE.search(piece) else None


def _thing(phrase: str) -> str:
    """A thing's phrase, as it is looked up."""
    phrase = _PLAIN_TO.sub("in", phrase.strip(" ,."))
    before = ""
    while phrase != before:
        before = phrase
        phrase = _TRAILING.sub("", phrase)
    bare = re.sub(r"^(?:up|down|out|away|back)\s+(?=\S)", "", phrase)
    joined = re.sub(r"^(?:all|both|each|every one) of (it|them|these|those)$", r"\1", bare)
    return IT if joined in _THEM else bare


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
    found = _SAME.fullmatch(words)
    return (found["what"], Destination(relation="same")) if found else None


def _shifted(words: str) -> _Placed | None:
    for form in _SHIFT:
        if (found := form.fullmatch(words)) is not None:
            number, unit = found["n1"], found["u1"]
            if number is None:
                distance = LITTLE
            else:
                count = _COUNTS[number] if number in _COUNTS else float(number)
                scale = "mm" if unit.startswith(("mm", "milli")) else unit[0]
                distance = count * _METRES[scale]
            way = _side(found["d1"])
            return found["what"], Destination(relation="shift", side=way, distance=distance)
    return None


def _between(words: str) -> _Placed | None:
    found = _BETWEEN.fullmatch(words)
    if found is None:
        return None
    two = (_thing(found["a"]), _thing(found["b"]))
    return found["what"], Destination(relation="between", phrases=two)


def _on_table(words: str) -> _Placed | None:
    found = _FREE.fullmatch(words)
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
    related = {n for m in _RELATED.finditer(words) for n in range(m.start(), m.end())}
    for found in reversed([*_STRONG.finditer(words)]):
        after = words[found.end() :]
        part = _PART.fullmatch(words[found.start() :])
        if found.start() in related or (part and not part["what"]) or _told_which(words, found):
            continue
        if _NOWHERE.fullmatch(after) or not after:
            continue
        relation: Relation = "on" if found["on"] else "in" if found["in"] else "to"
        middle = re.match(r"(?:the )?(?:middle|cent(?:re|er)) of (?!the table)(.+)", after)
        phrase = _thing(middle[1] if middle else after)
        return words[: found.start()].strip(), Destination(relation=relation, phrases=(phrase,))
    return None


def _told_which(words: str, found: re.Match[str]) -> bool:
    """Whether it tells which thing: «that is on the tray», «on the left next to the bowl»."""
    later = _RELATED.search(words, found.end())
    part = _PART.fullmatch(words[found.start() : later.start()].strip()) if later else None
    return bool(_WHICH.search(words[: found.start()]) or (part and not part["what"]))


def _relatedly(words: str) -> _Placed | None:
    for found in reversed([*_RELATED.finditer(words)]):
        after = words[found.end() :]
        if _WHICH.search(words[: found.start()]):
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
    found = _PART.fullmatch(words)
    if found is None:
        return None
    return found["what"], Destination(relation="part", side=_side(found["p"] or found["q"]))


def _side(words: str) -> Side:
    across = away = 0
    for word in re.findall(r"[a-z]+", words):
        side = _SIDES.get(word.removesuffix("s")) or (0, 0)
        across, away = across or side[0], away or side[1]
    return across, away


_ABOUT: Final[Sequence[tuple[str, str]]] = (
    ("help", r"(?:help|who are you|what (?:can|could) (?:you|i) (?:do|say|ask).*|what are you|how does this work)"),
    ("holding", r"(?:what (?:are you|is the (?:arm|gripper|robot)) (?:holding|carrying)"
                r"|what is in (?:your|the) (?:hand|gripper|claw)|are you holding (?:anything|something))"),
    ("all", r"(?:what (?:is|are|do you see|can you see|objects?|things?|all|else)(?: there| are there| can you see"
            r"| do you see| is there)*(?: (?:on|in|at) (?:the|this|my) (?:table|desk|picture|image|scene|front of you))?"
            r"|what do you see.*|what is (?:there|here|in front of you|on the table)"
            r"|describe (?:the|this|what).*|list (?:all|every|the|what).*|look(?: again| around| at (?:the|this) (?:table|picture|scene))?"
            r"|have a look|take a (?:picture|photo|look)|tell me what (?:you see|is (?:there|on the table)))"),
    ("inside", r"what is (?:in|on|inside) (?P<p1>.+)"),
    ("count", r"(?:how many (?P<p2>.+?)(?: (?:are|do|can|is) (?:there|you (?:see|count)|on|in|lying|standing).*)?"
              r"|count (?P<p3>.+?)(?: on the table)?)"),
    ("colour", r"(?:what|which) colou?r (?:is|are|does|do) (?P<p4>.+?)(?: have)?"),
    ("label", r"(?:what does (?P<p5>.+?) say|what is (?:written|printed) on (?P<p6>.+)|read (?P<p7>.+))"),
    ("beside", r"what is (?P<p8>(?:to the )?(?:left|right) of .+|next to .+|behind .+|in front of .+)"),
    ("where", r"(?:tell me |do you know )?where (?:is|are) (?P<p9>.+?)(?: (?:is|are))?|(?:find|locate|look for|search for|where) (?P<p10>.+)"),
    ("exists", r"(?:can|could|do) you (?:still )?(?:see|find|spot|detect) (?P<p11>.+)"
               r"|(?:is|are) there (?:any )?(?P<p12>.+?)(?: on the table| there| here)?"),
    ("which", r"(?:which|what)(?: one| thing| object)? is (?P<p13>the .*?(?:est|most|nearest|closest|first|last)\b.*)"),
)  # fmt: skip
_QUESTIONS: Final = tuple((about, re.compile(form)) for about, form in _ABOUT)
_ORDER_OF: Final = ("help", "holding", "all", "beside", "which", "inside")


def _question(piece: str) -> Ask | None:
    """A question about what is there."""
    ranked = sorted(
        _QUESTIONS, key=lambda q: _ORDER_OF.index(q[0]) if q[0] in _ORDER_OF else len(_ORDER_OF)
    )
    for about, form in ranked:
        if (found := form.fullmatch(piece)) is not None:
            phrase = next((g for g in found.groups() if g), "")
            return Ask(about=about, phrase=_thing(phrase))  # type: ignore[arg-type]
    return None
