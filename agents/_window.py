"""What of a conversation the model is shown: the state keeps all, the prompt what fits.

The prompt is a function of the messages alone, found by walking through all the times the model
was asked. What once left stays away, and where turns leave, half of the room is freed at once: so
from one question to the next a prompt mostly grows at its end, and servers and the local engine
can go on from what they hold of it.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, cast

from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, ToolMessage
from langchain_core.utils.function_calling import convert_to_openai_tool

from deixis.agents._outside import marked
from deixis.agents._summary import Answers, Count, Past, Scribe, summary_text
from deixis.vision import IMAGE_REFERENCE, Dialect, ImageRecord, ImageStore, Reader
from deixis.vision._model import estimated_tokens

# What templates put around messages, calls and images, in tokens, rather too many.
_AROUND_MESSAGE = 8
_AROUND_TOOLS = 360  # how a call is written: Qwen3.5 explains it at most length
_AROUND_CALL = 24
_AROUND_IMAGE = 14
_MOST_DESCRIBED = 4
_TOOLS_KEPT = 256
_CUTS = (16_000, 8_000, 4_000, 2_000, 1_000, 500)

_Spot = tuple[int, int]
"""Where an image stands: number of the message, and of the block in it."""


@dataclass(frozen=True, kw_only=True)
class _Room:
    """What a prompt may hold.

    Attributes:
        tokens: In all.
        image_tokens: Of images.
        fixed: Taken by the system prompt and the tools.
        count: Tokens of a text.
        look_again: Whether the model can have images shown again.
    """

    tokens: int
    image_tokens: int
    fixed: int
    count: Count
    look_again: bool


class PromptWindow:
    """Makes the messages that a model is shown out of those of the state.

    Args:
        store: Where the images' bytes are.
        reader: For what is written in an image that isn't shown.
        dialect: How the model writes places, and what an image costs it.
        image_tokens: Of images in one prompt; the newest image is always shown.
        prompt_tokens: Of all of a prompt; the last turn is always shown.
    """

    def __init__(
        self,
        *,
        store: ImageStore,
        reader: Reader,
        dialect: Dialect,
        image_tokens: int,
        prompt_tokens: int,
    ) -> None:
        self._store = store
        self._scribe = Scribe(store, reader)
        self._answers = Answers(dialect)
        self._dialect = dialect
        # The rest is for words: a prompt of pictures alone would have no question.
        self._image_tokens = min(image_tokens, prompt_tokens * 2 // 3)
        self._prompt_tokens = prompt_tokens
        self._offered: dict[int, tuple[Any, tuple[str, str]]] = {}

    def shown(
        self,
        messages: Sequence[AnyMessage],
        images: Sequence[ImageRecord],
        *,
        system: str = "",
        tools: Sequence[Any] = (),
        count: Count = estimated_tokens,
        inline: bool = False,
    ) -> list[AnyMessage]:
        """The messages that fit, the oldest turns in short, images left out with a word on them.

        Args:
            messages: All of the conversation.
            images: Its images.
            system: The system prompt, which takes room, too.
            tools: Those that are offered.
            count: Tokens of a text.
            inline: Whether images go with their bytes, for models that aren't ours.
        """
        schemas = [self._schema(tool) for tool in tools]
        names = {name for name, _ in schemas}
        room = _Room(
            tokens=self._prompt_tokens,
            image_tokens=self._image_tokens,
            fixed=count(system)
            + _AROUND_MESSAGE
            + (_AROUND_TOOLS if schemas else 0)
            + sum(count(text) for _, text in schemas),
            count=count,
            look_again="look_again" in names,
        )
        records = {record.handle: record for record in images}
        walk = _Walk(messages, records, room=room, answers=self._answers, scribe=self._scribe)
        for number, message in enumerate(messages):
            if isinstance(message, AIMessage) and number:
                walk.ask(number)
        walk.ask(len(messages))
        return walk.view(self._store if inline else None)

    def _schema(self, tool: Any) -> tuple[str, str]:
        """A tool's name, and all that the model is told of it."""
        known = self._offered.get(id(tool))
        if known is None or known[0] is not tool:
            if len(self._offered) >= _TOOLS_KEPT:
                self._offered.clear()
            schema: dict[str, Any] = convert_to_openai_tool(tool)
            worded = json.dumps(self._dialect.word_schema(schema), ensure_ascii=False)
            known = (tool, (str(schema["function"]["name"]), worded))
            self._offered[id(tool)] = known
        return known[1]


@dataclass(frozen=True, kw_only=True)
class _Summary:
    """The turns that aren't shown, in short.

    Attributes:
        text: On the turns, and on images that had left by then.
        spots: Where images stood that were still shown.
    """

    text: str
    spots: tuple[_Spot, ...]


