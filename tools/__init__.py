"""Tools: what an agent can do, with places as typed values.

`tool` makes a function a tool; `standard_tools` are those that every agent may have.
"""

from __future__ import annotations

from typing import Any

from deixis.tools._calculator import calculate, evaluate
from deixis.tools._phrase_card import draw_card, phrase_card_tool
from deixis.tools._phrases import PhraseBook, PhraseCard
from deixis.tools._pinyin import pinyin
from deixis.tools._reading import find_on_sign, look_again, read_text, zoom
from deixis.tools._tool import NewImage, Tool, ToolContext, ToolResult, tool
from deixis.tools._translate import GlossaryTerm, Translation, Translator, translate_tool

__all__ = [
    "GlossaryTerm",
    "NewImage",
    "PhraseBook",
    "PhraseCard",
    "Tool",
    "ToolContext",
    "ToolResult",
    "Translation",
    "Translator",
    "calculate",
    "draw_card",
    "evaluate",
    "find_on_sign",
    "look_again",
    "phrase_card_tool",
    "pinyin",
    "read_text",
    "standard_tools",
    "tool",
    "translate_tool",
    "zoom",
]


def standard_tools(translator: Translator | None = None) -> tuple[Tool[..., Any], ...]:
    """Reading, zooming, looking again, finding, translating and calculating.

    Args:
        translator: What `translate` uses; glossary and dictionary by default.
    """
    translate = translate_tool(translator or Translator())
    return (read_text, zoom, look_again, find_on_sign, translate, calculate)
