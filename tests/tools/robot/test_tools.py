"""The tools that point a robot: what they do, measure and refuse."""

from __future__ import annotations

import math
import threading
from dataclasses import replace
from typing import Any

import pytest

from deixis.tools.robot import ArmStoppedError, RobotSession, Step, StubArm, robot_tools
from deixis.tools.robot._kinematics import Joints, tool_pose
from deixis.vision import Point, ToolError, VisionImage
from tests.tools.robot.tables import (
    BALL,
    BOWL,
    BOX,
    CUBE,
    FREE,
    Bench,
    RealArm,
    refused,
    table,
    told,
    where,
)

# What is done, and measured.


def test_looking_gives_the_newest_picture() -> None:
    bench = Bench()
    said = bench.call("look")
    assert said.done
    assert said.measured == {"holding": False}
    assert said.handle == "img_1"
    assert bench.session.latest is not None
    assert bench.book["img_1"].sha256 == bench.session.latest.image.sha256


@pytest.mark.parametrize("thing", [CUBE, BALL, BOX], ids=lambda thing: thing.name)
def test_a_thing_is_picked_up_from_its_pixel(bench: Bench, thing: Any) -> None:
    said = bench.call("pick", at=bench.top(thing))
    assert said.done
    assert said.handle == "img_2"
    assert said.measured["held"]
    assert said.measured["rise_m"] > 0.15
    assert said.measured["gap_m"] == pytest.approx(thing.size[1], abs=0.002)
    assert said.measured["at_m"][:2] == pytest.approx([thing.x, thing.y], abs=0.002)
    assert where(bench, thing.name)[2] > 0.3


def test_a_point_a_little_beside_a_thing_means_it(bench: Bench) -> None:
    at = dict(bench.top(CUBE))
    edge = {**at, "x": float(str(at["x"])) + 20}
    assert bench.call("pick", at=edge).done


def test_what_is_held_is_put_into_a_bowl(bench: Bench) -> None:
    bench.call("pick", at=bench.top(CUBE))
    said = bench.call("place", at=bench.at((BOWL.x, BOWL.y, 0.004)))
    assert said.done
    assert said.measured["released"]
    assert BOWL.holds(*where(bench, "cube")[:2])
    assert said.measured["at_m"][:2] == pytest.approx(where(bench, "cube")[:2], abs=0.005)


def test_a_bowl_is_aimed_at_in_its_middle_wherever_it_is_pointed_at(bench: Bench) -> None:
    bench.call("pick", at=bench.top(CUBE))
    said = bench.call("place", at=bench.at((BOWL.x - 0.068, BOWL.y, BOWL.height)))
    assert said.done
    assert where(bench, "cube")[:2] == pytest.approx((BOWL.x, BOWL.y), abs=0.005)


def test_what_is_held_is_put_on_the_table_where_it_was_pointed(bench: Bench) -> None:
    bench.call("pick", at=bench.top(BOX))
    said = bench.call("place", at=bench.at(FREE))
    assert said.done
    x, y, z = where(bench, "box")
    assert (x, y) == pytest.approx(FREE[:2], abs=0.005)
    assert said.measured["at_m"] == pytest.approx([x, y, z + BOX.size[2] / 2], abs=0.005)
    assert said.measured["off_m"] == pytest.approx(math.dist((x, y), FREE[:2]), abs=0.005)


def test_one_thing_is_put_on_another(bench: Bench) -> None:
    bench.call("pick", at=bench.top(CUBE))
    assert bench.call("place", at=bench.top(BOX)).done
    assert where(bench, "cube")[2] == pytest.approx(BOX.size[2] + CUBE.size[2] / 2, abs=0.002)


def test_where_something_stands_in_the_way_the_place_beside_it_is_taken(bench: Bench) -> None:
    bench.call("pick", at=bench.top(CUBE))
    said = bench.call("place", at=bench.at((BALL.x, BALL.y + 0.035, 0)))
    x, y, z = where(bench, "cube")
    assert z == pytest.approx(CUBE.size[2] / 2, abs=0.002)
    assert math.dist((x, y), (BALL.x, BALL.y)) > 0.04
    assert said.measured["off_m"] == pytest.approx(
        math.dist((x, y), (BALL.x, BALL.y + 0.035)), abs=0.006
    )


