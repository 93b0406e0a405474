"""A local model as LangChain's chat model: counts, streams, cancelling, thoughts, calls."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, cast

import pytest
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, HumanMessage

from deixis.testing._conformance import inline, picture
from deixis.vision import DeixisError, ImageBook, ImageStore, ModelError, image_block, load_image
from deixis.vision.local import LocalModel, load_local
from deixis.vision.local._engine import Engine
from deixis.vision.local._processing import load_processor
from deixis.vision.qwen._dialect import QwenDialect
from deixis.vision.qwen._families import facts_of
from tests.checkpoints import FAMILIES, load_model
from tests.checkpoints.fixtures import checkpoint as checkpoint

Load = Callable[[str], LocalModel]
LONG = 100_000  # tokens; a reply of so many would take hours
ZOOM = {
    "type": "function",
    "function": {"name": "zoom", "description": "Looks.", "parameters": {"type": "object"}},
}


@pytest.fixture(scope="session")
def load(checkpoint: Callable[[str], Path]) -> Load:
    """Models of random weights that take the likeliest token."""

    @cache
    def loaded(family: str) -> LocalModel:
        return load_local(str(checkpoint(family)), max_new_tokens=12, temperature=0)

    return loaded


@pytest.fixture(params=FAMILIES)
def model(request: pytest.FixtureRequest, load: Load) -> LocalModel:
    return load(request.param)


class Counted:
    """A model that counts the tokens it computes."""

    def __init__(self, folder: Path) -> None:
        self.tokens = 0
        self.reached = threading.Event()
        processor, facts = load_processor(folder), facts_of("qwen2.5-vl")
        engine = Engine(load_model(folder), processor, facts, watch=self._seen)
        self.model = LocalModel(
            engine=engine,
            processor=processor,
            dialect=QwenDialect("qwen2.5-vl"),
            facts=facts,
            name="counted",
            temperature=0,
        )

    def _seen(self, *_: object) -> None:
        self.tokens += 1
        if self.tokens >= 5:
            self.reached.set()

    def over(self) -> int:
        """How many there were, once nothing runs any more: a next call waits for its turn."""
        self.model.invoke("Hello?", max_new_tokens=1)
        return self.tokens - 1


@pytest.fixture
def counted(checkpoint: Callable[[str], Path]) -> Counted:
    return Counted(checkpoint("qwen2.5-vl"))


def question(text: str = "Where is ENT?") -> list[BaseMessage]:
    return [HumanMessage([inline(picture()), {"type": "text", "text": text}])]


def test_a_second_turn_computes_only_what_is_new(model: LocalModel) -> None:
    asked = question("Which floor is ENT on?")
    first = model.invoke(asked)
    second = model.invoke([*asked, first, HumanMessage("And the pharmacy?")])
    counts, later = first.usage_metadata, second.usage_metadata
    assert counts is not None
    assert later is not None
    seen = counts["input_tokens"] + counts["output_tokens"]
    # Less the last token, and a character that was cut in the middle.
    assert (later.get("input_token_details") or {}).get("cache_read", 0) >= seen - 5
    assert later["input_tokens"] > seen


def test_a_copy_with_other_images_is_the_same_engine(load: Load) -> None:
    model = load("qwen3-vl")
    book = ImageBook(store := ImageStore())
    block = image_block(book.add(load_image(picture(text="copy"))))
    asked: list[BaseMessage] = [HumanMessage([block, {"type": "text", "text": "Which floor?"}])]
    first = model.with_images(store).invoke(asked)
    again = model.with_images(store).invoke([*asked, first, HumanMessage("And now?")])
    details = (again.usage_metadata or {}).get("input_token_details") or {}
    assert details.get("cache_read", 0) > 0


def test_a_stream_says_what_a_call_says(model: LocalModel) -> None:
    chunks = list(model.stream(question()))
    total = chunks[0]
    for chunk in chunks[1:]:
        total += chunk
    whole = model.invoke(question())
    assert total.text == whole.text
    assert isinstance(total, AIMessageChunk)
    assert total.usage_metadata is not None
    assert whole.usage_metadata is not None
    assert total.usage_metadata["output_tokens"] == whole.usage_metadata["output_tokens"] == 12
    assert total.response_metadata == whole.response_metadata
    assert total.response_metadata["finish_reason"] == "length"
    assert total.response_metadata["model_name"] == model.name_for_users
    assert chunks[-1].chunk_position == "last"


async def test_the_same_holds_asynchronously(model: LocalModel) -> None:
    chunks = [chunk async for chunk in model.astream(question())]
    whole = await model.ainvoke(question())
    assert "".join(str(chunk.text) for chunk in chunks) == whole.text
    assert whole.text == model.invoke(question()).text


def test_each_piece_of_text_is_a_callbacks_token(load: Load) -> None:
    tokens: list[str] = []

    class Listener(BaseCallbackHandler):
        def on_llm_new_token(self, token: Any, **_: Any) -> None:
            tokens.append(str(token))

    chunks = list(load("qwen3-vl").stream(question(), {"callbacks": [Listener()]}))
    assert "".join(tokens) == "".join(str(chunk.text) for chunk in chunks)


def test_a_stop_word_ends_the_reply_and_is_no_part_of_it(load: Load) -> None:
    model = load("qwen3-vl")
    whole = str(model.invoke(question()).text)
    word = whole[len(whole) // 2]
    reply = model.invoke(question(), stop=[word])
    assert whole.startswith(reply.text)
    assert word not in reply.text
    assert reply.response_metadata["finish_reason"] == "stop"


def test_settings_can_be_given_for_one_call(load: Load) -> None:
    model = load("qwen3-vl")
    short = model.invoke(question(), max_tokens=3)
    assert short.usage_metadata is not None
    assert short.usage_metadata["output_tokens"] == 3
    hot = [model.invoke(question(), temperature=1.5, seed=s).text for s in (1, 1, 2)]
    assert hot[0] == hot[1] != hot[2]


def test_a_thought_is_no_part_of_the_answer(load: Load) -> None:
    model = load("qwen3.5-vl")
    reply = model.invoke(question(), thinking=True)
    assert reply.text == ""
    assert reply.additional_kwargs["reasoning_content"]
    streamed = list(model.stream(question(), thinking=True))
    thoughts = [str(chunk.additional_kwargs.get("reasoning_content", "")) for chunk in streamed]
    assert "".join(thoughts) == reply.additional_kwargs["reasoning_content"]
    assert not "".join(str(chunk.text) for chunk in streamed)


def test_tokens_are_counted_by_the_models_own_tokenizer(load: Load) -> None:
    assert load("qwen3-vl").get_num_tokens("<|im_end|>") == 1


@pytest.mark.parametrize(
    "messages", [[], [AIMessage("Hello.")]], ids=["nothing", "an answer alone"]
)
def test_without_a_question_there_is_no_answer(load: Load, messages: Sequence[BaseMessage]) -> None:
    with pytest.raises(ModelError, match="there is no question"):
        load("qwen3-vl").invoke(list(messages))


def test_a_tool_that_is_not_bound_cannot_be_demanded(load: Load) -> None:
    with pytest.raises(ModelError, match="tool_choice is 'fly', and the tools bound are: zoom"):
        load("qwen3-vl").bind_tools([ZOOM], tool_choice="fly").invoke(question())


@pytest.mark.parametrize("choice", ["any", "zoom", {"function": {"name": "zoom"}}])
def test_a_demanded_call_that_fails_is_told_with_its_reason(load: Load, choice: Any) -> None:
    # Random weights write no arguments; that they were made to begin a call is what shows here.
    model = load("qwen3-vl").bind_tools([ZOOM], tool_choice=choice)
    reply = model.invoke(question())
    assert not reply.tool_calls
    broken = reply.invalid_tool_calls[0]
    assert str(broken["args"]).startswith('<tool_call>\n{"name": "zoom", "arguments":')
    assert broken["error"]
    assert reply.additional_kwargs["broken_calls"] == {broken["id"]: broken["error"]}


def test_a_broken_call_in_a_stream_never_becomes_a_call(load: Load) -> None:
    model = load("qwen3.5-vl").bind_tools([ZOOM], tool_choice="zoom")
    total: Any = None
    for chunk in model.stream(question()):
        total = chunk if total is None else total + chunk
    assert not total.tool_calls
    [broken] = total.invalid_tool_calls
    assert total.additional_kwargs["broken_calls"][broken["id"]]


def test_a_closed_stream_stops_the_model(counted: Counted) -> None:
    stream = counted.model.stream(question(), max_new_tokens=LONG)
    for _ in range(3):
        next(stream)
    cast("Any", stream).close()
    assert counted.over() < LONG / 10


async def test_a_closed_asynchronous_stream_stops_the_model(counted: Counted) -> None:
    stream = counted.model.astream(question(), max_new_tokens=LONG)
    await anext(stream)
    await cast("Any", stream).aclose()
    assert await asyncio.to_thread(counted.over) < LONG / 10


@pytest.mark.parametrize("streamed", [True, False])
async def test_a_cancelled_task_stops_the_model(counted: Counted, streamed: bool) -> None:
    async def ask() -> None:
        if streamed:
            async for _ in counted.model.astream(question(), max_new_tokens=LONG):
                pass
        else:
            await counted.model.ainvoke(question(), max_new_tokens=LONG)

    task = asyncio.create_task(ask())
    # The event loop is free while the model works, or nobody would get here.
    await asyncio.to_thread(counted.reached.wait, 60)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await asyncio.to_thread(counted.over) < LONG / 10


def test_an_interrupt_stops_the_model(counted: Counted) -> None:
    class Impatient(BaseCallbackHandler):
        raise_error = True

        def on_llm_new_token(self, token: Any, **_: Any) -> None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(counted.model.stream(question(), {"callbacks": [Impatient()]}, max_new_tokens=LONG))
    assert counted.over() < LONG / 10


async def test_streams_side_by_side_all_get_their_answer(load: Load) -> None:
    async def collect(stream: AsyncIterator[AIMessageChunk]) -> str:
        return "".join([str(chunk.text) async for chunk in stream])

    model = load("qwen3-vl")
    streams = [model.astream(question(f"Question {n}?")) for n in range(20)]
    answers = await asyncio.gather(*(collect(cast("Any", stream)) for stream in streams))
    alone = [str(model.invoke(question(f"Question {n}?")).text) for n in range(20)]
    assert answers == alone


def test_an_image_that_no_family_can_see_is_refused(load: Load) -> None:
    thin = [HumanMessage([inline(picture(size=(2000, 4))), {"type": "text", "text": "What?"}])]
    with pytest.raises(DeixisError, match="200"):
        load("qwen2.5-vl").invoke(thin)
