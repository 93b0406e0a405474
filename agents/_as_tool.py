"""An agent as a tool of another: task, images and places go in, an answer with its places out.

The inner agent's graph runs within the tool's task, so that LangGraph carries the rest: its
checkpoints lie within the outer conversation's, its questions for approval come up to whoever
talks with the user, its stream passes through, a stop and a budget reach it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final, cast

from langchain.tools import ToolRuntime
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage
from langchain_core.runnables import RunnableConfig
from langchain_core.tools import StructuredTool
from langgraph.config import get_config, get_stream_writer
from langgraph.errors import GraphBubbleUp, GraphRecursionError
from pydantic import BaseModel, ConfigDict, Field

from deixis.agents._answer import Answer, Approver, Structured
from deixis.agents._effects import Beside
from deixis.agents._ingest import taken_in
from deixis.agents._loop import Loop
from deixis.agents._parts import Parts, Surroundings, tool_names
from deixis.agents._result import Speaking, Voice, answer_of
from deixis.agents._state import ImageRecords, calls_with_results, records_of, written
from deixis.agents._tracing import traced
from deixis.tools import NewImage, Tool, ToolContext, ToolResult
from deixis.vision import (
    Box,
    DeixisError,
    Detection,
    Dialect,
    Frames,
    ImageBook,
    ImageRecord,
    Point,
    ToolError,
    frames_of,
    image_block,
)
from deixis.vision._recalled import STATEMENT

if TYPE_CHECKING:
    from deixis.agents.tracing._tracing import AgentTracing

_REMEMBERED: Final = 8  # earlier tasks that an agent is shown again
_OPEN: Final = "open"  # what the embedded model left open, with its answer
_HANDLE: Final = re.compile(r"\bimg_\d+\b")
_DEFAULT: Final = "Answers questions about images."


class Task(BaseModel):
    """What an agent is asked by another."""

    model_config = ConfigDict(extra="forbid")

    task: str = Field(
        min_length=1,
        description="What it is to do or to find out, in whole sentences: it sees nothing of this "
        "conversation but the images, and its own earlier tasks.",
    )
    images: list[str] = Field(
        default_factory=list[str],
        description="Handles of the images it is shown; those of the last question if left out.",
    )
    points: list[Point] = Field(
        default_factory=list[Point], description="Points in the images that the task speaks of."
    )
    boxes: list[Box] = Field(
        default_factory=list[Box], description="Boxes in the images that the task speaks of."
    )


class AgentTool(StructuredTool):
    """An agent as a tool; made by `VisionAgent.as_tool`.

    In another Deixis agent's `tools` it works with that one's images and places. It is a tool of
    LangChain's as well: in any agent or graph it is shown the images of the conversation's
    messages.

    Attributes:
        parts: Of the agent.
        home: Where the agent works by itself.
        returns: The shape of its answers.
        approve: The agent's own word on calls, where whoever asks it has none.
    """

    parts: Any = Field(exclude=True, repr=False)
    home: Any = Field(exclude=True, repr=False)
    returns: type[BaseModel] | None = Field(default=None, exclude=True, repr=False)
    approve: Approver | None = Field(default=None, exclude=True, repr=False)

    @classmethod
    def of(
        cls,
        parts: Parts,
        home: Surroundings,
        *,
        name: str,
        description: str,
        returns: type[BaseModel] | None,
        approve: Approver | None,
    ) -> AgentTool:
        """The tool that an agent is.

        Args:
            parts: Of the agent.
            home: Where it works by itself.
            name: Of the tool.
            description: What the agent does; its tools are told of as well.
            returns: The shape of its answers.
            approve: Its own word on calls.
        """
        # Its graph for other frameworks is made when one of them asks.
        at_home = cache(lambda: Member.of(parts.as_member(), home, name=name, returns=returns))
        told = f"{description or _DEFAULT}\nIts tools: {', '.join(tool_names(parts.tools))}."

        def ask(task: str, runtime: ToolRuntime[Any, Any]) -> str:
            member = at_home()
            given = member.foreign(task, _messages(runtime.state))
            return member.plain(member.run(given, str(runtime.tool_call_id)))

        async def aask(task: str, runtime: ToolRuntime[Any, Any]) -> str:
            member = at_home()
            given = member.foreign(task, _messages(runtime.state))
            return member.plain(await member.arun(given, str(runtime.tool_call_id)))

        made = cls.from_function(
            ask,
            aask,
            name=name,
            description=told,
            handle_tool_error=True,
            parts=parts,
            home=home,
            returns=returns,
            approve=approve,
        )
        return cast("AgentTool", made)

    def within(self, around: Surroundings) -> Tool[..., Any]:
        """The same as a tool of ours, with images and places, where another agent works."""
        member = Member.of(self._parts.as_member(), around, name=self.name, returns=self.returns)

        def ask(
            task: str,
            images: Sequence[str],
            points: Sequence[Point],
            boxes: Sequence[Box],
            context: ToolContext,
        ) -> ToolResult:
            given = member.asked(task, images, [*points, *boxes], context)
            return member.result(member.run(given, context.call_id), context)

        async def aask(
            task: str,
            images: Sequence[str],
            points: Sequence[Point],
            boxes: Sequence[Box],
            context: ToolContext,
        ) -> ToolResult:
            given = member.asked(task, images, [*points, *boxes], context)
            return member.result(await member.arun(given, context.call_id), context)

        return Tool(
            name=self.name,
            description=self.description,
            function=ask,
            coroutine=aask,
            arguments=Task,
            context_name="context",
            origin=f"the agent {self._parts.name}",
        )

    @property
    def _parts(self) -> Parts:
        return cast("Parts", self.parts)


@dataclass(frozen=True, kw_only=True)
class Member:
    """An agent at work for another.

    Attributes:
        parts: What it is made of.
        around: Where it works.
        name: Of the tool that it is.
        loop: Its graph.
        returns: The shape of its answers.
        tracing: Tells what it does.
    """

    parts: Parts
    around: Surroundings
    name: str
    loop: Loop
    returns: type[BaseModel] | None = None
    tracing: AgentTracing | None = None

    @classmethod
    def of(
        cls, parts: Parts, around: Surroundings, *, name: str, returns: type[BaseModel] | None
    ) -> Member:
        """An agent with its graph, which is kept with the graph that it runs in."""
        loop = parts.loop(around, checkpointer=None, returns=returns)
        tracing = parts.tracing(around)
        return cls(
            parts=parts, around=around, name=name, loop=loop, returns=returns, tracing=tracing
        )

    def asked(
        self,
        task: str,
        images: Sequence[str],
        places: Sequence[Point | Box],
        context: ToolContext,
    ) -> dict[str, Any]:
        """A task with its images and places, after its earlier ones in the conversation.

        Raises:
            ToolError: There is no such image.
        """
        shown = [self._record(handle, context) for handle in images] or _brought(context)
        told = task
        if places:
            frames = frames_of(context.book.records, self.parts.dialect)
            said = [self.parts.dialect.write_place(place, frames) for place in places]
            told = f"{task}\n\nPlaces: {json.dumps(said, ensure_ascii=False)}"
        messages = [*_earlier(self.name, context.messages), _question(told, shown)]
        return _given(messages, context.book.records)

    def foreign(self, task: str, messages: Sequence[AnyMessage]) -> dict[str, Any]:
        """A task with the images of another framework's conversation."""
        book = ImageBook(self.around.images)
        taken_in(messages, book)
        return _given([_question(task, book.records)], book.records)

    def run(self, given: dict[str, Any], call_id: str) -> dict[str, Any]:
        """Runs the agent; its state at the end.

        Raises:
            ToolError: It came to nothing; for the asking model to tell of.
            GraphBubbleUp: It waits for a person, or was stopped.
        """
        self._announce(call_id)
        try:
            with traced(self.tracing, given) as told:
                return told(_ended(self.loop.invoke(given, self._config())))
        except GraphBubbleUp:
            raise
        except Exception as error:
            raise self._failed(error) from error

    async def arun(self, given: dict[str, Any], call_id: str) -> dict[str, Any]:
        """The same, asynchronously."""
        self._announce(call_id)
        try:
            with traced(self.tracing, given) as told:
                return told(_ended(await self.loop.ainvoke(given, self._config())))
        except GraphBubbleUp:
            raise
        except Exception as error:
            raise self._failed(error) from error

    def answer(self, state: Mapping[str, Any]) -> Answer:
        """What it came to."""
        voice = Voice(dialect=self.parts.dialect, model=self.parts.model_name)
        return answer_of(
            state,
            agent=self.parts.name,
            voices={self.parts.name: voice},
            pending=(),
            thread="",
            returns=self.returns,
        )

    def result(self, state: Mapping[str, Any], context: ToolContext) -> ToolResult:
        """Its answer in the asking model's words, its new images with handles that are free there.

        Images that it made are handed on where the answer speaks of them or shows them.
        """
        answer = self.answer(state)
        inner = ImageBook(self.around.images, records_of(state))
        alts = {picture.image: picture.alt for picture in answer.pictures}
        named = [d.image for d in answer.detections if d.image is not None]
        renamed, made = _handed_on([*named, *alts], inner, context, alts=alts)
        answer = _renamed(answer, renamed)
        frames = frames_of(context.book.records, context.dialect)
        return ToolResult(
            text=_told(answer, context.dialect, frames),
            images=tuple(made),
            detections=answer.detections,
            data=_value(answer) or answer,
            kept=_kept(state),
            origin=f"the agent {self.parts.name}",
        )

    def plain(self, state: Mapping[str, Any]) -> str:
        """Its answer for another framework: places in original pixels."""
        answer = self.answer(state)
        if (value := _value(answer)) is not None:
            return value.model_dump_json()
        return _told(answer, None, {})

    def _record(self, handle: str, context: ToolContext) -> ImageRecord:
        try:
            return context.book[handle]
        except DeixisError as error:
            raise ToolError(str(error)) from None

    def _announce(self, call_id: str) -> None:
        """Tells the stream's reader who speaks from here on."""
        try:
            namespace = str(get_config().get("configurable", {}).get("checkpoint_ns") or "")
            writer = get_stream_writer()
        except (RuntimeError, KeyError):  # outside of any graph
            return
        place = tuple(namespace.split("|")) if namespace else ()
        writer(Speaking(agent=self.parts.name, namespace=place, call_id=call_id))

    def _config(self) -> RunnableConfig:
        return {"recursion_limit": 4 * self.parts.limits.steps + 6}

    def _failed(self, error: Exception) -> ToolError:
        if isinstance(error, GraphRecursionError):
            return ToolError(f"{self.parts.name} went on for too many steps: ask for less at once")
        told = str(error) if isinstance(error, DeixisError) else f"{type(error).__name__}: {error}"
        return ToolError(f"{self.parts.name} failed: {told}")