def test_a_thing_can_be_taken_out_of_the_bowl_again(bench: Bench) -> None:
    bench.call("pick", at=bench.top(CUBE))
    bench.call("place", at=bench.at((BOWL.x, BOWL.y, 0.004)))
    x, y, z = where(bench, "cube")
    assert bench.call("pick", at=bench.at((x, y, z + 0.02))).done


def test_pointing_touches_nothing_and_says_what_is_there(bench: Bench) -> None:
    said = bench.call("point_at", at=bench.top(CUBE))
    assert said.done
    assert said.measured["height_m"] == pytest.approx(0.04, abs=0.002)
    assert said.measured["at_m"][:2] == pytest.approx([CUBE.x, CUBE.y], abs=0.003)
    assert said.measured["tip_m"][2] == pytest.approx(0.08, abs=0.003)
    assert where(bench, "cube") == (CUBE.x, CUBE.y, 0.02)


def test_the_gripper_moves_to_metres(bench: Bench) -> None:
    said = bench.call("move_to", x=0.5, y=-0.1, z=0.3)
    assert said.done
    assert bench.arm.tool.position == pytest.approx((0.5, -0.1, 0.3), abs=0.003)
    assert bench.call("home").done


def test_each_call_is_a_step_with_its_point_and_measures(bench: Bench) -> None:
    seen: list[Step] = []
    bench.session.on_step = seen.append
    at = bench.top(CUBE)
    said = bench.call("pick", at=at)
    with pytest.raises(ToolError):
        bench.call("pick", at=bench.top(BALL))
    assert [(step.tool, step.ok) for step in bench.session.steps] == [
        ("look", True),
        ("pick", True),
        ("pick", False),
    ]
    assert seen == bench.session.steps[1:]
    assert seen[0].point == pytest.approx((at["x"], at["y"]))
    assert seen[0].measured == said.measured
    assert seen[1].measured == {}
    assert "holds something already" in seen[1].said


# What goes wrong.


class Slippery(StubArm):
    """Lets go of what it holds, once, as soon as it is this high."""

    slips_at = 0.15

    def _send(self, joints: Joints, opening: float, force: float) -> None:
        super()._send(joints, opening, force)
        if self.holds and float(tool_pose(joints)[2, 3]) > self.slips_at:
            self.slips_at = 9.0
            super()._send(joints, 0.08, force)
            super()._send(joints, 0.0, force)


def test_a_grasp_that_slips_is_told_and_can_be_tried_again() -> None:
    bench = Bench(Slippery(table()))
    bench.call("look")
    said = bench.call("pick", at=bench.top(CUBE))
    assert said.text.startswith("Not done: ")
    assert not said.measured["held"]
    assert said.handle is not None
    assert bench.session.held is None
    assert bench.call("pick", at=bench.top(CUBE)).done


def test_what_is_lost_on_the_way_was_not_placed() -> None:
    arm = Slippery(table())
    arm.slips_at = 9.0
    bench = Bench(arm)
    bench.call("look")
    bench.call("pick", at=bench.top(CUBE))
    arm.slips_at = 0.25
    said = bench.call("place", at=bench.at(FREE))
    assert said.text.startswith("Not done: it slipped out of the fingers on the way.")
    assert said.measured["released"] is False
    assert "holds nothing" in refused(bench, "place", at=bench.at(FREE))


def test_a_grasp_that_meets_something_is_given_up_and_the_arm_rises() -> None:
    arm = StubArm(table())
    bench = Bench(arm)
    bench.call("look")

    def press() -> None:
        arm.force = 45.0 if arm.tool.position[2] < 0.05 else 0.0

    arm.on_frame = press
    said = bench.call("pick", at=bench.top(CUBE))
    assert not said.done
    assert "the grasp was given up" in said.text
    assert "N" in said.text
    assert arm.tool.position[2] > 0.4
    assert bench.session.held is None


def test_putting_down_that_is_given_up_keeps_hold() -> None:
    arm = StubArm(table())
    bench = Bench(arm)
    bench.call("look")
    bench.call("pick", at=bench.top(CUBE))

    def press() -> None:
        arm.force = 45.0 if arm.tool.position[2] < 0.1 else 0.0

    arm.on_frame = press
    said = bench.call("place", at=bench.at(FREE))
    assert not said.done
    assert arm.holds == "cube"
    arm.on_frame = None
    assert bench.call("place", at=bench.at(FREE)).done


# Stopping, and calls side by side.


