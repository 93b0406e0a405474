"""The interface of robot arms, with their safety.

Everything that keeps an arm within its limits is here, once for all arms: an adapter only reads its
joints and sends them. A motion is planned and checked along its whole way before anything moves.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from types import TracebackType
from typing import TYPE_CHECKING, ClassVar, Final, Self

from deixis.tools.robot import _commands as commands
from deixis.tools.robot import _motion as motion
from deixis.tools.robot._errors import ArmError
from deixis.tools.robot._guarded import (
    FINGER_SPEED,
    Grip,
    GuardedArm,
    Motion,
    apart,
    place_of,
    seven,
)
from deixis.tools.robot._kinematics import HOME, Joints, grasp_yaw, solve, tool_pose, yaw_of
from deixis.tools.robot._limits import ArmLimits
from deixis.vision import Camera, RgbdImage, VisionImage
from deixis.vision._camera import XYZ

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["Arm", "Grip", "Look", "Motion", "ToolPose"]

_LEAST_SPEED: Final = 0.005
# Over all that stands on the table: below it the tool rises before it goes anywhere near home.
_CLEAR_HEIGHT: Final = 0.20
_AT_HOME: Final = 0.01
_SAME_PLACE: Final = 1e-4
_WAIT: Final = 5.0


@dataclass(frozen=True, kw_only=True)
class ToolPose:
    """Where the tool is.

    Attributes:
        position: Of the point between the fingertips, in metres, base frame.
        yaw: Of the gripper, in radians; its fingers close along the line square to it.
        opening: Between the fingers, in metres.
    """

    position: XYZ
    yaw: float
    opening: float


@dataclass(frozen=True, kw_only=True)
class Look:
    """What the camera sees.

    Attributes:
        picture: With depth and camera.
        image: The same as one file.
    """

    picture: RgbdImage
    image: VisionImage


class Arm(GuardedArm):
    """A robot arm with a gripper and a camera that sees its table.

    Speaks LeRobot's verbs (`connect`, `get_observation`, `send_action`, …) and its own (`look`,
    `move_to`, `grip`, `home`). One command runs at a time: another one, from whatever thread, is
    refused as busy. `stop` is for all threads and never waits.

    An adapter gives the seven primitives, from `_connect` to `_capture`, which may raise anything:
    callers get an `ArmError`. They are called from one thread at a time.

    Args:
        camera: The one that takes the pictures.
        limits: That hold for everything it does.

    Attributes:
        simulated: Whether nothing real moves.
        camera: What takes the pictures.
        limits: What bounds it.
        pictures: Whether observations hold pictures, which take far longer than the joints;
            `observation_features` says the same.
        on_frame: Called about each 0.1 s of a motion, in the thread that moves; it may read the
            arm, and stop it. Where it raises, the motion is given up.
        moves: How many commands have moved something: a picture is stale when this has grown.
        held: What was picked up with it, for those who carry it on; None for nothing.
    """

    simulated: ClassVar[bool] = False

    def __init__(self, *, camera: Camera, limits: ArmLimits | None = None) -> None:
        super().__init__(camera=camera, limits=limits)
        self.pictures = True
        self.held: object = None

    # LeRobot's verbs.

    @property
    def is_connected(self) -> bool:
        """Whether it is."""
        return self._connected

    @property
    def is_calibrated(self) -> bool:
        """Whether its joints know where they are; arms that always do leave this."""
        return True

    def connect(self, calibrate: bool = True) -> None:
        """Connects; moves nothing. A stop of before stays.

        Args:
            calibrate: Whether an arm that needs calibration gets it.

        Raises:
            ArmError: It is connected, or can't be.
        """
        with self._alone():
            if self._connected:
                raise ArmError("the arm is connected already: disconnect it first")
            self._primitive(self._connect)
            self._connected = True
            try:
                self._aim = None
                self._fingers = (self._gap(), self.limits.grip_force)
                self._measured()
                if calibrate and not self.is_calibrated:
                    self.calibrate()
                self.configure()
            except BaseException:
                self._connected = False
                self._primitive(self._disconnect)
                raise

    def disconnect(self) -> None:
        """Gives up a motion that is under way, and disconnects. Does nothing where it is done.

        Raises:
            ArmError: It is called by the motion's own observer, or the motion doesn't end.
        """
        if self._commander == threading.get_ident():
            raise ArmError("an observer of a motion can't disconnect the arm: stop it instead")
        self._stops += 1
        if not self._command.acquire(timeout=_WAIT):
            raise ArmError("the arm's last command doesn't end: switch it off")
        try:
            if self._connected:
                self._connected = False
                self._primitive(self._disconnect)
        finally:
            self._command.release()

    def calibrate(self) -> None:
        """Calibrates an arm that needs it; others leave this."""

    def configure(self) -> None:
        """Sets what an arm has to be told once it is connected; others leave this."""

    @property
    def observation_features(self) -> dict[str, type | tuple[int, ...]]:
        """What `get_observation` gives: a type, or the shape of an array."""
        features: dict[str, type | tuple[int, ...]] = dict.fromkeys(commands.KEYS, float)
        if self.pictures:
            size = (self.camera.height, self.camera.width)
            features |= {"camera": (*size, 3), "camera.depth": size}
        return features

    @property
    def action_features(self) -> dict[str, type]:
        """What `send_action` takes."""
        return dict.fromkeys(commands.KEYS, float)

    def get_observation(self) -> dict[str, float | NDArray[np.uint8] | NDArray[np.float32]]:
        """What is measured now: joints in radians, the opening and the depth in metres.

        Raises:
            ArmError: It isn't connected.
        """
        self._need_connection()
        with self._io:
            seen: dict[str, float | NDArray[np.uint8] | NDArray[np.float32]] = dict(
                zip(commands.ANGLES, self._measured(), strict=True)
            )
            seen[commands.GRIPPER] = self._gap()
            if self.pictures:
                picture = self._primitive(self._capture)
                seen |= {"camera": picture.rgb, "camera.depth": picture.depth}
        return seen

    def send_action(self, action: Mapping[str, float]) -> dict[str, float]:
        """Moves towards an action for one control step, as far as the limits allow.

        Args:
            action: Of `action_features`; what is left out stays as it is.

        Returns:
            What was really sent: all features, clipped to limits of joints and speeds and to the
            workspace, on the way from where they were. While something presses against the arm
            over the limit of force, only what lifts the tool.

        Raises:
            ArmError: It isn't connected, is busy or stopped, or the action isn't one.
        """
        import numpy as np

        asked = commands.action(action)
        with self._commanding() as token:
            start = np.array(self._reference())
            opening = self._next_opening(start, asked.get(commands.GRIPPER))
            angles = zip(commands.ANGLES, start, strict=True)
            wanted = np.array([asked.get(key, at) for key, at in angles])
            widest = max(opening, self._gap())
            joints = motion.bounded(start, wanted, opening=widest, limits=self.limits)
            pressed = self._force() > self.limits.force
            sent = seven(start if pressed and not _lifts(start, joints) else joints)
            self._fingers = (opening, self._fingers[1])
            self.moves += 1
            self._step(sent, token)
        return dict(zip(commands.KEYS, (*sent, opening), strict=True))

    # Our own verbs.

    @property
    def tool(self) -> ToolPose:
        """Where the tool is, as measured.

        Raises:
            ArmError: It isn't connected.
        """
        self._need_connection()
        with self._io:
            joints, opening = self._measured(), self._gap()
        yaw = float(yaw_of(tool_pose(joints)))
        return ToolPose(position=place_of(joints), yaw=yaw, opening=opening)

    def look(self) -> Look:
        """Takes a picture, from home so that the arm hides nothing; where it is, once stopped.

        Raises:
            ArmError: It isn't connected or can't go home.
        """
        self._need_connection()
        if not self._latched and not self._at_home():
            self.home()
        with self._io:
            picture = self._primitive(self._capture)
        return Look(picture=picture, image=picture.image("camera"))

    def move_to(
        self, position: XYZ, *, yaw: float | None = None, speed: float | None = None
    ) -> Motion:
        """Moves the tool in a straight line, the gripper straight down.

        Args:
            position: Of the point between the fingertips, in metres, base frame.
            yaw: Of the gripper, in radians; by default as it is, turned by 180° where it can't be.
            speed: Of the tool at its fastest, in m/s; the limit by default.

        Returns:
            What was measured. The error tells whether it arrived.

        Raises:
            ArmError: It isn't connected, is busy or stopped, or a limit would be broken anywhere on
                the way: nothing has moved. Or it met something and has given up where it says.
        """
        import numpy as np

        target = commands.place(position)
        turn = None if yaw is None else commands.number(yaw, "yaw in radians")
        fastest = self._speed(speed)
        self.limits.check(target)
        with self._commanding() as token:
            start = np.array(self._reference())
            goal = np.array(_goal(target, turn, seven(start)))
            way = motion.timed(motion.straight(start, goal), limits=self.limits, speed=fastest)
            motion.check(way, start=start, opening=self._widest(), limits=self.limits)
            return self._run(way, token)

    def home(self) -> Motion:
        """Moves out of the camera's view: up first, then straight home.

        From beyond the limits, as a real arm may be found, it goes only on ways that come back in
        without going farther out.

        Raises:
            ArmError: As for `move_to`.
        """
        import numpy as np

        with self._commanding() as token:
            start = np.array(self._reference())
            refusals: list[ArmError] = []
            for way in self._ways_home(start):
                try:
                    planned = self._over(start, way)
                except ArmError as error:
                    refusals.append(error)
                else:
                    return self._run(planned, token)
        raise ArmError(f"there is no safe way home: {refusals[0]}; or move the arm by hand")

    def grip(self, opening: float, *, force: float | None = None) -> Grip:
        """Opens or closes the fingers, the arm holding still.

        Args:
            opening: To go to, in metres.
            force: To close with, in newtons; the limit by default.

        Raises:
            ArmError: It isn't connected, is busy or stopped, or a limit would be broken.
        """
        import numpy as np

        target = commands.number(opening, "opening in metres")
        if not 0 <= target <= self.limits.opening:
            raise ArmError(f"the fingers open from 0 to {self.limits.opening} m, not {target} m")
        pressed = self.limits.grip_force if force is None else commands.number(force, "force")
        if not 0 < pressed <= self.limits.grip_force:
            raise ArmError(f"the fingers close with up to {self.limits.grip_force} N")
        with self._commanding() as token:
            joints = self._reference()
            if not self._may_open(np.array(joints), target):
                raise ArmError(
                    "a fingertip would be outside the workspace: open the fingers farther inside"
                )
            return self._close(joints, target, pressed, token)

    # How it is done.

    def __enter__(self) -> Self:
        """Connects unless it is."""
        if not self._connected:
            self.connect()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Disconnects."""
        self.disconnect()

    # What is planned.

    def _speed(self, speed: float | None) -> float:
        if speed is None:
            return self.limits.tool_speed
        fastest = commands.number(speed, "speed in m/s")
        if not _LEAST_SPEED <= fastest <= self.limits.tool_speed:
            raise ArmError(
                f"the tool moves at {_LEAST_SPEED} to {self.limits.tool_speed} m/s, "
                f"not at {fastest:g}"
            )
        return fastest

    def _at_home(self) -> bool:
        return apart(self._measured(), HOME) < _AT_HOME

    def _ways_home(self, start: Floats) -> list[list[XYZ] | None]:
        """Places to go home over, the best way first; None turns each joint home evenly."""
        x, y, z = place_of(start)
        low, high = self.limits.low, self.limits.high
        inside = (
            min(max(x, low[0]), high[0]),
            min(max(y, low[1]), high[1]),
            min(max(z, low[2]), high[2]),
        )
        up = (inside[0], inside[1], max(inside[2], _CLEAR_HEIGHT))
        # Away from the edges, where fingertips that turn would swing out.
        middle = ((low[0] + high[0]) / 2, (low[1] + high[1]) / 2, up[2])
        return [[up], [up, middle], [inside, up, middle], [middle], [], None]

    def _over(self, start: Floats, places: Sequence[XYZ] | None) -> Floats:
        """A way home that was checked.

        Raises:
            ArmError: It would break a limit.
        """
        import numpy as np

        home = np.array(HOME)
        speed = self.limits.tool_speed
        if places is None:
            way = motion.timed(motion.swung(start, home), limits=self.limits, speed=speed)
        else:
            stations = [start]
            for place in places:
                if math.dist(place, place_of(stations[-1])) > _SAME_PLACE:
                    yaw = float(yaw_of(tool_pose(stations[-1])))
                    stations.append(np.array(solve(place, yaw, start=seven(stations[-1]))))
            stations.append(home)
            legs = [motion.straight(a, b) for a, b in pairwise(stations)]
            way = np.concatenate(
                [motion.timed(leg, limits=self.limits, speed=speed) for leg in legs]
            )
        motion.check(way, start=start, opening=self._widest(), limits=self.limits)
        return way

    def _next_opening(self, joints: Floats, asked: float | None) -> float:
        """What the fingers are sent to in one control step."""
        now = self._fingers[0]
        if asked is None:
            return now
        step = FINGER_SPEED * motion.STEP
        wanted = min(max(asked, 0.0), self.limits.opening)
        if wanted <= now:
            return max(wanted, now - step)
        # Closed on something, the fingers are wider than they were sent to be.
        opened = min(wanted, max(now, self._gap()) + step)
        return opened if self._may_open(joints, opened) else now

    def _may_open(self, joints: Floats, opening: float) -> bool:
        """Whether the fingertips stay inside, or come no farther out than they are."""
        now, then = (
            float(motion.outside(joints, gap, self.limits)) for gap in (self._gap(), opening)
        )
        return then <= max(now, motion.TOLERANCE)


def _goal(position: XYZ, yaw: float | None, start: Joints) -> Joints:
    if yaw is not None:
        return solve(position, yaw, start=start)
    kept = float(yaw_of(tool_pose(start)))
    try:
        return solve(position, kept, start=start)
    except ArmError:
        return solve(position, grasp_yaw(position, kept, start=start), start=start)


def _lifts(start: Floats, joints: Floats) -> bool:
    return place_of(joints)[2] > place_of(start)[2]
