"""How people ask an agent, or several behind one name: in turns, streamed, resumed, forgotten."""

from __future__ import annotations

import asyncio
import uuid
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import aclosing, closing
from typing import TYPE_CHECKING, Any, Final, cast, overload

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.errors import GraphDrained, GraphRecursionError
from langgraph.types import Command
from pydantic import BaseModel

from deixis.agents._answer import (
    AgentEvent,
    Answer,
    Approver,
    Decision,
    Finished,
    PendingCall,
    Structured,
    ValueT,
)
from deixis.agents._approval import images_of, pending_calls, resumed
from deixis.agents._keeping import forget
from deixis.agents._loop import Loop, Snapshot, StreamMode
from deixis.agents._middleware import AgentLimits
from deixis.agents._parts import Surroundings
from deixis.agents._questions import Images, Questions
from deixis.agents._result import StreamReader, Voice, answer_of
from deixis.agents._run import Run, Runs
from deixis.agents._tracing import traced_approvers, traced_astream, traced_stream
from deixis.memory._names import thread_key
from deixis.vision import (
    DeixisError,
    ImageBook,
    ImageLimits,
    ModelError,
    StoppedError,
)

if TYPE_CHECKING:
    from deixis.agents.tracing._tracing import AgentTracing
    from deixis.memory import Forgotten, MemoryStore

Shape = type[BaseModel] | None
# A list: LangGraph yields pairs for a list of modes only.
_STREAMED: Final[list[StreamMode]] = ["messages", "updates", "custom"]


