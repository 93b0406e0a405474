"""What is wrong with a trace."""

from __future__ import annotations

from deixis.vision import DeixisError


class TraceError(DeixisError):
    """A trace can't be read or written."""
