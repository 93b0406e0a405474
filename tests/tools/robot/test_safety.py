"""What no command can make an arm do, however it is worded and whoever gives it."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from random import Random
from typing import Any, cast

import numpy as np
import pytest

from deixis.tools.robot import Arm, ArmError, ArmLimits, ArmStoppedError, StubArm
from deixis.tools.robot._kinematics import (
    HOME,
    JOINT_HIGH,
    JOINT_LOW,
    Joints,
    link_frames,
    solve,
    tool_pose,
)
from tests.tools.robot.guards import (
    ANGLES,
    EXACT,
    GRIPPER,
    LIMITS,
    STEP,
    assert_safe,
    attempt,
)


def test_a_joint_move_that_swings_the_tool_is_slowed(arm: StubArm) -> None:
    """One joint at its full speed would take an outstretched tool at over 1 m/s."""
    arm.move_to((0.7, 0.0, 0.2))
    begin = len(arm.told)
    for _ in range(20):
        arm.send_action({"joint_1.pos": 2.8})
    tool = tool_pose([step.joints for step in arm.told[begin - 1 :]])[:, :3, 3]
    steps = np.linalg.norm(np.diff(tool, axis=0), axis=-1)
    assert steps.max() <= LIMITS.tool_speed * STEP
    assert steps[:10].min() > 0.85 * LIMITS.tool_speed * STEP


def test_a_joint_move_halts_at_the_edge(arm: StubArm) -> None:
    """However long it is asked for; and it comes back."""
    for _ in range(200):
        arm.send_action({"joint_1.pos": 2.8})
    x, y, _ = arm.tool.position
    assert x >= LIMITS.low[0]
    assert y > 0.1
    before = arm.tool.position
    arm.send_action({"joint_1.pos": 2.8})
    assert arm.tool.position == pytest.approx(before, abs=0.001)
    arm.send_action({"joint_1.pos": 0.0})
    assert arm.tool.position[1] < y - 0.002


def test_a_turn_that_swings_a_fingertip_out_is_refused(arm: StubArm) -> None:
    """The tool is inside all the time; its fingers are 8 cm apart."""
    arm.grip(0.08)
    arm.move_to((0.71, 0.0, 0.2), yaw=0.0)
    before = len(arm.told)
    with pytest.raises(ArmError, match="fingertip"):
        arm.move_to((0.71, 0.0, 0.2), yaw=math.pi / 2)
    with pytest.raises(ArmError, match="fingertip"):
        arm.move_to((0.71, 0.0, 0.2), yaw=math.pi / 4)
    assert len(arm.told) == before


def test_a_turn_swings_no_fingertip_out_midway(arm: StubArm) -> None:
    """Both ends are inside, and what lies between isn't."""
    arm.grip(0.08)
    arm.move_to((0.70, 0.0, 0.2), yaw=0.4)
    with pytest.raises(ArmError, match="on the way"):
        arm.move_to((0.70, 0.001, 0.2), yaw=0.4 - math.pi)


def test_opening_at_the_edge_is_refused(arm: StubArm) -> None:
    arm.move_to((0.5, 0.41, 0.2), yaw=0.0)
    with pytest.raises(ArmError, match="fingertip"):
        arm.grip(0.08)
    assert arm.send_action({GRIPPER: 0.08})[GRIPPER] < 0.022
    for _ in range(50):
        arm.send_action({GRIPPER: 0.08})
    assert arm.tool.opening <= 0.02 + EXACT
    assert arm.grip(0.015).opening == pytest.approx(0.015)


def test_the_wrist_stays_over_the_table(arm: StubArm) -> None:
    """Joint moves can turn the hand under the tool; no part of it goes below."""
    random = Random(5)
    for _ in range(60):
        end = {
            key: random.uniform(low, high)
            for key, low, high in zip(ANGLES, JOINT_LOW, JOINT_HIGH, strict=True)
        }
        for _ in range(40):
            arm.send_action(end)
    parts = link_frames([step.joints for step in arm.told])[:, 3:, 2, 3]
    assert parts.min() > 0.06


def test_a_way_over_an_unreachable_place_is_refused(arm: StubArm) -> None:
    """Both ends are reached, the middle is under the wrist."""
    arm.move_to((0.285, -0.12, 0.11))
    before = len(arm.told)
    with pytest.raises(ArmError, match="reach"):
        arm.move_to((0.285, 0.12, 0.11))
    assert len(arm.told) == before


