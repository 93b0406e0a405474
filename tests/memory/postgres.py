"""A real Postgres server on loopback for tests, a fresh database for who asks.

from tests.memory.postgres import postgres as postgres
"""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.conftest import missing

Databases = Callable[[], str]


class Server:
    """Postgres in a folder of its own. It refuses root, so root starts it as user `postgres`."""

    def __init__(self, programs: Path) -> None:
        self._numbers = itertools.count(1)
        self._folder = Path(tempfile.mkdtemp(prefix="deixis-postgres-"))
        who: dict[str, Any] = {"cwd": self._folder}
        if os.getuid() == 0:
            shutil.chown(self._folder, "postgres", "postgres")
            who |= {"user": "postgres", "group": "postgres", "extra_groups": []}
        data = self._folder / "data"
        subprocess.run(
            [programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8",
             "--locale=C.UTF-8", "--no-sync"],
            check=True, capture_output=True, timeout=120, **who,
        )  # fmt: skip
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        with (self._folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [programs / "postgres", "-D", data, "-h", "127.0.0.1", "-p", str(self.port),
                 "-c", "unix_socket_directories="],
                stdout=log, stderr=log, **who,
            )  # fmt: skip
        self._wait()

    def fresh(self) -> str:
        """The address of a new, empty database."""
        name = f"test_{next(self._numbers)}"
        with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return self._url(name)

    def stop(self) -> None:
        """Stops it, and takes its folder away."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(60)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _url(self, database: str) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def _wait(self) -> None:
        for _ in range(600):
            try:
                psycopg.connect(self._url("postgres")).close()
            except psycopg.OperationalError:
                if self._process.poll() is not None:
                    break
                time.sleep(0.05)
            else:
                return
        raise RuntimeError((self._folder / "log").read_text())


@cache
def _server() -> Server:
    found = shutil.which("initdb")
    places = [Path(found).parent] if found else []
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    able = [place for place in places if (place / "initdb").exists()]
    root = os.getuid() == 0 and not any(user.pw_name == "postgres" for user in pwd.getpwall())
    if not able or root:
        missing("postgresql (apt-get install postgresql)")
    return Server(able[0])


@pytest.fixture(scope="session")
def postgres() -> Iterator[Databases]:
    """Makes a fresh database each time it is called, and gives its address."""
    # Tests in other files import this fixture; pytest keeps one of each for every such file.
    server = _server()
    yield server.fresh
    server.stop()
