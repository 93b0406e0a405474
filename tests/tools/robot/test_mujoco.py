"""The simulated arm: the suite for every arm, its kinematics, its physics, its pictures."""

from __future__ import annotations

import importlib
import math
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageSequence

from deixis.testing import ArmConformance
from deixis.tools.robot import (
    Arm,
    ArmError,
    ArmStoppedError,
    Container,
    MujocoArm,
    Recorder,
    RobotSession,
    Scene,
    SceneObject,
    Step,
    scene_camera,
)
from deixis.tools.robot._kinematics import JOINT_HIGH, JOINT_LOW, grasp_yaw, tool_pose
from deixis.tools.robot._mjcf import TOOL, mjcf_of
from deixis.vision import RapidReader
from tests.simulator import needs_simulator

CUBE = SceneObject(
    name="cube", kind="cube", colour="red", size=(0.04, 0.04, 0.04), x=0.5, y=0.1, yaw=0.3
)
BALL = SceneObject(name="ball", kind="ball", colour="blue", size=(0.045, 0.045, 0.045), x=0.6, y=0)
BOX = SceneObject(
    name="box",
    kind="box",
    colour="white",
    size=(0.09, 0.05, 0.035),
    x=0.45,
    y=-0.02,
    yaw=1.4,
    label="阿司匹林",
)
POST = SceneObject(
    name="post", kind="cylinder", colour="green", size=(0.04, 0.04, 0.07), x=0.6, y=0.2, mass=5.0
)
BOWL = Container(
    name="bowl", kind="bowl", colour="orange", x=0.45, y=-0.2, radius=0.065, height=0.045
)
YELLOW = (240, 228, 66)
SCENE = Scene(objects=(CUBE, BALL, BOX, POST), containers=(BOWL,), camera=scene_camera())


pytestmark = needs_simulator


class TestMujocoArm(ArmConformance):
    """It passes what every arm must."""

    def make_arm(self) -> Arm:
        return MujocoArm(Scene(camera=scene_camera()))


@pytest.fixture
def arm() -> Iterator[MujocoArm]:
    with MujocoArm(SCENE) as arm:
        yield arm


def run(program: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        env=environment,
        timeout=60,
        check=False,
    )


def frames(path: Path) -> list[NDArray[np.uint8]]:
    with Image.open(path) as film:
        return [np.asarray(frame.convert("RGB")) for frame in ImageSequence.Iterator(film)]


def lift(arm: MujocoArm, thing: SceneObject) -> bool:
    """Grasps a thing where it really is, and raises it; whether the fingers hold something."""
    x, y, middle = arm.truth()[thing.name].position
    height = max(middle, thing.size[2] - 0.03)
    arm.grip(min(0.08, thing.size[1] + 0.025))
    arm.move_to((x, y, 0.15), yaw=grasp_yaw((x, y, 0.15), thing.yaw))
    arm.move_to((x, y, height), speed=0.12)
    holding = arm.grip(0.0).holding
    arm.move_to((x, y, 0.2))
    return holding


def test_mujoco_has_the_kinematics_that_motions_are_planned_with() -> None:
    mujoco: Any = importlib.import_module("mujoco")
    made = mjcf_of(Scene(camera=scene_camera()))
    model = mujoco.MjModel.from_xml_string(made.xml, made.assets)
    data = mujoco.MjData(model)
    for joints in np.random.default_rng(5).uniform(JOINT_LOW, JOINT_HIGH, (100, 7)):
        data.qpos[:7] = joints
        mujoco.mj_kinematics(model, data)
        pose = tool_pose(joints)
        assert data.site(TOOL).xpos == pytest.approx(pose[:3, 3], abs=1e-6)
        assert data.site(TOOL).xmat.reshape(3, 3) == pytest.approx(pose[:3, :3], abs=1e-6)


def test_things_stand_where_the_scene_has_them(arm: MujocoArm) -> None:
    for thing in SCENE.objects:
        pose = arm.truth()[thing.name]
        assert pose.position == pytest.approx((thing.x, thing.y, thing.size[2] / 2), abs=0.001)
        assert pose.yaw == pytest.approx(thing.yaw, abs=0.01)


