"""An arm without physics: joints are where they were sent, and what it grasps sticks to it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from deixis.tools.robot._arm import Arm
from deixis.tools.robot._guarded import place_of
from deixis.tools.robot._kinematics import HOME, Joints, link_frames, tool_pose, yaw_of
from deixis.tools.robot._limits import ArmLimits
from deixis.tools.robot._outlines import CONTAINER_FLOOR
from deixis.tools.robot._raycast import Pose, arm_bodies, bodies_of, pose_of, render
from deixis.tools.robot._scene import ObjectPose, Scene, SceneObject, scene_camera
from deixis.vision import RgbdImage, Size

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from deixis.tools.robot._shapes import Body

_TOUCH = 0.001


@dataclass(frozen=True, kw_only=True)
class Told:
    """What the arm was told for one control step.

    Attributes:
        joints: To be at, in radians.
        opening: To go to, in metres.
        force: To close with, in newtons.
    """

    joints: Joints
    opening: float
    force: float


@dataclass(frozen=True, kw_only=True)
class _Held:
    """What sticks to the gripper.

    Attributes:
        thing: That is held.
        width: Across the fingers, in metres.
        ahead: Of its middle from the tool point along the yaw, in metres.
        aside: The same, square to it.
        under: Of its underside below the tool point, in metres.
        turn: Of its yaw against the tool's, in radians.
    """

    thing: SceneObject
    width: float
    ahead: float
    aside: float
    under: float
    turn: float


class StubArm(Arm):
    """An arm with kinematics only, for tests: it needs no more than numpy, and no time.

    Closing the fingers on an object between them takes it, where it is no wider than they are
    open; opening them drops it straight down: onto the table, another object or into a container.

    Args:
        scene: What stands on the table; nothing by default.
        limits: Other limits than the usual ones.
        joints: Where it is found, in radians; at home by default.

    Attributes:
        scene: What stood on the table at first.
        told: Every control step it was sent, in order.
        force: That presses against the gripper, in newtons: for tests to set.
    """

    simulated: ClassVar[bool] = True

    def __init__(
        self,
        scene: Scene | None = None,
        *,
        limits: ArmLimits | None = None,
        joints: Joints = HOME,
    ) -> None:
        self.scene: Final = scene or Scene(camera=scene_camera())
        super().__init__(camera=self.scene.camera, limits=limits)
        self.told: list[Told] = []
        self.force = 0.0
        self._at = joints
        self._apart = 0.0
        self._held: _Held | None = None
        self._poses = {thing.name: pose_of(thing) for thing in self.scene.objects}

    @property
    def holds(self) -> str | None:
        """The name of what is held."""
        return self._held.thing.name if self._held else None

    def truth(self) -> dict[str, ObjectPose]:
        """Where every object is, by name: for tests and reports, no tool sees it."""
        return {thing.name: _pose(thing, self._poses[thing.name]) for thing in self.scene.objects}

    def frame(self, size: Size) -> NDArray[np.uint8]:
        """What the camera sees now, small: for films.

        Args:
            size: Width and height in pixels.

        Returns:
            RGB, shape (height, width, 3).
        """
        return self._pictured(size).rgb

    def _connect(self) -> None:
        pass

    def _disconnect(self) -> None:
        pass

    def _joints(self) -> Sequence[float]:
        return self._at

    def _opening(self) -> float:
        return self._apart

    def _contact_force(self) -> float:
        return self.force

    def _send(self, joints: Joints, opening: float, force: float) -> None:
        self.told.append(Told(joints=joints, opening=opening, force=force))
        self._at = joints
        if self._held is None and opening < self._apart:
            self._held = self._between_fingers(self._apart)
        if self._held is not None and opening > self._held.width + _TOUCH:
            self._drop(self._held)
            self._held = None
        self._apart = opening if self._held is None else max(opening, self._held.width)
        if self._held is not None:
            self._poses[self._held.thing.name] = self._carried(self._held)

    def _capture(self) -> RgbdImage:
        return self._pictured(self.camera.size)

    def _pictured(self, size: Size) -> RgbdImage:
        frames, pose = link_frames(self._at), tool_pose(self._at)
        seen: list[Body] = bodies_of(self.scene, self._poses)
        arm = arm_bodies(frames, pose, opening=self._apart)
        return render(self.camera, [*seen, *arm], size=size)

    def _between_fingers(self, opening: float) -> _Held | None:
        """What the fingers meet when they close: its middle within reach, and not too wide."""
        x, y, z = place_of(self._at)
        yaw = float(yaw_of(tool_pose(self._at)))
        for thing in self.scene.objects:
            pose = self._poses[thing.name]
            width, length = _extent(thing, pose.yaw - yaw)
            dx, dy = pose.x - x, pose.y - y
            ahead = math.cos(yaw) * dx + math.sin(yaw) * dy
            aside = math.cos(yaw) * dy - math.sin(yaw) * dx
            between = abs(ahead) <= length / 2 and abs(aside) + width / 2 <= opening / 2 + _TOUCH
            if between and pose.z <= z <= pose.z + thing.size[2]:
                return _Held(
                    thing=thing,
                    width=width,
                    ahead=ahead,
                    # The fingers meet in the middle, and push it there.
                    aside=0.0,
                    under=z - pose.z,
                    turn=pose.yaw - yaw,
                )
        return None

    def _carried(self, held: _Held) -> Pose:
        x, y, z = place_of(self._at)
        yaw = float(yaw_of(tool_pose(self._at)))
        return Pose(
            x=x + math.cos(yaw) * held.ahead - math.sin(yaw) * held.aside,
            y=y + math.sin(yaw) * held.ahead + math.cos(yaw) * held.aside,
            z=z - held.under,
            yaw=yaw + held.turn,
        )

    def _drop(self, held: _Held) -> None:
        pose = self._poses[held.thing.name]
        below = [0.0]
        below += [CONTAINER_FLOOR for c in self.scene.containers if c.holds(pose.x, pose.y)]
        for thing in self.scene.objects:
            other = self._poses[thing.name]
            over = max(abs(pose.x - other.x), abs(pose.y - other.y)) < max(thing.size[:2]) / 2
            if thing is not held.thing and over and other.z < pose.z:
                below.append(other.z + thing.size[2])
        self._poses[held.thing.name] = Pose(x=pose.x, y=pose.y, z=max(below), yaw=pose.yaw)


def _extent(thing: SceneObject, turn: float) -> tuple[float, float]:
    """How wide and how long a thing is to a gripper, which it is turned against by so much."""
    length, width, _ = thing.size
    if thing.kind in ("ball", "cylinder"):
        return width, length
    cos, sin = abs(math.cos(turn)), abs(math.sin(turn))
    return cos * width + sin * length, cos * length + sin * width


def _pose(thing: SceneObject, pose: Pose) -> ObjectPose:
    middle = (pose.x, pose.y, pose.z + thing.size[2] / 2)
    return ObjectPose(position=middle, yaw=math.remainder(pose.yaw, 2 * math.pi))