def _messages(state: Any) -> list[AnyMessage]:
    known: Mapping[str, Any] = (
        cast("Mapping[str, Any]", state) if isinstance(state, Mapping) else dict[str, Any]()
    )
    return list(known.get("messages", []))


def _question(text: str, images: Sequence[ImageRecord]) -> HumanMessage:
    content: list[Any] = [*(image_block(r) for r in images), {"type": "text", "text": text}]
    return HumanMessage(content)


def _given(messages: Sequence[AnyMessage], records: Sequence[ImageRecord]) -> dict[str, Any]:
    images: ImageRecords = {}
    for record in records:
        images |= written(record)
    return {"messages": list(messages), "images": images}


def _ended(state: dict[str, Any]) -> dict[str, Any]:
    if state.get("__interrupt__"):
        raise ToolError("a call waits for approval: run it in a graph that has a checkpointer")
    return state


def _brought(context: ToolContext) -> list[ImageRecord]:
    """The images of the last question that brought some; else all that users brought."""
    records = {record.handle: record for record in context.book.records}
    for message in reversed(context.messages):
        if isinstance(message, HumanMessage) and isinstance(message.content, list):
            blocks = [cast("dict[str, Any]", b) for b in message.content if isinstance(b, dict)]
            handles = [str(block.get("id")) for block in blocks]
            found = [records[handle] for handle in handles if handle in records]
            if found:
                return found
    return []