class _Walk:
    """Goes through a conversation as the model was asked, and makes room where it must.

    Args:
        messages: All of the conversation.
        records: Its images by handle.
        room: What a prompt may hold.
        answers: Takes answers apart.
        scribe: Writes what an image shows.
    """

    def __init__(
        self,
        messages: Sequence[AnyMessage],
        records: Mapping[str, ImageRecord],
        *,
        room: _Room,
        answers: Answers,
        scribe: Scribe,
    ) -> None:
        self._messages = messages
        self._records = records
        self._room = room
        self._dialect = answers.dialect
        self._scribe = scribe
        self._past = Past(messages, records, answers)
        self._at = self._last = self._cut = 0
        self._starts: list[int] = []
        self._costs: list[int] = []
        self._thoughts: list[int] = []
        self._newest: dict[str, _Spot] = {}  # the image seen last stands last
        self._instead: dict[_Spot, str] = {}
        self._summary: _Summary | None = None

    def ask(self, end: int) -> None:
        """The model is asked after so many messages."""
        for number in range(self._at, end):
            self._take(number)
        self._at = end
        left = self._room.image_tokens
        shown = self._shown()
        for index, handle in enumerate(shown):
            left -= self._tokens(handle)
            if left < 0 and index:
                self._dismiss(shown[index:])
                break
        if self._total() > self._room.tokens:
            self._make_room()

    def _take(self, number: int) -> None:
        message = self._messages[number]
        if isinstance(message, HumanMessage):
            self._last = number
            self._starts.append(number)
        self._costs.append(_cost(marked(message), self._room.count))
        thought = str(message.additional_kwargs.get("reasoning_content") or "")
        self._thoughts.append(self._room.count(thought) if thought else 0)
        for index, block in enumerate(_blocks(message)):
            handle = _reference(block)
            if handle is None or handle not in self._records:
                continue
            earlier = self._newest.pop(handle, None)
            if earlier is not None and earlier not in self._instead:
                same = earlier[0] == number
                self._instead[earlier] = "" if same else f"({handle} comes again below)\n"
            self._newest[handle] = (number, index)

    def _shown(self) -> list[str]:
        """The images that are shown, the newest first."""
        return [h for h, spot in reversed(self._newest.items()) if spot not in self._instead]

    def _tokens(self, handle: str) -> int:
        return self._dialect.image_tokens(self._records[handle].size)

    def _dismiss(self, handles: Sequence[str]) -> None:
        """Images leave. Describing one may mean to read it: of many at once not all are."""
        for index, handle in enumerate(handles):
            full = index < _MOST_DESCRIBED
            self._instead[self._newest[handle]] = self._scribe.left_out(
                self._records[handle],
                self._past.pointed_at(handle, self._at) if full else (),
                full=full,
                look_again=self._room.look_again,
            )

    def _kept(self, start: int) -> int:
        """Tokens of what is kept in full from a message on, without images."""
        count, at = self._room.count, self._at
        lines = sum(count(line) for spot, line in self._instead.items() if spot[0] >= start)
        return sum(self._costs[start:at]) + sum(self._thoughts[self._last : at]) + lines

    def _image_cost(self) -> int:
        return sum(self._tokens(handle) + _AROUND_IMAGE for handle in self._shown())

    def _total(self) -> int:
        summary = self._summary
        told = 0
        if summary is not None:
            lines = [self._instead[spot] for spot in summary.spots if spot in self._instead]
            told = sum(map(self._room.count, [summary.text, *lines])) + 3 * _AROUND_MESSAGE
        return self._room.fixed + told + self._kept(self._cut) + self._image_cost()

    def _make_room(self) -> None:
        """Turns leave until half of the room is free, images where that doesn't do."""
        tokens = self._room.tokens - self._room.fixed
        half = (tokens - self._image_cost()) // 2
        later = [start for start in self._starts if self._cut <= start < self._last]
        self._cut = next((s for s in later if self._kept(s) <= half), self._last)
        least = max(self._room.tokens // 16, 128) if self._cut else 0
        while len(shown := self._shown()) > 1:
            if self._kept(self._cut) + self._image_cost() + least <= tokens:
                break
            self._dismiss(shown[-1:])
        if self._cut:
            free = tokens - self._image_cost()
            self._summary = self._summarised(
                min(max(free // 4, least), free - self._kept(self._cut))
            )

    def _summarised(self, bound: int) -> _Summary:
        starts = [start for start in self._starts if start <= self._cut]
        turns = (self._past.turn(start, end) for start, end in reversed(list(pairwise(starts))))
        old = {h: spot for h, spot in self._newest.items() if spot[0] < self._cut}
        text = summary_text(
            turns,
            [(self._records[h], self._instead[s]) for h, s in old.items() if s in self._instead],
            among=len(starts) - 1,
            bound=bound - 3 * _AROUND_MESSAGE,
            count=self._room.count,
            look_again=self._room.look_again,
        )
        spots = tuple(spot for spot in old.values() if spot not in self._instead)
        return _Summary(text=text, spots=spots)

    def view(self, inline_from: ImageStore | None) -> list[AnyMessage]:
        """The messages as they stand now.

        Args:
            inline_from: Where to take the images' bytes from, for models that aren't ours.
        """
        over = self._total() - self._room.tokens
        kept = [self._message(n, inline_from) for n in range(self._cut, self._at)]
        if over > 0:
            last = self._last - self._cut
            kept = [*kept[:last], *_clipped(kept[last:], over, self._room.count)]
        # What others wrote is marked at the very end: a cut must leave no mark open.
        kept = [marked(message) for message in kept]
        if self._summary is None:
            return kept
        content: list[Any] = [{"type": "text", "text": self._summary.text}]
        for number, index in self._summary.spots:
            block = _blocks(self._messages[number])[index]
            content += self._seen((number, index), block, inline_from)
        # A turn of its own, with an answer: strict templates want users and assistants to take
        # turns, and put before the next question it would be taken for a part of that.
        return [HumanMessage(content), AIMessage("Understood."), *kept]

    def _message(self, number: int, inline_from: ImageStore | None) -> AnyMessage:
        message = self._messages[number]
        blocks = _blocks(message)
        content = [
            seen
            for index, block in enumerate(blocks)
            for seen in self._seen((number, index), block, inline_from)
        ]
        same = content == blocks
        return message if same else message.model_copy(update={"content": content})

    def _seen(self, spot: _Spot, block: Any, inline_from: ImageStore | None) -> list[Any]:
        """A block as the model sees it: an image, with its bytes where need be, or a line."""
        record = self._records.get(_reference(block) or "")
        if record is None:
            return [block]
        if (line := self._instead.get(spot)) is not None:
            return [{"type": "text", "text": line}] if line else []
        if inline_from is None:
            return [block]
        return [{"type": "text", "text": f"{record.handle}:"}, _inlined(record, inline_from)]


def _blocks(message: AnyMessage) -> list[Any]:
    return [] if isinstance(message.content, str) else list(cast("list[Any]", message.content))


def _reference(block: Any) -> str | None:
    """The handle that a block stands for, None for another kind of block."""
    if not isinstance(block, dict):
        return None
    given = cast("dict[str, Any]", block)
    return str(given.get("id")) if given.get("type") == IMAGE_REFERENCE else None


def _cost(message: AnyMessage, count: Count) -> int:
    """Tokens of a message's words and calls."""
    cost = _AROUND_MESSAGE + count(str(message.text))
    if isinstance(message, AIMessage):
        for call in message.tool_calls:
            words = json.dumps(call["args"], ensure_ascii=False, default=str)
            cost += _AROUND_CALL + count(f"{call['name']}{words}")
        cost += sum(count(str(call["args"] or "")) for call in message.invalid_tool_calls)
    return cost


def _clipped(turn: Sequence[AnyMessage], over: int, count: Count) -> list[AnyMessage]:
    """A turn that is too long by itself: results of its tools are cut, the latest ones last."""
    messages = list(turn)
    step = max((n for n, m in enumerate(messages) if isinstance(m, AIMessage)), default=0)
    results = [n for n, m in enumerate(messages) if isinstance(m, ToolMessage)]
    for these in ([n for n in results if n < step], [n for n in results if n > step]):
        for longest in _CUTS:
            if over <= 0:
                return messages
            for number in these:
                shorter = _shortened(turn[number], longest)
                over -= count(str(messages[number].text)) - count(str(shorter.text))
                messages[number] = shorter
    return messages


def _shortened(message: AnyMessage, longest: int) -> AnyMessage:
    if len(str(message.text)) <= longest:
        return message
    blocks = _blocks(message) or [message.content]
    content: list[Any] = []
    for block in blocks:
        text = block if isinstance(block, str) else str(block.get("text") or "")
        content.append(block if not text else {"type": "text", "text": _cut(text, longest)})
        longest = max(longest - len(text), 0)
    plain = content[0]["text"] if isinstance(message.content, str) else content
    return message.model_copy(update={"content": plain})


def _cut(text: str, longest: int) -> str:
    if len(text) <= longest:
        return text
    return f"{text[:longest]}\n(… {len(text) - longest} more characters: call the tool again)"


def _inlined(record: ImageRecord, store: ImageStore) -> dict[str, Any]:
    image = store.get(record.sha256)
    data = base64.b64encode(image.data).decode("ascii")
    return {"type": "image", "base64": data, "mime_type": image.mime, "id": record.handle}
