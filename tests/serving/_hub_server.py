"""`transformers serve` for a checkpoint: `python -m tests.serving._hub_server FOLDER`.

It loads checkpoints with `AutoProcessor`, which without torchvision fails on every Qwen-VL family
(transformers 5.23). Here the processors don't ask for the video processor.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

from tests.serving._child import settle


def main(folder: str) -> None:
    """Serves until it is ended."""
    settle()
    transformers: Any = import_module("transformers")
    for name in ("Qwen2VLProcessor", "Qwen2_5_VLProcessor", "Qwen3VLProcessor"):
        getattr(transformers, name).get_attributes = staticmethod(_attributes)
    serve: Any = import_module("transformers.cli.serve")
    serve.Serve(force_model=folder, device="cpu", host="127.0.0.1", port=0)


def _attributes() -> list[str]:
    return ["image_processor", "tokenizer"]


if __name__ == "__main__":
    main(sys.argv[1])
