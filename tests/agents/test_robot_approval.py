"""A person is asked before an arm moves, and only about what could be done."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from langchain_core.messages import BaseMessage
from PIL import Image

from deixis.agents import Answer, Decision, PendingCall, VisionAgent
from deixis.testing import Call, Say, ScriptedModel
from deixis.tools import ToolContext, tool
from deixis.tools.robot import RobotSession, StubArm, robot_tools
from deixis.vision import Box, DeixisError, Point, ToolError, load_image
from tests.agents.helpers import told
from tests.tools.robot.tables import BALL, BOWL, CUBE, RealArm, table

LOOK = Call("look")


class Operator:
    """An arm at a table and an agent that has its tools."""

    def __init__(self, arm: StubArm, model: ScriptedModel, **agent: Any) -> None:
        self.arm = arm
        self.session = RobotSession(arm)
        self.asked: list[PendingCall] = []
        self.agent = VisionAgent(model, tools=robot_tools(self.session), **agent)

    def ask(self, **given: Any) -> Answer:
        return self.agent.ask("Tidy up", thread="t", user="ann", **given)

    def resume(self, *decisions: Decision | bool) -> Answer:
        return self.agent.resume("t", decisions, user="ann")

    @property
    def taken(self) -> bool:
        """Whether the cube isn't where it was."""
        return self.arm.truth()["cube"].position != (CUBE.x, CUBE.y, 0.02)


def real() -> RealArm:
    arm = RealArm(table())
    arm.connect()
    return arm


def simulated() -> StubArm:
    arm = StubArm(table())
    arm.connect()
    return arm


def pixel(x: float, y: float, z: float) -> tuple[float, float]:
    u, v, _ = (float(value) for value in table().camera.project((x, y, z)))
    return u, v


def at(x: float, y: float, z: float, image: str | None = None) -> Mapping[str, Any]:
    u, v = pixel(x, y, z)
    return {"at": {"x": u, "y": v, **({"image": image} if image else {})}}


ON_CUBE = at(CUBE.x, CUBE.y, 0.04)
ON_BALL = at(BALL.x, BALL.y, 0.044)
ON_NOTHING = at(0.6, -0.12, 0)
IN_BOWL = at(BOWL.x, BOWL.y, 0.004)


def test_every_motion_of_a_real_arm_waits_for_a_person() -> None:
    with ScriptedModel([LOOK, Call("pick", ON_CUBE), Say("I have it.")]) as model:
        operator = Operator(real(), model)
        assert [call.name for call in operator.ask().pending] == ["look"]
        waiting = operator.resume(True)
        assert [call.name for call in waiting.pending] == ["pick"]
        assert not operator.taken
        answer = operator.resume(True)
    assert answer.answer == "I have it."
    assert [(call.name, call.ok) for call in answer.tool_calls] == [("look", True), ("pick", True)]
    assert operator.taken


def test_a_person_is_told_what_would_happen_and_where_in_which_picture() -> None:
    with ScriptedModel([LOOK, Call("pick", ON_CUBE)]) as model:
        operator = Operator(real(), model)
        operator.ask()
        (call,) = operator.resume(True).pending
    u, v = pixel(CUBE.x, CUBE.y, 0.04)
    assert call.places == (Point(x=u, y=v, image="img_1"),)
    assert call.description == f"pick up what stands at ({u:.0f}, {v:.0f}) of img_1"
    assert call.arguments == ON_CUBE


def test_a_simulated_arm_does_what_it_is_told() -> None:
    steps = [LOOK, Call("pick", ON_CUBE), Call("place", IN_BOWL), Say("Done.")]
    with ScriptedModel(steps) as model:
        operator = Operator(simulated(), model)
        answer = operator.ask()
    assert [call.ok for call in answer.tool_calls] == [True, True, True]
    assert BOWL.holds(*operator.arm.truth()["cube"].position[:2])
    assert [step.tool for step in operator.session.steps] == ["look", "pick", "place"]


