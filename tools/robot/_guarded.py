"""Carries motions out, step by step, under the guards that hold for every arm."""

from __future__ import annotations

import math
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, repeat
from typing import TYPE_CHECKING, Final, TypeVar

from deixis.tools.robot import _commands as commands
from deixis.tools.robot import _motion as motion
from deixis.tools.robot._errors import ArmError, ArmStoppedError
from deixis.tools.robot._kinematics import Joints, tool_pose
from deixis.tools.robot._limits import ArmLimits
from deixis.vision import Camera, RgbdImage
from deixis.vision._camera import XYZ

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

T = TypeVar("T")

# A held command is kept where the joints lag or sag by less, so that they don't creep.
_SAG = 0.05
_ASTRAY = 0.15
_SETTLED = 0.002
_STILL = 0.0005
_SETTLING_STEPS = 25
_FRAME_STEPS = 5
FINGER_SPEED = 0.1
_FINGERS_STILL = 0.0002
_STILL_STEPS = 5
_GRIP_STEPS = 50
_LEAST_GAP = 0.004
# Of the force that pressed when a motion began: it may come free, not press harder.
_NOISE = 1.1

_STOPPED: Final = "the arm was stopped: a person has to release it before it moves again"


@dataclass(frozen=True, kw_only=True)
class Motion:
    """A motion as it was measured.

    Attributes:
        reached: Where the tool ended, in metres, base frame.
        error: How far that is from where it was to end, in metres.
        peak_speed: Of the tool, in m/s.
        peak_force: Against the gripper, in newtons.
        seconds: It took, in the arm's time.
    """

    reached: XYZ
    error: float
    peak_speed: float
    peak_force: float
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Grip:
    """What the fingers did.

    Attributes:
        opening: Between them now, in metres.
        holding: Whether something between them kept them from closing.
    """

    opening: float
    holding: bool


