"""The arm as a Gymnasium environment."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from deixis.tools.robot import ArmError, PickPlaceEnv, StubArm


@pytest.fixture
def env() -> Iterator[PickPlaceEnv]:
    made = PickPlaceEnv(StubArm)
    yield made
    made.close()


@pytest.mark.filterwarnings("ignore:.*symmetric and normalized space")
def test_it_is_what_gymnasium_expects(env: PickPlaceEnv) -> None:
    check_env(env, skip_render_check=True)


def test_the_same_seed_is_the_same_task(env: PickPlaceEnv) -> None:
    first, told = env.reset(seed=3)
    again, same = env.reset(seed=3)
    assert told == same
    assert np.array_equal(first["joints"], again["joints"])


def test_another_episode_without_a_seed_is_another_table(env: PickPlaceEnv) -> None:
    env.reset(seed=3)
    tables = {str(env.reset()[1]) for _ in range(6)}
    assert len(tables) > 1


def test_an_action_beyond_the_limits_is_clipped_and_told(env: PickPlaceEnv) -> None:
    observation, _ = env.reset(seed=3)
    *_, info = env.step(np.full(8, 100.0))
    joints = np.array(list(info["sent"].values()))[:7]
    assert np.abs(joints - observation["joints"]).max() < 0.1


def test_moved_into_its_container_it_is_rewarded() -> None:
    env = PickPlaceEnv(StubArm)
    _, info = env.reset(seed=3, options={"object": "red_cube_1", "container": "blue_bowl"})
    assert info["instruction"] == "put the red cube in the blue bowl"
    arm = env.arm
    scene = env.scene
    cube = next(o for o in scene.objects if o.name == "red_cube_1")
    bowl = next(c for c in scene.containers if c.name == "blue_bowl")
    arm.grip(0.08)
    arm.move_to((cube.x, cube.y, 0.2), yaw=cube.yaw)
    arm.move_to((cube.x, cube.y, 0.015), yaw=cube.yaw)
    arm.grip(0.0)
    arm.move_to((cube.x, cube.y, 0.2))
    arm.move_to((bowl.x, bowl.y, 0.2))
    hold = np.array([v for k, v in arm.get_observation().items() if k.endswith(".pos")])
    assert env.step(hold)[1:3] == (0.0, False)
    arm.grip(0.08)
    hold[-1] = 0.08
    assert env.step(hold)[1:3] == (1.0, True)
    env.close()


def test_an_episode_ends_after_half_a_minute_of_the_arm_s_time(env: PickPlaceEnv) -> None:
    env.reset(seed=3)
    still = np.array(list(env.step(env.action_space.sample())[4]["sent"].values()))
    for _ in range(1498):
        assert not env.step(still)[3]
    assert env.step(still)[3]


def test_pictures_are_there_where_they_are_wanted() -> None:
    env = PickPlaceEnv(StubArm, pictures=True, objects=2)
    seen, _ = env.reset(seed=1)
    assert env.observation_space.contains(seen)
    assert np.array_equal(env.render(), seen["camera"])
    env.close()


def test_before_the_first_reset_one_line_says_what_to_do(env: PickPlaceEnv) -> None:
    with pytest.raises(ArmError, match="call reset first"):
        env.step(np.zeros(8))


def test_an_object_that_is_not_there_is_refused_with_those_that_are(env: PickPlaceEnv) -> None:
    with pytest.raises(ArmError, match="red_cube_1"):
        env.reset(seed=3, options={"object": "teapot"})