class Facade(ABC):
    """What `VisionAgent` and `Handover` have in common.

    Args:
        name: Of the agent.
        around: Where it works.
        checkpoints: Keep its conversations.
        limits: On steps, images and time.
        image_limits: On what is taken in.
        approve: Asked before a call that needs approval.
    """

    def __init__(
        self,
        *,
        name: str,
        around: Surroundings,
        checkpoints: BaseCheckpointSaver[Any],
        limits: AgentLimits,
        image_limits: ImageLimits,
        approve: Approver | None,
    ) -> None:
        self.name = name
        self._around = around
        self._images = around.images
        self._memory = around.memory
        self._checkpoints = checkpoints
        self._questions = Questions(around, image_limits)
        self._limits = limits
        self._approve = approve
        self._runs = Runs()

    @abstractmethod
    def _loop(self, returns: Shape) -> Loop:
        """The graph that answers, in a shape or in words."""

    @abstractmethod
    def _voices(self) -> Mapping[str, Voice]:
        """The agents that may answer, by name."""

    @abstractmethod
    def _reader(self, returns: Shape, run_id: str) -> StreamReader:
        """What makes events of the graph's stream."""

    @abstractmethod
    def _approvers(self) -> Mapping[str, Approver]:
        """The word on calls of inner agents that bring one, by their names."""

    @abstractmethod
    def _tracing(self) -> AgentTracing | None:
        """Tells what happens; None where nobody wants to know."""

    @overload
    def ask(
        self,
        question: str,
        images: Images = (),
        *,
        thread: str | None = None,
        user: str | None = None,
        returns: None = None,
    ) -> Answer: ...
    @overload
    def ask(
        self,
        question: str,
        images: Images = (),
        *,
        thread: str | None = None,
        user: str | None = None,
        returns: type[ValueT],
    ) -> Structured[ValueT]: ...
    def ask(
        self,
        question: str,
        images: Images = (),
        *,
        thread: str | None = None,
        user: str | None = None,
        returns: type[ValueT] | None = None,
    ) -> Answer | Structured[ValueT]:
        """The answer to a question.

        Args:
            question: In any language the model knows.
            images: Paths, URLs, bytes, PIL images; all pages of a PDF. They stay with the
                thread: later questions need not bring them again.
            thread: A conversation to go on with, or to begin under this name.
            user: Whose conversation it is.
            returns: A pydantic class: the answer's `value` is one, its `Point` and `Box` in
                original pixels.

        Raises:
            ImageError: An image can't be taken in.
            StoppedError: `stop` was called meanwhile.
            DeixisError: The model can't answer at all, or the thread waits for approval.
        """
        events = self.stream(question, images, thread=thread, user=user, returns=returns)
        return cast("Finished", list(events)[-1]).answer

    @overload
    async def aask(
        self,
        question: str,
        images: Images = (),
        *,
        thread: str | None = None,
        user: str | None = None,
        returns: None = None,
    ) -> Answer: ...
    @overload
    async def aask(
        self,
        question: str,
        images: Images = (),
        *,
        thread: str | None = None,
        user: str | None = None,
        returns: type[ValueT],
    ) -> Structured[ValueT]: ...
    async def aask(
        self,
        question: str,
        images: Images = (),
        *,
        thread: str | None = None,
        user: str | None = None,
        returns: type[ValueT] | None = None,
    ) -> Answer | Structured[ValueT]:
        """The same, asynchronously."""
        stream = self.astream(question, images, thread=thread, user=user, returns=returns)
        events = [event async for event in stream]
        return cast("Finished", events[-1]).answer

    def stream(
        self,
        question: str,
        images: Images = (),
        *,
        thread: str | None = None,
        user: str | None = None,
        returns: Shape = None,
    ) -> Iterator[AgentEvent]:
        """The same as `ask`, as it goes: text as it comes, tool calls, the answer last.

        Each event says who speaks (`agent`), and of agents that another has asked, by which calls
        (`within`). A stream that is closed before its end stops the run.
        """
        config = _config(thread, user, self._limits)
        graph = self._loop(returns)
        asked = self._questions.asked(question, images, graph.get_state(config), config)
        events = self._run(graph, asked, config, returns)
        yield from traced_stream(self._tracing(), events, asked, config)

    async def astream(
        self,
        question: str,
        images: Images = (),
        *,
        thread: str | None = None,
        user: str | None = None,
        returns: Shape = None,
    ) -> AsyncIterator[AgentEvent]:
        """The same, asynchronously. Cancelling the task that reads it cancels inner agents, too."""
        config = _config(thread, user, self._limits)
        graph = self._loop(returns)
        state = await graph.aget_state(config)
        asked = await asyncio.to_thread(self._questions.asked, question, images, state, config)
        events = self._arun(graph, asked, config, returns)
        async for event in traced_astream(self._tracing(), events, asked, config):
            yield event

    @overload
    def resume(
        self,
        thread: str,
        decisions: Sequence[Decision | bool] = (),
        *,
        user: str | None = None,
        returns: None = None,
    ) -> Answer: ...
    @overload
    def resume(
        self,
        thread: str,
        decisions: Sequence[Decision | bool] = (),
        *,
        user: str | None = None,
        returns: type[ValueT],
    ) -> Structured[ValueT]: ...
    def resume(
        self,
        thread: str,
        decisions: Sequence[Decision | bool] = (),
        *,
        user: str | None = None,
        returns: type[ValueT] | None = None,
    ) -> Answer | Structured[ValueT]:
        """Goes on with a thread that waits for approval, or that was cut off or stopped.

        Args:
            thread: The conversation.
            decisions: One for each pending call, in order; none for a thread that was cut off.
            user: Whose conversation it is.
            returns: The shape that was asked for.

        Raises:
            DeixisError: The thread has nothing to go on with, or the decisions don't fit.
        """
        config = _config(thread, user, self._limits)
        graph = self._loop(returns)
        state = graph.get_state(config)
        given = _decided(thread, decisions, state)
        decided = list(zip(pending_calls(state), decisions, strict=True))
        events = self._run(graph, given, config, returns)
        told = traced_stream(self._tracing(), events, given, config, decided)
        return cast("Finished", list(told)[-1]).answer

    async def aresume_stream(
        self,
        thread: str,
        decisions: Sequence[Decision | bool] = (),
        *,
        user: str | None = None,
        returns: Shape = None,
    ) -> AsyncIterator[AgentEvent]:
        """The same as `resume`, asynchronously and as it goes."""
        config = _config(thread, user, self._limits)
        graph = self._loop(returns)
        state = await graph.aget_state(config)
        given = _decided(thread, decisions, state)
        decided = list(zip(pending_calls(state), decisions, strict=True))
        events = self._arun(graph, given, config, returns)
        async for event in traced_astream(self._tracing(), events, given, config, decided):
            yield event

    def stop(self, thread: str, *, user: str | None = None) -> bool:
        """Stops what goes on in a conversation, from any thread: no agent begins another step.

        What reads the answer gets a `StoppedError`; `resume` goes on where it was stopped.

        Args:
            thread: The conversation.
            user: Whose it is.

        Returns:
            Whether anything went on.
        """
        return self._runs.stop(thread_key(user, thread))

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
        """The images of a thread, by handle, those of calls that wait for approval among them."""
        state = self._loop(None).get_state(_config(thread, user, self._limits))
        return ImageBook(self._images, images_of(state))

    def _run(
        self, graph: Loop, given: Any, config: RunnableConfig, returns: Shape
    ) -> Iterator[AgentEvent]:
        run = self._new_run()
        reader, config = self._reader(returns, run.id), run.marked(config)
        with self._runs.going(_key(config), run):
            while True:
                try:
                    pieces = graph.stream(
                        given,
                        config,
                        context=run,
                        control=run.control,
                        stream_mode=_STREAMED,
                        subgraphs=True,
                        durability="sync",
                    )
                    with closing(cast("Any", pieces)), run.stopped_when_left():
                        for namespace, mode, chunk in pieces:
                            yield from reader.read(namespace, mode, chunk)
                except GraphRecursionError as error:
                    raise _too_long(self._limits) from error
                except GraphDrained as error:
                    raise _stopped() from error
                state = graph.get_state(config)
                pending = pending_calls(state)
                approvers = self._deciding(pending)
                if approvers is None:
                    break
                words = [ask(call) for call, ask in zip(pending, approvers, strict=True)]
                given = resumed(state, words)
        yield from self._end(reader, state, config, returns)

    async def _arun(
        self, graph: Loop, given: Any, config: RunnableConfig, returns: Shape
    ) -> AsyncIterator[AgentEvent]:
        run = self._new_run()
        reader, config = self._reader(returns, run.id), run.marked(config)
        with self._runs.going(_key(config), run):
            while True:
                try:
                    pieces = graph.astream(
                        given,
                        config,
                        context=run,
                        control=run.control,
                        stream_mode=_STREAMED,
                        subgraphs=True,
                        durability="sync",
                    )
                    async with aclosing(cast("Any", pieces)):
                        with run.stopped_when_left():
                            async for namespace, mode, chunk in pieces:
                                for event in reader.read(namespace, mode, chunk):
                                    yield event
                except GraphRecursionError as error:
                    raise _too_long(self._limits) from error
                except GraphDrained as error:
                    raise _stopped() from error
                state = await graph.aget_state(config)
                pending = pending_calls(state)
                approvers = self._deciding(pending)
                if approvers is None:
                    break
                # A person may take a while: other conversations go on meanwhile.
                words = [
                    await asyncio.to_thread(ask, call)
                    for call, ask in zip(pending, approvers, strict=True)
                ]
                given = resumed(state, words)
        for event in self._end(reader, state, config, returns):
            yield event

    def _new_run(self) -> Run:
        return Run(steps=self._limits.total_steps, seconds=self._limits.seconds)

    def _deciding(self, pending: Sequence[PendingCall]) -> list[Approver] | None:
        """Who has the word on each call; None where nothing waits, or one has to wait."""
        theirs = self._approvers()
        found = [self._approve or theirs.get(call.agent) for call in pending]
        asked = [approver for approver in found if approver is not None]
        # What a tool asks by itself isn't for an approver: it wants more than yes or no.
        questions = any(not call.name for call in pending)
        if not asked or len(asked) < len(pending) or questions:
            return None
        return traced_approvers(self._tracing(), asked)

    def _end(
        self, reader: StreamReader, state: Snapshot, config: RunnableConfig, returns: Shape
    ) -> Iterator[AgentEvent]:
        pending = pending_calls(state)
        yield from reader.close(pending)
        answer = answer_of(
            state.values,
            agent=self.name,
            voices=self._voices(),
            pending=pending,
            thread=config.get("configurable", {})["thread"],
            returns=returns,
        )
        yield Finished(answer=answer, agent=answer.agent)


