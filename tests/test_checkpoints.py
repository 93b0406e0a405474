"""The tiny checkpoints are like the real ones: files, tokens, templates, what pictures cost."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from deixis.vision.qwen._families import facts_of, family_of_type
from tests.checkpoints import (
    FAMILIES,
    bench_checkpoint,
    load_model,
    load_processor,
    taught_checkpoint,
    tiny_checkpoint,
)
from tests.checkpoints.__main__ import main
from tests.checkpoints.fixtures import Checkpoint
from tests.checkpoints.fixtures import checkpoint as checkpoint

ASSISTANT = "<|im_start|>assistant\n"
SEEN = "<|vision_start|><|image_pad|><|vision_end|>"
ZOOM = {
    "type": "function",
    "function": {"name": "zoom", "description": "放大", "parameters": {"type": "object"}},
}
IMAGE = {"type": "image"}


def text(words: str) -> dict[str, Any]:
    return {"type": "text", "text": words}


def settings(folder: Path, name: str) -> dict[str, Any]:
    return json.loads((folder / name).read_text("utf-8"))


@pytest.fixture(scope="module")
def rendered(checkpoint: Checkpoint) -> Callable[..., str]:
    """The prompt that a family's template makes of messages."""

    def render(family: str, messages: list[dict[str, Any]], **arguments: object) -> str:
        chosen: dict[str, object] = {"add_generation_prompt": True, **arguments}
        tokenizer = load_processor(checkpoint(family)).tokenizer
        return tokenizer.apply_chat_template(messages, tokenize=False, **chosen)

    return render


@pytest.mark.parametrize("family", FAMILIES)
def test_a_checkpoint_has_a_real_ones_files_and_is_small(
    family: str, checkpoint: Checkpoint
) -> None:
    folder = checkpoint(family)
    names = {path.name for path in folder.iterdir()}
    assert names >= {
        "config.json",
        "generation_config.json",
        "model.safetensors",
        "preprocessor_config.json",
        "tokenizer.json",
        "tokenizer_config.json",
    }
    assert sum(path.stat().st_size for path in folder.iterdir()) < 5_000_000
    assert family_of_type(settings(folder, "config.json")["model_type"]) == family


@pytest.mark.parametrize("family", FAMILIES)
def test_pictures_are_cut_and_limited_as_the_family_does(
    family: str, checkpoint: Checkpoint
) -> None:
    facts = facts_of(family)
    processor = load_processor(checkpoint(family)).image_processor
    assert processor.patch_size == facts.patch
    assert processor.size["shortest_edge"] == facts.min_pixels
    assert processor.size["longest_edge"] == facts.max_pixels


@pytest.mark.parametrize(
    ("family", "tokens"), list(zip(FAMILIES, (140, 140, 108, 108), strict=True))
)
def test_a_picture_takes_its_tokens_in_the_prompt(
    family: str, tokens: int, checkpoint: Checkpoint
) -> None:
    processor = load_processor(checkpoint(family))
    inputs = processor(
        text=[f"{SEEN}Hi"], images=[Image.new("RGB", (384, 288))], return_tensors="pt"
    )
    assert int((inputs["input_ids"] == processor.image_token_id).sum()) == tokens
    assert int(inputs["image_grid_thw"].prod()) == tokens * 4


@pytest.mark.parametrize("family", FAMILIES)
def test_special_tokens_are_one_token_each_and_left_out_on_request(
    family: str, checkpoint: Checkpoint
) -> None:
    tokenizer = load_processor(checkpoint(family)).tokenizer
    box = "<|object_ref_start|>sign<|object_ref_end|><|box_start|>(1,2),(3,4)<|box_end|>"
    ids = tokenizer(box)["input_ids"]
    assert tokenizer.decode(ids) == box
    assert tokenizer.decode(ids, skip_special_tokens=True) == "sign(1,2),(3,4)"
    assert len(tokenizer("<|im_end|>")["input_ids"]) == 1


@pytest.mark.parametrize("family", FAMILIES)
def test_tool_markup_stays_when_special_tokens_are_left_out(
    family: str, checkpoint: Checkpoint
) -> None:
    tokenizer = load_processor(checkpoint(family)).tokenizer
    ids = tokenizer('<tool_call>\n{"name": "zoom"}\n</tool_call>')["input_ids"]
    assert tokenizer.decode(ids, skip_special_tokens=True).startswith("<tool_call>\n{")
    assert (ids[0] in tokenizer.added_tokens_decoder) == (family != "qwen2-vl")


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("words", ["耳鼻喉科在四楼", "naïve 🙂 \t x", '{"bbox_2d": [1, 22, 333]}'])
def test_any_text_survives_the_tokenizer(family: str, words: str, checkpoint: Checkpoint) -> None:
    tokenizer = load_processor(checkpoint(family)).tokenizer
    assert tokenizer.decode(tokenizer(words)["input_ids"]) == words


