"""A server of our own, strict as vLLM is: `python -m tests.serving._strict_server FOLDER OPTIONS`.

What it copies of vLLM's behaviour: images only where the protocol has them (in user messages), a
limit on images per prompt, 400 with a JSON error for what the chat template refuses, tool calls
taken out of the text and streamed as name and then arguments, thoughts as `reasoning_content`,
usage in a chunk of its own, `[DONE]`. It can't force a tool call: `required` counts as `auto`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import threading
import time
import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from tests.serving._child import settle
from tests.serving._engine import BadRequest, Engine, JsonObject, Outcome, Sampling
from tests.serving._replies import Reading, Said


class Server:
    """The routes, and what they share.

    Args:
        engine: What answers.
        options: From the command line.
    """

    def __init__(self, engine: Engine, options: argparse.Namespace) -> None:
        self._engine = engine
        self._options = options

    def app(self) -> Starlette:
        """The application."""
        return Starlette(
            routes=[
                Route("/health", self.health),
                Route("/v1/models", self.models),
                Route("/v1/chat/completions", self.chat, methods=["POST"]),
            ]
        )

    async def health(self, request: Request) -> Response:
        """Always well once it is up."""
        return Response()

    async def models(self, request: Request) -> Response:
        """The one model."""
        if refused := self._refused(request):
            return refused
        model = {"id": self._options.name, "object": "model", "owned_by": "test"}
        length = {"max_model_len": self._options.context}
        return JSONResponse({"object": "list", "data": [model | length]})

    async def chat(self, request: Request) -> Response:
        """A chat completion, whole or streamed."""
        if refused := self._refused(request):
            return refused
        try:
            asked = await request.json()
        except ValueError:
            return _error(400, "the body is no JSON")
        if asked.get("model") != self._options.name:
            return _error(404, f"The model `{asked.get('model')}` does not exist.")
        try:
            self._check(asked)
            turn = await asyncio.to_thread(Turn, self._engine, asked, self._options)
        except BadRequest as error:
            return _error(400, str(error))
        if asked.get("stream"):
            return StreamingResponse(turn.events(), media_type="text/event-stream")
        return JSONResponse(await turn.whole())

    def _refused(self, request: Request) -> Response | None:
        key: str | None = self._options.key
        if key is None or request.headers.get("authorization") == f"Bearer {key}":
            return None
        return JSONResponse({"error": "Unauthorized"}, status_code=401)

    def _check(self, asked: JsonObject) -> None:
        messages: list[JsonObject] = asked.get("messages") or []
        if not messages:
            raise BadRequest("messages: field required")
        if asked.get("n") not in (None, 1):
            raise BadRequest("n: only one choice is made here")
        if asked.get("tools") and self._options.no_tools and asked.get("tool_choice") != "none":
            raise BadRequest(
                '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser'
            )
        images = sum(_images(message) for message in messages)
        if images > self._options.images:
            raise BadRequest(
                f"At most {self._options.images} image(s) may be provided in one prompt."
            )
        for message in messages:
            if message["role"] != "user" and _images(message):
                raise BadRequest(
                    f"Unsupported content part type: image_url in role {message['role']}"
                )


def _images(message: JsonObject) -> int:
    content = message.get("content")
    parts = cast("list[JsonObject]", content) if isinstance(content, list) else []
    return sum(part.get("type") == "image_url" for part in parts)


def _error(status: int, message: str) -> Response:
    kinds = {404: "NotFoundError", 400: "BadRequestError"}
    error = {"message": message, "type": kinds[status], "param": None, "code": status}
    return JSONResponse({"error": error}, status_code=status)


class Turn:
    """One answer in the making.

    Args:
        engine: What answers.
        asked: The request.
        options: From the command line.

    Raises:
        BadRequest: The prompt can't be made, or is too long.
    """

    def __init__(self, engine: Engine, asked: JsonObject, options: argparse.Namespace) -> None:
        tools: list[JsonObject] = asked.get("tools") or []
        if asked.get("tool_choice") == "none":
            tools = []
        self._engine = engine
        self._model: str = options.name
        self._inputs = engine.prompt(
            asked["messages"],
            tools=tools,
            template=asked.get("chat_template_kwargs") or {},
            images=_image_settings(asked.get("mm_processor_kwargs") or {}),
        )
        self._prompt_tokens = int(self._inputs["input_ids"].shape[1])
        room: int = options.context - self._prompt_tokens
        wanted = asked.get("max_completion_tokens") or asked.get("max_tokens") or min(room, 256)
        if wanted > room or room < 1:
            raise BadRequest(
                f"This model's maximum context length is {options.context} tokens. However, you "
                f"requested {self._prompt_tokens + wanted} tokens."
            )
        stop: str | list[str] = asked.get("stop") or []
        self._how = Sampling(
            tokens=wanted,
            temperature=asked.get("temperature") or 0,
            top_p=asked.get("top_p") or 1,
            seed=asked.get("seed"),
            stop=[stop] if isinstance(stop, str) else stop,
            special=asked.get("skip_special_tokens") is False,
        )
        syntax = "xml" if engine.xml else "hermes"
        self._reading = Reading(
            tools=syntax if tools else None,
            thinking=options.reasoning and engine.begins_with_thought(self._inputs),
        )
        streaming: JsonObject = asked.get("stream_options") or {}
        self._usage_wanted = bool(streaming.get("include_usage"))
        self._stopped = threading.Event()
        self._id = f"chatcmpl-{uuid.uuid4().hex}"

    async def whole(self) -> JsonObject:
        """The completion."""
        said: list[Said] = []
        outcome = await asyncio.to_thread(self._answer, said.extend)
        calls = [_called(one, self._call_id(n)) for n, one in enumerate(_of(said, "call"))]
        text = "".join(one.text for one in _of(said, "text"))
        thought = "".join(one.text for one in _of(said, "thought"))
        message: JsonObject = {"role": "assistant", "content": text or None}
        message |= {"reasoning_content": thought} if thought else {}
        message |= {"tool_calls": calls} if calls else {}
        reason = _reason(outcome, calls=bool(calls))
        choice = {"index": 0, "message": message, "finish_reason": reason, "logprobs": None}
        return self._named("chat.completion", [choice]) | {"usage": self._usage(outcome)}

    async def events(self) -> AsyncIterator[str]:
        """The completion as server-sent events."""
        loop = asyncio.get_running_loop()
        queue: asyncio.Queue[list[Said]] = asyncio.Queue()

        def say(said: list[Said]) -> None:
            loop.call_soon_threadsafe(queue.put_nowait, said)

        running = asyncio.ensure_future(asyncio.to_thread(self._answer, say))
        running.add_done_callback(lambda _: say([]))
        calls = 0
        try:
            yield self._chunk({"role": "assistant", "content": ""})
            while not running.done() or not queue.empty():
                for one in await queue.get():
                    for delta in self._deltas(one, calls):
                        yield self._chunk(delta)
                    calls += one.kind == "call"
            outcome = running.result()
            yield self._chunk({}, _reason(outcome, calls=calls > 0))
            if self._usage_wanted:
                last = self._named("chat.completion.chunk", []) | {"usage": self._usage(outcome)}
                yield f"data: {json.dumps(last)}\n\n"
            yield "data: [DONE]\n\n"
        finally:
            # The client may have left: nobody needs the rest.
            self._stopped.set()

    def _answer(self, say: Callable[[list[Said]], None]) -> Outcome:
        outcome = self._engine.answer(
            self._inputs, self._how, lambda text: say(self._reading.feed(text)), self._stopped
        )
        say(self._reading.feed("", last=True))
        return outcome

    def _deltas(self, said: Said, calls: int) -> list[JsonObject]:
        if said.kind == "text":
            return [{"content": said.text}]
        if said.kind == "thought":
            return [{"reasoning_content": said.text}]
        # The name comes first, then the arguments in two halves.
        middle = len(said.arguments) // 2
        halves = (said.arguments[:middle], said.arguments[middle:])
        named = _called(replace(said, arguments=""), self._call_id(calls))
        rest: list[JsonObject] = [{"function": {"arguments": half}} for half in halves]
        return [{"tool_calls": [{"index": calls, **one}]} for one in (named, *rest)]

    def _chunk(self, delta: JsonObject, reason: str | None = None) -> str:
        choice = {"index": 0, "delta": delta, "finish_reason": reason, "logprobs": None}
        named = self._named("chat.completion.chunk", [choice])
        return f"data: {json.dumps(named, ensure_ascii=False)}\n\n"

    def _named(self, kind: str, choices: list[JsonObject]) -> JsonObject:
        head = {"id": self._id, "object": kind, "created": int(time.time()), "model": self._model}
        return head | {"choices": choices}

    def _usage(self, outcome: Outcome) -> JsonObject:
        total = self._prompt_tokens + outcome.tokens
        counts = {"prompt_tokens": self._prompt_tokens, "completion_tokens": outcome.tokens}
        return counts | {"total_tokens": total}

    def _call_id(self, number: int) -> str:
        return f"call_{self._id[-8:]}_{number}"


def _of(said: list[Said], kind: str) -> list[Said]:
    return [one for one in said if one.kind == kind]


def _called(said: Said, name: str) -> JsonObject:
    function = {"name": said.text, "arguments": said.arguments}
    return {"id": name, "type": "function", "function": function}


def _reason(outcome: Outcome, *, calls: bool) -> str:
    if not outcome.ended:
        return "length"
    return "tool_calls" if calls else "stop"


def _image_settings(asked: JsonObject) -> JsonObject:
    """vLLM's `mm_processor_kwargs`: `size`, or the limits under their older names."""
    if "min_pixels" in asked or "max_pixels" in asked:
        names = {"min_pixels": "shortest_edge", "max_pixels": "longest_edge"}
        return {"size": {names[name]: asked[name] for name in names if name in asked}}
    return dict(asked)


def main(arguments: list[str]) -> None:
    """Serves until it is ended."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--name", required=True)
    parser.add_argument("--key")
    parser.add_argument("--images", type=int, default=8)
    parser.add_argument("--context", type=int, default=4096)
    parser.add_argument("--no-tools", action="store_true")
    parser.add_argument("--reasoning", action="store_true")
    options = parser.parse_args(arguments)
    settle()
    app: Any = Server(Engine(options.folder), options).app()
    uvicorn.run(app, host="127.0.0.1", port=0, log_level="info")


if __name__ == "__main__":
    main(sys.argv[1:])
