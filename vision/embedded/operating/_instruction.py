"""What an arm is told, taken apart: an instruction in English or Chinese becomes a small plan.

Nothing is guessed. A part that isn't understood, or that says what not to do, makes the whole
instruction one that is asked about. Only the user's words come in here: what is printed on things
is never parsed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from deixis.vision.embedded._text import fold, has_han, words

Relation = Literal[
    "in", "on", "to", "beside", "left", "right", "front", "behind", "between", "part", "shift",
    "free", "containers", "person", "back", "same",
]  # fmt: skip
Reason = Literal["words", "negated", "condition", "choice", "cannot", "where", "what", "foreign"]
About = Literal[
    "all", "inside", "where", "count", "exists", "colour", "which", "label", "beside", "holding",
    "help",
]  # fmt: skip
Side = tuple[int, int]
"""To the right in the picture (−1, 0, 1), and away from whoever looks at it."""


@dataclass(frozen=True, kw_only=True)
class Destination:
    """Where something is to go.

    Attributes:
        relation: `in`, `on` or `to` a thing; `beside`, `left` of, `right` of, in `front` of,
            `behind` one; `between` two; a `part` of the table; `shift` from
            where it is; anywhere `free`; whichever of the `containers`; near the `person`; `back`
            to where it was; the `same` as before.
        phrases: The things it is told by: two for `between`.
        side: Which part of the table, or which way; (0, 0) is the middle.
        distance: How far, in metres, for `shift`.
    """

    relation: Relation
    phrases: tuple[str, ...] = ()
    side: Side = (0, 0)
    distance: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Move:
    """Take things from where they are to somewhere else.

    Attributes:
        what: The things' phrases. Empty: what the gripper holds.
        where: Where they go.
    """

    what: tuple[str, ...]
    where: Destination


@dataclass(frozen=True, kw_only=True)
class Pick:
    """Take something up and hold it."""

    what: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class PointAt:
    """Show where something is, with the gripper."""

    what: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Sort:
    """Put things together that are alike."""

    what: tuple[str, ...]
    by: Literal["colour", "kind"]


@dataclass(frozen=True, kw_only=True)
class MoveTo:
    """Take the gripper to a place, in metres in the arm's frame."""

    x: float
    y: float
    z: float


@dataclass(frozen=True, kw_only=True)
class Home:
    """Take the arm home."""


