"""An arm for tests of its safety, and one at a table for tests of its tools."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from deixis.tools.robot import StubArm
from tests.tools.robot.guards import assert_safe
from tests.tools.robot.tables import Bench


@pytest.fixture
def arm() -> Iterator[StubArm]:
    """An arm at home; whatever a test does with it, all that it was sent must have been safe."""
    with StubArm() as arm:
        yield arm
    assert_safe(arm.told)


@pytest.fixture
def bench() -> Bench:
    """An arm that has looked."""
    made = Bench()
    made.call("look")
    return made
