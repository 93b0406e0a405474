"""What a next turn costs a local model that has seen a 1080p picture in the first.

Side by side, with random weights of the Qwen2.5-VL shape: our engine's next turn up to its first
token; the new tokens alone, one bare forward against keys and values that lie ready; and the whole
conversation from nothing.
"""

# ruff: noqa: T201

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from PIL import Image

from tests.checkpoints import bench_checkpoint, load_model, load_processor

FAMILY = "qwen2.5-vl"
ROUNDS = 7
GOAL = 1.15
_OPEN = "<|im_start|>assistant\n"
_SHORT = "Which lift goes there? "
_LONG = (
    "Which floor is the department of ear, nose and throat on, which lift goes there from the "
    "main entrance, and is there a counter on the same floor where the fee can be paid before "
    "seeing the doctor? Answer in one sentence, quote the sign as it writes the names, and say "
    "where in the picture each of them stands. "
)


def run() -> None:
    """Print the next turn over its new tokens alone, and over a full prefill."""
    with TemporaryDirectory() as name:
        folder = bench_checkpoint(FAMILY, Path(name) / "model", hidden=768, layers=12)
        work = _Work(folder)
        work.first()
        print(f"next turn, {FAMILY} of random weights, 1920 × 1080 picture in the first")
        for question in (_LONG, _SHORT):
            rows = [(work.bare(question), work.second(question)) for _ in range(ROUNDS)]
            over = median(second / bare for bare, second in rows)
            print(f"  {work.new} new tokens after {work.length - work.new}:")
            print(f"    next turn / its new tokens alone  {over:.2f}   (goal {GOAL})")
        full = work.full()
    second = median(second for _, second in rows)
    print(f"    next turn / full prefill          {second / full:.3f}")


def _timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _timed_in_thread(work: Callable[[], object]) -> float:
    """Seconds of work in a new thread, as the engine's is.

    OpenMP keeps threads for each thread it is called from; on a busy machine those of the main
    thread were found to be six times slower.
    """
    seconds: list[float] = []
    thread = threading.Thread(target=lambda: seconds.append(_timed(work)))
    thread.start()
    thread.join()
    return seconds[0]


class _Work:
    """One conversation, asked on in it by the engine and by bare transformers."""

    def __init__(self, folder: Path) -> None:
        from deixis.vision.local._engine import Engine
        from deixis.vision.local._prompt import PromptImage
        from deixis.vision.qwen import QwenDialect, facts_of

        self._model: Any = load_model(folder)
        # Any: the bare forward starts from what the engine holds, which is private to it.
        self._engine: Any = Engine(self._model, load_processor(folder), facts_of(FAMILY))
        size = QwenDialect(FAMILY).input_size((1920, 1080))
        picture = Image.effect_noise(size, 60).convert("RGB")
        self._images = (PromptImage(sha256="0" * 64, size=size, pixels=lambda: picture),)
        image = "<|vision_start|><|image_pad|><|vision_end|>"
        self._text = f"<|im_start|>user\n{image}What is on this sign?<|im_end|>\n{_OPEN}"
        self.length = self.new = 0

    def first(self) -> None:
        """The first turn, picture and all."""
        self._ask(self._text)

    def second(self, question: str) -> float:
        """Another turn through the engine, up to its first token, in seconds."""
        return self._ask(self._next(question))

    def bare(self, question: str) -> float:
        """Those new tokens alone: a forward against keys and values at hand, in seconds."""
        torch: Any = import_module("torch")
        match = self._engine._store.match(
            self._prompt(self._next(question)), self._engine._tokeniser
        )
        held = match.source.kv.prefix(match.reused).cache
        end = len(match.tokens)
        self.length, self.new = end, end - match.reused
        given = {
            "input_ids": torch.tensor([list(match.tokens.ids[match.reused : end])]),
            "attention_mask": torch.ones(1, end, dtype=torch.long),
            "position_ids": match.tokens.positions(match.reused, end),
        }

        def forward() -> None:
            with torch.inference_mode():
                self._model(**given, past_key_values=held, use_cache=True, logits_to_keep=1)

        return _timed_in_thread(forward)

    def full(self) -> float:
        """The whole conversation from nothing, in seconds."""
        self._engine.forget()
        return self._ask(self._text)

    def _next(self, question: str) -> str:
        return f"{self._text}<|im_start|>user\n{question}<|im_end|>\n{_OPEN}"

    def _prompt(self, text: str) -> Any:
        from deixis.vision.local._prompt import Prompt

        return Prompt(text=text, images=self._images)

    def _ask(self, text: str) -> float:
        from deixis.vision.local._prompt import Sampling

        replies: list[str] = []

        def generate() -> None:
            once = Sampling(max_new_tokens=1, temperature=0)
            replies.append("".join(self._engine.generate(self._prompt(text), once)))

        seconds = _timed(generate)
        self._text = f"{text}{replies[0]}<|im_end|>\n"
        return seconds
