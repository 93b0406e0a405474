"""What the web page takes from one person, and from all of them."""

from __future__ import annotations

import os
from dataclasses import dataclass, field


def _processors() -> int:
    return os.cpu_count() or 1


@dataclass(frozen=True, kw_only=True)
class WebLimits:
    """What people may ask of the server.

    Attributes:
        upload_mb: Of one question with its pictures, in megabytes.
        images: With one question; each page of a PDF counts.
        pixels: Width × height of a picture.
        text: Of a question, in characters.
        at_once: Questions that are worked on at the same time; the number of processors by
            default. The others wait in a fair line.
        waiting: Questions in the line, over all people.
        waiting_each: Questions of one person that are not answered yet.
        streams_each: Connections of one person that follow an answer.
        turn_seconds: For one question, from when it is begun.
        upload_seconds: For one question to arrive.
        stall_seconds: Without a byte taken or given, after which a slow connection is let go.
        attempts: Wrong tokens a minute from one address; ten times as many from all.
        visit_days: After which someone who doesn't come back is forgotten, with all they asked.
    """

    upload_mb: float = 20
    images: int = 4
    pixels: int = 50_000_000
    text: int = 4_000
    at_once: int = field(default_factory=_processors)
    waiting: int = 500
    waiting_each: int = 4
    streams_each: int = 24
    turn_seconds: float = 600
    upload_seconds: float = 120
    stall_seconds: float = 20
    attempts: int = 10
    visit_days: int = 180

    @property
    def upload_bytes(self) -> int:
        """The same as `upload_mb`, in bytes."""
        return int(self.upload_mb * 1_000_000)
