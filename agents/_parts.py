"""What an agent is made of, apart from where it works: from both together comes its loop."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, cast

from langchain.agents.middleware import AgentMiddleware
from langchain_core.language_models import BaseChatModel
from langchain_core.tools import BaseTool
from langgraph.checkpoint.base import BaseCheckpointSaver
from pydantic import BaseModel

from deixis.agents._approval import Approval
from deixis.agents._loop import Loop, build_loop
from deixis.agents._middleware import AgentLimits, VisionMiddleware
from deixis.agents._names import check_names
from deixis.agents._prompt import system_prompt
from deixis.agents._returning import ReturningMiddleware, returning_tool
from deixis.agents._tracing import traced_middleware
from deixis.memory import EffectLedger, MemoryStore
from deixis.tools import Tool
from deixis.tools._langchain import PlaceTool
from deixis.vision import Dialect, ImageStore, PixelDialect, Reader, VisionModel

if TYPE_CHECKING:
    from deixis.agents.tracing import Tracing
    from deixis.agents.tracing._tracing import AgentTracing

AnyTool = Tool[..., Any] | BaseTool | Callable[..., Any]

# What an image costs a model that is not ours, which nobody tells us: about a page of text.
_FOREIGN_IMAGE: Final = 1_024


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """Where agents work: those that work together share it.

    Attributes:
        images: Where images' bytes are kept.
        effects: Where calls of tools with an effect are written down.
        memory: Told who refers to which pictures.
        tracing: Where what happens is told.
    """

    images: ImageStore
    effects: EffectLedger
    memory: MemoryStore | None = None
    tracing: Tracing | None = None


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What an agent is made of.

    Attributes:
        name: Of the agent.
        model: Its model, not bound to any images.
        tools: What it may call.
        instructions: Added to the rules every agent is given.
        limits: On steps, images in the prompt and retries.
        middleware: More of LangChain's middleware, inside ours.
        reader: For tools that read.
        remembering: What remembers its turns, where it talks with the user itself.
        dialects: How agents write places that have a say in the same conversation, by name.
    """

    name: str
    model: BaseChatModel
    tools: tuple[AnyTool, ...]
    instructions: str | None
    limits: AgentLimits
    middleware: tuple[AgentMiddleware[Any, Any], ...]
    reader: Reader
    remembering: Callable[[Surroundings, Dialect], AgentMiddleware[Any, Any]] | None = None
    dialects: Mapping[str, Dialect] | None = None

    @property
    def dialect(self) -> Dialect:
        """How its model writes places."""
        if isinstance(self.model, VisionModel):
            return self.model.dialect
        return PixelDialect("pixels", tokens=_FOREIGN_IMAGE)

    @property
    def model_name(self) -> str:
        """Name of its model."""
        if isinstance(self.model, VisionModel):
            return self.model.name_for_users
        return str(getattr(self.model, "model_name", type(self.model).__name__))

    def tracing(self, around: Surroundings) -> AgentTracing | None:
        """Tells what it does where it works; None where nobody wants to know."""
        if around.tracing is None:
            return None
        return around.tracing.of(
            self.name, models=[self.model], dialect=self.dialect, store=around.images
        )

    def as_member(self) -> Parts:
        """The same agent asked by another, which remembers the conversation itself."""
        return replace(self, remembering=None)

    def loop(
        self,
        around: Surroundings,
        *,
        checkpointer: BaseCheckpointSaver[Any] | None,
        returns: type[BaseModel] | None = None,
    ) -> Loop:
        """LangChain's loop of the agent.

        Args:
            around: Where it works.
            checkpointer: Keeps its conversations; None where it is a part of another graph,
                which keeps them.
            returns: The shape that its answer is to have.
        """
        offered = [_offered(tool, around) for tool in self.tools]
        check_names(tool_names(offered))
        approval = Approval(
            offered,
            agent=self.name,
            dialect=self.dialect,
            store=around.images,
            reader=self.reader,
        )
        vision = VisionMiddleware(
            store=around.images,
            reader=self.reader,
            dialect=self.dialect,
            limits=self.limits,
            effects=around.effects,
            memory=around.memory,
            dialects=self.dialects,
        )
        model, dialect = self.model, self.dialect
        remembering = [] if self.remembering is None else [self.remembering(around, dialect)]
        shaping: list[AgentMiddleware[Any, Any]] = []
        if returns is not None:
            answering = returning_tool(returns)
            offered.append(answering)
            shaping.append(ReturningMiddleware(answering, limits=self.limits, vision=vision))
        return build_loop(
            model.with_images(around.images) if isinstance(model, VisionModel) else model,
            [_langchain_tool(tool, returns) for tool in offered],
            name=self.name,
            system_prompt=system_prompt(dialect, self.instructions),
            middleware=traced_middleware(
                self.tracing(around),
                [*approval.middleware(), *remembering, *shaping, vision, *self.middleware],
            ),
            checkpointer=checkpointer,
        )


def _offered(tool: AnyTool, around: Surroundings) -> AnyTool:
    """A tool as this agent has it: another agent comes to work in the same surroundings."""
    from deixis.agents._as_tool import AgentTool

    if isinstance(tool, PlaceTool):
        return tool.wrapped
    return tool.within(around) if isinstance(tool, AgentTool) else tool


def _langchain_tool(tool: AnyTool, returns: type[BaseModel] | None) -> Any:
    if not isinstance(tool, Tool):
        return tool
    made = PlaceTool.of(cast("Tool[..., Any]", tool))
    if returns is not None and tool.arguments is returns:
        made.return_direct = True
    return made


def tool_names(tools: Sequence[AnyTool]) -> list[str]:
    """What tools are called."""
    return [str(getattr(tool, "name", None) or getattr(tool, "__name__", "")) for tool in tools]
