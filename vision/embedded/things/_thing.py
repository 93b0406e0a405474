"""A thing on the table as the embedded model knows it: kind, colour, print."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

from deixis.vision._camera import Camera
from deixis.vision._segments import Segment

Kind = Literal["cube", "ball", "cylinder", "box", "bowl", "tray", "thing"]

KIND_NAMES: Final[dict[Kind, tuple[str, str]]] = {
    "cube": ("cube", "方块"),
    "ball": ("ball", "球"),
    "cylinder": ("cylinder", "圆柱"),
    "box": ("box", "盒子"),
    "bowl": ("bowl", "碗"),
    "tray": ("tray", "托盘"),
    "thing": ("thing", "东西"),
}
COLOUR_NAMES: Final = {
    "red": "红色",
    "orange": "橙色",
    "yellow": "黄色",
    "green": "绿色",
    "blue": "蓝色",
    "purple": "紫色",
    "white": "白色",
    "black": "黑色",
    "grey": "灰色",
    "brown": "棕色",
}

_FLATTEST: Final = 0.016
_ROUND: Final = math.pi / 4


@dataclass(frozen=True, kw_only=True)
class Thing:
    """Something seen on the table.

    Attributes:
        segment: Where it is and how large.
        kind: Its shape, by its measures.
        colour: Of its top, by name.
        across: How far to the right it stands for whoever looks at the picture, in metres.
        away: How far from the camera it stands, along the table, in metres.
        text: What is printed on it; empty where nothing was read.
    """

    segment: Segment
    kind: Kind
    colour: str
    across: float
    away: float
    text: str = ""

    @property
    def graspable(self) -> bool:
        """Whether it is something to pick up, rather than to put things in."""
        return self.kind not in ("bowl", "tray")

    @property
    def size(self) -> float:
        """Edge of a cube of its volume, in metres."""
        one = self.segment
        return (one.length * one.width * max(one.height, 0.001)) ** (1 / 3)

    def name(self, language: str) -> str:
        """What it is called in a language (`zh…` or English): «red cube», «红色方块»."""
        english, chinese = KIND_NAMES[self.kind]
        if language.startswith("zh"):
            if self.text:
                return f"“{self.text}”{'药盒' if self.kind == 'box' else chinese}"
            joint = "的" if self.kind == "thing" else ""
            return f"{COLOUR_NAMES[self.colour]}{joint}{chinese}"
        return f'{english} "{self.text}"' if self.text else f"{self.colour} {english}"


def thing_of(segment: Segment, camera: Camera, *, text: str = "") -> Thing:
    """A segment with its kind and colour named."""
    ahead = math.hypot(camera.forward[0], camera.forward[1])
    x, y = segment.position[0] - camera.position[0], segment.position[1] - camera.position[1]
    return Thing(
        segment=segment,
        kind=kind_of(segment),
        colour=colour_of(segment.colour),
        across=x * camera.right[0] + y * camera.right[1],
        away=(x * camera.forward[0] + y * camera.forward[1]) / max(ahead, 1e-6),
        text=text,
    )


def kind_of(segment: Segment) -> Kind:
    """The shape that a segment's measures fit; `thing` where none does."""
    length, width, height = segment.length, segment.width, segment.height
    if height < _FLATTEST:
        return "tray" if width > 0.06 else "thing"
    circular = abs(segment.fill - _ROUND) < 0.06 and length < 1.15 * width
    flat = segment.flatness > 0.7
    if circular and not flat:
        # A ball is as high as it is wide, and little higher where it lies in something.
        if -0.005 < height - length < 0.012:
            return "ball"
        return "bowl" if segment.flatness < 0.45 and height < 0.8 * length else "thing"
    if flat and circular:
        return "cylinder"
    if flat and segment.fill > 0.85:
        even = length - width < 0.15 * length
        return "cube" if even and abs(height - length) < 0.008 else "box"
    lying = segment.fill > 0.85 and abs(height - width) < 0.008
    return "cylinder" if lying else "thing"


def colour_of(rgb: tuple[float, float, float]) -> str:
    """A colour's name, by hue so that shade changes it little."""
    import numpy as np

    from deixis.vision._colours import NAMES, classes_of

    most = max(rgb)
    pixel = np.rint(np.array([rgb]) * 255).clip(0, 255).astype(np.uint8)
    name = NAMES[int(classes_of(pixel)[0])]
    if name == "white":
        return "white" if most > 0.62 else "grey"
    if name == "orange" and most < 0.5:
        return "brown"
    return name
