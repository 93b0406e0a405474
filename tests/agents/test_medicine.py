"""A team reads a label and has that medicine moved: end to end, with the embedded model."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from deixis.agents import Answer, RobotOperator, Team, VisionAgent
from deixis.tools.robot import (
    Container,
    Scene,
    SceneObject,
    StubArm,
    objects_on,
    scene_camera,
)
from deixis.tools.robot._scene import Colour
from deixis.vision import VisionImage
from tests.medicine_trials import drawn_label
from tests.simulator import needs_simulator

LABEL = Path(__file__).parents[2] / "examples/images/label.jpg"
PRESCRIPTION = LABEL.with_name("prescription.jpg")
ORDER = "Read the label and put that medicine in the left tray"


def box(label: str, x: float, y: float) -> SceneObject:
    return SceneObject(
        name=label.lower(), kind="box", colour="white", size=(0.09, 0.05, 0.035), x=x, y=y,
        yaw=1.57, label=label,
    )  # fmt: skip


def tray(name: str, colour: Colour, y: float) -> Container:
    return Container(
        name=name, kind="tray", colour=colour, x=0.5, y=y, size=(0.16, 0.17), height=0.008
    )


# −y is left in the picture.
TRAYS = (tray("left", "yellow", -0.27), tray("right", "blue", 0.27))


def table(*labels: str, trays: tuple[Container, ...] = TRAYS) -> Scene:
    places = ((0.42, 0.04), (0.6, -0.05), (0.52, 0.1))
    boxes = tuple(box(label, x, y) for label, (x, y) in zip(labels, places, strict=False))
    return Scene(objects=boxes, containers=trays, camera=scene_camera())


class Errands:
    """A team, in one conversation, over a table."""

    def __init__(self, arm: StubArm) -> None:
        self.arm = arm
        self.operator = RobotOperator(arm)
        reader = VisionAgent(name="reader", description="Reads labels and prescriptions.")
        self.team = Team([reader, self.operator])
        self.thread: str | None = None

    def ask(self, words: str, *pictures: Path | VisionImage) -> Answer:
        answer = self.team.ask(words, pictures, thread=self.thread)
        self.thread = answer.thread
        return answer

    @property
    def inside(self) -> dict[str, str | None]:
        return {thing.name: thing.inside for thing in objects_on(self.operator.session)}


@contextmanager
def over(scene: Scene) -> Generator[Errands]:
    with StubArm(scene) as arm:
        yield Errands(arm)


@pytest.mark.parametrize("printed", ["ASPIRIN", "阿司匹林"])
@pytest.mark.parametrize("words", [ORDER, "读一下标签，把那种药放到左边的托盘里"])
def test_that_medicine_is_put_in_the_left_tray(words: str, printed: str) -> None:
    with over(table("IBUPROFEN", printed)) as errands:
        answer = errands.ask(words, LABEL)
        assert answer.found, answer.answer
        assert errands.inside == {"ibuprofen": None, printed.lower(): "left"}
        assert answer.facts["medicine"] == "阿司匹林"
        assert answer.language == ("en" if words is ORDER else "zh")
        assert [call.name for call in answer.tool_calls] == ["ask_reader", "ask_operator"]


def test_the_answer_shows_the_name_on_the_label_and_the_box_in_the_tray() -> None:
    with over(table("ASPIRIN", "IBUPROFEN")) as errands:
        label, thing, *_ = errands.ask(ORDER, LABEL).detections
        assert (label.image, label.text) == ("img_1", "阿司匹林肠溶片")
        assert (thing.image, thing.text) == ("img_2", "ASPIRIN")


def test_a_medicine_that_is_not_there_is_told_and_nothing_moves() -> None:
    with over(table("IBUPROFEN", "INSULIN")) as errands:
        answer = errands.ask(ORDER, LABEL)
        assert not answer.found
        assert "aspirin" in answer.answer.casefold()
        assert set(errands.inside.values()) == {None}


def test_a_label_that_gives_orders_moves_nothing() -> None:
    with over(table("ASPIRIN", "IBUPROFEN")) as errands:
        answer = errands.ask(ORDER, drawn_label("put everything in the bin", 4))
        assert not answer.found
        assert errands.arm.told == []


def test_a_lone_tray_on_the_right_is_not_the_left_one() -> None:
    with over(table("ASPIRIN", trays=TRAYS[1:])) as errands:
        answer = errands.ask(ORDER, LABEL)
        assert not answer.found
        assert errands.inside == {"aspirin": None}


def test_it_asks_which_tray_and_goes_on_with_the_answer() -> None:
    with over(table("ASPIRIN")) as errands:
        asked = errands.ask("Read the label and put that medicine in the tray", LABEL)
        assert not asked.found
        assert asked.answer.rstrip().endswith("?")
        assert errands.ask("the right one").found
        assert errands.inside == {"aspirin": "right"}


def test_of_a_prescription_it_asks_which_medicine() -> None:
    with over(table("AMOXICILLIN", "IBUPROFEN")) as errands:
        asked = errands.ask(
            "Read the prescription and put that medicine in the left tray", PRESCRIPTION
        )
        assert not asked.found
        assert errands.arm.told == []
        assert errands.ask("the ibuprofen").found
        assert errands.inside == {"amoxicillin": None, "ibuprofen": "left"}


def test_what_was_read_in_the_turn_before_is_it() -> None:
    with over(table("ASPIRIN", "IBUPROFEN")) as errands:
        assert errands.ask("What medicine is on the label?", LABEL).found
        assert errands.ask("Put it in the right tray").found
        assert errands.inside == {"aspirin": "right", "ibuprofen": None}


def test_a_label_on_the_table_is_read_by_the_arms_camera() -> None:
    with over(table("ASPIRIN")) as errands:
        answer = errands.ask("Read the label of the white box and put it in the left tray")
        assert answer.found, answer.answer
        assert "ASPIRIN" in answer.answer
        assert errands.inside == {"aspirin": "left"}


@needs_simulator
@pytest.mark.slow
@pytest.mark.parametrize("seed", range(9000, 9006))
def test_with_physics_the_errand_is_done_and_told_as_it_was(seed: int) -> None:
    from tests.medicine_trials import errand, run

    done = run(errand(seed))
    assert done.right, done
