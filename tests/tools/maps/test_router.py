"""Ways through buildings: the best there are, and why there is none."""

from __future__ import annotations

import math
import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deixis.tools.maps._directions import describe
from deixis.tools.maps._map import (
    XY,
    Area,
    Connector,
    Floor,
    IndoorMap,
    MapError,
    Place,
    Ring,
)
from deixis.tools.maps._router import RouteCosts, RouteOptions, Router
from deixis.tools.maps._way import Ride, Walk, Way
from tests.tools.maps.plans import box, clinic, door, place, space
from tests.tools.maps.random_maps import (
    cells,
    cheapest,
    in_rectangles,
    moved,
    on_squares,
    plazas,
    scribbles,
    straightest,
)

SEEDS = st.integers(0, 10**6)
CHOICES = st.randoms(use_true_random=False)


def found(map_: IndoorMap, start: Place, end: Place, options: RouteOptions) -> Way | None:
    try:
        return Router(map_).way(start, end, options)
    except MapError:
        return None


def two(map_: IndoorMap, chance: random.Random) -> tuple[Place, Place]:
    first, second = chance.sample(map_.places, 2)
    return first, second


def on_the_line(way: Way, step: float = 0.1) -> list[tuple[str, XY]]:
    """Points all along the walks, with their floors."""
    points: list[tuple[str, XY]] = []
    for leg in way.legs:
        if isinstance(leg, Walk):
            for (x1, y1), (x2, y2) in pairwise(leg.points):
                count = max(1, math.ceil(math.dist((x1, y1), (x2, y2)) / step))
                shares = [n / count for n in range(count + 1)]
                points += [(leg.floor, (x1 + (x2 - x1) * s, y1 + (y2 - y1) * s)) for s in shares]
    return points


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(SEEDS, CHOICES, st.booleans())
def test_no_way_is_better_than_the_routers(
    seed: int, chance: random.Random, step_free: bool
) -> None:
    map_ = cells(seed)
    start, end = two(map_, chance)
    way = found(map_, start, end, RouteOptions(step_free=step_free))
    best = cheapest(map_, start, end, step_free=step_free)
    assert (way.cost if way else math.inf) == pytest.approx(best, abs=1e-3)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(SEEDS, CHOICES, st.booleans())
def test_what_is_to_be_avoided_costs_no_more_than_it_must(
    seed: int, chance: random.Random, step_free: bool
) -> None:
    map_ = cells(seed)
    start, end = two(map_, chance)
    things = [one.id for one in (*map_.connectors, *map_.doors, *map_.spaces)]
    avoid = tuple(chance.sample(things, 3))
    if start.space in avoid:
        return
    way = found(map_, start, end, RouteOptions(step_free=step_free, avoid=avoid))
    best = cheapest(map_, start, end, step_free=step_free, avoid=avoid)
    assert (way.cost if way else math.inf) == pytest.approx(best, abs=1e-3)


@settings(max_examples=25, deadline=None)
@given(SEEDS, CHOICES)
def test_a_step_free_way_has_no_steps(seed: int, chance: random.Random) -> None:
    map_ = cells(seed)
    start, end = two(map_, chance)
    way = found(map_, start, end, RouteOptions(step_free=True))
    for leg in way.legs if way else ():
        if isinstance(leg, Ride):
            assert map_.connector(leg.connector).kind == "lift"
        else:
            assert all(map_.door(id_).step_free for id_ in leg.doors)
    for floor, point in on_the_line(way) if way else []:
        steps = [s for s in map_.on_floor(floor) if s.kind == "steps"]
        assert not in_rectangles(steps, point, leeway=-0.01)


@settings(max_examples=25, deadline=None)
@given(SEEDS, CHOICES)
def test_an_avoided_lift_is_not_taken(seed: int, chance: random.Random) -> None:
    map_ = cells(seed)
    start, end = two(map_, chance)
    shaft = chance.choice(map_.connectors)
    way = found(map_, start, end, RouteOptions(avoid=(shaft.id,)))
    taken = {leg.connector for leg in way.legs if isinstance(leg, Ride)} if way else set[str]()
    assert shaft.id not in taken


