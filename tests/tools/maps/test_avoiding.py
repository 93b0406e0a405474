"""What a way is to avoid, by the names people give it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from deixis.tools.maps._map import Connector, IndoorMap, MapError
from deixis.tools.maps._router import avoided
from tests.tools.maps.plans import clinic


@pytest.mark.parametrize(
    "words", ["Lift B", "lift b", "the elevator B", "B号电梯", "電梯B", "lift-b"]
)
def test_a_lift_is_known_by_its_names(words: str) -> None:
    assert avoided(clinic(), [words]) == ("lift-b",)


@pytest.mark.parametrize("words", ["stairs", "all stairs", "楼梯", "the staircase"])
def test_a_kind_stands_for_all_of_it(words: str) -> None:
    assert avoided(clinic(), [words]) == ("stairs",)


def test_a_place_to_avoid_is_known_by_its_name() -> None:
    assert avoided(clinic(), ["Waiting Area", "B号电梯"]) == ("2F/waiting area", "lift-b")


def test_what_is_not_on_the_map_is_told_with_what_is() -> None:
    with pytest.raises(MapError, match="the map has no 'Lift Q' to avoid: it has Lift B, the stai"):
        avoided(clinic(), ["Lift Q"])


def test_a_name_of_two_places_is_asked_back() -> None:
    with pytest.raises(MapError, match=r"'Toilets' could be Toilets \(1F\) or Toilets \(2F\)"):
        avoided(clinic(), ["Toilets"])


def two_lifts() -> IndoorMap:
    """The clinic with a Lift A and Stairs A beside its Lift B."""
    map_ = clinic()
    lift = Connector(id="lift-a", kind="lift", spaces=(), names={"en": "Lift A", "zh": "A号电梯"})
    (stairs,) = [one for one in map_.connectors if one.kind == "stairs"]
    named = replace(stairs, names={"en": "Stairs A", "zh": "A号楼梯"})
    second = Connector(id="stairs-2", kind="stairs", spaces=(), names={"en": "Stairs No. 2"})
    return replace(map_, connectors=(*map_.connectors[:1], lift, named, second))


@pytest.mark.parametrize(
    "words", ["Lift A", "lift a", "the Lift A", "Elevator A", "A号电梯", "A电梯", "lift no. A"]
)
def test_a_letter_after_the_kind_is_no_article(words: str) -> None:
    assert avoided(two_lifts(), [words]) == ("lift-a",)


@pytest.mark.parametrize("words", ["a lift", "the lifts", "all lifts", "any lift", "all the lifts"])
def test_an_article_before_the_kind_is_one(words: str) -> None:
    assert avoided(two_lifts(), [words]) == ("lift-b", "lift-a")


@pytest.mark.parametrize(
    ("words", "meant"),
    [("Stairs A", "stairs"), ("stairs 2", "stairs-2"), ("No. 2 stairs", "stairs-2")],
)
def test_stairs_are_told_apart_by_letter_and_number(words: str, meant: str) -> None:
    assert avoided(two_lifts(), [words]) == (meant,)
