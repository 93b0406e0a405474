"""The agent: a vision model in LangChain's loop, behind a small facade."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from langchain.agents.middleware import AgentMiddleware
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, ToolMessage
from langchain_core.runnables import RunnableConfig
from langchain_core.tools import BaseTool
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.errors import GraphRecursionError
from langgraph.types import Command

from deixis.agents._answer import AgentEvent, Answer, Approver, Decision, Finished, PendingCall
from deixis.agents._approval import Approval, resumed
from deixis.agents._effects import Effects
from deixis.agents._keeping import forget, holding
from deixis.agents._loop import Snapshot, StreamMode, build_loop
from deixis.agents._middleware import AgentLimits, VisionMiddleware
from deixis.agents._prompt import system_prompt
from deixis.agents._result import EventReader, answer_of
from deixis.agents._state import ImageRecords, merge_records, records_of, written
from deixis.memory import EffectLedger, InMemoryEffects, open_checkpoints
from deixis.memory._names import thread_key
from deixis.tools import Tool, standard_tools
from deixis.tools._langchain import PlaceTool
from deixis.vision import (
    CachedReader,
    DeixisError,
    ImageBook,
    ImageLimits,
    ImageSource,
    ImageStore,
    ModelError,
    PixelDialect,
    RapidReader,
    Reader,
    VisionImage,
    VisionModel,
    image_block,
    load_images,
    load_model,
)

if TYPE_CHECKING:
    from deixis.memory import Forgotten, MemoryStore

AnyTool = Tool[..., Any] | BaseTool | Callable[..., Any]
Images = ImageSource | Sequence[ImageSource]
# What an image costs a model that is not ours, which nobody tells us: about a page of text.
_FOREIGN_IMAGE: Final = 1_024
# A list: LangGraph yields pairs for a list of modes only.
_STREAMED: Final[list[StreamMode]] = ["messages", "updates"]


class VisionAgent:
    """An agent that sees: ask it about images, in turns, with tools.

    ```python
    agent = VisionAgent()
    answer = agent.ask("Where should I go for ENT?", "floor_guide.jpg")
    print(answer.answer, answer.facts["floor"], answer.detections[0].box)
    ```

    Every step is a checkpoint; the state holds image handles, never bytes. One agent serves
    many threads and users at a time; a user's threads are only ever found under that user.

    Args:
        model: A name for `load_model`, or any LangChain chat model. One that isn't a
            `VisionModel` is shown the images inline and speaks of places in pixels.
        tools: Tools it may call, ours or LangChain's; the standard ones by default.
        instructions: Added to the rules every agent is given.
        images: Where images are kept; by default in memory, or in the folder given as `memory`.
            Give a folder's store for threads that survive the process.
        checkpoints: A SQLite file, `postgresql://user@host/database`, or a LangGraph
            checkpointer; in memory by default. What tools with an effect have done is kept
            with them; with another's checkpointer only as long as the process.
        approve: Asked before a tool that needs approval. Without it such a call waits:
            `Answer.pending` holds it, and `resume` goes on.
        limits: On steps, images in the prompt and retries.
        image_limits: On what is taken in.
        middleware: More of LangChain's middleware, inside ours.
        reader: For tools that read; rapidocr with readings kept on disk by default.
        memory: What outlives conversations: a `MemoryStore`, or a place for one. With it the
            agent recalls what a user asked and was told before, remembers each turn with its
            places, and has the tools `remember`, `recall` and `forget`.

    Raises:
        ModelError: The model can't be had.
        DeixisError: The checkpoints can't be opened.
    """

    def __init__(
        self,
        model: str | BaseChatModel = "embedded",
        *,
        tools: Sequence[AnyTool] | None = None,
        instructions: str | None = None,
        images: ImageStore | None = None,
        checkpoints: str | Path | BaseCheckpointSaver[Any] | None = None,
        approve: Approver | None = None,
        limits: AgentLimits | None = None,
        image_limits: ImageLimits | None = None,
        middleware: Sequence[AgentMiddleware[Any, Any]] = (),
        reader: Reader | None = None,
        memory: MemoryStore | str | Path | None = None,
    ) -> None:
        loaded = load_model(model) if isinstance(model, str) else model
        self._image_limits = image_limits or ImageLimits()
        self._images = images or ImageStore(_beside(memory), limits=self._image_limits)
        self._model = (
            loaded.with_images(self._images) if isinstance(loaded, VisionModel) else loaded
        )
        self._dialect = (
            loaded.dialect
            if isinstance(loaded, VisionModel)
            else PixelDialect("pixels", tokens=_FOREIGN_IMAGE)
        )
        self._approve = approve
        self._limits = limits or AgentLimits()
        self._checkpoints = _checkpoints(checkpoints)
        self._effects = Effects(ledger=_ledger(self._checkpoints), store=self._images)
        self._memory = _opened(memory, self._images)
        offered = list(standard_tools() if tools is None else tools)
        remembering: list[AgentMiddleware[Any, Any]] = []
        if self._memory is not None:
            from deixis.agents._memory import MemoryMiddleware, memory_tools

            offered += memory_tools(self._memory)
            remembering.append(
                MemoryMiddleware(memory=self._memory, images=self._images, dialect=self._dialect)
            )
        reading = reader or CachedReader(RapidReader())
        self._approval = Approval(
            offered, dialect=self._dialect, store=self._images, reader=reading
        )
        ours = VisionMiddleware(
            store=self._images,
            reader=reading,
            dialect=self._dialect,
            limits=self._limits,
            effects=self._effects.ledger,
            memory=self._memory,
        )
        self._graph = build_loop(
            self._model,
            [_langchain_tool(tool) for tool in offered],
            system_prompt=system_prompt(self._dialect, instructions),
            middleware=[*self._approval.middleware(), *remembering, ours, *middleware],
            checkpointer=self._checkpoints,
        )

    @property
    def model_name(self) -> str:
        """Name of the model at work."""
        if isinstance(self._model, VisionModel):
            return self._model.name_for_users
        return str(getattr(self._model, "model_name", type(self._model).__name__))

    def ask(
        self,
        question: str,
        images: Images = (),
        *,
        thread: str | None = None,
        user: str | None = None,
    ) -> Answer:
        """The answer to a question.

        Args:
            question: In any language the model knows.
            images: Paths, URLs, bytes, PIL images; all pages of a PDF. They stay with the
                thread: later questions need not bring them again.
            thread: A conversation to go on with, or to begin under this name.
            user: Whose conversation it is.

        Raises:
            ImageError: An image can't be taken in.
            DeixisError: The model can't answer at all, or the thread waits for approval.
        """
        finished = list(self.stream(question, images, thread=thread, user=user))[-1]
        return cast("Finished", finished).answer

    async def aask(
        self,
        question: str,
        images: Images = (),
        *,
        thread: str | None = None,
        user: str | None = None,
    ) -> Answer:
        """The same, asynchronously."""
        events = [e async for e in self.astream(question, images, thread=thread, user=user)]
        return cast("Finished", events[-1]).answer

    def stream(
        self,
        question: str,
        images: Images = (),
        *,
        thread: str | None = None,
        user: str | None = None,
    ) -> Iterator[AgentEvent]:
        """The same as `ask`, as it goes: text as it comes, tool calls, the answer last."""
        config = _config(thread, user, self._limits)
        state = self._graph.get_state(config)
        asked = self._asked(question, images, state, config)
        yield from self._run(asked, config)

    async def astream(
        self,
        question: str,
        images: Images = (),
        *,
        thread: str | None = None,
        user: str | None = None,
    ) -> AsyncIterator[AgentEvent]:
        """The same, asynchronously."""
        config = _config(thread, user, self._limits)
        state = await self._graph.aget_state(config)
        asked = await asyncio.to_thread(self._asked, question, images, state, config)
        async for event in self._arun(asked, config):
            yield event

    def resume(
        self, thread: str, decisions: Sequence[Decision | bool] = (), *, user: str | None = None
    ) -> Answer:
        """Goes on with a thread that waits for approval, or that was cut off.

        Args:
            thread: The conversation.
            decisions: One for each pending call, in order; none for a thread that was cut off.
            user: Whose conversation it is.

        Raises:
            DeixisError: The thread has nothing to go on with, or the decisions don't fit.
        """
        config = _config(thread, user, self._limits)
        given = self._decided(thread, decisions, self._graph.get_state(config))
        return cast("Finished", list(self._run(given, config))[-1]).answer

    async def aresume_stream(
        self, thread: str, decisions: Sequence[Decision | bool] = (), *, user: str | None = None
    ) -> AsyncIterator[AgentEvent]:
        """The same as `resume`, asynchronously and as it goes."""
        config = _config(thread, user, self._limits)
        given = self._decided(thread, decisions, await self._graph.aget_state(config))
        async for event in self._arun(given, config):
            yield event

    def _decided(
        self, thread: str, decisions: Sequence[Decision | bool], state: Snapshot
    ) -> Command[Any] | None:
        pending = self._approval.pending(state)
        if not state.tasks:
            raise DeixisError(f"thread {thread!r} has nothing to go on with: ask it a question")
        if len(decisions) != len(pending):
            raise DeixisError(
                f"thread {thread!r} waits for {len(pending)} decisions, got {len(decisions)}"
            )
        return resumed(list(decisions)) if pending else None

    @property
    def memory(self) -> MemoryStore | None:
        """What outlives conversations, where there is such a thing."""
        return self._memory

    def forget(self, *, user: str | None, thread: str | None = None) -> Forgotten:
        """Forgets a conversation, or all that is kept of a user.

        Its messages, its memories, and its pictures that nobody else refers to: from the files
        too, where the checkpoints are ours.

        Args:
            user: Whose.
            thread: Only this conversation. Needed where there is no user.

        Raises:
            DeixisError: There is neither a user nor a thread.
        """
        return forget(self._checkpoints, self._memory, user=user, thread=thread)

    def images(self, thread: str, *, user: str | None = None) -> ImageBook:
        """The images of a thread, by handle."""
        state = self._graph.get_state(_config(thread, user, self._limits))
        return ImageBook(self._images, records_of(state.values))

    def _asked(
        self, question: str, images: Images, state: Snapshot, config: RunnableConfig
    ) -> dict[str, Any]:
        if not question.strip():
            raise DeixisError("there is no question: give one")
        if self._approval.pending(state):
            raise DeixisError("the thread waits for approval of a tool call: resume it first")
        book = ImageBook(
            self._images, records_of(state.values), holding=holding(self._memory, config)
        )
        results, new = self._kept(state, config, book)
        records = [book.add(image) for image in _load(images, self._image_limits)]
        # What isn't text, such as a stray byte of a command line, can't be kept.
        text = question.encode("utf-8", "replace").decode("utf-8")
        content = [*(image_block(r) for r in records), {"type": "text", "text": text}]
        for record in records:
            new |= written(record)
        return {
            "messages": [*results, HumanMessage(cast("Any", content))],
            "images": merge_records(state.values.get("images"), new),
        }

    def _kept(
        self, state: Snapshot, config: RunnableConfig, book: ImageBook
    ) -> tuple[list[ToolMessage], ImageRecords]:
        """The results of a step that was cut off: finished calls keep theirs, the others get one.

        A new question drops what the step has not committed, and no model takes a conversation
        with calls that nothing answers.
        """
        messages: list[AnyMessage] = state.values.get("messages", [])
        last = max((i for i, m in enumerate(messages) if isinstance(m, AIMessage)), default=-1)
        if last < 0 or not state.tasks:
            return [], {}
        said = cast("AIMessage", messages[last])
        finished = {m.tool_call_id: m for m in messages[last + 1 :] if isinstance(m, ToolMessage)}
        thread_id = config.get("configurable", {})["thread_id"]
        results: list[ToolMessage] = []
        images: ImageRecords = {}
        for call in said.tool_calls:
            message, made = finished.get(str(call["id"])), ImageRecords()
            if message is None:
                message, made = self._effects.lost(call, said=said, thread_id=thread_id, book=book)
            results.append(message)
            images |= made
        return results, images

    def _run(self, given: Any, config: RunnableConfig) -> Iterator[AgentEvent]:
        reader = EventReader()
        while True:
            try:
                for mode, chunk in self._graph.stream(
                    given, config, stream_mode=_STREAMED, durability="sync"
                ):
                    yield from reader.read(mode, chunk)
            except GraphRecursionError as error:
                raise _too_long(self._limits) from error
            state = self._graph.get_state(config)
            pending = self._approval.pending(state)
            if not pending or self._approve is None:
                break
            given = resumed([self._approve(call) for call in pending])
        yield from self._end(reader, state, config, pending)

    async def _arun(self, given: Any, config: RunnableConfig) -> AsyncIterator[AgentEvent]:
        reader = EventReader()
        while True:
            try:
                async for mode, chunk in self._graph.astream(
                    given, config, stream_mode=_STREAMED, durability="sync"
                ):
                    for event in reader.read(mode, chunk):
                        yield event
            except GraphRecursionError as error:
                raise _too_long(self._limits) from error
            state = await self._graph.aget_state(config)
            pending = self._approval.pending(state)
            if not pending or self._approve is None:
                break
            # A person may take a while: other conversations go on meanwhile.
            given = resumed([await asyncio.to_thread(self._approve, call) for call in pending])
        for event in self._end(reader, state, config, pending):
            yield event

    def _end(
        self,
        reader: EventReader,
        state: Snapshot,
        config: RunnableConfig,
        pending: Sequence[PendingCall],
    ) -> Iterator[AgentEvent]:
        yield from reader.close(pending)
        answer = answer_of(
            state.values,
            dialect=self._dialect,
            pending=pending,
            model=self.model_name,
            thread=config.get("configurable", {})["thread"],
        )
        yield Finished(answer=answer)


def _langchain_tool(tool: AnyTool) -> BaseTool | Callable[..., Any]:
    if isinstance(tool, Tool):
        return PlaceTool.of(cast("Tool[..., Any]", tool))
    return tool


def _load(images: Images, limits: ImageLimits) -> list[VisionImage]:
    many = isinstance(images, Sequence) and not isinstance(images, str | bytes)
    sources = cast("Sequence[ImageSource]", images) if many else [cast("ImageSource", images)]
    return [image for source in sources for image in load_images(source, limits=limits)]


def _checkpoints(
    given: str | Path | BaseCheckpointSaver[Any] | None,
) -> BaseCheckpointSaver[Any]:
    if given is None:
        return InMemorySaver()
    return open_checkpoints(given) if isinstance(given, str | Path) else given


def _beside(memory: MemoryStore | str | Path | None) -> Path | None:
    """Where the pictures of memories in a folder are kept, that a later agent may find them."""
    if not isinstance(memory, str | Path) or "://" in str(memory):
        return None
    return Path(memory).expanduser() / "images"


def _opened(memory: MemoryStore | str | Path | None, images: ImageStore) -> MemoryStore | None:
    if not isinstance(memory, str | Path):
        return memory
    from deixis.memory import MemoryStore

    return MemoryStore(memory, images=images)


def _ledger(checkpoints: BaseCheckpointSaver[Any]) -> EffectLedger:
    """The checkpoints' own, which lasts as long as they do; another's have none."""
    kept = getattr(checkpoints, "effects", None)
    return kept if isinstance(kept, EffectLedger) else InMemoryEffects()


def _config(thread: str | None, user: str | None, limits: AgentLimits) -> RunnableConfig:
    """Where a run is kept. A user's threads can't be reached under another user's name."""
    name = thread or uuid.uuid4().hex[:12]
    return {
        "configurable": {"thread_id": thread_key(user, name), "thread": name, "user": user},
        # A turn of the loop is at most four graph steps: model, refusal, approval, tools.
        "recursion_limit": 4 * limits.steps + 6,
    }


def _too_long(limits: AgentLimits) -> ModelError:
    return ModelError(
        f"the model went on for over {limits.steps} steps: ask for less at once, or raise "
        "AgentLimits.steps"
    )