@settings(max_examples=25, deadline=None)
@given(SEEDS, CHOICES)
def test_one_walks_within_walls_and_through_doors(seed: int, chance: random.Random) -> None:
    map_ = cells(seed)
    start, end = two(map_, chance)
    way = found(map_, start, end, RouteOptions())
    for floor, point in on_the_line(way) if way else []:
        spaces = [s for s in map_.on_floor(floor) if s.kind != "closed" or s.id == start.space]
        doors = [d for d in map_.doors if d.floor == floor]
        near = any(math.dist(point, _middle(d.line)) < 0.6 for d in doors)
        assert near or in_rectangles(spaces, point, leeway=0.03)


@settings(max_examples=25, deadline=None)
@given(SEEDS, CHOICES)
def test_the_way_back_is_as_long(seed: int, chance: random.Random) -> None:
    map_ = cells(seed)
    both = tuple(replace(one, direction="both") for one in map_.connectors)
    map_ = replace(map_, connectors=both)
    start, end = two(map_, chance)
    if "closed" in {map_.space(p.space or "").kind for p in (start, end)}:
        return
    there = found(map_, start, end, RouteOptions())
    back = found(map_, end, start, RouteOptions())
    assert (there is None) == (back is None)
    if there and back:
        assert back.cost == pytest.approx(there.cost, abs=1e-6)


@settings(max_examples=25, deadline=None)
@given(SEEDS, CHOICES, st.floats(-math.pi, math.pi), st.floats(-200, 200))
def test_where_a_building_stands_changes_nothing(
    seed: int, chance: random.Random, turned: float, shift: float
) -> None:
    def move(at: XY) -> XY:
        c, s = math.cos(turned), math.sin(turned)
        return (at[0] * c - at[1] * s + shift, at[0] * s + at[1] * c - shift)

    map_ = cells(seed)
    start, end = two(map_, chance)
    elsewhere = moved(map_, move)
    here = found(map_, start, end, RouteOptions())
    there = found(elsewhere, elsewhere.place(start.id), elsewhere.place(end.id), RouteOptions())
    assert (here.cost if here else math.inf) == pytest.approx(
        there.cost if there else math.inf, abs=0.01
    )


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(SEEDS)
def test_across_a_hall_the_line_is_the_straightest(seed: int) -> None:
    map_, squares = plazas(seed)
    start, end = map_.places
    way = Router(map_).way(start, end)
    assert way.cost == pytest.approx(straightest(squares, start.at, end.at), abs=0.02)
    assert all(on_squares(squares, point, 0.03) for _, point in on_the_line(way, 0.05))


@settings(max_examples=25, deadline=None)
@given(SEEDS)
def test_keeping_off_the_corners_costs_little(seed: int) -> None:
    map_, _ = plazas(seed)
    start, end = map_.places
    way = Router(map_).way(start, end)
    corners = sum(len(leg.points) - 2 for leg in way.legs if isinstance(leg, Walk))
    assert way.cost - 1e-6 <= way.distance_m <= way.cost + 0.6 * corners + 1e-6


@settings(max_examples=40, deadline=None)
@given(SEEDS, CHOICES, st.booleans())
def test_whatever_is_drawn_there_is_a_way_or_a_reason(
    seed: int, chance: random.Random, step_free: bool
) -> None:
    map_ = scribbles(seed)
    start, end = two(map_, chance)
    router = Router(map_)
    assert all(isinstance(warning, str) for warning in router.warnings)
    try:
        way = router.way(start, end, RouteOptions(step_free=step_free))
    except MapError:
        return
    route = describe(way, map_, language="zh")
    assert route.distance_m == pytest.approx(way.distance_m, abs=0.051)
    assert route.step_free or not step_free


def test_going_through_a_room_is_worth_a_detour_of_thirty_metres() -> None:
    map_ = clinic()
    way = Router(map_).way(map_.place("2F/waiting area"), map_.place("2F/allergy"))
    assert way.cost == pytest.approx(6)
    through = Router(map_).way(map_.place("2F/ent"), map_.place("2F/allergy"))
    assert through.cost == pytest.approx(through.distance_m + 30)
    free = Router(map_, RouteCosts(room_through_m=0))
    assert free.way(map_.place("2F/ent"), map_.place("2F/allergy")).cost == pytest.approx(
        through.distance_m
    )


