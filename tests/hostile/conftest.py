"""What the hostile tests share: a reader that keeps its readings, and a world to harm."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from deixis.memory import MemoryStore
from deixis.vision import CachedReader, ImageStore, RapidReader, Reader
from tests.hostile.stages import World, canary


@pytest.fixture(scope="session")
def eyes(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    return CachedReader(RapidReader(), tmp_path_factory.mktemp("readings"))


@pytest.fixture
def world() -> Iterator[World]:
    requests: list[str] = []
    with canary(requests) as address:
        yield World(canary=address, requests=requests)


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[MemoryStore]:
    with MemoryStore(
        tmp_path / "memory", images=ImageStore(tmp_path / "images"), index=False
    ) as store:
        yield store
