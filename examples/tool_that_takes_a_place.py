"""A tool of your own that takes a point, called by a scripted model as in a test.

The model speaks in its own frame; the tool is given original pixels, bound to their image. A
person is asked before it runs, since it moves something.
"""

from deixis.agents import PendingCall, VisionAgent
from deixis.testing import Call, Say, ScriptedModel
from deixis.tools import tool
from deixis.vision import Point


@tool(approval=True)
def pick_up(at: Point) -> str:
    """Pick up the object at a point of the image.

    Args:
        at: Where the object is.
    """
    return f"picked up what was at ({at.x:.0f}, {at.y:.0f}) of {at.image}"


def allow(call: PendingCall) -> bool:
    """Stands for a person who is asked."""
    print("asked to allow:", call.name, call.arguments)
    return True


script = [Call("pick_up", {"at": {"x": 140, "y": 205}}), Say("Done.")]
with ScriptedModel(script) as model:
    agent = VisionAgent(model, tools=[pick_up], approve=allow)
    answer = agent.ask("Pick that up.", "examples/images/menu.jpg")

print(answer.answer, [call.name for call in answer.tool_calls if call.ok])
