"""Trials of the robot operator: a scene from a seed, an instruction, and what physics says of it.

The pointing is by the embedded model, from the camera's picture alone; the scene's truth is used
to choose an instruction that names one thing, and to judge.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from random import Random

from deixis.agents._robot import RobotOperator
from deixis.tools.robot import (
    Container,
    MujocoArm,
    Scene,
    SceneObject,
    make_scene,
    scene_camera,
)
from deixis.tools.robot._scene import Colour

KINDS_ZH = {
    "cube": "方块",
    "ball": "球",
    "cylinder": "圆柱",
    "box": "盒子",
    "bowl": "碗",
    "tray": "托盘",
}
COLOURS_ZH = {
    "red": "红色",
    "orange": "橙色",
    "yellow": "黄色",
    "green": "绿色",
    "blue": "蓝色",
    "purple": "紫色",
    "white": "白色",
    "black": "黑色",
}
# How far over a container's floor the underside of what lies in it may be, in metres.
_LYING = 0.03


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One instruction carried out.

    Attributes:
        seed: Of the scene.
        instruction: What was asked.
        said: What the operator answered.
        reported: Whether it says that it was done.
        placed: Whether it was: the thing lies in its container, by physics.
        undisturbed: Whether everything else still lies within 2 cm of where it was.
        seconds: It took.
        simulated: Seconds that passed in the simulation.
        steps: Tool calls.
    """

    seed: int
    instruction: str
    said: str
    reported: bool
    placed: bool
    undisturbed: bool
    seconds: float
    simulated: float
    steps: int

    @property
    def honest(self) -> bool:
        """Whether what is reported is what happened."""
        return self.reported == self.placed


def crowded_scene(seed: int) -> Scene:
    """A red cube with one to four other cubes standing almost against it, and a bowl."""
    random = Random(seed)
    edge = random.uniform(0.03, 0.045)
    x, y, yaw = 0.5, random.uniform(-0.05, 0.05), random.uniform(-0.7, 0.7)
    cubes = [_cube("red", edge, x, y, yaw)]
    colours: tuple[Colour, ...] = ("blue", "green", "yellow", "purple")
    for side in random.sample(range(4), k=random.randint(1, 4)):
        other = random.uniform(0.03, 0.045)
        away = (edge + other) / 2 + random.uniform(0.003, 0.012)
        turn = yaw + side * math.pi / 2
        at = (x + away * math.cos(turn), y + away * math.sin(turn))
        cubes.append(_cube(colours[side], other, *at, yaw))
    bowl = Container(
        name="bowl", kind="bowl", colour="orange", x=0.5, y=0.26, radius=0.065, height=0.045
    )
    return Scene(seed=seed, objects=tuple(cubes), containers=(bowl,), camera=scene_camera())


def _cube(colour: Colour, edge: float, x: float, y: float, yaw: float) -> SceneObject:
    return SceneObject(
        name=f"{colour}_cube",
        kind="cube",
        colour=colour,
        size=(edge, edge, edge),
        x=x,
        y=y,
        yaw=yaw,
        mass=400 * edge**3,
    )


def trial(seed: int, *, spacing: float = 0.07, objects: int = 6) -> Trial:
    """Asks for a thing of a seed's scene to be put into a container, and judges by physics."""
    scene = make_scene(seed, spacing=spacing, objects=objects)
    return tried(scene, *task(scene))


def crowded_trial(seed: int) -> Trial:
    """The same with a cube that others stand almost against."""
    scene = crowded_scene(seed)
    return tried(scene, scene.objects[0], scene.containers[0])


def tried(scene: Scene, thing: SceneObject, container: Container) -> Trial:
    """Asks for a thing to be put into a container, and judges by physics."""
    seed = scene.seed or 0
    instruction = asked(thing, container, chinese=seed % 2 == 1)
    with MujocoArm(scene) as arm:
        before = arm.truth()
        operator = RobotOperator(arm)
        begun, clock = time.perf_counter(), arm.seconds
        report = operator.do(instruction)
        seconds, simulated = time.perf_counter() - begun, arm.seconds - clock
        after = arm.truth()
    others = [o.name for o in scene.objects if o.name != thing.name]
    moved = [
        name
        for name in others
        for a, b in [(before[name].position, after[name].position)]
        if max(abs(u - v) for u, v in zip(a, b, strict=True)) > 0.02
    ]
    return Trial(
        seed=seed,
        instruction=instruction,
        said=report.text,
        reported=report.done,
        placed=lies_in(container, thing, after[thing.name].position),
        undisturbed=not moved,
        seconds=seconds,
        simulated=simulated,
        steps=len(report.steps),
    )


def task(scene: Scene) -> tuple[SceneObject, Container]:
    """A thing that its colour and shape, or its label, names alone, and a container for it."""
    choose = Random(scene.seed)
    alone = [
        thing
        for thing in scene.objects
        if thing.label
        or sum((o.kind, o.colour) == (thing.kind, thing.colour) for o in scene.objects) == 1
    ]
    thing = choose.choice(alone)
    fits = [
        c for c in scene.containers if c.kind == "tray" or max(thing.size[:2]) <= c.radius * 1.5
    ]
    return thing, choose.choice(fits or list(scene.containers))


def asked(thing: SceneObject, container: Container, *, chinese: bool) -> str:
    """The instruction in words."""
    if chinese:
        what = thing.label or f"{COLOURS_ZH[thing.colour]}的{KINDS_ZH[thing.kind]}"
        return f"把{what}放到{COLOURS_ZH[container.colour]}的{KINDS_ZH[container.kind]}里"
    what = thing.label or f"the {thing.colour} {thing.kind}"
    return f"put {what} in the {container.colour} {container.kind}"


def lies_in(container: Container, thing: SceneObject, position: tuple[float, float, float]) -> bool:
    """Whether a thing lies in a container: its middle within the rim, itself low down."""
    x, y, z = position
    return container.holds(x, y) and z <= max(thing.size) / 2 + container.height + _LYING
