"""What sets the servers apart: keys, forced tool calls, thinking, images.

Facts from the servers' own documentation and code; see the page on endpoints.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from pydantic import SecretStr

from deixis.vision._errors import ModelError

ServerKind = Literal["openai", "dashscope", "vllm", "sglang", "ollama", "llama.cpp"]

DASHSCOPE_URL = "https://dashscope.aliyuncs.com/compatible-mode/v1"
DASHSCOPE_TOKENS = 1_280
"""Tokens that DashScope gives an image unless `vl_high_resolution_images` is set."""

_OLLAMA_PORT = 11_434
_OPENAI_HOST = "api.openai.com"
_LOCAL_NAMES = (".local", ".lan", ".internal", ".localdomain", ".home.arpa", ".localhost")


@dataclass(frozen=True, kw_only=True)
class ServerFacts:
    """What one kind of server needs.

    Attributes:
        required: Whether it takes `tool_choice: "required"`.
        named: Whether it takes a `tool_choice` that names a tool.
        thinking: Where thinking is switched: a field of the request, an argument of the chat
            template, or the effort of reasoning.
        context: How its context is made longer.
        parser: How its own parsing of tool calls is switched on.
    """

    required: bool = True
    named: bool = True
    thinking: Literal["field", "template", "effort"] = "template"
    context: str = "raise the server's context length"
    parser: str = "start the server with a parser of tool calls"


_FACTS: Mapping[ServerKind, ServerFacts] = {
    "openai": ServerFacts(),
    "dashscope": ServerFacts(
        required=False, thinking="field", context="begin a new conversation", parser="use a model "
        "that supports function calling",
    ),
    "vllm": ServerFacts(
        context="raise --max-model-len",
        parser="start vLLM with --enable-auto-tool-choice --tool-call-parser hermes "
        "(qwen3_coder for Qwen3.5)",
    ),
    "sglang": ServerFacts(
        context="raise --context-length", parser="start SGLang with --tool-call-parser qwen25 "
        "(qwen3_coder for Qwen3.5)",
    ),
    "ollama": ServerFacts(
        # It takes the field and does nothing with it.
        required=False, named=False, thinking="effort",
        context="start Ollama with a longer OLLAMA_CONTEXT_LENGTH (4096 by default)",
        parser="use a model that Ollama lists with `tools`",
    ),
    "llama.cpp": ServerFacts(
        named=False, context="raise -c", parser="start llama-server with --jinja"
    ),
}  # fmt: skip


def facts_of_server(kind: ServerKind) -> ServerFacts:
    """What a kind of server needs."""
    return _FACTS[kind]


def server_of(url: str) -> ServerKind:
    """The kind of server that an address tells; `openai` where it tells none."""
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    if "dashscope" in host and host.endswith(".aliyuncs.com"):
        return "dashscope"
    return "ollama" if parts.port == _OLLAMA_PORT else "openai"


@dataclass(frozen=True, kw_only=True)
class Key:
    """A key, and where it came from.

    Attributes:
        value: The key.
        source: The environment variable, or `api_key`.
    """

    value: SecretStr
    source: str


def key_variable(kind: ServerKind) -> str:
    """The environment variable that a server's key is read from."""
    return "DASHSCOPE_API_KEY" if kind == "dashscope" else "DEIXIS_API_KEY"


def key_for(url: str, kind: ServerKind, given: SecretStr | None) -> Key | None:
    """The key for a server: the one given, else one from the environment.

    `OPENAI_API_KEY` goes to api.openai.com and nowhere else: it is set on many machines, and
    must not reach whatever server a model's name names.
    """
    if given is not None:
        return Key(value=given, source="api_key") if given.get_secret_value().strip() else None
    names = [key_variable(kind)]
    if urlsplit(url).hostname == _OPENAI_HOST:
        names.append("OPENAI_API_KEY")
    for name in names:
        if value := os.environ.get(name, "").strip():
            return Key(value=SecretStr(value), source=name)
    return None


def check_key(url: str, key: Key | None) -> None:
    """Refuses a key that can't be sent, or that would cross the internet in the clear.

    Raises:
        ModelError: It is so.
    """
    if key is None:
        return
    value = key.value.get_secret_value()
    if not value.isascii() or not value.isprintable() or " " in value:
        raise ModelError(f"the key in {key.source} holds characters no key has: copy it again")
    parts = urlsplit(url)
    if parts.scheme == "http" and not _nearby(parts.hostname or ""):
        raise ModelError(
            f"the key in {key.source} would go to {parts.hostname} unencrypted: use https, or a "
            "tunnel to a local port"
        )


def _nearby(host: str) -> bool:
    """Whether a host is this machine or one of the local network."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "." not in host or host.lower().endswith(_LOCAL_NAMES)
    return address.is_loopback or address.is_private or address.is_link_local
