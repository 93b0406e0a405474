"""Whether the simulator runs here, for tests that need it."""

from __future__ import annotations

from functools import cache

import pytest

from deixis.tools.robot import ArmError, MujocoArm, Scene, scene_camera


@cache
def missing() -> str:
    """Why nothing can be simulated here; empty where it can."""
    try:
        with MujocoArm(Scene(camera=scene_camera())):
            return ""
    except ArmError as error:
        return str(error)


needs_simulator = pytest.mark.skipif(bool(missing()), reason=missing())
