"""Commands of garbage, by chance and from many threads: none gets an arm out of its limits."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from random import Random
from typing import Any, cast

import numpy as np
import pytest

from deixis.tools.robot import StubArm
from deixis.tools.robot._kinematics import HOME, tool_pose
from tests.tools.robot.guards import ANGLES, GRIPPER, LIMITS, attempt

SEEDS = [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 10))]


class Bomb:
    """Raises whatever is done with it."""

    def __getattr__(self, name: str) -> object:
        raise RuntimeError(name)

    def __float__(self) -> float:
        raise ValueError("boom")

    def __len__(self) -> int:
        raise OSError("boom")

    def __repr__(self) -> str:
        raise KeyError("boom")


class BombMapping(Mapping[str, float]):
    """Says that it is a mapping."""

    def __getitem__(self, key: str) -> float:
        raise RuntimeError(key)

    def __iter__(self) -> Iterator[str]:
        yield "joint_1.pos"

    def __len__(self) -> int:
        return 1


class BombKey(str):
    """Is a key until it is compared."""

    __slots__ = ()
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("boom")


def garbage(random: Random) -> Any:
    """Something that is no number."""
    return random.choice(
        [
            math.nan, math.inf, -math.inf, 1e308, -1e308, 10**400, -(10**30), True, False, None,
            "0.3", "", b"0.1", "joint_1.pos", [], [0.3], (), {}, {"x": 1}, {0.3}, 1j, object(),
            Bomb(), float, np.nan, np.bool_(True), np.array([]), np.array([0.3]), np.array("a"),
            np.array(math.nan), np.zeros((3, 3)), [[0.5, 0.0, 0.3]], [0.5, [0.0], 0.3],
            np.float32("inf"), np.datetime64("2020-01-01"), range(3), iter([0.5, 0.0, 0.3]),
        ]
    )  # fmt: skip


def number(random: Random, low: float, high: float) -> Any:
    """A number, as callers may have it, within bounds or somewhat beyond."""
    value = random.uniform(low, high)
    if random.random() < 0.1:
        value += random.choice((-1, 1)) * random.choice((1e-9, 0.01, 0.5, 1e6)) * (high - low)
    kind = random.choice((float, float, float, np.float64, np.float32, np.array, Fraction))
    return kind(value)


def place(random: Random) -> Any:
    """Somewhere in the workspace, on its edges and corners as often, or beyond."""
    sides = zip(LIMITS.low, LIMITS.high, strict=True)
    point = [
        random.choice((low, high)) if random.random() < 0.15 else number(random, low, high)
        for low, high in sides
    ]
    return random.choice((tuple(point), point, np.array(point, object)))


def moving(arm: StubArm, random: Random) -> None:
    yaws = [None, number(random, -7, 7), random.choice((-1, 1)) * math.pi / 2]
    yaw = cast("Any", random.choice(yaws))
    speed = cast("Any", random.choice([None, None, number(random, 0.05, 0.25)]))
    arm.move_to(place(random), yaw=yaw, speed=speed)


def gripping(arm: StubArm, random: Random) -> None:
    force = cast("Any", random.choice([None, number(random, 0.1, 20)]))
    arm.grip(number(random, 0, 0.08), force=force)


def one_action(arm: StubArm, random: Random) -> None:
    keys = random.sample([*ANGLES, GRIPPER], random.randint(0, 8))
    arm.send_action({key: number(random, -4, 4) for key in keys})


def action_run(arm: StubArm, random: Random) -> None:
    """Tens of actions towards one end, or zig-zag."""
    ends = [{key: random.uniform(-4, 4) for key in (*ANGLES, GRIPPER)} for _ in range(2)]
    period = random.choice((1, 2, 5, 100))
    for i in range(random.randint(5, 30)):
        sent = arm.send_action(ends[i // period % 2])
        assert tuple(sent[key] for key in ANGLES) == arm.told[-1].joints
        assert sent[GRIPPER] == arm.told[-1].opening


def malformed(arm: StubArm, random: Random) -> None:
    """A command of garbage, wholly or in one of its parts."""
    bad = garbage(random)
    before = len(arm.told)
    keys = random.sample([*ANGLES, GRIPPER], random.randint(1, 8))
    mixed = dict.fromkeys(keys, 0.1) | {random.choice(keys): bad}
    wrong_key = {random.choice(("joint_0.pos", "pos", "", 7, None, BombKey(ANGLES[0]))): 0.1}
    spot = [0.5, 0.0, 0.3]
    spot[random.randrange(3)] = bad
    said: Any = random.choice((mixed, wrong_key, bad, BombMapping()))
    command: Callable[[], object] = random.choice(
        (
            lambda: arm.send_action(said),
            lambda: arm.move_to(bad),
            lambda: arm.move_to(cast("Any", spot)),
            lambda: arm.move_to((0.5, 0.0, 0.3), yaw=bad),
            lambda: arm.move_to((0.5, 0.0, 0.3), speed=bad),
            lambda: arm.grip(bad),
            lambda: arm.grip(0.02, force=bad),
        )
    )
    # Some garbage is a command after all, such as an action of nothing, or no yaw.
    if attempt(command) is not None:
        assert len(arm.told) == before


def homing(arm: StubArm, random: Random) -> None:
    arm.home()


def stopping(arm: StubArm, random: Random) -> None:
    """Stopped, it moves for none of them."""
    arm.stop()
    before, moves = len(arm.told), arm.moves
    for _ in range(3):
        command = random.choice((moving, gripping, one_action, homing, malformed))
        attempt(lambda command=command: command(arm, random))
    assert (len(arm.told), arm.moves) == (before, moves)
    arm.release()


COMMANDS = {moving: 20, gripping: 4, one_action: 34, action_run: 2, malformed: 40, homing: 1}


@pytest.mark.parametrize("seed", SEEDS)
def test_ten_thousand_hostile_commands(arm: StubArm, seed: int) -> None:
    """A thousand for each seed: only `ArmError` is raised, and the fixture checks every step."""
    random = Random(seed)
    kinds = random.choices([*COMMANDS, stopping], [*COMMANDS.values(), 4], k=1_000)
    done = 0
    for kind in kinds:
        refused = attempt(lambda kind=kind: kind(arm, random))
        done += refused is None and kind is not malformed
    assert done > 350
    assert not arm.stopped
    arm.home()
    assert arm.tool.position == pytest.approx(tool_pose(HOME)[:3, 3].tolist())


def test_threads_take_turns_or_are_refused(arm: StubArm) -> None:
    """Eight of them with hostile commands, a ninth that stops and releases."""
    failures: list[BaseException] = []

    def hammer(seed: int) -> None:
        random = Random(seed)
        try:
            for _ in range(60):
                kind = random.choice((moving, gripping, one_action, homing, malformed_blindly))
                attempt(lambda kind=kind: kind(arm, random))
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=hammer, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        arm.stop()
        sent = len(arm.told)
        threads[0].join(0.002)
        # One step may have begun before the stop.
        assert len(arm.told) <= sent + 1
        arm.release()
        threads[0].join(0.02)
    assert not failures


def malformed_blindly(arm: StubArm, random: Random) -> None:
    arm.grip(garbage(random))
