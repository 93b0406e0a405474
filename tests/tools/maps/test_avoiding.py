"""What a way is to avoid, by the names people give it."""

from __future__ import annotations

import pytest

from deixis.tools.maps._map import MapError
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
