"""What a span tells of a model's call and of a tool's, by OpenTelemetry's names for generative AI.

Names under `gen_ai.` are those of the semantic conventions; ours begin with `deixis.`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, cast

from langchain.agents.middleware import ModelRequest
from langchain.tools.tool_node import ToolCallRequest
from langchain_core.messages import (
    AIMessage,
    AnyMessage,
    BaseMessage,
    HumanMessage,
    ToolMessage,
)
from langchain_core.utils.function_calling import convert_to_openai_tool
from langgraph.types import Command
from pydantic import BaseModel

from deixis.agents._effects import Beside
from deixis.agents._result import places_in
from deixis.agents._state import records_of
from deixis.agents.tracing._redaction import Json, Redactor
from deixis.agents.tracing._spans import Attributes
from deixis.tools._arguments import typed_arguments
from deixis.tools._langchain import PlaceTool
from deixis.vision import (
    IMAGE_REFERENCE,
    Box,
    DeixisError,
    Detection,
    Dialect,
    ImageRecord,
    Point,
    VisionModel,
    frames_of,
)
from deixis.vision._geometry import PLACE_MARK
from deixis.vision._model import estimated_tokens

UNKNOWN_TOOL: Final = "(unknown)"
_NAME: Final = 120  # characters of a name that a model or a server gave
_ROLES: Final = {"human": "user", "ai": "assistant", "tool": "tool", "system": "system"}
_SETTINGS: Final = {
    "temperature": "gen_ai.request.temperature",
    "top_p": "gen_ai.request.top_p",
    "max_tokens": "gen_ai.request.max_tokens",
    "max_new_tokens": "gen_ai.request.max_tokens",
}


def written(value: Json) -> str:
    """JSON as an attribute holds it: OpenTelemetry knows no objects."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def model_name(model: object, redact: Redactor) -> str:
    """A model's name, as users give it."""
    if isinstance(model, VisionModel):
        return redact.text(model.name_for_users, longest=_NAME)
    name = getattr(model, "model_name", None) or getattr(model, "model", None)
    return redact.text(str(name or type(model).__name__), longest=_NAME)


def provider_name(model: object) -> str:
    """Who runs a model: what stands before the colon of its name, or LangChain's word for it."""
    if isinstance(model, VisionModel):
        kind, colon, _ = model.name_for_users.partition(":")
        return kind if colon else "deixis"
    return str(getattr(model, "_llm_type", "langchain"))


