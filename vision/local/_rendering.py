"""A conversation as the text a checkpoint's own chat template makes of it.

The model's earlier turns are written as it wrote them, to the letter, so that what the engine
keeps of the conversation fits. Everything else that isn't ours is made harmless first: words in
a picture or a message can't end a turn.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import cast

from deixis.vision._dialect import JsonObject
from deixis.vision._errors import ModelError
from deixis.vision._turns import ImagePart, TextPart, Turn
from deixis.vision.local._replies import Record, ReplyReader, open_thought, record_of
from deixis.vision.qwen._families import FamilyFacts
from deixis.vision.qwen._tool_calls import ToolUse, neutral, tool_writer

ChatTemplate = Callable[[Sequence[JsonObject], Sequence[JsonObject], bool], str]
"""Text of messages, tools and whether the model is to think, as the checkpoint's template has it.

The text ends with what opens the model's turn.
"""

_HEADER = "<|im_start|>assistant\n"
_DEFAULT_SYSTEM = "You are a helpful assistant."  # what Qwen2-VL's template itself puts in
_THOUGHT = re.compile(r"\s*<think>(.*?)</think>\s*", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Rendered:
    """A conversation, ready to go on with.

    Attributes:
        text: With one placeholder for each image; ends in the middle of the model's turn.
        images: In the order of their placeholders.
        opened: What the template opens the model's turn with: a thought, an empty one, nothing.
        prefill: The beginning of a call that the model must make, after it.
    """

    text: str
    images: tuple[ImagePart, ...]
    opened: str
    prefill: str = ""

    @property
    def thinking(self) -> bool:
        """Whether the model's turn opens in the middle of a thought."""
        return open_thought(self.opened)


@dataclass(frozen=True, kw_only=True)
class ToolOffer:
    """The tools that a model may call.

    Attributes:
        tools: In OpenAI's form.
        forced: Whether it must call one.
        name: The one it must call; None: any.
    """

    tools: tuple[JsonObject, ...] = ()
    forced: bool = False
    name: str | None = None


