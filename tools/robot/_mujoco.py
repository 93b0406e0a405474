"""An arm in MuJoCo: the same commands as a real one, with physics that can go wrong.

Time passes in the simulation only while a command is carried out, as fast as this machine computes.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from deixis.tools.robot._arm import Arm
from deixis.tools.robot._errors import ArmError
from deixis.tools.robot._kinematics import HOME, JOINTS, Joints
from deixis.tools.robot._limits import ArmLimits
from deixis.tools.robot._mjcf import CAMERA, FINGERS, GAINS, HAND, TIMESTEP, mjcf_of
from deixis.tools.robot._motion import STEP
from deixis.tools.robot._scene import ObjectPose, Scene
from deixis.tools.robot._studio import Data, Model, Mujoco, Studio, load_mujoco
from deixis.vision._geometry import Size
from deixis.vision._rgbd import RgbdImage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_SUBSTEPS: Final = round(STEP / TIMESTEP)
_SETTLING: Final = 100
_FARTHEST: Final = 7.5
_OPEN: Final = 0.08
_SHARPNESS: Final = 0.5
_ARM = slice(0, len(JOINTS))
_FINGERS = slice(len(JOINTS), len(JOINTS) + len(FINGERS))
# What the servos' damping makes them lag, in seconds, so that the command can lead by as much.
_LEAD: Final = GAINS[0][1] / GAINS[0][0]


@dataclass(frozen=True, kw_only=True)
class _World:
    mujoco: Mujoco
    model: Model
    data: Data
    hand: int  # the first body of the gripper
    last: int  # and its last one, which is the arm's


class MujocoArm(Arm):
    """A simulated arm at a table.

    The world is made at the first connection and stays as it was left, also over later ones.

    Args:
        scene: What stands on the table, and the camera.
        limits: That hold for everything the arm does.

    Raises:
        ArmError: On connecting: MuJoCo or the libraries that it draws with aren't installed.
    """

    simulated: ClassVar[bool] = True

    def __init__(self, scene: Scene, *, limits: ArmLimits | None = None) -> None:
        super().__init__(camera=scene.camera, limits=limits)
        self.scene: Final = scene
        self._world: _World | None = None
        self._studio: Studio | None = None
        self._told: Floats | None = None
        self._pressed = 0.0
        self._halted = False
        self._physics = threading.RLock()

    @property
    def seconds(self) -> float:
        """How much time has passed in the simulation, in seconds.

        Raises:
            ArmError: The arm was never connected.
        """
        with self._physics:
            return self._made().data.time

    def truth(self) -> dict[str, ObjectPose]:
        """Where every object really is, by name: for tests and reports, no tool sees it.

        Raises:
            ArmError: The arm was never connected.
        """
        with self._physics:
            world = self._made()
            return {thing.name: _pose(world, thing.name) for thing in self.scene.objects}

    def frame(self, size: Size) -> NDArray[np.uint8]:
        """What the camera sees now, small and without depth: for films.

        Args:
            size: Width and height in pixels, not above the camera's.

        Returns:
            RGB, shape (height, width, 3).

        Raises:
            ArmError: The arm isn't connected.
        """
        with self._physics:
            return self._drawing().colours(self._made().data, size)

    def _connect(self) -> None:
        mujoco = load_mujoco()
        with self._physics:
            world = self._world or _new_world(mujoco, self.scene)
            self._studio = Studio(mujoco, world.model, camera=CAMERA, size=self.camera.size)
            if self._world is None:
                self._told = world.data.qpos[_ARM].copy()
            self._world = world

    def _halt(self) -> None:
        self._halted = True

    def _disconnect(self) -> None:
        with self._physics:
            if self._studio is not None:
                self._studio.close()
            self._studio = None

    def _joints(self) -> Sequence[float]:
        with self._physics:
            return [float(angle) for angle in self._made().data.qpos[_ARM]]

    def _opening(self) -> float:
        with self._physics:
            return float(self._made().data.qpos[_FINGERS].sum())

    def _send(self, joints: Joints, opening: float, force: float) -> None:
        import numpy as np

        with self._physics:
            world = self._made()
            told = np.array(joints) if self._told is None else self._told
            delta = (np.array(joints) - told) / _SUBSTEPS
            lead = delta * (_LEAD / TIMESTEP)
            limit = world.model.actuator_forcerange[_FINGERS]
            limit[:, 0], limit[:, 1] = -force, force
            before = world.data.ctrl[_FINGERS].copy()
            pressed: dict[tuple[int, int], Floats] = {}
            for i in range(1, _SUBSTEPS + 1):
                world.data.ctrl[_ARM] = told + i * delta + lead
                world.data.ctrl[_FINGERS] = before + (opening / 2 - before) * i / _SUBSTEPS
                world.mujoco.mj_step(world.model, world.data, 1)
                self._feel(world, pressed)
            self._told = np.array(joints)
            forces = [float(np.linalg.norm(total)) for total in pressed.values()]
            # Smoothed as a real sensor's is: a touch rings for a step or two.
            self._pressed += (sum(forces) / _SUBSTEPS - self._pressed) * _SHARPNESS

    def _contact_force(self) -> float:
        return self._pressed

    def _capture(self) -> RgbdImage:
        import numpy as np

        with self._physics:
            rgb, depth = self._drawing().picture(self._made().data, self.camera.size)
        depth = np.where(depth < _FARTHEST, depth, np.float32(np.nan))
        return RgbdImage(rgb=rgb, depth=depth, camera=self.camera)

    def _feel(self, world: _World, pressed: dict[tuple[int, int], Floats]) -> None:
        """Adds what presses against the arm now, by what of it and by what.

        Summed as vectors, so that a grip, whose two pads press against each other through the thing
        between them, cancels out as it does at a real arm's wrist. What the thing itself is pressed
        against remains.
        """
        import numpy as np

        count = world.data.ncon
        bodies = world.model.geom_bodyid[world.data.contact.geom[:count]]
        of_arm = (bodies > 0) & (bodies <= world.last)
        force = np.zeros(6)
        for i in np.flatnonzero(of_arm.any(axis=1)):
            second = int(of_arm[i, 1])
            part, other = int(bodies[i, second]), int(bodies[i, 1 - second])
            world.mujoco.mj_contactForce(world.model, world.data, int(i), force)
            turned = force[:3] @ world.data.contact.frame[i].reshape(3, 3)
            key = (min(part, world.hand), other)
            pressed[key] = pressed.get(key, 0) + (turned if second else -turned)

    def _made(self) -> _World:
        """The world; after a stop, once the arm has come to rest where it was told last."""
        world = self._world
        if world is None:
            raise ArmError("the simulation isn't there yet: connect the arm first")
        if self._halted:
            self._halted = False
            if self._told is not None:
                world.data.ctrl[_ARM] = self._told
            world.mujoco.mj_step(world.model, world.data, _SETTLING)
        return world

    def _drawing(self) -> Studio:
        if self._studio is None:
            raise ArmError("the arm isn't connected: connect it first")
        return self._studio


def _new_world(mujoco: Mujoco, scene: Scene) -> _World:
    """The arm at home, its fingers open, and everything at rest."""
    made = mjcf_of(scene)
    model: Model = mujoco.MjModel.from_xml_string(made.xml, made.assets)
    data = mujoco.MjData(model)
    data.qpos[_ARM] = data.ctrl[_ARM] = HOME
    data.qpos[_FINGERS] = data.ctrl[_FINGERS] = _OPEN / 2
    mujoco.mj_step(model, data, _SETTLING)
    return _World(
        mujoco=mujoco,
        model=model,
        data=data,
        hand=model.body(HAND).id,
        last=max(model.body(f"{finger}_body").id for finger in FINGERS),
    )


def _pose(world: _World, name: str) -> ObjectPose:
    body = world.model.body(name).id
    x, y, z = (float(value) for value in world.data.xpos[body])
    turned = world.data.xmat[body]
    return ObjectPose(position=(x, y, z), yaw=math.atan2(turned[3], turned[0]))
