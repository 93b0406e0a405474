"""The prompt's count beside what a local model is really given."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from langchain_core.messages import AIMessage, HumanMessage, ToolCall, ToolMessage

from deixis.agents import AgentLimits
from deixis.agents._prompt import system_prompt
from deixis.agents._window import PromptWindow
from deixis.tools import standard_tools
from deixis.tools._langchain import PlaceTool
from deixis.vision import ImageBook, ImageStore, image_block
from deixis.vision.local import load_local
from tests.agents.helpers import blank
from tests.agents.test_window import Signs
from tests.checkpoints import FAMILIES
from tests.checkpoints.fixtures import checkpoint as checkpoint


@pytest.mark.parametrize("family", FAMILIES)
def test_a_prompt_is_never_counted_too_small(
    family: str, checkpoint: Callable[[str], Path]
) -> None:
    store = ImageStore()
    model = load_local(str(checkpoint(family)), max_new_tokens=1).with_images(store)
    book = ImageBook(store)
    shown = [image_block(book.add(blank(shade=n))) for n in range(3)]
    call = ToolCall(name="read_text", args={"image": "img_1"}, id="1", type="tool_call")
    messages = [
        HumanMessage([*shown, {"type": "text", "text": "Where is 耳鼻喉科?"}]),
        AIMessage("", tool_calls=[call]),
        ToolMessage('{"text": "耳鼻喉科", "x": 1}', name="read_text", tool_call_id="1"),
        AIMessage("On 4F."),
        HumanMessage("And 药房?"),
    ]  # fmt: skip
    tools = [PlaceTool.of(tool) for tool in standard_tools()]
    system = system_prompt(model.dialect, None)
    reply = model.bind_tools(tools).invoke([HumanMessage(system), *messages])
    assert isinstance(reply, AIMessage)
    assert reply.usage_metadata is not None
    taken = reply.usage_metadata["input_tokens"]
    limits = AgentLimits()
    window = PromptWindow(
        store=store,
        reader=Signs(),
        dialect=model.dialect,
        image_tokens=limits.image_tokens,
        prompt_tokens=taken - 1,
    )
    # One token under what the model was given, and the window makes room.
    made = window.shown(messages, book.records, system=system, tools=tools, count=model.text_tokens)
    assert made[-1] == messages[-1]
    assert made != messages
