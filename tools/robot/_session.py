"""What the tools of one arm share: its newest picture, what it holds, what was done."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from deixis.tools._tool import ToolContext
from deixis.tools.robot._errors import ArmStoppedError
from deixis.tools.robot._view import View
from deixis.vision import XYZ, Point, ToolError, rgbd_of

if TYPE_CHECKING:
    from deixis.tools.robot._arm import Arm, Look

_HEIGHT_PRIOR = 0.02


class Step(BaseModel):
    """A tool call, as it went.

    Attributes:
        tool: Its name.
        point: Where it pointed, in pixels of the camera's picture.
        ok: Whether it was done, as measured.
        said: The sentence that the model was told.
        measured: What was measured: metres, seconds, newtons; empty where nothing moved.
    """

    model_config = ConfigDict(frozen=True)

    tool: str
    point: tuple[float, float] | None = None
    ok: bool
    said: str = ""
    measured: dict[str, JsonValue] = Field(default_factory=dict[str, JsonValue])


@dataclass(frozen=True, kw_only=True)
class Held:
    """What the gripper holds.

    Attributes:
        picked: Where it stood: its middle, at the height of its top, in metres, base frame.
        length: Of the smallest rectangle around it seen from above, in metres.
        width: Of the same.
        turn: From the tool's yaw to the direction of its length, in radians.
        below: How far its bottom lies under the tool point, in metres.
        across: Its width between the fingers, in metres: as seen, or as they closed on it.
    """

    picked: XYZ
    length: float
    width: float
    turn: float
    below: float
    across: float


class RobotSession:
    """One arm in use: tools made from it see the same pictures and wait for each other.

    Args:
        arm: A connected arm.
        approval: Whether a person is asked before each motion; by default on every arm that
            isn't simulated.
        height_prior: Half the height of what is picked up, in metres, for pictures without depth.

    Attributes:
        arm: What moves.
        approval: Whether a person is asked.
        height_prior: As given.
        steps: What was done, in order; refused calls too.
        marked: Where the command at work, or the last one, points, for a recording.
        on_step: Called after each step, in the thread that made it.
    """

    def __init__(
        self, arm: Arm, *, approval: bool | None = None, height_prior: float = _HEIGHT_PRIOR
    ) -> None:
        self.arm = arm
        self.approval = not arm.simulated if approval is None else approval
        self.height_prior = height_prior
        self.steps: list[Step] = []
        self.marked: Point | None = None
        self.on_step: Callable[[Step], None] | None = None
        self._lock = threading.RLock()
        # The newest picture, and how often the arm had moved when it was taken.
        self._seen: tuple[View, int] | None = None

    @property
    def held(self) -> Held | None:
        """What the gripper holds, as measured: the same for all sessions of one arm."""
        return self.arm.held if isinstance(self.arm.held, Held) else None

    @held.setter
    def held(self, held: Held | None) -> None:
        """Tells all sessions of the arm."""
        self.arm.held = held

    @property
    def latest(self) -> Look | None:
        """The newest picture; None before the first."""
        return self._seen[0].look if self._seen else None

    def look(self) -> Look:
        """Takes a picture, which is the newest from then on.

        Raises:
            ArmError: The arm can't move out of the way, or has no picture.
        """
        with self.command():
            look = self.arm.look()
            self.saw(View(look))
            return look

    def saw(self, view: View) -> None:
        """Makes a picture the newest: one that was taken after all that has moved."""
        self._seen = (view, self.arm.moves)

    @contextmanager
    def command(self) -> Generator[None]:
        """One command at a time: calls made side by side wait for each other."""
        with self._lock:
            yield

    def note(self, step: Step) -> None:
        """Keeps a step, and tells of it."""
        self.steps.append(step)
        if self.on_step is not None:
            self.on_step(step)

    def check_released(self) -> None:
        """Refuses to move while the arm is stopped.

        Raises:
            ArmStoppedError: It is.
        """
        if self.arm.stopped:
            raise ArmStoppedError(
                "the arm was stopped: it moves no more until a person releases it"
            )

    def pointed(self, at: Point, context: ToolContext) -> View:
        """The newest picture, where a point is on it and it still shows what there is.

        Args:
            at: In original pixels, on the image it names.
            context: Of the call.

        Raises:
            ArmStoppedError: The arm was stopped.
            ToolError: The point is on another picture, or something has moved since.
        """
        self.check_released()
        if self._seen is None:
            raise ToolError("the camera has taken no picture yet: call look, then point in it")
        view, moves = self._seen
        handle, image = context.image(at.image)
        newest = next(
            (r.handle for r in context.book.records if r.sha256 == view.look.image.sha256), None
        )
        mend = (
            f"point in {newest}, the newest" if newest else "call look, then point in what it shows"
        )
        if image.sha256 != view.look.image.sha256:
            if rgbd_of(image) is None:
                raise ToolError(f"{handle} is not a picture of the arm's camera: {mend}")
            raise ToolError(f"{handle} is an old picture of the camera: {mend}")
        if self.arm.moves != moves:
            raise ToolError(f"the arm has moved since {handle} was taken: look again, then point")
        return view
