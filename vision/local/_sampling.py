"""Choosing the next token, with the processors of transformers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from transformers import (
    LogitsProcessorList,
    MinPLogitsWarper,
    RepetitionPenaltyLogitsProcessor,
    SuppressTokensLogitsProcessor,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

from deixis.vision.local._prompt import Sampling


class Sampler:
    """Chooses tokens for one reply.

    Args:
        sampling: What was asked for.
        config: The checkpoint's generation config, for what was not.
        banned: Tokens that are never chosen.
        device: Where the logits are.
    """

    def __init__(
        self, sampling: Sampling, config: Any, *, banned: Sequence[int], device: torch.device
    ) -> None:
        def told(name: str) -> Any:
            asked = getattr(sampling, name, None)
            return getattr(config, name, None) if asked is None else asked

        temperature = sampling.temperature
        if temperature is None:
            temperature = (config.temperature or 1.0) if config.do_sample else 0.0
        self._greedy = temperature <= 0
        self._generator = torch.Generator(device=device)
        if sampling.seed is None:
            self._generator.seed()
        else:
            self._generator.manual_seed(sampling.seed)
        steps: list[Any] = [SuppressTokensLogitsProcessor(list(banned), device=str(device))]
        if (penalty := told("repetition_penalty")) and penalty != 1:
            steps.append(RepetitionPenaltyLogitsProcessor(penalty=float(penalty)))
        if not self._greedy:
            steps += _warpers(temperature, told)
        self._steps: Callable[..., torch.Tensor] = LogitsProcessorList(steps)

    def choose(self, ids: torch.Tensor, logits: torch.Tensor) -> int:
        """The next token.

        Args:
            ids: The text so far, of shape [1, tokens].
            logits: Of the next token, of shape [1, vocabulary].
        """
        scores = self._steps(ids, logits.float())
        if self._greedy:
            return int(scores.argmax(dim=-1))
        chances = torch.softmax(scores, dim=-1)
        return int(torch.multinomial(chances, 1, generator=self._generator))


def _warpers(temperature: float, told: Callable[[str], Any]) -> list[Any]:
    steps: list[Any] = [TemperatureLogitsWarper(float(temperature))] if temperature != 1 else []
    if (top_k := told("top_k")) and top_k > 0:
        steps.append(TopKLogitsWarper(top_k=int(top_k)))
    if (top_p := told("top_p")) is not None and top_p < 1:
        steps.append(TopPLogitsWarper(top_p=float(top_p)))
    if min_p := told("min_p"):
        steps.append(MinPLogitsWarper(min_p=float(min_p)))
    return steps
