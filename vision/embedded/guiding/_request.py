"""What is asked of a guide: where to, from where, and which way it must not go.

What says how to go is taken out of the words one piece after the other; what is left is the
question of what is sought.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["place", "differences", "card"]
Compared = Literal["", "nearest", "riding"]


@dataclass(frozen=True, kw_only=True)
class Request:
    """One thing said to a guide, taken apart.

    Attributes:
        kind: A place or the way to it; how sign and map differ; a card to show to staff.
        question: The words without those below.
        goal: What of them names what is sought; empty where nothing does.
        way: Whether the way is asked for.
        back: Whether it is the way back.
        again: Whether something is added to what was asked before: «and the pharmacy?».
        where: Whether a place is asked for at all, the way or not.
        hours: Whether opening hours are asked for.
        advice: Whether medical advice is asked for, which a guide doesn't give.
        among: What is asked of several places: which is the nearest, or which lift goes to a floor.
        start: Where the asker is, in the words said.
        step_free: Whether stairs must, or needn't any more, be left out; None where nothing is
            said.
        avoid: Lifts, stairs and doors that can't be taken.
        allow: Those that can be taken again.
    """

    kind: Kind = "place"
    question: str
    goal: str = ""
    way: bool = False
    back: bool = False
    again: bool = False
    where: bool = False
    hours: bool = False
    advice: bool = False
    among: Compared = ""
    start: str | None = None
    step_free: bool | None = None
    avoid: tuple[str, ...] = ()
    allow: tuple[str, ...] = ()

    @property
    def changes(self) -> bool:
        """Whether it says from where or how to go."""
        return bool(self.start or self.avoid or self.allow or self.step_free is not None)
