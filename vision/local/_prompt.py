"""What goes into a local model's engine, and what it tells of its work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image

from deixis.vision._geometry import Size


@dataclass(frozen=True, kw_only=True)
class PromptImage:
    """An image of a prompt.

    Attributes:
        sha256: Of the image's bytes. With the size it tells whether it is one seen before.
        size: Width and height as the model sees it, in pixels: what the dialect's `input_size`
            gives.
        pixels: Gives the image as RGB, already of that size. Asked only for an image that has to
            be computed, and in the engine's thread.
    """

    sha256: str
    size: Size
    pixels: Callable[[], Image.Image]


@dataclass(frozen=True, kw_only=True)
class Prompt:
    """A whole conversation, ready for the model's next turn.

    Attributes:
        text: As the chat template writes it, with what opens the reply. Each image stands as one
            `<|image_pad|>`.
        images: In the order of their places in the text.
    """

    text: str
    images: tuple[PromptImage, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """How tokens are chosen. None: as the checkpoint's `generation_config.json` says.

    Attributes:
        max_new_tokens: Most tokens of a reply.
        temperature: 0 takes the most likely token each time.
        top_p: Least total probability of the tokens to choose from.
        top_k: How many tokens to choose from.
        repetition_penalty: What the logits of tokens already in the text are divided by.
        seed: Makes the choice repeatable.
        stop: Texts at which the reply ends. They are no part of it.
    """

    max_new_tokens: int = 2048
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    repetition_penalty: float | None = None
    seed: int | None = None
    stop: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Usage:
    """Counts of tokens.

    Attributes:
        prompt_tokens: Of the whole prompt, images included.
        cached_tokens: Of these, the ones that were not computed again.
        completion_tokens: Generated, the token that ends the turn included.
    """

    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
