"""An arm for tests of its safety."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from deixis.tools.robot import StubArm
from tests.tools.robot.guards import assert_safe


@pytest.fixture
def arm() -> Iterator[StubArm]:
    """An arm at home; whatever a test does with it, all that it was sent must have been safe."""
    with StubArm() as arm:
        yield arm
    assert_safe(arm.told)
