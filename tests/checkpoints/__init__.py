"""Checkpoints of every family with random weights, made where they are needed.

Nothing of them is committed but this script. `python -m tests.checkpoints FOLDER [FAMILY…]`
writes them to a folder each.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests.checkpoints._load import load_model, load_processor
from tests.checkpoints._make import FAMILIES, Shape, make_checkpoint
from tests.checkpoints._teach import teach

__all__ = [
    "FAMILIES",
    "bench_checkpoint",
    "load_model",
    "load_processor",
    "taught_checkpoint",
    "tiny_checkpoint",
]


def tiny_checkpoint(family: str, folder: Path, *, seed: int = 0) -> Path:
    """Writes a model of a few hundred thousand random weights, with all files a checkpoint has.

    Args:
        family: One of `FAMILIES`.
        folder: Where it goes; made if it isn't there.
        seed: Of the weights.

    Returns:
        The folder.
    """
    return make_checkpoint(family, folder, Shape(), seed=seed, dtype="float32")


def taught_checkpoint(
    family: str,
    folder: Path,
    *,
    replies: Mapping[str, str],
    after_tool: Mapping[str, str] | None = None,
    seed: int = 0,
) -> Path:
    """Writes a tiny model that was taught, on the spot, what to say to a few questions.

    Greedy decoding then answers each question with its reply, whatever else is in the prompt: a
    system message, tools, an earlier turn, a picture. Give replies as the model writes them, a
    tool call in its family's own format. Families that think end an empty thought first; a reply
    with `</think>` in it has its own, which is dropped where thinking is off.

    It takes 25 to 60 seconds of a core. Only `qwen3.5-vl` is robust: of 114 unseen prompts, up to
    2,100 tokens and with pictures of 640 × 480, it answered 112 to the letter. The others, whose
    layers all attend, got 28 (`qwen3-vl`) and 39 (`qwen2.5-vl`) of 57: they fail above 650 tokens
    and with large pictures, and now and then below. Teach them little, and keep prompts short.

    Args:
        family: One of `FAMILIES`.
        folder: Where it goes; made if it isn't there.
        replies: What is said to a question of the user.
        after_tool: What is said to it once a tool has given a result, in the place of the same.
        seed: Of the weights and of the lessons.

    Returns:
        The folder.

    Raises:
        RuntimeError: The model didn't learn them.
    """
    if family == "qwen3.5-vl":
        shape = Shape(layers=2)
    else:
        # Positions that hardly turn: what was learnt of short prompts then holds for long ones.
        shape = Shape(hidden=128, layers=2, theta=10_000_000_000)
    make_checkpoint(family, folder, shape, seed=seed, dtype="float32")
    teach(family, folder, replies=replies, after_tool=after_tool or {}, seed=seed)
    return folder


def bench_checkpoint(
    family: str,
    folder: Path,
    *,
    hidden: int = 1024,
    layers: int = 16,
    dtype: str = "float32",
    seed: int = 0,
) -> Path:
    """Writes a model of random weights that is large enough for time to mean something.

    Args:
        family: One of `FAMILIES`.
        folder: Where it goes; made if it isn't there.
        hidden: Width of the text model, a multiple of 128.
        layers: Of the text model, a multiple of 4.
        dtype: `float32` or `bfloat16`.
        seed: Of the weights.

    Returns:
        The folder.
    """
    shape = Shape(hidden=hidden, layers=layers, vision=256, depth=6, spread=0.02)
    return make_checkpoint(family, folder, shape, seed=seed, dtype=dtype)
