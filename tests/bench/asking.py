"""CPU of a whole `deixis ask` over a bare rapidocr script on the same picture.

Whole processes, turn by turn in one run: cold (nothing kept from before), and with the reading
kept on disk.
"""

# ruff: noqa: T201

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from tests.bench.reading import paths

ROUNDS = 3
COLD_LIMIT, WARM_LIMIT = 2.0, 0.7
QUESTION = "Where should I go for ENT?"
BARE = "import sys; from rapidocr import RapidOCR; print(RapidOCR()(sys.argv[1]).txts)"


def run() -> None:
    """Print one line for each picture."""
    for path in paths():
        print(compare(path))


def compare(path: Path) -> str:
    """Medians of CPU seconds and their ratios."""
    bare: list[float] = []
    cold: list[float] = []
    warm: list[float] = []
    deixis = [str(Path(sys.executable).with_name("deixis")), "ask", str(path), QUESTION]
    for _ in range(ROUNDS):
        with TemporaryDirectory() as folder:
            kept = {"DEIXIS_CACHE_DIR": f"{folder}/cache", "DEIXIS_DATA_DIR": f"{folder}/data"}
            bare.append(cpu([sys.executable, "-c", BARE, str(path)], {}))
            cold.append(cpu(deixis, kept))
            warm.append(cpu(deixis, kept))
    base = median(bare)
    return (
        f"ask {path.name}: cold {median(cold) / base:.2f} × bare rapidocr "
        f"(at most {COLD_LIMIT}), read before {median(warm) / base:.2f} × (at most {WARM_LIMIT}); "
        f"bare {base:.2f} CPU-s, {ROUNDS} rounds"
    )


def cpu(command: Sequence[str], environment: Mapping[str, str]) -> float:
    """CPU seconds, user and system, of a process and its children."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, **environment})
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
