from __future__ import annotations

from pathlib import Path

import pytest

from deixis.memory import MemoryStore
from deixis.testing import MemoryStoreConformance, NgramEmbedder
from deixis.vision import ImageStore
from tests.memory.chroma_server import chroma_server as chroma_server
from tests.memory.postgres import Databases
from tests.memory.postgres import postgres as postgres


def opened(place: Path | str, folder: Path, *, index: str | bool, scan_most: int) -> MemoryStore:
    return MemoryStore(
        place,
        images=ImageStore(folder / "images"),
        embedder=NgramEmbedder(),
        index=index,
        index_delay=0,
        scan_most=scan_most,
    )


class TestTheRecordAlone(MemoryStoreConformance):
    def open_store(self, folder: Path) -> MemoryStore:
        return opened(folder, folder, index=False, scan_most=50_000)


class TestTheRecordAloneWithMoreThanIsKeptInMemory(MemoryStoreConformance):
    def open_store(self, folder: Path) -> MemoryStore:
        return opened(folder, folder, index=False, scan_most=0)


class TestEmbeddedChroma(MemoryStoreConformance):
    def open_store(self, folder: Path) -> MemoryStore:
        return opened(folder, folder, index=True, scan_most=0)


class TestAChromaServer(MemoryStoreConformance):
    @pytest.fixture(autouse=True)
    def server(self, chroma_server: str) -> None:
        self.url = chroma_server

    def open_store(self, folder: Path) -> MemoryStore:
        return opened(folder, folder, index=self.url, scan_most=2)


class TestPostgresAndAChromaServer(MemoryStoreConformance):
    @pytest.fixture(autouse=True)
    def servers(self, chroma_server: str, postgres: Databases) -> None:
        self.url = chroma_server
        self.database = postgres()

    def open_store(self, folder: Path) -> MemoryStore:
        return opened(self.database, folder, index=self.url, scan_most=0)
