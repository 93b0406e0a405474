"""A turn of a conversation in which the tools of an arm are offered."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final, cast

from deixis.vision._dialect import JsonObject
from deixis.vision._model import ImageView
from deixis.vision.embedded._outcome import Outcome
from deixis.vision.embedded._text import is_foreign, language_of
from deixis.vision.embedded.operating._carrying import Act, Done, Say
from deixis.vision.embedded.operating._instruction import Ask, Plan, Stop, Unclear, instruction_of
from deixis.vision.embedded.operating._operating import merged, operate
from deixis.vision.embedded.operating._tracking import See

OPEN: Final = "open"
"""Where a reply that asks back carries, among its `response_metadata`, what it asks about."""


@dataclass(frozen=True, kw_only=True)
class RobotTurn:
    """What was said and done since the user's last words.

    Attributes:
        said: The user's words.
        open: What the reply before them left open (`OPEN`), if it did.
        brought: Whether they came with a picture that has no depth.
        pictures: Those with depth since, oldest first.
        done: The tool calls since, in order.
    """

    said: str
    open: JsonObject | None
    brought: bool
    pictures: Sequence[ImageView]
    done: Sequence[Done]

    @property
    def answers_first(self) -> bool:
        """Whether an answer from what was read, or remembered, comes before what the arm sees."""
        asked = instruction_of(self.said)
        if isinstance(asked, Plan | Stop) or self.open is not None or self.done:
            return False
        return self.brought or isinstance(asked, Ask | Unclear)

    def next(self, *, see: See, offered: Collection[str]) -> Act | RobotReply:
        """The next call, or the reply."""
        instruction, answers = self.said, ()
        if self.open is not None:
            earlier = cast("list[str]", self.open.get("answers") or [])
            instruction, answers = merged(
                str(self.open.get("instruction") or ""), tuple(earlier), self.said
            )
        came = operate(
            instruction,
            pictures=self.pictures,
            done=self.done,
            reader=None,
            offered=offered,
            answers=answers,
            see=see,
        )
        if isinstance(came, Act):
            return came
        left: JsonObject | None = None
        if came.asks:
            left = {"instruction": instruction, "answers": [*answers]}
        return RobotReply(outcome=_outcome(came, instruction), open=left)


@dataclass(frozen=True, kw_only=True)
class RobotReply:
    """What is said at the end of a turn.

    Attributes:
        outcome: The reply.
        open: What it leaves open, for the next turn.
    """

    outcome: Outcome
    open: JsonObject | None


def _outcome(say: Say, instruction: str) -> Outcome:
    language = "en" if is_foreign(instruction) else language_of(instruction)
    return Outcome(
        text=say.text,
        found=say.found,
        language=language if language.startswith("zh") else "en",
        detections=say.detections,
    )
