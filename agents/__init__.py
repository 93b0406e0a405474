"""The agent loop and the command line.

Importing this package is cheap; `VisionAgent` brings LangChain when it is first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from deixis.agents._agent import VisionAgent
    from deixis.agents._answer import (
        AgentEvent,
        Answer,
        ApprovalNeeded,
        Approver,
        Decision,
        Finished,
        PendingCall,
        Picture,
        Restarted,
        TextDelta,
        ToolCallRecord,
        ToolFinished,
        ToolStarted,
    )
    from deixis.agents._guide import HospitalGuide, route_of
    from deixis.agents._middleware import AgentLimits, VisionMiddleware
    from deixis.agents._robot import RobotOperator, RobotReport

__all__ = [
    "AgentEvent",
    "AgentLimits",
    "Answer",
    "ApprovalNeeded",
    "Approver",
    "Decision",
    "Finished",
    "HospitalGuide",
    "PendingCall",
    "Picture",
    "Restarted",
    "RobotOperator",
    "RobotReport",
    "TextDelta",
    "ToolCallRecord",
    "ToolFinished",
    "ToolStarted",
    "VisionAgent",
    "VisionMiddleware",
    "route_of",
]

_HOMES = {
    "AgentLimits": "_middleware",
    "HospitalGuide": "_guide",
    "RobotOperator": "_robot",
    "RobotReport": "_robot",
    "VisionAgent": "_agent",
    "VisionMiddleware": "_middleware",
    "route_of": "_guide",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"deixis.agents.{_HOMES.get(name, '_answer')}"), name)
