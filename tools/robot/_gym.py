"""A simulated arm as a Gymnasium environment, for those who train policies.

Needs the extra `gym`. The arm's limits hold here too: an action is clipped as `send_action` clips
it, and `info["sent"]` says what was really sent.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, cast

import gymnasium
import numpy as np
from gymnasium import spaces

from deixis.tools.robot._arm import Arm
from deixis.tools.robot._errors import ArmError
from deixis.tools.robot._kinematics import JOINT_HIGH, JOINT_LOW
from deixis.tools.robot._making import make_scene
from deixis.tools.robot._report import SceneArm
from deixis.tools.robot._scene import Container, Scene, SceneObject

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Observation = dict[str, NDArray[Any]]
    Action = NDArray[np.float64]

_SECONDS: Final = 30
_RATE: Final = 50
# How far past its limits a joint may be measured, in rad.
_SLACK: Final = 0.1
# The tool that far over an object has let go of it, in metres.
_CLEAR: Final = 0.06


class PickPlaceEnv(gymnasium.Env["Observation", "Action"]):
    """Put an object of the scene into a container of it.

    Observations are `joints` (7, rad), `gripper` (1, opening in m) and, unless `pictures` is
    off, `camera` (uint8, height × width × 3) and `depth` (float32, m). An action is the seven
    joints to go to and the opening, for one control step of 1/50 s. The reward is 1 when the
    object rests in its container, which ends the episode, else 0; after 30 simulated seconds the
    episode is truncated. `info` holds the `instruction`, `object`, `container`, and `sent`.

    Args:
        arm: Makes a disconnected arm over a scene; the simulator by default.
        pictures: Whether observations hold the camera's picture, which takes most of the time.
        scene: More for `make_scene`, such as `objects`.
    """

    metadata = {"render_modes": ["rgb_array"], "render_fps": _RATE}  # noqa: RUF012

    def __init__(
        self,
        arm: Callable[[Scene], Arm] | None = None,
        *,
        pictures: bool = False,
        **scene: Any,
    ) -> None:
        self._make = arm or _simulator
        self._pictures = pictures
        self._scene_options = scene
        self._arm: Arm | None = None
        self._scene: Scene | None = None
        self._steps = 0
        self._task: tuple[SceneObject, Container] | None = None
        self.render_mode = "rgb_array"
        low, high = [*JOINT_LOW, 0.0], [*JOINT_HIGH, 0.08]
        self.action_space = spaces.Box(np.array(low), np.array(high), dtype=np.float64)
        camera = make_scene(0).camera
        shape = (camera.height, camera.width)
        seen: dict[str, spaces.Space[Any]] = {
            "joints": spaces.Box(
                np.array(low[:7], np.float32) - _SLACK, np.array(high[:7], np.float32) + _SLACK
            ),
            "gripper": spaces.Box(-0.01, 0.1, (1,)),
        }
        if pictures:
            seen["camera"] = spaces.Box(0, 255, (*shape, 3), np.uint8)
            seen["depth"] = spaces.Box(0, np.inf, shape, np.float32)
        self.observation_space = cast("Any", spaces.Dict(seen))

    @property
    def arm(self) -> Arm:
        """The arm of this episode.

        Raises:
            ArmError: There was no reset yet.
        """
        if self._arm is None:
            raise ArmError("the environment has no scene yet: call reset first")
        return self._arm

    @property
    def scene(self) -> Scene:
        """The table of this episode.

        Raises:
            ArmError: There was no reset yet.
        """
        if self._scene is None:
            raise ArmError("the environment has no scene yet: call reset first")
        return self._scene

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """A new scene, made from the seed, and an object of it to put into a container.

        Args:
            seed: Makes the scene; the next of the last one's by default.
            options: May name the `object` and the `container`.
        """
        super().reset(seed=seed)
        self.close()
        made = int(self.np_random.integers(2**31)) if seed is None else seed
        scene = make_scene(made, **self._scene_options)
        self._scene = scene
        self._arm = self._make(scene)
        self._arm.connect()
        self._steps = 0
        self._task = _task(scene, options or {}, self.np_random)
        return self._seen(), self._info()

    def step(self, action: Action) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """One control step of 1/50 s."""
        arm = self.arm
        keys = list(arm.action_features)
        sent = arm.send_action(dict(zip(keys, map(float, action), strict=True)))
        self._steps += 1
        rests = self._rests()
        truncated = self._steps >= _SECONDS * _RATE
        return self._seen(), float(rests), rests, truncated, {**self._info(), "sent": sent}

    def render(self) -> Any:
        """What the camera sees, uint8, shape (height, width, 3)."""
        arm = self.arm
        arm.pictures = True
        return arm.get_observation()["camera"]

    def close(self) -> None:
        """Lets go of the arm."""
        if self._arm is not None and self._arm.is_connected:
            self._arm.disconnect()
        self._arm = None

    def _seen(self) -> Observation:
        arm = self.arm
        arm.pictures = self._pictures
        observed = arm.get_observation()
        joints = [observed[key] for key in observed if key.startswith("joint_")]
        seen: Observation = {
            "joints": np.array(joints, np.float32),
            "gripper": np.array([observed["gripper.pos"]], np.float32),
        }
        if self._pictures:
            seen["camera"] = cast("NDArray[Any]", observed["camera"])
            seen["depth"] = np.nan_to_num(cast("NDArray[Any]", observed["camera.depth"]))
        return seen

    def _rests(self) -> bool:
        """Whether the object lies in its container, let go of."""
        arm = self.arm
        if self._task is None or not isinstance(arm, SceneArm):
            return False
        thing, container = self._task
        x, y, z = arm.truth()[thing.name].position
        low = z < max(thing.size) / 2 + container.height
        return low and container.holds(x, y) and arm.tool.position[2] > z + _CLEAR

    def _info(self) -> dict[str, Any]:
        if self._task is None:
            return {}
        thing, container = self._task
        return {
            "object": thing.name,
            "container": container.name,
            "instruction": f"put the {_words(thing)} in the {container.colour} {container.kind}",
        }


def _words(thing: SceneObject) -> str:
    return thing.label or f"{thing.colour} {thing.kind}"


def _simulator(scene: Scene) -> Arm:
    from deixis.tools.robot._mujoco import MujocoArm

    return MujocoArm(scene)


def _task(
    scene: Scene, options: dict[str, Any], random: np.random.Generator
) -> tuple[SceneObject, Container]:
    """The object and the container that options name, or any."""
    things = {thing.name: thing for thing in scene.objects}
    containers = {container.name: container for container in scene.containers}
    for key, known in (("object", things), ("container", containers)):
        if key in options and options[key] not in known:
            raise ArmError(f"there is no {options[key]!r} on this table: choose of {[*known]}")
    thing = options.get("object", [*things][int(random.integers(len(things)))])
    container = options.get("container", [*containers][int(random.integers(len(containers)))])
    return things[thing], containers[container]
