"""Places and their frames, images, reading, drawing, and the vision models.

Importing this package loads neither LangChain nor onnxruntime; the names that need LangChain
(`VisionModel`, `EmbeddedModel`, `load_model`, …) load it when they are first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from deixis.vision._camera import XYZ, Camera
from deixis.vision._dialect import AskKind, Dialect, Frames, PixelDialect, PlaceKind, Places
from deixis.vision._drawing import DrawingStyle, annotate
from deixis.vision._errors import (
    DeixisError,
    EndpointError,
    FetchError,
    FontError,
    ImageError,
    ImageHandleError,
    ModelError,
    PlaceError,
    StoppedError,
    StreamCutError,
    ToolError,
    TranslationError,
)
from deixis.vision._frames import frames_of
from deixis.vision._geometry import PLACE_MARK, Box, Detection, Point, Quad, Size
from deixis.vision._images import ImageLimits, ImageSource, VisionImage, load_image, load_images
from deixis.vision._reader import RapidReader, Reader, Reading, TextLine
from deixis.vision._reading_cache import CachedReader
from deixis.vision._reply import ProseStream, Reply, parse_reply, prose_of, write_reply
from deixis.vision._rgbd import RgbdImage, rgbd_of
from deixis.vision._segments import Segment, segment_at, segments_of
from deixis.vision._store import ImageBook, ImageRecord, ImageStore
from deixis.vision._transforms import Frame, Transform
from deixis.vision.qwen import QwenDialect, dropped_places, parse_places

if TYPE_CHECKING:
    from deixis.vision._fallback import FallbackModel
    from deixis.vision._model import IMAGE_REFERENCE, ImageView, VisionModel, image_block
    from deixis.vision._models import load_model
    from deixis.vision._statuses import ModelStatus, model_statuses
    from deixis.vision.embedded._model import EmbeddedModel

__all__ = [
    "IMAGE_REFERENCE",
    "PLACE_MARK",
    "XYZ",
    "AskKind",
    "Box",
    "CachedReader",
    "Camera",
    "DeixisError",
    "Detection",
    "Dialect",
    "DrawingStyle",
    "EmbeddedModel",
    "EndpointError",
    "FallbackModel",
    "FetchError",
    "FontError",
    "Frame",
    "Frames",
    "ImageBook",
    "ImageError",
    "ImageHandleError",
    "ImageLimits",
    "ImageRecord",
    "ImageSource",
    "ImageStore",
    "ImageView",
    "ModelError",
    "ModelStatus",
    "PixelDialect",
    "PlaceError",
    "PlaceKind",
    "Places",
    "Point",
    "ProseStream",
    "Quad",
    "QwenDialect",
    "RapidReader",
    "Reader",
    "Reading",
    "Reply",
    "RgbdImage",
    "Segment",
    "Size",
    "StoppedError",
    "StreamCutError",
    "TextLine",
    "ToolError",
    "Transform",
    "TranslationError",
    "VisionImage",
    "VisionModel",
    "annotate",
    "dropped_places",
    "frames_of",
    "image_block",
    "load_image",
    "load_images",
    "load_model",
    "model_statuses",
    "parse_places",
    "parse_reply",
    "prose_of",
    "rgbd_of",
    "segment_at",
    "segments_of",
    "write_reply",
]

# These bring LangChain.
_ADAPTERS = {
    "IMAGE_REFERENCE": "deixis.vision._model",
    "EmbeddedModel": "deixis.vision.embedded._model",
    "FallbackModel": "deixis.vision._fallback",
    "ImageView": "deixis.vision._model",
    "ModelStatus": "deixis.vision._statuses",
    "VisionModel": "deixis.vision._model",
    "image_block": "deixis.vision._model",
    "load_model": "deixis.vision._models",
    "model_statuses": "deixis.vision._statuses",
}


def __getattr__(name: str) -> Any:
    if name not in _ADAPTERS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_ADAPTERS[name]), name)
