"""How large a prompt is, counted apart from the window that keeps it small."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.utils.function_calling import convert_to_openai_tool

from deixis.vision import Dialect, Size
from deixis.vision._model import estimated_tokens
from tests.agents.helpers import blocks


def counted(
    messages: Sequence[BaseMessage],
    tools: Sequence[Any],
    *,
    dialect: Dialect,
    sizes: Mapping[str, Size],
) -> int:
    """Tokens of a prompt: words, calls, tools and images, with what a template puts around them."""
    texts = [str(message.text) for message in messages]
    calls = [
        json.dumps({"name": call["name"], "arguments": call["args"]}, ensure_ascii=False)
        for message in messages
        if isinstance(message, AIMessage)
        for call in message.tool_calls
    ]
    schemas = [
        json.dumps(
            dialect.word_schema(convert_to_openai_tool(tool)),
            ensure_ascii=False,
        )
        for tool in tools
    ]
    shown = [sizes[block["id"]] for block in blocks(messages)]
    around = 5 * len(messages) + 8 * len(calls) + 10 * len(shown)
    told = sum(map(estimated_tokens, [*texts, *calls, *schemas]))
    return told + around + sum(map(dialect.image_tokens, shown))
