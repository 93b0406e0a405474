"""A turn of a conversation in which a map's tools are offered."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from deixis.vision._dialect import JsonObject
from deixis.vision.embedded._deciding import Decision
from deixis.vision.embedded._outcome import Outcome
from deixis.vision.embedded._question import Question
from deixis.vision.embedded._remembering import to_forget, to_remember
from deixis.vision.embedded.guiding._course import Course
from deixis.vision.embedded.guiding._differing import COMPARE, differences
from deixis.vision.embedded.guiding._guiding import FIND, ROUTE, Guide, Look, Work
from deixis.vision.embedded.guiding._request import Request
from deixis.vision.embedded.guiding._results import CardTold, reason_of, told_in
from deixis.vision.embedded.guiding._telling import GuideTelling
from deixis.vision.embedded.guiding._understanding import request_of
from deixis.vision.embedded.operating._carrying import Act, Done

_CARD: Final = "phrase_card"
_OURS: Final = frozenset({FIND, ROUTE, COMPARE, _CARD})
_NUMBER: Final = re.compile(r"emergency number[^.\n]{0,40}?\b(?P<number>\d{2,5})\b", re.IGNORECASE)


def guides(offered: Collection[str]) -> bool:
    """Whether the tools offered are those of a map."""
    return FIND in offered and ROUTE in offered


def number_in(instructions: Iterable[str]) -> str:
    """The emergency number that an agent's instructions give; empty where they give none."""
    found = (_NUMBER.search(text) for text in instructions)
    return next((match["number"] for match in found if match), "")


@dataclass(frozen=True, kw_only=True)
class GuideTurn:
    """What was said and done since the user's last words.

    Attributes:
        said: The user's words.
        open: What the reply before them left open, if it did.
        done: The tool calls since, in order.
        sign: Handle of the newest picture in view; None where there is none.
        number: The local emergency number, where known.
    """

    said: str
    open: JsonObject | None
    done: Sequence[Done]
    sign: str | None = None
    number: str = ""

    def next(self, *, look: Look | None, offered: Collection[str]) -> Decision | None:
        """The next call or the reply; None where what was said is nothing for a guide.

        Args:
            look: Reads the signs in view for a question, in a language.
            offered: Names of the tools.
        """
        if to_remember(self.said) is not None or to_forget(self.said) is not None:
            return None
        request, course = request_of(self.said), Course.of(self.open)
        say = GuideTelling(Question(text=self.said).language)
        work: Work | None = None
        if request.kind == "differences":
            if COMPARE in offered:
                work = differences(say, course, self.sign)
        elif request.kind == "card":
            if _CARD in offered:
                work = _card(request, course, say)
        elif _guided(self.said, request, course, look=look):
            work = Guide(
                request=request,
                course=course,
                say=say,
                look=look,
                number=self.number,
                offered=offered,
            ).work(self.said)
        return None if work is None else self._next(work)

    def _next(self, work: Work) -> Decision:
        try:
            act = next(work)
            for result in self.done:
                if result.tool in _OURS:
                    act = work.send(result)
        except StopIteration as finished:
            return finished.value
        return Decision(Outcome(text="", found=False, language="en"), act)


def _guided(text: str, request: Request, course: Course | None, *, look: Look | None) -> bool:
    """Whether what was said is about places: prices, sums and meanings are the signs' own."""
    if request.way or request.hours or request.where:
        return True
    intent = Question(text=text).intent
    if course is not None and (request.changes or request.back or course.asks):
        return True
    return intent == "locate" or (look is None and intent in ("list_floor", "arrow"))


def _card(request: Request, course: Course | None, say: GuideTelling) -> Work:
    """A card to show to staff: what was asked, or the way to what was spoken of."""
    need = request.goal
    if not need and course is not None and course.goal is not None:
        name = course.goal.named(say.language).name
        need = say.say(f"Where is {name}?", f"{name}怎么走？")
    left = course.left_open if course is not None else None
    if not need:
        return Decision(Outcome(text=say.say_what(), found=False, language=say.language), open=left)
    done = yield Act(tool=_CARD, args={"need": need, "language": say.language})
    card = None if done.error else told_in(done.text, CardTold)
    text = say.failed(reason_of(done.text)) if card is None else say.card(card)
    outcome = Outcome(text=text, found=card is not None, language=say.language)
    return Decision(outcome, open=left)
