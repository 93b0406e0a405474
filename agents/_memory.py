"""Memory in the loop: what comes to mind before the model is asked, what is kept after it.

Two steps of the graph for each question, not for each call of the model: the recall is in the
checkpoint, so that a resumed run goes on with what it had in mind.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, cast

from langchain.agents.middleware import AgentMiddleware, ModelRequest, ModelResponse
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, ToolMessage
from langgraph.config import get_config

from deixis.agents._memory_tools import memory_tools
from deixis.agents._state import ImageRecords, MemoryState, records_of, written
from deixis.memory import MemoryItem, MemoryPlace, MemoryStore, Recollection
from deixis.memory._items import Kind, utc_now
from deixis.vision import (
    Detection,
    Dialect,
    ImageBook,
    ImageHandleError,
    ImageRecord,
    ImageStore,
    PlaceError,
    Reply,
    frames_of,
    parse_reply,
)
from deixis.vision._recalled import RECALLED, STATEMENT, Recalled, recalled_text
from deixis.vision._reply import fenced_json

__all__ = ["MemoryMiddleware", "memory_tools"]

_MOST_PLACES: Final = 8
_IN_PROMPT: Final = 6
"""How many of the newest turns are taken to be in the prompt: they needn't come to mind."""
_LEAST_QUOTED: Final = 12
"""Bytes of UTF-8: some two English words, or four Chinese characters."""
_APART: Final[tuple[tuple[Kind, ...], ...]] = (("turn", "fact"), ("note",))
_log = logging.getLogger(__name__)


