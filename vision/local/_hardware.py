"""Which device and number format a local model gets, and whether it fits."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deixis.vision._errors import ModelError

if TYPE_CHECKING:
    import torch

_ITEM = {"float32": 4, "bfloat16": 2, "float16": 2}
# Beside the weights: activations, the cache of a conversation, the process itself.
_ROOM = 1.1


@dataclass(frozen=True, kw_only=True)
class Weights:
    """How much there is to load.

    Attributes:
        bytes: On disk.
        dtype: What they are stored as; empty where it isn't told.
        quantised: Whether they are stored quantised, or will be quantised while they are loaded.
    """

    bytes: int
    dtype: str
    quantised: bool

    def bytes_as(self, dtype: str) -> int:
        """What they take up in memory in a number format."""
        return self.bytes * _ITEM.get(dtype, 2) // _ITEM.get(self.dtype, 2)


def choose_device(wanted: str | None) -> str:
    """The device asked for, or the best there is: CUDA, then Apple's, then the processor.

    Raises:
        ModelError: The device asked for isn't there.
    """
    import torch

    if wanted is None:
        if torch.cuda.is_available():
            return "cuda"
        return "mps" if torch.backends.mps.is_available() else "cpu"
    if wanted == "auto":
        return wanted
    try:
        kind = torch.device(wanted).type
    except RuntimeError as error:
        raise ModelError(
            f"there is no device {wanted!r}: write cpu, cuda, cuda:1, mps, or auto for several"
        ) from error
    if kind == "cuda" and not torch.cuda.is_available():
        raise ModelError(
            f"torch {torch.__version__} sees no CUDA device: install a CUDA build of torch and "
            "its driver, or leave device out"
        )
    return wanted


def choose_dtype(wanted: str | None, device: str, weights: Weights) -> torch.dtype | None:
    """The number format asked for, or what the device is good at; None leaves it to the files.

    On CUDA bfloat16, which the checkpoints are in, or float16 before compute capability 8; on
    Apple's devices float16. On a processor that multiplies no bfloat16 itself, float32 where it
    fits: reading a prompt took a seventh of the time there (AVX2, one thread, 256 tokens by a
    4096 × 4096 matrix), generating as long.

    Args:
        wanted: As torch names it, e.g. `bfloat16`; None to choose.
        device: As `choose_device` gave it.
        weights: What is to be loaded.

    Raises:
        ModelError: There is no such number format.
    """
    import torch

    if wanted is not None:
        found = getattr(torch, wanted.removeprefix("torch."), None)
        if not isinstance(found, torch.dtype) or not found.is_floating_point:
            raise ModelError(f"there is no dtype {wanted!r}: write bfloat16, float16 or float32")
        return found
    if weights.quantised:
        return None
    if device == "mps":
        return torch.float16
    if device != "cpu":
        cuda = device == "auto" or device.startswith("cuda")
        old = cuda and torch.cuda.is_available() and torch.cuda.get_device_capability()[0] < 8
        return torch.float16 if old else torch.bfloat16
    if weights.dtype == "float32":
        return torch.float32
    free = free_memory("cpu")
    fits = free is None or weights.bytes_as("float32") * _ROOM < free
    return torch.float32 if fits and not _multiplies_bfloat16() else torch.bfloat16


def _multiplies_bfloat16() -> bool:
    import torch

    operations: Any = torch.ops
    try:
        return bool(operations.mkldnn._is_mkldnn_bf16_supported())
    except (AttributeError, RuntimeError):
        return False


def check_memory(name: str, weights: Weights, dtype: str, device: str) -> None:
    """Refuses weights that can't fit, before loading them for minutes.

    Raises:
        ModelError: The device has less room than the weights take up.
    """
    if weights.quantised or device == "auto":
        return
    needed, free = weights.bytes_as(dtype), free_memory(device)
    if free is not None and needed > free:
        raise ModelError(
            f"{name} takes {_gigabytes(needed)} in {dtype} and {device} has {_gigabytes(free)} "
            "free: take a smaller model, quantise it, or free some memory"
        )


def free_memory(device: str) -> int | None:
    """Bytes that can be had on a device; None where that can't be told."""
    if device.startswith("cuda"):
        import torch

        return torch.cuda.mem_get_info(torch.device(device))[0]
    if device != "cpu":
        return None
    found = [free for free in (_of_machine(), _of_container()) if free is not None]
    return min(found, default=None)


def _of_machine() -> int | None:
    """Linux's own estimate, with what can be swapped out."""
    try:
        lines = Path("/proc/meminfo").read_text("ascii").splitlines()
        told = {line.split(":")[0]: int(line.split()[1]) * 1024 for line in lines}
        return told["MemAvailable"] + told.get("SwapFree", 0)
    except (OSError, ValueError, KeyError, IndexError):
        return None


def _of_container() -> int | None:
    group = Path("/sys/fs/cgroup")
    try:
        most = int((group / "memory.max").read_text("ascii"))
        used = int((group / "memory.current").read_text("ascii"))
        stats = (group / "memory.stat").read_text("ascii").splitlines()
        # Files that were read count as used, and give way.
        cached = sum(int(line.split()[1]) for line in stats if line.startswith("inactive_file "))
        return most - used + cached
    except (OSError, ValueError):
        return None


def _gigabytes(count: int) -> str:
    return f"{count / 1e9:.1f} GB"
