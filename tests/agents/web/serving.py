"""The page's server in a thread, for tests that speak to it as a browser does."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager

from starlette.applications import Starlette

from deixis.agents.web._serve import PageServer

_STARTING_SECONDS = 30


@contextmanager
def served(app: Starlette) -> Generator[str]:
    """Serves an application of `create_app` on a free port of the loopback; gives its address."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = PageServer(app)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            until = time.monotonic() + _STARTING_SECONDS
            while not server.started:
                if not thread.is_alive() or time.monotonic() > until:
                    raise AssertionError("the server doesn't start")
                time.sleep(0.01)
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()
