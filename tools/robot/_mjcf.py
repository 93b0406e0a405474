"""A scene and the arm beside it as MJCF, MuJoCo's description of a world.

The arm is made of capsules and boxes on the chain of `_kinematics`, since no model of a real one
may be shipped here; grasping depends on the pads and the servos, not on how the links look.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from io import BytesIO
from typing import Final
from xml.etree import ElementTree as ET

from deixis.tools.robot._errors import ArmError
from deixis.tools.robot._kinematics import (
    DH,
    FLANGE_OFFSET,
    HAND_TURN,
    JOINT_HIGH,
    JOINT_LOW,
    JOINTS,
    TOOL_OFFSET,
)
from deixis.tools.robot._labels import label_picture
from deixis.tools.robot._raycast import BOWL_WALL, CONTAINER_FLOOR, TABLE_COLOUR, TRAY_RIM
from deixis.tools.robot._scene import COLOURS, Container, Scene, SceneObject
from deixis.vision._camera import XYZ, Camera

FINGERS: Final = ("finger_left", "finger_right")
PADS: Final = ("pad_left", "pad_right")
CAMERA: Final = "camera"
HAND: Final = "hand"
TOOL: Final = "tool"
TABLE: Final = "table"
TIMESTEP: Final = 0.002
# Stiffness, damping and the motor's inertia of each joint. The damping is high, so that a stop
# coasts under a millimetre; the lag that goes with it is made up for by commanding as much ahead.
# Less inertia than damping times time step makes a servo that reached its torque chatter.
GAINS: Final = (
    (4500.0, 450.0, 0.9),
    (4500.0, 450.0, 0.9),
    (3500.0, 350.0, 0.7),
    (3500.0, 350.0, 0.7),
    (1500.0, 150.0, 0.3),
    (1500.0, 150.0, 0.3),
    (1500.0, 150.0, 0.3),
)
FINGER_GAINS: Final = (4000.0, 80.0)
PAD_BELOW: Final = 0.004
"""How far the pads reach beyond the tool point, in metres."""

_TORQUE = 87.0
_FINGER_TRAVEL = 0.0405
_LINK_RGB, _JOINT_RGB, _HAND_RGB, _PAD_RGB = (
    (0.88, 0.89, 0.91),
    (0.30, 0.34, 0.40),
    (0.38, 0.40, 0.44),
    (0.16, 0.17, 0.19),
)
# Contacts: the arm touches everything but itself.
_OF_ARM = {"contype": "1", "conaffinity": "2"}
_OF_WORLD = {"contype": "2", "conaffinity": "3"}
_UNTOUCHABLE = {"contype": "0", "conaffinity": "0"}
_PAD_FRICTION, _FRICTION = "1.2 0.02 0.002", "0.9 0.01 0.002"
_ROLLING_FRICTION = "0.9 0.01 0.004"
# As stiff as the time step allows: the softer default lets fingers sink a centimetre into a ball.
_STIFF = {"solref": "0.004 1", "solimp": "0.95 0.99 0.001"}
_BOWL_SIDES = 36
_PLATE = 0.0002


@dataclass(frozen=True, kw_only=True)
class Mjcf:
    """A world in MuJoCo's XML.

    Attributes:
        xml: The text.
        assets: The files it names: pictures of labels.
    """

    xml: str
    assets: dict[str, bytes] = field(default_factory=dict[str, bytes])


def mjcf_of(scene: Scene) -> Mjcf:
    """The arm, the table and what stands on it.

    Args:
        scene: Its camera's optical axis has to go through the middle of the picture.

    Raises:
        ArmError: The camera is of a kind MuJoCo can't draw.
        FontError: No installed font has the characters of a label.
    """
    root = ET.Element("mujoco", model="deixis")
    ET.SubElement(root, "compiler", angle="radian", autolimits="true")
    option = ET.SubElement(
        root,
        "option",
        timestep=str(TIMESTEP),
        integrator="implicitfast",
        cone="elliptic",
        impratio="10",
        noslip_iterations="3",
    )
    ET.SubElement(option, "flag", multiccd="enable")
    _add_looks(root, scene.camera)
    asset = ET.SubElement(root, "asset")
    world = ET.SubElement(root, "worldbody")
    _add_table(world, scene.camera)
    _add_arm(world)
    assets: dict[str, bytes] = {}
    for container in scene.containers:
        _add_container(world, container)
    for thing in scene.objects:
        body = _add_object(world, thing)
        if thing.label:
            assets[f"{thing.name}.png"] = _label_png(thing)
            _add_label(asset, body, thing)
    _add_servos(root)
    return Mjcf(xml=ET.tostring(root, encoding="unicode"), assets=assets)


def _label_png(thing: SceneObject) -> bytes:
    length, width, _ = thing.size
    picture = label_picture(
        thing.label or "", length=length, width=width, colour=COLOURS[thing.colour]
    )
    buffer = BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def _add_looks(root: ET.Element, camera: Camera) -> None:
    visual = ET.SubElement(root, "visual")
    ET.SubElement(
        visual, "global", offwidth=str(camera.width), offheight=str(camera.height), fovy="45"
    )
    ET.SubElement(visual, "quality", offsamples="0", shadowsize="0")
    # What faces up gets ambient and diffuse light of 1 together: its own colour, unchanged.
    ET.SubElement(visual, "headlight", ambient="0.6 0.6 0.6", diffuse="0 0 0", specular="0 0 0")
    ET.SubElement(visual, "map", znear="0.02", zfar="8")
    ET.SubElement(root, "statistic", extent="1", center="0.5 0 0.2")


def _add_table(world: ET.Element, camera: Camera) -> None:
    ET.SubElement(
        world,
        "light",
        type="directional",
        pos="0.5 0 2",
        dir="0 0 -1",
        castshadow="false",
        ambient="0 0 0",
        diffuse="0.4 0.4 0.4",
        specular="0 0 0",
    )
    _add_geom(
        world, "plane", TABLE_COLOUR, size=(3, 3, 0.05), name=TABLE, friction=_FRICTION, **_OF_WORLD
    )
    middle = abs(camera.cx - camera.width / 2) < 1e-6 and abs(camera.cy - camera.height / 2) < 1e-6
    if not middle or abs(camera.fx - camera.fy) > 1e-6:
        raise ArmError(
            "the simulator draws cameras with square pixels whose axis meets the middle of the "
            "picture: give its scene such a camera (Camera.looking_at makes one)"
        )
    fovy = math.degrees(2 * math.atan(camera.height / 2 / camera.fy))
    up = (-camera.down[0], -camera.down[1], -camera.down[2])
    ET.SubElement(
        world,
        "camera",
        name=CAMERA,
        pos=_words(camera.position),
        xyaxes=_words((*camera.right, *up)),
        fovy=repr(fovy),
    )


def _add_arm(world: ET.Element) -> None:
    base = ET.SubElement(world, "body", name="base", gravcomp="1")
    _add_geom(base, "box", _JOINT_RGB, size=(0.09, 0.085, 0.02), pos=(-0.02, 0, 0.02), **_OF_ARM)
    _add_capsule(base, (0, 0, 0.03), (0, 0, 0.26), 0.062, _LINK_RGB)
    body = base
    for i, (name, low, high) in enumerate(zip(JOINTS, JOINT_LOW, JOINT_HIGH, strict=True)):
        a, d, alpha = DH[i]
        body = ET.SubElement(
            body,
            "body",
            name=f"link_{i + 1}",
            pos=_words((a, -d * math.sin(alpha), d * math.cos(alpha))),
            quat=_words((math.cos(alpha / 2), math.sin(alpha / 2), 0, 0)),
            gravcomp="1",
        )
        ET.SubElement(
            body,
            "joint",
            name=name,
            axis="0 0 1",
            range=_words((low, high)),
            damping="1",
            armature=_words(GAINS[i][2]),
        )
        for start, end, radius, rgb in _LINKS[i]:
            _add_capsule(body, start, end, radius, rgb)
    _add_gripper(body)


# Start, end and radius of the capsules of every link, in its frame, and their colour.
_LINKS: Final[tuple[tuple[tuple[XYZ, XYZ, float, XYZ], ...], ...]] = (
    (((0, -0.06, 0), (0, 0.06, 0), 0.063, _JOINT_RGB),),
    (((0, 0, 0), (0, -0.17, 0), 0.055, _LINK_RGB),),
    (
        ((0, 0, -0.14), (0, 0, -0.03), 0.052, _LINK_RGB),
        ((0, 0, -0.02), (0.07, 0, 0), 0.045, _LINK_RGB),
    ),
    (
        ((0, 0, -0.05), (0, 0, 0.05), 0.052, _JOINT_RGB),
        ((0, 0, 0), (-0.0825, 0.09, 0), 0.045, _LINK_RGB),
    ),
    (((0, 0, -0.28), (0, 0, -0.03), 0.045, _LINK_RGB),),
    (
        ((0, 0, -0.04), (0, 0, 0.04), 0.045, _JOINT_RGB),
        ((0, 0, 0), (0.088, 0, 0), 0.036, _LINK_RGB),
    ),
    (((0, 0, -0.03), (0, 0, 0.065), 0.038, _JOINT_RGB),),
)


def _add_gripper(link: ET.Element) -> None:
    """The hand, drawn so slim that it clears what stands beside the thing it grasps."""
    length = TOOL_OFFSET
    hand = ET.SubElement(
        link,
        "body",
        name=HAND,
        pos=_words((0, 0, FLANGE_OFFSET)),
        quat=_words((math.cos(HAND_TURN / 2), 0, 0, math.sin(HAND_TURN / 2))),
        gravcomp="1",
    )
    _add_geom(hand, "box", _HAND_RGB, size=(0.022, 0.058, 0.014), pos=(0, 0, 0.012), **_OF_ARM)
    ET.SubElement(hand, "site", name=TOOL, pos=_words((0, 0, length)), size="0.002", group="4")
    for side, finger, pad in zip((1, -1), FINGERS, PADS, strict=True):
        body = ET.SubElement(
            hand, "body", name=f"{finger}_body", pos=_words((0, 0, length)), gravcomp="1"
        )
        ET.SubElement(
            body,
            "joint",
            name=finger,
            type="slide",
            axis=_words((0, side, 0)),
            range=_words((0, _FINGER_TRAVEL)),
            armature="0.1",
            damping="5",
        )
        top, bottom = length - 0.026, PAD_BELOW - 0.001
        stem = ((0.008, 0.0025, (top + bottom) / 2), (0, side * 0.0075, (bottom - top) / 2))
        _add_geom(body, "box", _HAND_RGB, size=stem[0], pos=stem[1], mass=0.05, **_OF_ARM)
        _add_geom(
            body,
            "box",
            _PAD_RGB,
            name=pad,
            size=(0.009, 0.003, 0.013),
            pos=(0, side * 0.003, PAD_BELOW - 0.013),
            mass=0.02,
            friction=_PAD_FRICTION,
            condim="4",
            **_STIFF,
            **_OF_ARM,
        )


def _add_object(world: ET.Element, thing: SceneObject) -> ET.Element:
    length, width, height = thing.size
    body = ET.SubElement(
        world,
        "body",
        name=thing.name,
        pos=_words((thing.x, thing.y, height / 2)),
        quat=_words((math.cos(thing.yaw / 2), 0, 0, math.sin(thing.yaw / 2))),
    )
    ET.SubElement(body, "freejoint", name=thing.name)
    shape, size = "box", (length / 2, width / 2, height / 2)
    if thing.kind == "ball":
        shape, size = "sphere", (length / 2,)
    elif thing.kind == "cylinder":
        shape, size = "cylinder", (length / 2, height / 2)
    rolls = thing.kind in ("ball", "cylinder")
    _add_geom(
        body,
        shape,
        COLOURS[thing.colour],
        name=thing.name,
        size=size,
        mass=thing.mass,
        friction=_ROLLING_FRICTION if rolls else _FRICTION,
        condim="6" if rolls else "4",
        **_STIFF,
        **_OF_WORLD,
    )
    return body


def _add_label(asset: ET.Element, body: ET.Element, thing: SceneObject) -> None:
    """A plate as thin as paper on top of a box, which nothing touches."""
    name = thing.name
    ET.SubElement(asset, "texture", name=name, type="2d", file=f"{name}.png")
    ET.SubElement(asset, "material", name=name, texture=name, specular="0", shininess="0")
    length, width, height = thing.size
    _add_geom(
        body,
        "box",
        None,
        size=(length / 2, width / 2, _PLATE),
        pos=(0, 0, height / 2),
        material=name,
        mass=0.0,
        **_UNTOUCHABLE,
    )


def _add_container(world: ET.Element, container: Container) -> None:
    body = ET.SubElement(
        world, "body", name=container.name, pos=_words((container.x, container.y, 0))
    )
    rgb, height = COLOURS[container.colour], container.height
    if container.kind == "bowl":
        radius = container.radius
        floor = (radius + BOWL_WALL, CONTAINER_FLOOR / 2)
        _add_part(body, "cylinder", rgb, size=floor, pos=(0, 0, CONTAINER_FLOOR / 2))
        middle = radius + BOWL_WALL / 2
        half = math.tan(math.pi / _BOWL_SIDES) * (radius + BOWL_WALL)
        for i in range(_BOWL_SIDES):
            angle = 2 * math.pi * i / _BOWL_SIDES
            _add_part(
                body,
                "box",
                rgb,
                size=(BOWL_WALL / 2, half, height / 2),
                pos=(middle * math.cos(angle), middle * math.sin(angle), height / 2),
                quat=(math.cos(angle / 2), 0, 0, math.sin(angle / 2)),
            )
        return
    length, width = (side / 2 for side in container.size)
    floor = (length + TRAY_RIM, width + TRAY_RIM, CONTAINER_FLOOR / 2)
    _add_part(body, "box", rgb, size=floor, pos=(0, 0, CONTAINER_FLOOR / 2))
    for sign in (1, -1):
        rim, at = (TRAY_RIM / 2, width + TRAY_RIM, height / 2), sign * (length + TRAY_RIM / 2)
        _add_part(body, "box", rgb, size=rim, pos=(at, 0, height / 2))
        rim, at = (length + TRAY_RIM, TRAY_RIM / 2, height / 2), sign * (width + TRAY_RIM / 2)
        _add_part(body, "box", rgb, size=rim, pos=(0, at, height / 2))


def _add_servos(root: ET.Element) -> None:
    actuator = ET.SubElement(root, "actuator")
    reach = _words((-_TORQUE, _TORQUE))
    for name, (kp, kv, _) in zip(JOINTS, GAINS, strict=True):
        ET.SubElement(
            actuator, "position", name=name, joint=name, kp=str(kp), kv=str(kv), forcerange=reach
        )
    for finger in FINGERS:
        ET.SubElement(
            actuator,
            "position",
            name=finger,
            joint=finger,
            kp=str(FINGER_GAINS[0]),
            kv=str(FINGER_GAINS[1]),
            forcerange="-20 20",
        )
    # The fingers open alike, as those driven by one motor do.
    equality = ET.SubElement(root, "equality")
    ET.SubElement(
        equality,
        "joint",
        joint1=FINGERS[0],
        joint2=FINGERS[1],
        polycoef="0 1 0 0 0",
        solref="0.005 1",
    )


def _add_capsule(body: ET.Element, start: XYZ, end: XYZ, radius: float, rgb: XYZ) -> None:
    geom = _add_geom(body, "capsule", rgb, size=(radius,), mass=0.4, **_OF_ARM)
    geom.set("fromto", _words((*start, *end)))


def _add_part(
    body: ET.Element,
    shape: str,
    rgb: XYZ,
    *,
    size: Sequence[float],
    pos: XYZ,
    quat: Sequence[float] = (1, 0, 0, 0),
) -> None:
    """A piece of a container."""
    geom = _add_geom(body, shape, rgb, size=size, pos=pos, friction=_FRICTION, **_OF_WORLD)
    geom.set("quat", _words(quat))


def _add_geom(
    parent: ET.Element,
    shape: str,
    rgb: XYZ | None,
    *,
    size: Sequence[float],
    **attributes: str | float | Sequence[float],
) -> ET.Element:
    said: dict[str, str] = {
        name: value if isinstance(value, str) else _words(value)
        for name, value in attributes.items()
    }
    geom = ET.SubElement(parent, "geom", {"type": shape, "size": _words(size), **said})
    if rgb is not None:
        geom.set("rgba", _words((*rgb, 1)))
    return geom


def _words(values: float | Sequence[float]) -> str:
    numbers = (values,) if isinstance(values, int | float) else values
    return " ".join(repr(float(number)) for number in numbers)
