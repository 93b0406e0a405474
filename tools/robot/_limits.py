"""What bounds an arm, whoever commands it."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from deixis.tools.robot._errors import ArmError
from deixis.vision._camera import XYZ

_Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class ArmLimits(BaseModel):
    """Limits that hold for an arm's whole path; no tool and no model changes them.

    Attributes:
        low: Corner of the workspace box with the least coordinates, in metres, base frame.
        high: The opposite corner.
        tool_speed: Of the point between the fingertips, in m/s.
        joint_speed: Of every joint, in rad/s.
        joint_step: Between two commands of a control cycle, in rad.
        force: At which a motion is given up, in newtons.
        grip_force: That the fingers close with, in newtons.
        opening: Of the gripper at its widest, in metres.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    low: XYZ = (0.28, -0.42, 0.005)
    high: XYZ = (0.72, 0.42, 0.60)
    tool_speed: _Positive = 0.25
    joint_speed: _Positive = 1.5
    joint_step: _Positive = 0.3
    force: _Positive = 30.0
    grip_force: _Positive = 20.0
    opening: _Positive = 0.08

    @model_validator(mode="after")
    def _a_box(self) -> Self:
        if any(low >= high for low, high in zip(self.low, self.high, strict=True)):
            raise ValueError("a workspace's low corner lies below its high one on every axis")
        return self

    def contains(self, position: XYZ, *, slack: float = 0.0) -> bool:
        """Whether a point lies in the workspace.

        Args:
            position: Metres in the base frame.
            slack: How far outside is still inside, in metres.
        """
        return all(
            low - slack <= value <= high + slack
            for low, value, high in zip(self.low, position, self.high, strict=True)
        )

    def check(self, position: XYZ) -> None:
        """Refuses a point outside the workspace.

        Raises:
            ArmError: The point lies outside.
        """
        if not self.contains(position):
            x, y, z = position
            raise ArmError(
                f"({x:.3f}, {y:.3f}, {z:.3f}) m lies outside the workspace, which spans "
                f"{self.low} to {self.high}: choose a place inside"
            )
