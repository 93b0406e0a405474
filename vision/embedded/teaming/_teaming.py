"""Leading a team: part by part, from what was said and answered to the next calls.

It is worked out anew for each call: the same words and answers always come to the same calls. What
a picture says reaches a task only as a name that is known or can be nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, cast

from deixis.vision._dialect import Frames, JsonObject
from deixis.vision.embedded._outcome import Outcome
from deixis.vision.embedded._text import compact, fold
from deixis.vision.embedded.operating._carrying import Act, Done
from deixis.vision.embedded.teaming._members import Member, member_for
from deixis.vision.embedded.teaming._saying import TeamSaying
from deixis.vision.embedded.teaming._told import Told
from deixis.vision.embedded.teaming._wishes import Named, Wish

Look = Callable[[str, Sequence[str]], Outcome]
"""This model's own reading: a question, and the handles of the pictures that it is about."""

Asking = Generator[Sequence[Act], Sequence[Done], None]

_ORDINALS: Final = (
    r"\b(?:first|1st|former)\b|第一|前(?:一个|者)",
    r"\b(?:second|2nd|latter)\b|第二|后(?:一个|者)",
    r"\b(?:third|3rd)\b|第三",
    r"\b(?:fourth|4th)\b|第四",
)
_ALL: Final = re.compile(r"\b(?:both|all|every|each)\b|都|全部|两", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Came:
    """What a turn came to.

    Attributes:
        outcome: What is said.
        open: What it leaves open, for the next turn.
    """

    outcome: Outcome
    open: JsonObject | None = None


@dataclass(kw_only=True)
class Lead:
    """One turn of the one that leads.

    Attributes:
        members: Who can be asked.
        pictures: Handles of the pictures to be read.
        frames: In which places are told.
        say: How things are said.
        look: This model's own reading.
        names: What was read before this turn, that «it» may mean.
    """

    members: Sequence[Member]
    pictures: Sequence[str]
    frames: Frames
    say: TeamSaying
    look: Look
    names: Sequence[str] = ()
    _told: list[Told] = field(default_factory=list[Told])
    _texts: list[str] = field(default_factory=list[str])
    _open: JsonObject | None = None
    _has_read: bool = False

    def work(self, wishes: Sequence[Wish]) -> Generator[Sequence[Act], Sequence[Done], Came]:
        """Asks for one part after the other; stops where what comes next needs what failed."""
        for number, wish in enumerate(wishes):
            later = wishes[number + 1 :]
            went = yield from self._one(wish, later)
            if went:
                continue
            if self._open is None:
                self._undone(later)
            break
        return self._came()

    def answered(
        self, tool: str, said: str, wishes: Sequence[Wish]
    ) -> Generator[Sequence[Act], Sequence[Done], Came]:
        """Passes the user's answer on to who asked, and goes on with what was left."""
        member = next((member for member in self.members if member.tool == tool), None)
        if member is None:
            return (yield from self.work(wishes))
        if (yield from self._order(member, said, wishes)):
            return (yield from self.work(wishes))
        return self._came()

    def _one(
        self, wish: Wish, later: Sequence[Wish]
    ) -> Generator[Sequence[Act], Sequence[Done], bool]:
        if wish.kind == "read":
            needed = next((w for w in later if w.named is not None), None)
            return (yield from self._read(wish, needed))
        if wish.kind == "guide":
            return (yield from self._guide(wish))
        return (yield from self._do(wish, later))

    def _read(
        self, wish: Wish, needed: Wish | None
    ) -> Generator[Sequence[Act], Sequence[Done], bool]:
        if wish.thing:
            operator = self._member("operate", wish.text)
            if operator is None:
                return self._nobody(wish.text)
            self.names = (wish.thing,)
            return (yield from self._order(operator, self.say.print_of(wish.thing), ()))
        if not self.pictures and needed is not None:
            return self._ends(self.say.no_picture())
        question = wish.text
        if needed is not None:
            whole = wish if wish.of_medicine else replace(wish, text=f"{wish.text} {needed.text}")
            question = self.say.question_for(whole)
        told = yield from self._reading(question, each=wish.each)
        self._has_read = True
        if told is None:
            return False
        self.names = [name for one in told for name in one.names(self.say.language)]
        self.names = [*dict.fromkeys(self.names)]
        return all(one.found for one in told) if needed is not None else True

    def _reading(
        self, question: str, *, each: bool
    ) -> Generator[Sequence[Act], Sequence[Done], list[Told] | None]:
        """The reader's answers, this model's own where nobody reads; None where nobody can."""
        reader = self._reader(question)
        if reader is None and not self.pictures:
            self._nobody(question)
            return None
        groups = [[handle] for handle in self.pictures] if each else [list(self.pictures)]
        if reader is None:
            told = [Told.by_itself(self.look(question, group)) for group in groups]
        else:
            acts = [_asked(reader, question, group) for group in groups]
            done = yield acts
            told = [Told.of(one, self.frames) for one in done]
        for number, one in enumerate(told, start=1):
            text = self.say.failed(reader, one.text) if one.failed and reader else one.text
            self._add(one, self.say.picture(number, text) if len(told) > 1 else text)
        return told

    def _reader(self, question: str) -> Member | None:
        wanted = "document" if _of_document(question) else "read"
        for role in (wanted, "read", "document"):
            if (member := member_for(role, self.members, question)) is not None:  # type: ignore[arg-type]
                return member
        if self.pictures:
            return None
        return max(self.members, key=lambda member: member.fits(question), default=None)

    def _guide(self, wish: Wish) -> Generator[Sequence[Act], Sequence[Done], bool]:
        guide = self._member("guide", wish.text)
        if guide is None:
            told = yield from self._reading(wish.text, each=False)
            return told is not None
        return (yield from self._order(guide, wish.text, ()))

    def _do(
        self, wish: Wish, later: Sequence[Wish]
    ) -> Generator[Sequence[Act], Sequence[Done], bool]:
        operator = self._member("operate", wish.text)
        if operator is None:
            return self._nobody(wish.text)
        named = wish.named
        if named is None:
            return (yield from self._order(operator, wish.text, later))
        if not (self.names or self._has_read):
            first = Wish(kind="read", text=named.text if named.told else wish.text)
            if not (yield from self._read(first, wish)):
                if self.pictures:
                    self._undone([wish])
                return False
        if not self.names:
            return self._ends(self.say.no_name())
        if len(self.names) > 1 and not named.several:
            return self._which(wish, later)
        order = self.say.order(wish.text, named, self.names)
        return (yield from self._order(operator, order, later))

    def _order(
        self, member: Member, task: str, later: Sequence[Wish]
    ) -> Generator[Sequence[Act], Sequence[Done], bool]:
        """Has a member do something; whether it was done."""
        (done,) = yield [_asked(member, task)]
        told = Told.of(done, self.frames)
        self._add(told, self.say.failed(member, told.text) if told.failed else told.text)
        if told.asks:
            self._open = {"asked": member.tool, "left": written(later), "names": [*self.names]}
        return told.found

    def _which(self, wish: Wish, later: Sequence[Wish]) -> bool:
        self._open = {"which": [*self.names], "left": written([wish, *later])}
        return self._ends(self.say.which_of(self.names))

    def _member(self, role: str, text: str) -> Member | None:
        return member_for(role, self.members, text)  # type: ignore[arg-type]

    def _nobody(self, what: str) -> bool:
        return self._ends(self.say.nobody(what.strip(), self.members))

    def _ends(self, text: str) -> bool:
        self._add(Told(text=text, found=False, facts={}), text)
        return False

    def _undone(self, later: Sequence[Wish]) -> None:
        for wish in later:
            if wish.kind == "do":
                self._texts.append(self.say.left_undone(wish.text))

    def _add(self, told: Told, text: str) -> None:
        self._told.append(told)
        if text not in self._texts:
            self._texts.append(text)

    def _came(self) -> Came:
        facts: dict[str, str | None] = {}
        for one in self._told:
            facts |= {key: value for key, value in one.facts.items() if value is not None}
        return Came(
            outcome=Outcome(
                text=self.say.joined(self._texts),
                found=bool(self._told) and all(one.found for one in self._told),
                language=self.say.language,
                detections=tuple(d for one in self._told for d in one.detections),
                facts={"floor": None, **facts},
            ),
            open=self._open,
        )


def chosen(said: str, names: Sequence[str]) -> list[str]:
    """Which of some names an answer means; empty where it says none of them."""
    if _ALL.search(said):
        return [*names]
    by_name = [name for name in names if compact(name) in compact(said)]
    if by_name:
        return by_name
    plain = fold(said)
    for name, form in zip(names, _ORDINALS, strict=False):
        if re.search(form, plain):
            return [name]
    if re.search(r"\blast\b|最后", plain):
        return [names[-1]]
    return []


def written(wishes: Sequence[Wish]) -> list[JsonObject]:
    """Parts as they are kept for the next turn."""
    made: list[JsonObject] = []
    for wish in wishes:
        one: JsonObject = {"kind": wish.kind, "text": wish.text, "thing": wish.thing}
        if wish.named is not None:
            one["named"] = [wish.named.text, wish.named.told, wish.named.several]
        made.append(one)
    return made


def read_back(kept: object) -> list[Wish]:
    """The parts that were kept; what isn't one is left out."""
    made: list[Wish] = []
    for item in cast("list[object]", kept) if isinstance(kept, list) else []:
        one = cast("JsonObject", item) if isinstance(item, dict) else {}
        kind, text, named = one.get("kind"), one.get("text"), one.get("named")
        if kind not in ("read", "do", "guide") or not isinstance(text, str):
            continue
        of: Named | None = None
        if isinstance(named, list) and len(parts := cast("list[object]", named)) == 3:
            of = Named(text=str(parts[0]), told=bool(parts[1]), several=bool(parts[2]))
        made.append(Wish(kind=kind, text=text, named=of, thing=str(one.get("thing") or "")))
    return made


def _asked(member: Member, task: str, images: Sequence[str] = ()) -> Act:
    args: JsonObject = {"task": task}
    if images:
        args["images"] = [*images]
    return Act(tool=member.tool, args=args)


def _of_document(question: str) -> bool:
    words = r"\b(?:receipt|invoice|form|bill|contract|document|total|tax|due|date|table|field)\b"
    return (
        re.search(rf"{words}|发票|收据|小票|表格|单据|合同|合计|金额|文件", fold(question))
        is not None
    )
