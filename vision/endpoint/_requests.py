"""Conversations and tools in the form of OpenAI's chat completions, as strict servers take it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, cast

from deixis.vision._dialect import JsonObject
from deixis.vision._errors import ImageError, ModelError
from deixis.vision._turns import ImagePart, TextPart, Turn
from deixis.vision.endpoint._servers import ServerFacts
from deixis.vision.qwen._tool_calls import ToolWriter, neutral

ToolMode = Literal["native", "text"]
Show = Callable[[ImagePart], str]

LONGEST_IMAGES = 32_000_000
"""Characters that the images of one request may have."""


@dataclass(frozen=True, kw_only=True)
class Offer:
    """The tools of a request.

    Attributes:
        tools: In OpenAI's form.
        demanded: Name of the tool that must be called, `*` for any, empty for a free choice.
    """

    tools: tuple[JsonObject, ...] = ()
    demanded: str = ""

    @classmethod
    def of(cls, tools: object, choice: object) -> Offer:
        """From what LangChain binds: `tools`, and `tool_choice` in any of its forms.

        Raises:
            ModelError: A tool is demanded that isn't offered.
        """
        given = cast("list[JsonObject]", tools) if isinstance(tools, list) else []
        if choice == "none" or not given:
            if choice not in (None, False, "none", "auto"):
                raise ModelError("a tool call was demanded and no tool is bound: bind one")
            return cls()
        if isinstance(choice, dict):
            said = cast("JsonObject", choice)
            choice = cast("JsonObject", said.get("function") or said).get("name")
        if choice in (None, False, "auto"):
            return cls(tools=tuple(given))
        names = [tool_name(tool) for tool in given]
        if choice in ("any", "required", True):
            return cls(tools=tuple(given), demanded=names[0] if len(names) == 1 else "*")
        if choice not in names:
            raise ModelError(f"there is no tool {str(choice)[:60]!r} to demand: bind it first")
        return cls(tools=tuple(given), demanded=str(choice))

    def sentence(self) -> str:
        """The demand in words, for servers that can't enforce it."""
        if not self.demanded:
            return ""
        which = "one of the tools" if self.demanded == "*" else f"the tool {self.demanded}"
        return f"Answer by calling {which}, now, and in no other way."

    def fields(self, facts: ServerFacts) -> JsonObject:
        """`tools` and `tool_choice` for a server that parses calls itself."""
        if not self.tools:
            return {}
        tools: list[JsonObject] = list(self.tools)
        if not self.demanded:
            return {"tools": tools}
        required: JsonObject = {"tool_choice": "required"} if facts.required else {}
        if self.demanded == "*":
            return {"tools": tools, **required}
        if facts.named:
            named = {"type": "function", "function": {"name": self.demanded}}
            return {"tools": tools, "tool_choice": named}
        return {"tools": [tool for tool in tools if tool_name(tool) == self.demanded], **required}

    def enforced(self, facts: ServerFacts) -> bool:
        """Whether the server itself sees to the demand."""
        return facts.required if self.demanded == "*" else facts.named or facts.required


def tool_name(tool: JsonObject) -> str:
    """Name of a tool in OpenAI's form."""
    return str(cast("JsonObject", tool.get("function") or tool).get("name", ""))


@dataclass(frozen=True, kw_only=True)
class _Written:
    """A call of a conversation, for a `ToolWriter`."""

    name: str
    arguments: JsonObject


