"""Loading a checkpoint with transformers where torchvision isn't installed.

`AutoProcessor` needs torchvision for the video processor of every Qwen-VL family, even if no
video is ever shown (transformers 5.23). The processors themselves don't: they get along with what
`get_attributes` names.
"""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from typing import Any


def load_processor(folder: Path) -> Any:
    """A checkpoint's own processor, for text and images."""
    transformers: Any = import_module("transformers")
    settings = json.loads((folder / "preprocessor_config.json").read_text("utf-8"))
    kind: Any = getattr(transformers, settings["processor_class"])

    class WithoutVideos(kind):
        @classmethod
        def get_attributes(cls) -> list[str]:
            return ["image_processor", "tokenizer"]

    return WithoutVideos.from_pretrained(folder)


def load_model(folder: Path) -> Any:
    """A checkpoint's model in evaluation mode, its weights as they were saved."""
    transformers: Any = import_module("transformers")
    return transformers.AutoModelForImageTextToText.from_pretrained(folder, dtype="auto").eval()