def test_one_floor_up_the_stairs_are_taken_and_four_floors_up_the_lift() -> None:
    costs = RouteCosts()
    assert costs.ride("stairs", 1)[0] < costs.ride("lift", 1)[0]
    assert costs.ride("stairs", 4)[0] > costs.ride("lift", 4)[0]


def test_the_nearest_of_several_places_is_gone_to() -> None:
    map_ = clinic()
    toilets = [one for one in map_.places if one.kind == "toilet"]
    assert Router(map_).way(map_.place("2F/ward 4"), toilets).end.floor == "2F"
    assert Router(map_).way(map_.place("1F/pharmacy"), toilets).end.floor == "1F"


def test_where_one_is_no_way_is_needed() -> None:
    map_ = clinic()
    way = Router(map_).way(map_.place("2F/ent"), map_.place("2F/ent"))
    assert way.legs == ()
    assert way.distance_m == 0


def test_threads_share_a_router() -> None:
    map_ = clinic()
    router = Router(map_)
    start = map_.place("1F/main")

    def cost(end: Place) -> float:
        return router.way(start, end).cost

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(cost, map_.places)) == [cost(end) for end in map_.places]


def test_no_step_free_way_says_which_floor_has_stairs_only() -> None:
    map_ = clinic()
    stairs = tuple(one for one in map_.connectors if one.kind == "stairs")
    map_ = replace(map_, connectors=stairs)
    with pytest.raises(MapError, match=r"no step-free way from Main Entrance \(1F\) to ENT "
                       r"\(2F\): 2F is reached by stairs only"):  # fmt: skip
        Router(map_).way(map_.place("1F/main"), map_.place("2F/ent"), RouteOptions(step_free=True))


def test_the_one_way_there_is_told_when_it_is_to_be_avoided() -> None:
    map_ = clinic()
    options = RouteOptions(step_free=True, avoid=("lift-b",))
    with pytest.raises(MapError, match="without Lift B"):
        Router(map_).way(map_.place("1F/main"), map_.place("2F/ent"), options)


def test_a_closed_place_is_no_destination() -> None:
    map_ = clinic()
    closed = tuple(replace(one, kind="closed") if one.id == "1F/S4" else one for one in map_.spaces)
    map_ = replace(map_, spaces=closed)
    with pytest.raises(MapError, match=r"Staff Room \(1F\) is closed to the public"):
        Router(map_).way(map_.place("1F/main"), map_.place("1F/staff room"))


def test_nothing_leads_through_a_closed_space() -> None:
    map_ = clinic()
    closed = tuple(replace(one, kind="closed") if one.id == "2F/N2" else one for one in map_.spaces)
    map_ = replace(map_, spaces=closed)
    with pytest.raises(MapError, match=r"no way from ENT \(2F\) to Allergy \(2F\)"):
        Router(map_).way(map_.place("2F/ent"), map_.place("2F/allergy"))


def test_a_floor_that_nothing_reaches_is_named() -> None:
    map_ = replace(clinic(), connectors=())
    with pytest.raises(MapError, match="no lift or stairs of the map reaches 2F"):
        Router(map_).way(map_.place("1F/main"), map_.place("2F/ent"))


def test_a_room_without_doors_is_entered_over_its_longest_border_and_that_is_told() -> None:
    map_ = clinic()
    doors = tuple(one for one in map_.doors if one.id != "1F/N0-door")
    router = Router(replace(map_, doors=doors))
    assert router.warnings == (
        "Pharmacy (1F/N0) has no door: it is entered at the middle of its border",
    )
    way = router.way(map_.place("1F/main"), map_.place("1F/pharmacy"))
    walk = way.legs[-1]
    assert isinstance(walk, Walk)
    assert any(math.dist(point, (4, 3)) < 0.01 for point in walk.points)


