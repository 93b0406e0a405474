"""What stands on the simulator's table, made from a seed."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, model_validator

from deixis.vision._camera import XYZ, Camera

ObjectKind = Literal["cube", "ball", "cylinder", "box"]
ContainerKind = Literal["bowl", "tray"]
Colour = Literal["red", "orange", "yellow", "green", "blue", "purple", "white", "black"]

COLOURS: dict[Colour, XYZ] = {
    "red": (0.80, 0.10, 0.10),
    "orange": (0.95, 0.50, 0.08),
    "yellow": (0.93, 0.82, 0.12),
    "green": (0.13, 0.60, 0.20),
    "blue": (0.12, 0.30, 0.80),
    "purple": (0.50, 0.18, 0.65),
    "white": (0.93, 0.93, 0.93),
    "black": (0.08, 0.08, 0.08),
}
"""Red, green and blue from 0 to 1, by name."""


class SceneObject(BaseModel):
    """Something that can be picked up.

    Attributes:
        name: Unique in its scene, such as `red_cube_1`.
        kind: Its shape.
        colour: Its colour.
        size: Its full extents in metres: a cube's edges, a ball's diameter three times, a
            cylinder's diameter twice and its height, a box's length, width and height.
        x: Of its middle, in metres, base frame.
        y: The same.
        yaw: Turned so much about the vertical, in radians; a box's length is along x at 0.
        label: Printed on top of a box, in Chinese or English.
        mass: In kilograms.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    kind: ObjectKind
    colour: Colour
    size: XYZ
    x: float
    y: float
    yaw: float = 0.0
    label: str | None = None
    mass: float = 0.05


class Container(BaseModel):
    """Something to put things in: a round bowl, or a flat tray with a low rim.

    Attributes:
        name: Unique in its scene.
        kind: Bowl or tray.
        colour: Its colour.
        x: Of its middle, in metres, base frame.
        y: The same.
        radius: Inner, of a bowl; 0 for a tray. In metres.
        size: Inner, of a tray, along x and y; zeros for a bowl. In metres.
        height: Of its rim over the table, in metres.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    kind: ContainerKind
    colour: Colour
    x: float
    y: float
    radius: float = 0.0
    size: tuple[float, float] = (0.0, 0.0)
    height: float

    def holds(self, x: float, y: float) -> bool:
        """Whether a point of the table, in metres, lies within its rim."""
        dx, dy = abs(x - self.x), abs(y - self.y)
        if self.kind == "bowl":
            return dx * dx + dy * dy <= self.radius * self.radius
        return dx <= self.size[0] / 2 and dy <= self.size[1] / 2


class Scene(BaseModel):
    """A table with things on it, and the camera that sees it.

    Attributes:
        seed: What it was made from; None for one made by hand.
        objects: What can be picked up.
        containers: What things can be put in.
        camera: Looks at the table.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int | None = None
    objects: tuple[SceneObject, ...] = ()
    containers: tuple[Container, ...] = ()
    camera: Camera

    @model_validator(mode="after")
    def _named_once(self) -> Self:
        names = [thing.name for thing in (*self.objects, *self.containers)]
        if len(set(names)) != len(names):
            raise ValueError("every object and container of a scene has a name of its own")
        return self


class ObjectPose(BaseModel):
    """Where an object really is.

    Attributes:
        position: Of its middle, in metres, base frame.
        yaw: Turned so much about the vertical, in radians.
    """

    model_config = ConfigDict(frozen=True)

    position: XYZ
    yaw: float


def scene_camera() -> Camera:
    """The simulator's camera: opposite the arm, looking down at the table, 1280 by 960."""
    return Camera.looking_at((0.50, 0, 0), position=(1.15, 0, 0.85), size=(1280, 960), fovy=42)
