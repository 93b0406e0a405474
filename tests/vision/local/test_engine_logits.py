"""What the engine computes from kept keys and values is what a full recompute gives.

Logits are compared, not tokens: random weights choose the same tokens even where positions are
wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from deixis.vision.local._engine import Engine
from deixis.vision.local._prompt import Prompt, PromptImage, Sampling
from deixis.vision.qwen import facts_of
from tests.checkpoints import load_model, load_processor
from tests.checkpoints.fixtures import checkpoint as checkpoint

FAMILIES = ("qwen2-vl", "qwen2.5-vl", "qwen3-vl", "qwen3.5-vl")
CLOSE = 1e-4
IMAGE = "<|vision_start|><|image_pad|><|vision_end|>"
OPEN = "<|im_start|>assistant\n"
FEW = Sampling(max_new_tokens=4, temperature=0)


def said(text: str) -> str:
    return f"<|im_start|>user\n{text}<|im_end|>\n{OPEN}"


@dataclass
class Bench:
    """An engine that is watched, and the same weights to recompute everything with."""

    engine: Engine
    bare: Any
    processor: Any
    factor: int
    seen: list[tuple[list[int], torch.Tensor]] = field(
        default_factory=list["tuple[list[int], torch.Tensor]"]
    )

    def picture(self, shade: int, across: int = 8, down: int = 6) -> PromptImage:
        size = (across * self.factor, down * self.factor)
        image = Image.linear_gradient("L").resize(size).convert("RGB")
        image = Image.blend(image, Image.new("RGB", size, (shade, 255 - shade, 90)), 0.5)
        return PromptImage(sha256=f"{shade:064d}", size=size, pixels=lambda: image)

    def ask(self, text: str, images: Sequence[PromptImage] = (), **sampling: Any) -> Turn:
        """Generates, and compares every token's logits with a full recompute."""
        self.seen.clear()
        options = replace(FEW, **sampling)
        run = self.engine.generate(Prompt(text=text, images=tuple(images)), options)
        reply = "".join(run)
        ids, _ = self.seen[-1]
        whole = self.recomputed(ids, images)
        worst = max(
            float((logits.flatten() - whole[len(before) - 1]).abs().max())
            for before, logits in self.seen
        )
        return Turn(
            text=text + reply + "<|im_end|>\n",
            worst=worst,
            prompt=run.usage.prompt_tokens,
            cached=run.usage.cached_tokens,
        )

    def recomputed(self, ids: Sequence[int], images: Sequence[PromptImage]) -> torch.Tensor:
        """The logits of all positions, from one forward of everything with no cache."""
        given: dict[str, Any] = {}
        if images:
            made = self.processor.image_processor(
                [image.pixels() for image in images], do_resize=False, return_tensors="pt"
            )
            given = {"pixel_values": made["pixel_values"], "image_grid_thw": made["image_grid_thw"]}
        row = torch.tensor([list(ids)])
        pads = (row == self.bare.config.image_token_id).int()
        for module in self.bare.modules():
            if hasattr(module, "rope_deltas"):
                module.rope_deltas = None
        with torch.inference_mode():
            done = self.bare(
                input_ids=row,
                attention_mask=torch.ones_like(row),
                mm_token_type_ids=pads,
                use_cache=False,
                **given,
            )
        return done.logits[0].float()


@dataclass
class Turn:
    """One reply: the conversation after it, and how it was computed."""

    text: str
    worst: float
    prompt: int
    cached: int


@cache
def loaded(folder: Path) -> tuple[Any, Any, Any]:
    return load_model(folder), load_model(folder), load_processor(folder)


Start = Callable[..., Bench]


@pytest.fixture(params=FAMILIES)
def start(request: pytest.FixtureRequest, checkpoint: Callable[[str], Path]) -> Start:
    """Gives a family's engine with an empty cache."""
    model, bare, processor = loaded(checkpoint(request.param))
    facts = facts_of(request.param)

    def made(**options: Any) -> Bench:
        seen: list[tuple[list[int], torch.Tensor]] = []

        def watch(ids: Sequence[int], logits: torch.Tensor) -> None:
            seen.append((list(ids), logits.detach().float().clone()))

        engine = Engine(model, processor, facts, watch=watch, **options)
        return Bench(engine=engine, bare=bare, processor=processor, factor=facts.factor, seen=seen)

    return made


def test_turns_without_images(start: Start) -> None:
    bench = start()
    first = bench.ask(said("Where is the exit?"))
    second = bench.ask(first.text + said("And the lift?"))
    third = bench.ask(second.text + said("谢谢，洗手间呢？"))
    assert max(first.worst, second.worst, third.worst) <= CLOSE
    assert first.cached == 0
    assert second.cached >= first.prompt
    assert third.cached >= second.prompt


def test_an_image_in_the_first_turn_only(start: Start) -> None:
    bench = start()
    images = [bench.picture(20)]
    first = bench.ask(said(f"{IMAGE}What is it?"), images)
    second = bench.ask(first.text + said("And left of it?"), images)
    third = bench.ask(second.text + said("And above?"), images)
    assert max(first.worst, second.worst, third.worst) <= CLOSE
    assert second.cached >= first.prompt
    assert third.cached >= second.prompt


