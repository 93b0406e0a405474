"""What the robot operator achieves, by physics, and what it costs.

Scenes from seeds that no test uses. The pointing is the embedded model's, from the picture.
"""

# ruff: noqa: T201

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from statistics import median

from deixis.tools.robot import MujocoArm, make_scene
from deixis.vision import segments_of
from tests.robot_trials import Trial, crowded_trial, trial

FIRST = 1_000
SCENES = 100
CLOSER = 30
CLOSER_SEEDS = range(FIRST, FIRST + CLOSER)


def run() -> None:
    """Print successes, honesty, and what a pick and place takes of the simulation's time."""
    print(f"picks and places, {SCENES} random scenes, things 7 cm apart and more")
    apart = _trials([partial(trial, seed) for seed in range(FIRST, FIRST + SCENES)])
    _told(apart)
    print(f"picks and places, {CLOSER} random scenes of 12 things, 1 cm of room between them")
    _told(_trials([partial(trial, seed, spacing=0.03, objects=12) for seed in CLOSER_SEEDS]))
    print(f"picks and places, {CLOSER} times a cube with 1 to 4 others almost against it")
    _told(_trials([partial(crowded_trial, seed) for seed in CLOSER_SEEDS]))
    _speed(apart)


def _trials(trials: Sequence[Callable[[], Trial]]) -> list[Trial]:
    done: list[Trial] = []
    for make in trials:
        one = make()
        done.append(one)
        if not (one.placed and one.honest and one.undisturbed):
            print(
                f"  seed {one.seed}: {one.instruction!r}: placed {one.placed}, reported "
                f"{one.reported}, undisturbed {one.undisturbed}: {one.said}"
            )
    return done


def _told(trials: Sequence[Trial]) -> None:
    count = len(trials)
    print(f"  placed, by physics          {sum(t.placed for t in trials)} of {count}")
    print(f"  reported as it was          {sum(t.honest for t in trials)} of {count}")
    print(f"  nothing else moved          {sum(t.undisturbed for t in trials)} of {count}")
    print(f"  with one pick and one place {sum(t.steps == 3 for t in trials)} of {count}")


def _speed(trials: Sequence[Trial]) -> None:
    simulated = median(t.simulated for t in trials)
    taken = median(t.seconds for t in trials)
    print(f"a pick and place takes {simulated:.1f} s of the simulation's time (median)")
    print(f"  and {taken:.1f} s of this machine's; together {simulated / taken:.2f} × real time")
    with MujocoArm(make_scene(FIRST)) as arm:
        clock, begun = arm.seconds, time.perf_counter()
        arm.move_to((0.5, 0.2, 0.3))
        arm.home()
        moving = (arm.seconds - clock) / (time.perf_counter() - begun)
        print(f"  the simulation alone        {moving:.2f} × real time")
        picture = arm.look().picture
        begun = time.perf_counter()
        arm.look()
        looking = time.perf_counter() - begun
        begun = time.perf_counter()
        segments_of(picture)
        print(f"  finding things / a picture  {(time.perf_counter() - begun) / looking:.2f}")
