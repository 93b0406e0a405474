"""The tools that point a robot: what they do, measure and refuse."""

from __future__ import annotations

import math
import threading
from itertools import product
from typing import Any

import numpy as np
import pytest
from PIL import Image

from deixis.tools.robot import ArmStoppedError, RobotSession, Step, StubArm, robot_tools
from deixis.tools.robot._kinematics import Joints, tool_pose
from deixis.vision import Camera, Point, RgbdImage, ToolError, VisionImage, load_image
from tests.tools.robot.tables import BALL, BOWL, BOX, CUBE, TRAY, Bench, RealArm, table

FREE = (0.6, -0.12, 0.0)


@pytest.fixture
def bench() -> Bench:
    """An arm that has looked."""
    made = Bench()
    made.call("look")
    return made


def where(bench: Bench, name: str) -> tuple[float, float, float]:
    assert isinstance(bench.arm, StubArm)
    return bench.arm.truth()[name].position


def told(bench: Bench) -> int:
    assert isinstance(bench.arm, StubArm)
    return len(bench.arm.told)


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


# What is refused, with nothing moved.


def refused(bench: Bench, name: str, **said: object) -> str:
    before = told(bench)
    with pytest.raises(ToolError) as error:
        bench.call(name, **said)
    assert told(bench) == before
    return str(error.value)


def test_nothing_is_pointed_at_before_the_camera_has_looked() -> None:
    bench = Bench()
    bench.show(load_image(Image.new("RGB", (640, 480))))
    assert "call look" in refused(bench, "pick", at={"x": 3, "y": 4})


def test_an_old_picture_is_refused(bench: Bench) -> None:
    bench.call("pick", at=bench.top(CUBE))
    bench.call("place", at=bench.at(FREE))
    words = refused(bench, "pick", at=bench.at((BALL.x, BALL.y, 0.04), image="img_1"))
    assert words == "img_1 is an old picture of the camera: point in img_3, the newest"


def test_a_photo_that_the_user_brought_is_refused(bench: Bench) -> None:
    photo = bench.show(load_image(Image.new("RGB", (640, 480), (9, 9, 9))))
    words = refused(bench, "pick", at={**bench.top(CUBE), "image": photo})
    assert "img_2 is not a picture of the arm's camera: point in img_1, the newest" in words


def test_a_picture_of_another_arm_is_refused(bench: Bench) -> None:
    other = StubArm(table(BALL))
    other.connect()
    handle = bench.show(other.look().image)
    assert "point in img_1" in refused(bench, "pick", at={**bench.top(CUBE), "image": handle})


@pytest.mark.parametrize(
    ("name", "said"), [("move_to", {"x": 0.5, "y": 0.0, "z": 0.3}), ("home", {})]
)
def test_what_moved_since_makes_a_picture_old(
    bench: Bench, name: str, said: dict[str, float]
) -> None:
    bench.call(name, **said)
    assert "moved since img_1 was taken: look again" in refused(bench, "pick", at=bench.top(CUBE))
    bench.call("look")
    assert bench.call("pick", at=bench.top(CUBE)).done


def test_another_program_that_moves_the_arm_makes_a_picture_old(bench: Bench) -> None:
    bench.arm.move_to((0.4, 0.1, 0.3))
    assert "look again" in refused(bench, "place", at=bench.at(FREE))


def test_a_point_on_nothing_is_refused(bench: Bench) -> None:
    words = refused(bench, "pick", at=bench.at(FREE))
    assert words.startswith("nothing stands at (")
    assert "of img_1" in words


@pytest.mark.parametrize(
    ("place", "wide"),
    [((BOWL.x - 0.067, BOWL.y, BOWL.height), "14"), ((TRAY.x, TRAY.y, 0.003), "15")],
)
def test_what_is_too_wide_is_refused_with_its_measure(
    bench: Bench, place: tuple[float, float, float], wide: str
) -> None:
    words = refused(bench, "pick", at=bench.at(place))
    assert f"is {wide}." in words
    assert "cm wide, and the gripper opens 8 cm" in words


def test_only_one_thing_is_held_at_a_time(bench: Bench) -> None:
    bench.call("pick", at=bench.top(CUBE))
    assert refused(bench, "pick", at=bench.top(BALL)) == (
        "the gripper holds something already: place it first"
    )


def test_an_empty_gripper_has_nothing_to_put_down(bench: Bench) -> None:
    assert refused(bench, "place", at=bench.at(FREE)) == (
        "the gripper holds nothing: pick something up first"
    )


