"""A picture with depth of a scene, by casting rays: no simulator, no graphics, only numpy.

Tops show their named colour; what slants away from the light is darker. There are no shadows.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from typing import TYPE_CHECKING, Final

from deixis.tools.robot._outlines import BOWL_WALL, CONTAINER_FLOOR, TRAY_RIM
from deixis.tools.robot._scene import COLOURS, Container, Scene, SceneObject
from deixis.tools.robot._shapes import Ball, Block, Body, Bowl, Capsule, Drum, Hits, Rays
from deixis.vision._camera import XYZ, Camera
from deixis.vision._geometry import Size
from deixis.vision._rgbd import RgbdImage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

TABLE: Final = ((0.15, -0.60), (0.95, 0.60))
"""Corners of the table's top, x and y in metres; it lies at z = 0."""
TABLE_COLOUR: Final[XYZ] = (0.66, 0.62, 0.57)
FLOOR_COLOUR: Final[XYZ] = (0.26, 0.25, 0.24)
ARM_COLOUR: Final[XYZ] = (0.86, 0.87, 0.88)
FINGER_COLOUR: Final[XYZ] = (0.30, 0.31, 0.33)

_LIGHT: Final[XYZ] = (0.30, 0.12, 0.95)
_AMBIENT: Final = 0.45


@dataclass(frozen=True, kw_only=True)
class Pose:
    """Where something of a scene stands now.

    Attributes:
        x: Of its middle, in metres, base frame.
        y: The same.
        z: Of its underside over the table, in metres; 0 where it stands on it.
        yaw: As `SceneObject.yaw`, in radians.
    """

    x: float
    y: float
    z: float = 0.0
    yaw: float = 0.0


def render(camera: Camera, bodies: Sequence[Body], *, size: Size | None = None) -> RgbdImage:
    """Takes a picture of bodies on the table.

    Args:
        camera: From where.
        bodies: Of `bodies_of`, `arm_bodies` or made by hand.
        size: Of the picture, in pixels, instead of the camera's: the same view, scaled.

    Returns:
        Colours and depth; the depth of what lies beyond the table is unknown. Its camera is of the
        picture's size.

    Raises:
        FontError: No installed font can draw a label.
    """
    camera = camera if size is None else _scaled(camera, size)
    depth, rgb = _table(camera)
    for body in bodies:
        _draw(body, camera, depth, rgb)
    return _picture(camera, depth, rgb)


def bodies_of(scene: Scene, poses: Mapping[str, Pose] | None = None) -> list[Body]:
    """The bodies of a scene's objects and containers.

    Args:
        scene: What stands on the table.
        poses: Of what was moved, by name; the rest stands where the scene has it.
    """
    moved = poses or {}
    bodies: list[Body] = []
    for container in scene.containers:
        at = moved.get(container.name, Pose(x=container.x, y=container.y))
        bodies.extend(_container(container, at))
    for thing in scene.objects:
        bodies.append(_object(thing, moved.get(thing.name) or pose_of(thing)))
    return bodies


def pose_of(thing: SceneObject) -> Pose:
    """Where a scene has an object."""
    return Pose(x=thing.x, y=thing.y, yaw=thing.yaw)


def arm_bodies(frames: Floats, tool: Floats, *, opening: float) -> list[Body]:
    """A rough arm: rods between its joints, a hand and two fingers.

    Args:
        frames: Of its links in the base frame, the last the flange's, shape (n, 4, 4).
        tool: Pose of the point between the fingertips, z out of the gripper, shape (4, 4).
        opening: Between the fingers, in metres.
    """
    import numpy as np

    joints = [np.zeros(3), *frames[:, :3, 3], tool[:3, 3] - 0.11 * tool[:3, 2]]
    bodies: list[Body] = [
        Capsule(start=_xyz(a), end=_xyz(b), radius=0.055, colour=ARM_COLOUR)
        for a, b in pairwise(joints)
        if np.linalg.norm(b - a) > 1e-3
    ]
    point, aside, ahead = tool[:3, 3], tool[:3, 1], tool[:3, 2]
    hand = point - 0.075 * ahead
    bodies.append(
        Capsule(
            start=_xyz(hand - 0.07 * aside),
            end=_xyz(hand + 0.07 * aside),
            radius=0.03,
            colour=ARM_COLOUR,
        )
    )
    for sign in (-1, 1):
        tip = point + sign * (opening / 2 + 0.008) * aside
        end, start = _xyz(tip - 0.004 * ahead), _xyz(tip - 0.06 * ahead)
        bodies.append(Capsule(start=start, end=end, radius=0.008, colour=FINGER_COLOUR))
    return bodies


def _object(thing: SceneObject, at: Pose) -> Body:
    length, width, height = thing.size
    colour, middle = COLOURS[thing.colour], (at.x, at.y, at.z + height / 2)
    match thing.kind:
        case "ball":
            return Ball(middle=middle, radius=length / 2, colour=colour)
        case "cylinder":
            return Drum(middle=middle, radius=length / 2, height=height, colour=colour)
        case "cube" | "box":
            return Block(
                middle=middle,
                size=(length, width, height),
                yaw=at.yaw,
                label=thing.label,
                colour=colour,
            )


