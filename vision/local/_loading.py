"""Local models by name: from a hub or a folder to a model that answers."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deixis.vision._errors import ModelError
from deixis.vision.local._checkpoint import Checkpoint
from deixis.vision.local._hardware import Weights, check_memory, choose_device, choose_dtype
from deixis.vision.local._processing import load_processor
from deixis.vision.local._sources import (
    Source,
    complete_folder,
    quiet_environment,
    settings_folder,
)
from deixis.vision.qwen._families import Family, facts_of

if TYPE_CHECKING:
    from deixis.vision.local._model import LocalModel

Tell = Callable[[str], None]
"""Told of each step of the loading in a few words, e.g. to show in a status line."""


@dataclass(frozen=True, kw_only=True)
class LoadOptions:
    """How a local model is loaded: the arguments of `load_local`."""

    dtype: str | None = None
    device: str | None = None
    quantization: object | None = None
    attention: str | None = None
    min_pixels: int | None = None
    max_pixels: int | None = None
    trust_remote_code: bool = False
    revision: str | None = None
    cache_dir: Path | None = None
    cache_bytes: int = 2 * 2**30
    bars: bool | None = None
    progress: Tell = field(default=lambda _: None)

    @property
    def bars_shown(self) -> bool:
        """Whether progress bars are drawn."""
        return sys.stderr.isatty() if self.bars is None else self.bars


def load_local(
    name: str,
    *,
    dtype: str | None = None,
    device: str | None = None,
    quantization: object | None = None,
    attention: str | None = None,
    min_pixels: int | None = None,
    max_pixels: int | None = None,
    trust_remote_code: bool = False,
    revision: str | None = None,
    cache_dir: str | Path | None = None,
    cache_bytes: int = 2 * 2**30,
    bars: bool | None = None,
    progress: Tell | None = None,
    **settings: Any,
) -> LocalModel:
    """A Qwen-VL model that runs here through transformers.

    Args:
        name: `hf:ORG/MODEL`, `modelscope:ORG/MODEL`, or a folder.
        dtype: Number format as torch names it, e.g. `bfloat16`; chosen by the device by default.
        device: `cuda`, `cuda:1`, `mps`, `cpu`, or `auto` to spread the model over several GPUs
            (needs accelerate); the best there is by default.
        quantization: A quantisation config of transformers, e.g. `BitsAndBytesConfig`, or a
            dictionary with `quant_method`.
        attention: Attention implementation, e.g. `sdpa`, `flash_attention_2`, `eager`.
        min_pixels: Least area of an image as the model sees it; the checkpoint's by default.
        max_pixels: Greatest, which bounds the tokens that an image takes.
        trust_remote_code: Whether Python code in the checkpoint may run on this machine.
        revision: A branch, tag or commit of the repository.
        cache_dir: Where downloads are kept; the hub's own folder by default.
        cache_bytes: Greatest size of what is kept of conversations, for their next turn.
        bars: Whether progress bars are drawn on stderr; by default where that is a terminal.
        progress: Told of each step of the loading in a few words.
        **settings: Of the model: `temperature`, `max_new_tokens`, …; see `LocalModel`.

    Raises:
        ModelError: The model can't be had or can't run here; the message says why, in a line.
    """
    _check_installed()
    options = LoadOptions(
        dtype=dtype,
        device=device,
        quantization=quantization,
        attention=attention,
        min_pixels=min_pixels,
        max_pixels=max_pixels,
        trust_remote_code=trust_remote_code,
        revision=revision,
        cache_dir=Path(cache_dir) if cache_dir is not None else None,
        cache_bytes=cache_bytes,
        bars=bars,
        progress=progress or (lambda _: None),
    )
    checkpoint, load = _checkpoint(name, options)
    return load(checkpoint, options, settings)


Loader = Callable[[Checkpoint, LoadOptions, Mapping[str, Any]], "LocalModel"]


def _checkpoint(name: str, options: LoadOptions) -> tuple[Checkpoint, Loader]:
    """The checkpoint of a name, all its files here, and what loads it."""
    source = Source.of(name, revision=options.revision, cache_dir=options.cache_dir)
    bars = options.bars_shown
    checkpoint = Checkpoint.of(settings_folder(source), name)
    load = _LOADERS.get(checkpoint.family)
    if load is None:
        place = source.place if source.kind != "folder" else "Qwen/Qwen-VL-Chat"
        raise ModelError(
            f"{name} is an original Qwen-VL, whose own code runs with no current transformers: "
            f"serve it with `vllm serve {place} --trust-remote-code` and name it "
            f"openai:http://127.0.0.1:8000/v1#{place}"
        )
    if source.kind != "folder":
        options.progress(f"getting {name}")
    folder = complete_folder(source, code=options.trust_remote_code, bars=bars)
    return replace(checkpoint, folder=folder), load


def _load_with_transformers(
    checkpoint: Checkpoint, options: LoadOptions, settings: Mapping[str, Any]
) -> LocalModel:
    """A model of Qwen2-VL or a later family."""
    from deixis.vision.local._engine import Engine
    from deixis.vision.local._model import LocalModel
    from deixis.vision.qwen._dialect import QwenDialect

    facts = facts_of(checkpoint.family)
    least, most = _limits(checkpoint, options)
    dialect = QwenDialect(checkpoint.family, min_pixels=least, max_pixels=most)
    files = checkpoint.weights()
    weights = Weights(
        bytes=sum(file.stat().st_size for file in files),
        dtype=checkpoint.dtype,
        quantised=checkpoint.quantised or options.quantization is not None,
    )
    with _told(checkpoint.name), _bars(options.bars_shown):
        processor = load_processor(checkpoint.folder)
        options.progress(f"loading {checkpoint.name}")
        model = load_weights(checkpoint, options, weights)
        engine = Engine(model, processor, facts, cache_bytes=options.cache_bytes)
    return LocalModel(
        engine=engine,
        processor=processor,
        dialect=dialect,
        facts=facts,
        name=checkpoint.name,
        **settings,
    )


_LOADERS: Mapping[Family, Loader] = {
    "qwen2-vl": _load_with_transformers,
    "qwen2.5-vl": _load_with_transformers,
    "qwen3-vl": _load_with_transformers,
    "qwen3.5-vl": _load_with_transformers,
}


def _check_installed() -> None:
    missing = [name for name in ("torch", "transformers") if find_spec(name) is None]
    if missing:
        raise ModelError(
            f"a local model needs {' and '.join(missing)}: pip install 'deixis[local]' (without a "
            "GPU, first: pip install torch --index-url https://download.pytorch.org/whl/cpu)"
        )


def _limits(checkpoint: Checkpoint, options: LoadOptions) -> tuple[int, int]:
    least, most = checkpoint.limits()
    least = least if options.min_pixels is None else options.min_pixels
    most = most if options.max_pixels is None else options.max_pixels
    if options.max_pixels is not None and options.min_pixels is None:
        least = min(least, most)
    side = facts_of(checkpoint.family).factor
    if not 0 < least <= most or most < side * side:
        raise ModelError(
            f"images of {least:,} to {most:,} pixels can't be shown to {checkpoint.name}: give "
            f"min_pixels <= max_pixels, and at least {side * side:,}"
        )
    return least, most


def load_weights(checkpoint: Checkpoint, options: LoadOptions, weights: Weights) -> Any:
    """The model of a checkpoint, on its device, ready to generate.

    Args:
        checkpoint: All its files in a folder.
        options: Device, number format and so on.
        weights: How much there is to load.

    Raises:
        ModelError: It doesn't fit, or weights are missing.
    """
    import transformers

    device = choose_device(options.device)
    if device == "auto" and find_spec("accelerate") is None:
        raise ModelError("device='auto' needs accelerate: pip install accelerate")
    dtype = choose_dtype(options.dtype, device, weights)
    written = str(dtype or weights.dtype).removeprefix("torch.")
    check_memory(checkpoint.name, weights, written, device)
    placed = _placed(device, weights)
    kind: Any = transformers.AutoModelForImageTextToText
    model, told = kind.from_pretrained(
        checkpoint.folder,
        dtype=dtype if dtype is not None else "auto",
        trust_remote_code=options.trust_remote_code,
        local_files_only=True,
        output_loading_info=True,
        **({"device_map": placed} if placed is not None else {}),
        **({"quantization_config": options.quantization} if options.quantization else {}),
        **({"attn_implementation": options.attention} if options.attention else {}),
    )
    if absent := sorted(told["missing_keys"]):
        # transformers fills them with random numbers and goes on.
        raise ModelError(
            f"{checkpoint.name} lacks {len(absent)} of its weights ({absent[0]}…): download it "
            "again"
        )
    if placed is None:
        model = model.to(device)
    return model.eval()


def _placed(device: str, weights: Weights) -> object:
    """Where transformers puts the weights as it reads them; None: on the processor first."""
    if device == "auto":
        return "auto"
    if weights.quantised or (device != "cpu" and find_spec("accelerate") is not None):
        return {"": device}
    return None


@contextmanager
def _told(name: str) -> Generator[None]:
    """Whatever goes wrong in transformers and below it, in one line."""
    import torch

    try:
        yield
    except ModelError:
        raise
    except (torch.OutOfMemoryError, MemoryError) as error:
        raise ModelError(
            f"there isn't enough memory for {name}: take a smaller model, or quantise it"
        ) from error
    except Exception as error:
        # A checkpoint is foreign data: what it makes transformers raise is beyond counting.
        told = " ".join(str(error).split())[:300]
        raise ModelError(f"{name} can't be loaded ({type(error).__name__}): {told}") from error


@contextmanager
def _bars(shown: bool) -> Generator[None]:
    """The bars of transformers, on stderr, or none."""
    quiet_environment()
    from transformers.utils import logging

    before = logging.is_progress_bar_enabled()
    with contextlib.ExitStack() as after:
        after.callback(logging.enable_progress_bar if before else logging.disable_progress_bar)
        (logging.enable_progress_bar if shown else logging.disable_progress_bar)()
        yield