class CallTeller:
    """Tells of one agent's calls.

    Args:
        dialect: How its model writes places.
        redact: Cleans words.
        content: Whether words are told at all.
    """

    def __init__(self, *, dialect: Dialect, redact: Redactor, content: bool) -> None:
        self._dialect = dialect
        self._redact = redact
        self._content = content
        self._tools: dict[str, int] = {}

    def asked(self, request: ModelRequest[Any]) -> Attributes:
        """A model's call, before it is made."""
        told: Attributes = {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": provider_name(request.model),
            "gen_ai.request.model": model_name(request.model, self._redact),
        }
        for field, name in _SETTINGS.items():
            value = getattr(request.model, field, None)
            if isinstance(value, int | float) and not isinstance(value, bool):
                told[name] = value
        records = {r.handle: r for r in records_of(cast("Any", request.state or {}))}
        shown = [records[handle] for handle in _shown(request.messages) if handle in records]
        if shown:
            tokens = [self._dialect.image_tokens(record.size) for record in shown]
            told["deixis.images"] = [record.handle for record in shown]
            told["deixis.images.tokens"] = tokens
            told["deixis.usage.image_tokens"] = sum(tokens)
        if self._content:
            told["gen_ai.input.messages"] = written(messages_told(request.messages, self._redact))
            if request.system_message is not None:
                words = self._redact.text(str(request.system_message.text))
                told["gen_ai.system_instructions"] = written([{"type": "text", "content": words}])
        return told

    def answered(self, request: ModelRequest[Any], said: AIMessage) -> Attributes:
        """What came of a model's call."""
        told = _usage(said) or self._estimated(request, said)
        answered_by = said.response_metadata.get("model_name")
        if isinstance(answered_by, str):
            told["gen_ai.response.model"] = self._redact.text(answered_by, longest=_NAME)
        reason = said.response_metadata.get("finish_reason")
        if isinstance(reason, str):
            told["gen_ai.response.finish_reasons"] = [self._redact.text(reason, longest=_NAME)]
        if said.tool_calls:
            told["deixis.tool_calls"] = len(said.tool_calls)
        if said.invalid_tool_calls:
            told["deixis.tool_calls.unreadable"] = len(said.invalid_tool_calls)
        if self._content:
            told["gen_ai.output.messages"] = written(messages_told([said], self._redact))
        return told

    def _estimated(self, request: ModelRequest[Any], said: AIMessage) -> Attributes:
        """Our own count of a call's tokens, where the model gives none."""
        count = request.model.text_tokens if isinstance(request.model, VisionModel) else None
        count = count or estimated_tokens
        given = [str(message.text) for message in request.messages]
        given += [json.dumps(c["args"]) for m in request.messages for c in _calls(m)]
        if request.system_message is not None:
            given.append(str(request.system_message.text))
        records = {r.handle: r for r in records_of(cast("Any", request.state or {}))}
        images = sum(
            self._dialect.image_tokens(records[handle].size)
            for handle in _shown(request.messages)
            if handle in records
        )
        tools = sum(self._tool_tokens(tool) for tool in request.tools)
        made = [
            str(said.text),
            *(json.dumps(call["args"], default=str) for call in said.tool_calls),
        ]
        return {
            "gen_ai.usage.input_tokens": sum(map(count, given)) + images + tools,
            "gen_ai.usage.output_tokens": sum(map(count, made)),
            "deixis.usage.estimated": True,
        }

    def _tool_tokens(self, tool: Any) -> int:
        name = str(getattr(tool, "name", "") or tool.get("name", ""))
        if name not in self._tools:
            self._tools[name] = estimated_tokens(json.dumps(convert_to_openai_tool(tool)))
        return self._tools[name]

    def tool_name(self, request: ToolCallRequest) -> str:
        """A tool's name; that of one which doesn't exist is the model's word."""
        if request.tool is not None:
            return request.tool.name
        if not self._content:
            return UNKNOWN_TOOL
        return self._redact.text(str(request.tool_call["name"]), longest=_NAME)

    def called(self, request: ToolCallRequest) -> Attributes:
        """A tool's call, before it is made: with the places it was given, in original pixels."""
        told: Attributes = {
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": self.tool_name(request),
            "gen_ai.tool.type": "function",
            "gen_ai.tool.call.id": self._redact.text(str(request.tool_call["id"]), longest=_NAME),
        }
        if places := self._places(request):
            told["deixis.places"] = written(places)
        if self._content:
            said = self._redact.value(request.tool_call["args"])
            told["gen_ai.tool.call.arguments"] = written(said)
        return told

    def _places(self, request: ToolCallRequest) -> list[Json]:
        if not isinstance(request.tool, PlaceTool):
            return []
        arguments, said = request.tool.wrapped.arguments, request.tool_call["args"]
        if not _takes_places(arguments):
            return []
        frames = frames_of(records_of(request.state), self._dialect)
        try:
            given = typed_arguments(said, arguments, dialect=self._dialect, frames=frames)
        except DeixisError:  # the tool will say so
            return []
        return [place_told(place, name=name) for name, place in places_in(given)]

    def done(self, request: ToolCallRequest, result: object) -> tuple[Attributes, bool]:
        """What came of a tool's call, and whether it was done."""
        message = _result_of(request, result)
        if message is None:
            return {}, True
        told: Attributes = {}
        detections = Beside.of(message).detections
        if detections:
            told["deixis.result.places"] = written(self.detections(detections))
        if made := images_made(result):
            told["deixis.images.made"] = [record.handle for record in made]
        if self._content:
            told["gen_ai.tool.call.result"] = self._redact.text(str(message.text))
        return told, message.status != "error"

    def detections(self, detections: Sequence[Detection]) -> list[Json]:
        """Places that something rests on; what is written there only where words are told."""
        told: list[Json] = []
        for detection in detections:
            place = detection.box or detection.point
            if place is None:
                continue
            name = (detection.text or detection.label) if self._content else ""
            clean = self._redact.text(name) if name else ""
            told.append(place_told(place, name=clean, image=detection.image))
        return told


def place_told(place: Point | Box, *, name: str, image: str | None = None) -> Json:
    """A place in original pixels: `{"image", "box": [x1, y1, x2, y2]}`, or `"point": [x, y]`."""
    where: list[Json] = (
        [round(value, 1) for value in place.xyxy]
        if isinstance(place, Box)
        else [round(place.x, 1), round(place.y, 1)]
    )
    kind = "box" if isinstance(place, Box) else "point"
    return {"image": place.image or image, kind: where, **({"name": name} if name else {})}


