"""Robot arms: their interface and its safety, a stub, a simulator, and tools that point."""

from __future__ import annotations

from deixis.tools.robot._errors import ArmError, ArmStoppedError
from deixis.tools.robot._limits import ArmLimits
from deixis.tools.robot._scene import Container, Scene, SceneObject, scene_camera

__all__ = [
    "ArmError",
    "ArmLimits",
    "ArmStoppedError",
    "Container",
    "Scene",
    "SceneObject",
    "scene_camera",
]
