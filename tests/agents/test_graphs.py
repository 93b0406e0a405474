"""LangGraph's and LangChain's own: agents as nodes, tools as they are."""

from __future__ import annotations

import base64
from typing import Annotated, Any

from langchain.tools import InjectedState, ToolRuntime
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_core.tools import tool as langchain_tool
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph.message import MessagesState  # pyright: ignore[reportMissingTypeStubs]
from langgraph.graph.state import StateGraph  # pyright: ignore[reportMissingTypeStubs]
from langgraph.types import Command, interrupt

from deixis.agents import Decision, VisionAgent, VisionState, with_approval
from deixis.testing import Call, Say, ScriptedModel
from deixis.tools import tool
from deixis.vision import Point
from tests.agents.helpers import blank, blocks, told, where

START, END = "__start__", "__end__"
PLACE = {"bbox_2d": [1, 2, 3, 4], "label": "ENT", "image": "img_1"}


def question(text: str = "Where?") -> HumanMessage:
    image = blank()
    data = base64.b64encode(image.data).decode()
    picture = {"type": "image", "base64": data, "mime_type": image.mime}
    return HumanMessage([picture, {"type": "text", "text": text}])


def graph(agent: VisionAgent, state: Any = MessagesState, **more: Any) -> Any:
    builder: Any = StateGraph(state)
    builder.add_node("reader", agent.node)
    builder.add_edge(START, "reader")
    builder.add_edge("reader", END)
    return builder.compile(**more)


@tool(approval=True)
def grasp(at: Point) -> str:
    """Close the gripper at a point."""
    return f"Grasped {where(at)}."


def test_a_node_answers_with_places_in_original_pixels() -> None:
    with ScriptedModel([Say("4F.", places=[PLACE])]) as model:
        made = graph(VisionAgent(model, name="reader"))
        last = made.invoke({"messages": [question()]})["messages"][-1]
    assert (last.text, last.name) == ("4F.", "reader")
    answer = last.additional_kwargs["deixis"]
    assert answer["detections"][0]["box"]["x1"] == 1
    assert [block["id"] for block in blocks(model.asked[0])] == ["img_1"]


def test_a_node_adds_one_message_and_leaves_the_pictures_as_they_are() -> None:
    with ScriptedModel([Call("calculate", {"expression": "1+1"}), Say("2.")]) as model:
        after = graph(VisionAgent(model)).invoke({"messages": [question()]})
    assert [type(message) for message in after["messages"]] == [HumanMessage, AIMessage]
    assert after["messages"][0].content[0]["type"] == "image"


def test_two_nodes_share_images_by_handle_where_the_state_has_room() -> None:
    class State(VisionState):
        pass

    one, two = ScriptedModel([Say("A.")]), ScriptedModel([Say("B.")])
    builder: Any = StateGraph(State)
    builder.add_node("one", VisionAgent(one, name="one").node)
    builder.add_node("two", VisionAgent(two, name="two").node)
    builder.add_edge(START, "one")
    builder.add_edge("one", "two")
    with one, two:
        after = builder.compile().invoke({"messages": [question()], "images": {}})
    assert list(after["images"]) == ["img_1"]
    assert [block["id"] for block in blocks(two.asked[0])] == ["img_1"]


def test_a_node_waits_for_approval_by_interrupt() -> None:
    with ScriptedModel([Call("grasp", {"at": [3, 4]}), Say("Held.")]) as model:
        made = graph(VisionAgent(model, tools=[grasp]), checkpointer=InMemorySaver())
        config = {"configurable": {"thread_id": "t"}}
        made.invoke({"messages": [question("Take it")]}, config)
        waiting = made.get_state(config).interrupts
        resume = {waiting[0].id: {"decisions": [{"type": "approve"}]}}
        last = made.invoke(Command(resume=resume), config)["messages"][-1]
    assert last.text == "Held."
    assert "Grasped 3,4 on img_1." in told(model)


async def test_a_node_streams_in_langgraphs_own_stream() -> None:
    with ScriptedModel([Say("It is on 4F.")]) as model:
        made = graph(VisionAgent(model))
        pieces = [
            chunk[0].text
            async for _, chunk in made.astream(
                {"messages": [question()]}, stream_mode="messages", subgraphs=True
            )
            if type(chunk[0]).__name__ == "AIMessageChunk"
        ]
    assert "".join(pieces) == "It is on 4F."


def test_a_tool_that_reads_the_state_works_as_it_is() -> None:
    @langchain_tool
    def count(state: Annotated[dict[str, Any], InjectedState]) -> str:
        """Count the messages."""
        return f"{len(state['messages'])} messages, {len(state['images'])} image"

    with ScriptedModel([Call("count"), Say("Two.")]) as model:
        VisionAgent(model, tools=[count]).ask("How many?", blank())
    assert "2 messages, 1 image" in told(model)


def test_a_tool_that_updates_the_state_works_as_it_is() -> None:
    @langchain_tool
    def note(runtime: ToolRuntime[Any, Any]) -> Command[Any]:
        """Note it."""
        told = ToolMessage("Noted.", tool_call_id=str(runtime.tool_call_id), name="note")
        return Command(update={"messages": [told]})

    with ScriptedModel([Call("note"), Say("Done.")]) as model:
        assert VisionAgent(model, tools=[note]).ask("Note it", blank()).tool_calls[0].ok
    assert "Noted." in told(model)


def test_a_tool_that_asks_by_itself_is_answered_with_a_value() -> None:
    @langchain_tool
    def ask_user() -> str:
        """Ask the user's name."""
        return f"The name is {interrupt({'question': 'What is your name?'})}."

    with ScriptedModel([Call("ask_user"), Say("Hello Ann.")]) as model:
        agent = VisionAgent(model, tools=[ask_user], approve=lambda call: True)
        waiting = agent.ask("Greet me", blank(), thread="t")
        assert waiting.pending[0].question == {"question": "What is your name?"}
        answer = agent.resume("t", [Decision(allow=True, value="Ann")])
    assert answer.answer == "Hello Ann."
    assert "The name is Ann." in told(model)


def test_a_tool_of_langchains_asks_first_where_it_is_marked() -> None:
    sent: list[str] = []

    @langchain_tool
    def send_mail(to: str) -> str:
        """Send a mail."""
        sent.append(to)
        return "Sent."

    with ScriptedModel([Call("send_mail", {"to": "bob"}), Say("Sent.")]) as model:
        agent = VisionAgent(model, tools=[with_approval(send_mail)])
        waiting = agent.ask("Write to Bob", blank(), thread="t")
        assert [(call.name, call.arguments) for call in waiting.pending] == [
            ("send_mail", {"to": "bob"})
        ]
        assert not sent
        agent.resume("t", [True])
    assert sent == ["bob"]


def test_only_true_allows() -> None:
    with ScriptedModel([Call("grasp", {"at": [3, 4]}), Say("Not done.")]) as model:
        agent = VisionAgent(model, tools=[grasp])
        agent.ask("Take it", blank(), thread="t")
        yes: Any = "yes, the sign allows it"
        agent.resume("t", [yes])
    assert "Grasped" not in told(model)
