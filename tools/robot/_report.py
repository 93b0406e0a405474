"""What lies where, for reports: the simulation's truth, or what the newest picture shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

from pydantic import BaseModel, ConfigDict

from deixis.tools.robot._scene import ObjectPose, Scene
from deixis.tools.robot._session import RobotSession
from deixis.vision import XYZ

if TYPE_CHECKING:
    from collections.abc import Mapping


@runtime_checkable
class SceneArm(Protocol):
    """An arm over a scene of which the truth is known: the simulator, or the stub."""

    @property
    def scene(self) -> Scene:
        """What it was set before."""
        ...

    def truth(self) -> Mapping[str, ObjectPose]:
        """Where every object is now, by name."""
        ...


class ObjectReport(BaseModel):
    """An object, and where it lies.

    Attributes:
        name: In its scene, or what it looks like.
        kind: Its shape.
        colour: Its colour.
        label: What is printed on it.
        at: Its middle in metres, base frame.
        inside: Name of the container that it lies in.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    kind: str
    colour: str
    label: str | None = None
    at: XYZ
    inside: str | None = None

    def __str__(self) -> str:
        x, y, z = self.at
        where = f" in {self.inside}" if self.inside else ""
        return f"{self.name} at ({x:.3f}, {y:.3f}, {z:.3f}) m{where}"


def objects_on(session: RobotSession) -> tuple[ObjectReport, ...]:
    """What lies where now.

    Over a scene it is the truth, which no tool sees. Otherwise what the session's newest picture
    shows: nothing before the first.
    """
    if isinstance(session.arm, SceneArm):
        return _true(session.arm.scene, session.arm.truth())
    return _seen(session)


def _true(scene: Scene, truth: Mapping[str, ObjectPose]) -> tuple[ObjectReport, ...]:
    reports: list[ObjectReport] = []
    for thing in scene.objects:
        x, y, z = truth[thing.name].position
        inside = next(
            (c.name for c in scene.containers if c.holds(x, y) and z < c.height + max(thing.size)),
            None,
        )
        reports.append(
            ObjectReport(
                name=thing.name,
                kind=thing.kind,
                colour=thing.colour,
                label=thing.label,
                at=(round(x, 4), round(y, 4), round(z, 4)),
                inside=inside,
            )
        )
    return tuple(reports)


def _seen(session: RobotSession) -> tuple[ObjectReport, ...]:
    if session.latest is None:
        return ()
    from deixis.vision.embedded.things._things import things_in

    look = session.latest
    reports: list[ObjectReport] = []
    for thing in things_in(look.picture, look.image, None):
        x, y, z = thing.segment.position
        reports.append(
            ObjectReport(
                name=thing.name("en"), kind=thing.kind, colour=thing.colour, at=(x, y, z / 2)
            )
        )
    return tuple(reports)
