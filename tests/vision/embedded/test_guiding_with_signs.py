"""What a guide says of places that a sign and the map both tell of."""

from __future__ import annotations

from collections.abc import Mapping

from deixis.vision import Box, Detection
from deixis.vision.embedded._deciding import Decision
from deixis.vision.embedded._outcome import Outcome
from tests.vision.embedded.guide_tools import Visitor

BOX = Box(x1=0, y1=0, x2=9, y2=9, image="img_1")


class Board:
    """A sign with names on floors; it answers with those whose key is in the question."""

    def __init__(self, lines: Mapping[str, list[tuple[str, str]]]) -> None:
        self.lines = lines

    def __call__(self, question: str, language: str) -> Decision:
        shown = [line for key, lines in self.lines.items() if key in question for line in lines]
        said = " ".join(f"{text} is on {floor}." for text, floor in shown)
        outcome = Outcome(
            text=said or "It is not on this sign.",
            found=bool(shown),
            language=language,
            detections=tuple(
                Detection(label=text, text=text, box=BOX, image="img_1", score=1.0)
                for text, _ in shown
            ),
            floors=tuple(floor for _, floor in shown),
            facts={"floor": shown[0][1] if shown else None},
        )
        return Decision(outcome)


def test_what_a_sign_says_of_another_place_is_no_disagreement() -> None:
    board = Board({"ENT": [("放射科", "1F"), ("耳鼻喉科", "4F")]})
    told = Visitor(look=board).says("Which floor are radiology and ENT on?")
    assert told == "放射科 is on 1F. 耳鼻喉科 is on 4F."


def test_of_a_place_among_others_the_floors_are_compared() -> None:
    board = Board({"ENT": [("放射科", "1F"), ("耳鼻喉科", "2F")]})
    told = Visitor(look=board).says("Which floor are radiology and ENT on?")
    assert told.endswith("The sign says 2F, the map 4F.")


def test_a_kind_of_place_that_shares_a_floor_with_the_map_agrees() -> None:
    board = Board({"toilet": [("卫生间", "5F"), ("卫生间", "1F")]})
    told = Visitor(look=board).says("Where is the toilet?")
    assert "the map" not in told


def test_a_kind_of_place_that_shares_none_disagrees() -> None:
    board = Board({"toilet": [("卫生间", "5F"), ("卫生间", "6F")]})
    told = Visitor(look=board).says("Where is the toilet?")
    assert told.endswith("The sign says 5F and 6F, the map 1F and 3F.")


def test_a_line_for_several_floors_holds_those_between() -> None:
    board = Board({"ENT": [("耳鼻喉科", "3-5F")]})
    assert "the map" not in Visitor(look=board).says("Which floor is ENT on?")


def test_the_floor_stated_is_that_of_the_way() -> None:
    board = Board({"toilet": [("卫生间", "3F"), ("卫生间", "一楼")]})
    visitor = Visitor(look=board)
    visitor.says("How do I get to the toilet on 1F?")
    assert visitor.came.outcome.facts["floor"] == "一楼"


def test_a_place_that_the_map_found_is_looked_up_on_the_sign_by_its_names() -> None:
    board = Board({"耳鼻喉科": [("耳鼻喉科", "4F")]})
    visitor = Visitor(look=board)
    assert visitor.says("My ear hurts, which floor?") == "耳鼻喉科 is on 4F."
    assert visitor.came.outcome.detections


def test_a_way_that_the_sign_contradicts_comes_with_a_word_of_caution() -> None:
    board = Board({"ENT": [("耳鼻喉科", "2F")]})
    told = Visitor(look=board).says("How do I get to ENT?")
    assert "The way follows the map, which differs from the sign: please ask the staff." in told
    board = Board({"耳鼻喉科": [("耳鼻喉科", "2F")]})
    assert "请向工作人员确认" in Visitor(look=board).says("耳鼻喉科怎么走？")


def test_a_way_that_the_sign_agrees_with_comes_without() -> None:
    board = Board({"ENT": [("耳鼻喉科", "4F")]})
    assert "ask the staff" not in Visitor(look=board).says("How do I get to ENT?")
