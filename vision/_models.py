"""Vision models by name: `embedded`, `hf:…`, a folder, `dashscope:…`, `openai:…`."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deixis.vision._errors import ModelError

if TYPE_CHECKING:
    from deixis.vision._model import VisionModel

_ENDPOINTS = ("dashscope:", "openai:")
_HUBS = ("hf:", "modelscope:")
_PATHS = ("/", "./", "../", "~")


def load_model(name: str = "embedded", **options: Any) -> VisionModel:
    """The vision model of a name.

    Args:
        name: `embedded`; `hf:ORG/MODEL`, `modelscope:ORG/MODEL` or a folder, run here through
            transformers (`pip install 'deixis[local]'`); `dashscope:MODEL` or `openai:URL#MODEL`,
            behind a server.
        **options: Of the kind of model: those of `deixis.vision.local.load_local` (`dtype`,
            `device`, …) or `deixis.vision.endpoint.load_endpoint` (`family`, `timeout`, …).

    Raises:
        ModelError: There is no such model, or it can't run here; the message says what it takes.
        EndpointError: Its server can't be asked which family its model is of.
    """
    if name == "embedded":
        return _embedded(options)
    try:
        if name.startswith(_ENDPOINTS):
            from deixis.vision.endpoint import load_endpoint

            return load_endpoint(name, **options)
        if name.startswith(_HUBS) or name.startswith(_PATHS) or Path(name).is_dir():
            _check_local()
            from deixis.vision.local import load_local

            return load_local(name, **options)
    except TypeError as error:
        if "unexpected keyword argument" not in str(error):
            raise
        raise ModelError(f"{name!r} takes no such option ({error})") from error
    if "/" in name:
        raise ModelError(
            f"there is no folder {name!r}: for weights of Hugging Face write 'hf:{name}', of "
            f"ModelScope 'modelscope:{name}'"
        )
    raise ModelError(f"there is no model {name!r}: `deixis models` lists what there is")


def _embedded(options: dict[str, Any]) -> VisionModel:
    if missing := embedded_lacks():
        raise ModelError(f"the embedded model needs {', '.join(missing)}: reinstall deixis")
    if options:
        raise ModelError(f"the embedded model has no options, got {', '.join(options)}")
    from deixis.vision.embedded._model import EmbeddedModel

    return EmbeddedModel()


def _check_local() -> None:
    if missing := local_lacks():
        raise ModelError(
            f"a model run here needs {' and '.join(missing)}: pip install 'deixis[local]' (for a "
            "CPU build of torch first: pip install torch --index-url "
            "https://download.pytorch.org/whl/cpu)"
        )


def embedded_lacks() -> list[str]:
    """The packages that the embedded model needs and that aren't installed."""
    return [name for name in ("rapidocr", "onnxruntime") if find_spec(name) is None]


def local_lacks() -> list[str]:
    """The packages that a local model needs and that aren't installed."""
    return [name for name in ("torch", "transformers") if find_spec(name) is None]
