"""What can run here: packages, keys, weights on this disk, servers on this machine."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from deixis.vision._models import embedded_lacks, local_lacks
from deixis.vision.qwen._families import family_of_name, family_of_type

# The ports these servers choose when they are told none.
_SERVERS = {"vLLM": 8000, "SGLang": 30000, "Ollama": 11434, "llama.cpp": 8080}
_PROBE_SECONDS = 0.5
_SEES = "text, objects, layout"


class ModelStatus(BaseModel):
    """Whether a kind of model can run here.

    Attributes:
        name: How it is named, e.g. `embedded` or `hf:ORG/MODEL`.
        available: Whether it can run now.
        sees: What it perceives.
        missing: What it takes, where something is missing.
        found: Full names of such models that are on this machine already.
        room: What there is to run it in, for models that run here.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    available: bool
    sees: str
    missing: str | None = None
    found: tuple[str, ...] = ()
    room: str | None = None


def model_statuses(*, probe: bool = True) -> list[ModelStatus]:
    """Every kind of model, and whether it can run here.

    Args:
        probe: Whether to ask the usual ports of this machine (never another's) for servers.
    """
    lacks = embedded_lacks()
    return [
        ModelStatus(
            name="embedded",
            available=not lacks,
            sees="text: signs, guides, menus, receipts, forms",
            missing=f"install {' and '.join(lacks)}" if lacks else None,
        ),
        *_local(),
        _dashscope(),
        ModelStatus(
            name="openai:URL#MODEL",
            available=True,
            sees="what the server's model sees",
            found=tuple(running_models()) if probe else (),
        ),
    ]


def _local() -> Iterator[ModelStatus]:
    lacks = local_lacks()
    install = f"{' and '.join(lacks)}: pip install 'deixis[local]'" if lacks else None
    sees = _SEES if lacks else f"{_SEES} ({_versions()})"
    yield ModelStatus(
        name="hf:ORG/MODEL",
        available=not lacks,
        sees=sees,
        missing=install,
        found=tuple(downloaded_models()),
        room=_room(),
    )
    no_scope = "modelscope: pip install modelscope" if find_spec("modelscope") is None else None
    yield ModelStatus(
        name="modelscope:ORG/MODEL",
        available=not (lacks or no_scope),
        sees=sees,
        missing=install or no_scope,
    )
    yield ModelStatus(name="FOLDER", available=not lacks, sees=sees, missing=install)
    yield ModelStatus(
        name="hf:Qwen/Qwen-VL-Chat",
        available=False,
        sees=_SEES,
        missing=(
            "it is code for an old transformers: serve it with vLLM (docs/models.md says how) and "
            "name it openai:http://127.0.0.1:8000/v1#Qwen/Qwen-VL-Chat"
        ),
    )


def _dashscope() -> ModelStatus:
    key = bool(os.environ.get("DASHSCOPE_API_KEY"))
    return ModelStatus(
        name="dashscope:MODEL",
        available=key,
        sees=_SEES,
        missing=None if key else "a key: set DASHSCOPE_API_KEY",
    )


def _versions() -> str:
    return ", ".join(f"{name} {_version(name)}" for name in ("torch", "transformers"))


def _room() -> str:
    """This machine's memory and graphics cards, as far as they can be told without torch."""
    cards = ""
    if nvidia := shutil.which("nvidia-smi"):
        asked = [nvidia, "--query-gpu=name,memory.total", "--format=csv,noheader"]
        try:
            told = subprocess.run(asked, capture_output=True, text=True, timeout=5, check=True)  # noqa: S603
            cards = "; ".join(told.stdout.split("\n")).strip("; ")
        except (OSError, subprocess.SubprocessError):
            pass
    return f"{_memory()}{cards or 'no NVIDIA card seen'}"


def _memory() -> str:
    try:
        size = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):  # not on Windows
        return ""
    return f"{size / 2**30:.0f} GB of memory, "


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "of unknown version"


def downloaded_models() -> Iterator[str]:
    """Names of the Qwen-VL checkpoints in Hugging Face's cache, e.g. `hf:Qwen/Qwen3-VL-4B`."""
    for folder in sorted(_hub_cache().glob("models--*--*")):
        for config in folder.glob("snapshots/*/config.json"):
            if _is_ours(config):
                yield "hf:" + folder.name.removeprefix("models--").replace("--", "/")
                break


def _hub_cache() -> Path:
    """Where huggingface_hub keeps what it downloads, by its own environment variables."""
    if given := os.environ.get("HF_HUB_CACHE"):
        return Path(given).expanduser()
    cache = os.environ.get("XDG_CACHE_HOME", "~/.cache")
    home = os.environ.get("HF_HOME") or f"{cache}/huggingface"
    return Path(home).expanduser() / "hub"


def _is_ours(config: Path) -> bool:
    try:
        told = json.loads(config.read_text("utf-8"))
        return family_of_type(str(told.get("model_type"))) is not None
    except (OSError, ValueError, AttributeError):
        return False


def running_models() -> list[str]:
    """Names of the Qwen-VL models that servers of this machine offer on their usual ports."""
    with ThreadPoolExecutor(len(_SERVERS)) as pool:
        return [name for names in pool.map(offered_at, _SERVERS.values()) for name in names]


def offered_at(port: int) -> list[str]:
    """Names of the Qwen-VL models that a server on a port of this machine offers."""
    import httpx

    url = f"http://127.0.0.1:{port}/v1"
    try:
        answer = httpx.get(f"{url}/models", timeout=_PROBE_SECONDS, trust_env=False)
        listed = [str(model["id"]) for model in answer.json()["data"]]
    except (httpx.HTTPError, ValueError, KeyError, TypeError):
        return []
    return [f"openai:{url}#{name}" for name in listed if family_of_name(name)]