def messages_told(messages: Sequence[BaseMessage], redact: Redactor) -> list[Json]:
    """Messages as the semantic conventions write them, an image as its handle."""
    told: list[Json] = []
    for message in messages:
        parts: list[Json] = []
        if isinstance(message, ToolMessage):
            parts.append(
                {
                    "type": "tool_call_response",
                    "id": redact.text(str(message.tool_call_id), longest=_NAME),
                    "response": redact.text(str(message.text)),
                }
            )
        elif message.text:
            parts.append({"type": "text", "content": redact.text(str(message.text))})
        for handle in _shown([message]):
            parts.append({"type": "deixis.image", "image": handle})
        for call in _calls(message):
            parts.append(
                {
                    "type": "tool_call",
                    "id": redact.text(str(call["id"]), longest=_NAME),
                    "name": redact.text(call["name"], longest=_NAME),
                    "arguments": redact.value(call["args"]),
                }
            )
        told.append({"role": _ROLES.get(message.type, message.type), "parts": parts})
    return told


def record_told(record: ImageRecord, redact: Redactor | None) -> Json:
    """An image: its handle, its size and its hash; where it comes from with `redact` alone."""
    told: dict[str, Json] = {
        "image": record.handle,
        "sha256": record.sha256,
        "width": record.width,
        "height": record.height,
        "page": record.page,
        "parent": record.parent,
        "region": list(record.region) if record.region else None,
        "source": redact.text(record.source) if redact is not None else None,
    }
    return {key: value for key, value in told.items() if value is not None}


def images_made(result: object) -> list[ImageRecord]:
    """The images that a tool's call added to the conversation."""
    if not isinstance(result, Command):
        return []
    command = cast("Command[Any]", result)
    update: Any = command.update
    # One that leaves its graph for another brings the whole conversation along.
    if command.graph is not None or not isinstance(update, dict):
        return []
    return list(records_of(cast("Mapping[str, Any]", update)))


def steps_taken(messages: Sequence[AnyMessage]) -> int:
    """How often the model has spoken since the last question."""
    steps = 0
    for message in reversed(messages):
        if isinstance(message, HumanMessage):
            break
        steps += isinstance(message, AIMessage)
    return steps


def messages_of(state: object) -> Sequence[AnyMessage]:
    """The messages of a graph's state."""
    if not isinstance(state, Mapping):
        return []
    found = cast("Mapping[str, Any]", state).get("messages")
    return cast("Sequence[AnyMessage]", found or [])


def last_said(messages: Sequence[Any]) -> AIMessage | None:
    """The model's last word."""
    return next((m for m in reversed(messages) if isinstance(m, AIMessage)), None)


@lru_cache(maxsize=256)
def _takes_places(arguments: type[BaseModel]) -> bool:
    """Whether a tool takes places: to look for them costs as much as a small tool's call."""
    return PLACE_MARK in json.dumps(arguments.model_json_schema())


def _usage(said: AIMessage) -> Attributes:
    usage = said.usage_metadata
    if usage is None:
        return {}
    told: Attributes = {
        "gen_ai.usage.input_tokens": usage["input_tokens"],
        "gen_ai.usage.output_tokens": usage["output_tokens"],
    }
    cached = usage.get("input_token_details", {}).get("cache_read")
    thought = usage.get("output_token_details", {}).get("reasoning")
    if cached is not None:
        told["gen_ai.usage.cache_read.input_tokens"] = cached
    if thought is not None:
        told["gen_ai.usage.reasoning.output_tokens"] = thought
    return told


def _shown(messages: Sequence[BaseMessage]) -> list[str]:
    """Handles of the images in messages, in order, each once."""
    handles: dict[str, None] = {}
    for message in messages:
        for block in message.content if isinstance(message.content, list) else ():
            if isinstance(block, dict) and block.get("type") in (IMAGE_REFERENCE, "image"):
                handle = block.get("id")
                if isinstance(handle, str):
                    handles[handle] = None
    return list(handles)


def _calls(message: BaseMessage) -> Sequence[Any]:
    return message.tool_calls if isinstance(message, AIMessage) else ()


def _result_of(request: ToolCallRequest, result: object) -> ToolMessage | None:
    if isinstance(result, ToolMessage):
        return result
    update = cast("Command[Any]", result).update if isinstance(result, Command) else None
    found = cast("Mapping[str, Any]", update).get("messages") if isinstance(update, dict) else None
    for message in reversed(cast("list[Any]", found) if isinstance(found, list) else []):
        if isinstance(message, ToolMessage) and message.tool_call_id == request.tool_call["id"]:
            return message
    return None