BAD: dict[str, tuple[Call, str]] = {
    "nothing there": (Call("pick", ON_NOTHING), "nothing stands at"),
    "unknown image": (Call("pick", at(CUBE.x, CUBE.y, 0.04, "img_7")), "no image 'img_7'"),
    "outside": (Call("pick", {"at": {"x": 5000, "y": 5}}), "outside the image"),
    "malformed": (Call("pick", {"at": "over there"}), "is no point"),
    "a bowl": (Call("pick", at(BOWL.x - 0.067, BOWL.y, BOWL.height)), "cm wide"),
    "the user's photo": (Call("pick", at(CUBE.x, CUBE.y, 0.04, "img_1")), "not a picture of the"),
    "nothing held": (Call("place", ON_NOTHING), "holds nothing"),
    "out of reach": (Call("point_at", at(0.8, 0, 0)), "outside the workspace"),
    "under the table": (Call("move_to", {"x": 0.5, "y": 0, "z": -0.2}), "outside the workspace"),
}


@pytest.mark.parametrize("name", BAD)
def test_nobody_is_asked_about_what_can_not_be_done(name: str) -> None:
    call, why = BAD[name]
    with ScriptedModel([LOOK, call, Say("I can't.")]) as model:
        operator = Operator(real(), model)
        operator.ask(images=[load_image(Image.new("RGB", (640, 480)))])
        before = len(operator.arm.told)
        answer = operator.resume(True)
    assert answer.answer == "I can't."
    assert not answer.pending
    assert why in told(model)
    assert [(record.name, record.ok) for record in answer.tool_calls][1:] == [(call.name, False)]
    assert len(operator.arm.told) == before


def test_an_old_picture_is_refused_before_anybody_is_asked() -> None:
    steps = [
        LOOK,
        Call("pick", ON_CUBE),
        Call("place", IN_BOWL),
        Call("pick", at(BALL.x, BALL.y, 0.044, "img_1")),
        Say("I'd have to look."),
    ]
    with ScriptedModel(steps) as model:
        operator = Operator(real(), model)
        operator.ask()
        for _ in range(2):
            operator.resume(True)
        answer = operator.resume(True)
    assert not answer.pending
    assert "img_1 is an old picture of the camera: point in img_3, the newest" in told(model)


def test_beside_a_refused_call_the_other_is_asked_about() -> None:
    both = [Call("pick", ON_NOTHING), Call("pick", ON_CUBE)]
    with ScriptedModel([LOOK, both, Say("One.")]) as model:
        operator = Operator(real(), model)
        operator.ask()
        waiting = operator.resume(True)
        assert [call.arguments for call in waiting.pending] == [ON_CUBE]
        answer = operator.resume(True)
    assert sorted(call.ok for call in answer.tool_calls) == [False, True, True]
    assert operator.taken


def test_what_was_refused_stays_refused_when_things_change_before_it_would_run() -> None:
    """A look in the same reply makes the picture new again: nobody has allowed that pick."""

    def look_and_pick(_: Sequence[BaseMessage]) -> Sequence[Call]:
        return [LOOK, Call("pick", at(CUBE.x, CUBE.y, 0.04, "img_1"))]

    script = [LOOK, Call("home"), look_and_pick, Say("Not yet.")]
    with ScriptedModel(script) as model:
        operator = Operator(real(), model)
        operator.ask()
        operator.resume(True)
        waiting = operator.resume(True)
        assert [call.name for call in waiting.pending] == ["look"]
        operator.resume(True)
    assert not operator.taken
    assert "has moved since img_1 was taken" in told(model)


def test_what_a_person_denies_does_not_run() -> None:
    with ScriptedModel([LOOK, Call("pick", ON_CUBE), Say("I left it.")]) as model:
        operator = Operator(real(), model)
        operator.ask()
        operator.resume(True)
        operator.resume(Decision(allow=False, reason="My hand is there."))
    assert not operator.taken
    assert "My hand is there." in told(model)


def test_what_has_changed_while_a_person_thought_is_refused_after_all() -> None:
    with ScriptedModel([LOOK, Call("pick", ON_CUBE), Say("Again.")]) as model:
        operator = Operator(real(), model)
        operator.ask()
        operator.resume(True)
        operator.arm.move_to((0.4, 0.0, 0.3))
        operator.resume(True)
    assert not operator.taken
    assert "has moved since" in told(model)


def test_denied_and_changed_is_denied() -> None:
    with ScriptedModel([LOOK, Call("pick", ON_CUBE), Say("No.")]) as model:
        operator = Operator(real(), model)
        operator.ask()
        operator.resume(True)
        operator.arm.move_to((0.4, 0.0, 0.3))
        operator.resume(Decision(allow=False, reason="Leave it."))
    assert "Leave it." in told(model)
    assert not operator.taken


