"""Plans of floors and ways drawn on them: what is to be seen, and where."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import combinations, pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageColor

from deixis.tools.maps import (
    XY,
    Area,
    Door,
    Floor,
    IndoorMap,
    MapError,
    Place,
    Ride,
    Router,
    Space,
    Walk,
    Way,
    draw_floor,
    draw_route,
    load_map,
)
from deixis.tools.maps._plan_labels import Placer, Wanted, drawable, whole
from deixis.tools.maps._plan_paint import END, ROUTE, START
from deixis.tools.maps._plan_view import (
    Rect,
    View,
    along,
    bounds,
    crosses,
    grown,
    inside,
    level_angle,
    meet,
    shared,
    view_of,
)
from deixis.vision import CachedReader, RapidReader, load_image
from tests.tools.maps.random_maps import moved

HOSPITAL = Path(__file__).parents[3] / "examples" / "maps" / "hospital"

numbers = st.floats(-500, 500)
points = st.tuples(numbers, numbers)


@pytest.fixture(scope="module")
def hospital() -> IndoorMap:
    return load_map(HOSPITAL)


@pytest.fixture(scope="module")
def way_to(hospital: IndoorMap) -> Callable[[str], Way]:
    router = Router(hospital)
    start = hospital.main_entrance
    assert start is not None

    def find(name: str) -> Way:
        end = next(place for place in hospital.places if place.names["en"] == name)
        return router.way(start, end)

    return find


def box(left: float, bottom: float, right: float, top: float) -> Area:
    return Area(exterior=((left, bottom), (right, bottom), (right, top), (left, top)))


def hut(name: str = "Ward", *, wide: float = 12) -> IndoorMap:
    """One corridor with one room behind it."""
    names = {"en": name}
    return IndoorMap(
        names={"en": "Hut"},
        origin=(113.35, 29.86),
        floors=(Floor(id="f", ordinal=0, short_name="1F", outlines=(box(0, 0, wide, 10),)),),
        spaces=(
            Space(id="c", floor="f", kind="walkway", category="", areas=(box(0, 0, wide, 3),)),
            Space(id="r", floor="f", kind="room", category="room", areas=(box(0, 3, wide, 10),)),
        ),
        doors=(
            Door(id="d", floor="f", line=((5, 3), (6, 3)), spaces=("c", "r")),
            Door(id="e", floor="f", line=((0, 1), (0, 2)), spaces=("c",), entrance=True),
        ),
        places=(
            Place(id="r", kind="room", floor="f", space="r", at=(wide / 2, 6.5), names=names),
            Place(id="e", kind="entrance", floor="f", space="c", at=(0, 1.5), names={"en": "In"}),
        ),
    )  # fmt: skip


def way_in(map_: IndoorMap) -> Way:
    line = ((0.0, 1.5), (5.5, 1.5), map_.place("r").at)
    length = sum(math.dist(a, b) for a, b in pairwise(line))
    walk = Walk(floor="f", points=line, doors=("d",), length_m=length)
    return Way(
        start=map_.place("e"), end=map_.place("r"), legs=(walk,), distance_m=length, cost=length
    )


def share_of(colour: str, image: Image.Image) -> float:
    """The share of pixels that have a colour, give and take the smoothing of edges."""
    wanted = ImageColor.getrgb(colour)
    found = (
        count
        for count, pixel in image.getcolors(image.width * image.height) or []
        if isinstance(pixel, tuple) and math.dist(pixel, wanted) < 16
    )
    return sum(found) / (image.width * image.height)


def around(image: Image.Image, at: XY, by: float) -> Image.Image:
    left, top, right, bottom = grown((at[0], at[1], at[0], at[1]), by)
    return image.crop((round(left), round(top), round(right), round(bottom)))


def test_a_way_over_two_floors_has_two_plans_one_above_the_other(
    hospital: IndoorMap, way_to: Callable[[str], Way]
) -> None:
    one = draw_floor(hospital, hospital.floors[0].id, language="en")
    both = draw_route(way_to("ENT"), hospital, language="en")
    assert both.width == one.width == 1080
    assert 2 * one.height <= both.height <= 2 * one.height + 40


def test_a_way_on_one_floor_has_one_plan(hospital: IndoorMap, way_to: Callable[[str], Way]) -> None:
    one = draw_floor(hospital, hospital.floors[0].id, language="en")
    assert draw_route(way_to("Pharmacy"), hospital, language="en").size == one.size


def test_the_line_runs_where_one_walks_from_the_circle_to_the_pin() -> None:
    map_ = hut()
    way = way_in(map_)
    image = draw_route(way, map_, language="en")
    walk = way.legs[0]
    assert isinstance(walk, Walk)
    view = view_of(map_, ["f"], width=1080, margin=64, way=walk.points)
    below = 92  # the heading
    line = [(x, y + below) for x, y in view.ring(walk.points)]
    for i in range(1, 8):
        at, _ = along(line, i / 8 * sum(math.dist(a, b) for a, b in pairwise(line)))
        assert share_of(ROUTE, around(image, at, 6)) > 0.2
    assert share_of(START, around(image, line[0], 14)) > 0.2
    assert share_of(END, around(image, (line[-1][0], line[-1][1] - 24), 14)) > 0.2


def test_a_plan_without_a_way_has_no_line_and_no_pin(hospital: IndoorMap) -> None:
    image = draw_floor(hospital, hospital.floors[2].id, language="en")
    plan = image.crop((0, 92, image.width, image.height))
    assert share_of(ROUTE, plan) == share_of(END, plan) == 0


def test_who_is_there_already_sees_a_pin_alone() -> None:
    map_ = hut()
    room = map_.place("r")
    image = draw_route(
        Way(start=room, end=room, legs=(), distance_m=0, cost=0), map_, language="en"
    )
    assert share_of(END, image) > 0
    assert share_of(ROUTE, image.crop((0, 92, *image.size))) == 0


def test_a_way_that_begins_in_a_lift_begins_on_the_floor_it_goes_to(
    hospital: IndoorMap, way_to: Callable[[str], Way]
) -> None:
    way = way_to("ENT")
    ride, walk = way.legs[-2:]
    assert isinstance(ride, Ride)
    short = replace(way, legs=(ride, walk))
    one = draw_floor(hospital, hospital.floors[3].id, language="en")
    assert draw_route(short, hospital, language="en").size == one.size


@pytest.mark.parametrize("language", ["en", "zh", "zh-Hant"])
def test_names_cover_neither_each_other_nor_the_way(
    hospital: IndoorMap,
    way_to: Callable[[str], Way],
    language: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    placers: list[Placer] = []
    place = Placer.place

    def watched(self: Placer, wanted: Wanted) -> object:
        placers.append(self)
        return place(self, wanted)

    monkeypatch.setattr(Placer, "place", watched)
    for name in ("ENT", "Pediatrics", "Pharmacy", "Orthopedics"):
        draw_route(way_to(name), hospital, language=language)
    for placer in {id(p): p for p in placers}.values():
        boxes = [label.box for label in placer.labels]
        assert len(boxes) > 15
        assert not [pair for pair in combinations(boxes, 2) if meet(*pair)]
        assert not [b for b in boxes for line in pairwise(placer.path) if crosses(*line, b)]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", {"1F", "4F", "Main Entrance", "ENT", "Pharmacy", "Dermatology"}),
        ("zh", {"1F", "4F", "正门", "耳鼻喉科", "药房", "皮肤科", "换药室"}),
        ("zh-Hant", {"4F", "正門", "藥房", "換藥室"}),
    ],
)
def test_a_reader_reads_the_names_on_the_picture(
    hospital: IndoorMap, way_to: Callable[[str], Way], language: str, expected: set[str]
) -> None:
    picture = load_image(draw_route(way_to("ENT"), hospital, language=language))
    lines = CachedReader(RapidReader()).read(picture).lines
    assert expected <= {line.text.strip() for line in lines}


def test_a_floor_that_isnt_there_is_told() -> None:
    with pytest.raises(MapError, match="no floor 'attic'"):
        draw_floor(hut(), "attic", language="en")


@pytest.mark.parametrize("size", [0, 599, 1201, 100_000])
def test_a_picture_of_no_use_on_a_phone_isnt_drawn(size: int) -> None:
    with pytest.raises(MapError, match="give 600 to 1200"):
        draw_floor(hut(), "f", language="en", size=size)


@pytest.mark.parametrize("size", [600, 1200])
def test_a_picture_is_as_wide_as_asked_for(size: int) -> None:
    assert draw_floor(hut(), "f", language="en", size=size).width == size


@pytest.mark.parametrize(
    "name", ["", " ", "\u0000\u0007", "\ud800", "A" * 10_000, "长" * 5_000, "\u202eevil", "𓀀𓀁"]
)
def test_a_name_that_cant_be_written_spoils_no_picture(name: str) -> None:
    map_ = hut(name)
    assert draw_route(way_in(map_), map_, language="en").width == 1080


def test_where_no_font_has_a_script_the_english_name_stands() -> None:
    assert drawable(("\U000130a1\U000130a2", "Ward")) == "Ward"


def test_a_word_is_never_split() -> None:
    assert whole("Gastroenterology", 28, 120) is None
    assert whole("General Surgery", 28, 130) is not None


def test_one_character_is_never_left_alone_on_a_line() -> None:
    block = whole("心血管内科", 28, 70)
    assert block is None or len(block.text.split("\n")[-1]) > 1


@given(turn=st.floats(-math.pi, math.pi), floor=st.sampled_from([0, 2]))
def test_however_a_building_is_turned_its_walls_are_level(turn: float, floor: int) -> None:
    wanted = [box(0, 0, 60, 48), box(10, 10, 20, 12 + floor)]
    cos, sin = math.cos(turn), math.sin(turn)
    turned = [
        Area(exterior=tuple((x * cos - y * sin, x * sin + y * cos) for x, y in area.exterior))
        for area in wanted
    ]
    angle = level_angle(turned)
    assert -math.pi / 4 - 1e-9 <= angle <= math.pi / 4 + 1e-9
    quarter = (turn - angle) / (math.pi / 2)
    assert quarter == pytest.approx(round(quarter), abs=1e-6)


def test_a_moved_building_looks_the_same() -> None:
    here = replace(hut(), floors=(Floor(id="f", ordinal=0, short_name="1F"),))
    there = moved(here, lambda at: (at[0] + 4000, at[1] - 300))
    views = [view_of(map_, ["f"], width=1080, margin=64) for map_ in (here, there)]
    assert views[0].height == views[1].height
    for one, other in zip(here.doors[0].line, there.doors[0].line, strict=True):
        assert views[0].at(one) == pytest.approx(views[1].at(other), abs=1e-6)


@given(st.lists(points, min_size=3, max_size=20), st.integers(600, 1200))
def test_all_of_a_floor_is_within_the_picture(corners: list[XY], width: int) -> None:
    map_ = replace(
        hut(), floors=(Floor(id="f", ordinal=0, short_name="1F", outlines=(area_of(corners),)),)
    )
    view = view_of(map_, ["f"], width=width, margin=40)
    for x, y in view.ring(corners):
        assert -1 <= x <= view.width + 1
        assert -1 <= y <= view.height + 1


def area_of(corners: Iterable[XY]) -> Area:
    return Area(exterior=tuple(corners))


def test_of_a_very_large_building_what_is_around_the_way_is_shown() -> None:
    small, large = hut(wide=60), hut(wide=2000)
    line = ((0.0, 1.5), (30.0, 1.5))
    scales = [view_of(m, ["f"], width=1080, margin=64, way=line).scale for m in (small, large)]
    assert scales[1] > 0.5 * scales[0]


@given(a=points, b=points, corner=points, size=st.tuples(st.floats(1, 300), st.floats(1, 300)))
def test_a_line_crosses_a_box_where_one_of_its_points_lies_in_it(
    a: XY, b: XY, corner: XY, size: tuple[float, float]
) -> None:
    rect: Rect = (corner[0], corner[1], corner[0] + size[0], corner[1] + size[1])
    steps = [i / 200 for i in range(201)]
    spots = [(a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])) for t in steps]
    if any(rect[0] < x < rect[2] and rect[1] < y < rect[3] for x, y in spots):
        assert crosses(a, b, rect)
    if not crosses(a, b, grown(rect, 1e-6)):
        assert not any(rect[0] <= x <= rect[2] and rect[1] <= y <= rect[3] for x, y in spots)


@given(st.lists(st.tuples(points, st.floats(1, 200), st.floats(1, 200)), min_size=2, max_size=2))
def test_boxes_meet_where_they_share_an_area(boxes: list[tuple[XY, float, float]]) -> None:
    one, other = ((x, y, x + w, y + h) for (x, y), w, h in boxes)
    assert meet(one, other) == (shared(one, other) > 0)


def test_inside_a_notch_is_outside() -> None:
    ring = ((0.0, 0.0), (10.0, 0.0), (10.0, 4.0), (4.0, 4.0), (4.0, 10.0), (0.0, 10.0))
    assert inside(ring, (2, 8))
    assert not inside(ring, (8, 8))
    assert bounds(ring) == (0, 0, 10, 10)


def test_north_is_up_where_the_building_stands_square() -> None:
    view = view_of(hut(), ["f"], width=1080, margin=64)
    assert isinstance(view, View)
    (x1, y1), (x2, y2) = view.at((5, 2)), view.at((5, 8))
    assert x1 == pytest.approx(x2)
    assert y2 < y1


def test_a_crowded_floor_names_some_things_and_hides_no_walls_under_the_rest() -> None:
    rooms = [(i * 5.0, j * 4.0) for i in range(40) for j in range(10)]
    spaces = tuple(
        Space(
            id=f"s{n}", floor="f", kind="lift", category="", areas=(box(x, y, x + 5, y + 4),)
        )
        for n, (x, y) in enumerate(rooms)
    )  # fmt: skip
    places = tuple(
        Place(
            id=f"s{n}", kind="lift", floor="f", space=f"s{n}", at=(x + 2, y + 2),
            names={"en": f"A lift of a long name {n}"},
        )
        for n, (x, y) in enumerate(rooms)
    )  # fmt: skip
    floor = Floor(id="f", ordinal=0, short_name="1F", outlines=(box(0, 0, 200, 40),))
    map_ = replace(hut(), floors=(floor,), spaces=spaces, places=places, doors=())
    named = draw_floor(map_, "f", language="en")
    bare = draw_floor(replace(map_, places=()), "f", language="en")
    differ = ImageChops.difference(named, bare).convert("L").histogram()
    assert sum(differ[20:]) < 0.15 * named.width * named.height
