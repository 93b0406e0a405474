"""A checkpoint's processor and its chat template, as far as text and images go."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from deixis.vision._dialect import JsonObject
from deixis.vision._errors import ModelError
from deixis.vision.local._rendering import ChatTemplate


def load_processor(folder: Path) -> Any:
    """A checkpoint's processor for text and images, without the one for videos.

    `AutoProcessor` wants torchvision for videos, which nobody shows here (transformers 5.23); a
    processor class brings up what its `get_attributes` names. The image processor is the one
    that works with Pillow, whatever the settings name and whether or not torchvision is there.

    Raises:
        ModelError: The checkpoint has no chat template.
    """
    from transformers import AutoConfig, AutoImageProcessor, AutoTokenizer
    from transformers.models.auto.processing_auto import PROCESSOR_MAPPING

    untyped: tuple[Any, ...] = (AutoConfig, AutoImageProcessor, AutoTokenizer, PROCESSOR_MAPPING)
    configs, image_processors, tokenizers, kinds = untyped
    kind: Any = kinds[type(configs.from_pretrained(folder, local_files_only=True))]

    class TextAndImages(kind):
        @classmethod
        def get_attributes(cls) -> list[str]:
            return ["image_processor", "tokenizer"]

    images = image_processors.from_pretrained(folder, backend="pil", local_files_only=True)
    tokenizer = tokenizers.from_pretrained(folder, local_files_only=True)
    settings, _ = kind.get_processor_dict(folder, local_files_only=True)
    template = settings.get("chat_template") or tokenizer.chat_template
    if isinstance(template, dict):
        template = cast("dict[str, str]", template).get("default")
    if not template:
        raise ModelError(
            f"{folder.name} has no chat template: name a checkpoint that was taught to converse "
            "(…-Instruct)"
        )
    return TextAndImages(images, tokenizer, chat_template=template)


def chat_template_of(processor: Any) -> ChatTemplate:
    """A processor's chat template, as a function of messages, tools and whether to think."""

    def templated(
        messages: Sequence[JsonObject], tools: Sequence[JsonObject], thinking: bool
    ) -> str:
        # The tokenizer's method gives a template every name; the processor's warns of those
        # that a template doesn't ask for.
        return processor.tokenizer.apply_chat_template(
            list(messages),
            chat_template=processor.chat_template,
            tools=list(tools) or None,
            tokenize=False,
            add_generation_prompt=True,
            enable_thinking=thinking,
        )

    return templated
