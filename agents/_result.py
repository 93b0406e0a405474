"""From the loop's messages to events and answers."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from langchain_core.messages import AIMessage, AIMessageChunk, AnyMessage, HumanMessage, ToolMessage
from pydantic import BaseModel

from deixis.agents._answer import (
    AgentEvent,
    Answer,
    ApprovalNeeded,
    PendingCall,
    Picture,
    Restarted,
    Structured,
    TextDelta,
    ToolCallRecord,
    ToolFinished,
    ToolStarted,
    places_in,
)
from deixis.agents._effects import Beside
from deixis.agents._loop import Namespace
from deixis.agents._run import RUN_ID
from deixis.agents._state import calls_with_results, records_of
from deixis.vision import (
    Box,
    Detection,
    Dialect,
    Point,
    ProseStream,
    frames_of,
    parse_reply,
)


@dataclass(frozen=True, kw_only=True)
class Speaking:
    """Tells a stream's reader, as LangGraph's custom data, that an agent begins within a call.

    Attributes:
        agent: Its name.
        namespace: Of its graph.
        call_id: The call by which it was asked.
    """

    agent: str
    namespace: Namespace
    call_id: str


class StreamReader:
    """Turns LangGraph's stream into events, those of inner agents under their names.

    Args:
        agent: Name of the agent that talks with the user; None for a graph whose nodes do.
        run_id: Of the run: what belongs to another doesn't speak to the user.
        nodes: Names of the nodes that are agents and talk with the user in turn.
        hidden: A tool that isn't told of: it gives the answer in a shape.
    """

    def __init__(
        self,
        *,
        agent: str | None,
        run_id: str,
        nodes: Collection[str] = (),
        hidden: str | None = None,
    ) -> None:
        self._run_id = run_id
        self._nodes = nodes
        self._hidden = hidden
        self._speakers: dict[Namespace, EventReader] = {}
        if agent is not None:
            self._speakers[()] = EventReader(agent=agent, hidden=hidden)

    def read(self, namespace: Namespace, mode: str, chunk: Any) -> Iterator[AgentEvent]:
        """The events of one piece of the stream."""
        if mode == "custom":
            if isinstance(chunk, Speaking):
                self._begin(chunk)
            return
        if mode == "messages" and chunk[1].get(RUN_ID) != self._run_id:
            return
        speaker = self._speaker(namespace)
        if speaker is not None:
            yield from speaker.read(mode, chunk)

    def _speaker(self, namespace: Namespace) -> EventReader | None:
        """Who speaks there. A graph inside a tool that isn't ours doesn't speak to the user."""
        known = self._speakers.get(namespace)
        if known is not None or not namespace:
            return known
        node = namespace[-1].partition(":")[0]
        if len(namespace) == 1 and node in self._nodes:
            self._speakers[namespace] = EventReader(agent=node, hidden=self._hidden)
        return self._speakers.get(namespace)

    def _begin(self, speaking: Speaking) -> None:
        """Goes on with the one there is: after an approval the same call begins again."""
        if speaking.namespace in self._speakers:
            return
        above = self._speaker(speaking.namespace[:-1])
        within = (*(above.within if above is not None else ()), speaking.call_id)
        self._speakers[speaking.namespace] = EventReader(agent=speaking.agent, within=within)

    def close(self, pending: Sequence[PendingCall]) -> Iterator[AgentEvent]:
        """What is left to tell when the run has stopped."""
        for speaker in self._speakers.values():
            yield from speaker.close()
        if pending:
            wanting = {call.agent for call in pending}
            agent = wanting.pop() if len(wanting) == 1 else ""
            yield ApprovalNeeded(calls=tuple(pending), agent=agent)


class EventReader:
    """Turns what one agent's graph streams into events.

    Args:
        agent: Its name.
        within: The calls by which it was asked.
        hidden: A tool that isn't told of.
    """

    def __init__(
        self, *, agent: str, within: tuple[str, ...] = (), hidden: str | None = None
    ) -> None:
        self.within = within
        self._agent = agent
        self._hidden = hidden
        self._prose = ProseStream()
        self._message: str | None = None
        self._done: set[str | None] = set()
        self._shown = False

    def read(self, mode: str, chunk: Any) -> Iterator[AgentEvent]:
        """The events of one piece of its stream."""
        if mode == "messages":
            message, metadata = chunk
            # A tool may ask a model of its own; only the agent's speaks to the user.
            if isinstance(message, AIMessageChunk) and metadata.get("langgraph_node") == "model":
                yield from self._delta(message)
            return
        for update in cast("dict[str, Any]", chunk).values():
            for message in _messages(update):
                yield from self._step(message)

    def _delta(self, message: AIMessage) -> Iterator[AgentEvent]:
        if message.id != self._message:
            # Another message while the last one never came to its end: it was asked for again.
            if self._shown and self._message not in self._done:
                yield Restarted(agent=self._agent, within=self.within)
            self._message = message.id
            self._prose = ProseStream()
            self._shown = False
        if shown := self._prose.feed(str(message.text)):
            self._shown = True
            yield self._text(shown)

    def _step(self, message: AnyMessage) -> Iterator[AgentEvent]:
        if isinstance(message, AIMessage):
            if message.id in self._done:  # a decision on its calls has passed through it
                return
            self._done.add(message.id)
            if message.id != self._message:  # it came in one piece
                yield from self._delta(message)
            yield from self.close()
            for call in message.tool_calls:
                if call["name"] != self._hidden:
                    yield ToolStarted(
                        name=call["name"],
                        arguments=call["args"],
                        call_id=str(call["id"]),
                        agent=self._agent,
                        within=self.within,
                    )
        elif isinstance(message, ToolMessage) and message.name != self._hidden:
            yield ToolFinished(
                name=str(message.name),
                ok=message.status != "error",
                text=str(message.text),
                call_id=message.tool_call_id,
                agent=self._agent,
                within=self.within,
            )

    def _text(self, text: str) -> TextDelta:
        return TextDelta(text=text, agent=self._agent, within=self.within)

    def close(self) -> Iterator[AgentEvent]:
        """What of its prose was held back."""
        if held := self._prose.close():
            yield self._text(held)


def _messages(update: Any) -> list[AnyMessage]:
    """The messages of a node's update: a dictionary, a command's, or a list of these."""
    if isinstance(update, list | tuple):
        return [m for part in cast("Sequence[Any]", update) for m in _messages(part)]
    if isinstance(update, dict):
        found = cast("dict[str, Any]", update).get("messages", [])
        return list(cast("list[AnyMessage]", found)) if isinstance(found, list) else [found]
    return []


@dataclass(frozen=True, kw_only=True)
class Voice:
    """An agent, as far as its words are to be understood.

    Attributes:
        dialect: How its model writes places.
        model: Name of its model.
    """

    dialect: Dialect
    model: str


def answer_of(
    state: Mapping[str, Any],
    *,
    agent: str,
    voices: Mapping[str, Voice],
    pending: Sequence[PendingCall],
    thread: str,
    returns: type[BaseModel] | None = None,
) -> Answer:
    """The answer that a conversation's last turn came to.

    Args:
        state: Of the conversation.
        agent: Who answers, where the last message doesn't say.
        voices: The agents that may have answered, by name.
        pending: Calls that wait.
        thread: Its name.
        returns: The shape that was asked for.
    """
    turn = _last_turn(cast("Sequence[AnyMessage]", state.get("messages", [])))
    last = next((m for m in reversed(turn) if isinstance(m, AIMessage)), AIMessage(""))
    spoke = last.name if last.name and last.name in voices else agent
    voice = voices[spoke]
    frames = frames_of(records_of(state), voice.dialect)
    reply = parse_reply(str(last.text), voice.dialect, frames)
    answer = Answer(
        answer=reply.text,
        found=reply.found,
        language=reply.language or "",
        detections=reply.detections,
        facts=reply.facts,
        tool_calls=_calls(turn, hidden=returns.__name__ if returns else None),
        pictures=_pictures(turn),
        pending=tuple(pending),
        model=voice.model,
        thread=thread,
        agent=spoke,
    )
    return answer if returns is None else _structured(answer, turn, returns)


def _structured(
    answer: Answer, turn: Sequence[AnyMessage], returns: type[BaseModel]
) -> Structured[BaseModel]:
    """The answer with its value, and the value's places among those it rests on."""
    given = next(
        (m for m in reversed(turn) if isinstance(m, ToolMessage) and m.name == returns.__name__),
        None,
    )
    known: dict[str, Any] = {**dict(answer), "value": None}
    # Of parts that are checked already; validated anew, they would lose what isn't written.
    make = cast("Any", Structured[BaseModel]).model_construct
    if given is None or (data := Beside.of(given).data) is None:
        return make(**known)
    value = returns.model_validate(data, by_alias=True, by_name=True)
    places = [
        Detection(
            label=path,
            box=place if isinstance(place, Box) else None,
            point=place if isinstance(place, Point) else None,
            image=place.image,
        )
        for path, place in places_in(value)
    ]
    filled = any(v not in (None, "", [], {}) for v in value.model_dump().values())
    return make(
        **{
            **known,
            "value": value,
            "found": answer.found or filled,
            "detections": (*answer.detections, *places),
        }
    )


def _last_turn(messages: Sequence[AnyMessage]) -> Sequence[AnyMessage]:
    start = max((i for i, m in enumerate(messages) if isinstance(m, HumanMessage)), default=-1)
    return messages[start + 1 :]


def _pictures(turn: Sequence[AnyMessage]) -> tuple[Picture, ...]:
    """What the turn's tools made for the user to see, each once."""
    shown: dict[str, str] = {}
    for message in turn:
        if isinstance(message, ToolMessage):
            shown |= Beside.of(message).shown
    return tuple(Picture(image=handle, alt=alt) for handle, alt in shown.items())


def _calls(turn: Sequence[AnyMessage], *, hidden: str | None) -> tuple[ToolCallRecord, ...]:
    """The calls that were answered, with how that went."""
    return tuple(
        ToolCallRecord(
            name=call["name"],
            arguments=call["args"],
            ok=result.status != "error",
            data=Beside.of(result).data,
        )
        for call, result in calls_with_results(turn)
        if call["name"] != hidden
    )