class MessageWriter:
    """Writes turns as messages.

    An image goes into a user message, its handle before it: servers refuse images in system and
    tool messages. The results of a step come first, right after their calls; one user message
    with all their images follows.

    Args:
        show: Gives an image as a data URI.
        writer: Writes calls and results as text; None where the server takes them as fields.
        extra: Added to the system message.
    """

    def __init__(self, *, show: Show, writer: ToolWriter | None, extra: str = "") -> None:
        self._show = show
        self._writer = writer
        self._extra = extra
        self._messages: list[JsonObject] = []
        self._results: list[Turn] = []
        self._waiting: list[ImagePart] = []
        self._ids: set[str] = set()
        self._size = 0

    def messages(self, turns: Sequence[Turn]) -> list[JsonObject]:
        """The messages of a conversation.

        Raises:
            ImageError: The images are too large, one by one or together.
        """
        if self._extra and (not turns or turns[0].role != "system"):
            self._messages.append({"role": "system", "content": self._extra})
        for turn in turns:
            if turn.role == "tool":
                self._results.append(turn)
                continue
            self._flush()
            if turn.role == "system":
                self._system(turn)
            elif turn.role == "assistant":
                self._assistant(turn)
            else:
                self._user([*self._shown(self._take_waiting()), *self._parts(turn)])
        self._flush()
        if self._waiting:
            self._user(self._shown(self._take_waiting()))
        return self._messages

    def _system(self, turn: Turn) -> None:
        text = "\n\n".join(part for part in (turn.text, self._extra) if part)
        self._waiting += turn.images
        self._messages.append({"role": "system", "content": text})

    def _take_waiting(self) -> list[ImagePart]:
        waiting, self._waiting = self._waiting, []
        return waiting

    def _assistant(self, turn: Turn) -> None:
        self._ids = {str(call["id"]) for call in turn.calls}
        words = "".join(part.text for part in turn.parts if isinstance(part, TextPart))
        broken = [str(call["args"] or "") for call in _invalid(turn)]
        words = "\n".join(filter(None, (words, *broken)))
        if self._writer is not None:
            calls = [_Written(name=c["name"], arguments=c["args"]) for c in turn.calls]
            text = self._writer.write_reply(words, calls)
            self._messages.append({"role": "assistant", "content": text})
            return
        # An empty text rather than none: templates go through content that isn't a text.
        message: JsonObject = {"role": "assistant", "content": neutral(words)}
        if turn.calls:
            message["tool_calls"] = [
                {
                    "id": str(call["id"]),
                    "type": "function",
                    "function": {
                        "name": call["name"],
                        "arguments": json.dumps(call["args"], ensure_ascii=False),
                    },
                }
                for call in turn.calls
            ]
        self._messages.append(message)

    def _flush(self) -> None:
        results, self._results = self._results, []
        if self._writer is not None:
            told = [self._told(self._writer, turn) for turn in results]
            self._user([part for parts in told for part in (*parts, _text("\n"))][:-1])
            return
        parts: list[JsonObject] = []
        for turn in results:
            if turn.call_id in self._ids:
                content = neutral(turn.text) or "(no text)"
                self._messages.append(
                    {"role": "tool", "tool_call_id": turn.call_id, "content": content}
                )
            else:
                # The answer to a call that couldn't be read, which the server never saw.
                parts.append(_text(f"{neutral(turn.text)}\n"))
            parts += self._shown(turn.images)
        self._user(parts)

    def _told(self, writer: ToolWriter, turn: Turn) -> list[JsonObject]:
        text = neutral(turn.text)
        before, after = writer.write_result(name=turn.name, text=text)
        return [_text(before.lstrip("\n") + text), *self._shown(turn.images), _text(after)]

    def _parts(self, turn: Turn) -> list[JsonObject]:
        parts: list[JsonObject] = []
        for part in turn.parts:
            if isinstance(part, TextPart):
                parts.append(_text(neutral(part.text)))
            else:
                parts += self._shown([part])
        return parts

    def _shown(self, images: Sequence[ImagePart]) -> list[JsonObject]:
        parts: list[JsonObject] = []
        for part in images:
            uri = self._show(part)
            self._size += len(uri)
            if self._size > LONGEST_IMAGES:
                raise ImageError(
                    f"the images of this request take more than {LONGEST_IMAGES:,} bytes: show "
                    "fewer, or give the model a smaller max_pixels"
                )
            image: JsonObject = {"type": "image_url", "image_url": {"url": uri}}
            parts += [_text(f"{part.handle}:"), image]
        return parts

    def _user(self, parts: list[JsonObject]) -> None:
        if not parts:
            return
        joined: list[JsonObject] = []
        for part in parts:
            if joined and part["type"] == joined[-1]["type"] == "text":
                joined[-1] = _text(f"{joined[-1]['text']}{part['text']}")
            else:
                joined.append(part)
        only_words = len(joined) == 1 and joined[0]["type"] == "text"
        content = joined[0]["text"] if only_words else joined
        self._messages.append({"role": "user", "content": content})


def _text(text: str) -> JsonObject:
    return {"type": "text", "text": text}


def _invalid(turn: Turn) -> list[JsonObject]:
    return cast("list[JsonObject]", getattr(turn.message, "invalid_tool_calls", None) or [])
