"""How often a team does the whole of an errand: reads a label, and has that medicine moved.

Scenes and labels from seeds that no test uses, all by the embedded model, judged by physics.
"""

# ruff: noqa: T201

from __future__ import annotations

from collections.abc import Sequence

from tests.medicine_trials import Outcome, errand
from tests.medicine_trials import run as ran

FIRST = 3_000
ERRANDS = 70


def run() -> None:
    """Print how many were done, told as they were, and moved nothing else."""
    print(f"errands of a team, {ERRANDS} random tables and labels, 12 wordings in 2 languages")
    done = [ran(errand(seed)) for seed in range(FIRST, FIRST + ERRANDS)]
    for one in done:
        if not one.right:
            task = one.errand
            print(
                f"  seed {task.seed}: {task.words!r} with {task.label}: done {one.done}, reported "
                f"{one.reported}, moved {', '.join(one.others) or 'nothing else'}: {one.said}"
            )
    there = [one for one in done if one.errand.thing is not None]
    _told("done, by physics", [one.done for one in there])
    _told("refused where the label's isn't there", _refused(done))
    _told("reported as it was", [one.honest for one in done])
    _told("nothing else moved", [not one.others for one in done])


def _refused(done: Sequence[Outcome]) -> list[bool]:
    return [not one.reported for one in done if one.errand.thing is None]


def _told(what: str, true: Sequence[bool]) -> None:
    print(f"  {what:<38} {sum(true)} of {len(true)}")