def test_a_new_image_in_a_later_turn(start: Start) -> None:
    bench = start()
    one, two = bench.picture(20), bench.picture(200, across=4, down=10)
    first = bench.ask(said(f"{IMAGE}What is it?"), [one])
    second = bench.ask(first.text + said(f"See {IMAGE} this?"), [one, two])
    third = bench.ask(second.text + said("Compare."), [one, two])
    assert max(first.worst, second.worst, third.worst) <= CLOSE
    assert second.cached >= first.prompt
    assert third.cached >= second.prompt


def test_two_images_at_once(start: Start) -> None:
    bench = start()
    images = [bench.picture(20), bench.picture(90, across=5, down=5)]
    first = bench.ask(said(f"{IMAGE} and {IMAGE}: the same?"), images)
    second = bench.ask(first.text + said("Sure?"), images)
    assert max(first.worst, second.worst) <= CLOSE
    assert second.cached >= first.prompt


def test_the_first_image_after_turns_of_text(start: Start) -> None:
    bench = start()
    first = bench.ask(said("Hello."))
    images = [bench.picture(60)]
    second = bench.ask(first.text + said(f"Look: {IMAGE}"), images)
    third = bench.ask(second.text + said("Well?"), images)
    assert max(second.worst, third.worst) <= CLOSE
    assert second.cached >= first.prompt


def test_branches_go_on_side_by_side(start: Start) -> None:
    bench = start()
    images = [bench.picture(20)]
    first = bench.ask(said(f"{IMAGE}What is it?"), images)
    left = bench.ask(first.text + said("Left?"), images)
    right = bench.ask(first.text + said("And on the right side of the picture?"), images)
    left = bench.ask(left.text + said("Further."), images)
    last = bench.ask(right.text + said("Further."), images)
    assert max(left.worst, right.worst, last.worst) <= CLOSE
    assert left.cached > first.prompt
    assert last.cached > first.prompt


def test_conversations_take_turns(start: Start) -> None:
    bench = start()
    one, two = [bench.picture(20)], [bench.picture(200, across=4, down=12)]
    a = bench.ask(said(f"{IMAGE}What is it?"), one)
    b = bench.ask(said(f"Tell me of {IMAGE} this."), two)
    a = bench.ask(a.text + said("More."), one)
    b = bench.ask(b.text + said("More."), two)
    assert max(a.worst, b.worst) <= CLOSE
    assert a.cached > 0
    assert b.cached > 0


def test_what_was_evicted_is_computed_again(start: Start) -> None:
    bench = start(cache_bytes=1)
    images = [bench.picture(20)]
    first = bench.ask(said(f"{IMAGE}What is it?"), images)
    second = bench.ask(first.text + said("And?"), images)
    assert second.cached == 0
    assert max(first.worst, second.worst) <= CLOSE


def test_what_was_forgotten_is_computed_again(start: Start) -> None:
    bench = start()
    first = bench.ask(said("What is it?"))
    bench.engine.forget()
    second = bench.ask(first.text + said("And?"))
    assert second.cached == 0
    assert second.worst <= CLOSE


def test_another_image_under_the_same_words_is_not_taken_for_the_first(start: Start) -> None:
    bench = start()
    text = said(f"{IMAGE}What is it?")
    bench.ask(text, [bench.picture(20)])
    other = bench.ask(text, [bench.picture(200)])
    assert other.worst <= CLOSE
    # What stands before the image is all that can be the same.
    assert other.cached < 8


def test_other_words_at_the_beginning(start: Start) -> None:
    bench = start()
    images = [bench.picture(20)]
    bench.ask("<|im_start|>system\nBe brief.<|im_end|>\n" + said(f"{IMAGE}What?"), images)
    changed = "<|im_start|>system\nSpeak at length.<|im_end|>\n" + said(f"{IMAGE}What?")
    assert bench.ask(changed, images).worst <= CLOSE


def test_after_a_generation_was_cancelled(start: Start) -> None:
    bench = start()
    images = [bench.picture(20)]
    text = said(f"{IMAGE}What is it?")
    prompt = Prompt(text=text, images=tuple(images))
    run = bench.engine.generate(prompt, Sampling(max_new_tokens=400, temperature=0))
    next(run)
    run.cancel()
    assert bench.ask(text, images).worst <= CLOSE
    assert bench.ask(text[: -len(OPEN)] + said("And?"), images).worst <= CLOSE


def test_generated_words_are_not_tokenised_again(start: Start) -> None:
    bench = start()
    # High temperature: tokens that their own text would hardly be cut into.
    first = bench.ask(said("Babble."), max_new_tokens=24, temperature=5.0, seed=3)
    generated = bench.seen[-1][0]
    second = bench.ask(first.text + said("Again."))
    assert second.worst <= CLOSE
    assert bench.seen[-1][0][: len(generated)] == generated