def _earlier(name: str, messages: Sequence[Any]) -> list[AnyMessage]:
    """What the agent was asked in this conversation before, and what it said."""
    turns: list[tuple[AnyMessage, AnyMessage]] = []
    for call, given in calls_with_results(messages):
        if call["name"] != name or given.status == "error":
            continue
        kept = Beside.of(given).kept
        said = cast("dict[str, Any]", kept) if isinstance(kept, dict) else {}
        answer = AIMessage(
            str(said.get("text", given.text)), response_metadata=said.get("metadata") or {}
        )
        turns.append((HumanMessage(str(call["args"].get("task", ""))), answer))
    return [message for turn in turns[-_REMEMBERED:] for message in turn]


def _kept(state: Mapping[str, Any]) -> dict[str, Any]:
    """The agent's own last words, for when it is asked again."""
    last = next((m for m in reversed(state["messages"]) if isinstance(m, AIMessage)), AIMessage(""))
    metadata = {k: v for k, v in last.response_metadata.items() if k in (_OPEN, STATEMENT)}
    return {"text": str(last.text), "metadata": metadata}


def _handed_on(
    handles: Sequence[str],
    inner: ImageBook,
    context: ToolContext,
    *,
    alts: Mapping[str, str],
) -> tuple[dict[str, str], list[NewImage]]:
    """Handles as the asking agent knows the images by, and the images that it doesn't know yet."""
    known = {(r.sha256, r.parent is None): r.handle for r in context.book.records}
    renamed: dict[str, str] = {}
    made: list[NewImage] = []
    for handle in dict.fromkeys(handles):
        record = inner[handle]
        same = known.get((record.sha256, record.parent is None))
        if same is not None and handle not in alts:
            renamed[handle] = same
            continue
        image = inner.image(handle)
        renamed[handle] = context.book.add(image).handle
        made.append(NewImage(image=image, shown=handle in alts, alt=alts.get(handle, "")))
    return renamed, made