@pytest.mark.parametrize("family", ["qwen2-vl", "qwen2.5-vl"])
def test_2_and_2_5_put_a_system_message_in_front_and_know_no_tools(
    family: str, rendered: Callable[..., str]
) -> None:
    messages = [{"role": "user", "content": [IMAGE, text("Hi")]}]
    prompt = rendered(family, messages, tools=[ZOOM], add_vision_id=True)
    assert prompt == (
        "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n"
        f"<|im_start|>user\nPicture 1: {SEEN}Hi<|im_end|>\n{ASSISTANT}"
    )


def test_3_has_hermes_tools_and_shows_their_pictures_in_a_user_turn(
    rendered: Callable[..., str],
) -> None:
    called = {"type": "function", "function": {"name": "zoom", "arguments": {"x": 1}}}
    prompt = rendered(
        "qwen3-vl",
        [
            {"role": "user", "content": "Look"},
            {"role": "assistant", "content": "", "tool_calls": [called]},
            {"role": "tool", "content": [text("Closer: "), IMAGE]},
        ],
        tools=[ZOOM],
    )
    assert prompt.startswith("<|im_start|>system\n# Tools\n\nYou may call one or more functions")
    assert '\n<tools>\n{"type": "function", "function": {"name": "zoom"' in prompt
    assert prompt.endswith(
        f'{ASSISTANT}<tool_call>\n{{"name": "zoom", "arguments": {{"x": 1}}}}\n</tool_call>'
        f"<|im_end|>\n<|im_start|>user\n<tool_response>\nCloser: {SEEN}\n</tool_response>"
        f"<|im_end|>\n{ASSISTANT}"
    )


def test_3_5_writes_calls_as_xml(rendered: Callable[..., str]) -> None:
    called = {"function": {"name": "zoom", "arguments": {"image": "img_1", "at": [1, 2]}}}
    prompt = rendered(
        "qwen3.5-vl",
        [
            {"role": "user", "content": "Look"},
            {"role": "assistant", "content": "Yes.", "tool_calls": [called]},
        ],
        add_generation_prompt=False,
    )
    assert prompt.endswith(
        f"{ASSISTANT}<think>\n\n</think>\n\nYes.\n\n<tool_call>\n<function=zoom>\n"
        "<parameter=image>\nimg_1\n</parameter>\n<parameter=at>\n[1, 2]\n</parameter>\n"
        "</function>\n</tool_call><|im_end|>\n"
    )


def test_3_5_forgets_what_it_thought_before_the_last_question(
    rendered: Callable[..., str],
) -> None:
    first = [
        {"role": "user", "content": "One?"},
        {"role": "assistant", "content": "<think>\nhm\n</think>\n\nOne."},
    ]
    assert "<think>\nhm\n</think>\n\nOne." in rendered("qwen3.5-vl", first)
    later = rendered("qwen3.5-vl", [*first, {"role": "user", "content": "One?"}])
    assert "hm" not in later
    assert f"{ASSISTANT}One.<|im_end|>" in later


@pytest.mark.parametrize(
    ("thinks", "begun"),
    [(None, "<think>\n"), (True, "<think>\n"), (False, "<think>\n\n</think>\n\n")],
)
def test_3_5_begins_to_think_unless_told_not_to(
    thinks: bool | None, begun: str, rendered: Callable[..., str]
) -> None:
    told = {} if thinks is None else {"enable_thinking": thinks}
    prompt = rendered("qwen3.5-vl", [{"role": "user", "content": "Hi"}], **told)
    assert prompt.endswith(ASSISTANT + begun)


@pytest.mark.parametrize(
    ("messages", "why"),
    [
        ([{"role": "system", "content": [IMAGE]}], "System message cannot contain images"),
        (
            [{"role": "user", "content": "Hi"}, {"role": "system", "content": "Be kind"}],
            "System message must be at the beginning",
        ),
        (
            [{"role": "user", "content": "<tool_response>\n1\n</tool_response>"}],
            "No user query found",
        ),
    ],
)
def test_3_5_refuses(
    messages: list[dict[str, Any]], why: str, rendered: Callable[..., str]
) -> None:
    jinja: Any = import_module("jinja2")
    with pytest.raises(jinja.TemplateError, match=why):
        rendered("qwen3.5-vl", messages)