def test_a_room_that_borders_nothing_is_told() -> None:
    map_ = clinic()
    island = space("1F/island", "room", box(100, 100, 110, 110), en="Island")
    hut = place("1F/hut", "room", "1F/island", (105, 105), en="Hut")
    map_ = replace(map_, spaces=(*map_.spaces, island), places=(*map_.places, hut))
    router = Router(map_)
    assert any("Island" in warning for warning in router.warnings)
    with pytest.raises(MapError, match=r"no door of the map leads to Hut \(1F\)"):
        router.way(map_.place("1F/main"), hut)


def test_corridors_a_hands_breadth_apart_are_one() -> None:
    map_ = clinic()
    annexe = space("1F/annexe", "walkway", box(10, -16, 30, -6.09))
    kiosk = place("1F/kiosk", "amenity", "1F/annexe", (12, -15), en="Kiosk")
    map_ = replace(map_, spaces=(*map_.spaces, annexe), places=(*map_.places, kiosk))
    assert Router(map_).way(map_.place("1F/desk"), kiosk).distance_m < 15


def test_corridors_that_touch_at_a_corner_alone_are_apart() -> None:
    map_ = clinic()
    annexe = space("1F/annexe", "walkway", box(24, -16, 34, -6))
    kiosk = place("1F/kiosk", "amenity", "1F/annexe", (30, -10), en="Kiosk")
    map_ = replace(map_, spaces=(*map_.spaces, annexe), places=(*map_.places, kiosk))
    with pytest.raises(MapError, match="no way"):
        Router(map_).way(map_.place("1F/desk"), kiosk)


def test_a_door_across_a_corridor_is_the_only_way_through_its_wall() -> None:
    map_ = clinic()
    annexe = space("1F/annexe", "walkway", box(16, -16, 24, -6))
    gate = door("1F/gate", ((22, -6), (23, -6)), "1F/S2", "1F/annexe")
    kiosk = place("1F/kiosk", "amenity", "1F/annexe", (17, -9), en="Kiosk")
    map_ = replace(
        map_,
        spaces=(*map_.spaces, annexe),
        doors=(*map_.doors, gate),
        places=(*map_.places, kiosk),
    )
    router = Router(map_)
    way = router.way(map_.place("1F/desk"), kiosk)
    assert isinstance(way.legs[0], Walk)
    assert way.legs[0].doors == ("1F/gate",)
    with pytest.raises(MapError, match="without door 1F/gate"):
        router.way(map_.place("1F/desk"), kiosk, RouteOptions(avoid=("1F/gate",)))


def test_a_door_far_from_its_room_is_left_out_and_told() -> None:
    map_ = clinic()
    far = tuple(
        replace(one, line=((80, 1), (80, 2))) if one.id == "1F/N0-door" else one
        for one in map_.doors
    )
    assert Router(replace(map_, doors=far)).warnings == (
        "door 1F/N0-door lies 72.0 m from Pharmacy (1F/N0): left out",
    )


def hall_with(*pillars: Ring, half: float = 10.0) -> IndoorMap:
    """A square hall around pillars, with places to the west and the east of its middle."""
    walls = ((-half, -half), (half, -half), (half, half), (-half, half))
    hall = space("1F/hall", "walkway", (Area(exterior=walls, holes=pillars),))
    places = tuple(
        place(f"1F/{name}", "amenity", hall.id, (x, 0), en=name)
        for name, x in (("West", -8), ("East", 8))
    )
    floors = (Floor(id="1F", ordinal=0, short_name="1F"),)
    return IndoorMap(names={}, origin=(0, 0), floors=floors, spaces=(hall,), places=places)


def ring(radius: float, corners: int) -> Ring:
    angles = [math.tau * n / corners for n in range(corners)]
    return tuple((radius * math.cos(a), radius * math.sin(a)) for a in angles)


@pytest.mark.parametrize("corners", [16, 100, 1000])
def test_a_round_pillar_is_walked_around(corners: int) -> None:
    map_ = hall_with(ring(3, corners))
    way = Router(map_).way(map_.place("1F/West"), map_.place("1F/East"))
    tangents = 2 * math.sqrt(8**2 - 3**2)
    assert way.cost == pytest.approx(tangents + 3 * (math.pi - 2 * math.acos(3 / 8)), abs=0.05)


