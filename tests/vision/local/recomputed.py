"""An engine beside its model: what the engine computes in parts, the model computes in one pass.

Random weights choose the same tokens even where the positions are wrong, so it is logits that are
compared, at every step. The model is kept from ending its turn and from halves of characters, so
that the counts of tokens are known.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from deixis.vision.local._engine import Engine, Generation
from deixis.vision.local._processing import load_processor
from deixis.vision.local._prompt import Prompt, PromptImage, Sampling, Usage
from deixis.vision.qwen import facts_of
from tests.checkpoints import FAMILIES, load_model
from tests.checkpoints.fixtures import checkpoint as checkpoint

SIGHT = "<|vision_start|><|image_pad|><|vision_end|>"
NEAR = 1e-4


@dataclass(frozen=True)
class Chat:
    """A conversation as the Qwen templates write it."""

    text: str = "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n"
    images: tuple[PromptImage, ...] = ()

    def asked(self, words: str, *images: PromptImage) -> Chat:
        """Goes on with a turn of the user."""
        turn = f"<|im_start|>user\n{SIGHT * len(images)}{words}<|im_end|>\n"
        return Chat(self.text + turn, self.images + images)

    def answered(self, words: str) -> Chat:
        """Goes on with a turn of the model."""
        return replace(self, text=f"{self.text}<|im_start|>assistant\n{words}<|im_end|>\n")

    @property
    def prompt(self) -> Prompt:
        """Ready for the model's next turn."""
        return Prompt(text=f"{self.text}<|im_start|>assistant\n", images=self.images)


@dataclass(frozen=True)
class Step:
    """What was known when a token was chosen, and the logits it was chosen by."""

    ids: tuple[int, ...]
    images: tuple[PromptImage, ...]
    logits: torch.Tensor


@dataclass(frozen=True)
class Turn:
    """A turn of the model: the conversation with it, its words, and what it took."""

    chat: Chat
    text: str
    usage: Usage

    @property
    def cached(self) -> int:
        """Tokens of the prompt that were not computed again."""
        return self.usage.cached_tokens

    @property
    def computed(self) -> int:
        """Tokens that the model has computed by its end: the last was chosen, not read."""
        return self.usage.prompt_tokens + self.usage.completion_tokens - 1


class Rig:
    """An engine whose logits are recorded, and the same model without it."""

    def __init__(self, family: str, model: Any, processor: Any, cache_bytes: int = 2**30) -> None:
        self.facts = facts_of(family)
        self.model = model
        self.processor = processor
        self.steps: list[Step] = []
        self.engine = Engine(
            model, processor, self.facts, cache_bytes=cache_bytes, watch=self._record
        )
        self.before_step: Callable[[], None] = lambda: None
        self._images: tuple[PromptImage, ...] = ()

    @property
    def recurrent(self) -> bool:
        """Whether most of its layers can't be cut."""
        return self.facts.family == "qwen3.5-vl"

    def start(self, chat: Chat, *, tokens: int = 6, seed: int = 0) -> Generation:
        """Begins the model's next turn."""
        self._images = chat.images
        sampling = Sampling(max_new_tokens=tokens, temperature=1.0, seed=seed)
        return self.engine.generate(chat.prompt, sampling)

    def turn(self, chat: Chat, *, tokens: int = 6, seed: int = 0) -> Turn:
        """The model's next turn."""
        generation = self.start(chat, tokens=tokens, seed=seed)
        text = "".join(generation)
        return Turn(chat.answered(text), text, generation.usage)

    def tokens(self, chat: Chat) -> list[int]:
        """A prompt's tokens, as the checkpoint's own processor makes them."""
        images = [image.pixels() for image in chat.images] or None
        return self.processor(text=[chat.prompt.text], images=images)["input_ids"][0]

    def turns(self, chat: Chat) -> list[int]:
        """Where the turns of a prompt open, as tokens; the last is the reply's."""
        opens = self.processor.tokenizer.convert_tokens_to_ids("<|im_start|>")
        return [at for at, token in enumerate(self.tokens(chat)) if token == opens]

    def image(self, number: int, columns: int = 9, rows: int = 8) -> PromptImage:
        """A picture unlike any other, which takes so many tokens across and down."""
        size = (columns * self.facts.factor, rows * self.facts.factor)
        noise = random.Random(number).randbytes(3 * size[0] * size[1])
        shown = Image.frombytes("RGB", size, noise)
        return PromptImage(
            sha256=hashlib.sha256(noise).hexdigest(),
            size=size,
            pixels=lambda: shown,
        )

    def greatest_difference(self) -> float:
        """Between the logits of all steps and those of one pass over all their tokens."""
        assert self.steps
        return max(float((self.one_pass(s) - s.logits).abs().max()) for s in self.steps)

    def one_pass(self, step: Step) -> torch.Tensor:
        """Logits as the model gives them without a cache, finding the positions itself."""
        ids = torch.tensor([step.ids])
        shown: dict[str, Any] = {}
        if step.images:
            pixels = [image.pixels() for image in step.images]
            shown = dict(self.processor.image_processor(images=pixels, return_tensors="pt"))
            shown["mm_token_type_ids"] = (ids == self.model.config.image_token_id).int()
        self.model.model.rope_deltas = None
        with torch.inference_mode():
            return self.model(
                input_ids=ids, attention_mask=torch.ones_like(ids), use_cache=False, **shown
            ).logits[0, -1]

    def _record(self, ids: Sequence[int], logits: torch.Tensor) -> None:
        self.before_step()
        self.steps.append(Step(tuple(ids), self._images, logits.clone()))


def tame(model: Any, tokenizer: Any) -> None:
    """Keeps a model of random weights from added tokens and from halves of characters."""
    vocabulary = int(model.config.get_text_config().vocab_size)
    added = set(tokenizer.get_added_vocab().values())
    broken = [n for n in range(vocabulary) if n in added or "\ufffd" in tokenizer.decode([n])]
    unlikely = torch.zeros(vocabulary)
    unlikely[broken] = -100.0

    def less(_module: Any, _inputs: Any, logits: torch.Tensor) -> torch.Tensor:
        return logits + unlikely

    model.lm_head.register_forward_hook(less)


MakeRig = Callable[..., Rig]


@pytest.fixture(scope="session")
def make_rig(checkpoint: Callable[[str], Path]) -> MakeRig:
    """Makes an engine of a family, with a memory of its own."""

    @cache
    def loaded(family: str) -> tuple[Any, Any]:
        model, processor = load_model(checkpoint(family)), load_processor(checkpoint(family))
        tame(model, processor.tokenizer)
        return model, processor

    def made(family: str, cache_bytes: int = 2**30) -> Rig:
        return Rig(family, *loaded(family), cache_bytes=cache_bytes)

    return made


@pytest.fixture(params=FAMILIES)
def rig(request: pytest.FixtureRequest, make_rig: MakeRig) -> Rig:
    """An engine of each family."""
    return make_rig(request.param)
