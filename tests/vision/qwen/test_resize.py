"""Sizes and token counts are those of transformers' processors."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from typing import Any, cast

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from deixis.vision import DeixisError, QwenDialect, Size
from deixis.vision.qwen import FamilyFacts, facts_of, families, served_limits, smart_resize
from tests.conftest import missing

RESIZED = [name for name in families() if facts_of(name).fixed_size is None]
SIZES: list[Size] = [
    (870, 1398), (1080, 2400), (720, 1280), (1024, 1024), (1, 1), (10, 2000), (2000, 10), (28, 28),
    (14, 14), (42, 42), (64, 64), (4032, 3024), (12000, 9000), (200, 1), (5304, 3540), (33, 6600),
]  # fmt: skip
sides = st.integers(1, 9000)
sizes = st.tuples(sides, sides).filter(lambda size: max(size) <= 200 * min(size))
NAMED = st.sampled_from(RESIZED)
# The limits of the servers, by factor: least and greatest area. Sources at `served_limits`.
SERVERS = {
    28: {
        "transformers' class default": (3_136, 1_003_520),
        "checkpoints, vLLM, qwen-vl-utils, SGLang": (3_136, 12_845_056),
        "DashScope": (3_136, 1_003_520),
        "Ollama, first": (3_136, 1_003_520),
        "Ollama, later": (3_136, 2 << 20),
        "llama.cpp": (8 * 28 * 28, 4_096 * 28 * 28),
    },
    32: {
        "checkpoints, vLLM": (65_536, 16_777_216),
        "qwen-vl-utils": (4 * 32 * 32, 16_384 * 32 * 32),
        "SGLang": (3_136, 12_845_056),
        "DashScope": (65_536, 2_560 * 32 * 32),
        "Ollama": (64 << 10, 2 << 20),
        "llama.cpp": (8 * 32 * 32, 4_096 * 32 * 32),
    },
}


def theirs() -> Any:
    if importlib.util.find_spec("transformers") is None:
        missing("transformers")
    # The PIL processors' own module: the other needs torchvision.
    return importlib.import_module("transformers.models.qwen2_vl.image_processing_pil_qwen2_vl")


def ours(facts: FamilyFacts, size: Size) -> Size:
    return smart_resize(
        size, factor=facts.factor, min_pixels=facts.min_pixels, max_pixels=facts.max_pixels
    )


@pytest.fixture(scope="module")
def resize() -> Callable[..., tuple[int, int]]:
    """Their `smart_resize`: height and width in, height and width out."""
    return cast("Callable[..., tuple[int, int]]", theirs().smart_resize)


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("family", RESIZED)
def test_sizes_are_theirs(resize: Callable[..., tuple[int, int]], family: str, size: Size) -> None:
    facts = facts_of(family)
    height, width = resize(size[1], size[0], facts.factor, facts.min_pixels, facts.max_pixels)
    assert QwenDialect(family).input_size(size) == (width, height)


def test_any_size_with_any_limits_is_theirs(resize: Callable[..., tuple[int, int]]) -> None:
    @given(sizes, st.sampled_from([28, 32]), st.integers(1, 100_000), st.integers(0, 2_000_000))
    def same(size: Size, factor: int, least: int, more: int) -> None:
        mine = smart_resize(size, factor=factor, min_pixels=least, max_pixels=least + more)
        height, width = resize(size[1], size[0], factor, least, least + more)
        assert mine == (width, height)

    same()


@pytest.mark.parametrize("family", RESIZED)
def test_tokens_are_the_processors_patches_by_four(family: str) -> None:
    facts = facts_of(family)
    processor = theirs().Qwen2VLImageProcessorPil(
        patch_size=facts.patch,
        size={"shortest_edge": facts.min_pixels, "longest_edge": facts.max_pixels},
    )
    for width, height in SIZES:
        patches = int(processor.get_number_of_image_patches(height, width))
        assert QwenDialect(family).image_tokens((width, height)) == patches // 4


@pytest.mark.parametrize(
    ("family", "size"), [("qwen2.5-vl", (870, 1398)), ("qwen3-vl", (300, 500))]
)
def test_the_grid_of_a_processed_picture_is_ours(family: str, size: Size) -> None:
    from PIL import Image

    facts = facts_of(family)
    processor = theirs().Qwen2VLImageProcessorPil(
        patch_size=facts.patch,
        size={"shortest_edge": facts.min_pixels, "longest_edge": facts.max_pixels},
    )
    grid = processor(Image.new("RGB", size), return_tensors="np")["image_grid_thw"][0].tolist()
    width, height = QwenDialect(family).input_size(size)
    assert grid == [1, height // facts.patch, width // facts.patch]


def test_qwen3_has_the_processor_of_qwen2() -> None:
    theirs()
    module: Any = importlib.import_module("transformers.models.auto.image_processing_auto")
    names = {
        kind: module.IMAGE_PROCESSOR_MAPPING_NAMES[kind]["pil"]
        for family in RESIZED
        for kind in facts_of(family).model_types
        if kind in module.IMAGE_PROCESSOR_MAPPING_NAMES
    }
    assert set(names.values()) == {"Qwen2VLImageProcessorPil"}
    assert {"qwen2_vl", "qwen2_5_vl", "qwen3_vl"} <= set(names)


def test_the_original_squeezes_every_image_to_a_square() -> None:
    dialect = QwenDialect("qwen-vl")
    assert dialect.input_size((2048, 1365)) == (448, 448)
    assert dialect.image_tokens((2048, 1365)) == 256


@given(sizes, NAMED)
def test_a_resized_image_stays(size: Size, family: str) -> None:
    facts = facts_of(family)
    once = ours(facts, size)
    # Between 199 and 200 rounding can lengthen an image beyond what is taken.
    assume(max(once) <= 200 * min(once))
    assume(facts.min_pixels <= once[0] * once[1] <= facts.max_pixels)
    assert ours(facts, once) == once


@given(sizes, NAMED)
def test_no_server_touches_an_image_within_the_served_limits(size: Size, family: str) -> None:
    facts = facts_of(family)
    least, most = served_limits(facts)
    sent = smart_resize(size, factor=facts.factor, min_pixels=least, max_pixels=most)
    assume(max(sent) <= 200 * min(sent))
    assume(least <= sent[0] * sent[1] <= most)
    for low, high in SERVERS[facts.factor].values():
        seen = smart_resize(sent, factor=facts.factor, min_pixels=low, max_pixels=high)
        assert seen == sent


@given(sizes, NAMED)
def test_all_but_very_long_images_come_within_the_served_limits(size: Size, family: str) -> None:
    assume(max(size) <= 20 * min(size))
    facts = facts_of(family)
    least, most = served_limits(facts)
    width, height = smart_resize(size, factor=facts.factor, min_pixels=least, max_pixels=most)
    assert least <= width * height <= most


def test_the_original_has_no_served_limits() -> None:
    with pytest.raises(DeixisError, match="448"):
        served_limits(facts_of("qwen-vl"))


@pytest.mark.parametrize("size", [(201, 1), (1, 6000), (0, 5), (5, -1)])
def test_what_no_processor_takes_is_refused_in_a_line(size: Size) -> None:
    with pytest.raises(DeixisError) as told:
        QwenDialect("qwen3-vl").input_size(size)
    assert "\n" not in str(told.value)


def test_limits_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(DeixisError, match="min_pixels"):
        QwenDialect("qwen3-vl", max_pixels=100).input_size((64, 64))


def test_a_checkpoints_own_limits_count() -> None:
    dialect = QwenDialect("qwen2.5-vl", max_pixels=1_003_520)
    assert dialect.input_size((1024, 1024)) == (980, 980)
    assert dialect.facts.max_pixels == 1_003_520
    assert QwenDialect("qwen2.5-vl").input_size((1024, 1024)) == (1036, 1036)
