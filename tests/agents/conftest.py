"""A memory and its pictures, for tests of agents that remember."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from deixis.memory import MemoryStore
from deixis.vision import ImageStore


@pytest.fixture
def images(tmp_path: Path) -> ImageStore:
    return ImageStore(tmp_path / "images")


@pytest.fixture
def memory(tmp_path: Path, images: ImageStore) -> Iterator[MemoryStore]:
    with MemoryStore(tmp_path / "memory", images=images, index=False) as store:
        yield store
