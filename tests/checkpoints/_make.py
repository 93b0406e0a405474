"""Makes checkpoints of every family with random weights, and writes them as the hub has them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.checkpoints._tokens import write_tokenizer

FAMILIES = ("qwen2-vl", "qwen2.5-vl", "qwen3-vl", "qwen3.5-vl")
TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True, kw_only=True)
class Shape:
    """How large a model is; what differs between the families follows from it.

    Attributes:
        hidden: Width of the text model, a multiple of 64.
        layers: Of the text model.
        vision: Width of the vision tower, a multiple of 32.
        depth: Of the vision tower, at least 3.
        spread: Standard deviation of the random weights. The usual 0.02 makes all answers alike.
        theta: Base of the rotary positions; the family's own if left out.
    """

    hidden: int = 64
    layers: int = 4
    vision: int = 32
    depth: int = 3
    spread: float = 0.08
    theta: int | None = None

    @property
    def heads(self) -> int:
        """Attention heads of the text model, at least 16 wide each."""
        return max(4, self.hidden // 64)

    @property
    def head(self) -> int:
        """Width of a head."""
        return self.hidden // self.heads


def make_checkpoint(family: str, folder: Path, shape: Shape, *, seed: int, dtype: str) -> Path:
    """Writes a checkpoint with random weights.

    Args:
        family: One of `FAMILIES`.
        folder: Where it goes; made if it isn't there.
        shape: How large it is.
        seed: Of the weights.
        dtype: Of the weights, as torch names it.
    """
    torch: Any = import_module("torch")
    transformers: Any = import_module("transformers")
    folder.mkdir(parents=True, exist_ok=True)
    ids = write_tokenizer(family, folder)
    _write_processors(family, folder)
    settings = _config(family, shape, ids)
    config = transformers.AutoConfig.for_model(**settings)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = transformers.AutoModelForImageTextToText.from_config(
            config, dtype=getattr(torch, dtype)
        )
    model.generation_config.update(
        do_sample=False,
        eos_token_id=[ids["<|im_end|>"], ids["<|endoftext|>"]],
        pad_token_id=ids["<|endoftext|>"],
    )
    model.save_pretrained(folder)
    return folder


def _write_processors(family: str, folder: Path) -> None:
    newer = family in ("qwen3-vl", "qwen3.5-vl")
    settings: dict[str, Any] = {
        "image_processor_type": "Qwen2VLImageProcessorFast" if newer else "Qwen2VLImageProcessor",
        "processor_class": _PROCESSORS[family],
        "patch_size": 16 if newer else 14,
        "temporal_patch_size": 2,
        "merge_size": 2,
    }
    if newer:
        settings |= {
            "size": {"longest_edge": 16_777_216, "shortest_edge": 65_536},
            "image_mean": [0.5, 0.5, 0.5],
            "image_std": [0.5, 0.5, 0.5],
        }
    else:
        settings |= {
            "min_pixels": 3_136,
            "max_pixels": 12_845_056,
            "image_mean": [0.48145466, 0.4578275, 0.40821073],
            "image_std": [0.26862954, 0.26130258, 0.27577711],
        }
    _write(folder / "preprocessor_config.json", settings)
    if newer:
        video = settings | {
            "size": {"longest_edge": 25_165_824, "shortest_edge": 4_096},
            "video_processor_type": "Qwen3VLVideoProcessor",
        }
        del video["image_processor_type"]
        _write(folder / "video_preprocessor_config.json", video)
    template = (TEMPLATES / _TEMPLATES[family]).read_text("utf-8")
    if family == "qwen3.5-vl":
        (folder / "chat_template.jinja").write_text(template, "utf-8")
    else:
        _write(folder / "chat_template.json", {"chat_template": template})
    # The tokenizers have it too: servers and tools differ in which of the two they read.
    path = folder / "tokenizer_config.json"
    told = json.loads(path.read_text("utf-8"))
    _write(path, told | {"chat_template": template})


def _write(path: Path, value: dict[str, Any]) -> None:
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", "utf-8")


_PROCESSORS = {
    "qwen2-vl": "Qwen2VLProcessor",
    "qwen2.5-vl": "Qwen2_5_VLProcessor",
    "qwen3-vl": "Qwen3VLProcessor",
    "qwen3.5-vl": "Qwen3VLProcessor",
}
_TEMPLATES = {
    "qwen2-vl": "qwen2.jinja",
    "qwen2.5-vl": "qwen2.jinja",
    "qwen3-vl": "qwen3.jinja",
    "qwen3.5-vl": "qwen3.5.jinja",
}
_TYPES = {
    "qwen2-vl": "qwen2_vl",
    "qwen2.5-vl": "qwen2_5_vl",
    "qwen3-vl": "qwen3_vl",
    "qwen3.5-vl": "qwen3_5",
}


def _config(family: str, shape: Shape, ids: dict[str, int]) -> dict[str, Any]:
    """What `config.json` says."""
    text = {
        "hidden_size": shape.hidden,
        "intermediate_size": shape.hidden * 2,
        "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads,
        "num_key_value_heads": shape.heads // 2,
        "vocab_size": max(ids.values()) + 1,
        "max_position_embeddings": 131_072,
        "initializer_range": shape.spread,
        "bos_token_id": None,
        "eos_token_id": ids["<|im_end|>"],
        "pad_token_id": ids["<|endoftext|>"],
    }
    vision: dict[str, Any] = {
        "depth": shape.depth,
        "num_heads": 2,
        "initializer_range": shape.spread,
    }
    text |= _text_parts(family, shape)
    vision |= _vision_parts(family, shape)
    return {
        "model_type": _TYPES[family],
        "text_config": text,
        "vision_config": vision,
        "image_token_id": ids["<|image_pad|>"],
        "video_token_id": ids["<|video_pad|>"],
        "vision_start_token_id": ids["<|vision_start|>"],
        "vision_end_token_id": ids["<|vision_end|>"],
        "tie_word_embeddings": False,
    }


def _text_parts(family: str, shape: Shape) -> dict[str, Any]:
    if family == "qwen3.5-vl":
        # Three layers of four are recurrent; a quarter of each head is rotated.
        head = shape.head * 2
        every = min(4, shape.layers)
        kinds = [
            "linear_attention" if n % every else "full_attention"
            for n in range(1, shape.layers + 1)
        ]
        return {
            "layer_types": kinds,
            "head_dim": head,
            "linear_num_key_heads": 2,
            "linear_num_value_heads": 4,
            "linear_key_head_dim": shape.hidden // 4,
            "linear_value_head_dim": shape.hidden // 4,
            "rope_parameters": _rope(head // 8, shape.theta or 10_000_000, interleaved=True)
            | {"partial_rotary_factor": 0.25},
        }
    if family == "qwen3-vl":
        return {
            "head_dim": shape.head,
            "rope_parameters": _rope(shape.head // 2, shape.theta or 5_000_000, interleaved=True),
        }
    return {"rope_parameters": _rope(shape.head // 2, shape.theta or 1_000_000, interleaved=False)}


def _rope(half: int, theta: int, *, interleaved: bool) -> dict[str, Any]:
    """Rotary positions shared between time, height and width: the parts make up half a head."""
    third = half // 3
    sections = [half - 2 * third, third, third]
    rope: dict[str, Any] = {"rope_type": "default", "rope_theta": theta, "mrope_section": sections}
    return rope | {"mrope_interleaved": True} if interleaved else rope


def _vision_parts(family: str, shape: Shape) -> dict[str, Any]:
    if family == "qwen2-vl":
        return {"embed_dim": shape.vision, "hidden_size": shape.hidden, "mlp_ratio": 2}
    parts: dict[str, Any] = {
        "hidden_size": shape.vision,
        "intermediate_size": shape.vision * 2,
        "out_hidden_size": shape.hidden,
    }
    if family == "qwen2.5-vl":
        return parts | {"window_size": 112, "fullatt_block_indexes": [shape.depth - 1]}
    parts["num_position_embeddings"] = 256
    if family == "qwen3-vl":
        parts["deepstack_visual_indexes"] = [0, 1]
    return parts