Step = Move | Pick | PointAt | Sort | MoveTo | Home


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Steps, in order.

    Attributes:
        steps: What is to be done.
        spare: Phrases of things that must not be touched.
    """

    steps: tuple[Step, ...]
    spare: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Stop:
    """Stop the arm."""


@dataclass(frozen=True, kw_only=True)
class Nothing:
    """Do nothing: wait, never mind, thank you."""


@dataclass(frozen=True, kw_only=True)
class Ask:
    """A question about what stands on the table."""

    about: About
    phrase: str = ""


@dataclass(frozen=True, kw_only=True)
class Unclear:
    """What can't be carried out.

    Attributes:
        reason: Why: the `words` aren't understood; it says what not to do (`negated`); it depends
            on something (`condition`); it leaves a `choice`; the arm `cannot`; `where` to put it
            or `what` to take is missing; it is in another language (`foreign`).
        words: The part that it is about.
    """

    reason: Reason
    words: str


Clause = Step | Stop | Nothing | Ask | Unclear
Instruction = Plan | Stop | Nothing | Ask | Unclear

IT: Final = "it"
"""A phrase that stands for what was named last."""

EXCEPT: Final = "\uf8f0"
"""Between a phrase and what is not to be taken of it."""

AND: Final = "\uf8f1"
"""Between two phrases that belong together."""

LITTLE: Final = 0.05
"""Metres that «a little» is taken for."""

_QUOTED: Final = re.compile(
    r"\"[^\"]+\"|“[^”]+”|「[^」]+」|『[^』]+』|《[^》]+》|(?<!\w)['‘][^'’]+['’](?!\w)"
)
# What is asked for at another time: there is no later here.
_DEFERRED: Final = re.compile(
    r"\b(?:not (?:right )?(?:now|yet)|later|tomorrow|tonight|soon|in (?:a|an|one|\d+) (?:little )?"
    r"(?:second|minute|moment|while|bit|hour|day)s?|at \d+ ?(?:o'clock|am|pm))\b"
    r"|等一?下|等一?会|待会|稍后|稍候|晚点|晚些|明天|今晚|过一会|不是现在|[分秒]钟[之以]?后|小时[之以]?后"
)
_PRIVATE: Final = 0xE000
_MOST_STEPS: Final = 20
_LONGEST: Final = 600


@dataclass
class Draft:
    """What was understood of an instruction so far, clause by clause."""

    clauses: list[Clause] = field(default_factory=list["Clause"])
    spare: list[str] = field(default_factory=list[str])

    @property
    def last_where(self) -> Destination | None:
        """The last destination named."""
        for clause in reversed(self.clauses):
            if isinstance(clause, Move):
                return clause.where
        return None


def instruction_of(text: str) -> Instruction:
    """What an instruction asks for."""
    from deixis.vision.embedded.operating._instruction_en import english_draft
    from deixis.vision.embedded.operating._instruction_zh import chinese_draft

    masked, quotes = _masked(text[:_LONGEST])
    if len(text) > _LONGEST:
        return Unclear(reason="words", words=text[:40] + "…")
    plain = re.sub(r"\s+", " ", fold(masked)).strip()
    if not any(c.isalnum() for c in plain):
        return Unclear(reason="words", words=text.strip())
    chinese = has_han(plain)
    drafts = [chinese_draft(plain)] if chinese else []
    if not chinese or len(words(plain)) > 1:
        drafts.append(english_draft(plain))
    read = [_whole(draft, plain) for draft in drafts]
    best = next((one for one in read if not _lost(one)), read[0])
    if isinstance(best, Plan) and (when := _DEFERRED.search(plain)) is not None:
        return Unclear(reason="condition", words=when[0])
    return _unmasked(best, quotes)


def _lost(read: Instruction) -> bool:
    return isinstance(read, Unclear) and read.reason == "words"


def _whole(draft: Draft, text: str) -> Instruction:
    """The clauses as one instruction: anything unclear makes all of it unclear."""
    clauses = [c for c in draft.clauses if not isinstance(c, Nothing)] or draft.clauses
    if not clauses:
        reason: Reason = "negated" if draft.spare else "words"
        return Unclear(reason=reason, words="; ".join(draft.spare) or text)
    if isinstance(clauses[0], Stop):
        return clauses[0]
    # «… and then stop»: there is nothing to do after it anyway.
    while len(clauses) > 1 and isinstance(clauses[-1], Stop):
        clauses = clauses[:-1]
    for clause in clauses:
        if isinstance(clause, Unclear):
            return clause
    if len(clauses) == 1 and isinstance(clauses[0], Ask | Nothing):
        return clauses[0]
    steps: list[Step] = []
    for clause in clauses:
        if isinstance(clause, Stop | Nothing | Ask | Unclear):
            return Unclear(reason="words", words=text)
        steps.append(clause)
    return _joined(steps, draft.spare, text)


def _joined(steps: Sequence[Step], spare: Sequence[str], text: str) -> Plan | Unclear:
    """Steps with their pronouns filled in; a pick and a place of the same as one move."""
    joined: list[Step] = []
    named: tuple[str, ...] = ()
    for step in steps:
        if isinstance(step, Move | Pick | PointAt | Sort):
            step = _filled(step, named, joined)
            if isinstance(step, str):
                return Unclear(reason=step, words=text)
            named = step.what or named
        last = joined[-1] if joined else None
        held = last.what if isinstance(last, Pick) else None
        if isinstance(step, Move) and held is not None and step.what in ((), held):
            joined[-1] = replace(step, what=held)
            continue
        joined.append(step)
    if len(joined) > _MOST_STEPS:
        return Unclear(reason="words", words=text[:60] + "…")
    return Plan(steps=tuple(joined), spare=tuple(spare))


def _filled(
    step: Move | Pick | PointAt | Sort, named: tuple[str, ...], before: Sequence[Step]
) -> Move | Pick | PointAt | Sort | Literal["what", "where"]:
    """A step with what `it` and `there` stand for; or which of them was never named."""
    what: list[str] = []
    for phrase in step.what:
        what += (phrase,) if phrase != IT else named
    held = isinstance(step, Move) and not named
    if not what and step.what and not held:
        return "what"
    step = replace(step, what=tuple(dict.fromkeys(what)))
    if isinstance(step, Move):
        where = step.where
        if where.relation == "same":
            earlier = [s.where for s in before if isinstance(s, Move)]
            if not earlier:
                return "where"
            where = earlier[-1]
        if IT in where.phrases:
            # «… and the ball next to it»: what was named before, one thing.
            if len(named) != 1:
                return "where"
            where = replace(where, phrases=tuple(named[0] if p == IT else p for p in where.phrases))
        step = replace(step, where=where)
    return step


def _masked(text: str) -> tuple[str, list[str]]:
    """The text with each quotation as one character: quoted words are names, not orders."""
    quotes: list[str] = []

    def mask(found: re.Match[str]) -> str:
        quotes.append(found.group())
        return f" {chr(_PRIVATE + len(quotes) - 1)} "

    bare = re.sub(r"[\ue000-\uf8ff]", "", text)
    return _QUOTED.sub(mask, bare), quotes


def _unmasked(read: Instruction, quotes: Sequence[str]) -> Instruction:
    def whole(phrase: str) -> str:
        for number, quote in enumerate(quotes):
            phrase = phrase.replace(chr(_PRIVATE + number), quote)
        return phrase

    if not quotes:
        return read
    if isinstance(read, Unclear):
        return replace(read, words=whole(read.words))
    if isinstance(read, Ask):
        return replace(read, phrase=whole(read.phrase))
    if isinstance(read, Plan):
        steps = tuple(_step_unmasked(step, whole) for step in read.steps)
        return Plan(steps=steps, spare=tuple(map(whole, read.spare)))
    return read


def _step_unmasked(step: Step, whole: Callable[[str], str]) -> Step:
    if isinstance(step, Home | MoveTo):
        return step
    step = replace(step, what=tuple(map(whole, step.what)))
    if isinstance(step, Move):
        where = replace(step.where, phrases=tuple(map(whole, step.where.phrases)))
        step = replace(step, where=where)
    return step
