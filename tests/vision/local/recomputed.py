"""An engine beside its model: what the engine computes in parts, the model computes in one pass.

Random weights choose the same tokens even where the positions are wrong, so it is logits that are
compared, at every step.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from PIL import Image

from deixis.vision.local._engine import (
    Engine,
    Generation,
    Prompt,
    PromptImage,
    Sampling,
    Usage,
)
from deixis.vision.qwen._families import FamilyFacts, facts_of

SIGHT = "<|vision_start|><|image_pad|><|vision_end|>"
NEAR = 1e-4


@dataclass(frozen=True)
class Chat:
    """A conversation as the Qwen templates write it."""

    text: str = "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n"
    images: tuple[PromptImage, ...] = ()

    def asked(self, words: str, *images: PromptImage, role: str = "user") -> Chat:
        """Goes on with a turn that isn't the model's."""
        shown = SIGHT * len(images)
        turn = f"<|im_start|>{role}\n{shown}{words}<|im_end|>\n"
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


class Rig:
    """An engine whose logits are recorded, and the same model without it.

    The model never ends its turn and writes no halves of characters, so that counts are known.
    """

    def __init__(self, family: str, model: Any, processor: Any, cache_bytes: int = 2**30) -> None:
        self.facts: FamilyFacts = facts_of(family)
        self.model = model
        self.processor = processor
        self.steps: list[Step] = []
        self.engine = Engine(
            model, processor, self.facts, cache_bytes=cache_bytes, watch=self._record
        )
        self.before_step: Callable[[int], None] = lambda _: None
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

    def reply(self, chat: Chat, *, tokens: int = 6, seed: int = 0) -> tuple[str, Usage]:
        """The model's next turn, and what it took."""
        generation = self.start(chat, tokens=tokens, seed=seed)
        return "".join(generation), generation.usage

    def extended(self, chat: Chat, *, tokens: int = 6, seed: int = 0) -> Chat:
        """The conversation with the model's next turn."""
        return chat.answered(self.reply(chat, tokens=tokens, seed=seed)[0])

    def length(self, chat: Chat) -> int:
        """Tokens of a prompt, as the checkpoint's own processor makes them."""
        return len(self.tokens(chat))

    def tokens(self, chat: Chat) -> list[int]:
        """A prompt's tokens, as the checkpoint's own processor makes them."""
        images = [image.pixels() for image in chat.images] or None
        return self.processor(text=[chat.prompt.text], images=images)["input_ids"][0]

    def image(self, number: int, columns: int = 3, rows: int = 2) -> PromptImage:
        """A picture, unlike any other."""
        side = self.facts.factor
        # Larger than the least area the processors of Qwen3 leave alone: 65,536 pixels.
        scale = 8 if side == 32 else 1
        size = (columns * side * scale, rows * side * scale) if scale == 1 else (256, 256)
        if scale != 1:
            size = (max(columns, rows, 8) * side, 8 * side)
        shown = Image.effect_noise(size, 30 + number).convert("RGB")
        return PromptImage(
            sha256=hashlib.sha256(shown.tobytes()).hexdigest(), size=size, pixels=lambda: shown
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
        self.before_step(len(self.steps))
        self.steps.append(Step(tuple(ids), self._images, logits.clone()))


def tame(model: Any, tokenizer: Any) -> None:
    """Keeps a model of random weights from ending its turn and from halves of characters."""
    vocabulary = int(model.config.get_text_config().vocab_size)
    added = set(tokenizer.get_added_vocab().values())
    broken = [n for n in range(vocabulary) if n in added or "\ufffd" in tokenizer.decode([n])]
    unlikely = torch.zeros(vocabulary)
    unlikely[broken] = -100.0

    def less(_module: Any, _inputs: Any, logits: torch.Tensor) -> torch.Tensor:
        return logits + unlikely

    model.lm_head.register_forward_hook(less)