@pytest.mark.parametrize("speed", [0.0, -0.1, 1e-300, 0.001, 0.2501, 9.0])
def test_speeds_are_bounded(arm: StubArm, speed: float) -> None:
    """Too slow would take for ever, and fill the memory with its steps."""
    with pytest.raises(ArmError, match="m/s"):
        arm.move_to((0.5, 0.0, 0.2), speed=speed)
    assert not arm.told


def test_a_slow_motion_is_slow(arm: StubArm) -> None:
    motion = arm.move_to((0.4, 0.0, 0.4), speed=0.05)
    assert motion.peak_speed <= 0.05
    assert motion.seconds > 2


def test_what_is_changed_after_the_call_changes_nothing(arm: StubArm) -> None:
    """An array that the caller goes on to write to, while the arm moves."""
    target = np.array([0.5, 0.1, 0.3])
    arm.on_frame = lambda: target.fill(9.0)
    assert arm.move_to(cast("Any", target)).reached == pytest.approx((0.5, 0.1, 0.3))
    action = {"joint_1.pos": 0.2}
    sent = arm.send_action(action)
    sent["joint_1.pos"] = action["joint_1.pos"] = 99.0
    arm.send_action({})


def test_a_stop_between_planning_and_starting(arm: StubArm) -> None:
    """Not even the first step is sent."""

    class StoppedByItsPlan(StubArm):
        def _contact_force(self) -> float:
            self.stop()
            return 0.0

    with StoppedByItsPlan() as stubborn:
        with pytest.raises(ArmStoppedError):
            stubborn.move_to((0.5, 0.0, 0.3))
        assert not stubborn.told


@pytest.mark.parametrize("released", [False, True])
def test_a_stop_ends_the_motion_also_when_it_is_released_at_once(
    arm: StubArm, released: bool
) -> None:
    def stop() -> None:
        arm.stop()
        if released:
            arm.release()

    arm.on_frame = stop
    with pytest.raises(ArmStoppedError):
        arm.move_to((0.6, 0.0, 0.3))
    assert len(arm.told) == 5
    arm.release()
    arm.on_frame = None
    arm.home()


def test_a_stop_at_the_last_step_is_told(arm: StubArm) -> None:
    """The motion is over, but its caller is to know."""
    arm.on_frame = lambda: (
        arm.stop() if math.dist(arm.tool.position, (0.4, 0, 0.4)) < 0.002 else None
    )
    with pytest.raises(ArmStoppedError):
        arm.move_to((0.4, 0.0, 0.4))


def test_a_stop_ends_a_grip(arm: StubArm) -> None:
    arm.on_frame = arm.stop
    with pytest.raises(ArmStoppedError):
        arm.grip(0.08)
    assert arm.tool.opening == pytest.approx(0.01)


def test_an_observer_that_fails_ends_the_motion(arm: StubArm) -> None:
    """And the next one works, without it."""
    arm.on_frame = lambda: print(1 / 0)  # noqa: T201
    with pytest.raises(ArmError, match=r"observer failed.*ZeroDivision"):
        arm.move_to((0.6, 0.0, 0.3))
    assert len(arm.told) == 5
    arm.on_frame = None
    arm.move_to((0.6, 0.0, 0.3))


OBSERVERS: dict[str, Callable[[Arm], object]] = {
    "home": lambda arm: arm.home(),
    "grip": lambda arm: arm.grip(0.03),
    "send_action": lambda arm: arm.send_action({"joint_1.pos": 2.0}),
    "connect": lambda arm: arm.connect(),
    "disconnect": lambda arm: arm.disconnect(),
}


@pytest.mark.parametrize("call", OBSERVERS.values(), ids=OBSERVERS)
def test_an_observer_cannot_command(arm: StubArm, call: Callable[[Arm], object]) -> None:
    """Its command would mix with the motion that it watches."""

    def command() -> None:
        call(arm)

    arm.on_frame = command
    with pytest.raises(ArmError, match=r"busy|can't disconnect"):
        arm.move_to((0.6, 0.0, 0.3))
    arm.on_frame = None
    assert arm.is_connected
    arm.home()