def test_pictures_show_things_in_their_colour_where_the_camera_has_them(arm: MujocoArm) -> None:
    picture = arm.look().picture
    points = picture.points()
    x, y, _ = (float(v) for v in arm.camera.project((CUBE.x, CUBE.y, CUBE.size[2])))
    assert points[int(y), int(x)] == pytest.approx((CUBE.x, CUBE.y, CUBE.size[2]), abs=0.002)
    assert picture.rgb[int(y), int(x)] == pytest.approx([204, 26, 26], abs=6)
    assert np.abs(points[850, :, 2]).max() < 1e-4


def test_a_line_is_straight_and_within_its_speed(arm: MujocoArm) -> None:
    places: list[tuple[float, float, float]] = []
    arm.on_frame = lambda: places.append(arm.tool.position)
    arm.move_to((0.4, -0.25, 0.3))
    places.clear()
    motion = arm.move_to((0.65, 0.25, 0.15), yaw=0.8)
    start, end = np.array((0.4, -0.25, 0.3)), np.array((0.65, 0.25, 0.15))
    along = (end - start) / np.linalg.norm(end - start)
    off = [np.linalg.norm(np.cross(place - start, along)) for place in np.array(places)]
    assert max(off) < 0.001
    assert motion.error < 0.001
    assert 0.2 < motion.peak_speed < arm.limits.tool_speed
    assert motion.peak_force == 0


@pytest.mark.parametrize("thing", [CUBE, BALL, BOX], ids=lambda thing: thing.name)
def test_lifts_what_it_grasps(arm: MujocoArm, thing: SceneObject) -> None:
    assert lift(arm, thing)
    _, _, height = arm.truth()[thing.name].position
    assert height > 0.15
    assert arm.tool.opening == pytest.approx(thing.size[1], abs=0.002)


def test_puts_down_where_it_opens(arm: MujocoArm) -> None:
    lift(arm, CUBE)
    arm.move_to((BOWL.x, BOWL.y, 0.2))
    arm.move_to((BOWL.x, BOWL.y, 0.035), speed=0.12)
    arm.grip(0.07)
    arm.home()
    x, y, z = arm.truth()["cube"].position
    assert math.dist((x, y), (BOWL.x, BOWL.y)) < 0.01
    assert z == pytest.approx(0.004 + 0.02, abs=0.002)


def test_closing_on_nothing_holds_nothing(arm: MujocoArm) -> None:
    assert not arm.grip(0.0).holding
    assert arm.tool.opening == pytest.approx(0, abs=0.001)


def test_what_is_held_slips_when_it_is_held_too_gently(arm: MujocoArm) -> None:
    arm.grip(0.065)
    arm.move_to((POST.x, POST.y, 0.15))
    arm.move_to((POST.x, POST.y, 0.045), speed=0.12)
    assert arm.grip(0.0, force=5.0).holding
    arm.move_to((POST.x, POST.y, 0.2))
    assert arm.truth()["post"].position[2] == pytest.approx(0.035, abs=0.002)


def test_gives_up_what_presses_back_and_comes_free_again(arm: MujocoArm) -> None:
    arm.grip(0.0)
    arm.move_to((BOX.x, BOX.y, 0.12))
    with pytest.raises(ArmError, match="press against the gripper"):
        arm.move_to((BOX.x, BOX.y, 0.01))
    assert arm.tool.position[2] > 0.03
    assert arm.move_to((BOX.x, BOX.y, 0.12)).error < 0.002


def test_what_is_held_feels_the_table(arm: MujocoArm) -> None:
    lift(arm, CUBE)
    with pytest.raises(ArmError, match="press against the gripper"):
        arm.move_to((CUBE.x, CUBE.y, 0.008))


def test_a_stop_coasts_under_a_millimetre(arm: MujocoArm) -> None:
    at: list[tuple[float, float, float]] = []

    def stop_at_full_speed() -> None:
        at.append(arm.tool.position)
        if len(at) == 7:
            arm.stop()

    arm.on_frame = stop_at_full_speed
    with pytest.raises(ArmStoppedError):
        arm.move_to((0.6, 0.3, 0.2))
    assert math.dist(at[-1], at[-2]) > 0.02
    assert math.dist(arm.tool.position, at[-1]) < 0.001
    resting = arm.tool.position
    arm.look()
    assert arm.tool.position == resting


