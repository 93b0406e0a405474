"""The agent: a vision model in LangChain's loop, behind a small facade."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from langchain.agents.middleware import AgentMiddleware
from langchain_core.language_models import BaseChatModel
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.memory import InMemorySaver
from pydantic import BaseModel

from deixis.agents._answer import Approver
from deixis.agents._as_tool import AgentTool
from deixis.agents._each import EachMixin
from deixis.agents._facade import Facade, Shape
from deixis.agents._loop import Loop
from deixis.agents._middleware import AgentLimits
from deixis.agents._node import AgentNode
from deixis.agents._parts import AnyTool, Parts, Surroundings
from deixis.agents._result import StreamReader, Voice
from deixis.memory import EffectLedger, InMemoryEffects, open_checkpoints
from deixis.tools import standard_tools
from deixis.vision import (
    CachedReader,
    DeixisError,
    Dialect,
    ImageLimits,
    ImageStore,
    RapidReader,
    Reader,
    load_model,
)

if TYPE_CHECKING:
    from deixis.agents.tracing import Tracing
    from deixis.agents.tracing._tracing import AgentTracing
    from deixis.memory import MemoryStore

_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,48}")
_SHAPES_KEPT: Final = 16


class VisionAgent(Facade, EachMixin):
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
        name: Of the agent: what the stream, and agents that ask it, call it by. Latin letters,
            digits, `-` and `_`.
        description: What it is good for, told to agents that may ask it.
        memory: What outlives conversations: a `MemoryStore`, or a place for one. With it the
            agent recalls what a user asked and was told before, remembers each turn with its
            places, and has the tools `remember`, `recall` and `forget`.
        tracing: Tells what happens as OpenTelemetry spans, also of the agents that it asks; off
            by default.

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
        name: str = "agent",
        description: str = "",
        tracing: Tracing | None = None,
    ) -> None:
        loaded = load_model(model) if isinstance(model, str) else model
        image_limits = image_limits or ImageLimits()
        store = images or ImageStore(_beside(memory), limits=image_limits)
        kept = opened_checkpoints(checkpoints)
        remembered = _opened(memory, store)
        super().__init__(
            name=checked_name(name),
            around=Surroundings(
                images=store, effects=opened_ledger(kept), memory=remembered, tracing=tracing
            ),
            checkpoints=kept,
            limits=limits or AgentLimits(),
            image_limits=image_limits,
            approve=approve,
        )
        offered = list(standard_tools() if tools is None else tools)
        if remembered is not None:
            from deixis.agents._memory import memory_tools

            offered += memory_tools(remembered)
        self.description = description
        self._parts = Parts(
            name=name,
            model=loaded,
            tools=tuple(offered),
            instructions=instructions,
            limits=self._limits,
            middleware=tuple(middleware),
            reader=reader or CachedReader(RapidReader()),
            remembering=None if remembered is None else _remembering(remembered),
        )
        self._graph = self._parts.loop(self._around, checkpointer=kept)
        self._shaped: dict[type[BaseModel], Loop] = {}

    @property
    def model_name(self) -> str:
        """Name of the model at work."""
        return self._parts.model_name

    @property
    def own_approver(self) -> Approver | None:
        """Its word on calls that need approval, where it was given one."""
        return self._approve

    @property
    def parts(self) -> Parts:
        """What it is made of, for agents that work together."""
        return self._parts

    def as_tool(
        self,
        *,
        name: str | None = None,
        description: str | None = None,
        returns: type[BaseModel] | None = None,
    ) -> AgentTool:
        """This agent as a tool of another.

        It is given a task, and with it the images and places of the asking agent's conversation;
        what it answers, sees and points at comes back under that one's handles. It remembers its
        earlier tasks of the same conversation, works in the asking agent's store, keeps to its
        limits and to its own, and its calls that need approval wait in the asking agent's answer.

        ```python
        reader = VisionAgent(name="reader", description="Reads signs and labels.")
        lead = VisionAgent(tools=[reader.as_tool()])
        ```

        Args:
            name: What models call it by; `ask_` and the agent's name by default.
            description: What it is good for; the agent's own by default.
            returns: The shape of its answers.
        """
        return AgentTool.of(
            self._parts,
            self._around,
            name=name or f"ask_{self.name}",
            description=description or self.description,
            returns=returns,
            approve=self._approve,
        )

    @property
    def node(self) -> AgentNode:
        """This agent as a node of a LangGraph graph whose state has `messages`.

        Pictures in the messages go along, in any form LangChain has for them. It adds one
        message, its answer, whose `additional_kwargs["deixis"]` is the `Answer` as JSON, places
        in original pixels. Approval and streaming are LangGraph's (`interrupt`, `subgraphs=True`).

        ```python
        builder.add_node("reader", reader.node)
        ```
        """
        return AgentNode.of(self._parts, self._around)

    def _loop(self, returns: Shape) -> Loop:
        if returns is None:
            return self._graph
        known = self._shaped.get(returns)
        if known is None:
            known = self._parts.loop(self._around, checkpointer=self._checkpoints, returns=returns)
            if len(self._shaped) >= _SHAPES_KEPT:
                self._shaped.clear()
            self._shaped[returns] = known
        return known

    def _voices(self) -> Mapping[str, Voice]:
        return {self.name: Voice(dialect=self._parts.dialect, model=self.model_name)}

    def _reader(self, returns: Shape, run_id: str) -> StreamReader:
        hidden = returns.__name__ if returns else None
        return StreamReader(agent=self.name, run_id=run_id, hidden=hidden)

    def _approvers(self) -> Mapping[str, Approver]:
        return approvers_of((self._parts, None))

    def _tracing(self) -> AgentTracing | None:
        return self._parts.tracing(self._around)


def checked_name(name: str) -> str:
    """An agent's name, which becomes part of its tool's.

    Raises:
        DeixisError: It won't do.
    """
    if not _NAME.fullmatch(name):
        raise DeixisError(
            f"{name!r} is no name for an agent: use Latin letters, digits, - and _, 48 at most"
        )
    return name


def approvers_of(*agents: tuple[Parts, Approver | None]) -> dict[str, Approver]:
    """Who has the word on calls of agents and of all that they may ask, by the agents' names.

    A name that agents with different words share is nobody's: their calls wait.

    Args:
        agents: With their own words.
    """
    words: dict[str, list[Approver | None]] = {}
    left = list(agents)
    while left:
        parts, own = left.pop()
        words.setdefault(parts.name, []).append(own)
        left += [(t.parts, t.approve) for t in parts.tools if isinstance(t, AgentTool)]
    return {
        name: given[0]
        for name, given in words.items()
        if given[0] is not None and all(one == given[0] for one in given)
    }


def _remembering(memory: MemoryStore) -> Any:
    from deixis.agents._memory import MemoryMiddleware

    def make(around: Surroundings, dialect: Dialect) -> AgentMiddleware[Any, Any]:
        return MemoryMiddleware(memory=memory, images=around.images, dialect=dialect)

    return make


def opened_checkpoints(
    given: str | Path | BaseCheckpointSaver[Any] | None,
) -> BaseCheckpointSaver[Any]:
    """Where conversations are kept: in memory, in a file or a database, or by another's."""
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


def opened_ledger(checkpoints: BaseCheckpointSaver[Any]) -> EffectLedger:
    """The checkpoints' own, which lasts as long as they do; another's have none."""
    kept = getattr(checkpoints, "effects", None)
    return kept if isinstance(kept, EffectLedger) else InMemoryEffects()
