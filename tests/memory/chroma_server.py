"""A real Chroma server on loopback for tests.

from tests.memory.chroma_server import chroma_server as chroma_server
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

_RUN = "from chromadb.cli.cli import app; app()"


class Server:
    """`chroma run` over a folder, until `stop`."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port: int = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        command = [sys.executable, "-c", _RUN, "run", "--path", str(folder)]
        with (folder.parent / f"{folder.name}.log").open("wb") as log:
            self._process = subprocess.Popen(
                [*command, "--host", "127.0.0.1", "--port", str(port)],
                stdout=log, stderr=log, cwd=folder.parent,
                env={**os.environ, "ANONYMIZED_TELEMETRY": "False"},
            )  # fmt: skip
        self._wait()

    def stop(self) -> None:
        """Ends it."""
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(10)

    def _wait(self) -> None:
        for _ in range(600):
            try:
                httpx.get(f"{self.url}/api/v2/heartbeat", trust_env=False).raise_for_status()
            except httpx.HTTPError:
                if self._process.poll() is not None:
                    break
                time.sleep(0.05)
            else:
                return
        self.stop()
        raise RuntimeError("the Chroma server doesn't answer")


@pytest.fixture(scope="session")
def chroma_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Its URL."""
    server = Server(tmp_path_factory.mktemp("chroma") / "data")
    yield server.url
    server.stop()