def test_walls_of_too_many_corners_are_told_and_not_computed_for_hours() -> None:
    pillars = [
        box(x, y, x + 1, y + 1)[0].exterior for x in range(-50, 50, 4) for y in range(-52, 52, 4)
    ]
    map_ = hall_with(*pillars, half=60)
    with pytest.raises(MapError, match="corners: draw its walls with at most 2500"):
        Router(map_).way(map_.place("1F/West"), map_.place("1F/East"))


def test_steps_that_lie_over_a_corridor_are_kept_off_by_wheelchairs() -> None:
    map_ = clinic()
    steps = space("1F/steps", "steps", box(16, -0.5, 24, 3.5))
    map_ = replace(map_, spaces=(*map_.spaces, steps))
    router = Router(map_)
    start, end = map_.place("1F/pharmacy"), map_.place("1F/laboratory")
    assert router.way(start, end).distance_m < 35
    with pytest.raises(MapError, match="steps, or a door that a wheelchair doesn't pass"):
        router.way(start, end, RouteOptions(step_free=True))


def test_a_lift_is_not_a_corridor_between_its_two_doors() -> None:
    map_ = clinic()
    annexe = space("1F/annexe", "walkway", box(42, 0, 50, 3))
    back = door("1F/back", ((42, 1), (42, 2)), "1F/lift", "1F/annexe")
    kiosk = place("1F/kiosk", "amenity", "1F/annexe", (47, 1), en="Kiosk")
    map_ = replace(
        map_,
        spaces=(*map_.spaces, annexe),
        doors=(*map_.doors, back),
        places=(*map_.places, kiosk),
    )
    down = Router(map_).way(map_.place("2F/ent"), kiosk)
    assert [leg.connector for leg in down.legs if isinstance(leg, Ride)] == ["lift-b"]
    across = Router(replace(map_, connectors=()))
    with pytest.raises(MapError, match="no way"):
        across.way(map_.place("1F/desk"), kiosk)


def test_a_lift_does_not_stop_where_its_space_is_closed() -> None:
    map_ = clinic()
    closed = tuple(
        replace(one, kind="closed") if one.id == "2F/lift" else one for one in map_.spaces
    )
    map_ = replace(map_, spaces=closed)
    way = Router(map_).way(map_.place("1F/laboratory"), map_.place("2F/ward 5"))
    assert [leg.connector for leg in way.legs if isinstance(leg, Ride)] == ["stairs"]


def test_an_escalator_goes_one_way() -> None:
    map_ = clinic()
    lift, stairs = map_.connectors
    up = Connector(id="up", kind="escalator", spaces=lift.spaces, direction="up")
    map_ = replace(map_, connectors=(up, stairs))
    router = Router(map_)
    below, above = map_.place("1F/laboratory"), map_.place("2F/ward 5")
    there, back = router.way(below, above), router.way(above, below)
    assert [leg.connector for leg in there.legs if isinstance(leg, Ride)] == ["up"]
    assert [leg.connector for leg in back.legs if isinstance(leg, Ride)] == ["stairs"]


def test_a_place_of_another_map_is_refused() -> None:
    map_ = clinic()
    stranger = place("1F/stranger", "room", "1F/N0", (1, 1), en="Stranger")
    with pytest.raises(MapError, match="no place '1F/stranger'"):
        Router(map_).way(map_.place("1F/main"), stranger)


def test_a_place_far_from_any_floor_is_named() -> None:
    map_ = clinic()
    lost = place("1F/lost", "amenity", None, (500, 500), en="Lost Property")
    map_ = replace(map_, places=(*map_.places, lost))
    with pytest.raises(MapError, match=r"Lost Property \(1F/lost\) is not on ground"):
        Router(map_).way(map_.place("1F/main"), lost)


def test_an_unknown_id_to_avoid_is_refused() -> None:
    map_ = clinic()
    with pytest.raises(MapError, match="no place 'lift-q'"):
        Router(map_).way(
            map_.place("1F/main"), map_.place("2F/ent"), RouteOptions(avoid=("lift-q",))
        )


def _middle(line: tuple[XY, ...]) -> XY:
    return ((line[0][0] + line[-1][0]) / 2, (line[0][1] + line[-1][1]) / 2)