def _decided(
    thread: str, decisions: Sequence[Decision | bool], state: Snapshot
) -> Command[Any] | None:
    pending = pending_calls(state)
    if not state.tasks:
        raise DeixisError(f"thread {thread!r} has nothing to go on with: ask it a question")
    if len(decisions) != len(pending):
        raise DeixisError(
            f"thread {thread!r} waits for {len(pending)} decisions, got {len(decisions)}"
        )
    return resumed(state, decisions) if pending else None


def _config(thread: str | None, user: str | None, limits: AgentLimits) -> RunnableConfig:
    """Where a run is kept. A user's threads can't be reached under another user's name."""
    name = thread or uuid.uuid4().hex[:12]
    return {
        "configurable": {"thread_id": thread_key(user, name), "thread": name, "user": user},
        # A turn of the loop is at most four graph steps: model, refusal, approval, tools.
        "recursion_limit": 4 * limits.steps + 6,
    }


def _key(config: RunnableConfig) -> str:
    return str(config.get("configurable", {})["thread_id"])


def _too_long(limits: AgentLimits) -> ModelError:
    return ModelError(
        f"the model went on for over {limits.steps} steps: ask for less at once, or raise "
        "AgentLimits.steps"
    )


def _stopped() -> StoppedError:
    return StoppedError("stopped before the answer: resume the thread to go on, or ask anew")