def _renamed(answer: Answer, handles: Mapping[str, str]) -> Answer:
    """An answer that names images as the asking agent does."""

    def moved(detection: Detection) -> Detection:
        return detection.on(handles.get(detection.image or "", detection.image or ""))

    return answer.model_copy(
        update={
            "answer": _HANDLE.sub(lambda m: handles.get(m[0], m[0]), answer.answer),
            "detections": tuple(moved(d) if d.image else d for d in answer.detections),
            "pictures": tuple(
                picture.model_copy(update={"image": handles.get(picture.image, picture.image)})
                for picture in answer.pictures
            ),
        }
    )


def _value(answer: Answer) -> BaseModel | None:
    return cast("Structured[BaseModel]", answer).value if isinstance(answer, Structured) else None


def _told(answer: Answer, dialect: Dialect | None, frames: Frames) -> str:
    """An answer in a model's words: its prose, whether it was found, its facts and places."""
    places: list[dict[str, object]] = []
    for detection in answer.detections:
        place = detection.box or detection.point
        if place is None:
            continue
        said = (
            {"xyxy" if isinstance(place, Box) else "xy": place.model_dump(exclude={"image"})}
            if dialect is None
            else dialect.write_place(place, frames)
        )
        told = {"label": detection.label, "text": detection.text, "image": detection.image}
        places.append({**said, **{key: value for key, value in told.items() if value}})
    block: dict[str, object] = {"found": answer.found, "facts": answer.facts, "places": places}
    if (value := _value(answer)) is not None:
        block["value"] = value.model_dump(mode="json", exclude_none=True)
    words = json.dumps({k: v for k, v in block.items() if v not in ({}, [])}, ensure_ascii=False)
    return f"{answer.answer}\n\n```json\n{words}\n```".strip()
