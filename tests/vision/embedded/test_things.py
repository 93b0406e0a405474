"""What the embedded model calls the things it sees, and which of them a phrase means."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deixis.tools.robot._making import make_scene
from deixis.tools.robot._raycast import Pose, bodies_of, render
from deixis.tools.robot._scene import (
    Colour,
    Container,
    ObjectKind,
    Scene,
    SceneObject,
    scene_camera,
)
from deixis.vision import RapidReader
from deixis.vision.embedded.things._things import Thing, detection_of, refer, things_in, told_apart


def thing(
    name: str,
    kind: ObjectKind,
    colour: Colour,
    at: tuple[float, float],
    size: tuple[float, float, float],
) -> SceneObject:
    return SceneObject(name=name, kind=kind, colour=colour, size=size, x=at[0], y=at[1])


# To the right in the picture is +y, nearer is +x.
OBJECTS = (
    thing("big red", "cube", "red", (0.60, -0.20), (0.05, 0.05, 0.05)),
    thing("small red", "cube", "red", (0.60, 0.10), (0.03, 0.03, 0.03)),
    thing("blue cube", "cube", "blue", (0.45, -0.10), (0.04, 0.04, 0.04)),
    thing("blue ball", "ball", "blue", (0.40, 0.05), (0.045, 0.045, 0.045)),
    thing("green ball", "ball", "green", (0.50, 0.02), (0.045, 0.045, 0.045)),
    thing("orange ball", "ball", "orange", (0.52, 0.18), (0.045, 0.045, 0.045)),
    thing("can", "cylinder", "yellow", (0.42, -0.25), (0.04, 0.04, 0.07)),
    thing("aspirin", "box", "white", (0.40, 0.28), (0.05, 0.09, 0.035)),
    thing("vitamin", "box", "white", (0.62, 0.28), (0.05, 0.09, 0.035)),
)
BOWL = Container(
    name="bowl", kind="bowl", colour="purple", x=0.52, y=0.18, radius=0.065, height=0.045
)
TRAY = Container(
    name="tray", kind="tray", colour="black", x=0.50, y=-0.25, size=(0.14, 0.16), height=0.01
)
SCENE = Scene(objects=OBJECTS, containers=(BOWL, TRAY), camera=scene_camera())
PRINTED = {"aspirin": "阿司匹林", "vitamin": "VITAMIN C"}


def seen_in(scene: Scene) -> dict[str, Thing]:
    poses = {"orange ball": Pose(x=BOWL.x, y=BOWL.y, z=0.004)} if scene is SCENE else None
    picture = render(scene.camera, bodies_of(scene, poses))
    things = things_in(picture, picture.image(), None)
    named: dict[str, Thing] = {}
    for one in (*scene.objects, *scene.containers):
        holds = isinstance(one, Container)
        named[one.name] = min(
            (thing for thing in things if thing.graspable != holds),
            key=lambda thing: math.dist(thing.segment.position[:2], (one.x, one.y)),
        )
    return named


_SEEN = seen_in(SCENE)
SEEN = {name: replace(one, text=PRINTED.get(name, "")) for name, one in _SEEN.items()}
THINGS = list(SEEN.values())


def meant(phrase: str) -> set[str]:
    found = refer(phrase, THINGS)
    return {name for name, one in SEEN.items() if one in found.things}


@pytest.mark.parametrize("seed", range(4))
def test_every_thing_of_a_scene_is_named_by_kind_and_colour(seed: int) -> None:
    scene = make_scene(seed)
    named = seen_in(scene)
    for one in (*scene.objects, *scene.containers):
        assert (named[one.name].kind, named[one.name].colour) == (one.kind, one.colour)


@pytest.mark.parametrize(
    ("phrase", "name"),
    [
        ("the blue cube", "blue cube"),
        ("蓝色的球", "blue ball"),
        ("藍色的球", "blue ball"),
        ("ＴＨＥ　ＢＬＵＥ　ＣＵＢＥ！", "blue cube"),
        ("the largest red cube", "big red"),
        ("最小的方块", "small red"),
        ("the small red cube", "small red"),
        ("the second largest cube", "blue cube"),
        ("the tallest object", "can"),
        ("the yellow can, please", "can"),
        ("the leftmost cube", "big red"),
        ("右边的红色方块", "small red"),
        ("the second cube from the left", "blue cube"),
        ("左边第二个方块", "blue cube"),
        ("the aspirin", "aspirin"),
        ("阿司匹林", "aspirin"),
        ("the asprin", "aspirin"),
        ("维生素C", "vitamin"),
        ("the vitamin box", "vitamin"),
        ("写着阿司匹林的盒子", "aspirin"),
        ("the thing in the bowl", "orange ball"),
        ("碗里的球", "orange ball"),
        ("the bowl with the ball", "bowl"),
        ("the ball nearest to the bowl", "green ball"),
        ("the closest ball to the bowl", "green ball"),
        ("离碗最近的球", "green ball"),
        ("托盘和碗之间的球", "green ball"),
        ("the ball between the tray and the bowl", "green ball"),
        ("the yellow thing behind the tray", "can"),
        ("绿色球后面的球", "blue ball"),
        ("前面的白色盒子", "vitamin"),
        ("the cube that isn't red", "blue cube"),
        ("不是红色的方块", "blue cube"),
        ("the purple one", "bowl"),
    ],
)
def test_a_phrase_means_one_thing(phrase: str, name: str) -> None:
    assert meant(phrase) == {name}


@pytest.mark.parametrize(
    ("phrase", "names"),
    [
        ("the red cube", {"big red", "small red"}),
        ("the white box", {"aspirin", "vitamin"}),
        ("the ball that is not in the bowl", {"blue ball", "green ball"}),
        ("不在碗里的球", {"blue ball", "green ball"}),
        ("one of the red cubes", {"big red", "small red"}),
        ("第二个球", {"blue ball", "green ball", "orange ball"}),
    ],
)
def test_what_cannot_be_told_apart_is_all_returned(phrase: str, names: set[str]) -> None:
    assert meant(phrase) == names
    assert not refer(phrase, THINGS).plural


@pytest.mark.parametrize(
    ("phrase", "names"),
    [
        ("all the cubes", {"big red", "small red", "blue cube"}),
        ("the two red cubes", {"big red", "small red"}),
        ("所有的球", {"blue ball", "green ball", "orange ball"}),
        ("两个红色方块", {"big red", "small red"}),
        ("blue and green balls", {"blue ball", "green ball"}),
        ("all the cubes except the red ones", {"blue cube"}),
    ],
)
def test_all_of_several_may_be_meant(phrase: str, names: set[str]) -> None:
    assert meant(phrase) == names
    assert refer(phrase, THINGS).plural


@pytest.mark.parametrize(
    "phrase",
    [
        "the red ball",
        "the striped cube",
        "the light blue ball",
        "the ibuprofen",
        "the vitamin B box",
        "地球",
        "红酒",
        "三个红色方块",
        "the cube in the bowl",
    ],
)
def test_nothing_is_guessed_where_nothing_fits(phrase: str) -> None:
    assert meant(phrase) == set()


@pytest.mark.parametrize("phrase", ["the dog", "狗", "", "?!", "the", "banana"])
def test_a_phrase_without_a_known_word_is_not_understood(phrase: str) -> None:
    assert not refer(phrase, THINGS).understood


@given(st.text(max_size=40))
def test_any_text_is_answered(phrase: str) -> None:
    refer(phrase, THINGS)


def test_it_is_what_was_spoken_of_and_the_other_is_not() -> None:
    spoken = [SEEN["big red"]]
    assert refer("it", THINGS, spoken=spoken).things == (SEEN["big red"],)
    assert refer("the other red cube", THINGS, spoken=spoken).things == (SEEN["small red"],)


def test_a_container_may_be_meant_where_no_shape_is_said() -> None:
    assert refer("the black one", THINGS, containers=True).things == (SEEN["tray"],)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_words_that_tell_things_apart_are_understood(language: str) -> None:
    alike = [one for one in THINGS if one.kind in ("cube", "ball")]
    for one, words in zip(alike, told_apart(alike, language), strict=True):
        assert refer(words, THINGS).things == (one,)


def test_things_are_named_in_both_languages() -> None:
    assert SEEN["blue ball"].name("en") == "blue ball"
    assert SEEN["blue ball"].name("zh") == "蓝色球"
    assert SEEN["aspirin"].name("zh") == "“阿司匹林”药盒"


def test_a_detection_is_bound_to_its_picture() -> None:
    found = detection_of(SEEN["aspirin"], "img_2", "en")
    assert found.text == "阿司匹林"
    assert found.point is not None
    assert found.point.image == "img_2"


@pytest.mark.slow
def test_labels_are_read_whichever_way_boxes_lie() -> None:
    reader = RapidReader()
    for seed in range(3):
        scene = make_scene(seed)
        picture = render(scene.camera, bodies_of(scene))
        texts = {one.text for one in things_in(picture, picture.image(), reader) if one.text}
        assert texts == {one.label for one in scene.objects if one.label}
