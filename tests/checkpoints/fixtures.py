"""Fixtures for tests of real models: one checkpoint of a kind per test session.

from tests.checkpoints.fixtures import checkpoint as checkpoint
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.checkpoints import tiny_checkpoint
from tests.conftest import missing

Checkpoint = Callable[[str], Path]


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    """The folder of a family's tiny checkpoint, made when it is first asked for."""
    for name in ("torch", "transformers"):
        if find_spec(name) is None:
            missing(name)
    # Tests in other files import this fixture; pytest keeps one of each for every such file.
    folder = tmp_path_factory.getbasetemp() / "checkpoints"

    def made(family: str) -> Path:
        if not (folder / family / "model.safetensors").exists():
            tiny_checkpoint(family, folder / family)
        return folder / family

    return made
