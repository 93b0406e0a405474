"""A turn that is not over: what its run has told so far."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import JsonValue

from deixis.agents._answer import AgentEvent, Restarted, TextDelta, ToolFinished, ToolStarted
from deixis.agents.web._errors import INTERRUPTED
from deixis.agents.web._events import EventLog
from deixis.agents.web._queue import Job
from deixis.agents.web._turns import Kept, ShownAnswer, ShownCall, ShownTool, Turn, TurnState
from deixis.vision import ImageBook, ImageRecord

EndedBy = Literal["stopped", "interrupted"]


class LiveTurn:
    """A turn in the line, at work, or waiting for a person.

    Args:
        user: Whose.
        thread: In which conversation.
        turn: As it stands.
        book: The conversation's pictures, with those of this turn.
        records: Of the pictures that came with the question.
    """

    def __init__(
        self, *, user: str, thread: str, turn: Turn, book: ImageBook, records: Sequence[ImageRecord]
    ) -> None:
        self.user = user
        self.thread = thread
        self.turn = turn
        self.book = book
        self.records = tuple(records)
        self.log = EventLog()
        self.job: Job | None = None
        self.ended_by: EndedBy = "interrupted"
        self._step = len(turn.text)

    @property
    def kept(self) -> Kept:
        """The turn as the history keeps it."""
        came = {record.sha256 for record in self.records}
        made = tuple(record for record in self.book.records if record.sha256 not in came)
        return Kept(turn=self.turn, records=self.records, made=made)

    def queued(self, ahead: int) -> None:
        """It is in the line, with so many before it."""
        self._become("queued", ahead=ahead)
        self.log.add("queued", {"ahead": ahead})

    def entered(self) -> None:
        """It goes into the line, or back into it with a person's word."""
        self._become("queued", ahead=0, pending=())

    def started(self) -> None:
        """Its run begins."""
        self._become("running", ahead=0)
        self.log.add("started", {})

    def take(self, event: AgentEvent) -> None:
        """What the run tells on its way; how it ends is told by the methods below."""
        if event.within and not isinstance(event, ToolStarted | ToolFinished):
            return  # what agents say to each other
        if isinstance(event, TextDelta):
            self._say(event.text)
        elif isinstance(event, Restarted):
            self.turn = self.turn.model_copy(update={"text": self.turn.text[: self._step]})
            self.log.add("restarted", {})
        elif isinstance(event, ToolStarted):
            self._tool(ShownTool(call_id=event.call_id, name=event.name))
        elif isinstance(event, ToolFinished):
            self._tool(ShownTool(call_id=event.call_id, name=event.name, ok=event.ok))

    def waiting(self, calls: tuple[ShownCall, ...]) -> None:
        """A person must decide on calls."""
        self._become("waiting", pending=calls)

    def done(self, answer: ShownAnswer) -> None:
        """There is an answer."""
        self._become("done", answer=answer, text=answer.text, pending=())

    def failed(self, why: str) -> None:
        """There will be none."""
        self._become("failed", error=why, pending=())

    def ended(self) -> None:
        """It was stopped, or the server was."""
        error = INTERRUPTED if self.ended_by == "interrupted" else None
        self._become(self.ended_by, pending=(), error=error)

    def tell_state(self) -> None:
        """Tells those who follow of the state it came to, once that is written down."""
        told = last_event(self.turn)
        if told is not None:
            self.log.add(*told)
        if self.turn.state != "waiting":
            self.log.close()

    def _say(self, text: str) -> None:
        if self._step == len(self.turn.text) and self._step and not text.startswith("\n"):
            text = f"\n\n{text}"
        self.turn = self.turn.model_copy(update={"text": self.turn.text + text})
        self.log.add("text", {"delta": text})

    def _tool(self, told: ShownTool) -> None:
        # Models count calls anew in each step: the newest of that id that isn't over is meant.
        tools = list(self.turn.tools)
        for at in reversed(range(len(tools))):
            if told.ok is not None and tools[at].call_id == told.call_id and tools[at].ok is None:
                tools[at] = told
                break
        else:
            tools.append(told)
        self.turn = self.turn.model_copy(update={"tools": tuple(tools)})
        self._step = len(self.turn.text)
        self.log.add("tool", told.model_dump(mode="json"))

    def _become(self, state: TurnState, **update: object) -> None:
        self.turn = self.turn.model_copy(update={"state": state, **update})


def last_event(turn: Turn) -> tuple[str, JsonValue] | None:
    """What is told of a turn that has come to a stand; None where the server was stopped."""
    match turn.state:
        case "done":
            return "done", turn.told()
        case "failed":
            return "failed", {"error": turn.error}
        case "stopped":
            return "stopped", {}
        case "waiting":
            return "waiting", {"pending": [call.model_dump(mode="json") for call in turn.pending]}
        case _:
            return None
