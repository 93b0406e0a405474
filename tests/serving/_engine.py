"""A checkpoint that answers chat requests, with transformers' `generate` and nothing of ours."""

from __future__ import annotations

import base64
import io
import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, cast

from PIL import Image

from tests.checkpoints import load_model, load_processor

JsonObject = dict[str, Any]


class BadRequest(Exception):  # noqa: N818
    """The request can't be answered; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """How an answer is chosen.

    Attributes:
        tokens: Greatest number of new ones.
        temperature: Zero for the likeliest token each time.
        top_p: Share of likelihood to choose from.
        seed: Of the choice.
        stop: Text to stop at.
        special: Whether special tokens stay in the text.
    """

    tokens: int
    temperature: float = 0
    top_p: float = 1
    seed: int | None = None
    stop: Sequence[str] = ()
    special: bool = False


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of a request: how long it was, and whether it came to its own end."""

    tokens: int
    ended: bool


class Engine:
    """A loaded checkpoint.

    Args:
        folder: Where it is.
    """

    def __init__(self, folder: Path) -> None:
        self._torch: Any = import_module("torch")
        self._transformers: Any = import_module("transformers")
        self._processor = load_processor(folder)
        self._model = load_model(folder)
        self._lock = threading.Lock()
        self.xml = self._model.config.model_type.startswith("qwen3_5")

    def prompt(
        self,
        messages: Sequence[JsonObject],
        *,
        tools: Sequence[JsonObject] = (),
        template: Mapping[str, Any],
        images: Mapping[str, Any],
    ) -> Any:
        """A conversation as the model's inputs.

        Args:
            messages: As the protocol has them.
            tools: Likewise.
            template: Arguments of the chat template.
            images: Arguments of the image processor.

        Raises:
            BadRequest: The template refuses it, or an image can't be read.
        """
        jinja: Any = import_module("jinja2")
        try:
            return self._processor.apply_chat_template(
                [_for_template(message) for message in messages],
                tools=list(tools) or None,
                add_generation_prompt=True,
                tokenize=True,
                return_dict=True,
                return_tensors="pt",
                processor_kwargs=dict(images),
                **template,
            )
        except (jinja.TemplateError, ValueError) as error:
            raise BadRequest(str(error)) from error

    def begins_with_thought(self, inputs: Any) -> bool:
        """Whether the prompt ends inside a thought."""
        text: str = self._processor.tokenizer.decode(inputs["input_ids"][0])
        return text.rpartition("<|im_start|>")[2].rstrip("\n").endswith("<think>")

    def answer(
        self, inputs: Any, how: Sampling, say: Callable[[str], None], stopped: threading.Event
    ) -> Outcome:
        """Generates, saying the text piece by piece.

        Args:
            inputs: From `prompt`.
            how: How tokens are chosen.
            say: Takes each new piece of text.
            stopped: Set to end early.
        """
        tokenizer = self._processor.tokenizer
        ends = set(self._model.generation_config.eos_token_id)
        ids: list[int] = []
        spoken = ""

        def take(token: int) -> bool:
            """Whether that was the end."""
            nonlocal spoken
            ids.append(token)
            if token in ends or stopped.is_set():
                return True
            text: str = tokenizer.decode(ids, skip_special_tokens=not how.special)
            cut = min((at for at in map(text.find, how.stop) if at >= 0), default=None)
            if cut is None and text.endswith("\ufffd") and len(ids) < how.tokens:
                return False  # the rest of a character is still to come
            text = text[:cut]
            say(text[len(spoken) :])
            spoken = text
            return cut is not None

        ended = self._run(inputs, how, take)
        return Outcome(tokens=len(ids), ended=ended)

    def _run(self, inputs: Any, how: Sampling, take: Callable[[int], bool]) -> bool:
        torch = self._torch
        done = False

        def enough(sequence: Any, _scores: Any, **_others: Any) -> Any:
            nonlocal done
            done = take(int(sequence[0, -1]))
            return torch.tensor([done])

        chosen: JsonObject = {"do_sample": False}
        if how.temperature:
            chosen = {"do_sample": True, "temperature": how.temperature, "top_p": how.top_p}
        with self._lock, torch.inference_mode():
            if how.seed is not None:
                torch.manual_seed(how.seed)
            self._model.generate(
                **inputs,
                max_new_tokens=how.tokens,
                stopping_criteria=self._transformers.StoppingCriteriaList([enough]),
                **chosen,
            )
        return done


def _for_template(message: JsonObject) -> JsonObject:
    """A message as chat templates want it: images as such, arguments as objects."""
    content = message.get("content")
    if isinstance(content, list):
        content = [_part(part) for part in cast("list[JsonObject]", content)]
    called: list[JsonObject] = message.get("tool_calls") or []
    calls = [_call(call) for call in called]
    kept = {name: message[name] for name in ("role", "reasoning_content") if message.get(name)}
    return kept | {"content": content or ""} | ({"tool_calls": calls} if calls else {})


def _part(part: JsonObject) -> JsonObject:
    if part["type"] == "text":
        return part
    url: str = part["image_url"]["url"]
    head, _, data = url.partition(";base64,")
    if not head.startswith("data:image/"):
        raise BadRequest("only images in data: URIs are taken here")
    try:
        image = Image.open(io.BytesIO(base64.b64decode(data, validate=True)))
        return {"type": "image", "image": image.convert("RGB")}
    except (ValueError, OSError) as error:
        raise BadRequest("cannot identify image file") from error


def _call(call: JsonObject) -> JsonObject:
    function = call["function"]
    try:
        arguments = json.loads(function["arguments"])
    except ValueError as error:
        raise BadRequest("the arguments of a tool call are no JSON") from error
    return {"type": "function", "function": {"name": function["name"], "arguments": arguments}}
