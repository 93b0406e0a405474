"""How the Qwen-VL processors resize an image, in plain arithmetic.

The same rule in every family since Qwen2-VL; only the factor and the limits differ. Qwen3-VL and
Qwen3.5 use Qwen2-VL's image processor with patches of 16 pixels (transformers 5.23,
`models/auto/image_processing_auto.py`).
"""

from __future__ import annotations

import math

from deixis.vision._errors import ImageError
from deixis.vision._geometry import Size
from deixis.vision.qwen._families import FamilyFacts

MAX_RATIO = 200
"""Longest side over shortest that the processors take."""

# What every usual server leaves as it is, by factor. 28: llama.cpp's floor of 8 tokens (`clip.cpp`,
# set_limit_image_tokens(8, 4096)) and the 1280 tokens that DashScope, older Ollama and
# transformers' class default cap at. 32: the checkpoints' floor, and 2 << 20 pixels, below the
# 2560 tokens of DashScope, the 4096 of llama.cpp and Ollama, and the 12,845,056 pixels of SGLang.
_SERVED = {28: (6_272, 1_003_520), 32: (65_536, 2_097_152)}


def smart_resize(size: Size, *, factor: int, min_pixels: int, max_pixels: int) -> Size:
    """The size to which a processor resizes an image: multiples of the factor, area in limits.

    As transformers' `smart_resize` (5.23, `models/qwen2_vl/image_processing_pil_qwen2_vl.py`),
    with width before height. It can enlarge.

    Args:
        size: Width and height of the image, in pixels.
        factor: What both sides become multiples of, in pixels.
        min_pixels: Least area, in square pixels.
        max_pixels: Greatest area, in square pixels.

    Raises:
        ImageError: The sides aren't above zero, one is over 200 times the other, or the limits
            contradict each other.
    """
    width, height = size
    if width <= 0 or height <= 0:
        raise ImageError(f"an image has sides above zero, got {width} × {height}")
    if max(size) / min(size) > MAX_RATIO:
        raise ImageError(
            f"{width} × {height} is too long for the model, which takes one side at most "
            f"{MAX_RATIO} times the other: cut the image"
        )
    if factor <= 0 or min_pixels <= 0 or min_pixels > max_pixels:
        raise ImageError(f"min_pixels {min_pixels} must be above 0 and at most {max_pixels}")
    wide, high = round(width / factor) * factor, round(height / factor) * factor
    if wide * high > max_pixels:
        shrink = math.sqrt(height * width / max_pixels)
        wide = max(factor, math.floor(width / shrink / factor) * factor)
        high = max(factor, math.floor(height / shrink / factor) * factor)
    elif wide * high < min_pixels:
        grow = math.sqrt(min_pixels / (height * width))
        wide = math.ceil(width * grow / factor) * factor
        high = math.ceil(height * grow / factor) * factor
    return (wide, high)


def image_tokens(seen: Size, *, factor: int) -> int:
    """How many tokens an image takes: one for each square of the factor's side.

    Args:
        seen: Width and height after `smart_resize`, in pixels.
        factor: Patch times two, in pixels.
    """
    return (seen[0] // factor) * (seen[1] // factor)


def served_limits(facts: FamilyFacts) -> tuple[int, int]:
    """Least and greatest area, in square pixels, that all usual servers leave as they are.

    An image whose sides are multiples of the factor and whose area lies between is a fixed point
    of the resizing of DashScope, vLLM, SGLang, Ollama and llama.cpp with their default limits, so
    who resizes to it before sending knows what the model saw. Sources: transformers 5.23's class
    default (3,136 to 1,003,520); llama.cpp `clip.cpp` (8 to 4,096 tokens); SGLang
    `multimodal/processors/qwen_vl.py` (3,136 to 12,845,056); Ollama `qwen25vl` (1,003,520 in its
    first versions, 2 << 20 later); DashScope's documented `max_pixels` (1,280 tokens for 2.5,
    2,560 for 3). vLLM and SGLang's newer versions use the checkpoint's own limits.

    Raises:
        ImageError: The family squeezes every image to a fixed size, so that there is no range.
    """
    if facts.fixed_size is not None:
        raise ImageError(f"{facts.family} resizes every image to {facts.fixed_size} pixels a side")
    return _SERVED[facts.factor]