class MemoryMiddleware(AgentMiddleware[MemoryState, Any]):
    """Recalls before a question is answered, and remembers the turn when it is.

    Put it before `VisionMiddleware`, which counts what it adds to the prompt.

    Args:
        memory: Where memories are.
        images: Where the pictures are that they speak of.
        dialect: How the model writes places.
        most: How many answers of earlier turns may come to mind with one question, and how many
            notes: answers are many and put alike, and would crowd the notes out.
    """

    state_schema = MemoryState

    def __init__(
        self, *, memory: MemoryStore, images: ImageStore, dialect: Dialect, most: int = 3
    ) -> None:
        super().__init__()
        self._memory = memory
        self._images = images
        self._dialect = dialect
        self._most = most

    def before_agent(self, state: Any, runtime: Any) -> dict[str, Any] | None:  # noqa: ARG002
        """What comes to mind, and its pictures' handles in this conversation."""
        try:
            recalled, images = self._brought(self._found(state["messages"]), records_of(state))
        # Memory may fail in any way, a database's or a bug's: the question is answered without.
        except Exception as error:
            _log.warning("nothing is recalled: %s: %s", type(error).__name__, error)
            recalled, images = [], {}
        if not recalled:
            return {"recalled": []} if state.get("recalled") else None
        return {"recalled": [r.model_dump(mode="json") for r in recalled], "images": images}

    async def abefore_agent(self, state: Any, runtime: Any) -> dict[str, Any] | None:
        """The same, asynchronously."""
        return await asyncio.to_thread(self.before_agent, state, runtime)

    def wrap_model_call(
        self, request: ModelRequest[Any], handler: Callable[[ModelRequest[Any]], ModelResponse[Any]]
    ) -> ModelResponse[Any]:
        """Puts what came to mind before the question, for this turn only."""
        return handler(self._reminded(request))

    async def awrap_model_call(
        self,
        request: ModelRequest[Any],
        handler: Callable[[ModelRequest[Any]], Awaitable[ModelResponse[Any]]],
    ) -> ModelResponse[Any]:
        """The same, asynchronously."""
        return await handler(self._reminded(request))

    def after_agent(self, state: Any, runtime: Any) -> dict[str, Any] | None:  # noqa: ARG002
        """Remembers the turn, and those before it that were cut off."""
        try:
            turns = _since(state["messages"], state.get("remembered"))
            if not turns:
                return None
            self._keep(turns, state)
        # The answer stands, however memory fails; the turn is remembered with the next one.
        except Exception as error:
            _log.warning("a turn is not remembered yet: %s: %s", type(error).__name__, error)
            return None
        return {"remembered": str(turns[-1][0].id)}

    async def aafter_agent(self, state: Any, runtime: Any) -> dict[str, Any] | None:
        """The same, asynchronously."""
        return await asyncio.to_thread(self.after_agent, state, runtime)

    def _reminded(self, request: ModelRequest[Any]) -> ModelRequest[Any]:
        state = cast("Mapping[str, Any]", request.state)
        given = cast("list[dict[str, Any]]", state.get("recalled") or [])
        last = max(
            (n for n, m in enumerate(request.messages) if isinstance(m, HumanMessage)), default=-1
        )
        if not given or last < 0:
            return request
        recalled = [Recalled.model_validate(one) for one in given]
        frames = frames_of(records_of(state), self._dialect)
        asked = request.messages[last]
        words = {"type": "text", "text": recalled_text(recalled, self._dialect, frames)}
        content = cast(
            "list[Any]",
            [{"type": "text", "text": asked.content}]
            if isinstance(asked.content, str)
            else asked.content,
        )
        reminded = HumanMessage(
            cast("Any", [words, *content]),
            id=asked.id,
            additional_kwargs={**asked.additional_kwargs, RECALLED: given},
        )
        messages = [*request.messages[:last], reminded, *request.messages[last + 1 :]]
        return request.override(messages=messages)

    def _found(self, messages: Sequence[AnyMessage]) -> list[Recollection]:
        """What comes to mind with the last question, best first."""
        user, thread = _asker()
        asked = [m for m in messages if isinstance(m, HumanMessage)]
        found = [
            one
            for kinds in _APART
            for one in self._memory.recall(
                str(asked[-1].text),
                user=user,
                thread=thread,
                k=self._most,
                kinds=kinds,
                without=[str(m.id) for m in asked[-_IN_PROMPT:]],
            )
        ]
        return sorted(found, key=lambda one: one.score, reverse=True)

    def _keep(self, turns: Sequence[Sequence[AnyMessage]], state: Any) -> None:
        """Writes turns down, of the kinds that the user wants kept."""
        user, thread = _asker()
        kinds = self._memory.policy(user=user, thread=thread).kinds
        items = (self._item(turn, state, user=user, thread=thread) for turn in turns)
        self._memory.add([item for item in items if item is not None and item.kind in kinds])

    def _brought(
        self, found: Sequence[Recollection], known: Sequence[ImageRecord]
    ) -> tuple[list[Recalled], ImageRecords]:
        """Memories with the handles that their pictures have here, and the pictures' records."""
        book = ImageBook(self._images, known)
        there = {record.handle for record in known}
        recalled = [_recalled(one, book) for one in found]
        images: ImageRecords = {}
        # The best memory's pictures last: with none of its own, a question is about those.
        for record in reversed(book.records):
            if record.handle not in there:
                images |= written(record)
        if known:
            # What is asked about stays the latest.
            images |= written(known[-1])
        return recalled, images

    def _item(
        self, turn: Sequence[AnyMessage], state: Any, *, user: str | None, thread: str | None
    ) -> MemoryItem | None:
        """A turn as a memory; None where there is nothing in it to remember."""
        asked, last = turn[0], turn[-1]
        if not isinstance(last, AIMessage) or last.tool_calls:
            return None
        records = records_of(state)
        reply = parse_reply(str(last.text), self._dialect, frames_of(records, self._dialect))
        given = cast("list[dict[str, Any]]", state.get("recalled") or [])
        if not reply.text.strip() or _noted(turn) or _known(reply, given):
            return None
        book = ImageBook(self._images, records)
        places = _places(reply.detections, book)
        absent = _said_absent(last)
        now = utc_now()
        return MemoryItem(
            id="",
            user=user,
            thread=thread,
            kind="fact" if reply.found and places else "turn",
            origin="conversation",
            text=_statement(last) or reply.text,
            question=str(asked.text),
            places=places,
            facts={k: v for k, v in reply.facts.items() if v is not None and not absent},
            source=str(asked.id),
            created=now,
            updated=now,
            data={"found": False} if absent else {},
        )


