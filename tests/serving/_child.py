"""What every server process does: run on one core, and end with the tests that started it."""

from __future__ import annotations

import os
import threading
from importlib import import_module
from typing import Any


def settle() -> None:
    """Makes a server process modest and mortal. Its parent holds the other end of stdin."""
    torch: Any = import_module("torch")
    torch.set_num_threads(1)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    # A killed test run can't stop its servers. The pipe that the system then closes can.
    while os.read(0, 1):
        pass
    os._exit(3)
