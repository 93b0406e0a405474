"""What the clients of a server may cost."""

from __future__ import annotations

from dataclasses import dataclass, field

from deixis.vision import ImageLimits


@dataclass(frozen=True, kw_only=True)
class ServerLimits:
    """What the clients of a server may cost.

    Attributes:
        image: What one image may cost.
        images: How many images a session holds; the oldest are let go.
        bytes: Of all images of all sessions; those of the session that waits longest go first.
        sessions: Held at a time.
        idle_seconds: After which a session is over.
        at_once: Calls that are worked on side by side; others wait.
        waiting: Calls that may wait; more are refused.
        lines: Of one reading; more are left out, and said to be.
        text: Characters of a text or a question.
    """

    image: ImageLimits = field(
        default_factory=lambda: ImageLimits(bytes=20_000_000, pixels=60_000_000)
    )
    images: int = 50
    bytes: int = 256_000_000
    sessions: int = 64
    idle_seconds: float = 1800.0
    at_once: int = 2
    waiting: int = 32
    lines: int = 500
    text: int = 20_000

    @property
    def body(self) -> int:
        """Bytes of one request: an image in base64, and a little."""
        return self.image.bytes * 4 // 3 + 1_000_000
