import math
import subprocess
import sys
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from deixis.tools.robot import ArmError, ArmLimits
from deixis.tools.robot._kinematics import HOME, solve
from deixis.tools.robot._making import KINDS, LABELS, make_scene
from deixis.tools.robot._outlines import Outline, gap, outline_of
from deixis.tools.robot._raycast import TABLE, bodies_of, render
from deixis.tools.robot._scene import Scene, SceneObject, scene_camera

seeds = st.integers(0, 2**32)
counts = st.integers(1, 8)
spacings = st.sampled_from([0.03, 0.04, 0.05, 0.06, 0.07, 0.08, 0.09])
places = st.floats(-0.2, 0.2)
scenes = st.builds(make_scene, seeds, objects=counts, spacing=spacings)


@settings(max_examples=60, deadline=None)
@given(seeds, counts, spacings)
def test_nothing_overlaps_and_objects_keep_their_distance(
    seed: int, objects: int, spacing: float
) -> None:
    scene = make_scene(seed, objects=objects, spacing=spacing)

    for a, b in combinations(scene.objects, 2):
        assert math.hypot(a.x - b.x, a.y - b.y) >= spacing
        assert gap(outline_of(a), outline_of(b)) >= max(0.01, spacing - 0.04)
    for holder in scene.containers:
        others = [*scene.objects, *(each for each in scene.containers if each != holder)]
        assert all(gap(outline_of(holder), outline_of(other)) >= 0.03 for other in others)


@settings(max_examples=40, deadline=None)
@given(scenes)
def test_everything_is_on_the_table_and_in_the_picture(scene: Scene) -> None:
    (x1, y1), (x2, y2) = TABLE
    heights = {thing.name: thing.size[2] for thing in scene.objects}
    heights |= {holder.name: holder.height for holder in scene.containers}
    for thing in (*scene.objects, *scene.containers):
        low, high = outline_of(thing).bounds
        assert x1 < low[0] < high[0] < x2
        assert y1 < low[1] < high[1] < y2
        corners = [
            (x, y, z)
            for x in (low[0], high[0])
            for y in (low[1], high[1])
            for z in (0, heights[thing.name])
        ]
        seen = scene.camera.project(corners)[:, :2]
        assert (seen >= 10).all()
        assert (seen <= np.array(scene.camera.size) - 10).all()


@settings(max_examples=25, deadline=None)
@given(scenes)
def test_everything_can_be_reached_from_above(scene: Scene) -> None:
    limits = ArmLimits()
    for thing in (*scene.objects, *scene.containers):
        for z in (0.012, 0.25):
            limits.check((thing.x, thing.y, z))
            solve((thing.x, thing.y, z), 0.0, start=HOME)


@settings(max_examples=40, deadline=None)
@given(scenes)
def test_everything_fits_between_the_fingers(scene: Scene) -> None:
    assert all(min(thing.size[:2]) <= 0.055 for thing in scene.objects)
    assert all(0.03 <= thing.size[2] <= 0.06 for thing in scene.objects)


@settings(max_examples=40, deadline=None)
@given(seeds)
def test_the_same_seed_makes_the_same_scene_and_another_another(seed: int) -> None:
    assert make_scene(seed) == make_scene(seed)
    assert make_scene(seed).objects != make_scene(seed + 1).objects


def test_a_scene_is_the_same_in_every_process() -> None:
    asked = "from deixis.tools.robot._making import make_scene; print(make_scene(11))"
    told = subprocess.run([sys.executable, "-c", asked], capture_output=True, check=True)
    assert told.stdout.decode().strip() == str(make_scene(11))


@settings(max_examples=40, deadline=None)
@given(scenes)
def test_names_say_colour_kind_and_number(scene: Scene) -> None:
    names = [thing.name for thing in scene.objects]
    assert len(set(names)) == len(names)
    for thing in scene.objects:
        assert thing.name.startswith(f"{thing.colour}_{thing.kind}_")


@settings(max_examples=40, deadline=None)
@given(seeds)
def test_a_scene_has_a_red_cube_all_kinds_and_containers_of_distinct_colours(seed: int) -> None:
    scene = make_scene(seed)

    assert scene.objects[0].name == "red_cube_1"
    assert {thing.kind for thing in scene.objects} == set(KINDS)
    holders = [holder.colour for holder in scene.containers]
    assert len(set(holders)) == len(holders)
    for kind in ("bowl", "tray"):
        assert sum(holder.kind == kind for holder in scene.containers) in {1, 2}


def test_seed_3_has_one_red_cube_and_one_bowl_for_the_example() -> None:
    scene = make_scene(3)

    red = [thing for thing in scene.objects if (thing.colour, thing.kind) == ("red", "cube")]
    assert len(red) == 1
    assert [holder.kind for holder in scene.containers].count("bowl") == 1


def test_two_of_one_kind_and_colour_are_there_at_times() -> None:
    twice = 0
    for seed in range(100):
        looks = [(thing.kind, thing.colour) for thing in make_scene(seed).objects]
        twice += len(set(looks)) < len(looks)
    assert 5 < twice < 50


@settings(max_examples=40, deadline=None)
@given(scenes)
def test_only_boxes_are_labelled_each_with_another_medicine(scene: Scene) -> None:
    labels = [thing.label for thing in scene.objects if thing.kind == "box"]
    medicines = [i for label in labels for i, names in enumerate(LABELS) if label in names]

    assert all(thing.label is None for thing in scene.objects if thing.kind != "box")
    assert len(medicines) == len(labels)
    assert len(set(medicines)) == len(medicines)


def test_labels_are_in_chinese_and_in_english() -> None:
    made = [thing.label for seed in range(30) for thing in make_scene(seed).objects if thing.label]
    assert any(label.isascii() for label in made)
    assert any(not label.isascii() for label in made)