def test_stopping_is_never_asked_about() -> None:
    with ScriptedModel([Call("stop"), Call("home"), Say("It stands.")]) as model:
        operator = Operator(real(), model)
        answer = operator.ask()
    assert operator.arm.stopped
    assert not answer.pending
    assert [(call.name, call.ok) for call in answer.tool_calls] == [("stop", True), ("home", False)]


def test_of_two_picks_in_one_reply_one_is_done() -> None:
    both = [Call("pick", ON_CUBE), Call("pick", ON_BALL)]
    with ScriptedModel([LOOK, both, Say("One.")]) as model:
        operator = Operator(simulated(), model)
        answer = operator.ask()
    assert sorted(call.ok for call in answer.tool_calls if call.name == "pick") == [False, True]
    assert "old picture" in told(model)
    assert operator.arm.holds in ("cube", "ball")


def test_an_approver_sees_each_call_also_in_an_asynchronous_run() -> None:
    asked: list[PendingCall] = []

    def approve(call: PendingCall) -> bool:
        asked.append(call)
        return True

    steps = [LOOK, Call("pick", ON_NOTHING), Call("pick", ON_CUBE), Say("I have it.")]
    with ScriptedModel(steps) as model:
        operator = Operator(real(), model, approve=approve)
        answer = asyncio.run(operator.agent.aask("Go"))
    assert answer.answer == "I have it."
    assert [call.description.split(" at ")[0] for call in asked] == [
        "move the arm aside and take a picture",
        "pick up what stands",
    ]
    assert operator.taken


# The check and the words of a tool of the user's own.


def own_tool(done: list[Box]) -> Any:
    def small(region: Box, ink: str) -> None:
        if region.area > 100:
            raise ToolError("the region is too large: choose a smaller one")
        if region.area == 0:
            raise ZeroDivisionError

    @tool(approval=True, check=small, asks="paint {region} in {ink}")
    def paint(region: Box, ink: str) -> str:
        """Paint a region."""
        done.append(region)
        return ink

    return paint


@pytest.mark.parametrize(
    ("corner", "words"),
    [(90, "the region is too large"), (0, "paint can't be checked: ZeroDivisionError")],
)
def test_a_tool_of_ones_own_can_refuse_before_anybody_is_asked(corner: int, words: str) -> None:
    done: list[Box] = []
    region = {"x1": 0, "y1": 0, "x2": corner, "y2": corner}
    with ScriptedModel([Call("paint", {"region": region, "ink": "red"}), Say("No.")]) as model:
        agent = VisionAgent(model, tools=[own_tool(done)])
        assert not agent.ask("Go", load_image(Image.new("RGB", (640, 480)))).pending
    assert words in told(model)
    assert not done


def test_a_tool_of_ones_own_is_put_in_its_words() -> None:
    region = {"x1": 1, "y1": 2, "x2": 9, "y2": 8}
    with ScriptedModel([Call("paint", {"region": region, "ink": "red"})]) as model:
        agent = VisionAgent(model, tools=[own_tool([])])
        (call,) = agent.ask("Go", load_image(Image.new("RGB", (640, 480)))).pending
    assert call.description == "paint (1, 2) to (9, 8) of img_1 in “red”"
    assert call.places == (Box(x1=1, y1=2, x2=9, y2=8, image="img_1"),)


def test_a_tool_without_words_is_put_by_its_name_and_arguments() -> None:
    @tool(approval=True)
    def grasp(at: Point, context: ToolContext) -> str:
        """Close the gripper."""
        return f"{at.x}{context.call_id}"

    with ScriptedModel([Call("grasp", {"at": [3, 4]})]) as model:
        agent = VisionAgent(model, tools=[grasp])
        (call,) = agent.ask("Go", load_image(Image.new("RGB", (640, 480)))).pending
    assert call.description == "grasp: at (3, 4) of img_1"


def test_places_of_a_call_are_never_of_another_users_pictures() -> None:
    with ScriptedModel([LOOK, Call("pick", ON_CUBE)]) as model:
        operator = Operator(real(), model)
        operator.ask()
        operator.resume(True)
        with pytest.raises(DeixisError, match="nothing to go on with"):
            operator.agent.resume("t", [True], user="bob")