def test_a_place_out_of_reach_is_refused(bench: Bench) -> None:
    bench.call("pick", at=bench.top(CUBE))
    assert "outside the workspace" in refused(bench, "place", at=bench.at((0.8, 0.1, 0)))


def test_a_place_without_room_is_refused() -> None:
    crowd = [
        CUBE.model_copy(update={"name": f"cube_{i}", "x": x, "y": y, "yaw": 0.0})
        for i, (x, y) in enumerate(product((0.42, 0.475, 0.53), (-0.055, 0.0, 0.055)))
    ]
    bench = Bench(StubArm(table(BALL.model_copy(update={"x": 0.6, "y": 0.12}), *crowd)))
    bench.call("look")
    assert bench.call("pick", at=bench.at((0.6, 0.12, 0.044))).done
    words = refused(bench, "place", at=bench.at((0.5025, 0.0275, 0)))
    assert words.startswith("there is no room at (")


@pytest.mark.parametrize(
    "at",
    [
        {"x": -5, "y": 4},
        {"x": 9999, "y": 4},
        {"x": "left", "y": 4},
        {"x": float("nan"), "y": 4},
        {"x": 4},
        "the cube",
        None,
        [1, 2, 3],
        {"x": 100, "y": 100, "image": "img_9"},
        {"x": 100, "y": 100, "image": "../../etc/passwd"},
    ],
)
@pytest.mark.parametrize("name", ["pick", "place", "point_at"])
def test_a_malformed_place_is_refused(bench: Bench, name: str, at: object) -> None:
    assert refused(bench, name, at=at)


@pytest.mark.parametrize(
    "said",
    [
        {"x": 0.5, "y": 0, "z": -0.1},
        {"x": 5, "y": 0, "z": 0.2},
        {"x": float("nan"), "y": 0, "z": 0.2},
        {"x": float("inf"), "y": 0, "z": 0.2},
        {"x": "far", "y": 0, "z": 0.2},
        {"x": 0.5, "y": 0},
        {"x": 0.5, "y": 0, "z": 0.2, "speed": 9},
    ],
)
def test_a_motion_out_of_the_limits_is_refused(bench: Bench, said: dict[str, object]) -> None:
    assert refused(bench, "move_to", **said)


# Where there is no depth.


class Blind(StubArm):
    """Its camera has no depth: nowhere, or not where a hole is."""

    hole: tuple[slice, slice] = (slice(None), slice(None))

    def _capture(self) -> RgbdImage:
        taken = super()._capture()
        depth = taken.depth.copy()
        depth[self.hole] = np.nan
        return RgbdImage(rgb=taken.rgb, depth=depth, camera=taken.camera)


def test_without_depth_a_thing_is_met_at_the_height_of_the_prior() -> None:
    bench = Bench(Blind(table()), height_prior=0.02)
    bench.call("look")
    said = bench.call("pick", at=bench.at((CUBE.x, CUBE.y, 0.02)))
    assert said.done
    assert said.measured["depth"] == "assumed"
    assert said.measured["at_m"][:2] == pytest.approx([CUBE.x, CUBE.y], abs=0.002)
    said = bench.call("place", at=bench.at(FREE))
    assert said.done
    assert said.measured == {"released": True, "at_m": None, "off_m": None, "depth": "assumed"}
    assert where(bench, "cube")[:2] == pytest.approx(FREE[:2], abs=0.005)


def test_without_depth_nothing_between_the_fingers_is_no_success() -> None:
    bench = Bench(Blind(table()))
    bench.call("look")
    said = bench.call("pick", at=bench.at(FREE))
    assert not said.done
    assert said.measured["gap_m"] < 0.004


def test_the_sky_is_no_place() -> None:
    level = Camera.looking_at((0.5, 0, 0.3), position=(1.3, 0, 0.35), size=(640, 480), fovy=60)
    bench = Bench(Blind(table(camera=level)))
    bench.call("look")
    assert "doesn't show the table" in refused(bench, "pick", at={"x": 320, "y": 5})


def test_a_place_where_depth_is_missing_is_refused() -> None:
    arm = Blind(table())
    arm.hole = (slice(0, 0), slice(0, 0))
    bench = Bench(arm)
    bench.call("look")
    at = bench.at(FREE)
    x, y = int(float(str(at["x"]))), int(float(str(at["y"])))
    arm.hole = (slice(y - 4, y + 5), slice(x - 4, x + 5))
    bench.call("pick", at=bench.top(CUBE))
    assert "sees no depth" in refused(bench, "place", at=bench.at(FREE))


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
