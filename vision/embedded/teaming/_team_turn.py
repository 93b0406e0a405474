"""A turn of a conversation in which agents can be asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, cast

from deixis.vision._dialect import Frames, JsonObject
from deixis.vision.embedded._outcome import Outcome
from deixis.vision.embedded._question import Question
from deixis.vision.embedded._text import is_foreign
from deixis.vision.embedded.operating._carrying import Act, Done
from deixis.vision.embedded.operating._instruction import Nothing, instruction_of
from deixis.vision.embedded.teaming._members import Member
from deixis.vision.embedded.teaming._saying import TeamSaying
from deixis.vision.embedded.teaming._teaming import (
    Came,
    Lead,
    Look,
    chosen,
    read_back,
)
from deixis.vision.embedded.teaming._told import Told
from deixis.vision.embedded.teaming._wishes import Wish, named_in, wishes_of

_KEPT: Final = "team"
_READING: Final = frozenset({"read", "document"})


@dataclass(frozen=True, kw_only=True)
class TeamTurn:
    """What was said and done since the user's last words.

    Attributes:
        said: The user's words.
        open: What the reply before them left open, if it did.
        members: Who can be asked.
        pictures: Handles of the pictures that users showed, which the words are about.
        brought: Whether they came with these words.
        frames: In which places are told.
        done: The calls since, in order.
        before: The calls of earlier turns, in order.
    """

    said: str
    open: JsonObject | None
    members: Sequence[Member]
    pictures: Sequence[str]
    brought: bool
    frames: Frames
    done: Sequence[Done]
    before: Sequence[Done] = ()

    def next(self, *, look: Look) -> tuple[Act, ...] | Came:
        """The next calls, all at once, or the reply.

        Args:
            look: This model's own reading, where nobody else reads.
        """
        lead = Lead(
            members=self.members,
            pictures=self.pictures,
            frames=self.frames,
            say=TeamSaying(self._language),
            look=look,
        )
        if isinstance(instruction_of(self.said), Nothing) and not self.brought:
            text, language = lead.say.all_right(), lead.say.language
            return Came(outcome=Outcome(text=text, found=False, language=language))
        work = self._work(lead)
        try:
            acts = next(work)
            while True:
                results = [_result(act, self.done) for act in acts]
                if any(result is None for result in results):
                    missing = [a for a, r in zip(acts, results, strict=True) if r is None]
                    return tuple(missing)
                acts = work.send([result for result in results if result is not None])
        except StopIteration as finished:
            came = cast("Came", finished.value)
            if came.open is None:
                return came
            return replace(came, open={_KEPT: came.open})

    @property
    def reads_itself(self) -> bool:
        """Whether it is a question about pictures that nobody in the team reads."""
        if self.open is not None or self.done or not self.pictures:
            return False
        wishes = wishes_of(self.said, pictures=True, brought=self.brought)
        if any(wish.kind != "read" or wish.thing or wish.each for wish in wishes):
            return False
        return not any(member.leads or member.roles & _READING for member in self.members)

    @property
    def _language(self) -> str:
        return "en" if is_foreign(self.said) else Question(text=self.said).language

    def _work(self, lead: Lead):
        kept = (self.open or {}).get(_KEPT)
        left = cast("JsonObject", kept) if isinstance(kept, dict) else {}
        wishes = wishes_of(self.said, pictures=bool(self.pictures), brought=self.brought)
        answers = len(wishes) == 1 and wishes[0].kind == "read" and not self.brought
        later = read_back(left.get("left"))
        names = left.get("which")
        if isinstance(names, list):
            which = chosen(self.said, [str(name) for name in cast("list[object]", names)])
            if which and (answers or not _tells(wishes)):
                lead.names = which
                return lead.work([_all(wish) for wish in later])
        asked = left.get("asked")
        if isinstance(asked, str) and answers:
            kept_names = left.get("names")
            if isinstance(kept_names, list):
                lead.names = [str(name) for name in cast("list[object]", kept_names)]
            return lead.answered(asked, self.said, later)
        return lead.work(self._with_earlier(lead, wishes))

    def _with_earlier(self, lead: Lead, wishes: Sequence[Wish]) -> list[Wish]:
        """«Put it in the tray» after something was read in the turn before."""
        first = wishes[0] if wishes else None
        last = self.before[-1] if self.before else None
        if first is None or first.kind != "do" or last is None or self.brought:
            return [*wishes]
        asked = next((member for member in self.members if member.tool == last.tool), None)
        named = first.named or named_in(first.text, after=True)
        if asked is None or named is None or named.told or asked.roles & {"operate", "guide"}:
            return [*wishes]
        lead.names = Told.of(last, self.frames).names(lead.say.language)
        return [replace(first, named=named), *wishes[1:]] if lead.names else [*wishes]


def _tells(wishes: Sequence[Wish]) -> bool:
    """Whether the words are an order of their own."""
    return any(wish.kind != "read" and wish.named is None for wish in wishes) and len(wishes) > 1


def _all(wish: Wish) -> Wish:
    """What was chosen is meant, all of it."""
    return wish if wish.named is None else replace(wish, named=replace(wish.named, several=True))


def _result(act: Act, given: Sequence[Done]) -> Done | None:
    """What a call came to, if it was made: the same call is made once in a turn."""
    same = (done for done in given if done.tool == act.tool and done.args == act.args)
    return next(same, None)
