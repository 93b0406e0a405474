"""Vision models by name: `embedded`, `hf:…`, `dashscope:…`, a folder."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from deixis.vision._errors import ModelError

if TYPE_CHECKING:
    from deixis.vision._model import VisionModel

_LATER = ("hf:", "modelscope:", "dashscope:", "openai:")


class ModelStatus(BaseModel):
    """Whether a kind of model can run here.

    Attributes:
        name: How it is named, e.g. `embedded` or `hf:…`.
        available: Whether it can run now.
        sees: What it perceives.
        missing: What it takes, where something is missing.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    available: bool
    sees: str
    missing: str | None = None


def load_model(name: str = "embedded") -> VisionModel:
    """The vision model of a name.

    Args:
        name: `embedded`, `hf:ORG/MODEL`, `modelscope:ORG/MODEL`, `dashscope:MODEL`,
            `openai:URL#MODEL`, or a folder. This version runs `embedded`.

    Raises:
        ModelError: There is no such model, or it can't run here; the message says what it takes.
    """
    if name == "embedded":
        _check_embedded()
        from deixis.vision.embedded._model import EmbeddedModel

        return EmbeddedModel()
    if name.startswith(_LATER) or "/" in name:
        raise ModelError(
            f"{name!r} can't run with this version: it has the embedded model alone; local and "
            "endpoint models are the next to come (see CHANGELOG.md)"
        )
    raise ModelError(f"there is no model {name!r}: `deixis models` lists what there is")


def _check_embedded() -> None:
    missing = _missing()
    if missing:
        raise ModelError(f"the embedded model needs {', '.join(missing)}: reinstall deixis")


def _missing() -> list[str]:
    return [name for name in ("rapidocr", "onnxruntime") if find_spec(name) is None]


def model_statuses() -> list[ModelStatus]:
    """Every kind of model, and whether it can run here."""
    missing = _missing()
    embedded = ModelStatus(
        name="embedded",
        available=not missing,
        sees="text: signs, guides, menus, receipts, forms",
        missing=f"install {' and '.join(missing)}" if missing else None,
    )
    later = "comes with a later version of deixis"
    return [
        embedded,
        ModelStatus(
            name="hf:ORG/MODEL, modelscope:ORG/MODEL, FOLDER",
            available=False,
            sees="text, objects, layout",
            missing=later,
        ),
        ModelStatus(
            name="dashscope:MODEL, openai:URL#MODEL",
            available=False,
            sees="text, objects, layout",
            missing=later,
        ),
    ]
