"""What the tools that point a robot refuse, with nothing moved."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from PIL import Image

from deixis.tools.robot import StubArm
from deixis.vision import Camera, RgbdImage, load_image
from tests.tools.robot.tables import BALL, BOWL, CUBE, FREE, TRAY, Bench, refused, table, where


def test_nothing_is_pointed_at_before_the_camera_has_looked() -> None:
    bench = Bench()
    bench.show(load_image(Image.new("RGB", (640, 480))))
    assert "call look" in refused(bench, "pick", at={"x": 3, "y": 4})


def test_an_old_picture_is_refused(bench: Bench) -> None:
    bench.call("pick", at=bench.top(CUBE))
    bench.call("place", at=bench.at(FREE))
    words = refused(bench, "pick", at=bench.at((BALL.x, BALL.y, 0.04), image="img_1"))
    assert words == "img_1 is an old picture of the camera: point in img_3, the newest"


def test_a_photo_that_the_user_brought_is_refused(bench: Bench) -> None:
    photo = bench.show(load_image(Image.new("RGB", (640, 480), (9, 9, 9))))
    words = refused(bench, "pick", at={**bench.top(CUBE), "image": photo})
    assert "img_2 is not a picture of the arm's camera: point in img_1, the newest" in words


def test_a_picture_of_another_arm_is_refused(bench: Bench) -> None:
    other = StubArm(table(BALL))
    other.connect()
    handle = bench.show(other.look().image)
    assert "point in img_1" in refused(bench, "pick", at={**bench.top(CUBE), "image": handle})


@pytest.mark.parametrize(
    ("name", "said"), [("move_to", {"x": 0.5, "y": 0.0, "z": 0.3}), ("home", {})]
)
def test_what_moved_since_makes_a_picture_old(
    bench: Bench, name: str, said: dict[str, float]
) -> None:
    bench.call(name, **said)
    assert "moved since img_1 was taken: look again" in refused(bench, "pick", at=bench.top(CUBE))
    bench.call("look")
    assert bench.call("pick", at=bench.top(CUBE)).done


def test_another_program_that_moves_the_arm_makes_a_picture_old(bench: Bench) -> None:
    bench.arm.move_to((0.4, 0.1, 0.3))
    assert "look again" in refused(bench, "place", at=bench.at(FREE))


def test_a_point_on_nothing_is_refused(bench: Bench) -> None:
    words = refused(bench, "pick", at=bench.at(FREE))
    assert words.startswith("nothing stands at (")
    assert "of img_1" in words


@pytest.mark.parametrize(
    ("place", "wide"),
    [((BOWL.x - 0.067, BOWL.y, BOWL.height), "14"), ((TRAY.x, TRAY.y, 0.003), "15")],
)
def test_what_is_too_wide_is_refused_with_its_measure(
    bench: Bench, place: tuple[float, float, float], wide: str
) -> None:
    words = refused(bench, "pick", at=bench.at(place))
    assert f"is {wide}." in words
    assert "cm wide, and the gripper opens 8 cm" in words


def test_only_one_thing_is_held_at_a_time(bench: Bench) -> None:
    bench.call("pick", at=bench.top(CUBE))
    assert refused(bench, "pick", at=bench.top(BALL)) == (
        "the gripper holds something already: place it first"
    )


def test_an_empty_gripper_has_nothing_to_put_down(bench: Bench) -> None:
    assert refused(bench, "place", at=bench.at(FREE)) == (
        "the gripper holds nothing: pick something up first"
    )


def test_a_place_out_of_reach_is_refused(bench: Bench) -> None:
    bench.call("pick", at=bench.top(CUBE))
    assert "outside the workspace" in refused(bench, "place", at=bench.at((0.8, 0.1, 0)))


def test_a_place_without_room_is_refused() -> None:
    crowd = [
        CUBE.model_copy(update={"name": f"cube_{i}", "x": x, "y": y, "yaw": 0.0})
        for i, (x, y) in enumerate(product((0.42, 0.475, 0.53), (-0.055, 0.0, 0.055)))
    ]
    bench = Bench(StubArm(table(BALL.model_copy(update={"x": 0.6, "y": 0.12}), *crowd)))
    bench.call("look")
    assert bench.call("pick", at=bench.at((0.6, 0.12, 0.044))).done
    words = refused(bench, "place", at=bench.at((0.5025, 0.0275, 0)))
    assert words.startswith("there is no room at (")


@pytest.mark.parametrize(
    "at",
    [
        {"x": -5, "y": 4},
        {"x": 9999, "y": 4},
        {"x": "left", "y": 4},
        {"x": float("nan"), "y": 4},
        {"x": 4},
        "the cube",
        None,
        [1, 2, 3],
        {"x": 100, "y": 100, "image": "img_9"},
        {"x": 100, "y": 100, "image": "../../etc/passwd"},
    ],
)
@pytest.mark.parametrize("name", ["pick", "place", "point_at"])
def test_a_malformed_place_is_refused(bench: Bench, name: str, at: object) -> None:
    assert refused(bench, name, at=at)


@pytest.mark.parametrize(
    "said",
    [
        {"x": 0.5, "y": 0, "z": -0.1},
        {"x": 5, "y": 0, "z": 0.2},
        {"x": float("nan"), "y": 0, "z": 0.2},
        {"x": float("inf"), "y": 0, "z": 0.2},
        {"x": "far", "y": 0, "z": 0.2},
        {"x": 0.5, "y": 0},
        {"x": 0.5, "y": 0, "z": 0.2, "speed": 9},
    ],
)
def test_a_motion_out_of_the_limits_is_refused(bench: Bench, said: dict[str, object]) -> None:
    assert refused(bench, "move_to", **said)


# Where there is no depth.


class Blind(StubArm):
    """Its camera has no depth: nowhere, or not where a hole is."""

    hole: tuple[slice, slice] = (slice(None), slice(None))

    def _capture(self) -> RgbdImage:
        taken = super()._capture()
        depth = taken.depth.copy()
        depth[self.hole] = np.nan
        return RgbdImage(rgb=taken.rgb, depth=depth, camera=taken.camera)


def test_without_depth_a_thing_is_met_at_the_height_of_the_prior() -> None:
    bench = Bench(Blind(table()), height_prior=0.02)
    bench.call("look")
    said = bench.call("pick", at=bench.at((CUBE.x, CUBE.y, 0.02)))
    assert said.done
    assert said.measured["depth"] == "assumed"
    assert said.measured["at_m"][:2] == pytest.approx([CUBE.x, CUBE.y], abs=0.002)
    said = bench.call("place", at=bench.at(FREE))
    assert said.done
    assert said.measured == {"released": True, "at_m": None, "off_m": None, "depth": "assumed"}
    assert where(bench, "cube")[:2] == pytest.approx(FREE[:2], abs=0.005)


def test_without_depth_nothing_between_the_fingers_is_no_success() -> None:
    bench = Bench(Blind(table()))
    bench.call("look")
    said = bench.call("pick", at=bench.at(FREE))
    assert not said.done
    assert said.measured["gap_m"] < 0.004


def test_the_sky_is_no_place() -> None:
    level = Camera.looking_at((0.5, 0, 0.3), position=(1.3, 0, 0.35), size=(640, 480), fovy=60)
    bench = Bench(Blind(table(camera=level)))
    bench.call("look")
    assert "doesn't show the table" in refused(bench, "pick", at={"x": 320, "y": 5})


def test_a_place_where_depth_is_missing_is_refused() -> None:
    arm = Blind(table())
    arm.hole = (slice(0, 0), slice(0, 0))
    bench = Bench(arm)
    bench.call("look")
    at = bench.at(FREE)
    x, y = int(float(str(at["x"]))), int(float(str(at["y"])))
    arm.hole = (slice(y - 4, y + 5), slice(x - 4, x + 5))
    bench.call("pick", at=bench.top(CUBE))
    assert "sees no depth" in refused(bench, "place", at=bench.at(FREE))
