"""One model's forward passes over a conversation that grows."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import Any

import torch

from deixis.vision._errors import ModelError
from deixis.vision.local._kv import KeyValues
from deixis.vision.local._prompt import PromptImage
from deixis.vision.local._tokens import ImageSpan, Tokens

_MERGE = 2  # patches a side that become one token, in every family
_SNAPSHOTS = 8


class Decoder:
    """Computes the logits that follow a conversation, and what the model keeps of it.

    Positions are always given: what the model remembers of them itself (`rope_deltas`) belongs to
    the conversation it saw last.

    Args:
        model: One of transformers' Qwen-VL models, `...ForConditionalGeneration`.
        image_processor: Of its checkpoint.
        turn: The token that opens a turn.
    """

    def __init__(self, model: Any, image_processor: Any, *, turn: int) -> None:
        self._model = model
        self._images = image_processor
        self._turn = turn
        self._blocks: list[Any] = [
            block
            for blocks in model.modules()
            if isinstance(blocks, torch.nn.ModuleList)
            for block in blocks
        ]

    @property
    def device(self) -> torch.device:
        """Where tokens go in and logits come out."""
        return self._model.device

    def read(
        self,
        kv: KeyValues,
        tokens: Tokens,
        images: Sequence[PromptImage],
        check: Callable[..., None],
    ) -> torch.Tensor:
        """Takes in the tokens that it hasn't got yet, at least one.

        Args:
            kv: What is kept of the first tokens; it grows.
            tokens: All of them.
            images: All that stand among them.
            check: Called before each layer; may raise to break off. Then `kv` must be rolled back.

        Returns:
            Logits of the next token, of shape [vocabulary].

        Raises:
            ModelError: The image processor cuts an image into other patches than the family does.
        """
        new = [
            (span, self._pixels(image, span))
            for span, image in zip(tokens.spans, images, strict=True)
            if span.start >= kv.length
        ]
        logits = torch.empty(0)
        with self._interruptible(check):
            for end in self._stops(kv, tokens.ids):
                kv.remember(_SNAPSHOTS)
                pixels = [shown for span, shown in new if kv.length <= span.start < end]
                logits = self._forward(
                    kv, tokens.ids[kv.length : end], tokens.positions(kv.length, end), pixels
                )
        return logits

    def step(self, kv: KeyValues, token: int, shift: int) -> torch.Tensor:
        """Takes in one more token of text.

        Args:
            kv: What is kept of those before; it grows.
            token: Its id.
            shift: Its position, less its index.
        """
        place = kv.length
        positions = torch.tensor([place, *[place + shift] * 3]).view(4, 1, 1)
        return self._forward(kv, [token], positions, [])

    def _stops(self, kv: KeyValues, ids: Sequence[int]) -> list[int]:
        """Ends of the parts in which a prompt is taken in.

        Recurrent layers are copied where conversations part: after the system message, and before
        the reply is opened, as templates rewrite what opened it (Qwen3.5 its `<think>`).
        """
        if not kv.recurrent:
            return [len(ids)]
        turns = [at for at, token in enumerate(ids) if token == self._turn]
        return [at for at in sorted({*turns[1:2], *turns[-1:]}) if at > kv.length] + [len(ids)]

    def _pixels(self, image: PromptImage, span: ImageSpan) -> tuple[Any, Any]:
        """An image as the vision tower takes it: its patches and its grid."""
        shown = self._images(images=[image.pixels()], do_resize=False, return_tensors="pt")
        grid = shown["image_grid_thw"]
        if grid.tolist() != [[1, span.rows * _MERGE, span.columns * _MERGE]]:
            raise ModelError(
                f"the checkpoint's image processor makes a grid of {grid.tolist()} patches of an"
                f" image of {image.size[0]} × {image.size[1]} pixels, unlike its family: use the"
                " preprocessor_config.json that came with the weights"
            )
        return shown["pixel_values"], grid

    def _forward(
        self,
        kv: KeyValues,
        ids: Sequence[int],
        positions: torch.Tensor,
        images: Sequence[tuple[Any, Any]],
    ) -> torch.Tensor:
        device, length = self.device, kv.length + len(ids)
        shown: dict[str, Any] = {}
        if images:
            shown["pixel_values"] = torch.cat([pixels for pixels, _ in images]).to(device)
            shown["image_grid_thw"] = torch.cat([grid for _, grid in images]).to(device)
        output = self._model(
            input_ids=torch.tensor([list(ids)], device=device),
            attention_mask=torch.ones(1, length, dtype=torch.long, device=device),
            position_ids=positions.to(device),
            past_key_values=kv.cache,
            use_cache=True,
            logits_to_keep=1,
            **shown,
        )
        kv.length = length
        return output.logits[0, -1]

    @contextmanager
    def _interruptible(self, check: Callable[..., None]) -> Generator[None]:
        """Lets a long prompt be broken off between two layers."""
        hooks = [block.register_forward_pre_hook(check) for block in self._blocks]
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()
