"""What the hostile tests share: a reader that keeps its readings, and a world to harm."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from deixis.memory import MemoryStore
from deixis.vision import CachedReader, ImageStore, RapidReader, Reader
from tests.hostile.stages import Canary, World, canary


@pytest.fixture(scope="session")
def eyes(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    return CachedReader(RapidReader(), tmp_path_factory.mktemp("readings"))


@pytest.fixture(scope="session")
def server() -> Iterator[Canary]:
    with canary() as made:
        yield made


@pytest.fixture
def world(server: Canary) -> World:
    server.requests.clear()
    return World(server=server)


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[MemoryStore]:
    with MemoryStore(
        tmp_path / "memory", images=ImageStore(tmp_path / "images"), index=False
    ) as store:
        yield store
