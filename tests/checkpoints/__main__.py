"""`python -m tests.checkpoints FOLDER [FAMILY…]`."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.checkpoints import FAMILIES, tiny_checkpoint


def main(arguments: list[str]) -> int:
    if not arguments or any(family not in FAMILIES for family in arguments[1:]):
        sys.stderr.write(f"python -m tests.checkpoints FOLDER [{'|'.join(FAMILIES)}]…\n")
        return 2
    for family in arguments[1:] or FAMILIES:
        folder = tiny_checkpoint(family, Path(arguments[0]) / family)
        sys.stdout.write(f"{folder}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