def _container(container: Container, at: Pose) -> list[Body]:
    colour, height = COLOURS[container.colour], container.height
    if container.kind == "bowl":
        bowl = Bowl(
            bottom=(at.x, at.y, at.z),
            radius=container.radius,
            height=height,
            wall=BOWL_WALL,
            floor=CONTAINER_FLOOR,
            colour=colour,
        )
        return [bowl]
    a, b = container.size
    long, high = a + 2 * TRAY_RIM, height / 2
    off_x, off_y = (a + TRAY_RIM) / 2, (b + TRAY_RIM) / 2
    parts: list[tuple[float, float, float, XYZ]] = [
        (0, 0, CONTAINER_FLOOR / 2, (long, b + 2 * TRAY_RIM, CONTAINER_FLOOR)),
        (off_x, 0, high, (TRAY_RIM, b, height)),
        (-off_x, 0, high, (TRAY_RIM, b, height)),
        (0, off_y, high, (long, TRAY_RIM, height)),
        (0, -off_y, high, (long, TRAY_RIM, height)),
    ]
    c, s = math.cos(at.yaw), math.sin(at.yaw)
    return [
        Block(
            middle=(at.x + c * x - s * y, at.y + s * x + c * y, at.z + z),
            size=size,
            yaw=at.yaw,
            colour=colour,
        )
        for x, y, z, size in parts
    ]


def _scaled(camera: Camera, size: Size) -> Camera:
    across, down = size[0] / camera.width, size[1] / camera.height
    scaled = {
        "width": size[0],
        "height": size[1],
        "fx": camera.fx * across,
        "fy": camera.fy * down,
        "cx": camera.cx * across,
        "cy": camera.cy * down,
    }
    return Camera.model_validate(camera.model_dump() | scaled)


def _table(camera: Camera) -> tuple[Floats, Floats]:
    """Depth (infinite beyond the table) and colours of the empty table."""
    import numpy as np

    rays = _rays(camera, (0, 0, camera.width, camera.height))
    slope = np.minimum(rays[:, 2], -1e-9)
    depth = -camera.position[2] / slope
    x = camera.position[0] + rays[:, 0] * depth
    y = camera.position[1] + rays[:, 1] * depth
    (x1, y1), (x2, y2) = TABLE
    on_it = (rays[:, 2] < -1e-9) & (x >= x1) & (x <= x2) & (y >= y1) & (y <= y2)
    colours = np.where(on_it[:, np.newaxis], TABLE_COLOUR, FLOOR_COLOUR)
    shape = (camera.height, camera.width)
    return np.where(on_it, depth, np.inf).reshape(shape), colours.reshape(*shape, 3)


def _draw(body: Body, camera: Camera, depth: Floats, rgb: Floats) -> None:
    """Draws a body into depth and colours where it is nearer than what is there."""
    import numpy as np

    window = _window(body, camera)
    if window is None:
        return
    left, top, right, bottom = window
    rays = _rays(camera, window)
    hits = body.meet(
        Rays(origin=np.array(camera.position), along=rays, focal=max(camera.fx, camera.fy))
    )
    shape = (bottom - top, right - left)
    met = hits.depth.reshape(shape)
    here, shown = depth[top:bottom, left:right], rgb[top:bottom, left:right]
    nearer = met < here
    here[nearer] = met[nearer]
    shown[nearer] = _lit(hits).reshape(*shape, 3)[nearer]


def _lit(hits: Hits) -> Floats:
    """Colours in a soft light from above: a level top has its own, what turns away is darker."""
    import numpy as np

    towards = hits.normal @ np.array(_LIGHT) / _LIGHT[2]
    return hits.colour * (_AMBIENT + (1 - _AMBIENT) * np.clip(towards, 0, 1))[:, np.newaxis]


def _window(body: Body, camera: Camera) -> tuple[int, int, int, int] | None:
    """Left, top, right and bottom of the pixels that could show a body; None: out of sight."""
    import numpy as np

    corners = camera.project(list(product(*zip(*body.bounds, strict=True))))
    if (corners[:, 2] <= 0).all():
        return None
    if (corners[:, 2] <= 0.01).any():
        return 0, 0, camera.width, camera.height
    low, high = corners[:, :2].min(axis=0), corners[:, :2].max(axis=0)
    left, top = (max(0, int(np.floor(value))) for value in low)
    right = min(camera.width, int(np.ceil(high[0])))
    bottom = min(camera.height, int(np.ceil(high[1])))
    return (left, top, right, bottom) if left < right and top < bottom else None


def _rays(camera: Camera, window: tuple[int, int, int, int]) -> Floats:
    """Directions of a window's pixels, of length 1 along the optical axis, shape (n, 3)."""
    import numpy as np

    left, top, right, bottom = window
    across = (np.arange(left, right) + 0.5 - camera.cx) / camera.fx
    down = (np.arange(top, bottom) + 0.5 - camera.cy) / camera.fy
    rows = np.outer(down, camera.down) + camera.forward
    columns = np.outer(across, camera.right)
    return (rows[:, np.newaxis] + columns[np.newaxis]).reshape(-1, 3)


def _picture(camera: Camera, depth: Floats, rgb: Floats) -> RgbdImage:
    import numpy as np

    return RgbdImage(
        rgb=np.rint(np.clip(rgb, 0, 1) * 255).astype(np.uint8),
        depth=np.where(np.isfinite(depth), depth, np.nan).astype(np.float32),
        camera=camera,
    )


def _xyz(point: Floats) -> XYZ:
    return float(point[0]), float(point[1]), float(point[2])
