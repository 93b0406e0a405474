"""Generations as runs: cancelling, threads, errors, stop texts, sampling."""

from __future__ import annotations

import gc
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
import torch

from deixis.vision import ModelError
from deixis.vision.local._prompt import Prompt, Sampling
from tests.vision.local.recomputed import (
    NEAR,
    Chat,
    MakeRig,
    Rig,
)
from tests.vision.local.recomputed import checkpoint as checkpoint
from tests.vision.local.recomputed import make_rig as make_rig
from tests.vision.local.recomputed import rig as rig

ASKED = Chat().asked("What does the sign say?")
LONG = 100_000  # tokens; a reply of so many would take hours


@pytest.fixture
def one(make_rig: MakeRig) -> Rig:
    """An engine of one family, for what doesn't depend on it."""
    return make_rig("qwen2.5-vl")


def wait_for_its_turn(rig: Rig) -> None:
    """Returns once nothing runs any more: engines run one generation at a time."""
    assert rig.turn(Chat().asked("Done?"), tokens=1).text


def test_cancelling_ends_within_a_token(rig: Rig) -> None:
    chat = Chat().asked("What does the sign say?", rig.image(1))
    generation = rig.start(chat, tokens=LONG)
    rig.before_step = lambda: generation.cancel() if len(rig.steps) == 3 else None
    said = "".join(generation)
    assert len(rig.steps) == generation.usage.completion_tokens == 4
    assert generation.finish_reason == "cancelled"
    generation.cancel()
    rig.before_step = lambda: None
    second = rig.turn(chat.answered(said).asked("Where is it?"))
    assert second.cached == generation.usage.prompt_tokens + 4
    assert rig.greatest_difference() < NEAR


def test_cancelling_within_a_prompt_leaves_the_conversation_as_it_was(rig: Rig) -> None:
    first = rig.turn(Chat().asked("What does the sign say?", rig.image(1)))
    layers = rig.model.model.language_model.layers
    started = threading.Event()

    def cancel(_module: Any, _inputs: Any, _output: Any) -> None:
        started.wait()
        generation.cancel()

    hook = layers[len(layers) // 2].register_forward_hook(cancel)
    generation = rig.start(first.chat.asked("Where is it?", rig.image(2)), tokens=LONG)
    started.set()
    assert "".join(generation) == ""
    hook.remove()
    assert generation.finish_reason == "cancelled"
    assert len(rig.steps) == 6
    second = rig.turn(first.chat.asked("Where is it?"))
    assert second.cached == first.computed
    assert rig.greatest_difference() < NEAR


def test_leaving_the_block_cancels(one: Rig) -> None:
    with one.start(ASKED, tokens=LONG) as generation:
        assert next(generation)
    assert list(generation) == []
    wait_for_its_turn(one)
    assert generation.finish_reason == "cancelled"


def test_a_reply_that_nobody_holds_any_more_is_cancelled(one: Rig) -> None:
    generation = one.start(ASKED, tokens=LONG)
    assert next(generation)
    del generation
    gc.collect()
    wait_for_its_turn(one)


def test_a_reader_that_is_interrupted_cancels(one: Rig) -> None:
    generation = one.start(ASKED, tokens=LONG)

    def interrupt() -> None:
        raise KeyboardInterrupt

    one.before_step = interrupt
    with pytest.raises(KeyboardInterrupt):
        list(generation)
    one.before_step = lambda: None
    wait_for_its_turn(one)


def test_a_reader_that_does_not_read_holds_nobody_up(one: Rig) -> None:
    unread = one.start(ASKED, tokens=30)
    wait_for_its_turn(one)
    assert unread.finish_reason == "length"
    assert "".join(unread)


def test_one_that_waits_for_its_turn_can_be_cancelled(one: Rig) -> None:
    with one.start(ASKED, tokens=LONG) as running:
        next(running)
        waiting = one.engine.generate(ASKED.prompt)
        waiting.cancel()
        assert list(waiting) == []
        assert waiting.finish_reason == "cancelled"
        assert running.finish_reason is None


def test_threads_get_what_they_get_alone(make_rig: MakeRig) -> None:
    alone, together = make_rig("qwen3.5-vl"), make_rig("qwen3.5-vl")

    def talk(rig: Rig, number: int) -> list[str]:
        chat = Chat().asked(f"Read sign {number}.", rig.image(number, 8, 8 + number))
        replies: list[str] = []
        for turn in range(3):
            sampling = Sampling(max_new_tokens=8, temperature=1.0, seed=10 * number + turn)
            replies.append("".join(rig.engine.generate(chat.prompt, sampling)))
            chat = chat.answered(replies[-1]).asked("And then?")
        return replies

    with ThreadPoolExecutor(4) as pool:
        at_once = list(pool.map(talk, [together] * 4, range(4)))
    assert at_once == [talk(alone, number) for number in range(4)]
    assert len({*map(tuple, at_once)}) == 4


def test_what_fails_within_the_model_is_raised_where_the_reply_is_read(rig: Rig) -> None:
    first = rig.turn(ASKED)

    def fail() -> None:
        raise ValueError("broken")

    rig.before_step = fail
    generation = rig.start(first.chat.asked("Where is it?"))
    with pytest.raises(ValueError, match="broken"):
        list(generation)
    assert list(generation) == []
    rig.before_step = lambda: None
    rig.turn(first.chat.asked("Where is it?"))
    assert rig.greatest_difference() < NEAR


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB"),
        RuntimeError(
            "[enforce fail at alloc_cpu.cpp:127] DefaultCPUAllocator: can't allocate memory"
        ),
        MemoryError(),
    ],
)
def test_too_little_memory_is_told_in_one_line(one: Rig, error: Exception) -> None:
    first = one.turn(ASKED)

    def fail(_module: Any, _inputs: Any) -> None:
        raise error

    hook = one.model.lm_head.register_forward_pre_hook(fail)
    with pytest.raises(ModelError, match=r"^out of memory: show fewer or smaller images.*$"):
        list(one.start(first.chat.asked("Where is it?")))
    hook.remove()
    assert one.engine.held_bytes == 0
    wait_for_its_turn(one)


