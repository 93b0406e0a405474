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
        Structured,
        TextDelta,
        ToolCallRecord,
        ToolFinished,
        ToolStarted,
    )
    from deixis.agents._approval import with_approval
    from deixis.agents._as_tool import AgentTool
    from deixis.agents._document import Document, FieldEvidence
    from deixis.agents._documents import DocumentReader
    from deixis.agents._each import Each
    from deixis.agents._guide import HospitalGuide, route_of
    from deixis.agents._handover import Handover
    from deixis.agents._middleware import AgentLimits, VisionMiddleware
    from deixis.agents._robot import RobotOperator, RobotReport
    from deixis.agents._state import VisionState
    from deixis.agents._team import Team
    from deixis.agents.tracing import TraceFile, Tracing, TracingMiddleware

__all__ = [
    "AgentEvent",
    "AgentLimits",
    "AgentTool",
    "Answer",
    "ApprovalNeeded",
    "Approver",
    "Decision",
    "Document",
    "DocumentReader",
    "Each",
    "FieldEvidence",
    "Finished",
    "Handover",
    "HospitalGuide",
    "PendingCall",
    "Picture",
    "Restarted",
    "RobotOperator",
    "RobotReport",
    "Structured",
    "Team",
    "TextDelta",
    "ToolCallRecord",
    "ToolFinished",
    "ToolStarted",
    "TraceFile",
    "Tracing",
    "TracingMiddleware",
    "VisionAgent",
    "VisionMiddleware",
    "VisionState",
    "route_of",
    "with_approval",
]

_HOMES = {
    "AgentLimits": "_middleware",
    "AgentTool": "_as_tool",
    "Document": "_document",
    "DocumentReader": "_documents",
    "Each": "_each",
    "FieldEvidence": "_document",
    "Handover": "_handover",
    "HospitalGuide": "_guide",
    "RobotOperator": "_robot",
    "RobotReport": "_robot",
    "Team": "_team",
    "TraceFile": "tracing",
    "Tracing": "tracing",
    "TracingMiddleware": "tracing",
    "VisionAgent": "_agent",
    "VisionMiddleware": "_middleware",
    "VisionState": "_state",
    "with_approval": "_approval",
    "route_of": "_guide",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"deixis.agents.{_HOMES.get(name, '_answer')}"), name)
