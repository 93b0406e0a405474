"""An agent with a server's tools: asked first, run once, told what is another's."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from langchain_core.messages import ToolMessage

from deixis.agents import Decision, VisionAgent
from deixis.testing import Call, Say, ScriptedModel
from deixis.tools import standard_tools
from deixis.tools.mcp import McpTools
from tests.mcp.servers import HOSTILE, NOTES, PICTURE, environment

NOTE = Call("add_note", {"text": "buy milk"})


def notes(folder: Path, **options: Any) -> McpTools:
    return McpTools.stdio(sys.executable, NOTES, env=environment(folder), name="notes", **options)


def written(folder: Path) -> str:
    file = folder / "notes.txt"
    return file.read_text("utf-8") if file.exists() else ""


def told(model: ScriptedModel) -> str:
    """The words of the last tool's result, as the model was shown them."""
    last = model.asked[-1][-1]
    assert isinstance(last, ToolMessage)
    return str(last.text)


def test_no_call_is_made_without_a_person_s_word(tmp_path: Path) -> None:
    with notes(tmp_path) as server, ScriptedModel([NOTE]) as model:
        agent = VisionAgent(model, tools=[*standard_tools(), *server.tools])
        answer = agent.ask("Write it down", thread="t")
    assert [(call.name, call.arguments) for call in answer.pending] == [
        ("add_note", {"text": "buy milk"})
    ]
    assert answer.pending[0].description == (
        'call add_note of the MCP server notes with {"text": "buy milk"}'
    )
    assert written(tmp_path) == ""


def test_an_allowed_call_is_made_once(tmp_path: Path) -> None:
    with notes(tmp_path) as server, ScriptedModel([NOTE, Say("Noted.")]) as model:
        agent = VisionAgent(model, tools=server.tools)
        agent.ask("Write it down", thread="t")
        answer = agent.resume("t", [True])
    assert [(call.name, call.ok) for call in answer.tool_calls] == [("add_note", True)]
    assert written(tmp_path) == "buy milk|1\n"


def test_a_refused_call_is_told_to_the_model_and_not_made(tmp_path: Path) -> None:
    with notes(tmp_path) as server, ScriptedModel([NOTE, Say("All right.")]) as model:
        agent = VisionAgent(
            model, tools=server.tools, approve=lambda _: Decision(allow=False, reason="Not now.")
        )
        agent.ask("Write it down")
    assert "Not now." in told(model)
    assert written(tmp_path) == ""


async def test_an_asynchronous_agent_asks_and_calls_alike(tmp_path: Path) -> None:
    async with notes(tmp_path) as server:
        with ScriptedModel([NOTE, Say("Noted.")]) as model:
            agent = VisionAgent(model, tools=server.tools, approve=lambda _: True)
            answer = await agent.aask("Write it down")
    assert [(call.name, call.ok) for call in answer.tool_calls] == [("add_note", True)]
    assert written(tmp_path) == "buy milk|1\n"


def test_what_a_server_says_is_marked_as_another_s_words(tmp_path: Path) -> None:
    steps = [NOTE, Say("Noted.")]
    with notes(tmp_path, trusted=["add_note"]) as server, ScriptedModel(steps) as model:
        VisionAgent(model, tools=server.tools).ask("Write it down")
    assert told(model) == ('<outside source="the MCP server notes">\nNoted: buy milk\n</outside>')


def test_wrong_arguments_are_mended_without_asking_a_person(tmp_path: Path) -> None:
    asked: list[str] = []
    wrong = Call("add_note", {"stars": 2})
    with notes(tmp_path) as server, ScriptedModel([wrong, NOTE, Say("Noted.")]) as model:
        agent = VisionAgent(
            model, tools=server.tools, approve=lambda call: not asked.append(call.description)
        )
        answer = agent.ask("Write it down")
    assert [call.ok for call in answer.tool_calls] == [False, True]
    assert len(asked) == 1


def test_a_server_that_dies_does_not_end_the_run(tmp_path: Path) -> None:
    steps = [Call("die"), Call("count_notes"), Say("Done.")]
    with notes(tmp_path, trusted=["die", "count_notes"]) as server, ScriptedModel(steps) as model:
        answer = VisionAgent(model, tools=server.tools).ask("Go on")
    assert [(call.name, call.ok) for call in answer.tool_calls] == [
        ("die", False),
        ("count_notes", True),
    ]


def test_a_picture_of_a_server_gets_a_handle_and_is_shown(tmp_path: Path) -> None:
    steps = [Call("draw"), Call("read_text", {"image": "img_1"}), Say("中山北路")]
    with notes(tmp_path, trusted=["draw"]) as server, ScriptedModel(steps) as model:
        agent = VisionAgent(model, tools=[*standard_tools(), *server.tools])
        answer = agent.ask("What does it show?")
        assert "中山北路" in told(model)
        assert agent.images(answer.thread)["img_1"].source == "an image from notes"


def test_a_handle_that_the_model_says_sends_the_picture(tmp_path: Path) -> None:
    steps = [Call("size_of", {"image": "img_1"}), Say("Sent.")]
    server = notes(tmp_path, trusted=["size_of"], images={"size_of": "image"})
    with server, ScriptedModel(steps) as model:
        VisionAgent(model, tools=server.tools).ask("Send it", PICTURE)
    assert (tmp_path / "sent").read_bytes()[:3] == b"\xff\xd8\xff"
    assert "/9j/" in told(model)


def test_tools_made_to_do_harm_do_not_keep_an_agent_from_working() -> None:
    tree = Call("tree", {"root": {"name": "a", "children": [{"name": "b"}]}})
    steps = [tree, Call("marked", {"at": {"x": 1}}), Say("Done.")]
    server = McpTools.stdio(sys.executable, HOSTILE, name="h", trusted=["tree", "marked"])
    with server, ScriptedModel(steps) as model:
        answer = VisionAgent(model, tools=server.tools).ask("Go on")
        offered = [tool["function"]["name"] for tool in model.offered[0]]
    assert [call.ok for call in answer.tool_calls] == [True, True]
    assert offered == [tool.name for tool in server._tools]  # pyright: ignore[reportPrivateUsage]
