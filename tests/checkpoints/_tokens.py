"""A small tokenizer with the special tokens of a family, trained on the spot."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from typing import Any, cast

# In the order of the checkpoints' tokenizer_config.json, which is the order of their ids.
_SPECIAL = (
    "<|endoftext|> <|im_start|> <|im_end|> <|object_ref_start|> <|object_ref_end|> <|box_start|> "
    "<|box_end|> <|quad_start|> <|quad_end|> <|vision_start|> <|vision_end|> <|vision_pad|> "
    "<|image_pad|> <|video_pad|>"
).split()
_TOOL_CALL = (
    "<tool_call> </tool_call> <|fim_prefix|> <|fim_middle|> <|fim_suffix|> <|fim_pad|> "
    "<|repo_name|> <|file_sep|>"
).split()
_THINK = "<tool_response> </tool_response> <think> </think>".split()
# Added tokens that `skip_special_tokens` keeps. Qwen2-VL has none.
_KEPT = {
    "qwen2-vl": (),
    "qwen2.5-vl": (*_TOOL_CALL,),
    "qwen3-vl": (*_TOOL_CALL, *_THINK),
    "qwen3.5-vl": (*_TOOL_CALL, *_THINK),
}
_LETTERS = {"qwen3.5-vl": r"[\p{L}\p{M}]+"}
_NOT_WORDS = {"qwen3.5-vl": r"[^\s\p{L}\p{M}\p{N}]+"}

TEXT = """\
You are a helpful assistant. Where should I go for ENT? The ear, nose and throat clinic is on the
fourth floor, turn left at the lift. What does the sign say? Read the text in the picture. Please
locate every instance that belongs to the following categories: "door, lift, sign". Report bbox
coordinates in JSON format. Outline the position of the red square and output all the bbox
coordinates in JSON format. Find the blue circle. Point at the exit. There are two signs.
耳鼻喉科在四楼，请往左走。框出图中红色方块的位置。医院的药房在一楼大厅的右边。这张图片里有什么？
请读出图中的文字。电梯在哪里？出口在右边。今天几点开门？
```json
[{"bbox_2d": [438, 304, 566, 347], "label": "sign"}, {"point_2d": [120, 58], "label": "door"}]
```
{"type": "function", "function": {"name": "zoom", "description": "Looks closer at a part of an
image.", "parameters": {"type": "object", "properties": {"image": {"type": "string"}, "region":
{"type": "object", "properties": {"x1": {"type": "number"}, "y1": {"type": "number"}, "x2":
{"type": "number"}, "y2": {"type": "number"}}, "required": ["x1", "y1", "x2", "y2"]}}}}}
# Tools
You may call one or more functions to assist with the user query.
You are provided with function signatures within <tools></tools> XML tags:
<tools>
</tools>
For each function call, return a json object with function name and arguments within
<tool_call></tool_call> XML tags:
<tool_call>
{"name": "calculator", "arguments": {"expression": "17 * 23"}}
</tool_call>
<tool_response>
391
</tool_response>
<function=read_text>
<parameter=image>
img_1
</parameter>
</function>
You have access to the following functions: If you choose to call a function ONLY reply in the
following format with NO suffix: Function calls MUST follow the specified format. Required
parameters MUST be specified.
"""


def write_tokenizer(family: str, folder: Path, *, size: int = 900) -> dict[str, int]:
    """Trains a byte-level BPE tokenizer and writes its files as checkpoints have them.

    Args:
        family: Whose special tokens it has.
        folder: Where `tokenizer.json` and `tokenizer_config.json` go.
        size: Greatest number of tokens before the added ones.

    Returns:
        The ids of the added tokens.
    """
    tokenizers: Any = import_module("tokenizers")
    pre_tokenizers = tokenizers.pre_tokenizers
    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE())
    tokenizer.normalizer = tokenizers.normalizers.NFC()
    words = tokenizers.Regex(_pattern(family))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(words, behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = tokenizers.decoders.ByteLevel()
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=size,
        show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    tokenizer.train_from_iterator(TEXT.splitlines(keepends=True), trainer)
    kept = _KEPT[family]
    added = tokenizers.AddedToken
    tokenizer.add_special_tokens([added(text, special=True) for text in _SPECIAL])
    tokenizer.add_tokens([added(text, special=False, normalized=False) for text in kept])
    tokenizer.save(str(folder / "tokenizer.json"))
    ids = {text: cast("int", tokenizer.token_to_id(text)) for text in (*_SPECIAL, *kept)}
    (folder / "tokenizer_config.json").write_text(
        json.dumps(_settings(ids), indent=2, ensure_ascii=False), "utf-8"
    )
    return ids


def _pattern(family: str) -> str:
    """How text is cut into words before it is merged: digits one by one, as all families do."""
    letters = _LETTERS.get(family, r"\p{L}+")
    others = _NOT_WORDS.get(family, r"[^\s\p{L}\p{N}]+")
    return "|".join(
        (
            r"(?i:'s|'t|'re|'ve|'m|'ll|'d)",
            rf"[^\r\n\p{{L}}\p{{N}}]?{letters}",
            r"\p{N}",
            rf" ?{others}[\r\n]*",
            r"\s*[\r\n]+",
            r"\s+(?!\S)",
            r"\s+",
        )
    )


def _settings(ids: dict[str, int]) -> dict[str, Any]:
    return {
        "tokenizer_class": "Qwen2Tokenizer",
        "add_bos_token": False,
        "add_prefix_space": False,
        "added_tokens_decoder": {
            str(number): {
                "content": text,
                "lstrip": False,
                "normalized": False,
                "rstrip": False,
                "single_word": False,
                "special": text in _SPECIAL,
            }
            for text, number in ids.items()
        },
        "additional_special_tokens": _SPECIAL[1:],
        "bos_token": None,
        "clean_up_tokenization_spaces": False,
        "eos_token": "<|im_end|>",
        "errors": "replace",
        "model_max_length": 131072,
        "pad_token": "<|endoftext|>",
        "split_special_tokens": False,
        "unk_token": None,
    }