@settings(max_examples=40, deadline=None)
@given(scenes)
def test_labels_run_to_the_right_in_the_picture_within_35_degrees(scene: Scene) -> None:
    for thing in scene.objects:
        if thing.label is None:
            continue
        along = np.array([math.cos(thing.yaw), math.sin(thing.yaw), 0]) * thing.size[0] / 2
        middle = np.array([thing.x, thing.y, thing.size[2]])
        start, end = scene.camera.project([middle - along, middle + along])[:, :2]
        across, down = end - start
        assert across > 0
        assert abs(math.degrees(math.atan2(down, across))) <= 35


def test_boxes_can_be_blank() -> None:
    assert all(thing.label is None for thing in make_scene(0, labels=False).objects)


def test_the_number_of_containers_can_be_asked_for() -> None:
    kinds = [holder.kind for holder in make_scene(5, bowls=2, trays=0).containers]
    assert kinds == ["bowl", "bowl"]
    assert make_scene(5, objects=0, bowls=0, trays=0).containers == ()


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 500))
def test_of_every_thing_the_greater_part_of_its_top_is_seen(seed: int) -> None:
    scene = make_scene(seed)
    picture = render(scene.camera, bodies_of(scene), size=(640, 480))
    for thing in scene.objects:
        height = thing.size[2]
        turn = np.linspace(0, 2 * math.pi, 16)
        ring = np.stack([np.cos(turn), np.sin(turn), 0 * turn], axis=1) * min(thing.size) * 0.3
        if thing.kind == "ball":
            ring[:, 2] = math.sqrt(0.25 - 0.09) * height - height / 2
        x, y, depth = picture.camera.project(np.add(ring, (thing.x, thing.y, height))).T
        seen = picture.depth[y.astype(int), x.astype(int)] > depth - 0.004
        assert seen.mean() > 0.5


def test_a_table_too_full_is_refused_with_how_to_mend_it() -> None:
    with pytest.raises(ArmError, match="fewer, or closer together"):
        make_scene(0, objects=20, spacing=0.2)


@pytest.mark.parametrize(
    "asked",
    [
        {"objects": -1},
        {"objects": 21},
        {"spacing": -0.1},
        {"spacing": math.nan},
        {"spacing": 7.0},
        {"bowls": 4},
        {"trays": -1},
    ],
)
def test_what_makes_no_sense_is_refused(asked: dict[str, float]) -> None:
    with pytest.raises(ArmError):
        make_scene(0, **asked)  # pyright: ignore[reportArgumentType]


def test_a_negative_seed_is_refused() -> None:
    with pytest.raises(ArmError, match="seed"):
        make_scene(-1)


def test_names_are_unique_in_scenes_made_by_hand_too() -> None:
    cube = SceneObject(name="a", kind="cube", colour="red", size=(0.04, 0.04, 0.04), x=0.5, y=0)
    with pytest.raises(ValidationError, match="a name of its own"):
        Scene(objects=(cube, cube), camera=scene_camera())


outlines = st.one_of(
    st.builds(Outline, x=places, y=places, radius=st.floats(0.01, 0.1)),
    st.builds(
        Outline,
        x=places,
        y=places,
        half=st.tuples(st.floats(0.01, 0.1), st.floats(0.01, 0.1)),
        yaw=st.floats(-4, 4),
    ),
)


@settings(max_examples=100, deadline=None)
@given(outlines, outlines)
def test_a_gap_is_the_least_distance_between_two_outlines(a: Outline, b: Outline) -> None:
    least = min(
        math.dist(p, q) for p in edge_points(a, 60) for q in edge_points(b, 60)
    )  # of points on the edges, at most a step farther apart
    apart = gap(a, b)
    assert apart == pytest.approx(gap(b, a))
    if apart > 0:
        assert apart <= least + 1e-9
        assert least <= apart + 0.02
    else:
        assert (
            any(inside(a, p) for p in filled(b))
            or any(inside(b, p) for p in filled(a))
            or (apart > -0.02)
        )


def test_rectangles_that_cross_overlap() -> None:
    a = Outline(x=0, y=0, half=(0.05, 0.01))
    b = Outline(x=0, y=0, half=(0.05, 0.01), yaw=math.pi / 2)
    assert gap(a, b) < 0


def edge_points(outline: Outline, count: int) -> list[tuple[float, float]]:
    if outline.radius:
        turns = (2 * math.pi * i / count for i in range(count))
        r = outline.radius
        return [(outline.x + r * math.cos(t), outline.y + r * math.sin(t)) for t in turns]
    corners = outline.corners
    sides = zip(corners, (*corners[1:], corners[0]), strict=True)
    return [
        (p[0] + (q[0] - p[0]) * i * 4 / count, p[1] + (q[1] - p[1]) * i * 4 / count)
        for p, q in sides
        for i in range(count // 4)
    ]


def filled(outline: Outline) -> list[tuple[float, float]]:
    """Points all over an outline."""
    edge = edge_points(outline, 60)
    return [
        (outline.x + (x - outline.x) * share, outline.y + (y - outline.y) * share)
        for x, y in edge
        for share in (0.0, 0.25, 0.5, 0.75, 1.0)
    ]


def inside(outline: Outline, point: tuple[float, float]) -> bool:
    dx, dy = point[0] - outline.x, point[1] - outline.y
    if outline.radius:
        return math.hypot(dx, dy) <= outline.radius
    c, s = math.cos(outline.yaw), math.sin(outline.yaw)
    u, v = c * dx + s * dy, c * dy - s * dx
    return abs(u) <= outline.half[0] and abs(v) <= outline.half[1]