class Renderer:
    """Writes conversations for one checkpoint.

    Args:
        template: The checkpoint's chat template.
        facts: What its family needs.
    """

    def __init__(self, template: ChatTemplate, facts: FamilyFacts) -> None:
        self._template = template
        self._facts = facts
        self._writer = tool_writer(facts.tools)

    def render(
        self, turns: Sequence[Turn], offer: ToolOffer, *, thinking: bool = False
    ) -> Rendered:
        """A conversation's text and images.

        Args:
            turns: From the first on.
            offer: The tools there are.
            thinking: Whether a model that can think is to do so.

        Raises:
            ModelError: There is no question in it, or the template refuses it.
        """
        if not any(turn.role == "user" for turn in turns):
            raise ModelError("there is no question: give the model a message from the user")
        thinking = thinking and not offer.forced
        mark = uuid.uuid4().hex
        messages, images = self._messages(turns, offer, mark)
        text = self._templated(messages, offer, thinking)
        text = self._with_replies(text, turns, offer, mark)
        _, header, opened = text.rpartition(_HEADER)
        if not header:
            raise ModelError("the checkpoint's chat template doesn't open the assistant's turn")
        prefill = self._forced(offer.name) if offer.forced else ""
        if prefill and open_thought(opened):
            prefill = f"\n</think>\n\n{prefill}"
        return Rendered(text=text + prefill, images=tuple(images), opened=opened, prefill=prefill)

    def _templated(self, messages: Sequence[JsonObject], offer: ToolOffer, thinking: bool) -> str:
        tools = [cast("JsonObject", _harmless(tool)) for tool in offer.tools]
        known = tools if self._facts.template_tools else []
        try:
            return self._template(messages, known, thinking)
        except Exception as error:
            # Jinja's errors, and whatever a checkpoint's template makes Python raise.
            told = " ".join(str(error).split())[:200]
            raise ModelError(
                f"the checkpoint's chat template refuses the conversation: {told}"
            ) from error

    def _messages(
        self, turns: Sequence[Turn], offer: ToolOffer, mark: str
    ) -> tuple[list[JsonObject], list[ImagePart]]:
        """What the template is given, with a mark where an earlier reply goes."""
        messages: list[JsonObject] = []
        images: list[ImagePart] = []
        waiting: list[ImagePart] = []  # no template shows images of the system or the assistant
        if system := self._system(turns, offer):
            messages.append({"role": "system", "content": system})
        answered = False
        for number, turn in enumerate(turns):
            if turn.role == "system":
                waiting += turn.images
            elif turn.role == "assistant":
                waiting += turn.images
                answered = True
                messages.append({"role": "assistant", "content": _mark(mark, number)})
            else:
                images += [*waiting, *turn.images]
                parts = [*_parts(waiting), *_parts(turn.parts)]
                waiting = []
                follows = number > 0 and turns[number - 1].role == "tool"
                self._add(messages, turn, parts, template=answered, follows=follows)
        return messages, images

    def _system(self, turns: Sequence[Turn], offer: ToolOffer) -> str:
        text = neutral("".join(turn.text for turn in turns if turn.role == "system"))
        if self._facts.template_tools or not offer.tools:
            return text
        return f"{text or _DEFAULT_SYSTEM}\n\n{self._writer.instructions(offer.tools)}"

    def _add(
        self,
        messages: list[JsonObject],
        turn: Turn,
        parts: list[JsonObject],
        *,
        template: bool,
        follows: bool,
    ) -> None:
        """Adds a user's turn or a tool's result.

        Args:
            messages: So far.
            turn: To be added.
            parts: Its text and images as the template takes them.
            template: Whether a template that knows results takes this one: only after a reply.
            follows: Whether it follows another result, whose turn it shares.
        """
        if turn.role == "user":
            messages.append({"role": "user", "content": parts})
        elif self._facts.template_tools and template:
            messages.append({"role": "tool", "name": neutral(turn.name), "content": parts})
        else:
            before, after = self._writer.write_result(name=turn.name, text=turn.text)
            written = [_text(before), *parts, _text(after)]
            if follows:
                earlier = cast("list[JsonObject]", messages[-1]["content"])
                messages[-1]["content"] = [*earlier, _text("\n"), *written]
            else:
                messages.append({"role": "user", "content": written})

    def _with_replies(self, text: str, turns: Sequence[Turn], offer: ToolOffer, mark: str) -> str:
        """The text with the model's earlier turns where their marks stand."""
        asked = max(number for number, turn in enumerate(turns) if turn.role == "user")
        for number, turn in enumerate(turns):
            if turn.role != "assistant":
                continue
            before, found, after = text.partition(_mark(mark, number))
            if not found:
                raise ModelError("the checkpoint's chat template leaves out the model's own turns")
            start = before.rfind(_HEADER) + len(_HEADER)
            own = self._verbatim(turn, offer, old=number < asked)
            if own is None:
                text = before + self._written(turn) + after
            else:
                text = before[:start] + own + after
        return text

    def _verbatim(self, turn: Turn, offer: ToolOffer, *, old: bool) -> str | None:
        """A turn as the model wrote it, if it did and the message still says the same.

        Thoughts before the latest question are dropped, as the authors' templates do: what
        follows them is computed again, once. An empty thought, which a template puts in to keep
        a model from thinking, stays; dropping it would cost the same for nothing.
        """
        record = record_of(turn)
        if record is None or not _still_means(turn, record, self._facts, offer):
            return None
        whole = record.whole
        thought = _THOUGHT.match(whole)
        if old and thought is not None and thought[1].strip():
            return whole[thought.end() :]
        return whole

    def _written(self, turn: Turn) -> str:
        """A turn of another model, or one that was edited."""
        calls = [ToolUse(name=call["name"], arguments=call["args"], raw="") for call in turn.calls]
        return self._writer.write_reply(turn.text, calls)

    def _forced(self, name: str | None) -> str:
        """The beginning of a call, for the model to go on from.

        It ends where a token of the model's own would: no space that belongs to what follows.
        """
        match self._facts.tools:
            case "hermes":
                named = f'{json.dumps(name, ensure_ascii=False)}, "arguments":' if name else '"'
                return f'<tool_call>\n{{"name": {named}'
            case "xml":
                return f"<tool_call>\n<function={name}>\n" if name else "<tool_call>\n<function="
            case "react":
                return f"Action: {name}\nAction Input:" if name else "Action:"


def _still_means(turn: Turn, record: Record, facts: FamilyFacts, offer: ToolOffer) -> bool:
    """Whether a message says what its raw text does: nobody edited it since."""
    reader = ReplyReader(tool_writer(facts.tools), record, tools=offer.tools)
    reader.feed(record.raw)
    reader.close()
    said = [(call.name, call.arguments) for call in reader.calls]
    return reader.text == turn.text and said == [(c["name"], c["args"]) for c in turn.calls]


def _mark(mark: str, number: int) -> str:
    return f"[{mark}:{number}]"


def _text(text: str) -> JsonObject:
    return {"type": "text", "text": text}


def _parts(parts: Iterable[TextPart | ImagePart]) -> list[JsonObject]:
    """Text and images as templates take them, each image after its handle."""
    written: list[JsonObject] = []
    fresh = True  # whether a line begins here
    for part in parts:
        if isinstance(part, TextPart):
            written.append(_text(neutral(part.text)))
            fresh = part.text.endswith("\n")
        else:
            before = "" if fresh else "\n"
            written.append(_text(f"{before}{neutral(part.handle)}: "))
            written.append({"type": "image"})
            written.append(_text("\n"))
            fresh = True
    return written


def _harmless(value: object) -> object:
    """A tool's schema with its words made harmless: tools come from elsewhere, too."""
    if isinstance(value, str):
        return neutral(value)
    if isinstance(value, list):
        return [_harmless(item) for item in cast("list[object]", value)]
    if isinstance(value, dict):
        items = cast("JsonObject", value).items()
        return {neutral(key): _harmless(item) for key, item in items}
    return value