def test_an_observer_may_be_interrupted(arm: StubArm) -> None:
    """Ctrl-C in the middle leaves the arm free for the next command."""

    def interrupt() -> None:
        raise KeyboardInterrupt

    arm.on_frame = interrupt
    with pytest.raises(KeyboardInterrupt):
        arm.move_to((0.6, 0.0, 0.3))
    arm.on_frame = None
    arm.home()


def test_disconnecting_ends_a_motion() -> None:
    """From another thread, within a control step."""
    arm = StubArm()
    arm.connect()
    thread = threading.Thread(target=arm.disconnect)
    arm.on_frame = lambda: thread.start() if thread.ident is None else thread.join(0.001)
    with pytest.raises(ArmError):
        arm.move_to((0.6, 0.2, 0.1), speed=0.01 + 0.02)
    thread.join()
    assert not arm.is_connected
    assert len(arm.told) < 200
    with pytest.raises(ArmError, match="isn't connected"):
        arm.home()
    assert_safe(arm.told)


def test_a_stop_waits_for_nobody() -> None:
    """Neither for the command under way nor for a step that hangs."""
    begun, go_on = threading.Event(), threading.Event()

    class Hanging(StubArm):
        def _send(self, joints: Joints, opening: float, force: float) -> None:
            super()._send(joints, opening, force)
            begun.set()
            go_on.wait()

    with Hanging() as arm:
        errors: list[ArmError | None] = []
        thread = threading.Thread(target=lambda: errors.append(attempt(arm.home)))
        thread.start()
        begun.wait()
        stopper = threading.Thread(target=arm.stop)
        stopper.start()
        stopper.join(2)
        assert not stopper.is_alive()
        go_on.set()
        thread.join()
        assert isinstance(errors[0], ArmStoppedError)
        assert len(arm.told) == 1


class Pressed(StubArm):
    """Something is in the way below a height: the deeper, the harder it presses."""

    floor = 0.2

    def _contact_force(self) -> float:
        return max(0.0, self.floor - self.tool.position[2]) * 2_000


def test_a_motion_that_presses_is_given_up() -> None:
    """It tells where it stands and how hard it pressed, and presses on no more."""
    with Pressed() as arm:
        with pytest.raises(ArmError, match=r"given up at \(.*0\.18.*N press against"):
            arm.move_to((0.5, 0.0, 0.05))
        assert 0.17 < arm.tool.position[2] < 0.2
        assert_safe(arm.told)


def test_from_under_force_it_may_come_free_and_not_press_harder() -> None:
    with Pressed() as arm:
        with pytest.raises(ArmError):
            arm.move_to((0.5, 0.0, 0.05))
        height = arm.tool.position[2]
        with pytest.raises(ArmError, match="given up"):
            arm.move_to((0.5, 0.0, 0.1))
        assert arm.tool.position[2] > height - 0.01
        sent = arm.send_action({"joint_2.pos": 1.0})
        assert sent["joint_2.pos"] == arm.told[-2].joints[1]
        assert arm.send_action({"joint_2.pos": -1.0})["joint_2.pos"] < sent["joint_2.pos"]
        arm.home()
        assert arm.tool.position[2] > 0.4


class Stuck(StubArm):
    """Its second joint doesn't follow."""

    def _joints(self) -> Sequence[float]:
        one, _, *rest = self._at
        return (one, HOME[1], *rest)


def test_a_joint_that_does_not_follow_ends_the_motion() -> None:
    with Stuck() as arm:
        with pytest.raises(ArmError, match="doesn't go where it is sent"):
            arm.move_to((0.6, 0.0, 0.1))
        assert abs(arm.told[-1].joints[1] - HOME[1]) < 0.2


def test_a_reading_that_jumps_is_not_followed() -> None:
    """A faulty sensor must not become a command."""

    class Faulty(StubArm):
        def _joints(self) -> Sequence[float]:
            if len(self.told) > 20:
                return (*self._at[:5], self._at[5] + 2.0, self._at[6])
            return self._at

    with Faulty() as arm:
        with pytest.raises(ArmError, match="doesn't go"):
            arm.move_to((0.6, 0.0, 0.1))
        assert_safe(arm.told)


@pytest.mark.parametrize("reading", [math.nan, math.inf, None, "0"])
def test_readings_that_are_no_numbers_end_the_motion(reading: Any) -> None:
    class Broken(StubArm):
        def _joints(self) -> Sequence[float]:
            return (reading, *self._at[1:]) if len(self.told) > 20 else self._at

    with Broken() as arm:
        with pytest.raises(ArmError, match="joints"):
            arm.move_to((0.6, 0.0, 0.1))
        assert len(arm.told) == 21
        assert_safe(arm.told)


