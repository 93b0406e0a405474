"""What a checkpoint's folder says before its weights are loaded: family, limits, completeness."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from deixis.vision._dialect import JsonObject
from deixis.vision._errors import ModelError
from deixis.vision.qwen._families import Family, facts_of, family_of_type

_LONGEST_HEADER = 100_000_000  # bytes, safetensors' own limit
_INDEX = "model.safetensors.index.json"


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """A checkpoint in a folder.

    Attributes:
        name: As the user named it.
        folder: Where its files are.
        family: Of the model.
        config: What `config.json` says.
    """

    name: str
    folder: Path
    family: Family
    config: JsonObject

    @classmethod
    def of(cls, folder: Path, name: str) -> Checkpoint:
        """The checkpoint of a folder, by its `config.json` alone.

        Raises:
            ModelError: There is none, or it is no model of the Qwen-VL line.
        """
        config = _read_object(folder / "config.json", name)
        model_type = str(config.get("model_type") or "")
        family = family_of_type(model_type)
        if family is None or (family == "qwen-vl" and "visual" not in config):
            # The first Qwen, a text model, shares its type with Qwen-VL.
            told = f"a model of type {model_type!r}" if model_type else "of no type that it tells"
            raise ModelError(
                f"{name} is {told}, not one of the Qwen-VL line: name a Qwen-VL, Qwen2-VL, "
                "Qwen2.5-VL, Qwen3-VL or Qwen3.5 checkpoint"
            )
        return cls(name=name, folder=folder, family=family, config=config)

    @property
    def quantised(self) -> bool:
        """Whether the weights are stored quantised."""
        return "quantization_config" in self.config

    @property
    def dtype(self) -> str:
        """What the weights are stored as, e.g. `bfloat16`; empty where it isn't told."""
        text = self.config.get("text_config")
        inner = cast("JsonObject", text) if isinstance(text, dict) else {}
        told = [part.get(key) for part in (self.config, inner) for key in ("dtype", "torch_dtype")]
        return next((str(value) for value in told if value), "")

    def limits(self) -> tuple[int, int]:
        """Least and greatest area of an image the model sees, in pixels, as it ships.

        Raises:
            ModelError: The settings can't be read.
        """
        facts = facts_of(self.family)
        settings = self._image_settings()
        size = settings.get("size")
        sizes = cast("JsonObject", size) if isinstance(size, dict) else {}
        least = settings.get("min_pixels") or sizes.get("min_pixels") or sizes.get("shortest_edge")
        most = settings.get("max_pixels") or sizes.get("max_pixels") or sizes.get("longest_edge")
        return (
            least if isinstance(least, int) else facts.min_pixels,
            most if isinstance(most, int) else facts.max_pixels,
        )

    def _image_settings(self) -> JsonObject:
        """The image processor's, in a file of its own or, newer, among the processor's."""
        own = self.folder / "preprocessor_config.json"
        if own.is_file():
            return _read_object(own, self.name)
        shared = self.folder / "processor_config.json"
        if shared.is_file():
            found = _read_object(shared, self.name).get("image_processor")
            if isinstance(found, dict):
                return cast("JsonObject", found)
        raise ModelError(
            f"{self.name} has no preprocessor_config.json: copy all files of the checkpoint, or "
            "download it again"
        )

    def weights(self) -> list[Path]:
        """The files of its weights, each one whole.

        Raises:
            ModelError: One is missing, cut short or damaged.
        """
        files = self._files()
        for file in files:
            self._check(file)
        return files

    def _files(self) -> list[Path]:
        index = self.folder / _INDEX
        if not index.is_file():
            files = sorted(self.folder.glob("*.safetensors"))
            if not files:
                raise ModelError(
                    f"{self.name} has no weights in safetensors format: download all files of the "
                    "checkpoint (GGUF files are for llama.cpp and Ollama: use openai:URL#MODEL)"
                )
            return files
        named = _read_object(index, self.name).get("weight_map")
        shards = cast("JsonObject", named) if isinstance(named, dict) else {}
        files = [self.folder / str(shard) for shard in sorted({str(s) for s in shards.values()})]
        missing = [file.name for file in files if not file.is_file()]
        if missing or not files:
            listed = ", ".join(missing[:3]) + ("…" if len(missing) > 3 else "")
            raise ModelError(
                f"{self.name} lacks {len(missing)} of {len(files)} files of weights "
                f"({listed or 'the index is empty'}): download them again"
            )
        return files

    def _check(self, file: Path) -> None:
        """Whether a file is as long as its header says. The weights themselves aren't read."""
        size = file.stat().st_size
        try:
            end = _end_of_weights(file, size)
        except (OSError, ValueError, struct.error, RecursionError) as error:
            raise ModelError(
                f"{file.name} of {self.name} is damaged: delete it and download it again"
            ) from error
        if size < end:
            raise ModelError(
                f"{file.name} of {self.name} is cut short ({size:,} of {end:,} bytes): delete it "
                "and download it again"
            )


def _end_of_weights(file: Path, size: int) -> int:
    """How many bytes a safetensors file should have, by its header."""
    with file.open("rb") as opened:
        (length,) = struct.unpack("<Q", opened.read(8))
        if length > _LONGEST_HEADER:
            raise ValueError("no safetensors header")
        if size < 8 + length:
            return 8 + length
        header = cast("dict[str, JsonObject]", json.loads(opened.read(length)))
    ends = [
        cast("list[int]", tensor["data_offsets"])[1]
        for name, tensor in header.items()
        if name != "__metadata__"
    ]
    return 8 + length + max(ends, default=0)


def _read_object(file: Path, name: str) -> JsonObject:
    try:
        value: object = json.loads(file.read_text("utf-8"))
    except FileNotFoundError as error:
        raise ModelError(
            f"{name} has no {file.name}: name a folder or repository that holds a whole checkpoint"
        ) from error
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(f"{file.name} of {name} can't be read: download it again") from error
    if not isinstance(value, dict):
        raise ModelError(f"{file.name} of {name} isn't a JSON object: download it again")
    return cast("JsonObject", value)