class GuardedArm(ABC):
    """What moves an arm: one command at a time, each control step under all guards.

    Its users see `Arm`, which plans what is carried out here.
    """

    def __init__(self, *, camera: Camera, limits: ArmLimits | None = None) -> None:
        self.camera: Final = camera
        self.limits: Final = limits or ArmLimits()
        self.on_frame: Callable[[], None] | None = None
        self.moves: int = 0
        self._connected = False
        self._latched = False
        # Grows with each stop, so that one soon released still ends the motion it met.
        self._stops = 0
        self._command = threading.Lock()
        self._commander: int | None = None
        self._io = threading.RLock()
        self._steps = 0
        self._aim: Joints | None = None
        self._fingers = (0.0, self.limits.grip_force)

    # What an adapter gives.

    @abstractmethod
    def _connect(self) -> None:
        """Opens the connection; moves nothing."""

    @abstractmethod
    def _disconnect(self) -> None:
        """Closes it, the arm holding still."""

    @abstractmethod
    def _joints(self) -> Sequence[float]:
        """The seven joints as measured, in radians."""

    @abstractmethod
    def _opening(self) -> float:
        """Between the fingers as measured, in metres."""

    @abstractmethod
    def _send(self, joints: Joints, opening: float, force: float) -> None:
        """Moves for one control step of 0.02 s, and returns when it is over.

        Args:
            joints: To be at when it is over, and to hold, in radians.
            opening: That the fingers go to, in metres.
            force: That they close with at most, in newtons.
        """

    @abstractmethod
    def _contact_force(self) -> float:
        """That presses against the gripper or what it holds, in newtons, its grip left out."""

    @abstractmethod
    def _capture(self) -> RgbdImage:
        """What the camera sees."""

    def _halt(self) -> None:  # noqa: B027 (most arms have nothing to do)
        """Brakes, where an arm does more than hold its last command; must not wait.

        Called by `stop`, from any thread, also during a `_send`.
        """

    @property
    def stopped(self) -> bool:
        """Whether it was stopped and not released since."""
        return self._latched

    def stop(self) -> None:
        """Stops for good: a motion under way ends within a control step, later ones are refused.

        For any thread at any time, also before `connect`; it never waits.
        """
        self._latched = True
        self._stops += 1
        if self._connected:
            try:
                self._halt()
            except Exception as error:
                why = commands.said(error)
                raise ArmError(f"the arm doesn't brake, switch it off: {why}") from error

    def release(self) -> None:
        """Lets a stopped arm move again. For the person at the arm: no tool calls it."""
        self._latched = False

    @property
    def seconds(self) -> float:
        """How long it has moved so far, in its own time."""
        return self._steps * motion.STEP

    # How commands are kept apart.

    @contextmanager
    def _commanding(self) -> Generator[int]:
        """The arm to itself for a command that moves; gives what tells a stop since.

        Raises:
            ArmError: It isn't connected, is busy or stopped.
        """
        with self._alone():
            self._need_connection()
            # Read before the latch: a stop in between is then found by either.
            token = self._stops
            if self._latched:
                raise ArmStoppedError(_STOPPED)
            yield token

    @contextmanager
    def _alone(self) -> Generator[None]:
        if not self._command.acquire(blocking=False):
            raise ArmError("the arm is busy with another command: wait for it, or stop the arm")
        self._commander = threading.get_ident()
        try:
            yield
        finally:
            self._commander = None
            self._command.release()

    def _need_connection(self) -> None:
        if not self._connected:
            raise ArmError("the arm isn't connected: connect it first")

    # What is read and sent, one thread at a time.

    def _primitive(self, call: Callable[[], T]) -> T:
        try:
            with self._io:
                return call()
        except ArmError:
            raise
        except Exception as error:
            raise ArmError(f"the arm failed: {commands.said(error)}") from error

    def _measured(self) -> Joints:
        read = self._primitive(self._joints)
        one, two, three, four, five, six, last = commands.numbers(read, "the joints", count=7)
        return one, two, three, four, five, six, last

    def _gap(self) -> float:
        return commands.number(self._primitive(self._opening), "the opening as measured")

    def _force(self) -> float:
        return commands.number(self._primitive(self._contact_force), "the force as measured")

    def _reference(self) -> Joints:
        """Where a motion starts: what was commanded last, unless the joints are elsewhere."""
        measured = self._measured()
        if self._aim is None or apart(self._aim, measured) > _SAG:
            return measured
        return self._aim

    def _widest(self) -> float:
        return max(self._gap(), self._fingers[0])

    def _step(self, joints: Joints, token: int) -> None:
        """One control step, unless the arm was stopped since the token was given."""
        if self._latched or self._stops != token:
            raise ArmStoppedError(_STOPPED)
        opening, force = self._fingers
        self._primitive(lambda: self._send(joints, opening, force))
        self._steps += 1
        self._aim = joints

    # Motions.

    def _run(self, way: Floats, token: int) -> Motion:
        """Carries out a way that was checked, then waits a little for the joints to arrive.

        Raises:
            ArmError: It met something, or the joints don't follow: it holds where it is.
        """
        goal = seven(way[-1])
        self.moves += 1
        seen = [self._measured()]
        guard = _ForceGuard(self._force(), limit=self.limits.force)
        for joints in chain(map(seven, way), repeat(goal, _SETTLING_STEPS)):
            self._step(joints, token)
            now = self._measured()
            self._watch(guard, joints, now, token)
            seen.append(now)
            self._frame(len(seen) - 1)
            if len(seen) > len(way) and (
                apart(now, goal) < _SETTLED or apart(now, seen[-2]) < _STILL
            ):
                break
        if self._stops != token:
            raise ArmStoppedError(_STOPPED)
        return _motion_of(seen, goal, guard.peak)

    def _close(self, joints: Joints, target: float, force: float, token: int) -> Grip:
        """Opens or closes the fingers at an even pace, then waits until they are still."""
        self.moves += 1
        start = gap = self._gap()
        count = max(1, math.ceil(abs(target - start) / (FINGER_SPEED * motion.STEP)))
        guard = _ForceGuard(self._force(), limit=self.limits.force)
        still = 0
        for index in range(1, count + _GRIP_STEPS):
            part = min(1.0, index / count)
            self._fingers = (start + part * (target - start), force)
            self._step(joints, token)
            self._watch(guard, joints, self._measured(), token)
            self._frame(index)
            before, gap = gap, self._gap()
            still = still + 1 if abs(gap - before) < _FINGERS_STILL else 0
            if index >= count and still >= _STILL_STEPS:
                break
        return Grip(opening=gap, holding=target < start and gap > target + _LEAST_GAP)

    def _watch(self, guard: _ForceGuard, joints: Joints, now: Joints, token: int) -> None:
        """Gives a motion up that presses on something, or whose joints don't follow."""
        force = self._force()
        if guard.allows(force):
            if apart(joints, now) <= _ASTRAY:
                return
            why = "a joint doesn't go where it is sent"
        else:
            why = f"{force:.0f} N press against the gripper, over {self.limits.force:.0f} N"
        if apart(joints, now) <= self.limits.joint_step:
            # Where it is, it presses no more.
            self._step(now, token)
        x, y, z = place_of(now)
        raise ArmError(f"the motion was given up at ({x:.3f}, {y:.3f}, {z:.3f}) m: {why}")

    def _frame(self, steps: int) -> None:
        if self.on_frame is None or steps % _FRAME_STEPS:
            return
        try:
            self.on_frame()
        except Exception as error:
            raise ArmError(
                f"the motion was given up, its observer failed: {commands.said(error)}"
            ) from error


class _ForceGuard:
    """Lets a motion that begins under too much force come free of it, but press no harder."""

    def __init__(self, force: float, *, limit: float) -> None:
        self.peak = force
        self._limit = limit
        self._allowed = self._bound(force)

    def allows(self, force: float) -> bool:
        """Whether the motion may go on; sharper as the force falls."""
        self.peak = max(self.peak, force)
        if force > self._allowed:
            return False
        self._allowed = min(self._allowed, self._bound(force))
        return True

    def _bound(self, force: float) -> float:
        return self._limit if force <= self._limit else force * _NOISE


def place_of(joints: ArrayLike) -> XYZ:
    """Where the tool point is, in metres, base frame."""
    x, y, z = (float(value) for value in tool_pose(joints)[:3, 3])
    return x, y, z


def seven(row: Floats) -> Joints:
    """Joints out of an array of shape (7,)."""
    one, two, three, four, five, six, last = (float(angle) for angle in row)
    return one, two, three, four, five, six, last


def apart(a: Joints, b: Joints) -> float:
    """How far the joint that differs most does, in radians."""
    return max(abs(x - y) for x, y in zip(a, b, strict=True))


def _motion_of(seen: list[Joints], goal: Joints, peak_force: float) -> Motion:
    import numpy as np

    places = tool_pose(seen)[:, :3, 3]
    speeds = np.linalg.norm(np.diff(places, axis=0), axis=-1) / motion.STEP
    reached = place_of(seen[-1])
    return Motion(
        reached=reached,
        error=math.dist(reached, place_of(goal)),
        peak_speed=float(speeds.max(initial=0)),
        peak_force=peak_force,
        seconds=(len(seen) - 1) * motion.STEP,
    )
