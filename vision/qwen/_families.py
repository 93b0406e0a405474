"""The families of the Qwen-VL line: a table of what sets them apart.

Facts from the authors' repositories (QwenLM/Qwen-VL; QwenLM/Qwen3-VL, which holds the material of
2, 2.5 and 3; QwenLM/Qwen-Agent), the checkpoints' preprocessor settings, and transformers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, get_args

from deixis.vision._errors import ModelError

Family = Literal["qwen-vl", "qwen2-vl", "qwen2.5-vl", "qwen3-vl", "qwen3.5-vl"]
ToolFormat = Literal["react", "hermes", "xml"]


@dataclass(frozen=True, kw_only=True)
class FamilyFacts:
    """What one family needs.

    Attributes:
        family: Its name.
        relative: Whether places are 0 to 1000 over the image; otherwise pixels of the image as
            the model saw it.
        patch: Side of a patch of the vision tower, in pixels.
        fixed_size: Side to which every image is squeezed, in pixels; None where images keep
            their shape (`smart_resize`).
        min_pixels: Least area of an image the model sees, as its checkpoints ship it.
        max_pixels: Greatest, as its checkpoints ship it.
        tools: How it writes tool calls.
        template_tools: Whether its chat template knows tools, and images in their results.
        model_types: `model_type` of its checkpoints' `config.json`.
    """

    family: Family
    relative: bool
    patch: int
    fixed_size: int | None = None
    min_pixels: int = 0
    max_pixels: int = 0
    tools: ToolFormat
    template_tools: bool
    model_types: tuple[str, ...]

    @property
    def factor(self) -> int:
        """What both sides of a seen image are multiples of: a patch, merged two by two."""
        return self.patch * 2


_TABLE = (
    FamilyFacts(
        family="qwen-vl",
        relative=True,
        patch=14,
        fixed_size=448,
        tools="react",
        template_tools=False,
        model_types=("qwen",),
    ),
    FamilyFacts(
        family="qwen2-vl",
        relative=True,
        patch=14,
        min_pixels=3_136,
        max_pixels=12_845_056,
        tools="hermes",
        template_tools=False,
        model_types=("qwen2_vl",),
    ),
    FamilyFacts(
        family="qwen2.5-vl",
        relative=False,
        patch=14,
        min_pixels=3_136,
        max_pixels=12_845_056,
        tools="hermes",
        template_tools=False,
        model_types=("qwen2_5_vl",),
    ),
    FamilyFacts(
        family="qwen3-vl",
        relative=True,
        patch=16,
        min_pixels=65_536,
        max_pixels=16_777_216,
        tools="hermes",
        template_tools=True,
        model_types=("qwen3_vl", "qwen3_vl_moe"),
    ),
    FamilyFacts(
        family="qwen3.5-vl",
        relative=True,
        patch=16,
        min_pixels=65_536,
        max_pixels=16_777_216,
        tools="xml",
        template_tools=True,
        model_types=("qwen3_5", "qwen3_5_moe", "qwen4_exp"),
    ),
)
_BY_NAME: dict[str, FamilyFacts] = {facts.family: facts for facts in _TABLE}

# The first that fits counts. `qwen-vl-max` and `-plus` are DashScope's names for hosted models,
# which have been of the 2.5 family since 2025.
_NAMES: tuple[tuple[str, Family], ...] = (
    (r"qwen[-_]?2[._]5[-_]?vl|ui-tars-1\.5|qwen-?vl-(max|plus)", "qwen2.5-vl"),
    (r"qwen[-_]?2[-_]?vl|qvq|os-atlas|ui-tars", "qwen2-vl"),
    (r"qwen[-_]?3[-_]?vl", "qwen3-vl"),
    (r"qwen[-_]?(3[._][5-9]|[4-9])", "qwen3.5-vl"),
    (r"qwen[-_]?vl", "qwen-vl"),
)


def facts_of(family: str) -> FamilyFacts:
    """What a family needs.

    Raises:
        ModelError: There is no family of this name.
    """
    found = _BY_NAME.get(family)
    if found is None:
        raise ModelError(f"there is no family {family!r}: name one of {', '.join(_BY_NAME)}")
    return found


def family_of_name(name: str) -> Family | None:
    """The family that a model's name tells, e.g. `Qwen/Qwen3-VL-4B-Instruct` or `qwen2.5vl:7b`."""
    lowered = name.lower()
    return next((family for pattern, family in _NAMES if re.search(pattern, lowered)), None)


def family_of_type(model_type: str) -> Family | None:
    """The family of a checkpoint, by the `model_type` of its `config.json`."""
    return next((f.family for f in _TABLE if model_type in f.model_types), None)


def families() -> tuple[Family, ...]:
    """Names of all families, oldest first."""
    return get_args(Family)
