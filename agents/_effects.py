"""Tools with an effect in the loop: each call of one is made once, whatever is killed when."""

from __future__ import annotations

import asyncio
import hashlib
import json
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, cast

from langchain.tools import ToolRuntime
from langchain.tools.tool_node import ToolCallRequest
from langchain_core.messages import AIMessage, AnyMessage, ToolCall, ToolMessage
from langgraph.errors import GraphBubbleUp
from langgraph.types import Command
from pydantic import BaseModel, ConfigDict, Field, JsonValue, RootModel

from deixis.agents._outside import foreign, signed
from deixis.agents._state import ImageRecords, written
from deixis.memory import Effect, EffectLedger
from deixis.tools import NewImage, ToolResult
from deixis.tools._langchain import PlaceTool
from deixis.vision import Box, DeixisError, Detection, ImageBook, ImageStore, image_block

Outcome = ToolResult | ToolMessage | Command[Any]
"""What a call came to: our tools' result, or what a tool of LangChain's returned."""

NO_EFFECT: Final = "deixis_no_effect"
"""Metadata of a tool of LangChain's that may well run again."""

_CUT_OFF: Final = (
    "Error: this call was cut off. Whether it was done is not known: look before you try again."
)
_BESIDE: Final = "deixis"
_NOT_KEPT: Final = "Done. The run was cut off just after it, and what it returned was not kept."


@dataclass(frozen=True, kw_only=True)
class EffectCall:
    """One call of a tool with an effect.

    Attributes:
        key: Names it for good.
        thread_id: The conversation.
        call: As the model made it.
        ledger: Where it is written down.
        store: Where the images that it makes are kept.
    """

    key: str
    thread_id: str
    call: ToolCall
    ledger: EffectLedger
    store: ImageStore

    def run(self, make: Callable[[], Outcome]) -> Outcome:
        """Makes the call, unless it was made before: then gives what it came to.

        An error of the ledger ends the run: without it nobody could say what has been done.
        """
        if known := self.ledger.begin(self.key, thread_id=self.thread_id):
            return read_outcome(known, self.call, self.store)
        try:
            outcome = make()
        except GraphBubbleUp:
            # The tool asks a person something, and starts anew with the answer.
            self.ledger.cancel(self.key)
            raise
        self.ledger.finish(self.key, write_outcome(outcome, self.store))
        return outcome

    async def arun(self, make: Callable[[], Awaitable[Outcome]]) -> Outcome:
        """The same, asynchronously."""
        begin = self.ledger.begin
        if known := await asyncio.to_thread(begin, self.key, thread_id=self.thread_id):
            return await asyncio.to_thread(read_outcome, known, self.call, self.store)
        try:
            outcome = await make()
        except GraphBubbleUp:
            await asyncio.to_thread(self.ledger.cancel, self.key)
            raise
        kept = await asyncio.to_thread(write_outcome, outcome, self.store)
        await asyncio.to_thread(self.ledger.finish, self.key, kept)
        return outcome


@dataclass(frozen=True, kw_only=True)
class Effects:
    """The ledger, as the loop uses it.

    Attributes:
        ledger: Where calls are written down.
        store: Where images are kept.
    """

    ledger: EffectLedger
    store: ImageStore

    def of(self, request: ToolCallRequest) -> EffectCall | None:
        """A call that may be made only once; None for what may well run again.

        A tool that isn't ours isn't known to have no effect.
        """
        tool = request.tool
        if tool is None or (isinstance(tool, PlaceTool) and not tool.wrapped.effect):
            return None
        if (tool.metadata or {}).get(NO_EFFECT):
            return None
        return EffectCall(
            key=request_key(request),
            thread_id=_thread_id(request),
            call=request.tool_call,
            ledger=self.ledger,
            store=self.store,
        )

    def lost(
        self, call: ToolCall, *, said: AIMessage, thread_id: str, book: ImageBook
    ) -> tuple[ToolMessage, ImageRecords]:
        """What to tell the model of a call whose step never ended, and the images it made."""
        known = self.ledger.known(_key(thread_id, said, call)) or Effect()
        outcome = read_outcome(known, call, self.store)
        if isinstance(outcome, ToolResult):
            return told(call, outcome, book)
        return outcome, {}


def request_key(request: ToolCallRequest) -> str:
    """Names a call for good: the same after a kill, and never that of another call."""
    call = request.tool_call
    messages = cast("Sequence[AnyMessage]", cast("Mapping[str, Any]", request.state)["messages"])
    said = next(
        (
            message
            for message in reversed(messages)
            if isinstance(message, AIMessage)
            and any(c["id"] == call["id"] for c in message.tool_calls)
        ),
        None,
    )
    return _key(_thread_id(request), said, call)


def _key(thread_id: str, said: AIMessage | None, call: ToolCall) -> str:
    """Models number their calls in each reply anew, and some give two calls one number."""
    reply = (said and said.id) or uuid.uuid4().hex
    parts = [thread_id, reply, call["id"], call["name"], call["args"]]
    written = json.dumps(parts, sort_keys=True, default=str)
    return hashlib.sha256(written.encode("ascii")).hexdigest()