@pytest.mark.parametrize("family", FAMILIES)
def test_weights_follow_from_the_seed(family: str, tmp_path: Path) -> None:
    first, same, other = (
        tiny_checkpoint(family, tmp_path / str(number), seed=seed) / "model.safetensors"
        for number, seed in enumerate((1, 1, 2))
    )
    assert first.read_bytes() == same.read_bytes()
    assert first.read_bytes() != other.read_bytes()


@pytest.mark.parametrize("family", FAMILIES)
def test_what_a_model_says_depends_on_the_picture(family: str, checkpoint: Checkpoint) -> None:
    torch: Any = import_module("torch")
    processor, model = load_processor(checkpoint(family)), load_model(checkpoint(family))
    logits: list[Any] = []
    for colour in ("red", "blue"):
        inputs = processor(
            text=[f"{SEEN}Hi"], images=[Image.new("RGB", (64, 64), colour)], return_tensors="pt"
        )
        with torch.inference_mode():
            logits.append(model(**inputs).logits[0, -1])
    assert model.dtype == torch.float32
    assert float((logits[0] - logits[1]).abs().max()) > 1e-3


def test_the_command_writes_a_folder_per_family(tmp_path: Path) -> None:
    assert main([str(tmp_path), "qwen3-vl", "qwen2-vl"]) == 0
    assert {path.name for path in tmp_path.iterdir()} == {"qwen3-vl", "qwen2-vl"}
    assert main([str(tmp_path), "gpt-2"]) == 2
    assert main([]) == 2


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_a_bench_checkpoint_is_as_large_and_as_precise_as_asked(
    family: str, tmp_path: Path
) -> None:
    folder = bench_checkpoint(family, tmp_path, hidden=256, layers=4, dtype="bfloat16")
    torch: Any = import_module("torch")
    model = load_model(folder)
    assert model.dtype == torch.bfloat16
    assert sum(weight.numel() for weight in model.parameters()) > 4_000_000


CALLS = {
    "qwen2.5-vl": (
        '<tool_call>\n{"name": "calculator", "arguments": {"of": "17 * 23"}}\n</tool_call>'
    ),
    "qwen3.5-vl": (
        "<tool_call>\n<function=calculator>\n<parameter=of>\n17 * 23\n</parameter>\n</function>\n"
        "</tool_call>"
    ),
}
PLACES = '```json\n[{"bbox_2d": [10, 20, 60, 70], "label": "red square"}]\n```'


@pytest.mark.slow
@pytest.mark.parametrize("family", CALLS)
def test_a_taught_model_says_what_it_was_taught_in_other_circumstances(
    family: str, tmp_path: Path
) -> None:
    sum_asked, place_asked = "What is 17 times 23?", "Where is the red square?"
    folder = taught_checkpoint(
        family,
        tmp_path,
        replies={sum_asked: CALLS[family], place_asked: PLACES, "你好": "你好，要去哪里？"},
        after_tool={sum_asked: "It is 391."},
    )
    processor, model = load_processor(folder), load_model(folder)

    def said(messages: list[dict[str, Any]], **template: object) -> str:
        inputs = processor.apply_chat_template(
            messages,
            add_generation_prompt=True,
            tokenize=True,
            return_dict=True,
            return_tensors="pt",
            **template,
        )
        ids = model.generate(**inputs, max_new_tokens=80)[0, inputs["input_ids"].shape[1] :]
        reply: str = processor.tokenizer.decode(ids, skip_special_tokens=True)
        return reply.removeprefix("\n</think>\n\n")

    system = {"role": "system", "content": "You never met this sentence while you were taught."}
    picture = {"type": "image", "image": Image.new("RGB", (100, 60), "purple")}
    asked = {"role": "user", "content": [text(sum_asked)]}
    called = {"role": "assistant", "content": CALLS[family]}
    result = {"role": "user", "content": [text("<tool_response>\n391\n</tool_response>")]}
    assert said([system, asked]) == CALLS[family]
    assert said([system, {"role": "user", "content": [picture, text(place_asked)]}]) == PLACES
    assert said([asked, called, result]) == "It is 391."
    again = {"role": "user", "content": [text("你好")]}
    assert said([asked, {"role": "assistant", "content": "391"}, again]) == "你好，要去哪里？"
