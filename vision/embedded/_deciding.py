"""What the embedded model decides on: a question with all it is about, and what that comes to."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from deixis.vision._dialect import JsonObject
from deixis.vision._model import ImageView
from deixis.vision._recalled import Recalled
from deixis.vision.embedded._outcome import Outcome
from deixis.vision.embedded._question import Question
from deixis.vision.embedded._remembering import forgettable
from deixis.vision.embedded._wording import Wording
from deixis.vision.embedded.operating._carrying import Act

REMEMBER: Final = "remember"
FORGET: Final = "forget"
NOTHING: Final = Outcome(text="", found=False, language="en")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a conversation asks of the model now.

    Attributes:
        question: The user's last words.
        images: What it is about.
        brought: Whether the question brought them.
        shown: Whether the user showed any picture in this conversation, so far as it is in view.
        results: What tools answered since, by their names.
        failed: Names of tools that failed.
        recalled: Memories that came to mind with the question.
    """

    question: str
    images: Sequence[ImageView]
    brought: bool
    shown: bool
    results: Mapping[str, str]
    failed: frozenset[str]
    recalled: Sequence[Recalled]


@dataclass(frozen=True)
class Decision:
    """What the model came to.

    Attributes:
        outcome: The answer.
        call: The tool call that it waits for.
        beside: Calls made at the same time.
        statement: The answer without words about where it is from, as it is to be remembered;
            empty where the answer is nothing else.
        open: What the answer asks back, for the next turn.
    """

    outcome: Outcome
    call: Act | None = None
    statement: str = ""
    open: JsonObject | None = None
    beside: tuple[Act, ...] = ()

    @property
    def calls(self) -> tuple[Act, ...]:
        """All the tool calls that it waits for."""
        return () if self.call is None else (self.call, *self.beside)


def noting(what: str, asked: Asked, offered: Collection[str], say: Wording) -> Decision:
    """An order to remember something."""
    if REMEMBER in asked.results:
        return said(say.noted(what), say, found=True)
    if REMEMBER in asked.failed:
        return said(say.failed_to_note(what), say)
    if REMEMBER not in offered:
        return said(say.not_kept(), say)
    return Decision(NOTHING, Act(tool=REMEMBER, args={"text": what}))


def forgetting(what: str, asked: Asked, offered: Collection[str], say: Wording) -> Decision:
    """An order to forget something: the note that holds it, and what that contradicts."""
    if FORGET not in offered:
        return said(say.not_kept(), say)
    if not Question(text=what).content:
        return said(say.which(), say)
    memory = forgettable(what, asked.recalled)
    if memory is None or asked.results.get(FORGET, "").startswith("Forgot 0 "):
        return said(say.nothing_of(what), say)
    meant = (memory, *memory.earlier)
    texts = [one.text for one in meant]
    if FORGET in asked.results:
        # What is forgotten must not come back as what was answered.
        return said(say.forgot(texts), say, found=True, statement=say.forgot_something())
    if FORGET in asked.failed:
        return said(say.left(texts), say, statement=say.left([what]))
    return Decision(NOTHING, Act(tool=FORGET, args={"ids": [one.id for one in meant]}))


def said(text: str, say: Wording, *, found: bool = False, statement: str = "") -> Decision:
    """A sentence that rests on nothing shown."""
    return Decision(Outcome(text=text, found=found, language=say.language), statement=statement)


def pictures_of(recalled: Sequence[Recalled]) -> dict[str, str]:
    """Names of the pictures that memories speak of, by handle."""
    return {handle: name for memory in recalled for handle, name in memory.pictures.items()}


def absent(outcome: Outcome, asked: Asked, say: Wording) -> Decision:
    """An answer that isn't there; with no picture of the user's, in none of the earlier ones."""
    if asked.shown or not asked.images:
        return Decision(outcome)
    names = pictures_of(asked.recalled)
    looked_at = dict.fromkeys(names.get(view.handle) or view.handle for view in asked.images)
    text = say.not_in_earlier(outcome.text, [*looked_at])
    return Decision(replace(outcome, text=text, detections=()))


def quoting(note: Recalled, say: Wording) -> Decision:
    """A memory with no picture to look at, in its own words."""
    text = say.remembered(note.text, note.when)
    if note.earlier:
        text += say.said_before([(older.when, older.text) for older in note.earlier])
    outcome = Outcome(
        text=text,
        found=True,
        language=say.language,
        detections=note.detections,
        facts={"floor": None, **note.facts},
    )
    return Decision(outcome, statement=note.text)
