"""What every robot arm must hold to, as tests that any adapter can run against itself."""

from __future__ import annotations

import math
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator

import pytest

from deixis.tools.robot import Arm, ArmError, ArmStoppedError
from deixis.vision import rgbd_of

_ANGLES = tuple(f"joint_{i}.pos" for i in range(1, 8))
_GRIPPER = "gripper.pos"
_BAD_NUMBERS = (math.nan, math.inf, -math.inf, "0.1", None, True, [0.1], 10**400)


class ArmConformance(ABC):
    """Subclass it in a test module, give it an arm, and pytest runs the suite.

    A real arm will move: a few centimetres about its home, slowly, with nothing in the gripper.
    Keep the table clear and a hand on the switch.

    ```python
    class TestMyArm(ArmConformance):
        def make_arm(self) -> Arm:
            return MyArm(port="/dev/ttyUSB0")
    ```

    Attributes:
        accuracy: How near a place the arm must come, in metres.
        speed: Of its moves in the suite, in m/s.
    """

    accuracy = 0.003
    speed = 0.1

    @abstractmethod
    def make_arm(self) -> Arm:
        """An arm that isn't connected."""

    @pytest.fixture
    def arm(self) -> Iterator[Arm]:
        """The arm under test, connected and at home."""
        with self.make_arm() as arm:
            arm.home()
            yield arm
            arm.release()

    def test_connects_and_disconnects(self) -> None:
        """Twice over, and disconnecting again does nothing."""
        arm = self.make_arm()
        for _ in range(2):
            assert not arm.is_connected
            arm.connect()
            assert arm.is_connected
            arm.disconnect()
        arm.disconnect()

    def test_is_connected_once(self, arm: Arm) -> None:
        """A second connection is refused, and the first one stays."""
        with pytest.raises(ArmError, match="already"):
            arm.connect()
        assert arm.is_connected

    def test_needs_a_connection(self) -> None:
        """Whatever is asked of it before says so, also its tool."""
        arm = self.make_arm()
        for ask in (arm.get_observation, arm.home, arm.look, lambda: arm.grip(0.02)):
            with pytest.raises(ArmError, match="connect"):
                ask()
        with pytest.raises(ArmError, match="connect"):
            _ = arm.tool

    def test_features_are_known_before_it_connects(self) -> None:
        """As LeRobot needs them to make a data set."""
        arm = self.make_arm()
        assert list(arm.action_features) == [*_ANGLES, _GRIPPER]
        assert set(arm.action_features.values()) == {float}
        assert set(arm.observation_features) == {*_ANGLES, _GRIPPER, "camera", "camera.depth"}

    def test_observes_what_its_features_say(self, arm: Arm) -> None:
        """Flat keys; numbers, a picture and its depth."""
        import numpy as np

        seen = arm.get_observation()
        assert list(seen) == list(arm.observation_features)
        for key, feature in arm.observation_features.items():
            value = seen[key]
            if isinstance(feature, tuple):
                assert isinstance(value, np.ndarray)
                assert value.shape == feature
                assert value.dtype == (np.uint8 if key == "camera" else np.float32)
            else:
                assert isinstance(value, float)
                assert math.isfinite(value)

    def test_observes_without_pictures(self, arm: Arm) -> None:
        """Where they are turned off, features and observations have none."""
        arm.pictures = False
        assert list(arm.get_observation()) == list(arm.observation_features)
        assert list(arm.observation_features) == [*_ANGLES, _GRIPPER]

    def test_looks_from_home(self, arm: Arm) -> None:
        """A picture with depth, in one file, that fits the camera."""
        look = arm.look()
        carried = rgbd_of(look.image)
        assert carried is not None
        assert carried.camera == look.picture.camera == arm.camera
        assert look.image.size == arm.camera.size

    def test_home_is_in_the_workspace(self, arm: Arm) -> None:
        """With the gripper straight down its tool is where the camera sees the table."""
        assert arm.limits.contains(arm.tool.position, slack=self.accuracy)
        assert abs(arm.tool.yaw) < 0.02

    def test_moves_where_it_is_sent(self, arm: Arm) -> None:
        """And tells what it measured."""
        x, y, z = arm.tool.position
        moves = arm.moves
        motion = arm.move_to((x + 0.06, y + 0.04, z - 0.05), yaw=0.2, speed=self.speed)
        assert motion.error <= self.accuracy
        assert motion.reached == pytest.approx(arm.tool.position, abs=self.accuracy)
        assert motion.reached == pytest.approx((x + 0.06, y + 0.04, z - 0.05), abs=self.accuracy)
        assert arm.tool.yaw == pytest.approx(0.2, abs=0.02)
        assert 0 < motion.peak_speed <= arm.limits.tool_speed
        assert motion.peak_force < arm.limits.force
        assert motion.seconds > 0.09 / self.speed
        assert arm.moves > moves

    def test_keeps_its_yaw(self, arm: Arm) -> None:
        """Where none is given."""
        x, y, z = arm.tool.position
        arm.move_to((x + 0.05, y, z), yaw=0.3, speed=self.speed)
        arm.move_to((x + 0.05, y + 0.05, z), speed=self.speed)
        assert arm.tool.yaw == pytest.approx(0.3, abs=0.02)

    def test_comes_home(self, arm: Arm) -> None:
        """From elsewhere it is home again."""
        home = arm.tool.position
        arm.move_to((home[0] + 0.05, home[1], home[2]), yaw=0.4, speed=self.speed)
        assert arm.home().error <= self.accuracy
        assert arm.tool.position == pytest.approx(home, abs=2 * self.accuracy)

    def test_opens_and_closes_its_gripper(self, arm: Arm) -> None:
        """On nothing it holds nothing."""
        opened = arm.grip(0.04)
        assert opened.opening == pytest.approx(0.04, abs=0.003)
        assert not opened.holding
        closed = arm.grip(0.0)
        assert closed.opening == pytest.approx(0.0, abs=0.003)
        assert not closed.holding
        assert arm.tool.opening == pytest.approx(closed.opening, abs=0.001)

    def test_refuses_places_outside(self, arm: Arm) -> None:
        """Nothing moves, and the error says where it may go."""
        (x, y, z), before = arm.limits.high, self._angles(arm)
        for place in ((x + 0.01, 0.0, 0.3), (0.5, y + 0.01, 0.3), (0.5, 0.0, z + 0.01)):
            with pytest.raises(ArmError, match="workspace"):
                arm.move_to(place)
        with pytest.raises(ArmError, match="workspace"):
            arm.move_to((0.5, 0.0, arm.limits.low[2] - 0.001))
        self._assert_still(arm, before)

    @pytest.mark.parametrize("bad", _BAD_NUMBERS)
    def test_refuses_what_is_no_number(self, arm: Arm, bad: object) -> None:
        """Wherever a number belongs, and nothing moves."""
        before = self._angles(arm)
        for send in (
            lambda: arm.move_to((bad, 0.0, 0.3)),  # type: ignore[arg-type]
            lambda: arm.move_to((0.5, 0.0, 0.3), yaw=bad if bad is not None else "0"),  # type: ignore[arg-type]
            lambda: arm.move_to((0.5, 0.0, 0.3), speed=bad if bad is not None else "1"),  # type: ignore[arg-type]
            lambda: arm.grip(bad),  # type: ignore[arg-type]
            lambda: arm.send_action({"joint_1.pos": bad}),  # type: ignore[dict-item]
        ):
            with pytest.raises(ArmError):
                send()
        self._assert_still(arm, before)

    def test_refuses_what_is_no_action(self, arm: Arm) -> None:
        """Keys that it doesn't have, and what is no mapping."""
        before = self._angles(arm)
        for bad in ({"joint_8.pos": 0.0}, {"joint_1": 0.0}, {1: 0.0}, [0.0] * 8, "up", None):
            with pytest.raises(ArmError, match="action"):
                arm.send_action(bad)  # type: ignore[arg-type]
        self._assert_still(arm, before)

    def test_an_action_moves_one_step(self, arm: Arm) -> None:
        """What is returned was really sent: no faster than the limits, all features named."""
        before = arm.get_observation()
        sent = arm.send_action({"joint_1.pos": 2.0, "joint_4.pos": -3.0})
        assert list(sent) == list(arm.action_features)
        for key in _ANGLES:
            start = before[key]
            assert isinstance(start, float)
            assert abs(sent[key] - start) <= arm.limits.joint_speed * 0.02 + 0.02
        assert sent["joint_1.pos"] > 0
        after = arm.get_observation()
        assert all(after[key] == pytest.approx(sent[key], abs=0.02) for key in _ANGLES)

    def test_an_action_holds_what_it_leaves_out(self, arm: Arm) -> None:
        """Nothing asked, nothing moved."""
        before = self._angles(arm)
        arm.send_action({})
        self._assert_still(arm, before)

    def test_actions_stay_in_the_workspace(self, arm: Arm) -> None:
        """Sent up and up, the tool halts at the ceiling or below."""
        for _ in range(40):
            arm.send_action({"joint_2.pos": -1.7, "joint_4.pos": -0.1})
            assert arm.limits.contains(arm.tool.position, slack=self.accuracy)

    def test_a_stop_holds(self, arm: Arm) -> None:
        """Until it is released, which lets it move again."""
        before = self._angles(arm)
        arm.stop()
        arm.stop()
        assert arm.stopped
        for move in (
            arm.home,
            lambda: arm.move_to((0.45, 0.0, 0.4)),
            lambda: arm.grip(0.02),
            lambda: arm.send_action({"joint_1.pos": 0.5}),
        ):
            with pytest.raises(ArmStoppedError, match="release"):
                move()
        self._assert_still(arm, before)
        arm.release()
        assert not arm.stopped
        arm.home()

    def test_sees_while_it_is_stopped(self, arm: Arm) -> None:
        """Looking and reading move nothing then."""
        arm.stop()
        before = self._angles(arm)
        arm.look()
        arm.get_observation()
        self._assert_still(arm, before)

    def test_a_stop_of_before_stays(self) -> None:
        """Stopped while it was disconnected, it doesn't move once it is connected."""
        arm = self.make_arm()
        arm.stop()
        with arm:
            with pytest.raises(ArmStoppedError):
                arm.home()
            arm.release()

    def test_a_stop_ends_a_motion(self, arm: Arm) -> None:
        """From another thread, and nearly at once: a few control steps with the braking."""
        x, y, z = arm.tool.position
        stopped_at: list[tuple[float, ...]] = []

        def stop_soon() -> None:
            if not stopped_at:
                thread = threading.Thread(target=arm.stop)
                thread.start()
                thread.join()
                stopped_at.append(arm.tool.position)

        arm.on_frame = stop_soon
        with pytest.raises(ArmStoppedError):
            arm.move_to((x + 0.1, y, z - 0.05), speed=self.speed)
        arm.on_frame = None
        assert math.dist(arm.tool.position, stopped_at[0]) <= self.speed * 0.02 + 0.002
        assert math.dist(arm.tool.position, (x, y, z)) < 0.05

    def test_one_command_at_a_time(self, arm: Arm) -> None:
        """A second one is refused, whoever gives it; reading is always allowed."""
        refused: list[str] = []

        def interfere() -> None:
            arm.get_observation()
            try:
                arm.home()
            except ArmError as error:
                refused.append(str(error))

        arm.pictures = False
        arm.on_frame = interfere
        x, y, z = arm.tool.position
        arm.move_to((x + 0.05, y, z), speed=self.speed)
        arm.on_frame = None
        assert refused
        assert all("busy" in said for said in refused)

    def _angles(self, arm: Arm) -> list[float]:
        arm.pictures = False
        seen = arm.get_observation()
        arm.pictures = True
        return [float(seen[key]) for key in _ANGLES]

    def _assert_still(self, arm: Arm, before: list[float]) -> None:
        assert self._angles(arm) == pytest.approx(before, abs=0.005)