def _thread_id(request: ToolCallRequest) -> str:
    runtime = cast("ToolRuntime[Any, Any]", cast("Any", request).runtime)
    return str(runtime.config.get("configurable", {}).get("thread_id"))


class Beside(BaseModel):
    """What a tool of ours gives beside its words: kept with its message, not shown to the model.

    Attributes:
        detections: Places that the result speaks of, in original pixels.
        data: The result for a program.
        shown: What is to be seen on the images that are for the user, by handle.
        kept: For the next call of the same tool.
    """

    model_config = ConfigDict(frozen=True)

    detections: tuple[Detection, ...] = ()
    data: JsonValue = None
    shown: dict[str, str] = Field(default_factory=dict[str, str])
    kept: JsonValue = None

    def written(self) -> dict[str, Any] | None:
        """As a message's artifact; None where there is nothing."""
        kept = self.model_dump(mode="json", exclude_defaults=True)
        return {_BESIDE: kept} if kept else None

    @classmethod
    def of(cls, message: ToolMessage) -> Beside:
        """What a message holds of it; of another's tool nothing."""
        artifact: Any = message.artifact
        kept = cast("dict[str, Any]", artifact).get(_BESIDE) if isinstance(artifact, dict) else None
        return cls.model_validate(kept) if isinstance(kept, dict) else cls()


def told(call: ToolCall, result: ToolResult, book: ImageBook) -> tuple[ToolMessage, ImageRecords]:
    """A tool's result as a message, its images added to the conversation by handle."""
    records = [
        book.add(made.image, parent=made.parent, region=made.region) for made in result.images
    ]
    content: str | list[Any] = result.text
    if records:
        handles = ", ".join(record.handle for record in records)
        text = f"{result.text} It is {handles}."
        content = [{"type": "text", "text": text}, *(image_block(r) for r in records)]
    beside = Beside(
        detections=result.detections,
        data=result.data.model_dump(mode="json") if result.data is not None else None,
        shown={
            record.handle: made.alt
            for made, record in zip(result.images, records, strict=True)
            if made.shown
        },
        kept=result.kept,
    )
    message = ToolMessage(
        content, name=call["name"], tool_call_id=str(call["id"]), artifact=beside.written()
    )
    images: ImageRecords = {}
    for record in records:
        images |= written(record)
    return signed(message, result.origin, length=len(result.text)), images


def write_outcome(outcome: Outcome, store: ImageStore) -> str:
    """What a call came to, as JSON for the ledger; images by their hash."""
    try:
        if isinstance(outcome, ToolResult):
            return json.dumps({"result": _result_written(outcome, store)})
        if isinstance(outcome, ToolMessage):
            kept = {"content": outcome.content, "status": outcome.status}
            return json.dumps({"message": kept | _artifact_written(outcome.artifact)})
    except (TypeError, ValueError, DeixisError):
        # The tool has done it: that is what must be kept.
        return json.dumps({})
    return json.dumps({})


def _result_written(result: ToolResult, store: ImageStore) -> dict[str, Any]:
    return {
        "text": result.text,
        "images": [
            {
                "sha256": store.put(made.image),
                "source": made.image.source,
                "page": made.image.page,
                "parent": made.parent,
                "region": made.region and made.region.model_dump(),
                "shown": made.shown,
                "alt": made.alt,
            }
            for made in result.images
        ],
        "detections": [detection.model_dump() for detection in result.detections],
        "data": result.data.model_dump(mode="json") if result.data is not None else None,
        "origin": result.origin,
    }


def _artifact_written(artifact: Any) -> dict[str, Any]:
    """What a tool of LangChain's keeps beside its words, where it can be written at all."""
    try:
        json.dumps(artifact)
    except (TypeError, ValueError):
        return {}
    return {"artifact": artifact}


def read_outcome(known: Effect, call: ToolCall, store: ImageStore) -> ToolResult | ToolMessage:
    """What a call came to, out of the ledger."""
    named: dict[str, Any] = {"name": call["name"], "tool_call_id": str(call["id"])}
    if known.result is None:
        return ToolMessage(_CUT_OFF, status="error", **named)
    kept: dict[str, Any] = json.loads(known.result)
    if "result" in kept:
        return _result_read(kept["result"], store)
    if "message" not in kept:
        return signed(ToolMessage(_NOT_KEPT, **named), "")
    return cast("ToolMessage", foreign(ToolMessage(**kept["message"], **named), call["name"]))


def _result_read(kept: Mapping[str, Any], store: ImageStore) -> ToolResult:
    text, images = str(kept["text"]), list[NewImage]()
    for made in kept["images"]:
        try:
            image = replace(store.get(made["sha256"]), source=made["source"], page=made["page"])
        except DeixisError:
            text += " (An image it made is gone.)"
            continue
        region = made["region"] and Box.model_validate(made["region"])
        images.append(
            NewImage(
                image=image,
                parent=made["parent"],
                region=region,
                shown=bool(made.get("shown")),
                alt=str(made.get("alt") or ""),
            )
        )
    detections = tuple(Detection.model_validate(one) for one in kept["detections"])
    data = kept.get("data")
    return ToolResult(
        text=text,
        images=tuple(images),
        detections=detections,
        data=None if data is None else RootModel[JsonValue](data),
        origin=str(kept.get("origin") or ""),
    )