def test_takes_pictures_in_any_thread(arm: MujocoArm) -> None:
    def picture() -> NDArray[np.uint8]:
        return arm.look().picture.rgb

    first = picture()
    with ThreadPoolExecutor(4) as pool:
        taken = [pool.submit(picture) for _ in range(8)]
    assert all(np.array_equal(future.result(), first) for future in taken)


def test_is_used_by_other_threads_than_it_was_connected_by() -> None:
    arm = MujocoArm(SCENE)
    for work in (arm.connect, arm.look, arm.home, arm.disconnect):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert not arm.is_connected


def test_two_arms_have_worlds_of_their_own(arm: MujocoArm) -> None:
    with MujocoArm(SCENE) as other:
        arm.move_to((0.5, 0.2, 0.3))
        assert other.tool.position != pytest.approx(arm.tool.position, abs=0.05)
        assert other.truth() != {}


def test_the_world_stays_when_the_arm_is_connected_again(arm: MujocoArm) -> None:
    lift(arm, CUBE)
    arm.disconnect()
    assert arm.truth()["cube"].position[2] > 0.15
    arm.connect()
    assert arm.truth()["cube"].position[2] > 0.15


def test_the_truth_needs_a_world() -> None:
    with pytest.raises(ArmError, match="connect"):
        MujocoArm(SCENE).truth()


CONNECT = """
from deixis.tools.robot import ArmError, MujocoArm, Scene, scene_camera
try:
    MujocoArm(Scene(camera=scene_camera())).connect()
except ArmError as error:
    print(error)
"""


def test_says_how_to_install_mujoco() -> None:
    done = run("import sys; sys.modules['mujoco'] = None" + CONNECT)
    assert done.stdout == "the simulator needs MuJoCo: pip install 'deixis[robot]'\n"
    assert done.stderr == ""


@pytest.mark.skipif(sys.platform != "linux", reason="EGL is Linux's")
@pytest.mark.parametrize(
    "environment",
    [{"MUJOCO_GL": "osmesa", "PYOPENGL_PLATFORM": "glx"}, {"MUJOCO_EGL_DEVICE_ID": "99"}],
    ids=lambda names: next(iter(names)),
)
def test_says_what_draws_without_a_display(environment: dict[str, str]) -> None:
    done = run(CONNECT, **environment)
    assert "apt-get install libegl1 libgl1 libgl1-mesa-dri" in done.stdout
    assert len(done.stdout.splitlines()) == 1
    assert done.stderr == ""


def test_an_arm_left_connected_ends_quietly() -> None:
    done = run(CONNECT + "print('over')")
    assert (done.returncode, done.stdout, done.stderr) == (0, "over\n", "")


@pytest.mark.slow
def test_its_labels_can_be_read() -> None:
    with MujocoArm(SCENE) as arm:
        lines = RapidReader().read(arm.look().image).lines
    assert "阿司匹林" in [line.text for line in lines]


def test_a_film_shows_where_each_step_points(arm: MujocoArm, tmp_path: Path) -> None:
    session = RobotSession(arm)
    path = tmp_path / "film.gif"
    with Recorder(session, path=path):
        arm.move_to((0.5, 0.1, 0.15))
        session.note(Step(tool="move_to", point=(800.0, 430.0), ok=True))
        arm.home()
    shots = frames(path)
    assert len(shots) > 10
    assert shots[0].shape == (480, 640, 3)
    marked = np.abs(shots[3].astype(int) - YELLOW).max(axis=-1) < 24
    rows, columns = np.nonzero(marked)
    assert abs(float(np.median(columns)) - 400) < 80
    assert abs(float(np.median(rows)) - 215) < 60
    assert not np.array_equal(shots[-1][marked], shots[3][marked])


def test_a_film_of_what_failed_is_kept(arm: MujocoArm, tmp_path: Path) -> None:
    path = tmp_path / "film.gif"
    with pytest.raises(ArmError, match="workspace"), Recorder(RobotSession(arm), path=path):
        arm.move_to((0.9, 0.1, 0.3))
    assert len(frames(path)) >= 1
    assert list(tmp_path.iterdir()) == [path]
    assert arm.on_frame is None


def test_a_film_needs_a_folder(arm: MujocoArm, tmp_path: Path) -> None:
    for name in ("film.mp4", "nowhere/film.gif"):
        with pytest.raises(ArmError, match="gif"):
            Recorder(RobotSession(arm), path=tmp_path / name)
