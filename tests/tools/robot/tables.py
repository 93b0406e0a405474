"""Tables for tests of the tools that point, and calls as a model makes them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, cast

import pytest

from deixis.tools import Tool, ToolContext
from deixis.tools.robot import (
    Arm,
    Container,
    RobotSession,
    Scene,
    SceneObject,
    StubArm,
    robot_tools,
)
from deixis.vision import (
    XYZ,
    Camera,
    ImageBook,
    ImageStore,
    PixelDialect,
    Point,
    RapidReader,
    ToolError,
    VisionImage,
    frames_of,
)

CAMERA = Camera.looking_at((0.5, 0, 0), position=(1.15, 0, 0.85), size=(640, 480), fovy=42)
CUBE = SceneObject(
    name="cube", kind="cube", colour="red", size=(0.04, 0.04, 0.04), x=0.5, y=0.1, yaw=0.3
)
BALL = SceneObject(name="ball", kind="ball", colour="blue", size=(0.044, 0.044, 0.044), x=0.6, y=0)
BOX = SceneObject(
    name="box", kind="box", colour="white", size=(0.09, 0.05, 0.035), x=0.45, y=-0.02, yaw=1.0
)
BOWL = Container(
    name="bowl", kind="bowl", colour="green", x=0.45, y=-0.2, radius=0.065, height=0.045
)
TRAY = Container(
    name="tray", kind="tray", colour="yellow", x=0.5, y=0.27, size=(0.16, 0.14), height=0.008
)
FREE = (0.6, -0.12, 0.0)
"""A place of the table with nothing near."""


def table(*objects: SceneObject, camera: Camera = CAMERA) -> Scene:
    """A table with a bowl, a tray and these things; a cube, a ball and a box by default."""
    return Scene(objects=objects or (CUBE, BALL, BOX), containers=(BOWL, TRAY), camera=camera)


class RealArm(StubArm):
    """Counts as an arm that could hurt someone."""

    simulated: ClassVar[bool] = False


@dataclass(frozen=True)
class Said:
    """What a tool said."""

    text: str
    handle: str | None

    @property
    def done(self) -> bool:
        return self.text.startswith("Done: ")

    @property
    def measured(self) -> dict[str, Any]:
        return cast("dict[str, Any]", json.loads(self.text.strip().splitlines()[1]))


@dataclass
class Bench:
    """An arm at a table, with a conversation's images."""

    arm: Arm = field(default_factory=lambda: StubArm(table()))
    book: ImageBook = field(default_factory=lambda: ImageBook(ImageStore()))
    height_prior: float = 0.02

    def __post_init__(self) -> None:
        if not self.arm.is_connected:
            self.arm.connect()
        self.session = RobotSession(self.arm, height_prior=self.height_prior)
        self.tools: dict[str, Tool[..., Any]] = {t.name: t for t in robot_tools(self.session)}

    def call(self, name: str, **said: object) -> Said:
        """A call as the agent makes it: places in pixels, new images by handle."""
        result = self.tools[name].run(said, self.context)
        handles = [self.book.add(made.image).handle for made in result.images]
        return Said(result.text, handles[0] if handles else None)

    @property
    def context(self) -> ToolContext:
        records = self.book.records
        newest = self.session.latest
        latest = [r.handle for r in records if newest and r.sha256 == newest.image.sha256]
        dialect = PixelDialect()
        return ToolContext(
            book=self.book,
            reader=RapidReader(),
            dialect=dialect,
            frames={**frames_of(records, dialect)},
            latest=latest[-1] if latest else None,
        )

    def show(self, image: VisionImage) -> str:
        """Adds a picture to the conversation; its handle."""
        return self.book.add(image).handle

    def at(self, place: XYZ, image: str | None = None) -> Mapping[str, object]:
        """Where a place of the world is in the newest picture, as a model says it."""
        x, y, _ = (float(v) for v in self.arm.camera.project(place))
        handle = image or self.context.latest
        return {"x": x, "y": y, **({"image": handle} if handle else {})}

    def top(self, thing: SceneObject) -> Mapping[str, object]:
        """The middle of a thing's top, where it stood at first."""
        return self.at((thing.x, thing.y, thing.size[2]))

    def point(self, thing: SceneObject) -> Point:
        return Point.model_validate(self.top(thing))


def where(bench: Bench, name: str) -> XYZ:
    """Where a thing of the stub's is, in metres."""
    assert isinstance(bench.arm, StubArm)
    return bench.arm.truth()[name].position


def told(bench: Bench) -> int:
    """How many control steps the stub was sent."""
    assert isinstance(bench.arm, StubArm)
    return len(bench.arm.told)


def refused(bench: Bench, name: str, **said: object) -> str:
    """Why a call is refused, with nothing moved."""
    before = told(bench)
    with pytest.raises(ToolError) as error:
        bench.call(name, **said)
    assert told(bench) == before
    return str(error.value)