def test_stop_ends_a_pick_from_another_thread() -> None:
    arm = StubArm(table())
    bench = Bench(arm)
    bench.call("look")
    stopping = threading.Thread(target=lambda: bench.call("stop"))

    def stop_low() -> None:
        if arm.tool.position[2] < 0.2 and not arm.stopped:
            stopping.start()
            stopping.join(5)

    arm.on_frame = stop_low
    said = bench.call("pick", at=bench.top(CUBE))
    assert not stopping.is_alive()
    assert said.text.startswith("Not done: ")
    assert "stopped" in said.text
    before = len(arm.told)
    for name, given in (
        ("pick", {"at": bench.top(BALL)}),
        ("place", {"at": bench.at(FREE)}),
        ("point_at", {"at": bench.top(BALL)}),
        ("move_to", {"x": 0.5, "y": 0.0, "z": 0.3}),
        ("home", {}),
    ):
        with pytest.raises(ArmStoppedError, match="stopped"):
            bench.call(name, **given)
    assert len(arm.told) == before


def test_a_stopped_arm_still_sees(bench: Bench) -> None:
    assert bench.call("stop").measured == {"stopped": True}
    before = told(bench)
    assert bench.call("look").done
    assert told(bench) == before


def test_no_tool_releases_a_stopped_arm(bench: Bench) -> None:
    bench.call("stop")
    assert bench.arm.stopped
    assert "release" not in bench.tools


def test_of_two_picks_at_once_the_second_is_told_to_look_again(bench: Bench) -> None:
    calls = [bench.top(CUBE), bench.top(BALL)]
    together = threading.Barrier(2)
    texts: list[str] = []

    def pick(at: object) -> None:
        together.wait()
        try:
            texts.append(bench.call("pick", at=at).text)
        except ToolError as error:
            texts.append(str(error))

    threads = [threading.Thread(target=pick, args=(at,)) for at in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(texts) == 2
    assert sum(text.startswith("Done: ") for text in texts) == 1
    assert any("old picture" in text for text in texts)


# Approval.


def test_a_real_arm_asks_before_each_motion_and_a_simulated_one_does_not() -> None:
    for arm, asks in ((RealArm(table()), True), (StubArm(table()), False)):
        tools = robot_tools(RobotSession(arm))
        asking = {tool.name for tool in tools if tool.approval}
        assert asking == ({tool.name for tool in tools} - {"stop"} if asks else set())
        assert {tool.name for tool in tools if tool.effect} == {
            "look", "point_at", "pick", "place", "move_to", "home"
        }  # fmt: skip


def test_approval_can_be_asked_for_on_a_simulated_arm() -> None:
    tools = robot_tools(RobotSession(StubArm(table()), approval=True))
    assert [tool.name for tool in tools if not tool.approval] == ["stop"]


def test_a_call_can_be_checked_without_moving(bench: Bench) -> None:
    before = told(bench)
    bench.tools["pick"].refuse({"at": bench.top(CUBE)}, bench.context)
    with pytest.raises(ToolError, match="nothing stands"):
        bench.tools["pick"].refuse({"at": bench.at(FREE)}, bench.context)
    assert told(bench) == before


def test_a_recording_sees_where_the_command_at_work_points(bench: Bench) -> None:
    marks: list[Point | None] = []
    bench.arm.on_frame = lambda: marks.append(bench.session.marked)
    at = bench.point(CUBE)
    bench.call("pick", at=at.model_dump())
    assert marks
    assert all(mark == at for mark in marks)


def test_pictures_carry_their_depth_to_the_model(bench: Bench) -> None:
    from deixis.vision import rgbd_of

    image: VisionImage = bench.book.image("img_1")
    seen = rgbd_of(image)
    assert seen is not None
    assert seen.camera == bench.arm.camera


class Rolling(StubArm):
    """What it puts on something rolls off it."""

    def _drop(self, held: Any) -> None:
        super()._drop(held)
        pose = self._poses[held.thing.name]
        if pose.z > 0.02:
            self._poses[held.thing.name] = replace(pose, y=pose.y - 0.05, z=0.0)


def test_what_rolls_off_what_it_was_put_on_was_not_placed() -> None:
    bench = Bench(arm=Rolling(table()))
    bench.call("look")
    bench.call("pick", at=bench.top(BALL))
    said = bench.call("place", at=bench.top(CUBE))
    assert said.text.startswith("Not done: the fingers let go of it, but it has fallen off")
    assert said.measured["released"] is False
