"""What an arm refuses, and why."""

from __future__ import annotations

from deixis.vision import ToolError


class ArmError(ToolError):
    """The arm can't do it, or won't: nothing has moved, or the motion was given up."""


class ArmStoppedError(ArmError):
    """The arm was stopped, and moves no more until a person releases it."""
