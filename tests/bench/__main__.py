"""`make bench`: ratios measured side by side in one run. Absolute times mean little."""

from __future__ import annotations

import sys

from tests.bench import (
    asking,
    checkpoints,
    guide,
    loop,
    medicine,
    memory,
    prompt,
    reading,
    robot,
    tracing,
    turns,
)

BENCHES = {
    "reading": reading.run,
    "asking": asking.run,
    "loop": loop.run,
    "tracing": tracing.run,
    "turns": turns.run,
    "prompt": prompt.run,
    "checkpoints": checkpoints.run,
    "memory": memory.run,
    "robot": robot.run,
    "medicine": medicine.run,
    "guide": guide.run,
}

if __name__ == "__main__":
    for name in sys.argv[1:] or list(BENCHES):
        BENCHES[name]()