def test_images_without_their_places_are_refused(one: Rig) -> None:
    prompt = Prompt(text=ASKED.prompt.text, images=(one.image(1),))
    with pytest.raises(ModelError, match="0 places for images and 1 images"):
        list(one.engine.generate(prompt))


def test_an_image_the_model_cannot_see_is_refused(one: Rig) -> None:
    image = replace(one.image(1), size=(250, 224))
    with pytest.raises(ModelError, match=r"250 × 224 pixels.*multiples of 28"):
        list(one.engine.generate(Chat().asked("Read.", image).prompt))


def test_an_image_that_is_not_of_the_size_told_is_refused(one: Rig) -> None:
    image = replace(one.image(1), size=(224, 224))
    with pytest.raises(ModelError, match=r"preprocessor_config\.json"):
        list(one.engine.generate(Chat().asked("Read.", image).prompt))


def test_a_conversation_longer_than_the_model_takes_is_refused(one: Rig) -> None:
    longest = one.model.config.get_text_config().max_position_embeddings
    with pytest.raises(ModelError, match=f"the model takes {longest}: leave out early turns"):
        list(one.engine.generate(Chat().asked("1" * longest).prompt))


def test_it_ends_at_a_stop_text_and_leaves_it_out(one: Rig) -> None:
    whole = one.turn(ASKED, tokens=20).text
    at = len(whole) // 2
    stop = whole[at : at + 3]
    sampling = Sampling(max_new_tokens=20, temperature=1.0, seed=0, stop=(stop, "never said"))
    generation = one.engine.generate(ASKED.prompt, sampling)
    assert "".join(generation) == whole[: whole.index(stop)]
    assert generation.finish_reason == "stop"


@pytest.mark.parametrize("end", ["<|im_end|>", "<|endoftext|>", "<|im_start|>"])
def test_the_tokens_around_turns_end_the_reply_and_are_left_out(one: Rig, end: str) -> None:
    number = one.processor.tokenizer.convert_tokens_to_ids(end)

    def ended(_module: Any, _inputs: Any, logits: torch.Tensor) -> torch.Tensor:
        if len(one.steps) == 2:
            logits = logits.clone()
            logits[..., number] = 1000
        return logits

    hook = one.model.lm_head.register_forward_hook(ended)
    generation = one.start(ASKED)
    said = "".join(generation)
    hook.remove()
    assert said
    assert end not in said
    assert generation.finish_reason == "stop"
    assert generation.usage.completion_tokens == 3


def test_tokens_that_mark_places_are_kept(one: Rig) -> None:
    tokens = iter(("<|box_start|>", "(", "<|box_end|>"))
    wanted = [one.processor.tokenizer.convert_tokens_to_ids(token) for token in tokens]

    def told(_module: Any, _inputs: Any, logits: torch.Tensor) -> torch.Tensor:
        logits = logits.clone()
        logits[..., wanted[len(one.steps)]] = 1000
        return logits

    hook = one.model.lm_head.register_forward_hook(told)
    assert one.turn(ASKED, tokens=3).text == "<|box_start|>(<|box_end|>"
    hook.remove()


def test_no_place_for_an_image_is_ever_generated(one: Rig) -> None:
    pad = one.model.config.image_token_id

    def wild(_module: Any, _inputs: Any, logits: torch.Tensor) -> torch.Tensor:
        logits = logits.clone()
        logits[..., pad] = 1000
        return logits

    hook = one.model.lm_head.register_forward_hook(wild)
    assert "<|image_pad|>" not in one.turn(ASKED, tokens=3).text
    hook.remove()


def test_sampling_repeats_with_its_seed(one: Rig) -> None:
    replies = [one.turn(ASKED, tokens=12, seed=seed).text for seed in (1, 1, 2)]
    assert replies[0] == replies[1] != replies[2]


def test_no_temperature_takes_the_likeliest_token(one: Rig) -> None:
    sampling = Sampling(max_new_tokens=8, temperature=0)
    "".join(one.engine.generate(ASKED.prompt, sampling))
    for before, after in zip(one.steps, one.steps[1:], strict=False):
        assert after.ids[-1] == int(before.logits.argmax())


def test_one_token_to_choose_from_is_the_likeliest(one: Rig) -> None:
    ways = (
        Sampling(max_new_tokens=8, temperature=0),
        Sampling(max_new_tokens=8, seed=1, temperature=3.0, top_k=1),
        Sampling(max_new_tokens=8, seed=1, temperature=1.0, top_p=0.0),
    )
    chosen = ["".join(one.engine.generate(ASKED.prompt, sampling)) for sampling in ways]
    assert chosen[0] == chosen[1] == chosen[2]


def test_a_penalty_keeps_from_repeating(one: Rig) -> None:
    def distinct(penalty: float) -> int:
        one.steps.clear()
        sampling = Sampling(max_new_tokens=24, temperature=0, repetition_penalty=penalty)
        "".join(one.engine.generate(ASKED.prompt, sampling))
        return len({*one.steps[-1].ids[len(one.steps[0].ids) :]})

    assert distinct(5.0) > distinct(1.0)
