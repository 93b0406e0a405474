"""Run apart: it says which process it is, and ends as it is told to."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

from deixis.memory._apart import end_with_parent, say_done


def main() -> None:
    end_with_parent()
    file, how = Path(sys.argv[1]), sys.argv[2]
    file.write_text(f"{os.getpid()}\n")
    if how == "raise":
        raise ValueError("a reason")
    if how == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    if how == "linger":
        time.sleep(60)
    if how != "leave":
        say_done("a result")


if __name__ == "__main__":
    main()
