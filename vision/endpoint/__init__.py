"""Vision models behind an OpenAI-compatible server: DashScope, vLLM, SGLang, Ollama, llama.cpp."""

from deixis.vision.endpoint._load import load_endpoint
from deixis.vision.endpoint._model import EndpointModel
from deixis.vision.endpoint._names import EndpointName, parse_endpoint
from deixis.vision.endpoint._retries import Retries
from deixis.vision.endpoint._servers import ServerKind

__all__ = [
    "EndpointModel",
    "EndpointName",
    "Retries",
    "ServerKind",
    "load_endpoint",
    "parse_endpoint",
]