def test_an_adapter_that_fails_is_an_arm_error() -> None:
    class Unplugged(StubArm):
        def _send(self, joints: Joints, opening: float, force: float) -> None:
            raise OSError("no such device")

    with Unplugged() as arm, pytest.raises(ArmError, match="no such device"):
        arm.home()


def found(position: tuple[float, float, float]) -> StubArm:
    """An arm that was left with its tool there."""
    return StubArm(joints=solve(position, 0.0))


@pytest.mark.parametrize(
    "position",
    [(0.5, 0.0, -0.05), (0.76, 0.0, 0.1), (0.4, 0.5, 0.3), (0.3, 0.0, 0.68), (0.25, -0.1, 0.3)],
)
def test_found_outside_it_comes_home_on_a_way_that_only_comes_in(
    position: tuple[float, float, float],
) -> None:
    with found(position) as arm:
        arm.home()
        tool = tool_pose([solve(position, 0.0), *(step.joints for step in arm.told)])[:, :3, 3]
        over = np.maximum(np.array(LIMITS.low) - tool, tool - np.array(LIMITS.high)).max(axis=-1)
        assert (np.diff(np.maximum(over, 0)) <= EXACT).all()
        assert over[-1] <= 0
        begin = next(i for i, out in enumerate(over) if out <= 0)
        assert begin > 1
        assert_safe(arm.told[begin:], start=arm.told[begin - 1].joints)


def test_found_outside_it_goes_no_farther_out() -> None:
    """Neither by actions, nor along the edge's outside and out again."""
    with found((0.5, 0.0, -0.03)) as arm:
        begin = arm.tool.position[2]
        for _ in range(30):
            arm.send_action({"joint_2.pos": 1.7})
        assert arm.tool.position[2] >= begin - EXACT
        for _ in range(30):
            arm.send_action({"joint_2.pos": -1.7})
        assert arm.tool.position[2] > begin + 0.02


def test_found_tilted_it_comes_home() -> None:
    """The gripper is brought down on the way."""
    tilted: Joints = (0.3, -0.3, 0.4, -2.2, 0.3, 2.0, 0.2)
    with StubArm(joints=tilted) as arm:
        arm.home()
        assert arm.told[-1].joints == pytest.approx(HOME)
        assert_safe(arm.told, start=tilted)


def test_found_where_no_way_is_safe_it_says_so() -> None:
    """Folded behind its base: a person has to move it."""
    with StubArm(joints=(2.5, 0.5, 0.0, -2.0, 0.0, 1.5, 0.0)) as arm:
        with pytest.raises(ArmError, match="by hand"):
            arm.home()
        assert not arm.told


def test_found_beyond_a_joint_limit_it_comes_back() -> None:
    """Readings are a little beyond at the stops of real arms."""
    beyond: Joints = (*HOME[:6], JOINT_HIGH[6] + 0.01)
    with StubArm(joints=beyond) as arm:
        arm.home()
        last = [step.joints[6] for step in arm.told]
        assert max(last) <= JOINT_HIGH[6] + 0.01
        assert (np.diff(last) <= EXACT).all()


def test_lags_and_sags_do_not_add_up() -> None:
    """Joints that hang a little under what they are sent come no lower with each command."""

    class Sagging(StubArm):
        def _joints(self) -> Sequence[float]:
            return (self._at[0], self._at[1] + 0.01, *self._at[2:])

    with Sagging() as arm:
        arm.move_to((0.5, 0.0, 0.3))
        height = arm.tool.position[2]
        for _ in range(100):
            arm.send_action({})
        for _ in range(5):
            arm.grip(0.02)
            arm.grip(0.0)
        assert arm.tool.position[2] == pytest.approx(height)


def test_wide_limits_still_bound_the_steps() -> None:
    """Limits may be set as wide as one likes; a control step stays a step."""
    with StubArm(limits=ArmLimits(tool_speed=50, joint_speed=500)) as arm:
        arm.move_to((0.6, 0.2, 0.1))
        joints = np.array([step.joints for step in arm.told])
        assert np.abs(np.diff(joints, axis=0)).max() <= arm.limits.joint_step
