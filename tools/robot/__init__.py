"""Robot arms: their interface and its safety, a stub, a simulator, and tools that point.

Importing this package loads neither numpy nor MuJoCo; a simulated arm needs the extra `robot`,
`PickPlaceEnv` the extra `gym`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from deixis.tools.robot._errors import ArmError, ArmStoppedError
from deixis.tools.robot._limits import ArmLimits
from deixis.tools.robot._making import make_scene
from deixis.tools.robot._report import ObjectReport, SceneArm, objects_on
from deixis.tools.robot._scene import (
    Container,
    ObjectPose,
    Scene,
    SceneObject,
    scene_camera,
)
from deixis.tools.robot._session import RobotSession, Step
from deixis.tools.robot._tools import robot_tools

if TYPE_CHECKING:
    from deixis.tools.robot._arm import Arm, Grip, Look, Motion, ToolPose
    from deixis.tools.robot._gym import PickPlaceEnv
    from deixis.tools.robot._mujoco import MujocoArm
    from deixis.tools.robot._recording import Recorder
    from deixis.tools.robot._stub import StubArm

__all__ = [
    "Arm",
    "ArmError",
    "ArmLimits",
    "ArmStoppedError",
    "Container",
    "Grip",
    "Look",
    "Motion",
    "MujocoArm",
    "ObjectPose",
    "ObjectReport",
    "PickPlaceEnv",
    "Recorder",
    "RobotSession",
    "Scene",
    "SceneArm",
    "SceneObject",
    "Step",
    "StubArm",
    "ToolPose",
    "make_scene",
    "objects_on",
    "robot_tools",
    "scene_camera",
]

_HOMES = {
    "Arm": "_arm",
    "Grip": "_arm",
    "Look": "_arm",
    "Motion": "_arm",
    "MujocoArm": "_mujoco",
    "PickPlaceEnv": "_gym",
    "Recorder": "_recording",
    "StubArm": "_stub",
    "ToolPose": "_arm",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"deixis.tools.robot.{_HOMES[name]}"), name)