def _asker() -> tuple[str | None, str | None]:
    """Whose conversation runs here, and its name."""
    configurable = get_config().get("configurable", {})
    return configurable.get("user"), configurable.get("thread")


def _since(messages: Sequence[AnyMessage], remembered: str | None) -> list[list[AnyMessage]]:
    """The turns after a question, each with all its messages."""
    turns: list[list[AnyMessage]] = []
    for message in messages:
        if isinstance(message, HumanMessage):
            turns.append([])
        if turns:
            turns[-1].append(message)
    done = max((n for n, turn in enumerate(turns) if turn[0].id == remembered), default=-1)
    return turns[done + 1 :]


def _noted(turn: Sequence[AnyMessage]) -> bool:
    """Whether what was said in a turn has become a note already."""
    return any(
        isinstance(m, ToolMessage) and m.name == "remember" and m.status != "error" for m in turn
    )


def _said_absent(answer: AIMessage) -> bool:
    """Whether an answer says itself that it wasn't found; prose alone says nothing of it."""
    return (fenced_json(str(answer.text)) or {}).get("found") is False


def _statement(answer: AIMessage) -> str:
    """An answer without words about where it is from, where the model gives it."""
    stated: object = answer.response_metadata.get(STATEMENT)
    return stated if isinstance(stated, str) and stated.strip() else ""


def _known(reply: Reply, given: Sequence[Mapping[str, Any]]) -> bool:
    """Whether an answer only repeats what came to mind: remembered again, it would grow."""
    recalled = [Recalled.model_validate(one) for one in given]
    if not reply.detections:
        said = (r.text for r in recalled if len(r.text.encode("utf-8", "replace")) >= _LEAST_QUOTED)
        return any(text in reply.text for text in said)
    stated = {kind: value for kind, value in reply.facts.items() if value is not None}
    first = reply.detections[0]
    return any(
        first.image == place.image and first.box == place.box and stated == memory.facts
        for memory in recalled
        for place in memory.detections
    )


def _places(detections: Sequence[Detection], book: ImageBook) -> tuple[MemoryPlace, ...]:
    """Where detections are in the images as they came, without cuts."""
    places: list[MemoryPlace] = []
    for detection in detections[:_MOST_PLACES]:
        try:
            original = book.in_original(detection)
            places.append(MemoryPlace(detection=original, image=book[str(original.image)]))
        except (ImageHandleError, PlaceError):
            continue
    return tuple(places)


def _recalled(found: Recollection, book: ImageBook) -> Recalled:
    """A memory as the model is told of it. Pictures that are gone leave its words."""
    item = found.item
    detections: list[Detection] = []
    pictures: dict[str, str] = {}
    for place in item.places:
        record = book.adopt(place.image)
        if record is not None:
            detections.append(place.detection.on(record.handle))
            pictures[record.handle] = record.source
    return _told(item).model_copy(
        update={
            "detections": tuple(detections),
            "pictures": pictures,
            "earlier": tuple(_told(older) for older in found.earlier),
        }
    )


def _told(item: MemoryItem) -> Recalled:
    """A memory's words, without its pictures."""
    return Recalled(
        id=item.id,
        kind=item.kind if item.kind != "document" else "turn",
        when=item.updated.astimezone().strftime("%Y-%m-%d %H:%M"),
        question=item.question,
        text=item.text,
        found=item.data.get("found") is not False,
        facts=item.facts,
    )
